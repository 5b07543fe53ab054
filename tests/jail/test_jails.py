from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from foretell.errors import RuntimeUnavailable
from foretell.runtime.jail import bubblewrap, family, places
from foretell.runtime.jail.account import accounts
from foretell.runtime.jail.jails import Jail, Jails
from foretell.runtime.jail.levels import Level, survey
from foretell.runtime.jail.seccomp import filter_program
from foretell.runtime.limits import Limits
from foretell.runtime.messages import Confine, from_plain, to_plain
from ordinary_user import as_ordinary_user

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the jail is Linux's")


@pytest.fixture(params=[Level.B, Level.A] if os.geteuid() == 0 else [Level.B])
async def jail(request: pytest.FixtureRequest) -> AsyncIterator[Jail]:
    jails = Jails(request.param)
    yield await jails.open(Limits(memory_bytes=256 << 20))
    await jails.close()


def enter_and_sleep(jail: Jail) -> subprocess.Popen[bytes]:
    """A program that enters `jail`, forks into it and sleeps there; it is adopted."""
    flag = str(jail.has_user_namespace)
    code = (
        "import os, sys\nfrom foretell.runtime.jail.enter import enter\n"
        f"enter({jail.pidfd}, user_namespace={flag})\n"
        "child = os.fork()\nif child: print('up', flush=True); os.waitpid(child, 0); os._exit(0)\n"
        "os.fork(); os.fork()\nimport time; time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, pass_fds=(jail.pidfd or 0,))
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    (base,) = family.children_of(process.pid)
    jail.adopt(base)
    return process


async def test_all_that_comes_of_the_first_process_is_the_jails_and_ends_with_it(jail: Jail) -> None:
    process = enter_and_sleep(jail)
    try:
        deadline = time.monotonic() + 5
        while len(jail.processes()) < 4 and time.monotonic() < deadline and jail.memory_bytes() is None:
            await asyncio.sleep(0.01)
        seen = jail.processes()
        assert seen
        await jail.close()
        assert [pid for pid in seen if not family.is_dead(pid)] == []
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.stdout and process.stdout.close()


async def test_bubblewraps_own_processes_are_not_the_sessions(jail: Jail) -> None:
    assert jail.processes() == frozenset()


async def test_a_jail_closes_twice_without_harm_and_leaves_no_control_group(jail: Jail) -> None:
    places_left = list(jail._group.places.values()) if jail._group else []
    await jail.close()
    await jail.close()
    assert [place for place in places_left if place.exists()] == []


async def test_closing_all_closes_each() -> None:
    jails = Jails(Level.B)
    opened = [await jails.open(Limits()) for _ in range(3)]
    inits = [jail._cell.init for jail in opened if jail._cell]
    await jails.close()
    assert [pid for pid in inits if not family.is_dead(pid)] == []


async def test_a_jail_ends_when_its_supervisor_is_killed() -> None:
    code = (
        "import asyncio, time\nfrom foretell.runtime.jail.jails import *\n"
        "async def main():\n    jail = await Jails(Level.B).open(Limits())\n"
        "    print(jail._cell.init, flush=True)\n    time.sleep(60)\nasyncio.run(main())"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    init = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 5
    while not family.is_dead(init) and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert family.is_dead(init)


async def test_without_bubblewrap_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda *_, **__: None)
    with pytest.raises(RuntimeUnavailable, match=r"bubblewrap .* is not installed"):
        await Jails(Level.B).open(Limits())


async def test_what_bubblewrap_refuses_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "arguments", lambda *_: ["--no-such-option"])
    with pytest.raises(RuntimeUnavailable, match="no-such-option"):
        await Jails(Level.B).open(Limits())


async def test_a_deep_and_locked_folder_goes_with_a_jail_without_namespaces(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    jail = await Jails(Level.NONE).open(Limits(), home=tmp_path / "home" / "work")
    code = (
        f"import os; os.chdir({jail.home!r}); os.symlink({str(outside)!r}, 'link')\n"
        "for _ in range(3000): os.mkdir('d'); os.symlink('/', 'd/root'); os.chdir('d')\nos.mkdir('e'); os.chmod('e', 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    await jail.close()
    assert not (tmp_path / "home").exists()
    assert (outside / "kept").exists()


async def test_a_folder_that_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "home" / "work").mkdir(parents=True)
    await (await Jails(Level.NONE).open(Limits(), home=tmp_path / "home" / "work")).close()
    assert (tmp_path / "home" / "work").exists()


async def test_an_order_survives_the_protocol() -> None:
    jails = Jails(Level.B, hidden=(Path("/usr/share"),))
    jail = await jails.open(Limits(memory_bytes=1 << 30, cpu_seconds=20))
    order = jail.order()
    await jails.close()
    assert from_plain(Confine, to_plain(order)) == order
    assert "/usr/share" in order.unreadable
    assert order.user != 0


def test_the_strict_filter_is_another_one_and_both_are_the_same_each_time() -> None:
    plain, strict = filter_program(strict=False), filter_program(strict=True)
    assert plain != strict
    assert filter_program.__wrapped__(strict=False) == plain
    assert len(base64.b64encode(plain)) < 6000


def test_every_account_is_another_one() -> None:
    numbers = accounts()
    first = [next(numbers) for _ in range(50)]
    assert len(set(first)) == (50 if os.geteuid() == 0 else 1)
    assert 0 not in first


def test_foretell_is_not_among_what_is_shown() -> None:
    package = str(Path(places.__file__).parents[2])
    shown = [path for path in places.libraries() if places.lies_beneath(package, path)]
    assert all(any(places.lies_beneath(package, hidden) for hidden in places.own_packages()) for _ in shown)


def test_what_is_hidden_is_left_out_of_what_is_listed() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a" / "secret").mkdir(parents=True)
        (folder / "a" / "open.py").touch()
        (folder / "b").mkdir()
        found = places.without(name, (str(folder / "a" / "secret"),))
    assert set(found) == {str(folder / "a" / "open.py"), str(folder / "b")}


def test_levels_are_ordered() -> None:
    assert Level.A.at_least(Level.B)
    assert Level.C.at_least(Level.C)
    assert not Level.NONE.at_least(Level.C)


async def test_the_survey_tries_and_finds_the_jail_that_the_other_tests_use() -> None:
    found = survey(Level.B)
    assert found.level is Level.B
    assert found.holds


@pytest.mark.parametrize("level", ["B", "C"])
def test_the_survey_of_an_ordinary_user_finds(level: str) -> None:
    code = f"from foretell.runtime.jail.levels import *; found = survey(Level({level!r})); print(found.level)"
    told = subprocess.run(as_ordinary_user([sys.executable, "-c", code]), capture_output=True, text=True, check=True)
    assert told.stdout.startswith(level), told.stdout


async def test_a_killed_jail_is_at_an_end_without_waiting_for_anything(jail: Jail) -> None:
    process = enter_and_sleep(jail)
    began = time.monotonic()
    jail.kill()
    process.send_signal(signal.SIGCONT)
    await jail.close()
    assert time.monotonic() - began < 5  # twenty milliseconds at rest; what holds it up holds it for END_SECONDS
    process.wait(5)
    process.stdout and process.stdout.close()
