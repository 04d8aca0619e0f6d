"""What a student process may send to the judge that is not right: each lie is seen, and is the end of the process."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.channel.frames import LENGTH, MAX_FRAME, Header, encode
from grader.channel.remote import StudentError, StudentGone
from grader.channel.trusted import MAX_REFERENCES
from tests.grader.channel_pair import Pair, Serve, Wire, frame, liar, pairs

Start = Callable[[Serve], Pair]


@pytest.fixture
def start(posix: None) -> Iterator[Start]:
    with pairs() as start:
        yield start


def violation(act: Callable[[], object]) -> str:
    """Do what must end in a protocol violation, and return its reason."""
    with pytest.raises(StudentGone) as caught:
        act()
    assert caught.value.verdict == "protocol_violation"
    return caught.value.detail["reason"]


def call(pair: Pair, *args: object) -> Any:  # noqa: ANN401 - whatever the liar says
    """Call an object of the liar's."""
    return pair.peer.ask("call", "call", 1, *args)


def saying(*lies: bytes) -> Serve:
    """Answer each request with bytes written beforehand."""

    def lie(wire: Wire) -> None:
        for data in lies:
            wire.receive()
            wire.raw(data)

    return liar(lie)


# -- answers


def ok(value: str, blobs: bytes = b"") -> bytes:
    """Return an answer with a value written by hand."""
    return frame(f'{{"s":1,"ok":{value}}}', blobs)


def err(value: str) -> bytes:
    """Return a failure written by hand."""
    return frame(f'{{"s":1,"err":{value}}}')


def error(**words: object) -> str:
    """Return an exception's description with some words replaced."""
    right = {"type": "Own", "module": "app", "text": "said", "lines": [["app.py", 1, "f"]], "token": 1}
    return json.dumps({"e": right | words})


