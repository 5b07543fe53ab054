from __future__ import annotations

import errno
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


class Kernel:
    """Refuses to let a group divide its controllers while processes live in it, as the kernel does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, base: Path) -> None:
        self.base = base
        self._write = Path.write_text
        monkeypatch.setattr(Path, "write_text", lambda path, text, **rest: self.write(path, text, **rest))

    def write(self, path: Path, text: str, **rest: str) -> int:
        procs = self.base / "cgroup.procs"
        if path == self.base / "cgroup.subtree_control" and procs.read_text():
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        if path.name == "cgroup.procs" and path.parent != self.base:
            self._write(procs, procs.read_text().replace(f"{text}\n", "", 1))
        return self._write(path, text, **rest)


@pytest.fixture
def busy(second: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The group that this process lives in, with the shell that has started it."""
    own = second / "mounted" / "user.slice" / "foretell.service"
    (own / "cgroup.procs").write_text(f"{os.getppid()}\n{os.getpid()}\n")
    Kernel(monkeypatch, own)
    return own


def test_controllers_are_handed_down_where_the_kernel_lets_it(second: Path) -> None:
    backend = find_in(second)
    own = second / "mounted" / "user.slice" / "foretell.service"
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    (parent,) = backend.parents.values()
    assert (parent.parent, parent.name.rpartition("-")[0]) == (own, f"foretell-{os.getpid()}")
    assert find_in(second).parents != backend.parents
    assert (parent / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert not (own / groups.ASIDE).exists()


def test_all_in_the_group_move_aside_before_controllers_are_handed_down(
    busy: Path, second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "SYSTEMD", second / "no-systemd")
    find_in(second)
    assert (busy / "cgroup.procs").read_text() == ""
    assert (busy / groups.ASIDE / "cgroup.procs").read_text() == str(os.getpid())
    assert (busy / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"


def test_who_has_moved_aside_makes_groups_where_it_was_before(second: Path) -> None:
    (second / "self").write_text(f"0::/user.slice/foretell.service/{groups.ASIDE}\n")
    (parent,) = find_in(second).parents.values()
    assert parent.parent == second / "mounted" / "user.slice" / "foretell.service"


@pytest.mark.parametrize("user", [0, 1000])
def test_from_a_group_that_systemd_has_not_delegated_nobody_else_is_moved(
    busy: Path, second: Path, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    monkeypatch.setattr(groups, "SYSTEMD", second)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(RuntimeUnavailable, match="not ours to divide"):
        find_in(second)
    assert str(os.getppid()) in (busy / "cgroup.procs").read_text().split()
    assert not list(busy.glob(f"{groups.OURS}[0-9]*"))


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
