"""The rules of the call channel, each tried between the judge's end and a submission in a forked process.

Rule 7, the bounds of what crosses, is tried in `test_channel_values`, `test_channel_lies` and `test_frames`.
"""

from __future__ import annotations

import inspect
import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from grader.channel.exposure import declares, exposed
from grader.channel.peer import MAX_DEPTH
from grader.channel.remote import StudentError, StudentGone
from grader.models import Limits
from tests.grader.channel_pair import Pair, failing, ignore, pairs, submission

Start = Callable[[str], Pair]
"""Starts a submission with this source."""


@pytest.fixture
def start(posix: None) -> Iterator[Start]:
    with pairs() as start:
        yield lambda source: start(submission(source))


def ended(pair: Pair) -> StudentGone:
    """Return the way a pair ended."""
    assert pair.peer.gone is not None
    return pair.peer.gone


# -- rule 1: lists and dicts are changed in place


def change(environ: Any, headers: Any, *, extra: Any, names: Any) -> str:  # noqa: ANN401
    environ["new"] = b"\x00"
    del environ["old"]
    environ["kept"] = environ["kept"] + 1
    headers.append(("X-Name", "value"))
    extra["of"] = "a keyword"
    names.sort()
    return "changed"


CHANGE = inspect.getsource(change)
CHANGED = ({"kept": 2, "new": b"\x00"}, [("A", "b"), ("X-Name", "value")], {"of": "a keyword"}, ["a", "b"])


def test_lists_and_dicts_changed_by_the_submission_are_changed_for_us(start: Start) -> None:
    module = start("from typing import Any\n" + CHANGE).module
    extra: dict[str, str] = {}
    environ, headers, names = {"old": 1, "kept": 1}, [("A", "b")], ["b", "a"]
    assert module.change(environ, headers, extra=extra, names=names) == "changed"
    assert (environ, headers, extra, names) == CHANGED


def test_lists_and_dicts_changed_by_us_are_changed_for_the_submission(start: Start) -> None:
    module = start("""
def call(change):
    environ, headers, extra, names = {"old": 1, "kept": 1}, [("A", "b")], {}, ["b", "a"]
    assert change(environ, headers, extra=extra, names=names) == "changed"
    return environ, headers, extra, names
""").module
    assert module.call(change) == CHANGED


def test_changes_are_seen_on_both_sides_even_if_the_callee_raises(start: Start) -> None:
    module = start("""
def spoil(headers):
    headers.clear()
    raise KeyError("late")
def call(spoil):
    headers = [1]
    try:
        spoil(headers)
    except KeyError:
        return headers
""").module
    headers = [1]
    with pytest.raises(StudentError):
        module.spoil(headers)
    assert headers == []

    @declares(KeyError)
    def spoil(theirs: list[object]) -> None:
        theirs.append(2)
        raise KeyError("late")

    assert module.call(spoil) == [1, 2]


def test_what_the_submission_did_not_change_is_not_sent_back(start: Start) -> None:
    pair = start("""
def look(environ, headers, *, extra):
    environ["a"] = "".join(["te", "xt"])
    headers.append(1)
    headers.pop()
    return extra
""")
    nested = [[1], {"b": 2}]
    pair.module.look({"a": "text", "nested": nested}, nested, extra={"nested": nested})
    assert pair.answers[-1].keys() == {"s", "ok"}


def test_a_change_of_type_alone_is_a_change(start: Start) -> None:
    module = start("def change(d, l): d['a'] = True; l[0] = 1.0").module
    environ, names = {"a": 1}, [1]
    module.change(environ, names)
    assert (type(environ["a"]), type(names[0])) == (bool, float)


def test_what_lies_in_a_changed_dict_comes_home_as_itself_and_may_cross_again(start: Start) -> None:
    module = start("""
def helper(): return "helped"
def mark(environ): environ["marked"] = environ.get("marked", 0) + 1
""").module
    helper, store = module.helper, bytearray(b"body")
    environ = {"helper": helper, "store": exposed(store, "decode")}
    module.mark(environ)
    assert environ["helper"] is helper
    assert environ["store"] is store
    module.mark(environ)
    assert environ["marked"] == 2


