"""The leak guard: finds what was planted, in every form and in every kind of artefact, and nothing where nothing is."""

from __future__ import annotations

import base64
import bz2
import codecs
import csv
import gzip
import html
import io
import json
import os
import shutil
import tarfile
import time
import urllib.parse
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from grader.catalogues import Catalogue
from grader.cli import main
from grader.course import load_course
from grader.errors import EngineFault, UsageError
from grader.grading.grade import Grader
from grader.leaks import folders, guard
from grader.leaks.folders import Search
from grader.leaks.guard import Guard
from grader.leaks.secrets import ENGINE, Secret, secrets_of
from grader.models import LANGUAGES, Feedback, Isolation, TestInfo, TestResult, Verdict, Visibility
from grader.reports.inspection import WITHHELD, Inspection
from grader.reports.terminal import TerminalReport
from grader.samples import load_samples, materialize
from grader.submissions import read_submission
from tests.grader.conftest import ROOT, skip

MARKER = "leak-marker-5eb0c1d29f37-planted"
TEXT = "the ninth film that nobody knows, “九号影片”"
SECRETS = (
    Secret(MARKER, "tests/hidden/x1_x/test_x.py", 3, marker=True),
    Secret(TEXT, "tests/hidden/x1_x/test_x.py", 9),
)
GUARD = Guard(SECRETS)
PLENTY = 1.0
"""Seconds of processor time that a megabyte may take on a slow machine; a usual one takes about an eighth."""


def between(gap: str) -> Callable[[str], str]:
    return gap.join


def each(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(one)) for one in text)


def based(text: str, before: int = 0) -> str:
    return base64.b64encode(b"x" * before + text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "mixed case": str.title,
    "JSON escapes": each("\\u{:04x}"),
    "JSON escapes in JSON": lambda text: json.dumps(each("\\u{:04X}")(text))[1:-1],
    "JavaScript braces": each("\\u{{{:x}}}"),
    "Python long escapes": each("\\U{:08x}"),
    "Python byte escapes": each("\\x{:02x}"),
    "octal escapes": each("\\{:03o}"),
    "a list of numbers": lambda text: str(list(text.encode())),
    "hex numbers": lambda text: ", ".join(map(hex, text.encode())),
    "HTML entities": lambda text: html.escape(text).replace("-", "&hyphen;"),
    "decimal entities": each("&#{};"),
    "decimal entities with zeros": each("&#{:07};"),
    "hex entities": each("&#x{:x};"),
    "capital hex entities": each("&#X{:X};"),
    "entities twice": lambda text: html.escape(each("&#{};")(text)),
    "URL": urllib.parse.quote_plus,
    "URL, every character": each("%{:02x}"),
    "URL twice": lambda text: urllib.parse.quote(each("%{:02X}")(text)),
    "URL three times": lambda text: urllib.parse.quote(urllib.parse.quote(each("%{:02X}")(text))),
    "base64": based,
    "base64 at the second offset": lambda text: based(text, 1),
    "base64 at the third offset": lambda text: based(text, 2),
    "base64 in lines": lambda text: base64.encodebytes(b"?>" * 25 + text.encode() + b"?" * 40).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b">?" + text.encode()).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 reversed": lambda text: based(text)[::-1],
    "base64 of the reversed": lambda text: based(text[::-1], 1),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "hex with spaces": lambda text: text.encode().hex(" "),
    "hex with colons": lambda text: text.encode().hex(":", 2).upper(),
    "hex reversed": lambda text: text.encode().hex()[::-1],
    "hex of the reversed": lambda text: text[::-1].encode().hex(),
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "spaces between": between(" "),
    "dots between": between(" · "),
    "lines between": between("\n"),
    "zero-width spaces between": between("\u200b"),
    "joiners between": between("\u2060\ufeff"),
    "soft hyphens between": between("\u00ad"),
    "strokes through": between("\u0336"),
    "accents": lambda text: text.replace("e", "é").replace("a", "ä"),
    "full width": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
    "tags between": between("<wbr>"),
    "colours between": between("\x1b[31m"),
}
OF_BYTES: dict[str, str] = {
    "UTF-16 little-endian": "utf-16-le", "UTF-16 big-endian": "utf-16-be", "UTF-16 with a mark": "utf-16",
    "UTF-32 little-endian": "utf-32-le", "UTF-32 big-endian": "utf-32-be", "UTF-32 with a mark": "utf-32",
    "UTF-8 with a mark": "utf-8-sig",
}  # fmt: skip


