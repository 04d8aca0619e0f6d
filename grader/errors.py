"""The two kinds of trouble that are nobody's grade: a wrong request and a fault of ours."""


class UsageError(Exception):
    """What was asked for cannot be done; the message names the place and the remedy (exit code 2)."""


class Misuse(UsageError):
    """A wrong request of a student's, who is told in their own language: ``key`` is a text of the catalogue.

    ``values`` fill its {names}.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key.format_map(values))
        self.key = key
        self.values = values


class EngineFault(Exception):
    """Something of ours broke; an attempt that meets it has no score (exit code 3)."""


class Unavailable(EngineFault):
    """This machine lacks something that a test needs. ``key`` is a text of the catalogue, ``values`` fill its {names}.

    A student's own run skips the test; a grading has no score.
    """

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key.format_map(values))
        self.key = key
        self.values = values
