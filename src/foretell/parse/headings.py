"""Headings and header lines: what they say about the lesson, its exercises and their support.

Enters: words of a heading or a paragraph. Leaves: plain readings of them. Invariant: a title leaves here without
"Exercise N:" and without the words that say the level.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from foretell.model.lesson import Support
from foretell.parse.blocks import Chunk, ChunkKind

EXERCISE = re.compile(r"^(?:exercise|ex\.?)\s*#?(\d+)\w?\b[\s:.\-–—]*(.*)$", re.I | re.S)
LOOSE = re.compile(
    r"^(?:(?:part|step|section|phase|experiment|problem|task)\s+#?(\d+|[A-Z]\b)[\s:.\-–—]*|(\d+)[.)]\s+)(.*)$", re.I
)
STRETCH = re.compile(r"^(?:stretch|bonus|challenge)(?:\s+(?:goal|exercise|challenge))?\s*(?:[:\-–—]\s*(.*))?$", re.I)
SETUP = re.compile(
    r"^(?:\d+[.)]\s*)?(?:environment\s+)?(?:set-?\s?up|imports?|installation|environment|preparation)\b", re.I
)
TAKEAWAYS = re.compile(
    r"^(?:\d+[.)]\s*)?(?:key\s+takeaways?|takeaways?|summary|recap|wrap(?:ping)?[- ]up|conclusions?"
    r"|what (?:you|we)(?:'ve|’ve| have)? learn)",
    re.I,
)
DEBRIEF = re.compile(
    r"^\W*(?:what (?:just )?happened|what (?:did )?(?:we|you) (?:just )?(?:see|saw|observe|notice)"
    r"|what(?:['’]s| is| was) (?:going on|happening|new)|lessons? learned"
    r"|what this (?:shows|means|tells)|why (?:this|it|that|does|did|is|are)|debrief|explanation|observations?"
    r"|discussion"
    r"|key (?:insight|takeaway|point|observation|pattern|idea|lesson)|reflection|analysis|interpretation"
    r"|the (?:key )?(?:insight|takeaway|lesson|point)|results?|answers?)\b",
    re.I,
)
GOALS = re.compile(
    r"^\W*(?:(?:what|in this (?:notebook|lesson))[^:\n]{0,12}\byou(?:['’]ll| will)\b[^:\n]{0,30}"
    r"|(?:learning )?(?:goals|objectives)):?\W*$",
    re.I,
)
MODULE = re.compile(r"^\W*(module\s+[\w.]+\s*,\s*lesson\s+[\w.]+)", re.I)
PREREQUISITES = re.compile(r"^\*\*prerequisites?:?\*\*:?\s*(.*)$", re.I | re.S)
LEVEL_LINE = re.compile(
    r"^\W*(?:type|level|support|difficulty)\W{1,6}(guided|supported|independent)\b|^\W{1,3}(guided|supported|independent)\W{0,3}$",
    re.I,
)
TAG_WORDS = frozenset({
    "guided", "supported", "independent", "stretch", "optional", "bonus", "challenge", "provided", "your choice",
    "advanced",
})  # fmt: skip
TRAILING_TAG = re.compile(r"\s*[`*_]*(?:\(([^()]*)\)|\[([^\[\]]*)\])[`*_]*\s*$")
LEADING_TAG = re.compile(r"^[`*_]*(?:\(([^()]*)\)|\[([^\[\]]*)\])[`*_]*[\s:.\-–—]*")
DASHED_TAG = re.compile(r"\s+[-–—]+\s+(guided|supported|independent|stretch)\s*$", re.I)
ASSERTIVE_WORD = re.compile(r"^\W*(?:verify|prove|show\s+(?:why|that)|confirm|demonstrate|why)\b", re.I)
ASSERTIVE_CAPITALS = re.compile(r"\b(?:IS|NOT|ALWAYS|NEVER|CANNOT)\b")


class Place(StrEnum):
    """What a heading begins."""

    SETUP = "setup"
    EXERCISE = "exercise"
    NUMBERED = "numbered"
    TAKEAWAYS = "takeaways"
    DEBRIEF = "debrief"
    GOALS = "goals"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingReading:
    """What a heading says. `number` as written; `title` without number and level."""

    place: Place
    title: str
    number: int | None = None
    support: Support | None = None
    stretch: bool = False


def read_heading(words: str) -> HeadingReading:
    """Read the words of a heading of any level."""
    words = words.strip()
    for place, form in ((Place.GOALS, GOALS), (Place.TAKEAWAYS, TAKEAWAYS), (Place.SETUP, SETUP)):
        if form.match(words):
            return HeadingReading(place=place, title=_without_number(words))
    exercise = EXERCISE.match(_plain(words))
    if exercise:
        return _titled(Place.EXERCISE, exercise[2], int(exercise[1]))
    stretch = STRETCH.match(_plain(words))
    if stretch:
        reading = _titled(Place.EXERCISE, stretch[1] or words, None)
        return HeadingReading(place=reading.place, title=reading.title, support=reading.support, stretch=True)
    if DEBRIEF.match(words):
        return HeadingReading(place=Place.DEBRIEF, title=words)
    loose = LOOSE.match(_plain(words))
    if loose:
        number = loose[1] or loose[2]
        return _titled(Place.NUMBERED, loose[3] or words, int(number) if number.isdigit() else None)
    return _titled(Place.OTHER, words, None)


def read_level(text: str) -> Support | None:
    """The support named by a line of its own (`**Type: GUIDED** — …`), if the text begins with one."""
    found = LEVEL_LINE.match(text.strip().partition("\n")[0])
    return Support((found[1] or found[2]).lower()) if found else None


def read_goal_level(text: str) -> Support | None:
    """The support named at the end of a goal ("— Guided")."""
    found = DASHED_TAG.search(text) or re.search(r"[\[(](guided|supported|independent)[\])]\W*$", text, re.I)
    word = found[1].lower() if found else ""
    return Support(word) if word in set(Support) else None


def is_stretch(text: str) -> bool:
    """Whether a goal marks its exercise as a stretch."""
    return re.search(r"[\[(]\W*(?:stretch|bonus|optional)\W*[\])]|^\W*stretch\b", text, re.I) is not None


def asserts_result(text: str) -> bool:
    """Whether a title or a goal says what will be found ("Verify that …", "nn.Linear IS …")."""
    text = LEADING_TAG.sub("", text.strip())
    return ASSERTIVE_WORD.match(text) is not None or ASSERTIVE_CAPITALS.search(_without_code(text)) is not None


def read_module(chunk: Chunk) -> str | None:
    """The module line ("Module 2.1, Lesson 3"), whether it is a heading or a bold line."""
    text = chunk.text if chunk.kind is ChunkKind.HEADING else chunk.source
    found = MODULE.match(text.strip())
    return found[1].strip() if found else None


def read_prerequisites(chunks: Sequence[Chunk]) -> tuple[str, int] | None:
    """The text after `**Prerequisites:**`, and how many of the chunks it takes."""
    found = PREREQUISITES.match(chunks[0].source.strip()) if chunks[0].kind is ChunkKind.PARAGRAPH else None
    if not found:
        return None
    text = found[1].partition("\n**")[0].strip()
    if text or len(chunks) < 2 or chunks[1].kind is not ChunkKind.LIST:
        return text, 1
    return chunks[1].source, 2


def _titled(place: Place, words: str, number: int | None) -> HeadingReading:
    support, stretch, title = None, False, words.strip()
    while True:
        tail = TRAILING_TAG.search(title) or LEADING_TAG.match(title)
        dashed = DASHED_TAG.search(title)
        tags = _tags(tail[1] or tail[2] or "") if tail else [dashed[1].lower()] if dashed else None
        cut = tail if tags is not None and tail else dashed
        if tags is None or cut is None:
            break
        support = next((Support(tag) for tag in tags if tag in set(Support)), support)
        stretch = stretch or "stretch" in tags
        title = (title[: cut.start()] + title[cut.end() :]).strip()
    if title.count("**") % 2:
        title = title.removesuffix("**").rstrip()
    return HeadingReading(place=place, title=title, number=number, support=support, stretch=stretch)


def _tags(words: str) -> list[str] | None:
    """The words in brackets when they stand where a level would: known words, or all in capitals."""
    parts = [part.strip().lower() for part in re.split(r"[,/|·–—:-]", words) if part.strip()]
    if not parts:
        return None
    if any(part in TAG_WORDS for part in parts) or (words.isupper() and " " in words.strip()):
        return parts
    return None


def _plain(words: str) -> str:
    """Words without emphasis around the whole and without a leading picture character."""
    return re.sub(r"^[^\w`(\[*]+", "", words.strip().strip("*_").strip())


def _without_number(words: str) -> str:
    return re.sub(r"^\d+[.)]\s*", "", words)


def _without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", "", text)
