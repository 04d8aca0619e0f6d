"""The films: what they are, and how they are found."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import current_app

FIELDS = ("id", "title_zh", "title_en", "year", "director")
FILMS = [
    (1, "霸王别姬", "Farewell My Concubine", 1993, "Chen Kaige"),
    (2, "天使爱美丽", "Amélie", 2001, "Jean-Pierre Jeunet"),
    (3, "机器人总动员", "WALL·E", 2008, "Andrew Stanton"),
    (4, "两杆大烟枪", "Lock, Stock & Two Smoking Barrels", 1998, "Guy Ritchie"),
    (5, "十二怒汉", "12 Angry Men", 1957, "Sidney Lumet"),
    (6, "千与千寻", "Spirited Away", 2001, "Hayao Miyazaki"),
    (7, "肖申克的救赎", "The Shawshank Redemption", 1994, "Frank Darabont"),
    (8, "这个杀手不太冷", "Léon", 1994, "Luc Besson"),
    (9, "大话西游之大圣娶亲", "A Chinese Odyssey Part Two: Cinderella", 1995, "Jeffrey Lau"),
    (10, "龙猫", "My Neighbor Totoro", 1988, "Hayao Miyazaki"),
    (11, "活着", "To Live", 1994, "Zhang Yimou"),
    (12, "花样年华", "In the Mood for Love", 2000, "Wong Kar-wai"),
]
CATALOG = [dict(zip(FIELDS, film, strict=True)) for film in FILMS]

Film = Mapping[str, Any]


class Films:
    """The films of one app, in the order of its catalogue."""

    def __init__(self, catalog: Sequence[Film]) -> None:
        self.catalog = catalog
        self.numbered = {str(film["id"]): film for film in catalog}

    def get(self, number: str) -> Film | None:
        """Return the film with an id, as it stands in a path or in a form."""
        return self.numbered.get(number)

    def titled(self, title: str) -> Film | None:
        """Return the first film with a Chinese title."""
        return next((film for film in self.catalog if film["title_zh"] == title), None)

    def hits(self, text: str) -> list[Film]:
        """Return the films with a text in one of their titles."""
        sought = text.lower()
        return [film for film in self.catalog if any(sought in film[key].lower() for key in FIELDS[1:3])]


def films() -> Films:
    """Return the films of the app that answers at the moment."""
    return cast(Films, current_app.extensions["watchlist"]["films"])
