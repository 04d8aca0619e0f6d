"""The attempts of a class in a database: whole or not at all, never changed, and graded once.

Needs SQLAlchemy, which only instructors install: what is here is imported when a store is opened.
"""
