"""`foretell review`: what is due, said to a person and to a script."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretell import library
from foretell.cli import app
from foretell.model.attempt import Judgement, Prediction, Reading, Verdict, Who
from foretell.model.lesson import AnswerKind
from foretell.store.attempts import Store
from foretell.web.visitors import LEARNER
from lessons_for_tests import ran
from times_lesson import write_times


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_times(tmp_path / "a lesson")


def missed(data: Path, folder: Path, days_ago: float, sure: int = 60, question: str = "d-q1") -> None:
    """Put a miss on record as it was some days ago."""
    data.mkdir(exist_ok=True)
    store = Store.open(data / "attempts.sqlite", clock=lambda: datetime.now(UTC) - timedelta(days=days_ago))
    lesson = library.open_lesson(str(folder)).lesson
    store.remember_lesson(LEARNER, lesson.id, title=lesson.title, where=str(folder), key=f"opened-{question}")
    who = Who(learner=LEARNER, lesson=lesson.id, revision=lesson.revision)
    reading = Reading(kind=AnswerKind.YES_NO, value=True, echo="yes")
    said = Prediction(question=question, ask="Is it so?", texts=("yes",), readings=(reading,), confidence=sure)
    commit = store.commit(who, cell="d", predictions=[said], skipped=[], key=f"commit-{question}")
    kept = store.start_run(who, cell="d", commit=commit.id, code="x", state="s", key=f"run-{question}")
    judged = Judgement(question=question, verdict=Verdict.WRONG, difference="you said yes; it was no", observed="no")
    store.finish_run(kept.id, ran("d"), [judged])
    store.close()


def test_where_nothing_is_recorded_nothing_is_due_and_nothing_is_made(tmp_path):
    result = call("review", "--data", tmp_path)
    assert result.exit_code == 0
    assert "Nothing is to be asked again today" in result.stdout
    assert not list(tmp_path.iterdir())
    assert json.loads(call("review", "--json", "--data", tmp_path).stdout) == []


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_folder_that_is_not_there_is_said_to_be_missing_and_not_made(tmp_path, options):
    result = call("review", *options, "--data", tmp_path / "none")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"There is no folder {tmp_path / 'none'}; name" in " ".join(result.stderr.split())
    assert not (tmp_path / "none").exists()


def test_what_is_due_is_listed_with_how_to_open_it_and_without_its_answer(tmp_path, folder):
    missed(tmp_path / "data", folder, days_ago=2)
    missed(tmp_path / "data", folder, days_ago=1.5, sure=95, question="d-q2")
    said = call("review", "--data", tmp_path / "data").stdout
    assert said.startswith("2 to ask again:")
    assert f"foretell learn '{folder}'" in said
    assert "it was no" not in said
    first, second = json.loads(call("review", "--json", "--data", tmp_path / "data").stdout)
    assert (first["question"], first["confident"], second["question"]) == ("d-q2", True, "d-q1")
    assert first["ask"] == "Is it so?"
    assert datetime.fromisoformat(first["due"]) - datetime.fromisoformat(first["missed"]) == timedelta(days=1)


def test_a_miss_of_today_is_not_due(tmp_path, folder):
    missed(tmp_path / "data", folder, days_ago=0.5)
    assert json.loads(call("review", "--json", "--data", tmp_path / "data").stdout) == []