def test_something_put_into_their_dict_that_cannot_cross_is_our_error(start: Start) -> None:
    module = start("""
def call(put):
    try: put({})
    except Exception: return "swallowed"
""").module
    for _ in range(MAX_DEPTH):  # as often as calls may be nested: none is left open
        with pytest.raises(TypeError, match="may not cross"):
            module.call(lambda environ: environ.update(store=bytearray()))
    assert module.call(lambda environ: environ.update(a=1)) is None


# -- rule 2: a stub has exactly the operations named

STUBS = """
NAMES = ("read", "readline", "readlines", "seek", "fileno", "close", "name", "__iter__", "__next__", "__call__",
         "__len__", "__getitem__", "__contains__", "__enter__", "__globals__", "__wrapped__", "__self__", "__dict__")
def names(stub):
    return [name for name in NAMES if hasattr(stub, name)]
def public(stub):
    return [name for name in dir(stub) if not name.startswith("_")]
def adorn(stub):
    try: stub.attribute = 1
    except AttributeError: return "refused"
def read(stub):
    return stub.read(2), stub.readline()
def count(items):
    return len([item for item in items])
"""


def test_a_stub_has_exactly_the_operations_named_and_asking_is_no_round_trip(start: Start) -> None:
    pair = start(STUBS)
    module = pair.module
    assert module.names(exposed(io.BytesIO(), "read", "readline", "iter")) == ["read", "readline", "__iter__"]
    assert module.names(exposed(io.BytesIO())) == []
    assert module.names(print) == ["__call__"]
    assert module.names(iter([1])) == ["__iter__", "__next__"]
    assert module.names(item for item in [1]) == ["close", "__iter__", "__next__"]
    assert module.public(exposed(io.BytesIO(), "read", "close")) == ["close", "read"]
    assert module.adorn(print) == "refused"
    assert pair.requests == 0


def test_the_operations_named_work(start: Start) -> None:
    module = start(STUBS).module
    assert module.read(exposed(io.BytesIO(b"one\ntwo"), "read", "readline")) == (b"on", b"e\n")
    assert module.count(number for number in range(5)) == 5


def test_a_class_names_its_operations_itself(start: Start) -> None:
    class Store:
        __exposed__: ClassVar[tuple[str, ...]] = ("get",)

        def get(self, key: str) -> str:
            return key.upper()

        def drop(self) -> None:
            raise AssertionError("never exposed")

    module = start(STUBS + "def get(store): return store.get('a')").module
    assert module.public(Store()) == ["get"]
    assert module.get(Store()) == "A"


@pytest.mark.parametrize("thing", [object(), {1}, bytearray(b"a"), int, os, 1j], ids=lambda thing: type(thing).__name__)
def test_what_says_nothing_of_the_kind_may_not_cross(start: Start, thing: object) -> None:
    pair = start(STUBS)
    module = pair.module
    with pytest.raises(TypeError, match="may not cross"):
        module.names(thing)
    assert module.names(print) == ["__call__"]


def test_keywords_may_have_any_name(start: Start) -> None:
    names = (
        "self",
        "stub",
        "thing",
        "phase",
        "op",
        "target",
        "args",
        "kwargs",
        "context",
        "outer",
        "function",
        "value",
    )
    module = start("""
def echo(**keywords): return keywords
def call(function, keywords): return function(**keywords)
""").module
    keywords = dict.fromkeys(names, 1)
    assert module.echo(**keywords) == keywords
    assert module.call(lambda **keywords: keywords, keywords) == keywords


# -- rule 3: each request has a context of its own

