"""``grader trace``: one request at its five layers, as a server really handles it, told in the student's language."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from grader.catalogues import Catalogue
from grader.cli import main
from grader.course import load_course
from grader.errors import Misuse
from grader.models import LANGUAGES, Exercise, Limits
from grader.predictions.questions import Program
from grader.predictions.stage import Stage
from grader.printable import UNSAFE_CATEGORIES
from grader.student.diagram import page
from grader.student.layers import Row, Telling
from grader.student.request import typed
from grader.student.tracing import Traced, trace
from tests.grader.conftest import ROOT
from tests.grader.process_tree import wait_for
from tests.grader.terminals import ESCAPES, surroundings, terminal

COURSE = load_course(ROOT)
A1, A3, B1, B2, B4 = (COURSE.find(name) for name in ("a1", "a3", "b1", "b2", "b4"))
OPEN = "def application(environ, start_response):\n"
OK = "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"


def of(tmp_path: Path, body: str, request: str = "/", exercise: Exercise = A1) -> Traced:
    """Trace a request of a small program, the body of ``application``."""
    (tmp_path / "app.py").write_text(OPEN + body, encoding="utf-8")
    return trace(exercise, tmp_path, typed("GET", request))


def reference(exercise: Exercise, request: str = "/", inside: str = "plain", *headers: str) -> Traced:
    """Trace a request of a reference."""
    return trace(exercise, exercise.reference_folder, typed("GET", request, headers), inside)


def rows(traced: Traced, lang: str = "en", *, everything: bool = False) -> list[Row]:
    """Return all that is told."""
    telling = Telling(traced, Catalogue(), lang, everything=everything)
    return [row for section in telling.sections() for row in section.rows]


def text(traced: Traced, lang: str = "en") -> str:
    """Return all that is told as one text."""
    return "\n".join("\n".join((row.label, *row.lines, *row.remarks)) for row in rows(traced, lang))


def run(*words: object, **environment: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(
        main, ["trace", *map(str, words)], env={"COLUMNS": "80", "GRADER_LANG": "en", **environment}
    )


def sent(traced: Traced) -> bytes:
    """Return the bytes that the server sent, without their date."""
    return undated(b"".join(step.data for step in traced.steps if step.kind == "sent"))


def undated(data: bytes) -> bytes:
    """Return an answer without its date."""
    return re.sub(rb"(?m)^Date: .*\r\n", b"", data)


# -- on a terminal


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["socket bytes in", "7 bytes of UTF-8", "the server calls application", "start_response('404", "chunk 1 of",
                "socket bytes out", "has no close()"]),
        ("zh-CN", ["套接字收到的字节", "UTF-8 编码，共 7 字节", "服务器调用 application", "start_response('404", "第 1 个数据块",
                   "套接字发出的字节", "没有 close()"]),
    ],
)  # fmt: skip
def test_the_five_layers_stand_on_a_terminal_in_order(posix: None, lang: str, said: list[str]) -> None:
    words = ["trace", "a3", "GET", "/霸王?q=霸", "--file", str(A3.reference_folder), "--lang", lang]
    with terminal(ROOT, *words) as shown:
        assert shown.end() == 0
    assert "\x1b[1m" in shown.seen
    page = " ".join(shown.page.split())
    missing = [part for part in ("GET /%E9%9C%B8%E7%8E%8B?q=%E9%9C%B8 HTTP/1.1", *said) if part not in page]
    assert missing == []
    heads = [line[0] for line in shown.page.splitlines() if re.match("[1-5](, 4)?  ", line)]
    assert heads == ["1", "2", "3", "5"]
    assert all(cell_len(line) <= 80 for line in shown.page.splitlines())


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_there_are_colours_only_where_they_are_wanted(posix: None, environment: dict[str, str]) -> None:
    with terminal(ROOT, "trace", "a1", "--file", str(A1.reference_folder), **environment) as shown:
        assert shown.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown.seen)
    assert "socket bytes out" in shown.page


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1"])
def test_no_terminal_is_too_poor(encoding: str) -> None:
    words = [
        sys.executable,
        "-m",
        "grader",
        "trace",
        "b1",
        "GET",
        "/霸",
        "--file",
        str(B1.reference_folder),
        "--lang",
        "zh-CN",
    ]
    done = subprocess.run(
        words, capture_output=True, cwd=ROOT, env=surroundings({"PYTHONIOENCODING": encoding}), check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert ("套接字" in done.stdout.decode(encoding)) == (encoding == "gbk")
    assert ("socket bytes in" in done.stdout.decode(encoding)) == (encoding != "gbk")


# -- the request


def test_a_request_is_sent_as_a_browser_sends_it_and_read_as_a_server_reads_it() -> None:
    request = typed("post", "/影/%41?q=千 与".replace(" ", "%20"), ["X-Name: 霸"], "a=霸")
    assert request.wire() == (
        b"POST /%E5%BD%B1/%41?q=%E5%8D%83%20%E4%B8%8E HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\nX-Name: \xe9\x9c\xb8\r\n\r\na=\xe9\x9c\xb8"
    )
    environ = request.environ()
    assert str(environ["PATH_INFO"]).encode("latin-1").decode() == "/影/A"
    assert environ["QUERY_STRING"] == "q=%E5%8D%83%20%E4%B8%8E"
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["HTTP_X_NAME"] == "é\x9c¸"
    assert environ["HTTP_CONNECTION"] == "close"


def test_a_header_that_comes_twice_is_joined_and_one_that_is_given_replaces_the_usual_one() -> None:
    request = typed("GET", "/", ["Accept: a", "accept: b", "Host: other.example"])
    assert request.environ()["HTTP_ACCEPT"] == "a, b"
    assert request.environ()["HTTP_HOST"] == "other.example"
    assert request.wire().count(b"Host: ") == 1


def test_a_path_that_is_no_utf_8_is_told_so() -> None:
    assert "2 bytes that are not UTF-8" in text(reference(A3, "/%ff"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("GE T", "/"), "'GE T' is no method of HTTP"),
        (("GET\x1b", "/"), r"'GET\\x1b' is no method of HTTP"),
        (("GET", "/a b"), "the path '/a b' has a blank"),
        (("GET", "/a\tb"), "has a blank or a control character"),
        (("GET", "http://127.0.0.1/"), "does not begin with a slash"),
        (("GET", "/#top"), "has a #"),
        (("GET", "/" + "x" * 9000), "more than 8000 characters"),
        (("GET", "/", "-H", "no colon"), "is no header"),
        (("GET", "/", "-H", "X: a\r\nY: b"), "is no header"),
        (("GET", "/", "--data", "x" * 9000), "more than 8000 bytes"),
    ],
)
def test_what_no_client_can_send_is_refused(words: tuple[str, ...], said: str) -> None:
    result = run("a1", *words, "--course", ROOT)
    assert result.exit_code == 2
    assert said in result.output
    assert "\x1b" not in result.output


# -- what is noted


PROGRAMS = {
    "list": OK + "    return [b'films']",
    "two": OK + "    return [b'12 ', b'films']",
    "generator": OK + "    yield b'films'",
    "empty": OK + "    return []",
    "empty chunk": OK + "    return [b'', b'x']",
    "file": OK + "    import io; return io.BytesIO(b'a\\nb\\n')",
    "write": "    start_response('200 OK', [])(b'12 '); return [b'films']",
    "written, then again": "    w = start_response('200 OK', []); w(b'x'); start_response('200 OK', []); return []",
    "corrected": OK + "    try:\n        1 / 0\n    except ZeroDivisionError:\n        import sys\n"
    "        start_response('500 Oops', [('A', '1')], sys.exc_info())\n    return [b'x']",
    "raises": "    raise KeyError('x')",
    "raises late": OK + "    yield b'12 '; raise KeyError('x')",
    "nothing": OK,
    "str": OK + "    return 'films'",
    "str chunk": OK + "    return ['films']",
    "no start": "    return [b'films']",
    "int status": "    start_response(200, []); return [b'films']",
    "bare status": "    start_response('200', []); return [b'films']",
    "dict": "    start_response('200 OK', {'A': '1'}); return [b'films']",
    "hop": "    start_response('200 OK', [('Connection', 'close')]); return [b'films']",
    "not latin-1": "    start_response('200 OK', [('A', '霸')]); return [b'films']",
    "no content": "    start_response('204 No Content', []); return []",
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A process with all the programs, in which a real server runs them."""
    with Stage(map(Program, map(OPEN.__add__, PROGRAMS.values())), "programs") as found:
        yield found


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_bytes_that_go_out_are_those_of_wsgirefs_own_server(name: str, stage: Stage, tmp_path: Path) -> None:
    traced = of(tmp_path, PROGRAMS[name])
    assert sent(traced) == undated(stage.fetch(Program(OPEN + PROGRAMS[name]), traced.request.wire()))


