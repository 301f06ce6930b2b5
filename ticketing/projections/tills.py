"""Tills: what each ticket brought in and cost, in ten-thousandths of one currency, by who pays.

The manufacturer pays into the upstream till, everybody else into the downstream one, and one ticket may stand in both:
a customer may well pay for something beside a repair under warranty. Whose cost is whose says `spending`.

Revenue is what others pay: what was billed to them less credits, and what claims on them were approved in the end, that
is, less charge-backs. A manufacturer's or insurer's share stands on the bill and in a claim as well: where anything was
claimed of a party, the claims are what it pays, decided or not, and lines billed to it do not count. What is billed to
the company itself is no revenue. Cost is that of parts, times their number, and of work; a till with a part or work
of which nobody put the cost on record earned less than is said, and is counted as such.

The currency is that of the ticket's first amount. Money in two currencies cannot be added up, nor can amounts that a
row cannot hold: such tickets are left out, and counted under their first currency.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Money, Recorded
from ticketing.projections.aftermath import Aftermath
from ticketing.projections.amounts import money_row, ten_thousandths
from ticketing.projections.counts import Counted, Counts, literal
from ticketing.projections.dimensions import UPSTREAM, Take
from ticketing.projections.kept_facts import Kept, facts_in, kept_with
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import Group, Scope, in_order
from ticketing.projections.spending import TAKES as SPENDING
from ticketing.projections.spending import SpendingRow, with_spending
from ticketing.projections.turnaround import with_course

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
class TillRow(SpendingRow):
    """The money of one ticket.

    Attributes:
        currency: That of its first amount; None without any.
        is_left_out: Whether it has amounts that cannot be added up.
        billed: Of each line that was billed the bill, the payer and the amount.
        credited: Of each credit the bill and the amount.
        claims: The claims and what was decided on them, as `kept_facts` keeps them.
        from_customer: What the customer pays; None where nothing was billed to them or claimed of them.
        from_manufacturer: What the manufacturer does.
        from_insurer: What an insurer does.
        from_others: What others do, of whom something was claimed.
        billed_to_company: What was billed to the company itself, which is no revenue.
    """

    currency: str | None = None
    is_left_out: bool = False
    billed: tuple[tuple[str, str, int], ...] = ()
    credited: tuple[tuple[str, int], ...] = ()
    claims: tuple[Kept, ...] = ()
    from_customer: int | None = None
    from_manufacturer: int | None = None
    from_insurer: int | None = None
    from_others: int | None = None
    billed_to_company: int | None = None


def _with_money(row: TillRow, money: Money, times: int = 1) -> TillRow:
    """The row with one more amount seen, whatever it was for."""
    is_foreign = row.currency not in (None, money.currency)
    is_left_out = row.is_left_out or is_foreign or ten_thousandths(money, times) is None
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
    part = fact.event
    return row if part.cost is None else _with_money(row, part.cost, part.quantity)


def _worked(row: TillRow, fact: Recorded[e.WorkLogged]) -> TillRow:
    return row if fact.event.cost is None else _with_money(row, fact.event.cost)


def _added_up(row: TillRow) -> TillRow:
    """The row with what each party pays."""
    paid = _less_credits(row)
    claimed = _approved(row)
    others = [amount for party, amount in claimed.items() if party not in _CREDITED_FIRST]
    from_customer = [of["customer"] for of in (paid, claimed) if "customer" in of]
    return replace(
        row,
        from_customer=sum(from_customer) if from_customer else None,
        from_manufacturer=claimed.get("manufacturer", paid.get("manufacturer")),
        from_insurer=claimed.get("insurer", paid.get("insurer")),
        from_others=sum(others) if others else None,
        billed_to_company=paid.get("company"),
    )


def _less_credits(row: TillRow) -> Mapping[str, int]:
    """What each party was billed, less credits; what is more than a bill charges is the customer's."""
    bills: dict[str, dict[str, int]] = defaultdict(dict)
    for bill_id, payer, amount in row.billed:
        bills[bill_id][payer] = bills[bill_id].get(payer, 0) + amount
    for bill_id, amount in row.credited:
        bill, left = bills[bill_id], amount
        for payer in _CREDITED_FIRST:
            taken = min(left, bill.get(payer, 0))
            left -= taken
            if taken:
                bill[payer] -= taken
        if left:
            bill["customer"] = bill.get("customer", 0) - left
    paid: dict[str, int] = defaultdict(int)
    for bill in bills.values():
        for payer, amount in bill.items():
            paid[payer] += amount
    return dict(paid)


def _approved(row: TillRow) -> Mapping[str, int]:
    """What the claims on each party were approved in the end; 0 where none of them was."""
    if not row.claims:
        return {}
    aftermath = Aftermath(facts_in(row.ticket_id, row.claims))
    approved: dict[str, int] = defaultdict(int)
    for claim in aftermath.claims_ended():
        money = None if claim.approved is None else ten_thousandths(claim.approved)
        approved[aftermath.claims[claim.claim_id].to_party] += money or 0
    return dict(approved)


_TAKES: Mapping[type[Event], Take[TillRow]] = {
    e.BillIssued: _billed,
    e.BillCredited: _credited,
    e.ClaimSubmitted: _claimed,
    e.ClaimDecided: _claimed,
    e.PartFitted: _fitted,
    e.WorkLogged: _worked,
}
TAKEN = frozenset(_TAKES) | frozenset(SPENDING)
"""The facts that this family uses, beside those that the course uses."""


class TillRows:
    """The projection: one `TillRow` per ticket."""

    name = "tills"
    version = 1
    row = TillRow

    def apply(self, row: TillRow, fact: Recorded[Event]) -> TillRow:
        """The row with one more fact."""
        after = with_spending(with_course(row, fact), row, fact)
        take = _TAKES.get(type(fact.event))
        return after if take is None else take(after, fact)


