"""Answers to a task, judged from a terminal: one root for all files, results in the order given.

Enters: texts of files, something that checks them. Leaves: a result each, as JSON or lines. Invariant: what cannot be
read or judged is a result of its own ("error"), and the other files are judged all the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foretell.errors import ForetellError
from foretell.model.attempt import CheckVerdict, Diagnosis

_log = logging.getLogger(__name__)
LARGEST_BYTES = 1 << 20
Check = Callable[[str], Awaitable[Diagnosis]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file, named as it was given, and what was found."""

    file: str
    diagnosis: Diagnosis


async def check_files(files: Sequence[str], check: Check, at_once: int) -> AsyncIterator[CheckedFile]:
    """Judge files, some at once, and give the results in the order of the files."""
    turns = asyncio.Semaphore(at_once)

    async def one(file: str) -> CheckedFile:
        async with turns:
            return CheckedFile(file=file, diagnosis=await _judge(file, check))

    tasks = [asyncio.create_task(one(file)) for file in files]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _judge(file: str, check: Check) -> Diagnosis:
    try:
        source = await asyncio.to_thread(_read, file)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return _error(f"{file} cannot be read ({why}); check its name and that it is UTF-8 text.")
    try:
        return await check(source)
    except ForetellError as error:
        return _error(str(error))
    except Exception as fault:  # one file is not to keep the others from being judged
        _log.exception("Judging %s has failed", file)
        return _error(f"{file} could not be judged ({type(fault).__name__}); this is a fault of foretell's: report it.")


def _read(file: str) -> str:
    content = Path(file).read_bytes()
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"{len(content):,} bytes, where an answer has at most {LARGEST_BYTES:,}")
    return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _error(says: str) -> Diagnosis:
    return Diagnosis(
        verdict=CheckVerdict.ERROR, misconception=None, says=says, difference="", checks=(), seconds=0.0
    )  # fmt: skip


def check_json(checked: CheckedFile) -> dict[str, object]:
    """Give a result in the form that `foretell check --json` prints."""
    found = checked.diagnosis
    return {
        "file": checked.file,
        "verdict": found.verdict.value,
        "misconception": found.misconception,
        "says": found.says,
        "difference": found.difference,
        "checks": [{"says": one.says, "ok": one.ok, "evidence": one.evidence} for one in found.checks],
        "seconds": round(found.seconds, 4),
    }


def exit_code(results: Sequence[CheckedFile]) -> int:
    """0 where all are right, 1 where some are wrong or were stopped, 2 where foretell could not do its work."""
    verdicts = {one.diagnosis.verdict for one in results}
    if CheckVerdict.ERROR in verdicts:
        return 2
    return 0 if verdicts <= {CheckVerdict.RIGHT} else 1
