"""Sessions to hold to the `Session` interface: one per runtime there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from foretell.runtime.jail.levels import Level, survey
from foretell.runtime.session import Limits, Session, fresh_session
from foretell.runtime.supervisor import Supervisor

Factory = Callable[..., Session]

RUNTIMES = ("fresh", "snapshots", "snapshots in a jail")


@pytest.fixture(scope="session")
async def open_supervisor() -> AsyncIterator[Supervisor]:
    """Snapshots without confinement."""
    async with Supervisor(level=Level.NONE) as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
async def jailed_supervisor() -> AsyncIterator[Supervisor]:
    """Snapshots at the strongest level that this machine has."""
    async with Supervisor(level=survey().level) as supervisor:
        yield supervisor


@pytest.fixture
def make_supervisor() -> Callable[..., Supervisor]:
    """Make a supervisor of a test's own."""
    return lambda **options: Supervisor(level=Level.NONE, **options)


@pytest.fixture(scope="session", params=RUNTIMES)
def make_session(request: pytest.FixtureRequest, open_supervisor: Supervisor, jailed_supervisor: Supervisor) -> Factory:
    def make(cwd: Path, limits: Limits | None = None, preload: tuple[str, ...] = ()) -> Session:
        limits = limits or Limits()
        if request.param == "fresh":
            return fresh_session(limits=limits, seed=7, cwd=cwd, preload=preload)
        supervisor = open_supervisor if request.param == "snapshots" else jailed_supervisor
        return supervisor.session(limits=limits, seed=7, preload=preload)

    return make


@pytest.fixture(scope="session")
async def session(make_session: Factory, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One session that many tests share: each brings its own prefix."""
    shared = make_session(tmp_path_factory.mktemp("cells"))
    yield shared
    await shared.close()
