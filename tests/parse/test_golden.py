"""One small notebook an oddity, with the outline it must give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell.authoring.outline import outline_json
from foretell.parse.lesson import read_lesson

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("golden/*/notebook.ipynb"))


def outline_of(folder: Path) -> dict[str, object]:
    text = (folder / "notebook.ipynb").read_text(encoding="utf-8")
    return outline_json(read_lesson(id=folder.name, notebook=text))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_golden_notebook_gives_its_outline(folder: Path) -> None:
    assert outline_of(folder) == json.loads((folder / "outline.json").read_text(encoding="utf-8"))
