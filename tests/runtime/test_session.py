"""What every runtime must do, whatever it is made of: the shell of a cell, its outputs, its failures."""

from __future__ import annotations

import asyncio
import time

import pytest
from cells import displays, events_of, prefix, request, run, text_of, traceback_of
from runtimes import confined, unconfined

from foretell.model.run import (
    AssertSeen,
    ClearOutput,
    DisplayOutput,
    ErrorOutput,
    Failure,
    Observation,
    Probe,
    StreamOutput,
    UpdateDisplay,
)

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def test_printed_text_and_the_last_value_come_in_order(session):
    seen = await run(session, "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\n6 * 7")
    assert seen.outputs == (
        StreamOutput(name="stdout", text="a\n"),
        StreamOutput(name="stderr", text="b\n"),
        StreamOutput(name="stdout", text="c\n"),
        DisplayOutput(data={"text/plain": "42"}, execution_count=1),
    )
    assert seen.failure is None


async def test_a_semicolon_hides_the_last_value(session):
    assert (await run(session, "6 * 7;")).outputs == ()


@unconfined
async def test_text_of_child_processes_and_native_code_is_shown(session):
    code = "import os, subprocess\nsubprocess.run(['echo', 'child'])\nos.write(2, 'native é'.encode());"
    seen = await run(session, code)
    assert text_of(seen) == "child\n"
    assert text_of(seen, "stderr") == "native é"


async def test_a_child_that_is_forked_prints_without_disturbing_the_frames(session):
    code = "import os\npid = os.fork()\nif not pid:\n    print('from the child')\n    os._exit(0)\nos.waitpid(pid, 0)"
    code += "\nprint('done')"
    seen = await run(session, code)
    assert "from the child" in text_of(seen)
    assert "done" in text_of(seen)
    assert seen.failure is None


async def test_threads_may_print(session):
    code = (
        "import threading\n"
        "t = [threading.Thread(target=lambda i=i: [print(i) for _ in range(50)]) for i in range(4)]\n"
        "[x.start() for x in t]; [x.join() for x in t];"
    )
    seen = await run(session, code)
    digits = text_of(seen).replace("\n", "")
    assert sorted(digits) == sorted("0123" * 50)


async def test_text_of_a_replayed_cell_never_stands_in_the_next(session):
    code = "import os\nos.system('echo earlier; echo earlier >&2');"
    for number in range(5):
        assert (await run(session, f"{number}", code, "print('later')")).outputs == (
            StreamOutput(name="stdout", text="later\n"),
        )


async def test_what_a_thread_prints_after_its_cell_is_not_shown_in_another(session):
    code = "import threading, time\nt = threading.Thread(target=lambda: (time.sleep(0.1), print('late')))\nt.start()"
    await run(session, code)
    await asyncio.sleep(0.3)
    assert text_of(await run(session, code, "print('own')")) == "own\n"


async def test_captured_output_stays_captured(session):
    seen = await run(session, "%%capture kept\nprint('a')\ndisplay(1)", "print(len(kept.outputs), repr(kept.stdout))")
    assert text_of(seen) == "1 'a\\n'\n"


async def test_progress_bars_write_carriage_returns_as_they_go(session):
    seen = await run(session, "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass")
    assert "3/3" in text_of(seen, "stderr")
    assert "\r" in text_of(seen, "stderr")


async def test_bytes_written_to_the_buffer_are_shown_as_text(session):
    seen = await run(session, "import sys\nsys.stdout.buffer.write('é'.encode()); sys.stdout.buffer.flush()")
    assert text_of(seen) == "é"


async def test_output_streams_while_the_cell_runs(session):
    code = "import time\nfor place in range(5):\n    print(place, end='')\n    time.sleep(0.2)\nwhile True:\n    pass"
    texts = []
    async with asyncio.timeout(30):
        async for event in session.run(request(code)):
            if isinstance(event, StreamOutput):
                texts.append(event.text)
                if "4" in event.text:
                    stopping = asyncio.create_task(session.stop())
    await stopping
    assert "".join(texts) == "01234"
    assert len(texts) >= 3
    assert event.failure.kind == "stopped"


