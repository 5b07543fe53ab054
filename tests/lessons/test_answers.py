"""The lesson's tasks, judged: right answers however they are written, wrong ones by their beliefs, none by a wrong name."""

from __future__ import annotations

import ast

import pytest

from answers import NEW, RIGHT, TASKS, Answer, Judged, judge_all, read_answers, renamed, reordered, reworded, some
from foretell.judge.diagnose import is_right, name_of
from foretell.model.lesson import Lesson
from foretell.runtime.host import Host

# They name attributes in texts, or depend on the order of attributes, or have attributes of several classes.
FRAGILE = ("getattr", "setattr", "register_", "deepcopy", "children", "modules()", "parameters()")
A_FEW = 8
ENDED = ("memory-blowup", "never-terminates")


def rewritten(task: str) -> list[Answer]:
    """Some of the answers, rewritten: every eighth wrong one and every fourth right one."""
    answers = [one for one in read_answers(task) if is_python(one.source)]
    right = [one for one in answers if one.belief == RIGHT][:: A_FEW // 2]
    chosen = {one.slug for one in some(read_answers(task))}
    plain = [one for one in right if one.source.count("class ") == 1 and not any(w in one.source for w in FRAGILE)]
    # How a limit ends code depends on what else its session holds, and here one session judges many.
    wrong = [one for one in answers if one.slug in chosen and one.belief not in {RIGHT, *ENDED}][:: A_FEW // 2]
    return [*map(reworded, (*right, *wrong)), *map(renamed, plain), *map(reordered, plain)]


def is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


@pytest.fixture(scope="module")
async def judged(checking_host: Host, lesson: Lesson) -> dict[str, Judged]:
    return await judge_all(checking_host, lesson, {task: rewritten(task) for task in TASKS})


@pytest.mark.parametrize("task", TASKS)
def test_a_right_answer_is_right_however_it_is_written(judged: dict[str, Judged], task: str) -> None:
    refused = [one.slug for one, own in judged[task].answers if one.belief == RIGHT and not judged[task].is_right(own)]
    assert refused == []


@pytest.mark.parametrize("task", TASKS)
def test_a_wrong_answer_is_never_called_right(judged: dict[str, Judged], task: str) -> None:
    accepted = [one.slug for one, own in judged[task].answers if one.belief != RIGHT and judged[task].is_right(own)]
    assert accepted == []


@pytest.mark.parametrize("task", TASKS)
def test_no_wrong_answer_is_given_the_name_of_another_belief(
    judged: dict[str, Judged], lesson: Lesson, task: str
) -> None:
    misnamed = {}
    for one, own in judged[task].answers:
        name = judged[task].names[own.source] if one.belief != RIGHT else None
        if name not in {None, one.belief, *one.others}:
            misnamed[one.slug] = (one.belief, name)
    assert len(misnamed) <= 0.01 * len(judged[task].answers), misnamed


def test_wrong_answers_are_named_but_for_one_in_twenty(judged: dict[str, Judged], lesson: Lesson) -> None:
    known = [
        judged[task].names[own.source] in {one.belief, *one.others}
        for task in TASKS
        for one, own in judged[task].answers
        if one.belief not in {RIGHT, NEW}
    ]
    assert sum(known) >= 0.95 * len(known), f"{sum(known)} of {len(known)}"


@pytest.mark.parametrize("task", TASKS)
def test_a_diagnosis_does_not_depend_on_how_the_code_is_laid_out(
    judged: dict[str, Judged], lesson: Lesson, task: str
) -> None:
    by_slug = {one.slug: judged[task].names[own.source] for one, own in judged[task].answers if one.belief != RIGHT}
    pairs = {slug.removesuffix(" reworded"): name for slug, name in by_slug.items() if slug.endswith(" reworded")}
    others = {slug: (name, by_slug[slug]) for slug, name in pairs.items() if name != by_slug[slug]}
    assert pairs
    assert others == {}


@pytest.mark.parametrize("task", TASKS)
def test_without_the_examples_of_its_belief_an_answer_gets_no_other_name(
    judged: dict[str, Judged], lesson: Lesson, task: str
) -> None:
    misnamed = {}
    for one, own in judged[task].answers:
        if one.belief in {RIGHT, NEW} or one.slug.endswith("reworded"):
            continue
        examples = [pair for pair in judged[task].examples if pair[0] != one.belief]
        catalogue = [each for each in lesson.misconceptions if each.id != one.belief]
        name = name_of(own, judged[task].asked, examples, catalogue)
        if name not in {None, *one.others}:
            misnamed[one.slug] = (one.belief, name)
    assert len(misnamed) <= 0.02 * len(judged[task].answers), misnamed


@pytest.mark.parametrize("task", TASKS)
def test_each_wrong_example_is_diagnosed_as_itself_and_only_itself(
    judged: dict[str, Judged], lesson: Lesson, task: str
) -> None:
    others = []
    for belief, own in judged[task].examples:
        assert not is_right(own, judged[task].asked), (belief, own.source)
        is_endless = own.failure is not None and belief in ENDED
        name = judged[task].names[own.source]
        if name != belief and not is_endless:
            others.append((belief, name, own.source))
    assert others == []
