"""Sizes of pictures, read from their first bytes, held to what Pillow writes."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from foretell.runtime.pictures import measure_picture


def draw(kind: str, width: int, height: int, **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(held, kind, **options)
    return held.getvalue()


WAYS = {
    "PNG": [{}, {"optimize": True}],
    "GIF": [{}],
    "JPEG": [{}, {"progressive": True}, {"exif": b"Exif\0\0" + b"\0" * 9000, "comment": b"\xff\xc0 no frame"}],
    "WEBP": [{}, {"lossless": True}, {"exif": b"Exif\0\0" + b"\0" * 90}],
}


@pytest.mark.parametrize(("kind", "options"), [(kind, options) for kind, ways in WAYS.items() for options in ways])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 700), (700, 3)])
def test_the_size_is_the_one_that_was_drawn(kind, options, width, height):
    assert measure_picture(draw(kind, width, height, **options)) == (width, height)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_kinds_are_none(kind):
    assert measure_picture(draw(kind, 16, 16)) is None


@pytest.mark.parametrize("kind", sorted(WAYS))
def test_a_picture_cut_short_has_its_size_or_none(kind):
    whole = draw(kind, 20, 30)
    assert {measure_picture(whole[:length]) for length in range(len(whole))} <= {None, (20, 30)}


@given(st.binary(max_size=60), st.sampled_from([b"", *(draw(kind, 9, 9)[:20] for kind in sorted(WAYS))]))
def test_no_bytes_raise(data, head):
    measure_picture(head + data)


def test_a_bomb_is_measured_without_being_drawn():
    bomb = draw("PNG", 1, 1)[:16] + struct.pack(">II", 100_000, 100_000) + b"anything"
    assert measure_picture(bomb) == (100_000, 100_000)


def test_a_picture_without_extent_is_none():
    assert measure_picture(draw("PNG", 1, 1)[:16] + struct.pack(">II", 0, 9)) is None
