"""Where an app keeps its entries if nobody gives it a store."""


class MemoryStore:
    """Keeps the entries of one app as long as the process lives; a list may grow in several threads at a time."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, str]] = []

    def add(self, movie_id: int, stars: int, note: str) -> int:
        """Keep an entry and return its number."""
        self.entries.append((movie_id, stars, note))
        return len(self.entries)

    def all(self) -> list[tuple[int, int, str]]:
        """Return all entries in the order of adding."""
        return list(self.entries)
