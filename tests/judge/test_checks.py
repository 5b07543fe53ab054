import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.checks import checks_in_words, heading
from foretell.model.run import AssertSeen, Failure


def seen(source, passed, left="", operator="", right="", message=""):
    return AssertSeen(line=1, source=source, passed=passed, left=left, operator=operator, right=right, message=message)


def words(source, passed, *sides, message="", failure=None):
    (check,) = checks_in_words([seen(source, passed, *sides, message=message)], failure)
    return check


@pytest.mark.parametrize(
    ("source", "passed", "sides", "says"),
    [
        ("out.shape == (5, 1)", True, ("(5, 1)", "==", "(5, 1)"), "`out.shape` is `(5, 1)`"),
        ("out.shape == (5, 1)", False, ("(5, 10)", "==", "(5, 1)"), "`out.shape` should be `(5, 1)`; it is `(5, 10)`"),
        ("n == m", True, ("385", "==", "385"), "`n` equals `m`"),
        ("n == m", False, ("0", "==", "385"), "`n` should equal `m`, which is `385`; it is `0`"),
        ("n != m", False, ("3", "!=", "3"), "`n` should differ from `m`; both are `3`"),
        ("loss < 0.5", True, ("0.4", "<", "0.5"), "`loss` is less than `0.5`"),
        ("loss < 0.5", False, ("0.71", "<", "0.5"), "`loss` should be less than `0.5`; it is `0.71`"),
        ("a >= b", False, ("1", ">=", "2"), "`a` should be at least `b`, which is `2`; it is `1`"),
        ("a > b", False, ("2", ">", "2"), "`a` should be more than `b`; both are `2`"),
        ("'fc1' in names", False, ("'fc1'", "in", "[]"), "`'fc1'` should be in `names`, which is `[]`"),
        ("x is None", False, ("3", "is", "None"), "`x` should be `None`; it is `3`"),
        ("x is not None", True, ("3", "is not", "None"), "`x` is not `None`"),
        ("x is not None", False, ("None", "is not", "None"), "`x` should not be `None`; both are `None`"),
        ("match", True, ("True",), "`match` is True"),
        ("match", False, ("False",), "`match` should be true; it is `False`"),
        ("items", False, ("[]",), "`items` should be true; it is `[]`"),
        ("not broken", True, ("True",), "`broken` is false"),
        ("not broken", False, ("False",), "`broken` should be false; it is true"),
        ("torch.allclose(a, b, atol=1e-6)", True, ("True",), "`a` and `b` are equal up to rounding"),
        ("torch.allclose(a, b)", False, ("False",), "`a` and `b` should be equal up to rounding; they are not"),
        ("torch.equal(a, b)", False, ("False",), "`a` and `b` should be equal; they are not"),
        ("isinstance(m, nn.Linear)", False, ("False",), "`m` should be of type `nn.Linear`; it is not"),
        ("hasattr(model, 'fc1')", False, ("False",), "`model` should have `fc1`; it does not"),
        ("0 < x < 1", False, ("False",), "`0 < x < 1` should hold; it does not"),
        ("a and b", True, ("True",), "`a and b` holds"),
    ],
)
def test_a_check_says_what_it_is_about(source, passed, sides, says):
    check = words(source, passed, *sides)
    assert (check.says, check.ok) == (says, passed)


def test_the_evidence_is_the_values_that_the_sentence_does_not_hold():
    assert words("n == m", True, "385", "==", "385").evidence == "With values: 385 == 385."
    failed = words("n == m", False, "0", "==", "385")
    assert (failed.says, failed.evidence) == ("`n` should equal `m`, which is `385`; it is `0`", "")
    assert words("match", False, "False").evidence == ""


def test_an_authors_message_is_added_where_it_says_more():
    assert words("match", False, "False", message="Outputs should match").evidence == (
        "The author's note: Outputs should match"
    )
    assert words("match", False, "False", message="match").evidence == ""
    expected = "Expected output shape (5, 1), got torch.Size([5, 10])"
    assert words("out.shape == s", False, "(5, 10)", "==", "(5, 1)", message=expected).evidence == ""
    assert "Outputs" not in words("match", True, "True", message="Outputs should match").evidence


def test_a_check_that_was_not_reached_says_what_came_before():
    failure = Failure(kind="AttributeError", message="'Net' has no attribute 'fc1'", line=3)
    check = words("out.shape == (5, 1)", None, failure=failure)
    assert (check.says, check.ok) == ("Not reached: `out.shape == (5, 1)`", None)
    assert check.evidence == "The cell stopped before it in line 3 (AttributeError: 'Net' has no attribute 'fc1')."
    after = words("x", None, failure=Failure(kind="AssertionError", message=""))
    assert after.evidence == "The cell stopped at a check that did not hold."
    assert words("x", None).evidence == "The cell ended before it."
    crashed = Failure(kind="crash", message="Python crashed while your cell ran. It has been started again.")
    assert words("x", None, failure=crashed).evidence == "Python crashed before it."


def test_why_the_rest_was_not_reached_is_said_once():
    failure = Failure(kind="NameError", message="name 'F' is not defined", line=8)
    first, second = checks_in_words([seen("a", None), seen("b", None)], failure)
    assert first.evidence == "The cell stopped before it in line 8 (NameError: name 'F' is not defined)."
    assert (second.says, second.evidence) == ("Not reached: `b`", "")


def test_a_statement_over_several_lines_becomes_one_line():
    assert (
        words("out.shape == (\n    5,\n    1,\n)", True, "(5, 1)", "==", "(5, 1)").says == "`out.shape` is `( 5, 1, )`"
    )


def test_the_heading_counts():
    right, wrong, missed = seen("a", True), seen("b", False, "0"), seen("c", None)
    assert heading(checks_in_words([right, wrong, right], None)) == "2 of 3 checks pass"
    assert heading(checks_in_words([right, wrong, missed], None)) == "1 of 3 checks pass, 1 not reached"
    assert heading(checks_in_words([wrong], None)) == "0 of 1 check passes"
    assert heading(checks_in_words([missed, missed], None)) == "None of the 2 checks was reached"
    assert heading(checks_in_words([missed], None)) == "The check was not reached"
    assert heading(()) == "No checks"


short = st.text(max_size=12)
operators = st.sampled_from(["", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "?"])
asserts = st.builds(
    AssertSeen,
    line=st.integers(1, 9),
    source=short | st.sampled_from(["a == b", "not x", "f(x, y)", "(", "a < b < c", "x" * 500, "`a`"]),
    passed=st.sampled_from([True, False, None]),
    left=short,
    operator=operators,
    right=short,
    message=short,
)
failures = st.none() | st.builds(Failure, kind=short, message=short, line=st.none() | st.integers(1, 9))


@given(st.lists(asserts, max_size=3), failures)
def test_no_check_is_a_bare_pass_or_fail(statements, failure):
    checks = checks_in_words(statements, failure)
    assert len(checks) == len(statements)
    for place, check in enumerate(checks):
        assert check.says
        assert check.says.replace("`", "").strip() != statements[place].source.strip()
        assert "\n" not in check.says + check.evidence


def test_every_comparison_of_python_has_words():
    sources = ["a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b", "a in b", "a not in b", "a is b", "a is not b"]
    for source in sources:
        operator = source.removeprefix("a ").removesuffix(" b")
        assert isinstance(ast.parse(source, mode="eval").body, ast.Compare)
        assert words(source, False, "1", operator, "2").says.startswith("`a` should")
