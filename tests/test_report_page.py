"""The report page: what it says of a store, and how it stands in a browser on a phone, a laptop and A4."""

import csv
import gzip
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import Result

from tests.program import asked
from tests.repairs import Company, day
from ticketing.adapters.reference_files import read_reference_files
from ticketing.adapters.urls import name_of
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.publishing import Publish
from ticketing.domain.values import Actor
from ticketing.pages import drawing
from ticketing.pages.chart_style import WIDE
from ticketing.pages.charts import fitting, room, svg
from ticketing.pages.curve_chart import Curve, curve_chart
from ticketing.pages.funnel_chart import Point, funnel_chart
from ticketing.pages.report_page import report_page
from ticketing.pages.row_chart import Line, Scale, row_chart
from ticketing.simulator import simulate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser import Size

EXAMPLES = Path(__file__).parent.parent / "examples"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> & \x85 \ufffe \u202e " + "W" * 80


class Words(HTMLParser):
    """What can be read in a page, without its pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._in: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in {"svg", "style", "title"}:
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if not self._in and data.strip():
            self.words.append(data.strip())

    def exhibit(self, title: str) -> str:
        """What stands directly below a title."""
        return self.words[self.words.index(title) + 1]


WORKSHOPS = {"berlin": (24, 2), "munich": (24, 13), "ulm": (4, 2), HOSTILE: (20, 3)}
"""How many each handed back, and how many of them were complained about."""


def live(company: Company) -> None:
    """Every fourth day each workshop hands one back a day after it came; two are never handed back."""
    number = 0
    for model, (repairs, complaints) in WORKSHOPS.items():
        for place in range(repairs):
            number += 1
            ticket = company.opens(number, day(4 * place), model=model)
            company.finds(ticket, e.UnitReceived(site="berlin"), day(4 * place))
            company.finds(ticket, e.UnitHandedBack(), day(4 * place + 1))
            company.finds(ticket, e.TicketClosed(outcome="repaired"), day(4 * place + 1))
            if place < complaints:
                company.complains(ticket, 4 * place + 2)
    for number in (901, 902):
        company.repairs(number, 100, None)
    company.now = day(400)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with Company() as company:
        live(company)
        yield company


@pytest.fixture(scope="module")
def page(company: Company) -> str:
    return report_page(company.app, store="repairs.db", by=["model", "site"])


# what it says


def test_the_closed_only_figure_stands_beside_the_truth_at_the_very_top() -> None:
    with Company() as company:
        for number in range(1, 11):
            company.repairs(number, number, 2 * number if number < 9 else None)
        company.now = day(31)
        words = Words(report_page(company.app, by="site"))
    # Ten tickets; those handed back took 1, 2, … 8 days: nine of ten are not back yet.
    assert words.exhibit("Repair figures") == (
        "Within how long 90 of 100 units are back cannot be said yet: 2 of 10 are still here. "
        "The 8 closed tickets alone would say 8.0 days."
    )
    assert words.exhibit("How long does a repair take?") == (
        "Half of the units are back within 5.0 days. "
        "Within how long 90 of 100 are back cannot be said yet: 2 of 10 are still here."
    )
    assert words.exhibit("What is open, and for how long?").startswith("2 tickets are open, none of them for over 45")


def test_who_stands_out_is_named_with_its_counts_and_who_has_too_few_is_not_ranked(page: str) -> None:
    words = Words(page)
    said = words.exhibit("Which model stands out?")
    assert said == (
        "All have 27.8 of 100; by more than chance stand out munich above it (54.2 · 13 of 24); "
        "berlin below it (8.3 · 2 of 24). 3 judged, with at least 20 tickets each."
    )
    assert words.exhibit("Which site stands out?") == "There is nothing to compare: berlin is the only site."
    assert "fewer than 20: not ranked" in words.words
    assert "too few to be judged" in page


def test_every_exhibit_names_its_definition_cohort_cut_zone_and_position(page: str, company: Company) -> None:
    exhibits = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(exhibits) == 8
    cut = f"as of 2027-02-05 00:00:00 UTC, zone UTC, position {company.app.store.head():,} of the log"
    for exhibit in exhibits:
        assert re.search(r"<code>[a-z_]+@[0-9]+</code>", exhibit), exhibit[-900:]
        assert cut in exhibit
        assert "<summary>The numbers behind it</summary>" in exhibit
    complaints = next(one for one in exhibits if 'id="complaints"' in one)
    assert "tickets handed back, all of them; n 72; W 30 days, H 90 days" in complaints


def test_the_same_store_gives_the_same_bytes_and_so_does_its_log(page: str, company: Company) -> None:
    head, now = company.app.store.head(), company.app.now()
    assert report_page(company.app, store="repairs.db", by=["model", "site"], position=head, as_of=now) == page


def test_nothing_is_loaded_nothing_runs_and_no_name_becomes_markup(page: str) -> None:
    assert not re.search(r"<script|<link|<img|@import|url\(|\bon\w+=| href=\"(?!#)", page)
    assert set(re.findall(r"https?://[^\"'\s)]+", page)) == {"http://www.w3.org/2000/svg"}
    assert "&lt;script&gt;alert(1)" in page
    assert not {"\x85", "\ufffe", "\u202e"} & set(page)
    assert not re.search(r"<svg[^>]*>(?:(?!</svg>).)* id=", page, re.DOTALL), "ids of several pictures would clash"


EMPTY = {
    "Repair figures": "No ticket of the period was received, so nothing can be said of how long a repair takes.",
    "Were the clocks met?": "There is nothing to show: no clock belongs to the cohort.",
    "How many complain?": "Nothing can be said yet: no ticket handed back in the period has been back for 30 days.",
    "What is open, and for how long?": "No ticket is open.",
    "Where do the days go?": "There is nothing to show: no ticket of the cohort was received.",
}


def test_an_empty_store_says_why_there_is_nothing_to_draw() -> None:
    with Company() as company:
        page = report_page(company.app)
    words = Words(page)
    assert {title: words.exhibit(title) for title in EMPTY} == EMPTY
    assert "<svg" not in page


def test_one_ticket_that_nobody_complained_of_is_compared_with_nothing() -> None:
    with Company() as company:
        company.repairs(1, 0, 3)
        company.now = day(100)
        words = Words(report_page(company.app, by="site"))
    assert words.exhibit("Repair figures") == "90 of 100 units are back within 3.0 days."
    assert words.exhibit("Did complaints rise or fall?") == "There is nothing to compare: no complaint is on record."
    assert words.exhibit("Which site stands out?") == "There is nothing to compare: berlin is the only site."


def test_a_page_of_a_period_names_it_and_its_backlog_has_none(company: Company) -> None:
    page = report_page(company.app, by="model", from_="2026-02-01", to="2026-02-28", zone="Europe/Berlin")
    assert "2026-02-01 to 2026-02-28; as of" in page
    assert "tickets handed back from 2026-02-01 to 2026-02-28; n " in page
    assert "2 tickets are open, 2 of them for over 45 days." in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cohort": "opened_in"}, "a page has figures of several cohorts: ask one report for one cohort"),
        ({"by": ["shape"]}, "there is no dimension shape; the nearest is "),
        ({"zone": "Berlin"}, "there is no zone Berlin"),
        ({"from_": "2026-03-01", "to": "2026-02-01"}, "the period ends before it starts"),
        ({"colour": "red"}, "colour is no parameter of "),
    ],
)
def test_what_cannot_be_asked_of_a_page_is_refused(given: dict[str, object], said: str, company: Company) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        report_page(company.app, **given)  # type: ignore[arg-type]


def test_without_the_libraries_that_draw_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "find_spec", lambda name: None)
    with Company() as company, pytest.raises(BadInput, match=re.escape("install ticketing[pages]")):
        report_page(company.app)


def test_a_name_that_is_too_long_for_its_place_keeps_its_beginning_and_its_end() -> None:
    short = fitting("leipzig-workshop-technician-3", 120)
    assert re.fullmatch(r"leipzig.*….*-3", short)
    assert room(short) <= 120
    assert fitting("berlin", 120) == "berlin"


# where its marks stand


def paths_of(picture: str, mark: str) -> list[str]:
    """The paths of a kind of mark that are drawn in a picture."""
    groups = re.findall(rf'<g class="mark-{mark} [^>]*>(.*?)</g>', picture, re.DOTALL)
    return [path for group in groups for path in re.findall(r' d="([^"]*)"', group)]


def test_line_and_band_step_to_a_percent_at_the_time_and_at_the_limits_of_that_percent() -> None:
    true = Curve(name="true", at={50: 4, 90: 10}, low={50: 2, 90: 8}, high={50: 6, 90: 12})
    beside = Curve(name="closed only", at={50: 4, 97: 20, 98: 20.5, 99: 40}, low={}, high={})
    picture = svg(curve_chart(true, beside, "days", WIDE), "")
    # 610 by 260 pixels are 20 * 1.04 days by 100 percent: 90 is at 26, 50 at 130; 8 days at 234.615, 12 at 351.923.
    (band,) = paths_of(picture, "area")
    assert "M234.615,26L234.615,130" in band
    assert "L351.923,130L351.923,26" in band
    closed, line = paths_of(picture, "line")
    assert line.endswith("L293.269,130L293.269,26"), "10 days"
    assert closed.endswith("L601.202,7.8L601.202,5.2L610,5.2L610,5.2"), "98 at 20.5 days, 99 behind the axis"


def test_what_lies_beyond_an_axis_is_marked_so_and_not_drawn_as_if_it_were_at_its_end() -> None:
    few = Point(name="ulm", n=3, rate=79, is_too_few=True)
    funnel = svg(funnel_chart([Point(name="berlin", n=40, rate=10), few], 12, ([], []), ("rate", "n"), WIDE), "")
    assert ">ulm ↑ 79.0</text>" in funnel
    assert [path.endswith("Z") and "A" not in path for path in paths_of(funnel, "symbol")] == [False, True]
    lines = [Line(name="berlin", value=10, low=5, high=20), Line(name="ulm", value=10, low=1, high=79)]
    assert len(paths_of(svg(row_chart(lines, Scale(title="rate", end=20), WIDE), ""), "symbol")) == 3


def test_what_stands_in_a_table_is_named_as_in_a_terminal_and_defined_and_nothing_else_is(page: str) -> None:
    ledger = next(one for one in re.findall(r"<figure.*?</figure>", page, re.DOTALL) if 'id="ledger"' in one)
    assert "<code>ledger_turnaround@1</code> turnaround: first receipt to last hand-back" in ledger
    assert ">turnaround</td>" in ledger
    backlog = next(one for one in re.findall(r"<figure.*?</figure>", page, re.DOTALL) if 'id="backlog"' in one)
    assert "<code>backlog_by_state@" in backlog
    assert "<code>long_term@" not in backlog


# the command


def command(url: str, *more: str) -> Result:
    return asked(url, "report", "page", *more)


def test_the_command_writes_the_page_once_and_over_it_only_when_told(sqlite_url: str, tmp_path: Path) -> None:
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
    file = tmp_path / "report.html"
    first = command(sqlite_url, "--out", str(file), "--by", "site")
    assert first.exit_code == 0, first.stderr
    assert re.fullmatch(r"\S+report\.html: \d+ KiB; open it in a browser, or print it\.\n", first.stdout)
    umask = os.umask(0o022)
    os.umask(umask)
    assert file.stat().st_mode & 0o777 == 0o666 & ~umask
    assert '<p class="kicker">store.sqlite</p>' in file.read_text(encoding="utf-8")
    again = command(sqlite_url, "--out", str(file))
    assert (again.exit_code, again.stdout) == (2, "")
    assert "there is a file of that name already; it is overwritten only with --force" in again.stderr
    assert command(sqlite_url, "--out", str(file), "--by", "site", "--force").exit_code == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_command_refuses_in_one_line(sqlite_url: str, tmp_path: Path) -> None:
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
    store = str(tmp_path / "store.sqlite")
    for arguments, said in (
        ([], "a page is written to a file: give --out FILE"),
        (["--out", store, "--force"], "this is the store; name another file"),
        (["--out", str(tmp_path / "no" / "r.html")], "it cannot be written"),
        (["--out", "r.html", "--within", "3"], "--within is no parameter of"),
        (["--out", "r.html", "--by", "shape"], "there is no dimension shape"),
        (["--out", "r.html", "--format", "json"], "a page is HTML: leave --format out"),
    ):
        refused = command(sqlite_url, *arguments)
        assert refused.exit_code == 2
        assert said in refused.stderr
        assert refused.stderr.count("\n") == 1
    other = asked(sqlite_url, "report", "backlog", "--out", "r.html")
    assert "--out and --force are for the page" in other.stderr


def test_a_store_is_called_by_its_file_or_database_and_never_by_its_password() -> None:
    assert name_of("sqlite:////var/lib/repairs.db?synchronous=normal") == "repairs.db"
    assert name_of("postgresql://owner:secret@db.example/repairs?schema=berlin") == "repairs, schema berlin"
    assert name_of("memory:") == "memory"


# in a browser


def demo(_: pytest.FixtureRequest) -> str:
    with simulate("memory:", tickets=40, seed=3) as world:
        return report_page(world.app, store="demo.db")


def phones(request: pytest.FixtureRequest) -> str:
    log = gzip.decompress((request.getfixturevalue("shared_data") / "phone-repair.xes.gz").read_bytes()).decode()
    end = [found.end() for found in islice(re.finditer(r"</trace>", log), 100)][-1]
    file = request.getfixturevalue("tmp_path_factory").mktemp("phones") / "few.xes"
    file.write_text(f"{log[:end]}</log>", encoding="utf-8")
    with Ticketing("memory:", clock=lambda: NOW) as app:
        for thing in read_reference_files([EXAMPLES / "phone-policy.toml"]):
            app.handle(Publish(thing=thing, actor=Actor(id="m-1", role="manager")))
        app.import_log(file, EXAMPLES / "phone-repair.toml")
        return report_page(app, store="phones.db", by="model")


def help_desk(request: pytest.FixtureRequest) -> str:
    packed = request.getfixturevalue("shared_data") / "helpdesk-italy.csv.gz"
    head, *lines = gzip.decompress(packed.read_bytes()).decode().splitlines()
    case_of = [row[0] for row in csv.reader(lines)]
    kept = set(islice(dict.fromkeys(case_of), 100))
    file = request.getfixturevalue("tmp_path_factory").mktemp("desk") / "few.csv"
    rows = [line for line, case in zip(lines, case_of, strict=True) if case in kept]
    file.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    with Ticketing("memory:", clock=lambda: NOW) as app:
        app.import_log(file, EXAMPLES / "helpdesk-italy.toml")
        return report_page(app, store="help-desk.db", by="site")


def hostile(request: pytest.FixtureRequest) -> str:
    page: str = request.getfixturevalue("page")
    return page


PAGES: tuple[Callable[[pytest.FixtureRequest], str], ...] = (demo, phones, help_desk, hostile)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    from tests.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=PAGES, ids=lambda made: made.__name__)
def file(request: pytest.FixtureRequest, browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of a store, in a file."""
    file = tmp_path_factory.mktemp("pages") / "report.html"
    file.write_text(request.param(request), encoding="utf-8")
    return file


@pytest.mark.parametrize("size", ["phone", "laptop", "A4"])
def test_a_page_can_be_read_whole_in_a_browser(file: Path, browser: "Browser", size: "Size") -> None:
    from tests.browser import shown

    with shown(browser, file, size) as seen:
        assert seen.faults() == []
        if size != "A4":
            seen.page.emulate_media(color_scheme="dark")
            assert seen.faults() == []
        assert seen.pictures() == seen.page.locator(".chart").count() >= 2, "each is seen at one of its two widths"
        for summary in seen.page.locator("summary").all() if size != "A4" else ():
            summary.click()
        tables = seen.page.locator("details table")
        assert all(tables.nth(place).is_visible() for place in range(tables.count()))
        assert seen.faults() == []
        assert (seen.told, seen.asked) == ([], [])
