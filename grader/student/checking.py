"""One check of a submission, as fast as can be: its process starts while this one still reads pytest.

A grading worker is warm and walled in, and takes a moment to start; this is for a single look. Student code is not run here
but in a process that `grader.sandbox.plain` starts.
"""

from __future__ import annotations

import gc
from pathlib import Path

from grader.models import Attempt, Exercise, Submission, Visibility
from grader.student.place import Place
from grader.submissions import opened, read_submission


def check(place: Place, exercise: Exercise, submission: Submission) -> Attempt:
    """Judge a submission by the public tests.

    Raises:
        UsageError: the course itself is wrong.
        EngineFault: something of ours is.
    """
    gc.disable()  # hardly anything of what is made here is ever garbage; looking for it would take a tenth of the time
    spawner = None
    try:
        if not (submission.missing or submission.problem):
            from grader.sandbox.plain import Ahead
            from grader.sandbox.view import frameworks

            modules = frameworks(submission.files.values())
            spawner = Ahead(exercise.limits, modules, always=Visibility.PUBLIC in exercise.fresh)
        from grader.student.looking import look

        return look(place, exercise, submission, spawner)
    finally:
        gc.freeze()  # nor is it looked through at the end of the process
        gc.enable()
        if spawner:
            spawner.stop()


def work_of(exercise: Exercise, elsewhere: Path | None = None) -> Submission:
    """Read the work on an exercise from its own folder, or from another place; an archive is opened in a student process."""
    submission = read_submission(elsewhere or exercise.folder, exercise)
    if submission.archive is None:
        return submission
    from grader.sandbox.plain import Plain
    from grader.sandbox.unpack import unpack

    return opened(
        submission, exercise, unpack(Plain(exercise.limits).spawn, submission.archive, exercise.files, exercise.limits)
    )
