from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import ProtocolFault
from foretell.model.arrays import Array, Measure, Measured
from foretell.model.run import (
    AssertSeen,
    CellSource,
    DisplayOutput,
    Failure,
    Observation,
    Probe,
    StreamOutput,
)
from foretell.runtime.messages import KIND_OF, CellEnded, Execute, ListVariables, Observed, Prepare, Seen
from foretell.runtime.protocol import HEADER, MAGIC, MAX_PAYLOAD_BYTES, TOKEN, VERSION, Decoder, encode

printable = st.text(st.characters(exclude_categories=["Cs"]))
failures = st.none() | st.builds(Failure, kind=printable, message=printable, line=st.none() | st.integers(1, 99))
arrays = st.builds(Array, dtype=printable, shape=st.lists(st.integers()).map(tuple), data=printable)
asserts = st.builds(
    AssertSeen, line=st.integers(1, 99), source=printable, passed=st.none() | st.booleans(), left=printable
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | printable,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3),
    max_leaves=6,
)
observations = st.builds(Observation, type=printable, text=printable, value=plain)
messages = st.one_of(
    st.builds(StreamOutput, name=st.sampled_from(["stdout", "stderr"]), text=printable),
    st.builds(DisplayOutput, data=st.dictionaries(printable, printable, max_size=3), display_id=st.none() | printable),
    st.builds(
        CellEnded,
        failure=failures,
        seconds=st.floats(0, 1e6),
        asserts=st.lists(asserts, max_size=3).map(tuple),
    ),
    st.builds(
        Observed,
        seen=st.lists(st.builds(Seen, question=printable, row=st.integers(0, 9), observation=observations)).map(tuple),
    ),
    st.builds(Measure, nonce=printable, expression=printable, inputs=st.dictionaries(printable, arrays, max_size=2)),
    st.builds(Measured, nonce=printable, values=st.lists(arrays, max_size=2).map(tuple), failure=failures),
    st.builds(Prepare, seed=st.integers(), preload=st.lists(printable).map(tuple)),
    st.just(ListVariables()),
    st.just(
        Execute(
            cell=CellSource(cell="a", text="x"),
            probes=(Probe(question="q", expression="x", row_literal=None),),
            asserts_from_line=1,
            fence="f",
        )
    ),
)


@given(st.lists(messages, max_size=5), st.integers(1, 40))
def test_what_is_encoded_is_decoded_whatever_the_pieces(sent, size):
    data = b"".join(encode(message) for message in sent)
    decoder = Decoder()
    received = [message for at in range(0, len(data), size) for message in decoder.feed(data[at : at + size])]
    decoder.finish()
    assert received == sent


@given(st.binary(max_size=200))
def test_foreign_bytes_are_a_fault_or_an_unfinished_frame_and_nothing_else(data):
    decoder = Decoder()
    try:
        assert decoder.feed(data) == []
        decoder.finish()
    except ProtocolFault:
        return
    assert data == b""


@given(messages, st.data())
def test_a_frame_cut_short_is_a_fault_at_the_end(message, data):
    frame = encode(message)
    decoder = Decoder()
    decoder.feed(frame[: data.draw(st.integers(1, len(frame) - 1))])
    with pytest.raises(ProtocolFault, match="cut short"):
        decoder.finish()


def frame(payload: bytes, kind: int = 64, magic: bytes = MAGIC, length: int | None = None) -> bytes:
    return HEADER.pack(magic, VERSION, kind, len(payload) if length is None else length) + payload


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (frame(b"{}", magic=b"GE"), "something else wrote"),
        (frame(b"{}", kind=200), "unknown kind 200"),
        (frame(b"", length=MAX_PAYLOAD_BYTES + 1), "announces"),
        (frame(b"{"), "not JSON"),
        (frame(b'{"name":"stdout"}'), "no StreamOutput"),
        (frame(b'{"name":"stdout","text":"x","more":1}'), "no StreamOutput"),
        (frame(b'{"name":"stdout","text":5}'), "int where"),
        (frame(b'{"failure":null,"seconds":NaN,"asserts":[]}', kind=34), "not JSON"),
        (frame(b"[" * 100_000), "not JSON"),
    ],
)
def test_a_frame_that_is_none_is_refused_with_what_is_wrong(data, told):
    with pytest.raises(ProtocolFault, match=told):
        Decoder().feed(data)


def test_a_message_too_large_for_a_frame_is_refused_by_its_sender():
    with pytest.raises(ProtocolFault, match="does not fit"):
        encode(StreamOutput(name="stdout", text="x" * (MAX_PAYLOAD_BYTES + 1)))


def test_half_a_surrogate_pair_arrives_as_a_question_mark():
    (message,) = Decoder().feed(encode(StreamOutput(name="stdout", text="a\ud800b")))
    assert message == StreamOutput(name="stdout", text="a?b")


@pytest.mark.parametrize("end", [b"", b"\\", b'"'])
def test_a_text_is_read_once_however_it_ends(end):
    # Were it tried again at each of its quotes, a megabyte would take an hour.
    text = b'"' + b'\\"' * 600_000 + end
    assert [found.span() for found in TOKEN.finditer(text)] == [(0, len(text))]


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1e999"])
def test_a_number_that_no_float_can_hold_is_a_fault_and_nothing_of_it_is_kept(number):
    payload = f'{{"failure":null,"asserts":[],"seconds":{number}}}'.encode()
    decoder = Decoder()
    with pytest.raises(ProtocolFault):
        decoder.feed(HEADER.pack(MAGIC, VERSION, KIND_OF[CellEnded], len(payload)) + payload + bytes(99))
    assert decoder.held_bytes == 0