async def test_displays_updates_and_clearings_are_events_and_leave_what_is_left(session):
    code = (
        "from IPython.display import display, update_display, clear_output, HTML\n"
        "print('gone')\nclear_output()\n"
        "display(HTML('<b>1</b>'), display_id='d')\nupdate_display(HTML('<b>2</b>'), display_id='d')\n"
        "print('also gone later')\nclear_output(wait=True)\ndisplay({'text/plain': 'raw'}, raw=True)"
    )
    events = await events_of(session, request(code))
    kinds = [type(event) for event in events]
    assert kinds.count(ClearOutput) == 2
    update = next(event for event in events if isinstance(event, UpdateDisplay))
    assert (update.display_id, update.data["text/html"]) == ("d", "<b>2</b>")
    assert events[-1].outputs == (DisplayOutput(data={"text/plain": "raw"}),)


async def test_an_update_replaces_what_was_displayed(session):
    code = "h = display('one', display_id=True)\nh.update('two')"
    (shown,) = displays(await run(session, code))
    assert shown == {"text/plain": "'two'"}


async def test_html_latex_svg_and_png_reprs_are_shown(session):
    code = (
        "from IPython.display import Math, SVG\n"
        f"import base64\nclass P:\n    def _repr_png_(self): return base64.b64decode('{DOT}')\n"
        "    def _repr_html_(self): return '<i>p</i>'\n"
        "display(Math('x^2'), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))\nP()"
    )
    math, svg, both = displays(await run(session, code))
    assert math["text/latex"] == "$\\displaystyle x^2$"
    assert svg["image/svg+xml"].startswith("<svg")
    assert both["text/html"] == "<i>p</i>"
    assert both["image/png"] == DOT


async def test_figures_are_shown_when_the_cell_ends_and_repeat_to_the_byte(session):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nprint('before');"
    seen = await run(session, code)
    assert isinstance(seen.outputs[0], StreamOutput)
    (picture,) = displays(seen)
    assert picture["image/png"].startswith("iVBOR")
    (again,) = displays(await run(session, "1", code))
    assert again == picture


async def test_svg_figures_repeat_to_the_byte(session):
    code = "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\n"
    code += "import matplotlib.pyplot as plt\nplt.plot([1]);"
    (first,) = displays(await run(session, code))
    (second,) = displays(await run(session, "1", code))
    assert "image/svg+xml" in first
    assert first == second


async def test_tables_are_shown_as_html(session):
    (table,) = displays(await run(session, "import pandas as pd\npd.DataFrame({'a': [1]})"))
    assert "<table" in table["text/html"]


async def test_warnings_come_on_standard_error(session):
    seen = await run(session, "import warnings\nwarnings.warn('careful')")
    assert "UserWarning: careful" in text_of(seen, "stderr")
    assert seen.failure is None


async def test_a_traceback_names_the_learners_lines_and_nothing_of_ours(session):
    seen = await run(session, "def f(x):\n    return 1 / x", "y = 1\n\nf(0)")
    assert seen.failure == Failure(kind="ZeroDivisionError", message="division by zero", line=3)
    trace = traceback_of(seen)
    assert "----> 3 f(0)" in trace
    assert "ZeroDivisionError: division by zero" in trace
    assert "foretell" not in trace
    assert "\x1b" not in trace


async def test_a_failure_inside_a_function_of_the_cell_is_at_its_own_line(session):
    seen = await run(session, "def f():\n    raise KeyError('k')\nf()")
    assert seen.failure == Failure(kind="KeyError", message="'k'", line=2)


async def test_a_cell_that_cannot_be_read_names_its_line(session):
    seen = await run(session, "a = 1\nb = = 2")
    assert seen.failure == Failure(kind="SyntaxError", message="invalid syntax", line=2)
    assert "SyntaxError" in traceback_of(seen)


async def test_a_failed_cell_keeps_what_it_had_done(session):
    seen = await run(session, "x = 5\n1 / 0", "x")
    assert displays(seen) == [{"text/plain": "5"}]
    assert seen.failed_before == ("c0",)


async def test_typed_input_is_refused_with_a_reason(session):
    for code in ("input('name? ')", "import getpass\ngetpass.getpass()"):
        seen = await run(session, code)
        assert seen.failure.kind == "StdinNotImplementedError"
        assert "typed input" in seen.failure.message
        assert "foretell" not in traceback_of(seen)


