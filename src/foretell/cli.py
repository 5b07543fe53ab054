"""The terminal door: commands, and the wiring of rooms for each.

Enters: arguments. Leaves: text for a person or JSON for a script, and an exit code: 0 well, 1 a cell failed,
2 foretell could not do its work. Invariant: a ForetellError is one sentence on stderr, never a traceback.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
import tempfile
import webbrowser
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from foretell import doctor as examination
from foretell import library
from foretell.authoring.check import CheckedFile, check_files, check_json, exit_code
from foretell.authoring.headless import CellOutcome, SourceOf, as_solved, as_starter, outcome_json, run_lesson
from foretell.authoring.outline import outline_json, outline_text
from foretell.check import Checker, task_named
from foretell.config import (
    DEFAULT_LESSON,
    LIMITS_OF_SERVE,
    PLAYERS_OF_ONE,
    DataDirectory,
    data_directory,
    limits_of_learn,
)
from foretell.errors import UsageError
from foretell.judge.behaviours import NOT_COMPARED, NOT_REACHED
from foretell.kept import FolderCache
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.printable import printable, printable_line
from foretell.reviewing import Review, review_json, review_lines, reviews
from foretell.runtime.host import Host
from foretell.runtime.jail import levels
from foretell.runtime.jail.levels import Level
from foretell.runtime.limits import limits_for
from foretell.store.attempts import Store
from foretell.terminal import ERR, OUT, progress, said_plainly, with_code
from foretell.web import classroom, serve
from foretell.web.desk import Desk
from foretell.web.guard import Guard
from foretell.web.players import Players, Sessions
from foretell.web.shelves import OwnShelf
from foretell.web.visitors import LEARNER, ByKey
from foretell.wiring import check_sessions, door_sessions, libraries, missing_packages, require_torch, warn_of_missing

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

DataOption = Annotated[Path | None, typer.Option("--data", help="Where attempts are kept.", metavar="DIR")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    with said_plainly():
        where = data_directory(data)
        shelved = library.open_lesson(lesson)
        name = shelved.lesson.id if shelved.lesson.id in library.shipped_names() else str(shelved.path)
        serve.prepare(where)
        require_torch(shelved.lesson)
        warn_of_missing(missing_packages(shelved.lesson))
        already = serve.running_server(where)
        if already is not None:
            _announce(already.of(name), browser=not no_browser, says="foretell is running already")
            return
        with serve.listen(port) as listener:
            bound = int(listener.getsockname()[1])
            admission = ByKey(key=serve.kept_key(where))
            host = Host(levels.survey().level, where.scratch, network=network)
            made = door_sessions(host, limits_of_learn(), "you", FolderCache(where.examples))
            desk = _open_desk(where, admission, made, serve.forwarded_hosts(os.environ, bound))
            address = serve.Address(port=bound, key=admission.key)
            serve.serve(desk, where.running, listener, lambda _: _announce(address.of(name), browser=not no_browser))


def _open_desk(where: DataDirectory, admission: ByKey, sessions: Sessions, also_called: frozenset[str]) -> Desk:
    store = Store.open(where.database)
    return Desk(
        store=store,
        guard=Guard(allowed_hosts=also_called),
        admission=admission,
        shelf=OwnShelf(store=store, learner=LEARNER),
        players=Players(store, sessions.make, PLAYERS_OF_ONE, checkers=sessions.checkers),
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
    with said_plainly():
        where, others = data_directory(data), name or []
        shelved = [library.open_lesson(lesson) for lesson in lessons or library.shipped_names()]
        survey = levels.survey()
        classroom.require_level(jail, survey)
        serve.prepare(where)
        for each in shelved:
            require_torch(each.lesson)
            warn_of_missing(missing_packages(each.lesson))
        if (already := serve.running_class(where)) is not None:
            raise UsageError(
                f"A class is served from {where.path} already, on port {already}; name another --data DIR."
            )
        with serve.listen(port, host) as listener:
            bound = int(listener.getsockname()[1])
            names = classroom.names_of(host, others) | serve.forwarded_hosts(os.environ, bound)
            host_of_cells = Host(survey.level, where.scratch, spares=0)
            made = door_sessions(host_of_cells, LIMITS_OF_SERVE, "the server", FolderCache(where.examples))
            desk = classroom.open_class(where, serve.kept_key(where), shelved, made, names)
            address = classroom.address_of(host, bound, others)
            serve.serve(desk, where.serving, listener, lambda _: _announce_class(desk.confined, host, address))


def _announce_class(confined: str, host: str, address: str) -> None:
    OUT.print(f"foretell is serving a class (Ctrl+C ends it):\n  {escape(address)}", soft_wrap=True)
    OUT.print(
        "There is no sign-in yet: any browser that reaches this address gets in, as a learner of its own. "
        f"Their code: {confined}.",
        soft_wrap=True,
    )
    sys.stdout.flush()
    if not classroom.is_loopback(host):
        ERR.print(
            f"foretell: {escape(host)} can be reached from other machines, and nothing is encrypted; "
            "let a proxy with TLS stand before it, and a firewall before both.",
            soft_wrap=True,
        )


def _announce(address: str, *, browser: bool, says: str = "foretell is ready (Ctrl+C ends it)") -> None:
    OUT.print(f"{says}:\n  {escape(address)}", soft_wrap=True)
    sys.stdout.flush()
    if browser:
        try:
            opened = webbrowser.open(address)
        except webbrowser.Error:
            opened = False
        if not opened:
            OUT.print("No browser could be opened here; open the address above in yours.")


@app.command()
def run(
    lesson: Annotated[str, typer.Argument(help="A lesson that ships, a lesson folder, or a notebook.")],
    solved: Annotated[bool, typer.Option("--solved", help="Fill in the solutions.")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Run a lesson from top to bottom without a browser; exit 1 when a cell fails."""
    with said_plainly():
        shelved = library.open_lesson(lesson)
        if shelved.lesson.language != "python":
            raise UsageError(f"{lesson} is written in {shelved.lesson.language}; foretell runs Python.")
        require_torch(shelved.lesson)
        with progress() as tell:
            outcomes = asyncio.run(_run_headless(shelved.lesson, as_solved if solved else as_starter, tell))
        if any(o.failure is not None and o.failure.kind == "ModuleNotFoundError" for o in outcomes):
            warn_of_missing(missing_packages(shelved.lesson))
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
            session = host.session(limits=limits, seed=0, preload=libraries(lesson), keeps_snapshots=False)
            async for outcome in run_lesson(lesson, source_of, session.run):
                outcomes.append(outcome)
                tell(f"ran {len(outcomes)} of {len(lesson.code_cells)} code cells")
            await session.close()
    return outcomes


