"""What each stretch of Markdown is there for, and which runs it opens after.

Enters: the part of a Markdown cell that belongs to a section, with what surrounds it. Leaves: `Block`s. Invariant: a
claim or a debrief is withheld only until code cells that exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.model.lesson import Block, BlockRole, CellKind
from foretell.parse.blocks import Chunk, ChunkKind, join_chunks
from foretell.parse.headings import Place, read_heading
from foretell.parse.sections import Part

CLAIM = re.compile(r"^\W*\*\*\W*(?:claim|theorem|fact|hypothesis|proposition|the claim)\b", re.I)
ARGUES = re.compile(
    r"\blet(?:['’]s| us) (?:prove|verify|confirm|show)\b"
    r"|\bwe(?:['’]ll| will| can| are going to)? (?:prove|verify|confirm) (?:that|it|this)\b"
    r"|\bproves? (?:it|that|this)\b|^\W*mathematically\b", re.I
)  # fmt: skip
BOLD_LEAD = re.compile(r"^\W*\*\*(?P<lead>[^*\n]+?)(?P<end>[:.!?]?)\*\*\s*(?P<after>[:—–-]?)")
LOOKS_BACK = re.compile(
    r"^\W*(?:as (?:you (?:can )?(?:see|saw)|we (?:can )?(?:see|saw)|expected|predicted)|surpris(?:ed|ing)\b"
    r"|(?:notice|note|observe) (?:that|how|the)\b"
    r"|(?:you|we)(?: should| can|['’]ll| will)?(?: now)? (?:see|saw) (?:that|how)\b"
    r"|the (?:outputs?|results?|plots?|numbers?|loss|losses|shapes?) (?:above |below )?"
    r"(?:shows?|is|are|was|were|says?)\b)",
    re.I,
)
INSTRUCTS = re.compile(
    r"^\W*(?:your |the |now |next )?(?:task|turn|to ?do|steps?|instructions?|goals?|part|note|important|warning"
    r"|caution|tip|hints?|try|exercise|experiment|next|now|background|setup|question|observe|think|diagnose|type|level|scenario|challenge|requirements?"
    r"|architecture|given|remember|reminder|prerequisites?|optional|bonus|stretch|before|predict|estimated|data|dataset|formula|notation)\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a part's roles depend on.

    `prompts` are the chunk numbers that prompts take, `details` those that solutions and hints take. `earlier` are the
    section's code cells above, `settles` the cells that settle prompts from here on, `all_code` all its code cells.
    """

    prompts: frozenset[int]
    details: frozenset[int]
    earlier: tuple[str, ...]
    settles: tuple[str, ...]
    all_code: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A chunk with its number in the part, its role and the runs it opens after."""

    number: int
    chunk: Chunk
    role: BlockRole
    opens_after: tuple[str, ...]


def read_blocks(part: Part, around: Surroundings) -> tuple[Block, ...]:
    """The blocks of one cell in one section, neighbours of one role joined."""
    if part.cell.kind is CellKind.RAW:
        text = f"~~~~text\n{part.cell.source}\n~~~~"
        return (Block(cell=part.cell.id, role=BlockRole.PROSE, source=text, before=text),)
    groups: list[list[_Said]] = []
    for said in _assign(part.chunks, around):
        last = groups[-1][-1] if groups else None
        if last and last.number == said.number - 1 and (last.role, last.opens_after) == (said.role, said.opens_after):
            groups[-1].append(said)
        else:
            groups.append([said])
    return tuple(_block(part, group) for group in groups)


def withheld_block(cell: str, role: BlockRole, source: str, opens_after: tuple[str, ...]) -> Block:
    """A block of which nothing is shown until its runs; one that waits for no run is shown at once."""
    return Block(cell=cell, role=role, source=source, before="" if opens_after else source, opens_after=opens_after)


def _block(part: Part, group: Sequence[_Said]) -> Block:
    source = join_chunks(part.cell.source, [said.chunk for said in group])
    return withheld_block(part.cell.id, group[0].role, source, group[0].opens_after)


def _assign(chunks: Sequence[Chunk], around: Surroundings) -> list[_Said]:
    said: list[_Said] = []
    role = BlockRole.PROSE
    for number, chunk in enumerate(chunks):
        if number in around.prompts or chunk.kind is ChunkKind.RULE:
            role = BlockRole.PROSE
            continue
        if number in around.details:
            role = BlockRole.DEBRIEF if around.earlier else BlockRole.PROSE
            continue
        role = _role_of(chunk, role, around)
        own = role
        if role is BlockRole.PROSE and _answers(chunk, around, any(later > number for later in around.prompts)):
            own = BlockRole.DEBRIEF if chunk.kind is ChunkKind.DETAILS else BlockRole.CLAIM
        said.append(_Said(number=number, chunk=chunk, role=own, opens_after=_opens_after(own, around)))
    return said


def _role_of(chunk: Chunk, role: BlockRole, around: Surroundings) -> BlockRole:
    """The role from this chunk on; text without a lead of its own goes on in the role above it."""
    if chunk.kind is ChunkKind.HEADING:
        debrief = read_heading(chunk.text).place in {Place.DEBRIEF, Place.TAKEAWAYS} and around.earlier
        return BlockRole.DEBRIEF if debrief else BlockRole.PROSE
    if chunk.kind is not ChunkKind.PARAGRAPH:
        return role
    if CLAIM.match(chunk.source):
        return BlockRole.CLAIM if around.settles else BlockRole.PROSE
    if LOOKS_BACK.match(chunk.source) and around.earlier:
        return BlockRole.DEBRIEF
    lead = BOLD_LEAD.match(chunk.source)
    if lead is None or not (lead["end"] or lead["after"]):
        return role
    if INSTRUCTS.match(lead["lead"]):
        return BlockRole.PROSE
    if role is BlockRole.CLAIM:
        return role
    return BlockRole.DEBRIEF if around.earlier else role


def _answers(chunk: Chunk, around: Surroundings, prompt_follows: bool) -> bool:  # noqa: FBT001 - a fact, not a switch
    """Prose that answers all the same: an argument above a prompt, a `<details>` that is no solution."""
    if chunk.kind is ChunkKind.DETAILS:
        return bool(around.all_code)
    return chunk.kind is ChunkKind.PARAGRAPH and prompt_follows and ARGUES.search(chunk.source) is not None


def _opens_after(role: BlockRole, around: Surroundings) -> tuple[str, ...]:
    if role is BlockRole.CLAIM:
        return around.settles[:1]
    if role is BlockRole.DEBRIEF:
        return around.earlier or around.settles[:1] or around.all_code
    return ()
