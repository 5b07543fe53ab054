import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from foretell.errors import AnswerError
from foretell.judge.answer import confidence_stops, read_answer
from foretell.model.lesson import AnswerKind, Question

WITH_CHOICES = {AnswerKind.CHOICE, AnswerKind.ORDER}


def question(kind, choices=("Smaller", "bigger", "the same")):
    kind = AnswerKind(kind)
    return Question(id="q", ask="?", kind=kind, choices=choices if kind in WITH_CHOICES else ())


def value(text, kind):
    return read_answer(text, question(kind)).value


def refusal(text, kind):
    with pytest.raises(AnswerError) as caught:
        read_answer(text, question(kind))
    return str(caught.value)


# What learners type, glued together at random: far likelier to be nearly right than plain random text.
MARKS = [*"()[]{},.;:x×*+-−/^%~=_'\"` \n\t0123456789kMeE∞²５，"]
WORDS = (
    """torch.Size( 100 ,480 nan inf yes no float 32 RuntimeError no_error error Smaller bigger the_same -> > a b c"""
)
near_answers = st.lists(st.sampled_from(MARKS + [word.replace("_", " ") for word in WORDS.split()]), max_size=14).map(
    "".join
)
any_text = st.text(max_size=60) | near_answers | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Nd"]), max_size=9)


@given(any_text, st.sampled_from(AnswerKind))
@example("9**9**9**9", AnswerKind.NUMBER)
@example("(" * 110, AnswerKind.NUMBER)
@example("-" * 110 + "1", AnswerKind.NUMBER)
@example("1e999999", AnswerKind.NUMBER)
@example("0x", AnswerKind.NUMBER)
@example("١٠", AnswerKind.SHAPE)
def test_reading_raises_nothing_but_an_answer_error_and_an_echo_reads_as_itself(text, kind):
    try:
        reading = read_answer(text, question(kind))
    except AnswerError:
        return
    assert reading.kind is kind
    assert read_answer(reading.echo, question(kind)) == reading


@given(any_text, st.lists(st.text(max_size=8), max_size=5), st.sampled_from(sorted(WITH_CHOICES)))
def test_odd_choices_make_nothing_but_an_answer_error(text, choices, kind):
    try:
        reading = read_answer(text, question(kind, tuple(choices)))
    except AnswerError:
        return
    chosen = [reading.value] if kind is AnswerKind.CHOICE else list(reading.value)
    assert all(choice in choices for choice in chosen)


@pytest.mark.parametrize("kind", AnswerKind)
def test_an_empty_answer_is_refused_with_a_remedy(kind):
    assert refusal(" \u200b\n", kind) == "Nothing is written here; write an answer, or run without predicting."


def test_an_overlong_answer_is_refused_and_an_open_one_may_be_longer():
    assert refusal("5" * 501, "number") == "This answer has 501 characters; write at most 500."
    assert value("why " * 900, "open").startswith("why why")
    assert "at most 4000" in refusal("x" * 4001, "open")


def test_text_keeps_its_lines_and_loses_control_characters():
    assert value(" a\r\n\x1b[31mb\x00 \u202e", "printed") == "a\n[31mb"


def test_a_message_quotes_a_long_answer_short():
    assert len(refusal("word " * 90, "shape")) < 120


@pytest.mark.parametrize(
    ("kind", "choices", "percents"),
    [
        ("open", (), [20, 40, 60, 80, 95]),
        ("shape", (), [20, 40, 60, 80, 95]),
        ("yes-no", (), [50, 60, 70, 80, 95]),
        ("choice", ("a", "b"), [50, 60, 70, 80, 95]),
        ("choice", ("a", "b", "c"), [33, 50, 65, 80, 95]),
        ("choice", ("a", "b", "c", "d"), [25, 45, 60, 80, 95]),
        ("order", ("a", "b"), [50, 60, 70, 80, 95]),
    ],
)
def test_confidence_starts_at_chance(kind, choices, percents):
    stops = confidence_stops(Question(id="q", ask="?", kind=AnswerKind(kind), choices=choices))
    assert [percent for percent, _ in stops] == percents
    assert [label for _, label in stops] == ["Guess", "Unsure", "Maybe", "Sure", "Certain"]


@given(st.sampled_from(AnswerKind), st.integers(0, 300))
def test_confidence_stops_rise_and_are_percents_that_can_be_committed(kind, ways):
    stops = confidence_stops(Question(id="q", ask="?", kind=kind, choices=tuple(map(str, range(ways)))))
    percents = [percent for percent, _ in stops]
    assert percents == sorted(set(percents))
    assert percents[0] >= 1
    assert percents[-1] <= 99


def test_a_refusal_shows_no_answer_of_a_lesson_we_know():
    answers = {"(5, 10)", "(5,)", "(3, 4)", "(5, 1)", "55", "385", "100,480", "RuntimeError", "float32"}
    for kind in ("shape", "number", "dtype", "error"):
        said = refusal("what?", kind)
        assert not [answer for answer in answers if answer in said], said
