"""Frames: how messages cross the pipes between supervisor and worker.

A frame is a header of eight bytes (magic, version, kind, length of the payload, big endian) and a JSON payload in
UTF-8. Enters: messages, or bytes in pieces of any size. Leaves: bytes, or messages. Invariant: a frame that is
foreign, too large, cut short or not what its kind says is a `ProtocolFault`, and nothing is ever unpickled. A large
frame may hold long texts, not many values: reading it takes little more memory and time than its bytes. JSON's
functions are bound on import: learner code that replaces them in their module changes nothing here.
"""

from __future__ import annotations

import re
import struct
from itertools import islice
from json import JSONDecoder, dumps
from typing import NoReturn

from foretell.errors import ProtocolFault
from foretell.runtime.messages import KIND_OF, KINDS, Message, from_plain, to_plain

HEADER = struct.Struct(">2sBBI")
MAGIC = b"fT"
VERSION = 1
MAX_PAYLOAD_BYTES = 32 << 20
LARGE_PAYLOAD_BYTES = 1 << 20
MOST_TOKENS_IF_LARGE = 100_000
# Possessive, and a text that never ends is one too: whatever was read once is never read again.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def encode(message: Message) -> bytes:
    """The frame of `message`. Half a surrogate pair, which UTF-8 cannot hold, is sent as "?"."""
    text = dumps(to_plain(message), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    payload = text.encode("utf-8", "replace")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ProtocolFault(
            f"A {type(message).__name__} of {len(payload):,} bytes does not fit a frame "
            f"({MAX_PAYLOAD_BYTES:,}); send it in pieces"
        )
    return HEADER.pack(MAGIC, VERSION, KIND_OF[type(message)], len(payload)) + payload


class Decoder:
    """Turns bytes, in pieces of any size, into messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Every message completed by `data`, in order."""
        self._held += data
        messages: list[Message] = []
        start = 0
        try:
            while len(self._held) - start >= HEADER.size:
                kind, length = _read_header(bytes(self._held[start : start + HEADER.size]))
                end = start + HEADER.size + length
                if len(self._held) < end:
                    break
                messages.append(_read_payload(kind, bytes(self._held[start + HEADER.size : end])))
                start = end
        except ProtocolFault:
            start = len(self._held)  # Nothing that comes after a fault is a frame.
            raise
        finally:
            del self._held[:start]
        return messages

    @property
    def held_bytes(self) -> int:
        """How much has come of a frame that is not complete yet."""
        return len(self._held)

    def finish(self) -> None:
        """Say that no more bytes come; a frame cut short is a fault."""
        if self._held:
            raise ProtocolFault(f"The last frame was cut short after {len(self._held)} bytes; end that worker")


def _read_header(header: bytes) -> tuple[type[Message], int]:
    magic, version, kind, length = HEADER.unpack(header)
    if magic != MAGIC:
        raise ProtocolFault(f"{magic!r} where a frame should begin: something else wrote to the pipe; end that worker")
    if version != VERSION:
        raise ProtocolFault(
            f"A frame of version {version}, not {VERSION}; supervisor and worker must be of one version"
        )
    if kind not in KINDS:
        raise ProtocolFault(f"A frame of unknown kind {kind}; supervisor and worker must be of one version")
    if length > MAX_PAYLOAD_BYTES:
        raise ProtocolFault(f"A frame announces {length:,} bytes, more than {MAX_PAYLOAD_BYTES:,}; end that worker")
    return KINDS[kind], length


def _read_payload(kind: type[Message], payload: bytes) -> Message:
    if len(payload) > LARGE_PAYLOAD_BYTES and _has_many_tokens(payload):
        raise ProtocolFault(
            f"A {kind.__name__} of {len(payload):,} bytes has more than {MOST_TOKENS_IF_LARGE:,} parts; end that worker"
        )
    try:
        return from_plain(kind, _read_json(payload.decode()))
    except (ValueError, RecursionError, OverflowError) as fault:
        raise ProtocolFault(f"The payload of a {kind.__name__} is not JSON ({fault}); end that worker") from fault


def _has_many_tokens(payload: bytes) -> bool:
    """Whether there are so many texts and lists that reading them would take far more memory than the payload."""
    return next(islice(TOKEN.finditer(payload), MOST_TOKENS_IF_LARGE, None), None) is not None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_read_json = JSONDecoder(parse_constant=_refuse_constant).decode
