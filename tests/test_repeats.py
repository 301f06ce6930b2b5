"""Repeat repairs: which repair a new ticket of the same unit is charged to, by hand and by an independent oracle."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle_repeats import Cycle, Repair, Told, is_fixed, repeats_of
from tests.repairs import RECEPTIONIST, WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.intake import OpenTicket
from ticketing.domain.values import Actor, Event, SerialNumber
from ticketing.projections import dimensions, repair_rows, repeats, same_unit, turnaround
from ticketing.projections.report import Report
from ticketing.projections.sample import DAY
from ticketing.restating import restatement


@pytest.fixture
def company() -> Company:
    return Company()


def at_site(site: str) -> Actor:
    return Actor(id=f"t-{site}", role="technician", site=site)


def comes(
    company: Company,
    number: int,
    opened: float,
    serial: str | None = "S1",
    *,
    site: str = "A",
    channel: str = "counter",
) -> UUID:
    """A unit is brought to a site."""
    company.now = max(company.now, day(opened))
    ticket_id = UUID(int=number)
    company.app.handle(
        OpenTicket(
            ticket_id=ticket_id,
            number=f"T-{number}",
            site=site,
            channel=channel,  # type: ignore[arg-type]  # one of the channels
            manufacturer="ACME",
            model="P7",
            serial=None if serial is None else SerialNumber(text=serial),
            actor=RECEPTIONIST,
            occurred_at=day(opened),
        )
    )
    if channel == "counter":
        company.finds(ticket_id, e.UnitReceived(site=site), day(opened))
    return ticket_id


def goes(company: Company, ticket: UUID, back: float, *, site: str = "A", outcome: str = "repaired") -> UUID:
    """The unit is repaired, unless it ends otherwise, handed back, and the ticket closed."""
    if outcome == "repaired":
        company.finds(ticket, e.RepairCompleted(), day(back), by=at_site(site))
    company.finds(ticket, e.UnitHandedBack(), day(back))
    company.finds(ticket, e.TicketClosed(outcome=outcome), day(back))  # type: ignore[arg-type]  # one of the outcomes
    return ticket


def repaired(
    company: Company, number: int, opened: float, back: float, serial: str | None = "S1", *, site: str = "A"
) -> UUID:
    return goes(company, comes(company, number, opened, serial, site=site), back, site=site)


def counts(report: Report, figure: str = "repeat_rate") -> list[tuple[int, int, int, int]]:
    return [(row.numerator, row.denominator, row.excluded, row.censored) for row in report.of(figure)]


def charged(company: Company, **asked: object) -> list[tuple[object, ...]]:
    """Each repeat: the ticket charged, the new one, the days between, the site charged."""
    cases = reports.repeats(company.app, **asked).cases or ()  # type: ignore[arg-type]
    return [(one["ticket"], one["repeat"], one["days"], one["site"]) for one in cases]


def test_what_repeats_are_told_by() -> None:
    assert {e.TicketOpened, e.UnitIdentified, e.RepeatLinked, e.UnitExchanged} == same_unit.TAKEN
    own = {e.DiagnosisRecorded, e.RepairCompleted, e.QcFailed, e.UnitHandedBack, e.TicketReopened}
    assert own | {e.DiagnosisStarted} == repair_rows.TAKEN
    # Proofs, prices and waits say nothing of it; a part's serial is not the unit's.
    left_out = {e.PartFitted, e.ProofOfPurchaseRecorded, e.BillIssued, e.WaitStarted, e.ComplaintReceived}
    assert not left_out & (repair_rows.TAKEN | same_unit.TAKEN | turnaround.TAKEN | dimensions.TAKEN)


@pytest.mark.parametrize(
    ("opened", "site", "counts_against_a"), [(25, "A", 1), (25, "B", 1), (90, "B", 1), (91, "A", 0)]
)
def test_a_new_ticket_within_ninety_days_counts_against_the_site_of_the_earlier_repair(
    company: Company, opened: float, site: str, counts_against_a: int
) -> None:
    repaired(company, 1, -3, 0, site="A")
    comes(company, 2, opened, site=site)
    company.now = day(100)
    (row,) = reports.repeat_rate(company.app, by=["site"]).of("repeat_rate")
    assert (row.group, row.numerator, row.denominator) == ({"site": "A"}, counts_against_a, 1)
    first_time = reports.first_time_fix(company.app).rows[0]
    assert (first_time.numerator, first_time.denominator) == (1 - counts_against_a, 1)


def test_the_last_instant_of_the_ninetieth_day_is_the_last_that_counts(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 90 + 1e-6)  # 86 ms late
    company.now = day(100)
    assert counts(reports.repeat_rate(company.app)) == [(0, 1, 0, 0)]


def test_a_repair_whose_days_have_not_passed_is_censored_even_if_it_came_back(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 25)
    company.now = day(90) - timedelta(microseconds=1)
    assert counts(reports.repeat_rate(company.app)) == [(0, 0, 0, 1)]
    company.now = day(90)
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 0, 0)]
    assert charged(company) == [("T-1", "T-2", 25.0, "A")]


def test_two_contracts_with_different_days_have_different_rates(company: Company) -> None:
    repaired(company, 1, -3, 0)
    repaired(company, 2, 25, 30)
    repaired(company, 3, 75, 80)
    company.now = day(200)
    # 25 days after the first, 45 after the second.
    assert counts(reports.repeat_rate(company.app, n_days=30)) == [(1, 3, 0, 0)]
    assert counts(reports.repeat_rate(company.app, n_days=60)) == [(2, 3, 0, 0)]


def test_a_repeat_counts_once_against_the_latest_repair_or_the_first_of_the_chain(company: Company) -> None:
    repaired(company, 1, -3, 0, site="A")
    repaired(company, 2, 25, 30, site="B")
    repaired(company, 3, 50, 55, site="C")  # within ninety days of both
    company.now = day(200)
    assert charged(company) == [("T-1", "T-2", 25.0, "A"), ("T-2", "T-3", 20.0, "B")]
    assert charged(company, blame="first") == [("T-1", "T-2", 25.0, "A"), ("T-1", "T-3", 50.0, "A")]
    latest = reports.repeat_rate(company.app, by=["site"])
    assert [(row.group["site"], row.numerator) for row in latest.of("repeat_rate")] == [("A", 1), ("B", 1), ("C", 0)]
    first = reports.repeat_rate(company.app, by=["site"], blame="first")
    assert [(row.group["site"], row.numerator) for row in first.of("repeat_rate")] == [("A", 1), ("B", 0), ("C", 0)]
    # Whoever is blamed, the first and the second did not do at the first attempt.
    assert [row.numerator for row in first.of("first_time_fix")] == [0, 0, 1]
    with pytest.raises(BadInput, match="there is no blame last; the nearest is latest"):
        reports.repeat_rate(company.app, blame="last")  # type: ignore[arg-type]


def test_reopening_is_no_repeat_but_it_was_no_first_time_fix(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    goes(company, ticket, 12)
    company.now = day(300)
    report = reports.repeat_rate(company.app, from_=day(0), to=day(0))  # dated by the first hand-back
    assert counts(report) == [(0, 1, 0, 0)]
    assert counts(report, "first_time_fix") == [(0, 1, 0, 0)]


def again(company: Company, ticket: UUID, reopened: float, back: float, *, site: str = "A") -> None:
    """The ticket is reopened, and the unit repaired once more."""
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(reopened))
    company.finds(ticket, e.UnitReceived(site=site), day(reopened))
    goes(company, ticket, back, site=site)


def test_the_repair_of_a_reopened_ticket_is_one_more_and_what_comes_back_is_charged_to_it(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0, site="A")
    again(company, ticket, 10, 12, site="B")
    comes(company, 2, 20, site="C")
    company.now = day(300)
    assert charged(company) == charged(company, blame="first") == [("T-1", "T-2", 8.0, "B")]
    (case,) = reports.repeats(company.app).cases or ()
    assert (case["cycle"], case["technician"], case["handed_back_at"]) == (2, "t-B", "2026-01-13T00:00:00.000000Z")
    report = reports.repeat_rate(company.app, by=["site"])
    assert [(*row.group.values(), row.numerator, row.denominator) for row in report.of("repeat_rate")] == [
        ("A", 0, 1),
        ("B", 1, 1),
    ]
    # The first was reopened within ninety days; the second is the second cycle.
    assert [(row.numerator, row.denominator) for row in report.of("first_time_fix")] == [(0, 1), (0, 1)]
    assert [(row.value, row.denominator) for row in reports.repeats(company.app).of("repeats")] == [(1, 2)]


@pytest.mark.parametrize(("opened", "repeats_of_the_second"), [(102, 1), (103, 0)])
def test_a_second_repair_is_dated_by_its_own_hand_back(
    company: Company, opened: float, repeats_of_the_second: int
) -> None:
    ticket = repaired(company, 1, -3, 0)
    again(company, ticket, 10, 12)
    comes(company, 2, opened)  # 90 or 91 days after the second
    company.now = day(101)
    assert counts(reports.repeat_rate(company.app, as_of=day(101))) == [(0, 1, 0, 1)]
    company.now = day(120)
    assert counts(reports.repeat_rate(company.app)) == [(repeats_of_the_second, 2, 0, 0)]
    assert counts(reports.repeat_rate(company.app, from_=day(12), to=day(12))) == [(repeats_of_the_second, 1, 0, 0)]


def test_a_second_repair_is_restated_by_itself(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.now = day(300)
    printed = reports.repeat_rate(company.app).to_json()
    again(company, ticket, 110, 112)
    found = restatement(company.app, printed, as_of=day(300))
    assert [(row["was"]["denominator"], row["now"]["denominator"]) for row in found.rows] == [(1, 2), (1, 2)]  # type: ignore[index]
    (changed,) = found.tickets
    assert changed.was == {}
    assert changed.now == {
        "repair of cycle 2, back 2026-04-23T00:00:00.000000Z": "repeat_rate counted, without",
        "attempt of cycle 2, back 2026-04-23T00:00:00.000000Z": "first_time_fix counted, without",
    }
    assert [because.fact for because in changed.because] == ["TicketReopened", "RepairCompleted", "UnitHandedBack"]


def test_a_new_ticket_before_the_second_hand_back_is_charged_to_the_first_repair(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0, site="A")
    comes(company, 2, 5)
    again(company, ticket, 10, 12, site="B")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 5.0, "A")]


def test_a_reopening_is_no_link_of_a_chain(company: Company) -> None:
    repaired(company, 1, -3, 0, site="A")
    ticket = repaired(company, 2, 10, 12, site="B")
    again(company, ticket, 20, 22, site="C")
    repaired(company, 3, 30, 32, site="D")
    comes(company, 4, 40)
    company.now = day(300)
    assert charged(company, blame="first") == [
        ("T-1", "T-2", 10.0, "A"),
        ("T-2", "T-3", 8.0, "C"),  # the repair of its second cycle, which followed no new ticket
        ("T-2", "T-4", 18.0, "C"),
    ]


def test_a_reopened_ticket_that_is_not_repaired_again_has_one_repair(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.QcFailed(), day(11))
    goes(company, ticket, 12, outcome="no_fault_found")
    comes(company, 2, 20)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 20.0, "A")]
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 0, 0)]


def test_what_was_not_handed_back_before_the_reopening_is_of_the_cycle_that_completed_it(company: Company) -> None:
    ticket = comes(company, 1, -3)
    company.finds(ticket, e.RepairCompleted(), day(-2), by=at_site("A"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(-2))
    company.finds(ticket, e.TicketReopened(ground="closed_in_error"), day(-1))
    goes(company, ticket, 0, outcome="unrepairable")
    comes(company, 2, 25)
    company.now = day(300)
    (case,) = reports.repeats(company.app).cases or ()
    assert (case["cycle"], case["days"]) == (1, 25.0)
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 0, 0)]


def test_a_failed_inspection_is_charged_to_whose_work_failed_first(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.RepairCompleted(), day(1), by=Actor(id="t-hasty", role="technician", site="A"))
    company.finds(ticket, e.QcFailed(), day(1))
    company.finds(ticket, e.RepairCompleted(), day(2), by=Actor(id="t-slow", role="technician", site="A"))
    company.finds(ticket, e.QcFailed(), day(2))
    goes(company, ticket, 3, site="A")
    goes(company, comes(company, 2, 5, "S2"), 6, site="A")
    company.now = day(300)
    report = reports.repeat_rate(company.app, by=["technician"])
    assert [(*row.group.values(), row.numerator, row.denominator) for row in report.of("first_time_fix")] == [
        ("t-A", 1, 1),
        ("t-hasty", 0, 1),
    ]
    # Should the unit come back, that is of who completed it.
    assert [(*row.group.values(), row.denominator) for row in report.of("repeat_rate") if row.denominator] == [
        ("t-A", 2)
    ]


def test_a_repair_that_was_set_right_and_comes_back_is_charged_to_who_set_it_right(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.RepairCompleted(), day(1), by=at_site("A"))
    company.finds(ticket, e.QcFailed(), day(1))
    company.finds(ticket, e.UnitArrived(site="C"), day(2))
    goes(company, ticket, 3, site="C")
    comes(company, 2, 5)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 2.0, "C")]
    report = reports.repeat_rate(company.app, by=["site"])
    asked = [(row.figure, row.group["site"], row.numerator) for row in report.rows if row.denominator]
    assert asked == [("repeat_rate", "C", 1), ("first_time_fix", "A", 0)]


@pytest.mark.parametrize("first", ["returned_unrepaired", "repaired"])
def test_work_sent_back_in_a_cycle_without_repair_says_nothing_of_the_next(company: Company, first: str) -> None:
    ticket = goes(company, comes(company, 1, -3), 0, outcome=first)
    for reopened in (10, 20):
        company.finds(ticket, e.TicketReopened(ground="same_fault"), day(reopened))
        company.finds(ticket, e.UnitReceived(site="B"), day(reopened))
        company.finds(ticket, e.DiagnosisStarted(), day(reopened), by=at_site("B"))
        if reopened == 10:
            company.finds(ticket, e.QcFailed(), day(reopened))
            goes(company, ticket, 12, outcome="returned_unrepaired")
    goes(company, ticket, 22, site="C")
    company.now = day(300)
    rows = reports.first_time_fix(company.app, by=["technician"]).rows
    asked = [row.group["technician"] for row in rows if row.denominator]
    assert asked == (["t-C"] if first == "returned_unrepaired" else ["t-A", "t-C"])


def test_a_second_repair_that_was_not_handed_back_is_that_of_the_third_cycle(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.RepairCompleted(), day(11), by=at_site("B"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(11))
    again(company, ticket, 12, 14, site="C")
    comes(company, 2, 20)
    company.now = day(300)
    (case,) = reports.repeats(company.app).cases or ()
    assert (case["cycle"], case["site"], case["days"]) == (3, "C", 6.0)
    assert counts(reports.repeat_rate(company.app)) == [(1, 2, 0, 0)]


def test_a_diagnosis_that_the_inspector_sent_back_is_whose_it_was(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.DiagnosisStarted(), day(1), by=at_site("A"))
    company.finds(ticket, e.QcFailed(), day(1))
    goes(company, ticket, 3, site="B")
    company.now = day(300)
    rows = reports.first_time_fix(company.app, by=["technician"]).rows
    assert [(*row.group.values(), row.numerator, row.denominator) for row in rows if row.denominator] == [("t-A", 0, 1)]


def test_a_diagnosis_that_was_sent_back_is_that_of_the_site_where_the_unit_was(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.UnitDispatched(to="B"), day(1))
    company.finds(ticket, e.UnitArrived(site="B"), day(2))
    company.finds(ticket, e.DiagnosisStarted(), day(2), by=at_site("B"))
    company.finds(ticket, e.QcFailed(), day(2))
    goes(company, ticket, 3, site="C")
    company.now = day(300)
    rows = reports.first_time_fix(company.app, by=["site"]).rows
    assert [(*row.group.values(), row.numerator, row.denominator) for row in rows if row.denominator] == [("B", 0, 1)]


def test_who_attempted_the_second_repair_is_told_of_the_second_repair(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0, site="A")
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.UnitReceived(site="B"), day(10))
    company.finds(ticket, e.RepairCompleted(), day(11), by=at_site("B"))
    company.finds(ticket, e.QcFailed(), day(11))
    company.finds(ticket, e.UnitArrived(site="C"), day(11))
    goes(company, ticket, 12, site="C")
    company.now = day(300)
    report = reports.repeat_rate(company.app, by=["site", "technician"])
    for figure, second in (("repeat_rate", ("C", "t-C")), ("first_time_fix", ("B", "t-B"))):
        rows = [tuple(row.group.values()) for row in report.of(figure) if row.denominator]
        assert rows == [("A", "t-A"), second]


def test_a_repair_of_a_unit_that_never_came_is_left_out_and_counted(company: Company) -> None:
    repaired(company, 1, -3, 0)
    ticket = company.opens(2, day(10))
    company.finds(ticket, e.UnitIdentified(manufacturer="ACME", serial=SerialNumber(text="S1")), day(10))
    company.finds(ticket, e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="wear"),)), day(11))
    goes(company, ticket, 12)
    comes(company, 3, 20)
    company.now = day(300)
    # The new tickets are repeats, be their units in or not; the third is charged to the repair that counts.
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A")]
    report = reports.repeat_rate(company.app)
    assert counts(report) == [(1, 1, 1, 0)]
    assert counts(report, "first_time_fix") == [(0, 1, 1, 0)]
    assert counts(reports.no_fault_found(company.app), "no_fault_found") == [(0, 0, 2, 0)]


def test_on_site_a_second_repair_is_dated_by_its_completion(company: Company) -> None:
    ticket = comes(company, 1, 0, channel="on_site")
    company.finds(ticket, e.DiagnosisStarted(), day(1), by=at_site("A"))
    company.finds(ticket, e.RepairCompleted(), day(2), by=at_site("A"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(3))
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    company.finds(ticket, e.RepairCompleted(), day(12), by=at_site("B"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(13))
    comes(company, 2, 20)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 8.0, "B")]
    assert counts(reports.repeat_rate(company.app)) == [(1, 2, 0, 0)]


def test_what_happens_after_the_days_changes_a_first_time_fix_no_more(company: Company) -> None:
    ticket = repaired(company, 1, -3, 0)
    company.finds(ticket, e.TicketReopened(ground="new_fault"), day(91))
    company.finds(ticket, e.QcFailed(), day(92))
    company.now = day(300)
    assert counts(reports.first_time_fix(company.app), "first_time_fix") == [(1, 1, 0, 0)]


def test_work_that_an_inspector_sent_back_was_no_first_time_fix(company: Company) -> None:
    ticket = comes(company, 1, 0)
    company.finds(ticket, e.RepairCompleted(), day(1))
    company.finds(ticket, e.QcFailed(), day(1))
    goes(company, ticket, 2)
    company.now = day(300)
    assert counts(reports.first_time_fix(company.app), "first_time_fix") == [(0, 1, 0, 0)]


def test_only_repairs_that_were_handed_back_are_asked(company: Company) -> None:
    goes(company, comes(company, 1, 0, "S1"), 1, outcome="returned_unrepaired")
    goes(company, comes(company, 2, 0, "S2"), 1, outcome="cancelled")
    company.finds(comes(company, 3, 0, "S3"), e.RepairCompleted(), day(1))  # still here
    comes(company, 4, 10, "S1")
    company.now = day(300)
    assert counts(reports.repeat_rate(company.app)) == [(0, 0, 2, 0)]
    assert charged(company) == []


def test_a_unit_first_handed_back_unrepaired_is_dated_by_the_hand_back_of_its_repair(company: Company) -> None:
    ticket = goes(company, comes(company, 1, 0), 1, outcome="returned_unrepaired")
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(10))
    goes(company, ticket, 20)
    comes(company, 2, 100)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 80.0, "A")]


def test_a_ticket_that_was_not_repaired_is_a_repeat_and_the_next_is_charged_to_the_same_repair(
    company: Company,
) -> None:
    repaired(company, 1, -3, 0, site="A")
    goes(company, comes(company, 2, 10, site="B"), 11, site="B", outcome="no_fault_found")
    comes(company, 3, 20, site="B")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A")]
    assert counts(reports.repeat_rate(company.app)) == [(1, 1, 1, 0)]


def test_a_cancelled_ticket_is_no_repeat(company: Company) -> None:
    repaired(company, 1, -3, 0)
    goes(company, comes(company, 2, 10), 10, outcome="cancelled")
    company.now = day(300)
    assert charged(company) == []


def test_on_site_the_completed_repair_stands_for_the_hand_back(company: Company) -> None:
    ticket = comes(company, 1, 0, channel="on_site")
    company.finds(ticket, e.RepairCompleted(), day(2), by=at_site("A"))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(3))
    comes(company, 2, 92)
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 90.0, "A")]


def exchanged(company: Company, number: int, opened: float, back: float, old: str | None, new: str) -> UUID:
    ticket = comes(company, number, opened, old)
    company.finds(ticket, e.UnitExchanged(new_serial=SerialNumber(text=new)), day(back))
    return goes(company, ticket, back, outcome="exchanged")


def test_serials_are_followed_through_exchanges(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1", site="A")
    exchanged(company, 2, 10, 12, "S1", "S2")
    exchanged(company, 3, 20, 22, "S2", "S3")
    comes(company, 4, 30, "S3")
    company.now = day(300)
    # An exchange is no repair: all of them are charged to the first.
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A"), ("T-1", "T-4", 30.0, "A")]


def test_a_unit_looked_at_after_the_exchange_is_the_new_one(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S1")
    company.finds(ticket, e.UnitExchanged(new_serial=SerialNumber(text="S2")), day(11))
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="S3")), day(12))  # S2 was misread
    goes(company, ticket, 12, outcome="exchanged")
    comes(company, 3, 20, "S3")
    comes(company, 4, 30, "S2")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-3", 20.0, "A")]


def test_a_unit_taken_in_begins_another_life(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    exchanged(company, 2, 10, 12, "S1", "S2")
    repaired(company, 3, 30, 32, "S1")  # set right and given to somebody else
    comes(company, 4, 40, "S2")
    comes(company, 5, 50, "S1")
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-1", "T-4", 40.0, "A"), ("T-3", "T-5", 18.0, "A")]


def test_a_serial_may_be_found_out_or_set_right_later(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S7")
    company.now = day(100)
    assert charged(company) == []
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="s-1")), day(12))  # as compared, S1
    company.now = day(101)
    assert charged(company) == [("T-1", "T-2", 10.0, "A")]
    assert charged(company, as_of=day(11)) == []


def test_a_link_says_that_it_is_the_same_unit_where_there_is_no_serial(company: Company) -> None:
    first = repaired(company, 1, -3, 0, None)
    second = repaired(company, 2, 10, 12, None)
    third = comes(company, 3, 20, "S1")
    link = company.finds(second, e.RepeatLinked(previous_ticket=first, basis="customer_says"), day(10))
    # To the first, but a repeat is charged to the latest.
    company.finds(third, e.RepeatLinked(previous_ticket=second, basis="same_unit"), day(20))
    company.finds(third, e.RepeatLinked(previous_ticket=UUID(int=99), basis="same_unit"), day(20))  # there is none
    company.finds(first, e.RepeatLinked(previous_ticket=third, basis="same_unit"), day(20))  # not earlier
    company.now = day(300)
    assert charged(company) == [("T-1", "T-2", 10.0, "A"), ("T-2", "T-3", 8.0, "A")]
    company.retracts(second, link, day(300))
    assert charged(company) == [("T-2", "T-3", 8.0, "A")]


def test_the_new_ticket_must_have_been_opened_by_then(company: Company) -> None:
    repaired(company, 1, -3, 0)
    comes(company, 2, 25)
    company.now = day(300)
    assert charged(company, as_of=day(25)) == [("T-1", "T-2", 25.0, "A")]
    assert charged(company, as_of=day(25) - timedelta(microseconds=1)) == []


def test_a_ticket_opened_a_little_ahead_of_the_clock_is_no_repeat_yet(company: Company) -> None:
    repaired(company, 1, -30, -3)
    ahead = timedelta(minutes=3) / timedelta(days=1)
    ticket = repaired(company, 2, -2, 0 + ahead)  # a fact of its ticket is ahead, its opening is not
    assert ticket == UUID(int=2)
    company.now = day(0)
    assert charged(company) == [("T-1", "T-2", 1.0, "A")]
    comes(company, 3, 1 + ahead)
    company.now = day(1)
    assert charged(company) == [("T-1", "T-2", 1.0, "A")]
    company.now = day(2)
    assert charged(company) == [("T-1", "T-2", 1.0, "A"), ("T-2", "T-3", 1.0, "A")]


def test_a_serial_set_right_a_little_ahead_of_the_clock_is_not_known_yet(company: Company) -> None:
    repaired(company, 1, -3, 0, "S1")
    ticket = comes(company, 2, 10, "S1")
    ahead = day(11) + timedelta(minutes=3)
    company.finds(ticket, e.UnitIdentified(serial=SerialNumber(text="S9")), ahead)
    company.now = day(11)
    assert charged(company) == [("T-1", "T-2", 10.0, "A")]
    company.now = ahead
    assert charged(company) == []


def test_repeats_tell_who_pays_for_them(company: Company) -> None:
    bases: tuple[e.Basis | None, ...] = ("warranty", "repair_guarantee", None, "repair_guarantee")
    for number, basis in enumerate(bases, 1):
        repaired(company, 10 * number, -3, 0, f"S{number}", site="A" if number < 4 else "B")
        again = comes(company, 10 * number + 1, number, f"S{number}", site="C")
        if basis is not None:
            company.finds(again, e.EntitlementDecided(basis=basis, reason=WHY), day(number))
    company.now = day(300)
    report = reports.repeats(company.app, by=["site"])
    assert [(row.group, row.value, row.denominator) for row in report.of("repeats")] == [
        ({"site": "A"}, 3, 3),
        ({"site": "B"}, 1, 1),
    ]
    # A: three repeats, of which one each under warranty, as a repair guarantee and undecided: 33.333333 % each.
    split = report.of("repeats_by_entitlement")
    assert [(*row.group.values(), row.value, row.share) for row in split] == [
        ("A", None, 1, 33.333333),
        ("A", "repair_guarantee", 1, 33.333333),
        ("A", "warranty", 1, 33.333333),
        ("B", "repair_guarantee", 1, 100.0),
    ]
    assert report.cases is not None
    assert dict(report.cases[0]) == {
        "ticket": "T-10",
        "ticket_id": str(UUID(int=10)),
        "cycle": 1,
        "site": "A",
        "technician": "t-A",
        "handed_back_at": "2026-01-01T00:00:00.000000Z",
        "repeat": "T-11",
        "repeat_id": str(UUID(int=11)),
        "opened_at": "2026-01-02T00:00:00.000000Z",
        "days": 1.0,
        "entitlement_again": "warranty",
    }


def test_repeats_of_no_repair_are_none(company: Company) -> None:
    report = reports.repeats(company.app)
    (nothing,) = report.rows
    assert (nothing.figure, nothing.value, nothing.reason) == (
        "repeats",
        None,
        "no repair was handed back in the period",
    )
    assert report.cases == ()
    row = reports.repeat_rate(company.app).rows[0]
    assert (row.value, row.reason) == (None, "no repair handed back in the period has been back for 90 days")


def test_no_fault_found_is_what_the_last_diagnosis_says(company: Company) -> None:
    nothing = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="none_found"),))
    something = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="wear"),))
    for number, diagnoses in enumerate(((nothing,), (nothing, something), (something, nothing), ()), 1):
        ticket = comes(company, number, 0, None)
        for diagnosis in diagnoses:
            company.finds(ticket, diagnosis, day(1))
        goes(company, ticket, 2)
    company.now = day(3)
    # Of three diagnosed, nothing at last in the first and the third; one was never diagnosed.
    assert counts(reports.no_fault_found(company.app), "no_fault_found") == [(2, 3, 1, 0)]


# against the oracle

SERIALS = st.sampled_from(["S1", "S2", "S3", None])
SPANS = st.one_of(st.none(), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
CYCLES = st.lists(
    st.tuples(st.integers(0, 9), SPANS, SPANS, st.sampled_from("AB"), st.sampled_from([None, None, "B", "C"])),
    min_size=1,
    max_size=3,
)


def cycles(begun: int, told: list[tuple[int, int | None, int | None, str, str | None]]) -> tuple[Cycle, ...]:
    """Cycles one after the other: days at home, of work if it came to an end, till the hand-back if there was one."""
    found: list[Cycle] = []
    on = begun
    for home, work, back, site, failed_at in told:
        begun_on = on = on + home if found else on
        repaired_on = None if work is None else (on := on + work)
        back_on = None if back is None else (on := on + back)
        # What was sent back and not set right was work all the same, but no repair.
        found.append(Cycle(begun_on, repaired_on, back_on, site, None if work is None else failed_at))
    return tuple(found)


STORIES = st.lists(
    st.builds(
        lambda opened, serial, corrected, exchanged, links, told, is_cancelled: Told(
            0, opened, serial, corrected, exchanged, links, cycles(opened, told), is_cancelled
        ),
        st.integers(0, 30),
        SERIALS,
        st.one_of(st.none(), st.none(), SERIALS),
        st.one_of(st.none(), st.none(), SERIALS),
        st.lists(st.integers(1, 8), max_size=2).map(tuple),
        CYCLES,
        st.sampled_from([False, False, False, True]),
    ),
    max_size=8,
).map(lambda told: [replace(one, number=number) for number, one in enumerate(told, 1)])
"""Tickets whose units are repaired within a few days, or not, and handed back, or not, once or a few times."""


def known(one: Told) -> repeats.Known:
    links = tuple(f"{link:032x}" for link in one.links)
    seen = same_unit.Sighting(one.opened_on * DAY, f"{one.number:032x}", one.came_as, one.went_as, links)
    repairs = ((repair.back_on * DAY, repeats.Repair(seen.ticket, repair.cycle)) for repair in one.repairs)
    return repeats.Known(seen, tuple(repairs), one.is_cancelled)


@given(STORIES, st.integers(0, 20))
@settings(max_examples=300)
def test_repeats_are_those_of_the_oracle(story: list[Told], days: int) -> None:
    found = repeats.repeats([known(one) for one in story], days)
    assert [
        (int(ticket, 16), *((int(one.ticket, 16), one.cycle) for one in (latest, first)))
        for ticket, latest, first in found
    ] == repeats_of(story, days)


def sealed(serial: str | None) -> SerialNumber | None:
    if serial is None:
        return None
    digest = sha256(serial.encode()).hexdigest()
    return SerialNumber(match=digest, digest=digest)


def put_on_record(company: Company, story: list[Told]) -> None:
    for one in story:
        facts: list[tuple[Event, int]] = [
            (e.TicketOpened(number=str(one.number), site="A", serial=sealed(one.serial)), one.opened_on),
            *((e.RepeatLinked(previous_ticket=UUID(int=link), basis="same_unit"), one.opened_on) for link in one.links),
        ]
        if one.corrected is not None:
            facts.append((e.UnitIdentified(serial=sealed(one.corrected)), one.opened_on))
        if one.exchanged is not None:
            new = sealed(one.exchanged)
            assert new is not None
            facts.append((e.UnitExchanged(new_serial=new), one.opened_on))
        for place, cycle in enumerate(one.cycles):
            if place:
                facts.append((e.TicketReopened(ground="same_fault"), cycle.begun_on))
            facts += happened(cycle)
        if one.is_cancelled:
            facts.append((e.TicketClosed(outcome="cancelled"), facts[-1][1]))
        company.imports(one.number, "old", [(fact, day(on)) for fact, on in facts])


def happened(cycle: Cycle) -> list[tuple[Event, int]]:
    """The facts of a cycle."""
    facts: list[tuple[Event, int]] = [(e.UnitReceived(site=cycle.failed_at or cycle.site), cycle.begun_on)]
    if cycle.failed_at is not None:
        facts += [(e.RepairCompleted(), cycle.begun_on), (e.QcFailed(), cycle.begun_on)]
        facts += [(e.UnitArrived(site=cycle.site), cycle.begun_on)]
    if cycle.repaired_on is not None:
        facts.append((e.RepairCompleted(), cycle.repaired_on))
    if cycle.back_on is not None:
        facts.append((e.UnitHandedBack(), cycle.back_on))
    return facts


Counted = dict[str, tuple[int, int, int, int]]
"""By site: numerator, denominator, excluded, censored."""


def expected(story: list[Told], days: int, blame: str) -> tuple[Counted, Counted, list[tuple[str, int, str]]]:
    """The counts of the rate and of first-time fixes, and the repeats charged."""
    found = repeats_of(story, days)
    blamed = [(latest if blame == "latest" else first, number) for number, latest, first in found]
    until = max(
        max(on for cycle in one.cycles for on in (cycle.begun_on, cycle.repaired_on, cycle.back_on) if on is not None)
        for one in story
    )
    repairs = [repair for one in story for repair in one.repairs]
    out = sum(
        max(1, len(replace(one, is_cancelled=False).repairs)) for one in story if one.was_back and not one.repairs
    )
    charged_with = {repair for repair, _ in blamed}

    def counted(at: Callable[[Repair], str], had: Callable[[Repair], bool]) -> Counted:
        by_site = {}
        for site in {at(repair) for repair in repairs}:
            of_site = [repair for repair in repairs if at(repair) == site]
            mature = [repair for repair in of_site if repair.back_on + days <= until]
            by_site[site] = (sum(map(had, mature)), len(mature), 0, len(of_site) - len(mature))
        return by_site | {"": (0, 0, out, 0)}

    return (
        counted(lambda one: one.site, lambda one: (one.number, one.cycle) in charged_with),
        counted(lambda one: one.attempted_at, lambda one: is_fixed(one, story, days)),
        [(str(number), cycle, str(new)) for (number, cycle), new in blamed],
    )


def by_site(report: Report, figure: str) -> Counted:
    """The counts of a report; what is excluded, whatever the site, apart."""
    rows = report.of(figure)
    counted = {
        str(row.group["site"]): (row.numerator, row.denominator, 0, row.censored)
        for row in rows
        if row.denominator or row.censored
    }
    return counted | {"": (0, 0, sum(row.excluded for row in rows), 0)}


def agree(company: Company, story: list[Told], days: int) -> None:
    for blame in ("latest", "first"):
        rate, fix, cases = expected(story, days, blame)
        for cut in ({}, {"position": company.app.store.head(), "as_of": company.now}):
            asked: dict[str, Any] = {"n_days": days, "blame": blame, "by": ("site",), **cut}
            report = reports.repeat_rate(company.app, **asked)
            assert by_site(report, "repeat_rate") == rate
            assert by_site(report, "first_time_fix") == fix
            listed = reports.repeats(company.app, **asked).cases or ()
            assert [(one["ticket"], one["cycle"], one["repeat"]) for one in listed] == cases
            del asked["blame"]
            assert by_site(reports.first_time_fix(company.app, **asked), "first_time_fix") == fix


@given(STORIES.filter(bool), st.integers(0, 20))
@settings(max_examples=20)
def test_the_report_says_of_any_story_what_the_oracle_says(story: list[Told], days: int) -> None:
    with Company() as company:
        put_on_record(company, story)
        company.now = day(100)
        agree(company, story, days)


def test_every_store_says_of_a_long_story_what_the_oracle_says(store_url: str) -> None:
    chance = Random(11)
    story = []
    for number in range(1, 81):
        opened, serial = chance.randrange(200), f"S{chance.randrange(40)}"
        told: list[tuple[int, int | None, int | None, str, str | None]] = []
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            work = chance.randrange(1, 3) if chance.random() < 0.9 else None
            back = chance.randrange(1, 7) if chance.random() < 0.95 else None
            failed_at = "C" if chance.random() < 0.1 else None
            told.append((chance.randrange(30), work, back, chance.choice("AB"), failed_at))
        story.append(
            Told(
                number,
                opened,
                serial if chance.random() < 0.9 else None,
                exchanged=f"S{chance.randrange(40)}" if chance.random() < 0.1 else None,
                links=(chance.randrange(1, 81),) if chance.random() < 0.1 else (),
                cycles=cycles(opened, told),
                is_cancelled=chance.random() < 0.05,
            )
        )
    with Company(store_url) as company:
        put_on_record(company, story)
        company.now = day(300)
        agree(company, story, 60)
