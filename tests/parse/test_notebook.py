from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import code, md, notebook, raw

from foretell.errors import NotebookError
from foretell.model.lesson import Cell, CellKind
from foretell.parse.lesson import read_lesson
from foretell.parse.notebook import read_notebook, write_notebook

TEXTS = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=60)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
CELLS = st.lists(
    st.tuples(IDS, st.sampled_from(list(CellKind)), TEXTS), max_size=6, unique_by=lambda cell: cell[0]
).map(
    lambda found: tuple(
        Cell(id=name, index=index, kind=kind, source=source) for index, (name, kind, source) in enumerate(found)
    )
)


def ids(text: str) -> list[str]:
    return [cell.id for cell in read_notebook(text).cells]


def test_a_source_may_be_a_list_or_a_string() -> None:
    cells = read_notebook(notebook(md(["# A\n", "b"]), code("x = 1"))).cells
    assert [cell.source for cell in cells] == ["# A\nb", "x = 1"]
    assert [cell.kind for cell in cells] == [CellKind.MARKDOWN, CellKind.CODE]


def test_a_notebook_that_breaks_the_schema_is_read_all_the_same() -> None:
    cells = read_notebook(notebook(md("words", outputs=[]), {"cell_type": "code", "source": "x"})).cells
    assert [cell.source for cell in cells] == ["words", "x"]


def test_windows_line_ends_become_plain_ones() -> None:
    assert read_notebook(notebook(code("a\r\nb\rc"))).cells[0].source == "a\nb\nc"


def test_own_ids_are_kept() -> None:
    assert ids(notebook(md("a", id="intro"), code("b", id="run"), minor=5)) == ["intro", "run"]


def test_a_second_use_of_an_id_gets_one_from_its_content() -> None:
    first, second = ids(notebook(md("a", id="same"), md("b", id="same"), minor=5))
    assert first == "same"
    assert second != "same"
    assert ids(notebook(md("b", id="bad id!"), minor=5)) == [second]


def test_an_id_survives_a_neighbour_that_changes_or_comes() -> None:
    before = ids(notebook(md("a"), code("x = 1"), code("y = 2")))
    after = ids(notebook(md("a, changed"), md("new"), code("x = 1"), code("y = 2")))
    assert after[2:] == before[1:]
    assert after[0] != before[0]


def test_repeated_cells_have_different_ids() -> None:
    first, second, third = ids(notebook(code("x"), code("x"), md("x")))
    assert second == f"{first}-2"
    assert not third.startswith(first)


def test_an_id_of_ours_never_takes_a_place_that_is_owned() -> None:
    ours = ids(notebook(code("x")))[0]
    assert ids(notebook(code("x"), md("other", id=ours), minor=5)) == [f"{ours}-2", ours]


def test_an_older_format_is_converted() -> None:
    old = {
        "metadata": {"name": "old"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "metadata": {}, "source": ["Old"]},
                    {"cell_type": "code", "collapsed": False, "input": ["x = 1"], "language": "python", "outputs": []},
                ]
            }
        ],
    }
    read = read_notebook(json.dumps(old))
    assert [cell.source for cell in read.cells] == ["# Old", "x = 1"]
    assert read == read_notebook(json.dumps(old))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"cells": [}', "line 1, column 12"),
        ("", "line 1, column 1"),
        ("[" * 200_000, "too deeply"),
        ('{"nbformat": ' + "1" * 5000 + "}", "too long"),
        ("[1, 2]", "no object"),
        ('{"a": 1}', "no `nbformat`"),
        ('{"nbformat": true, "cells": []}', "no `nbformat`"),
        ('{"nbformat": 5, "cells": []}', "format 5"),
        ('{"nbformat": 1, "cells": 7}', "cannot be converted"),
        ('{"nbformat": 4, "cells": 7}', "not a list"),
        ('{"nbformat": 4, "cells": [7]}', "Cell 0"),
        ('{"nbformat": 4, "cells": [{"cell_type": "table", "source": ""}]}', "no known type: 'table'"),
        ('{"nbformat": 4, "cells": [{"cell_type": ["code"], "source": ""}]}', "no known type"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}', "neither text nor a list"),
    ],
)
def test_what_is_no_notebook_is_refused_with_its_reason(text: str, says: str) -> None:
    with pytest.raises(NotebookError, match=says.replace("(", r"\(")):
        read_notebook(text)


def test_the_language_is_that_of_the_kernel() -> None:
    assert read_notebook(notebook(language="R")).language == "r"
    assert (
        read_notebook('{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "julia"}}}').language
        == "julia"
    )
    assert read_notebook('{"nbformat": 4, "cells": []}').language == "python"


def test_half_a_character_does_not_get_in() -> None:
    text = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "a\\ud800b"}]}'
    assert read_notebook(text).cells[0].source == "a\ufffdb"


@given(CELLS, st.sampled_from(["python", "r", "julia"]))
def test_what_is_written_reads_back_the_same(cells: tuple[Cell, ...], language: str) -> None:
    written = write_notebook(cells, language)
    read = read_notebook(written)
    assert (read.cells, read.language) == (cells, language)
    nbformat.validate(nbformat.reads(written, as_version=4))


@given(CELLS)
def test_a_notebook_written_back_is_the_same_lesson(cells: tuple[Cell, ...]) -> None:
    lesson = read_lesson(id="x", notebook=write_notebook(cells))
    assert read_lesson(id="x", notebook=write_notebook(lesson.cells, lesson.language)) == lesson


def test_a_notebook_without_ids_written_back_is_the_same_lesson() -> None:
    lesson = read_lesson(id="x", notebook=notebook(md("# T"), code("x"), code("x"), raw("r")))
    assert read_lesson(id="x", notebook=write_notebook(lesson.cells, lesson.language)) == lesson
