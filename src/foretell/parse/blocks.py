"""A Markdown cell as a row of chunks: headings, paragraphs, lists, fences, `<details>`.

Enters: the source of a Markdown cell. Leaves: `Chunk`s in order, each with its own lines. Invariant: a heading or a
bullet inside a fence or inside `<details>` is part of that chunk and never one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token

FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
DETAILS_OPEN = re.compile(r"<details\b", re.I)
DETAILS_CLOSE = re.compile(r"</details\s*>", re.I)
SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary\s*>", re.I | re.S)
TAG = re.compile(r"<[^>]+>")
ITEM_MARK = re.compile(r"^\s*(?:[-*+]|\d+[.)])(?:\s+|$)")

_markdown = MarkdownIt("commonmark").enable("table")


class ChunkKind(StrEnum):
    """What a chunk of Markdown is, by its syntax."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    FENCE = "fence"
    RULE = "rule"
    DETAILS = "details"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """`source` is the chunk's own lines; `text` a heading's words or the inside of `<details>` without its summary.

    `level` is a heading's; `items` are a list's, without their marks; `summary` is that of `<details>`, tags removed.
    `start` and `end` are its lines in the cell, half open.
    """

    kind: ChunkKind
    source: str
    start: int
    end: int
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced code block: `language` in lower case, `code` as it stands between the fences."""

    language: str
    code: str


def read_chunks(source: str) -> tuple[Chunk, ...]:
    """Split a Markdown cell into its top-level chunks."""
    lines = _split_at_details(source)
    chunks: list[Chunk] = []
    start = 0
    for opened, closed in _details_ranges(lines):
        chunks += _read_plain(lines, start, opened)
        chunks.append(_read_details(lines, opened, closed))
        start = closed
    chunks += _read_plain(lines, start, len(lines))
    return tuple(chunks)


def join_chunks(source: str, chunks: Sequence[Chunk]) -> str:
    """The lines of the cell from the first chunk to the last, as they stand."""
    return "\n".join(_split_at_details(source)[chunks[0].start : chunks[-1].end]).strip("\n")


def read_fences(text: str) -> tuple[Fence, ...]:
    """The fenced code blocks of some Markdown, in order, whatever they are nested in."""
    return tuple(
        Fence(language=token.info.strip().split(" ")[0].lower(), code=token.content)
        for token in _markdown.parse(text)
        if token.type == "fence"
    )


def _split_at_details(source: str) -> list[str]:
    """Lines, with `<details>` and `</details>` at the ends of lines of their own (outside fences)."""
    lines: list[str] = []
    fence = ""
    for line in source.replace("\r\n", "\n").split("\n"):
        fence, inside = _follow_fence(fence, line)
        if inside:
            lines.append(line)
            continue
        rest = line
        opened = DETAILS_OPEN.search(rest)
        if opened and rest[: opened.start()].strip():
            lines.append(rest[: opened.start()])
            rest = rest[opened.start() :]
        closed = list(DETAILS_CLOSE.finditer(rest))
        if closed and rest[closed[-1].end() :].strip():
            lines.append(rest[: closed[-1].end()])
            rest = rest[closed[-1].end() :]
        lines.append(rest)
    return lines


def _follow_fence(fence: str, line: str) -> tuple[str, bool]:
    """The fence that is open after this line, and whether the line belongs to a fence."""
    mark = FENCE.match(line)
    if fence:
        closes = mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not mark[2].strip()
        return ("", True) if closes else (fence, True)
    if mark and not (mark[1][0] == "`" and "`" in mark[2]):
        return mark[1], True
    return "", False


def _details_ranges(lines: Sequence[str]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    fence, depth, opened_at = "", 0, 0
    for number, line in enumerate(lines):
        fence, inside = _follow_fence(fence, line)
        if inside or (line.startswith("    ") and depth == 0):
            continue
        opens, closes = len(DETAILS_OPEN.findall(line)), len(DETAILS_CLOSE.findall(line))
        if depth == 0 and opens:
            opened_at = number
        was_open = depth > 0 or opens > 0
        depth = max(0, depth + opens - closes)
        if was_open and depth == 0:
            ranges.append((opened_at, number + 1))
    if depth:
        ranges.append((opened_at, len(lines)))
    return ranges


def _read_details(lines: Sequence[str], start: int, end: int) -> Chunk:
    source = "\n".join(lines[start:end])
    summary = SUMMARY.search(source)
    inside = SUMMARY.sub("", source, count=1)
    inside = re.sub(r"^\s*<details\b[^>]*>", "", inside, count=1, flags=re.I)
    inside = re.sub(r"</details\s*>\s*$", "", inside, count=1, flags=re.I)
    words = TAG.sub("", summary[1]).strip() if summary else ""
    return Chunk(
        kind=ChunkKind.DETAILS, source=source, start=start, end=end, text=inside.strip("\n").rstrip(), summary=words
    )


def _read_plain(lines: Sequence[str], start: int, end: int) -> list[Chunk]:
    tokens = _markdown.parse("\n".join(lines[start:end]))
    chunks: list[Chunk] = []
    for number, token in enumerate(tokens):
        if token.level != 0 or token.map is None or token.nesting < 0:
            continue
        first, last = start + token.map[0], start + token.map[1]
        while last > first and not lines[last - 1].strip():
            last -= 1
        chunks.append(_read_chunk(tokens, number, lines, (first, last), start))
    return chunks


def _read_chunk(
    tokens: Sequence[Token], number: int, lines: Sequence[str], place: tuple[int, int], offset: int
) -> Chunk:
    first, last = place
    token, source = tokens[number], "\n".join(lines[first:last])
    if token.type == "heading_open":
        words = tokens[number + 1].content.strip()
        return Chunk(kind=ChunkKind.HEADING, source=source, start=first, end=last, text=words, level=int(token.tag[1:]))
    if token.type in {"bullet_list_open", "ordered_list_open"}:
        items = tuple(_read_items(tokens, number, lines, offset))
        return Chunk(kind=ChunkKind.LIST, source=source, start=first, end=last, items=items)
    kinds = {"paragraph_open": ChunkKind.PARAGRAPH, "fence": ChunkKind.FENCE, "hr": ChunkKind.RULE}
    return Chunk(kind=kinds.get(token.type, ChunkKind.OTHER), source=source, start=first, end=last)


def _read_items(tokens: Sequence[Token], number: int, lines: Sequence[str], offset: int) -> list[str]:
    items: list[str] = []
    for token in tokens[number + 1 :]:
        if token.level == 0:
            break
        if token.type == "list_item_open" and token.level == 1 and token.map is not None:
            own = [lines[line] for line in range(offset + token.map[0], min(offset + token.map[1], len(lines)))]
            head = ITEM_MARK.sub("", own[0]) if own else ""
            items.append("\n".join([head, *(line.strip() for line in own[1:])]).strip())
    return items