REQUESTS = """
from contextvars import ContextVar
current = ContextVar("current")
class Body:
    def __init__(self, environ):
        self.token = current.set(environ["name"])
        self.left = 2
    def __iter__(self):
        return self
    def __next__(self):
        if not self.left: raise StopIteration
        self.left -= 1
        return current.get()
    def close(self):
        current.reset(self.token)
def app(environ, start_response):
    body = Body(environ)
    start_response(current.get())
    return body
def generator(environ, start_response):
    token = current.set(environ["name"])
    try:
        yield current.get()
        yield current.get()
    finally:
        current.reset(token)
def remember(environ, start_response):
    before = current.get("nothing")
    current.set(environ["name"])
    return [before]
def outside():
    return current.get("nothing")
def set_outside(name):
    current.set(name)
def lend(environ, start_response):
    current.set(environ["name"])
    environ["borrow"](lambda: current.get())
    return current.get()
class Reused:
    def __call__(self, environ, start_response):
        self.token = current.set(environ["name"])
        return self
    def __iter__(self):
        yield current.get()
    def close(self):
        current.reset(self.token)
reused = Reused()
"""


def request(name: str, **more: object) -> dict[str, object]:
    """Return as much of an environ as makes a call a WSGI request."""
    return {"wsgi.version": (1, 0), "name": name, **more}


@pytest.mark.parametrize("entry", ["app", "generator"])
def test_overlapping_requests_keep_their_contexts_through_iteration_and_close(start: Start, entry: str) -> None:
    app = getattr(start(REQUESTS).module, entry)
    first, second = app(request("first"), ignore), app(request("second"), ignore)
    one, two = iter(first), iter(second)
    assert [next(one), next(two), next(one), next(two)] == ["first", "second", "first", "second"]
    assert [next(one, "end"), next(two, "end")] == ["end", "end"]
    first.close()
    second.close()


def test_a_request_made_within_a_request_has_a_context_of_its_own(start: Start) -> None:
    module = start(REQUESTS).module
    inner: list[str] = []

    def start_response(name: str) -> None:
        if name == "outer":
            body = module.app(request("inner"), start_response)
            inner.extend(body)
            body.close()
            inner.extend(module.remember(request("another"), ignore))

    outer = module.app(request("outer"), start_response)
    assert (list(outer), inner) == (["outer", "outer"], ["inner", "inner", "nothing"])
    outer.close()


def test_a_request_knows_nothing_of_others(start: Start) -> None:
    module = start(REQUESTS).module
    assert [module.remember(request("a"), ignore), module.remember(request("b"), ignore)] == [["nothing"]] * 2
    assert module.outside() == "nothing"
    module.set_outside("outside")
    assert module.remember(request("c"), ignore) == ["nothing"]
    assert module.outside() == "outside"


def test_what_a_request_lends_runs_in_its_context_even_below_another_request(start: Start) -> None:
    module = start(REQUESTS).module
    seen: list[str] = []

    def borrow(of_outer: Callable[[], str]) -> None:
        def borrow_again(of_inner: Callable[[], str]) -> None:
            seen.extend([of_outer(), of_inner()])

        seen.append(module.lend(request("inner", borrow=borrow_again), ignore))

    assert module.lend(request("outer", borrow=borrow), ignore) == "outer"
    assert seen == ["outer", "inner", "inner"]


def test_an_app_that_returns_itself_is_iterated_in_the_context_of_its_last_request(start: Start) -> None:
    app = start(REQUESTS).module.reused
    for name in ("first", "second"):
        body = app(request(name), ignore)
        assert list(body) == [name]
        body.close()


# -- rule 4: exceptions keep their identity

ERRORS = """
import sys
class Own(Exception): pass
kept = []
def through(call): return call()
def later(call):
    try: call()
    except Exception as error: kept.append(error)
def raise_kept():
    raise kept.pop()
def describe(call):
    try: call()
    except BaseException as error: return type(error).__name__, error.args, isinstance(error, Exception)
def is_mine(call):
    error = Own("mine")
    def fail(): raise error
    try: call(fail)
    except Own as caught: return caught is error
def report(call):
    try: raise Own("mine")
    except Own: mine = sys.exc_info()
    try: call(mine)
    except Own as caught: return caught is mine[1]
def pass_on(error): return error
"""


