"""What the pages around a lesson show: home, report, review, catalogue. As in `views`, `_html` is safe HTML.

Enters: nothing. Leaves: what templates see. Invariant: nothing withheld is in a view.
"""

from __future__ import annotations

from dataclasses import dataclass

from foretell.web.views import CalibrationView, Chrome, LedgerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeLesson:
    """A lesson on the home page."""

    href: str
    title: str
    module: str
    where: str
    progress: str
    opened: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeIdea:
    """A misconception on the home page: how often it showed, in how many lessons, and what came of it, in words."""

    name_html: str
    counted: str
    since: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Lessons that ship, notebooks opened lately, progress; how many questions are to be asked again today, and the
    ideas behind misses.
    """

    chrome: Chrome
    lessons: tuple[HomeLesson, ...]
    recent: tuple[HomeLesson, ...]
    due: int = 0
    ideas: tuple[HomeIdea, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One prediction in the report: the ledger row with where it was made (`href` goes there).

    `showed` is what the run showed, as text, where the comparison is the learner's own; "" elsewhere.
    """

    row: LedgerRow
    section_title_html: str
    href: str
    showed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeaLine:
    """One time that an idea showed: where (`href` goes there, "" where it is gone), the evidence, what came of it."""

    where_html: str
    href: str
    evidence_html: str
    is_confident: bool
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """A misconception in the report; `since` says where it could have shown later and has not, "" where nowhere."""

    id: str
    name_html: str
    counted: str
    lines: tuple[IdeaLine, ...]
    since_html: str
    since_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """What your predictions say: confident misses first, the ideas behind misses, then every prediction beside what
    happened. `asked_again` counts what became of misses, "" where none has been asked again.
    """

    chrome: Chrome
    lesson: str
    title_html: str
    confident_misses: tuple[ReportLine, ...]
    others: tuple[ReportLine, ...]
    skipped: int
    calibration: CalibrationView
    ideas: tuple[Idea, ...] = ()
    asked_again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """Something could not be done: fact, place, remedy."""

    chrome: Chrome
    heading: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPage:
    """What is recorded, where it lies, and by what a learner is known ("" where there is one only)."""

    chrome: Chrome
    where: str
    known_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """A cell with questions to ask again. `after` is the instance its page shows; `is_open` that it asks them already.

    `asks` are the questions as they were put, each with when it was missed and how sure the learner was.
    """

    lesson_title: str
    place_html: str
    lesson: str
    cell: str
    after: int
    is_open: bool
    is_confident: bool
    asks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """What is to be asked again today, confident misses first."""

    chrome: Chrome
    items: tuple[ReviewItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefExample:
    """A wrong answer that shows a misconception, highlighted."""

    task: str
    code_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefEntry:
    """A misconception in the catalogue: its text, where it could show so far (address and name), what shows it in code.

    `held` names the places whose wrong answers appear once the learner's own code does what is asked.
    """

    id: str
    name_html: str
    text_html: str
    places: tuple[tuple[str, str], ...]
    examples: tuple[BeliefExample, ...]
    held: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefsPage:
    """The catalogue of a lesson's misconceptions; `waiting` says after what how many more of them can be read."""

    chrome: Chrome
    lesson: str
    title_html: str
    entries: tuple[BeliefEntry, ...]
    waiting: tuple[tuple[str, int], ...]