NESTED = "[" * 33 + "]" * 33
COLLIDING = ",".join(f"[{number * (2**61 - 1)},0]" for number in range(2000))
MANY = ",".join(f'{{"r":[{number},[],"x"]}}' for number in range(1, MAX_REFERENCES + 2))
LIES: dict[str, tuple[bytes, str]] = {
    # bytes
    "no length": (LENGTH.pack(0), "an empty frame"),
    "too large": (LENGTH.pack(MAX_FRAME + 1), "larger than allowed"),
    "far too large": (b"\xff" * 4, "larger than allowed"),
    "no header": (LENGTH.pack(3) + b"abc", "without a header"),
    "header longer than the frame": (LENGTH.pack(6) + LENGTH.pack(3) + b"{}", "longer than its frame"),
    "header shorter than its JSON": (LENGTH.pack(6) + LENGTH.pack(1) + b"{}", "not JSON"),
    "empty header": (frame(""), "not JSON"),
    "blanks behind the JSON": (frame('{"s":1,"ok":1} '), "something behind it"),
    "bytes behind the header": (frame('{"s":1,"ok":1}', b"x"), "behind the last blob"),
    # JSON
    "not JSON": (frame("{"), "not JSON"),
    "not ASCII": (ok('"é"'), "not JSON"),
    "two objects": (frame('{"s":1,"ok":1}{}'), "something behind it"),
    "a list": (frame("[]"), "not an object"),
    "a number": (frame("1"), "not an object"),
    "NaN": (ok("NaN"), "not JSON"),
    "Infinity": (ok("-Infinity"), "not JSON"),
    "too many digits": (ok("9" * 5000), "not JSON"),
    "an int out of range": (ok(str(2**8192)), "an int out of range"),
    "a float out of range": (ok("1e999"), "a float out of range"),
    "a name twice": (frame('{"s":1,"ok":1,"ok":2}'), "not JSON"),
    "nested too deeply": (ok(NESTED), "nested too deeply"),
    "nested far too deeply": (ok("[" * 100_000), "not JSON"),
    "nested objects": (ok('{"t":[' * 33 + "]}" * 33), "nested too deeply"),
    # blobs
    "a blob that is not there": (ok('{"b":0}'), "out of range"),
    "a blob with a negative number": (ok('{"b":-1},"bl":[1]', b"x"), "out of range"),
    "true as the number of a blob": (ok('{"b":false},"bl":[1]', b"x"), "out of range"),
    "a blob longer than the frame": (ok('1,"bl":[2]', b"x"), "does not fit"),
    "blobs shorter than the frame": (ok('1,"bl":[1]', b"xy"), "behind the last blob"),
    "a negative length": (ok('1,"bl":[1,-1,1]', b"x"), "does not fit"),
    "true as a length": (ok('1,"bl":[true]', b"x"), "does not fit"),
    "lengths that are no list": (ok('1,"bl":1', b"x"), "no list"),
    # values
    "an unknown tag": (ok('{"z":1}'), "unknown kind"),
    "no tag": (ok("{}"), "unknown shape"),
    "two tags": (ok('{"t":[],"d":[]}'), "unknown shape"),
    "a tuple of no list": (ok('{"t":{}}'), "a list that is none"),
    "a dict of no list": (ok('{"d":{}}'), "a list that is none"),
    "a dict of no pairs": (ok('{"d":[[1]]}'), "no pair"),
    "a dict of texts": (ok('{"d":["ab"]}'), "no pair"),
    "a key twice": (ok('{"d":[["a",1],["a",1]]}'), "stands twice"),
    "equal keys": (ok('{"d":[[1,1],[true,1]]}'), "stands twice"),
    "a list as a key": (ok('{"d":[[[],1]]}'), "cannot be one"),
    "a list in a key": (ok('{"d":[[{"t":[[]]},1]]}'), "cannot be one"),
    "a reference as a key": (ok('{"d":[[{"r":[7,[],"x"]},1]]}'), "cannot be one"),
    "an exception as a key": (ok(f'{{"d":[[{error()},1]]}}'), "cannot be one"),
    "keys that collide": (ok(f'{{"d":[{COLLIDING}]}}'), "cannot be one"),
    "a text of no list": (ok('{"s":"ab"}'), "a list that is none"),
    "a text of no texts": (ok('{"s":["a",1]}'), "a text that is none"),
    "an unknown float": (ok('{"f":"1"}'), "unknown kind"),
    "a float that is no word": (ok('{"f":1}'), "unknown kind"),
    "a class that is no exception": (ok('{"c":"str"}'), "unknown kind"),
    "a class that is not builtin": (ok('{"c":"StudentGone"}'), "unknown kind"),
    # references
    "an object that we did not give": (ok('{"o":99}'), "did not give"),
    "true for our object": (ok('{"o":true}'), "did not give"),
    "a list for our object": (ok('{"o":[1]}'), "did not give"),
    "an exception that we did not give": (ok('{"k":99}'), "did not give"),
    "a reference of unknown shape": (ok('{"r":7}'), "unknown shape"),
    "a reference without a name": (ok('{"r":[7,[]]}'), "unknown shape"),
    "true for a number": (ok('{"r":[true,[],"x"]}'), "unknown shape"),
    "nought for a number": (ok('{"r":[0,[],"x"]}'), "impossible number"),
    "a number beyond all objects": (ok(f'{{"r":[{2**61 - 1},[],"x"]}}'), "impossible number"),
    "kinds that are no list": (ok('{"r":[7,"call","x"]}'), "unknown shape"),
    "a name that is none": (ok('{"r":[7,[],1]}'), "unknown shape"),
    "an unknown kind": (ok('{"r":[7,["attr"],"x"]}'), "unknown kind"),
    "a kind that is no text": (ok('{"r":[7,[["call"]],"x"]}'), "unknown kind"),
    "too many references": (ok(f"[{MANY}]"), "too many references"),
    # failures
    "a failure that is none": (err("1"), "no exception"),
    "a class for a failure": (err('{"c":"ValueError"}'), "no exception"),
    "our object for a failure": (err('{"o":1}'), "no exception"),
    "an exception of unknown shape": (err('{"e":[]}'), "unknown shape"),
    "an exception without words": (err('{"e":{}}'), "unknown shape"),
    "a type that is no text": (err(error(type=["Own"])), "unknown shape"),
    "true for a token": (err(error(token=True)), "unknown shape"),
    "lines that are no list": (err(error(lines="app.py")), "unknown shape"),
    "a line that is none": (err(error(lines=[["app.py", 1]])), "unknown shape"),
    "true for a line's number": (err(error(lines=[["app.py", True, "f"]])), "unknown shape"),
    # answers
    "another number": (frame('{"s":2,"ok":1}'), "out of sequence"),
    "the number before": (frame('{"s":0,"ok":1}'), "out of sequence"),
    "true for one": (frame('{"s":true,"ok":1}'), "out of sequence"),
    "one point zero": (frame('{"s":1.0,"ok":1}'), "out of sequence"),
    "no number": (frame('{"ok":1}'), "out of sequence"),
    "nothing": (frame('{"s":1}'), "says nothing"),
    "two things": (frame(f'{{"s":1,"ok":1,"err":{error()}}}'), "two things"),
    "the end of a call": (frame('{"s":1,"end":1}'), "no iteration"),
    "a value and the end of a call": (frame('{"s":1,"ok":1,"end":1}'), "two things"),
    # changes
    "changes that are no list": (ok('1,"w":{}'), "a list that is none"),
    "a change that is no pair": (ok('1,"w":[[0]]'), "not passed"),
    "a change that is no list": (ok('1,"w":[0]'), "not passed"),
    "a change behind the last argument": (ok('1,"w":[[4,[]]]'), "not passed"),
    "a change before the first argument": (ok('1,"w":[[-1,[]]]'), "not passed"),
    "true for a place": (ok('1,"w":[[true,{"d":[]}]]'), "not passed"),
    "a change to a keyword": (ok('1,"w":[["environ",{"d":[]}]]'), "not passed"),
    "a list for a dict": (ok('1,"w":[[1,[]]]'), "no list or dict"),
    "a dict for a list": (ok('1,"w":[[0,{"d":[]}]]'), "no list or dict"),
    "a text for a text": (ok('1,"w":[[2,"b"]]'), "no list or dict"),
    # requests
    "a request out of sequence": (frame('{"q":2,"op":"call","o":1,"a":[],"k":{}}'), "out of sequence"),
    "true for a request's number": (frame('{"q":true,"op":"call","o":1,"a":[],"k":{}}'), "out of sequence"),
    "a request without arguments": (frame('{"q":1,"op":"call","o":1,"k":{}}'), "a list that is none"),
    "a request without keywords": (frame('{"q":1,"op":"call","o":1,"a":[]}'), "no object"),
    "a request with a broken argument": (frame('{"q":1,"op":"call","o":1,"a":[{"b":0}],"k":{}}'), "out of range"),
    "a request without an operation": (frame('{"q":1,"o":1,"a":[],"k":{}}'), "without a name"),
    "a list for an operation": (frame('{"q":1,"op":["call"],"o":1,"a":[],"k":{}}'), "without a name"),
    "a request without an object": (frame('{"q":1,"op":"call","a":[],"k":{}}'), "did not give"),
    "a request of an object not given": (frame('{"q":1,"op":"call","o":2,"a":[],"k":{}}'), "did not give"),
    "true for the object of a request": (frame('{"q":1,"op":"call","o":true,"a":[],"k":{}}'), "did not give"),
    "a list for the object of a request": (frame('{"q":1,"op":"call","o":[],"a":[],"k":{}}'), "did not give"),
}


