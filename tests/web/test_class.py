"""A class on one server: who is let in, that learners share nothing, and what they may open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from foretell.library import open_lesson
from foretell.web import classroom
from foretell.web.app import create_app
from foretell.web.desk import Desk
from foretell.web.guard import Guard
from foretell.web.players import Sessions
from foretell.web.shelves import ClassShelf
from foretell.web.visitors import AsGuest, ByKey
from idle_session import HOME, IdleSession

KEY = "k" * 24
LESSON = "/l/nn-module"
PREDICTED = {f"answer:ex1-inspect-q{n}:0": text for n, text in ((1, "(5, 10)"), (2, "5"), (3, "55"))}
PREDICTED |= {f"confidence:ex1-inspect-q{n}": "80" for n in (1, 2, 3)}


class Browser:
    """A browser with cookies of its own, at the class that all share."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, method: str, path: str, **more: object) -> Response:
        self.client.cookies.clear()
        for name, value in self.cookies.items():
            self.client.cookies.set(name, value)
        answer = self.client.request(method, path, **more)
        self.cookies = dict(self.client.cookies.items())
        return answer

    def get(self, path: str, **more: object) -> Response:
        answer = self.ask("GET", path, **more)
        if found := re.search(r'name="foretell-token" content="(\w+)"', answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, /, token: str = "", **fields: str) -> Response:
        headers = {"Origin": HOME, "X-Foretell-Token": token or self.token, "X-Foretell-Fragment": "1"}
        return self.ask("POST", path, data={"key": uuid4().hex} | fields, headers=headers)

    def press(self, cell: str, **fields: str) -> str:
        """Press Run, and give the address of the run and the stream of what followed."""
        answer = self.post(f"{LESSON}/cells/{cell}/run", anyway="1", **fields)
        assert answer.status_code == 200, answer.text
        events = answer.json()["events"]
        assert "event: done" in self.get(events).text
        return events


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    sessions = Sessions(make=lambda _lesson, _seed: IdleSession(), confined="confined (level B)")
    data = classroom.DataDirectory(path=tmp_path)
    return classroom.open_class(data, KEY, [open_lesson("nn-module")], sessions, frozenset({"class.example"}))


@pytest.fixture
def new_browser(desk: Desk) -> Iterator[Callable[[], Browser]]:
    with TestClient(create_app(desk), base_url=HOME, raise_server_exceptions=False) as client:
        yield lambda: Browser(client)


def learners(desk: Desk) -> set[str]:
    return {learner for learner, _ in desk.players._seats}


def test_a_browser_gets_a_cookie_and_then_its_page_at_a_clean_address(new_browser):
    browser = new_browser()
    first = browser.get(f"{LESSON}?a=b", follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, f"{LESSON}?a=b&welcome=1")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    second = browser.get(first.headers["location"], follow_redirects=False)
    assert (second.status_code, second.headers["location"]) == (303, f"{LESSON}?a=b")
    assert browser.get(second.headers["location"], follow_redirects=False).status_code == 200
    name, secret = next(iter(browser.cookies.items()))
    assert name == AsGuest(key=KEY).cookie.name != ByKey(key=KEY).cookie.name
    assert len(secret) * 6 >= 128
    assert KEY not in secret


def test_a_browser_that_keeps_no_cookie_starts_nothing_and_is_told_why(new_browser, desk):
    browser = new_browser()
    for path in ("/", LESSON, f"{LESSON}/report"):
        answer = browser.get(path, follow_redirects=False)
        browser.cookies = {}
        answer = browser.get(answer.headers["location"], follow_redirects=False)
        assert answer.status_code == 403
        assert "Allow cookies" in answer.text
    assert len(desk.players) == 0


def test_over_https_the_cookie_is_for_https_only(desk):
    with TestClient(create_app(desk), base_url="https://class.example") as client:
        assert "secure" in client.get("/", follow_redirects=False).headers["set-cookie"].lower()


