"""The pages in HTML: what is drawn, where the fault is marked, what a class tells; and that no text is ever markup."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import statistics
import sys
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.catalogues import ENGINE_FOLDER, catalogue_file, read
from grader.cli import main
from grader.course import load_course
from grader.grades import HandedIn, Judged
from grader.leaks.guard import Guard
from grader.leaks.secrets import secrets_of
from grader.models import LANGUAGES, Attempt, Feedback, Outcome, Score, TestInfo, TestResult, Verdict, Visibility
from grader.printable import UNSAFE_CATEGORIES
from grader.reports import class_page, html, sequence
from grader.reports.analysis import Failing, Item, Statistics, failed_tests, finding
from grader.reports.class_page import Names, Part, pseudonyms
from grader.reports.resemblance import KINDS, findings_of, known, likeness, likenesses
from grader.reports.web import POLICY, STYLE, Both
from grader.samples import load_samples
from grader.scoring import by_category, score
from grader.store.records import work_hash
from grader.store.store import open_store
from grader.testing.feedback import same
from tests.grader.conftest import ROOT, skip
from tests.grader.stores import THEN, handed, judged, keep
from tests.grader.test_engine import write_course

COURSE = load_course(ROOT)
A1 = COURSE.find("a1")
MARKUP = "</style></title><script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE = (
    MARKUP, "\"' onfocus=alert(3) autofocus x='", "<svg onload=alert(4)>", "]]><!--", "javascript:alert(5)", "&lt;b&gt;",
    "\u202egnp.exe", "\x1b[31mred\x07", "a\nb\r\u2028c", "\ud800", "{student}{0}", "e" + "\u0301" * 50, "x" * 5000, "https://evil.example/",
)  # fmt: skip
MANY = TestInfo("test_hidden_thing", Visibility.HIDDEN, "protocol", 6, {"en": "one thing", "zh-CN": "一件事"})
VOID = {"meta", "input", "br", "path", "rect", "circle"}
ALLOWED = VOID | {
    "html", "head", "title", "style", "body", "main", "label", "div", "h1", "h2", "h3", "p", "span", "small", "strong", "article",
    "section", "nav", "ul", "ol", "li", "a", "dl", "dt", "dd", "details", "summary", "figure", "figcaption", "svg", "text",
    "bdi", "code", "table", "caption", "thead", "tbody", "tr", "th", "td", "g", "defs", "use",
}  # fmt: skip


class Parsed(HTMLParser):
    """What a browser makes of a page: elements, attributes, texts; every element is closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def assert_inert(page: str) -> Parsed:
    """Make sure that a page has no element, attribute or character that could do anything."""
    found = Parsed(page)
    assert set(found.tags) <= ALLOWED
    assert found.tags.count("style") == found.tags.count("title") == found.tags.count("meta") - 2 == 1
    assert not {name for name, _ in found.attributes if name.startswith("on") or name in ("src", "style", "action")}
    assert all(value.startswith("#") for name, value in found.attributes if name == "href")
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = {place for name, value in found.attributes if name == "aria-labelledby" for place in value.split()}
    assert named <= set(ids)
    assert {place[1:] for name, place in found.attributes if name == "href"} <= set(ids)
    assert not {c for c in page if unicodedata.category(c) in UNSAFE_CATEGORIES} - {"\n"}
    return found


def result(
    trace: str, happened: str = "the answer was not as promised", verdict: Verdict = Verdict.WRONG
) -> TestResult:
    """Return a test that failed."""
    return TestResult(MANY, verdict, feedback=Feedback(same(happened), same("e"), same("w"), same("l"), trace))


def attempt(student: str | None, *passed: str, text: str = "word") -> Attempt:
    """Return an attempt with a text of somebody's wherever one may stand."""
    made = judged(handed(student), *passed)
    said = Feedback(
        same(text), same(text), same(text), same(text), f"called > start_response({text!r}) > raised {text}"
    )
    results = tuple(replace(one, feedback=said if one.feedback else None) for one in made.results)
    return replace(made, results=results, ignored=(text,), path=text)


def run(*words: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(word) for word in words], env={"LANG": "C.UTF-8"})


# -- where the fault is


