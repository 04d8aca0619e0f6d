import re

from flask import current_app


def validate(data, rules):
    clean = {}
    errors = {}
    for field in rules:
        text = data[field] if field in data else None
        try:
            value = rules[field](text)
        except ValueError as problem:
            errors[field] = str(problem)
        else:
            clean[field] = value
    return clean, errors


def movie_id(text):
    known = {str(film["id"]) for film in current_app.config["CATALOG"]}
    if text not in known:
        raise ValueError("unknown")
    return int(text)


def stars(text):
    if not re.fullmatch(r"[1-5]", text or "x"):
        raise ValueError("1 to 5")
    return int(text)


def note(text):
    if text is None:
        return ""
    if len(text) > 200:
        raise ValueError("too long")
    return text
