"""What the page's scripts do between a key press and the server's answer, in Chromium."""

from dataclasses import replace

import pytest
from desk_stand_in import StandIn, drawn, events
from draw import answer, opened, profile_of
from playwright.sync_api import Page, expect
from samples import (
    REFUSED,
    REFUSED_IN_WORDS,
    cell,
    every_verdict,
    first_visit,
    form,
    ledger,
    outputs,
    printed,
    run,
)

from foretell.web.outputs import output_html

pytestmark = pytest.mark.browser

GUIDED = next(i for s in first_visit().sections for i in s.items if getattr(i, "id", "") == "guided")
EVENTS = "/l/nn-module/runs/1/events"


@pytest.fixture(scope="module")
def context(browser):
    with profile_of(browser) as made:
        yield made


@pytest.fixture
def visit(context):
    """Open a sample page on a stand-in server; pages are closed after the test."""
    made = []

    def go(name: str, server: StandIn, size: str = "wide") -> Page:
        context.unroute_all()
        context.route("**/*", server.answer)
        page, complaints = opened(context, name, "light", size)
        assert complaints == []
        made.append(page)
        return page

    yield go
    for page in made:
        page.close()
    context.unroute_all()
    context.route("**/*", answer)


def fill(page: Page) -> None:
    """Answer both questions of the guided cell, with confidence."""
    made = page.locator("#run-guided")
    made.locator(".text").fill("5x10")
    made.get_by_label("no", exact=True).check()
    for scale in made.locator(".scale").all():
        scale.locator("input").nth(3).check()


def focused(page: Page) -> str:
    return page.evaluate(
        "(({tagName: t, name, id, className: c}) => [t, name || id || c].join(' '))(document.activeElement)"
    )


def test_a_blank_form_asks_once_and_then_runs_without_a_prediction(visit):
    server = StandIn(replies={"run": {"cell": drawn(GUIDED), "events": None, "problem": None, "announce": ""}})
    page = visit("first-visit", server)
    page.click("#run-guided [data-lock]")
    expect(page.locator("#run-guided [data-help-line]")).to_have_text(
        "Write what you expect, or press again to run without predicting."
    )
    assert focused(page) == "INPUT answer:q1:0"
    assert server.sent("run") == []
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(150)
    assert [sent["blank"] for sent in server.sent("run")] == ["leave"]


def test_an_answer_without_confidence_is_never_skipped(visit):
    server = StandIn()
    page = visit("first-visit", server)
    page.fill("#run-guided .text", "5x10")
    for _ in range(3):
        page.click("#run-guided [data-lock]")
    expect(page.locator("#run-guided [data-question] [data-help-line]")).to_have_text(
        "Say how sure you are, then press again."
    )
    expect(page.locator("#say")).to_have_text("Say how sure you are, then press again.")
    assert focused(page) == "INPUT confidence:q1"
    assert server.sent("run") == []


def test_an_unreadable_answer_and_a_half_filled_table_are_never_skipped(visit):
    server = StandIn(replies={"read": {"echo": "read as (5,)"}})
    page = visit("outputs", server)
    line = page.locator("#run-missing [data-help-line]")
    page.click("#run-missing [data-lock]")
    expect(line).to_have_text("One answer cannot be read yet; mend it or clear it, then press again.")
    page.fill("#run-missing [name='answer:q5:0']", "(5,)")
    expect(page.locator("#run-missing [data-question=q5]")).not_to_have_class("question refused")
    page.fill("#run-missing [name='answer:q3:0']", "55")
    for _ in range(3):
        page.click("#run-missing [data-lock]")
    expect(line).to_have_text("Give every row an answer, or clear them all to leave the question out.")
    assert focused(page) == "INPUT answer:q3:1"
    assert server.sent("run") == []


def test_the_reading_is_echoed_and_what_cannot_be_read_is_said(visit):
    server = StandIn(
        replies={"read": lambda sent: {"echo": "read as (5, 10)"} if "x" in sent["text"] else {"problem": "No."}}
    )
    page = visit("first-visit", server)
    page.fill("#run-guided .text", "5x10")
    expect(page.locator("#run-guided [data-echo]").first).to_have_text("read as (5, 10)")
    page.fill("#run-guided .text", "ten")
    expect(page.locator("#run-guided [data-problem]").first).to_have_text("No.")
    expect(page.locator("#run-guided .text")).to_have_attribute("aria-invalid", "true")