def _tell(outcomes: list[CellOutcome]) -> None:
    for outcome in outcomes:
        failure = outcome.failure
        line = f", line {failure.line}" if failure and failure.line else ""
        went = "[green]ok[/green]"
        if failure is not None:
            kind, message = (escape(printable_line(text)) for text in (failure.kind, failure.message))
            went = f"[red]{kind}[/red]{line}: {message}"
        OUT.print(f"cell {outcome.cell:>3}  {outcome.seconds:7.2f} s  {went}", soft_wrap=True)
    failed = sum(outcome.failure is not None for outcome in outcomes)
    OUT.print(f"{len(outcomes)} code cells, {failed} failed" if failed else f"{len(outcomes)} code cells, all ran")


@app.command()
def check(
    lesson: Annotated[str, typer.Argument(help="A lesson that ships, or a lesson folder.")],
    task: Annotated[str, typer.Argument(help="The task that the files answer, such as TwoLayerNet.")],
    files: Annotated[list[str], typer.Argument(help="Files, each with the code for the task's cell.")],
    as_json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
) -> None:
    """Judge answers to a task; exit 1 when one is wrong or was stopped."""
    with said_plainly():
        shelved = library.open_lesson(lesson)
        code = task_named(shelved.lesson, task)
        require_torch(shelved.lesson)
        results: list[CheckedFile] = []

        def tell(result: CheckedFile) -> None:
            results.append(result)
            if as_json:
                print(json.dumps(check_json(result)), flush=True)
            else:
                _tell_checked(result)

        asyncio.run(_check_all(shelved.lesson, code, files, data_directory(data), tell))
        if not as_json and len(results) > 1:
            counts = Counter(one.diagnosis.verdict.value for one in results)
            OUT.print(f"{len(results)} files: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    raise typer.Exit(exit_code(results))


async def _check_all(
    lesson: Lesson, code: CodeCell, files: Sequence[str], where: DataDirectory, tell: Callable[[CheckedFile], None]
) -> None:
    level = (await asyncio.to_thread(levels.survey)).level
    with tempfile.TemporaryDirectory(prefix="foretell-") as scratch:
        async with Host(level, Path(scratch)) as host:
            checker = Checker(lesson, check_sessions(host, lesson), FolderCache(where.examples))
            try:
                async for result in check_files(files, lambda source: checker.check(code, source), os.cpu_count() or 1):
                    tell(result)
            finally:
                await checker.close()


def _tell_checked(result: CheckedFile) -> None:
    found = result.diagnosis
    colour = {"right": "green", "wrong": "yellow", "stopped": "yellow", "error": "red"}[found.verdict.value]
    name = f" ({found.misconception})" if found.misconception else ""
    head = f"[{colour}]{found.verdict.value}[/{colour}]{escape(name)}  {found.seconds:.2f} s"
    OUT.print(f"{escape(printable_line(result.file))}: {head}", soft_wrap=True)
    for line in dict.fromkeys((found.says, found.difference)):
        if line:
            OUT.print(with_code(line, "    "), soft_wrap=True)
    for one in found.checks:
        evidence = f" ({one.evidence})" if one.evidence else ""
        sign = "=" if one.ok else "–" if one.evidence in {NOT_COMPARED, NOT_REACHED} else "≠"
        OUT.print(with_code(one.says + evidence, f"    {sign} "), soft_wrap=True)


@app.command()
def review(as_json: JsonOption = False, data: DataOption = None) -> None:  # noqa: FBT002
    """List the questions that you missed and that are to be asked again today."""
    with said_plainly():
        where = data_directory(data)
        if data is not None and not where.path.is_dir():
            raise UsageError(f"There is no folder {where.path}; name the one that `foretell learn --data` was given.")
        found = _what_is_due(where) if where.database.exists() else ()
        server = serve.running_server(where) if found else None

        def opens(one: Review) -> str:
            command = f"foretell learn {shlex.quote(one.named)}"
            return f"{server.of(one.named)}#cell-{one.due.cell}" if server else command

        if as_json:
            print(json.dumps(review_json(found, opens)))
        else:
            for line in review_lines(found, opens):
                OUT.print(with_code(line), soft_wrap=True)


def _what_is_due(where: DataDirectory) -> tuple[Review, ...]:
    store = Store.open(where.database)
    try:
        offers = OwnShelf(store=store, learner=LEARNER).offers(LEARNER)
        played = [(each.lesson, each.lesson.id, each.history) for each in offers.lessons]
        played += [(each.lesson, each.where, each.history) for each in offers.recent]
        return reviews(played, store.now())
    finally:
        store.close()


@app.command()
def outline(
    notebook: Annotated[str, typer.Argument(help="A notebook, a lesson folder, or a lesson that ships.")],
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Print what foretell reads in a notebook: exercises, prompts, tasks, solutions."""
    with said_plainly():
        lesson = library.open_lesson(notebook).lesson
        if as_json:
            print(json.dumps(outline_json(lesson)))
        else:
            OUT.print(printable(outline_text(lesson)), markup=False, soft_wrap=True)


@app.command()
def doctor(
    port: Annotated[int | None, typer.Option(help="The port to look at.", min=1, max=65535)] = None,
    data: DataOption = None,
) -> None:
    """Check Python, PyTorch, confinement, the browser, the data directory and the port, and say how to mend each."""
    with said_plainly():
        where = data_directory(data)
        already = serve.running_server(where)
        serving = already.port if already else serve.running_class(where)
        findings = list(examination.examine(where, port, serving, levels.survey))
        for finding in findings:
            well = "✓" if OUT.encoding.startswith("utf") else "+"
            sign = "[yellow]![/yellow]" if finding.remedy else f"[green]{well}[/green]"
            OUT.print(f"{sign} {finding.what}: {escape(printable_line(finding.says))}", soft_wrap=True)
            if finding.remedy:
                OUT.print(f"    {escape(printable_line(finding.remedy))}", soft_wrap=True)
            for line in finding.more:
                OUT.print(f"    {escape(printable_line(line))}", soft_wrap=True)
    raise typer.Exit(2 if any(finding.remedy for finding in findings) else 0)


if __name__ == "__main__":
    app()