@pytest.mark.parametrize(
    ("name", "source", "kind"),
    [
        ("str chunk", "Unicode Issues", "chunk"), ("dict", "The start_response() Callable", "start_response"),
        ("hop", "Other HTTP Features", "start_response"), ("nothing", "Specification Details", "returned"),
    ],
)  # fmt: skip
def test_a_broken_rule_stands_where_it_was_broken_with_its_section(
    name: str, source: str, kind: str, tmp_path: Path
) -> None:
    traced = of(tmp_path, PROGRAMS[name])
    for lang in LANGUAGES:
        (found,) = [row for row in rows(traced, lang) if row.remarks]
        assert found.kind == kind
        assert source in found.remarks[0]
        assert ("你的应用" in found.remarks[0] or "响应头" in found.remarks[0]) == (lang == "zh-CN")


def test_steps_come_in_the_order_in_which_they_happen(tmp_path: Path) -> None:
    kinds = [step.kind for step in of(tmp_path, PROGRAMS["generator"]).steps]
    assert kinds == ["called", "returned", "start_response", "chunk", "sent", "end", "close"]
    steps = reference(A3).steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_a_trace_reads_and_writes_in_the_students_process_and_not_in_this_one(tmp_path: Path) -> None:
    body = "    n = int(environ['CONTENT_LENGTH']); a = environ['wsgi.input'].read(n); environ['wsgi.errors'].write('霸\\n')\n"
    body += "    import os; print('seen'); start_response('200 OK', []); return [str(os.getpid()).encode()]"
    (tmp_path / "app.py").write_text(OPEN + body, encoding="utf-8")
    traced = trace(A1, tmp_path, typed("POST", "/", data="ab"))
    told = text(traced)
    assert "wsgi.input.read(2)" in told
    assert "application writes to wsgi.errors\n霸" in told
    assert traced.printed == b"seen\n"
    assert traced.steps[-1].kind == "unclosable"
    assert int(next(step.data for step in traced.steps if step.kind == "chunk")) != os.getpid()


