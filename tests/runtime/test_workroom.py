"""What a killed supervisor leaves in the temporary directory goes when the next one starts, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from foretell.runtime.workroom import PREFIX, YOUNG_SECONDS, Workroom, remove_abandoned

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders are not locked on Windows")
LATER = YOUNG_SECONDS + 1

HOLD = """
import sys, time
from foretell.runtime.workroom import Workroom
room = Workroom()
(room.path / "home").mkdir()
(room.path / "home" / "written").write_text("by a cell")
print(room.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary directory of this test's own, for processes that it starts too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other():
    """Another process with a workroom, and the folder that it is."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_the_folder_of_a_killed_process_goes_with_all_that_is_in_it(other):
    process, place = other
    assert (place / "home" / "written").is_file()
    process.kill()
    process.wait()
    assert remove_abandoned(time.time() + LATER) == [place]
    assert not place.exists()


def test_a_folder_in_use_stays(other):
    _, place = other
    assert remove_abandoned(time.time() + LATER) == []
    assert (place / "home" / "written").is_file()


def test_a_folder_that_is_just_being_made_stays(temporary):
    place = temporary / f"{PREFIX}new"
    place.mkdir()
    assert remove_abandoned() == []
    assert place.is_dir()


def test_nothing_is_followed_or_taken_that_is_not_a_folder_of_this_account(temporary):
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "kept").touch()
    (temporary / f"{PREFIX}link").symlink_to(precious)
    (temporary / f"{PREFIX}file").touch()
    inside = temporary / f"{PREFIX}old"
    inside.mkdir()
    (inside / "way-out").symlink_to(precious)
    if os.geteuid() == 0:
        (temporary / f"{PREFIX}others").mkdir()
        os.chown(temporary / f"{PREFIX}others", 61234, 61234)
    assert remove_abandoned(time.time() + LATER) == [inside]
    left = {place.name for place in temporary.iterdir()} - {f"{PREFIX}others"}
    assert left == {"precious", f"{PREFIX}link", f"{PREFIX}file"}
    assert (precious / "kept").is_file()


def test_closing_removes_the_folder_and_may_be_done_twice():
    room = Workroom()
    (room.path / "written").touch()
    room.close()
    room.close()
    assert not room.path.exists()
