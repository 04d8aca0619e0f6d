"""Judges WSGI submissions through a wall that they can neither see through nor reach over."""

__version__ = "0.1.0"
