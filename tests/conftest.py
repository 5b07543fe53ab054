"""What every test may lean on: where the shared material lies, small lessons, a record that forgets at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def original_notebook() -> Path:
    """The notebook as its author wrote it, read in place; it is on build machines only."""
    path = SHARED / "notebooks" / "nn-module.ipynb"
    if not path.is_file():
        pytest.skip(f"the author's notebook is not beside this checkout ({path})")
    return path
