"""Notebook text <-> cells.

Enters: the text of an .ipynb file. Leaves: `Notebook`, whose cells have unique, stable ids and no stored outputs.
Invariant: `read_notebook` raises `NotebookError` and nothing else, and `write_notebook` undoes it.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import nbformat
import nbformat.reader

from foretell.errors import NotebookError
from foretell.model.lesson import Cell, CellKind

NOTEBOOK_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REMEDY = "Open it in Jupyter and save it again, or give another file."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """The cells of a notebook; `language` is its kernel's language in lower case."""

    cells: tuple[Cell, ...]
    language: str


def read_notebook(text: str) -> Notebook:
    """Read a notebook of nbformat 4, or one of an older format that nbformat can convert."""
    document = _read_document(text)
    major = document.get("nbformat")
    if not isinstance(major, int) or isinstance(major, bool):
        raise NotebookError(f"This is JSON but not a notebook: it has no `nbformat` number. {REMEDY}")
    if major > 4:
        raise NotebookError(f"This notebook is of format {major}; foretell reads format 4. Save it as format 4.")
    if major < 4:
        document = _convert(text, major)
    raw_cells = document.get("cells")
    if not isinstance(raw_cells, list):
        raise NotebookError(f"This is not a notebook: its `cells` are not a list. {REMEDY}")
    return Notebook(cells=_read_cells(raw_cells), language=_language(document.get("metadata")))


def write_notebook(cells: Iterable[Cell], language: str = "python") -> str:
    """Write cells as a valid notebook of nbformat 4.5 that reads back as the same cells."""
    written: list[dict[str, Any]] = []
    for cell in cells:
        entry: dict[str, Any] = {"cell_type": cell.kind.value, "id": cell.id, "metadata": {}}
        if cell.kind is CellKind.CODE:
            entry |= {"execution_count": None, "outputs": []}
        entry["source"] = cell.source.splitlines(keepends=True)
        written.append(entry)
    kernel = {"display_name": language, "language": language, "name": "python3" if language == "python" else language}
    document = {
        "cells": written,
        "metadata": {"kernelspec": kernel, "language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _read_document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotebookError(f"This is not a notebook: it is not JSON at {place} ({error.msg}). {REMEDY}") from error
    except RecursionError as error:
        raise NotebookError(f"This is not a notebook: its JSON is nested too deeply to read. {REMEDY}") from error
    except ValueError as error:
        raise NotebookError(f"This is not a notebook: its JSON holds a number too long to read. {REMEDY}") from error
    if not isinstance(document, dict):
        raise NotebookError(f"This is JSON but not a notebook: it holds no object with cells. {REMEDY}")
    return document


def _convert(text: str, major: int) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converted = nbformat.convert(nbformat.reader.reads(text), 4)  # type: ignore[no-untyped-call]
    except (nbformat.ValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fact = f"This notebook is of format {major}, which cannot be converted to format 4"
        raise NotebookError(f"{fact} ({type(error).__name__}). Save it as format 4 in Jupyter.") from error
    for cell in converted.get("cells", []):
        cell.pop("id", None)  # drawn at random by the conversion
    return cast("dict[str, Any]", converted)


def _read_cells(raw_cells: list[Any]) -> tuple[Cell, ...]:
    found: list[tuple[CellKind, str, str | None]] = []
    for index, raw in enumerate(raw_cells):
        if not isinstance(raw, dict):
            raise NotebookError(f"Cell {index} of this notebook (counted from 0) is not an object. {REMEDY}")
        try:
            kind = CellKind(str(raw.get("cell_type")))
        except ValueError as error:
            fact = f"Cell {index} of this notebook (counted from 0) is of no known type: {raw.get('cell_type')!r}"
            raise NotebookError(f"{fact}. Make it markdown, code or raw.") from error
        found.append((kind, _source(raw.get("source", ""), index), _own_id(raw)))
    ids = _assign_ids(found)
    return tuple(
        Cell(id=cell_id, index=index, kind=kind, source=source)
        for index, (cell_id, (kind, source, _)) in enumerate(zip(ids, found, strict=True))
    )


def _source(raw: object, index: int) -> str:
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        raw = "".join(raw)
    if not isinstance(raw, str):
        fact = f"The source of cell {index} of this notebook (counted from 0) is neither text nor a list of lines"
        raise NotebookError(f"{fact}. {REMEDY}")
    return LONE_SURROGATE.sub("\ufffd", raw).replace("\r\n", "\n").replace("\r", "\n")


def _own_id(raw: dict[str, Any]) -> str | None:
    own = raw.get("id")
    return own if isinstance(own, str) and NOTEBOOK_ID.fullmatch(own) else None


def _assign_ids(found: list[tuple[CellKind, str, str | None]]) -> list[str]:
    """The notebook's own ids where they are unique; else from the content, so that a neighbour's change keeps them."""
    taken = {own for _, _, own in found if own is not None}
    used: set[str] = set()
    ids: list[str] = []
    for kind, source, own in found:
        if own is not None and own not in used:
            chosen = own
        else:
            stem = "c" + hashlib.sha256(f"{kind.value}\n{source}".encode()).hexdigest()[:8]
            chosen, repeat = stem, 1
            while chosen in used or chosen in taken:
                repeat += 1
                chosen = f"{stem}-{repeat}"
        used.add(chosen)
        ids.append(chosen)
    return ids


def _language(metadata: object) -> str:
    if not isinstance(metadata, dict):
        return "python"
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        entry = metadata.get(key)
        name = entry.get(field) if isinstance(entry, dict) else None
        if isinstance(name, str) and name.strip():
            return LONE_SURROGATE.sub("\ufffd", name.strip().lower())
    return "python"
