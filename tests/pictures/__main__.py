"""``python -m tests.pictures``: makes the pictures of README.md anew, in ``.docs/``, from what the program really shows.

Needs Playwright, Pillow, a Chromium (``--chromium PATH`` if it is not Playwright's own), and a font with Chinese characters.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image  # type: ignore[import-not-found, unused-ignore]
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

from grader.models import LANGUAGES
from grader.student.place import Place
from tests.grader.conftest import ROOT
from tests.pictures.scenes import drawn, scenes
from tests.pictures.screen import page

DOCS = ROOT / ".docs"
COLOURS = 48
"""Colours of a picture: letters need few, and the file stays small."""
SHARP = 1.5
"""Points of a picture for each of the page."""
MOST = 120_000
"""Bytes of a picture."""
LAST = "section:nth-of-type(2)"
"""Before which part of a trace's page the picture ends."""


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__.partition("\n")[0])
    parser.add_argument("--chromium", help="the browser, if it is not the one that Playwright installs")
    parser.add_argument("--out", type=Path, default=DOCS, help="where the pictures go (default: %(default)s)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        for lang in LANGUAGES:
            with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
                make(browser, lang, Path(folder), options.out)
        browser.close()


def make(browser: Browser, lang: str, folder: Path, out: Path) -> None:
    """Make the pictures of one language."""
    top = folder / "course"
    for scene in scenes(top, lang):
        with opened(browser, page(scene.command, scene.shown), 820) as shown:
            save(shown.locator("pre").screenshot(omit_background=True), out / f"{scene.name}.{lang}.png")
    html = folder / "page.html"
    drawn(Place(top), lang, html)
    with opened(browser, html.read_text(encoding="utf-8"), 560) as shown:
        shown.add_style_tag(content="html { border: 1px solid #8b949e; }")
        end = shown.locator(LAST).bounding_box()
        assert end
        area = FloatRect(x=0, y=0, width=560, height=end["y"] - 8)
        save(shown.screenshot(full_page=True, clip=area), out / f"page.{lang}.png")


@contextlib.contextmanager
def opened(browser: Browser, html: str, width: int) -> Iterator[Page]:
    """Open a page, so many points wide."""
    context = browser.new_context(viewport={"width": width, "height": 600}, device_scale_factor=SHARP, offline=True)
    try:
        shown = context.new_page()
        shown.set_content(html)
        yield shown
    finally:
        context.close()


def save(picture: bytes, path: Path) -> None:
    """Write a picture with few colours; refuse one that is too large."""
    found = Image.open(io.BytesIO(picture)).convert("RGBA")
    buffer = io.BytesIO()
    found.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
    size = len(buffer.getvalue())
    assert size <= MOST, f"{path.name} would have {size} bytes"
    path.write_bytes(buffer.getvalue())
    print(f"{path}  {found.width} x {found.height}  {size} bytes")  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
