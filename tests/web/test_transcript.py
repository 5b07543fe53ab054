"""Text of a stream as it grows on a page."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.model.run import DisplayOutput, ErrorOutput, StreamOutput
from foretell.web.outputs import Transcript, plain_text, text_of

PIECES = st.lists(
    st.text(alphabet="ab\n\r\b\x07", max_size=4)
    | st.sampled_from(["\x1b[31m", "\x1b[A", "\x1b[2", "K", "\x1b]", "\r\n", "5%"]),
    max_size=8,
)


@given(pieces=PIECES)
def test_pieces_carried_out_in_order_leave_what_the_whole_text_shows(pieces):
    transcript, shown = Transcript(), ""
    for count, piece in enumerate(pieces, start=1):
        printed = transcript.add(piece)
        shown = printed.text if printed.is_whole else shown + printed.text
        assert shown == plain_text("".join(pieces[:count]))


def test_a_colour_code_cut_in_two_waits_for_its_end():
    transcript = Transcript()
    assert transcript.add("plain \x1b[3").text == "plain "
    printed = transcript.add("1mred")
    assert (printed.text, printed.is_whole) == ("red", False)


def test_the_report_quotes_a_dozen_lines_of_what_a_run_showed():
    printed = StreamOutput(name="stdout", text="\x1b[31mred\x1b[0m\n")
    value = DisplayOutput(data={"text/plain": "5", "image/png": "aGk="})
    raised = ErrorOutput(name="KeyError", value="'a'", lines=("KeyError: 'a'",))
    assert text_of((printed, value, raised)) == "red\n5\nKeyError: 'a'"
    long = StreamOutput(name="stdout", text="line\n" * 40)
    assert text_of((long,)).split("\n") == [*["line"] * 12, "…"]
    assert text_of((DisplayOutput(data={"image/png": "aGk="}),)) == ""


def bars(refreshes: int) -> str:
    """Write what tqdm does for a bar inside a bar: down to the inner one, and up again."""
    inner = "".join(f"\n\rinner {n % 4}/3\x1b[A" for n in range(refreshes))
    return f"\router 0/2{inner}\router 1/2{inner}\n\r         \r\x1b[A\router 2/2\n"


def test_a_bar_inside_a_bar_takes_two_lines_however_often_it_is_drawn():
    assert plain_text("\router 0/2\n\rinner 0/3\x1b[A\n\rinner 1/3\x1b[A") == "outer 0/2\ninner 1/3"
    assert plain_text(bars(50)) == "outer 2/2\n         "


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("10%\r20%", "20%"),
        ("long line\rnew", "newg line"),
        ("a\r\nb", "a\nb"),
        ("ab\b\bcd", "cd"),
        ("\b\bx", "x"),
        ("full line\r\x1b[Kx", "x"),
        ("full line\x1b[2Kx", "x"),
        ("abc\r\x1b[1Kx", "xbc"),
        ("one\ntwo\x1b[1A\rONE", "ONE\ntwo"),
        ("one\ntwo\x1b[99Ax\n", "onex\ntwo"),
        ("\x1b[?25lhidden\x1b[0m\x1b]8;;http://a\x07b\x1b]8;;\x07", "hiddenb"),
        ("cut \x1b[3", "cut "),
        ("\x1b\x07", "\ufffd\ufffd"),
    ],
)
def test_movements_are_carried_out(text, seen):
    assert plain_text(text) == seen


def test_what_lies_further_up_than_a_window_is_tall_stays():
    lines = "".join(f"{n}\n" for n in range(100))
    assert plain_text(f"{lines}\x1b[999A\rX").split("\n")[76:79] == ["76", "X7", "78"]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000 + "\rb" * 100_000,
        "a" * 300_000 + "\b" * 300_000,
        "a" * 300_000 + "\rb\b" * 100_000,
        "a" * 300_000 + "\x1b[2Kb" * 60_000,
        "a" * 200_000 + "\n" + "b" * 200_000 + "\x1b[A\n" * 60_000,
        "\x1b[A\x1b[K" * 100_000,
        "\x1b]" * 300_000,
        "\x1b[" + "0" * 500_000,
        "\x1b[31mx" * 100_000,
    ],
    ids=range(9),
)
def test_text_made_to_be_slow_is_not(text):
    began = time.monotonic()
    plain_text(text)
    transcript = Transcript()
    for start in range(0, len(text), 65_536):
        transcript.add(text[start : start + 65_536])
    assert time.monotonic() - began < 4
