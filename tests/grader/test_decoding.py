"""Decoding what a submission compressed: chunk by chunk, one member, and never more than was allowed."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from grader.testing import Finding, Gunzip, gunzip
from grader.testing.finding import LimitReached


def test_a_stream_is_decoded_as_it_arrives() -> None:
    compressor, decoder = zlib.compressobj(wbits=31), Gunzip()
    for chunk in (b"one ", b"", b"two "):
        sent = compressor.compress(chunk) + compressor.flush(zlib.Z_SYNC_FLUSH)
        assert decoder.feed(sent) == chunk
    assert (decoder.data, decoder.ended) == (b"one two ", False)
    decoder.feed(compressor.flush())
    assert (decoder.finish(), decoder.ended) == (b"one two ", True)


def test_single_bytes_are_enough() -> None:
    decoder = Gunzip()
    for byte in gzip.compress(b"films" * 100):
        decoder.feed(bytes([byte]))
    assert decoder.finish() == b"films" * 100


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"films", "not a gzip stream"),
        (zlib.compress(b"films"), "not a gzip stream"),
        (gzip.compress(b"films")[:-8] + b"\0" * 8, "damaged"),
        (gzip.compress(b"one") + gzip.compress(b"two"), "ended before its body did"),
        (gzip.compress(b"films") + b"\0", "ended before its body did"),
        (gzip.compress(b"films")[:-1], "has no end"),
        (b"", "has no end"),
    ],
)
def test_what_is_not_one_whole_stream_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Finding) as found:
        gunzip(body)
    assert said in found.value.happened


def test_bytes_after_the_end_are_refused_when_they_come_later() -> None:
    decoder = Gunzip()
    decoder.feed(gzip.compress(b"one"))
    assert decoder.feed(b"") == b""
    with pytest.raises(Finding):
        decoder.feed(gzip.compress(b"two"))


@pytest.mark.parametrize("length", [1000, 1001])
def test_the_limit_is_exact(length: int) -> None:
    if length > 1000:
        with pytest.raises(LimitReached):
            gunzip(gzip.compress(b"f" * length), 1000)
    else:
        assert gunzip(gzip.compress(b"f" * length), 1000) == b"f" * length


def test_of_a_bomb_no_more_is_held_than_was_allowed() -> None:
    bomb = gzip.compress(bytes(200 << 20), 9)
    tracemalloc.start()
    try:
        with pytest.raises(LimitReached):
            gunzip(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_lenient_reader_takes_members_and_no_end() -> None:
    assert gunzip(gzip.compress(b"one ") + gzip.compress(b"two")[:-1], lenient=True) == b"one two"
    assert gunzip(b"", lenient=True) == b""
    with pytest.raises(Finding, match="not a gzip stream"):
        gunzip(gzip.compress(b"one") + b"films", lenient=True)


def test_a_lenient_reader_has_limits_too() -> None:
    with pytest.raises(LimitReached):
        gunzip(gzip.compress(b"f" * 600) * 2, 1000, lenient=True)
    with pytest.raises(LimitReached):
        gunzip(gzip.compress(b"") * 50_000, lenient=True)
