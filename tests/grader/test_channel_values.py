"""What crosses the call channel as what, under which number, for how long and how deep: rule 7 for those who do not lie."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.channel.remote import StudentError, StudentGone, StudentObject, has_operation
from tests.grader.channel_pair import Pair, failing, ignore, pairs, submission

Start = Callable[[str], Pair]
"""Starts a submission with this source."""


@pytest.fixture
def start(posix: None) -> Iterator[Start]:
    with pairs() as start:
        yield lambda source: start(submission(source))


# -- references and their numbers

TABLES = """
kept = []
def keep(stub): kept.append(stub)
def use_kept():
    return kept[-1]()
def keep_error(call):
    try: call()
    except Exception as error: kept.append(error)
def raise_kept():
    raise kept[-1]
def make(): return lambda: "made"
def number(stub):
    operation = type(stub).__call__
    peer = operation.__closure__[[*operation.__code__.co_freevars].index("peer")].cell_contents
    return peer.homes[id(stub)]
def is_kept(value): return value is kept[-1]
"""


def test_our_reference_to_an_object_of_an_earlier_test_is_a_type_error(start: Start) -> None:
    pair = start(TABLES)
    module, made = pair.module, pair.module.make()
    assert made() == "made"
    pair.peer.forget()
    for use in (made, lambda: module.make, lambda: len(made), lambda: iter(made), lambda: pair.module.keep(made)):
        with pytest.raises(TypeError):
            use()
    assert pair.module.make()() == "made"


def test_a_reference_to_another_process_cannot_cross(start: Start) -> None:
    one, two = start(TABLES).module, start(TABLES).module
    with pytest.raises(TypeError, match="another student process"):
        one.keep(two.make())


def test_their_stub_of_an_earlier_test_is_dead_and_costs_nobody_the_process(start: Start) -> None:
    pair = start(TABLES)
    calls: list[int] = []
    pair.module.keep(lambda: calls.append(1))
    pair.module.use_kept()
    pair.peer.forget()
    with pytest.raises(StudentError, match="a test that has ended"):
        pair.module.use_kept()
    assert (calls, pair.requests) == ([1], 1)


def test_their_finalizers_reach_nobody_when_a_test_ends(start: Start) -> None:
    pair = start("""
def guard(items):
    def generator():
        try: yield from items
        finally: items.close()
    return generator()
""")
    guarded = pair.module.guard(number for number in [1, 2])
    assert next(guarded) == 1
    requests = pair.requests
    pair.peer.forget()
    assert (pair.peer.gone, pair.requests) == (None, requests)


def test_exceptions_of_an_earlier_test_do_not_come_home(start: Start) -> None:
    pair = start(TABLES)
    pair.module.keep_error(failing(ValueError("of an earlier test")))
    with pytest.raises(ValueError, match="of an earlier test"):
        pair.module.raise_kept()
    with pytest.raises(StudentError) as theirs:
        pair.module.missing  # noqa: B018
    pair.peer.forget()
    with pytest.raises(StudentError) as caught:
        pair.module.raise_kept()
    assert caught.value.type == "ValueError"
    pair.module.keep_error(failing(theirs.value))
    with pytest.raises(StudentError) as caught:
        pair.module.raise_kept()
    assert (caught.value.type, caught.value.text) == ("RuntimeError", "an exception of an earlier test")


def test_numbers_are_never_used_again(start: Start) -> None:
    pair = start(TABLES)
    ours, theirs = [], []
    for _ in range(3):
        ours += [pair.module.number(lambda: None), pair.module.number(lambda: None)]
        pair.module.make()
        theirs.append(pair.answers[-1]["ok"]["r"][0])
        pair.peer.forget()
    assert ours == sorted(set(ours))
    assert theirs == sorted(set(theirs))


def test_one_object_has_one_number_during_a_test(start: Start) -> None:
    module = start(TABLES).module
    assert module.make is module.make
    assert module.number(ignore) == module.number(ignore)
    module.keep(ignore)
    assert module.is_kept(ignore) is True


# -- depth

DEEP = """
def deep(down, left): return down(left)
def shallow(): return "here"
"""


def dive(module: StudentObject) -> Callable[[int], int]:
    """Return a function that calls the submission, which calls it, so many times."""

    def down(left: int) -> int:
        return 1 if not left else 1 + int(module.deep(down, left - 1))

    return down


def test_calls_may_be_nested_sixteen_deep(start: Start) -> None:
    module = start(DEEP).module
    assert module.deep(dive(module), 7) == 8
    assert module.shallow() == "here"


def test_calls_nested_deeper_are_a_violation(start: Start) -> None:
    pair = start(DEEP)
    module = pair.module
    with pytest.raises(StudentGone) as caught:
        module.deep(dive(module), 8)
    assert (caught.value.verdict, caught.value.detail["reason"]) == ("protocol_violation", "calls nested too deeply")


def test_endless_recursion_through_a_stub_is_the_submissions_recursion_error(start: Start) -> None:
    module = start("def endless(call):\n    call()\n    endless(call)\ndef fine(): return 1").module
    with pytest.raises(StudentError) as caught:
        module.endless(ignore)
    assert caught.value.type == "RecursionError"
    assert module.fine() == 1


# -- values


@pytest.mark.parametrize(
    "text", ["\udcff", "a\ud800z", "\udfff\ud800", "\x00", "\u2028", "电影", "\U0001f3ac"], ids=ascii
)
def test_any_text_crosses_both_ways(start: Start, text: str) -> None:
    module = start("""
