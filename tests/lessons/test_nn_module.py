"""The shipped nn-module lesson, run here in one process the way plain Jupyter would run it."""

from __future__ import annotations

import ast
import contextlib
import re
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from matplotlib import pyplot

LESSON = Path(__file__).parents[2] / "lessons" / "nn-module"
NOTEBOOK = nbformat.read(LESSON / "lesson.ipynb", as_version=4)
OVERLAY = tomllib.loads((LESSON / "lesson.toml").read_text(encoding="utf-8"))
QUESTIONS = OVERLAY["question"]
TASKS = OVERLAY["task"]
SOURCES = {cell.id: cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"}
TASK_CELLS = {task["cell"]: name for name, task in TASKS.items()}

ANSWERS: dict[str, list[object]] = {
    "ex1-inspect": [(5, 10), (5,), 55],
    "ex1-table": [[5, 272, 100_480, 101_136], "the fourth is larger"],
    "ex1-again": [246, "wider than high"],
    "ex2-by-hand": [(3, 4), True],
    "ex2-untransposed": ["RuntimeError", False],
    "ex2-again": [(9, 50), (50,), "the bias of the layer"],
    "ex3-class": [385, (5, 1)],
    "ex3-drawing": [352, "about nine tenths"],
    "ex3-call": [True, 1],
    "ex3-list": [18, True, False],
    "ex4-copy": [(1, 32), False, True],
    "ex4-names": [0, "RuntimeError"],
    "ex5-fold": [(4, 6), True, 28],
    "ex5-again": [(7, 24), False],
    "ex5-lines": ["straight lines", "straight pieces that meet at corners"],
    "ex5-fit": ["over 40 %", "under 1 %"],
    "ex5-collapse": [36, False],
    "ex6-block": [544, "x, unchanged"],
    "ex6-fresh": ["10 % to 50 %", "exactly 0 %"],
    "ex6-deep": [8_833, (12, 1)],
    "ex6-gradients": ["over a million times smaller", "within a factor of 10"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One pass through the lesson: the answers by cell and the text that the cells printed."""

    answers: dict[str, list[object]]
    printed: str


def solution(name: str) -> str:
    return (LESSON / "solutions" / f"{name}.py").read_text(encoding="utf-8")


def check_in(cell: str) -> str:
    """What follows the first statement of a task cell, which is the one to be written."""
    first = ast.parse(SOURCES[cell]).body[0]
    return "\n".join(SOURCES[cell].splitlines()[first.end_lineno :])


def filled_in(cell: str, code: str) -> str:
    return f"{code}\n{check_in(cell)}"


def solved(cell: str) -> str:
    return filled_in(cell, solution(TASK_CELLS[cell])) if cell in TASK_CELLS else SOURCES[cell]


def execute(source: str, cell: str, names: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
        exec(compile(source, cell, "exec"), names)


def names_before(cell: str, **replaced: str) -> dict[str, Any]:
    """The namespace in which `cell` starts; `replaced` gives other code for an earlier task, by the task's name."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for earlier in SOURCES:
        if earlier == cell:
            return names
        task = TASK_CELLS.get(earlier, "")
        execute(filled_in(earlier, replaced[task]) if task in replaced else solved(earlier), earlier, names)
    raise KeyError(cell)


def evaluate(question: dict[str, Any], names: dict[str, Any]) -> object:
    if question["kind"] == "error":
        with pytest.raises(Exception) as caught:  # noqa: PT011 - which class it is, is the answer
            eval(question["target"], names)
        return type(caught.value).__name__
    if "rows" in question:
        return [eval(question["target"], {**names, "row": row}) for row in names[question["rows"]]]
    value = eval(question["target"], names)
    return tuple(value) if question["kind"] == "shape" else value


def play(capsys: pytest.CaptureFixture[str]) -> Played:
    names: dict[str, Any] = {"__name__": "__main__"}
    answers: dict[str, list[object]] = {}
    for cell in SOURCES:
        execute(solved(cell), cell, names)
        seen = [evaluate(question, names) for question in QUESTIONS if question["before"] == cell]
        if seen:
            answers[cell] = seen
    return Played(answers=answers, printed=capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _quiet_machine() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pyplot.switch_backend("Agg")
    yield
    torch.set_num_threads(threads)
    pyplot.close("all")


def test_the_notebook_is_valid_and_every_cell_has_a_readable_id() -> None:
    nbformat.validate(NOTEBOOK)
    assert (NOTEBOOK.nbformat, NOTEBOOK.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in NOTEBOOK.cells]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"(intro|setup|takeaways|ex[1-6])(-[a-z]+)*", name)] == []


def test_no_output_is_stored() -> None:
    code = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []


def test_the_solved_lesson_runs_from_top_to_bottom_and_gives_the_answers_the_text_explains(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert play(capsys).answers == ANSWERS


def test_a_second_run_from_the_top_prints_and_answers_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(capsys) == play(capsys)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question['before']}: {question['ask']}")
def test_an_answer_is_of_the_kind_its_question_takes(question: dict[str, Any]) -> None:
    place = [other for other in QUESTIONS if other["before"] == question["before"]].index(question)
    answer = ANSWERS[question["before"]][place]
    for value in answer if isinstance(answer, list) else [answer]:
        match question["kind"]:
            case "shape":
                assert all(type(size) is int for size in value)
            case "number":
                assert type(value) in (int, float)
            case "yes-no":
                assert type(value) is bool
            case "choice":
                assert value in question["choices"]
            case "error":
                assert value.endswith("Error")
            case other:
                pytest.fail(f"no question of kind {other!r} was foreseen here")


def test_choices_put_their_right_answer_in_different_places() -> None:
    places = {
        question["choices"].index(ANSWERS[question["before"]][place])
        for cell in ANSWERS
        for place, question in enumerate(q for q in QUESTIONS if q["before"] == cell)
        if question["kind"] == "choice"
    }
    assert len(places) >= 3


def asked(question: dict[str, Any]) -> str:
    """What a question asks in the plain notebook: with the numbers that its cell has there."""
    ask = question["ask"]
    for name in question.get("vary", {}):
        number = re.search(rf"(?m)^{name} = (\d+)$", SOURCES[question["before"]])
        assert number
        ask = ask.replace("{" + name + "}", number[1])
    return ask


def test_every_ask_stands_word_for_word_in_the_markdown_above_its_cell() -> None:
    above: dict[str, str] = {}
    text = ""
    for cell in NOTEBOOK.cells:
        if cell.cell_type == "markdown":
            text += cell.source + "\n"
        else:
            above[cell.id], text = text, ""
    missing = [q["ask"] for q in QUESTIONS if f"- {asked(q)}\n" not in above[q["before"]]]
    assert missing == []


def test_every_question_in_the_markdown_is_in_the_overlay() -> None:
    prompts = re.findall(
        r"\*\*Before running, predict:\*\*\n((?:- .*\n?)+)",
        "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown"),
    )
    bullets = [line.removeprefix("- ") for prompt in prompts for line in prompt.splitlines()]
    assert bullets == [asked(question) for question in QUESTIONS]


def test_a_cell_asks_two_or_three_questions() -> None:
    assert {len(answers) for answers in ANSWERS.values()} == {2, 3}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_solution_file_is_the_code_in_the_details_block(name: str) -> None:
    details = "\n".join(re.findall(r"<details>.*?</details>", "\n".join(c.source for c in NOTEBOOK.cells), re.DOTALL))
    fences = re.findall(r"```python\n(.*?)```", details, re.DOTALL)
    assert solution(name) in fences
    assert len(fences) == len(TASKS)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_task_has_three_hints_and_says_why_it_works(name: str) -> None:
    assert len(TASKS[name]["hints"]) == 3
    assert TASKS[name]["why"]


@pytest.mark.parametrize("name", sorted(TASKS))
def test_a_starter_holds_no_line_of_its_solution_in_a_comment(name: str) -> None:
    comments = [line.split("#", 1)[1] for line in SOURCES[TASKS[name]["cell"]].splitlines() if "#" in line]
    code = {line.strip().rstrip(",") for line in solution(name).splitlines()}
    assert [comment for comment in comments if comment.strip().rstrip(",") in code] == []


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("TwoLayerNet", AssertionError),
        ("sequential_model", AssertionError),
        ("collapse", AssertionError),
        ("ResidualBlock", NotImplementedError),
    ],
)
def test_an_untouched_starter_fails_its_own_check(name: str, failure: type[Exception]) -> None:
    cell = TASKS[name]["cell"]
    names = names_before(cell)
    with pytest.raises(failure):
        execute(SOURCES[cell], cell, names)


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("TwoLayerNet", ("hidden = self.relu(self.fc1(x))", "hidden = self.fc1(x)"), "ReLU between"),
        ("TwoLayerNet", ("nn.Linear(32, 1)", "nn.Linear(32, 1, bias=False)"), "weights and biases"),
        ("TwoLayerNet", ("return self.fc2(hidden)", "return self.fc2(hidden).flatten()"), "one number in each"),
        ("TwoLayerNet", ("return self.fc2(hidden)", "return self.fc2(hidden).expand(5, 1)"), "batch size"),
        ("sequential_model", ("    nn.ReLU(),\n", ""), "three layers"),
        ("sequential_model", ("nn.ReLU()", "nn.Identity()"), "ReLU between"),
        ("sequential_model", ("nn.Linear(10, 32)", "model.fc1"), "make new ones"),
        ("collapse", ("            bias = layer.weight @ bias\n", "            bias = bias.mean()\n"), "each bias"),
        ("collapse", ("folded.bias.copy_(bias)", "folded.bias.zero_()"), "each bias"),
        ("collapse", ("folded.weight.copy_(weight)", "folded.weight.copy_(-weight)"), "each bias"),
        ("collapse", ("    return folded", "    model[0].weight.data *= 2\n    return folded"), "tall itself"),
        ("ResidualBlock", ("return x + self.fc2(self.relu(self.fc1(x)))", "return x"), "ReLU inside"),
        ("ResidualBlock", ("return x + ", "return "), "what remains"),
        ("ResidualBlock", ("return x + self.fc2(self.relu(self.fc1(x)))", "return self.relu(x)"), "what remains"),
        ("ResidualBlock", ("return x + ", "return x.add_(1) - 1 + "), "changed the tensor"),
        ("ResidualBlock", ("self.relu(self.fc1(x))", "self.fc1(x)"), "ReLU inside"),
        ("ResidualBlock", ("        self.fc2 = nn.Linear(dim, dim)\n", "        self.fc2 = self.fc1\n"), "two linear"),
    ],
)
def test_a_typical_wrong_answer_fails_the_check_that_names_it(name: str, wrong: tuple[str, str], says: str) -> None:
    cell = TASKS[name]["cell"]
    code = solution(name).replace(*wrong)
    assert code != solution(name)
    names = names_before(cell)
    with pytest.raises(AssertionError, match=says):
        execute(filled_in(cell, code), cell, names)


