"""Money cells: what a table says of a sum of money."""

from collections.abc import Mapping, Sequence

from ticketing.projections.amounts import PARTS
from ticketing.projections.report import ReportRow

SUMS = ("tills", "revenue", "cost", "claims_claimed", "claims_undecided", "claims_refused", "claims_charged_back")
"""The figures that are sums of money."""
WORDS: Mapping[str, str] = {
    "claims": "n: claims decided, or in the sum; had it: those before the ÷; unseen: not decided yet; out: claims of"
    " tickets cancelled or never received, and those decided in another currency.",
    "disputes": "n: tickets opened, disputes or verdicts; had it: those before the ÷; unseen: not watched long"
    " enough, or still open; out: cancelled, never received, disputes without a verdict in force, or about no decision"
    " on record.",
    "warranty_watch": "n: tickets diagnosed in warranty, or moved; had it: moved, or overturned; unseen: not handed"
    " back yet; out: cancelled or never received.",
    "tills": "n: tickets with an amount in this till, some of them in both; without: tickets without any amount, by"
    " their entitlement; out: with amounts in two currencies, or too fine or too great to be added up; cost unknown: of"
    " n, those with a part or work whose cost is not on record, so that the till earned less.",
}
"""What the headings of the counts mean in reports that have such."""


def told(rows: Sequence[ReportRow]) -> Sequence[ReportRow]:
    """The rows of a group that say something: without a margin, revenue and cost are none for the same reason."""
    return [row for row in rows if row.value is not None or row.figure not in {"revenue", "cost"}]


def cells_of(row: ReportRow) -> dict[str, str | None]:
    """The cells of one sum: its currency is in the line, so that all amounts stand in one column."""
    parts = row.parts or {}
    unknown, without = parts.get("tickets_with_unknown_cost", 0), parts.get("tickets_without_amount", 0)
    return {
        "n": f"{row.denominator:,}",
        "out": f"{row.excluded:,}" if row.excluded else None,
        "without": f"{without:,}" if without else None,
        "cost unknown": f"{unknown:,}" if unknown else None,
        "amount": None if row.value is None else f"{_amount(row.numerator)} {row.unit}",
    }


def _amount(parts: int) -> str:
    """The amount with two decimals, or four where it is finer than that."""
    decimals = 4 if parts % (PARTS // 100) else 2
    whole, rest = divmod(abs(parts), PARTS)
    return f"{'-' if parts < 0 else ''}{whole:,}.{f'{rest:04}'[:decimals]}"
