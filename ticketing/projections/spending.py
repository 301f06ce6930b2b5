"""Spending: what parts and work of a ticket cost, and whose till bears it.

What was done for a line of an estimate is borne by who pays for that line: the manufacturer's is the upstream till, and
everybody else's the downstream one, also what the company itself takes on, for it is the customer who is served. Where
a verdict or settlement divided the line among several, its cost is divided alike. The line is that of the last estimate
in which it was approved by then, else of the last that has it. What names no line, or none that was quoted by then,
goes by the entitlement of its ticket, and until that is decided to neither till.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple, TypeVar, cast

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.amounts import ten_thousandths
from ticketing.projections.dimensions import Take
from ticketing.projections.turnaround import TurnaroundRow

Till = Literal["upstream", "downstream", "undecided"]
"""Whose account money is on; undecided is what goes by an entitlement that there is not."""


class QuotedLine(NamedTuple):
    """A line of an estimate.

    Attributes:
        estimate: The version of the estimate, as text: an imported one may be greater than any column holds.
        line: Which of its lines.
        upstream: The part of it that the manufacturer bears: 0, 1 or a fraction such as 1/3.
        is_approved: Whether the customer's approval of it stands.
    """

    estimate: str
    line: str
    upstream: str
    is_approved: bool = False


class Spent(NamedTuple):
    """A part fitted, or work.

    Attributes:
        of: `parts` or `work`.
        cost: In ten-thousandths; None where nobody put it on record.
        estimate: The version of the estimate that it was done for; None where it goes by the entitlement.
        line: Which of its lines; None alike.
    """

    of: Literal["parts", "work"]
    cost: int | None
    estimate: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingRow(TurnaroundRow):
    """What one ticket cost.

    Attributes:
        quoted: The lines of all estimates.
        spent: Every part, and all work.
        parts_upstream: What the parts cost that the manufacturer bears; None where none was fitted.
        parts_downstream: Those that the customer or somebody else bears.
        parts_undecided: Those of which that is not decided.
        work_upstream: What the work cost that the manufacturer bears; None where none was done.
        work_downstream: That which the customer or somebody else bears.
        work_undecided: That of which it is not decided.
        has_unknown_upstream: Whether the cost of some part or work that the manufacturer bears is not on record.
        has_unknown_downstream: The same of those that the customer or somebody else bears.
        has_unknown_undecided: The same of those of which that is not decided.
    """

    quoted: tuple[QuotedLine, ...] = ()
    spent: tuple[Spent, ...] = ()
    parts_upstream: int | None = None
    parts_downstream: int | None = None
    parts_undecided: int | None = None
    work_upstream: int | None = None
    work_downstream: int | None = None
    work_undecided: int | None = None
    has_unknown_upstream: bool = False
    has_unknown_downstream: bool = False
    has_unknown_undecided: bool = False


S = TypeVar("S", bound=SpendingRow)


def with_spending(row: S, before: S, fact: Recorded[Event]) -> S:
    """The row with one more fact taken into what its ticket cost.

    Args:
        row: With the fact taken into its dimensions.
        before: The row without it.
        fact: The fact.
    """
    take = TAKES.get(type(fact.event))
    if take is not None:
        row = cast(S, take(row, fact))
    is_same = (row.spent, row.quoted, row.entitlement) == (before.spent, before.quoted, before.entitlement)
    return row if is_same or not row.spent else _shared_out(row)


# what is quoted


def _quoted(row: SpendingRow, fact: Recorded[e.EstimateIssued]) -> SpendingRow:
    version = str(fact.event.estimate_version)
    lines = (
        QuotedLine(version, line.line_id, "1" if line.payer == "manufacturer" else "0") for line in fact.event.lines
    )
    return _requoted(row, lines)


def _approved(row: SpendingRow, fact: Recorded[e.EstimateApproved]) -> SpendingRow:
    return _answered(row, str(fact.event.estimate_version), fact.event.lines)


def _declined(row: SpendingRow, fact: Recorded[e.EstimateDeclined]) -> SpendingRow:
    return _answered(row, str(fact.event.estimate_version), ())


def _answered(row: SpendingRow, version: str, approved: Collection[str]) -> SpendingRow:
    of_it = (one for one in row.quoted if one.estimate == version)
    return _requoted(row, (one._replace(is_approved=one.line in approved) for one in of_it))


def _revised(row: SpendingRow, fact: Recorded[e.PayersRevised]) -> SpendingRow:
    shares: dict[tuple[str, str], list[e.LineShare]] = {}
    for part in fact.event.lines:
        shares.setdefault((str(fact.event.estimate_version), part.line_id), []).append(part)
    lines = []
    for one in row.quoted:
        parts = shares.get((one.estimate, one.line), [])
        whole = sum(Fraction(part.amount.amount) for part in parts)
        manufacturers = sum(Fraction(part.amount.amount) for part in parts if part.payer == "manufacturer")
        if whole:  # of nothing there is no part
            lines.append(one._replace(upstream=str(manufacturers / whole)))
    return _requoted(row, lines)


def _requoted(row: SpendingRow, lines: Iterable[QuotedLine]) -> SpendingRow:
    """The row with lines quoted, or with new ones in their place."""
    quoted = {(one.estimate, one.line): one for one in (*row.quoted, *lines)}
    return replace(row, quoted=tuple(quoted.values()))


# what is done


def _fitted(row: SpendingRow, fact: Recorded[e.PartFitted]) -> SpendingRow:
    part = fact.event
    cost = None if part.cost is None else ten_thousandths(part.cost, part.quantity) or 0
    return _spent(row, "parts", cost, part.estimate_line)


def _worked(row: SpendingRow, fact: Recorded[e.WorkLogged]) -> SpendingRow:
    work = fact.event
    return _spent(row, "work", None if work.cost is None else ten_thousandths(work.cost) or 0, work.estimate_line)


def _spent(row: SpendingRow, of: Literal["parts", "work"], cost: int | None, line: str | None) -> SpendingRow:
    quoted = max((one for one in row.quoted if one.line == line), key=_standing, default=None)
    spent = Spent(of, cost) if quoted is None else Spent(of, cost, quoted.estimate, line)
    return replace(row, spent=(*row.spent, spent))


def _standing(line: QuotedLine) -> tuple[bool, int]:
    """What sorts the lines of one name: what was approved counts more than what was only quoted."""
    return line.is_approved, int(line.estimate)


TAKES: Mapping[type[Event], Take[SpendingRow]] = {
    e.EstimateIssued: _quoted,
    e.EstimateApproved: _approved,
    e.EstimateDeclined: _declined,
    e.PayersRevised: _revised,
    e.PartFitted: _fitted,
    e.WorkLogged: _worked,
}


# who bears it


def _shared_out(row: S) -> S:
    """The row with what each till bears."""
    upstream = {(one.estimate, one.line): Fraction(one.upstream) for one in row.quoted}
    costs: dict[str, int] = {}
    unknown: set[str] = set()
    for one in row.spent:
        share = upstream.get((one.estimate or "", one.line or ""))
        if share is None:
            borne: dict[str, int] = {row.till or "undecided": one.cost or 0}
        else:
            manufacturers = int((one.cost or 0) * share)
            borne = {"upstream": manufacturers} if share else {}
            borne |= {"downstream": (one.cost or 0) - manufacturers} if share < 1 else {}
        for till, cost in borne.items():
            if one.cost is None:
                unknown.add(till)
            else:
                costs[f"{one.of}_{till}"] = costs.get(f"{one.of}_{till}", 0) + cost
    return replace(
        row,
        parts_upstream=costs.get("parts_upstream"),
        parts_downstream=costs.get("parts_downstream"),
        parts_undecided=costs.get("parts_undecided"),
        work_upstream=costs.get("work_upstream"),
        work_downstream=costs.get("work_downstream"),
        work_undecided=costs.get("work_undecided"),
        has_unknown_upstream="upstream" in unknown,
        has_unknown_downstream="downstream" in unknown,
        has_unknown_undecided="undecided" in unknown,
    )
