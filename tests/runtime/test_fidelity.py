"""What libraries show in Jupyter is shown here: bars, widgets, tables, figures, logs; and nothing waits for answers."""

from __future__ import annotations

import asyncio
import time

import pytest
from cells import displays, events_of, request, run, text_of, traceback_of

from foretell.model.run import ClearOutput, DisplayOutput, Run, StreamOutput, UpdateDisplay
from foretell.runtime.flight import GRACE_SECONDS
from foretell.runtime.session import Limits
from foretell.web.outputs import plain_text

BARS = {
    "tqdm": "from tqdm import tqdm\nfor _ in tqdm(range(3)):\n    pass",
    "tqdm.auto": "from tqdm.auto import trange\nfor _ in trange(3):\n    pass",
    "tqdm.std": "from tqdm.std import tqdm\nwith tqdm(total=3) as bar:\n    bar.update(2)\n    bar.update(1)",
}


@pytest.mark.parametrize("name", sorted(BARS))
async def test_a_progress_bar_of_text_ends_as_one_full_line(session, name):
    seen = plain_text(text_of(await run(session, BARS[name]), "stderr"))
    assert seen.startswith("100%|██████████| 3/3 [")
    assert seen.count("\n") == 1


async def test_a_bar_inside_a_bar_takes_its_place_at_every_refresh(session):
    code = (
        "from tqdm import tqdm\nfor _ in tqdm(range(3), mininterval=0):\n"
        "    for _ in tqdm(range(3), mininterval=0, leave={}):\n        pass"
    )
    for leave, bars in ((False, 1), (True, 4)):
        seen = plain_text(text_of(await run(session, code.format(leave)), "stderr")).rstrip().split("\n")
        assert [line.split("|")[0] for line in seen] == ["100%"] * bars


async def test_text_beside_a_progress_bar_stays(session):
    code = "from tqdm import tqdm\nfor i in tqdm(range(2)):\n    tqdm.write(f'row {i}')"
    seen = await run(session, code)
    assert text_of(seen) == "row 0\nrow 1\n"
    assert plain_text(text_of(seen, "stderr")).rstrip().endswith("it/s]")


async def test_a_progress_bar_of_widgets_is_shown_as_text_that_moves(session):
    code = "import time\nfrom tqdm.notebook import tqdm\nfor _ in tqdm(range(5)):\n    time.sleep(0.12)"
    events = await events_of(session, request(code))
    (shown,) = displays(events[-1])
    assert shown["text/plain"].startswith("100%|██████████| 5/5 [")
    texts = [event.data["text/plain"] for event in events if isinstance(event, UpdateDisplay)]
    assert len({text[:4] for text in texts}) >= 4


async def test_a_progress_bar_of_widgets_that_should_go_goes(session):
    code = "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3), leave=False):\n    pass"
    assert displays(await run(session, code)) == [{"text/plain": ""}]


async def test_rich_prints_without_escape_codes_and_its_bar_ends_full(session):
    code = (
        "from rich import print\nfrom rich.progress import Progress, track\nfrom rich.table import Table\n"
        "print('[bold red]loud[/]', {'a': 1})\ntable = Table('name')\ntable.add_row('x')\nprint(table)\n"
        "for _ in track(range(3)):\n    pass\n"
        "with Progress() as p:\n    p.update(p.add_task('going', total=2), completed=2)"
    )
    text = text_of(await run(session, code))
    assert "\x1b" not in text
    assert " ".join(text.split()).startswith("loud {'a': 1} ")
    assert "│ x    │" in text
    assert [line.split()[0] for line in text.splitlines() if "100%" in line] == ["Working...", "going"]


async def test_richs_own_tracebacks_are_shown_and_the_failure_is_told(session):
    seen = await run(session, "from rich.traceback import install\ninstall()\n1 / 0")
    assert "ZeroDivisionError: division by zero" in text_of(seen, "stderr")
    assert (seen.failure.kind, seen.failure.line) == ("ZeroDivisionError", 3)


async def test_a_widget_is_shown_by_its_text_and_as_it_is_when_the_cell_ends(session):
    code = "import ipywidgets as w\nbar = w.IntProgress(max=3)\ndisplay(bar)\nfor bar.value in range(4):\n    pass\nbar"
    seen = await run(session, code)
    assert displays(seen) == [{"text/plain": "IntProgress(value=3, max=3)"}] * 2
    assert [out.display_id for out in seen.outputs] == ["widget-1", "widget-2"]


