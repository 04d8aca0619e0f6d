"""The wire: a frame is a 4-byte length, a 4-byte header length, a JSON header and raw binary blobs.

The one decoder of everything that comes from a student process. Whatever is not exactly right raises `FrameError`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, NoReturn

MAX_FRAME = 4 << 20
"""The largest payload in bytes; it wins over every other figure."""

LENGTH = struct.Struct(">I")
LENGTHS = struct.Struct(">II")
"""Those of the payload and of its header, as they stand in front of both."""

Header = dict[str, Any]


class FrameError(Exception):
    """The bytes are no legal frame, or a legal frame says something that cannot be."""


class FrameTooLarge(Exception):
    """What should be sent does not fit into one frame."""


def encode(header: Header, blobs: Sequence[bytes]) -> bytes:
    """Return the whole frame, its length in front. Surrogates cross as JSON escapes.

    Raises:
        FrameTooLarge: the payload would exceed `MAX_FRAME`.
    """
    if blobs:
        header["bl"] = [len(blob) for blob in blobs]
    text = WRITER.encode(header).encode("ascii")
    size = LENGTH.size + len(text) + sum(map(len, blobs))
    if size > MAX_FRAME:
        raise FrameTooLarge(size)
    return b"".join((LENGTHS.pack(size, len(text)), text, *blobs))


def decode(payload: bytes) -> tuple[Header, list[bytes]]:
    """Take a payload (without its length) apart into header and blobs.

    Raises:
        FrameError: anything is not as `encode` would have written it.
    """
    if len(payload) < LENGTH.size:
        raise FrameError("a frame without a header")
    end = LENGTH.size + LENGTH.unpack_from(payload)[0]
    if end > len(payload):
        raise FrameError("a header longer than its frame")
    header = parse(payload[LENGTH.size : end])
    return header, split(payload, end, header.pop("bl", []))


def parse(text: bytes) -> Header:
    """Read the JSON header: an object, no NaN, no name twice, bounded digits, bounded nesting."""
    try:
        header, end = READER.raw_decode(text.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a header that is not JSON ({type(error).__name__})") from None
    if end != len(text):
        raise FrameError("a header with something behind it")
    if type(header) is not dict:
        raise FrameError("a header that is not an object")
    return header


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which are no JSON."""
    raise ValueError(constant)


def unique(pairs: list[tuple[str, Any]]) -> Header:
    """Return a JSON object in which no name stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name that stands twice")
    return found


def split(payload: bytes, start: int, lengths: object) -> list[bytes]:
    """Cut the blobs out of the payload; their lengths must fill it exactly."""
    if type(lengths) is not list:
        raise FrameError("blob lengths that are no list")
    blobs = []
    for length in lengths:
        if type(length) is not int or length < 0 or start + length > len(payload):
            raise FrameError("a blob length that does not fit")
        blobs.append(payload[start : start + length])
        start += length
    if start != len(payload):
        raise FrameError("bytes behind the last blob")
    return blobs


WRITER = json.JSONEncoder(separators=(",", ":"), check_circular=False)  # a codec goes only so deep
READER = json.JSONDecoder(parse_constant=refuse, object_pairs_hook=unique)
