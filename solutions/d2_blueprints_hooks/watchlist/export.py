"""The body of the export, as in A5."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from .films import FIELDS, Film

BLOCK = 100


class CsvBody:
    """Owns the source of its rows; a response that is closed closes its body."""

    def __init__(self, rows: Iterator[Film]) -> None:
        self.rows = rows
        self.top: list[Iterable[object]] = [FIELDS]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        lines = self.top + [[film[field] for field in FIELDS] for film in islice(self.rows, BLOCK)]
        if not lines:
            raise StopIteration
        self.top = []
        text = io.StringIO()
        csv.writer(text).writerows(lines)
        return text.getvalue().encode()

    def close(self) -> None:
        """Release the source; not every one has something to release."""
        close: Callable[[], None] = getattr(self.rows, "close", lambda: None)
        close()
