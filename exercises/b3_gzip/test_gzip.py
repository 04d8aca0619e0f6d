"""The public tests of B3. Read them: they show the middleware between a server and small applications."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

from pytest import mark
from werkzeug.test import Client

from grader.testing import App, Finding, Gunzip, Submission, Trace, Tracer, gunzip, inner

FILMS = (b"<li>Farewell My Concubine</li>\n", b"<li>Spirited Away</li>\n", b"<li>12 Angry Men</li>\n")
PAGE = b"".join(FILMS)
GZIP = {"Accept-Encoding": "gzip"}
HTML = ("Content-Type", "text/html; charset=utf-8")


def decoded(seen: Trace, *, lenient: bool = True) -> bytes:
    """Return the body as a browser shows it, if it is compressed and says so; lenient browsers need no end of it."""
    encodings = [name.lower() for name in seen.all_headers("Content-Encoding")]
    if encodings != ["gzip"]:
        raise Finding("a compressed answer needs one Content-Encoding: gzip; it had {count} of them: {found}",
                      "which headers do you pass on, and when do you decide whether to compress?",
                      count=len(encodings), found=", ".join(encodings) or "-")  # fmt: skip
    assert seen.body != b"", "the answer has no body: where are the app's bytes?"
    return gunzip(seen.body, lenient=lenient)


def shows(seen: Trace, page: bytes, *, lenient: bool = True) -> None:
    """Ask whether a browser shows the whole page, and nothing else."""
    shown = decoded(seen, lenient=lenient)
    if shown != page and page.startswith(shown):
        raise Finding("the client could decode only the first {shown} of the {all} bytes of the page",
                      "does every chunk of the app go through the compressor, and what has to come after the last one?",
                      shown=len(shown), all=len(page))  # fmt: skip
    assert shown == page, "which bytes do you give to the compressor? Each of the app's once, in their order"


@mark.points(8, "correctness", statement="compress")
def test_round_trip(submission: Submission, trace: Tracer) -> None:
    """a client that accepts gzip gets the page compressed, and decodes it to the app's bytes"""
    for code in ("200 OK", "404 Not Found"):
        seen = trace(submission.Gzip(inner.Plain(*FILMS, status=code, headers=[HTML])), headers=GZIP)
        assert seen.status == code, "the status that the server got: is it the app's?"
        shows(seen, PAGE, lenient=False)


@mark.points(6, "correctness", statement="accept")
def test_not_accepted(submission: Submission, trace: Tracer) -> None:
    """a client that does not name gzip gets the page as it is; Vary tells caches that others may get another one"""
    for headers in ({}, {"Accept-Encoding": "br, deflate"}):
        length = ("Content-Length", str(len(PAGE)))
        seen = trace(submission.Gzip(inner.Plain(*FILMS, headers=[HTML, length])), headers=headers)
        encodings = seen.all_headers("Content-Encoding")
        assert encodings == [], "what does the client have to send, so that you may compress?"
        assert seen.body == PAGE, "an answer that is not compressed keeps the app's body"
        lengths = seen.all_headers("Content-Length")
        assert lengths == [str(len(PAGE))], "an answer that is not compressed keeps the app's Content-Length"
        if "accept-encoding" not in ", ".join(seen.all_headers("Vary")).lower():
            raise Finding("the answer was not compressed, and Accept-Encoding does not stand in Vary",
                          "which answers need Vary? Compressed ones only?")  # fmt: skip


@mark.points(6, "correctness", statement="compress")
def test_types(submission: Submission, trace: Tracer) -> None:
    """text and JSON are compressed; images, and answers without a type, pass as they are"""
    for kind in ("text/css", "application/json; charset=utf-8"):
        seen = trace(submission.Gzip(inner.Plain(*FILMS, headers=[("Content-Type", kind)])), headers=GZIP)
        shows(seen, PAGE)
    for others in ([("Content-Type", "image/png")], [("Content-Type", "application/zip")], []):
        headers = [*others, ("Content-Length", str(len(PAGE))), ("ETag", '"1993"')]
        seen = trace(submission.Gzip(inner.Plain(*FILMS, headers=headers)), headers=GZIP)
        assert seen.headers == headers, "this answer is none of your business: its headers have to stay as they are"
        assert seen.body == PAGE, "this answer is none of your business: its body has to stay as it is"


@mark.points(3, "protocol", statement="others")
def test_other_headers_stay(submission: Submission, trace: Tracer) -> None:
    """the headers that are not about the body come through as they are, in their order"""
    headers = [("Set-Cookie", "a=1"), HTML, ("X-Films", "12"), ("Set-Cookie", "b=2")]
    target = submission.Gzip(inner.Plain(*FILMS, headers=headers.copy()))
    first, second = trace(target, headers=GZIP), trace(target, headers=GZIP)
    shows(first, PAGE)
    assert second.body != PAGE, "the app uses its list of headers again: is it still as the app wrote it?"
    for seen in (first, second):
        shows(seen, PAGE)
        others = [
            pair for pair in seen.headers if pair[0].lower() not in ("content-encoding", "vary", "content-length")
        ]
        assert others == headers, "which headers do you change, drop or move? These have to stay as the app gave them"


