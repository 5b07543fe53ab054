"""Lessons on disk: which ship, and how a name or a path becomes a `Lesson`.

Enters: a lesson's name, or the path of a notebook or lesson folder. Leaves: `Shelved` (a lesson with the place it came
from). Invariant: files are only read, and only the ones a lesson is made of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from foretell.config import LARGEST_NOTEBOOK_BYTES, shipped_lessons
from foretell.errors import NotebookError, UsageError
from foretell.model.lesson import Lesson
from foretell.parse.lesson import read_lesson


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A lesson and where it lies."""

    lesson: Lesson
    path: Path


def shipped_names() -> tuple[str, ...]:
    """Give the names of the lessons that ship."""
    folder = shipped_lessons()
    return tuple(sorted(p.parent.name for p in folder.glob("*/lesson.ipynb"))) if folder.is_dir() else ()


def open_lesson(name_or_path: str) -> Shelved:
    """Read a lesson that ships (by name), a lesson folder, or a notebook; UsageError or LessonError where it cannot."""
    path = Path(name_or_path).expanduser()
    if path.is_dir() and (path / "lesson.ipynb").is_file():
        return _read_folder(path.absolute(), _id_of(path.absolute()))
    if path.is_dir():
        raise UsageError(f"{path} is a folder without a lesson.ipynb; name a notebook (.ipynb) or a lesson folder.")
    if path.exists() or path.suffix == ".ipynb":
        lesson = read_lesson(id=_id_of(path.absolute()), notebook=_read_notebook(path))
        return Shelved(lesson=lesson, path=path.absolute())
    if name_or_path in shipped_names():
        return _read_folder(shipped_lessons() / name_or_path, name_or_path)
    known = ", ".join(shipped_names()) or "none"
    raise UsageError(
        f"No lesson and no file is called '{name_or_path}'; lessons that ship: {known}. Or name an .ipynb file."
    )


def _id_of(path: Path) -> str:
    if path.parent == shipped_lessons().absolute():
        return path.name
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:48] or "notebook"
    return f"{slug}-{sha256(str(path).encode()).hexdigest()[:8]}"


def _read_folder(folder: Path, lesson_id: str) -> Shelved:
    overlay = folder / "lesson.toml"
    solutions = {p.stem: _read_text(p) for p in sorted((folder / "solutions").glob("*.py"))}
    lesson = read_lesson(
        id=lesson_id,
        notebook=_read_notebook(folder / "lesson.ipynb"),
        overlay=_read_text(overlay) if overlay.is_file() else None,
        solutions=solutions,
    )
    return Shelved(lesson=lesson, path=folder)


def _read_notebook(path: Path) -> str:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise NotebookError(f"There is no file {path}; check the name and the folder you are in.") from None
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
    if size > LARGEST_NOTEBOOK_BYTES:
        raise NotebookError(
            f"{path} is {size / 1e6:.0f} MB; foretell reads notebooks up to {LARGEST_NOTEBOOK_BYTES / 1e6:.0f} MB. "
            "Clear its outputs (in Jupyter: Edit, Clear outputs of all cells) and save it."
        )
    return _read_text(path)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"{path} is not UTF-8 text (byte {error.start}); it is no notebook, or was saved in another encoding."
        ) from error
    except OSError as error:
        raise NotebookError(
            f"{path} cannot be read: {error.strerror}. Check that it is a file you may read."
        ) from error
