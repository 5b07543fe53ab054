"""The top of a notebook: module line, goals, prerequisites.

Enters: the intro's draft. Leaves: `Header`. Invariant: the chunk numbers in `taken` are exactly those whose text the
lesson's own fields carry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.parse.blocks import Chunk, ChunkKind
from foretell.parse.headings import GOALS, read_module, read_prerequisites
from foretell.parse.sections import Draft

LIST_MARK = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+)", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalList:
    """Where the goals stand: the lead's and the list's chunk numbers in the cell with this index."""

    cell: int
    lead: int
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the intro says of the lesson; `taken` are (cell index, chunk number)."""

    module: str | None = None
    prerequisites: str | None = None
    goals: GoalList | None = None
    taken: frozenset[tuple[int, int]] = frozenset()


def read_header(draft: Draft) -> Header:
    """Read the intro of a notebook."""
    module: str | None = None
    prerequisites: str | None = None
    goals: GoalList | None = None
    taken: set[tuple[int, int]] = set()
    for part in draft.parts:
        for number, chunk in enumerate(part.chunks):
            rest = part.chunks[number:]
            if module is None and (module := _module_line(chunk)) is not None:
                taken.add((part.cell.index, number))
            elif goals is None and _leads_goals(rest):
                goals = GoalList(cell=part.cell.index, lead=number, items=rest[1].items)
            elif prerequisites is None and (found := read_prerequisites(rest)) is not None:
                prerequisites = found[0]
                if "\n**" not in chunk.source:
                    taken.update((part.cell.index, number + more) for more in range(found[1]))
    return Header(module=module, prerequisites=prerequisites, goals=goals, taken=frozenset(taken))


def neutral_list(source: str, neutral: Sequence[str]) -> str:
    """A Markdown list with these items in the place of its own."""
    marks = LIST_MARK.findall(source)
    mark = marks[0] if marks else "- "
    numbered = mark.strip()[:-1].isdigit()
    return "\n".join(f"{f'{n}. ' if numbered else mark}{_indented(text)}" for n, text in enumerate(neutral, start=1))


def _indented(text: str) -> str:
    return text.replace("\n", "\n   ")


def _module_line(chunk: Chunk) -> str | None:
    return read_module(chunk) if chunk.kind in {ChunkKind.HEADING, ChunkKind.PARAGRAPH} else None


def _leads_goals(rest: Sequence[Chunk]) -> bool:
    if len(rest) < 2 or rest[1].kind is not ChunkKind.LIST:
        return False
    head = rest[0]
    words = head.text if head.kind is ChunkKind.HEADING else head.source if head.kind is ChunkKind.PARAGRAPH else ""
    return GOALS.match(words.strip().rpartition("\n")[2]) is not None
