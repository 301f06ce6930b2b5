"""Backlog: how old the open tickets are, in what state, and what they wait for."""

import pytest

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Event
from ticketing.projections import backlog, dimensions

UNUSED = frozenset(
    {
        e.PaperworkCompleted,
        e.ProofOfPurchaseRecorded,
        e.PromiseMade,
        e.RepeatLinked,
        e.TicketAssigned,
        e.RequestMade,
        e.RequestAnswered,
        e.CustomerContacted,
        e.TestPerformed,
        e.StandardPinned,
        e.PositionRequested,
        e.PositionStated,
        e.EvidenceSubmitted,
        e.EvidenceHandedOver,
        e.JointInspectionHeld,
        e.PayersRevised,
        e.ClaimSubmitted,
        e.ClaimDecided,
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
ESTIMATE = e.EstimateIssued.model_validate(
    {
        "estimate_version": 1,
        "lines": (),
        "maximum": {"amount": "10.00", "currency": "EUR"},
    }
)
DISPUTE = e.DisputeOpened(dispute_id="D-1", ground="coverage", raised_by="customer", parties=("customer",))
VERDICT = e.VerdictIssued(dispute_id="D-1", by="e-1", in_favour_of="customer", reasons=WHY)


@pytest.fixture
def company() -> Company:
    return Company()


def test_every_fact_is_used_or_left_out_on_purpose() -> None:
    used = dimensions.TAKEN | backlog.TAKEN
    assert used | UNUSED == set(e.TICKET_EVENTS)
    assert not used & UNUSED


def split(company: Company) -> dict[tuple[str | None, str | None], int | float | None]:
    rows = reports.backlog(company.app).of("backlog_by_state")
    return {(row.group["state"], row.group["wait"]): row.value for row in rows}


def test_ages_are_whole_days_and_their_limits_inclusive(company: Company) -> None:
    # As of day 100: opened on days 100, 96.5 (3 whole days), 96, 93, 92, 86, 85, 70, 69, 55, 54.
    days = (100, 96.5, 96, 93, 92, 86, 85, 70, 69, 55, 54)
    for number, opened in enumerate(sorted(days), 1):
        company.repairs(number, opened, None)
    company.now = day(100)
    (row,) = reports.backlog(company.app).of("backlog")
    # Ages: 0, 3 | 4, 7 | 8, 14 | 15, 30 | 31, 45 | 46.
    assert row.ages == {"0-3": 2, "4-7": 2, "8-14": 2, "15-30": 2, "31-45": 2, ">45": 1}
    assert (row.value, row.unit, row.numerator, row.denominator) == (11, "tickets", 11, 11)


def test_closed_tickets_are_no_backlog_and_reopened_ones_are_as_old_as_their_cycle(company: Company) -> None:
    company.repairs(1, 0, 5)
    reopened = company.repairs(2, 0, 5)
    company.finds(reopened, e.TicketReopened(ground="same_fault"), day(90))
    company.now = day(100)
    (row,) = reports.backlog(company.app).of("backlog")
    assert (row.value, row.ages) == (1, {"0-3": 0, "4-7": 0, "8-14": 1, "15-30": 0, "31-45": 0, ">45": 0})


def test_the_state_is_of_the_work_in_house_and_of_custody_elsewhere(company: Company) -> None:
    company.opens(1, day(0))
    company.repairs(2, 0, None)
    company.finds(company.repairs(3, 0, None), e.RepairStarted(), day(1))
    company.finds(company.repairs(4, 0, None), e.UnitDispatched(to="leipzig"), day(1))
    company.repairs(5, 0, 1, closed=False)
    company.finds(company.opens(6, day(0), channel="remote"), e.DiagnosisStarted(), day(1))
    assert split(company) == {
        ("diagnosing", "none"): 1,
        ("handed_back", "none"): 1,
        ("idle", "none"): 1,
        ("in_transit", "transit"): 1,
        ("outside", "none"): 1,
        ("repairing", "none"): 1,
    }


def test_waits_are_recorded_or_follow_from_other_facts(company: Company) -> None:
    ticket = company.repairs(1, 0, None)

    def waits_for(event: Event) -> str | None:
        company.finds(ticket, event, day(1))
        ((_, wait),) = split(company)
        return wait

    assert waits_for(ESTIMATE) == "customer_approval"
    assert waits_for(e.WaitStarted(cause="parts_ours")) == "parts_ours"  # first in the order of `WAITS`
    assert waits_for(e.EstimateApproved(estimate_version=1, lines=())) == "parts_ours"
    assert waits_for(e.WaitEnded(cause="parts_ours")) == "none"
    assert waits_for(DISPUTE) == "dispute"
    assert waits_for(e.CustomerNotified()) == "customer_collection"
    assert waits_for(e.UnitHandedBack()) == "dispute"
    assert waits_for(VERDICT) == "none"
    assert waits_for(e.VerdictAppealed(dispute_id="D-1", party="customer")) == "dispute"
    assert waits_for(e.DisputeClosed(dispute_id="D-1", how="settled")) == "none"


def test_groups_have_totals_and_parts_of_them(company: Company) -> None:
    company.opens(1, day(0), site="munich")
    company.repairs(2, 0, None)
    company.finds(company.repairs(3, 0, None), e.RepairStarted(), day(0))
    report = reports.backlog(company.app, by=["site"])
    assert [(row.group, row.value) for row in report.of("backlog")] == [
        ({"site": "berlin"}, 2),
        ({"site": "munich"}, 1),
    ]
    by_state = report.of("backlog_by_state")
    parts = [(row.group["site"], row.group["state"], row.numerator, row.denominator) for row in by_state]
    assert parts == [("berlin", "idle", 1, 2), ("berlin", "repairing", 1, 2), ("munich", "outside", 1, 1)]


def test_an_imported_ticket_is_as_old_as_it_was_when_its_source_ended(company: Company) -> None:
    company.imports(1, "old", [(e.TicketOpened(number="L-1", site="berlin"), day(0))])
    company.imports(2, "old", [(e.TicketOpened(number="L-2", site="berlin"), day(5))])
    company.now = day(1000)
    (row,) = reports.backlog(company.app).of("backlog")
    assert row.ages == {"0-3": 1, "4-7": 1, "8-14": 0, "15-30": 0, "31-45": 0, ">45": 0}
    assert row.censored == 2


def test_a_backlog_is_of_an_instant_and_has_no_period(company: Company) -> None:
    ticket = company.repairs(1, 0, 5)
    company.now = day(9)
    assert reports.backlog(company.app, as_of=day(4)).rows[0].value == 1
    assert reports.backlog(company.app).rows[0].value == 0
    assert company.app.ticket(ticket).case == "closed"
    with pytest.raises(BadInput, match="a backlog is of one instant"):
        reports.backlog(company.app, from_=day(0))