def test_every_key_of_the_environ_is_shown_on_request() -> None:
    traced = reference(A1)
    assert not any("SERVER_PROTOCOL" in row.label for row in rows(traced))
    shown = {row.label.partition(" = ")[0] for row in rows(traced, everything=True)}
    assert set(traced.environ) <= shown


# -- an onion


def test_a_middleware_is_shown_with_the_application_inside() -> None:
    traced = reference(B1, "/", "plain", "X-Request-ID: abc")
    told = [(row.depth, row.label) for row in rows(traced) if row.at is not None]
    inside = told.index((1, "RequestId calls films(environ, start_response)"))
    assert told[0] == (0, "the server calls RequestId(environ, start_response)")
    assert told[inside + 1] == (1, "start_response('200 OK', 1 headers)")
    assert told[inside + 2] == (0, "start_response('200 OK', 2 headers)")
    assert told[-1] == (1, "what films returned is closed")
    assert "+ yingdan.request_id = 'abc'" in text(traced)
    assert "+ X-Request-ID: abc" in text(traced)
    assert list(traced.spent) == ["server", "RequestId", "films"]
    assert all(seconds > 0 for seconds in traced.spent.values())
    assert sum(traced.spent.values()) >= traced.steps[-1].at


def test_a_middleware_that_mounts_shows_what_it_told_the_application() -> None:
    told = text(reference(B4, "/films/7"))
    assert "Mount calls /films(environ, start_response)" in told
    assert "~ SCRIPT_NAME = '' -> '/films'" in told
    assert "~ PATH_INFO = '/films/7' -> '/7'" in told
    assert "Mount calls films(environ, start_response)" in text(reference(B4, "/7"))


