"""What a lesson is once it has been read: sections, cells, prompts, tasks, and what may be shown when.

Enters: nothing (these are plain values). Leaves: the vocabulary of `parse`, `loop`, `web` and `authoring`.
Invariant: every cell is named by its id, every id is unique in its lesson, and whatever would answer a prompt
sits in a field that says so (`Piece.withheld`, `opens_after`), so a door can keep it back without understanding it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from foretell.model.belief import Belief, Misconception, Probing, Vary


class CellKind(StrEnum):
    """The three cell types of nbformat 4."""

    MARKDOWN = "markdown"
    CODE = "code"
    RAW = "raw"


class Support(StrEnum):
    """How much an exercise gives its learner."""

    GUIDED = "guided"
    SUPPORTED = "supported"
    INDEPENDENT = "independent"


class AnswerKind(StrEnum):
    """What sort of answer a question takes."""

    SHAPE = "shape"
    DTYPE = "dtype"
    NUMBER = "number"
    YES_NO = "yes-no"
    CHOICE = "choice"
    ORDER = "order"
    ERROR = "error"
    PRINTED = "printed"
    TABLE = "table"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One nbformat cell; `index` is its 0-based position in the notebook."""

    id: str
    index: int
    kind: CellKind
    source: str


class BlockRole(StrEnum):
    """What a stretch of Markdown is there for."""

    PROSE = "prose"
    GOALS = "goals"
    CLAIM = "claim"
    DEBRIEF = "debrief"
    TAKEAWAYS = "takeaways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of one Markdown cell.

    `before` is what may be shown until every code cell named in `opens_after` has been run; `source` is shown after.
    Prompts, solutions and hints are not blocks: they live in `Prompt` and `Task`.
    """

    cell: str
    role: BlockRole
    source: str
    before: str
    opens_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of a code cell (each ending as in the source); `withheld` lines are shown only after its run.

    A line of which only the end is withheld (a trailing comment) is two pieces.
    """

    text: str
    withheld: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a number may be off and still be right; both zero means exact."""

    absolute: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One answerable thing.

    `id` is unique in the lesson and stable while the cell and the question's place in its prompt are.
    `target` is a Python expression, evaluated after the run; where `rows` is not empty it is evaluated once a row,
    with `row` bound to the literal in `rows`, and the learner gives one answer a row. So it is for each of `beliefs`.
    Where `vary` draws numbers, `ask` and `choices` have those of the cell as written; `template` and `choice_templates`
    are the same with `{name}` in their places (empty where nothing varies).
    """

    id: str
    ask: str
    kind: AnswerKind
    target: str | None = None
    aside: str = ""
    choices: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)
    beliefs: tuple[Belief, ...] = ()
    vary: tuple[Vary, ...] = ()
    template: str = ""
    choice_templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A place that asks for predictions: it stands in cell `stands_in` and is settled by the run of cell `before`."""

    stands_in: str
    before: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One rung of help; `name` says what it is for ("Where to look", "The idea", "The line")."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Code to write.

    The cell's source is a part the learner edits and a part that tests it. `starter` is the first, without any
    solution left in comments; `test` is the second ("" where the whole cell is to be written). What runs is
    `learner's code + test`. `solution` takes the place of `starter`; None where none could be found or placed.
    `test_cells` are later cells of the exercise that test the task and ask for nothing.
    """

    name: str
    cell: str
    starter: str
    test: str
    solution: str | None = None
    solution_cell: str | None = None
    solution_text: str = ""
    hints: tuple[Hint, ...] = ()
    test_cells: tuple[str, ...] = ()
    why: str = ""
    probing: Probing = field(default_factory=Probing)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """A code cell of the lesson: `pieces` concatenate to its source (for a task: to `task.test`).

    `opens_after` are cells for whose runs the withheld pieces wait besides its own: those that settle a prompt asked
    above this cell and answered below it.
    `needs` are the names it reads before giving them a value, `provides` the names it leaves behind (top level, by
    syntax; builtins left out).
    """

    cell: str
    source: str
    pieces: tuple[Piece, ...]
    prompt: Prompt | None = None
    task: Task | None = None
    needs: frozenset[str] = frozenset()
    provides: frozenset[str] = frozenset()
    opens_after: tuple[str, ...] = ()


class SectionKind(StrEnum):
    """What part of a lesson a section is."""

    INTRO = "intro"
    SETUP = "setup"
    EXERCISE = "exercise"
    PART = "part"
    TAKEAWAYS = "takeaways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """What is particular to an exercise; `number` as its author wrote it."""

    number: int | None
    support: Support | None
    stretch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part of the lesson. `key` is its anchor on the page ("setup", "ex3", "takeaways").

    `title_before` stands for `title` until the code cells in `title_opens_after` have been run. `cells` holds the
    0-based index of every cell that has a block of the section.
    """

    key: str
    kind: SectionKind
    title: str
    title_before: str
    title_opens_after: tuple[str, ...] = ()
    exercise: Exercise | None = None
    cells: tuple[int, ...] = ()
    items: tuple[Block | CodeCell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One item of "What you'll do"; `before` is shown until `opens_after` has been run."""

    text: str
    before: str
    opens_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A cell the reader did not fully understand; it is played as a plain cell."""

    cell: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonLimits:
    """What one cell of a lesson may use, where its author says so; None leaves it to the door.

    Units are those of the overlay: MB and KB count 1024 bytes a step; `output_kb` is all text of a cell, `picture_mb`
    and `picture_pixels` one picture, `processes` processes and threads together.
    """

    wall_seconds: float | None = None
    cpu_seconds: int | None = None
    memory_mb: int | None = None
    processes: int | None = None
    open_files: int | None = None
    file_mb: int | None = None
    output_kb: int | None = None
    picture_mb: int | None = None
    picture_pixels: int | None = None


NO_LIMITS = LessonLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One notebook with its overlay. `revision` changes exactly when the content of its files does.

    `language` is the kernel's language ("python"); a lesson in another language is shown and cannot be run.
    """

    id: str
    revision: str
    title: str
    module: str | None
    goals: tuple[Goal, ...]
    prerequisites: str | None
    language: str
    cells: tuple[Cell, ...]
    sections: tuple[Section, ...]
    unread: tuple[Unread, ...] = ()
    limits: LessonLimits = NO_LIMITS
    misconceptions: tuple[Misconception, ...] = ()

    @property
    def code_cells(self) -> tuple[CodeCell, ...]:
        """Every code cell, in notebook order."""
        return tuple(item for section in self.sections for item in section.items if isinstance(item, CodeCell))

    def code_cell(self, cell: str) -> CodeCell | None:
        """The code cell with this id, or None."""
        return next((code for code in self.code_cells if code.cell == cell), None)

    def misconception(self, misconception: str) -> Misconception | None:
        """The misconception with this id, or None."""
        return next((one for one in self.misconceptions if one.id == misconception), None)
