"""nbgrader as the front end: its courses are made here, and what it collects is judged by this engine."""
