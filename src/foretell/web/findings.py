"""What is known of an answer to a task: what it does, found by a check, and what the notebook's own asserts saw.

Enters: a task, a history. Leaves: the view of its card. Invariant: one list stands in the open, and what a check found
comes first; the notebook's asserts stand beside it folded, but for those that keep code that does what is asked from
being done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from foretell import gate
from foretell.judge.behaviours import NOT_COMPARED, NOT_REACHED
from foretell.judge.checks import Check, checks_in_words, heading
from foretell.model.attempt import CheckVerdict, Diagnosis, History, KeptRun
from foretell.model.lesson import CodeCell, Lesson, SectionKind
from foretell.web.markup import inline_html, markdown_html
from foretell.web.refutations import diagnosed, in_words
from foretell.web.views import CheckLine, Checks

_WITHOUT_LINES = {
    CheckVerdict.RIGHT: "It does what is asked",
    CheckVerdict.WRONG: "Not there yet",
    CheckVerdict.STOPPED: "It did not come to its end",
    CheckVerdict.ERROR: "Not checked",
}
_NOT_CHECKED = Check(
    says="Still to be checked by what it does. If nothing is running, run the cell again.", ok=None, evidence=""
)
_STILL_THE_STARTER = Check(says="Your code is still the starter.", ok=False, evidence="")


def checks_of(lesson: Lesson, history: History, code: CodeCell) -> Checks | None:
    """Give what the last run of a cell says of its task; None where that is nothing."""
    last = gate.latest_run(history, code.cell)
    if code.task is None or last is None or last.run is None:
        return None
    asserts, diagnosis = _asserts(code, history, last), last.diagnosis
    untouched = gate.is_untouched(code, last.code)
    found, folded = _lists(asserts, diagnosis)
    title = heading(found) if found or diagnosis is None else _WITHOUT_LINES[diagnosis.verdict]
    if untouched:
        title = "Not written yet"
        found = [_STILL_THE_STARTER, *found] if diagnosis is None else [_not_reached(one) for one in found]
    elif diagnosis is None and gate.is_checked(code) and last.run.failure is None:
        found = [*found, _NOT_CHECKED]
    if not found and diagnosis is None:
        return None
    done = gate.task_done(code, history)
    return Checks(
        heading=title,
        lines=_lines(found),
        notebook=_lines(folded),
        notebook_heading=heading(folded),
        all_pass=done,
        why_html=markdown_html(code.task.why) if done and code.task.why else "",
        next_key=_next_key(lesson, code.cell),
        diagnosed=diagnosed(diagnosis, lesson.misconceptions) if diagnosis else None,
    )


def _asserts(code: CodeCell, history: History, last: KeptRun) -> list[Check]:
    """What the asserts of the cell and of the test cells that have run since say, in words."""
    tests = [gate.latest_run(history, cell) for cell in (code.task.test_cells if code.task else ())]
    runs = [last.run, *(test.run for test in tests if test is not None and test.id > last.id)]
    return [check for run in runs if run is not None for check in checks_in_words(run.asserts, run.failure)]


def _lists(asserts: list[Check], diagnosis: Diagnosis | None) -> tuple[list[Check], list[Check]]:
    """The list that stands in the open, and the one that is folded."""
    if diagnosis is None or diagnosis.verdict is CheckVerdict.ERROR:
        return asserts, []
    if diagnosis.verdict is not CheckVerdict.RIGHT:
        return _behaviours(diagnosis), asserts
    missed = [one for one in asserts if one.ok is not True]
    return [*_behaviours(diagnosis), *missed], [one for one in asserts if one.ok is True]


def _behaviours(diagnosis: Diagnosis) -> list[Check]:
    """The behaviours that a check found. What they say and show may hold words of the learner's code.

    Where code ended before anything could be seen of it, that is the finding, and no behaviour has been reached.
    """
    found = diagnosis.checks
    checks = [Check(says=in_words(one.says), ok=one.ok, evidence=one.evidence.replace("`", "")) for one in found]
    ended = {diagnosis.difference, NOT_REACHED}
    if len(found) > 1 and all(one.evidence in ended and not one.ok for one in found):
        return [_not_reached(one) for one in checks]
    return [_not_reached(one) if one.evidence in {NOT_REACHED, NOT_COMPARED} else one for one in checks]


def _not_reached(check: Check) -> Check:
    return Check(says=check.says, ok=None, evidence="")


def _lines(checks: Iterable[Check]) -> tuple[CheckLine, ...]:
    return tuple(CheckLine(says_html=inline_html(one.says), evidence=one.evidence, ok=one.ok) for one in checks)


def _next_key(lesson: Lesson, cell: str) -> str:
    """Where a learner goes on: at the next cell of the same part that asks for something, else at the next part."""
    section = gate.section_of(lesson, cell)
    cells = [item for item in section.items if isinstance(item, CodeCell)]
    tests = {test for code in cells if code.task is not None for test in code.task.test_cells}
    below = cells[[code.cell for code in cells].index(cell) + 1 :]
    asking = (code.cell for code in below if (code.prompt or code.task) and code.cell not in tests)
    if (first := next(asking, None)) is not None:
        return f"cell-{first}"
    keys: Sequence[str] = [section.key for section in lesson.sections if section.kind is not SectionKind.INTRO]
    place = keys.index(gate.section_of(lesson, cell).key)
    return keys[place + 1] if place + 1 < len(keys) else ""
