"""What tests of the jail share: limits, jails of a level that close at the end, a confined program."""

from __future__ import annotations

import shutil
import sys

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On Linux a missing bubblewrap is a failure to see, not a reason to skip."""
    if sys.platform.startswith("linux") and any("jail" in str(item.path) for item in items):
        assert shutil.which("bwrap"), "bubblewrap is not installed, and the tests of the jail need it"