@pytest.mark.parametrize(
    "error",
    [ValueError("a", 1), LookupError(), FileNotFoundError(2, "no file"), type("Own", (Exception,), {})()],
    ids=repr,
)
def test_our_exception_comes_home_as_the_very_object(start: Start, error: Exception) -> None:
    module = start(ERRORS).module
    with pytest.raises(type(error)) as caught:
        module.through(failing(error))
    assert caught.value is error
    module.later(failing(error))
    with pytest.raises(type(error)) as caught:
        module.raise_kept()
    assert caught.value is error
    assert module.pass_on(error) is error


def test_our_exception_is_one_object_for_the_submission(start: Start) -> None:
    module = start("kept = []\ndef take(error): kept.append(error); return kept[0] is error").module
    error = ValueError("one")
    assert [module.take(error), module.take(error), module.take(ValueError("one"))] == [True, True, False]


def test_their_exception_raised_again_by_us_is_the_very_object_to_them(start: Start) -> None:
    module = start(ERRORS).module
    types: list[str] = []

    def again(fail: Callable[[], None]) -> None:
        try:
            fail()
        except StudentError as error:
            types.append(error.type)
            raise

    assert module.is_mine(again) is True
    assert types == ["Own"]


def test_exc_info_crosses_without_its_traceback_and_is_the_very_object_to_them(start: Start) -> None:
    module = start(ERRORS).module
    seen: list[object] = []

    def start_response(exc_info: tuple[type[BaseException], BaseException, object]) -> None:
        seen.extend([exc_info[0], exc_info[2]])
        raise exc_info[1]

    assert module.report(start_response) is True
    assert seen == [Exception, None]


@pytest.mark.parametrize(
    "name",
    ["KeyboardInterrupt", "SystemExit", "AssertionError", "GeneratorExit", "StopIteration", "BaseException", "Own"],
)
def test_whatever_the_submission_raises_is_a_student_error(start: Start, name: str) -> None:
    module = start(f"class Own(BaseException): pass\ndef fail(): raise {name}('text')\n").module
    with pytest.raises(StudentError) as caught:
        module.fail()
    error = caught.value
    assert (error.type, error.text, error.phase) == (name, "text", "call")
    assert [(line.file, line.line, line.function) for line in error.frames] == [("app.py", 2, "fail")]
    assert module.fail is not None


def test_an_exception_whose_text_fails_has_none(start: Start) -> None:
    module = start("""
class Own(Exception):
    def __str__(self): raise SystemExit
def fail(): raise Own
""").module
    with pytest.raises(StudentError) as caught:
        module.fail()
    assert (caught.value.type, caught.value.text) == ("Own", "")


class Unplain(KeyError):
    """An exception of ours with what is no plain data."""


