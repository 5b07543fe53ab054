"""The web door: who is let in, what a press does, and what each mistake is answered with."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest

from foretell.errors import RuntimeUnavailable
from foretell.web.guard import Guard
from foretell.web.serve import forwarded_hosts
from foretell.web.visitors import ByKey

HOME = "http://127.0.0.1:8377"
RUN = "/l/nn-module/cells/setup-imports/run"


def test_without_the_key_nothing_but_static_files_is_answered(door):
    door.client.cookies.clear()
    for path in ("/", "/l/nn-module", "/l/nn-module/report", "/recorded", "/open?lesson=nn-module"):
        assert door.get(path).status_code == 403
    assert door.get("/static/css/tokens.css").status_code == 200


def test_the_key_in_the_address_becomes_a_cookie_and_leaves_the_address(door):
    door.client.cookies.clear()
    answer = door.client.get(f"/open?lesson=nn-module&key={door.key}", follow_redirects=False)
    assert answer.headers["location"] == "/open?lesson=nn-module"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_wrong_key_opens_nothing(door):
    door.client.cookies.clear()
    assert door.get("/?key=guessed").status_code == 403
    assert door.get("/?key=").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8377", "127.0.0.1.evil.example", "", "0.0.0.0:8377"])
def test_a_name_that_is_not_this_machines_is_refused(door, host):
    assert door.client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:9999", "127.0.0.1:1", "[::1]:8377"])
def test_forwarded_ports_are_let_in(door, host):
    assert door.client.get("/recorded", headers={"Host": host}).status_code == 200


def test_a_forwarder_may_rewrite_the_host_but_not_what_the_browser_says(door):
    form = {"key": uuid4().hex, "token": door.token, "blank": "skip"}
    headers = {"Origin": "https://name-8377.app.github.dev", "Sec-Fetch-Site": "same-origin"}
    assert door.client.post(RUN, data=form, headers=headers, follow_redirects=False).status_code == 303


def test_codespaces_forwards_under_a_name_of_its_own():
    environment = {"CODESPACE_NAME": "name", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev"}
    guard = Guard(allowed_hosts=forwarded_hosts(environment, 8377))
    assert guard.knows_host("name-8377.app.github.dev")
    assert not guard.knows_host("other-8377.app.github.dev")
    assert forwarded_hosts({}, 8377) == frozenset()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HOME},
    ],
)
def test_a_post_from_elsewhere_is_refused_even_with_the_token(door, headers):
    answer = door.client.post(RUN, data={"key": uuid4().hex, "token": door.token}, headers=headers)
    assert answer.status_code == 403
    assert door.session.requests == []


def test_a_post_without_the_pages_token_is_refused(door):
    for token in ("", "x" * 40, ByKey.fresh().visitor.token):
        answer = door.client.post(RUN, data={"key": uuid4().hex, "token": token}, headers={"Origin": HOME})
        assert answer.status_code == 403
    assert door.session.requests == []


def test_a_plain_form_runs_the_cell_and_comes_back_to_it(door):
    form = {"key": uuid4().hex, "token": door.token, "blank": "skip"}
    answer = door.client.post(RUN, data=form, headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/l/nn-module#cell-setup-imports"
    assert "ran setup-imports" in door.get("/l/nn-module").text


def test_pages_allow_no_inline_script_and_nothing_from_elsewhere(door):
    answer = door.get("/l/nn-module")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]*\.(?:js|css|woff2?)", answer.text) == []
    nonce = re.search(r"'nonce-([^']+)'", policy)[1]
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", answer.text):
        assert f'nonce="{nonce}"' in tag
    assert re.findall(r"\son\w+=|\sstyle=", re.sub(r"<pre.*?</pre>", "", answer.text, flags=re.S)) == []


def test_a_run_streams_its_output_and_ends_with_what_changed(door):
    stream = door.run("nn-module", "setup-imports")
    names = re.findall(r"^event: (\w+)$", stream, re.M)
    assert names[0] == "queued"
    assert names[-1] == "done"
    done = json.loads(re.findall(r"^data: (.*)$", stream, re.M)[-1])
    assert "setup-imports" in done["cells"]
    assert "ran setup-imports" in done["cells"]["setup-imports"]


def test_a_reconnecting_page_gets_only_what_it_has_not_seen(door):
    answer = door.post(RUN, blank="skip")
    whole = door.get(answer.json()["events"]).text
    last = re.findall(r"^id: (\d+)$", whole, re.M)[-1]
    rest = door.client.get(answer.json()["events"], headers={"Last-Event-ID": str(int(last) - 1)}).text
    assert re.findall(r"^id: (\d+)$", rest, re.M) == [last]


def test_an_unreadable_prediction_is_sent_back_with_a_reason_and_nothing_is_kept(door):
    answer = door.post(
        "/l/nn-module/cells/ex1-inspect/run",
        blank="refuse",
        **{"answer:ex1-inspect-q1:0": "ten", "confidence:ex1-inspect-q1": "80"},
    )
    assert answer.status_code == 422
    assert "ten" in answer.json()["problem"]
    assert 'value="ten"' in answer.json()["cell"]
    assert door.session.requests == []


def test_a_second_tab_cannot_predict_again_after_the_first_has_run(door):
    fields = {f"answer:ex1-inspect-q{n}:0": text for n, text in ((1, "(5, 10)"), (2, "5"), (3, "55"))}
    fields |= {f"confidence:ex1-inspect-q{n}": "80" for n in (1, 2, 3)}
    path = "/l/nn-module/cells/ex1-inspect/run"
    assert door.post(path, blank="refuse", **fields).status_code == 200
    changed = fields | {"answer:ex1-inspect-q1:0": "(10, 5)"}
    late = door.post(path, blank="refuse", **changed)
    assert late.status_code == 409
    assert "locked before" in late.json()["problem"]
    page = door.get("/l/nn-module").text
    assert "(5, 10)" in page
    history = door.history
    assert [p.texts for c in history.commits for p in c.predictions if p.question == "ex1-inspect-q1"] == [("(5, 10)",)]


def test_the_same_answers_sent_again_are_no_second_prediction_and_no_mistake(door):
    fields = {f"answer:ex1-inspect-q{n}:0": text for n, text in ((1, "(5, 10)"), (2, "5"), (3, "55"))}
    fields |= {f"confidence:ex1-inspect-q{n}": "80" for n in (1, 2, 3)} | {"key": uuid4().hex}
    for _ in range(2):
        door.press("nn-module", "ex1-inspect", blank="refuse", **fields)
    assert len(door.session.requests) == 1


def test_run_without_predicting_skips_what_is_half_filled_or_cannot_be_read(door):
    fields = {"answer:ex1-inspect-q1:0": "ten", "answer:ex1-inspect-q2:0": "5"}
    assert door.post("/l/nn-module/cells/ex1-inspect/run", blank="skip", **fields).status_code == 200
    history = door.history
    assert [len(commit.skipped) for commit in history.commits if commit.cell == "ex1-inspect"] == [3]


def test_names_of_cells_that_still_ask_are_not_looked_up(door):
    door.run("nn-module", "setup-imports")
    door.post("/l/nn-module/cells/ex4-sequential/complete", code="x", cursor="1")
    door.get("/l/nn-module/variables")
    door.run("nn-module", "ex3-list")
    door.get("/l/nn-module/variables")
    looked_at = {source.cell for prefix in door.session.looked for source in prefix}
    assert looked_at & {"ex1-inspect", "ex1-table", "ex2-by-hand", "ex3-class"} == set()
    assert "ex3-list" in looked_at


def test_the_same_press_sent_twice_runs_under_one_commit(door):
    key = uuid4().hex
    door.post("/l/nn-module/cells/ex1-inspect/run", blank="skip", key=key)
    door.post("/l/nn-module/cells/ex1-inspect/run", blank="skip", key=key)
    history = door.history
    assert len([c for c in history.commits if c.cell == "ex1-inspect"]) == 1


def test_a_cell_that_builds_on_an_open_exercise_offers_the_reference_result(door):
    answer = door.post("/l/nn-module/cells/ex4-copy/run", blank="skip")
    assert answer.status_code == 409
    assert "Exercise 3" in answer.json()["problem"]
    assert "Continue with the reference result" in answer.json()["cell"]
    for task in ("ex3-class", "ex4-sequential"):
        assert door.post(f"/l/nn-module/cells/{task}/reference", what="reference-on").status_code == 200
    door.press("nn-module", "ex4-copy", blank="skip")
    prefix = {source.cell: source.text for source in door.session.requests[-1].prefix}
    assert "self.fc1 = nn.Linear(10, 32)" in prefix["ex3-class"]


def test_a_draft_of_a_cell_that_is_still_read_only_is_refused(door):
    answer = door.post("/l/nn-module/cells/ex1-inspect/draft", code="print(1)")
    assert answer.status_code == 409


def test_a_hint_opens_in_its_turn_and_not_before(door):
    path = "/l/nn-module/cells/ex3-class/help"
    assert door.post(path, what="hint-2").status_code == 409
    assert door.post(path, what="solution").status_code == 409
    assert "Start with" in door.post(path, what="hint-1").json()["cell"]
    assert door.post(path, what="hint-2").status_code == 409
    door.run("nn-module", "ex3-class")
    assert door.post(path, what="hint-2").status_code == 200
    assert "self.fc2" in door.post(path, what="give-up").json()["cell"]


def test_how_an_answer_is_read_is_said_before_it_is_locked(door):
    read = door.post("/l/nn-module/read", question="ex1-inspect-q1", row="0", text="5x10")
    assert read.json() == {"echo": "read as (5, 10)"}
    assert "problem" in door.post("/l/nn-module/read", question="ex1-inspect-q1", row="0", text="ten").json()
    assert door.post("/l/nn-module/read", question="ex1-inspect-q1", row="0", text=" ").json() == {}


def test_unknown_lessons_cells_and_wishes_are_told_plainly(door):
    assert door.get("/l/no-such-lesson").status_code == 404
    assert door.get("/nowhere").status_code == 404
    assert door.post("/l/nn-module/cells/nope/run").status_code == 409
    assert door.post("/l/nn-module/cells/ex3-class/help", what="everything").status_code == 409
    assert door.post("/l/nn-module/mark", question="ex1-inspect-q1", run="999", mark="match").status_code == 409
    assert door.get("/l/../../etc/passwd").status_code == 404
    assert door.get("/l/nn-module/outputs/1/0").status_code == 404


def test_starting_over_empties_the_page_and_a_new_commit_is_possible(door):
    door.run("nn-module", "ex1-inspect")
    assert door.post("/l/nn-module/start-over").json() == {"location": "/l/nn-module"}
    page = door.get("/l/nn-module").text
    assert "ran ex1-inspect" not in page
    door.run("nn-module", "ex1-inspect")


def test_home_report_and_what_is_recorded_are_pages(door):
    door.run("nn-module", "ex1-inspect")
    home = door.get("/").text
    assert "nn.Module: layers, parameters, networks" in home
    assert door.get("/l/nn-module/report").status_code == 200
    assert str(door.desk.where) in door.get("/recorded").text


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "["}, {"Cookie": "foretell=none"}])
def test_whoever_is_refused_is_not_told_the_token(door, headers):
    door.client.cookies.clear()
    for path in ("/", "/nowhere", "/l/nn-module", "/static/none"):
        answer = door.client.get(path, headers=headers)
        assert answer.status_code in {403, 404, 421}
        assert door.token not in answer.text


@pytest.mark.parametrize("host", ["[", "[::1", "[x]:80", "evil@127.0.0.1:8377", "127.0.0.1@evil.example"])
def test_a_host_that_is_none_is_refused(door, host):
    assert door.client.get("/recorded", headers={"Host": host}).status_code == 421


def test_an_origin_that_is_none_is_refused(door):
    headers = {"Origin": "http://[::1", "X-Foretell-Token": door.token}
    assert door.client.post("/l/nn-module/stop", headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_port_s_page_can_load_nothing_into_itself_and_may_link_to_us(door, site):
    path = "/open?lesson=nn-module"
    for kind in ("image", "iframe", "script", "empty", "embed"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": kind}
        assert door.client.get(path, headers=headers, follow_redirects=False).status_code == 403
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "document"}
    assert door.client.get("/l/nn-module", headers=headers).status_code == 200


def test_the_printed_address_opens_from_a_link_on_another_site_as_in_a_terminal_in_a_browser(door):
    door.client.cookies.clear()
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    answer = door.client.get(f"/open?lesson=nn-module&key={door.key}", headers=headers)
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/open?lesson=nn-module"' in answer.text
    assert ByKey(key=door.key).cookie.name in answer.headers["set-cookie"]
    assert door.key not in answer.text


@pytest.mark.parametrize("lesson", ["a" * 5000, "~nobody-of-this-name", "%00", "%ED%A0%80"])
def test_an_address_that_names_no_file_is_no_fault_of_ours(door, lesson):
    assert door.get(f"/open?lesson={lesson}").status_code == 404


def test_a_form_too_large_is_refused_in_plain_words(door):
    answer = door.post("/l/nn-module/note", about="ex3-class", text="x" * 2_000_000)
    assert answer.status_code == 400
    assert answer.json()["problem"] == "Field exceeded maximum size of 1024KB."


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31m\x07\x08", "</textarea><script>alert(1)</script>", "\u202e\ufffe"])
def test_a_note_of_any_characters_is_kept_and_shown_as_text(door, text):
    assert door.post("/l/nn-module/note", about="ex1-inspect", text=text).json() == {"saved": True}
    door.run("nn-module", "ex1-inspect")
    page = door.get("/l/nn-module")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_notebook_in_another_language_is_for_reading_and_says_so(door, tmp_path):
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": "# Sums\n\n## Exercise 1: Sums\n\n**Predict:** what is it?",
        },
        {"cell_type": "code", "metadata": {}, "source": "sum(c(1, 2))", "outputs": [], "execution_count": None},
    ]
    metadata = {"language_info": {"name": "R"}}
    path = tmp_path / "sums.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells}))
    page = door.get(f"/l/{door.desk.shelf.open(str(path)).id}").text
    assert "for reading only" in page
    assert "data-run-button" not in page
    assert "data-lock" not in page
    assert 'id="scratch"' not in page


def test_why_a_cell_could_not_be_run_stands_in_the_cell_until_it_is_run(door, monkeypatch):
    def unavailable(_request):
        raise RuntimeUnavailable("No process can be started; close another program.")

    with monkeypatch.context() as broken:
        broken.setattr(door.session, "run", unavailable)
        assert "No process can be started" in door.run("nn-module", "setup-imports")
    page = door.get("/l/nn-module").text
    assert "No process can be started; close another program." in page
    assert "foretell was stopped while this cell ran" not in page
    assert "Start it again in the terminal." in page
    door.run("nn-module", "setup-imports")
    assert "No process can be started" not in door.get("/l/nn-module").text
