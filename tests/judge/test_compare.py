import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.answer import read_answer
from foretell.judge.compare import compare
from foretell.model.attempt import Prediction, Reading, Verdict
from foretell.model.lesson import AnswerKind, Question, Tolerance
from foretell.model.run import Observation


def ask(kind, *, target="x", rows=(), choices=(), tolerance=None):
    tolerance = tolerance or Tolerance()
    return Question(
        id="q", ask="?", kind=AnswerKind(kind), target=target, rows=rows, choices=choices, tolerance=tolerance
    )


def predict(question, *texts):
    readings = tuple(read_answer(text, question) for text in texts)
    return Prediction(question="q", ask="?", texts=texts, readings=readings, confidence=80)


def seen(type_, value=None, text=None):
    return Observation(type=type_, value=value, text=str(value) if text is None else text)


def shape(*sizes):
    return seen("shape", list(sizes), str(sizes))


def number(value):
    return seen("number", value)


def judge(question, text, *observations):
    texts = (text,) if isinstance(text, str) else text
    return compare(predict(question, *texts), question, observations)


def test_a_right_shape_says_so():
    judgement = judge(ask("shape"), "5x10", shape(5, 10))
    assert (judgement.verdict, judgement.observed) == (Verdict.RIGHT, "(5, 10)")
    assert judgement.difference == "you said (5, 10), and it was"


def test_a_transposed_shape_is_wrong_and_says_both():
    judgement = judge(ask("shape"), "(10, 5)", shape(5, 10))
    assert judgement.verdict is Verdict.WRONG
    assert judgement.difference == "you said (10, 5); it was (5, 10)"


@pytest.mark.parametrize(
    ("said", "was", "verdict"),
    [
        ("(5,)", (5, 1), Verdict.NEAR),
        ("(1, 5, 10)", (5, 10), Verdict.NEAR),
        ("(1, 5)", (5, 1), Verdict.WRONG),
        ("()", (1,), Verdict.NEAR),
        ("()", (), Verdict.RIGHT),
        ("(5,)", (5, 2), Verdict.WRONG),
    ],
)
def test_a_shape_with_an_axis_of_one_too_many_is_near(said, was, verdict):
    assert judge(ask("shape"), said, shape(*was)).verdict is verdict


@pytest.mark.parametrize(
    "observation",
    [
        seen("sequence", [5, 10], "[5, 10]"),
        seen("tensor", {"shape": [5, 10], "dtype": "float32"}, "tensor of shape (5, 10)"),
        shape(5, 10),
    ],
)
def test_whatever_has_a_shape_can_settle_one(observation):
    assert judge(ask("shape"), "5, 10", observation).verdict is Verdict.RIGHT


def test_one_whole_number_is_a_shape_of_one_axis():
    assert judge(ask("shape"), "5", number(5)).verdict is Verdict.RIGHT


@pytest.mark.parametrize(
    ("said", "was", "verdict"),
    [
        ("55", 55, Verdict.RIGHT),
        ("10*5+5", 55, Verdict.RIGHT),
        ("55.0", 55, Verdict.RIGHT),
        ("54", 55, Verdict.NEAR),
        ("50", 55, Verdict.WRONG),
        ("100,000", 100_480, Verdict.NEAR),
        ("100k", 110_000, Verdict.WRONG),
        ("0", 0, Verdict.RIGHT),
        ("1", 0, Verdict.WRONG),
        ("0.1", 0.10000000149011612, Verdict.RIGHT),
        ("0.33", 0.333333, Verdict.NEAR),
        ("0.3", 0.333333, Verdict.WRONG),
        ("-2", 2, Verdict.WRONG),
        ("1e300", 10**400, Verdict.WRONG),
    ],
)
def test_counts_are_exact_and_floats_are_exact_up_to_rounding(said, was, verdict):
    assert judge(ask("number"), said, number(was)).verdict is verdict


def test_a_tolerance_widens_what_is_right_and_ten_of_them_are_near():
    question = ask("number", tolerance=Tolerance(absolute=0.01))
    assert judge(question, "0.51", number(0.5)).verdict is Verdict.RIGHT
    assert judge(question, "0.6", number(0.5)).verdict is Verdict.NEAR
    assert judge(question, "0.61", number(0.5)).verdict is Verdict.WRONG
    assert judge(ask("number", tolerance=Tolerance(relative=0.1)), "110", number(100)).verdict is Verdict.RIGHT


def test_a_number_that_is_not_finite_is_never_right():
    judgement = judge(ask("number"), "5", number("nan"))
    assert (judgement.verdict, judgement.difference) == (Verdict.WRONG, "you said 5; it was nan")


def test_a_number_that_only_has_words_is_not_the_one_that_was_said():
    judgement = judge(ask("number"), "5", seen("number", None, "an integer of 9,000 bits"))
    assert (judgement.verdict, judgement.difference) == (Verdict.WRONG, "you said 5; it was an integer of 9,000 bits")


def test_a_number_too_long_to_write_out_is_compared_all_the_same():
    judgement = judge(ask("number"), "5", seen("number", 10**5000, "1e5000"))
    assert (judgement.verdict, judgement.difference) == (Verdict.WRONG, "you said 5; it was 1e5000")


