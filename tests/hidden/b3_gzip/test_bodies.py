"""B3, hidden: a middleware that changes the body, between a picky server and applications that announce all kinds of it.

Every test also asks for a compressed answer: a middleware that does nothing leaves everything untouched.
"""

import random
from collections.abc import Callable
from typing import Any

from pytest import fixture, mark

from grader.testing import Finding, Gunzip, Submission, Trace, Tracer, gunzip, inner, public, rules

LEAK_MARKER = "leak-marker-7e0d52b8-b3"
GZIP = "gzip"
HTML = ("Content-Type", "text/html; charset=utf-8")


# -- applications inside the middleware


@fixture
def inside(rng: random.Random) -> Callable[..., inner.Plain]:
    """Make applications of a class of `inner`, each with chunks that nobody knew before, one of them empty."""

    def make(app: type[inner.Plain] = inner.Plain, /, *headers: tuple[str, str], **options: Any) -> inner.Plain:  # noqa: ANN401
        one, *others = (f"<li>{chunk.decode()}</li>\n".encode() * 3 for chunk in inner.unforeseen(rng))
        return app(one, b"", *others, headers=[*headers] or [HTML], **options)

    return make


def length_of(app: inner.Plain) -> tuple[str, str]:
    """Return the Content-Length of an application's body."""
    return "Content-Length", str(len(b"".join(app.chunks)))


def without_body(app: inner.Plain) -> inner.Plain:
    """Take an application its chunks."""
    app.chunks = ()
    return app


# -- driving


def wrapped(submission: Submission, app: inner.Plain) -> Any:  # noqa: ANN401 - a callable of the submission's
    """Put the middleware around an application."""
    return inner.callable_of(submission.Gzip(app), "Gzip(app)")


def begun(
    submission: Submission, trace: Tracer, app: inner.Plain, accept: str | None = GZIP, method: str = "GET"
) -> Trace:
    """Call the middleware around an application, and take nothing yet."""
    return trace.start(wrapped(submission, app), method, headers={} if accept is None else {"Accept-Encoding": accept})


def answer(
    submission: Submission, trace: Tracer, app: inner.Plain, accept: str | None = GZIP, method: str = "GET"
) -> Trace:
    """Drive a whole conversation. Whoever changes the app's list of headers does so for this one only."""
    headers = app.announced()
    app.headers = headers.copy()
    seen = begun(submission, trace, app, accept, method).finish().close()
    app.headers = headers
    return seen


def encodings(seen: Trace) -> list[str]:
    """Return the values of Content-Encoding."""
    return [value.strip().lower() for value in seen.all_headers("Content-Encoding")]


def announces_gzip(seen: Trace) -> None:
    """Ask whether an answer says, once, that it is compressed."""
    said = encodings(seen)
    if not said:
        raise Finding("an answer that is to be compressed had no Content-Encoding",
                      "when do you decide whether to compress, and what do you know then?")  # fmt: skip
    if said != [GZIP]:
        raise Finding("a compressed answer did not have exactly one Content-Encoding: gzip",
                      "the headers that you pass on: is there one more from an announcement before?")  # fmt: skip


def is_compressed(seen: Trace, app: inner.Plain, status: str = inner.OK) -> None:
    """Ask for a compressed answer, complete and right."""
    inner.was_called(app)
    assert seen.status == status, "the status that the server got: is it the app's?"
    announces_gzip(seen)
    assert gunzip(seen.body, lenient=True) == b"".join(app.chunks), (
        "what the body decodes to: is it the app's, byte for byte?"
    )


def is_untouched(seen: Trace, app: inner.Plain, *free: str) -> None:
    """Ask for an answer that the middleware left alone, except for the headers that are ``free``."""
    inner.was_called(app)
    assert seen.status == app.status, "the status that the server got: is it the app's?"
    if seen.body != b"".join(app.chunks):
        raise Finding("the body of an answer that has to stay as it is was changed",
                      "when do you compress? All conditions have to be met")  # fmt: skip
    names = {name.lower() for name, _ in seen.headers}
    for name in ("content-length", "etag"):
        if name not in names and any(key.lower() == name for key, _ in app.announced()):
            raise Finding("an answer that stays as it is lost its {name}",
                          "which headers do you change or drop, and for which answers?", name=public(name))  # fmt: skip
    if [pair for pair in seen.headers if pair[0].lower() not in free] != app.announced():
        raise Finding("the headers of an answer that has to stay as it is were changed",
                      "which headers do you change or drop, and for which answers?")  # fmt: skip


