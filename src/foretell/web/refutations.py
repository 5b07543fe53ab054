"""Why an answer was tempting and is not so: the cards of misconceptions, and what a check of a task found.

Enters: a catalogue, ids of misconceptions, what was said and seen. Leaves: views. Invariant: what a learner wrote or
their code said stands in a card as plain words or code, whatever marks it holds; an id without a text shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from foretell.judge.wording import clip
from foretell.model.attempt import CheckVerdict, Diagnosis
from foretell.model.belief import EVIDENCE, Misconception
from foretell.model.lesson import AnswerKind, Question
from foretell.web.markup import inline_html
from foretell.web.views import Diagnosed, LedgerPair, Refutation

_LONGEST_SHOWN = 80
_LONGEST_SOURCE = 40
_LONGEST_DIFFERENCE = 400
_IN_WORDS = frozenset({AnswerKind.YES_NO, AnswerKind.CHOICE, AnswerKind.ORDER})
_FOR_THEMSELVES = frozenset({AnswerKind.SHAPE, AnswerKind.DTYPE, AnswerKind.NUMBER})
_MISSED = frozenset({"wrong", "near"})
_MARK = re.compile(r"([!-/:-@\[-`{-~])")


def refutations(
    ids: Iterable[str], catalogue: Sequence[Misconception], evidence: str, told: set[str]
) -> tuple[Refutation, ...]:
    """The cards of these misconceptions with `evidence` (Markdown) in its place; one that is `told` has its name only.

    What is given is added to `told`.
    """
    known = {one.id: one for one in catalogue}
    cards: list[Refutation] = []
    for each in (known[id] for id in ids if id in known):
        filled = " ".join(of_catalogue(each.refutation).replace(EVIDENCE, evidence).split())
        text = "" if each.id in told else inline_html(filled)
        cards.append(Refutation(name_html=inline_html(of_catalogue(each.name)), text_html=text, id=each.id))
        told.add(each.id)
    return tuple(cards)


def of_catalogue(text: str) -> str:
    """The catalogue's own Markdown, in which `__init__` is a name with or without backticks around it."""
    parts = text.split("`")
    return "`".join(part if place % 2 else part.replace("__", r"\_\_") for place, part in enumerate(parts))


def evidence_of(question: Question, pairs: Sequence[LedgerPair], run: str = "this run") -> str:
    """What was said and what the run gave, of the first row that was missed, as a sentence in Markdown.

    A value that stands for itself is told with the expression that gave it, where that is short.
    """
    pair = next((one for one in pairs if one.verdict in _MISSED), None)
    if pair is None:
        return ""
    said, gave = (_value(question.kind, text) for text in (pair.said, pair.observed))
    where = f"For {in_code(clip(pair.label, _LONGEST_SHOWN))} you" if pair.label else "You"
    target = question.target if question.kind in _FOR_THEMSELVES and not pair.label else None
    source = f" for {in_code(target)}" if target and pair.observed and len(target) <= _LONGEST_SOURCE else ""
    return f"{where} said {said}; {run} gave {gave}{source}."


def _value(kind: AnswerKind, text: str) -> str:
    shown = clip(text, _LONGEST_SHOWN)
    if not shown:
        return "nothing"
    if kind in _IN_WORDS:
        return in_words(shown if kind is AnswerKind.YES_NO else f"“{shown}”")
    return in_code(shown)


def in_code(text: str) -> str:
    """Markdown that shows a text as code, whatever it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if "`" in text or text != text.strip() else ""
    return f"{fence}{room}{text}{room}{fence}"


def in_words(text: str) -> str:
    """Markdown that shows a text as plain words in which only pairs of backticks mean anything."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    escaped = [in_code(part) if place % 2 and part else _MARK.sub(r"\\\1", part) for place, part in enumerate(parts)]
    return "".join(escaped)


def diagnosed(diagnosis: Diagnosis, catalogue: Sequence[Misconception]) -> Diagnosed:
    """What a check of a task found, ready to be drawn: the difference stands in the card where that has a place."""
    difference = clip(diagnosis.difference, _LONGEST_DIFFERENCE)
    named = () if diagnosis.misconception is None else (diagnosis.misconception,)
    says = diagnosis.says or _plain_word(diagnosis)
    cards = refutations(named, catalogue, "" if difference in says else in_words(_sentence(difference)), set())
    known = next((one for one in catalogue if one.id == diagnosis.misconception), None)
    stands_in_card = known is not None and EVIDENCE in known.refutation
    is_told = stands_in_card or difference in says
    return Diagnosed(
        verdict=diagnosis.verdict.value,
        says_html=inline_html(of_catalogue(says) if known is not None and says == known.says else in_words(says)),
        refutation=cards[0] if cards else None,
        difference_html="" if is_told else inline_html(in_words(_sentence(difference))),
    )


def _sentence(text: str) -> str:
    """The text as a sentence of its own: it begins large (code apart) and ends with a stop."""
    if not text:
        return ""
    ended = text if text[-1] in ".?…" else f"{text}."
    is_code = bool(set(ended.partition(" ")[0]) & set("_(`[=."))
    return ended if is_code else ended[0].upper() + ended[1:]


def _plain_word(diagnosis: Diagnosis) -> str:
    match diagnosis.verdict:
        case CheckVerdict.RIGHT:
            return "Your code does what the exercise asks."
        case CheckVerdict.WRONG:
            return "Your code does something else than the exercise asks."
        case CheckVerdict.STOPPED:
            return "Your code did not come to its end."
        case CheckVerdict.ERROR:
            return "foretell could not check this run; run the cell again."
