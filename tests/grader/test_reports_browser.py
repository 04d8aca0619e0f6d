"""The pages in a real browser: nothing hostile happens, nothing is asked for, and they can be read by eyes, ears and keys."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.grades import Grade, Override, Status
from grader.models import LANGUAGES, Attempt, TestInfo, TestResult, Verdict, Visibility
from grader.reports import class_page, html, pages
from grader.reports.analysis import Statistics
from grader.reports.class_page import Names, Part
from grader.reports.resemblance import Known
from tests.grader.conftest import skip
from tests.grader.test_reports_pages import A1, HOSTILE, MARKUP, attempt, history, results_of

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 360, "height": 740}
SCREEN = {"width": 1000, "height": 800}


@dataclass
class Seen:
    """A page that is open, and whatever it did: messages, dialogs, requests."""

    page: Any
    did: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def asked(self, dialog: Any) -> None:  # noqa: ANN401 - playwright's
        """Note a dialog, and close it."""
        self.did.append(dialog.message)
        dialog.dismiss()

    @property
    def inert(self) -> bool:
        """Whether it did nothing at all but being loaded from its file."""
        return self.did == [] and len(self.requests) == 1 and self.requests[0].startswith("file:")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    missing = [
        name for name in ("playwright", "axe_playwright_python", "matplotlib") if not importlib.util.find_spec(name)
    ]
    if missing:
        skip(f"there is no {missing[0]}", "uv sync --group ci")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        skip("there is no Chromium", "apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        flags = ["--no-sandbox", "--disable-background-networking"]
        found = started.chromium.launch(executable_path=path, args=flags)
        yield found
        found.close()


def hostile() -> Attempt:
    """Return an attempt with something hostile wherever a text may stand."""
    return attempt(MARKUP, "test_one", text=" ".join(text for text in HOSTILE if len(text) < 1000))


@functools.cache
def student_page() -> str:
    """Return the page of such an attempt."""
    return html.page([hostile()], "en")


@functools.cache
def several_page() -> str:
    """Return the page of such an attempt and of others."""
    return html.page([hostile(), attempt("ada"), attempt("x" * 5000)], "zh-CN")


@functools.cache
def feedback_page() -> str:
    """Return a page of feedback about an attempt that was given points by hand."""
    decided = Override(Decimal(8), f"read {MARKUP}", "2026-10-01")
    grade = Grade(MARKUP, A1.name, Status.OVERRIDDEN, decided.points, 10, history(40)[0], override=decided)
    return pages.page(MARKUP, [pages.Entry(A1, grade, hostile())], "zh-CN")


@functools.cache
def whole_class() -> str:
    """Return the page about a class with hostile names."""
    known = Statistics(A1.name)
    for number, name in enumerate(HOSTILE):
        known.add(name, history(50, 50, 50, 50), results_of([bool(number >> bit & 1) for bit in range(3)]))
    samples = [Known("alike", "does <b>it</b> wrong", frozenset({"test_0", "test_1", "test_2"}))]
    return class_page.page([Part(A1.title, known, samples)], Names(), "en")


PAGES = {"student": student_page, "several": several_page, "feedback": feedback_page, "class": whole_class}


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:  # noqa: ANN401 - playwright's
    """A function that opens a page, with what a context of the browser takes; scripts are off, if it does not say otherwise."""
    contexts = []

    def opened(name: str, more: str = "", **words: Any) -> Seen:  # noqa: ANN401 - playwright's
        (tmp_path / "page.html").write_text(PAGES[name]().replace("</main>", f"{more}</main>"), encoding="utf-8")
        context = browser.new_context(**{"viewport": SCREEN, "java_script_enabled": False, **words})
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.did.append(message.text))
        seen.page.on("pageerror", lambda error: seen.did.append(str(error)))
        seen.page.on("dialog", seen.asked)
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto((tmp_path / "page.html").as_uri())
        return seen

    yield opened
    for context in contexts:
        context.close()


def test_what_a_page_tries_is_seen_and_its_policy_forbids_it(show: Any) -> None:  # noqa: ANN401 - playwright's
    more = '<script>alert(1)</script><img src="http://127.0.0.1:9/" onerror="alert(2)"><p style="color: red">x</p>'
    seen = show("student", more, java_script_enabled=True)
    assert not seen.inert
    assert sum("Content Security Policy" in said for said in seen.did) >= 3, seen.did
    assert not {"1", "2"} & set(seen.did)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_inert_and_accessible(show: Any, name: str, scheme: str) -> None:  # noqa: ANN401 - playwright's
    from axe_playwright_python.sync_playwright import Axe

    seen = show(name, color_scheme=scheme, java_script_enabled=True)
    assert seen.inert, (seen.did, seen.requests)
    for language in LANGUAGES:
        seen.page.check(f"#{language}")
        found = Axe().run(seen.page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert seen.page.evaluate("document.scripts.length + document.images.length + document.links.length") == len(
        re.findall("<a ", PAGES[name]())
    )
    assert seen.inert, (seen.did, seen.requests)


@pytest.mark.parametrize("name", PAGES)
def test_the_language_is_switched_by_keys_alone_and_without_a_script(show: Any, name: str) -> None:  # noqa: ANN401
    seen = show(name)
    seen.page.check("#en")
    english, chinese = (seen.page.locator(f".page h1 [lang={language}]") for language in LANGUAGES)
    assert (english.is_visible(), chinese.is_visible()) == (True, False)
    seen.page.locator("#en").focus()
    seen.page.keyboard.press("ArrowRight")
    assert (english.is_visible(), chinese.is_visible()) == (False, True)
    assert seen.page.locator("#zh-CN").is_checked()
    assert seen.inert


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_has_a_name_in_the_language_that_is_shown(show: Any, name: str) -> None:  # noqa: ANN401
    seen = show(name)
    count = PAGES[name]().count("<svg")
    assert count
    while (folded := seen.page.locator("details:not([open]) > summary:visible")).count():
        folded.first.click()
    for language, words in (("en", r"^[^一-鿿]+$"), ("zh-CN", r"[一-鿿]")):
        seen.page.check(f"#{language}")
        assert seen.page.get_by_role("img", name=re.compile(words)).count() == count


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_on_a_phone(show: Any, name: str) -> None:  # noqa: ANN401 - playwright's
    seen = show(name, viewport=PHONE, java_script_enabled=True)
    for language in LANGUAGES:
        seen.page.check(f"#{language}")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_names_from_right_to_left_stand_in_their_order(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    known = Statistics(A1.name)
    for name in ("אבג", "דהו", "محمد"):
        known.add(name, history(50), results_of([False, True]))
    made = class_page.page([Part(A1.title, known)], Names(), "en")
    monkeypatch.setitem(PAGES, "names", lambda: made)
    script = """names => { const text = document.querySelector('.group dd'), walk = document.createTreeWalker(text, 4);
      const left = {}; for (let node; node = walk.nextNode();) for (const name of names) {
        const at = node.data.indexOf(name); if (at < 0) continue;
        const range = document.createRange(); range.setStart(node, at); range.setEnd(node, at + name.length);
        left[name] = range.getBoundingClientRect().left; }
      return names.map(name => left[name]); }"""
    places = show("names", java_script_enabled=True).page.evaluate(script, ["אבג", "דהו", "محمد"])
    assert places == sorted(places)
    assert len(set(places)) == 3


def test_the_rubric_by_category_fits_on_a_phone(show: Any) -> None:  # noqa: ANN401 - playwright's
    seen = show("student", viewport=PHONE, java_script_enabled=True)
    widths = seen.page.evaluate(
        "[...document.querySelectorAll('.numbers')].map(e => [e.offsetWidth, e.parentNode.clientWidth])"
    )
    assert widths
    assert all(needed <= there for needed, there in widths)


def test_every_column_of_a_table_is_seen_without_scrolling(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    known = Statistics(A1.name)
    info = TestInfo(
        "a4.test_length_missing_empty_bad_negative", Visibility.HIDDEN, "correctness", 10, {"en": "x", "zh-CN": "x"}
    )
    for number in range(4):
        found = (TestResult(info, Verdict.PASSED if number else Verdict.WRONG),)
        known.add("x" * 80 + str(number), history(50, 50, 50, 50), replace(results_of([True]), results=found))
    made = class_page.page([Part(A1.title, known)], Names(), "en")
    monkeypatch.setitem(PAGES, "long", lambda: made)
    seen = show("long", java_script_enabled=True)
    for language in LANGUAGES:
        seen.page.check(f"#{language}")
        widths = seen.page.evaluate("[...document.querySelectorAll('.wide')].map(e => [e.scrollWidth, e.clientWidth])")
        assert [needed for needed, there in widths if there and needed > there] == []


@pytest.mark.parametrize("name", PAGES)
def test_paper_has_all_of_it_in_one_language_and_no_switch(show: Any, name: str) -> None:  # noqa: ANN401
    seen = show(name, color_scheme="dark", java_script_enabled=True)
    folded = seen.page.locator("details > *:not(summary)").first
    assert not folded.is_visible()
    dark = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    seen.page.emulate_media(media="print")
    assert folded.is_visible()
    assert not seen.page.locator("#en").is_visible()
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark
    assert seen.page.pdf().startswith(b"%PDF")
    assert seen.inert
