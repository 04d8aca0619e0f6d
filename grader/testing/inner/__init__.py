"""Applications of the judge's for the inside of a middleware. Each is legal in its own way, and notes what is done to it.

    app = inner.Plain(b"one", b"two", lazy=True)
    seen = trace(submission.RequestId(app), "GET", "/", stop_after=1)
    assert app.bodies[0].pulled == 1, "who asks the app for more than the server asks for?"
    assert app.bodies[0].closed == 1, "who closes the iterable that the app returned?"

| class        | what it does                                                                                          |
|--------------|-------------------------------------------------------------------------------------------------------|
| `Plain`      | announces in the call, or with ``lazy=True`` at its first step; returns an iterable with ``close()``    |
| `Generator`  | returns a generator, which announces at its first step; nobody notes what is done to that             |
| `List`       | returns a list: it has a length and no ``close()``                                                      |
| `Sized`      | returns an iterable with a length and ``close()``                                                       |
| `Writing`    | sends its first chunks by ``write()``                                                                   |
| `Failing`    | raises ``app.failure`` in the call, after ``write()`` or not, or after some chunks, or after all        |
| `Correcting` | announces an error with ``exc_info``, in time or too late                                                 |
| `Endless`    | yields unforeseen chunks without end, and says so to whoever wants to have all of them first             |
| `Through`    | a layer that changes nothing, around another application: middlewares can be nested                   |

With ``kind=OwnIterator`` the iterable is its own iterator; with ``kind=Unready`` asking it for an iterator fails.
`callable_of`, `was_called` and `was_closed_once` ask of a middleware what every test of one has to ask.
What happens inside stands in the conversation's trace too. A middleware that treats its application as no server may is
told so by a `Finding`.
"""

from grader.testing.inner.apps import (
    CHUNKS,
    ERROR,
    MOST,
    OK,
    Correcting,
    Endless,
    Failing,
    Failure,
    Generator,
    List,
    Plain,
    Sized,
    Through,
    Writing,
    failure_of,
    some_headers,
    unforeseen,
)  # fmt: skip
from grader.testing.inner.bodies import Body, OwnIterator, SizedBody, Unready
from grader.testing.inner.questions import callable_of, was_called, was_closed_once
from grader.testing.inner.start import Start, can_be_called

__all__ = [
    "CHUNKS", "ERROR", "MOST", "OK", "Body", "Correcting", "Endless", "Failing", "Failure", "Generator", "List",
    "OwnIterator", "Plain", "Sized", "SizedBody", "Start", "Through", "Unready", "Writing", "callable_of",
    "can_be_called", "failure_of", "some_headers", "unforeseen", "was_called", "was_closed_once",
]  # fmt: skip