def table(text: str) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([["student", "said"], ["ada", text]])
    return file.getvalue()


def terminal(text: str) -> str:
    """Return the report of a failed test on a narrow terminal, as `grader grade` prints it."""
    told = dict.fromkeys(LANGUAGES, text)
    info = TestInfo("test_x", Visibility.HIDDEN, "protocol", 8, told)
    result = TestResult(info, Verdict.WRONG, feedback=Feedback(told, told, told, told, "called"))
    console = Console(file=io.StringIO(), width=60)
    console.print(TerminalReport(Catalogue(), "en").failure(result))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


ARTEFACTS: dict[str, Callable[[str], str]] = {
    "text": lambda text: f"WHAT HAPPENED\n{text}\n",
    "terminal": terminal,
    "JSON": lambda text: json.dumps({"feedback": {"happened": f"said {text}!"}}, indent=2),
    "JSON with other letters": lambda text: json.dumps({text: ["影单", text]}, ensure_ascii=False),
    "HTML": lambda text: f"<!doctype html><p title={quoteattr(text)}>{html.escape(text)}</p>",
    "JSON in HTML": lambda text: f'<script type="x">{html.escape(json.dumps({"a": text}))}</script>',
    "XML": lambda text: f"<testcase><failure message={quoteattr(text)}/></testcase>",
    "CSV": table,
    "link": lambda text: f"[report](https://example.org/?q={urllib.parse.quote_plus(text)})",
}


@pytest.mark.parametrize("artefact", ARTEFACTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_marker_is_found_in_every_form_in_every_kind_of_artefact(form: str, artefact: str) -> None:
    planted = ARTEFACTS[artefact](FORMS[form](MARKER))
    assert {leak.secret for leak in GUARD.check(planted, artefact)} == {SECRETS[0]}
    assert {leak.secret for leak in GUARD.check(planted.encode(), artefact)} == {SECRETS[0]}


@pytest.mark.parametrize("charset", OF_BYTES.values(), ids=OF_BYTES)
def test_a_marker_is_found_in_other_charsets(charset: str) -> None:
    whole = f"one\ntwo {MARKER}".encode(charset)
    assert [leak.secret for leak in GUARD.check(whole, "file")] == [SECRETS[0]]
    assert [leak.secret for leak in GUARD.check(b"\xff\x00PNG" + whole + b"\xfe", "file")] == [SECRETS[0]]


@pytest.mark.parametrize("artefact", ARTEFACTS)
@pytest.mark.parametrize(
    "form", ["plain", "upper case", "reversed", "base64 at the second offset", "hex", "URL", "decimal entities"]
)
def test_a_text_of_a_hidden_module_is_found_too(form: str, artefact: str) -> None:
    assert {leak.secret for leak in GUARD.check(ARTEFACTS[artefact](FORMS[form](TEXT)), artefact)} == {SECRETS[1]}


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (MARKER, "plain"),
        (MARKER.upper(), "other case or separators"),
        (each("&#x{:x};")(MARKER), "escaped"),
        (each("\\{:03o}")(MARKER), "octal"),
        (based(MARKER, 1), "base64"),
        (each("%{:02X}")(based(MARKER, 2)), "base64, escaped"),
        (MARKER[::-1].encode().hex(), "hex of the reversed text"),
        (json.dumps("\n".join(MARKER[::-1]))[1:-1], "plain, reversed, escaped"),
    ],
)
@pytest.mark.parametrize("lines", [0, 3, 30_000])
def test_a_leak_says_where_and_how_but_not_what(planted: str, said: str, lines: int) -> None:
    before = "nothing is here\n" * lines + "…… "
    [leak] = GUARD.check(f"{before}{planted}\nmore\n" + "and more\n" * lines, "report.html")
    assert (leak.place, leak.line, leak.form) == ("report.html", lines + 1, said)
    assert len(before) <= leak.offset <= len(before) + len("%AB") * 3, "what begins with other bytes begins later"
    assert MARKER not in str(leak)
    assert str(leak) == f"report.html:{lines + 1}: the leak marker of tests/hidden/x1_x/test_x.py:3 ({said})"


