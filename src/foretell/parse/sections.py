"""A notebook cut into its parts at headings, wherever in a cell they stand.

Enters: cells. Leaves: `Draft`s in reading order. Invariant: every code cell is in exactly one draft, and every
Markdown chunk except headings that begin a draft and rules at the ends of cells is in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from foretell.model.lesson import Cell, CellKind, SectionKind, Support
from foretell.parse.blocks import Chunk, ChunkKind, read_chunks
from foretell.parse.headings import HeadingReading, Place, read_heading, read_module
from foretell.parse.prompts import read_markdown_prompt, split_at_lead

UNHEADED = HeadingReading(place=Place.SETUP, title="Setup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one cell gives to one section: chunks of Markdown, or (`chunks` empty) a code cell."""

    cell: Cell
    chunks: tuple[Chunk, ...] = ()

    @property
    def is_code(self) -> bool:
        """Whether this is a code cell."""
        return self.cell.kind is CellKind.CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A section before its prompts and tasks are read. `cells` are the indices of cells that have a block of it."""

    kind: SectionKind
    title: str
    number: int | None = None
    support: Support | None = None
    stretch: bool = False
    headed: bool = True
    cells: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def code(self) -> tuple[Cell, ...]:
        """The section's code cells."""
        return tuple(part.cell for part in self.parts if part.is_code)


@dataclass
class _Open:
    """The draft being filled."""

    kind: SectionKind
    reading: HeadingReading
    headed: bool = True
    cells: list[int] = field(default_factory=list)
    parts: list[tuple[Cell, list[Chunk]]] = field(default_factory=list)

    def touch(self, cell: Cell) -> None:
        if cell.index not in self.cells:
            self.cells.append(cell.index)

    def add(self, cell: Cell, chunk: Chunk | None) -> None:
        self.touch(cell)
        if not self.parts or self.parts[-1][0] is not cell:
            self.parts.append((cell, []))
        if chunk is not None:
            self.parts[-1][1].append(chunk)

    def close(self) -> Draft:
        reading = self.reading
        parts = tuple(Part(cell=cell, chunks=tuple(chunks)) for cell, chunks in self.parts)
        loose = reading.place is Place.NUMBERED and reading.support is None and not any(part.is_code for part in parts)
        return Draft(
            kind=SectionKind.PART if loose else self.kind, title=reading.title, number=reading.number,
            support=reading.support, stretch=reading.stretch, headed=self.headed, cells=tuple(self.cells), parts=parts,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The title of a notebook (None where no heading gives one) and its sections."""

    title: str | None
    sections: tuple[Draft, ...]


def draft_sections(cells: Sequence[Cell]) -> Drafts:
    """Cut a notebook into sections; the first is the intro."""
    stream = [(cell, chunk) for cell in cells for chunk in _chunks(cell)]
    title_chunk = _find_title(stream)
    numbered = _numbered_level(stream)
    opened = _Open(kind=SectionKind.INTRO, reading=HeadingReading(place=Place.OTHER, title=""))
    closed: list[Draft] = []
    for place, (cell, chunk) in enumerate(stream):
        if chunk is not None and chunk is title_chunk:
            opened.touch(cell)
            continue
        begins = _begins(chunk, numbered, opened.kind) if chunk is not None else None
        unheaded = opened.kind is SectionKind.INTRO and (chunk is None or _asks_of_next_code(stream[place:]))
        if begins is not None:
            closed.append(opened.close())
            opened = _Open(kind=begins[0], reading=begins[1])
            opened.touch(cell)
        elif unheaded:
            closed.append(opened.close())
            opened = _Open(kind=SectionKind.SETUP, reading=UNHEADED, headed=False)
        if chunk is None:
            opened.add(cell, None)
        elif begins is None and not _is_edge_rule(cell, chunk):
            opened.add(cell, chunk)
    closed.append(opened.close())
    title = title_chunk.text if title_chunk is not None else None
    return Drafts(title=title, sections=tuple(draft for draft in closed if draft.cells))


def _find_title(stream: Sequence[tuple[Cell, Chunk | None]]) -> Chunk | None:
    """The first heading, if it is of level 1 and begins no exercise; a module line may stand above it."""
    headings = (chunk for _, chunk in stream if chunk is not None and chunk.kind is ChunkKind.HEADING)
    first = next((chunk for chunk in headings if read_module(chunk) is None), None)
    if first is None or first.level != 1 or read_heading(first.text).place is Place.EXERCISE:
        return None
    return first


def _chunks(cell: Cell) -> Iterable[Chunk | None]:
    if cell.kind is CellKind.CODE:
        return (None,)
    if cell.kind is CellKind.RAW:
        lines = cell.source.split("\n")
        return (
            (Chunk(kind=ChunkKind.OTHER, source=cell.source, start=0, end=len(lines)),) if cell.source.strip() else ()
        )
    return tuple(part for chunk in read_chunks(cell.source) for part in split_at_lead(chunk))


def _numbered_level(stream: Sequence[tuple[Cell, Chunk | None]]) -> int | None:
    """The level at which "N. Title" and "Part N" begin exercises: none where headings say "Exercise N"."""
    headings = [chunk for _, chunk in stream if chunk is not None and chunk.kind is ChunkKind.HEADING]
    readings = [(chunk.level, read_heading(chunk.text)) for chunk in headings]
    if any(reading.place is Place.EXERCISE and reading.number is not None for _, reading in readings):
        return None
    return min((level for level, reading in readings if reading.place is Place.NUMBERED), default=None)


def _begins(chunk: Chunk, numbered: int | None, opened: SectionKind) -> tuple[SectionKind, HeadingReading] | None:
    """The section a heading begins, if it begins one."""
    if chunk.kind is not ChunkKind.HEADING or read_module(chunk) is not None:
        return None
    reading = read_heading(chunk.text)
    if reading.place is Place.EXERCISE:
        deep = reading.number is None and chunk.level > 2 and not chunk.text.lower().lstrip("*# ").startswith("stretch")
        return None if deep else (SectionKind.EXERCISE, reading)
    if reading.place is Place.NUMBERED and numbered is not None:
        return (SectionKind.EXERCISE, reading) if chunk.level == numbered else None
    if reading.place is Place.SETUP and opened is SectionKind.INTRO and chunk.level == 3:
        return SectionKind.SETUP, reading
    if chunk.level > 2 or reading.place in {Place.DEBRIEF, Place.GOALS}:
        return None
    kinds = {Place.SETUP: SectionKind.SETUP, Place.TAKEAWAYS: SectionKind.TAKEAWAYS}
    return kinds.get(reading.place, SectionKind.PART), reading


def _asks_of_next_code(stream: Sequence[tuple[Cell, Chunk | None]]) -> bool:
    """Whether a prompt with a question begins here and code follows before any heading."""
    cell = stream[0][0]
    here = [chunk for other, chunk in takewhile(lambda one: one[0] is cell, stream) if chunk is not None]
    found = read_markdown_prompt(here)
    if found is None or not found.taken or not any("?" in one.ask for one in found.asked):
        return False
    for _, chunk in stream:
        if chunk is None:
            return True
        if chunk.kind is ChunkKind.HEADING:
            return False
    return False


def _is_edge_rule(cell: Cell, chunk: Chunk) -> bool:
    """A rule parts sections; it is no block of either."""
    return chunk.kind is ChunkKind.RULE and cell.kind is CellKind.MARKDOWN
