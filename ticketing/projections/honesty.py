"""Honesty: whether lists and bills say what was found, approved and done, per ticket.

The ticket is folded in the order of time, and each fact is held against the rules of the domain as it stood before:
an approval that was entered late counts from when it was given. What a rule refuses comes here by findings and imports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ticketing.domain import events as e
from ticketing.domain.billing import OVER_MAXIMUM
from ticketing.domain.command import Situation
from ticketing.domain.evolve import evolve
from ticketing.domain.reference import Reference
from ticketing.domain.repair import REPAIR_NOT_APPROVED, WORK_NOT_APPROVED
from ticketing.domain.slots import replace
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, holds, rate_rows
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.turnaround import COHORTS, LEFT_OUT, TurnaroundRow

HONESTY = Figure("honesty", 1, ("handed_back_in", "opened_in", "closed_in"))
QUOTED = Figure("quoted_without_finding", 1, HONESTY.cohorts)
QUOTED_LINES = Figure("lines_without_finding", 1, HONESTY.cohorts)
PERFORMED = Figure("performed_without_approval", 1, HONESTY.cohorts)
BILLED = Figure("billed_without_performance", 1, HONESTY.cohorts)
OVER = Figure("over_the_maximum", 1, HONESTY.cohorts)


@dataclass(frozen=True, slots=True, kw_only=True)
class HonestyRow(TurnaroundRow):
    """What was quoted, done and billed on one ticket.

    Attributes:
        quoted_lines: Lines of all estimates that went out.
        unfounded_lines: Those that name no finding, or none that the diagnosis had by then.
        paid_work: How often work was begun, done or ended at the customer's expense.
        unapproved_work: How often without an approved line, or over the approved maximum.
        billed_lines: Lines of bills that the customer pays.
        unperformed_lines: Those for a line of the estimate on which nothing was done, or for none and without a reason.
        bills: Bills that charge the customer for lines of an approved estimate.
        bills_over: Those with which it comes to more than its maximum.
    """

    quoted_lines: int = 0
    unfounded_lines: int = 0
    paid_work: int = 0
    unapproved_work: int = 0
    billed_lines: int = 0
    unperformed_lines: int = 0
    bills: int = 0
    bills_over: int = 0


H = TypeVar("H", bound=HonestyRow)


def with_honesty(row: H, facts: Sequence[Recorded[Event]]) -> H:
    """The row with what its ticket's facts, in the order of time, say of lists and bills."""
    if not any(type(fact.event) in LOOKED_AT for fact in facts):
        return row
    ticket = Ticket(row.ticket_id)
    done: set[str] = set()
    billed: list[e.BillLine] = []
    for fact in facts:
        situation = Situation(ticket, Reference(now=fact.occurred_at), fact.actor, fact.occurred_at)
        match fact.event:
            case e.EstimateIssued() as issued:
                row = _quoted(row, issued, ticket)
            case e.PartFitted() | e.WorkLogged() as work:
                row = _performed(row, work, situation)
                done.update([work.estimate_line] if work.estimate_line is not None else [])
            case e.RepairStarted() | e.RepairCompleted():
                row = _repaired(row, situation)
            case e.BillIssued() as bill:
                billed += [line for line in bill.lines if line.payer == "customer"]
                row = _billed(row, bill, situation)
            case _:
                pass
        evolve(ticket, fact)
    return replace(row, billed_lines=len(billed), unperformed_lines=sum(_is_for_nothing(line, done) for line in billed))


LOOKED_AT = frozenset({e.EstimateIssued, e.PartFitted, e.WorkLogged, e.RepairStarted, e.RepairCompleted, e.BillIssued})
"""The facts that are held against the others."""


def _quoted(row: H, issued: e.EstimateIssued, ticket: Ticket) -> H:
    unfounded = [line for line in issued.lines if line.finding_id not in ticket.in_cycle.findings]
    return replace(
        row,
        quoted_lines=row.quoted_lines + len(issued.lines),
        unfounded_lines=row.unfounded_lines + len(unfounded),
    )


