"""Honesty: whether lists and bills say what was found, approved and done."""

from decimal import Decimal
from uuid import UUID

import pytest

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.billing import IssueBill
from ticketing.domain.errors import CommandRejected
from ticketing.domain.values import Actor, Event, Money
from ticketing.projections import honesty
from ticketing.projections.report import ReportRow

FOUND = e.DiagnosisRecorded(findings=(e.Finding(finding_id="f-1", cause="wear"),))
PAID = e.EntitlementDecided(basis="none", reason=WHY)
FREE = e.EntitlementDecided(basis="warranty", reason=WHY)
BACK = e.UnitHandedBack()


def euros(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def estimate(*findings: str | None, version: int = 1, maximum: int = 100, payer: e.Payer = "customer") -> Event:
    """An estimate with a line `a`, `b` and so on for each finding."""
    lines = tuple(
        e.EstimateLine(line_id=name, finding_id=finding, payer=payer, basis="none", price=euros(40))
        for name, finding in zip("abcdef", findings, strict=False)
    )
    return e.EstimateIssued(estimate_version=version, lines=lines, maximum=euros(maximum))


def approved(*lines: str, version: int = 1) -> Event:
    return e.EstimateApproved(estimate_version=version, lines=lines)


def fitted(line: str | None, cost: int | None = 40) -> Event:
    return e.PartFitted(part_number="P", cost=None if cost is None else euros(cost), estimate_line=line)


def billed(
    *lines: tuple[str | None, int], payer: e.Payer = "customer", has_reason: bool = False, of: str = "B"
) -> Event:
    reason = WHY if has_reason else None
    return e.BillIssued(
        bill_id=of,
        lines=tuple(
            e.BillLine(line_id=str(number), estimate_line=line, reason=reason, payer=payer, amount=euros(amount))
            for number, (line, amount) in enumerate(lines)
        ),
    )


AT_NO_COST = fitted(None, cost=None)


@pytest.fixture
def company() -> Company:
    return Company()


def story(company: Company, number: int, *facts: Event) -> UUID:
    """A ticket received on day 0 with a fact an hour."""
    ticket = company.repairs(number, 0, None)
    for hours, fact in enumerate(facts, 1):
        company.finds(ticket, fact, day(hours / 24))
    return ticket


def one(company: Company, figure: str, **asked: object) -> ReportRow:
    (row,) = reports.honesty(company.app, **asked).of(figure)  # type: ignore[arg-type]
    return row


def counts(company: Company, figure: str, cohort: str = "opened_in") -> tuple[int, int, int, int]:
    row = one(company, figure, cohort=cohort)
    return row.numerator, row.denominator, row.excluded, row.censored


def test_what_is_held_against_the_rest_is_named() -> None:
    assert {fact.__name__ for fact in honesty.LOOKED_AT} == {
        *("EstimateIssued", "PartFitted", "WorkLogged", "RepairStarted", "RepairCompleted", "BillIssued"),
    }


# quoted without a finding


def test_a_line_without_a_finding_or_with_an_unknown_one_was_quoted_without(company: Company) -> None:
    # Lines 4: f-1 is on record, f-9 is not, one names none, and one was found only after it had been quoted.
    story(company, 1, FOUND, estimate("f-1", "f-9", None))
    story(company, 2, estimate("f-1"), FOUND)
    story(company, 3, FOUND, estimate("f-1", "f-1"))
    story(company, 4)
    story(company, 5, estimate(None, None), e.TicketClosed(outcome="cancelled"))
    assert counts(company, "lines_without_finding") == (3, 6, 2, 0)
    assert counts(company, "quoted_without_finding") == (2, 3, 1, 0)


def test_a_finding_of_an_earlier_cycle_is_not_on_record_in_this_one(company: Company) -> None:
    closed, reopened = e.TicketClosed(outcome="repaired"), e.TicketReopened(ground="same_fault")
    story(company, 1, FOUND, BACK, closed, reopened, estimate("f-1"))
    assert counts(company, "quoted_without_finding") == (1, 1, 0, 0)


# performed without approval


def test_paid_work_begun_without_any_approval(company: Company) -> None:
    story(company, 1, PAID, e.RepairStarted())
    story(company, 2, PAID, estimate("f"), approved("a"), e.RepairStarted())
    story(company, 3, FREE, e.RepairStarted(), fitted(None))
    story(company, 4, e.RepairStarted(), e.RepairCompleted())  # nothing is decided: nobody says that it is paid
    assert counts(company, "performed_without_approval") == (1, 2, 0, 0)


def test_work_begun_free_and_ended_paid_without_approval(company: Company) -> None:
    story(company, 1, FREE, e.RepairStarted(), PAID, e.RepairCompleted())
    assert counts(company, "performed_without_approval") == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("work", "is_unapproved"),
    [
        (fitted("a"), False),
        (fitted("b"), True),  # not among the lines approved
        (fitted(None), True),  # at a cost, and for no line
        (AT_NO_COST, False),  # to nobody's account
        (fitted("a", cost=101), True),  # over the approved maximum of 100
        (e.WorkLogged(minutes=30, cost=euros(40), estimate_line="a"), False),
        (e.WorkLogged(minutes=30, cost=euros(40), estimate_line="z"), True),
    ],
)
def test_paid_work_needs_an_approved_line(company: Company, work: Event, is_unapproved: bool) -> None:
    story(company, 1, PAID, estimate("f", "f"), approved("a"), work)
    figure = one(company, "performed_without_approval", cohort="opened_in")
    assert (figure.numerator, figure.denominator) == (is_unapproved, 0 if work == AT_NO_COST else 1)


