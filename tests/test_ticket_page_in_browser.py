"""A ticket's page as people see it: on a phone, a laptop and A4 nothing is cut and nothing lies over another."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real_logs import PHONES, first_phones, imported
from tests.ticket_page_examples import a_company, just_opens, lives_long
from ticketing import Ticketing
from ticketing.pages.ticket_page import ticket_page
from ticketing.simulator import simulate

if TYPE_CHECKING:  # without the browser, collecting the tests must not ask for what drives it
    from playwright.sync_api import Browser

    from tests.browser import Scheme, Size

NAMES = ("long", "opened", "story", "phone")


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from tests.browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def pages(browser: "Browser", shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The files of a ticket of three cycles, of one fact, of the demo's disputed one, and of one of the phone log."""
    folder = tmp_path_factory.mktemp("pages")
    found: dict[str, str] = {}
    with a_company() as company:
        lives_long(company)
        just_opens(company)
        found |= {"long": ticket_page(company.app, "T-1"), "opened": ticket_page(company.app, "T-2")}
    with simulate("memory:", tickets=1, seed=1) as world:
        found["story"] = ticket_page(world.app, world.story_number, as_of=world.now)
    with Ticketing("memory:") as app:
        imported(app, first_phones(shared_data / PHONES, folder, 3))
        found["phone"] = ticket_page(app, "phone-repair/1")
    for name, page in found.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in found}


@pytest.mark.parametrize(
    ("size", "scheme"), [("phone", "light"), ("laptop", "light"), ("laptop", "dark"), ("A4", "light")]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_ticket_can_be_read_wherever_it_is_shown(
    browser: "Browser", pages: Mapping[str, Path], name: str, size: "Size", scheme: "Scheme"
) -> None:
    from tests.browser import shown

    with shown(browser, pages[name], size, scheme) as seen:
        assert seen.faults() == []
        assert (seen.told, seen.asked) == ([], [])
        assert seen.pictures() == (2 if name in {"long", "story"} else 1)


def test_the_tables_behind_the_charts_are_folded_on_a_screen_and_open_on_paper(
    browser: "Browser", pages: Mapping[str, Path]
) -> None:
    from tests.browser import shown

    seen_on: dict[Size, bool] = {"laptop": False, "A4": False}
    for size in seen_on:
        with shown(browser, pages["long"], size) as seen:
            cell = seen.page.locator("#time-line td").first
            seen_on[size] = cell.evaluate("cell => cell.checkVisibility({contentVisibilityAuto: true})")
    assert seen_on == {"laptop": False, "A4": True}
