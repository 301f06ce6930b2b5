"""Warranty watch: what counts as moved from warranty to paid, by whom, and when the move did not stand."""

from uuid import UUID

import pytest

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Actor
from ticketing.projections import contested
from ticketing.projections.agreement import DECISIONS
from ticketing.projections.kept_facts import KEPT
from ticketing.projections.report import ReportRow

DIAGNOSED = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="misuse"),))
IN_WARRANTY = e.EntitlementDecided(basis="warranty", reason=WHY)
MOVED = e.EntitlementRevised(
    from_basis="warranty", to_basis="none", trigger="diagnosis", reason=WHY, approved_by="boss-1"
)
FIRST, SECOND = Actor(id="w-1", role="warranty_officer"), Actor(id="w-2", role="warranty_officer")


def test_every_fact_is_used_or_left_out_on_purpose() -> None:
    assert {e.TicketOpened, e.DiagnosisRecorded} == contested.TAKEN - KEPT
    assert set(DECISIONS) < KEPT
    disputes_and_claims = {e.DisputeOpened, e.VerdictAppealed, e.DisputeClosed, e.ClaimSubmitted}
    assert KEPT - set(DECISIONS) == {*disputes_and_claims, e.StandardPinned, e.TicketReopened}


@pytest.fixture
def company() -> Company:
    return Company()


def handed_back(company: Company, ticket: UUID) -> UUID:
    company.finds(ticket, e.UnitHandedBack(), day(9))
    company.finds(ticket, e.TicketClosed(outcome="repaired"), day(9))
    return ticket


def moved(company: Company, number: int, *, by: Actor = FIRST) -> tuple[UUID, int]:
    """A ticket in warranty on day 1, diagnosed on day 2, moved on day 3, back on day 9; and the version of the move."""
    ticket = company.repairs(number, 0, None)
    company.finds(ticket, IN_WARRANTY, day(1), by=SECOND)
    company.finds(ticket, DIAGNOSED, day(2))
    version = company.finds(ticket, MOVED, day(3), by=by)
    return handed_back(company, ticket), version


def left(company: Company, number: int, *, by: Actor = FIRST) -> UUID:
    """A ticket diagnosed on day 1, put into warranty on day 2, and left there."""
    ticket = company.repairs(number, 0, None)
    company.finds(ticket, DIAGNOSED, day(1))
    company.finds(ticket, IN_WARRANTY, day(2), by=by)
    return handed_back(company, ticket)


def watch(company: Company, **asked: object) -> tuple[ReportRow, ReportRow]:
    """The two rows of all tickets: moved of those in warranty, and overturned of those moved."""
    one, two = reports.warranty_watch(company.app, **asked).rows  # type: ignore[arg-type]
    return one, two


def test_moved_after_diagnosis_out_of_diagnosed_in_warranty(company: Company) -> None:
    # Three diagnosed in warranty, one of them moved; one never in warranty, one out before it was diagnosed.
    moved(company, 1)
    left(company, 2)
    left(company, 3)
    paid = company.repairs(4, 0, None)
    company.finds(paid, DIAGNOSED, day(1))
    company.finds(paid, e.EntitlementDecided(basis="none", reason=WHY), day(2))
    handed_back(company, paid)
    unseen = company.repairs(5, 0, None)
    company.finds(unseen, IN_WARRANTY, day(1))
    company.finds(unseen, MOVED, day(2))
    company.finds(unseen, DIAGNOSED, day(3))  # it was out before anybody looked
    handed_back(company, unseen)
    watched, overturned = watch(company)
    assert (watched.numerator, watched.denominator, watched.excluded) == (1, 3, 0)
    assert watched.value == 33.333333
    # Wilson 1/3: centre (1/3 + 1.9207/3)/(1 + 3.8415/3) = 0.42691, half width 0.36542.
    assert watched.low == pytest.approx(6.1492, abs=1e-3)
    assert watched.high == pytest.approx(79.2340, abs=1e-3)
    assert (overturned.numerator, overturned.denominator, overturned.value) == (0, 1, 0.0)


def test_the_move_counts_under_who_moved_it_and_the_rest_under_who_left_it(company: Company) -> None:
    moved(company, 1, by=FIRST)
    left(company, 2, by=FIRST)
    left(company, 3, by=SECOND)
    by_decider = reports.warranty_watch(company.app, by=["decided_by"]).of("warranty_watch")
    assert [(row.group["decided_by"], row.numerator, row.denominator) for row in by_decider] == [
        ("w-1", 1, 2),
        ("w-2", 0, 1),
    ]
    by_approver = reports.warranty_watch(company.app, by=["approved_by", "site"]).of("warranty_watch")
    assert [(row.group, row.numerator, row.denominator) for row in by_approver] == [
        ({"approved_by": None, "site": "berlin"}, 0, 2),
        ({"approved_by": "boss-1", "site": "berlin"}, 1, 1),
    ]


def test_the_tickets_moved_are_listed_with_what_became_of_them(company: Company) -> None:
    ticket, version = moved(company, 7)
    back_in = e.EntitlementRevised(from_basis="none", to_basis="warranty", trigger="complaint", reason=WHY)
    overturned_by = company.finds(ticket, back_in, day(20))
    left(company, 8)
    report = reports.warranty_watch(company.app)
    assert report.cases == (
        {
            "ticket": "T-7",
            "ticket_id": str(ticket),
            "site": "berlin",
            "moved_at": "2026-01-04T00:00:00.000000Z",
            "moved_by": "w-1",
            "approved_by": "boss-1",
            "because": "diagnosis",
            "version": version,
            "overturned_by": overturned_by,
        },
    )
    assert report.plain()["cases"] == list(report.cases)
    assert (report.rows[0].numerator, report.rows[1].numerator) == (1, 1)


