"""The signs in the catalogue are facts that the judge can state: a typing error in one would silence it for ever."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from foretell import judge
from foretell.judge.diagnose import IMITATES, NOT
from foretell.model.lesson import Lesson
from foretell.model.run import FailureKind


def patterns() -> list[re.Pattern[str]]:
    """Every text in the judge's rooms of facts, with a gap for what is filled in."""
    found: set[str] = set()
    for name in ("source", "nodes", "classes", "flows", "shown", "figures", "diagnose"):
        tree = ast.parse((Path(judge.__file__).parent / f"{name}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.escape(node.value.removeprefix("source: ")))
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                found.add("".join(parts))
    return [re.compile(text) for text in found if re.sub(r"\\|\.\+", "", text).strip()]


def test_every_sign_is_a_fact_that_can_be_stated(lesson: Lesson) -> None:
    known = patterns()
    for one in lesson.misconceptions:
        for fact in {fact.removeprefix(NOT) for sign in one.signs for fact in sign} - {IMITATES}:
            sort, _, text = fact.partition(": ")
            assert sort in {"source", "shows", "stopped"}, (one.id, fact)
            if sort == "stopped":
                assert text in set(FailureKind), (one.id, fact)
            else:
                assert any(pattern.fullmatch(text) for pattern in known), (one.id, fact)


def test_a_sign_says_something_that_is_there(lesson: Lesson) -> None:
    for one in lesson.misconceptions:
        for sign in one.signs:
            assert any(not fact.startswith(NOT) for fact in sign), (one.id, sign)


def test_every_sign_of_the_lesson_is_explained_in_the_docs(lesson: Lesson) -> None:
    said = (Path(judge.__file__).parents[3] / "docs" / "signs.md").read_text()
    facts = [re.compile(re.escape(" ".join(one.split())).replace("…", ".+")) for one in re.findall(r"`([^`]+)`", said)]
    for one in lesson.misconceptions:
        for fact in {fact.removeprefix(NOT) for sign in one.signs for fact in sign} - {IMITATES}:
            text = fact if fact.startswith("stopped") else fact.partition(": ")[2]
            assert any(each.fullmatch(text) for each in facts), (one.id, fact)
