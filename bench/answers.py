"""`make bench-answers`: what the notebook's own asserts and foretell make of the same answers, in one table.

Enters: answers with what is known of each. Leaves: a table, `bench/results/answers.json`, and the misses one by one.
Invariant: both judge the same text under the same limits, and neither is told more than that text; an answer is left
out of what foretell knows by its code, never by its name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench import ours
from bench.lesson import AUTHORS, LESSON
from bench.measure import NotMeasured
from bench.submissions import FOLDER, TASKS, Submission, read_submissions
from foretell import gate
from foretell.authoring.headless import as_solved
from foretell.check import Checker, task_named
from foretell.judge.conclude import conclude
from foretell.judge.diagnose import Answered, is_stopped
from foretell.kept import FolderCache
from foretell.library import open_lesson
from foretell.model.attempt import CheckVerdict, Diagnosis
from foretell.model.lesson import CodeCell, Lesson
from foretell.model.run import CellSource, RunRequest
from foretell.panel import MOST_SECONDS, OpenSession, run_cell
from foretell.runtime.host import Host
from foretell.wiring import check_sessions

Judged = TypeVar("Judged")

RESULTS = Path(__file__).parent / "results" / "answers.json"
ASSERTS, WHOLE, WITHOUT_FILE, WITHOUT_ID = "notebook's asserts", "foretell", "foretell - file", "foretell - id"
TESTED = ("TwoLayerNet", "sequential_model", "ResidualBlock")
SCOPES: dict[str, tuple[str, ...]] = {
    **{task: (task,) for task in TASKS.values()},
    "these three": TESTED,
    "all four": tuple(TASKS.values()),
}
SHOWN = {
    ASSERTS: (*TESTED, "these three", "collapse"),
    WHOLE: (*TESTED, "these three", "collapse", "all four"),
    WITHOUT_FILE: ("these three", "all four"),
    WITHOUT_ID: ("these three", "all four"),
}
NOTES = """\
stopped: called wrong, by a failed assert or any other exception; (n): of these, n that a limit of foretell's or a
crash ended, where a notebook alone would hang or die. The notebook has no test of collapse, and whether the message of
an assert names the cause no machine can tell: by the counts of shared/submissions/README.md (theirs, for ex3, ex4 and
ex6 and both halves of the answers) it names it in 22 of 193 wrong answers, and partly in 42.
- file: without the wrong example that is this very answer, white space apart. - id: without all wrong examples of its
misconception and without its entry in the catalogue: it cannot be named then, and must not be misnamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one answer fared with one judge. `ended`: by a limit, a crash or an exit; `shows`: what was seen of it."""

    submission: Submission
    accepts: bool
    ended: bool
    name: str | None = None
    shows: str = ""

    @property
    def is_misnamed(self) -> bool:
        """Whether it was given a name that is not its own."""
        return self.name is not None and self.name != self.submission.belief


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One line of the table; `named` and `misnamed` are None for a judge that gives no names."""

    judge: str
    task: str
    right: int
    accepted: int
    wrong: int
    called_right: int
    stopped: int
    ended: int
    named: int | None
    misnamed: int | None

    def plain(self) -> dict[str, object]:
        """Give the line as it is kept."""
        return {name: getattr(self, name) for name in self.__slots__}

    def line(self) -> str:
        """Give the line of the table."""
        head = f"{self.judge:<18} {self.task:<16}"
        if self.judge == ASSERTS and self.task not in {*TESTED, "these three"}:
            return f"{head} {'n/a':>9}"
        stopped = f"{self.stopped}{f' ({self.ended})' if self.ended else ''}"
        counts = f"{self.accepted:>3} of {self.right:<3} {self.called_right:>6} of {self.wrong:<3} {stopped:>9}"
        if self.named is None or self.misnamed is None:
            return f"{head} {counts} {'-':>6} {'-':>6} {'-':>8} {'-':>8}"
        unnamed = self.stopped - self.named - self.misnamed
        share = f"{100 * self.named / self.wrong:.1f} %" if self.wrong else "-"
        return f"{head} {counts} {self.named:>6} {share:>7} {unnamed:>7} {self.misnamed:>8}"


