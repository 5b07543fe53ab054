"""Marks for tests of what only some runtimes do: `make_session`, and so `session`, is then one of these."""

from __future__ import annotations

import pytest

unconfined = pytest.mark.parametrize("make_session", ["fresh", "snapshots"], indirect=True, scope="session")
confined = pytest.mark.parametrize("make_session", ["snapshots in a jail"], indirect=True, scope="session")
forking = pytest.mark.parametrize("make_session", ["snapshots", "snapshots in a jail"], indirect=True, scope="session")
