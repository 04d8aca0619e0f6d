"""Pages are read as a browser reads them, JSON strictly, links to where they lead; hostile ones in bounded time."""

from __future__ import annotations

import contextlib
import time

import pytest

from grader.testing.content import MAX_PAGE, Page, media_type, read_csv, read_json, read_page, same_data, target
from grader.testing.finding import Finding

PATIENCE = 4.0
"""Processor seconds for the worst page. Unbounded, some of those below take more than ten."""
HOSTILE = (
    "<",
    "</",
    "<!",
    "<![",
    "<?",
    "<!--",
    "<a ",
    "<a =",
    "<a x='",
    "</a ",
    "<b>",
    "</b>",
    "&",
    "&#",
    "<ul><li>",
    "<li><b>",
)


def page(text: str) -> Page:
    return read_page(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '<ul><li data-id="1"><a href="/1">one</a></li><li data-id="2"><a href="/2">two</a></li></ul>',
        "<ul><li data-id=1><a href=/1>one</a><li data-id=2><a href=/2>two</a></ul>",
        "<OL>\n<LI DATA-ID='1'>\n<A HREF='/1'>one\n</LI>\n<LI Data-Id='2'><A Href='/2'>two</OL>",
        '<ul><li data-id="1" data-id="9"><b><a href="/1">one</b><li data-id="2"/><a href="/2">two</a></li></p></ul>',
        '<ul><li data-id="&#49;"><a href="&#x2f;1">one</a></li><li data-id=2><!-- <li data-id=3> --><a href="/2">two</a></ul>',
    ],
)
def test_items_are_found_however_they_are_written(text: str) -> None:
    items = page(f"<!DOCTYPE html><title>films</title>{text}<p>end").having("data-id")
    assert [(item.tag, item.attributes["data-id"], item.text) for item in items] == [
        ("li", "1", "one"),
        ("li", "2", "two"),
    ]
    assert [[link.attributes["href"] for link in item.all("a")] for item in items] == [["/1"], ["/2"]]


def test_an_element_is_of_every_class_that_it_names() -> None:
    found = page('<p class="error">no<li class=error>a<li class="red  error\n">b<li class="errors">c<li>d')
    assert [item.text for item in found.with_class("li", "error")] == ["a", "b"]


def test_an_item_holds_the_list_in_it() -> None:
    outer, inner, last = page("<ul><li>a<ul><li>b</ul>c<li>d</ul>").all("li")
    assert [outer.text, inner.text, last.text] == ["abc", "b", "d"]
    assert outer.all("li") == [inner]


def test_text_is_what_a_browser_shows() -> None:
    found = page(
        "<title>T &amp; t</title><style>b{}</style><script>'<li>'</script><p>a\n  <b>b</b><br/>&lt;i&gt; &copy;</p><input>z"
    )
    assert found.text == "T & ta b<i> ©z"
    assert found.all("li") == []
    assert page("<p>\xff").text == "\xff"
    assert read_page(b"<p>\xff").text == "\ufffd"


