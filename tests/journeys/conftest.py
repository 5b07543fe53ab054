"""A real foretell, a real Chromium, and a learner who uses both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from play import Learner, Server
from playwright.sync_api import Browser


@pytest.fixture
def serve(tmp_path: Path, kept_examples: Path) -> Iterator[Callable[..., Server]]:
    """Start foretell on a lesson, in a data directory of the test's own that holds what wrong examples show."""
    started: list[Server] = []
    kept_examples.mkdir(exist_ok=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "examples").symlink_to(kept_examples)

    def start(lesson: str) -> Server:
        server = Server(data=tmp_path / "data", lesson=lesson)
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
