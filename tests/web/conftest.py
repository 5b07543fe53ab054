"""A web door over a real store and a session that runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from foretell.config import PLAYERS_OF_ONE
from foretell.model.attempt import History
from foretell.store.attempts import Store, utc_now
from foretell.web.app import create_app
from foretell.web.desk import Desk
from foretell.web.guard import Guard
from foretell.web.players import Players
from foretell.web.record import LessonRecord
from foretell.web.shelves import OwnShelf
from foretell.web.visitors import LEARNER, ByKey
from idle_session import HOME, IdleSession


class Clock:
    """The clock on the wall, put forward as a test likes."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class Door:
    """A browser profile that holds the key, with the page's token."""

    def __init__(self, client: TestClient, desk: Desk, session: IdleSession, key: str) -> None:
        self.client, self.desk, self.session, self.key = client, desk, session, key
        self.token = ByKey(key=key).visitor.token
        self.clock = Clock()

    def get(self, path: str) -> Response:
        return self.client.get(path)

    def post(self, path: str, /, **fields: str) -> Response:
        headers = {"Origin": HOME, "X-Foretell-Token": self.token, "X-Foretell-Fragment": "1"}
        return self.client.post(path, data={"key": uuid4().hex} | fields, headers=headers)

    @property
    def record(self) -> LessonRecord:
        """The record of the lesson that is played."""
        return next(iter(self.desk.players._seats.values())).player.record

    @property
    def history(self) -> History:
        """What is on record in the lesson that is played."""
        return self.record.history()

    def run(self, lesson: str, cell: str, **fields: str) -> str:
        """Press Run without predicting, wait, and give the stream of what followed."""
        return self.press(lesson, cell, blank="skip", anyway="1", **fields)

    def press(self, lesson: str, cell: str, **fields: str) -> str:
        """Press Run with a form, wait until the run has ended, and give the stream of what followed."""
        answer = self.post(f"/l/{lesson}/cells/{cell}/run", **fields)
        assert answer.status_code == 200, answer.text
        return self.get(answer.json()["events"]).text


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    session, clock = IdleSession(), Clock()
    store = Store.open(tmp_path / "attempts.sqlite", clock=clock)
    admission = ByKey.fresh()
    desk = Desk(
        store=store,
        guard=Guard(),
        admission=admission,
        shelf=OwnShelf(store=store, learner=LEARNER),
        players=Players(store, lambda _lesson, _seed: session, PLAYERS_OF_ONE),
        where=str(tmp_path),
    )
    with TestClient(create_app(desk), base_url=HOME, raise_server_exceptions=False) as client:
        client.cookies.set(admission.cookie.name, admission.key)
        opened = Door(client, desk, session, admission.key)
        opened.clock = clock
        yield opened


OpenNotebook = Callable[[str], str]


@pytest.fixture
def open_notebook(door: Door) -> OpenNotebook:
    """Open a notebook by path and give its lesson id."""
    return lambda path: door.desk.shelf.open(path).id
