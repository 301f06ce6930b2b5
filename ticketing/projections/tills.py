"""Tills: what each ticket brought in and cost, in ten-thousandths of one currency.

Revenue is what others pay: what was billed to them less credits, and what claims on them were approved in the end, that
is, less charge-backs. A manufacturer's or insurer's share stands on the bill and in a claim as well: where anything was
claimed of a party, the claims are what it pays, decided or not, and lines billed to it do not count. What is billed to
the company itself is no revenue. Cost is that of parts, times their number, and of work; a ticket with a part or work
of which nobody put the cost on record earned less than is said, and is counted as such.

The currency is that of the ticket's first amount. Money in two currencies cannot be added up, nor can amounts that a
row cannot hold: such tickets are left out, and counted under their first currency.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ticketing.domain import events as e
from ticketing.domain.values import Event, Money, Recorded
from ticketing.projections.aftermath import Aftermath
from ticketing.projections.amounts import money_row, ten_thousandths
from ticketing.projections.counts import Counted, Counts, dimension
from ticketing.projections.dimensions import Take
from ticketing.projections.kept_facts import Kept, facts_in, kept_with
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import Scope
from ticketing.projections.turnaround import TurnaroundRow, with_course

_COHORTS: Mapping[Cohort, str] = {
    "handed_back_in": "first_back_at",
    "opened_in": "opened_at",
    "closed_in": "CASE WHEN is_open = 0 THEN closed_at END",
}
TILLS = Figure("tills", 1, tuple(_COHORTS))
REVENUE = Figure("revenue", 1, tuple(_COHORTS))
COST = Figure("cost", 1, tuple(_COHORTS))

_CREDITED_FIRST = ("customer", "manufacturer", "insurer", "company")
"""Whom a credit is for where a bill charges several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRow(TurnaroundRow):
    """The money of one ticket.

    Attributes:
        currency: That of its first amount; None without any.
        is_left_out: Whether it has amounts that cannot be added up.
        billed: Of each line that was billed the bill, the payer and the amount.
        credited: Of each credit the bill and the amount.
        claims: The claims and what was decided on them, as `kept_facts` keeps them.
        from_customer: What the customer pays.
        from_manufacturer: What the manufacturer does.
        from_insurer: What an insurer does.
        from_others: What others do, of whom something was claimed.
        billed_to_company: What was billed to the company itself, which is no revenue.
        parts_cost: What the parts cost.
        work_cost: What the work cost.
        is_cost_unknown: Whether a part or some work has no cost on record.
    """

    currency: str | None = None
    is_left_out: bool = False
    billed: tuple[tuple[str, str, int], ...] = ()
    credited: tuple[tuple[str, int], ...] = ()
    claims: tuple[Kept, ...] = ()
    from_customer: int = 0
    from_manufacturer: int = 0
    from_insurer: int = 0
    from_others: int = 0
    billed_to_company: int = 0
    parts_cost: int = 0
    work_cost: int = 0
    is_cost_unknown: bool = False


def _with_money(row: TillRow, money: Money) -> TillRow:
    """The row with one more amount seen, whatever it was for."""
    is_left_out = row.is_left_out or row.currency not in (None, money.currency) or ten_thousandths(money) is None
    if row.currency is not None and is_left_out == row.is_left_out:
        return row
    return replace(row, currency=row.currency or money.currency, is_left_out=is_left_out)


def _billed(row: TillRow, fact: Recorded[e.BillIssued]) -> TillRow:
    bill = fact.event
    for line in bill.lines:
        row = _with_money(row, line.amount)
    lines = ((bill.bill_id, line.payer, ten_thousandths(line.amount) or 0) for line in bill.lines)
    return _added_up(replace(row, billed=(*row.billed, *lines)))


def _credited(row: TillRow, fact: Recorded[e.BillCredited]) -> TillRow:
    credit = (fact.event.bill_id, ten_thousandths(fact.event.amount) or 0)
    return _added_up(replace(_with_money(row, fact.event.amount), credited=(*row.credited, credit)))


def _claimed(row: TillRow, fact: Recorded[e.ClaimSubmitted | e.ClaimDecided]) -> TillRow:
    if isinstance(fact.event, e.ClaimDecided):
        row = _with_money(row, fact.event.amount_approved)
    return _added_up(replace(row, claims=kept_with(row.claims, fact)))


def _fitted(row: TillRow, fact: Recorded[e.PartFitted]) -> TillRow:
    cost = fact.event.cost
    if cost is None:
        return replace(row, is_cost_unknown=True)
    amount = ten_thousandths(cost, fact.event.quantity)
    row = _with_money(row, cost)
    return replace(row, parts_cost=row.parts_cost + (amount or 0), is_left_out=row.is_left_out or amount is None)


def _worked(row: TillRow, fact: Recorded[e.WorkLogged]) -> TillRow:
    cost = fact.event.cost
    if cost is None:
        return replace(row, is_cost_unknown=True)
    return replace(_with_money(row, cost), work_cost=row.work_cost + (ten_thousandths(cost) or 0))