def _performed(row: H, work: e.PartFitted | e.WorkLogged, situation: Situation) -> H:
    is_paid = situation.ticket.entitlement == "none" and work.cost is not None
    if work.estimate_line is None and not is_paid:
        return row
    is_unapproved = WORK_NOT_APPROVED.reason(work, situation) is not None
    return replace(row, paid_work=row.paid_work + 1, unapproved_work=row.unapproved_work + is_unapproved)


def _repaired(row: H, situation: Situation) -> H:
    if situation.ticket.entitlement != "none":
        return row
    is_unapproved = REPAIR_NOT_APPROVED.reason(e.RepairStarted(), situation) is not None
    return replace(row, paid_work=row.paid_work + 1, unapproved_work=row.unapproved_work + is_unapproved)


def _billed(row: H, bill: e.BillIssued, situation: Situation) -> H:
    is_on_estimate = any(line.is_customers_estimate_line for line in bill.lines)
    if situation.ticket.approved_estimate is None or not is_on_estimate:
        return row
    is_over = OVER_MAXIMUM.reason(bill, situation) is not None
    return replace(row, bills=row.bills + 1, bills_over=row.bills_over + is_over)


def _is_for_nothing(line: e.BillLine, done: set[str]) -> bool:
    return line.reason is None if line.estimate_line is None else line.estimate_line not in done


# what is asked of the rows

_GOES_ON = "first_back_at IS NULL AND is_open = 1"
_MAY_BE_DONE_YET = f"billed_lines > 0 AND {_GOES_ON}"
_FAILED_ANYWAY = "unfounded_lines > 0 OR unapproved_work > 0 OR bills_over > 0"
_RATES = (
    Rate(
        figure=HONESTY,
        excluded=LEFT_OUT,
        censored=_MAY_BE_DONE_YET,  # also of who failed otherwise already: the honest cannot be told yet either
        asked="quoted_lines > 0 OR paid_work > 0 OR billed_lines > 0",
        had=f"{_FAILED_ANYWAY} OR unperformed_lines > 0",
        none="on no ticket of the cohort anything was quoted, done at the customer's expense or billed to them",
    ),
    Rate(
        figure=QUOTED,
        excluded=LEFT_OUT,
        asked="quoted_lines > 0",
        had="unfounded_lines > 0",
        none="no ticket of the cohort has an estimate",
    ),
    Rate(
        figure=PERFORMED,
        excluded=LEFT_OUT,
        asked="paid_work > 0",
        had="unapproved_work > 0",
        none="on no ticket of the cohort anything was done at the customer's expense",
    ),
    Rate(
        figure=BILLED,
        excluded=LEFT_OUT,
        censored=_MAY_BE_DONE_YET,
        asked="billed_lines > 0",
        had="unperformed_lines > 0",
        none="no customer was billed for a ticket of the cohort that is back or closed",
    ),
    Rate(
        figure=OVER,
        excluded=LEFT_OUT,
        asked="bills > 0",
        had="bills_over > 0",
        none="no customer was billed on an approved estimate for a ticket of the cohort",
    ),
)


def counts(cohort: Cohort) -> Counts:
    """What honesty is counted from; cancelled tickets and those never received are left out."""
    of_all = f"NOT {holds(LEFT_OUT)}"
    return Counts(
        at=COHORTS[cohort],
        conditions=conditions_of(_RATES),
        sums={
            **{name: f"CASE WHEN {of_all} THEN {name} ELSE 0 END" for name in ("quoted_lines", "unfounded_lines")},
            "lines_left_out": f"CASE WHEN {of_all} THEN 0 ELSE quoted_lines END",
        },
    )


def honesty(counted: Counted, cohort: Cohort) -> list[ReportRow]:
    """Tickets with any of it ÷ tickets on which it could be, then each alone; and lines without a finding ÷ lines."""
    rows = rate_rows(counted, cohort, _RATES)
    for group, tally in counted.groups():
        lines, unfounded = tally.numbers["quoted_lines"], tally.numbers["unfounded_lines"]
        none = "no ticket of the cohort has an estimate"
        out = tally.numbers["lines_left_out"]
        row = rate(QUOTED_LINES, cohort, group, numerator=unfounded, denominator=lines, reason=none, excluded=out)
        rows.append(row)
    return rows