@pytest.mark.parametrize("hard_coded", [("self, dim):\n", "self, dim):\n        dim = 16\n")])
def test_a_block_with_its_size_written_in_fails(hard_coded: tuple[str, str]) -> None:
    code = solution("ResidualBlock").replace(*hard_coded)
    names = names_before("ex6-block")
    with pytest.raises(RuntimeError, match="shapes"):
        execute(filled_in("ex6-block", code), "ex6-block", names)


def test_a_failed_check_leaves_the_prediction_about_a_finished_network_open() -> None:
    names = names_before("ex3-class")
    with pytest.raises(AssertionError):
        execute(SOURCES["ex3-class"], "ex3-class", names)
    assert "finished_total" not in names
    assert "finished_shape" not in names


OTHER_NAMES = """
class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(32, 1)
        self.begin = nn.Linear(10, 32)

    def forward(self, x):
        return self.last(torch.relu(self.begin(x)))
"""


def test_a_right_network_with_other_attribute_names_goes_through_exercise_4() -> None:
    names = names_before("ex5-fold", TwoLayerNet=OTHER_NAMES)
    assert names["finished_total"] == 385
    assert names["same_after"] is True


@pytest.mark.parametrize("untouched", ["TwoLayerNet", "sequential_model"])
def test_weights_are_not_copied_while_an_earlier_task_is_untouched(untouched: str) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in list(SOURCES)[: list(SOURCES).index("ex4-copy")]:
        source = SOURCES[cell] if TASK_CELLS.get(cell) == untouched else solved(cell)
        with contextlib.suppress(AssertionError):
            execute(source, cell, names)
    with pytest.raises((IndexError, KeyError)):
        execute(SOURCES["ex4-copy"], "ex4-copy", names)
    assert "same_before" not in names
