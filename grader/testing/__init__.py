"""What the author of a test uses. The fixtures need no import; these names are for annotations and ready checks."""

from grader.channel.exposure import declares, exposed
from grader.channel.remote import StudentError, StudentObject
from grader.testing import inner, rules
from grader.testing.app import App
from grader.testing.decoding import Gunzip, gunzip
from grader.testing.finding import Finding, Unsuited, public
from grader.testing.probes import Probes
from grader.testing.submission import Completed, Submission
from grader.testing.trace import Trace
from grader.testing.tracer import Tracer

__all__ = [
    "App", "Completed", "Finding", "Gunzip", "Probes", "StudentError", "StudentObject", "Submission", "Trace", "Tracer",
    "Unsuited", "declares", "exposed", "gunzip", "inner", "public", "rules",
]  # fmt: skip
