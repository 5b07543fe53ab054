"""Sessions to hold to the `Session` interface: one per runtime there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from foretell.runtime.session import FreshProcessSession, Limits, Session

Factory = Callable[..., Session]


def make_fresh(cwd: Path, limits: Limits | None = None, preload: tuple[str, ...] = ()) -> Session:
    return FreshProcessSession(limits=limits or Limits(), seed=7, cwd=cwd, preload=preload)


RUNTIMES = {"fresh": make_fresh}


@pytest.fixture(scope="session", params=sorted(RUNTIMES))
def make_session(request: pytest.FixtureRequest) -> Factory:
    return RUNTIMES[request.param]


@pytest.fixture(scope="session")
async def session(make_session: Factory, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One session that many tests share: each brings its own prefix."""
    shared = make_session(tmp_path_factory.mktemp("cells"))
    yield shared
    await shared.close()
