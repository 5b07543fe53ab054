"""Every attack of the two tables is contained, at every level, as root and as an ordinary user.

The arenas run once, two at a time; each test then looks at one result. Without bubblewrap they are red on Linux.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from jail.arena import ALL
from ordinary_user import as_ordinary_user, with_readable_python

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the jail is Linux's")

TESTS = Path(__file__).parents[1]
ARENA_SECONDS = 240
ARENAS = (("root", "A"), ("root", "B"), ("root", "C"), ("user", "B"), ("user", "C"))
HERE = tuple(arena for arena in ARENAS if os.geteuid() == 0 or arena[0] == "user")
CASES = [(who, level, attack.id) for who, level in HERE for attack in ALL if level in attack.levels]
HARMLESS = (
    "26-other-learner",
    "34-loopback",
    "35-network-sockets",
    "36-unix-sockets",
    "o09-shared-memory-of-the-machine",
)


def fight(who: str, level: str, *attacks: str) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-B", "-m", "jail.arena", level, *attacks]
    # Only the arena's own parent knows a secret: what the arena is started with is all that its forks may find.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "HOME": "/nonexistent"}
    around = with_readable_python if who == "root" else as_ordinary_user
    ended = subprocess.run(
        around(command), capture_output=True, text=True, env=environment, timeout=ARENA_SECONDS, cwd="/", check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return {result["id"]: result for result in map(json.loads, ended.stdout.splitlines())}


@functools.cache
def arenas() -> dict[tuple[str, str], Future[dict[str, dict[str, object]]]]:
    os.environ["LAB_SECRET"] = "a secret of the supervisor's"
    pool = ThreadPoolExecutor(2)
    return {arena: pool.submit(fight_all, *arena) for arena in HERE}


def fight_all(who: str, level: str) -> dict[str, dict[str, object]]:
    """Those that need large libraries apart, for each fork of a process that has them costs many times as much."""
    due = [attack for attack in ALL if level in attack.levels]
    small = fight(who, level, *(attack.id for attack in due if not attack.libraries))
    return small | fight(who, level, *(attack.id for attack in due if attack.libraries))


@pytest.mark.parametrize(("who", "level", "attack"), CASES)
def test_is_contained(who: str, level: str, attack: str) -> None:
    result = arenas()[who, level].result()[attack]
    assert result["held"], result


def test_without_a_jail_the_same_attacks_win() -> None:
    results = fight("user", "none", *HARMLESS)
    assert [name for name, result in results.items() if "WON" not in str(result["said"])] == []


@pytest.mark.parametrize(("who", "level"), HERE)
def test_a_learner_alone_may_be_left_the_network(who: str, level: str) -> None:
    (result,) = fight(who, level + "+network", "g10-network-where-it-is-left").values()
    assert "HELD" in str(result["said"]), result
    assert result["harm"] == ["listener was reached"]


def test_ids_are_unique() -> None:
    assert len({attack.id for attack in ALL}) == len(ALL)
