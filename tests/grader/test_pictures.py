"""The pictures of README.md: each is there, small, described, and drawn from what the program shows."""

from __future__ import annotations

import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader.models import LANGUAGES
from tests.grader.conftest import ROOT
from tests.pictures.screen import COLUMNS, page

SHOWN = ("check", "watch", "hint", "trace", "page")
MOST, ALL = 120_000, 800_000
IMAGE = re.compile(r'<img src="\.docs/([\w.-]+)" width="\d+" alt="([^"]+)">')
FOUND = dict(IMAGE.findall((ROOT / "README.md").read_text(encoding="utf-8")))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Cells(HTMLParser):
    """Reads back what stands on the page of a terminal, and how wide each span says that it is."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.wrong: list[str] = []
        self.style: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.style = dict(attributes)["style"] if tag == "span" else None

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as HTMLParser calls it
        self.style = None

    def handle_data(self, data: str) -> None:
        if self.style is not None:
            said = re.search(r"width:(\d+)ch", self.style)
            cells = int(said[1]) if said else len(data)
            self.wrong += [data] if cells != cell_len(data) else []
        self.text += data


def test_every_picture_is_shown_in_both_languages_and_none_besides() -> None:
    wanted = {f"{name}.{lang}.png" for name in SHOWN for lang in LANGUAGES}
    assert set(FOUND) == wanted
    assert {path.name for path in (ROOT / ".docs").iterdir()} == wanted


@pytest.mark.parametrize("name", sorted(FOUND))
def test_a_picture_is_small_sharp_and_described_in_its_language(name: str) -> None:
    data = (ROOT / ".docs" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, _ = struct.unpack(">II", data[16:24])
    assert 800 <= width <= 1200
    assert len(data) <= MOST
    assert len(FOUND[name]) > 40
    assert bool(CHINESE.search(FOUND[name])) == ("zh-CN" in name)


def test_all_pictures_together_are_small() -> None:
    assert sum(path.stat().st_size for path in (ROOT / ".docs").iterdir()) <= ALL


def test_a_page_of_a_terminal_has_what_it_showed_each_character_in_its_cells() -> None:
    shown = "\x1b[1mA1 · 你好，WSGI\x1b[0m\r\n\x1b[?25l\x1b[31m✗\x1b[0m <b> 霸\r\n\r\n"
    read = Cells()
    read.feed(page("grader check a1", shown).partition("<pre>")[2])
    assert read.text.strip() == "$ grader check a1\nA1 · 你好，WSGI\n✗ <b> 霸"
    assert read.wrong == []
    assert "font-weight: bold" in page("x", shown)
    assert COLUMNS == 80


def test_a_colour_of_the_terminal_is_one_on_the_page(tmp_path: Path) -> None:
    assert "#ff7b72" in page("x", "\x1b[31mred\x1b[0m")
    assert "#ff7b72" not in page("x", "red")