@pytest.mark.parametrize(("lie", "reason"), LIES.values(), ids=LIES)
def test_what_is_not_exactly_right_is_a_violation(start: Start, lie: bytes, reason: str) -> None:
    calls: list[object] = []
    pair = start(saying(lie))
    arguments = [1], {"a": 1}, "a", lambda *args: calls.append(args)
    assert reason in violation(lambda: call(pair, *arguments))
    assert arguments[:3] == ([1], {"a": 1}, "a")
    assert calls == []


@pytest.mark.parametrize(
    ("truth", "value"),
    [
        (ok("1"), 1),
        (ok('{"d":[["a",{"b":0}]]},"bl":[1]', b"x"), {"a": b"x"}),
        (ok('1,"w":[[0,[2]],[1,{"d":[]}]]'), 1),
        (ok("[" * 32 + "]" * 32), json.loads("[" * 32 + "]" * 32)),
        (ok('{"s":["\\ud83d","\\ude00"]}'), chr(0xD83D) + chr(0xDE00)),
    ],
)
def test_what_is_right_is_no_violation(start: Start, truth: bytes, value: object) -> None:
    pair = start(saying(truth))
    assert call(pair, [1], {"a": 1}, "a", print) == value


def test_a_process_that_lied_is_killed_and_not_believed_again(start: Start) -> None:
    pair = start(saying(frame("{")))
    with pytest.raises(StudentGone) as caught:
        call(pair)
    assert select.select([pair.process.channel], [], [], 5)[0]
    assert pair.process.channel.recv(1) == b""
    with pytest.raises(StudentGone) as again:
        call(pair)
    assert again.value is caught.value