@pytest.mark.parametrize(
    ("trace", "happened", "verdict", "step", "known"),
    [
        ("called > start_response > returned > yield", "your app answered Content-Length: …, then sent … bytes",
         "wrong", 1, "rule"),
        ("called > returned > yield > start_response > yield", "the first item of the body came before start_response was called",
         "wrong", 2, "rule"),
        ("called > start_response > yield > start_response", "your app called start_response a second time", "wrong", 3, "rule"),
        ("called > start_response > returned > yield", "your app yielded str, not bytes", "wrong", 3, "rule"),
        ("called > readline > read 3", "your app read past the end of the request body", "wrong", 2, "rule"),
        ("called > raised KeyError", "while it was called, your code raised KeyError", "student_exception", 1, "raised"),
        ("called > start_response > returned", "your code did not come to an end", "timeout", 2, "stopped"),
        ("called > start_response > returned > yield > close", "something that no rule is about", "wrong", 4, "noticed"),
        ("called > returned", "your app yielded str, not bytes", "wrong", 1, "noticed"),
    ],
)  # fmt: skip
def test_the_fault_is_marked_where_it_is_known_to_be(
    trace: str, happened: str, verdict: str, step: int, known: str
) -> None:
    failed = result(trace, happened, Verdict(verdict))
    assert sequence.fault_of(failed, sequence.steps(trace)) == sequence.Fault(step, known)


def test_the_findings_that_tell_a_place_are_texts_of_the_driver() -> None:
    assert set(sequence.PLACES) <= set(read(catalogue_file(ENGINE_FOLDER, "zh-CN")))
    assert set(sequence.PLACES) >= sequence.FIRST
    assert set(sequence.PLACES.values()) <= set(sequence.WAYS)


def test_every_event_in_a_kept_feedback_is_drawn_between_two_who_take_part() -> None:
    traces = {
        line.split(maxsplit=1)[1].strip()
        for path in ROOT.glob("tests/submissions/*/*/feedback.en.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("  TRACE ")
    }
    assert len(traces) > 300
    odd = {one.text for trace in traces for one in sequence.steps(trace) if not one.kind}
    assert odd <= {"…"}
    assert all(" > ".join(one.text for one in sequence.steps(trace)) == trace for trace in traces)


def test_the_drawing_has_a_line_of_life_for_each_who_takes_part() -> None:
    failed = result("called > app called > app announces > start_response > returned > source opened")
    drawn = sequence.drawn(failed, Both(), "1")
    for word in ("server", "your middleware", "app", "row source", "服务器", "你的中间件", "应用", "数据源"):
        assert re.search(rf'<text class="name mid"[^>]*>{word}</text>', drawn), word
    assert drawn.count('class="fault cut"') == 1
    assert drawn.count('class="spot"') == 0
    assert sequence.drawn(result("called > raised KeyError"), Both(), "1").count('class="spot"') == 1
    assert drawn.count("<li>") == 6
    assert "middleware" not in sequence.drawn(result("called > returned"), Both(), "1")
    assert sequence.drawn(result(""), Both(), "1") == ""


# -- the page for students


def test_the_page_says_score_feedback_and_trace_in_both_languages() -> None:
    page = html.page([attempt("ada", "test_one")], "zh-CN")
    found = assert_inert(page)
    assert ("lang", "zh-CN") in found.attributes
    words = " ".join(found.texts)
    for said in (
        "Score: 4 of 10 points; 1 of 2 tests passed",
        "得分：4，满分 10",
        "WHAT HAPPENED",
        "发生了什么",
        "test_two",
    ):
        assert said in words, said
    assert "0/6" in words
    assert re.search(r'<input [^>]*id="zh-CN" checked>', page)
    assert page.count('type="radio"') == len(LANGUAGES)


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    page = html.page([attempt("ada")], "en")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style == STYLE
    assert f"style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in POLICY
    assert POLICY.startswith("default-src 'none';")
    assert not re.search(r"url\(|@import|https?:", style)
    assert not re.findall(r"https?://", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_anybody_is_markup(text: str) -> None:
    for several in ([attempt(text, text=text)], [attempt(text, text=text), attempt("ada")]):
        found = assert_inert(html.page(several, "en"))
        assert "script" not in found.tags
        assert "img" not in found.tags


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=60), trace=st.text(max_size=60))
def test_any_text_is_inert(text: str, trace: str) -> None:
    made = attempt(text, text=text)
    said = Feedback(same(text), same(text), same(text), same(text), trace)
    results = tuple(replace(one, feedback=said) for one in made.results)
    odd = replace(made, results=results, exercise=text, detail={"message": text})
    assert_inert(html.page([odd], "en"))


