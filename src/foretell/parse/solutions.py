"""`<details>` blocks: which are solutions, which are hints, and how a solution takes the place of a starter.

Enters: the inside of a `<details>` block and a cut task. Leaves: solution code. Invariant: code that leaves here
parses, and whatever could not be placed is None, never a guess.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from foretell.parse.blocks import Chunk, read_fences
from foretell.parse.gaps import Definition, Gap, GapKind, find_gaps
from foretell.parse.python import first_line, last_line, parse
from foretell.parse.tasks import TaskCut, strip_commented_code

PYTHON_FENCES = frozenset({"", "python", "py", "python3", "ipython"})
HINT_SUMMARY = re.compile(r"\bhints?\b|\bclue\b", re.I)
SOLUTION_SUMMARY = re.compile(r"\bsolutions?\b|\banswers?\b|\breference\b", re.I)
FENCE_START = re.compile(r"^\s*(?:`{3,}|~{3,})", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A `<details>` block as read. `prose` is what stands before its first fence."""

    text: str
    prose: str
    codes: tuple[str, ...]
    is_hint: bool


def read_details(chunk: Chunk) -> Details | None:
    """Read a `<details>` chunk as a solution or a hint; None where it is neither."""
    codes = tuple(fence.code for fence in read_fences(chunk.text) if fence.language in PYTHON_FENCES)
    hint = HINT_SUMMARY.search(chunk.summary) is not None and SOLUTION_SUMMARY.search(chunk.summary) is None
    if not codes and not hint:
        return None
    prose = FENCE_START.split(chunk.text, maxsplit=1)[0].strip()
    return Details(text=chunk.text.strip(), prose=prose, codes=codes, is_hint=hint)


def place_solution(cut: TaskCut, codes: Sequence[str]) -> str | None:
    """Put the code of a solution where the starter has its gaps and keep the rest; None if it has no place there."""
    whole = _join(codes)
    ways = (_as_cell(cut, whole), _by_name(cut, whole), _as_whole(cut, whole), _spliced(cut, codes))
    return next((good for placed in ways if (good := _check(cut, placed)) is not None), None)


def place_by_name(cut: TaskCut, codes: Sequence[str], others: Collection[str] = ()) -> str | None:
    """Like `place_solution` where a block serves several tasks: names tell what is whose, `others` are left out."""
    return _check(cut, _by_name(cut, _join(codes), others))


def _join(codes: Sequence[str]) -> str:
    return "\n".join(textwrap.dedent(code).rstrip("\n") for code in codes) + "\n"


def _check(cut: TaskCut, placed: str | None) -> str | None:
    """The code as it takes the place of the starter, if it parses and leaves no `____`."""
    if placed is None:
        return None
    placed = strip_commented_code(placed)[0].rstrip("\n") + ("\n" if cut.given.endswith("\n") else "")
    if parse(placed) is None or any(gap.kind is GapKind.HOLE for gap in find_gaps(placed)):
        return None
    return placed


def _as_cell(cut: TaskCut, code: str) -> str | None:
    if any(gap.kind is GapKind.CELL for gap in cut.gaps) or not cut.gaps:
        return code if parse(code) is not None else None
    return None


def _as_whole(cut: TaskCut, code: str) -> str | None:
    """A solution that gives all of the starter's own statements again replaces it whole."""
    solved, given = parse(code), parse(cut.given)
    if solved is None or given is None:
        return None
    filled = {range(gap.top_start, gap.top_end + 1) for gap in cut.gaps}
    kept = [ast.dump(node) for node in given.body if not any(first_line(node) in lines for lines in filled)]
    shown = [ast.dump(node) for node in solved.body]
    if not kept or not all(dump in shown for dump in kept):
        return None
    return _without_test(code, solved, cut.test)


def _without_test(code: str, solved: ast.Module, test: str) -> str:
    """Leave out statements at the end that the test part repeats."""
    tested = parse(test)
    repeated = {ast.dump(node) for node in tested.body} if tested is not None else set()
    body = list(solved.body)
    while body and ast.dump(body[-1]) in repeated:
        body.pop()
    end = last_line(body[-1]) if body else 0
    return "\n".join(code.split("\n")[:end]) + "\n"


def _by_name(cut: TaskCut, code: str, others: Collection[str] = ()) -> str | None:
    """Replace each top-level definition or placeholder by the solution's statement of the same name.

    Statements of the solution on the way to a name come with it; shows and checks behind the last one do not.
    """
    solved = parse(code)
    wanted = list(dict.fromkeys((gap.top_start, gap.top_end, gap.name) for gap in cut.gaps))
    if solved is None or any(name is None for _, _, name in wanted):
        return None
    given = parse(cut.given)
    known = {ast.dump(node) for node in given.body} if given is not None else set()
    code_lines = code.split("\n")
    lines = cut.given.split("\n")
    edits: list[tuple[int, int, list[str]]] = []
    begin = 0
    for start, end, name in wanted:
        found = [number for number, node in enumerate(solved.body) if _gives(node) == name and number >= begin]
        if not found:
            return None
        stop = found[0] if isinstance(solved.body[found[0]], Definition) else found[-1]
        between = solved.body[begin : stop + 1]
        taken = [node for node in between if ast.dump(node) not in known and _gives(node) not in others]
        edits.append((start, end, _statement_lines(taken, code_lines)))
        begin = stop + 1
    for start, end, text in reversed(edits):
        lines[start - 1 : end] = text
    return "\n".join(lines)


def _statement_lines(nodes: Sequence[ast.stmt], lines: Sequence[str]) -> list[str]:
    taken: list[str] = []
    previous: ast.stmt | None = None
    for node in nodes:
        begin = first_line(node)
        while (
            begin > 1
            and lines[begin - 2].strip().startswith("#")
            and (previous is None or begin - 1 > last_line(previous))
        ):
            begin -= 1
        if previous is not None:
            taken += [""] * min(2, max(0, begin - last_line(previous) - 1))
        taken += lines[begin - 1 : last_line(node)]
        previous = node
    return taken


def _gives(node: ast.stmt) -> str | None:
    if isinstance(node, Definition):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return next((target.id for target in targets if isinstance(target, ast.Name)), None)


def _spliced(cut: TaskCut, codes: Sequence[str]) -> str | None:
    """Put fragments at the placeholders: all of them at a single gap, or one fence a gap."""
    if len(cut.gaps) == 1:
        fragments = ["\n".join(textwrap.dedent(code).strip("\n") for code in codes)]
    elif len(cut.gaps) == len(codes):
        fragments = [textwrap.dedent(code).strip("\n") for code in codes]
    else:
        return None
    if any(_is_foreign_fragment(gap, fragment) for gap, fragment in zip(cut.gaps, fragments, strict=True)):
        return None
    lines = cut.given.split("\n")
    for gap, fragment in reversed(list(zip(cut.gaps, fragments, strict=True))):
        body = [" " * gap.indent + line if line.strip() else line for line in fragment.split("\n")]
        lines[gap.start - 1 : gap.end] = body
    return "\n".join(lines)


def _is_foreign_fragment(gap: Gap, fragment: str) -> bool:
    """Whether a fragment cannot be meant for a gap: a bare value where a statement is wanted, or another name."""
    tree = parse(fragment)
    if tree is None or not tree.body:
        return True
    if gap.kind is GapKind.VALUE and not gap.defines:
        return not any(_gives(node) == gap.name for node in tree.body)
    return gap.kind is GapKind.HOLE and gap.name is not None and not any(_gives(node) == gap.name for node in tree.body)