# what is asked of the rows

_REVENUE: Mapping[str, Mapping[str, str]] = {
    "undecided": {},
    "downstream": {
        "customer": "from_customer",
        "insurer": "from_insurer",
        "others": "from_others",
        "billed_to_company": "billed_to_company",
    },
    "upstream": {"manufacturer": "from_manufacturer"},
}
"""Who pays into each till, and the column of what they pay; into the one that is undecided nobody does."""
_COST: Mapping[str, str] = {"parts": "parts_{}", "work": "work_{}"}
_NO_REVENUE = "billed_to_company"
_ENTITLED: Mapping[str, str] = {
    "undecided": "entitlement IS NULL",
    "downstream": f"entitlement <> {literal(UPSTREAM)}",
    "upstream": f"entitlement = {literal(UPSTREAM)}",
}
"""In which till a ticket without any amount would stand."""


def counts(cohort: Cohort, scope: Scope) -> Counts:
    """What is added up, each till and each currency for itself, whatever else it is grouped by."""
    return Counts(
        at=_COHORTS[cohort],
        conditions={f"{till} {name}": condition for till in _REVENUE for name, condition in _conditions(till).items()},
        sums={
            f"{till} {name}": f"CASE WHEN is_left_out = 1 THEN 0 ELSE {column} END"
            for till in _REVENUE
            for name, column in _columns(till).items()
        },
        by={"currency": "currency"},
        dimensions=tuple(name for name in scope.by if name != "till"),
    )


def _columns(till: str) -> Mapping[str, str]:
    """The columns of a till, by what its revenue and cost are made of."""
    return {**_REVENUE[till], **{name: column.format(till) for name, column in _COST.items()}}


def _conditions(till: str) -> Mapping[str, str]:
    """What is counted of the tickets of a till. Those that stand in none for all their amounts are undecided."""
    stands = _stands_in(till)
    if till == "undecided":
        stands = f"{stands} OR NOT ({_stands_in('upstream')} OR {_stands_in('downstream')})"
    return {
        "counted": f"currency IS NOT NULL AND is_left_out = 0 AND ({stands})",
        "left_out": f"is_left_out = 1 AND ({stands})",
        "cost_unknown": f"is_left_out = 0 AND has_unknown_{till} = 1",
        "without": f"currency IS NULL AND {_ENTITLED[till]}",
    }


def _stands_in(till: str) -> str:
    amounts = " OR ".join(f"{column} IS NOT NULL" for column in _columns(till).values())
    return f"({amounts} OR has_unknown_{till} = 1)"


def tills(counted: Counted, cohort: Cohort, scope: Scope) -> list[ReportRow]:
    """Revenue less cost of each till, then both with what they are made of.

    A ticket stands in each till in which it has an amount, or a cost that nobody knows. Tickets without any amount are
    told beside in each row of the till of their entitlement, and of that of the cost that nobody knows, and have a row
    of their own only where none has any.
    """
    names = (*scope.by, *(() if "till" in scope.by else ("till",)), "currency")
    found: dict[Group, tuple[str, Mapping[str, int]]] = {}
    without: Counter[Group] = Counter()
    unknown: Counter[Group] = Counter()
    for group, tally in counted.each():
        for till in _REVENUE:
            whole = {**group, "till": None if till == "undecided" else till}
            key = tuple(whole[name] for name in names)
            numbers = {name: tally.numbers[f"{till} {name}"] for name in (*_conditions(till), *_columns(till))}
            without[key[:-1]] += numbers["without"]
            unknown[key[:-1]] += 0 if group["currency"] is not None else numbers["cost_unknown"]
            if any(numbers[name] for name in ("counted", "left_out", "without", "cost_unknown")):
                found[key] = till, numbers
    with_money = {key[:-1] for key in found if key[-1] is not None}
    rows = [
        _rows(cohort, dict(zip(names, key, strict=True)), *found[key], without[key[:-1]], unknown[key[:-1]])
        for key in in_order(found)
        if key[-1] is not None or key[:-1] not in with_money
    ]
    rows = rows or [_rows(cohort, {}, "undecided", Counter(), 0, 0)]
    return [row for figure in zip(*rows, strict=True) for row in figure]


def _rows(
    cohort: Cohort, group: Mapping[str, str | None], till: str, numbers: Mapping[str, int], without: int, beside: int
) -> list[ReportRow]:
    """Margin, revenue and cost of one till."""
    revenue = {name: numbers[name] for name in _REVENUE[till]}
    cost = {name: numbers[name] for name in _COST}
    earned = sum(amount for name, amount in revenue.items() if name != _NO_REVENUE)
    spent = sum(cost.values())
    is_known = without or numbers["cost_unknown"]
    is_beside = group.get("currency") is not None
    unknown = {"tickets_with_unknown_cost": numbers["cost_unknown"] + (beside if is_beside else 0)}
    whole = {"revenue": earned, "cost": spent, "tickets_without_amount": without, **unknown}
    rows = [
        money_row(
            figure,
            cohort,
            group,
            amount=amount,
            of=numbers["counted"],
            excluded=numbers["left_out"],
            reason="no amount is on record" if is_known else "there is no ticket in the period",
            parts=parts,
        )
        for figure, amount, parts in (
            (TILLS, earned - spent, whole),
            (REVENUE, earned, revenue),
            (COST, spent, cost | unknown),
        )
    ]
    if numbers["counted"] or not numbers["left_out"]:
        return rows
    return [replace(row, value=None, reason="its amounts cannot be added up") for row in rows]
