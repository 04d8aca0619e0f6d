"""Decodes what a submission has compressed, as it arrives. The sizes that it names are not believed: there is an end to it."""

from __future__ import annotations

import zlib

from grader.testing.finding import Finding, LimitReached

MOST_DECODED = 1 << 20
"""Bytes that one body may decode to."""
MOST_MEMBERS = 100
"""Members that a lenient reader takes."""
FORMAT = 16 + zlib.MAX_WBITS
"""What zlib calls a gzip stream (RFC 1952), and nothing else."""


class Gunzip:
    """A client that decodes one gzip stream of one member, and stops at its end, as many clients do.

    Attributes:
        data: what could be decoded of the bytes that came so far.
        ended: whether the end of the stream, with its checksum, has come too.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = MOST_DECODED if most is None else most
        self.data = b""
        self._decoder = zlib.decompressobj(FORMAT)

    @property
    def ended(self) -> bool:
        """Whether the end of the stream has come."""
        return self._decoder.eof

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they arrive, and return what they decode to.

        Raises:
            Finding: they are no gzip stream, or stand after its end.
            LimitReached: they decode to more than ``most`` bytes in all; no more than that is ever held.
        """
        if self.ended and data:
            raise after_the_end()
        before = len(self.data)
        self._decode(data)
        if self._decoder.unused_data:
            raise after_the_end()
        return self.data[before:]

    def begin_member(self, data: bytes) -> bytes:
        """Decode a member from its beginning, whatever came before, and return what stands after it."""
        self._decoder = zlib.decompressobj(FORMAT)
        self._decode(data)
        return self._decoder.unused_data

    def _decode(self, data: bytes) -> None:
        try:
            self.data += self._decoder.decompress(data, self.most - len(self.data) + 1)
        except zlib.error:
            raise Finding("what your app sent is not a gzip stream, or it is damaged",
                          "what goes through the compressor, and what reaches the server past it") from None  # fmt: skip
        if len(self.data) > self.most:
            raise LimitReached("decoded body")

    def finish(self) -> bytes:
        """Return all that was decoded, when nothing more will come.

        Raises:
            Finding: the end of the stream is missing.
        """
        if not self.ended:
            raise Finding("the gzip stream that your app sent has no end",
                          "what has to come after the last chunk: the compressor has something left, and a checksum")  # fmt: skip
        return self.data


def gunzip(body: bytes, most: int | None = None, *, lenient: bool = False) -> bytes:
    """Decode a whole body: one gzip stream of one member.

    With ``lenient`` it may have several members, and its end may be missing: for tests that are about something else.

    Raises:
        Finding: it is not one.
        LimitReached: it decodes to more than ``most`` bytes, or has too many members.
    """
    if lenient:
        return decoded_members(body, most)
    decoder = Gunzip(most)
    decoder.feed(body)
    return decoder.finish()


def decoded_members(body: bytes, most: int | None) -> bytes:
    """Decode one member after the other, as far as they go; each copies what comes after it, so they are counted."""
    decoder = Gunzip(most)
    for _ in range(MOST_MEMBERS):
        body = decoder.begin_member(body)
        if not body:
            return decoder.data
    raise LimitReached("decoded body")


def after_the_end() -> Finding:
    """Say that a stream is followed by something."""
    return Finding("the gzip stream that your app sent ended before its body did; many clients read no further",
                   "how many compressors has one answer? gzip.compress() makes a complete stream of each chunk")  # fmt: skip
