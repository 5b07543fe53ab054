import pytest

from foretell.errors import AnswerError
from foretell.judge.answer import read_answer
from foretell.judge.named import find_choice
from foretell.model.lesson import AnswerKind, Question


def read(text, kind, *choices):
    return read_answer(text, Question(id="q", ask="?", kind=AnswerKind(kind), choices=choices))


def refusal(text, kind, *choices):
    with pytest.raises(AnswerError) as caught:
        read(text, kind, *choices)
    return str(caught.value)


@pytest.mark.parametrize("text", ["yes", "Y", "true", "True.", "T", "1", "yep"])
def test_yes_is_read(text):
    reading = read(text, "yes-no")
    assert (reading.value, reading.echo) == (True, "yes")


@pytest.mark.parametrize("text", ["no", "N", "FALSE", "f", "0", "nope!"])
def test_no_is_read(text):
    reading = read(text, "yes-no")
    assert (reading.value, reading.echo) == (False, "no")


def test_neither_yes_nor_no_is_refused():
    assert refusal("maybe", "yes-no") == "Neither yes nor no in 'maybe'; write yes or no."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("float32", "float32"),
        ("torch.float32", "float32"),
        ("np.float64", "float64"),
        ("float", "float32"),
        ("fp32", "float32"),
        ("Float 32", "float32"),
        ("double", "float64"),
        ("half", "float16"),
        ("bf16", "bfloat16"),
        ("long", "int64"),
        ("int", "int32"),
        ("torch.bool", "bool"),
        ("dtype('int64')", "int64"),
        ("LongTensor", "int64"),
        ("complex64", "complex64"),
    ],
)
def test_a_dtype_has_one_name(text, name):
    assert read(text, "dtype").echo == name


def test_an_unknown_dtype_is_refused():
    assert refusal("floaty", "dtype") == "No dtype is called 'floaty'; write one like complex64 or int16."


@pytest.mark.parametrize("text", ["It grows", "it  GROWS.", "b", "B", "(b)", "b)", "2", "`it grows`"])
def test_a_choice_is_meant_by_text_letter_or_number(text):
    assert read(text, "choice", "it shrinks", "It grows", "neither").value == "It grows"


def test_the_text_of_a_choice_goes_before_its_place():
    assert read("2", "choice", "4", "8", "2").value == "2"
    assert read("a", "choice", "b", "a").value == "a"


def test_what_is_no_choice_is_refused_with_the_choices():
    said = refusal("d", "choice", "it shrinks", "it grows")
    assert said == "'d' is none of the choices; write a for 'it shrinks' or b for 'it grows'."
    assert "lists no choices" in refusal("a", "choice")


@pytest.mark.parametrize(
    "text", ["c, a, b", "3 1 2", "c > a > b", "cab", "ReLU, conv, linear layer", "relu -> conv -> b"]
)
def test_an_order_is_read_by_letters_numbers_or_names(text):
    reading = read(text, "order", "conv", "linear layer", "ReLU")
    assert (reading.value, reading.echo) == (("ReLU", "conv", "linear layer"), "ReLU, conv, linear layer")


def test_names_that_hold_separators_can_be_ordered():
    assert read("x > 0, x", "order", "x", "x > 0").value == ("x > 0", "x")


def test_an_order_names_everything_once():
    assert refusal("a, b", "order", "x", "y", "z").startswith("'z' is missing from 'a, b'; write all 3 in order")
    assert "'q' in 'a, q' is none of the choices" in refusal("a, q", "order", "x", "y")
    assert "Something stands twice in 'a, b, a'" in refusal("a, b, a", "order", "x", "y")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RuntimeError", "RuntimeError"),
        ("a RuntimeError", "RuntimeError"),
        ("an attributeerror", "AttributeError"),
        ("runtime error", "RuntimeError"),
        ("RuntimeError: mat1 and mat2", "RuntimeError"),
        ("torch.OutOfMemoryError", "OutOfMemoryError"),
        ("IOError", "OSError"),
        ("ShapeError", "ShapeError"),
        ("none", "no error"),
        ("No error.", "no error"),
        ("nothing", "no error"),
    ],
)
def test_an_exception_has_one_name(text, name):
    assert read(text, "error").echo == name


@pytest.mark.parametrize("text", ["error", "yes", "an exception"])
def test_an_error_without_a_name_is_refused(text):
    assert "does not say which error" in refusal(text, "error")


def test_what_is_no_exception_is_refused():
    expected = "'Shape' is not the name of an error; write a class like EOFError, or no error."
    assert refusal("Shape", "error") == expected


def test_a_choice_is_found_by_its_exact_text_first():
    assert find_choice("a", ["A", "a"]) == "a"
    assert find_choice("`A`", ["b", "A"]) == "A"
    assert find_choice("", ["b", "A"]) is None
