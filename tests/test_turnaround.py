"""Turnaround: what begins and ends it, what is left out, and what closed tickets alone would say."""

from datetime import timedelta

import pytest

from tests.repairs import MANAGER, WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Actor
from ticketing.projections import dimensions, turnaround
from ticketing.projections.built_in import TURNAROUND_ROWS
from ticketing.projections.report import ReportRow

UNUSED = frozenset(
    {
        e.ProofOfPurchaseRecorded,
        e.PromiseMade,
        e.RepeatLinked,
        e.TicketAssigned,
        e.RequestMade,
        e.RequestAnswered,
        e.CustomerContacted,
        e.TestPerformed,
        e.StandardPinned,
        e.EstimateIssued,
        e.EstimateApproved,
        e.WaitStarted,
        e.WaitEnded,
        e.DisputeOpened,
        e.PositionRequested,
        e.PositionStated,
        e.EvidenceSubmitted,
        e.EvidenceHandedOver,
        e.JointInspectionHeld,
        e.VerdictIssued,
        e.VerdictAppealed,
        e.DisputeClosed,
        e.PayersRevised,
        e.ClaimSubmitted,
        e.ClaimDecided,
        e.PartFitted,
        e.WorkLogged,
        e.BillIssued,
        e.BillCredited,
        e.PaymentReceived,
        e.ComplaintReceived,
        e.ComplaintAcknowledged,
        e.ComplaintResolved,
        e.SatisfactionRated,
        e.EventCorrected,
        e.EventRetracted,
        e.NoteRecorded,
        e.NoticeSent,
        e.HostFactRecorded,
    }
)


def test_every_fact_is_used_or_left_out_on_purpose() -> None:
    used = dimensions.TAKEN | turnaround.TAKEN
    assert used | UNUSED == set(e.TICKET_EVENTS)
    assert not used & UNUSED


@pytest.fixture
def company() -> Company:
    return Company()


def true(company: Company, **asked: object) -> ReportRow:
    (row,) = reports.turnaround(company.app, unit="d", **asked).of("turnaround")  # type: ignore[arg-type]
    return row


def test_open_tickets_count_for_as_long_as_they_were_seen_open(company: Company) -> None:
    # Handed back after 1, 2 and 3 days; two more open since day 0, seen until day 10.
    # F(1) = 1/5, F(2) = 2/5, F(3) = 3/5: half are back after 3 days, nine of ten never yet.
    for number, days in enumerate((1, 2, 3), 1):
        company.repairs(number, 0, days)
    company.repairs(4, 0, None)
    company.repairs(5, 0, None)
    company.now = day(10)
    row = true(company)
    assert row.percentiles == {"p50": 3.0, "p90": None}
    assert row.reason == "p90 not reached: of 5 tickets 2 are open and 0 ended otherwise"
    assert (row.numerator, row.denominator, row.censored, row.excluded) == (3, 5, 2, 0)
    # Closed tickets alone: three values, ranks ⌈1.5⌉ = 2 and ⌈2.7⌉ = 3.
    (closed,) = reports.turnaround(company.app, unit="d").of("turnaround_closed")
    assert closed.percentiles == {"p50": 2.0, "p90": 3.0}
    assert (closed.numerator, closed.denominator, closed.excluded) == (3, 3, 2)


def test_a_ticket_seen_open_for_less_says_less(company: Company) -> None:
    # Back after 4 days; one open, seen for 3: at 4 days only the first is at risk, and all of it is back.
    company.repairs(1, 0, 4)
    company.repairs(2, 2, None)
    company.now = day(5)
    assert true(company).percentiles == {"p50": 4.0, "p90": 4.0}


def test_disposal_and_closing_without_hand_back_are_other_endings(company: Company) -> None:
    # Two handed back after 1 day, one disposed of after 2, one closed as exchanged after 3: F ends at 2/4.
    company.repairs(1, 0, 1)
    company.repairs(2, 0, 1)
    company.finds(company.repairs(3, 0, None), e.UnitDisposed(reason=WHY), day(2))
    company.finds(company.repairs(4, 0, None), e.TicketClosed(outcome="exchanged"), day(3))
    row = true(company)
    assert row.percentiles == {"p50": 1.0, "p90": None}
    assert row.reason == "p90 not reached: of 4 tickets 0 are open and 2 ended otherwise"


