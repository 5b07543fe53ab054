from __future__ import annotations

import os
from pathlib import Path

import pytest

from foretell.errors import RuntimeUnavailable
from foretell.runtime.jail import groups
from foretell.runtime.jail.groups import Backend, Group


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A directory tree that looks like a delegated group of version 2."""
    own = tmp_path / "mounted" / "user.slice" / "foretell.service"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.subtree_control").write_text("")
    (tmp_path / "self").write_text("0::/user.slice/foretell.service\n")
    return tmp_path


def find_in(folder: Path) -> Backend:
    return groups.find(folder / "self", folder / "mounted")


def test_the_supervisor_moves_into_a_group_of_its_own_and_hands_controllers_down(second: Path) -> None:
    backend = find_in(second)
    own = second / "mounted" / "user.slice" / "foretell.service"
    assert (own / "supervisor" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    (place,) = backend.parents.values()
    assert (place.parent, place.name.rpartition("-")[0]) == (own, f"foretell-{os.getpid()}")
    assert find_in(second).parents != backend.parents


def test_a_group_without_a_memory_controller_is_refused_in_words(second: Path) -> None:
    (second / "mounted" / "user.slice" / "foretell.service" / "cgroup.controllers").write_text("cpu\n")
    with pytest.raises(RuntimeUnavailable, match="no controllers for memory"):
        find_in(second)


def test_a_group_that_is_not_ours_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "self").write_text("0::/elsewhere\n")
    with pytest.raises(RuntimeUnavailable, match="not ours to divide"):
        find_in(tmp_path)


def test_what_the_second_version_counts_is_read(tmp_path: Path) -> None:
    (tmp_path / "memory.current").write_text("4096\n")
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    (tmp_path / "cgroup.procs").write_text("12\n13\n")
    group = Group(places={"": tmp_path})
    assert (group.memory_bytes(), group.out_of_memory_kills(), group.processes()) == (4096, 2, {12, 13})
    group.kill()
    assert (tmp_path / "cgroup.kill").read_text() == "1"


def test_a_group_that_is_gone_counts_nothing(tmp_path: Path) -> None:
    group = Group(places={"": tmp_path / "gone"})
    assert (group.memory_bytes(), group.out_of_memory_kills(), group.processes()) == (None, 0, frozenset())
    assert group.close()


def test_what_a_dead_supervisor_left_is_removed(second: Path) -> None:
    own = second / "mounted" / "user.slice" / "foretell.service"
    (own / "foretell-999999999-2" / "jail-1").mkdir(parents=True)
    (own / f"foretell-{os.getppid()}-1").mkdir()
    find_in(second)
    assert not (own / "foretell-999999999-2").exists()
    assert (own / f"foretell-{os.getppid()}-1").exists()


def test_the_limits_of_the_second_version_leave_no_swap() -> None:
    settings = groups._settings("", 1 << 30, 104)
    assert ("memory.max", str(1 << 30)) in settings
    assert ("memory.swap.max", "0") in settings
    assert ("pids.max", "104") in settings
