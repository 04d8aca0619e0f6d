"""Attempts in the formats that people and programs read; each one a pure function of attempts."""
