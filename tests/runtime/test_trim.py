"""What a process reports of its cell is cut to bounds, and passes unchanged where an honest worker said it."""

from __future__ import annotations

from foretell.model.run import AssertSeen, Failure, Observation
from foretell.runtime.messages import CellEnded, Seen
from foretell.runtime.trim import MESSAGE_CHARACTERS, MOST_ASSERTS, trim_ended, trim_observed

HONEST = CellEnded(
    failure=Failure(kind="ValueError", message="too many values", line=3),
    seconds=0.5,
    asserts=(AssertSeen(line=1, source="a == b", passed=False, left="1", operator="==", right="2", message="no"),),
)
HUGE = "x" * (1 << 20)


def test_an_honest_end_is_what_it_was():
    assert trim_ended(HONEST) == HONEST


def test_no_text_and_no_list_is_endless():
    seen = AssertSeen(line=1, source=HUGE, passed=True, left=HUGE, operator=HUGE, right=HUGE, message=HUGE)
    ended = CellEnded(failure=Failure(kind=HUGE, message=HUGE), seconds=0.0, asserts=(seen,) * (MOST_ASSERTS + 1))
    trimmed = trim_ended(ended)
    assert len(trimmed.failure.message) == MESSAGE_CHARACTERS
    assert len(trimmed.asserts) == MOST_ASSERTS
    assert len(repr(trimmed.failure)) + len(repr(trimmed.asserts[0])) < 50_000


def test_only_what_was_asked_and_is_small_is_an_observation():
    small = Observation(type="number", text="3", value=3)
    large = Observation(type="text", text="3", value=HUGE)
    said = [
        Seen(question="asked", row=0, observation=small),
        Seen(question="asked", row=1, observation=large),
        Seen(question="another", row=0, observation=small),
    ]
    assert trim_observed(said, {("asked", 0), ("asked", 1)}) == {("asked", 0): small}