def test_text_that_is_escaped_leaves_the_structure_as_it_is() -> None:
    plain = page('<p title="abc">abc</p>')
    assert page('<p title="&lt;b&gt; &quot;c&quot;">&lt;b&gt;</p>').structure == plain.structure
    assert page('<p title="abc"><b></p>').structure != plain.structure
    assert page('<p title=""c"">abc</p>').structure != plain.structure


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_page_is_read_or_refused_in_bounded_time(unit: str) -> None:
    began = time.process_time()
    try:
        found = page(unit * (MAX_PAGE // len(unit)))
        assert found.text is not None
    except Finding:
        pass
    assert time.process_time() - began < PATIENCE


@pytest.mark.parametrize("text", ["x" * (MAX_PAGE + 1), "<a " * MAX_PAGE, "<!--" + "x" * (MAX_PAGE - 4)])
def test_what_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(Finding):
        page(text)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xef\xbb\xbf{}", b"\xb2", b"NaN", b'{"a": 1, "a": 1}', b"{} x", b"[" * 100_000, b"1" * 5000]
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Finding):
        read_json(body)


def test_json_is_compared_by_value_and_type() -> None:
    assert same_data(read_json('{"b": "影", "a": [1]}'.encode()), {"a": [1], "b": "影"})
    assert same_data(read_json(rb'"\u5f71"'), "影")
    values = [1, 1.0, True, "1", None]
    assert [[same_data(one, other) for other in values] for one in values] == [
        [i == j for j in range(5)] for i in range(5)
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("text/html; charset=utf-8", ("text/html", "utf-8")),
        ('Text/HTML ;x=y; Charset = "UTF-8"', ("text/html", "utf-8")),
        ("application/json", ("application/json", "")),
        ("text/html;charset", ("text/html", "")),
        (None, ("", "")),
    ],
)
def test_a_media_type_is_read(value: str | None, found: tuple[str, str]) -> None:
    assert media_type(value) == found


@pytest.mark.parametrize(
    "address",
    [
        "/电/movies/1", "/%E7%94%B5/movies/1", "movies/1", "./movies/1?x=1#top", "http://films.example/电/movies/1",
        " /电/movies/1\n", "//FILMS.example:80/电/movies/1", "../电/movies/1",
    ],
)  # fmt: skip
def test_addresses_of_one_place_have_one_target(address: str) -> None:
    assert target(address, "http://films.example/%E7%94%B5/") == "http://films.example/电/movies/1"


@pytest.mark.parametrize(
    "address",
    [
        "/ç\x94µ/movies/1",
        "http://[",
        "http://films.example@evil.example/电/movies/1",
        "https:/电/movies/1",
        "javascript:0",
        "",
    ],
)
def test_other_addresses_have_other_targets(address: str) -> None:
    assert target(address, "http://films.example/%E7%94%B5/") != "http://films.example/电/movies/1"


def test_a_link_is_followed_from_the_base_of_its_page() -> None:
    with_base = page('<base href="/电/"><a href="movies">films</a>')
    without = page('<a href="movies">films</a>')
    url = "http://films.example/%E7%94%B5/x/y"
    assert with_base.target(with_base.all("a")[0], url) == "http://films.example/电/movies"
    assert without.target(without.all("a")[0], url) == "http://films.example/电/x/movies"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ('"a","b"\r\n', [["a", "b"]]),
        ('"a, ""b"" c"," d "\r\n', [['a, "b" c', " d "]]),
        ('"one\r\ntwo","\n","\r"\r\n', [["one\r\ntwo", "\n", "\r"]]),
        (",\r\n,,\r\n", [["", ""], ["", "", ""]]),
        ('"",""""\r\n\r\n', [["", '"'], [""]]),
        ("霸王别姬,=1+1\r\n", [["霸王别姬", "=1+1"]]),
    ],
)
def test_csv_is_read_as_the_rfc_has_it(text: str, lines: list[list[str]]) -> None:
    assert read_csv(text.encode()) == lines


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n",
        "a,b",
        "a\r\nb",
        'a"b\r\n',
        'a,"b\r\n',
        '"a"b\r\n',
        '"a" ,b\r\n',
        ' "a"\r\n',
        "a\rb\r\n",
        'a\r\n"',
        "a\r",
    ],
)
def test_what_is_no_csv_is_refused(text: str) -> None:
    with pytest.raises(Finding, match="the body is not CSV"):
        read_csv(text.encode())


def test_csv_is_utf_8() -> None:
    with pytest.raises(Finding, match="the body is not UTF-8"):
        read_csv("霸\r\n".encode("gbk"))


@pytest.mark.parametrize("part", ['"', '""', ",", "\r\n", "x", '",', '"\r\n', "\r"])
def test_hostile_csv_is_read_in_bounded_time(part: str) -> None:
    began = time.process_time()
    with contextlib.suppress(Finding):
        read_csv((part * MAX_PAGE)[:MAX_PAGE].encode())
    assert time.process_time() - began < PATIENCE


def test_csv_that_is_too_long_is_refused() -> None:
    with pytest.raises(Finding, match="much longer"):
        read_csv(b"x" * (MAX_PAGE + 1))