async def test_interact_runs_its_function_once_and_shows_that_in_its_place(session):
    code = (
        "from ipywidgets import interact\nprint('before')\n"
        "@interact(x=(0, 10))\ndef double(x):\n    print('double', 2 * x)\n"
        "print('after')"
    )
    seen = await run(session, code)
    (shown,) = displays(seen)
    assert shown["text/plain"].startswith("interactive(children=(IntSlider(value=5, description='x', max=10)")
    assert shown["text/plain"].endswith("\ndouble 10")
    assert text_of(seen) == "before\nafter\n"


async def test_an_output_widget_shows_what_is_made_inside_and_clears_only_that(session):
    code = (
        "import ipywidgets as w\nfrom IPython.display import clear_output\nout = w.Output()\n"
        "print('kept')\ndisplay(out)\n"
        "for i in range(3):\n    with out:\n        clear_output(wait=True)\n        print('frame', i)\n"
    )
    events = await events_of(session, request(code))
    assert not any(isinstance(event, ClearOutput) for event in events)
    assert text_of(events[-1]) == "kept\n"
    assert displays(events[-1]) == [{"text/plain": "frame 2"}]


async def test_pictures_and_text_inside_an_output_widget_are_shown_together(session):
    code = (
        "import ipywidgets as w, matplotlib.pyplot as plt\nout = w.Output()\ndisplay(out)\n"
        "with out:\n    print('a < b')\n    plt.plot([1])\n    plt.show()"
    )
    (shown,) = displays(await run(session, code))
    assert shown["text/html"].startswith('<pre>a &lt; b\n</pre><img src="data:image/png;base64,iVBOR')
    assert shown["text/plain"].startswith("a < b\n<Figure")


async def test_a_failure_inside_an_output_widget_stays_inside(session):
    code = "import ipywidgets as w\nout = w.Output()\ndisplay(out)\nwith out:\n    1 / 0\nprint('on')"
    seen = await run(session, code)
    assert "ZeroDivisionError" in displays(seen)[0]["text/plain"]
    assert text_of(seen) == "on\n"


@pytest.mark.parametrize(
    "code",
    [
        "import ipywidgets as w\nclass Bad(w.IntSlider):\n    def __repr__(self): raise ValueError\ndisplay(Bad())",
        "import ipywidgets as w\ns = w.IntSlider()\ns.observe(lambda change: print(change.new), 'value')\ns.value = 5",
        "import ipywidgets as w\nw.jslink((w.IntSlider(), 'value'), (w.IntText(), 'value'))\nw.Tab([w.Text()])",
        "import ipywidgets as w\nw.Button().on_click(print)\nw.Widget.close_all()",
    ],
)
async def test_widgets_of_every_kind_need_no_front_end(session, code):
    assert (await run(session, code)).failure is None


async def test_tables_and_styles_are_html_and_a_large_table_is_shortened(session):
    code = (
        "import pandas as pd, numpy as np\nsmall = pd.DataFrame({'a': [1, 2]})\ndisplay(small)\n"
        "display(small.style.highlight_max())\npd.DataFrame(np.zeros((100_000, 30)))"
    )
    table, style, large = displays(await run(session, code))
    assert "<table" in table["text/html"]
    assert "background-color" in style["text/html"]
    assert "100000 rows × 30 columns" in large["text/html"]
    assert len(large["text/html"]) < 50_000


async def test_a_figure_is_shown_where_it_is_asked_for_and_else_at_the_end(session):
    code = (
        "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nprint('between')\nplt.plot([2])\n"
        "%matplotlib inline\nprint('last')"
    )
    seen = await run(session, code)
    kinds = ["picture" if isinstance(out, DisplayOutput) else out.text for out in seen.outputs]
    assert kinds == ["picture", "between\nlast\n", "picture"]


async def test_an_animation_is_shown_within_the_limit_of_pictures_and_named_beyond(make_session, tmp_path):
    session = make_session(tmp_path, Limits(output_bytes=20_000, picture_bytes=200_000))
    code = (
        "import matplotlib.pyplot as plt\nfrom matplotlib import animation\nfrom IPython.display import HTML\n"
        "figure, axes = plt.subplots(figsize=(2, 2))\n(line,) = axes.plot([1, 2])\n"
        "def play(frames):\n"
        "    moves = animation.FuncAnimation(figure, lambda i: line.set_ydata([i, 2]), frames=frames)\n"
        "    return HTML(moves.to_jshtml())\n"
        "display(play(4), play(80))\nplt.close();"
    )
    short, long = displays(await run(session, code))
    await session.close()
    assert "data:image/png;base64" in short["text/html"]
    assert "text/html" not in long
    assert "is not shown: the limit is 195.3 KB" in long["text/plain"]