def test_a_process_that_lied_is_not_believed_even_if_it_cannot_be_killed(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = start(saying(frame("{"), frame('{"s":2,"ok":"believed"}')))
    with monkeypatch.context() as patch:
        patch.setattr(pair.process, "kill", lambda: None)
        for _ in range(2):
            assert "not JSON" in violation(lambda: call(pair))


def test_an_exception_is_cut_to_size(start: Start) -> None:
    long = error(type="T" * 5000, module="m" * 5000, text="x" * 5000, lines=[["f" * 500, 1, "g" * 500]] * 50)
    pair = start(saying(err(long)))
    with pytest.raises(StudentError) as caught:
        call(pair)
    found = caught.value
    assert (len(found.type), len(found.module), len(found.text), len(found.frames)) == (100, 100, 2000, 20)
    assert (len(found.frames[0].file), len(found.frames[0].function)) == (200, 100)


# -- frames that nobody asked for


def test_two_answers_to_one_request_are_a_violation(start: Start) -> None:
    pair = start(saying(ok("1") + frame('{"s":2,"ok":2}')))
    assert call(pair) == 1
    assert "nobody asked for" in violation(lambda: call(pair))


def test_one_byte_too_much_is_a_violation(start: Start) -> None:
    pair = start(saying(ok("1") + b"\0"))
    assert call(pair) == 1
    assert "nobody asked for" in violation(lambda: call(pair))


def test_a_frame_sent_before_the_first_request_is_a_violation(start: Start) -> None:
    pair = start(liar(lambda wire: wire.raw(ok("1"))))
    assert select.select([pair.process.channel], [], [], 5)[0]
    assert "nobody asked for" in violation(lambda: call(pair))


def test_a_frame_sent_while_its_own_request_is_served_is_a_violation(start: Start) -> None:
    request = frame('{"q":1,"op":"call","o":1,"a":[],"k":{}}')
    pair = start(saying(request + ok("1")))
    assert "nobody asked for" in violation(lambda: call(pair, lambda: None))


def test_an_answer_at_the_end_of_a_test_that_is_an_error_is_a_violation(start: Start) -> None:
    pair = start(saying(err(error())))
    assert "the end of a test" in violation(pair.peer.forget)


# -- requests of what was not given


def ask_for(*requests: Header) -> Serve:
    """Serve one call by making requests, and answer it with what came of them."""

    def lie(wire: Wire) -> None:
        wire.receive()
        wire.tell(
            1, [wire.request({"q": number, "a": [], "k": {}} | asked) for number, asked in enumerate(requests, 1)]
        )

    return liar(lie)


@pytest.mark.parametrize("operation", [
    "attr", "item", "len", "close", "iter", "next", "forget", "import", "getattr", "", "\udcff", "__call__", "__class__",
    "__globals__", "__code__", "__getattribute__", "__dict__", "__init__", "__subclasshook__", "__reduce__",
])  # fmt: skip
def test_an_operation_that_was_not_exposed_is_an_attribute_error(start: Start, operation: str) -> None:
    calls: list[object] = []
    pair = start(ask_for({"op": operation, "o": 1, "a": ["__globals__"]}))
    (answer,) = json.loads(call(pair, lambda *args: calls.append(args)))
    assert answer["err"]["e"]["type"] == "AttributeError"
    assert answer["err"]["e"]["args"] == [operation]
    assert calls == []


def test_an_operation_of_another_object_is_an_attribute_error(start: Start) -> None:
    pair = start(ask_for({"op": "call", "o": 2}, {"op": "next", "o": 2}, {"op": "next", "o": 1}))
    first, second, third = json.loads(call(pair, print, iter("ab")))
    assert (first["err"]["e"]["type"], second["ok"], third["err"]["e"]["type"]) == (
        "AttributeError",
        "a",
        "AttributeError",
    )


def test_what_we_did_not_change_is_not_sent_back(start: Start) -> None:
    arguments = {"a": [["x"], {"d": [["a", 1]]}], "k": {"more": {"d": []}}}
    pair = start(ask_for({"op": "call", "o": 1} | arguments, {"op": "call", "o": 2} | arguments))

    def look(names: list[object], environ: dict[str, object], more: dict[str, object]) -> None:
        environ["a"] = 1

    def change(names: list[object], environ: dict[str, object], more: dict[str, object]) -> None:
        names.append("y")
        more["b"] = 1

    same, other = json.loads(call(pair, look, change))
    assert same == {"ok": None, "s": 1}
    assert other == {"ok": None, "s": 2, "w": [[0, ["x", "y"]], ["more", {"d": [["b", 1]]}]]}


def test_an_object_of_an_earlier_test_is_a_violation(start: Start) -> None:
    calls: list[object] = []
    use = frame('{"q":1,"op":"call","o":1,"a":[],"k":{}}')
    pair = start(saying(ok("1"), frame('{"s":2,"ok":null}'), use))
    call(pair, lambda: calls.append("earlier"))
    pair.peer.forget()
    assert "did not give" in violation(lambda: call(pair, lambda: calls.append("now")))
    assert calls == []


@pytest.mark.parametrize("stale", ['{"o":1}', '{"k":2}'])
def test_what_crossed_in_an_earlier_test_does_not_come_home(start: Start, stale: str) -> None:
    pair = start(saying(ok(stale), frame('{"s":2,"ok":null}'), frame(f'{{"s":3,"ok":{stale}}}')))
    given = print, ValueError("given")
    assert call(pair, *given) in given
    pair.peer.forget()
    assert "did not give" in violation(lambda: call(pair, *given))


def test_requests_that_never_end_are_stopped_by_the_deadline(start: Start) -> None:
    def lie(wire: Wire) -> None:
        wire.receive()
        number = 0
        while True:
            number += 1
            wire.request({"q": number, "op": "call", "o": 1, "a": [], "k": {}})

    pair = start(liar(lie))
    pair.process.test_deadline = time.monotonic() + 0.1
    with pytest.raises(StudentGone) as caught:
        call(pair, lambda: None)
    assert caught.value.verdict == "timeout"


def test_a_frame_that_never_ends_is_stopped_by_the_deadline(start: Start) -> None:
    pair = start(saying(encode({"s": 1, "ok": 1}, [])[:-1]))
    pair.process.test_deadline = time.monotonic() + 0.1
    with pytest.raises(StudentGone) as caught:
        call(pair)
    assert caught.value.verdict == "timeout"