@mark.points(6, "protocol", statement="flush")
def test_first_film_arrives_first(submission: Submission, trace: Tracer) -> None:
    """the client can read the first film before the app is asked for the second one"""
    app = inner.Plain(*FILMS, headers=[HTML])
    seen = trace.start(submission.Gzip(app), headers=GZIP)
    client, read = Gunzip(), 0
    while True:
        before = client.data
        if not seen.step():
            break
        client.feed(b"".join(seen.chunks[read:]))
        read = len(seen.chunks)
        if app.bodies[0].pulled > 1 and not before.startswith(FILMS[0]):
            raise Finding("the app was asked for its second film, and the client could not read the first one yet",
                          "what do you wait for, and what does the compressor still hold back? Read about flush()")  # fmt: skip
    seen.close()
    shows(seen, PAGE)


@mark.points(4, "design", statement="level")
def test_level(submission: Submission, trace: Tracer) -> None:
    """level says how hard to compress: from 0, not at all, to 9; without it, it is 6"""
    titles = ("Farewell My Concubine", "Spirited Away", "12 Angry Men", "The Shawshank Redemption", "To Live")
    page = "".join(
        f'<li data-id="{n}"><a href="/movies/{n}">{titles[n % 5]}</a> {1950 + n * 7 % 70}, {n * n % 997} votes</li>\n'
        for n in range(600)
    ).encode()

    def size(**options: int) -> int:
        seen = trace(submission.Gzip(inner.Plain(page, headers=[HTML]), **options), headers=GZIP)
        shows(seen, page)
        return len(seen.body)

    packed, fast, small, default, six = size(level=0), size(level=1), size(level=9), size(), size(level=6)
    if packed < len(page):
        raise Finding("with level=0 a page of {page} bytes became {size} bytes: it was compressed, not only packed",
                      "do you give level to the compressor?", page=len(page), size=packed)  # fmt: skip
    if small >= fast:
        raise Finding("a page became {small} bytes with level=9 and {fast} bytes with level=1",
                      "do you give level to the compressor?", small=small, fast=fast)  # fmt: skip
    if default != six:
        raise Finding("a page became {default} bytes without level and {six} bytes with level=6",
                      "which level do you take if none is given?", default=default, six=six)  # fmt: skip


@mark.points(4, "robustness", rule="PEP 3333 (should): Thread Support", statement="overlap")
def test_two_answers_at_once(submission: Submission, trace: Tracer) -> None:
    """two answers that are read at the same time are both complete, and closing one leaves the other alone"""
    app = inner.Plain(*FILMS, headers=[HTML])
    target = submission.Gzip(app)
    unread, one, other = (trace.start(target, headers=GZIP) for _ in range(3))
    one.step()
    unread.close()
    for seen in (other, one):
        seen.finish().close()
        assert decoded(seen) == PAGE, "two requests at a time: what of a request do you keep, and where?"
    closed = sorted(body.closed for body in app.bodies if body.pulled)
    if len(closed) > 2:
        raise Finding("the server read two answers of three, and your middleware took chunks from the app for all three",
                      "when do you take the first chunk? Only when the server asks for it")  # fmt: skip
    if closed != [1, 1]:
        raise Finding("two answers were read and closed; close() of the app's iterables was called so often: {calls}",
                      "once for each: whose iterable does your close() close, and is that the only place that closes it?",
                      calls=", ".join(map(str, closed)))  # fmt: skip


@mark.points(3, "protocol", statement="both-sides")
def test_accepted_by_validate_on_both_sides(submission: Submission, trace: Tracer) -> None:
    """the standard library's checker, inside and outside of the middleware, accepts both conversations"""
    returned: list[Any] = []

    def films(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [PAGE]

    checked = validator(films)

    def inside(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if type(environ) is not dict:
            raise Finding("your middleware gave the app something else than a dict for environ",
                          "the environ that you pass to the app: a dict itself, not a class of your own")  # fmt: skip
        returned.append(checked(environ.copy(), start_response))
        return returned[-1]

    app = App(submission.Gzip(inside), trace.recorder)
    try:
        with Client(validator(app)).get("/", headers=GZIP) as answer:
            body, headers = answer.data, answer.headers
    except AssertionError as complaint:
        raise Finding("wsgiref.validate says: {complaint}",
                      "which side breaks this rule: what you give the server, or what you give the app?",
                      complaint=complaint) from None  # fmt: skip
    finally:
        closed = [iterable.closed for iterable in returned]
        for iterable in returned:
            iterable.closed = True  # or it complains once more when it is thrown away
    assert headers.get("Content-Encoding") == "gzip", "does the answer say that it is compressed, in Content-Encoding?"
    shown = gunzip(body, lenient=True)
    assert shown == PAGE, "which bytes do you give to the compressor? Each of the app's once, in their order"
    if not all(closed):
        raise Finding("the iterable that the app returned was never closed",
                      "who closes the iterable of the app? The server knows only the one that you returned")  # fmt: skip
    assert len(closed) == 1, "how often do you call the app inside for one request?"
