"""What a page shows, ready to be drawn: every string ending in `_html` is safe HTML, every other string is text.

Enters: nothing. Leaves: the only objects that templates see. Invariant: nothing withheld is in a view; a template
cannot give away what it was not given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """What every page needs. `token` goes into each form and POST header; `nonce` into each script and style tag.

    `when_away` is what a learner can do when the server does not answer.
    """

    title: str
    token: str
    nonce: str
    confined: str
    when_away: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop of the confidence row."""

    percent: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionField:
    """One question of an open prompt. `rows` holds a label a row ("" alone where there is one answer).

    `choices` are picked from, `to_order` is written in order. Inputs are named `answer:<id>:<row ordinal>` and
    `confidence:<id>`. `texts` and `problem` are filled when a form comes back refused, and `chosen` is the stop picked
    then.
    """

    id: str
    ask_html: str
    aside_html: str
    kind: str
    example: str
    rows: tuple[str, ...]
    choices: tuple[str, ...]
    stops: tuple[Stop, ...]
    to_order: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    problem: str = ""
    chosen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPair:
    """You said / it was, for one row of a question (one pair where it has no rows)."""

    label: str
    said: str
    observed: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refutation:
    """The card of a misconception; `text_html` is "" where the same card stands further up.

    `id` is its place in the catalogue of the lesson.
    """

    name_html: str
    text_html: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One predicted (or skipped) question after its run, or locked and waiting for it.

    `verdict` is right, near, wrong, self, unknown, skipped or waiting; `mark` is match, partly, no or "" (self only).
    `matched` is None where nothing has been settled; `confident_miss` is true for a miss at 80 % and up.
    `refutations` are the beliefs that lead to just this answer.
    """

    question: str
    ask_html: str
    pairs: tuple[LedgerPair, ...]
    verdict: str
    difference: str
    confidence: int | None
    confidence_dots: int
    confident_miss: bool
    mark: str
    run: int | None
    matched: bool | None = None
    refutations: tuple[Refutation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The comparison that takes the form's place. `note` says when it was locked."""

    note: str
    rows: tuple[LedgerRow, ...]
    asks_why: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One check in words; `ok` is None where the run stopped before it."""

    says_html: str
    evidence: str
    ok: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """What a check of a task found: its one message, the card of the belief behind it, the plainest difference.

    `verdict` is right, wrong, stopped or error (then foretell could not check).
    """

    verdict: str
    says_html: str
    refutation: Refutation | None
    difference_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What the notebook's own test cell saw, or a check of the task (`diagnosed`): then `notebook` holds the former,
    folded. `why_html` is why it works, once all pass.
    """

    heading: str
    lines: tuple[CheckLine, ...]
    all_pass: bool
    why_html: str
    next_key: str
    diagnosed: Diagnosed | None = None
    notebook: tuple[CheckLine, ...] = ()
    notebook_heading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One hint button: `state` is open, available or locked (then `text_html` is ""); `what` is sent to open it."""

    what: str
    name: str
    state: str
    text_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Hints and solution of a task.

    `solution_state` is open, available, locked or none (there is no solution); `locked_note` says what opens the next
    rung.
    """

    rungs: tuple[Rung, ...]
    solution_state: str
    solution_html: str
    diff_html: str
    locked_note: str
    can_give_up: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """The last run of a cell as it stands on the page.

    `state` is done, failed, stopped, limit, crashed, interrupted, running or none. `outputs_html` is ready; `message`
    says in a sentence what ended the run when it did not end by itself; `events` is the address of the stream while
    it runs.
    """

    state: str
    number: int
    seconds: str
    outputs_html: str
    message: str
    note: str
    stale: bool
    events: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An earlier exercise this cell needs and that is not done: offer its reference result."""

    cell: str
    task: str
    section_key: str
    section_title: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """Everything of one code cell. `mode` is guided-locked (read-only), editable or task.

    `code` is the text in the editor (for guided-locked: nothing; `code_html` holds the highlighted shown part);
    `test_html` the read-only highlighted test part of a task; `withheld` counts lines that appear after the run.
    `heading` names the card ("Your code"); `number` counts the code cells of the lesson, and tells cells apart for who
    does not see them.
    `missing` is filled where a needed exercise is not done; `reference` says that this task's reference result is in
    use. `runnable` is false for a lesson in another language; `unread` says what the reader did not understand.
    `instance` counts how often its questions are put, and `offers_again` that they can be put with new numbers.
    """

    id: str
    anchor: str
    section_key: str
    mode: str
    heading: str
    number: int
    code: str
    code_html: str
    test_html: str
    changed: bool
    withheld: int
    run: RunView
    form: tuple[QuestionField, ...]
    ledger: Ledger | None
    checks: Checks | None
    help: Help | None
    missing: tuple[Missing, ...]
    reference: bool
    runnable: bool
    unread: str
    instance: int = 1
    offers_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseView:
    """A stretch of prose; `html` is "" while it is withheld."""

    html: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A section of the lesson with its prose and cells in reading order."""

    key: str
    kind: str
    eyebrow: str
    support: str
    stretch: bool
    title_html: str
    items: tuple[ProseView | CellView, ...]
    previous_key: str
    next_key: str
    withheld_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineItem:
    """A line of the sidebar; `strip` holds a state a question: a verdict, skipped, waiting or open."""

    key: str
    number: str
    title_html: str
    support: str
    done: bool
    strip: tuple[str, ...]
    strip_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One stop of the calibration plot: of `n` predictions at `percent`, `hits` matched."""

    percent: int
    n: int
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationView:
    """Stated against hit, with n beside each dot; `sentence` carries the verdict or says that there are too few."""

    dots: tuple[Dot, ...]
    matched: int
    total: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineView:
    """The sidebar."""

    lesson_title_html: str
    count: str
    items: tuple[OutlineItem, ...]
    calibration: CalibrationView


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonPage:
    """The lesson player."""

    chrome: Chrome
    lesson: str
    crumb: str
    title_html: str
    goals_html: tuple[str, ...]
    prerequisites_html: str
    sections: tuple[SectionView, ...]
    outline: OutlineView
    note: str
    has_maths: bool
