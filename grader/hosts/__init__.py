"""Grading where courses live: what is taken from a host, how it is graded there, and what is told in return.

README.md beside this file says who can see and change what.
"""