@pytest.mark.parametrize("shift", range(0, 60, 7))
def test_a_marker_is_found_where_two_blocks_meet(shift: int) -> None:
    artefact = "." * (guard.BLOCK - shift) + " ".join(MARKER) + "." * 100
    assert [leak.offset for leak in GUARD.check(artefact, "")] == [guard.BLOCK - shift]


def test_every_secret_of_many_is_found_and_said_once() -> None:
    many = [Secret(f"leak-marker-{n:08x}{n:04}-a", "m", n, marker=True) for n in range(200)]
    artefact = "\n".join(secret.text for secret in many) * 3
    assert [leak.secret for leak in Guard(many).check(artefact, "")] == many


# -- what is no leak


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "leak-marker-",
        "LEAK_MARKER = ",
        MARKER[:-1],
        MARKER[1:],
        MARKER.replace("5eb0", "5eb1"),
        "the ninth film that nobody has seen",
        "\ud800\udfff\x00",
        "&#1114112;&#x;&;%%%zz\\u12\\",
    ],
    ids=ascii,
)
def test_what_only_looks_alike_is_no_leak(harmless: str) -> None:
    assert GUARD.check(harmless, "") == []
    assert GUARD.check(harmless.encode("utf-8", "surrogatepass"), "") == []


def test_the_public_half_tells_nothing() -> None:
    search = Search(Guard([*secrets_of(ROOT, ROOT), *SECRETS]))
    search.paths([ROOT / "exercises", ENGINE, *ROOT.glob("*.md"), ROOT / "pyproject.toml"])
    assert search.files > 50
    assert (list(map(str, search.leaks)), search.unread) == ([], [])


def test_the_attempts_of_harmless_samples_tell_nothing(full: None, tmp_path: Path) -> None:
    course = load_course(ROOT)
    said: list[str] = []
    inspection = Inspection(Guard(secrets_of(ROOT, ROOT)), said.append)
    grader = Grader(course, ROOT, Isolation.FULL, seed=1, inspect=inspection)
    samples = [(exercise, sample) for exercise in course.exercises.values() for sample in load_samples(ROOT, exercise)]
    harmless = [(exercise, sample) for exercise, sample in samples if sample.kind != "attack"]
    try:
        graded = [
            grader.grade(read_submission(materialize(sample, tmp_path / sample.exercise / sample.name), exercise))
            for exercise, sample in harmless
        ]
    finally:
        grader.close()
    assert said == []
    assert [attempt.path for attempt in graded if attempt.outcome.ours] == []


@pytest.mark.parametrize("kind", ["prose", "escaped", "noise"])
def test_a_megabyte_is_searched_for_twenty_markers_in_a_moment(kind: str) -> None:
    many = [Secret(f"leak-marker-{n:08x}5eb0c1d2-b", "m", n, marker=True) for n in range(20)]
    searcher = Guard([*many, *secrets_of(ROOT, ROOT)])
    prose = (ROOT / "README.md").read_text(encoding="utf-8") * 200
    kinds: dict[str, str | bytes] = {
        "prose": prose,
        "escaped": json.dumps(html.escape(prose)),
        "noise": os.urandom(1 << 20),
    }
    artefact = kinds[kind][: 1 << 20]
    assert len(artefact) == 1 << 20
    best = min(timed(lambda: searcher.check(artefact, "")) for _ in range(3))
    assert best < PLENTY


