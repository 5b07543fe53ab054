"""IPython's shell, set up so that a cell shows here what it shows in Jupyter.

Enters: the text of a cell. Leaves: outputs through the `Outlet`, and a `CellEnded`. Invariant: nothing of foretell is
in the learner's namespace or tracebacks, no history is written, and no thread is started.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from foretell.model.run import CellSource, ErrorOutput, Failure
from foretell.runtime.inside import packages
from foretell.runtime.inside.asking import NO_DEBUGGER, refuse_questions
from foretell.runtime.inside.asserts import Recorder, Rewriter
from foretell.runtime.inside.capture import CellDisplayHook, CellDisplayPublisher, Outlet
from foretell.runtime.inside.channel import Interrupts
from foretell.runtime.inside.commands import refuse_programs, refuse_without_shell, run_command
from foretell.runtime.inside.depths import shorten_deep
from foretell.runtime.inside.loops import FreshLoops
from foretell.runtime.inside.refusals import explain_refusal
from foretell.runtime.inside.widgets import Widgets
from foretell.runtime.messages import CellEnded, Execute, Planned
from foretell.runtime.observe import one_line

OURS = str(Path(__file__).parents[1]) + os.sep
ExceptionInfo = tuple[type, BaseException, types.TracebackType | None]
TRACEBACK_CHARACTERS = 200_000


class CellCompiler(CachingCompiler):
    """Remembers under which file name the latest cell was compiled, and what IPython had made of its text."""

    latest = ""
    source = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """IPython's own name of the cell."""
        self.latest, self.source = super().get_code_name(raw_code, transformed_code, number), transformed_code
        return self.latest


