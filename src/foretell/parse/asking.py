"""The prompts of a lesson: those the notebook asks by convention, and what its overlay says instead.

Enters: a draft section, the overlay. Leaves: `Prompt`s keyed by the code cell that settles them. Invariant: a code
cell has at most one prompt, and where the overlay asks for a cell, that cell asks nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from foretell.errors import OverlayError
from foretell.model.belief import Belief, with_numbers
from foretell.model.lesson import Cell, CellKind, Prompt, Question, SectionKind, Unread
from foretell.model.syntax import read_literal
from foretell.parse.overlay import Overlay, OverlayQuestion
from foretell.parse.prompts import MarkdownPrompt, choose_settling, read_comment_prompt, read_markdown_prompt
from foretell.parse.python import parse, read_python
from foretell.parse.questions import Asked
from foretell.parse.sections import Draft, Part
from foretell.parse.toml_tables import is_whole

TELLING_SECTIONS = frozenset({SectionKind.INTRO, SectionKind.TAKEAWAYS})
NOTHING_FOLLOWS = "it asks for a prediction, but no code cell follows in its section"


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPrompts:
    """The prompts of one section; `taken` are (cell index, chunk number) of the Markdown they carry."""

    prompts: tuple[Prompt, ...]
    taken: frozenset[tuple[int, int]]
    unread: tuple[Unread, ...]


def read_prompts(draft: Draft) -> SectionPrompts:
    """What a section asks: in its Markdown, then in the comments of its code."""
    taken: set[tuple[int, int]] = set()
    unread: list[Unread] = []
    asked: dict[str, list[tuple[str, tuple[Asked, ...]]]] = {}
    for position, part in enumerate(draft.parts):
        for number in range(len(part.chunks)):
            found = read_markdown_prompt(part.chunks[number:]) if (part.cell.index, number) not in taken else None
            if found is None or (draft.kind in TELLING_SECTIONS and not _asks_here(found)):
                continue
            below = _code_below(draft.parts[position + 1 :])
            if not below:
                unread.append(Unread(cell=part.cell.index, why=NOTHING_FOLLOWS))
                continue
            settles = below[choose_settling(found.asked, [cell.source for cell in below])]
            asked.setdefault(settles.id, []).append((part.cell.id, found.asked))
            taken.update((part.cell.index, number + more) for more in range(found.taken))
    for cell in draft.code:
        comment = read_comment_prompt(cell.source)
        own = comment.asked or (() if cell.id in asked else comment.printed)
        if own:
            asked.setdefault(cell.id, []).append((cell.id, own))
    order = [cell.id for cell in draft.code if cell.id in asked]
    prompts = tuple(_prompt(cell, asked[cell]) for cell in order)
    return SectionPrompts(prompts=prompts, taken=frozenset(taken), unread=tuple(unread))


def apply_overlay(prompts: Iterable[Prompt], overlay: Overlay, cells: Sequence[Cell]) -> dict[str, Prompt]:
    """All prompts by the cell that settles them: the overlay's questions where it has some, else the notebook's."""
    by_cell = {prompt.before: prompt for prompt in prompts}
    own: dict[str, list[OverlayQuestion]] = {}
    for said in overlay.questions:
        own.setdefault(find_code_cell(said.before, cells, f"line {said.line}: [[question]]").id, []).append(said)
    stands: dict[str, str] = {}
    for before, prompt in list(by_cell.items()):
        moved = {_bare(one.ask): cell for cell, ones in own.items() if cell != before for one in ones}
        kept = tuple(question for question in prompt.questions if _bare(question.ask) not in moved)
        if prompt.stands_in != before:
            gone = [moved[_bare(question.ask)] for question in prompt.questions if _bare(question.ask) in moved]
            stands = dict.fromkeys(gone, prompt.stands_in) | stands
        by_cell[before] = replace(prompt, questions=kept)
    sources = {cell.id: cell for cell in cells}
    for cell_id, questions in own.items():
        there = by_cell.get(cell_id)
        stands_in = there.stands_in if there is not None else stands.get(cell_id, cell_id)
        built = tuple(_question(one, sources[cell_id], number) for number, one in enumerate(questions, start=1))
        _check_ranges(questions)
        by_cell[cell_id] = Prompt(stands_in=stands_in, before=cell_id, questions=built)
    return {cell: prompt for cell, prompt in by_cell.items() if prompt.questions}


def find_cell(name: str, cells: Sequence[Cell], place: str) -> Cell:
    """The cell an overlay names by id or by 0-based index."""
    for cell in cells:
        if cell.id == name:
            return cell
    if name.isascii() and name.isdigit() and len(name) < 9 and int(name) < len(cells):
        return cells[int(name)]
    raise OverlayError(f"lesson.toml, {place} names cell {name!r}, which is not there. The cells are {_known(cells)}.")


def find_code_cell(name: str, cells: Sequence[Cell], place: str) -> Cell:
    """Like `find_cell`, for what only a code cell can be."""
    cell = find_cell(name, cells, place)
    if cell.kind is not CellKind.CODE:
        code = _known(one for one in cells if one.kind is CellKind.CODE)
        raise OverlayError(
            f"lesson.toml, {place} names cell {name!r}, which is no code cell. The code cells are {code}."
        )
    return cell


def _known(cells: Iterable[Cell]) -> str:
    names = [f"{cell.index} ({cell.id})" for cell in cells]
    return ", ".join(names) if len(names) <= 60 else ", ".join(names[:60]) + f" and {len(names) - 60} more"


def _asks_here(found: MarkdownPrompt) -> bool:
    """Where the notebook speaks of itself, only a question with a lead of its own asks for a prediction."""
    return found.taken > 0 and any("?" in one.ask for one in found.asked)


def _bare(ask: str) -> str:
    return " ".join(ask.split()).casefold()


def _code_below(parts: Sequence[Part]) -> list[Cell]:
    """The code cells between a prompt and the next one."""
    found: list[Cell] = []
    for part in parts:
        if part.is_code:
            found.append(part.cell)
        elif found and any(read_markdown_prompt(part.chunks[number:]) for number in range(len(part.chunks))):
            break
    return found


def _prompt(cell: str, places: Sequence[tuple[str, tuple[Asked, ...]]]) -> Prompt:
    asked = [one for _, ones in places for one in ones]
    questions = tuple(
        Question(id=question_id(cell, number), ask=one.ask, kind=one.kind, aside=one.aside)
        for number, one in enumerate(asked, start=1)
    )
    return Prompt(stands_in=places[0][0], before=cell, questions=questions)


def question_id(cell: str, number: int) -> str:
    """The id of the question at a place (from 1) of the prompt that a cell settles."""
    return f"{cell}-q{number}"


def _question(one: OverlayQuestion, cell: Cell, number: int) -> Question:
    drawn = _numbers_to_vary(one, cell)
    return Question(
        id=question_id(cell.id, number), ask=with_numbers(one.ask, drawn), kind=one.kind, target=one.target,
        aside=one.aside, choices=tuple(with_numbers(choice, drawn) for choice in one.choices),
        rows=_rows(one, cell) if one.rows else (), tolerance=one.tolerance,
        beliefs=tuple(Belief(misconception=each.misconception, leads_to=each.leads_to) for each in one.beliefs),
        vary=one.vary, template=one.ask if drawn else "", choice_templates=one.choices if drawn else (),
    )  # fmt: skip


def _numbers_to_vary(one: OverlayQuestion, cell: Cell) -> dict[str, int]:
    """What the cell sets the names of `vary` to: each once, at its top level, to a whole number."""
    tree = read_python(cell.source) if one.vary else None
    set_to: dict[str, list[ast.expr]] = {}
    for statement in tree.body if tree is not None else ():
        assigned = _assigned(statement)
        for name, value in assigned.items():
            # One number that is set under two names is none that could be drawn for one of them.
            set_to.setdefault(name, []).extend([value] * len(assigned))
    numbers: dict[str, int] = {}
    for vary in one.vary:
        values = [value.value for value in set_to.get(vary.name, []) if isinstance(value, ast.Constant)]
        if len(values) != 1 or len(set_to[vary.name]) != 1 or not is_whole(values[0]):
            raise OverlayError(
                f"lesson.toml, line {one.vary_line}: [question.vary] draws `{vary.name}`, but cell {one.before!r} does "
                f"not set it once to a whole number. Write `{vary.name} = {vary.low}` there, on a line of its own."
            )
        numbers[vary.name] = int(str(values[0]))
    return numbers


def check_varied(questions: Sequence[OverlayQuestion], cells: Sequence[Cell], tasks: Collection[str]) -> None:
    """Refuse numbers that are to be drawn in the cell of a task: its code is the learner's."""
    for one in questions:
        if one.vary and find_code_cell(one.before, cells, f"line {one.line}: [[question]]").id in tasks:
            raise OverlayError(
                f"lesson.toml, line {one.vary_line}: [question.vary] draws numbers in cell {one.before!r}, which is a "
                "task: what stands there is the learner's. Take it out, or ask before a cell that is no task."
            )


