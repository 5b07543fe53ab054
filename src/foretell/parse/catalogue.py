"""`misconceptions.toml` -> the catalogue of a lesson, and what refers to it.

Enters: the text of the catalogue, wrong examples by task and file name, the overlay. Leaves: `Misconception`s and
tasks with their examples, both sorted. Invariant: every id that a lesson uses is in its catalogue; what cannot be
meant is a `LessonError` with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from foretell.errors import LessonError, OverlayError
from foretell.model.belief import EVIDENCE, MOST_WORDS, Misconception, WrongExample
from foretell.model.lesson import Task
from foretell.parse.overlay import OverlayQuestion
from foretell.parse.toml_tables import Table, check_schema, read_toml

CATALOGUE = "misconceptions.toml"
KEYS = frozenset({"name", "refutation", "says", "signs", "slip"})
ID = re.compile(r"(?!.{81})[a-z0-9]+(?:-[a-z0-9]+)*")
VARIANT_MARK = "--"


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefFiles:
    """The texts beside a notebook that tell of misconceptions: the catalogue, and examples by task and file stem."""

    catalogue: str | None = None
    wrong: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NO_BELIEFS = BeliefFiles()


def read_catalogue(text: str | None) -> tuple[Misconception, ...]:
    """Read the text of a `misconceptions.toml`; nothing where there is no such file."""
    if text is None:
        return ()
    root = read_toml(text, CATALOGUE)
    check_schema(root)
    found = [_read_one(root, id, values) for id, values in root.values.items() if id != "schema"]
    return tuple(sorted(found, key=lambda one: one.id))


def _read_one(root: Table, id: str, values: object) -> Misconception:
    form = re.compile(rf"""\s*\[\s*["']?{re.escape(id)}["']?\s*\]""")
    line = next((number for number, one in enumerate(root.lines, 1) if form.match(one)), root.line_of(id))
    if not isinstance(values, dict) or not ID.fullmatch(id):
        remedy = "Write one table an id, of small letters and digits joined by single hyphens: [weight-is-in-out]."
        raise OverlayError(f"{CATALOGUE}, line {max(1, line)}: {id!r} is no table of a misconception. {remedy}")
    table = root.inner(values, f"[{id}]", line)
    table.check_keys(KEYS)
    refutation = _on_one_line(table.text("refutation"))
    words = len(refutation.replace(EVIDENCE, " ").split())
    if words > MOST_WORDS:
        raise table.fail(f"`refutation` has {words} words", f"Keep at most {MOST_WORDS}.", "refutation")
    return Misconception(
        id=id, name=_on_one_line(table.text("name")), refutation=refutation,
        says=_on_one_line(table.text_or("says", "")), signs=_signs(table), slip=_slip(table),
    )  # fmt: skip


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _slip(table: Table) -> bool:
    slip = table.values.get("slip", False)
    if not isinstance(slip, bool):
        raise table.fail("`slip` is neither true nor false", "Write slip = true for what nobody believes.", "slip")
    return slip


def _signs(table: Table) -> tuple[tuple[str, ...], ...]:
    raw = table.values.get("signs", [])
    good = isinstance(raw, list) and all(
        isinstance(all_of, list) and all_of and all(isinstance(fact, str) and fact.strip() for fact in all_of)
        for all_of in raw
    )
    if not good:
        raise table.fail("`signs` is not a list of lists of facts", 'Write signs = [["…", "…"], ["…"]].', "signs")
    return tuple(tuple(all_of) for all_of in raw)


def check_beliefs(questions: Iterable[OverlayQuestion], catalogue: Iterable[Misconception]) -> None:
    """Refuse a belief of a question that the catalogue does not have."""
    known = {one.id for one in catalogue}
    for question in questions:
        for belief in question.beliefs:
            if belief.misconception not in known:
                raise OverlayError(
                    f"lesson.toml, line {belief.line}: {_unknown(belief.misconception)} in [[question.misconception]]."
                    f" Add [{belief.misconception}] to {CATALOGUE}, or name one that it has."
                )


def with_examples(
    tasks: Mapping[str, Task], wrong: Mapping[str, Mapping[str, str]], catalogue: Iterable[Misconception]
) -> dict[str, Task]:
    """The tasks (by cell) with their wrong examples; LessonError where a folder or file belongs to nothing known."""
    known = {one.id for one in catalogue}
    names = sorted(task.name for task in tasks.values())
    for folder in wrong:
        if folder not in names:
            raise LessonError(
                f"wrong/{folder} belongs to no task of this lesson. Its tasks are {', '.join(names) or 'none'}; name "
                "the folder after one of them."
            )
    return {cell: _with_examples(task, wrong.get(task.name, {}), known) for cell, task in tasks.items()}


def _with_examples(task: Task, sources: Mapping[str, str], known: set[str]) -> Task:
    examples: list[WrongExample] = []
    for stem, source in sources.items():
        id, _, variant = stem.partition(VARIANT_MARK)
        if id not in known:
            raise LessonError(
                f"wrong/{task.name}/{stem}.py, line 1: {_unknown(id)} in its file name. "
                f"Name it <id>--<variant>.py with an id of {CATALOGUE}, or add [{id}] there."
            )
        examples.append(WrongExample(misconception=id, variant=variant, source=source))
    examples.sort(key=lambda one: (one.misconception, one.variant))
    return replace(task, probing=replace(task.probing, examples=tuple(examples)))


def _unknown(id: str) -> str:
    return f"unknown misconception `{id}`"
