"""A notebook cut into its parts at headings, wherever in a cell they stand.

Enters: cells. Leaves: `Draft`s in reading order. Invariant: every code cell is in exactly one draft, and every
Markdown chunk except headings that begin a draft and rules at the ends of cells is in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from foretell.model.lesson import Cell, CellKind, SectionKind, Support
from foretell.parse.blocks import Chunk, ChunkKind, read_chunks
from foretell.parse.headings import HeadingReading, Place, read_heading, read_module
from foretell.parse.prompts import split_at_lead


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
        return Draft(
            kind=self.kind, title=reading.title, number=reading.number, support=reading.support,
            stretch=reading.stretch, cells=tuple(self.cells), parts=parts,
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
    for cell, chunk in stream:
        if chunk is not None and chunk is title_chunk:
            opened.touch(cell)
            continue
        begins = _begins(chunk, numbered) if chunk is not None else _code_begins(opened)
        if begins is not None:
            closed.append(opened.close())
            opened = _Open(kind=begins[0], reading=begins[1])
            opened.touch(cell)
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


def _begins(chunk: Chunk, numbered: int | None) -> tuple[SectionKind, HeadingReading] | None:
    """The section a heading begins, if it begins one."""
    if chunk.kind is not ChunkKind.HEADING or read_module(chunk) is not None:
        return None
    reading = read_heading(chunk.text)
    if reading.place is Place.EXERCISE:
        deep = reading.number is None and chunk.level > 2 and not chunk.text.lower().lstrip("*# ").startswith("stretch")
        return None if deep else (SectionKind.EXERCISE, reading)
    if reading.place is Place.NUMBERED and numbered is not None:
        return (SectionKind.EXERCISE, reading) if chunk.level == numbered else None
    if chunk.level > 2 or reading.place in {Place.DEBRIEF, Place.GOALS}:
        return None
    kinds = {Place.SETUP: SectionKind.SETUP, Place.TAKEAWAYS: SectionKind.TAKEAWAYS}
    return kinds.get(reading.place, SectionKind.PART), reading


def _code_begins(opened: _Open) -> tuple[SectionKind, HeadingReading] | None:
    """A code cell in the intro begins the set-up that has no heading."""
    if opened.kind is not SectionKind.INTRO:
        return None
    return SectionKind.SETUP, HeadingReading(place=Place.SETUP, title="Setup")


def _is_edge_rule(cell: Cell, chunk: Chunk) -> bool:
    """A rule parts sections; it is no block of either."""
    return chunk.kind is ChunkKind.RULE and cell.kind is CellKind.MARKDOWN