def timed(function: Callable[[], object]) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began


# -- what is secret


@pytest.fixture
def hidden(tmp_path: Path) -> Callable[[str], list[Secret]]:
    """Return what is secret of a course with one hidden module."""
    folder = tmp_path / "tests" / "hidden" / "x1_x"
    folder.mkdir(parents=True)
    (tmp_path / "exercises").mkdir()

    def secrets(source: str) -> list[Secret]:
        (folder / "test_x.py").write_text(source, encoding="utf-8")
        return secrets_of(tmp_path, tmp_path)

    return secrets


LONG = "everything that is long enough to tell"


@pytest.mark.parametrize(
    "source",
    [
        f"FILMS = ['{LONG}']",
        f"FILMS = b'{LONG}'",
        f"def helper():\n    '''{LONG}'''",
        f"'''{LONG}'''",
        f"def test_x():\n    'short'\n    client.post('/', data='{LONG}')",
        f"def test_x():\n    'short'\n    assert seen == '{LONG}', 'short'",
        f"def test_x():\n    'short'\n    seen = f'{LONG}{{1}}'",
    ],
)
def test_the_texts_of_a_hidden_module_are_secret(hidden: Callable[[str], list[Secret]], source: str) -> None:
    [secret] = hidden(source)
    assert secret.text in LONG
    assert secret.place == "tests/hidden/x1_x/test_x.py"


@pytest.mark.parametrize(
    "source",
    [
        "FILMS = ['too short to tell']",
        f"def test_x():\n    '''{LONG}'''",
        f"@mark.points(1, 'design', rule='{LONG}')\ndef test_x():\n    'short'",
        f"def test_x():\n    'short'\n    assert seen, '{LONG}'",
        f"def test_x():\n    'short'\n    raise Finding('{LONG}', look='{LONG}')",
        f"KINDS = (public('{LONG}'), '/')",
        f"# {LONG}",
        "FILMS = ['Learn how Python web frameworks work by building one']",
    ],
)
def test_what_is_meant_for_students_or_known_to_them_is_not(
    hidden: Callable[[str], list[Secret]], source: str, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    assert hidden(source) == []


def test_a_long_text_is_told_by_any_part_of_it(hidden: Callable[[str], list[Secret]]) -> None:
    words = " ".join(f"word{n}" for n in range(50))
    found = Guard(hidden(f"PAGE = '''{words}'''")).check(f"…{words[150:240]}…", "")
    assert found


@pytest.mark.parametrize(
    "place", ["tests/hidden/x1_x/films.json", "tests/hidden/x1_x/sub/seed.sql", "solutions/x1_x/app.py"]
)
def test_markers_are_collected_from_every_file_of_the_private_half(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(f'x\n["{MARKER}"]\n', encoding="utf-8")
    assert secrets_of(tmp_path, tmp_path) == [Secret(MARKER, place, 2, marker=True)]


def test_a_marker_that_is_too_short_is_refused(hidden: Callable[[str], list[Secret]]) -> None:
    with pytest.raises(UsageError, match=r"test_x.py:2: the marker 'leak-marker-a1' is too short"):
        hidden("\nLEAK_MARKER = 'leak-marker-a1'")


def test_a_hidden_module_that_is_no_python_is_refused(hidden: Callable[[str], list[Secret]]) -> None:
    with pytest.raises(UsageError, match=r"test_x.py: not a Python file"):
        hidden("def")


def test_every_hidden_module_of_this_course_has_a_marker() -> None:
    secrets = secrets_of(ROOT, ROOT)
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "hidden").rglob("test_*.py")}
    assert modules
    assert modules <= {secret.place for secret in secrets if secret.marker}


# -- the command


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "120", "LANG": "C.UTF-8"})


@pytest.fixture
def planted(a_copy: Path) -> Path:
    """A course whose hidden module has the planted marker."""
    module = a_copy / "tests" / "hidden" / "a1_hello_wsgi" / "test_contract.py"
    source = module.read_text(encoding="utf-8")
    module.write_text(source.replace("leak-marker-6f1d0c52-a1", MARKER), encoding="utf-8")
    assert MARKER in module.read_text(encoding="utf-8")
    return a_copy