@pytest.mark.parametrize("cookie", ["", "short", "x" * 23, "x" * 4000, "ä" * 22, "../../../../etc/passwd"])
def test_a_cookie_that_is_none_of_ours_is_replaced(new_browser, cookie):
    headers = {"Cookie": f"{AsGuest(key=KEY).cookie.name}={cookie}".encode()}
    answer = new_browser().get("/", headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert "set-cookie" in answer.headers


def test_two_learners_share_a_lesson_and_nothing_else(new_browser, desk):
    ada, bob = new_browser(), new_browser()
    ada.get(LESSON)
    bob.get(LESSON)
    events = ada.press("ex1-inspect", blank="refuse", **PREDICTED)
    ada.post(f"{LESSON}/cells/ex3-class/draft", code="adas_own = 1")
    for text in ("ran ex1-inspect", "adas_own", "(5, 10)"):
        assert text in ada.get(LESSON).text
        assert text not in bob.get(LESSON).text
        assert text not in bob.get(f"{LESSON}/report").text
    assert re.search(r"\b3 of \d+ predictions", ada.get("/").text)
    assert re.search(r"\b0 of \d+ predictions", bob.get("/").text)
    assert bob.get(events).status_code == 204
    assert bob.get(f"{LESSON}/outputs/1/0").status_code == 404
    assert bob.post(f"{LESSON}/mark", question="ex1-inspect-q1", run="1", mark="match").status_code == 409
    assert len(learners(desk)) == 2


def test_a_learner_comes_back_to_their_work_with_their_cookie_after_a_restart(new_browser, desk, tmp_path):
    ada = new_browser()
    ada.get(LESSON)
    ada.press("ex1-inspect", blank="refuse", **PREDICTED)
    sessions = Sessions(make=lambda _lesson, _seed: IdleSession(), confined="")
    lessons = [open_lesson("nn-module")]
    again = classroom.open_class(classroom.DataDirectory(path=tmp_path), KEY, lessons, sessions, frozenset())
    with TestClient(create_app(again), base_url=HOME) as client:
        later = Browser(client)
        later.cookies = ada.cookies
        assert "ran ex1-inspect" in later.get(LESSON).text
        assert later.post(f"{LESSON}/cells/ex3-class/draft", token=ada.token, code="x = 1").status_code == 200


def test_the_token_of_one_learners_page_is_of_no_use_to_another(new_browser):
    ada, bob = new_browser(), new_browser()
    ada.get(LESSON)
    bob.get(LESSON)
    assert ada.token != bob.token
    for token in (ada.token, ByKey(key=KEY).visitor.token, "x"):
        answer = bob.post(f"{LESSON}/cells/ex3-class/draft", token=token, code="x = 1")
        assert answer.status_code == 403
        assert "another learner" in answer.json()["problem"]
    assert bob.post(f"{LESSON}/cells/ex3-class/draft", code="x = 1").status_code == 200


def test_a_post_without_a_cookie_or_from_elsewhere_is_refused(new_browser, desk):
    stranger = new_browser()
    assert stranger.post(f"{LESSON}/cells/ex1-inspect/run", token="x").status_code == 403
    ada = new_browser()
    ada.get(LESSON)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site"}, {}):
        form = {"key": uuid4().hex, "token": ada.token}
        assert ada.ask("POST", f"{LESSON}/stop", data=form, headers=headers).status_code == 403
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    assert ada.get(LESSON, headers=embedded).status_code == 403


@pytest.mark.parametrize(("host", "status"), [("class.example", 200), ("CLASS.example:80", 200), ("evil.example", 421)])
def test_a_class_answers_to_its_own_names_only(new_browser, host, status):
    ada = new_browser()
    ada.get("/")
    assert ada.get("/", headers={"Host": host}).status_code == status


def test_the_key_of_learn_opens_nothing_in_a_class(new_browser, desk):
    browser = new_browser()
    browser.get(f"/?key={KEY}")
    assert browser.cookies.keys() == {AsGuest(key=KEY).cookie.name}
    assert KEY not in json.dumps(browser.cookies)
    browser.cookies = {ByKey(key=KEY).cookie.name: KEY}
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_nobody_in_a_class_opens_a_path(new_browser, tmp_path):
    (tmp_path / "own.ipynb").write_text('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}')
    ada = new_browser()
    ada.get("/")
    for asked in (str(tmp_path / "own.ipynb"), "/etc/passwd", "..", "", "~", "nn-module/../nn-module"):
        answer = ada.get("/open", params={"lesson": asked})
        assert answer.status_code == 404, asked
    assert ada.get("/open?lesson=nn-module").status_code == 200
    assert ada.get("/l/other").status_code == 404


def test_what_a_learner_of_a_class_is_told_to_do_while_the_server_is_away_is_not_the_operators_to_do(new_browser):
    page = new_browser().get(LESSON).text
    assert f'data-advice="{classroom.WHEN_AWAY}"' in page
    assert "terminal" not in page


def test_pages_of_a_class_name_no_path_of_the_server_and_say_how_cells_are_confined(new_browser, tmp_path):
    ada = new_browser()
    for path in ("/", LESSON, "/recorded", f"{LESSON}/report"):
        page = ada.get(path).text
        assert str(tmp_path) not in page
        assert str(Path(__file__).parents[2]) not in page
    assert "confined (level B)" in ada.get("/").text
    assert "cookie of this browser" in ada.get("/recorded").text


def test_what_is_kept_of_a_cookie_is_not_the_cookie(new_browser, desk, tmp_path):
    ada = new_browser()
    ada.get(LESSON)
    ada.press("ex1-inspect", blank="skip")
    secret = next(iter(ada.cookies.values()))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("attempts.sqlite*"))
    assert next(iter(learners(desk))).encode() in kept
    assert secret.encode() not in kept
    assert ada.token.encode() not in kept


def test_a_lesson_that_is_changed_under_a_class_is_read_again_and_a_broken_one_is_not(tmp_path):
    folder = tmp_path / "week"
    folder.mkdir()
    source = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# First"}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [source]}
    (folder / "lesson.ipynb").write_text(json.dumps(book))
    now = [0.0]
    lesson = open_lesson(str(folder))
    shelf = ClassShelf(None, [lesson], lambda: now[0])
    (folder / "lesson.ipynb").write_text("{ half saved")
    assert shelf.reread(lesson.lesson.id).title == "First"
    book["cells"][0]["source"] = "# Second"
    (folder / "lesson.ipynb").write_text(json.dumps(book))
    assert shelf.reread(lesson.lesson.id).title == "First"
    now[0] = 1.5
    assert shelf.reread(lesson.lesson.id).title == "Second"
    (folder / "misconceptions.toml").write_text('schema = 1\n[flat]\nname = "Flat"\nrefutation = "It is not."\n')
    now[0] = 3.0
    assert [one.id for one in shelf.reread(lesson.lesson.id).misconceptions] == ["flat"]


def test_a_server_on_every_address_answers_to_this_machines_names():
    names = classroom.names_of("0.0.0.0", ["Class.Example"])
    assert "class.example" in names
    assert "0.0.0.0" not in names
    assert not Guard(allowed_hosts=names).knows_host("0.0.0.0:8377")
    assert Guard(allowed_hosts=classroom.names_of("::ffff:1", [])).knows_host("[::ffff:1]:80")
    assert [classroom.is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert classroom.address_of("10.0.0.1", 80, []) == "http://10.0.0.1:80/"
    assert classroom.address_of("::1", 80, []) == "http://[::1]:80/"
