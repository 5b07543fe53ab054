"""A parameter that holds several others is seen as those, each once; any other is one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.runtime.inside.pieces import Place, find_pieces

NET = [(32, 10), (32,), (1, 32), (1,)]
BLOCK = [(16, 16), (16,), (16, 16), (16,)]


def shapes_of(shape: tuple[int, ...], places: list[Place]) -> list[tuple[int, ...]]:
    return [np.empty(shape)[place].shape for place in places]


@pytest.mark.parametrize(
    ("shapes", "wanted", "held"),
    [
        ([(32, 11), (1, 33)], NET, [[(32, 10), (32,)], [(1, 32), (1,)]]),
        ([(11, 32), (33, 1)], NET, [[(10, 32), (32,)], [(32, 1), (1,)]]),
        ([(2, 16, 16), (2, 16)], BLOCK, [[(16, 16), (16, 16)], [(16,), (16,)]]),
        ([(32, 16), (32,)], BLOCK, [[(16, 16), (16, 16)], [(16,), (16,)]]),
        ([(32, 11), (1, 32), (1,)], NET, [[(32, 10), (32,)], [(1, 32)], [(1,)]]),
    ],
)
def test_what_was_joined_is_found(shapes, wanted, held) -> None:
    found = find_pieces(shapes, wanted, turned=False)
    assert [shapes_of(shape, places) for shape, places in zip(shapes, found, strict=True)] == held


def test_turned_what_is_declared_later_lies_first() -> None:
    (places, _) = find_pieces([(32, 11), (1, 33)], NET, turned=True)
    assert shapes_of((32, 11), places) == [(32,), (32, 10)]


@pytest.mark.parametrize(
    ("shapes", "wanted"),
    [
        (NET, NET),
        (NET, []),
        ([(385,)], NET),
        ([(7, 55)], NET),
        ([(32, 12), (1, 33)], NET),
        ([(32, 11)], NET),
        ([(2, 2)] * 3, [(2, 2)] * 40),
    ],
)
def test_anything_else_is_whole(shapes, wanted) -> None:
    assert find_pieces(shapes, wanted, turned=False) == [[...]] * len(shapes)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5), st.integers(2, 9), st.booleans())
def test_pieces_cover_each_number_once(widths: list[int], other: int, turned: bool) -> None:
    wanted = [(other, width) for width in widths]
    shape = (other, sum(widths))
    ((*places,),) = find_pieces([shape], wanted, turned=turned)
    seen = np.zeros(shape, int)
    for place in places:
        seen[place] += 1
    assert np.all(seen == 1)
    assert len(places) == len(widths)
