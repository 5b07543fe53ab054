"""Short ways to write requests and to read runs."""

from __future__ import annotations

from foretell.model.run import CellSource, DisplayOutput, ErrorOutput, Event, Probe, Run, RunRequest, StreamOutput
from foretell.runtime.session import Session


def prefix(*texts: str) -> tuple[CellSource, ...]:
    return tuple(CellSource(cell=f"c{place}", text=text) for place, text in enumerate(texts))


def request(*texts: str, probes: tuple[Probe, ...] = (), asserts_from_line: int = 1) -> RunRequest:
    """The last text is run after the others."""
    cells = prefix(*texts)
    return RunRequest(prefix=cells[:-1], cell=cells[-1], probes=probes, asserts_from_line=asserts_from_line)


async def events_of(session: Session, asked: RunRequest) -> list[Event]:
    return [event async for event in session.run(asked)]


async def run(session: Session, *texts: str, probes: tuple[Probe, ...] = (), asserts_from_line: int = 1) -> Run:
    events = await events_of(session, request(*texts, probes=probes, asserts_from_line=asserts_from_line))
    last = events[-1]
    assert isinstance(last, Run)
    assert not any(isinstance(event, Run) for event in events[:-1])
    return last


def text_of(run: Run, name: str = "stdout") -> str:
    return "".join(out.text for out in run.outputs if isinstance(out, StreamOutput) and out.name == name)


def displays(run: Run) -> list[dict[str, str]]:
    return [out.data for out in run.outputs if isinstance(out, DisplayOutput)]


def traceback_of(run: Run) -> str:
    return "\n".join(line for out in run.outputs if isinstance(out, ErrorOutput) for line in out.lines)
