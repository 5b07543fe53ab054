"""Without a mouse, without scripts, on a phone, in a second tab, against the clock and after a crash."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def focused(page):
    return page.evaluate(
        "(() => { const at = document.activeElement; return at.name || at.dataset.lock !== undefined && 'lock' "
        "|| at.className || at.tagName })()"
    )


def test_a_lesson_can_be_played_with_the_keyboard_alone(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    page = learner.page
    keys = page.keyboard
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    learner.cell("setup-imports").locator("[data-run-button]").focus()
    keys.press("Enter")
    learner.wait("setup-imports")
    learner.question("ex1-inspect", 0).locator("input.text").focus()
    for answer in ("(5, 10)", "(5,)", "55"):
        keys.type(answer)
        keys.press("Tab")
        keys.press("ArrowRight")
        keys.press("ArrowRight")
        keys.press("Tab")
    keys.press("Enter")
    learner.wait("ex1-inspect")
    expect(learner.cell("ex1-inspect").locator(".ledger .row")).to_have_count(3)


def test_shift_enter_runs_and_moves_on_and_control_enter_stays(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    editor = learner.cell("setup-imports").locator(".cm-content")
    editor.click()
    learner.page.keyboard.press("ControlOrMeta+Enter")
    learner.wait("setup-imports")
    expect(editor).to_be_focused()
    learner.page.keyboard.press("Shift+Enter")
    expect(learner.question("ex1-inspect", 0).locator("input.text")).to_be_focused()


def test_the_focus_is_in_view_and_where_it_was_after_each_run(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"), viewport={"width": 1280, "height": 600})
    page = learner.page
    page.locator("html[data-ready]").wait_for()
    run = learner.cell("setup-imports").locator("[data-run-button]")
    run.press("Enter")
    learner.wait("setup-imports")
    expect(run).to_be_focused()
    learner.answer("ex1-inspect", 0, "(5, 10)", sure=80)
    learner.answer("ex1-inspect", 1, "(5,)", sure=80)
    learner.answer("ex1-inspect", 2, "55", sure=80)
    learner.cell("ex1-inspect").locator("[data-lock]").press("Enter")
    learner.wait("ex1-inspect")
    ledger = learner.cell("ex1-inspect").locator(".ledger")
    expect(ledger).to_be_focused()
    expect(ledger.locator("header")).to_be_in_viewport()
    assert ledger.bounding_box()["y"] >= page.locator(".bar").bounding_box()["height"]
    learner.cell("ex1-inspect").get_by_label("More actions").press("Enter")
    learner.cell("ex1-inspect").get_by_role("button", name="Run to here").press("Enter")
    learner.wait("ex1-inspect")
    expect(page.locator("body")).not_to_be_focused()


def test_what_a_cell_shows_never_pushes_the_focus_out_of_view(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    learner.write("setup-imports", "for line in range(60): print(line)")
    learner.page.keyboard.press("Shift+Enter")
    learner.wait("setup-imports")
    field = learner.question("ex1-inspect", 0).locator("input.text")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()


def test_an_error_in_scratch_is_announced(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.page.locator("html[data-ready]").wait_for()
    learner.page.locator("#scratch summary").press("Enter")
    learner.page.locator("#scratch .cm-content").focus()
    learner.page.keyboard.insert_text("1 / 0")
    learner.page.keyboard.press("ControlOrMeta+Enter")
    expect(learner.page.locator("#say-now")).to_have_text("Scratch run ended with ZeroDivisionError: division by zero")


def test_escape_then_tab_leaves_the_editor(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    editor = learner.cell("ex3-class").locator(".cm-content")
    editor.click()
    before = editor.inner_text()
    learner.page.keyboard.press("Escape")
    learner.page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    assert editor.inner_text() == before


def test_completion_and_documentation_come_from_the_learners_own_state(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    learner.write("ex3-class", "torch.rand")
    learner.page.keyboard.press("Tab")
    expect(learner.page.locator(".cm-tooltip-autocomplete")).to_contain_text("randint", timeout=20_000)
    learner.page.keyboard.press("Escape")
    learner.page.keyboard.press("Shift+Tab")
    expect(learner.page.get_by_text("uniform distribution").first).to_be_visible(timeout=20_000)


def test_a_draft_is_saved_within_a_second_and_survives_a_kill(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at(server.address)
    learner.write("ex3-class", "# half a thought")
    learner.page.wait_for_timeout(1000)
    server.kill()
    server.start()
    learner.page.reload()
    learner.cell("ex3-class").scroll_into_view_if_needed()
    expect(learner.cell("ex3-class").locator(".cm-content")).to_contain_text("half a thought")
    learner.cell("ex3-class").get_by_role("button", name="Reset").click()
    expect(learner.cell("ex3-class").locator(".cm-content")).not_to_contain_text("half a thought")
    learner.page.get_by_role("button", name="Undo").click()
    expect(learner.cell("ex3-class").locator(".cm-content")).to_contain_text("half a thought")


def test_an_answer_mended_a_moment_ago_is_not_held_for_what_it_was(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.answer("ex1-inspect", 0, "ten by five", sure=80)
    learner.answer("ex1-inspect", 1, "5", sure=95)
    learner.answer("ex1-inspect", 2, "55", sure=60)
    expect(learner.question("ex1-inspect", 0)).to_contain_text("No sizes in")
    learner.question("ex1-inspect", 0).locator("input.text").fill("(5, 10)")
    learner.lock_in_and_run("ex1-inspect")
    expect(learner.cell("ex1-inspect").locator(".ledger .row")).to_have_count(3)


def test_reset_right_after_typing_comes_after_the_draft_and_brings_the_starter(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.page.locator("html[data-ready]").wait_for()
    learner.write("ex3-class", "half = 1")
    learner.cell("ex3-class").get_by_role("button", name="Reset").click()
    expect(learner.cell("ex3-class").locator(".cm-content")).to_contain_text("TODO: make the three layers")
    posts = [url.rpartition("/")[2] for url in learner.asked_for if "/cells/" in url]
    assert posts[:2] == ["draft", "reset"]
    learner.page.get_by_role("button", name="Undo").click()
    expect(learner.cell("ex3-class").locator(".cm-content")).to_contain_text("half = 1")


def test_undo_reaches_across_a_run(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    editor = learner.cell("setup-imports").locator(".cm-content")
    editor.click()
    learner.page.keyboard.press("ControlOrMeta+End")
    learner.page.keyboard.type("\nmine = 1")
    learner.run("setup-imports")
    editor.click()
    learner.page.keyboard.press("ControlOrMeta+z")
    expect(editor).not_to_contain_text("mine = 1")


def test_without_scripts_a_learner_reads_predicts_and_runs(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"), java_script_enabled=False)
    page = learner.page
    learner.cell("setup-imports").locator("[data-run-button]").click()
    expect(learner.cell("setup-imports")).to_contain_text("PyTorch 2")
    question = learner.question("ex1-inspect", 0)
    question.locator("input.text").fill("ten by five")
    question.locator(".scale input[value='80']").check(force=True)
    learner.cell("ex1-inspect").locator("[data-lock]").click()
    expect(learner.cell("ex1-inspect")).to_contain_text("No sizes in")
    expect(question.locator("input.text")).to_have_value("ten by five")
    question.locator("input.text").fill("(10, 5)")
    question.locator(".scale input[value='80']").check(force=True)
    page.locator("[data-cell='ex1-inspect'] button[value='skip']").click()
    expect(learner.cell("ex1-inspect").locator(".ledger")).to_contain_text("(5, 10)")


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_nothing_is_cut_off(classroom, learner_at, width):
    learner = learner_at(classroom.at("nn-module"), viewport={"width": width, "height": 844}, has_touch=True)
    learner.run("setup-imports")
    learner.run_without_predicting("ex1-inspect")
    for place in ("/l/nn-module", "/l/nn-module/report", "/", "/recorded"):
        learner.page.goto(classroom.address + place)
        wide = learner.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, place
        learner.axe(f"{place} at {width}")


def test_a_second_tab_sees_what_the_first_did_and_cannot_undo_it(classroom, learner_at):
    first = learner_at(classroom.at("nn-module"))
    second = first.page.context.new_page()
    second.goto(classroom.at("nn-module"))
    first.answer("ex1-inspect", 0, "(5, 10)", sure=80)
    first.answer("ex1-inspect", 1, "(5,)", sure=80)
    first.answer("ex1-inspect", 2, "55", sure=80)
    first.lock_in_and_run("ex1-inspect")
    stale_form = second.locator("[data-cell='ex1-inspect'] .question").nth(0)
    stale_form.locator("input.text").fill("(10, 5)")
    second.locator("[data-cell='ex1-inspect'] button[value='skip']").click()
    expect(second.locator("[data-cell='ex1-inspect'] .ledger")).to_contain_text("(5, 10)")
    expect(second.locator("[data-cell='ex1-inspect'] .ledger")).not_to_contain_text("(10, 5)")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os._exit(3)", "3"),
        ("import ctypes; ctypes.string_at(0)", "segmentation"),
        ("while True: print('x' * 1000)", "printed more than"),
        ("input('name? ')", "input"),
    ],
)
def test_what_ends_a_run_is_named_and_the_next_run_starts_well(classroom, learner_at, code, says):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    learner.write("setup-imports", code)
    learner.run("setup-imports")
    expect(learner.cell("setup-imports").locator("[data-out]")).to_contain_text(says)
    learner.cell("setup-imports").get_by_role("button", name="Reset").click()
    learner.run("setup-imports")
    expect(learner.cell("setup-imports")).to_contain_text("PyTorch 2")


def holds_open(process, name):
    """Whether a process has a file of this name open. Its path is one in its own jail, if it has one."""
    with contextlib.suppress(OSError):
        return any(one.readlink().name == name for one in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


def test_a_worker_killed_from_outside_is_named_and_nothing_is_lost(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at(server.address)
    learner.run("setup-imports")
    learner.write("setup-imports", "import time\nheld = open('held', 'w')\nprint('open', flush=True)\ntime.sleep(60)")
    learner.cell("setup-imports").locator("[data-run-button]").click()
    log = learner.cell("setup-imports").locator("[data-log]")
    expect(log).to_contain_text("open")
    # Its number in its own jail is another, and others run beside it that make checks ready.
    below = psutil.Process(server.process.pid).children(recursive=True)
    runs = next(one for one in below if holds_open(one, "held"))
    os.kill(runs.pid, signal.SIGKILL)
    learner.wait("setup-imports", "crashed")
    expect(learner.cell("setup-imports")).to_contain_text("killed from outside")


HTML_THAT_REACHES_OUT = """from IPython.display import HTML, display
display(HTML('''<b>bold</b><script>
const say = (text) => document.body.append(text)
try { parent.document.title = "taken" } catch { say(" kept out") }
fetch("/l/nn-module").then(() => say(" got in"), () => say(" no fetch"))
</script>'''))"""


def test_html_of_a_cell_stays_in_its_frame(classroom, learner_at):
    learner = learner_at(classroom.at("nn-module"))
    learner.run("setup-imports")
    learner.write("setup-imports", HTML_THAT_REACHES_OUT)
    learner.run("setup-imports")
    frame = learner.page.frame_locator("[data-cell='setup-imports'] iframe.frame")
    expect(frame.locator("body")).to_contain_text("kept out")
    expect(frame.locator("body")).to_contain_text("no fetch")
    assert "taken" not in learner.page.title()
    frame = learner.cell("setup-imports").locator("iframe.frame")
    expect(frame).to_have_attribute("style", re.compile("height"))


def test_killing_the_server_leaves_no_worker_behind(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at(server.address)
    learner.run("setup-imports")
    children = workers_of(server.process.pid)
    assert children
    server.kill()
    learner.page.wait_for_timeout(3000)
    assert [pid for pid in children if "worker" in command_of(pid)] == []


def workers_of(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]


def command_of(pid):
    """Give the command line of a process, "" where it has ended."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text() if path.exists() else ""