def test_a_difference_names_the_number_as_it_was_understood():
    assert judge(ask("number"), "784*100", number(100480)).difference == "you said 78,400; it was 100,480"


def test_a_yes_is_compared_with_a_bool_alone():
    assert judge(ask("yes-no"), "y", seen("bool", True)).verdict is Verdict.RIGHT
    missed = judge(ask("yes-no"), "yes", seen("bool", False))
    assert (missed.verdict, missed.difference) == (Verdict.WRONG, "you said yes; it was no")
    foreign = judge(ask("yes-no"), "yes", number(3))
    assert foreign.verdict is Verdict.UNKNOWN
    assert foreign.difference.endswith("it could not be compared: it was 3, which is not true or false")


def test_a_dtype_is_compared_by_name():
    assert judge(ask("dtype"), "float", seen("dtype", "float32")).verdict is Verdict.RIGHT
    assert judge(ask("dtype"), "float", seen("text", "torch.float32")).verdict is Verdict.RIGHT
    assert judge(ask("dtype"), "float", seen("dtype", "int64")).verdict is Verdict.WRONG
    assert judge(ask("dtype"), "float", seen("text", "hello")).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("said", "observation", "verdict"),
    [
        ("RuntimeError", seen("failure", "RuntimeError", "mat1 and mat2"), Verdict.RIGHT),
        ("no error", shape(5, 1), Verdict.RIGHT),
        ("RuntimeError", shape(5, 1), Verdict.WRONG),
        ("no error", seen("failure", "RuntimeError"), Verdict.WRONG),
        ("LookupError", seen("failure", "KeyError"), Verdict.NEAR),
        ("KeyError", seen("failure", "LookupError"), Verdict.NEAR),
        ("Exception", seen("failure", "KeyError"), Verdict.WRONG),
        ("TypeError", seen("failure", "ValueError"), Verdict.WRONG),
        ("ShapeError", seen("failure", "ValueError"), Verdict.WRONG),
        ("OutOfMemoryError", seen("failure", "torch.OutOfMemoryError"), Verdict.RIGHT),
    ],
)
def test_an_error_is_compared_with_what_was_raised(said, observation, verdict):
    assert judge(ask("error"), said, observation).verdict is verdict


def test_printed_text_is_compared_without_regard_to_spacing():
    question = ask("printed")
    observation = seen("text", "Shape:  (5, 10)\n")
    assert judge(question, "Shape: (5, 10)", observation).verdict is Verdict.RIGHT
    assert judge(question, "shape (5,10)", observation).verdict is Verdict.NEAR
    assert judge(question, "Shape: (51, 0)", observation).verdict is Verdict.WRONG
    assert judge(question, "-1", seen("text", "1")).verdict is Verdict.WRONG
    assert judge(question, "x", observation).difference == "you said “x”; it was “Shape: (5, 10)”"


@pytest.mark.parametrize(
    ("observation", "choices"),
    [
        (seen("text", "it grows"), ("it shrinks", "It grows")),
        (seen("bool", False), ("yes", "no")),
        (number(100480), ("55", "100,480")),
        (shape(5, 1), ("(5,)", "torch.Size([5, 1])")),
        (seen("dtype", "float32"), ("int64", "float32")),
    ],
)
def test_a_choice_is_settled_by_any_value_it_says(observation, choices):
    question = ask("choice", choices=choices)
    assert judge(question, "b", observation).verdict is Verdict.RIGHT
    assert judge(question, "a", observation).verdict is Verdict.WRONG


def test_a_missed_choice_and_dtype_are_told_in_words():
    question = ask(AnswerKind.CHOICE, choices=("equal", "the fourth is larger"))
    missed = judge(question, "equal", seen("text", "the fourth is larger"))
    assert missed.difference == "you said “equal”; it was “the fourth is larger”"
    assert judge(ask(AnswerKind.DTYPE), "float64", seen("dtype", "torch.float32")).difference.endswith("it was float32")


def test_a_value_that_no_choice_says_settles_nothing():
    judgement = judge(ask("choice", choices=("1", "2")), "1", number(7))
    assert judgement.verdict is Verdict.UNKNOWN
    assert "it was 7, which is not one of the choices" in judgement.difference


def test_an_order_is_compared_as_a_whole():
    question = ask("order", choices=("x", "y", "z"))
    assert judge(question, "b, a, c", seen("sequence", ["y", "x", "z"])).verdict is Verdict.RIGHT
    missed = judge(question, "x y z", seen("sequence", ["y", "x", "z"]))
    assert (missed.verdict, missed.difference) == (Verdict.WRONG, "you said x, y, z; it was y, x, z")
    assert judge(question, "x y z", seen("sequence", ["y", "x"])).verdict is Verdict.UNKNOWN


def test_a_question_without_a_target_is_left_to_the_learner():
    judgement = judge(ask("shape", target=None), "5, 10")
    assert judgement.verdict is Verdict.SELF
    assert judgement.difference == "you said (5, 10); compare it with the output"


