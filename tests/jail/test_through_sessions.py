"""Every attack of the tables as a cell of a real session, at every level, as root and as an ordinary user.

One supervisor for each level and account tries all of them; each test then looks at one result. Without bubblewrap
they are red on Linux.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from foretell.runtime.supervisor import MOST_SPARES
from jail.arena import ALL, ARENA_SECONDS, NETWORK, SUPERVISOR
from ordinary_user import as_ordinary_user, with_readable_python

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the jail is Linux's")

TESTS = Path(__file__).parents[1]
ARENAS = (("root", "A"), ("root", "B"), ("root", "C"), ("user", "B"), ("user", "C"))
HERE = tuple(arena for arena in ARENAS if os.geteuid() == 0 or arena[0] == "user")
CASES = [(who, level, attack.id) for who, level in HERE for attack in ALL if level in attack.levels]
MOST_BYTES = 24 << 20
# A few at work, and what the processes hold that are ready for the next sessions: far fewer than there are attacks.
MOST_DESCRIPTORS = 8 + MOST_SPARES * 8
HARMLESS = (
    "26-other-learner",
    "34-loopback",
    "35-network-sockets",
    "36-unix-sockets",
    "o09-shared-memory-of-the-machine",
)


def fight(who: str, level: str, *attacks: str) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-B", "-m", "jail.arena", level, *attacks]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(TESTS),
        "HOME": "/nonexistent",
        "LAB_SECRET": "a secret of the supervisor's",
    }
    around = with_readable_python if who == "root" else as_ordinary_user
    with tempfile.TemporaryFile("w+") as said:
        try:
            ended = subprocess.run(
                around(command),
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=environment,
                timeout=ARENA_SECONDS,
                cwd="/",
                check=False,
            )
        finally:
            said.seek(0)
            complaint = said.read()[-8000:]
            if complaint:
                print(f"{who} {level}: {complaint}", file=sys.stderr)
    assert ended.returncode == 0, complaint
    return {result["id"]: result for result in map(json.loads, ended.stdout.splitlines())}


@functools.cache
def arenas() -> dict[tuple[str, str], Future[dict[str, dict[str, object]]]]:
    pool = ThreadPoolExecutor(2)
    return {arena: pool.submit(fight, *arena) for arena in HERE}


@pytest.mark.parametrize(("who", "level", "attack"), CASES)
def test_is_contained_and_harms_neither_its_session_nor_another(who: str, level: str, attack: str) -> None:
    result = arenas()[who, level].result()[attack]
    assert result["held"], json.dumps(result)


@pytest.mark.parametrize(("who", "level"), HERE)
def test_the_supervisor_is_what_it_was(who: str, level: str) -> None:
    result = arenas()[who, level].result()[SUPERVISOR]
    assert result["harm"] == []
    assert result["more_bytes"] < MOST_BYTES
    assert result["more_descriptors"] < MOST_DESCRIPTORS


def test_without_a_jail_the_same_attacks_win() -> None:
    results = fight("user", "none", *HARMLESS)
    assert [name for name in HARMLESS if "WON" not in str(results[name]["said"])] == []


@pytest.mark.parametrize(("who", "level"), HERE)
def test_a_learner_alone_may_be_left_the_network(who: str, level: str) -> None:
    results = fight(who, level + NETWORK, "g10-network-where-it-is-left")
    assert "HELD" in str(results["g10-network-where-it-is-left"]["said"]), results
    assert results[SUPERVISOR]["harm"] == ["listener was reached"]


def test_ids_are_unique() -> None:
    assert len({attack.id for attack in ALL}) == len(ALL)
