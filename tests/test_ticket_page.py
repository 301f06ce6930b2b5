"""The page of one ticket: its time line with clocks and waits, by itself in one file, as of any moment."""

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.program import asked
from tests.repairs import RECEPTIONIST, WHY, Company, day
from tests.test_dossier_page import Element, read
from tests.ticket_page_examples import LONG, a_company, just_opens, lives_long
from ticketing import Ticketing, explanations
from ticketing.domain import events as e
from ticketing.domain.errors import NotFound
from ticketing.domain.values import PrivateText
from ticketing.pages.ticket_page import ticket_page
from ticketing.pages.timed_rows import folded

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def long() -> str:
    """The page of a ticket of three cycles."""
    with a_company() as company:
        lives_long(company)
        return ticket_page(company.app, "T-1")


def rows(page: Element, section: str, number: int = 0) -> list[dict[str, str]]:
    """A table of a section, line by line, by its headings."""
    table = page.one("section", id=section).all("table")[number]
    lines = table.one("tbody").all("tr")
    return [{cell.attributes["data-label"]: cell.text for cell in line.all("td")} for line in lines]


def facts(page: Element) -> dict[str, Element]:
    """The lines of the record, by the fact's version."""
    lines = page.one("section", id="record").one("tbody").all("tr")
    return {line.all("td")[0].text: line for line in lines}


def drawn(page: Element, section: str) -> list[str]:
    """The words in the widest chart of a section."""
    return [text.text for text in page.one("section", id=section).one("svg", class_="broad").all("text")]


def test_the_page_loads_nothing_runs_nothing_and_says_so(long: str) -> None:
    page = read(long)
    assert not page.all("script") + page.all("link") + page.all("img") + page.all("iframe")
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import", long)
    policies = [meta.attributes.get("content") for meta in page.all("meta")]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policies


def test_the_head_says_what_stands_as_of_when_and_from_where_in_the_log(long: str) -> None:
    head = read(long).one("header")
    said = dict(zip((name.text for name in head.all("dt")), (told.text for told in head.all("dd")), strict=True))
    assert head.one("h1").text == "T-1"
    assert said == {
        "unit": "ACME P7",
        "state": "open, in its cycle 3",
        "unit is": "in house at berlin",
        "sites": "berlin, leipzig-workshop",
        "turnaround": "68 d 14 h so far",
        "as of": "2026-03-12 00:00, position 56 of the log",
    }


def test_the_chart_names_every_lane_and_says_how_long_waits_lasted(long: str) -> None:
    words = drawn(read(long), "time-line")
    assert {"case", "unit", "work", "parts manufacturer", "expert opinion", "D-1", "D-2"} <= {*words}
    # The wait of the ninth day, from day 31.4 to 40.4; and the one that goes on since day 62.5, on day 70.
    assert {"9 d", "7 d 12 h"} <= {*words}


def test_the_chart_names_every_clock_under_its_policy_and_how_it_stands(long: str) -> None:
    page = read(long)
    words = drawn(page, "clocks")
    assert words.count("house-and-manufacturer-contract@1") == 1
    clocks = rows(page, "clocks")
    for state in ("met", "breached", "running"):
        assert words.count(state) == [clock["state"] for clock in clocks].count(state) > 0
    assert [clock["state"] for clock in clocks if clock["clock"].endswith("/turnaround")] == ["breached"]
    assert [promise["state"] for promise in rows(page, "clocks", 1)] == ["broken", "broken", "not due"]


def test_the_ledger_has_every_part_with_its_hours_and_shares_that_add_up(long: str) -> None:
    told = rows(read(long), "ledger")
    with a_company() as company:
        lives_long(company)
        ledger = explanations.ledger(company.app, "T-1").ledger
    assert len(told) == len(ledger.parts) + 1
    *parts, whole = ([float(line["hours"].replace(",", "")), float(line["share"].partition(" ")[0])] for line in told)
    assert whole == [1646.4, 100.0], "from day 1.4 to day 70 are 68.6 days, 1646.4 hours"
    assert [round(sum(column), 1) for column in zip(*parts, strict=True)] == whole


