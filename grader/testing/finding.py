"""What a ready check says when it knows precisely what happened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A value of a finding: shown to everybody, or only where the test itself is public."""

    text: str
    public: bool = False


def public(value: object) -> Value:
    """Mark a value that may be shown for hidden tests too: a word of a fixed vocabulary, never student text or input."""
    return Value(str(value), public=True)


class Finding(Exception):
    """A check failed, and this is what happened.

    ``happened`` and ``look`` are constant texts (and gettext keys); ``happened`` may hold {names} of values. A value is
    hidden unless it is `public`: in the feedback of a hidden test an ellipsis stands for it.
    """

    def __init__(self, happened: str, look: str = "", **values: object) -> None:
        super().__init__(happened)
        self.happened = happened
        self.look = look
        self.values = {name: v if isinstance(v, Value) else Value(str(v)) for name, v in values.items()}


class Unsuited(Finding):
    """The submission is right to be as it is, but the test cannot look at it: the verdict is ``skipped``."""


class LimitReached(Exception):
    """The app sent more than the judge takes."""

    verdict = "output_limit"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
