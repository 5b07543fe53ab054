"""A real foretell, a real Chromium, and a learner who uses both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from play import Learner, Server
from playwright.sync_api import Browser

from foretell.library import open_lesson
from ports import free_port

# Notebooks of a few cells that build on each other, for what needs no prompts.
SMALL = {"three": ("x = 1", "y = x", "print(f'{y = }')"), "much": ("print()",)}


@dataclass(frozen=True)
class Classroom:
    """`foretell serve`, where each browser is a learner of its own."""

    address: str
    folder: Path

    def at(self, lesson: str) -> str:
        """The address of a lesson: one that ships, or one of SMALL."""
        slug = open_lesson(str(self.folder / f"{lesson}.ipynb")).lesson.id if lesson in SMALL else lesson
        return f"{self.address}/l/{slug}"


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory, kept_examples: Path) -> Iterator[Classroom]:
    """For whoever ends no server: starting one takes seconds."""
    folder = tmp_path_factory.mktemp("classroom").resolve()
    for name, sources in SMALL.items():
        cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    notebooks = (str(folder / f"{name}.ipynb") for name in SMALL)
    asked = ("serve", "nn-module", *notebooks, "--port", str(free_port()))
    server = Server(data=with_examples(folder / "data", kept_examples), asked=asked)
    server.start()
    yield Classroom(server.address.rstrip("/"), folder)
    server.end()


def with_examples(data: Path, kept_examples: Path) -> Path:
    """Make a data directory that holds what wrong examples show."""
    kept_examples.mkdir(exist_ok=True)
    data.mkdir()
    (data / "examples").symlink_to(kept_examples)
    return data


@pytest.fixture
def serve(tmp_path: Path, kept_examples: Path) -> Iterator[Callable[..., Server]]:
    """Start foretell on a lesson, in a data directory of the test's own that holds what wrong examples show."""
    started: list[Server] = []
    with_examples(tmp_path / "data", kept_examples)

    def start(lesson: str) -> Server:
        # A port of its own, for a server that is started again has to be where it was.
        asked = ("learn", lesson, "--no-browser", "--port", str(free_port()))
        server = Server(data=tmp_path / "data", asked=asked)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.end()


@pytest.fixture
def learner_at(browser: Browser) -> Iterator[Callable[..., Learner]]:
    """Open a browser profile of its own at an address."""
    contexts = []

    def open_at(address: str, **options: object) -> Learner:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        learner = Learner(context.new_page())
        learner.listen()
        learner.page.goto(address)
        return learner

    yield open_at
    for context in contexts:
        context.close()
