"""Lessons on disk: which ship, and how a name or a path becomes a `Lesson`.

Enters: a lesson's name, or the path of a notebook or lesson folder. Leaves: `Shelved` (a lesson with the place it came
from). Invariant: files are only read, and only the ones a lesson is made of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from foretell.config import LARGEST_NOTEBOOK_BYTES, shipped_lessons
from foretell.errors import LessonError, NotebookError, UsageError
from foretell.model.lesson import Lesson
from foretell.parse.catalogue import BeliefFiles
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
    try:
        path = Path(name_or_path.replace("\0", "\N{REPLACEMENT CHARACTER}")).expanduser()
        is_folder, is_lesson = path.is_dir(), (path / "lesson.ipynb").is_file()
        is_file = path.exists() and not is_folder
    except PermissionError as error:
        raise NotebookError(f"{name_or_path} cannot be reached: {error.strerror}. Check its permissions.") from error
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, a home that is not there
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise UsageError(f"'{name_or_path[:80]}' is no name of a file ({why}); name an .ipynb file.") from error
    if is_lesson:
        return _read_folder(path.absolute(), _id_of(path.absolute()))
    if is_folder:
        raise UsageError(f"{path} is a folder without a lesson.ipynb; name a notebook (.ipynb) or a lesson folder.")
    if is_file or path.suffix == ".ipynb":
        return _read_file(path)
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


def _read_file(path: Path) -> Shelved:
    notebook = _read_text(path)
    with _named(path):
        lesson = read_lesson(id=_id_of(path.absolute()), notebook=notebook)
    if lesson.title == lesson.id:  # the notebook has no title of its own
        lesson = replace(lesson, title=path.stem)
    return Shelved(lesson=lesson, path=path.absolute())


def _read_folder(folder: Path, lesson_id: str) -> Shelved:
    overlay = folder / "lesson.toml"
    solutions = {p.stem: _read_text(p) for p in sorted((folder / "solutions").glob("*.py"))}
    notebook = _read_text(folder / "lesson.ipynb")
    said = _read_text(overlay) if overlay.is_file() else None
    with _named(folder):
        lesson = read_lesson(
            id=lesson_id, notebook=notebook, overlay=said, solutions=solutions, beliefs=_read_beliefs(folder)
        )
    return Shelved(lesson=lesson, path=folder)


def _read_beliefs(folder: Path) -> BeliefFiles:
    """The catalogue of misconceptions beside a notebook, and its wrong examples by task and file name."""
    catalogue = folder / "misconceptions.toml"
    tasks = sorted(p for p in (folder / "wrong").glob("*") if p.is_dir() and not p.name.startswith((".", "__")))
    return BeliefFiles(
        catalogue=_read_text(catalogue) if catalogue.is_file() else None,
        wrong={task.name: {p.stem: _read_text(p) for p in sorted(task.glob("*.py"))} for task in tasks},
    )


def files_of(folder: Path) -> tuple[Path, ...]:
    """Every file that a lesson in this folder is read from, as they are now."""
    kinds = ("lesson.ipynb", "lesson.toml", "misconceptions.toml", "solutions/*.py", "wrong/*/*.py")
    return tuple(path for kind in kinds for path in sorted(folder.glob(kind)))


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the place before what the reader says, which knows texts only."""
    try:
        yield
    except LessonError as error:
        raise type(error)(f"{path}: {error}") from error


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_NOTEBOOK_BYTES + 1)
            size = max(len(content), os.fstat(file.fileno()).st_size)
        if size > LARGEST_NOTEBOOK_BYTES:
            more = "" if size > len(content) else " or more"
            raise NotebookError(
                f"{path} holds {size / 1e6:.0f} MB{more}; "
                f"foretell reads notebooks up to {LARGEST_NOTEBOOK_BYTES / 1e6:.0f} MB. "
                "Clear its outputs (in Jupyter: Edit, Clear outputs of all cells) and save it."
            )
        return content.decode().replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise NotebookError(f"There is no file {path}; check the name and the folder you are in.") from None
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"{path} is not UTF-8 text (byte {error.start}); it was saved in another encoding, or is no text at all."
        ) from error
    except OSError as error:
        raise NotebookError(
            f"{path} cannot be read: {error.strerror}. Check that it is a file you may read."
        ) from error
