"""What a later cycle may not undo: a bad result that has come due, whose it was, and what was open again."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.repairs import TECHNICIAN, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Actor, SerialNumber
from ticketing.projections.report import ReportRow

OTHER = Actor(id="t-9", role="technician", site="munich")


@pytest.fixture
def company() -> Iterator[Company]:
    with Company() as company:
        yield company


def repaired(company: Company, number: int, opened: float, back: float, *, by: Actor = TECHNICIAN) -> UUID:
    ticket = company.opens(number, day(opened))
    company.finds(ticket, e.UnitIdentified(manufacturer="ACME", serial=SerialNumber(text="S-1")), day(opened))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(opened))
    company.finds(ticket, e.RepairCompleted(), day(back - 0.5), by=by)
    company.finds(ticket, e.UnitHandedBack(), day(back))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(back))
    return ticket


def rate(rows: tuple[ReportRow, ...]) -> tuple[int, int, int]:
    (row,) = rows
    return row.numerator, row.denominator, row.excluded


def test_reopening_and_cancelling_does_not_undo_a_repeat_or_a_late_hand_back(company: Company) -> None:
    ticket = repaired(company, 1, 0, 2)
    repaired(company, 2, 10, 11)
    company.now = day(120)
    assert rate(reports.repeat_rate(company.app).of("repeat_rate")) == (1, 2, 0)
    assert rate(reports.turnaround(company.app, within_days=1).of("within_days")) == (1, 2, 0)
    company.finds(ticket, e.TicketReopened(ground="closed_in_error"), day(121))
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(121))
    company.now = day(130)
    assert rate(reports.repeat_rate(company.app).of("repeat_rate")) == (1, 2, 0)
    assert rate(reports.turnaround(company.app, within_days=1).of("within_days")) == (1, 2, 0)


def test_a_ticket_cancelled_in_its_only_cycle_is_left_out(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
    company.finds(ticket, e.UnitHandedBack(), day(3))
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(3))
    company.now = day(9)
    assert rate(reports.turnaround(company.app, within_days=1).of("within_days")) == (0, 0, 1)


def test_a_repeat_stays_with_who_repaired_before_it(company: Company) -> None:
    ticket = repaired(company, 1, 0, 2)
    repaired(company, 2, 20, 21)
    company.finds(ticket, e.TicketReopened(ground="new_fault"), day(200))
    company.finds(ticket, e.UnitReceived(site="munich"), day(200))
    company.finds(ticket, e.RepairCompleted(), day(201), by=OTHER)
    company.finds(ticket, e.UnitHandedBack(), day(202))
    company.now = day(400)
    charged = reports.repeat_rate(company.app, by=("site", "technician")).of("repeat_rate")
    assert [(row.group, row.numerator) for row in charged] == [
        ({"site": "berlin", "technician": "t-1"}, 1),
        ({"site": "munich", "technician": "t-9"}, 0),
    ]


def test_a_first_presentation_is_that_of_who_presented_it(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
    company.finds(ticket, e.RepairCompleted(), day(1))
    company.finds(ticket, e.QcFailed(), day(1.5))
    company.finds(ticket, e.RepairCompleted(), day(2), by=OTHER)
    company.finds(ticket, e.QcPassed(), day(2.5))
    company.now = day(9)
    rows = reports.first_pass(company.app, by=("technician",)).of("first_pass")
    assert [(row.group["technician"], row.numerator, row.denominator) for row in rows] == [("t-1", 0, 1)]


def of_variant(company: Company, variant: str) -> ReportRow:
    report = reports.turnaround(company.app, variant=variant, unit="d")  # type: ignore[arg-type]
    (row,) = report.of(f"turnaround_{variant}")
    return row


def test_in_house_begins_when_the_unit_is_there_and_so_are_its_papers(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.PaperworkCompleted(), day(1))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(10))
    company.finds(ticket, e.RepairCompleted(), day(12))
    company.finds(ticket, e.UnitHandedBack(), day(13))
    late = company.opens(2, day(0))
    company.finds(late, e.UnitReceived(site="berlin", paperwork_complete=False), day(10))
    company.finds(late, e.PaperworkCompleted(), day(14))
    company.finds(late, e.RepairCompleted(), day(15))
    company.now = day(30)
    row = of_variant(company, "in_house")
    assert (row.percentiles, row.numerator) == ({"p50": 1.0, "p90": 2.0}, 2)


def test_a_notice_of_an_earlier_cycle_does_not_end_the_present_one(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
    company.finds(ticket, e.CustomerNotified(), day(3))
    company.now = day(4)
    assert of_variant(company, "to_notice").percentiles == {"p50": 3.0, "p90": 3.0}
    company.finds(ticket, e.UnitHandedBack(), day(5))
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(10))
    company.now = day(12)
    row = of_variant(company, "to_notice")
    assert (row.percentiles, row.censored) == ({"p50": None, "p90": None}, 1)


def test_the_time_at_home_between_cycles_is_no_repair_time(company: Company) -> None:
    ticket = repaired(company, 1, 0, 2)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(10))
    company.finds(ticket, e.UnitHandedBack(), day(13))
    company.now = day(20)
    assert of_variant(company, "without_home").percentiles == {"p50": 5.0, "p90": 5.0}


def test_a_ticket_that_nobody_received_is_out_of_the_complaint_rate_and_counted(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.UnitHandedBack(), day(2))
    company.complains(ticket, 3)
    company.now = day(200)
    report = reports.complaint_rate(company.app)
    assert rate(report.of("complaint_rate")) == (0, 0, 1)
    assert rate(report.of("complaint_rate_opened")) == (1, 1, 0)
