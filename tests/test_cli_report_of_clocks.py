"""`report sla`, `sites`, `promises` and `ledger` on the command line: tables that a person can read to the end."""

import json

import pytest
from rich.cells import cell_len

from tests.program import asked
from tests.repairs import MANAGER, Company, day
from tests.time_stories import OFFICE, PROMISE, clock, policy
from ticketing.domain import events as e
from ticketing.domain.publishing import Publish

SLA = """\
sla  sla@2
clocks due, all of them
as of 2026-01-11T00:00:00.000000Z; zone UTC; position 54
percentiles 50+90

                     n  met  not due  per 100  95 %
contract@1/promise
  at present         0    0        1
                    no verdict yet: 1 not due
  judged then        0    0        1
                    no verdict yet: 1 not due
  in half the time   0    0
                    no clock was met
contract@1/repair
  at present        13   12             92.31  66.69–98.63               ░░░░░█░
  judged then       13    0              0.00  0.00–22.81    █░░░░
  in half the time  12   12            100.00  75.75–100.00                ░░░░█

           n  unseen  p50  p90
contract@1/promise
  overrun  0
           no clock was stopped late
contract@1/repair
  overrun  1       1    …    …
           no clock was stopped late; 1 is late and open

judged otherwise then: 12 clocks
  T-1  contract/repair
    breached 2026-01-04 00:00; now met 2026-01-07 00:00
    WaitStarted recorded 7 d 12 h late, 2026-01-10 00:00 (version 4)
"""
# Twelve times 12 hours in queue and 108 for parts, and seven days of the one that is here.
LEDGER = """\
ledger  ledger@1
tickets opened, all of them
as of 2026-01-11T00:00:00.000000Z; zone UTC; position 54
by manufacturer

                                    tickets  go on          h  per 100
ACME
  manufacturer, parts manufacturer       12         1,296.000    80.60  ████████
  company, queue                         13      1    312.000    19.40  █▉
  turnaround                             13      1  1,608.000   100.00
"""


def fill(url: str) -> None:
    """Twelve tickets that waited for parts, which was typed in after the contract's 48 hours; one is still here."""
    with Company(url) as company:
        contract = policy(clock("repair", elapsed_hours=48, pauses=("parts_manufacturer",)), PROMISE)
        stricter = policy(clock("repair", elapsed_hours=6), version=2, effective_from="2026-06-01 00:00")
        for thing in (OFFICE, contract, stricter):
            company.app.handle(Publish(thing=thing, actor=MANAGER))
        tickets = [company.repairs(number, 1, None) for number in range(1, 13)]
        still_here = company.repairs(13, 3, None)
        company.now = day(6)
        for ticket in tickets:
            company.finds(ticket, e.UnitHandedBack(), day(6))
        company.now = day(9)
        for ticket in tickets:
            company.finds(ticket, e.WaitStarted(cause="parts_manufacturer"), day(1.5))
        company.finds(still_here, e.PromiseMade(due_at=day(20)), day(9))


@pytest.fixture
def file(sqlite_url: str) -> str:
    fill(sqlite_url)
    return sqlite_url


AS_OF = ("--as-of", "2026-01-11")


def answered(url: str, *arguments: str) -> str:
    """What a report that must succeed prints."""
    result = asked(url, "report", *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_an_sla_stands_beside_what_was_judged_then_and_why_it_differs(file: str) -> None:
    printed = answered(file, "sla", *AS_OF)
    assert printed.startswith(SLA)
    assert "… and 2 more, with --format json\n" in printed
    assert printed.count("contract/repair\n    breached") == 10


def test_times_of_differences_are_those_of_the_zone(file: str) -> None:
    assert "breached 2026-01-04 05:45; now met 2026-01-07 05:45" in answered(
        file, "sla", *AS_OF, "--zone", "Asia/Kathmandu"
    )


def test_the_json_has_every_difference_and_the_table_the_first(file: str) -> None:
    told = json.loads(answered(file, "sla", *AS_OF, "--format", "json"))["differences"]
    assert len(told) == 12
    assert list(told[0]) == [
        *("ticket", "ticket_id", "policy", "clock", "cycle", "subject", "started_at"),
        *("first", "first_at", "first_by", "second", "second_at", "second_by", "because"),
    ]


def test_under_another_version_both_verdicts_stand_beside_each_other(file: str) -> None:
    lines = answered(file, "sla", "--under", "contract@2", *AS_OF).splitlines()
    assert "  under contract@2  13    0              0.00  0.00–22.81   █░░░░" in lines
    assert "judged otherwise under contract@2: 12 clocks" in lines
    assert "    met 2026-01-07 00:00; under it breached 2026-01-02 06:00" in lines


def test_the_longest_stretch_of_time_stands_first_and_the_sum_last(file: str) -> None:
    assert answered(file, "ledger", "--by", "manufacturer", *AS_OF).startswith(LEDGER)


def test_the_csv_has_a_column_for_every_count(file: str) -> None:
    header, first, *_ = answered(file, "sla", "--format", "csv").splitlines()
    assert header.startswith("figure,definition,cohort,policy,clock,value")
    for name in ("not_due", "paused", "cancelled", "undated", "reconstructed", "policies"):
        assert name in header.split(",")
    assert first.split(",")[3:5] == ["contract", "promise"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["sla", "--under", "contract@3"],
            1,
            "policy contract@3 was never published; there are contract@1, contract@2",
        ),
        (["sla", "--under", "contract"], 2, "under contract: write KEY@VERSION"),
        (["ledger", "--under", "contract@2"], 2, "--under is no parameter of ledger"),
        (["sla", "--by", "role"], 2, "there is no dimension role; "),
        (["promises", "--by", "rol"], 2, "there is no dimension rol; the nearest is role; there are cause, channel, "),
        (["ledger", "--by", "caus"], 2, "the nearest is cause"),
        (["promises", "--cohort", "closed_in"], 2, "promises is not defined over the cohort closed_in"),
    ],
)
def test_what_cannot_be_asked_of_clocks_is_refused_in_one_line(
    file: str, arguments: list[str], code: int, said: str
) -> None:
    result = asked(file, "report", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("more", [["--by", "site,month"], ["--under", "contract@2"], []])
def test_no_line_about_clocks_is_longer_than_80_columns(file: str, more: list[str]) -> None:
    names = ["sla"] if "--under" in more else ["sla", "sites", "promises", "ledger"]
    for name in names:
        lines = answered(file, name, *more).splitlines()
        assert len(lines) > 8
        assert not [line for line in lines if cell_len(line) > 80]