class LessonShell(InteractiveShell):
    """The one shell of a worker."""

    displayhook_class = Type(CellDisplayHook)
    display_pub_class = Type(CellDisplayPublisher)
    compiler_class = Type(CellCompiler)
    compile: CellCompiler
    outlet: Outlet
    widgets: Widgets
    refused: MemoryError | None = None

    def _showtraceback(self, etype: type, evalue: object, stb: Sequence[str]) -> None:
        text = "\n".join(stb)
        if len(text) > TRACEBACK_CHARACTERS:
            half = TRACEBACK_CHARACTERS // 2
            text = f"{text[:half]}\n...\n{text[-half:]}"
        if isinstance(evalue, MemoryError):
            self.refused = evalue
        value = one_line(evalue) if isinstance(evalue, BaseException) else str(evalue)
        lines = tuple(line for line in text.split("\n") if not line.startswith("An exception has occurred, use %tb"))
        self.outlet.show(ErrorOutput(name=etype.__name__, value=value, lines=lines))

    def _get_exc_info(self, exc_tuple: ExceptionInfo | None = None) -> ExceptionInfo:
        kind, value, _trace = super()._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        hide_frames(value)
        return kind, value, value.__traceback__

    def showtraceback(self, exc_tuple: ExceptionInfo | None = None, *more: Any, **named: Any) -> None:
        """Show a traceback; that of a group of exceptions is Python's own, which IPython would only print."""
        value = (exc_tuple or sys.exc_info())[1]
        if not isinstance(value, BaseExceptionGroup):
            super().showtraceback(exc_tuple, *more, **named)
            return
        hide_frames(value)
        begin_in_cell(value, self.compile.latest)
        self._showtraceback(type(value), value, "".join(traceback.format_exception(value)).rstrip().split("\n"))

    def system(self, cmd: str) -> None:
        """Run `!cmd`, except that install lines are only looked at."""
        command = self.var_expand(cmd, depth=1)  # type: ignore[no-untyped-call]
        if packages.is_installer(command):
            print(packages.report(command))
            return
        if command.rstrip().endswith("&"):
            raise OSError("Commands in the background are not supported; leave out the &")
        refuse_without_shell()
        self.user_ns["_exit_code"] = run_command(command)

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> object:  # noqa: FBT001, FBT002  IPython's
        """Give what `!cmd` in an expression prints."""
        refuse_without_shell()
        return super().getoutput(cmd, split=split, depth=depth + 1)  # type: ignore[no-untyped-call]

    def debugger(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  IPython's own signature
        """`%debug` and `%pdb` cannot have one: the traceback that was shown has to do."""
        if force:
            print(NO_DEBUGGER, file=sys.stderr)

    def enable_gui(self, gui: str | None = None) -> None:
        """No event loop to enter: figures are shown when a cell ends."""

    def ask_exit(self) -> NoReturn:
        """`exit` and `quit` end the cell."""
        raise SystemExit


def make_shell(outlet: Outlet) -> LessonShell:
    """The shell, with history off, plain tracebacks, and typed input refused."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.Completer.use_jedi = False
    shell: LessonShell = LessonShell.instance(config=config)
    shell.outlet = outlet
    shell.widgets = Widgets(outlet)
    loops = FreshLoops(outlet)
    shell.loop_runner_map = {**shell.loop_runner_map, "asyncio": (loops, True)}
    shell.loop_runner = loops
    for name in ("pip", "conda", "mamba", "micromamba", "uv"):
        shell.magics_manager.register_function(_install_magic(name), "line", name)
    refuse_questions()
    refuse_programs()
    shorten_deep(shell.InteractiveTB)
    shell.widgets.listen()
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")
    return shell


def _install_magic(name: str) -> Callable[..., None]:
    def magic(line: str) -> None:
        print(packages.report(f"{name} {line}"))

    magic.__doc__ = f"Look whether the packages that this {name} line names are there."
    return magic


def run_cell(shell: LessonShell, interrupts: Interrupts, cell: CellSource) -> CellEnded:
    """Run a cell as it is."""
    shell.compile.latest, shell.refused = "", None
    started = time.perf_counter()
    result = _run(shell, interrupts, cell.text)
    shell.widgets.settle()
    shell.outlet.settle()
    seconds = time.perf_counter() - started
    failure, shell.refused = _read_failure(shell, result), None
    return CellEnded(failure=failure, seconds=seconds, asserts=())


def run_cell_watched(
    shell: LessonShell, interrupts: Interrupts, order: Execute, planned: Callable[[Planned], None]
) -> CellEnded:
    """Run a cell and report its asserts; `planned` is told of them before the cell begins."""
    if "assert" not in order.cell.text:
        return run_cell(shell, interrupts, order.cell)
    recorder = Recorder(shell.outlet.shut)

    def tell() -> None:
        if asserts := recorder.seen():
            planned(Planned(asserts=asserts))

    rewriter = Rewriter(recorder, lambda: shell.compile.source, order.asserts_from_line, tell)
    shell.ast_transformers.append(rewriter)
    try:
        with recorder.reachable():
            ended = run_cell(shell, interrupts, order.cell)
    finally:
        if rewriter in shell.ast_transformers:
            shell.ast_transformers.remove(rewriter)
    return replace(ended, asserts=recorder.seen())


def _run(shell: LessonShell, interrupts: Interrupts, text: str) -> ExecutionResult | BaseException:
    try:
        with interrupts.delivered():
            result: ExecutionResult = shell.run_cell(text, store_history=True)  # type: ignore[no-untyped-call]
            return result
    except KeyboardInterrupt as interrupt:
        return interrupt


def _read_failure(shell: LessonShell, result: ExecutionResult | BaseException) -> Failure | None:
    error = result if isinstance(result, BaseException) else (result.error_before_exec or result.error_in_exec)
    if error is None:
        # Figures are drawn when the cell is over, and what fails then IPython only shows.
        error = shell.refused
    if error is None:
        return None
    message = explain_refusal(error) or one_line(error)
    if isinstance(error, SystemExit):
        message = "exit ended the cell" if error.code is None else f"exit ended the cell with code {error.code!r}"
    return Failure(kind=type(error).__name__, message=message, line=_find_line(error, shell.compile.latest))


def _find_line(error: BaseException, file_name: str) -> int | None:
    """The innermost line of the cell that the error passed through, or where the cell could not be read."""
    if isinstance(error, SyntaxError) and error.filename in (file_name, "<string>", None):
        return error.lineno
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file_name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def hide_frames(error: BaseException) -> None:
    """Take foretell's own frames out of the tracebacks of `error` and of what led to it."""
    waiting: list[BaseException | None] = [error]
    done: set[int] = set()
    while waiting:
        failure = waiting.pop()
        if failure is not None and id(failure) not in done:
            done.add(id(failure))
            failure.__traceback__ = _without_ours(failure.__traceback__)
            waiting += [failure.__cause__, failure.__context__]
            if isinstance(failure, BaseExceptionGroup):
                waiting += failure.exceptions


def begin_in_cell(error: BaseException, file_name: str) -> None:
    """Leave out the frames of a traceback that lie before the cell."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file_name:
        trace = trace.tb_next
    error.__traceback__ = trace or error.__traceback__


def _without_ours(trace: types.TracebackType | None) -> types.TracebackType | None:
    kept: list[types.TracebackType] = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(OURS):
            kept.append(trace)
        trace = trace.tb_next
    rest = None
    for entry in reversed(kept):
        rest = types.TracebackType(rest, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return rest