class Unmakable(UnicodeDecodeError):
    """An exception of ours whose builtin base cannot be made of its arguments."""

    def __init__(self) -> None:
        pass

    def __new__(cls) -> Unmakable:
        return UnicodeError.__new__(cls)


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (Unplain("key", 1, b"b", 2.5, None), ("KeyError", ("key", 1, b"b", "2.5", "None"), True)),
        (Unmakable(), ("UnicodeError", (), True)),
        (ExceptionGroup("two", [ValueError("of two")]), ("Exception", ("two", "[ValueError('of two')]"), True)),
        (KeyboardInterrupt("now"), ("KeyboardInterrupt", ("now",), False)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_our_exception_crosses_as_its_nearest_builtin_base(start: Start, error: BaseException, seen: object) -> None:
    assert start(ERRORS).module.describe(failing(error)) == seen


def test_stop_iteration_from_a_call_is_not_the_end_of_an_iteration(start: Start) -> None:
    module = start("""
def stop(): raise StopIteration("called")
def catch(call):
    try: call()
    except StopIteration as stop: return stop.args
def numbers():
    yield 1
    yield 2
def collect(items): return list(items)
""").module
    with pytest.raises(StudentError) as caught:
        module.stop()
    assert caught.value.type == "StopIteration"
    assert module.catch(failing(StopIteration("ours"))) == ("ours",)
    assert list(module.numbers()) == [1, 2]
    assert module.collect(iter([1, 2])) == [1, 2]


def test_an_iteration_that_fails_is_not_one_that_ends(start: Start) -> None:
    module = start("""
def numbers():
    yield 1
    raise ValueError("midway")
""").module
    numbers = module.numbers()
    assert next(numbers) == 1
    with pytest.raises(StudentError) as caught:
        next(numbers)
    assert (caught.value.type, caught.value.phase) == ("ValueError", "iterate")
    with pytest.raises(StopIteration):
        next(numbers)


# -- rule 5: what a call-back did not declare is kept back, and raised at the end

SWALLOW = """
seen = []
def swallow(call):
    try: call()
    except BaseException as error:
        seen.append((type(error).__name__, error.args, str(error), repr(error), error.__cause__, error.__context__,
                     getattr(error, "__notes__", None), error.__traceback__.tb_next.tb_frame.f_globals.get("secret")))
    return "swallowed"
def twice(first, second):
    return swallow(first), swallow(second)
def through(call):
    return call()
def what_was_seen():
    return seen
"""
EMPTY = ("Exception", (), "", "Exception()", None, None, None, None)


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("secret"),
        KeyError("secret"),
        SystemExit("secret"),
        pytest.fail.Exception("secret"),
        GeneratorExit(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_undeclared_exception_crosses_empty_and_is_raised_although_it_was_swallowed(
    start: Start, error: BaseException
) -> None:
    module = start(SWALLOW).module

    def callback() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        module.swallow(callback)
    assert caught.value is error
    with pytest.raises(type(error)) as caught:
        module.through(callback)
    assert caught.value is error
    assert module.what_was_seen() == [EMPTY]


def test_only_declared_kinds_cross(start: Start) -> None:
    module = start(SWALLOW).module

    @declares(OSError)
    def callback() -> None:
        raise error

    error: Exception = OSError("to be read")
    assert module.swallow(callback) == "swallowed"
    error = ValueError("secret")
    with pytest.raises(ValueError, match="secret"):
        module.swallow(callback)
    assert [line[:2] for line in module.what_was_seen()] == [("OSError", ("to be read",)), ("Exception", ())]


def test_it_is_raised_when_the_outermost_request_ends_and_not_before(start: Start) -> None:
    module = start(SWALLOW).module
    inner: list[str] = []

    def fail() -> None:
        raise AssertionError("secret")

    def callback() -> None:
        inner.append(module.swallow(fail))
        inner.append(module.swallow(ignore))

    with pytest.raises(AssertionError, match="secret"):
        module.swallow(callback)
    assert inner == ["swallowed", "swallowed"]
    assert module.swallow(ignore) == "swallowed"


def test_of_two_the_first_is_raised(start: Start) -> None:
    module = start(SWALLOW).module

    def first() -> None:
        raise AssertionError("first")

    def second() -> None:
        raise AssertionError("second")

    with pytest.raises(AssertionError, match="first"):
        module.twice(first, second)
    assert module.swallow(ignore) == "swallowed"


def test_an_undeclared_exception_during_iteration_is_raised(start: Start) -> None:
    module = start("""
def guarded(items):
    try: yield from items
    except Exception: yield "swallowed"
""").module

    def rows() -> Iterator[int]:
        yield 1
        raise AssertionError("too many were asked for")

    items = module.guarded(rows())
    assert next(items) == 1
    with pytest.raises(AssertionError, match="too many"):
        next(items)


# -- rule 6: the channel belongs to one thread

THREADS = """
import os, threading
def attempt(call):
    try: call()
    except BaseException as error: return [kind.__name__ for kind in type(error).__mro__][:2], str(error)
def in_thread(call):
    said = []
    thread = threading.Thread(target=lambda: said.append(attempt(call)))
    thread.start()
    thread.join()
    return said[0]
def in_fork(call):
    pid = os.fork()
    if not pid:
        os._exit(7 if "RuntimeError" in attempt(call)[0] else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def test_another_thread_of_the_submission_gets_a_runtime_error_that_says_so(start: Start) -> None:
    calls: list[int] = []
    pair = start(THREADS)
    assert pair.module.in_thread(lambda: calls.append(1)) == (
        ["WrongThread", "RuntimeError"], "the other side can be reached only from the thread that was called by it",
    )  # fmt: skip
    assert (calls, pair.requests) == ([], 0)


def test_a_fork_of_the_submission_gets_a_runtime_error(start: Start) -> None:
    calls: list[int] = []
    pair = start(THREADS)
    assert pair.module.in_fork(lambda: calls.append(1)) == 7
    assert (calls, pair.requests) == ([], 0)


def test_another_thread_of_ours_gets_a_runtime_error(start: Start) -> None:
    module = start(THREADS).module
    attempt = module.attempt
    errors: list[Exception] = []

    def use() -> None:
        try:
            attempt(ignore)
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(5)
    assert ["thread" in str(error) for error in errors] == [True]
    assert attempt(ignore) is None


# -- rule 8: the end of a process is sticky


def test_a_process_that_died_raises_the_same_end_again_and_again(start: Start) -> None:
    pair = start("import os\ndef die(): os._exit(3)\ndef fine(): return 1\nthings = {1}")
    module, fine, things = pair.module, pair.module.fine, pair.module.things
    with pytest.raises(StudentGone) as caught:
        module.die()
    end = caught.value
    assert not isinstance(end, Exception)
    assert (end.verdict, end.detail) == ("exited", {"code": "3", "phase": "call"})
    for use in (
        fine,
        lambda: fine(1, b=2),
        lambda: module.fine,
        lambda: len(things),
        lambda: iter(things),
        lambda: pair.module,
    ):
        with pytest.raises(StudentGone) as caught:
            use()
        assert caught.value is end
    pair.peer.forget()
    with pytest.raises(StudentGone) as caught:
        pair.peer.ask("import", "import", 0)
    assert caught.value is end


def test_a_callback_cannot_swallow_the_end(start: Start) -> None:
    pair = start("import os\ndef call(back): return back()\ndef die(): os._exit(3)")
    module = pair.module

    @declares(BaseException)
    def swallow() -> str:
        try:
            module.die()
        except BaseException:  # noqa: BLE001 - the point
            return "swallowed"
        return "alive"

    with pytest.raises(StudentGone) as caught:
        module.call(swallow)
    assert caught.value is ended(pair)

    @declares(BaseException)
    def declare() -> None:
        module.die()

    pair = start("import os\ndef call(back): return back()\ndef die(): os._exit(3)")
    module = pair.module
    with pytest.raises(StudentGone) as caught:
        module.call(declare)
    assert caught.value is ended(pair)


def test_the_end_goes_before_what_a_callback_kept_back(start: Start) -> None:
    pair = start("import os\ndef call(back):\n    try: back()\n    finally: os._exit(3)")

    def fail() -> None:
        raise AssertionError("secret")

    with pytest.raises(StudentGone) as caught:
        pair.module.call(fail)
    assert caught.value.verdict == "exited"


def test_a_process_that_takes_too_long_is_killed_and_stays_dead(posix: None) -> None:
    with pairs(Limits(call=0.2)) as start:
        pair = start(submission("import signal\ndef hang(): signal.pause()\ndef fine(): return 1"))
        module = pair.module
        assert module.fine() == 1
        with pytest.raises(StudentGone) as caught:
            module.hang()
        assert (caught.value.verdict, caught.value.detail) == ("timeout", {"phase": "call"})
        with pytest.raises(StudentGone) as again:
            module.fine()
        assert again.value is caught.value
        assert pair.process.end().status == signal.SIGKILL
