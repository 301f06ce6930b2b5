"""Money cells: what a table says of a sum of money."""

from collections.abc import Mapping

from ticketing.projections.amounts import PARTS
from ticketing.projections.report import ReportRow

WORDS: Mapping[str, str] = {
    "claims": "n: claims decided, or in the sum; unseen: not decided yet; out: claims of cancelled tickets, and those"
    " decided in another currency.",
    "disputes": "n: tickets opened, disputes or verdicts; unseen: not watched long enough, or still open; out:"
    " cancelled, disputes without a verdict in force, or about no decision on record.",
    "tills": "n: tickets with an amount; out: with amounts in two currencies, or too fine or too great to be added up;"
    " no cost: of n, those with a part or work whose cost is not on record, so that they earned less.",
}
"""What the headings of the counts mean in reports that have such."""


def cells_of(row: ReportRow) -> dict[str, str | None]:
    """The cells of one sum: its currency is in the line, so that all amounts stand in one column."""
    unknown = (row.parts or {}).get("tickets_with_unknown_cost", 0)
    return {
        "n": f"{row.denominator:,}",
        "out": f"{row.excluded:,}" if row.excluded else None,
        "no cost": f"{unknown:,}" if unknown else None,
        "amount": None if row.value is None else f"{_amount(row.numerator)} {row.unit}",
    }


def _amount(parts: int) -> str:
    """The amount with two decimals, or four where it is finer than that."""
    decimals = 4 if parts % (PARTS // 100) else 2
    whole, rest = divmod(abs(parts), PARTS)
    return f"{'-' if parts < 0 else ''}{whole:,}.{f'{rest:04}'[:decimals]}"
