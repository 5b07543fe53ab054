from __future__ import annotations

import ast
from contextlib import nullcontext

import pytest

from foretell.model.run import AssertSeen
from foretell.runtime.inside.asserts import Recorder, Rewriter


def play(source: str, first_line: int = 1) -> tuple[dict, BaseException | None, tuple[AssertSeen, ...]]:
    recorder = Recorder(nullcontext)
    tree = Rewriter(recorder, lambda: source, first_line, lambda: None).visit(ast.parse(source))
    names: dict = {}
    failure = None
    with recorder.reachable():
        try:
            exec(compile(ast.fix_missing_locations(tree), "<cell>", "exec"), names)
        except BaseException as raised:
            failure = raised
    return names, failure, recorder.seen()


def test_both_sides_of_a_comparison_are_told():
    _, failure, seen = play("x = (5, 10)\nassert x == (5, 10)")
    assert failure is None
    assert seen == (
        AssertSeen(line=2, source="x == (5, 10)", passed=True, left="(5, 10)", operator="==", right="(5, 10)"),
    )


def test_an_assert_after_a_failing_one_is_told_as_not_reached():
    _, failure, seen = play("assert 1 < 2\nassert 2 in [3], f'got {2}'\nassert True")
    assert str(failure) == "got 2"
    assert [row.passed for row in seen] == [True, False, None]
    assert (seen[1].left, seen[1].operator, seen[1].right, seen[1].message) == ("2", "in", "[3]", "got 2")


def test_operands_and_message_are_evaluated_once_and_only_when_needed():
    source = (
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x\n"
        "assert f(1) < f(2), f('message')\n"
        "try:\n    assert f(3) > f(4), f('told')\nexcept AssertionError:\n    pass"
    )
    names, failure, _ = play(source)
    assert failure is None
    assert names["calls"] == [1, 2, 3, 4, "told"]


def test_chained_comparisons_and_plain_truths_are_told_by_their_value():
    _, _, seen = play("assert 1 < 2 < 3\nassert not []\nassert all([1])")
    assert [(row.passed, row.left, row.operator) for row in seen] == [(True, "True", "")] * 3


def test_asserts_in_blocks_are_told_and_those_in_functions_and_classes_are_not():
    source = (
        "for i in range(3):\n    if i:\n        assert i < 2\n"
        "def f():\n    assert False\nclass A:\n    assert True\nwith open(__import__('os').devnull):\n    assert 1"
    )
    _, failure, seen = play(source)
    assert isinstance(failure, AssertionError)
    assert [(row.line, row.passed, row.left) for row in seen] == [(3, False, "2"), (9, None, "")]


def test_asserts_above_the_first_line_asked_for_are_left_alone():
    _, _, seen = play("assert 1\nassert 2", first_line=2)
    assert [row.line for row in seen] == [2]


def test_an_exception_while_comparing_is_the_one_python_raises_at_the_same_line():
    _, failure, seen = play("x = 1\nassert x < 'a'")
    assert isinstance(failure, TypeError)
    assert failure.__traceback__.tb_next.tb_lineno == 2
    assert seen[0].passed is None


def test_a_truth_that_cannot_be_decided_fails_the_assert_in_the_learners_frame():
    _, failure, seen = play("class T:\n    def __bool__(self):\n        raise ValueError('ambiguous')\nassert T()")
    assert isinstance(failure, ValueError)
    assert seen[0].passed is False


def test_nothing_is_left_in_the_learners_names():
    names, _, _ = play("assert 1 == 1")
    assert names.keys() == {"__builtins__"}
    assert not [name for name in dir(__builtins__) if "foretell" in name]


def test_a_tuple_that_is_always_true_keeps_pythons_warning():
    source = "assert (1, 'no')"
    tree = Rewriter(Recorder(nullcontext), lambda: source, 1, lambda: None).visit(ast.parse(source))
    with pytest.warns(SyntaxWarning, match="always true"):
        compile(ast.fix_missing_locations(tree), "<cell>", "exec")
