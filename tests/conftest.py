"""What every test may lean on: where the shared material lies, small lessons, a record that forgets at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from chromium import chromium
from foretell.runtime.host import Host
from foretell.runtime.jail import levels

# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("foretell", deadline=None)
settings.load_profile("foretell")
ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def original_notebook() -> Path:
    """The notebook as its author wrote it, read in place; it is on build machines only."""
    path = SHARED / "notebooks" / "nn-module.ipynb"
    if not path.is_file():
        pytest.skip(f"the author's notebook is not beside this checkout ({path})")
    return path


@pytest.fixture(scope="session")
def kept_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What wrong examples show, as a foretell that has run before keeps it: seconds of work, once for all tests."""
    return tmp_path_factory.mktemp("kept") / "examples"


@pytest.fixture(scope="session")
async def checking_host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Host]:
    """Where answers are looked at, at the strongest level of this machine: opened once, for PyTorch takes seconds."""
    level = (await asyncio.to_thread(levels.survey)).level
    async with Host(level, tmp_path_factory.mktemp("host")) as host:
        yield host


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for all tests: Playwright allows one in a process."""
    with chromium() as started:
        yield started


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: while Playwright's loop lives in this process, no other event loop can run."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
