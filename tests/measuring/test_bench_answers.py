"""What `make bench-answers` and the rows of `check-time` count, and how they do with a few real answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import answers
from bench.answers import ASSERTS, WHOLE, WITHOUT_FILE, WITHOUT_ID, Outcome, judge_all, misses, report, tally
from bench.checking import nine_of_ten, time_checks
from bench.measure import NotMeasured
from bench.submissions import Submission, read_submissions

SHARED = Path(__file__).parents[3] / "shared"
A_FEW = (
    "collapse-forgets-to-return.py",
    "collapse-running-product.py",
    "ex4-appends-while-iterating.py",
    "ex4-allclose-always-true.py",
    "ex4-no-biases.py",
    "ex4-keyword-arguments.py",
)
HEADER = "# exercise: ex3\n# verdict: {}\n# slug: half\n# misconception: {}\n# says: Half a sentence: half.\n\n"


def submission(belief: str | None, task: str = "TwoLayerNet") -> Submission:
    return Submission(file="ex3-half.py", task=task, belief=belief, source="half = 0.5\n")


def outcome(belief: str | None, *, accepts: bool = False, ended: bool = False, name: str | None = None) -> Outcome:
    return Outcome(submission=submission(belief), accepts=accepts, ended=ended, name=name)


MIXED = [
    outcome(None, accepts=True),
    outcome(None, name="skip-missing"),
    outcome("bias-disabled", accepts=True),
    outcome("bias-disabled", name="bias-disabled"),
    outcome("bias-disabled", name="skip-missing"),
    outcome("bias-disabled"),
    outcome("never-terminates", ended=True, name="never-terminates"),
]


def test_what_is_judged_says_neither_what_it_is_nor_what_its_file_was_called(tmp_path):
    (tmp_path / "ex3-half.py").write_text(HEADER.format("wrong", "bias-disabled") + "# my own\n\nhalf = 0.5\n")
    (read,) = read_submissions(tmp_path)
    assert read.source == "# my own\n\nhalf = 0.5\n"
    assert (read.task, read.belief) == ("TwoLayerNet", "bias-disabled")


def test_a_right_answer_shows_no_misconception(tmp_path):
    (tmp_path / "ex3-half.py").write_text(HEADER.format("right", "none") + "half = 0.5\n")
    assert read_submissions(tmp_path)[0].belief is None


@pytest.mark.parametrize("text", ["half = 0.5\n", HEADER.format("perhaps", "none"), "# exercise: ex9\n\nhalf = 0.5\n"])
def test_a_header_that_does_not_tell_is_named(tmp_path, text):
    (tmp_path / "ex3-half.py").write_text(text)
    with pytest.raises(NotMeasured, match=r"ex3-half\.py"):
        read_submissions(tmp_path)


async def test_where_the_folder_is_not_there_it_is_said_in_a_sentence(tmp_path, capsys):
    assert await answers.main(tmp_path / "nowhere", 0) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"bench: there are no answers to be judged in {tmp_path / 'nowhere'}; ")


def test_each_answer_is_counted_once():
    line = tally(
        WHOLE, "these three", [*MIXED, Outcome(submission=submission(None, "collapse"), accepts=True, ended=False)]
    )
    assert (line.right, line.accepted, line.wrong, line.called_right, line.stopped) == (2, 1, 5, 1, 4)
    assert (line.ended, line.named, line.misnamed) == (1, 2, 1)


def test_a_judge_that_names_nothing_has_no_figures_for_names():
    line = tally(ASSERTS, "TwoLayerNet", MIXED)
    assert (line.named, line.misnamed) == (None, None)
    assert tally(ASSERTS, "collapse", []).line().endswith("n/a")


def test_the_misses_are_the_answers_that_were_not_judged_as_they_are():
    assert [miss.split(": ", 1)[1] for miss in misses(MIXED)] == [
        "right, skip-missing",
        "bias-disabled, called right",
        "bias-disabled, skip-missing",
        "bias-disabled, not named",
    ]


def test_nine_of_ten_is_exceeded_by_one_of_ten():
    assert nine_of_ten([float(each) for each in range(10)]) == 8.0
    assert nine_of_ten([3.0]) == 3.0


@pytest.fixture(scope="module")
def a_few() -> list[Submission]:
    """Some of the answers beside the checkout, read in place; they are on build machines only."""
    if not (SHARED / "submissions").is_dir() or not (SHARED / "notebooks").is_dir():
        pytest.skip(f"the answers to be judged are not beside this checkout ({SHARED})")
    return [one for one in read_submissions() if one.file in A_FEW]


async def test_a_few_answers_go_through_both_judges(a_few, checking_host):
    assert len(a_few) == len(A_FEW)
    judged = await judge_all(checking_host, a_few, place=0)
    tested = tally(ASSERTS, "all four", judged[ASSERTS])
    assert (tested.accepted, tested.called_right, tested.stopped, tested.ended) == (1, 1, 2, 1)
    checked = tally(WHOLE, "all four", judged[WHOLE])
    assert (checked.accepted, checked.right, checked.called_right, checked.misnamed) == (2, 2, 0, 0)
    assert checked.named == checked.wrong == 4
    assert tally(WITHOUT_FILE, "all four", judged[WITHOUT_FILE]).misnamed == 0
    assert tally(WITHOUT_ID, "all four", judged[WITHOUT_ID]).named == 0
    assert "4 of the 4 wrong answers are wrong examples" in report(judged)


async def test_a_check_that_was_stopped_is_left_out_of_the_times(a_few, checking_host):
    taken = await time_checks(checking_host, [one for one in a_few if one.file.startswith("ex4")])
    assert (len(taken.seconds), taken.left_out) == (3, 1)
    assert all(0 < each < 10 for each in taken.seconds)
