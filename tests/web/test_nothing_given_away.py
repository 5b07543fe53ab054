"""No answer leaves the server before its commit, whatever page or fragment is asked for.

What would answer is found here by rules of its own, from the notebook's text, not by asking the reader what it
withheld.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

LESSON = Path(__file__).parents[2] / "lessons" / "nn-module" / "lesson.ipynb"
TELLING_LINE = re.compile(r"^\s*assert |print\(.*(Confirmed|Expected|passed)|#.*(Should be|\(\d+,|\[\d+,)")
TELLING_PARAGRAPH = re.compile(
    r"\*\*(Key insight|Key takeaway|Key pattern|Why this matters|Claim|When to use which):?\*\*"
)


def cells_of(path):
    for cell in json.loads(path.read_text())["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def telling(path):
    """Give every line and paragraph of a notebook that would answer a prompt or write a task."""
    live = {line.strip() for kind, source in cells_of(path) if kind == "code" for line in source.splitlines()}
    for kind, source in cells_of(path):
        if kind == "code":
            for line in source.splitlines():
                if TELLING_LINE.search(line):
                    yield line[line.index("#") :] if "#" in line and "assert" not in line else line.strip()
        else:
            for paragraph in source.split("\n\n"):
                if TELLING_PARAGRAPH.match(paragraph):
                    yield paragraph
            for fence in re.findall(r"<details>.*?</details>", source, re.S):
                lines = (line.strip() for line in fence.splitlines() if re.search(r"self\.fc|nn\.Linear", line))
                yield from (line for line in lines if line not in live)


def as_read(text):
    """Give text as a reader sees it: no tags, no Markdown signs, one kind of space."""
    text = html.unescape(html.unescape(re.sub(r"<[^>]+>", "", text)))
    return re.sub(r"[\s`*\\]+", " ", text).strip()


def everything_asked(door, lesson):
    """Give every body this learner can get without committing anything."""
    cells = [code.cell for code in door.desk.shelf.lesson(lesson).code_cells]
    yield from (door.get(path).text for path in ("/", f"/l/{lesson}", f"/l/{lesson}/report", "/recorded"))
    for cell in cells:
        base = f"/l/{lesson}/cells/{cell}"
        yield door.post(f"{base}/run", blank="refuse").text if asks(door, lesson, cell) else ""
        yield door.post(f"{base}/reset").text
        yield door.post(f"{base}/draft", code="print(1)").text
        yield door.post(f"{base}/help", what="hint-3").text
        yield door.post(f"{base}/help", what="solution").text
        yield door.post(f"{base}/complete", code="la", cursor="2").text
        yield door.post(f"{base}/inspect", code="la", cursor="2").text
        yield door.post(f"/l/{lesson}/scratch", code="1", after=cell).text
    yield door.post(f"/l/{lesson}/read", question=f"{cells[1]}-q1", row="0", text="(1, 2)").text


def asks(door, lesson, cell):
    return door.desk.shelf.lesson(lesson).code_cell(cell).prompt is not None


def assert_nothing_told(door, lesson, path):
    secrets = {as_read(text) for text in telling(path)}
    assert len(secrets) > 10
    for body in everything_asked(door, lesson):
        shown = as_read(json.dumps(json.loads(body), ensure_ascii=False) if body.startswith("{") else body)
        shown = as_read(shown.replace("\\n", " ").replace('\\"', '"'))
        told = [secret for secret in secrets if secret in shown]
        assert told == []


def test_our_lesson_tells_nothing_before_a_commit(door):
    assert_nothing_told(door, "nn-module", LESSON)


def test_the_original_notebook_tells_nothing_before_a_commit(door, open_notebook, original_notebook):
    assert_nothing_told(door, open_notebook(str(original_notebook)), original_notebook)


def test_titles_and_goals_that_assert_a_result_are_neutral_until_the_run(door, open_notebook, original_notebook):
    lesson = open_notebook(str(original_notebook))
    titles = {section.title for section in door.desk.shelf.lesson(lesson).sections if section.title_opens_after}
    assert len(titles) >= 1
    page = as_read(door.get(f"/l/{lesson}").text)
    assert [title for title in titles if as_read(title) in page] == []


def test_the_whole_cell_is_shown_once_it_has_run(door, open_notebook, original_notebook):
    lesson = open_notebook(str(original_notebook))
    code = next(code for code in door.desk.shelf.lesson(lesson).code_cells if code.prompt)
    assert as_read(code.source) not in as_read(door.get(f"/l/{lesson}").text)
    door.run(lesson, code.cell)
    assert as_read(code.source) in as_read(door.get(f"/l/{lesson}").text)


@pytest.mark.parametrize("stored", ["text/plain", "image/png", "text/html"])
def test_a_stored_output_is_never_shown(door, open_notebook, tmp_path, stored):
    cell = {
        "cell_type": "code",
        "id": "one",
        "metadata": {},
        "execution_count": 1,
        "source": "1 + 1",
        "outputs": [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {stored: "U1RPUkVE"}}
        ],
    }
    path = tmp_path / "stored.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
    assert "U1RPUkVE" not in door.get(f"/l/{open_notebook(str(path))}").text


def test_a_cell_run_inside_a_prompt_does_not_answer_it(door, open_notebook, original_notebook):
    lesson = open_notebook(str(original_notebook))
    inside, settling = (door.desk.shelf.lesson(lesson).cells[index].id for index in (18, 19))
    door.run(lesson, inside)
    page = as_read(door.get(f"/l/{lesson}").text)
    assert "should collapse" not in page
    assert "should NOT collapse" not in page
    assert "after the cell that settles your prediction has run" in page
    door.run(lesson, settling)
    assert "should NOT collapse" in as_read(door.get(f"/l/{lesson}").text)
