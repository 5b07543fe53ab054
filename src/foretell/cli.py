"""The terminal door: commands, and the wiring of rooms for each.

Enters: arguments. Leaves: text for a person or JSON for a script, and an exit code: 0 well, 1 a cell failed,
2 foretell could not do its work. Invariant: a ForetellError is one sentence on stderr, never a traceback.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import os
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn

from foretell import doctor as examination
from foretell import library
from foretell.authoring.headless import CellOutcome, SourceOf, as_solved, as_starter, outcome_json, run_lesson
from foretell.authoring.outline import outline_json, outline_text
from foretell.config import (
    DEFAULT_LESSON,
    LIMITS_OF_SERVE,
    PLAYERS_OF_ONE,
    DataDirectory,
    data_directory,
    limits_of_learn,
)
from foretell.errors import ForetellError, RuntimeUnavailable, UsageError
from foretell.model.lesson import Lesson
from foretell.model.printable import printable, printable_line
from foretell.parse.imports import imported_modules
from foretell.runtime.host import Host
from foretell.runtime.jail import levels
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import limits_for
from foretell.runtime.session import Limits, Session
from foretell.store.attempts import Store
from foretell.web import classroom, serve
from foretell.web.desk import Desk, confined_in_words
from foretell.web.guard import Guard
from foretell.web.players import Players, Sessions
from foretell.web.shelves import OwnShelf
from foretell.web.visitors import LEARNER, ByKey

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

DataOption = Annotated[Path | None, typer.Option("--data", help="Where attempts are kept.", metavar="DIR")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn an error of foretell's, or of where its output goes, into one sentence and exit code 2."""
    _say_what_can_be_said()
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except ForetellError as error:
        _err.print(f"foretell: {escape(printable(str(error)))}", soft_wrap=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:  # a reader such as `head` has had enough: there is nobody to tell
        _let_go_of_output()
        raise typer.Exit(2) from None
    except OSError as error:
        _let_go_of_output()
        told = printable(f"{error.filename or 'The output'} could not be used ({error.strerror})")
        _err.print(f"foretell: {escape(told)}; mend that, then try again.", soft_wrap=True)
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
    """A console that leaves a reader who is gone to `_said_plainly`."""

    def on_broken_pipe(self) -> None:
        """Say nothing, end nothing."""
        raise BrokenPipeError


_out, _err = _Output(highlight=False), Console(stderr=True, highlight=False)


def _sessions(host: Host, limits: Limits, runs_as: str) -> Sessions:
    """Give what makes the sessions of a door, under its limits as a lesson changes them."""

    def make(lesson: Lesson, seed: int) -> Session:
        return host.session(limits=limits_for(limits, lesson), seed=seed, preload=_libraries(lesson))

    return Sessions(make=make, confined=confined_in_words(host.level, runs_as), runtime=host)


def _libraries(lesson: Lesson) -> tuple[str, ...]:
    return imported_modules(code.source for code in lesson.code_cells)


def _missing_packages(lesson: Lesson) -> tuple[str, ...]:
    """Give the packages that the lesson's cells import and this Python does not have."""
    if lesson.language != "python":
        return ()
    modules = imported_modules(code.source for code in lesson.code_cells)
    tops = dict.fromkeys(module.partition(".")[0] for module in modules)
    return tuple(top for top in tops if top not in sys.stdlib_module_names and not _can_import(top))


def _can_import(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _require_torch(lesson: Lesson) -> None:
    """RuntimeUnavailable where the lesson uses PyTorch and this Python does not have it."""
    if "torch" in _missing_packages(lesson):
        raise RuntimeUnavailable(
            f"'{lesson.title}' runs on PyTorch, which {sys.executable} does not have. Install it: "
            f"{sys.executable} -m pip install 'foretell[torch]' (on Linux add "
            "--extra-index-url https://download.pytorch.org/whl/cpu, or it brings gigabytes of CUDA)."
        )


def _warn_of_missing(packages: Sequence[str]) -> None:
    """Say what cells will miss, and how to get it; silent where nothing is missing."""
    if not packages:
        return
    ours = {"torch", "matplotlib"}.issuperset(packages)
    names, install = ", ".join(packages), "'foretell[torch]'" if ours else " ".join(packages)
    _err.print(
        f"foretell: not installed for {escape(sys.executable)}: {escape(names)}; cells that import it fail. "
        f"To add: {escape(sys.executable)} -m pip install {escape(install)}",
        soft_wrap=True,
    )


@app.command()
def learn(
    lesson: Annotated[
        str, typer.Argument(help="A lesson that ships, a lesson folder, or a notebook.")
    ] = DEFAULT_LESSON,
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,  # noqa: FBT002
    network: Annotated[bool, typer.Option("--network", help="Let the lesson's cells use the network.")] = False,  # noqa: FBT002
    data: DataOption = None,
) -> None:
    """Play a lesson in the browser."""
    with _said_plainly():
        where = data_directory(data)
        shelved = library.open_lesson(lesson)
        name = shelved.lesson.id if shelved.lesson.id in library.shipped_names() else str(shelved.path)
        serve.prepare(where)
        _require_torch(shelved.lesson)
        _warn_of_missing(_missing_packages(shelved.lesson))
        already = serve.running_server(where)
        if already is not None:
            _announce(already.of(name), browser=not no_browser, says="foretell is running already")
            return
        with serve.listen(port) as listener:
            bound = int(listener.getsockname()[1])
            admission = ByKey(key=serve.kept_key(where))
            host = Host(levels.survey().level, where.scratch, network=network)
            sessions = _sessions(host, limits_of_learn(), "you")
            desk = _open_desk(where, admission, sessions, serve.forwarded_hosts(os.environ, bound))
            address = serve.Address(port=bound, key=admission.key)
            serve.serve(desk, where.running, listener, lambda _: _announce(address.of(name), browser=not no_browser))


def _open_desk(where: DataDirectory, admission: ByKey, sessions: Sessions, also_called: frozenset[str]) -> Desk:
    store = Store.open(where.database)
    return Desk(
        store=store,
        guard=Guard(allowed_hosts=also_called),
        admission=admission,
        shelf=OwnShelf(store=store, learner=LEARNER),
        players=Players(store, sessions.make, PLAYERS_OF_ONE),
        where=str(where.path),
        confined=sessions.confined,
        runtime=sessions.runtime,
    )


@app.command("serve")
def serve_class(  # noqa: PLR0913, PLR0917 (each is an argument or option of the command)
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Lessons, folders or notebooks; without any, those that ship.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="The port to listen on.", min=1, max=65535)] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="A name that browsers call this server by, where a proxy gives it one.")
    ] = None,
    jail: Annotated[
        Level, typer.Option(help="Start only where code is confined this well, or better.", case_sensitive=False)
    ] = Level.B,
    data: DataOption = None,
) -> None:
    """Serve lessons to a class: every browser is a learner of its own."""
    with _said_plainly():
        where, others = data_directory(data), name or []
        shelved = [library.open_lesson(lesson) for lesson in lessons or library.shipped_names()]
        survey = levels.survey()
        classroom.require_level(jail, survey)
        serve.prepare(where)
        for each in shelved:
            _require_torch(each.lesson)
            _warn_of_missing(_missing_packages(each.lesson))
        if (already := serve.running_class(where)) is not None:
            raise UsageError(
                f"A class is served from {where.path} already, on port {already}; name another --data DIR."
            )
        with serve.listen(port, host) as listener:
            bound = int(listener.getsockname()[1])
            names = classroom.names_of(host, others) | serve.forwarded_hosts(os.environ, bound)
            host_of_cells = Host(survey.level, where.scratch, spares=0)
            sessions = _sessions(host_of_cells, LIMITS_OF_SERVE, "the server")
            desk = classroom.open_class(where, serve.kept_key(where), shelved, sessions, names)
            address = classroom.address_of(host, bound, others)
            serve.serve(desk, where.serving, listener, lambda _: _announce_class(desk.confined, host, address))


