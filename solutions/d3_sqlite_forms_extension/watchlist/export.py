"""The body of the export, as in A5."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from .db import connect
from .films import FIELDS, SELECT, Film

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


class Rows:
    """The films as the database gives them. The connection is the export's own: the request's ends before the first row."""

    def __init__(self) -> None:
        self.db = connect()
        self.rows = self.db.execute(f"{SELECT} ORDER BY place")

    def __iter__(self) -> Iterator[Film]:
        return self

    def __next__(self) -> Film:
        return dict(next(self.rows))

    def close(self) -> None:
        """Give the connection back; a statement that is not at its end would keep its lock on the file."""
        self.rows.close()
        self.db.close()
