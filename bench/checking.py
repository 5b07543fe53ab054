"""One check of an answer: what it takes on top of the learner's own code, against the limit.

Enters: the answers beside the checkout. Leaves: rows. Invariant: the root is warm, what the wrong examples show is
known, and one check is made at a time, as a door makes them; answers that a limit ended are left out and counted.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import ours
from bench.lesson import LESSON
from bench.measure import Row, spread
from bench.submissions import Submission, read_submissions
from foretell.check import Checker, task_named
from foretell.kept import FolderCache
from foretell.model.attempt import CheckVerdict
from foretell.model.run import Event, Run, RunRequest
from foretell.panel import OpenSession, Runner
from foretell.runtime.host import Host
from foretell.wiring import check_sessions

LIMIT_SECONDS = 0.15
REST_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds of each check on top of the learner's code, and how many checks were left out."""

    seconds: tuple[float, ...]
    left_out: int


async def time_checks(host: Host, submissions: Sequence[Submission]) -> Taken:
    """Check answers one at a time, after the solution of each task, which does not count."""
    own: list[float] = []
    taken: list[float] = []
    codes = {task: task_named(LESSON, task) for task in sorted({one.task for one in submissions})}
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(LESSON, _timed(check_sessions(host, LESSON), own), FolderCache(Path(folder)))
        try:
            for code in codes.values():
                await checker.warm(code)
                await checker.check(code, code.task.solution or "" if code.task else "")
            for one in submissions:
                await asyncio.sleep(REST_SECONDS)
                own.clear()
                found = await checker.check(codes[one.task], one.source)
                if found.verdict is not CheckVerdict.STOPPED:
                    taken.append(found.seconds - sum(own))
        finally:
            await checker.close()
    return Taken(seconds=tuple(taken), left_out=len(submissions) - len(taken))


def _timed(sessions: OpenSession, own: list[float]) -> OpenSession:
    """The same sessions; `own` is told what each run of the learner's cell took."""

    @asynccontextmanager
    async def open_session(seconds: float) -> AsyncIterator[Runner]:
        async with sessions(seconds) as run:

            async def run_and_tell(request: RunRequest) -> AsyncGenerator[Event, None]:
                async with aclosing(run(request)) as events:
                    async for event in events:
                        if isinstance(event, Run) and event.cell == "answer":
                            own.append(event.seconds)
                        yield event

            yield run_and_tell

    return open_session


def benches() -> dict[str, Callable[[], Awaitable[Row]]]:
    """The rows of this module: the median, and what nine of ten checks do not exceed; measured once for both."""
    measured: list[Taken] = []

    async def row(name: str, what: str, amount: Callable[[Sequence[float]], float]) -> Row:
        if not measured:
            submissions = read_submissions()
            async with ours.hosted() as host:
                measured.append(await time_checks(host, submissions))
        (taken,) = measured
        return Row(
            name=name,
            ours=amount(taken.seconds) * 1000,
            other=LIMIT_SECONDS * 1000,
            unit="ms",
            other_is=f"the limit, on top of the learner's code; ours is {what}",
            note=f"ours {spread(taken.seconds)}; {taken.left_out} that were stopped are left out",
        )

    return {
        "check-time": lambda: row("check-time", "the median", statistics.median),
        "check-time-90": lambda: row("check-time-90", "what nine of ten checks do not exceed", nine_of_ten),
    }


def nine_of_ten(seconds: Sequence[float]) -> float:
    """The smallest of these that nine of ten do not exceed."""
    return sorted(seconds)[-(-9 * len(seconds) // 10) - 1]