def test_a_cancelled_ticket_is_another_ending_even_if_the_unit_went_back(company: Company) -> None:
    ticket = company.repairs(1, 0, 2, closed=False)
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(2))
    row = true(company)
    assert (row.numerator, row.denominator, row.censored) == (0, 1, 0)
    (closed, share) = reports.turnaround(company.app, within_days=1).rows[1:]
    assert (closed.denominator, closed.excluded) == (0, 1)
    assert (share.denominator, share.excluded) == (0, 1)


def test_a_ticket_never_received_is_excluded_and_counted(company: Company) -> None:
    company.opens(1, day(0))
    row = true(company)
    assert (row.denominator, row.excluded) == (0, 1)
    assert row.percentiles == {"p50": None, "p90": None}
    assert row.reason == "no ticket opened in the period was received"


def test_a_ticket_handed_back_and_reopened_is_open(company: Company) -> None:
    ticket = company.repairs(1, 0, 2)
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(5))
    company.now = day(6)
    row = true(company)
    assert (row.numerator, row.censored) == (0, 1)
    # The unit comes in again and goes back on day 9: from the first receipt to the last hand-back.
    company.finds(ticket, e.UnitReceived(site="berlin"), day(7))
    company.finds(ticket, e.UnitHandedBack(), day(9))
    assert true(company).percentiles == {"p50": 9.0, "p90": 9.0}


def test_a_case_reopened_and_closed_without_the_unit_ended_with_the_hand_back(company: Company) -> None:
    ticket = company.repairs(1, 0, 2)
    company.finds(ticket, e.TicketReopened(ground="closed_in_error"), day(5))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(6))
    assert true(company).percentiles == {"p50": 2.0, "p90": 2.0}


@pytest.mark.parametrize("channel", ["on_site", "remote"])
def test_without_custody_the_diagnosis_begins_and_the_end_of_work_ends_it(company: Company, channel: e.Channel) -> None:
    ticket = company.opens(1, day(0), channel=channel)
    company.finds(ticket, e.DiagnosisStarted(), day(1))
    company.finds(ticket, e.RepairStarted(), day(2))
    company.now = day(3)
    assert true(company).censored == 1
    company.finds(ticket, e.RepairCompleted(), day(4))
    assert true(company).percentiles == {"p50": 3.0, "p90": 3.0}
    # Sent back by the inspector, the work goes on; it ends on day 6.
    company.finds(ticket, e.QcFailed(), day(5))
    assert true(company).censored == 1
    company.finds(ticket, e.RepairStarted(), day(5))
    company.finds(ticket, e.RepairCompleted(), day(6))
    assert true(company).percentiles == {"p50": 5.0, "p90": 5.0}


def test_without_custody_finding_no_fault_or_closing_ends_the_work(company: Company) -> None:
    nothing = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="none_found"),))
    first = company.opens(1, day(0), channel="remote")
    company.finds(first, e.DiagnosisStarted(), day(0))
    company.finds(first, nothing, day(2))
    second = company.opens(2, day(0), channel="remote")
    company.finds(second, e.DiagnosisStarted(), day(0))
    company.finds(second, e.TicketClosed(outcome="repaired"), day(3))
    assert true(company).percentiles == {"p50": 2.0, "p90": 3.0}


def test_an_imported_ticket_is_observed_to_the_end_of_its_own_source(company: Company) -> None:
    opened, received = e.TicketOpened(number="L-1", site="berlin"), e.UnitReceived(site="berlin")
    company.imports(1, "old", [(opened, day(0)), (received, day(0)), (e.UnitHandedBack(), day(4))])
    waiting = company.imports(2, "old", [(e.TicketOpened(number="L-2", site="berlin"), day(1)), (received, day(1))])
    company.imports(3, "new", [(e.TicketOpened(number="N-1", site="berlin"), day(50)), (received, day(50))])
    company.now = day(100)
    # The open one of the old source was seen for 3 days, and the hand-back after 4 days is of one at risk: all of it.
    old, new = reports.turnaround(company.app, by=["source"], unit="d", within_days=3).of("turnaround")[::-1]
    assert (old.group, old.percentiles) == ({"source": "import:old"}, {"p50": 4.0, "p90": 4.0})
    assert new.group == {"source": "import:new"}
    # Three days after receipt had passed for both of the old source, when it ended: none was back.
    share = reports.turnaround(company.app, by=["source"], within_days=3).of("within_days")
    assert [(row.numerator, row.denominator, row.censored) for row in share] == [(0, 0, 1), (0, 2, 0)]
    # A correction follows no repair; the next native fact does, and the ticket is observed until now: 99 days.
    company.corrects(waiting, 1, "model", "P8", day(100))
    assert reports.turnaround(company.app, by=["source"], unit="d").of("turnaround")[1].percentiles == old.percentiles
    company.finds(waiting, e.RepairStarted(), day(100))
    _, old = reports.turnaround(company.app, by=["source"], unit="d").of("turnaround")
    assert old.percentiles == {"p50": 4.0, "p90": None}


