"""The ways in which a text can turn up: escaped, encoded, turned round, spelled with other letters or gaps.

`fold` takes away what disguises change (case, separators, accents, zero bytes of UTF-16), `views` takes away escapes, and
`forms` writes a text as programs write bytes. A text is there if the fold of one of its forms is in the fold of a view.
"""

from __future__ import annotations

import base64
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator

ROUNDS = 3
"""How often escapes are taken away: JSON in HTML in a URL."""
DELETED = bytes(code for code in range(128) if not chr(code).isalnum())
LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
NO_LETTERS = re.compile(r"[^\w\x00-\x7f][^\w\x00-\x7f]*")
MARKUP = re.compile(r"[\x1b<](?:(?<=\x1b)\[[0-9;:?]*[A-Za-z]|(?<=<)/?[A-Za-z][A-Za-z0-9]{0,20}\s?/?>)")
"""Colours of a terminal, and tags without attributes: what an attribute says is no markup."""
ESCAPE = re.compile(
    r"""
    [\\%&] (?:
        (?<=%) (?P<percent>[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2})*)
        | (?<=&) (?P<entity>(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});?)
        | (?<=\\) (?:
            x(?P<bytes>[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*)
            | u(?P<utf16>[0-9a-fA-F]{4}(?:\\u[0-9a-fA-F]{4})*)
            | u\{(?P<braces>[0-9a-fA-F]{1,6})\}
            | U(?P<long>[0-9a-fA-F]{8})
            | (?P<other>.)
        )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Runs of escapes are taken at once. Each alternative looks back at what came first: so the search can skip to it."""
GAPS = frozenset("nrtbfv0a\n\r")


def fold(text: str) -> bytes:
    """Return the letters and digits of a text and nothing else, in lower case, without accents, as UTF-8."""
    if not text.isascii():
        text = NO_LETTERS.sub("", unicodedata.normalize("NFKD", text)).lower()
    return text.encode("utf-8", "ignore").translate(LOWER, DELETED)


def views(text: str) -> Iterator[str]:
    """Yield a text as it is, and then with markup and escapes taken away, as long as there are any.

    Lines are joined before that, for a terminal breaks them anywhere.
    """
    yield text
    for _ in range(ROUNDS):
        bare, tags = MARKUP.subn("", text)
        text, escapes = ESCAPE.subn(unescaped, "".join(map(str.strip, bare.split("\n"))))
        if not tags and not escapes:
            return
        yield text


def unescaped(match: re.Match[str]) -> str:
    """Return what an escape of JSON, Python, HTML or a URL stands for; a space for an escaped line end."""
    kind = match.lastgroup or ""
    found = match[kind]
    if kind in ("percent", "bytes"):
        return bytes.fromhex(found.replace("%", "").replace("\\x", "")).decode("utf-8", "surrogateescape")
    if kind == "utf16":
        return bytes.fromhex(found.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
    if kind in ("braces", "long"):
        number = int(found, 16)
        return chr(number) if number <= 0x10FFFF else " "
    if kind == "entity":
        return html.unescape(f"&{found}")
    return " " if found in GAPS else found


def forms(text: str, charsets: tuple[str, ...] = ("utf-8",)) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the fold of every form of a text, for its bytes in each of some charsets."""
    for name, shape in (("plain", text), ("rot13", codecs.encode(text, "rot13"))):
        yield name, fold(shape)
        yield f"{name}, reversed", fold(shape[::-1])
    for charset in charsets:
        data = text.encode(charset)
        for turned, some in (("", data), (" of the reversed text", text[::-1].encode(charset))):
            for name, shape in encoded(some):
                yield f"{name}{turned}", fold(shape)
                yield f"{name}{turned}, reversed", fold(shape[::-1])


def encoded(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield bytes as text: as numbers one after another, and in base64 at each of the three offsets."""
    yield "hex", data.hex()
    yield "hex", "".join(f"0x{byte:02x}" for byte in data)
    yield "octal", "".join(f"{byte:03o}" for byte in data)
    yield "decimal", "".join(map(str, data))
    for offset, cut in ((0, 0), (1, 2), (2, 3)):
        whole = (offset + len(data)) * 8 // 6
        yield "base64", base64.b64encode(bytes(offset) + data).decode()[cut:whole]