@pytest.mark.parametrize("inside", ["list", "generator", "writing", "failing", "failing-early", "correcting"])
def test_other_applications_can_stand_inside(inside: str) -> None:
    traced = reference(B2, "/", inside)
    failed = inside.startswith("failing")
    assert any(step.kind == "raised" and step.layer for step in traced.steps) == failed
    assert (b" 500 " in sent(traced)) == (inside in ("failing-early", "correcting"))
    assert traced.ending is None


@pytest.mark.parametrize("name", ["a4", "a5", "b3", "d1", "d3"])
def test_every_kind_of_exercise_can_be_traced(name: str) -> None:
    exercise = COURSE.find(name)
    traced = reference(exercise)
    assert sent(traced).startswith(b"HTTP/1.0 200 "), text(traced)
    assert not any(row.remarks for row in rows(traced))


# -- what goes wrong


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_exception_is_shown_with_its_file_and_line(lang: str, tmp_path: Path) -> None:
    told = text(of(tmp_path, PROGRAMS["raises late"]), lang)
    assert "KeyError" in told
    assert "3: yield b'12 '; raise KeyError('x')" in told
    assert ("line 3 of app.py" if lang == "en" else "app.py 第 3 行") in told


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    while True: pass", "while it was called"),
        (OK + "    yield b'x'\n    while True: pass", "while its answer was iterated"),
        ("    import os; os._exit(3)", "ended its Python process (exit code 3)"),
        (OK + "    while True: yield b'x' * 500000", "sent or printed more than allowed"),
    ],
)
def test_what_never_ends_is_named(body: str, said: str, tmp_path: Path) -> None:
    traced = of(tmp_path, body, exercise=replace(A1, limits=Limits(call=0.5)))
    assert traced.ending
    assert said in text(traced)
    assert len(rows(traced)) < 100
    assert len(page(Telling(traced, Catalogue(), "en"))) < 200_000