def test_what_was_taken_back_or_corrected_is_struck_through_and_names_the_later_fact(long: str) -> None:
    told = facts(read(long))
    by_words = {next(iter(line.all("s")), line).text: line for line in told.values()}
    taken_back = next(line for words, line in by_words.items() if words.startswith("2026-01-12 00:00"))
    assert [one.text for one in taken_back.all("s")] == ["2026-01-12 00:00", "told the customer by phone about delay"]
    assert "taken back by fact" in taken_back.text
    corrected = next(line for line in told.values() if "due_at corrected by" in line.text)
    assert [one.text for one in corrected.all("s")] == ["promised the unit by 2026-01-15 00:00 UTC"]
    assert "promised the unit by 2026-01-16 00:00 UTC" in corrected.text
    link = corrected.all("a")[0].attributes["href"].removeprefix("#")
    assert any(span.attributes.get("id") == link for span in read(long).all("span"))


def test_a_late_fact_says_when_it_was_recorded(long: str) -> None:
    late = [line.text for line in facts(read(long)).values() if "recorded only 2026-03-08 00:00" in line.text]
    assert len(late) == 2
    assert late[0].startswith("53 2026-03-02 00:00")


def test_a_ticket_of_one_fact_has_a_page_that_says_why_there_is_no_clock() -> None:
    with a_company() as company:
        just_opens(company)
        page = read(ticket_page(company.app, "T-2"))
    assert [section.attributes["id"] for section in page.all("section")] == ["time-line", "clocks", "record"]
    assert "none of the start facts has occurred" in page.one("section", id="clocks").text
    assert list(facts(page)) == ["1"]


def test_a_ticket_that_ended_where_it_began_has_a_page() -> None:
    with Company() as company:
        ticket = company.opens(7, day(1))
        company.finds(ticket, e.UnitDisposed(reason=WHY), day(1))
        company.finds(ticket, e.TicketClosed(outcome="disposed"), day(1))
        page = read(ticket_page(company.app, ticket))
    assert page.one("section", id="time-line").text == "Time line Nothing lasted any time."


def test_a_page_as_of_an_earlier_day_is_the_same_whatever_was_recorded_since() -> None:
    with a_company() as company:
        lives_long(company)
        earlier = ticket_page(company.app, "T-1", as_of=day(35), known_at=day(35))
        company.finds(LONG, e.UnitHandedBack(), day(90))
        assert ticket_page(company.app, "T-1", as_of=day(35), known_at=day(35)) == earlier
        count = len(company.app.history("T-1"))
    page = read(earlier)
    assert "as known at 2026-02-05 00:00" in page.one("header").text
    assert "cycle 2: open" in drawn(page, "time-line")
    assert len(facts(page)) < count


def test_a_correction_that_is_known_but_had_not_occurred_is_named_without_a_link() -> None:
    with a_company() as company:
        lives_long(company)
        page = read(ticket_page(company.app, "T-1", as_of=day(20)))
    (corrected,) = (line for line in facts(page).values() if "due_at corrected by" in line.text)
    assert "promised the unit by 2026-01-16 00:00 UTC" in corrected.text
    assert not corrected.all("a")


def test_before_a_ticket_was_known_it_has_no_page() -> None:
    with a_company() as company:
        lives_long(company)
        with pytest.raises(NotFound):
            ticket_page(company.app, "T-1", known_at=day(0.5))


@pytest.mark.parametrize(("zone", "shown"), [(UTC, "2026-01-02 09:00"), (BERLIN, "2026-01-02 10:00")])
def test_times_are_in_the_zone_that_was_asked_for(zone: tzinfo, shown: str) -> None:
    with a_company() as company:
        lives_long(company)
        page = read(ticket_page(company.app, "T-1", zone=zone, as_of=day(3)))
    assert facts(page)["1"].text.startswith(f"1 {shown}")
    assert any(words.startswith(f"{shown} to ") and words.endswith(f", {zone}") for words in drawn(page, "time-line"))