def test_a_locked_prediction_becomes_the_ledger_when_the_stream_ends(visit):
    running = replace(GUIDED, form=(), run=replace(run(state="running"), events=EVENTS))
    done = replace(GUIDED, form=(), ledger=ledger(), run=run(printed("tick 0\ntick 1\n")))
    server = StandIn(
        replies={"run": {"cell": drawn(running), "events": EVENTS, "problem": None, "announce": "Running."}},
        stream=events(
            ("queued", {}),
            ("output", {"html": '<pre data-stream="stdout">tick 0\n</pre>', "stream": "stdout", "text": "tick 0\n"}),
            ("output", {"html": "", "stream": "stdout", "text": "tick 1\n"}),
            ("done", {"cells": {"guided": drawn(done)}, "sections": {}, "outline": "", "announce": "2 of 3 matched."}),
        ),
    )
    page = visit("first-visit", server)
    fill(page)
    page.locator("#run-guided .text").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cell-guided .ledger")).to_be_visible()
    expect(page.locator("#cell-guided [data-log]")).to_have_text("tick 0\ntick 1\n")
    expect(page.locator("#say")).to_have_text("2 of 3 matched.")
    expect(page.locator("#kernel")).to_have_text("Python ready")
    sent = server.sent("run")[0]
    assert (sent["answer:q1:0"], sent["confidence:q1"], sent["answer:q2:0"], sent["blank"]) == (
        "5x10",
        "80",
        "no",
        "refuse",
    )
    assert focused(page) == "DIV cell-guided-predictions"


def test_a_run_that_waits_says_how_many_are_ahead_until_it_begins(visit):
    running = replace(GUIDED, form=(), run=replace(run(state="running"), events=EVENTS))
    done = replace(GUIDED, form=(), run=run(printed("tick\n")))
    server = StandIn(replies={"run": {"cell": drawn(running), "events": EVENTS, "problem": None, "announce": ""}})
    so_far = [("queued", {}), ("cell", {"cell": "guided"})]
    ended = ("done", {"cells": {"guided": drawn(done)}, "sections": {}, "outline": "", "announce": "Run finished."})
    note = "#cell-guided [data-run-note]"
    page = visit("first-visit", server)
    server.stream = "retry: 50\n" + events(*so_far, ("waiting", {"ahead": 2}))
    fill(page)
    page.click("#run-guided [data-lock]")
    expect(page.locator(note)).to_contain_text("Waiting: 2 runs are ahead of yours")
    server.stream = "retry: 50\n" + events(*so_far, ("waiting", {"ahead": 1}))
    expect(page.locator(note)).to_contain_text("Waiting: 1 run is ahead of yours")
    server.stream = "retry: 50\n" + events(*so_far, ("waiting", {"ahead": 1}), ("waiting", {"ahead": 0}))
    expect(page.locator(note)).not_to_contain_text("Waiting")
    expect(page.locator(note)).to_contain_text("running")
    server.stream = events(*so_far, ended)
    expect(page.locator("#say")).to_have_text("Run finished.")


def test_what_a_limit_was_takes_its_place_above_the_traceback_while_the_run_still_lives(visit):
    running = replace(GUIDED, form=(), run=replace(run(state="running"), events=EVENTS))
    server = StandIn(replies={"run": {"cell": drawn(running), "events": EVENTS, "problem": None, "announce": ""}})
    error, told = str(output_html(REFUSED, "", 0)), str(output_html(REFUSED, "", 0, REFUSED_IN_WORDS))
    server.stream = "retry: 60000\n" + events(
        ("cell", {"cell": "guided"}),
        ("output", {"html": error, "stream": None, "display": None}),
        ("output", {"html": "", "stream": "stderr", "text": "late\n"}),
        ("failure", {"html": told}),
    )
    page = visit("first-visit", server)
    fill(page)
    page.click("#run-guided [data-lock]")
    log = page.locator("#cell-guided [data-log]")
    expect(log.locator(".out-error-told")).to_have_text(REFUSED_IN_WORDS.message)
    expect(log.locator(".out-error")).to_have_count(1)
    expect(log.locator("> *").first).to_have_class("out-error")
    expect(log.locator("> *").last).to_have_text("late")


def test_a_refused_form_gets_the_focus_where_it_has_to_be_mended(visit):
    refused = replace(GUIDED, form=(replace(form()[0], texts=("5x10",), problem="No sizes."), form()[1]))
    server = StandIn(
        replies={"run": {"cell": drawn(refused), "events": None, "problem": "No sizes.", "announce": "No sizes."}},
        status={"run": 422},
    )
    page, complaints = visit("first-visit", server), []
    fill(page)
    page.click("#run-guided [data-lock]")
    expect(page.locator("#say-now")).to_have_text("No sizes.")
    assert focused(page) == "INPUT answer:q1:0"
    assert complaints == []
    assert page.locator("#run-guided [name='confidence:q2']:checked").get_attribute("value") == "80"


