"""`lesson.toml` -> `Overlay`: what the plain notebook does not say.

Enters: the text of the overlay. Leaves: plain values with the line each was found on. Invariant: an unknown key, a
wrong type or a missing key is an `OverlayError` with its line, and nothing else is raised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from foretell.model.belief import Probing, Vary
from foretell.model.lesson import NO_LIMITS, AnswerKind, LessonLimits, Tolerance
from foretell.parse.probing import PROBING_KEYS, read_probing
from foretell.parse.toml_tables import Table, check_schema, is_whole, read_toml

ROOT_KEYS = frozenset({"schema", "limits", "question", "task"})
QUESTION_KEYS = frozenset(
    {"before", "ask", "kind", "target", "choices", "tolerance", "aside", "rows", "misconception", "vary"}
)
TASK_KEYS = frozenset({"cell", "hints", "why", "test_cells"}) | PROBING_KEYS
VARY_FORM = "Write n_in = [2, 64]: a name that the cell sets, then the lowest and the highest whole number."
HINTS_AT_MOST = 3
LIMITS_AT_MOST: Mapping[str, int] = MappingProxyType(
    {
        "wall_seconds": 86_400,
        "cpu_seconds": 86_400,
        "memory_mb": 1 << 20,
        "processes": 10_000,
        "open_files": 100_000,
        "file_mb": 1 << 20,
        "output_kb": 1 << 20,
        "picture_mb": 1 << 10,
        "picture_pixels": 1 << 30,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayBelief:
    """A `[[question.misconception]]`; `misconception` is its `id`."""

    line: int
    misconception: str
    leads_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayQuestion:
    """A `[[question]]`; `before` is a cell id or a 0-based index, `rows` a variable of that cell."""

    line: int
    before: str
    ask: str
    kind: AnswerKind
    target: str | None
    aside: str
    choices: tuple[str, ...]
    rows: str | None
    tolerance: Tolerance
    beliefs: tuple[OverlayBelief, ...] = ()
    vary: tuple[Vary, ...] = ()
    vary_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayTask:
    """A `[task.NAME]`; `test_cells` is None where the notebook's order decides."""

    line: int
    name: str
    cell: str
    hints: tuple[str, ...]
    why: str
    test_cells: tuple[str, ...] | None
    probing: Probing


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Everything an overlay says."""

    questions: tuple[OverlayQuestion, ...] = ()
    tasks: tuple[OverlayTask, ...] = ()
    limits: LessonLimits = NO_LIMITS


def read_overlay(text: str) -> Overlay:
    """Read the text of a `lesson.toml`."""
    root = read_toml(text, "lesson.toml")
    root.check_keys(ROOT_KEYS)
    check_schema(root)
    return Overlay(questions=_read_questions(root), tasks=_read_tasks(root), limits=_read_limits(root))


def _read_questions(root: Table) -> tuple[OverlayQuestion, ...]:
    raw = root.values.get("question", [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise root.fail("`question` is not a list of tables", "Write [[question]] above each.", "question")
    heads = root.heads(r"\s*\[\[\s*question\s*\]\]")
    heads += [max(1, root.line_of("question"))] * (len(raw) - len(heads))
    return tuple(
        _read_question(root.inner(values, "[[question]]", line)) for line, values in zip(heads, raw, strict=False)
    )


def _read_question(table: Table) -> OverlayQuestion:
    table.check_keys(QUESTION_KEYS)
    before, ask, word = table.text("before"), table.text("ask"), table.text("kind")
    if word not in set(AnswerKind):
        raise table.fail(f"unknown kind {word!r}", f"The kinds are {', '.join(AnswerKind)}.", "kind")
    kind = AnswerKind(word)
    choices = table.texts("choices")
    if kind in {AnswerKind.CHOICE, AnswerKind.ORDER} and len(choices) < 2:
        raise table.fail(f"no `choices` for the kind {word}", 'Add choices = ["…", "…"] with at least two.')
    rows = table.text("rows") if "rows" in table.values else None
    if rows is not None and not rows.isidentifier():
        raise table.fail(f"`rows` is not a name: {rows!r}", "Name a variable that the cell sets to a list.", "rows")
    return OverlayQuestion(
        line=table.line, before=before, ask=ask.strip(), kind=kind, target=_target(table),
        aside=table.text_or("aside", ""), choices=choices, rows=rows, tolerance=_tolerance(table),
        beliefs=_beliefs(table, kind), vary=_vary(table), vary_line=table.line_of("vary"),
    )  # fmt: skip


def _target(table: Table) -> str | None:
    return table.expression("target") if "target" in table.values else None


def _beliefs(table: Table, kind: AnswerKind) -> tuple[OverlayBelief, ...]:
    raw = table.values.get("misconception", [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        remedy = "Write [[question.misconception]] above each."
        raise table.fail("`misconception` is not a list of tables", remedy, "misconception")
    if raw and ("target" not in table.values or kind is AnswerKind.OPEN):
        fact = "`misconception` where nothing is compared"
        raise table.fail(fact, "Give the question a target and another kind than open.", "misconception")
    heads = table.heads(r"\s*\[\[\s*question\s*\.\s*misconception\s*\]\]")
    heads += [table.line_of("misconception")] * (len(raw) - len(heads))
    return tuple(
        _belief(table.inner(values, "[[question.misconception]]", line))
        for line, values in zip(heads, raw, strict=False)
    )


def _belief(table: Table) -> OverlayBelief:
    table.check_keys(frozenset({"id", "leads_to"}))
    return OverlayBelief(line=table.line, misconception=table.text("id"), leads_to=table.expression("leads_to"))


def _vary(table: Table) -> tuple[Vary, ...]:
    raw = table.values.get("vary", {})
    if not isinstance(raw, dict):
        raise table.fail("`vary` is not a table", VARY_FORM, "vary")
    inner = table.inner(raw, "[question.vary]", table.line_of("vary"))
    for name, ends in raw.items():
        good = isinstance(ends, list) and len(ends) == 2 and all(is_whole(end) for end in ends)
        if not name.isidentifier() or not good or not 0 <= ends[0] < ends[1] <= 1 << 20:
            raise inner.fail(f"`{name}` is not understood", VARY_FORM, name)
    return tuple(Vary(name=name, low=low, high=high) for name, (low, high) in raw.items())


def _tolerance(table: Table) -> Tolerance:
    raw = table.values.get("tolerance", {})
    good = isinstance(raw, dict) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
        for value in raw.values()
    )
    if not good or not set(raw) <= {"absolute", "relative"}:
        raise table.fail(
            "`tolerance` is not understood", "Write { absolute = 1e-5 } or { relative = 0.05 }.", "tolerance"
        )
    return Tolerance(absolute=float(raw.get("absolute", 0)), relative=float(raw.get("relative", 0)))


def _read_tasks(root: Table) -> tuple[OverlayTask, ...]:
    raw = root.values.get("task", {})
    if not isinstance(raw, dict) or not all(isinstance(one, dict) for one in raw.values()):
        raise root.fail("`task` is not a table of tables", "Write [task.NAME] above each.", "task")
    tasks = []
    for name, values in raw.items():
        form = re.compile(rf"""^\s*\[\s*task\s*\.\s*["']?{re.escape(name)}["']?\s*\]""")
        line = next(
            (number for number, text in enumerate(root.lines, 1) if form.match(text)), max(1, root.line_of("task"))
        )
        tasks.append(_read_task(name, root.inner(values, f"[task.{name}]", line)))
    return tuple(tasks)


def _read_task(name: str, table: Table) -> OverlayTask:
    table.check_keys(TASK_KEYS)
    hints = table.texts("hints")
    if len(hints) > HINTS_AT_MOST:
        raise table.fail(f"{len(hints)} hints", "Keep at most three: where to look, the idea, the line.", "hints")
    return OverlayTask(
        line=table.line, name=name, cell=table.text("cell"), hints=hints, why=table.text_or("why", ""),
        test_cells=table.texts("test_cells") if "test_cells" in table.values else None,
        probing=read_probing(table),
    )  # fmt: skip


def _read_limits(root: Table) -> LessonLimits:
    raw = root.values.get("limits", {})
    if not isinstance(raw, dict):
        raise root.fail("`limits` is not a table", "Write [limits] above its keys.", "limits")
    form = re.compile(r"""^\s*\[\s*["']?limits["']?\s*\]""")
    heads = (number for number, text in enumerate(root.lines, 1) if form.match(text))
    line = next(heads, max(1, root.line_of("limits")))
    table = root.inner(raw, "[limits]", line)
    table.check_keys(frozenset(LIMITS_AT_MOST))
    for key, value in raw.items():
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole or (key == "wall_seconds" and isinstance(value, float))):
            raise table.fail(f"`{key}` is not a whole number", f"Write {key} = 60, say.", key)
        if not 0 < value <= LIMITS_AT_MOST[key]:
            raise table.fail(f"`{key}` is {value}", f"Write a number from 1 to {LIMITS_AT_MOST[key]}.", key)
    return LessonLimits(**raw)