async def test_mime_bundles_come_as_notebooks_store_them(session):
    code = (
        "from IPython.display import JSON, Latex, Markdown, Javascript\n"
        "display(JSON({'a': 1}), Latex('$x$'), Markdown('**b**'), Javascript('1'))\n"
        "display({'text/plain': 'own', 'application/x-own': {'k': [1]}}, raw=True)"
    )
    json, latex, markdown, script, own = displays(await run(session, code))
    assert json["application/json"] == '{"a": 1}'
    assert latex["text/latex"] == "$x$"
    assert markdown["text/markdown"] == "**b**"
    assert script["application/javascript"] == "1"
    assert own == {"text/plain": "own", "application/x-own": '{"k": [1]}'}


async def test_a_display_is_updated_in_place_and_cleared_when_the_next_comes(session):
    code = (
        "from IPython.display import clear_output\nhandle = display('one', display_id=True)\nprint('text')\n"
        "handle.update('two')\nfor i in range(3):\n    clear_output(wait=True)\n    print(i)"
    )
    seen = await run(session, code)
    assert text_of(seen) == "2\n"
    assert displays(seen) == []


async def test_standard_output_and_error_keep_their_order(session):
    code = (
        "import logging, sys, warnings\nprint('one')\nlogging.warning('two')\nprint('three', end='', flush=True)\n"
        "warnings.warn('four')\nsys.stderr.write('five\\n')\nprint('six')"
    )
    seen = await run(session, code)
    words = [
        word for out in seen.outputs for word in ("one", "two", "three", "four", "five", "six") if word in out.text
    ]
    assert list(dict.fromkeys(words)) == ["one", "two", "three", "four", "five", "six"]
    assert text_of(seen) == "one\nthreesix\n"


async def test_a_carriage_return_is_sent_as_it_is(session):
    assert text_of(await run(session, "print('10%', end='\\r')\nprint('20%')")) == "10%\r20%\n"


async def test_bytes_are_refused_by_the_stream_of_text_as_python_does(session):
    seen = await run(session, "import sys\nsys.stdout.write(b'x')")
    assert (seen.failure.kind, seen.failure.message) == ("TypeError", "write() argument must be str, not bytes")


async def test_the_streams_have_what_scripts_look_for(session):
    code = (
        "import sys\nsys.stdout.reconfigure(line_buffering=True, encoding='utf-8')\n"
        "print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.closed, sys.stdout.line_buffering, sys.stdout.name)"
    )
    assert text_of(await run(session, code)) == "False utf-8 False True stdout\n"


def is_confined(seen: Run) -> bool:
    """Whether the run was refused another program, as it is in a jail."""
    return seen.failure is not None and "other program" in seen.failure.message


async def test_what_native_code_and_other_programs_write_is_shown(session):
    code = (
        "import faulthandler, subprocess, sys, os\nfaulthandler.dump_traceback()\n"
        "subprocess.run([sys.executable, '-c', 'print(5)'])\nos.system('echo native >&2')\n"
        "print('own', file=sys.__stdout__)"
    )
    seen = await run(session, code)
    assert "most recent call first" in text_of(seen, "stderr")
    if is_confined(seen):
        return
    assert "native\n" in text_of(seen, "stderr")
    assert sorted(text_of(seen).split()) == ["5", "own"]


ASKING = {
    "input": ("input('name? ')", "typed input"),
    "getpass": ("from getpass import getpass\ngetpass()", "typed input"),
    "stdin": ("import sys\nsys.stdin.readline()", "typed input"),
    "lines": ("import sys\nfor line in sys.stdin:\n    pass", "typed input"),
    "read": ("import sys\nsys.stdin.read()", "typed input"),
    "interact": ("import code\ncode.interact()", "typed input"),
    "breakpoint": ("x = 1\nbreakpoint()", "debugger"),
    "pdb": ("import pdb\npdb.set_trace()", "debugger"),
    "pdb by name": ("from pdb import set_trace\nset_trace()", "debugger"),
}


@pytest.mark.parametrize("name", sorted(ASKING))
async def test_what_asks_for_an_answer_is_refused_at_once_in_words(session, name):
    code, words = ASKING[name]
    started = time.monotonic()
    seen = await run(session, code)
    assert time.monotonic() - started < 5
    assert seen.failure.kind == "StdinNotImplementedError"
    assert words in seen.failure.message
    assert "for example" in seen.failure.message
    assert seen.failure.line is not None
    assert "foretell" not in traceback_of(seen)


