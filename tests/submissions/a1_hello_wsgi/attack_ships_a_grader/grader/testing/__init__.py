from grader.testing.trace import Trace


class Finding(Exception):
    pass


Submission = Tracer = object
rules = Trace()


def public(value):
    return value
