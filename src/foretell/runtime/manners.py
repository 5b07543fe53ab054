"""What a process that runs learner code may say, how much, and when: the rest would keep the supervisor busy.

Enters: orders sent and messages received. Leaves: the messages to be heard, or a `ProtocolFault`. Invariant: what one
order can cost the supervisor in frames is bounded, and a process at rest costs it nothing.
"""

from __future__ import annotations

from foretell.errors import ProtocolFault
from foretell.runtime.messages import (
    Answer,
    Begun,
    CellEnded,
    Execute,
    Message,
    Observed,
    Order,
    Planned,
    Replay,
    Shown,
)

UNASKED_BYTES = 1 << 16
REPORTS_OF_A_RUN = 6
FRAMES_OF_A_RUN = 1_000_000
Reported = Shown | Answer | Begun | Planned | CellEnded | Observed


class Manners:
    """Those of one worker. One without a parent of its kind has never run learner code, and may say anything."""

    def __init__(self, *, has_parent: bool) -> None:
        self.runs_to_rest = 0
        self._has_parent = has_parent
        self._has_run = self._asked = False
        self._reports_left = self._frames_left = self._unasked_bytes = 0

    @property
    def is_at_rest(self) -> bool:
        """Whether it has run its cells and was asked nothing since."""
        return self._has_run and not self.runs_to_rest and not self._asked

    def note_order(self, order: Order) -> None:
        """It is sent `order`, and so has something to say."""
        if isinstance(order, Execute | Replay):
            self.runs_to_rest += 1
            self._has_run = True
            self._reports_left, self._frames_left, self._unasked_bytes = REPORTS_OF_A_RUN, FRAMES_OF_A_RUN, 0
        else:
            self._asked = True

    def take(self, said: list[Message], size: int, held_bytes: int, *, was_at_rest: bool) -> list[Message]:
        """What is to be heard of `said`, which came in `size` bytes; `held_bytes` have come of the next frame."""
        if not self._has_parent:
            return said
        self._reports_left -= sum(not isinstance(message, Shown | Answer) for message in said)
        if self._reports_left < 0 or not all(isinstance(message, Reported) for message in said):
            raise ProtocolFault("A process reports what is not its to report; end that worker")
        if not was_at_rest:
            self._frames_left -= len(said)
            if self._has_run and self._frames_left < 0:
                raise ProtocolFault(f"It showed something {FRAMES_OF_A_RUN:,} times; end that worker")
            answers = sum(isinstance(message, Answer) for message in said)
            if answers > self._asked:
                raise ProtocolFault("A process answers what it was not asked; end that worker")
            self._asked = self._asked and not answers
            return said
        self._unasked_bytes += size if said else 0
        if max(self._unasked_bytes, held_bytes) > UNASKED_BYTES:
            raise ProtocolFault("A process at rest says much and was asked nothing; end that worker")
        return []
