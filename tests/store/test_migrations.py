import io
import sqlite3
import subprocess
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import foretell.store
from foretell.errors import StoreError
from foretell.model.attempt import CheckVerdict, Diagnosis, Who
from foretell.store.attempts import Store
from foretell.store.database import NEWEST_SCHEMA
from foretell.store.tables import metadata


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "attempts.sqlite"
    Store.open(place).close()
    return place


def rows(place, query):
    connection = sqlite3.connect(place)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def change(place, statement):
    connection = sqlite3.connect(place)
    with connection:
        connection.execute(statement)
    connection.close()


def constraints(place):
    """What autogenerate does not compare: the check constraints, as SQLite holds them."""
    return {
        name: sorted(sql.count(word) for word in ("CHECK", "UNIQUE", "AUTOINCREMENT", "FOREIGN"))
        for name, sql in rows(
            place, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if name != "alembic_version"
    }


def test_a_migrated_database_has_the_tables_of_this_version(place, tmp_path):
    engine = create_engine(f"sqlite:///{place}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    metadata.create_all(fresh)
    fresh.dispose()
    assert constraints(place) == constraints(tmp_path / "fresh.sqlite")


def test_the_migrations_can_be_written_out_for_postgresql():
    script = ScriptDirectory(f"{foretell.store.__path__[0]}/migrations")
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "target_metadata": metadata}
    )
    with Operations.context(context):
        for revision in reversed(list(script.walk_revisions())):
            revision.module.upgrade()
    assert written.getvalue().count("CREATE TABLE") == len(metadata.tables)
    assert "TIMESTAMP WITH TIME ZONE" in written.getvalue()


def test_the_newest_schema_is_the_head_of_the_migrations():
    folder = f"{foretell.store.__path__[0]}/migrations"
    assert ScriptDirectory(folder).get_heads() == [NEWEST_SCHEMA]


def test_a_database_knows_its_schema_and_opening_again_changes_nothing(place):
    assert rows(place, "SELECT version_num FROM alembic_version") == [(NEWEST_SCHEMA,)]
    before = rows(place, "SELECT sql FROM sqlite_master")
    Store.open(f"sqlite:///{place}").close()
    assert rows(place, "SELECT sql FROM sqlite_master") == before


def test_a_database_of_the_first_version_gains_what_explains_a_miss_and_loses_nothing(tmp_path):
    place = tmp_path / "old.sqlite"
    engine = create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", f"{foretell.store.__path__[0]}/migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    change(place, "INSERT INTO sessions VALUES (1, 'me', 'nets', 'r1', 7, '2026-01-01 12:00:00')")
    change(place, "INSERT INTO commits VALUES (1, 1, 0, 'c1', 'k', '2026-01-01 12:00:00')")
    change(place, "INSERT INTO runs VALUES (1, 1, 1, 0, 'c1', 1, 'x', 's', 'k', '2026-01-01 12:00:00')")
    change(place, "INSERT INTO judgements VALUES (1, 1, 'q1', 'wrong', 'd', 'o')")
    store = Store.open(place)
    me = Who(learner="me", lesson="nets", revision="r1")
    (kept,) = store.history(me).runs
    assert (kept.judgements[0].misconceptions, kept.diagnosis) == ((), None)
    found = Diagnosis(verdict=CheckVerdict.RIGHT, misconception=None, says="", difference="", checks=(), seconds=0.1)
    store.finish_check(kept.id, found)
    assert store.history(me).runs[0].diagnosis == found
    store.close()
    assert rows(place, "SELECT version_num FROM alembic_version") == [(NEWEST_SCHEMA,)]


def test_a_database_of_a_newer_foretell_is_left_alone(place):
    change(place, "UPDATE alembic_version SET version_num = '0907'")
    with pytest.raises(StoreError, match=r"newer foretell \(schema 0907, this one knows 0003\); update foretell"):
        Store.open(place)
    assert rows(place, "SELECT version_num FROM alembic_version") == [("0907",)]


def test_a_database_of_another_program_is_left_alone(tmp_path):
    place = tmp_path / "other.sqlite"
    change(place, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match="is a database of another program; choose another place with --data"):
        Store.open(place)
    assert rows(place, "SELECT name FROM sqlite_master") == [("songs",)]


def test_the_file_is_readable_by_its_owner_alone(place):
    assert place.stat().st_mode & 0o077 == 0


def test_two_processes_may_open_a_new_database_at_once(tmp_path):
    script = "import sys\nfrom foretell.store.attempts import Store\nsys.stdin.read()\nStore.open(sys.argv[1]).close()"
    command = [sys.executable, "-c", script, str(tmp_path / "new.sqlite")]
    opening = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for process in opening:
        process.stdin.close()
    errors = [process.stderr.read() for process in opening]
    for process in opening:
        process.stderr.close()
    assert ([process.wait() for process in opening], errors) == ([0, 0, 0], [b"", b"", b""])
    assert rows(tmp_path / "new.sqlite", "SELECT version_num FROM alembic_version") == [(NEWEST_SCHEMA,)]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("://", "The database URL cannot be read"),
        ("nosuchdatabase://host/name", "No database can be reached through nosuchdatabase://host/name"),
    ],
)
def test_a_url_that_leads_nowhere_is_an_error_with_a_remedy(url, message):
    with pytest.raises(StoreError, match=message):
        Store.open(url)
