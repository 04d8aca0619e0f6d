"""P0: the reference solution."""

import html
from collections.abc import Callable, Iterator
from typing import Any


def esc(s: str) -> str:
    """Return a text so that a browser shows it character by character, also inside an attribute."""
    return html.escape(s, quote=True)


def table(rows: list[dict[str, Any]], columns: list[str]) -> bytes:
    """Return an HTML table in UTF-8; a key that is missing gives an empty cell."""
    head = "".join(f"<th>{esc(column)}</th>" for column in columns)
    lines = ["".join(f"<td>{esc(str(row.get(column, '')))}</td>" for column in columns) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in (head, *lines))}</table>".encode()


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the pieces of data."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def counter() -> Callable[[], int]:
    """Return a function that counts its calls."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return count

    return step