def test_open_text_is_never_judged_even_with_a_value_at_hand():
    judgement = judge(ask("open"), "it is halved", seen("text", "it is halved"))
    assert (judgement.verdict, judgement.observed) == (Verdict.SELF, "it is halved")


@pytest.mark.parametrize(
    ("observations", "reason"),
    [
        ([], "the run did not get that far"),
        ([None], "the run did not get that far"),
        ([seen("other", None, "")], "the run did not get that far"),
        ([seen("failure", "NameError", "NameError: no x")], "looking at the value raised NameError: no x"),
        ([seen("module", None, "Linear(10, 5)")], "it was Linear(10, 5), which is not a shape"),
    ],
)
def test_what_cannot_be_compared_is_unknown_with_the_reason(observations, reason):
    judgement = judge(ask("shape"), "5", *observations)
    assert judgement.verdict is Verdict.UNKNOWN
    assert reason in judgement.difference


def test_an_error_that_was_never_looked_for_is_unknown():
    assert judge(ask("error"), "no error").verdict is Verdict.UNKNOWN
    assert judge(ask("error"), "no error", seen("other", None, "")).verdict is Verdict.UNKNOWN


ROWS = ("(784, 128)", "(10, 5)", "(3, 1)")


def test_rows_are_compared_one_by_one():
    question = ask("number", rows=ROWS)
    right = judge(question, ("100,480", "55", "4"), number(100480), number(55), number(4))
    assert (right.verdict, right.difference) == (Verdict.RIGHT, "all 3 rows match")
    assert right.observed == "100,480\n55\n4"
    wrong = judge(question, ("100,352", "55", "3"), number(100480), number(55), number(4))
    assert wrong.verdict is Verdict.WRONG
    assert wrong.difference == (
        "1 of 3 rows match · row (784, 128): you said 100,352; it was 100,480 · row (3, 1): you said 3; it was 4"
    )


def test_only_the_first_rows_that_differ_are_told():
    judgement = judge(ask("number", rows=ROWS), ("1", "1", "1"), number(100480), number(55), number(4))
    assert judgement.difference.endswith("and 1 more")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("100,480", "55", "4"), Verdict.RIGHT),
        (("100,480", "54", "4"), Verdict.NEAR),
        (("1", "54", "4"), Verdict.WRONG),
    ],
)
def test_rows_together_are_as_good_as_the_worst(texts, verdict):
    assert judge(ask("number", rows=ROWS), texts, number(100480), number(55), number(4)).verdict is verdict


def test_a_row_without_a_value_makes_the_whole_unknown_unless_another_is_wrong():
    question = ask("number", rows=ROWS)
    assert judge(question, ("100,480", "55", "4"), number(100480), None, number(4)).verdict is Verdict.UNKNOWN
    assert judge(question, ("100,480", "55", "4"), number(100480), number(55)).verdict is Verdict.UNKNOWN
    assert judge(question, ("1", "55", "4"), number(100480), None, number(4)).verdict is Verdict.WRONG


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(10**400)
json = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner))
tensor = st.fixed_dictionaries({"shape": json, "dtype": json, "values": json})
types = st.sampled_from(["none", "bool", "number", "text", "shape", "dtype", "sequence", "tensor", "other", "failure"])
observations = st.builds(Observation, type=types, text=st.text(max_size=9), value=json | tensor)
values = st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
values |= st.lists(st.integers(0, 99), max_size=3).map(tuple) | st.lists(st.text(max_size=3), max_size=3).map(tuple)
readings = st.builds(Reading, kind=st.sampled_from(AnswerKind), value=values, echo=st.text(max_size=9))
questions = st.builds(
    Question,
    id=st.just("q"),
    ask=st.just("?"),
    kind=st.sampled_from(AnswerKind),
    target=st.sampled_from([None, "x"]),
    choices=st.lists(st.text(max_size=4), max_size=3).map(tuple),
    rows=st.lists(st.text(max_size=4), max_size=3).map(tuple),
    tolerance=st.builds(Tolerance, absolute=st.floats(), relative=st.floats()),
)


@given(st.lists(readings, max_size=3), questions, st.lists(observations | st.none(), max_size=3))
def test_comparing_never_raises_and_is_right_only_about_values(said, question, shown):
    prediction = Prediction(question="q", ask="?", texts=(), readings=tuple(said), confidence=50)
    judgement = compare(prediction, question, shown)
    assert "\n" not in judgement.difference
    if judgement.verdict is Verdict.RIGHT:
        assert any(one is not None for one in shown)


@pytest.mark.parametrize("said", ["1 2\n3 4.5", "[[1, 2], [3, 4.5]]", "1.0 2.0 | 3 4.50"])
def test_a_table_is_compared_entry_by_entry_however_it_is_bracketed(said):
    rows = [[1.0, 2.0], [3.0, 4.5]]
    tensor = seen("tensor", {"shape": [2, 2], "dtype": "float64", "values": rows}, "array([[1. , 2. ], [3. , 4.5]])")
    for observation in (tensor, seen("sequence", rows)):
        assert judge(ask("table"), said, observation).verdict is Verdict.RIGHT
        assert judge(ask("table"), said.replace("3", "7"), observation).verdict is Verdict.WRONG
