"""What a lesson folder holds is read, and a file that would be overlooked is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell.errors import LessonError, OverlayError
from foretell.library import files_of, open_lesson

CATALOGUE = 'schema = 1\n\n[off-by-one]\nname = "One less"\nrefutation = "It is not."\n'


def folder_at(tmp_path: Path) -> Path:
    cell = {"cell_type": "code", "id": "sum", "execution_count": None, "metadata": {}, "outputs": []}
    book = {"cells": [cell | {"source": "total = None  # TODO\n"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "lesson.ipynb").write_text(json.dumps(book))
    (tmp_path / "lesson.toml").write_text("schema = 1\n")
    (tmp_path / "misconceptions.toml").write_text(CATALOGUE)
    wrong = tmp_path / "wrong" / "total"
    wrong.mkdir(parents=True)
    (wrong / "off-by-one--low.py").write_text("total = 2\n")
    (wrong / ".ipynb_checkpoints").mkdir()
    (tmp_path / "wrong" / "__pycache__").mkdir()
    return tmp_path


def test_misconceptions_and_wrong_examples_are_read_beside_the_notebook(tmp_path):
    lesson = open_lesson(str(folder_at(tmp_path))).lesson
    assert [one.id for one in lesson.misconceptions] == ["off-by-one"]
    task = lesson.code_cells[0].task
    assert task is not None
    (example,) = task.probing.examples
    assert (example.misconception, example.variant, example.source) == ("off-by-one", "low", "total = 2\n")


def test_a_folder_of_wrong_examples_for_no_task_is_refused(tmp_path):
    (folder_at(tmp_path) / "wrong" / "totals").mkdir()
    with pytest.raises(LessonError, match=r"wrong/totals belongs to no task"):
        open_lesson(str(tmp_path))


def test_an_error_in_the_catalogue_names_the_folder_the_file_and_the_line(tmp_path):
    (folder_at(tmp_path) / "misconceptions.toml").write_text(CATALOGUE + "word = 1\n")
    with pytest.raises(OverlayError, match=rf"{tmp_path}: misconceptions\.toml, line 6: unknown key `word`"):
        open_lesson(str(tmp_path))


def test_every_file_that_a_lesson_is_read_from_is_named(tmp_path):
    folder = folder_at(tmp_path)
    assert {path.relative_to(folder).as_posix() for path in files_of(folder)} == {
        "lesson.ipynb", "lesson.toml", "misconceptions.toml", "wrong/total/off-by-one--low.py",
    }  # fmt: skip
