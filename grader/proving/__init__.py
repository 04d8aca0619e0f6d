"""Proves that a course is what it says: what authors run before they publish."""
