"""CONFIDENCES x HITS -> what they say together, with n beside everything.

Enters: how sure a learner was and whether it matched. Leaves: dots to draw and at most one sentence. Invariant: near
and wrong are misses, what could not be compared is left out, and there is no verdict under 15 (UX 1.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.model.attempt import Judgement, SelfMark, Verdict

FEWEST_FOR_A_SENTENCE = 15
CONFIDENT = 80
_ONE_SIDED_5_PERCENT = 1.645
_TOO_FEW = "Too few to judge yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """The `n` predictions made at `stop` percent, of which `hits` matched."""

    stop: int
    n: int
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Stated confidence beside what matched; `dots` rise by stop, `overconfident` only ever from 15 predictions up."""

    dots: tuple[Dot, ...]
    matched: int
    total: int
    overconfident: bool
    sentence: str


def hit(judgement: Judgement) -> bool | None:
    """Whether a prediction came true; None where nothing could be compared or the learner has not marked it yet."""
    match judgement.verdict:
        case Verdict.RIGHT:
            return True
        case Verdict.NEAR | Verdict.WRONG:
            return False
        case Verdict.SELF if judgement.mark is not None:
            return judgement.mark is SelfMark.MATCH
    return None


def is_confident_miss(confidence: int, judgement: Judgement) -> bool:
    """A miss by someone who was at least 80 % sure: the one loud moment of a page."""
    return confidence >= CONFIDENT and hit(judgement) is False


def calibrate(outcomes: Sequence[tuple[int, bool]]) -> Calibration:
    """Pools (confidence in percent, hit) pairs.

    Flags when mean confidence exceeds the hit rate by more than 1.645 standard errors, the error being that of the hit
    rate of somebody whose every confidence is exactly right: sqrt(sum p(1-p)) / n.
    """
    stops = sorted({confidence for confidence, _ in outcomes})
    by_stop = {stop: [matched for confidence, matched in outcomes if confidence == stop] for stop in stops}
    dots = tuple(Dot(stop=stop, n=len(hits), hits=sum(hits)) for stop, hits in by_stop.items())
    matched, total = sum(dot.hits for dot in dots), len(outcomes)
    if total < FEWEST_FOR_A_SENTENCE:
        return Calibration(dots=dots, matched=matched, total=total, overconfident=False, sentence=_TOO_FEW)
    stated = sum(confidence for confidence, _ in outcomes) / total / 100
    error = math.sqrt(sum(stop * (100 - stop) * len(hits) for stop, hits in by_stop.items())) / total / 100
    over = stated - matched / total > _ONE_SIDED_5_PERCENT * error
    sentence = _sentence(stated=stated, matched=matched, total=total, error=error)
    return Calibration(dots=dots, matched=matched, total=total, overconfident=over, sentence=sentence)


def _sentence(*, stated: float, matched: int, total: int, error: float) -> str:
    spread = _ONE_SIDED_5_PERCENT * error
    share = f"{matched} of {total} ({matched / total:.0%}) matched"
    said = f"Over {total} predictions you said {stated:.0%} on average, and {share}"
    chance = f"chance alone moves that by about {spread:.0%}"
    gap = stated - matched / total
    if gap > spread:
        return f"{said}: fewer than you expected, and {chance}."
    if gap < -spread:
        return f"{said}: more than you expected, and {chance}."
    return f"{said}: no clear gap, as {chance}."
