"""How large a picture becomes once it is drawn, read from its first bytes and never by decoding it.

Enters: the bytes of what claims to be a picture. Leaves: width and height in pixels, or None where it is none of the
kinds that a page draws. Invariant: what a picture is follows from its bytes alone, as browsers also go by them and not
by what it is said to be.
"""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n"
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
MOST_SEGMENTS = 1000
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


def measure_picture(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG, GIF or WebP in pixels; None for anything else."""
    try:
        size = _read_size(data)
    except (struct.error, IndexError):
        return None
    return size if size is not None and min(size) > 0 else None


def _read_size(data: bytes) -> tuple[int, int] | None:
    if data.startswith(PNG) and data[12:16] == b"IHDR":
        return _pair(">II", data, 16)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _pair("<HH", data, 6)
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    return None


def _pair(layout: str, data: bytes, offset: int) -> tuple[int, int]:
    first, second = struct.unpack_from(layout, data, offset)
    return int(first), int(second)


def _read_jpeg(data: bytes) -> tuple[int, int] | None:
    """Go from segment to segment to the one that begins the frame."""
    place = 2
    for _ in range(MOST_SEGMENTS):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker in FRAME_MARKERS:
            height, width = _pair(">HH", data, place + 5)
            return width, height
        if marker == 0xFF:
            place += 1
        elif marker in BARE_MARKERS:
            place += 2
        else:
            place += 2 + max(2, struct.unpack_from(">H", data, place + 2)[0])
    return None


def _read_webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = _pair("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
