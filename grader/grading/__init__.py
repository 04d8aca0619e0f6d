"""Grades submissions: a worker process holds the collected tests and a warm box, and forks for each grading.

`worker` is that process, `job` what happens in the fork, `workers` the worker as its parent sees it, `grade` makes attempts.
"""