# -- what must hold


@mark.points(8, "protocol", rule="PEP 3333 (should): Handling the Content-Length Header", statement="length")
def test_length_gone_or_right(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """Content-Length is gone from a compressed answer, or it counts the compressed bytes; otherwise it stays"""
    for status in (inner.OK, "203 Non-Authoritative Information"):
        app = inside(status=status)
        app.headers += [length_of(app)]
        seen = answer(submission, trace, app)
        if len(seen.all_headers("Content-Length")) > 1:
            raise Finding("a compressed answer had two headers Content-Length",
                          "what becomes of the app's own Content-Length?")  # fmt: skip
        is_compressed(seen, app, status)
        if seen.header("Content-Length") == length_of(app)[1]:
            raise Finding("a compressed answer still had the Content-Length of the app's body",
                          "the client counts the bytes that arrive: which bytes does the app's header count?")  # fmt: skip
        if seen.all_headers("Content-Length") not in ([], [str(len(seen.body))]):
            raise Finding("a compressed answer had a Content-Length, and it was not the size of what was sent",
                          "what do you know of the compressed size at the moment when you announce?")  # fmt: skip
    app = inside()
    app.headers += [length_of(app)]
    is_untouched(answer(submission, trace, app, accept="br"), app, "vary")


def served(seen: Trace, app: inner.Plain, most_steps: int) -> None:
    """Take chunks, and ask before each what the client can read by now."""
    client, read = Gunzip(), 0
    for _ in range(most_steps):
        readable = len(client.data)
        if not seen.step():
            break
        pulled = app.bodies[0].pulled if app.bodies else 0
        if readable < len(b"".join(app.chunks[: max(pulled - 1, 0)])):
            raise Finding("the app was asked for more, and the client could not read yet what it had given before",
                          "what do you wait for, and what does the compressor still hold back? Read about flush()")  # fmt: skip
        client.feed(b"".join(seen.chunks[read:]))
        read = len(seen.chunks)
    inner.was_called(app)
    announces_gzip(seen)
    assert client.data, "the client read nothing: what do you yield for each chunk of the app?"
    if not b"".join(app.chunks).startswith(client.data):
        raise Finding("what the client read was not what the app had sent",
                      "which bytes of the app go through the compressor, and in which order?")  # fmt: skip


@mark.points(6, "protocol", statement="flush")
def test_stream_flushes_each_chunk(
    submission: Submission, trace: Tracer, inside: Callable[..., Any], rng: random.Random
) -> None:
    """whatever the app has yielded can be decoded by the client before the app is asked for more"""
    app = inside()
    app.chunks = [*app.chunks, rng.randbytes(40_000), *app.chunks]
    seen = begun(submission, trace, app)
    served(seen, app, most_steps=200)
    seen.close()
    is_compressed(seen, app)
    gunzip(seen.body)
    app = inner.Endless(rng, headers=[HTML])
    seen = begun(submission, trace, app)
    served(seen, app, most_steps=20)
    seen.close()


@mark.points(4, "protocol", rule="PEP 3333 (must): Middleware Handling of Block Boundaries", statement="chunk-by-chunk")
def test_no_chunk_is_waited_for(
    submission: Submission, trace: Tracer, inside: Callable[..., Any], rng: random.Random
) -> None:
    """nothing is taken from the app before the server asks, and then one chunk at most that is not empty"""
    for app in (inside(), inner.Endless(rng, headers=[HTML])):
        seen = begun(submission, trace, app)
        if app.bodies and app.bodies[0].pulled:
            raise Finding("before the server asked for anything, your middleware took a chunk from the app",
                          "who iterates over the app's iterable in the call? list(), join() and next() do")  # fmt: skip
        pulled, steps = 0, 0
        while steps < 20 and seen.step():
            steps += 1
            before, pulled = pulled, app.bodies[0].pulled if app.bodies else 0
            if sum(bool(chunk) for chunk in app.chunks[before:pulled]) > 1:
                raise Finding("the server asked for one chunk, and your middleware took several from the app",
                              "what you give the server while there is nothing to send: b'' is a chunk too")  # fmt: skip
        seen.close()
        if isinstance(app, inner.Endless):
            inner.was_called(app)
            announces_gzip(seen)
        else:
            is_compressed(seen, app)


@mark.points(6, "correctness", rule="RFC 9110: Accept-Encoding", statement="accept")
def test_q_zero_and_star(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """gzip is used if the client accepts it, by its name or by a star, and not with the weight 0"""
    app = inside()

    def compressed(*values: str | None) -> set[bool]:
        return {has_used_gzip(answer(submission, trace, app, accept=value), app) for value in values}

    if compressed("gzip", "deflate, gzip, br", "br,gzip") != {True}:
        raise Finding("the client named gzip, among others or alone, and the answer was not compressed",
                      "where do you take the value of Accept-Encoding apart?")  # fmt: skip
    if compressed("GZIP", "br, Gzip;Q=0.5") != {True}:
        raise Finding("the client named gzip in upper case, and the answer was not compressed",
                      "names of encodings mean the same in upper and lower case")  # fmt: skip
    if compressed("gzip;q=0.001", "br;q=1.0, gzip;q=0.1", "gzip;q=1", "gzip; q=0.5", "gzip ; q=0.50") != {True}:
        raise Finding("the client accepts gzip with a weight, and the answer was not compressed",
                      "every weight but zero means yes. What do you do with blanks, and with digits after the dot?")  # fmt: skip
    if compressed(None, "") != {False}:
        raise Finding("the request had no Accept-Encoding, or an empty one, and the answer was compressed",
                      "what do you take for an absent header?")  # fmt: skip
    if compressed("br, deflate", "identity", "pack200-gzip", "deflate, pack200-gzip;q=0.5") != {False}:
        raise Finding("the client named other encodings only, and the answer was compressed",
                      "do you look for a name, or for letters anywhere in the value?")  # fmt: skip
    if compressed("gzip;q=0", "br, gzip;q=0.0", "gzip; q=0.000", "gzip ;q=0", "GZIP;Q=0") != {False}:
        raise Finding("the client gave gzip the weight zero, and the answer was compressed",
                      "which weights are zero? It may have up to three digits after its dot")  # fmt: skip
    if compressed("*", "br, *;q=0.1", "identity;q=0.5, *") != {True}:
        raise Finding("the client accepts every encoding by a star, and the answer was not compressed",
                      "what does a star mean, if gzip is not named?")  # fmt: skip
    if compressed("*;q=0", "br, *;q=0.0") != {False}:
        raise Finding("the client gave the star the weight zero, and the answer was compressed",
                      "what does a star mean, if gzip is not named?")  # fmt: skip
    if compressed("*;q=0, gzip", "gzip;q=0.5, *;q=0") != {True} or compressed("gzip;q=0, *", "*;q=1, gzip;q=0") != {
        False
    }:
        raise Finding("the client named gzip beside a star, and the weight of the star was believed",
                      "gzip has a weight of its own: which of the two counts, whatever their order?")  # fmt: skip


def has_used_gzip(seen: Trace, app: inner.Plain) -> bool:
    """Tell whether an answer was compressed, and ask for what follows from it."""
    inner.was_called(app)
    if encodings(seen):
        is_compressed(seen, app)
        return True
    is_untouched(seen, app, "vary")
    return False


@mark.points(6, "correctness", rule="RFC 9110: Content-Encoding", statement="encoded")
def test_no_double_encoding(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """what the app has encoded already is not encoded again, and its headers stay"""
    for encoding in ("gzip", "br", "zstd", "identity"):
        app = inside(inner.Plain, HTML, ("Content-Encoding", encoding), ("ETag", '"1993"'))
        app.headers += [length_of(app)]
        seen = answer(submission, trace, app)
        if len(encodings(seen)) > 1 or encodings(seen) != [encoding]:
            raise Finding("the app had encoded its body already, and the answer had another Content-Encoding",
                          "which headers of the app do you look at before you compress?")  # fmt: skip
        is_untouched(seen, app, "vary")
    app = inside()
    is_compressed(answer(submission, trace, app), app)


@mark.points(6, "correctness", rule="RFC 9110: Vary", statement="vary")
def test_vary_merged(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """Vary names Accept-Encoding, beside all that it named before, in compressed answers and in others"""
    for given in ((), ("Cookie",), ("Cookie, User-Agent",), ("Cookie", "Origin"), ("accept-encoding",),
                  ("X-Accept-Encoding-Hint",), ("Accept-Language, Accept-Encoding",), ("*",)):  # fmt: skip
        for accept in (GZIP, None, "gzip;q=0"):
            app = inside(inner.Plain, HTML, *(("Vary", value) for value in given))
            seen = answer(submission, trace, app, accept)
            if accept == GZIP:
                is_compressed(seen, app)
            varies = {name.strip().lower() for value in seen.all_headers("Vary") for name in value.split(",")}
            before = {name.strip().lower() for value in given for name in value.split(",")}
            if not before <= varies:
                raise Finding("the app's Vary named something that is no longer there",
                              "what becomes of a Vary that is there already, or of two?")  # fmt: skip
            if {"accept-encoding", "*"} & varies:
                continue
            if accept == GZIP:
                raise Finding("a compressed answer did not name Accept-Encoding in Vary",
                              "what does a cache have to know before it gives this answer to another client?")  # fmt: skip
            raise Finding("an answer that was not compressed for this client only did not name Accept-Encoding in Vary",
                          "which answers depend on Accept-Encoding? Compressed ones only?")  # fmt: skip


@mark.points(4, "robustness", rule="RFC 9110: ETag", statement="etag")
def test_etag(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """a strong ETag becomes weak in a compressed answer, or goes; a weak one stays, and others keep theirs"""
    for tag in ('"1993"', '"W/1993"', '""'):
        app = inside(inner.Plain, HTML, ("ETag", tag))
        seen = answer(submission, trace, app)
        is_compressed(seen, app)
        tags = seen.all_headers("ETag")
        if tags == [tag]:
            raise Finding("a compressed answer had the strong ETag of the app's own body",
                          "what does a strong ETag promise of the bytes?")  # fmt: skip
        if tags not in ([], [f"W/{tag}"]):
            raise Finding("a compressed answer had an ETag that is neither the app's nor the weak form of it",
                          "how a strong ETag becomes a weak one: which characters stay?")  # fmt: skip
        app = inside(inner.Plain, HTML, ("ETag", tag))
        is_untouched(answer(submission, trace, app, accept="br"), app, "vary")
    app = inside(inner.Plain, HTML, ("ETag", 'W/"1993"'))
    seen = answer(submission, trace, app)
    is_compressed(seen, app)
    assert seen.all_headers("ETag") == ['W/"1993"'], "an ETag that is weak already: does it stay as it is?"


@mark.points(6, "robustness", rule="RFC 9110: HEAD, 204 and 304", statement="no-body")
def test_head_204_304(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """answers that have no body stay as they are: those to HEAD, 204 and 304"""
    for method, status in (
        ("HEAD", "200 OK"), ("HEAD", "404 Not Found"), ("GET", "204 No Content"), ("GET", "304 Not Modified"),
    ):  # fmt: skip
        headers = [HTML, ("ETag", '"1993"'), *([("Content-Length", "1993")] if method == "HEAD" else [])]
        app = without_body(inside(inner.Plain, *headers, status=status))
        seen = answer(submission, trace, app, method=method)
        kind = public(method if method == "HEAD" else status[:3])
        if seen.body:
            raise Finding("an answer without a body ({kind}): your middleware sent bytes", kind=kind,
                          look="a compressor has something to say even if it was given nothing")  # fmt: skip
        if encodings(seen):
            raise Finding("an answer without a body ({kind}): your middleware said that it is compressed", kind=kind,
                          look="which conditions do you ask for before you compress? Not all are about headers")  # fmt: skip
        is_untouched(seen, app, "vary")
    for status in ("200 OK", "404 Not Found", "203 Non-Authoritative Information"):
        app = inside(status=status)
        is_compressed(answer(submission, trace, app), app, status)


@mark.points(4, "protocol", rule="PEP 3333 (must): The start_response() Callable", statement="names")
def test_case_insensitive_headers(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """names of headers and types mean the same in upper and lower case"""
    for spell in (str.lower, str.upper):
        for kind in ("Text/HTML; Charset=UTF-8", "APPLICATION/JSON", "text/plain ; format=flowed"):
            app = inside(
                inner.Plain, (spell("Content-Type"), kind), (spell("ETag"), '"1993"'), (spell("Vary"), "Cookie")
            )
            app.headers += [(spell("Content-Length"), length_of(app)[1])]
            seen = answer(submission, trace, app)
            is_compressed(seen, app)
            if length_of(app)[1] in seen.all_headers("Content-Length") or '"1993"' in seen.all_headers("ETag"):
                raise Finding("a header that describes the app's own body stayed, for its name was spelled in another way",
                              "how do you compare names: Content-Length, content-length, CONTENT-LENGTH?")  # fmt: skip
            if "cookie" not in ", ".join(seen.all_headers("Vary")).lower():
                raise Finding("what the app had named in a header VARY or vary was lost",
                              "how do you compare names: Vary, vary, VARY?")  # fmt: skip
        app = inside(inner.Plain, HTML, (spell("Content-Encoding"), "br"))
        is_untouched(answer(submission, trace, app), app, "vary")


@mark.points(4, "protocol", rule="PEP 3333 (must): The write() Callable", statement="write")
def test_write_style_app(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """what the app sends with write() is compressed too, before what it yields"""
    for written in (1, 3, 4):
        app = inside(inner.Writing, written=written)
        seen = answer(submission, trace, app)
        seen.check(rules.WRITE)
        announces_gzip(seen)
        if app.chunks[0] in seen.body:
            raise Finding("what the app sent with write() reached the server as it was, in an answer said to be compressed",
                          "what your own start_response returns when you compress")  # fmt: skip
        is_compressed(seen, app)
        app = inside(inner.Writing, written=written)
        seen = answer(submission, trace, app, accept="br")
        seen.check(rules.WRITE)
        is_untouched(seen, app, "vary")


@mark.points(6, "protocol", rule="PEP 3333 (must): Specification Details", statement="close-once")
def test_close_lazy_excinfo(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """the app's iterable is closed once; the app may announce late, correct itself with exc_info, and fail"""
    closes(submission, trace, inside)
    for app in (inside(lazy=True), inside(inner.Generator)):
        is_compressed(answer(submission, trace, app), app)
    image = [("Content-Type", "image/png")]
    for options in ({}, {"lazy": True}):
        app = inside(inner.Correcting, **options)
        is_compressed(answer(submission, trace, app), app, inner.ERROR)
        app = inside(inner.Correcting, after=1, **options)
        app.chunks = [b"", *app.chunks]
        is_compressed(answer(submission, trace, app), app, inner.ERROR)
        app = inside(inner.Correcting, HTML, corrected=image.copy(), **options)
        seen = answer(submission, trace, app)
        if encodings(seen) or seen.body != b"".join(app.chunks) or seen.header("Content-Type") != "image/png":
            raise Finding("the app corrected its announcement to one of an image, and the answer was still changed",
                          "a second announcement counts like a first one: what of the first one is left over?")  # fmt: skip
        app = inside(inner.Correcting, *image, corrected=[HTML], **options)
        is_compressed(answer(submission, trace, app), app, inner.ERROR)
    for app in (inside(inner.Failing), inside(inner.Failing, after=0, lazy=True), inside(inner.Correcting, after=1)):
        fails(submission, trace, app)


def closes(submission: Submission, trace: Tracer, inside: Callable[..., Any]) -> None:
    """Ask for close() at every moment at which a server may close."""
    for kind in (inner.Body, inner.OwnIterator):
        for steps in (0, 1, 100):
            app = inside(kind=kind)
            seen = begun(submission, trace, app)
            while steps and seen.step():
                steps -= 1
            seen.close()
            if app.bodies:
                inner.was_closed_once(app)
    for sized in (inner.List, inner.Sized):
        app = inside(sized)
        seen = answer(submission, trace, app)
        seen.check(rules.TRUE_LENGTH)
        is_compressed(seen, app)


def fails(submission: Submission, trace: Tracer, app: inner.Plain) -> None:
    """Ask for the failure of an application, as it was raised, and for close()."""
    seen = begun(submission, trace, app)
    error = inner.failure_of(seen.finish)
    seen.close()
    seen.check(rules.EXC_INFO, rules.SWALLOWED)
    if error is not app.failure and (seen.reraised or isinstance(app, inner.Failing)):
        raise Finding("an exception of the app, or of the server's start_response, did not reach the server",
                      "where do you catch exceptions? The server has to see them")  # fmt: skip
    if seen.starts:
        announces_gzip(seen)
    inner.was_closed_once(app)
