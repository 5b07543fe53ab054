import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import AnswerError
from foretell.judge.answer import read_answer
from foretell.judge.sizes import read_shape, show_shape
from foretell.model.lesson import AnswerKind, Question

SHAPE = Question(id="q", ask="?", kind=AnswerKind.SHAPE)


@pytest.mark.parametrize(
    "text",
    [
        "(5, 10)",
        "5,10",
        "5x10",
        "5 X 10",
        "5 × 10",
        "5*10",
        "[5,10]",
        "[5, 10,]",
        "torch.Size([5, 10])",
        "Size([5,10])",
        "5 10",
        "5 by 10",
        "((5, 10))",
        "shape: 5, 10",
        "the shape is (5, 10)",
        "５，１０",
        "(5\t10)",
        " ( 5 , 10 ) ",
    ],
)
def test_a_shape_is_read_in_every_usual_spelling(text):
    reading = read_answer(text, SHAPE)
    assert (reading.value, reading.echo) == ((5, 10), "(5, 10)")


@pytest.mark.parametrize(
    ("text", "sizes", "echo"),
    [
        ("()", (), "()"),
        ("[]", (), "()"),
        ("torch.Size([])", (), "()"),
        ("scalar", (), "()"),
        ("5", (5,), "(5,)"),
        ("(5,)", (5,), "(5,)"),
        ("100,480", (100, 480), "(100, 480)"),
        ("1_000x2", (1000, 2), "(1000, 2)"),
        ("0", (0,), "(0,)"),
    ],
)
def test_a_shape_of_any_number_of_axes_is_read(text, sizes, echo):
    reading = read_answer(text, SHAPE)
    assert (reading.value, reading.echo) == (sizes, echo)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ten", "No sizes in 'ten'; write a shape like (7, 2, 9)."),
        ("(-1, 10)", "A size cannot be negative, as in '(-1, 10)'; write a shape like (7, 2, 9)."),
        ("(batch, 10)", "'batch' in '(batch, 10)' is not a size; write a shape like (7, 2, 9)."),
        ("(5, 10", "The bracket that opens in '(5, 10' does not close; write a shape like (7, 2, 9)."),
        ("5.5, 2", "A size is a whole number, and '5.5' in '5.5, 2' is not; write a shape like (7, 2, 9)."),
        ("5,,10", "A size is missing between two commas in '5,,10'; write a shape like (7, 2, 9)."),
        ("5-10", "'5-10' in '5-10' is not a size; write a shape like (7, 2, 9)."),
        ("5, 10)", "'10)' in '5, 10)' is not a size; write a shape like (7, 2, 9)."),
    ],
)
def test_what_is_no_shape_is_refused_with_fact_place_and_remedy(text, reason):
    with pytest.raises(AnswerError) as caught:
        read_answer(text, SHAPE)
    assert str(caught.value) == reason


def test_absurd_shapes_are_refused():
    for text in ("9" * 13, "x".join("2" * 33)):
        with pytest.raises(AnswerError):
            read_answer(text, SHAPE)


@given(st.lists(st.integers(0, 10**12 - 1), max_size=32).map(tuple))
def test_a_shape_that_is_shown_is_read_back(sizes):
    assert read_shape(show_shape(sizes)) == sizes