async def test_install_lines_are_looked_at_and_not_run(session):
    code = "!pip install numpy no-such-package-of-ours\n%pip install -q numpy\nprint('on')"
    seen = await run(session, code)
    assert "Missing: no-such-package-of-ours." in text_of(seen)
    assert text_of(seen).count("Here already: numpy") == 2
    assert text_of(seen).endswith("on\n")


@confined
async def test_a_jail_starts_no_programs_and_says_so(session):
    seen = await run(session, "!echo from the shell")
    assert "cannot start another program" in seen.failure.message
    assert (await run(session, "import subprocess\nsubprocess.run(['echo'])")).failure is not None
    assert text_of(await run(session, "import os\nos.write(1, 'native é'.encode());")) == "native é"


@unconfined
async def test_other_commands_and_magics_run(session):
    seen = await run(session, "!echo from the shell\nx = !echo kept\n%time y = 2\nprint(x[0], y)")
    assert "from the shell" in text_of(seen)
    assert "kept 2" in text_of(seen)


@pytest.mark.parametrize("code", ["import sys\nsys.exit(3)", "raise SystemExit(3)"])
async def test_leaving_by_exit_ends_the_cell_and_keeps_the_state(session, code):
    seen = await run(session, f"x = 1\n{code}")
    assert seen.failure.kind == "SystemExit"
    assert seen.failure.message == "exit ended the cell with code 3"
    assert displays(await run(session, f"x = 1\n{code}", "x")) == [{"text/plain": "1"}]


async def test_quit_ends_the_cell(session):
    assert (await run(session, "quit()")).failure.kind == "SystemExit"


async def test_top_level_await_works(session):
    assert displays(await run(session, "import asyncio\nawait asyncio.sleep(0, 'slept')")) == [
        {"text/plain": "'slept'"}
    ]


async def test_the_learner_is_alone_in_main(session):
    seen = await run(session, "[n for n in dir() if not n.startswith('_')], __name__, __import__('sys').argv")
    (shown,) = displays(seen)
    assert shown["text/plain"] == "(['In', 'Out', 'exit', 'get_ipython', 'open', 'quit'], '__main__', [''])"


async def test_a_module_in_the_working_directory_can_be_imported(session):
    write = "from pathlib import Path\nPath('mine.py').write_text('x = 5');"
    assert displays(await run(session, write, "import mine\nmine.x")) == [{"text/plain": "5"}]


async def test_asserts_are_told_with_both_sides(session):
    seen = await run(session, "x = (5, 10)\nassert x == (5, 10)\nassert len(x) == 3, f'has {len(x)}'\nassert x")
    assert seen.asserts == (
        AssertSeen(line=2, source="x == (5, 10)", passed=True, left="(5, 10)", operator="==", right="(5, 10)"),
        AssertSeen(line=3, source="len(x) == 3", passed=False, left="2", operator="==", right="3", message="has 2"),
        AssertSeen(line=4, source="x", passed=None),
    )
    assert seen.failure == Failure(kind="AssertionError", message="has 2", line=3)
    assert "foretell" not in traceback_of(seen)


async def test_asserts_above_the_line_asked_for_are_not_told(session):
    seen = await run(session, "assert 1\nassert 2", asserts_from_line=2)
    assert [row.line for row in seen.asserts] == [2]


def probes(**expressions: str) -> tuple[Probe, ...]:
    return tuple(Probe(question=name, expression=expression) for name, expression in expressions.items())


async def test_probes_are_answered_after_the_cell_even_where_it_failed(session):
    asked = probes(shape="x", missing="y", broken="x[9]")
    seen = await run(session, "x = (5, 10)\n1 / 0", probes=asked)
    assert seen.observations["shape", 0] == Observation(type="shape", text="(5, 10)", value=[5, 10])
    assert seen.observations["missing", 0].value == "NameError"
    assert seen.observations["broken", 0].text == "IndexError: tuple index out of range"


async def test_a_probe_of_a_row_is_given_its_row(session):
    rows = tuple(
        Probe(question="q", expression="[row[0] + n for n in [k]][0]", row=place, row_literal=literal)
        for place, literal in enumerate(["(3, 1)", "(5, 2)"])
    )
    seen = await run(session, "k = 10", probes=rows)
    assert [seen.observations["q", place].value for place in (0, 1)] == [13, 15]


