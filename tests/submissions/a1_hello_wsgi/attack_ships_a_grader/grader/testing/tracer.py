from grader.testing.trace import Trace


def Tracer(recorder):
    return Trace()
