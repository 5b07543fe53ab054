"""Outputs of a run as a page shows them: tracebacks with a limit in words, JSON."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from foretell.model.run import DisplayOutput, ErrorOutput, Failure, StreamOutput
from foretell.web.outputs import (
    bundle_html,
    frame_document,
    latex_html,
    output_html,
    outputs_html,
    pretty_json,
    text_of,
)

TOLD = "Your cell had more files open than the limit of 256. Open them with `with`, which closes them."
RAISED = ErrorOutput(name="OSError", value="[Errno 24] Too many open files", lines=("OSError: [Errno 24]",))


def test_a_limit_in_words_stands_above_what_python_says_of_it():
    html = output_html(RAISED, "", 0, Failure(kind="OSError", message=TOLD, line=3))
    told, last = html.index(TOLD), html.index("[Errno 24] Too many open files")
    assert told < last < html.index("in line 3 of this cell") < html.index("Full traceback")


@pytest.mark.parametrize(
    "failure",
    [
        None,
        Failure(kind="OSError", message=RAISED.value, line=3),
        Failure(kind="OSError", message=""),
        Failure(kind="time", message="Your cell ran longer than the limit of 60 seconds and was ended."),
    ],
)
def test_nothing_is_said_twice_and_nothing_of_another_failure(failure):
    assert "out-error-told" not in output_html(RAISED, "", 0, failure)


def test_only_the_last_traceback_is_the_one_of_the_failure():
    html = outputs_html((RAISED, RAISED, StreamOutput(name="stderr", text="bye\n")), "", Failure(
        kind="OSError", message=TOLD, line=2
    ))  # fmt: skip
    assert html.count(TOLD) == html.count("in line 2 of this cell") == 1
    assert html.index("out-error") < html.index(TOLD)


def test_what_a_limit_is_told_with_is_text():
    assert "<b>" not in output_html(RAISED, "", 0, Failure(kind="OSError", message="<b>\x1b[31m"))


SHOWN = {"application/json": '{"a": [1, null], "b": "é"}', "text/plain": "<IPython.core.display.JSON object>"}


def test_json_is_shown_a_value_a_line():
    html = bundle_html(SHOWN, "", 0)
    assert "JSON object" not in html
    assert "{\n  &#34;a&#34;: [\n    1,\n    null\n  ],\n  &#34;b&#34;: &#34;é&#34;\n}" in html
    assert text_of((DisplayOutput(data=SHOWN),)).split("\n")[:2] == ["{", '  "a": [']


def test_html_goes_before_json():
    assert "iframe" in bundle_html(SHOWN | {"text/html": "<b>1</b>"}, "/f", 0)


@pytest.mark.parametrize("text", ["not json", "[" * 100_000, "1" * 10_000, "[" * 500 + "1," * 5000 + "1" + "]" * 500])
def test_what_is_no_json_or_would_grow_without_end_is_shown_as_it_came(text):
    assert pretty_json(text) == text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(
    st.text(), v
)))  # fmt: skip
def test_pretty_json_is_the_same_json(value):
    assert json.loads(pretty_json(json.dumps(value))) == value


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$x$", '<span class="math inline">x</span>'),
        ("$$x < y$$", '<span class="math block">x &lt; y</span>'),
        (
            "text $a$ and $$b$$.",
            'text <span class="math inline">a</span> and <span class="math block">b</span>.',
        ),
        ("$a$$b$", '<span class="math inline">a</span><span class="math inline">b</span>'),
        (r"\(a\) \[b\]", '<span class="math inline">a</span> <span class="math block">b</span>'),
        (r"so \begin{align}a&=b\end{align}", r'so <span class="math block">\begin{align}a&amp;=b\end{align}</span>'),
        (r"costs \$5 or \$6", r"costs \$5 or \$6"),
        ("costs $5", "costs $5"),
        ("$$x$", "$$x$"),
        ("<b> $</b>$", '&lt;b&gt; <span class="math inline">&lt;/b&gt;</span>'),
        ("", ""),
    ],
)
def test_latex_is_text_with_maths_in_it(text, html):
    assert latex_html(text) == html
    assert html in bundle_html({"text/latex": text}, "", 0)


@pytest.mark.parametrize("mark", ["$", "$$", r"\(", r"\[", r"\$", r"\begin{align}"])
def test_latex_that_never_closes_is_read_soon(mark):
    began = time.monotonic()
    latex_html(f"{mark} x " * 100_000)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe\n width="400"\n src="https://other.test/a?b=1&amp;c=2"\n frameborder="0"\n></iframe>',
        "<IFRAME SRC=//other.test/a?b=1&amp;c=2></IFRAME>",
    ],
)
def test_a_frame_of_another_site_is_named_in_its_place(frame):
    html = frame_document(f"<p>before</p>{frame}<p>after</p>")
    assert "iframe" not in html.lower()
    told = "(Frames of other sites are not shown: "
    assert html.index("before") < html.index(told) < html.index("other.test/a?b=1&amp;c=2)") < html.index("after")


@pytest.mark.parametrize("frame", ['<iframe srcdoc="x"></iframe>', "<b>src='https://a'</b>", "<iframe"])
def test_other_frames_are_left(frame):
    assert frame in frame_document(frame)


@pytest.mark.parametrize("html", ["<iframe src=" * 100_000, "<iframe " + " src=//a" * 100_000, "<iframe>" * 100_000])
def test_frames_made_to_be_slow_are_not(html):
    began = time.monotonic()
    frame_document(html)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("text", ["- [ ] a\n" * 10_000, "<div>" * 100_000, "[" * 900_000])
def test_long_markdown_is_shown_as_it_is_written(text):
    drawn = bundle_html({"text/markdown": text}, "/f", 0)
    assert escape(text[:20]) in drawn
    assert "<pre" in drawn
