"""Control groups: what the kernel counts and limits for all processes of a jail together.

Enters: limits and a process id. Leaves: a `Group` of directories. Invariant: a group that was made is removed by
`close`, and one that a dead supervisor left is removed by the next.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from foretell.errors import RuntimeUnavailable

_numbers = itertools.count(1)

MOUNTED = Path("/sys/fs/cgroup")
OURS = "foretell-"
ASIDE = "foretell-supervisor"
EMPTYINGS = 5
SYSTEMD = Path("/run/systemd/system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where groups can be made: directories by controller (version 1), or one for all (version 2, name "")."""

    parents: dict[str, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The directories of one jail, by controller."""

    places: dict[str, Path]

    def open_doors(self) -> tuple[int, ...]:
        """Descriptors through which a process can join by itself, writing "0" to each; the caller closes them.

        Version 1 only: whoever moves itself waits for nobody, while moving another takes the kernel some 10 ms.
        """
        if "" in self.places:
            return ()
        return tuple(os.open(place / "tasks", os.O_WRONLY) for place in self.places.values())

    def adopt(self, pid: int) -> None:
        """Count this process, and all that it starts from now on, if it has not joined by itself."""
        if pid in self.processes():
            return
        for place in self.places.values():
            (place / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def processes(self) -> frozenset[int]:
        """All that live in the group."""
        place = self.places.get("pids") or self.places[""]
        with contextlib.suppress(OSError):
            return frozenset(map(int, (place / "cgroup.procs").read_text(encoding="ascii").split()))
        return frozenset()

    def memory_bytes(self) -> int | None:
        """What all take together, page cache of their own files included; None where the group is gone."""
        for place, name in (("memory", "memory.usage_in_bytes"), ("", "memory.current")):
            if place in self.places:
                with contextlib.suppress(OSError, ValueError):
                    return int((self.places[place] / name).read_text(encoding="ascii"))
        return None

    def out_of_memory_kills(self) -> int:
        """How many processes the kernel has ended because the limit was reached."""
        for place, name in (("memory", "memory.oom_control"), ("", "memory.events")):
            if place in self.places:
                with contextlib.suppress(OSError, ValueError):
                    lines = (self.places[place] / name).read_text(encoding="ascii").splitlines()
                    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
        return 0

    def kill(self) -> None:
        """End all of them, where the kernel can do so at once."""
        if "" in self.places:
            with contextlib.suppress(OSError):
                (self.places[""] / "cgroup.kill").write_text("1", encoding="ascii")

    def close(self) -> bool:
        """Remove the directories; whether they are gone. Nothing may live in them any more."""
        removed = [_remove(place) for place in self.places.values()]
        return all(removed)


def find(proc: Path = Path("/proc/self/cgroup"), mounted: Path = MOUNTED) -> Backend:
    """Where this process may make groups that limit memory and processes. RuntimeUnavailable where it may not."""
    try:
        lines = [line.split(":", 2) for line in proc.read_text(encoding="ascii").splitlines()]
    except OSError as failure:
        raise RuntimeUnavailable(f"{proc} cannot be read ({failure}); mount /proc") from failure
    own = {controller: path for _, names, path in lines for controller in names.split(",")}
    if "memory" in own and "pids" in own:
        return _prepare_first(own, mounted)
    return _prepare_second(own.get("", "/"), mounted)


def _prepare_first(own: dict[str, str], mounted: Path) -> Backend:
    """Version 1: a directory of ours in each hierarchy, beneath the group that this process is in."""
    parents: dict[str, Path] = {}
    for controller in ("memory", "pids", "cpu"):
        if controller in own:
            inside = mounted / controller / own[controller].lstrip("/")
            parents[controller] = _make(inside if inside.is_dir() else mounted / controller)
    return Backend(parents=parents)


def _prepare_second(own: str, mounted: Path) -> Backend:
    """Version 2: a directory of ours beneath the group that this process is in, which must be delegated to its user."""
    base = mounted / own.lstrip("/")
    if base.name == ASIDE:  # Moved here before, by this process or by an earlier one.
        base = base.parent
    try:
        controllers = (base / "cgroup.controllers").read_text(encoding="ascii").split()
        if not {"memory", "pids"} <= set(controllers):
            raise RuntimeUnavailable(f"The control group {base} has no controllers for memory and processes")
        wanted = " ".join(f"+{name}" for name in ("memory", "pids", "cpu") if name in controllers)
        parent = _make(base)
        try:
            _hand_down(base, wanted)
            (parent / "cgroup.subtree_control").write_text(wanted, encoding="ascii")
        except BaseException:
            _remove(parent)
            raise
    except OSError as failure:
        raise RuntimeUnavailable(f"The control group {base} is not ours to divide ({failure})") from failure
    return Backend(parents={"": parent})


def _hand_down(base: Path, wanted: str) -> None:
    """Let the groups beneath `base` have these controllers.

    Only the machine's topmost group may do so with processes in it. From any other all move into one beneath it: this
    process, and the shell that has started it. They fork meanwhile, so what was empty may have to be emptied again.
    """
    for _ in range(EMPTYINGS):
        try:
            (base / "cgroup.subtree_control").write_text(wanted, encoding="ascii")
        except OSError as failure:
            if failure.errno != errno.EBUSY or not (movable := _find_movable(base)):
                raise
        else:
            return
        aside = base / ASIDE
        aside.mkdir(exist_ok=True)
        for pid in movable:
            with contextlib.suppress(ProcessLookupError):
                (aside / "cgroup.procs").write_text(pid, encoding="ascii")
    (base / "cgroup.subtree_control").write_text(wanted, encoding="ascii")


def _find_movable(base: Path) -> list[str]:
    """The processes of this group that are ours to move.

    Where systemd runs: all in a unit with Delegate=yes; none as root in any other, for systemd stops the whole unit
    when the kernel ends one process beneath it for memory; as an ordinary user, whose systemd marks nothing, this one.
    """
    if not SYSTEMD.exists() or any(map(_is_marked, (base, base.parent))):  # The parent where DelegateSubgroup= is set.
        return (base / "cgroup.procs").read_text(encoding="ascii").split()
    return [] if os.geteuid() == 0 else [str(os.getpid())]


def _is_marked(place: Path) -> bool:
    with contextlib.suppress(OSError):
        return os.getxattr(place, "user.delegate") == b"1"
    return False


def _make(beneath: Path) -> Path:
    """The directory of this supervisor, and away with those of dead ones."""
    for old in beneath.glob(f"{OURS}*"):
        with contextlib.suppress(ValueError):
            if not Path(f"/proc/{int(old.name.removeprefix(OURS).partition('-')[0])}").exists():
                for jail in old.glob("jail-*"):
                    _remove(jail)
                _remove(old)
    place = beneath / f"{OURS}{os.getpid()}-{next(_numbers)}"
    try:
        place.mkdir(exist_ok=True)
    except OSError as failure:
        raise RuntimeUnavailable(f"No control group can be made in {beneath} ({failure})") from failure
    return place


def open_group(backend: Backend, name: str, *, memory_bytes: int | None, processes: int) -> Group:
    """A group for one jail. RuntimeUnavailable where the kernel refuses."""
    places = {controller: parent / name for controller, parent in backend.parents.items()}
    group = Group(places=places)
    try:
        for place in places.values():
            place.mkdir()
        for controller, place in places.items():
            for file, value in _settings(controller, memory_bytes, processes):
                if (place / file).exists():
                    (place / file).write_text(value, encoding="ascii")
    except OSError as failure:
        group.close()
        raise RuntimeUnavailable(
            f"The limits of a jail could not be set ({failure}). Run: foretell doctor"
        ) from failure
    return group


def _settings(controller: str, memory_bytes: int | None, processes: int) -> list[tuple[str, str]]:
    memory = str(memory_bytes)
    match controller:
        case "memory" if memory_bytes:
            return [("memory.limit_in_bytes", memory), ("memory.memsw.limit_in_bytes", memory)]
        case "pids":
            return [("pids.max", str(processes))]
        case "":
            told = [("pids.max", str(processes))]
            return told + ([("memory.max", memory), ("memory.swap.max", "0")] if memory_bytes else [])
    return []


def close_backend(backend: Backend) -> None:
    """Remove the supervisor's own directories."""
    for parent in backend.parents.values():
        _remove(parent)


def _remove(place: Path) -> bool:
    try:
        place.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