def test_a_run_that_lacks_an_earlier_result_leads_to_the_offer(visit):
    lacking = next(i for s in outputs().sections for i in s.items if getattr(i, "id", "") == "missing")
    lacking = replace(lacking, form=form())
    says = "This cell builds on Exercise 3, which is not done yet."
    server = StandIn(
        replies={"run": {"cell": drawn(lacking), "events": None, "problem": says, "announce": says}},
        status={"run": 409},
    )
    page = visit("outputs", server)
    page.click("#cell-missing button[value=skip]")
    expect(page.locator("#say-now")).to_have_text(says)
    expect(page.locator("#cell-missing .offer button").first).to_be_focused()
    expect(page.locator("#away")).to_be_hidden()


def test_shift_enter_goes_on_to_the_next_cell(visit):
    done = cell("setup", section_key="setup", run=run(printed("ok\n")))
    server = StandIn(replies={"run": {"cell": drawn(done), "events": None, "problem": None, "announce": ""}})
    page = visit("first-visit", server)
    page.locator("#cell-setup .cm-content").focus()
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(200)
    assert focused(page) == "INPUT answer:q1:0"
    assert "torch.manual_seed(42)" in server.sent("run")[0]["code"]


def test_shift_enter_lands_in_the_editor_of_a_cell_that_has_one(visit):
    done = cell("failed", run=run(printed("ok\n")))
    server = StandIn(replies={"run": {"cell": drawn(done), "events": None, "problem": None, "announce": ""}})
    page = visit("endings", server)
    page.locator("#cell-failed .cm-content").focus()
    page.keyboard.press("Shift+Enter")
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement.closest('article').id") == "cell-crashed"
    assert "cm-content" in focused(page)


def test_escape_and_tab_lead_out_of_the_editor_and_enter_back(visit):
    page = visit("after-a-miss", StandIn())
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Escape")
    assert "tools" in focused(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('[data-run-button]')")
    page.locator("#cell-task [data-tools]").focus()
    page.keyboard.press("Enter")
    assert "cm-content" in focused(page)


def test_escape_and_shift_tab_pass_the_editor_backwards(visit):
    page = visit("after-a-miss", StandIn())
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    assert "code" in focused(page), "the test below the editor"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('#cell-task')") is None
    page.keyboard.press("Tab")
    assert "cm-content" in focused(page)


def test_escape_closes_the_completion_first(visit):
    server = StandIn(replies={"complete": {"matches": ["rand", "randn"], "start": 6, "end": 10}})
    page = visit("first-visit", server)
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("torch.rand")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-tooltip-autocomplete li")).to_have_text(["rand", "randn"])
    page.keyboard.press("Escape")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    assert "cm-content" in focused(page)


def test_docs_open_on_shift_tab_and_on_a_question_mark_but_not_in_text(visit):
    server = StandIn(replies={"inspect": {"text": "Returns random numbers."}})
    page = visit("first-visit", server)
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("torch.rand")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".docs pre")).to_have_text("Returns random numbers.")
    page.wait_for_timeout(300)  # a completion still being asked for would take the Escape
    page.keyboard.press("Escape")
    expect(page.locator(".docs")).to_have_count(0)
    page.keyboard.type("?")
    expect(page.locator(".docs")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.keyboard.type("'why")
    page.keyboard.type("?")
    assert page.locator("#code-task").input_value() == "'why?'"


def test_a_draft_is_saved_within_a_second_and_says_so(visit):
    server = StandIn(replies={"draft": {"saved": True, "stale": []}})
    page = visit("first-visit", server)
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("# mine")
    expect(page.locator("#saved")).to_have_text("Saved", timeout=1000)
    assert server.sent("draft")[-1]["code"].endswith("# mine")


def test_text_typed_while_a_cell_runs_and_its_undo_survive_the_end(visit):
    done = cell("task", mode="task", code="old text", run=run(printed("ok\n")))
    server = StandIn(replies={"run": {"cell": drawn(done), "events": None, "problem": None, "announce": ""}})
    page = visit("after-a-miss", server)
    editor = page.locator("#cell-task .cm-content")
    editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("mine = 1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cell-task [data-log]")).to_have_text("ok\n")
    assert page.locator("#code-task").input_value() == "mine = 1"
    assert "cm-content" in focused(page)
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert page.locator("#code-task").input_value().startswith("class TwoLayerNet")


