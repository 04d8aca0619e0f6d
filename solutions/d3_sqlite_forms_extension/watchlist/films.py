"""The films: what they are, and how the database is asked for them."""

from typing import Any

from .db import get_db

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

Film = dict[str, Any]

SELECT = "SELECT id, title_zh, title_en, year, director FROM film"


def every_film() -> list[Film]:
    """Return all films, in the order of the catalogue."""
    return [dict(row) for row in get_db().execute(f"{SELECT} ORDER BY place")]


def numbered(number: str) -> Film | None:
    """Return the film with an id, as it stands in a path or in a form; as text, for no number is too long for a text."""
    return one("CAST(id AS TEXT) = ?", number)


def titled(title: str) -> Film | None:
    """Return the first film with a Chinese title."""
    return one("title_zh = ?", title)


def one(condition: str, value: str) -> Film | None:
    """Return the first film that meets a condition of ours with a value of anybody's."""
    row = get_db().execute(f"{SELECT} WHERE {condition} ORDER BY place", (value,)).fetchone()
    return row and dict(row)


def hits(text: str) -> list[Film]:
    """Return the films with a text in one of their titles. LIKE would do it, but knows no capital letters beyond ASCII."""
    sought = text.lower()
    return [film for film in every_film() if any(sought in film[key].lower() for key in FIELDS[1:3])]