async def test_programs_find_their_standard_input_empty(session):
    code = "import subprocess, sys\nprint(subprocess.run(['cat'], stdin=sys.stdin, capture_output=True).stdout)\n!cat"
    seen = await run(session, code)
    assert is_confined(seen) or text_of(seen) == "b''\n"


async def test_what_a_command_prints_is_shown_as_it_comes_and_can_be_captured(session):
    seen = await run(session, "!echo one; sleep 0.3; echo two >&2; exit 3\nprint(_exit_code)")
    assert is_confined(seen) or text_of(seen) == "one\ntwo\n3\n"
    seen = await run(session, "%%capture kept\n!echo hidden", "print(repr(kept.stdout))")
    assert text_of(seen) in ("'hidden\\n'\n", "''\n")


async def test_the_debugger_magics_say_why_there_is_none_and_hide_no_failure(session):
    seen = await run(session, "%pdb on\n1 / 0")
    assert seen.failure.kind == "ZeroDivisionError"
    assert "debugger" in text_of(seen, "stderr")
    assert (await run(session, "%debug")).failure is None


async def test_the_traceback_of_a_group_of_exceptions_is_an_error_like_any_other(session):
    seen = await run(session, "def f():\n    raise ExceptionGroup('both', [ValueError('a'), KeyError('b')])\n\nf()")
    trace = traceback_of(seen)
    assert trace.startswith("  + Exception Group Traceback (most recent call last):")
    assert "ValueError: a" in trace
    assert "IPython/" not in trace
    assert (seen.failure.kind, seen.failure.line) == ("ExceptionGroup", 2)
    assert text_of(seen, "stderr") == ""


OPEN = "import os\ndef count():\n    return sum(1 for fd in range(3, 200) if os.path.exists(f'/proc/self/fd/{fd}'))\n"


async def test_a_cell_that_awaits_leaves_no_loop_thread_or_descriptor_behind(session):
    waits = "import asyncio, threading\nawait asyncio.sleep(0)\nawait asyncio.to_thread(print, 'elsewhere')"
    seen = await run(
        session, f"{OPEN}before = count()", waits, waits, "print(count() - before, threading.active_count())"
    )
    assert text_of(seen) == "0 1\n"


async def test_await_works_in_one_cell_after_another(session):
    first = "import asyncio\nasync def double(x):\n    await asyncio.sleep(0.01)\n    return 2 * x\na = await double(1)"
    seen = await run(
        session, first, "b = await asyncio.gather(double(a), double(3))", "[x async for x in None] if 0 else b"
    )
    assert displays(seen) == [{"text/plain": "[4, 6]"}]


async def test_tasks_that_a_cell_leaves_behind_are_cancelled_and_told(session):
    code = (
        "import asyncio\nasync def forever():\n    try:\n        await asyncio.sleep(60)\n    finally:\n"
        "        print('cleaned up')\nt = asyncio.create_task(forever())\nawait asyncio.sleep(0)"
    )
    seen = await run(session, code)
    assert "1 task was still running when the cell ended, and cancelled" in text_of(seen, "stderr")
    assert text_of(seen) == "cleaned up\n"
    assert seen.failure is None
    assert displays(await run(session, code, "t.cancelled()")) == [{"text/plain": "True"}]


async def test_a_task_that_will_not_be_cancelled_does_not_keep_the_cell(session):
    code = (
        "import asyncio\nasync def stubborn():\n    while True:\n        try:\n            await asyncio.sleep(60)\n"
        "        except asyncio.CancelledError:\n            pass\n"
        "t = asyncio.create_task(stubborn())\nawait asyncio.sleep(0)\nprint('done')"
    )
    started = time.monotonic()
    assert text_of(await run(session, code)) == "done\n"
    assert time.monotonic() - started < 8


async def test_stop_ends_a_cell_that_awaits_without_telling_of_its_cancelling(session):
    code = "import asyncio\nprint('ready')\nawait asyncio.sleep(60)"
    events, stopping = [], None
    async for event in session.run(request(code)):
        events.append(event)
        if isinstance(event, StreamOutput) and stopping is None:
            await asyncio.sleep(0.2)
            asked = time.monotonic()
            stopping = asyncio.create_task(session.stop())
    assert events[-1].failure.kind == "stopped"
    assert "CancelledError" not in traceback_of(events[-1])
    assert time.monotonic() - asked < GRACE_SECONDS
    await stopping
