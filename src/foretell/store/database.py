"""A DATABASE, opened, brought up to date, and written to one whole transaction at a time.

Enters: a path or URL. Leaves: connections inside transactions. Invariant: a write that returned is on disk (SQLite: WAL
with synchronous=FULL), every error of the database leaves as `StoreError`, and a schema is the old one or the new one.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from foretell.errors import StoreError

T = TypeVar("T")

NEWEST_SCHEMA = "0003"

_BUSY_MILLISECONDS = 20_000
_PAUSE_MILLISECONDS = 20
_TRIES = 5
_WRITING = "foretell_writing"
_ELSEWHERE = "choose another place with --data"


class Database:
    """An open database; `place` is how a message names it."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.place = place
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITING: True})
        # SQLite lets one writer in at a time and makes the others poll; a lock in this process queues them instead.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one transaction, on disk when this returns.

        Where another process was faster to a unique row, `work` runs again on what is there then.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._turn, translated(self.place), self._writing.begin() as connection:
                    return work(connection)
            except IntegrityError as error:
                if not tries_left:
                    raise StoreError(
                        f"{self.place} refused a row ({error.orig}); reload the page and try again."
                    ) from error
        raise AssertionError("the last try returns or raises")

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` on one consistent view of the database."""
        with translated(self.place), self._engine.begin() as connection:
            return work(connection)

    def scrub(self) -> None:
        """Leaves nothing deleted behind in SQLite's log (deleted rows are overwritten in the file itself)."""
        if self._engine.dialect.name == "sqlite":
            with self._turn, translated(self.place), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()

    def close(self) -> None:
        """Gives every connection back."""
        self._engine.dispose()


def open_database(url_or_path: str | Path) -> Database:
    """Opens or creates the database and migrates it; StoreError says what is in the way and what to do."""
    url = _url(url_or_path)
    place = url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        _make_file(Path(place))
    engine = _engine(url, place)
    database = Database(engine, place)
    try:
        with translated(place):
            if engine.dialect.name == "sqlite":
                _keep_a_write_ahead_log(engine)
        database.write(lambda connection: _migrate(connection, place))
    except BaseException:
        database.close()
        raise
    return database


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return URL.create("sqlite", database=str(Path(url_or_path).absolute()))
    try:
        return make_url(url_or_path)
    except ArgumentError as error:
        raise StoreError(
            "The database URL cannot be read; write it like sqlite:////home/me/attempts.sqlite or postgresql://host/name."
        ) from error


def _make_file(path: Path) -> None:
    """Opens the file for writing, or creates it readable by its owner alone: it holds what somebody got wrong."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}); make it and {path.parent} writable, or {_ELSEWHERE}."
        ) from error


def _engine(url: URL, place: str) -> Engine:
    try:
        engine = create_engine(url, pool_size=8, max_overflow=32)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The driver for {place} is not installed ({error.name}); install it with pip, or use a SQLite file."
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(f"No database can be reached through {place}: {error}. Check the URL.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Python's sqlite3 would open transactions itself, too late for BEGIN IMMEDIATE and not around DDL.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_BUSY_MILLISECONDS}", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A writer takes the lock at once: a reader that becomes a writer midway could fail without being able to wait."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _keep_a_write_ahead_log(engine: Engine) -> None:
    """Switches to WAL, which SQLite does not wait for while another process is just opening the file."""
    raw = engine.raw_connection()
    try:
        for tries_left in reversed(range(_BUSY_MILLISECONDS // _PAUSE_MILLISECONDS)):
            try:
                raw.cursor().execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if not tries_left or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            time.sleep(_PAUSE_MILLISECONDS / 1000)
    finally:
        raw.close()


def _migrate(connection: Connection, place: str) -> None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(f"{place} is a database of another program; {_ELSEWHERE}.")
        return _upgrade(connection)
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if found == NEWEST_SCHEMA:
        return None
    if found is not None and found > NEWEST_SCHEMA:
        raise StoreError(
            f"{place} was written by a newer foretell (schema {found}, this one knows {NEWEST_SCHEMA}); "
            f"update foretell, or {_ELSEWHERE}."
        )
    return _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    # Imported here: Alembic takes a third of a second to import and an up-to-date database does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns an error of the database into a StoreError; a broken constraint is left to `Database.write`."""
    try:
        yield
    except IntegrityError:
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(_explain(error, place)) from error


def _explain(error: Exception, place: str) -> str:
    cause: Any = getattr(error, "orig", None) or error
    name = str(getattr(cause, "sqlite_errorname", ""))
    remedies = {
        "SQLITE_READONLY": f"{place} is read-only; make it and its folder writable, or {_ELSEWHERE}",
        "SQLITE_CANTOPEN": f"{place} cannot be opened; check that its folder is there and writable, or {_ELSEWHERE}",
        "SQLITE_PERM": f"{place} may not be opened; make it and its folder writable, or {_ELSEWHERE}",
        "SQLITE_FULL": f"No room is left to write {place}; free some space on its disk, then try again",
        "SQLITE_IOERR": f"{place} could not be written or read; check its disk, which may be full, then try again",
        "SQLITE_NOTADB": f"{place} is not a database; move it away, or {_ELSEWHERE}",
        "SQLITE_CORRUPT": f"{place} is damaged; move it away and put a backup in its place, or {_ELSEWHERE}",
        "SQLITE_BUSY": f"{place} is held by another program for too long; close that program, then try again",
        "SQLITE_LOCKED": f"{place} is held by another program for too long; close that program, then try again",
    }
    fitting = next((remedy for start, remedy in remedies.items() if name.startswith(start)), None)
    said = " ".join(str(cause).split())[:200]
    if fitting:
        return f"{fitting} ({said})."
    return f"{place} could not be used ({type(cause).__name__}: {said}); check that the database is there and running."
