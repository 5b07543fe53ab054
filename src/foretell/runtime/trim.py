"""What a process reports of its cell, cut to sizes that may be kept and sent on: learner code may have written it.

Enters: reports as they came. Leaves: the same, with every text and every list within bounds. Invariant: what an honest
worker says passes unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from foretell.model.run import AssertSeen, Failure, Observation
from foretell.runtime.messages import CellEnded, Seen

KIND_CHARACTERS = 200
MESSAGE_CHARACTERS = 4000
SOURCE_CHARACTERS = 20_000
VALUE_CHARACTERS = 100_000
MOST_ASSERTS = 2000


def trim_ended(ended: CellEnded) -> CellEnded:
    """The end of a cell."""
    return replace(ended, failure=trim_failure(ended.failure), asserts=trim_asserts(ended.asserts))


def trim_failure(failure: Failure | None) -> Failure | None:
    """How a cell failed."""
    if failure is None:
        return None
    return replace(failure, kind=failure.kind[:KIND_CHARACTERS], message=failure.message[:MESSAGE_CHARACTERS])


def trim_asserts(asserts: Iterable[AssertSeen]) -> tuple[AssertSeen, ...]:
    """The asserts of a cell."""
    return tuple(
        replace(
            seen,
            source=seen.source[:SOURCE_CHARACTERS],
            left=seen.left[:MESSAGE_CHARACTERS],
            operator=seen.operator[:KIND_CHARACTERS],
            right=seen.right[:MESSAGE_CHARACTERS],
            message=seen.message[:MESSAGE_CHARACTERS],
        )
        for seen in tuple(asserts)[:MOST_ASSERTS]
    )


def trim_observed(seen: Iterable[Seen], asked: Collection[tuple[str, int]]) -> dict[tuple[str, int], Observation]:
    """The answers to the questions that were `asked`, and to no others; a value too large to be honest is none."""
    return {
        (one.question, one.row): one.observation
        for one in seen
        if (one.question, one.row) in asked and _is_small(one.observation)
    }


def _is_small(observation: Observation) -> bool:
    texts = (observation.type, observation.text, repr(observation.value))
    return all(len(text) <= VALUE_CHARACTERS for text in texts)
