"""The peers: where they are installed, the work laid out as each wants it, and the command a person would type.

Enters: `.bench-peers/NAME`, made by `make bench-peers`. Leaves: commands that were seen to work, and programs of theirs
that stay. Invariant: a peer that is not there raises `PeerMissing`; a grader that does not give full marks is an error.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat

from bench.lesson import Graded, graded, notebook, plain_notebook
from bench.measure import NotMeasured
from foretell.model.run import CellSource

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".bench-peers"
DRIVERS = Path(__file__).parent / "drivers"


class PeerMissing(NotMeasured):
    """The peer is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed; install it: make bench-peers")


def program(peer: str, name: str) -> Path:
    """Give a program of a peer's environment."""
    path = PEERS / peer / "bin" / name
    if not path.exists():
        raise PeerMissing(peer)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a person would type, and where."""

    words: tuple[str, ...]
    folder: Path

    async def run(self) -> None:
        """Run it to its end; what it printed is shown where it failed."""
        process = await asyncio.create_subprocess_exec(
            *self.words,
            cwd=self.folder,
            env=environment(Path(self.words[0])),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(self.words)} failed:\n{said.decode(errors='replace')[-3000:]}")


def environment(executable: Path) -> dict[str, str]:
    """Give this environment with the peer's programs first."""
    return {**os.environ, "PATH": f"{executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


@dataclass(slots=True, kw_only=True)
class Driver:
    """A program of `bench.drivers` that stays and does what each line says."""

    process: asyncio.subprocess.Process

    async def do(self, word: str) -> float:
        """Have it done once; give the seconds that the program itself measured."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n".encode())
        answer = await self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the driver ended while it did {word!r}; what it said is above")
        return float(json.loads(answer)["seconds"])


@asynccontextmanager
async def driver(python: Path, name: str, *, given: object, one_thread: bool = False) -> AsyncIterator[Driver]:
    """Run a driver, which is given a notebook or a JSON value as a file."""
    async with _begun(python, (str(DRIVERS / f"{name}.py"),), given, one_thread=one_thread) as begun:
        yield begun


@asynccontextmanager
async def inline(code: str, *, given: object) -> AsyncIterator[Driver]:
    """Run a few lines with this Python, one thread, as a driver."""
    async with _begun(Path(sys.executable), ("-c", code), given, one_thread=True) as begun:
        yield begun


@asynccontextmanager
async def _begun(python: Path, words: tuple[str, ...], given: object, *, one_thread: bool) -> AsyncIterator[Driver]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.ipynb"
        path.write_text(nbformat.writes(given) if isinstance(given, nbformat.NotebookNode) else json.dumps(given))
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if one_thread else {}
        process = await asyncio.create_subprocess_exec(
            python,
            *words,
            path,
            cwd=folder,
            env=environment(python) | threads,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            yield Driver(process=process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def kernels() -> Path:
    """Give the Python that has nbclient and ipykernel."""
    return program("ipykernel", "python")


async def nbconvert(folder: Path, cells: Sequence[CellSource]) -> Command:
    """`jupyter nbconvert --execute` of the solved notebook."""
    nbformat.write(plain_notebook(cells), folder / "lesson.ipynb")
    words = (str(program("nbconvert", "jupyter-nbconvert")), "--to", "notebook", "--execute", "lesson.ipynb")
    return Command(words=(*words, "--output", "ran.ipynb"), folder=folder)


async def nbgrader(folder: Path, cells: Sequence[CellSource]) -> Command:
    """`nbgrader autograde` of one submission in a course that has the assignment already."""
    grader = str(program("nbgrader", "nbgrader"))
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
    for place in ("source/lesson", "submitted/ada/lesson"):
        (folder / place).mkdir(parents=True)
        nbformat.write(_for_nbgrader(cells), folder / place / "lesson.ipynb")
    await Command(words=(grader, "generate_assignment", "lesson", "--create"), folder=folder).run()
    command = Command(words=(grader, "autograde", "lesson", "--student", "ada", "--create", "--force"), folder=folder)
    await command.run()
    with sqlite3.connect(folder / "gradebook.db") as book:
        marks, most = book.execute(
            "select sum(grade.auto_score), count(*) from grade join base_cell on base_cell.id = grade.cell_id"
        ).fetchone()
    if marks != most or most != sum(bool(each.asserts) for each in map(graded, cells)):
        raise SystemExit(f"nbgrader gave {marks} of {most} marks to the solved notebook")
    return command


def _for_nbgrader(sources: Sequence[CellSource]) -> nbformat.NotebookNode:
    cells = []
    for each in map(graded, sources):
        cells.append(nbformat.v4.new_code_cell(each.text, metadata=_marked(each, solution=True)))
        if each.asserts:
            cells.append(nbformat.v4.new_code_cell("\n".join(each.asserts), metadata=_marked(each, solution=False)))
    return notebook(cells)


def _marked(each: Graded, *, solution: bool) -> dict[str, object]:
    if solution and not each.asserts:
        return {}
    kind = {"cell_type": "code", "schema_version": 3, "task": False, "solution": solution}
    if solution:
        return {"nbgrader": kind | {"grade": False, "locked": False, "grade_id": f"code-{each.cell}"}}
    return {"nbgrader": kind | {"grade": True, "locked": True, "points": 1, "grade_id": f"test-{each.cell}"}}


async def otter(folder: Path, cells: Sequence[CellSource]) -> Command:
    """`otter run` of one submission against an autograder archive."""
    python = str(program("otter", "otter"))
    tests = folder / "tests"
    tests.mkdir()
    for each in map(graded, cells):
        if each.asserts:
            (tests / f"{_named(each)}.py").write_text(f"OK_FORMAT = True\n\ntest = {_for_otter(each)!r}\n")
    nbformat.write(_with_checks(cells), folder / "lesson.ipynb")
    words = (python, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment")
    await Command(words=words, folder=folder).run()
    with zipfile.ZipFile(folder / "autograder.zip") as archive:
        if not any("tests/" in name for name in archive.namelist()):
            raise SystemExit("otter generate left the tests out")
    run = (python, "run", "lesson.ipynb", "-a", "autograder.zip", "-o", ".", "--no-logo")
    command = Command(words=run, folder=folder)
    await command.run()
    seen = json.loads((folder / "results.json").read_text())["tests"]
    marks = [(each["score"], each["max_score"]) for each in seen if each.get("max_score")]
    if len(marks) != len(list(tests.iterdir())) or any(score != most for score, most in marks):
        raise SystemExit(f"otter gave {marks} to the solved notebook")
    return command


def _named(each: Graded) -> str:
    return each.cell.replace("-", "_")


def _for_otter(each: Graded) -> dict[str, object]:
    cases = [{"code": f">>> {test}", "hidden": False, "locked": False} for test in each.asserts]
    suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return {"name": _named(each), "points": 1, "suites": [suite]}


def _with_checks(cells: Sequence[CellSource]) -> nbformat.NotebookNode:
    sources = ['import otter\n\ngrader = otter.Notebook("lesson.ipynb")']
    for each in map(graded, cells):
        sources.append(each.text)
        if each.asserts:
            sources.append(f'grader.check("{_named(each)}")')
    return notebook([nbformat.v4.new_code_cell(source) for source in sources])
