"""Forms: rules for their fields, and the token that shows whose page a form comes from."""

import hmac
import secrets
from collections.abc import Callable, Mapping

from flask import session

Rule = Callable[[str | None], object]


def validate(data: Mapping[str, str], rules: Mapping[str, Rule]) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values of the good fields, and for each bad one what is wrong with it.

    Args:
        data: what was sent.
        rules: for each field a function that takes the raw text, or None if the field is absent, and returns the value of
            the field or raises ValueError.
    """
    clean: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name, rule in rules.items():
        try:
            clean[name] = rule(data.get(name))
        except ValueError as error:
            errors[name] = str(error)
    return clean, errors


def csrf_token() -> str:
    """Return the token of this visitor's session; the first one to ask has it made."""
    token: str = session.setdefault("csrf", secrets.token_urlsafe())
    return token


def csrf_matches(sent: str) -> bool:
    """Tell whether a form has the token of the session. Bytes are compared: of texts compare_digest takes ASCII only."""
    return "csrf" in session and hmac.compare_digest(sent.encode(), session["csrf"].encode())
