"""What a learner has done: predictions, commits, runs, verdicts, drafts, openings. Appended, never changed.

Enters and leaves: plain values. Invariant: a kept run names the commit that allowed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from foretell.model.lesson import AnswerKind
from foretell.model.run import Run

Plain = bool | int | float | str | tuple[int, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose attempts are meant: one learner in one revision of one lesson."""

    learner: str
    lesson: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What foretell understood of a typed answer; `echo` is how it is shown back ("(5, 10)")."""

    kind: AnswerKind
    value: Plain
    echo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A committed answer: `texts` verbatim and `readings` as understood, one a row; confidence in percent (1 to 99)."""

    question: str
    ask: str
    texts: tuple[str, ...]
    readings: tuple[Reading, ...]
    confidence: int


class Verdict(StrEnum):
    """How a prediction compared with what happened. A page never says "wrong"; it shows the sign for unequal."""

    RIGHT = "right"
    NEAR = "near"
    WRONG = "wrong"
    SELF = "self"
    UNKNOWN = "unknown"


class SelfMark(StrEnum):
    """The learner's own call where nothing could be compared."""

    MATCH = "match"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with a one-line difference ("you said (10, 5); it was (5, 10)") and what was seen, as text.

    `misconceptions` are the ids of the beliefs that lead to just this answer in this run: none, one, or several.
    """

    question: str
    verdict: Verdict
    difference: str
    observed: str
    mark: SelfMark | None = None
    misconceptions: tuple[str, ...] = ()


class CheckVerdict(StrEnum):
    """How the code of a task was judged: `stopped` by a limit, a crash or an exit; `error` is ours."""

    RIGHT = "right"
    WRONG = "wrong"
    STOPPED = "stopped"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourCheck:
    """One behaviour in words ("PyTorch sees 385 parameters"), whether it is so, and what was seen."""

    says: str
    ok: bool
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a check of a task found: one primary message (`says`), the plainest difference, the behaviours.

    `misconception` is the id of the belief that explains it, None where none is named. `seconds` is what it took.
    """

    verdict: CheckVerdict
    misconception: str | None
    says: str
    difference: str
    checks: tuple[BehaviourCheck, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What was on record before a cell could run.

    `predictions` may be empty; `skipped` names questions the learner chose to run without. A cell that asks nothing
    is committed with both empty.
    """

    id: int
    cell: str
    predictions: tuple[Prediction, ...]
    skipped: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A run on record. `code` is the learner's text, `state` the key of prefix and text; `run` is None while it runs
    or where the server was killed before it ended. `number` counts the runs of this cell from 1.
    """

    id: int
    cell: str
    number: int
    commit: int
    code: str
    state: str
    at: datetime
    run: Run | None
    judgements: tuple[Judgement, ...] = ()
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Text the learner has in an editor, as last saved."""

    cell: str
    text: str
    at: datetime


class Opened(StrEnum):
    """What help can be opened; a cell can also be asked again."""

    HINT_1 = "hint-1"
    HINT_2 = "hint-2"
    HINT_3 = "hint-3"
    SOLUTION = "solution"
    GIVE_UP = "give-up"
    REFERENCE_ON = "reference-on"
    REFERENCE_OFF = "reference-off"
    AGAIN = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Help the learner opened for a task (named by its cell), in order of `at`.

    Of a cell that is asked again, `questions` are those meant, by the ids they have in the lesson: none named, all.
    """

    cell: str
    what: Opened
    at: datetime
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything on record of one learner in one revision of one lesson, oldest first; drafts: the newest a cell.

    `round` counts how often the lesson had been started over: 0 the first time.
    """

    commits: tuple[Commit, ...] = ()
    runs: tuple[KeptRun, ...] = ()
    drafts: dict[str, Draft] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    round: int = 0
