"""Makes repositories to hand out: the public half of a course for students, and the private half for those who grade.

`contents` says what is in one, `pages` writes what a student's repository has of its own, `proof` looks for what must not
be in it, `record` is what it remembers of itself, `changes` and `writing` bring a folder there.
"""