HEAD = (
    f"{'judge':<18} {'task':<16} {'right ok':>10} {'called right':>13} {'stopped':>9} {'named':>6} {'share':>7} "
    f"{'unnamed':>7} {'misnamed':>8}"
)


def tally(judge: str, task: str, outcomes: Sequence[Outcome]) -> Tally:
    """Count how answers to some tasks fared."""
    seen = [one for one in outcomes if one.submission.task in SCOPES[task]]
    right = [one for one in seen if one.submission.belief is None]
    wrong = [one for one in seen if one.submission.belief is not None]
    stopped = [one for one in wrong if not one.accepts]
    return Tally(
        judge=judge,
        task=task,
        right=len(right),
        accepted=sum(one.accepts for one in right),
        wrong=len(wrong),
        called_right=len(wrong) - len(stopped),
        stopped=len(stopped),
        ended=sum(one.ended for one in stopped),
        named=None if judge == ASSERTS else sum(one.name == one.submission.belief for one in stopped),
        misnamed=None if judge == ASSERTS else sum(one.is_misnamed for one in stopped),
    )


async def run_asserts(lesson: Lesson, sessions: OpenSession, submission: Submission) -> Outcome:
    """Run an answer in the notebook's own cell, and the cells below that test it, after all cells above, solved."""
    code = next(one for one in lesson.code_cells if one.task is not None and one.task.name == submission.task)
    tests = [lesson.code_cell(cell) for cell in code.task.test_cells] if code.task is not None else []
    cells = [CellSource(cell=code.cell, text=gate.joined(code, submission.source))]
    cells += [CellSource(cell=one.cell, text=one.source) for one in tests if one is not None]
    prefix = tuple(CellSource(cell=one.cell, text=as_solved(one)) for one in gate.cells_above(lesson, code.cell))
    async with sessions(MOST_SECONDS) as run:
        for cell in cells:
            failure = (await run_cell(run, RunRequest(prefix=prefix, cell=cell))).failure
            if failure is not None:
                ended = is_stopped(Answered(source=submission.source, failure=failure, behaviour=None))
                shows = f"{failure.kind}: {failure.message}"
                return Outcome(submission=submission, accepts=False, ended=ended, shows=shows)
            prefix = (*prefix, cell)
    return Outcome(submission=submission, accepts=True, ended=False)


async def check_thrice(checker: Checker, code: CodeCell, submission: Submission) -> dict[str, Outcome]:
    """Look at an answer once, and conclude with all that is known, without itself, and without its misconception."""
    own, asked, examples = await checker.look(code, submission.source)
    catalogue = checker.lesson.misconceptions
    others = [one for one in examples if _bare(one[1].source) != _bare(submission.source)]
    without = [one for one in examples if one[0] != submission.belief]
    fewer = [one for one in catalogue if one.id != submission.belief]
    known = {WHOLE: (examples, catalogue), WITHOUT_FILE: (others, catalogue), WITHOUT_ID: (without, fewer)}
    found = {judge: await asyncio.to_thread(conclude, own, asked, *each) for judge, each in known.items()}
    return {judge: _outcome(submission, each) for judge, each in found.items()}


def _bare(source: str) -> str:
    """Give code without white space."""
    return "".join(source.split())


def _outcome(submission: Submission, found: Diagnosis) -> Outcome:
    return Outcome(
        submission=submission,
        accepts=found.verdict is CheckVerdict.RIGHT,
        ended=found.verdict is CheckVerdict.STOPPED,
        name=found.misconception,
        shows=found.difference or found.says,
    )