def tarred(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


HIDING_PLACES: dict[str, tuple[str, bytes, str]] = {
    "a page": ("report.html", f"<p>\n{MARKER}".encode(), "report.html:2"),
    "a page of PowerShell": ("out.txt", f"\n{MARKER}".encode("utf-16"), "out.txt:2"),
    "a compiled module": ("x.pyc", b"\xa7\r\r\n\0\0" + MARKER.encode() + b"\xff", "x.pyc:"),
    "a wheel": ("x.whl", zipped("a/x.py", MARKER.encode()), "x.whl!a/x.py:1"),
    "a source archive": ("x.tar.gz", tarred("x/a.py", MARKER.encode()), "x.tar.gz!x/a.py:1"),
    "a zip in an archive": ("x.tgz", tarred("y.zip", zipped("z", MARKER.encode())), "x.tgz!y.zip!z:1"),
    "bzip2": ("x.bz2", bz2.compress(MARKER.encode()), "x.bz2:1"),
    "the name of a file": (f"{MARKER}.txt", b"", f"{MARKER}.txt (its name):1"),
    "the name of a member": ("x.zip", zipped(f"{MARKER}/", b""), f"x.zip!{MARKER}/ (its name):1"),
}


@pytest.mark.parametrize("case", HIDING_PLACES)
def test_a_folder_is_searched_into_its_last_corner(case: str, planted: Path, tmp_path: Path) -> None:
    name, content, place = HIDING_PLACES[case]
    folder = tmp_path / "site" / "deep" / "inside"
    folder.mkdir(parents=True)
    (folder / "clean.txt").write_text("nothing\n")
    (folder / name).write_bytes(content)
    result = run("leaks", tmp_path / "site", "--course", planted)
    assert result.exit_code == 1, result.output
    [line] = result.stdout.splitlines()
    assert line.startswith(f"{folder}{os.sep}{place}")
    assert "tests/hidden/a1_hello_wsgi/test_contract.py:" in line
    assert "found 1" in result.stderr


def test_a_folder_without_leaks_is_clean(planted: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "x.zip").write_bytes(zipped("index.html", b"<p>nothing"))
    (tmp_path / "site" / "empty").write_bytes(b"")
    result = run("leaks", tmp_path / "site", planted / "exercises", "--course", planted)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "found 0" in result.stderr


def test_a_link_is_not_followed_but_read(planted: Path, tmp_path: Path, posix: None) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "everything").symlink_to("/")
    assert run("leaks", tmp_path / "site", "--course", planted).exit_code == 0
    (tmp_path / "site" / "there").symlink_to(f"/home/{MARKER}")
    assert run("leaks", tmp_path / "site", "--course", planted).exit_code == 1


def bomb() -> bytes:
    """Return an archive that would unpack to a little more than is unpacked."""
    return gzip.compress(bytes(folders.MOST + 1), 1)