def test_an_approval_that_was_entered_late_counts_from_when_it_was_given(company: Company) -> None:
    ticket = story(company, 1, PAID, estimate("f"), fitted("a"))
    assert counts(company, "performed_without_approval") == (1, 1, 0, 0)
    company.now = day(5)
    company.finds(ticket, approved("a"), day(2.5 / 24))
    assert counts(company, "performed_without_approval") == (0, 1, 0, 0)


def test_an_approval_of_an_earlier_cycle_approves_nothing_in_this_one(company: Company) -> None:
    before = [PAID, estimate("f"), approved("a"), fitted("a"), e.TicketClosed(outcome="repaired")]
    story(company, 1, *before, e.TicketReopened(ground="new_fault"), e.RepairStarted())
    assert counts(company, "performed_without_approval") == (1, 1, 0, 0)


# billed without performance


def test_a_line_on_which_nothing_was_done_was_billed_for_nothing(company: Company) -> None:
    agreed = [PAID, estimate("f", "f"), approved("a", "b")]
    story(company, 1, *agreed, fitted("a"), billed(("a", 40), ("b", 40)), BACK)
    story(
        company, 2, *agreed, fitted("a"), e.WorkLogged(minutes=9, estimate_line="b"), billed(("a", 40), ("b", 40)), BACK
    )
    story(company, 3, *agreed, billed(("a", 40)), fitted("a"), BACK)  # paid in advance, done before it went back
    story(company, 4, billed((None, 25), has_reason=True), BACK)  # a fee with its reason
    story(company, 5, billed((None, 25)), BACK)  # neither a line nor a reason
    story(company, 6, *agreed, billed(("a", 40), payer="manufacturer"), BACK)
    story(company, 7, *agreed, billed(("a", 40)))  # it may be done yet
    assert counts(company, "billed_without_performance") == (2, 5, 0, 1)
    assert counts(company, "billed_without_performance", "handed_back_in") == (2, 5, 0, 0)


def test_work_that_is_billed_in_advance_is_no_fault_while_it_may_be_done_yet(company: Company) -> None:
    ticket = story(company, 1, FOUND, PAID, estimate("f-1"), approved("a"), billed(("a", 40)))
    assert counts(company, "honesty") == (0, 0, 0, 1)
    company.finds(ticket, e.TicketClosed(outcome="returned_unrepaired"), day(1))
    assert counts(company, "honesty") == (1, 1, 0, 0)


# over the maximum


