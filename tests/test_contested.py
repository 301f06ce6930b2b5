"""Disputes and claims: how many, how long, in whose favour, what did not stand, and the money at stake."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.cuts import surviving
from ticketing.domain.values import Event, Money
from ticketing.projections.aftermath import Aftermath
from ticketing.projections.built_in import CONTESTED_ROWS
from ticketing.projections.claims import claims_of
from ticketing.projections.decisions import replayed
from ticketing.projections.disputes import Dispute
from ticketing.projections.report import ReportRow
from ticketing.projections.row import fold_row

REFUSED = e.EntitlementDecided(basis="none", clauses=("4.2", "4.3"), reason=WHY)
GRANTED = e.EntitlementRevised(from_basis="none", to_basis="warranty", trigger="verdict", reason=WHY)
PINNED = e.StandardPinned(standard="ACME-IS", standard_version=7)


@pytest.fixture
def company() -> Company:
    return Company()


def disputed(
    company: Company, number: int, at: float, *, ground: e.DisputeGround = "coverage", about: int | None = None
) -> UUID:
    """A ticket opened on day 0 with dispute D since `at`."""
    ticket = company.repairs(number, 0, None)
    opens(company, ticket, at, ground=ground, about=about)
    return ticket


def opens(
    company: Company,
    ticket: UUID,
    at: float,
    *,
    dispute_id: str = "D",
    ground: e.DisputeGround = "coverage",
    about: int | None = None,
) -> None:
    opened = e.DisputeOpened(
        dispute_id=dispute_id, ground=ground, raised_by="customer", parties=("customer", "company"), about_version=about
    )
    company.finds(ticket, opened, day(at))


def rules(company: Company, ticket: UUID, at: float, party: str, *, clause: str | None = None) -> int:
    """A verdict on dispute D."""
    verdict = e.VerdictIssued.model_validate(
        {"dispute_id": "D", "by": "judge", "in_favour_of": party, "clause": clause, "reasons": WHY}
    )
    return company.finds(ticket, verdict, day(at))


def ends(company: Company, ticket: UUID, at: float, how: str) -> None:
    company.finds(ticket, e.DisputeClosed.model_validate({"dispute_id": "D", "how": how}), day(at))


def counts(row: ReportRow) -> tuple[int, int, int, int]:
    return row.numerator, row.denominator, row.censored, row.excluded


def test_disputed_within_h_days_out_of_opened_at_least_h_days_ago(company: Company) -> None:
    disputed(company, 1, 5)
    disputed(company, 2, 30)  # the last day counts
    disputed(company, 3, 31)  # too late
    company.repairs(4, 0, None)
    young = company.repairs(5, 80, None)
    opens(company, young, 81)  # its days have not passed
    cancelled = disputed(company, 6, 3)
    company.finds(cancelled, e.TicketClosed(outcome="cancelled"), day(4))
    twice = disputed(company, 7, 4)
    opens(company, twice, 6, dispute_id="D-2", ground="price")
    company.now = day(100)
    (row,) = reports.disputes(company.app, h_days=30).of("disputes")
    assert counts(row) == (3, 5, 1, 1)
    by_ground = reports.disputes(company.app, h_days=30, by=["ground"]).of("disputes")
    assert [(row.group["ground"], counts(row)) for row in by_ground] == [
        ("coverage", (3, 5, 1, 1)),
        ("price", (1, 5, 1, 1)),
    ]


def test_where_nobody_disputed_the_rate_is_nought_by_whatever_it_is_asked(company: Company) -> None:
    company.repairs(1, 0, None)
    company.now = day(100)
    for by in ([], ["site"], ["ground"], ["site", "clause"]):
        (row,) = reports.disputes(company.app, by=by).of("disputes")
        assert (counts(row), row.value) == ((0, 1, 0, 0), 0.0)


def test_a_dispute_waits_for_its_verdict_as_long_as_it_is_watched(company: Company) -> None:
    # Verdicts after 10 and 20 days; one waits since 15 days; one was settled after 12.
    # At 10: 1 of 4. At 12 one leaves without, at 15 one is last seen. At 20 the last one: 1/4 + (3/4 · 2/3) = 3/4.
    rules(company, disputed(company, 1, 1), 11, "customer")
    rules(company, disputed(company, 2, 1), 21, "company")
    disputed(company, 3, 10)
    ends(company, disputed(company, 4, 1), 13, "settled")
    company.now = day(25)
    (row,) = reports.disputes(company.app, percentiles=[25, 75, 90]).of("days_to_verdict")
    assert row.percentiles == {"p25": 10.0, "p75": 20.0, "p90": None}
    assert (row.numerator, row.denominator, row.censored) == (2, 4, 1)
    assert row.reason == "p90 not reached: of 4 disputes 1 wait for a verdict and 1 ended without one"


def test_an_appeal_does_not_undo_that_there_was_a_verdict_but_it_favours_nobody(company: Company) -> None:
    ticket = disputed(company, 1, 1)
    rules(company, ticket, 3, "customer")
    company.finds(ticket, e.VerdictAppealed(dispute_id="D", party="company"), day(4))
    report = reports.disputes(company.app)
    assert report.of("days_to_verdict")[0].percentiles == {"p50": 2.0, "p90": 2.0}
    assert report.of("verdicts_for") == ()
    rules(company, ticket, 9, "company")
    (row,) = reports.disputes(company.app).of("verdicts_for")
    assert (row.group, counts(row)) == ({"in_favour_of": "company"}, (1, 1, 0, 0))


def test_verdicts_are_split_by_whom_they_favour(company: Company) -> None:
    for number, party in enumerate(("customer", "customer", "company"), 1):
        rules(company, disputed(company, number, 1), 5, party)
    ends(company, disputed(company, 4, 1), 5, "withdrawn")
    rows = reports.disputes(company.app).of("verdicts_for")
    assert [(row.group["in_favour_of"], counts(row)) for row in rows] == [
        ("company", (1, 3, 0, 1)),
        ("customer", (2, 3, 0, 1)),
    ]


def test_disputes_about_units_that_never_came_are_in_no_figure_and_of_cancelled_tickets_in_no_share(
    company: Company,
) -> None:
    channels: tuple[e.Channel, ...] = ("counter", "on_site")  # nothing has to be received on site
    for number, channel in enumerate(channels, 1):
        ticket = company.opens(number, day(0), channel=channel)
        opens(company, ticket, 1, about=company.finds(ticket, REFUSED, day(1)))
        rules(company, ticket, 3, "company")
    cancelled = company.repairs(3, 0, None)
    opens(company, cancelled, 1, about=company.finds(cancelled, REFUSED, day(1)))
    rules(company, cancelled, 4, "customer")
    company.finds(cancelled, e.TicketClosed(outcome="cancelled"), day(9))
    company.now = day(100)
    report = reports.disputes(company.app)
    assert counts(report.of("disputes")[0]) == (1, 1, 0, 2)
    assert counts(report.of("days_to_verdict")[0]) == (1, 2, 0, 1)  # the cancelled one ended without a verdict
    (favoured,) = report.of("verdicts_for")
    assert (favoured.group, counts(favoured)) == ({"in_favour_of": "company"}, (1, 1, 0, 2))
    assert counts(report.of("disputed_overturned")[0]) == (0, 1, 0, 2)


def refused(company: Company, number: int) -> tuple[UUID, int]:
    """A ticket refused by two clauses of the standard that was pinned before, and disputed; and the refusal."""
    ticket = company.repairs(number, 0, None)
    company.finds(ticket, PINNED, day(1))
    version = company.finds(ticket, REFUSED, day(2))
    company.finds(ticket, PINNED.model_copy(update={"standard_version": 8}), day(3))
    opens(company, ticket, 4, about=version)
    return ticket, version


def test_decisions_that_did_not_stand_count_under_the_standard_of_their_time_and_each_clause(company: Company) -> None:
    ticket, _ = refused(company, 1)
    rules(company, ticket, 6, "customer")
    stood, _ = refused(company, 2)
    rules(company, stood, 6, "company")
    refused(company, 3)  # open
    disputed(company, 4, 1, ground="delay")  # about no decision
    (whole,) = reports.disputes(company.app).of("disputed_overturned")
    assert counts(whole) == (1, 2, 1, 1)
    rows = reports.disputes(company.app, by=["standard", "clause"]).of("disputed_overturned")
    assert [(row.group, counts(row)) for row in rows] == [
        ({"standard": None, "clause": None}, (0, 0, 0, 1)),
        ({"standard": "ACME-IS@7", "clause": "4.2"}, (1, 2, 1, 0)),
        ({"standard": "ACME-IS@7", "clause": "4.3"}, (1, 2, 1, 0)),
    ]


def test_a_settlement_after_which_the_entitlement_was_revised_overturned_the_refusal(company: Company) -> None:
    ticket, _ = refused(company, 1)
    ends(company, ticket, 6, "settled")
    assert counts(reports.disputes(company.app).of("disputed_overturned")[0]) == (0, 1, 0, 0)
    company.finds(ticket, GRANTED, day(7))
    assert counts(reports.disputes(company.app).of("disputed_overturned")[0]) == (1, 1, 0, 0)


# claims


def money(amount: str, currency: str = "EUR") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def claim(company: Company, ticket: UUID, claim_id: str, amount: str, *decisions: Event, **other: str) -> None:
    submitted = {"claim_id": claim_id, "to": "ACME", "amount": money(amount, other.pop("currency", "EUR")), **other}
    company.finds(ticket, e.ClaimSubmitted.model_validate(submitted), day(1))
    for decided in decisions:
        company.finds(ticket, decided, day(2))


def approved(claim_id: str, amount: str, *, currency: str = "EUR", clause: str | None = None) -> e.ClaimDecided:
    return e.ClaimDecided(claim_id=claim_id, amount_approved=money(amount, currency), clause=clause)


def test_claims_approved_in_full_at_once_and_the_money_at_stake(company: Company) -> None:
    one, two = company.repairs(1, 0, None), company.repairs(2, 0, None)
    claim(company, one, "A", "100.00", approved("A", "100.00"))
    claim(company, one, "B", "50.00", approved("B", "20.00"), approved("B", "40.00"))
    claim(company, one, "C", "30.00", approved("C", "30.00"), approved("C", "10.00"))  # charged back 20
    claim(company, two, "D", "40.00", approved("D", "0.00", clause="4.2"))
    claim(company, two, "E", "70.50")
    claim(company, two, "F", "999.00", approved("F", "999.00"), to_party="insurer")  # none of the manufacturer's
    report = reports.claims(company.app)
    assert counts(report.of("claims")[0]) == (2, 4, 1, 0)
    assert counts(report.of("claims_rejected")[0]) == (1, 4, 1, 0)
    (by_clause,) = report.of("claims_rejected_by_clause")
    assert (by_clause.group, counts(by_clause)) == ({"clause": "4.2"}, (1, 4, 1, 0))
    # Claimed 100 + 50 + 30 + 40 + 70.50; not decided 70.50; refused 0 + 10 + 20 + 40; charged back 20.
    sums = [(row.figure, row.value, row.unit, row.denominator) for row in report.rows if row.unit == "EUR"]
    assert sums == [
        ("claims_claimed", 290.5, "EUR", 5),
        ("claims_undecided", 70.5, "EUR", 5),
        ("claims_refused", 70, "EUR", 5),
        ("claims_charged_back", 20, "EUR", 5),
    ]


def test_claims_decided_in_another_currency_cannot_be_compared(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    claim(company, ticket, "A", "10.00", approved("A", "10.00"))
    claim(company, ticket, "B", "10.00", approved("B", "10.00", currency="USD"))
    claim(company, ticket, "C", "10.00", approved("C", "10.00", currency="USD"), currency="USD")
    report = reports.claims(company.app)
    assert counts(report.of("claims")[0]) == (2, 2, 0, 1)
    # Of the sum those are left out that are not in the currency of the first.
    (claimed,) = report.of("claims_claimed")
    assert (claimed.group, claimed.value, claimed.denominator, claimed.excluded) == ({"currency": "EUR"}, 10, 1, 2)


def test_a_cancelled_tickets_claims_are_in_no_rate_but_their_money_is_at_stake(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    claim(company, ticket, "A", "10.00", approved("A", "0.00"))
    company.finds(ticket, e.TicketClosed(outcome="cancelled"), day(3))
    report = reports.claims(company.app)
    assert counts(report.of("claims")[0]) == (0, 0, 0, 1)
    assert report.of("claims")[0].reason == "no claim on the manufacturer was decided"
    assert report.of("claims_rejected_by_clause") == ()
    assert report.of("claims_refused")[0].value == 10


def test_claims_for_units_that_never_came_are_in_no_rate_but_their_money_is_at_stake(company: Company) -> None:
    channels: tuple[e.Channel, ...] = ("courier", "remote")
    for number, channel in enumerate(channels, 1):
        claim(company, company.opens(number, day(0), channel=channel), "A", "10.00", approved("A", "0.00", clause="9"))
    report = reports.claims(company.app)
    assert [counts(row) for row in report.of("claims")] == [(0, 1, 0, 1)]
    assert [counts(row) for row in report.of("claims_rejected_by_clause")] == [(1, 1, 0, 1)]
    assert report.of("claims_refused")[0].value == 20


def test_who_claimed_nothing_has_no_sum(company: Company) -> None:
    company.repairs(1, 0, None)
    row = reports.claims(company.app).of("claims_claimed")[0]
    assert (row.value, row.reason) == (None, "nothing was claimed of the manufacturer")


# one way for one thing

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                PINNED,
                REFUSED,
                GRANTED,
                e.EntitlementDecided(basis="warranty", reason=WHY),
                e.ServiceRefused(ground="misuse", explanation=WHY),
                e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="misuse"),)),
                *(
                    e.DisputeOpened(
                        dispute_id="D", ground=ground, raised_by="customer", parties=("customer",), about_version=about
                    )
                    for ground in ("coverage", "rejected_claim")
                    for about in (2, 3)
                ),
                e.VerdictIssued(dispute_id="D", by="j", in_favour_of="customer", reasons=WHY),
                e.VerdictIssued(dispute_id="D", by="j", in_favour_of="manufacturer", reasons=WHY),
                e.VerdictAppealed(dispute_id="D", party="customer"),
                e.DisputeClosed(dispute_id="D", how="settled"),
                e.ClaimSubmitted(claim_id="C", to="ACME", amount=money("10.00")),
                approved("C", "0.00", clause="9"),
                approved("C", "10.00"),
                e.TicketReopened(ground="new_fault"),
            ]
        ),
        st.integers(0, 9),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_rows_say_what_an_audit_of_the_whole_history_says(steps: list[tuple[Event, int]]) -> None:
    with Company() as company:
        company.now = day(20)
        ticket = company.opens(1, day(0))
        for event, at in steps:
            company.finds(ticket, event, day(at))
        history = company.app.store.stream(ticket)
        row = fold_row(CONTESTED_ROWS, ticket, surviving(history))
        audited = {one.fact.version: one for one in replayed(history, lambda key, version, before: None)}
        if row.moved_version is not None:
            assert row.overturned_by == audited[row.moved_version].overturned_by
        opened = {
            fact.event.dispute_id: fact.event.about_version
            for fact in history
            if isinstance(fact.event, e.DisputeOpened)
        }
        for dispute in (Dispute(*one) for one in row.disputes):
            about = audited.get(opened[dispute.dispute_id] or 0)
            assert dispute.is_overturned == (None if about is None else about.overturned_by is not None)
            assert about is None or dispute.standard == about.pinned
            ended = [
                one for it in audited.values() for one in it.ended.disputes if one.dispute_id == dispute.dispute_id
            ]
            # Opened again for another fault, a dispute of the same id has an end in each case; the row has the last.
            is_one = sum(isinstance(fact.event, e.DisputeOpened) for fact in history) == 1
            alike = [(one.in_favour_of, one.closed) == (dispute.in_favour_of, dispute.closed) for one in ended]
            assert all(alike) or not is_one
        whole = claims_of(surviving(history))
        assert {name: getattr(row, name) for name in whole.columns()} == whole.columns()
        ended_claims = Aftermath(surviving(history)).claims_ended()
        assert row.charged_back == sum(int(one.charged_back * 10_000) for one in ended_claims)