async def test_probes_change_nothing_and_show_nothing(session):
    asked = probes(
        a="made.append(1)", b="print('shown')", c="random.random()", d="exit(3)", e="__import__('os')._exit(3)"
    )
    first = await run(session, "import random\nmade = []", probes=asked)
    assert first.outputs == ()
    assert text_of(await run(session, "import random\nmade = []", "print(made, random.random())")) == text_of(
        await run(session, "import random\nmade = []", "print(made, random.random())", probes=asked)
    )


async def test_a_probe_that_never_ends_is_given_up(session):
    started = time.monotonic()
    seen = await run(session, "x = 1", probes=probes(slow="[x for x in iter(int, 1)]"))
    assert seen.observations["slow", 0].value == "TimeoutError"
    assert time.monotonic() - started < 8
    assert displays(await run(session, "x = 1", "x")) == [{"text/plain": "1"}]


async def test_an_earlier_cell_changed_means_a_run_from_the_right_state(session):
    assert displays(await run(session, "x = 1", "x += 1", "x")) == [{"text/plain": "2"}]
    assert displays(await run(session, "x = 1", "x += 1", "x")) == [{"text/plain": "2"}]
    assert displays(await run(session, "x = 10", "x += 1", "x")) == [{"text/plain": "11"}]
    assert displays(await run(session, "x = 10", "x")) == [{"text/plain": "10"}]


async def test_replay_shows_nothing_but_its_progress(session):
    events = await events_of(session, request("print('loud')\n1 / 0", "2", "3"))
    assert [type(event).__name__ for event in events[:-2]] == ["Replaying"] * 3
    assert (events[0].done, events[0].total, events[2].done) == (0, 2, 2)
    assert events[-1].failed_before == ("c0",)
    assert not any(isinstance(event, ErrorOutput) for event in events)


async def test_completions_come_from_the_state_and_change_nothing(session):
    above = prefix("import math\nlonely_name = 'text'")
    offered = await session.complete(above, "x = lonely_n", 12)
    assert (offered.matches, offered.start, offered.end) == (("lonely_name",), 4, 12)
    offered = await session.complete(above, "math.sq", 7)
    assert (offered.matches, offered.start, offered.end) == (("sqrt",), 5, 7)
    assert (await session.complete(prefix("y = 1"), "lonely_n", 8)).matches == ()


async def test_imports_above_the_cursor_are_known_to_completions(session):
    code = "import colorsys as c\nc.rgb_to_hs"
    assert (await session.complete((), code, len(code))).matches == ("rgb_to_hsv",)


async def test_the_next_run_of_a_state_that_was_asked_about_needs_no_replay(session):
    above = prefix("import math\nother = 1")
    await session.complete(above, "oth", 3)
    events = await events_of(session, request("import math\nother = 1", "other"))
    assert not any(type(event).__name__ == "Replaying" for event in events)


async def test_documentation_comes_as_plain_text(session):
    above = prefix("def area(r):\n    'The area of a circle.'\n    return 3 * r * r")
    told = await session.inspect(above, "area(2", 6)
    assert "The area of a circle." in told
    assert "area(r)" in told
    assert "\x1b" not in told
    assert await session.inspect(above, "nowhere", 4) == ""


async def test_variables_are_those_of_the_learner(session):
    above = prefix("import math\nimport numpy as np\nx = 1\na = np.zeros((2, 3))\n_hidden = 2\nx")
    rows = await session.variables(above)
    assert [(row.name, row.type, row.text) for row in rows] == [
        ("x", "int", "1"),
        ("a", "ndarray", "(2, 3) float64"),
    ]


async def test_runs_asked_for_together_run_one_after_the_other(session):
    texts = [f"import time\nprint({n})\ntime.sleep(0.1)" for n in range(3)]
    runs = await asyncio.gather(*(run(session, text) for text in texts))
    assert [text_of(seen) for seen in runs] == ["0\n", "1\n", "2\n"]


async def test_an_empty_cell_runs(session):
    for code in ("", "   \n", "# only a comment"):
        seen = await run(session, code)
        assert (seen.outputs, seen.failure) == ((), None)