def test_bills_over_the_approved_maximum_count_together(company: Company) -> None:
    agreed = [PAID, estimate("f", "f", maximum=80), approved("a", "b")]
    story(company, 1, *agreed, billed(("a", 40), ("b", 40)), BACK)  # 80 of 80, inclusive
    story(company, 2, *agreed, billed(("a", 40)), billed(("b", 41), of="C"), BACK)  # 81 in two bills
    credit = e.BillCredited(bill_id="B", amount=euros(1), reason=WHY)
    story(company, 3, *agreed, billed(("a", 40)), credit, billed(("b", 41), of="C"), BACK)  # 40 - 1 + 41
    story(company, 4, *agreed, billed(("a", 80), (None, 25), has_reason=True), BACK)  # the fee is no part of it
    story(company, 5, billed(("a", 500)), BACK)  # nothing was approved: there is no maximum
    assert counts(company, "over_the_maximum") == (1, 4, 0, 0)


# all of it


def test_any_of_it_counts_once_and_cancelled_tickets_are_left_out(company: Company) -> None:
    story(company, 1, PAID, e.RepairStarted(), billed((None, 25)), BACK)
    story(company, 2, FOUND, estimate("f-1"), BACK)
    story(company, 3, BACK)
    story(company, 4, PAID, e.RepairStarted(), BACK, e.TicketClosed(outcome="cancelled"))
    row = one(company, "honesty")
    assert (row.cohort, row.numerator, row.denominator, row.excluded, row.value) == ("handed_back_in", 1, 2, 1, 50.0)
    # Wilson of 1 of 2, z 1.959964: (0.5 + z²/4 ± z·√(0.125 + z²/16)) / (1 + z²/2) = 0.094531, 0.905469.
    assert (row.low, row.high) == (9.453121, 90.546879)


def test_who_failed_is_told_no_earlier_than_who_did_not(company: Company) -> None:
    story(company, 1, FOUND, estimate("f-9"), billed(("a", 40)))
    assert counts(company, "honesty") == (0, 0, 0, 1)
    assert counts(company, "quoted_without_finding") == (1, 1, 0, 0)
    story(company, 2, FOUND, estimate("f-1"), approved("a"), fitted("a"), billed(("a", 40)))  # more may be billed yet
    assert counts(company, "honesty") == (0, 0, 0, 2)
    story(company, 3, FOUND, estimate("f-1"))
    assert counts(company, "honesty") == (0, 1, 0, 2)


def test_what_was_quoted_and_billed_for_a_unit_that_never_came_is_left_out_and_counted(company: Company) -> None:
    channels: tuple[e.Channel, ...] = ("courier", "remote")
    for number, channel in enumerate(channels, 1):
        ticket = company.opens(number, day(0), channel=channel)
        for fact in (PAID, estimate(None), approved("a"), e.RepairStarted(), billed(("a", 101))):
            company.finds(ticket, fact, day(1))
        company.finds(ticket, e.TicketClosed(outcome="refused"), day(2))
    told = {
        row.figure: (row.denominator, row.excluded) for row in reports.honesty(company.app, cohort="closed_in").rows
    }
    assert told == dict.fromkeys(told, (1, 1))


def test_nothing_quoted_is_null_with_a_reason(company: Company) -> None:
    story(company, 1, BACK)
    row = one(company, "lines_without_finding")
    assert (row.value, row.reason) == (None, "no ticket of the cohort has an estimate")


def test_what_the_rules_let_through_is_honest(company: Company) -> None:
    """The figures ask what the rules of the domain ask: a bill that they refuse is over the maximum when found."""
    agreed = [PAID, estimate("f", maximum=30), approved("a"), fitted("a", cost=30)]
    ticket = story(company, 1, *agreed)
    over = e.BillIssued.model_validate(billed(("a", 31)).model_dump())
    cashier = Actor(id="k-1", role="cashier")
    with pytest.raises(CommandRejected, match="over the approved maximum"):
        company.app.handle(IssueBill(ticket_id=ticket, bill_id="B", lines=over.lines, actor=cashier))
    assert counts(company, "over_the_maximum") == (0, 0, 0, 0)
    company.finds(ticket, over, day(1))
    assert counts(company, "over_the_maximum") == (1, 1, 0, 0)
