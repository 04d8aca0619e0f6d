"""The two kinds of trouble that are nobody's grade: a wrong request and a fault of ours."""


class UsageError(Exception):
    """What was asked for cannot be done; the message names the place and the remedy (exit code 2)."""


class EngineFault(Exception):
    """Something of ours broke; an attempt that meets it has no score (exit code 3)."""