def test_reset_can_be_taken_back(visit):
    starter = cell("task", mode="task", code="class TwoLayerNet: ...\n")
    server = StandIn(replies={"reset": {"cell": drawn(starter)}, "draft": {"saved": True}})
    page = visit("after-a-miss", server)
    page.click("#cell-task [data-reset] button")
    expect(page.locator("#toast")).to_be_visible()
    assert page.locator("#code-task").input_value() == "class TwoLayerNet: ...\n"
    page.click("#toast button")
    assert "self.layers" in page.locator("#code-task").input_value()


def test_what_was_typed_stays_when_the_server_is_away_and_the_page_says_so(visit):
    server = StandIn(replies={"draft": {"saved": True}})
    page = visit("first-visit", server)
    server.away = True
    page.locator("#cell-task .cm-content").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("# kept")
    expect(page.locator("#away")).to_contain_text("foretell does not answer")
    expect(page.locator("#away")).to_contain_text("this page keeps trying. Start it.")
    expect(page.locator("#saved")).to_have_text("Not saved yet")
    server.away = False
    expect(page.locator("#away")).to_be_hidden(timeout=6000)
    assert server.sent("draft")[-1]["code"].endswith("# kept")


def test_the_learners_own_call_is_sent_and_shown(visit):
    rows = every_verdict()
    marked = replace(rows, rows=tuple(replace(r, mark="match") if r.verdict == "self" else r for r in rows.rows))
    now = cell("failed", ledger=marked, run=run(printed("before\n")))
    server = StandIn(replies={"mark": {"cell": drawn(now), "cellId": "failed", "outline": "", "announce": "Noted."}})
    page = visit("endings", server)
    page.locator("#cell-failed form[data-mark]").first.get_by_role("button", name="match", exact=True).click()
    expect(page.locator("#cell-failed [aria-pressed=true]").first).to_have_text("match")
    assert server.sent("mark")[0]["mark"] == "match"


def test_after_a_call_the_focus_stays_in_its_row(visit):
    own = next(row for row in every_verdict().rows if row.verdict == "self")
    rows = replace(every_verdict(), rows=(own, replace(own, question="another")))
    view = cell("failed", ledger=rows, run=run(printed("before\n")))
    server = StandIn(replies={"mark": {"cell": drawn(view), "cellId": "failed", "outline": "", "announce": "Noted."}})
    page = visit("endings", server)
    page.locator("#cell-failed form[data-mark] [value=match]").first.press("Enter")
    row = page.locator("#cell-failed [data-question=another]")
    row.locator("[value=match]").press("Enter")
    expect(page.locator("#say")).to_have_text("Noted.")
    expect(row.locator("[value=match]")).to_be_focused()


def test_a_note_is_kept_when_the_field_is_left(visit):
    server = StandIn(replies={"note": {"saved": True}})
    page = visit("after-a-miss", server)
    page.fill("#why-task", "a list is not a module")
    page.keyboard.press("Tab")
    expect(page.locator("#saved")).to_have_text("Saved")
    assert server.sent("note")[0] | {"key": ""} == {
        "token": "sample-token", "key": "", "about": "task", "text": "a list is not a module",
    }  # fmt: skip


def test_a_hint_opens_in_place_and_folds_away(visit):
    page = visit("after-a-miss", StandIn())
    button = page.locator("#cell-task [data-fold]")
    button.click()
    expect(page.locator("#hint-1-task")).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(page.locator("#hint-1-task")).to_be_visible()


def test_the_theme_is_switched_and_remembered(visit):
    page = visit("home", StandIn())
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("localStorage.clear()")


def test_the_outline_is_a_drawer_on_a_phone_and_escape_closes_it(visit):
    page = visit("first-visit", StandIn(), "phone")
    expect(page.locator("#outline")).to_be_hidden()
    page.click(".menu")
    expect(page.locator("#outline")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('#outline') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("#outline")).to_be_hidden()
    assert "menu" in focused(page)


def test_the_dock_of_a_phone_leads_to_the_prediction_before_it_runs(visit):
    page = visit("first-visit", StandIn(), "phone")
    page.evaluate("document.getElementById('cell-guided').scrollIntoView()")
    expect(page.locator("[data-dock=run]")).to_have_text("Predict this run")
    page.click("[data-dock=run]")
    assert focused(page) == "INPUT answer:q1:0"
    fill(page)
    expect(page.locator("[data-dock=run]")).to_have_text("Lock in and run")
