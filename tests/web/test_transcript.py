"""Text of a stream as it grows on a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretell.model.run import DisplayOutput, ErrorOutput, StreamOutput
from foretell.web.outputs import Transcript, plain_text, text_of

PIECES = st.lists(
    st.text(alphabet="ab\n\r\b\x07", max_size=4) | st.sampled_from(["\x1b[31m", "\r\n", "5%"]), max_size=8
)


@given(pieces=PIECES)
def test_pieces_carried_out_in_order_leave_what_the_whole_text_shows(pieces):
    transcript, shown = Transcript(), ""
    for count, piece in enumerate(pieces, start=1):
        printed = transcript.add(piece)
        shown = printed.text if printed.is_whole else shown + printed.text
        assert shown == plain_text("".join(pieces[:count]))


def test_a_colour_code_cut_in_two_is_put_right_when_its_end_comes():
    transcript = Transcript()
    transcript.add("plain \x1b[3")
    printed = transcript.add("1mred")
    assert (printed.text, printed.is_whole) == ("plain red", True)


def test_the_report_quotes_a_dozen_lines_of_what_a_run_showed():
    printed = StreamOutput(name="stdout", text="\x1b[31mred\x1b[0m\n")
    value = DisplayOutput(data={"text/plain": "5", "image/png": "aGk="})
    raised = ErrorOutput(name="KeyError", value="'a'", lines=("KeyError: 'a'",))
    assert text_of((printed, value, raised)) == "red\n5\nKeyError: 'a'"
    long = StreamOutput(name="stdout", text="line\n" * 40)
    assert text_of((long,)).split("\n") == [*["line"] * 12, "…"]
    assert text_of((DisplayOutput(data={"image/png": "aGk="}),)) == ""
