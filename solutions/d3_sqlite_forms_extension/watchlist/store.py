"""Where an app keeps its entries if nobody gives it a store: in its database."""

from .db import get_db


class SqliteStore:
    """Keeps nothing on itself, so one serves all requests."""

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry for good, and return its number."""
        db = get_db()
        cursor = db.execute("INSERT INTO entry (movie_id, stars, note) VALUES (?, ?, ?)", (movie_id, stars, note))
        db.commit()
        return cursor.lastrowid or 0

    def all(self) -> list[tuple[int, int, str]]:
        """Return all entries in the order of adding."""
        return [tuple(row) for row in get_db().execute("SELECT movie_id, stars, note FROM entry ORDER BY number")]
