"""`report`: the library's answers, for people and for programs."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.program import COLOURS, asked, on_terminal
from tests.repairs import Company, day
from ticketing import reports
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.values import SerialNumber

AS_OF = "2026-02-01T00:00:00Z"
TURNAROUND = """\
turnaround  turnaround@1
tickets opened, all of them
as of 2026-02-01T00:00:00.000000Z; zone UTC; position 36
percentiles 50+90, unit d

                n  unseen  out  p50 d  95 %     p90 d  95 %   █ p50 ▒ p90
  turnaround   10       2         5.0  1.0–8.0      …  7.0–…  ██████████▋▒▒▒▒▒▒…
               p90 not reached: of 10 tickets 2 are open and 0 ended otherwise
  closed only   8            2    4.0             8.0         ████████▌▒▒▒▒▒▒▒▒
"""


def fill(url: str) -> None:
    """Ticket n of ten is opened on day n and handed back n days later; the last two are still here."""
    with Company(url) as company:
        for number in range(1, 11):
            company.repairs(number, number, 2 * number if number < 9 else None)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    fill(url)
    return url


@pytest.fixture
def file(sqlite_url: str) -> str:
    fill(sqlite_url)
    return sqlite_url


def answered(url: str, *arguments: str) -> str:
    """What a report that must succeed prints, without a colour in it."""
    result = asked(url, "report", *arguments)
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    return result.stdout


def refused(url: str, *arguments: str) -> str:
    result = asked(url, "report", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("name", sorted(reports.REPORTS.keys() - {"scorecard"}))  # whose groups are its contract's
def test_the_json_is_that_of_the_library_to_the_byte(file: str, name: str) -> None:
    printed = answered(file, name, "--by", "site", "--as-of", AS_OF, "--format", "json")
    with Ticketing(file) as company:
        assert printed == reports.REPORTS[name](company, by=["site"], as_of=AS_OF).to_json() + "\n"


def test_files_and_servers_print_the_same_report(url: str) -> None:
    assert answered(url, "turnaround", "--as-of", AS_OF).startswith(TURNAROUND)


def test_a_report_is_printed_again_to_the_byte_also_after_more_was_recorded(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        still_here = company.repairs(2, 1, None)
        first = answered(sqlite_url, "turnaround", "--format", "json")
        header = json.loads(first)
        company.finds(still_here, e.UnitHandedBack(), day(4))
        company.repairs(3, 2, 14)
    as_of = ("turnaround", "--as-of", header["as_of"], "--format", "json")
    assert answered(sqlite_url, *as_of, "--position", str(header["position"])) == first
    assert answered(sqlite_url, *as_of) != first


def test_a_printed_report_that_cannot_be_read_is_refused_by_its_file_and_place(file: str, tmp_path: Path) -> None:
    printed = tmp_path / "march.json"
    printed.write_text(
        answered(file, "complaint_rate", "--format", "json").replace('"rows": [', '"rows": [5, '), "utf-8"
    )
    for option in ("--repeat", "--compare-to"):
        assert f"{printed}: this is no report: 'rows.0' cannot be 5" in refused(file, option, str(printed))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--repeat", "--from", "2026-01-03"], "--from does not go with --repeat"),
        (["--repeat", "--as-of", "2026-01-03"], "--as-of does not go with --repeat"),
        (["--repeat", "--stale"], "--stale does not go with --repeat"),
        (["--repeat", "--format", "csv"], "--format csv does not go with --repeat, which prints JSON"),
        (["--compare-to", "--by", "site"], "--by does not go with --compare-to"),
        (["--compare-to", "--zone", "Europe/Berlin"], "--zone does not go with --compare-to"),
        (
            ["--compare-to", "--format", "csv"],
            "--format csv does not go with --compare-to, which prints a table",
        ),
    ],
)
def test_what_a_printed_report_says_itself_cannot_be_asked_beside_it(
    file: str, tmp_path: Path, arguments: list[str], said: str
) -> None:
    printed = tmp_path / "march.json"
    printed.write_text(answered(file, "turnaround", "--as-of", AS_OF, "--format", "json"), "utf-8")
    option, *rest = arguments
    assert said in refused(file, option, str(printed), *rest)
    cuts = ("--as-of", "2026-02-01", "--zone", "UTC", "--format", "json")
    assert json.loads(answered(file, "--compare-to", str(printed), *cuts))["rows"] == []


def test_rows_that_changed_in_nothing_that_is_shown_are_counted(sqlite_url: str, tmp_path: Path) -> None:
    printed = tmp_path / "march.json"
    with Company(sqlite_url) as company:
        company.opens(1, day(0))
        company.now = day(20)
        printed.write_text(reports.backlog(company.app, as_of=day(10)).to_json(), "utf-8")
    told = answered(sqlite_url, "--compare-to", str(printed), "--as-of", "2026-01-19").splitlines()
    assert told[4:6] == ["2 rows changed only in ages: with --format json", ""]


def test_how_long_a_ticket_was_open_and_what_it_waited_for_is_said_in_words(sqlite_url: str, tmp_path: Path) -> None:
    printed = tmp_path / "march.json"
    with Company(sqlite_url) as company:
        ticket = company.repairs(1, 0, None)
        company.now = day(60)
        printed.write_text(reports.backlog(company.app, as_of=day(50)).to_json(), "utf-8")
        company.finds(ticket, e.UnitHandedBack(), day(55))
        company.finds(ticket, e.TicketClosed(outcome="repaired"), day(55))
    told = answered(sqlite_url, "--compare-to", str(printed))
    assert "    waits for: nothing → not there\n    open more than 45 days: yes → no\n    long term: yes → no\n" in told


def test_a_figure_with_more_unseen_than_before_says_so(sqlite_url: str, tmp_path: Path) -> None:
    printed = tmp_path / "march.json"
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 5)
        company.now = day(50)
        printed.write_text(reports.first_time_fix(company.app).to_json(), "utf-8")
        company.finds(company.repairs(2, 20, 30), e.RepairCompleted(), day(25))
    told = answered(sqlite_url, "--compare-to", str(printed), "--as-of", "2026-02-20")
    assert "  none (0 of 0, 0 unseen)  →  none (0 of 0, 1 unseen)\n" in told


def test_the_other_ticket_by_which_a_ticket_stands_otherwise_is_named(sqlite_url: str, tmp_path: Path) -> None:
    printed = tmp_path / "march.json"
    with Company(sqlite_url) as company:
        first = company.repairs(1, 0, 3)
        company.finds(first, e.UnitIdentified(serial=SerialNumber(text="S")), day(0))
        company.finds(first, e.RepairCompleted(), day(2))
        company.now = day(60)
        printed.write_text(reports.repeat_rate(company.app, n_days=30).to_json(), "utf-8")
        again = company.opens(2, day(20))
        company.finds(again, e.UnitIdentified(serial=SerialNumber(text="S")), day(20))
    assert "stand otherwise because of T-2: 1 ticket" in answered(sqlite_url, "--compare-to", str(printed))


def test_what_a_ticket_in_transit_waits_for_is_said_once(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.finds(company.repairs(1, 0, None), e.UnitDispatched(to="leipzig"), day(1))
    told = answered(sqlite_url, "backlog")
    assert any(line.startswith("  in transit  ") for line in told.splitlines())


def test_the_csv_is_that_of_the_library(file: str) -> None:
    printed = answered(file, "turnaround", "--as-of", AS_OF, "--format", "csv")
    with Ticketing(file) as company:
        assert printed == reports.turnaround(company, as_of=AS_OF).to_csv()


def test_a_group_stands_above_its_figures(file: str) -> None:
    lines = answered(file, "turnaround", "--by", "site", "--within", "5", "--as-of", AS_OF).splitlines()
    place = lines.index("berlin")
    assert lines[place + 1].startswith("  turnaround ")
    assert any(line.startswith("  within 5 days  10       5 ") for line in lines)


def test_dimensions_may_be_given_one_by_one_or_with_commas(file: str) -> None:
    together = answered(file, "first_pass", "--by", "site,month", "--as-of", AS_OF)
    assert together == answered(file, "first_pass", "--by", "site", "--by", "month", "--as-of", AS_OF)


def test_days_and_instants_bound_the_cohort(file: str) -> None:
    printed = answered(file, "turnaround", "--from", "2026-01-03", "--to", "2026-01-04", "--format", "json")
    report = json.loads(printed)
    # Day 0 is 1 January: tickets 2 and 3 were opened on the 3rd and the 4th.
    assert (report["from"], report["to"], report["rows"][0]["denominator"]) == ("2026-01-03", "2026-01-04", 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["turnarund"], "there is no report turnarund; the nearest is turnaround"),
        (["backlog", "--by", "sites"], "there is no dimension sites; the nearest is site; there are cause, "),
        (["backlog", "--within", "3"], "--within is no parameter of backlog"),
        (["first_pass", "--w-days", "3"], "--w-days is no parameter of first_pass"),
        (["turnaround", "--cohort", "closed_in"], "the nearest is opened_in"),
        (["turnaround", "--from", "2026-01-03T09:00"], "--from 2026-01-03T09:00: a time of day needs a zone"),
        (
            ["turnaround", "--from", "2026-01"],
            "--from 2026-01: this is no instant; write a date like 2026-03-01",
        ),
        (["turnaround", "--from", "2026-02-01", "--to", "2026-01-01"], "the period ends before it starts"),
        (["turnaround", "--position", "99"], "there is no position 99: the log ends at 36"),
        (["turnaround", "--known-at", "2126-01-01"], "is after now"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(file: str, arguments: list[str], said: str) -> None:
    assert said in refused(file, *arguments)


def test_stale_rows_are_read_as_they_stand(file: str) -> None:
    def position(*arguments: str) -> int:
        read: int = json.loads(answered(file, "turnaround", "--format", "json", *arguments))["position"]
        return read

    never_folded = asked(file, "report", "turnaround", "--stale")
    assert never_folded.exit_code == 1
    assert "are being folded for the first time: position 0 of 36" in never_folded.stderr
    assert position() == 36
    with Company(file) as company:
        company.repairs(11, 40, None)
    assert position("--stale") == 36
    assert asked(file, "projections", "run").stderr == "Up to date at position 38.\n"
    assert position("--stale") == 38


# on a terminal


def test_on_a_terminal_there_is_colour_and_no_line_longer_than_it_is_wide(file: str) -> None:
    for arguments in (["report", "turnaround", "--by", "site,month", "--within", "10"], ["report", "backlog"]):
        seen = on_terminal(*arguments, store=file)
        assert COLOURS.search(seen)
        printed = COLOURS.sub("", seen).replace("\r\n", "\n").rpartition("\r")[2].splitlines()
        assert not [line for line in printed if cell_len(line) > 80]