def test_an_attempt_that_was_not_graded_says_why_and_a_fault_of_ours_tells_nothing() -> None:
    refused = replace(
        attempt("ada"), outcome=Outcome.MISSING_FILE, detail={"file": MARKUP}, results=(), score=Score(0, 10)
    )
    assert "&lt;script&gt;" in html.page([refused], "en")
    ours = replace(judged(handed("ada"), outcome=Outcome.GRADER_ERROR), detail={"message": "/home/teacher/secret"})
    page = html.page([ours], "en")
    assert "the fault is ours" in page
    assert "teacher" not in page
    assert_inert(page)


def test_a_diagnostic_without_points_counts_its_questions() -> None:
    made = attempt("ada", "test_one")
    results = tuple(replace(one, info=replace(one.info, points=0)) for one in made.results)
    free = replace(made, results=results, score=score(results), categories=by_category(results))
    page = html.page([free], "en")
    assert "1 of 2 questions answered, no points" in page
    assert_inert(page)


def test_several_attempts_are_folded_and_read_one_at_a_time() -> None:
    read = 0

    def attempts() -> Iterator[Attempt]:
        nonlocal read
        for name in ("ada", "bo", "chiara", "dan"):
            read += 1
            yield attempt(name, "test_one")

    made = html.pieces(attempts(), "en")
    page = "".join(next(made) for _ in range(3))
    assert (page.count("<article"), read) == (1, 2)
    page += "".join(made)
    assert_inert(page)
    assert "<summary><bdi>chiara</bdi> · s1_square · 4/10</summary>" in page
    assert page == html.page(attempts(), "en")
    assert_inert(html.page([], "en"))


def test_the_guard_finds_a_marker_in_a_page() -> None:
    guard = Guard(secrets_of(ROOT, ROOT))
    assert guard.check(html.page([attempt("ada")], "en"), "page") == []
    marker = next(secret for secret in guard.secrets if secret.marker)
    told = html.page([attempt("ada", text=f"&{marker.text}<")], "en")
    assert {leak.secret for leak in guard.check(told, "page")} == {marker}


# -- what a class tells


def results_of(passed: Sequence[bool]) -> Attempt:
    """Return an attempt in which some of several hidden tests passed, each worth as much as its number."""
    results = tuple(
        replace(result("called"), verdict=Verdict.PASSED if one else Verdict.WRONG,
                info=replace(MANY, id=f"test_{number}", points=number + 1))
        for number, one in enumerate(passed)
    )  # fmt: skip
    return replace(judged(handed("x")), results=results, score=score(results), categories=by_category(results))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=3, max_size=30))
def test_discrimination_is_the_correlation_with_the_points_of_all_other_tests(rows: list[tuple[bool, ...]]) -> None:
    known = Statistics("x")
    for number, row in enumerate(rows):
        known.add(str(number), [], results_of(row))
    for number in range(4):
        item = known.items[f"test_{number}"]
        passed = [float(row[number]) for row in rows]
        rest = [float(sum(n + 1 for n, one in enumerate(row) if one and n != number)) for row in rows]
        assert item.difficulty == pytest.approx(statistics.mean(passed))
        if len(set(passed)) == 1 or len(set(rest)) == 1:
            assert item.discrimination is None
        else:
            assert item.discrimination == pytest.approx(statistics.correlation(passed, rest), abs=1e-6)


def test_a_test_that_nobody_tells_apart_has_no_discrimination() -> None:
    item = Item(MANY)
    for rest in (0.2, 0.9):
        item.add(result("called"), rest)
    assert item.discrimination is None


def history(*percents: int | None) -> list[HandedIn]:
    """Return work that was handed in day after day, with the percent that each was worth; None where the fault was ours."""
    scores = [None if percent is None else Score(percent, 100) for percent in percents]
    return [
        HandedIn(number, str(number), THEN + timedelta(days=number), Judged(number, Outcome.GRADED, one))
        for number, one in enumerate(scores)
    ]


@pytest.mark.parametrize(
    ("percents", "since"),
    [
        ((10, 20, 30, 40, 50), None), ((50, 50, 50), None), ((50, 50, 40, 50), 3), ((0, 0, 0, 0), 3),
        ((10, 60, 5, 5, 5, 5), 4), ((100, 0, 0, 0, 0), None), ((50, None, None, None), None), ((50, 50, None, 50, 50), 3),
    ],
)  # fmt: skip
def test_who_tries_three_times_without_gain_is_stuck(percents: tuple[int | None, ...], since: int | None) -> None:
    known = Statistics("x")
    known.add("ada", history(*percents), None)
    assert [one.since for one in known.stuck] == ([] if since is None else [since])


def test_progress_is_the_mean_of_the_best_so_far() -> None:
    known = Statistics("x")
    known.add("ada", history(50, 40, 80), None)
    known.add("bo", history(10, 20)[1:], None)
    assert [(day.handed_in, day.students, day.mean) for day in known.days()] == [(1, 1, 50), (2, 2, 35), (1, 2, 50)]
    known.add("late", [replace(history(0)[0], submitted=THEN + timedelta(days=200))], None)
    weeks = known.days()
    assert len(weeks) == 29
    assert weeks[1].begins - weeks[0].begins == timedelta(days=7)
    assert sum(week.handed_in for week in weeks) == 5


def test_scores_are_counted_by_tenths() -> None:
    known = Statistics("x")
    for earned in (0, 9, 10, 89, 90, 99, 100):
        known.add(str(earned), [], replace(results_of([True]), score=Score(earned, 100)))
    assert known.distribution() == [2, 1, 0, 0, 0, 0, 0, 0, 1, 3]
    assert [known.quantile(share) for share in (0.25, 0.5, 1)] == [9, 89, 100]


def test_where_no_points_can_be_earned_nobody_has_0_percent_of_them(drawing: None) -> None:
    known = Statistics(A1.name)
    for number in range(3):
        made = results_of([True, bool(number)])
        results = tuple(replace(one, info=replace(one.info, points=0)) for one in made.results)
        handed_in = [HandedIn(1, "1", THEN, Judged(1, Outcome.GRADED, Score(0, 0)))]
        known.add(str(number), handed_in, replace(made, results=results, score=Score(0, 0)))
    assert (known.distribution(), known.quantile(0.5), known.days()) == ([0] * 10, None, [])
    page = class_page.page([Part(A1.title, known)], Names(), "en")
    words = " ".join(assert_inert(page).texts)
    assert [said for said in ("0\xa0%", "is 0 %", "now 0 %", "have no score") if said in words] == []
    assert "2/3" in words


# -- whom a group is like


@pytest.mark.parametrize("name", sorted(COURSE.exercises))
def test_every_wrong_sample_is_most_like_itself(name: str) -> None:
    samples = [one for one in load_samples(ROOT, COURSE.exercises[name]) if one.kind in KINDS]
    proven = [one for sample in samples if (one := known(sample))]
    for one in proven:
        assert set(one.findings) <= one.failed, one.name
        own = likeness(Failing(tuple(sorted(one.failed)), tuple(one.findings.items())), one)
        assert own.tests == 1
        assert own.findings == (1.0 if one.findings else None)
        if one.name == "length_counts_characters":
            assert likenesses(Failing(tuple(one.failed), tuple(one.findings.items())), proven)[0].known is one


def test_what_is_found_is_compared_without_the_line_where_it_was() -> None:
    kept = (
        "✗ test_a  0/4  protocol · hidden test · student exception\n  WHAT HAPPENED      while it was called, your code raised "
        "TypeError (line 3 of app.py)\n  the same for: test_b, test_c\n✗ test_d  0/4  protocol · public test · wrong\n"
        "  WHAT HAPPENED      your words\n"
    )
    raised = "while it was called, your code raised TypeError"
    assert findings_of(kept) == dict.fromkeys(("test_a", "test_b", "test_c"), raised)
    assert finding(f"{raised} (line 12 of watchlist/db.py)") == raised


# -- the page about a class


@pytest.fixture(scope="module")
def drawing() -> None:
    """Ask for matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        skip("there is no matplotlib", "uv sync --group ci")


@pytest.fixture(scope="module")
def class_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course and a store with a class of hostile names, one of whom is stuck."""
    place = tmp_path_factory.mktemp("class")
    write_course(place / "course")
    with open_store(str(place / "grades.db"), writing=True) as store:
        for number, name in enumerate((*HOSTILE, "ada", "bohan", "chiara")):
            keep(store, store.begin_run(), handed(name, b"%d" % number), *["test_one"] * (number % 2))
        for number in range(5):
            work = handed("stuck", b"again %d" % number)
            when = THEN + timedelta(days=number)
            store.add(store.begin_run(), work, work_hash(work), when, judged(work, "test_one"))
    return place


