import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import AnswerError
from foretell.judge.answer import read_answer
from foretell.judge.numbers import read_number, show_number
from foretell.model.lesson import AnswerKind, Question

NUMBER = Question(id="q", ask="?", kind=AnswerKind.NUMBER)


@pytest.mark.parametrize(
    ("text", "value", "echo"),
    [
        ("55", 55, "55"),
        ("100,480", 100480, "100,480"),
        ("100_480", 100480, "100,480"),
        ("100 480", 100480, "100,480"),
        ("1,234.5", 1234.5, "1,234.5"),
        ("100k", 100_000, "100,000"),
        ("100 K", 100_000, "100,000"),
        ("1.5M", 1_500_000, "1,500,000"),
        ("2b", 2_000_000_000, "2,000,000,000"),
        ("85%", 0.85, "0.85"),
        ("0.1 %", 0.001, "0.001"),
        ("1e-5", 1e-5, "1e-5"),
        ("1.5e3", 1500, "1,500"),
        ("1e20", 1e20, "1e20"),
        (".5", 0.5, "0.5"),
        ("−3", -3, "-3"),
        ("+3", 3, "3"),
        ("~55", 55, "55"),
        ("about 55 parameters", 55, "55"),
        ("10*5+5", 55, "= 55"),
        ("10 × 5 + 5", 55, "= 55"),
        ("10x5+5", 55, "= 55"),
        ("=10*(5+1)", 60, "= 60"),
        ("= 55", 55, "= 55"),
        ("784*128 + 128", 100_480, "= 100,480"),
        ("100,352 + 128", 100_480, "= 100,480"),
        ("2^10", 1024, "= 1,024"),
        ("10/4", 2.5, "= 2.5"),
        ("10/5", 2, "= 2"),
        ("0.1+0.2", 0.3, "= 0.3"),
        ("7//2", 3, "= 3"),
    ],
)
def test_a_number_is_read_as_learners_write_it(text, value, echo):
    reading = read_answer(text, NUMBER)
    assert (reading.value, type(reading.value), reading.echo) == (value, type(value), echo)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ten", "No number in 'ten'; write a number like 1,234 or 0.75."),
        ("True", "No number in 'True'; write a number like 1,234 or 0.75."),
        ("nan", "'nan' is not a finite number; write a number like 1,234 or 0.75."),
        ("-inf", "'-inf' is not a finite number; write a number like 1,234 or 0.75."),
        ("5,5", "'5,5' could mean 5.5 or 55; write 5.5 or 55."),
        ("-0,001", "'-0,001' could mean -0.001 or -1; write -0.001 or -1."),
        ("1,00,0", "The commas in '1,00,0' do not stand between groups of three digits"),
        ("1.234,5", "The commas in '1.234,5' do not stand between groups of three digits"),
        ("1/0", "'1/0' divides by zero; write a number like 1,234 or 0.75."),
        ("9**9**9", "'9**9**9' comes to more than 40 digits"),
        ("1e400", "'1e400' is larger than a computer's number can be"),
        ("1e-400", "'1e-400' is closer to zero than a computer's number can be"),
        ("5 or 6", "'5 or 6' cannot be read as one number"),
        ("10 20", "'10 20' cannot be read as one number"),
        ("(-8)**0.5", "'(-8)**0.5' cannot be read as one number"),
        ("0x10", "'0x10' cannot be read as one number"),
        ("10²", "'10²' cannot be read as one number"),
        ("5(3)", "'5(3)' cannot be read as one number"),
        ("1" * 60, "has more than 40 digits"),
    ],
)
def test_what_is_no_number_is_refused_with_a_reason(text, reason):
    with pytest.raises(AnswerError) as caught:
        read_answer(text, NUMBER)
    assert reason in str(caught.value)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**40) + 1, 10**40 - 1))
def test_a_number_that_is_shown_is_read_back(value):
    assert read_number(show_number(value))[0] == value


sums = st.recursive(
    st.integers(0, 99).map(str) | st.sampled_from(["0.5", "1e3", "2.25"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(lambda t: f"({''.join(t)})"),
    max_leaves=6,
)


@given(sums)
def test_a_sum_comes_to_what_python_says(text):
    try:
        value, _ = read_number(text)
    except AnswerError:
        return
    assert value == pytest.approx(eval(text))
