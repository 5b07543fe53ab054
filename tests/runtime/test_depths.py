"""Tracebacks of deep recursion: soon there, and in IPython's words."""

from __future__ import annotations

import re

import pytest
from cells import run, text_of, traceback_of

COUNT = (
    "import inspect\nlooks, look = [], inspect.getmodule\n"
    "inspect.getmodule = lambda *given: looks.append(1) or look(*given)"
)
ONE = "def f(n):\n    return f(n + 1)\nf(0)"
TWO = "def f(n):\n    return g(n + 1)\n\ndef g(n):\n    return f(n + 1)\n\nf(0)"
MADE = "exec('def f(n):\\n    return f(n + 1)')\nf(0)"


async def test_few_frames_of_an_endless_recursion_are_looked_at(session):
    # Each look goes through all modules that there are, three times.
    seen = await run(session, COUNT, ONE, "print(0 < len(looks) < 500)")
    assert text_of(seen) == "True\n"


async def test_the_frames_left_out_are_counted_where_they_are_left_out(session):
    lines = traceback_of(await run(session, f"import sys\nsys.setrecursionlimit(1000)\n{ONE}")).split("\n")
    (told,) = [place for place, line in enumerate(lines) if "skipping similar frames" in line]
    count = int(re.fullmatch(r" +\[\.\.\. skipping similar frames: f at line 4 \((\d+) times\)\]", lines[told])[1])
    assert 950 < count < 1000
    assert lines[told - 4 :][:4] == [
        "Cell In[1], line 4, in f(n)",
        "      3 def f(n):",
        "----> 4     return f(n + 1)",
        "",
    ]
    assert lines[told + 2] == "Cell In[1], line 4, in f(n)"
    assert lines[-1].startswith("RecursionError: maximum recursion depth exceeded")
    assert len(lines) < 30


async def test_functions_that_call_each_other_are_counted_apart(session):
    told = re.search(
        r"frames: f at line 2 \((\d+) times\), g at line 5 \((\d+) times\)\]", traceback_of(await run(session, TWO))
    )
    assert told is not None
    assert abs(int(told[1]) - int(told[2])) <= 1


async def test_frames_without_source_are_left_out_too(session):
    trace = traceback_of(await run(session, MADE))
    assert len(trace.split("\n")) < 120
    assert "f at line 2 (" in trace


@pytest.mark.parametrize("depth", [3, 60])
async def test_what_is_not_deep_is_left_to_ipython(session, depth):
    code = f"def f(n):\n    return f(n - 1) if n else 1 / 0\nf({depth})"
    trace = traceback_of(await run(session, code))
    assert trace.count("in f(n)") == 3
    assert f"[... skipping similar frames: f at line 2 ({depth - 2} times)]" in trace


async def test_each_of_a_chain_of_failures_is_told(session):
    code = f"try:\n    {ONE.replace(chr(10), chr(10) + '    ')}\nexcept RecursionError:\n    1 / 0"
    trace = traceback_of(await run(session, code))
    assert trace.count("skipping similar frames") == 1
    assert "During handling of the above exception" in trace
    assert trace.endswith("ZeroDivisionError: division by zero")
