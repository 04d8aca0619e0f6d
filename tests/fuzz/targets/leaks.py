"""The leak guard: it reads anything, finds what was planted wherever it stands, and what it finds is there."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Callable

from grader.leaks.forms import fold, views
from grader.leaks.guard import Guard
from grader.leaks.secrets import Secret
from tests.fuzz.source import Source

MARKER = "leak-marker-5eb0c1d29f37-planted"
GUARD = Guard([Secret(MARKER, "m", 1, marker=True), Secret("the ninth film that nobody knows, “九号影片”", "m", 2)])
SEEDS = (
    b"\x00" + html.escape("<p>" + MARKER[:-1]).encode(),
    b"\x00\\u006c\\x65&#x61;%6b&nbsp;\x1b[31m",
    *(bytes([1, form]) + bytes(range(0, 200, 7)) for form in range(10)),
    "\x00影\u200bé\ufeff\u0301".encode(),
)
FORMS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda text: text[::-1],
    lambda text: text.encode().hex(" "),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.b64encode(b"?" + text.encode()).decode(),
    lambda text: json.dumps("".join(f"\\u{ord(one):04x}" for one in text)),
    lambda text: "".join(f"&#{ord(one)};" for one in text),
    lambda text: urllib.parse.quote("".join(f"%{ord(one):02x}" for one in text)),
    "\u200b".join,
)


def check(data: bytes) -> None:
    """Search bytes; if the first one says so, plant something in them first."""
    source = Source(data[1:])
    if data[:1] == b"\x01":
        planted = source.pick(FORMS)(MARKER)
        before, after = (bounded(source.text(30)) for _ in range(2))
        found = GUARD.check(f"{before}\n{planted}\n{after}", "")
        assert [leak for leak in found if leak.secret.marker], planted
        assert all(leak.line <= f"{before}\n{planted}".count("\n") + 1 for leak in found)
        assert all(0 <= leak.offset <= len(before) + 1 + len(planted) for leak in found)
        return
    artefact = source.rest()
    text = artefact.decode("utf-8", "surrogateescape")
    assert GUARD.check(artefact, "") == GUARD.check(text, "") or artefact[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x00\x00")
    for view in views(text):
        assert len(view) <= len(text)
        assert len(fold(view)) <= 20 * len(view)
    if fold(MARKER) not in fold(text):
        assert not [leak for leak in GUARD.check(text, "") if leak.form == "plain"]


def bounded(text: str) -> str:
    """Return a text that ends where it ends: no escape and no letter or digit reaches into what follows."""
    return text.replace("\\", "").replace("&", "").replace("%", "").replace("<", "").replace("\x1b", "")
