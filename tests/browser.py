"""A browser without a window: what stands in a page where, and whether anybody could not read it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from tests.conftest import NO_CHROMIUM

Size = Literal["phone", "laptop", "A4"]
Scheme = Literal["light", "dark"]
SIZES: dict[Size, ViewportSize] = {
    "phone": {"width": 360, "height": 740},
    "laptop": {"width": 1366, "height": 768},
    # What is left of 210 by 297 mm between the page's margins, in CSS pixels of 1/96 inch.
    "A4": {"width": 673, "height": 979},
}

_FAULTS = """() => {
  const faults = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth) faults.push(`the page is ${root.scrollWidth} wide, the screen ${innerWidth}`);
  const numbers = colour => (colour.match(/[0-9.]+/g) || [0, 0, 0]).map(Number);
  const light = colour => {
    const linear = n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = numbers(colour).map(n => linear(n / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const paper = getComputedStyle(document.body).backgroundColor;
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent.trim());
    const scale = frame.width / svg.viewBox.baseVal.width;
    const boxes = texts.map(text => ({said: text.textContent, box: text.getBoundingClientRect()}));
    for (const text of texts) {
      const style = getComputedStyle(text);
      if (parseFloat(style.fontSize) * scale < 11) faults.push(`too small: ${text.textContent}`);
      if (contrast(style.fill, paper) < 4.5) faults.push(`too faint, ${style.fill} on ${paper}: ${text.textContent}`);
    }
    boxes.forEach(({said, box}, place) => {
      if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5
          || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5) faults.push(`cut by its picture: ${said}`);
      if (box.left < 0 || box.right > innerWidth) faults.push(`cut by the screen: ${said}`);
      for (const other of boxes.slice(place + 1)) {
        const over = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (over > 1 && down > 2) faults.push(`over each other: ${said} / ${other.said}`);
      }
    });
    for (const mark of svg.querySelectorAll('.mark-symbol path, .mark-rect path')) {
      const fill = getComputedStyle(mark).fill;
      if (fill !== 'none' && contrast(fill, paper) < 3) faults.push(`a mark too faint: ${fill} on ${paper}`);
    }
  }
  return faults;
}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in a browser.

    Attributes:
        page: The page.
        told: What it said on the console, or failed with.
        asked: What it asked to load beside itself.
    """

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """What is cut, lies over another, is too small or too faint, or wider than the screen."""
        found: list[str] = self.page.evaluate(_FAULTS)
        return found

    def pictures(self) -> int:
        """How many pictures can be seen."""
        found: int = self.page.evaluate(
            "() => [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().width).length"
        )
        return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests that need it are left out, by name."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def shown(browser: Browser, file: Path, size: Size, scheme: Scheme = "light") -> Iterator[Shown]:
    """The file on a screen of that size, or on paper."""
    page = browser.new_page(viewport=SIZES[size], color_scheme=scheme)
    seen = Shown(page)

    def tell(message: ConsoleMessage) -> None:
        seen.told.append(message.text)

    def ask(request: Request) -> None:
        seen.asked.append(request.url)

    page.on("console", tell)
    page.on("pageerror", lambda error: seen.told.append(str(error)))
    page.emulate_media(media="print" if size == "A4" else "screen")
    page.goto(file.as_uri())
    page.on("request", ask)
    yield seen
    page.close()