def report(place: Path, *words: object) -> tuple[Result, str]:
    """Run the command; return what it wrote too."""
    out = place / "class.html"
    out.unlink(missing_ok=True)
    done = run("report", place / "grades.db", "--course", place / "course", "--out", out, *words)
    return done, out.read_text(encoding="utf-8") if out.exists() else ""


def test_a_class_page_tells_all_of_a_class_and_is_the_same_each_time(class_store: Path, drawing: None) -> None:
    done, page = report(class_store, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert f"{len(HOSTILE) + 4} students, 1 exercises" in done.stderr
    found = assert_inert(page)
    assert found.tags.count("svg") == 3
    words = " ".join(found.texts)
    for said in (
        "Who is stuck",
        "谁卡住了",
        "1 who try without gain",
        "bohan",
        "test_two",
        "40\xa0%",
        "2026-10-01",
        "2 groups",
    ):
        assert said in words, said
    assert report(class_store, "--lang", "en")[1] == page
    assert [leak.place for leak in Guard(secrets_of(ROOT, ROOT)).check(page, "page") if leak.secret.marker] == []


def test_an_anonymous_page_has_no_name_and_numbers_that_no_name_tells(class_store: Path, drawing: None) -> None:
    done, page = report(class_store, "--anonymous")
    assert done.exit_code == 0, done.output
    assert_inert(page)
    for name in ("ada", "bohan", "chiara", "alert", "gnp", "evil", "xxxxx"):
        assert name not in page
        assert name not in done.output
    assert "student 3" in page
    assert "学生 3" in page


def test_pseudonyms_depend_on_the_key_and_not_on_the_order_of_names() -> None:
    students = [f"student{number:03d}" for number in range(200)]
    one, other = (pseudonyms(students, key).numbers or {} for key in (b"k" * 32, b"l" * 32))
    assert sorted(one.values()) == sorted(other.values()) == list(range(1, 201))
    assert pseudonyms(reversed(students), b"k" * 32).numbers == one
    by_name = [one[student] for student in students]
    assert abs(statistics.correlation(by_name, range(200))) < 0.3
    assert abs(statistics.correlation(by_name, [other[student] for student in students])) < 0.3


def test_a_page_stays_small_however_many_students_fail_each_in_their_own_way(drawing: None) -> None:
    known = Statistics("x")
    for number in range(800):
        known.add(
            f"student {number}", history(50, 50, 50, 50, 50), results_of([bool(number >> bit & 1) for bit in range(12)])
        )
    assert len(known.groups) > 700
    page = class_page.page([Part(same("x"), known)], Names(), "en")
    assert_inert(page)
    assert len(page) < 200_000


@pytest.mark.parametrize("level", [(), ("a",), ("a", "b")])
def test_a_class_without_any_failure_or_any_score_has_a_page_too(level: tuple[str, ...], drawing: None) -> None:
    known = Statistics("x")
    for student in level:
        known.add(student, history(100), results_of([True, True]))
    known.add("nobody", [], None)
    assert_inert(class_page.page([Part(same("x"), known)], Names(), "en"))


def test_the_command_says_what_is_wrong(
    class_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawing: None
) -> None:
    both = report(class_store, "--store", class_store / "grades.db")[0]
    assert (both.exit_code, "name it once" in both.stderr) == (2, True)
    nowhere = run("report", tmp_path, "--course", class_store / "course", "--out", tmp_path / "x.html")
    assert (nowhere.exit_code, "there is no store yet" in nowhere.stderr) == (2, True)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    without, page = report(class_store)
    assert (without.exit_code, page) == (2, "")
    assert "web-framework-course[report]" in without.stderr


def test_a_folder_with_a_store_is_a_class(class_store: Path, tmp_path: Path, drawing: None) -> None:
    (class_store / "course" / ".grader").mkdir(exist_ok=True)
    (class_store / "course" / ".grader" / "grades.db").write_bytes((class_store / "grades.db").read_bytes())
    done = run("report", class_store / "course", "--course", class_store / "course", "--out", tmp_path / "x.html")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x.html").stat().st_size > 10_000


def test_the_failed_tests_of_an_attempt_are_those_that_samples_name() -> None:
    made = results_of([True, False, False])
    skipped = replace(made.results[1], verdict=Verdict.SKIPPED)
    assert failed_tests(replace(made, results=(made.results[0], skipped, made.results[2]))) == ("test_2",)