def nested() -> bytes:
    """Return an archive in an archive in an archive and so on."""
    data = b"x"
    for _ in range(folders.DEEPEST + 1):
        data = zipped("x", data)
    return data


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped("x", b"x" * 1000)[:-30], "cannot be unpacked"),
        (gzip.compress(b"x" * 1000)[:-9], "cannot be unpacked"),
        (b"\xfd7zXZ\x00abc", "of a kind that is not opened here"),
        (nested(), "4 archives within one another"),
        (zipped("x", b"x" * 100).replace(b"\x08\x00", b"\x0e\x00"), "a method that is not opened here"),
    ],
)
def test_what_cannot_be_searched_is_never_called_clean(
    planted: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    result = run("leaks", tmp_path / "x", "--course", planted)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_bomb_is_not_unpacked_to_the_end(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST", 1 << 20)
    monkeypatch.setattr(folders.Budget.__init__, "__defaults__", (1 << 20,))
    (tmp_path / "x.gz").write_bytes(bomb())
    result = run("leaks", tmp_path / "x.gz", "--course", planted)
    assert result.exit_code == 2
    assert "unpacks to more than 1 MiB" in result.stderr


def test_a_file_that_cannot_be_read_is_not_called_clean(planted: Path) -> None:
    memory = Path("/proc/self/mem")
    if not memory.exists():
        skip("this system has no file that not even root can read", "run it on Linux")
    result = run("leaks", memory, "--course", planted)
    assert result.exit_code == 2
    assert "/proc/self/mem: cannot be read (Input/output error); change its permissions" in result.stderr


def test_without_the_private_half_there_is_nothing_to_compare_with(planted: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    shutil.move(planted / "tests", private / "tests")
    result = run("leaks", planted / "exercises", "--course", planted)
    assert result.exit_code == 2
    assert "--private" in result.output
    assert run("leaks", planted / "exercises", "--course", planted, "--private", private).exit_code == 0
    assert run("leaks", private / "tests", "--course", planted, "--private", private).exit_code == 1


def test_a_hidden_module_without_a_marker_is_named(planted: Path) -> None:
    (planted / "tests" / "hidden" / "a1_hello_wsgi" / "test_more.py").write_text("")
    result = run("leaks", planted / "exercises", "--course", planted)
    assert "tests/hidden/a1_hello_wsgi/test_more.py: has no leak marker" in result.stderr


# -- before anything is published

LEAKY = '''
from pytest import mark
from grader.testing import Finding, public

SECRET = "a sentence of the hidden tests that is for nobody's eyes"

@mark.points(1, "design", statement="four-shapes")
def test_leaky(submission, trace):
    """{docstring}"""
    seen = trace(submission.application, "GET", "/")
    if b"watch-list" not in seen.body:
        raise Finding("it said {{what}}", look="{look}", what=public({what}))
    assert seen.body.endswith(b"\\n"), "{message}"
'''
HARMLESS = {"docstring": "it says so", "look": "the greeting", "what": "'nothing'", "message": "the end"}
HONEST = (ROOT / "solutions" / "a1_hello_wsgi" / "app.py").read_text(encoding="utf-8")
SILENT = HONEST.replace("影单 watch-list", "nothing")
ENDLESS = HONEST.replace("watch-list\\n", "watch-list")


@pytest.fixture
def leaky(planted: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a course with a test that leaks, and what three students handed in."""
    assert HONEST not in (SILENT, ENDLESS)

    def make(**texts: str) -> Path:
        folder = planted / "tests" / "hidden" / "a1_hello_wsgi"
        (folder / "test_leaky.py").write_text(LEAKY.format(**{**HARMLESS, **texts}), encoding="utf-8")
        for student, source in (("ada", HONEST), ("bohan", SILENT), ("chiara", ENDLESS)):
            (tmp_path / "class" / student).mkdir(parents=True, exist_ok=True)
            (tmp_path / "class" / student / "app.py").write_text(source, encoding="utf-8")
        return planted

    return make


def published(result: Result, out: Path) -> str:
    """Return everything that students could see of a grading."""
    return result.stdout + "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.json"))


LEAKS_OF_AUTHORS = {
    "a docstring": ({"docstring": f"it says {MARKER}"}, ["ada", "bohan", "chiara"]),
    "an advice": ({"look": f"see {MARKER}"}, ["bohan"]),
    "an assert": ({"message": f"{MARKER} at the end"}, ["chiara"]),
    "a value marked public": ({"what": repr(f"not {MARKER}")}, ["bohan"]),
    "a value made at run time": ({"what": repr(MARKER[::-1]) + "[::-1].upper()"}, ["bohan"]),
    "a text of the module": ({"what": "SECRET"}, ["bohan"]),
    "a text in base64": ({"what": "__import__('base64').b64encode(SECRET.encode()).decode()"}, ["bohan"]),
}


@pytest.mark.parametrize("case", LEAKS_OF_AUTHORS)
def test_what_would_leak_is_withheld_and_the_others_are_graded(
    leaky: Callable[..., Path], tmp_path: Path, full: None, case: str
) -> None:
    texts, victims = LEAKS_OF_AUTHORS[case]
    course, out = leaky(**texts), tmp_path / "out"
    form = "table" if "assert" in case else "json"
    result = run("grade", tmp_path / "class", "--exercise", "a1", "--course", course, "--out", out, "--format", form)
    assert result.exit_code == 3, result.output
    assert GUARD.check(published(result, out), "") == []
    assert "a sentence of the hidden" not in published(result, out)
    written = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in out.rglob("*.json")}
    for student in ("ada", "bohan", "chiara"):
        attempt = written[student]
        if student in victims:
            assert (attempt["verdict"], attempt["score"], attempt["tests"]) == ("grader_error", None, [])
            assert f"{student}: withheld: a1_hello_wsgi, JSON, en:" in result.stderr
        else:
            assert attempt["verdict"] == "graded"
            assert attempt["score"]["earned"] > 0
    assert "tests/hidden/a1_hello_wsgi/test_" in result.stderr
    assert MARKER not in result.stderr


def test_one_attempt_on_a_terminal_is_withheld_too(leaky: Callable[..., Path], tmp_path: Path, full: None) -> None:
    course = leaky(message=f"the end, {MARKER}")
    result = run("grade", tmp_path / "class" / "chiara", "--exercise", "a1", "--course", course)
    assert result.exit_code == 3
    assert MARKER not in result.output
    assert "WHAT HAPPENED" not in result.output
    assert WITHHELD.split(":")[0] in " ".join(result.stdout.split())


def test_staff_may_see_what_students_may_not(leaky: Callable[..., Path], tmp_path: Path, full: None) -> None:
    course = leaky(message=f"the end, {MARKER}")
    words = ("--exercise", "a1", "--course", course, "--format", "json", "--audience", "staff")
    result = run("grade", tmp_path / "class" / "chiara", *words)
    assert result.exit_code == 0, result.output
    assert MARKER in result.stdout


def test_the_demonstration_withholds_too(leaky: Callable[..., Path], full: None) -> None:
    course = leaky(docstring=f"it says {MARKER}")
    shutil.copytree(ROOT / "tests" / "submissions", course / "tests" / "submissions")
    result = run("demo", "--course", course)
    assert result.exit_code == 3
    assert MARKER not in result.output
    assert "100/100" not in result.output


def test_a_report_that_tells_is_not_printed() -> None:
    inspection = Inspection(GUARD, print)
    inspection.report("nothing")
    with pytest.raises(EngineFault, match="the report is withheld: terminal:1: the leak marker of tests/hidden/x1_x"):
        inspection.report(f"ada {MARKER}")


ECHO = """
MARKER = "{marker}"
def application(environ, start_response):
    raise ValueError("I know it: " + MARKER)
"""


@pytest.mark.parametrize("disguise", ["plain", "hex", "spaces between"])
def test_a_student_who_hands_in_a_marker_is_graded_and_staff_is_told(
    planted: Path, tmp_path: Path, full: None, disguise: str
) -> None:
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "app.py").write_text(ECHO.format(marker=FORMS[disguise](MARKER)), encoding="utf-8")
    result = run("grade", tmp_path / "eve", "--exercise", "a1", "--course", planted)
    assert result.exit_code == 0, result.output
    assert "I know it" in result.stdout
    assert "handed in the leak marker of tests/hidden/a1_hello_wsgi/test_contract.py" in result.stderr


def test_a_marker_that_was_handed_in_hides_no_other_leak(
    leaky: Callable[..., Path], tmp_path: Path, full: None
) -> None:
    course = leaky(what="SECRET")
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "app.py").write_text(f"# {MARKER}\n{SILENT}", encoding="utf-8")
    result = run("grade", tmp_path / "eve", "--exercise", "a1", "--course", course)
    assert result.exit_code == 3
    assert "a sentence of the hidden" not in result.output
