"""The author's notebook, read in place: its outline, and exactly what may be shown of each code cell before its run.

Its sentences are not repeated here: lines are named by their number in the cell
(of a task: in its test part), counted from 1.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from foretell.authoring.outline import outline_json
from foretell.model.lesson import AnswerKind, Block, BlockRole, CodeCell, Lesson
from foretell.parse.lesson import read_lesson
from foretell.parse.notebook import write_notebook

WHOLE_LINES_WITHHELD = {
    2: [], 4: [12, 13, 14, 15, 16], 5: [], 8: [22, 23], 11: [20, 21, 22, 24, 25, 26], 14: [6, 10, 11],
    15: [1, 2, 22, 23, 24], 18: [1, 8, 19], 19: [1, 2, 35, 36, 37, 38], 20: [1, 2, 29, 30, 31, 32], 23: [],
    24: [8, 9, 10, 11, 12, 13, 20, 21, 22, 23, 24, 25], 26: [19, 20],
}  # fmt: skip
LINE_ENDS_WITHHELD = {8: [3], 11: [5, 8, 9], 19: [5, 6, 7, 8, 9, 10, 17, 18], 20: [16], 24: [6, 7]}


@pytest.fixture(scope="module")
def lesson(original_notebook: Path) -> Lesson:
    return read_lesson(id="original", notebook=original_notebook.read_text(encoding="utf-8"))


def cell_at(lesson: Lesson, index: int) -> CodeCell:
    found = lesson.code_cell(lesson.cells[index].id)
    assert found is not None
    return found


def blocks_at(lesson: Lesson, index: int) -> list[Block]:
    items = [item for section in lesson.sections for item in section.items]
    return [item for item in items if isinstance(item, Block) and item.cell == lesson.cells[index].id]


def indices(lesson: Lesson, cells: tuple[str, ...]) -> list[int]:
    return [cell.index for cell in lesson.cells if cell.id in cells]


def withheld_lines(cell: CodeCell) -> tuple[list[int], list[int]]:
    """The lines withheld whole, and those of which only the end is."""
    whole: list[int] = []
    ends: list[int] = []
    line, at_start = 1, True
    for piece in cell.pieces:
        count = piece.text.count("\n")
        if piece.withheld and at_start:
            whole += range(line, line + count + (not piece.text.endswith("\n")))
        elif piece.withheld:
            ends.append(line)
        line += count
        at_start = piece.text.endswith("\n")
    return whole, ends


def test_the_header_is_read(lesson: Lesson) -> None:
    outline = outline_json(lesson)
    assert outline["title"].startswith("nn.Module: ")
    assert outline["module"] == "Module 2.1, Lesson 3"
    assert len(outline["goals"]) == 6
    assert [goal.rpartition(" ")[2] for goal in outline["goals"]] == [
        "Guided", "Guided", "Supported", "Supported", "Guided", "Independent",
    ]  # fmt: skip
    assert outline["prerequisites"].startswith("Tensors")
    assert (outline["setup_cells"], outline["takeaways_cell"], outline["unread"]) == ([1, 2], 27, [])


def test_every_exercise_has_its_cells_prompts_and_tasks(lesson: Lesson) -> None:
    found = [
        (
            exercise["number"],
            exercise["support"],
            exercise["stretch"],
            exercise["cells"],
            [(prompt["cell"], prompt["before"], len(prompt["questions"])) for prompt in exercise["prompts"]],
            [(task["cell"], task["solution_cell"]) for task in exercise["tasks"]],
        )
        for exercise in outline_json(lesson)["exercises"]
    ]
    assert found == [
        (1, "guided", False, [3, 4, 5, 6], [(3, 4, 3), (5, 5, 1)], []),
        (2, "guided", False, [7, 8, 9], [(7, 8, 1)], []),
        (3, "supported", False, [10, 11, 12], [], [(11, 12)]),
        (4, "supported", False, [13, 14, 15, 16], [], [(14, 16)]),
        (5, "guided", False, [17, 18, 19, 20, 21], [(17, 19, 1)], []),
        (6, "independent", True, [22, 23, 24, 25, 26], [], [(23, 25)]),
    ]


def test_titles_leave_out_number_and_level(lesson: Lesson) -> None:
    titles = [exercise["title"] for exercise in outline_json(lesson)["exercises"]]
    assert all("Exercise" not in title and "(" not in title for title in titles)
    assert titles[3] == "Convert to nn.Sequential"


def test_kinds_are_guessed_from_the_wording(lesson: Lesson) -> None:
    kinds = {
        index: [question.kind for question in prompt.questions]
        for index in (4, 5, 8, 19)
        if (prompt := cell_at(lesson, index).prompt) is not None
    }
    assert kinds == {
        4: [AnswerKind.SHAPE, AnswerKind.SHAPE, AnswerKind.NUMBER],
        5: [AnswerKind.OPEN],
        8: [AnswerKind.YES_NO],
        19: [AnswerKind.YES_NO],
    }


@pytest.mark.parametrize("index", sorted(WHOLE_LINES_WITHHELD))
def test_exactly_what_would_answer_is_withheld(lesson: Lesson, index: int) -> None:
    cell = cell_at(lesson, index)
    whole, ends = withheld_lines(cell)
    assert whole == WHOLE_LINES_WITHHELD[index]
    assert ends == LINE_ENDS_WITHHELD.get(index, [])


def test_pieces_are_the_source_or_the_test(lesson: Lesson) -> None:
    for cell in lesson.code_cells:
        whole = cell.task.test if cell.task is not None else lesson.cells[indices(lesson, (cell.cell,))[0]].source
        assert "".join(piece.text for piece in cell.pieces) == whole


def test_no_assert_is_shown_anywhere(lesson: Lesson) -> None:
    for cell in lesson.code_cells:
        visible = "".join(piece.text for piece in cell.pieces if not piece.withheld)
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(visible)))


def test_starters_hold_no_line_of_their_solution(lesson: Lesson) -> None:
    for index, name in ((11, "TwoLayerNet"), (14, "sequential_model"), (23, "ResidualBlock")):
        task = cell_at(lesson, index).task
        assert task is not None
        assert task.name == name
        assert "nn.Linear(" not in task.starter.replace("f(x) = Linear", "")
        assert "fc1" not in task.starter
        assert "TODO" in task.starter
        assert task.solution is not None
        assert "nn.Linear(" in task.solution
        assert [hint.name for hint in task.hints] == ["The idea", "The line"]
        assert cell_at(lesson, index).source == task.starter + task.test


def test_starter_and_test_are_the_cell_without_its_comments(lesson: Lesson) -> None:
    for index in (11, 14, 23):
        task = cell_at(lesson, index).task
        assert task is not None
        assert ast.dump(ast.parse(task.starter + task.test)) == ast.dump(ast.parse(lesson.cells[index].source))
        assert task.test == lesson.cells[index].source[len(lesson.cells[index].source) - len(task.test) :]
        assert ast.parse((task.solution or "") + task.test)


def test_later_cells_test_the_tasks_of_exercises_4_and_6(lesson: Lesson) -> None:
    tests = {index: task.test_cells for index in (11, 14, 23) if (task := cell_at(lesson, index).task) is not None}
    assert {index: indices(lesson, cells) for index, cells in tests.items()} == {11: [], 14: [15], 23: [24]}


@pytest.mark.parametrize(
    ("index", "role", "opens_after"),
    [
        (6, BlockRole.DEBRIEF, [4, 5]),
        (7, BlockRole.CLAIM, [8]),
        (9, BlockRole.DEBRIEF, [8]),
        (12, BlockRole.DEBRIEF, [11]),
        (16, BlockRole.DEBRIEF, [14, 15]),
        (17, BlockRole.CLAIM, [19]),
        (21, BlockRole.DEBRIEF, [18, 19, 20]),
        (27, BlockRole.TAKEAWAYS, [4, 5, 8, 11, 14, 19, 23]),
    ],
)
def test_claims_debriefs_and_takeaways_open_after_their_runs(
    lesson: Lesson, index: int, role: BlockRole, opens_after: list[int]
) -> None:
    (block,) = blocks_at(lesson, index)
    assert (block.role, block.before, indices(lesson, block.opens_after)) == (role, "", opens_after)


def test_solutions_are_no_blocks(lesson: Lesson) -> None:
    assert blocks_at(lesson, 25) == []
    assert not any("<details" in block.source for index in (12, 16) for block in blocks_at(lesson, index))


def test_plain_prose_is_shown_at_once(lesson: Lesson) -> None:
    for index in (3, 10, 13, 22):
        assert all(block.role is BlockRole.PROSE and block.before == block.source for block in blocks_at(lesson, index))
        assert blocks_at(lesson, index)


def test_titles_and_goals_that_tell_read_neutrally_until_the_run(lesson: Lesson) -> None:
    neutral = {section.key: section for section in lesson.sections if section.title_before != section.title}
    assert {key: section.title_before for key, section in neutral.items()} == {"ex2": "Exercise 2"}
    assert indices(lesson, neutral["ex2"].title_opens_after) == [8]
    told = {goal.before: indices(lesson, goal.opens_after) for goal in lesson.goals if goal.before != goal.text}
    assert told == {"Exercise 2": [8], "Exercise 5": [19]}
    (goals,) = [block for block in blocks_at(lesson, 0) if block.role is BlockRole.GOALS]
    assert goals.before.split("\n")[2] == "2. Exercise 2"
    assert goals.before.split("\n")[5] == "5. Exercise 5"


def test_later_cells_need_what_tasks_provide(lesson: Lesson) -> None:
    assert cell_at(lesson, 15).needs == {"torch", "model", "sequential_model"}
    assert "total_params" in cell_at(lesson, 14).needs
    assert {"TwoLayerNet", "model", "total_params"} <= cell_at(lesson, 11).provides
    assert cell_at(lesson, 26).needs == {"nn", "torch", "ResidualBlock"}


def test_sections_are_keyed_in_order(lesson: Lesson) -> None:
    assert [section.key for section in lesson.sections] == [
        "intro", "setup", "ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "takeaways",
    ]  # fmt: skip


def test_written_back_it_is_the_same_lesson(lesson: Lesson) -> None:
    assert read_lesson(id="original", notebook=write_notebook(lesson.cells, lesson.language)) == lesson
