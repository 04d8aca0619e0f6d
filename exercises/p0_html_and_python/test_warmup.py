"""The questions of P0. Read them: each is about one thing, and says where to read about it."""

from itertools import islice

from pytest import mark

from grader.testing import Finding, StudentObject
from grader.testing.content import read_page
from grader.testing.inner import can_be_called

FILMS = [
    {"title": "Lock, Stock & Two Smoking Barrels", "year": 1998},
    {"title": "天使爱美丽", "director": "Jean-Pierre Jeunet"},
    {"title": "<b>WALL·E</b>", "year": 2008},
]
MOST = 50


def pieces(result):
    """Return the first items of what chunks() returned."""
    if not isinstance(result, (StudentObject, list, tuple, bytes)):
        raise Finding(
            "chunks() returned nothing that can be iterated", "does your function yield, or return something?"
        )
    return list(islice(iter(result), MOST))


def cells(submission, columns):
    """Return the rows of the table of FILMS, each as (tag, text) of its cells."""
    page = read_page(as_bytes(submission.table(FILMS, columns)))
    return [[(cell.tag, cell.text) for cell in row.all("th") + row.all("td")] for row in page.all("tr")]


def as_bytes(made):
    """Return a table as bytes, so that one mistake costs one question only."""
    if type(made) is str:
        return made.encode()
    if type(made) is not bytes:
        raise Finding("table() returned neither bytes nor text", "the last line of table()")
    return made


@mark.points(0, "correctness", statement="esc", reading="escape")
def test_esc_in_a_text(submission):
    """a browser shows an escaped text as it was, and sees no tag in it"""
    made = submission.esc("<i>5 > 4</i>")
    assert type(made) is str, "esc() returns a str"
    assert "<" not in made, "what does < become?"
    assert ">" not in made, "what does > become?"
    assert read_page(made.encode()).text == "<i>5 > 4</i>", "what does a browser make of the result?"


@mark.points(0, "correctness", statement="esc", reading="escape")
def test_esc_in_an_attribute(submission):
    """an escaped text may stand in an attribute, between quotes of either kind"""
    text = """He said "it's me" """
    made = submission.esc(text)
    for page in (f'<p title="{made}">', f"<p title='{made}'>"):
        (element,) = read_page(page.encode()).elements
        assert element.attributes == {"title": text}, "which characters end an attribute before its time?"


@mark.points(0, "correctness", statement="esc", reading="escape")
def test_esc_of_an_ampersand(submission):
    """a text that looks as if it were escaped already is escaped like any other"""
    for text in ("&lt;b&gt;", "Q&A", "<&>"):
        (element,) = read_page(f'<p title="{submission.esc(text)}">'.encode()).elements
        assert element.attributes == {"title": text}, (
            "which character do you replace first, and what comes of it later?"
        )


@mark.points(0, "correctness", statement="table-bytes", reading="bytes")
def test_table_is_bytes(submission):
    """table() returns bytes"""
    made = submission.table([], ["title"])
    assert type(made) is bytes, "the type of the result: print(type(table([], [])))"
    assert b"<table" in made, "the tag <table>"


@mark.points(0, "correctness", statement="table-bytes", reading="bytes")
def test_table_is_utf8(submission):
    """the bytes of a table are its text in UTF-8"""
    made = as_bytes(submission.table(FILMS, ["title"]))
    assert "天使爱美丽".encode() in made, "which encoding do you use, and can it write every character?"


@mark.points(0, "correctness", statement="table-cells", reading="tables")
def test_table_has_headings_and_rows(submission):
    """a table has a row of headings, then a row for each dict, in order"""
    rows = cells(submission, ["year", "title"])
    assert rows[:1] == [[("th", "year"), ("th", "title")]], "the first row: a <th> for each column"
    assert len(rows) == len(FILMS) + 1, "one <tr> for each dict"
    assert rows[1][:1] == [("td", "1998")], "the cells of a row stand in the order of the columns"


@mark.points(0, "correctness", statement="table-missing", reading="tables")
def test_table_with_a_missing_key(submission):
    """a key that a dict does not have gives an empty cell"""
    rows = cells(submission, ["title", "director"])
    assert [len(row) for row in rows] == [2, 2, 2, 2], "how many cells has each row?"
    assert [row[1][1] for row in rows] == ["director", "", "Jean-Pierre Jeunet", ""], (
        "what do you write if a key is missing?"
    )


@mark.points(0, "correctness", statement="table-cells", reading="escape")
def test_table_escapes(submission):
    """what stands in the dicts and in the columns is text, and shown as it is"""
    made = read_page(as_bytes(submission.table([*FILMS, {"<th>": 1}], ["title", "<th>"])))
    assert not made.all("b"), "does every text go through esc() on its way into the table?"
    assert "<b>WALL·E</b>" in made.text, "does every text go through esc() on its way into the table?"
    assert len(made.all("th")) == 2, "do the names of the columns go through esc() too?"


@mark.points(0, "correctness", statement="chunks", reading="generators")
def test_chunks_are_cut_right(submission):
    """the pieces of data have the right lengths, and together they are the data"""
    for data, size in ((b"abcdefgh", 3), (b"abcdef", 3), (b"ab", 3), (b"", 3)):
        made = pieces(submission.chunks(data, size))
        right = [data[start : start + size] for start in range(0, len(data), size)]
        assert len(made) == len(right), "the last piece: is it there, is there one too many?"
        assert made == right, "where does a piece begin, and where does it end?"


@mark.points(0, "correctness", statement="chunks", reading="bytes")
def test_chunks_are_bytes(submission):
    """each piece is a bytes object, also one of a single byte"""
    made = pieces(submission.chunks(b"abcd", 1))
    assert {type(piece) for piece in made} == {bytes}, "data[0] is a number; what is data[0:1]?"


@mark.points(0, "correctness", statement="chunks-iterator", reading="generators")
def test_chunks_is_an_iterator(submission):
    """next() takes one piece after the other from what chunks() returns"""
    made = submission.chunks(b"abcdef", 2)
    assert isinstance(made, StudentObject), "is it a finished list, or something that yields?"
    assert [next(made), next(made)] == [b"ab", b"cd"], "the first two pieces that next() takes"


@mark.points(0, "correctness", statement="chunks-iterator", reading="generators")
def test_chunks_begins_anew(submission):
    """each call of chunks() begins at the beginning, also while an earlier one is not through"""
    one, other = submission.chunks(b"abcdef", 2), submission.chunks(b"uvwxyz", 3)
    first, *_ = pieces(other)
    assert first == b"uvw", "what do two calls share?"
    assert pieces(one)[:3] == [b"ab", b"cd", b"ef"], "what do two calls share?"


@mark.points(0, "correctness", statement="counter", reading="classes")
def test_counter_can_be_called(submission):
    """counter() returns something that can be called"""
    made = submission.counter()
    assert isinstance(made, StudentObject), "counter() returns a function or another object, not a number"
    assert can_be_called(made), "what does Python look for when an object is called?"


@mark.points(0, "correctness", statement="counter", reading="closures", after=test_counter_can_be_called)
def test_counter_counts(submission):
    """a counter says 1, 2, 3"""
    count = submission.counter()
    assert [count(), count(), count()] == [1, 2, 3], "who remembers the number between two calls?"


@mark.points(0, "correctness", statement="counter-independent", reading="closures", after=test_counter_counts)
def test_counters_are_independent(submission):
    """two counters do not know of each other"""
    one, other = submission.counter(), submission.counter()
    assert [one(), one(), other(), one()] == [1, 2, 1, 3], (
        "where does the number live: once for all, or once for each call?"
    )
