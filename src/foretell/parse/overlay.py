"""`lesson.toml` -> `Overlay`: what the plain notebook does not say.

Enters: the text of the overlay. Leaves: plain values with the line each was found on. Invariant: an unknown key, a
wrong type or a missing key is an `OverlayError` with its line, and nothing else is raised.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from foretell.errors import OverlayError
from foretell.model.lesson import NO_LIMITS, AnswerKind, LessonLimits, Tolerance
from foretell.parse.python import is_expression

QUESTION_KEYS = frozenset({"before", "ask", "kind", "target", "choices", "tolerance", "aside", "rows"})
TASK_KEYS = frozenset({"cell", "hints", "why", "test_cells"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayTask:
    """A `[task.NAME]`; `test_cells` is None where the notebook's order decides."""

    line: int
    name: str
    cell: str
    hints: tuple[str, ...]
    why: str
    test_cells: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Everything an overlay says."""

    questions: tuple[OverlayQuestion, ...] = ()
    tasks: tuple[OverlayTask, ...] = ()
    limits: LessonLimits = NO_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One table of the overlay and where it begins, to read values from with their errors."""

    values: Mapping[str, Any]
    name: str
    line: int
    lines: tuple[str, ...]

    def fail(self, fact: str, remedy: str, key: str | None = None) -> OverlayError:
        return OverlayError(f"lesson.toml, line {self.line_of(key)}: {fact} in {self.name}. {remedy}")

    def line_of(self, key: str | None) -> int:
        """The line of a key, or of the table's head."""
        if key is None:
            return self.line
        form = re.compile(
            rf"""(?:^|[{{,.]\s*)\s*["']?{re.escape(key)}["']?\s*[=.]|^\s*\[+\s*{re.escape(key)}\s*[\].]"""
        )
        for number in range(max(1, self.line), len(self.lines) + 1):
            if number > self.line and self.lines[number - 1].lstrip().startswith("["):
                head = self.lines[number - 1].strip().strip("[]").strip()
                if head.endswith("." + key):
                    return number
                if self.line > 0 and not head.startswith(self.name.strip("[]") + "."):
                    break
            if form.search(self.lines[number - 1]):
                return number
        return self.line

    def check_keys(self, known: frozenset[str]) -> None:
        for key in self.values:
            if key not in known:
                raise self.fail(f"unknown key `{key}`", f"The keys are {', '.join(sorted(known))}.", key)

    def text(self, key: str) -> str:
        if key not in self.values:
            raise self.fail(f"no `{key}`", f'Add {key} = "…".')
        value = self.values[key]
        if isinstance(value, int) and not isinstance(value, bool) and key in {"before", "cell"}:
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"`{key}` is not a text", f'Write {key} = "…".', key)
        return value

    def text_or(self, key: str, otherwise: str) -> str:
        value = self.values.get(key, otherwise)
        if not isinstance(value, str):
            raise self.fail(f"`{key}` is not a text", f'Write {key} = "…".', key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.fail(f"`{key}` is not a list of texts", f'Write {key} = ["…", "…"].', key)
        return tuple(value)


def read_overlay(text: str) -> Overlay:
    """Read the text of a `lesson.toml`."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (?:line (\d+)|end of document)", str(error))
        line = place[1] if place and place[1] else len(text.rstrip("\n").split("\n"))
        raise OverlayError(f"lesson.toml, line {line}: it is not TOML: {error}. Mend that line.") from error
    except (RecursionError, ValueError) as error:
        raise OverlayError(f"lesson.toml cannot be read: {error}. Make it plainer.") from error
    lines = tuple(text.split("\n"))
    root = _Table(values=values, name="the file", line=0, lines=lines)
    for key in values:
        if key not in {"schema", "limits", "question", "task"}:
            raise _at_least_line_one(root, f"unknown key `{key}`", "The keys are limits, question, schema, task.", key)
    if values.get("schema") != 1 or isinstance(values.get("schema"), bool):
        fact = "no `schema`" if "schema" not in values else f"unknown `schema` {values['schema']!r}"
        raise _at_least_line_one(root, fact, "Write schema = 1 as the first line.", "schema")
    return Overlay(questions=_read_questions(root), tasks=_read_tasks(root), limits=_read_limits(root))


def _at_least_line_one(root: _Table, fact: str, remedy: str, key: str) -> OverlayError:
    return OverlayError(f"lesson.toml, line {max(1, root.line_of(key))}: {fact} in the file. {remedy}")


def _read_questions(root: _Table) -> tuple[OverlayQuestion, ...]:
    raw = root.values.get("question", [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise _at_least_line_one(
            root, "`question` is not a list of tables", "Write [[question]] above each.", "question"
        )
    heads = [number for number, line in enumerate(root.lines, 1) if re.match(r"\s*\[\[\s*question\s*\]\]", line)]
    heads += [max(1, root.line_of("question"))] * (len(raw) - len(heads))
    return tuple(
        _read_question(_Table(values=values, name="[[question]]", line=line, lines=root.lines))
        for line, values in zip(heads, raw, strict=False)
    )


def _read_question(table: _Table) -> OverlayQuestion:
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
    )  # fmt: skip


def _target(table: _Table) -> str | None:
    if "target" not in table.values:
        return None
    target = table.text("target").strip()
    if not is_expression(target):
        raise table.fail(f"`target` is no Python expression: {target!r}", "Write one expression.", "target")
    return target


def _tolerance(table: _Table) -> Tolerance:
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


def _read_tasks(root: _Table) -> tuple[OverlayTask, ...]:
    raw = root.values.get("task", {})
    if not isinstance(raw, dict) or not all(isinstance(one, dict) for one in raw.values()):
        raise _at_least_line_one(root, "`task` is not a table of tables", "Write [task.NAME] above each.", "task")
    tasks = []
    for name, values in raw.items():
        form = re.compile(rf"""^\s*\[\s*task\s*\.\s*["']?{re.escape(name)}["']?\s*\]""")
        line = next(
            (number for number, text in enumerate(root.lines, 1) if form.match(text)), max(1, root.line_of("task"))
        )
        tasks.append(_read_task(name, _Table(values=values, name=f"[task.{name}]", line=line, lines=root.lines)))
    return tuple(tasks)


def _read_task(name: str, table: _Table) -> OverlayTask:
    table.check_keys(TASK_KEYS)
    hints = table.texts("hints")
    if len(hints) > HINTS_AT_MOST:
        raise table.fail(f"{len(hints)} hints", "Keep at most three: where to look, the idea, the line.", "hints")
    return OverlayTask(
        line=table.line, name=name, cell=table.text("cell"), hints=hints, why=table.text_or("why", ""),
        test_cells=table.texts("test_cells") if "test_cells" in table.values else None,
    )  # fmt: skip


def _read_limits(root: _Table) -> LessonLimits:
    raw = root.values.get("limits", {})
    if not isinstance(raw, dict):
        raise _at_least_line_one(root, "`limits` is not a table", "Write [limits] above its keys.", "limits")
    form = re.compile(r"""^\s*\[\s*["']?limits["']?\s*\]""")
    heads = (number for number, text in enumerate(root.lines, 1) if form.match(text))
    line = next(heads, max(1, root.line_of("limits")))
    table = _Table(values=raw, name="[limits]", line=line, lines=root.lines)
    table.check_keys(frozenset(LIMITS_AT_MOST))
    for key, value in raw.items():
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole or (key == "wall_seconds" and isinstance(value, float))):
            raise table.fail(f"`{key}` is not a whole number", f"Write {key} = 60, say.", key)
        if not 0 < value <= LIMITS_AT_MOST[key]:
            raise table.fail(f"`{key}` is {value}", f"Write a number from 1 to {LIMITS_AT_MOST[key]}.", key)
    return LessonLimits(**raw)
