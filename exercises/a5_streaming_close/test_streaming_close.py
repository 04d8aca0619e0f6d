"""The public tests of A5. Read them: the export is read to its end, from a catalogue and from a source that counts."""

from pytest import mark
from werkzeug.test import Client

from grader.testing import Finding
from grader.testing.content import media_type, read_csv, read_page
from grader.testing.source import OpenRows

HEADER = ["id", "title_zh", "title_en", "year", "director"]
FILMS = [
    {"id": 42, "title_zh": "城南旧事", "title_en": "My Memories of Old Beijing", "year": 1983, "director": "Wu Yigong"},
    {"id": 7, "title_zh": "小城之春", "title_en": "Spring, in a Small Town", "year": 1948, "director": "Fei Mu"},
]
LINES = [
    ["42", "城南旧事", "My Memories of Old Beijing", "1983", "Wu Yigong"],
    ["7", "小城之春", "Spring, in a Small Town", "1948", "Fei Mu"],
]
MANY = [{**FILMS[0], "id": number, "title_en": f"Part {number}"} for number in range(1, 251)]


def was_opened(source):
    """Ask for a source that was used at all."""
    if not source.opened:
        raise Finding("open_rows was given, and your app never called it",
                      "which part of your code calls open_rows, and when does it run?")  # fmt: skip


@mark.points(6, "correctness", statement="header-line")
def test_export_is_a_csv_file(client):
    """GET /export.csv is answered with a CSV file: its type, its first line, and a line for each of the 12 films"""
    answer = client.get("/export.csv")
    assert answer.status_code == 200, "which path does your app look for?"
    assert media_type(answer.headers.get("Content-Type")) == ("text/csv", "utf-8"), "the Content-Type of the export"
    lines = read_csv(answer.data)
    assert lines[:1] == [HEADER], "the first line of the file"
    assert len(lines) == 13, "which films are exported when make_app gets none?"
    assert "1" in [line[0] for line in lines], "the first value of each line: the id of the film"


@mark.points(8, "correctness", statement="lines")
def test_each_film_has_a_line(make_app):
    """the export has one line for each film of the catalogue, in its order, with five values"""
    lines = read_csv(Client(make_app(catalog=FILMS)).get("/export.csv").data)
    assert len(lines) == 3, "which films are exported? Those that make_app was given"
    assert lines[1:] == LINES, "the five values of each film, and their order; one title has a comma in it"
    lines = read_csv(Client(make_app(catalog=[])).get("/export.csv").data)
    assert lines == [HEADER], "an empty catalogue: [] is not None, and the first line stands in every file"


@mark.points(6, "correctness", statement="open-rows")
def test_films_come_from_open_rows(make_app, trace):
    """if open_rows is given, the export has the films of its source, and not those of the catalogue"""
    source = OpenRows(FILMS, trace.recorder)
    seen = trace(make_app(catalog=MANY, open_rows=source), "GET", "/export.csv")
    was_opened(source)
    assert read_csv(seen.body)[1:] == LINES, "where do the films of the export come from, if open_rows is given?"


@mark.points(8, "robustness", statement="chunks")
def test_export_is_sent_in_chunks(make_app, trace):
    """250 films come in three chunks or more, and each chunk is sent before more films are taken than it can hold"""
    source = OpenRows(MANY, trace.recorder)
    seen = trace.start(make_app(open_rows=source), "GET", "/export.csv")
    while seen.step():
        assert source.taken <= 100 * len(seen.chunks), "how many films do you take from the source for one chunk?"
        assert seen.chunks[-1].count(b"Part") <= 100, "how many films are in one chunk?"
    seen.close().check()
    was_opened(source)
    assert len(seen.chunks) >= 3, "into how many chunks do you cut the file, and are they what you yield?"
    assert len(read_csv(seen.body)) == 251, "does every film get into a chunk, also those of the last one?"


@mark.points(6, "protocol", rule="PEP 3333 (should): Specification Details", statement="close")
def test_source_is_closed(make_app, trace):
    """when the server has read everything and closed, the source is closed too"""
    source = OpenRows(FILMS, trace.recorder)
    seen = trace(make_app(open_rows=source), "GET", "/export.csv")
    was_opened(source)
    assert source.opened == 1, "how often is open_rows called for one request?"
    assert len(read_csv(seen.body)) == 3, "the first line, and a line for each film"
    assert source.left_open == 0, "who calls close() of the source? The server closes only what you returned"


@mark.points(2, "protocol", rule="RFC 9110: HEAD", statement="head")
def test_head_has_no_body(make_app, trace):
    """HEAD gets the status and the type of GET, and no byte of body"""
    get, head = (trace(make_app(), method, "/export.csv") for method in ("GET", "HEAD"))
    try:
        lines = read_csv(get.body)
    except Finding:
        lines = []
    if len(lines) != 13:
        raise Finding("GET /export.csv did not give a file with 13 lines, so HEAD cannot be compared with it",
                      "what is GET answered with? Mend that first")  # fmt: skip
    assert head.status == get.status, "at which step does HEAD begin to differ?"
    assert head.header("Content-Type") == get.header("Content-Type"), "at which step does HEAD begin to differ?"
    head.check()


@mark.points(4, "design", statement="other-pages")
def test_other_pages_stay(client):
    """the pages of the watch-list are still there, and what is wrong is refused"""
    for path in ("/", "/movies"):
        answer = client.get(path)
        assert answer.status_code == 200, "do the pages of the watch-list still work?"
        assert media_type(answer.headers.get("Content-Type"))[0] == "text/html", "the Content-Type of a page"
        assert read_page(answer.data).elements, "is there an HTML page?"
    assert client.get("/export.csvx").status_code == 404, "is the whole path compared?"
    answer = client.post("/export.csv")
    assert answer.status_code == 405, "which methods may ask for the export?"
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.headers.get("Allow", "").split(",")}, "the header Allow"
