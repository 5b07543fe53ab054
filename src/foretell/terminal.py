"""The terminal: what is printed where, and how an error is said.

Enters: text, errors. Leaves: lines on standard output and standard error. Invariant: a ForetellError is one sentence on
stderr and exit code 2, never a traceback.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from foretell.errors import ForetellError
from foretell.model.printable import printable, printable_line

# What the system says of the output, naming no file.
_OF_OUTPUT = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG})
_CODE = re.compile(r"`([^`]+)`")


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn an error of foretell's, or of where its output goes, into one sentence and exit code 2."""
    _say_what_can_be_said()
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except ForetellError as error:
        ERR.print(f"foretell: {escape(printable(str(error)))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:  # a reader such as `head` has had enough: there is nobody to tell
        _let_go_of_output()
        raise typer.Exit(2) from None
    except OSError as error:
        _let_go_of_output()
        what = error.filename or ("The output" if error.errno in _OF_OUTPUT else "A file or a connection")
        told = printable(f"{what} could not be used ({error.strerror or error})")
        ERR.print(f"foretell: {escape(told)}; mend that, then try again.", soft_wrap=True)
        raise typer.Exit(2) from error


def _say_what_can_be_said() -> None:
    """Write "?" for what this terminal has no letter for, instead of failing at it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _let_go_of_output() -> None:
    """Turn what is still to be written away, so that Python does not fail at it once more as it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Output(Console):
    """A console that leaves a reader who is gone to `said_plainly`."""

    def on_broken_pipe(self) -> None:
        """Say nothing, end nothing."""
        raise BrokenPipeError


OUT, ERR = _Output(highlight=False), Console(stderr=True, highlight=False)


def with_code(text: str, indent: str = "") -> Text:
    """One line in which `code` stands in backticks: coloured on a terminal, as it is in a pipe."""
    line = printable_line(text)
    parts = _CODE.split(line) if OUT.is_terminal else [line]
    return Text.assemble(indent, *((part, "cyan" if place % 2 else "") for place, part in enumerate(parts)))


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a way to say how far things are: a spinner on a terminal, nothing when piped."""
    if not ERR.is_terminal:
        yield lambda _text: None
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=ERR, transient=True) as shown:
        task = shown.add_task("")
        yield lambda text: shown.update(task, description=text)
