"""Prompt text -> single questions.

Enters: the text that follows a prompt's lead, one bullet or one paragraph. Leaves: questions with their kind guessed
from the wording and their asides taken out. Invariant: a text that is not empty yields at least one question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foretell.model.lesson import AnswerKind

CODE_SPAN = re.compile(r"`[^`]*`|\$[^$]*\$")
QUESTION_WORD = r"(?:what|which|how|will|would|why|is|are|does|do|did|can|could|should|where|when|has|have)"
TWO_THINGS = re.compile(rf",?\s+and\s+(?={QUESTION_WORD}\b)", re.I)
BEGINS_QUESTION = re.compile(rf"^\W*{QUESTION_WORD}\b", re.I)
SENTENCE_END = re.compile(r"(?<=[?!.])(?:\s+)(?=[\w`*(\"'\x00])")
TRAILING_BRACKET = re.compile(r"\s*[*_]?\(([^()]*(?:\([^()]*\)[^()]*)*)\)[*_]?\s*([?.!]?)[*_]?\s*$")
HINTING = re.compile(r"\b(?:hint|remember|recall|answer|spoiler|it(?:'|’)s|expected?|should|because)\b|=", re.I)
LONGEST_ASIDE = 400
OFFERS_CHOICE = re.compile(r"\bor\b|/|\?\s*$", re.I)

KIND_FORMS: tuple[tuple[re.Pattern[str], AnswerKind], ...] = tuple(
    (re.compile(form, re.I), kind)
    for form, kind in (
        (r"^\W*why\b|^\W*how (?:do|does|did|would|will|could|can)\b|^\W*explain\b|\bdescribe\b", AnswerKind.OPEN),
        (r"\b(?:which|what) (?:\w+ )?(?:error|exception)\b|\berror will\b|\bwhat .*\braised?\b", AnswerKind.ERROR),
        (r"^\W*(?:will|would|does|do|did|can)\b(?!.*\bor\b).*\b(?:dtype|data type)\b", AnswerKind.YES_NO),
        (r"\bdtype\b|\bdata type\b", AnswerKind.DTYPE),
        (r"^\W*(?:will|would|is|are|does|do|did|can|could|should|has|have)\b", AnswerKind.YES_NO),
        (r"\btrue or false\b|\byes or no\b", AnswerKind.YES_NO),
        (r",\s*(?:will|would|is|are|does|do|can)\b[^,]*\?\s*$", AnswerKind.YES_NO),
        (r"\b(?:what|which) (?:\w+ ){0,3}(?:shape|size)\b|\bshape\b", AnswerKind.SHAPE),
        (r"\bhow many\b|\btotal (?:number of )?param|\bnumber of\b", AnswerKind.NUMBER),
        (r"\bhow much\b|\bhow (?:large|big|long)\b", AnswerKind.NUMBER),
        (r"\bwhat (?:will|does|is|gets?) .*\b(?:printed|print|output)\b|\bprint(?:ed|s)?\b", AnswerKind.PRINTED),
    )
)  # fmt: skip
ATTRIBUTE_ASKED = re.compile(r"^\W*what(?:['’]s| is| will)\b[^`]*`[^`]*\.(shape|dtype|size\(\))`(?: be)?\W*$", re.I)
SEVERAL_SHAPES = re.compile(r"\bshapes\b", re.I)
EITHER_OR = re.compile(
    r"\b(?:higher|lower|larger|smaller|bigger|faster|slower|better|worse|increase|decrease|grow|shrink|more|less|up)\b.*\bor\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question as read: `ask` is Markdown without the aside."""

    ask: str
    aside: str
    kind: AnswerKind


def split_questions(text: str) -> tuple[Asked, ...]:
    """Split one bullet or paragraph into the things it asks."""
    masked, kept = _mask(re.sub(r"^\[[ xX]\] ", "", " ".join(text.split())))
    asked: list[Asked] = []
    context: list[str] = []
    for sentence in _sentences(masked):
        if "?" not in sentence:
            _add_statement(sentence, asked, context, kept)
            continue
        parts = _two_things(" ".join([*context, sentence]))
        context = []
        asked += [_read_one(part, kept) for part in parts]
    if context:
        asked += [_read_one(" ".join(context), kept)] if not asked else []
    return tuple(one for one in asked if one.ask)


