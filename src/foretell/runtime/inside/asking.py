"""What asks the learner something while a cell runs, refused in words: typed input, debuggers, standard input.

Enters: calls of learner's code. Leaves: an exception that says what to write instead. Invariant: nothing here waits,
so no cell hangs for an answer that nobody can give.
"""

from __future__ import annotations

import builtins
import getpass
import io
import pdb
import sys
from typing import NoReturn

from IPython.core.error import StdinNotImplementedError

NO_INPUT = (
    "This cell asks for typed input, which a lesson cannot give. "
    "Put the value into the code instead, for example name = 'Ada'."
)
NO_DEBUGGER = (
    "This cell starts a debugger, which needs typed commands that a lesson cannot give. "
    "Print what you want to see instead, for example print(x.shape)."
)


class NoInput(io.TextIOBase):
    """`sys.stdin` of the learner's code: reading it is refused; child processes find it empty."""

    name = "<stdin>"
    mode = "r"
    encoding = "utf-8"

    def readable(self) -> bool:
        """Always, or code would look for another input."""
        return True

    def fileno(self) -> int:
        """The native standard input, for subprocesses."""
        return 0

    def close(self) -> None:
        """Do nothing: later cells are refused too."""

    def read(self, size: int | None = -1, /) -> NoReturn:
        """Say why there is none."""
        del size
        raise StdinNotImplementedError(NO_INPUT)

    def readline(self, size: int = -1, /) -> NoReturn:  # type: ignore[override]
        """Say why there is none."""
        del size
        raise StdinNotImplementedError(NO_INPUT)


def refuse_input(prompt: object = "", stream: object = None) -> NoReturn:
    """Stand for `input` and `getpass`: say why there is none."""
    del prompt, stream
    raise StdinNotImplementedError(NO_INPUT)


def refuse_debugger(*arguments: object, **named: object) -> NoReturn:
    """Stand for `breakpoint` and `pdb.set_trace`: say why there is none."""
    del arguments, named
    raise StdinNotImplementedError(NO_DEBUGGER)


def refuse_questions() -> None:
    """Put the refusals in the places where learner's code finds them."""
    builtins.input = refuse_input
    getpass.getpass = refuse_input
    sys.breakpointhook = refuse_debugger
    pdb.set_trace = refuse_debugger
    sys.stdin = NoInput()
