"""Answers to the lesson's tasks that people gave or that were written to be judged, and what comes of them.

Where they are from: the files of `shared/submissions`, and eight sets by people who had not seen the judge. It was then
improved with all of them, so what it does with them says that nothing was lost, and not how it does with others. Three
are left out, which docs/decisions.md explains ("Parameters of one shape"): both weights in one tensor, which is refused, and
twice a square weight that is not transposed, which is called right.
"""

from __future__ import annotations

import ast
import asyncio
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from foretell.check import task_named
from foretell.judge.behaviour import AS_DECLARED, Layout
from foretell.judge.diagnose import Answered, Asked, is_right, name_of
from foretell.model.lesson import Lesson
from foretell.judge.layouts import best_look, other_layouts
from foretell.panel import Panel, answered
from foretell.runtime.host import Host
from foretell.wiring import check_sessions
from forgetful import Forgetful

FOLDER = Path(__file__).parent / "answers"
TASKS = ("TwoLayerNet", "sequential_model", "ResidualBlock", "collapse")
RIGHT, NEW = "right", "-"
PLACE = 0
# Of the wrong answers every second one is judged in a run of the tests; with FORETELL_ALL_ANSWERS=1 each of them is.
EVERY = 1 if os.environ.get("FORETELL_ALL_ANSWERS") else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`belief` is "right", the id of a misconception, or "-" for a belief that the catalogue does not have.

    `others` are ids that whoever wrote the answer would accept as well.
    """

    slug: str
    belief: str
    others: tuple[str, ...] = ()
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Judged:
    """What a task asks, its wrong examples as they showed themselves, the answers; `again`: looks in other layouts.

    Without a repr: asyncio asks for that of what a task gives when it sets a signal, and this one takes a minute.
    """

    asked: Asked
    examples: tuple[tuple[str, Answered], ...]
    answers: tuple[tuple[Answer, Answered], ...]
    again: dict[str, list[tuple[Answered, Asked]]]
    names: dict[str, str | None]

    def is_right(self, own: Answered) -> bool:
        return is_right(own, self.asked) or any(is_right(*one) for one in self.again.get(own.source, ()))


def read_answers(task: str) -> list[Answer]:
    parts = re.split(r"^#### (\S+) (\S+)\n", (FOLDER / f"{task}.txt").read_text(), flags=re.MULTILINE)
    return [
        Answer(slug=slug, belief=names.partition("|")[0], others=tuple(names.split("|")[1:]), source=code)
        for slug, names, code in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    ]


def some(answers: Sequence[Answer]) -> list[Answer]:
    """All right answers, and so many of the wrong ones."""
    return [one for one in answers if one.belief == RIGHT] + [one for one in answers if one.belief != RIGHT][::EVERY]


def reworded(answer: Answer) -> Answer:
    """The same program, laid out by Python itself: no comments, other line breaks, other quotes."""
    return replace(answer, slug=f"{answer.slug} reworded", source=ast.unparse(ast.parse(answer.source)))


def renamed(answer: Answer) -> Answer:
    """The same program with other names for what stands on `self`."""
    tree = ast.parse(answer.source)
    stored = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and getattr(node.value, "id", "") == "self"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in stored and getattr(node.value, "id", "") == "self":
            node.attr = f"part_{node.attr}"
    return replace(answer, slug=f"{answer.slug} renamed", source=ast.unparse(tree))


def reordered(answer: Answer) -> Answer:
    """The same program with plain assignments of layers to `self` in the reverse order, where they do not depend."""
    tree = ast.parse(answer.source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            places = [place for place, one in enumerate(node.body) if _makes_layer(one)]
            kept = [node.body[place] for place in places]
            for place, one in zip(places, reversed(kept), strict=True):
                node.body[place] = one
    return replace(answer, slug=f"{answer.slug} reordered", source=ast.unparse(tree))


def _makes_layer(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    return ast.unparse(node.value.func) in {"nn.Linear", "nn.ReLU"} and not any(
        isinstance(one, ast.Name) and one.id == "self" for one in ast.walk(node.value)
    )


async def look_at(panel: Panel, answers: Sequence[Answer], layout: Layout = AS_DECLARED) -> list[Answered]:
    """What each answer shows."""
    shown = await panel.show([one.source for one in answers], panel.plan(PLACE, layout))
    return [answered(one.source, each) for one, each in zip(answers, shown, strict=True)]


async def look_again(panel: Panel, judged: Judged) -> Judged:
    """As `check` does it: where parameters may be laid out otherwise, look in each such layout."""
    asked = judged.asked
    doubtful: dict[Layout, list[Answer]] = defaultdict(list)
    for one, own in judged.answers:
        for layout in other_layouts(own.behaviour, asked.reference, asked.probing):
            doubtful[layout].append(one)
    again: dict[str, list[tuple[Answered, Asked]]] = defaultdict(list)
    for layout, ones in doubtful.items():
        other = await panel.asked(panel.plan(PLACE, layout))
        for own in await look_at(panel, ones, layout):
            again[own.source].append((own, other))
    catalogue = panel.lesson.misconceptions
    wrong = [*(own for one, own in judged.answers if one.belief != RIGHT), *(own for _, own in judged.examples)]
    looks = {own.source: best_look([(own, asked), *again[own.source]]) for own in wrong}
    names = {source: name_of(*look, judged.examples, catalogue) for source, look in looks.items()}
    return replace(judged, again=again, names=names)


async def judge_all(host: Host, lesson: Lesson, more: dict[str, Sequence[Answer]]) -> dict[str, Judged]:
    """Put every answer and every wrong example of the lesson through one set of probes, all tasks at once."""
    answers = {task: [*some(read_answers(task)), *more.get(task, ())] for task in TASKS}
    found = await asyncio.gather(*(judge(host, lesson, task, answers[task]) for task in TASKS))
    return dict(zip(TASKS, found, strict=True))


async def judge(host: Host, lesson: Lesson, task: str, answers: Sequence[Answer]) -> Judged:
    """Put answers to one task, and its wrong examples, through one set of probes."""
    code = task_named(lesson, task)
    assert code.task is not None
    panel = Panel(lesson, code, check_sessions(host, lesson), Forgetful())
    await panel.open()
    try:
        judged = Judged(
            asked=await panel.asked(panel.plan(PLACE)),
            examples=await panel.examples(PLACE),
            answers=tuple(zip(answers, await look_at(panel, answers), strict=True)),
            again={},
            names={},
        )
        return await look_again(panel, judged)
    finally:
        await panel.close()