def guess_kind(ask: str) -> AnswerKind:
    """The answer kind the wording suggests; open where it suggests none."""
    named = ATTRIBUTE_ASKED.match(ask)
    if named:
        return AnswerKind.DTYPE if named[1] == "dtype" else AnswerKind.SHAPE
    words = CODE_SPAN.sub("`x`", ask)
    kind = next((kind for form, kind in KIND_FORMS if form.search(words)), AnswerKind.OPEN)
    plain = re.search(r"\b(?:true or false|yes or no|or not)\b", words, re.I)
    if kind is AnswerKind.YES_NO and not plain and EITHER_OR.search(words):
        return AnswerKind.OPEN
    if kind is AnswerKind.SHAPE and SEVERAL_SHAPES.search(words):
        return AnswerKind.OPEN
    return kind


def _mask(text: str) -> tuple[str, list[str]]:
    """Put one character in the place of every code span, so that its punctuation is not read as ours."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x01"

    return CODE_SPAN.sub(keep, text.replace("\x00", "").replace("\x01", "")), kept


def _unmask(text: str, kept: list[str]) -> str:
    return re.sub(r"\x00(\d+)\x01", lambda match: kept[int(match[1])], text).strip()


def _sentences(text: str) -> list[str]:
    """Sentences; a bracket that follows one belongs to it."""
    sentences: list[str] = []
    for sentence in SENTENCE_END.split(text):
        joined = sentence.strip()
        inside = sentences and sentences[-1].count("(") > sentences[-1].count(")")
        if sentences and (joined.startswith(("(", "*(", "_(")) or inside):
            sentences[-1] += " " + joined
        elif joined:
            sentences.append(joined)
    return sentences


def _add_statement(sentence: str, asked: list[Asked], context: list[str], kept: list[str]) -> None:
    """A sentence that asks nothing: before a question it is its context, after one it stays with that one."""
    if not asked:
        context.append(sentence)
        return
    last = asked[-1]
    if sentence.startswith(("(", "*(", "_(")) or re.match(r"\W*hint\b", sentence, re.I):
        aside = " ".join(filter(None, [last.aside, _unmask(sentence.strip("*_()"), kept)]))
        asked[-1] = Asked(ask=last.ask, aside=aside, kind=last.kind)
    else:
        asked[-1] = Asked(ask=f"{last.ask} {_unmask(sentence, kept)}", aside=last.aside, kind=last.kind)


def _two_things(sentence: str) -> list[str]:
    """Both halves of "What shape is it, and how many parameters?", where each of them reads as a question."""
    halves = TWO_THINGS.split(sentence)
    head = halves[0].rpartition(", ")[2]
    if len(halves) == 1 or not (BEGINS_QUESTION.match(halves[0]) or BEGINS_QUESTION.match(head)):
        return [sentence]
    ends = [half.rstrip(" ,;–—-") for half in halves]
    whole = [half if half.endswith(("?", ")")) else half + "?" for half in ends]
    return [whole[0], *(half[0].upper() + half[1:] for half in whole[1:])]


def _read_one(text: str, kept: list[str]) -> Asked:
    asides: list[str] = []
    while bracket := TRAILING_BRACKET.search(text, max(0, len(text) - LONGEST_ASIDE)):
        inside = _unmask(bracket[1], kept)
        if not _is_aside(inside, text[: bracket.start()]):
            break
        asides.insert(0, inside)
        text = text[: bracket.start()].rstrip() + bracket[2]
    ask = _unmask(text, kept)
    return Asked(ask=ask, aside=" ".join(asides), kind=guess_kind(ask))


def _is_aside(inside: str, before: str) -> bool:
    if not before.strip():
        return False
    if OFFERS_CHOICE.search(inside) and not HINTING.search(inside):
        return False
    return before.rstrip().endswith("?") or HINTING.search(inside) is not None or " " in inside.strip()