def _check_ranges(questions: Sequence[OverlayQuestion]) -> None:
    """Refuse questions of one cell that draw one number from ranges with nothing in common."""
    ranges: dict[str, tuple[int, int]] = {}
    for one in questions:
        for vary in one.vary:
            low, high = ranges.get(vary.name, (vary.low, vary.high))
            ranges[vary.name] = (max(low, vary.low), min(high, vary.high))
            if ranges[vary.name][0] > ranges[vary.name][1]:
                raise OverlayError(
                    f"lesson.toml, line {one.vary_line}: [question.vary] draws `{vary.name}` from {vary.low} to "
                    f"{vary.high}, and another question of cell {one.before!r} from {low} to {high}. Let them overlap."
                )


def _rows(one: OverlayQuestion, cell: Cell) -> tuple[str, ...]:
    """The literals of the list that `rows` names in the cell."""
    tree = read_python(cell.source)
    for node in ast.walk(tree) if tree is not None else ():
        targets: Mapping[str, ast.expr] = _assigned(node)
        value = targets.get(one.rows or "")
        if isinstance(value, ast.List | ast.Tuple) and value.elts:
            texts = tuple(ast.get_source_segment(cell.source, element) or "" for element in value.elts)
            if all(_is_literal(text) for text in texts):
                return texts
    raise OverlayError(
        f"lesson.toml, line {one.line}: [[question]] takes its rows from `{one.rows}`, but cell {one.before!r} sets no "
        f"such name to a list of literals. Write it there as `{one.rows} = [(3, 1), …]` or drop `rows`."
    )


def _assigned(node: ast.AST) -> dict[str, ast.expr]:
    if isinstance(node, ast.Assign):
        return {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
    return {}


def _is_literal(text: str) -> bool:
    if parse(f"({text})") is None:
        return False
    try:
        read_literal(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True