def test_what_somebody_told_is_text_and_nothing_else() -> None:
    hurting = "<script>alert(1)</script>"
    with a_company() as company:
        just_opens(company)
        note = e.NoteRecorded(text=PrivateText(text=hurting))
        named = e.UnitReceived(site="</text><script>x")
        for event in (note, named):
            company.finds(company.app.find("T-2"), event, company.now, by=RECEPTIONIST)
        page = ticket_page(company.app, "T-2")
    assert not read(page).all("script")
    assert hurting in facts(read(page))["2"].text
    assert "at </text><script>x" in drawn(read(page), "time-line")


def test_a_name_is_broken_where_it_may_be_and_never_cut() -> None:
    assert folded("a-stay-at-a-branch/berlin", 90) == ["a-stay-at-a-", "branch/berlin"]
    assert "".join(folded("house-and-manufacturer-contract@1", 40)) == "house-and-manufacturer-contract@1"


def test_imported_facts_say_once_where_they_are_from() -> None:
    with Company() as company:
        company.now = day(5)
        ticket = company.imports(7, "elsewhere", [(e.UnitReceived(site="berlin"), day(1))])
        page = read(ticket_page(company.app, ticket))
    assert page.one("section", id="record").text.count("taken over from elsewhere") == 1


# the command


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with a_company(sqlite_url) as company:
        just_opens(company)
    monkeypatch.chdir(tmp_path)
    return sqlite_url


def test_the_command_writes_the_page_of_the_library(url: str, tmp_path: Path) -> None:
    bounds = ("--as-of", "2026-01-01T12:00:00Z", "--zone", "Europe/Berlin")
    result = asked(url, "show", "T-2", "--page", "--out", "ticket.html", *bounds)
    assert (result.exit_code, result.stdout) == (0, "ticket.html: the time line, clocks and record of ticket T-2.\n")
    with Ticketing(url) as app:
        page = ticket_page(app, "T-2", as_of=datetime(2026, 1, 1, 12, tzinfo=UTC), zone=BERLIN)
    assert (tmp_path / "ticket.html").read_text(encoding="utf-8") == page


def test_a_page_goes_by_the_number_of_its_ticket_unless_it_is_named(url: str, tmp_path: Path) -> None:
    with Ticketing(url) as app:
        ticket_id = str(app.find("T-2"))
    assert asked(url, "show", ticket_id, "--page").exit_code == 0
    assert [path.name for path in tmp_path.glob("*.html")] == ["T-2.html"]


def test_a_file_is_overwritten_only_when_that_is_asked_for(url: str, tmp_path: Path) -> None:
    (tmp_path / "T-2.html").write_text("mine", encoding="utf-8")
    refused = asked(url, "show", "T-2", "--page")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "it is overwritten only with --force" in refused.stderr
    assert (tmp_path / "T-2.html").read_text(encoding="utf-8") == "mine"
    assert asked(url, "show", "T-2", "--page", "--force").exit_code == 0
    assert (tmp_path / "T-2.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.glob(".T-2*")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "x.html"], "--out and --force are for the page: give --page too"),
        (["--page", "--format", "json"], "--page writes HTML"),
        (["--page", "--at-version", "1"], "give --known-at"),
        (["--page", "--out", "."], "this is a folder"),
        (["--page", "--out", "no/such/folder.html"], "it cannot be written"),
        (["--page", "--as-of", "2126-01-01"], "is after now"),
        (["--page", "--force", "--out", "store.sqlite"], "this is the store; name another file"),
    ],
)
def test_what_no_page_can_be_made_of_is_refused_in_one_line(url: str, arguments: list[str], said: str) -> None:
    result = asked(url, "show", "T-2", *arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr
