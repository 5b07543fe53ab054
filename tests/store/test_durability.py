"""What happens to the file: kill -9, a full disk, no permission, damage, another program."""

import json
import os
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from foretell.errors import StoreError
from foretell.model.attempt import Who
from foretell.store import database
from foretell.store.attempts import Store

ME = Who(learner="me", lesson="nets", revision="r1")
KILLS = int(os.environ.get("FORETELL_TEST_KILLS", "25"))


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "attempts.sqlite"
    Store.open(place).close()
    return place


def run_script(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sound(place):
    connection = sqlite3.connect(place)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


# Forks writers that say each thing they have been told is kept, and kills them at a random moment.
KILLER = """
    import json, os, random, signal, sys, time
    from foretell.model.attempt import Judgement, Opened, Verdict, Who
    from foretell.model.run import Run
    from foretell.store.attempts import Store

    me = Who(learner="me", lesson="nets", revision="r1")
    place, kills = sys.argv[1], int(sys.argv[2])
    draw = random.Random(11)

    def write(kill, say):
        store = Store.open(place)
        for turn in range(10000):
            key = f"{kill}-{turn}"
            commit = store.commit(me, cell=key, predictions=[], skipped=[key], key=key)
            say(f"commit {key}")
            run = store.start_run(me, cell=key, commit=commit.id, code="x" * 5000, state="", key=key)
            say(f"run {key}")
            ended = Run(cell=key, outputs=(), failure=None, observations={}, asserts=(), seconds=0.0)
            judged = Judgement(question=key, verdict=Verdict.RIGHT, difference="", observed="")
            store.finish_run(run.id, ended, [judged])
            say(f"end {key}")
            store.save_draft(me, cell=key, text=key * 100, key=key)
            say(f"draft {key}")

    told = []
    for kill in range(kills):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            write(kill, lambda line: os.write(writer, line.encode() + b"\\n"))
        os.close(writer)
        with os.fdopen(reader) as lines:
            told.append(lines.readline().strip())
            time.sleep(draw.random() * 0.08)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            told += [line.strip() for line in lines if line.endswith("\\n")]
    print(json.dumps(told))
"""


def test_nothing_that_was_acknowledged_is_lost_to_kill_9(place):
    told = [line.split() for line in run_script(KILLER, place, KILLS)]
    assert len(told) > KILLS
    assert sound(place)
    store = Store.open(place)
    history = store.history(ME)
    kept = {
        "commit": {one.cell for one in history.commits if one.skipped == (one.cell,)},
        "run": {one.cell for one in history.runs},
        "end": {one.cell for one in history.runs if one.run is not None and len(one.judgements) == 1},
        "draft": {cell for cell, draft in history.drafts.items() if draft.text == cell * 100},
    }
    assert [line for line in told if line[1] not in kept[line[0]]] == []
    assert all(one.run is None or one.judgements for one in history.runs), "a run ends whole or not at all"
    for key in {key for what, key in told if what == "commit"}:
        store.commit(ME, cell=key, predictions=[], skipped=[key], key=key)
    assert store.history(ME) == history
    store.close()


def test_a_file_that_may_not_grow_is_an_error_and_what_was_kept_stays(place):
    script = """
        import json, resource, sys
        from foretell.errors import StoreError
        from foretell.model.attempt import Who
        from foretell.store.attempts import Store

        me = Who(learner="me", lesson="nets", revision="r1")
        store = Store.open(sys.argv[1])
        store.save_draft(me, cell="c", text="kept", key="first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        kept, message = ["first"], ""
        for turn in range(100):
            try:
                store.save_draft(me, cell=str(turn), text="x" * 20_000, key=str(turn))
            except StoreError as error:
                message = str(error)
                break
            kept.append(str(turn))
        readable = store.history(me).drafts["c"].text
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        store.save_draft(me, cell="after", text="room again", key="after")
        print(json.dumps([kept, message, readable]))
    """
    kept, message, readable = run_script(script, place)
    assert 2 < len(kept) < 100
    assert f"{place} could not be written or read; check its disk, which may be full, then try again" in message
    assert readable == "kept"
    assert sound(place)
    store = Store.open(place)
    assert set(store.history(ME).drafts) == {"c", "after", *kept[1:]}
    store.close()


def test_a_full_disk_is_named(place, monkeypatch):
    store = Store.open(place)
    store.save_draft(ME, cell="c", text="kept", key="a")

    def full(connection):
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE more AS SELECT hex(randomblob(200000)) AS x")

    with pytest.raises(StoreError, match=r"No room is left to write .*attempts.sqlite; free some space on its disk"):
        store._database.write(full)
    assert store.history(ME).drafts["c"].text == "kept"
    store.close()


WITHOUT_RIGHTS = """
    import json, os, sys
    from foretell.errors import StoreError
    from foretell.store.attempts import Store
    import alembic.command, alembic.config

    if os.geteuid() == 0:
        os.setgroups([])
        os.setegid(65534)
        os.seteuid(65534)
    messages = []
    for place in sys.argv[1:]:
        try:
            Store.open(place)
        except StoreError as error:
            messages.append(str(error))
    print(json.dumps(messages))
"""


@pytest.fixture
def open_folder(tmp_path_factory):
    """A folder that any user of the machine may enter (pytest's own may not be)."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_folder_is_an_error_with_a_remedy(open_folder):
    open_folder.chmod(0o555)
    new, below = open_folder / "attempts.sqlite", open_folder / "data" / "attempts.sqlite"
    messages = run_script(WITHOUT_RIGHTS, new, below)
    assert messages == [
        f"{place} cannot be written (Permission denied); make it and {place.parent} writable, "
        "or choose another place with --data."
        for place in (new, below)
    ]
    assert list(open_folder.iterdir()) == []


def test_a_read_only_database_is_an_error_with_a_remedy(open_folder):
    place = open_folder / "attempts.sqlite"
    Store.open(place).close()
    place.chmod(0o444)
    open_folder.chmod(0o555)
    (message,) = run_script(WITHOUT_RIGHTS, place)
    assert message == (
        f"{place} cannot be written (Permission denied); make it and {open_folder} writable, "
        "or choose another place with --data."
    )


def test_a_database_in_a_read_only_folder_is_an_error_with_a_remedy(open_folder):
    place = open_folder / "attempts.sqlite"
    Store.open(place).close()
    place.chmod(0o666)
    open_folder.chmod(0o555)
    (message,) = run_script(WITHOUT_RIGHTS, place)
    assert message.startswith(f"{place} ")
    assert "its folder" in message
    assert "choose another place with --data" in message


def test_a_place_below_a_file_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be written .*choose another place with --data"):
        Store.open(tmp_path / "file" / "attempts.sqlite")
    with pytest.raises(StoreError, match="choose another place with --data"):
        Store.open(tmp_path)


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path, content):
    place = tmp_path / "attempts.sqlite"
    place.write_bytes(content)
    with pytest.raises(StoreError, match="is not a database; move it away, or choose another place with --data"):
        Store.open(place)
    assert place.read_bytes() == content


def test_a_damaged_database_is_named_as_damaged(place):
    store = Store.open(place)
    for turn in range(50):
        store.save_draft(ME, cell=str(turn), text="x" * 5000, key=str(turn))
    store.close()
    data = bytearray(place.read_bytes())
    data[8192:] = b"\xaa" * (len(data) - 8192)
    place.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged; move it away and put a backup in its place"):
        Store.open(place).history(ME)


def test_a_database_held_by_another_program_is_an_error_with_a_remedy(place, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 50)
    store = Store.open(place)
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is held by another program for too long; close that program"):
        store.save_draft(ME, cell="c", text="x", key="a")
    assert store.history(ME).drafts == {}
    holder.execute("ROLLBACK")
    holder.close()
    store.save_draft(ME, cell="c", text="x", key="a")
    assert store.history(ME).drafts["c"].text == "x"
    store.close()


def test_an_acknowledged_write_is_asked_to_reach_the_disk(place):
    store = Store.open(place)
    settings = ("journal_mode", "synchronous", "foreign_keys")
    asked = store._database.write(
        lambda connection: [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in settings]
    )
    full, on = 2, 1
    assert asked == ["wal", full, on]
    store.close()


def test_the_database_itself_refuses_a_run_without_a_commit(place):
    store = Store.open(place)
    store.session_seed(ME)
    row = "INSERT INTO runs (session_id, commit_id, round, cell, number, code, state, key, at) "
    with pytest.raises(StoreError, match=r"refused a row .*; reload the page and try again"):
        store._database.write(
            lambda connection: connection.exec_driver_sql(row + "VALUES (1, 99, 0, 'c', 1, '', '', 'k', '2026-01-01')")
        )
    assert store.history(ME).runs == ()
    store.close()


def test_two_processes_may_write_to_one_file(place):
    script = """
        import json, sys
        from foretell.errors import CommitError
        from foretell.model.attempt import Who
        from foretell.store.attempts import Store

        me = Who(learner="me", lesson="nets", revision="r1")
        store, name, won = Store.open(sys.argv[1]), sys.argv[2], []
        for turn in range(30):
            store.save_draft(me, cell=f"{name}-{turn}", text="x", key=f"{name}-{turn}")
            try:
                store.commit(me, cell="c", predictions=[], skipped=[f"q{turn}"], key=f"{name}-{turn}")
            except CommitError:
                continue
            won.append(turn)
        print(json.dumps(won))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(place)]
    writing = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
    won = [json.loads(process.communicate(timeout=60)[0]) for process in writing]
    assert [process.returncode for process in writing] == [0, 0]
    assert sorted(won[0] + won[1]) == list(range(30))
    store = Store.open(place)
    assert len(store.history(ME).drafts) == 60
    assert len(store.history(ME).commits) == 30
    store.close()