def test_within_days_counts_open_tickets_past_them_as_failed(company: Company) -> None:
    # As of day 20, N 10: back on day 10 (in time, inclusive), back on day 11 (late), open since day 0 (failed),
    # opened on day 10 and open (its ten days have just passed: failed), on day 11 (censored, though it is back).
    company.repairs(1, 0, 10)
    company.repairs(2, 0, 11)
    company.repairs(3, 0, None)
    company.repairs(4, 10, None)
    company.repairs(5, 11, 12)
    company.now = day(20)
    (row,) = reports.turnaround(company.app, within_days=10).of("within_days")
    assert (row.numerator, row.denominator, row.censored, row.value, row.unit) == (1, 4, 1, 25.0, "per 100")


def test_closed_tickets_alone_can_be_asked_for_by_closing_and_by_hand_back(company: Company) -> None:
    company.finds(company.repairs(1, 0, 5, closed=False), e.TicketClosed(outcome="repaired"), day(9))
    closed_in = reports.turnaround_closed(company.app, cohort="closed_in", from_=day(8), unit="d").rows[0]
    assert (closed_in.cohort, closed_in.percentiles) == ("closed_in", {"p50": 5.0, "p90": 5.0})
    handed_back_in = reports.turnaround_closed(company.app, cohort="handed_back_in", from_=day(8)).rows[0]
    assert (handed_back_in.denominator, handed_back_in.reason) == (
        0,
        "no ticket of the cohort was handed back and closed",
    )


def test_seconds_are_whole_before_they_are_rounded(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
    # 3 900.9 s are 3 900 s, which are 1.083333 h.
    company.finds(ticket, e.UnitHandedBack(), day(0) + timedelta(seconds=3900, milliseconds=900))
    (row, _) = reports.turnaround(company.app).rows
    assert (row.percentiles, row.unit) == ({"p50": 1.083333, "p90": 1.083333}, "h")
    (row, _) = reports.turnaround(company.app, unit="s").rows
    assert row.percentiles == {"p50": 3900.0, "p90": 3900.0}


def test_the_site_is_that_of_the_last_completed_repair(company: Company) -> None:
    moved = company.repairs(1, 0, None)
    company.finds(moved, e.UnitDispatched(to="leipzig"), day(1))
    company.finds(moved, e.UnitArrived(site="leipzig"), day(2))
    company.finds(moved, e.RepairCompleted(), day(3))  # where the unit is, not where the technician is at home
    company.repairs(2, 0, None)
    on_site = company.opens(3, day(0), channel="on_site", site="berlin")
    company.finds(on_site, e.RepairCompleted(), day(3), by=Actor(id="t-9", role="technician", site="munich"))
    company.app.projections.catch_up([TURNAROUND_ROWS])
    assert [row.site for row in company.app.projections.rows(TURNAROUND_ROWS)] == ["leipzig", "berlin", "munich"]


def test_a_hand_back_before_its_receipt_is_excluded(company: Company) -> None:
    ticket = company.repairs(1, 3, 5)
    company.finds(ticket, e.UnitReceived(site="berlin"), day(9), by=MANAGER)
    company.retracts(ticket, 2, day(10))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(11))
    # What is left: handed back on day 5, received on day 9, closed on day 11 without a hand-back: another ending.
    assert (true(company).numerator, true(company).denominator) == (0, 1)
    company.corrects(ticket, 3, "occurred_at", day(12), day(13))
    assert true(company).numerator == 1