async def judge_all(host: Host, submissions: Sequence[Submission], place: int) -> dict[str, list[Outcome]]:
    """Let both judge every answer, as many at once as there are cores. NotMeasured without the author's notebook."""
    if not AUTHORS.is_file():
        raise NotMeasured(f"there is no {AUTHORS}, the author's notebook; put the folder `shared` beside the checkout")
    lesson = open_lesson(str(AUTHORS)).lesson
    turns = asyncio.Semaphore(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(LESSON, check_sessions(host, LESSON), FolderCache(Path(folder)), place)
        try:
            work = [partial(check_thrice, checker, task_named(LESSON, one.task), one) for one in submissions]
            checked = await asyncio.gather(*(_in_turn(turns, each) for each in work))
            sessions = check_sessions(host, lesson)
            tests = [partial(run_asserts, lesson, sessions, one) for one in submissions if one.task in TESTED]
            tested = await asyncio.gather(*(_in_turn(turns, each) for each in tests))
        finally:
            await checker.close()
    return {ASSERTS: tested, **{judge: [one[judge] for one in checked] for judge in (WHOLE, WITHOUT_FILE, WITHOUT_ID)}}


async def _in_turn(turns: asyncio.Semaphore, work: Callable[[], Awaitable[Judged]]) -> Judged:
    async with turns:
        return await work()


def misses(outcomes: Sequence[Outcome]) -> list[str]:
    """Say which right answers were refused, and which wrong ones were called right, left without name or misnamed."""
    return [
        f"  {one.submission.file}: {one.submission.belief or 'right'}, "
        f"{'called right' if one.accepts else one.name or 'not named'}{f'; {one.shows}' if one.shows else ''}"
        for one in outcomes
        if one.name != one.submission.belief or one.accepts is not (one.submission.belief is None)
    ]


def report(judged: dict[str, list[Outcome]]) -> str:
    """Give the table, what its columns mean, and foretell's misses; without its id every answer lacks its name."""
    lines = [HEAD, *(tally(judge, task, judged[judge]).line() for judge, tasks in SHOWN.items() for task in tasks)]
    lines += ["", NOTES, _say_known(judged[WHOLE])]
    for judge in (WHOLE, WITHOUT_FILE):
        lines += ["", f"{judge}, misses:", *(misses(judged[judge]) or ["  none"])]
    misnamed = misses([one for one in judged[WITHOUT_ID] if one.is_misnamed])
    return "\n".join([*lines, "", f"{WITHOUT_ID}, misnamed:", *(misnamed or ["  none"])])


def _say_known(outcomes: Sequence[Outcome]) -> str:
    """Say how many wrong answers foretell knows by heart, which is what the two last judges are for."""
    tasks = [code.task for code in LESSON.code_cells if code.task is not None]
    known = {_bare(example.source) for task in tasks for example in task.probing.examples}
    wrong = [one.submission for one in outcomes if one.submission.belief is not None]
    count = sum(_bare(one.source) in known for one in wrong)
    return f"{count} of the {len(wrong)} wrong answers are wrong examples of the lesson as they stand."


async def main(folder: Path, place: int) -> int:
    """Judge, print and keep; 2 where there is nothing to judge."""
    try:
        submissions = read_submissions(folder)
        async with ours.hosted() as host:
            judged = await judge_all(host, submissions, place)
            level = host.level
    except NotMeasured as why:
        print(f"bench: {why}.", file=sys.stderr)
        return 2
    print(f"{len(submissions)} answers of {folder}, set {place} of the probes, level {level}\n{report(judged)}")
    lines = [tally(judge, task, judged[judge]).plain() for judge, tasks in SHOWN.items() for task in tasks]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(lines, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m bench.answers", description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="answers with headers as in shared/")
    arguments.add_argument("--place", type=int, default=0, help="which set of probes: figures hold for one of them")
    given = arguments.parse_args()
    raise SystemExit(asyncio.run(main(given.folder, given.place)))
