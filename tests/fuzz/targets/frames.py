"""Frames: what is no frame is refused in one way, and what is one is written back as it was read."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from grader.channel.frames import LENGTH, FrameError, decode, encode

SEEDS = (
    b'\x01{"s":1,"ok":{"b":0},"bl":[1]}x',
    b'\x01{"q":1,"op":"call","o":1,"a":[{"t":[1.5,null,true,"\\ud83d"]}],"k":{}}',
    b'\x01{"s":1,"err":{"e":{"type":"E","module":"m","text":"t","lines":[["app.py",1,"f"]],"token":1}}}',
    b'\x00\x00\x00\x00\x0e{"s":1,"ok":-1}',
    b'\x01{"s":1,"ok":' + b"9" * 400 + b"}",
    b'\x01{"s":1,"ok":NaN}',
    b'\x01{"v":' + b"[" * 40 + b"]" * 40 + b"}",
)


def check(data: bytes) -> None:
    """Decode a payload; if the first byte says so, the header's length is made right."""
    payload = data[1:]
    if data[:1] == b"\x01":
        end = payload.rfind(b"}") + 1
        payload = LENGTH.pack(end) + payload
    try:
        header, blobs = decode(payload)
    except FrameError:
        return
    end = LENGTH.size + LENGTH.unpack_from(payload)[0]
    written = json.loads(payload[LENGTH.size : end], object_pairs_hook=pairs, parse_constant=refuse)
    assert type(header) is dict is type(written)
    assert all(type(blob) is bytes for blob in blobs)
    assert sum(map(len, blobs)) <= len(payload)
    if plain(header):
        again = decode(encode(dict(header), blobs)[LENGTH.size :])
        assert again == (header, blobs)


def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
    """See that no name stands twice."""
    assert len(dict(found)) == len(found)
    return dict(found)


def refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    raise AssertionError(constant)


def plain(node: object) -> bool:
    """Tell whether JSON has a word for everything: a number like 1e999 is read as a float that has none."""
    if isinstance(node, dict):
        return all(map(plain, node.values()))
    if isinstance(node, list):
        return all(map(plain, node))
    return type(node) is not float or math.isfinite(node)