def _announce_class(confined: str, host: str, address: str) -> None:
    _out.print(f"foretell is serving a class (Ctrl+C ends it):\n  {escape(address)}", soft_wrap=True)
    _out.print(
        "There is no sign-in yet: any browser that reaches this address gets in, as a learner of its own. "
        f"Their code: {confined}.",
        soft_wrap=True,
    )
    sys.stdout.flush()
    if not classroom.is_loopback(host):
        _err.print(
            f"foretell: {escape(host)} can be reached from other machines, and nothing is encrypted; "
            "let a proxy with TLS stand before it, and a firewall before both.",
            soft_wrap=True,
        )


def _announce(address: str, *, browser: bool, says: str = "foretell is ready (Ctrl+C ends it)") -> None:
    _out.print(f"{says}:\n  {escape(address)}", soft_wrap=True)
    sys.stdout.flush()
    if browser:
        try:
            opened = webbrowser.open(address)
        except webbrowser.Error:
            opened = False
        if not opened:
            _out.print("No browser could be opened here; open the address above in yours.")


@app.command()
def run(
    lesson: Annotated[str, typer.Argument(help="A lesson that ships, a lesson folder, or a notebook.")],
    solved: Annotated[bool, typer.Option("--solved", help="Fill in the solutions.")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Run a lesson from top to bottom without a browser; exit 1 when a cell fails."""
    with _said_plainly():
        shelved = library.open_lesson(lesson)
        if shelved.lesson.language != "python":
            raise UsageError(f"{lesson} is written in {shelved.lesson.language}; foretell runs Python.")
        _require_torch(shelved.lesson)
        with _progress() as tell:
            outcomes = asyncio.run(_run_headless(shelved.lesson, as_solved if solved else as_starter, tell))
        if any(o.failure is not None and o.failure.kind == "ModuleNotFoundError" for o in outcomes):
            _warn_of_missing(_missing_packages(shelved.lesson))
        if as_json:
            print(json.dumps(outcome_json(outcomes)))
        else:
            _tell(outcomes)
    raise typer.Exit(0 if all(outcome.failure is None for outcome in outcomes) else 1)


async def _run_headless(lesson: Lesson, source_of: SourceOf, tell: Callable[[str], None]) -> list[CellOutcome]:
    outcomes: list[CellOutcome] = []
    with tempfile.TemporaryDirectory(prefix="foretell-") as scratch:
        tell("starting Python")
        level = await asyncio.to_thread(levels.survey)
        async with Host(level.level, Path(scratch)) as host:
            limits = limits_for(limits_of_learn(), lesson)
            session = host.session(limits=limits, seed=0, preload=_libraries(lesson), keeps_snapshots=False)
            async for outcome in run_lesson(lesson, source_of, session.run):
                outcomes.append(outcome)
                tell(f"ran {len(outcomes)} of {len(lesson.code_cells)} code cells")
            await session.close()
    return outcomes


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Give a way to say how far things are: a spinner on a terminal, nothing when piped."""
    if not _err.is_terminal:
        yield lambda _text: None
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=_err, transient=True) as progress:
        task = progress.add_task("")
        yield lambda text: progress.update(task, description=text)


def _tell(outcomes: list[CellOutcome]) -> None:
    for outcome in outcomes:
        failure = outcome.failure
        line = f", line {failure.line}" if failure and failure.line else ""
        went = "[green]ok[/green]"
        if failure is not None:
            kind, message = (escape(printable_line(text)) for text in (failure.kind, failure.message))
            went = f"[red]{kind}[/red]{line}: {message}"
        _out.print(f"cell {outcome.cell:>3}  {outcome.seconds:7.2f} s  {went}", soft_wrap=True)
    failed = sum(outcome.failure is not None for outcome in outcomes)
    _out.print(f"{len(outcomes)} code cells, {failed} failed" if failed else f"{len(outcomes)} code cells, all ran")


@app.command()
def outline(
    notebook: Annotated[str, typer.Argument(help="A notebook, a lesson folder, or a lesson that ships.")],
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Print what foretell reads in a notebook: exercises, prompts, tasks, solutions."""
    with _said_plainly():
        lesson = library.open_lesson(notebook).lesson
        if as_json:
            print(json.dumps(outline_json(lesson)))
        else:
            _out.print(printable(outline_text(lesson)), markup=False, soft_wrap=True)


@app.command()
def doctor(
    port: Annotated[int | None, typer.Option(help="The port to look at.", min=1, max=65535)] = None,
    data: DataOption = None,
) -> None:
    """Check Python, PyTorch, confinement, the browser, the data directory and the port, and say how to mend each."""
    with _said_plainly():
        where = data_directory(data)
        already = serve.running_server(where)
        serving = already.port if already else serve.running_class(where)
        findings = list(examination.examine(where, port, serving, levels.survey))
        for finding in findings:
            well = "✓" if _out.encoding.startswith("utf") else "+"
            sign = "[yellow]![/yellow]" if finding.remedy else f"[green]{well}[/green]"
            _out.print(f"{sign} {finding.what}: {escape(printable_line(finding.says))}", soft_wrap=True)
            if finding.remedy:
                _out.print(f"    {escape(printable_line(finding.remedy))}", soft_wrap=True)
            for line in finding.more:
                _out.print(f"    {escape(printable_line(line))}", soft_wrap=True)
    raise typer.Exit(2 if any(finding.remedy for finding in findings) else 0)


if __name__ == "__main__":
    app()