def echo(value, **keywords): return value, keywords
def call(function, text): return function(text)
def fail(text): raise ValueError(text)
""").module
    assert module.echo({text: [text]}, **{text: text}) == ({text: [text]}, {text: text})
    assert module.call(lambda value: value, text) == text
    with pytest.raises(StudentError) as caught:
        module.fail(text)
    assert caught.value.text == text


SUBCLASSES = """
import collections, enum
class Text(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
class Bytes(bytes):
    def __len__(self): return 5
class Items(list):
    def __iter__(self): return iter(())
class Mapping(dict): pass
class Number(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
class Real(float): pass
class Colour(enum.IntEnum): RED = 1
Pair = collections.namedtuple("Pair", "a b")
things = {"Text": Text("a"), "Bytes": Bytes(b"a"), "Items": Items([1]), "Mapping": Mapping(a=1), "Number": Number(1),
          "Real": Real(1.5), "Colour": Colour.RED, "Pair": Pair(1, 2), "OrderedDict": collections.OrderedDict(a=1),
          "set": {1}, "bytearray": bytearray(b"a"), "memoryview": memoryview(b"a"), "complex": 1j, "object": object()}
def get(name): return things[name]
def inside(name): return [things[name]], (things[name],), {"a": things[name]}
def has_key(name): return {things[name]: 1}
"""
NAMES = ("Text", "Bytes", "Items", "Mapping", "Number", "Real", "Colour", "Pair", "OrderedDict", "set", "bytearray",
         "memoryview", "complex", "object")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_exactly_plain_data_arrives_as_a_reference(start: Start, name: str) -> None:
    module = start(SUBCLASSES).module
    thing = module.get(name)
    assert type(thing) is StudentObject
    (listed,), (paired,), mapped = module.inside(name)
    assert listed is paired is mapped["a"] is thing


@pytest.mark.parametrize("name", ["Text", "Bytes", "Number", "Real", "Colour", "Pair", "complex", "object"])
def test_a_dict_with_other_keys_than_plain_data_arrives_as_a_reference(start: Start, name: str) -> None:
    assert type(start(SUBCLASSES).module.has_key(name)) is StudentObject


OTHERS = ["other"]
COMPARISONS: dict[str, Callable[[Any], object]] = {
    "truth": bool,
    "not": lambda thing: not thing,
    "==": lambda thing: thing == 1,
    "== from the right": lambda thing: operator.eq(OTHERS, thing),
    "!=": lambda thing: thing != 1,
    "in it": lambda thing: 1 in thing,
    "in a list": lambda thing: thing in OTHERS,
    "== of lists": lambda thing: [thing] == OTHERS,
    "== of dicts": lambda thing: {"a": thing} == {"a": 1},
    "<": lambda thing: thing < 1,
    "+": lambda thing: thing + 1,
    "int": int,
}


@pytest.mark.parametrize("use", COMPARISONS.values(), ids=COMPARISONS)
def test_a_reference_can_only_be_used_not_compared(start: Start, use: Callable[[Any], object]) -> None:
    thing = start(SUBCLASSES).module.get("Items")
    with pytest.raises(TypeError):
        use(thing)


def test_a_reference_can_be_called_iterated_indexed_measured_and_read(start: Start) -> None:
    pair = start("""
class Thing(list):
    name = "thing"
    def __call__(self, a, *, b): return a + b
    def close(self): self.append("closed")
thing = Thing([1, 2])
""")
    thing = pair.module.thing
    assert (thing(1, b=2), list(thing), thing[1], len(thing), thing.name) == (3, [1, 2], 2, 2, "thing")
    thing.close()
    assert thing[-1] == "closed"
    assert not hasattr(thing, "_private")
    assert [kind for kind in ("call", "iter", "next", "close", "len", "item") if has_operation(thing, kind)] == [
        "call", "iter", "close", "len", "item",
    ]  # fmt: skip


def test_nobody_asks_a_generator_for_its_iterator_and_everybody_asks_a_class_of_its_own(start: Start) -> None:
    pair = start("""
class Own:
    def __iter__(self): return iter([b"own"])
    def __next__(self): raise StopIteration
def generator(): yield b"made"
own = Own()
""")
    module = pair.module
    generator, own = module.generator(), module.own
    asked = len(pair.answers)
    assert iter(generator) is generator
    assert len(pair.answers) == asked
    assert (list(generator), list(own)) == ([b"made"], [b"own"])


def test_a_thousand_numbers_may_be_keys_and_any_number_of_texts(start: Start) -> None:
    module = start("""
def numbers(count): return {number: None for number in range(count)}
def texts(count): return {str(number): None for number in range(count)}
""").module
    assert module.numbers(1000) == dict.fromkeys(range(1000))
    assert module.texts(3000) == dict.fromkeys(map(str, range(3000)))
    assert module.numbers(1001)[1000] is None


def test_what_does_not_fit_into_a_frame_is_an_error_and_no_end(start: Start) -> None:
    module = start("def large(size): return b'x' * size\ndef size(data): return len(data)").module
    assert len(module.large(4_000_000)) == module.size(b"x" * 4_000_000) == 4_000_000
    with pytest.raises(StudentError) as caught:
        module.large(5_000_000)
    assert caught.value.type == "FrameTooLarge"
    with pytest.raises(TypeError, match="more than a frame holds"):
        module.size(b"x" * 5_000_000)
    assert module.size(b"x") == 1