def test_a_verdict_on_the_promise_overturns_the_move_and_one_on_the_price_does_not(company: Company) -> None:
    for number, ground in ((1, "coverage"), (2, "price")):
        ticket, version = moved(company, number)
        dispute = e.DisputeOpened.model_validate(
            {"dispute_id": "D", "ground": ground, "raised_by": "customer", "parties": ("customer",)}
        )
        company.finds(ticket, dispute.model_copy(update={"about_version": version}), day(12))
        verdict = e.VerdictIssued(dispute_id="D", by="j-1", in_favour_of="customer", reasons=WHY)
        company.finds(ticket, verdict, day(15))
    cases = reports.warranty_watch(company.app).cases or ()
    assert [(case["ticket"], case["overturned_by"] is not None) for case in cases] == [("T-1", True), ("T-2", False)]
    assert watch(company)[1].numerator == 1
    # Before the verdict nothing was overturned.
    assert watch(company, as_of=day(14))[1].numerator == 0


def test_an_appealed_verdict_overturns_nothing(company: Company) -> None:
    ticket, version = moved(company, 1)
    opened = e.DisputeOpened(
        dispute_id="D", ground="coverage", raised_by="customer", parties=("customer",), about_version=version
    )
    company.finds(ticket, opened, day(12))
    company.finds(ticket, e.VerdictIssued(dispute_id="D", by="j", in_favour_of="customer", reasons=WHY), day(13))
    assert watch(company)[1].numerator == 1
    company.finds(ticket, e.VerdictAppealed(dispute_id="D", party="manufacturer"), day(14))
    assert watch(company)[1].numerator == 0


def test_a_detour_over_goodwill_is_a_move_and_goodwill_alone_is_none(company: Company) -> None:
    goodwill = e.EntitlementRevised(from_basis="warranty", to_basis="goodwill", trigger="diagnosis", reason=WHY)
    for number, steps in ((1, (goodwill,)), (2, (goodwill, e.EntitlementDecided(basis="none", reason=WHY)))):
        ticket = company.repairs(number, 0, None)
        company.finds(ticket, DIAGNOSED, day(1))
        company.finds(ticket, IN_WARRANTY, day(2))
        for at, step in enumerate(steps, 3):
            company.finds(ticket, step, day(at), by=FIRST)
        handed_back(company, ticket)
    report = reports.warranty_watch(company.app)
    assert [case["ticket"] for case in report.cases or ()] == ["T-2"]
    assert (report.rows[0].numerator, report.rows[0].denominator) == (1, 2)


def test_another_fault_of_the_same_ticket_is_decided_afresh(company: Company) -> None:
    ticket = left(company, 1)
    company.finds(ticket, e.TicketReopened(ground="new_fault"), day(20))
    company.finds(ticket, DIAGNOSED, day(21))
    company.finds(ticket, e.EntitlementDecided(basis="none", reason=WHY), day(22))
    assert (watch(company)[0].numerator, watch(company)[0].denominator) == (0, 1)
    same = left(company, 2)
    company.finds(same, e.TicketReopened(ground="same_fault"), day(20))
    company.finds(same, MOVED, day(22))
    assert (watch(company)[0].numerator, watch(company)[0].denominator) == (1, 2)


def test_a_ticket_not_handed_back_is_not_known_yet_and_a_cancelled_one_left_out(company: Company) -> None:
    moved(company, 1)
    waiting = company.repairs(2, 0, None)
    company.finds(waiting, DIAGNOSED, day(1))
    company.finds(waiting, IN_WARRANTY, day(2))
    cancelled = company.repairs(3, 0, None)
    company.finds(cancelled, DIAGNOSED, day(1))
    company.finds(cancelled, IN_WARRANTY, day(2))
    company.finds(cancelled, e.TicketClosed(outcome="cancelled"), day(3))
    opened, _ = watch(company, cohort="opened_in")
    assert (opened.numerator, opened.denominator, opened.censored, opened.excluded) == (1, 1, 1, 1)
    back, _ = watch(company)
    assert (back.denominator, back.censored, back.excluded) == (1, 0, 0)


def test_a_ticket_whose_unit_never_came_is_left_out_of_the_watch_and_of_its_cases(company: Company) -> None:
    moved(company, 1)
    channels: tuple[e.Channel, ...] = ("counter", "remote")  # nothing has to be received to be looked at remotely
    for number, channel in enumerate(channels, 2):
        ticket = company.opens(number, day(0), channel=channel)
        company.finds(ticket, DIAGNOSED, day(1))
        company.finds(ticket, IN_WARRANTY, day(2))
        company.finds(ticket, MOVED, day(3))
        company.finds(ticket, e.TicketClosed(outcome="refused"), day(9))
    report = reports.warranty_watch(company.app, cohort="opened_in")
    assert [(row.numerator, row.denominator, row.excluded) for row in report.rows] == [(2, 2, 1), (0, 2, 1)]
    assert [case["ticket"] for case in report.cases or ()] == ["T-1", "T-3"]


def test_a_move_taken_back_from_the_record_never_happened(company: Company) -> None:
    ticket, version = moved(company, 1)
    assert watch(company)[0].numerator == 1
    company.retracts(ticket, version, day(30))
    watched, overturned = watch(company)
    assert (watched.numerator, watched.denominator) == (0, 1)
    assert (overturned.value, overturned.reason) == (None, "no ticket of the period was moved out of warranty")