def test_code_that_cannot_be_loaded_is_shown_as_what_it_is(tmp_path: Path) -> None:
    told = text(of(tmp_path, "    return ("))
    assert "SyntaxError" in told
    assert "line 2 of app.py" in told
    (tmp_path / "app.py").write_text("x = 1\n", encoding="utf-8")
    assert "your module defines no application" in text(trace(A1, tmp_path, typed("GET", "/")))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a33",), ("there is no exercise 'a33'; did you mean 'a3'?", "没有练习 'a33'；你要找的是 'a3' 吗？")),
        (("b1_reqest_id",), ("did you mean 'b1_request_id'?", "你要找的是 'b1_request_id' 吗？")),
        (("\x1b[2J",), ("there is no exercise '\\x1b[2J'", "没有练习 '\\x1b[2J'")),
        (("p0",), ("p0 has no application", "p0 里没有回答请求的应用")),
        (("a1", "--file", "nowhere"), ("nowhere: app.py is missing", "nowhere：缺少 app.py")),
        (
            ("a1", "--html", "setup.cfg/x.html"),
            ("cannot be written; choose another place", "无法写入；请给页面换个位置"),
        ),
    ],
)
def test_wrong_usage_is_told_in_the_students_language(
    words: tuple[str, ...], said: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text("a file, no folder", encoding="utf-8")
    for lang, part in zip(LANGUAGES, said, strict=True):
        result = run(*words, "--course", ROOT, "--lang", lang)
        assert result.exit_code == 2, result.output
        assert part in " ".join(result.output.split())


def test_outside_of_a_course_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for lang, part in zip(LANGUAGES, ("no course at or above", "没有课程"), strict=True):
        result = run("a1", "--lang", lang)
        assert result.exit_code == 2
        assert part in result.output
        assert "Traceback" not in result.output


def test_students_can_trace_without_the_private_half(tmp_path: Path) -> None:
    shutil.copytree(A1.folder, tmp_path / "exercises" / A1.name, ignore=shutil.ignore_patterns("__pycache__"))
    result = run("a1", "/", "--course", tmp_path)
    assert result.exit_code == 0, result.output
    assert "socket bytes out" in result.output


# -- hostile text, and the page

ABUSE = """
EVIL = "\\x1b[2J\\x1b]0;owned\\x07\\u202e<script>alert(1)</script>&\\"'"
def application(environ, start_response):
    print(EVIL)
    environ["wsgi.errors"].write(EVIL)
    start_response("200 " + EVIL, [("X-" + EVIL, EVIL)])
    yield EVIL.encode()
    raise type(EVIL, (Exception,), {})(EVIL)
"""


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_nothing_that_a_students_code_says_drives_the_terminal_or_the_page(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ABUSE, encoding="utf-8")
    out = tmp_path / "page.html"
    result = run("a1", "GET", "/<script>%1b[2J", "--file", tmp_path, "--html", out, "--course", ROOT)
    assert result.exit_code == 0, result.output
    assert {c for c in result.stdout if unicodedata.category(c) in UNSAFE_CATEGORIES} == {"\n"}
    assert result.stdout.count(r"\x1b[2J") >= 5
    found = Tags()
    found.feed(out.read_text(encoding="utf-8"))
    assert not found.tags & {"script", "a", "img", "iframe", "link", "object", "foreignobject", "use", "image"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("href", "src", "xlink:href")}
    assert "<script>" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_stands_for_itself_and_draws_every_step(lang: str, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = run("b1", "/?q=霸", "--file", B1.reference_folder, "--html", out, "--course", ROOT, "--lang", lang)
    assert result.exit_code == 0
    assert "page.html" in result.output
    html = out.read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert f'<html lang="{lang}">' in html
    assert not re.search(r"url\((?!#)", html)
    assert re.findall(r"https?://[^\"]+", html) == ["http://www.w3.org/2000/svg"]
    assert "prefers-color-scheme: dark" in html
    drawing = ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])
    lines = [line for line in drawing.iter("{http://www.w3.org/2000/svg}line") if "arrow" in line.get("class", "")]
    kinds = [line.get("class", "").split()[1] for line in lines]
    assert kinds[:4] == ["request", "called", "called", "start_response"]
    assert kinds.count("chunk") == 4
    words = "".join(drawing.itertext())
    assert ("client" if lang == "en" else "客户端") in words
    assert "GET /?q=霸" in words
    _, _, width, height = map(float, drawing.get("viewBox", "").split())
    for line in lines:
        assert 0 <= float(line.get("x1", "-1")) <= width
        assert 0 <= float(line.get("y1", "-1")) <= height


def test_the_method_may_be_left_out() -> None:
    result = run("a1", "/x", "--file", A1.reference_folder, "--course", ROOT)
    assert "GET /x HTTP/1.1" in result.output
    assert ESCAPES.sub("", result.output) == result.output


def test_a_request_is_refused_before_anything_is_run() -> None:
    with pytest.raises(Misuse):
        typed("GET", "no-slash")


@pytest.mark.parametrize("name", ["overwrites_the_line", "turns_the_text_around", "writes_markup", "separates_lines"])
def test_samples_that_attack_whoever_reads_are_traced_as_text(tmp_path: Path, name: str) -> None:
    sample = str(ROOT / "tests" / "submissions" / A1.name / f"attack_{name}")
    said = CliRunner().invoke(main, ["trace", "a1", "--file", sample, "--html", str(tmp_path / "page.html")])
    assert said.exit_code == 0
    drawn = (tmp_path / "page.html").read_text(encoding="utf-8")
    shown = said.stdout.replace("\n", "") + drawn.replace("\n", "")
    assert not {character for character in shown if unicodedata.category(character) in UNSAFE_CATEGORIES}
    tags = set(re.findall(r"<([a-zA-Z]+)", drawn))
    assert "script" not in tags
    assert "img" not in tags


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT; run it on Linux or macOS")
def test_ctrl_c_while_the_process_for_a_submission_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "trace", "a1", "--file", str(A1.folder)],
        cwd=ROOT, env=surroundings({"TMPDIR": str(tmp_path)}), encoding="utf-8", start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    wait_for(lambda: list(tmp_path.glob("submission-*")))
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert not list(tmp_path.iterdir())
