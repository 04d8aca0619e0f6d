"""Proves a course: that its trees, texts, tests and samples are what they promise to be, with complaints that say what to do."""