def _added_up(row: TillRow) -> TillRow:
    """The row with what each party pays."""
    paid = _less_credits(row)
    claimed = _approved(row)
    from_others = sum(amount for party, amount in claimed.items() if party not in _CREDITED_FIRST)
    return replace(
        row,
        from_customer=paid["customer"] + claimed.get("customer", 0),
        from_manufacturer=claimed.get("manufacturer", paid["manufacturer"]),
        from_insurer=claimed.get("insurer", paid["insurer"]),
        from_others=from_others,
        billed_to_company=paid["company"],
    )


def _less_credits(row: TillRow) -> Mapping[str, int]:
    """What each party was billed, less credits; what is more than a bill charges is the customer's."""
    bills: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_CREDITED_FIRST, 0))
    for bill_id, payer, amount in row.billed:
        bills[bill_id][payer] += amount
    for bill_id, amount in row.credited:
        bill, left = bills[bill_id], amount
        for payer in _CREDITED_FIRST:
            taken = min(left, bill[payer])
            bill[payer] -= taken
            left -= taken
        bill["customer"] -= left
    return {payer: sum(bill[payer] for bill in bills.values()) for payer in _CREDITED_FIRST}


def _approved(row: TillRow) -> Mapping[str, int]:
    """What the claims on each party were approved in the end; 0 where none of them was."""
    if not row.claims:
        return {}
    aftermath = Aftermath(facts_in(row.ticket_id, row.claims))
    approved: dict[str, int] = defaultdict(int)
    for claim in aftermath.claims_ended():
        money = None if claim.approved is None else ten_thousandths(claim.approved)
        approved[aftermath.claims[claim.claim_id].to_party] += money or 0
    return approved


_TAKES: Mapping[type[Event], Take[TillRow]] = {
    e.BillIssued: _billed,
    e.BillCredited: _credited,
    e.ClaimSubmitted: _claimed,
    e.ClaimDecided: _claimed,
    e.PartFitted: _fitted,
    e.WorkLogged: _worked,
}
TAKEN = frozenset(_TAKES)
"""The facts that this family uses, beside those that the course uses."""


class TillRows:
    """The projection: one `TillRow` per ticket."""

    name = "tills"
    version = 1
    row = TillRow

    def apply(self, row: TillRow, fact: Recorded[Event]) -> TillRow:
        """The row with one more fact."""
        row = with_course(row, fact)
        take = _TAKES.get(type(fact.event))
        return row if take is None else take(row, fact)


# what is asked of the rows

_REVENUE: Mapping[str, str] = {
    "customer": "from_customer",
    "manufacturer": "from_manufacturer",
    "insurer": "from_insurer",
    "others": "from_others",
    "billed_to_company": "billed_to_company",
}
_COST: Mapping[str, str] = {"parts": "parts_cost", "work": "work_cost"}
_NO_REVENUE = "billed_to_company"


def counts(cohort: Cohort, scope: Scope) -> Counts:
    """What is added up, each till and each currency for itself, whatever else it is grouped by."""
    till = {} if "till" in scope.by else {"till": dimension("till", scope, ())}
    return Counts(
        at=_COHORTS[cohort],
        conditions={
            "counted": "is_left_out = 0",
            "left_out": "is_left_out = 1",
            "cost_unknown": "is_left_out = 0 AND is_cost_unknown = 1",
        },
        sums={
            name: f"CASE WHEN is_left_out = 1 THEN 0 ELSE {column} END"
            for name, column in {**_REVENUE, **_COST}.items()
        },
        by={**till, "currency": "currency"},
    )


def tills(counted: Counted, cohort: Cohort) -> list[ReportRow]:
    """Revenue less cost of each till, then both with what they are made of.

    Tickets without any amount are told beside those that have one, and have a row of their own only where none has.
    """
    found = [(group, tally.numbers) for group, tally in counted.groups()]
    without = {_till(group): numbers["counted"] for group, numbers in found if group.get("currency") is None}
    with_money = {_till(group) for group, _ in found if group.get("currency") is not None}
    rows: dict[Figure, list[ReportRow]] = {TILLS: [], REVENUE: [], COST: []}
    for group, numbers in found:
        if group.get("currency") is None and _till(group) in with_money:
            continue
        revenue = {name: numbers[name] for name in _REVENUE}
        cost = {name: numbers[name] for name in _COST}
        earned = sum(amount for name, amount in revenue.items() if name != _NO_REVENUE)
        spent = sum(cost.values())
        unknown = {"tickets_with_unknown_cost": numbers["cost_unknown"]}
        whole = {"revenue": earned, "cost": spent, "tickets_without_amount": without.get(_till(group), 0), **unknown}
        cost |= unknown
        for figure, amount, parts in ((TILLS, earned - spent, whole), (REVENUE, earned, revenue), (COST, spent, cost)):
            rows[figure].append(
                money_row(
                    figure,
                    cohort,
                    group,
                    amount=amount,
                    of=numbers["counted"] if group.get("currency") is not None else 0,
                    excluded=numbers["left_out"],
                    reason="no amount is on record" if numbers["counted"] else "there is no ticket in the period",
                    parts=parts,
                )
            )
    return [row for figure in rows.values() for row in figure]


def _till(group: Mapping[str, str | None]) -> tuple[str | None, ...]:
    """The group without its currency."""
    return tuple(value for name, value in group.items() if name != "currency")
