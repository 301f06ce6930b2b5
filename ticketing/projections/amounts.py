"""Amounts: money in rows, as whole ten-thousandths of a currency, so that sums of it are exact in every store.

Money of two currencies is never added up: where a figure is about money, its currency is always part of the group.
"""

from collections.abc import Mapping
from decimal import Decimal

from ticketing.domain.values import Money
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.statistics import rounded

PARTS = 10_000
"""So many make one of the currency."""

_MOST = 10**13
"""No amount in a row is greater, a billion of the currency, so that the sum of a million of them fits into a store."""


def ten_thousandths(money: Money, times: int = 1) -> int | None:
    """The amount in ten-thousandths; None where it is finer than one, or over a billion of the currency."""
    return in_parts(money.amount, times)


def in_parts(amount: Decimal, times: int = 1) -> int | None:
    """The same of a bare amount."""
    parts = amount * times * PARTS
    return int(parts) if abs(parts) <= _MOST and parts == int(parts) else None


def money_row(
    figure: Figure,
    cohort: Cohort,
    group: Mapping[str, str | None],
    *,
    amount: int,
    of: int,
    reason: str,
    excluded: int = 0,
    parts: Mapping[str, int] | None = None,
) -> ReportRow:
    """A sum of money in the currency of the group; without one it is None, for the reason given.

    The numerator is the sum in whole ten-thousandths, exact however great it is. The value is the same as a number of
    the currency, whose decimal digits are exact up to fifteen of them.

    Args:
        figure: Which.
        cohort: Which tickets.
        group: With `currency`.
        amount: In ten-thousandths.
        of: How many tickets, or claims, it comes from.
        reason: Why there is no sum where the currency is unknown.
        excluded: Left out.
        parts: What it is made of, in ten-thousandths.
    """
    currency = group.get("currency")
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=group,
        value=None if currency is None else rounded(amount / PARTS),
        reason=reason if currency is None else None,
        unit=currency or "money",
        numerator=amount,
        denominator=of,
        excluded=excluded,
        parts=parts,
    )
