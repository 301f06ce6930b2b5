"""Shares: an amount of money divided among those who bear it, to the last cent."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal, localcontext

from ticketing.domain import events as e
from ticketing.domain.values import Money, Party

_WITHOUT_DECIMALS = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(_WITHOUT_DECIMALS, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Decimals of currencies that have not two. Source: ISO 4217, list one."""
_EXACT = 60
"""Digits enough for the product of an amount and a percentage of 20 each: nothing is rounded by the way."""
_STORED = 20
"""Digits that an amount may have; of one with that many, the last stands for the minor unit."""


def minor_unit(currency: str) -> Decimal:
    """The smallest amount that is paid in a currency, such as 0.01 in EUR."""
    return Decimal(1).scaleb(-_MINOR_DIGITS.get(currency, 2))


def are_whole(shares: Iterable[e.Share]) -> bool:
    """Whether the shares make 100 per cent."""
    return sum((share.percent for share in shares), Decimal(0)) == 100


def split(amount: Money, shares: Iterable[e.Share]) -> dict[Party, Money]:
    """What each party bears of the amount; the parts that are not zero, and they make the amount exactly.

    Every part is rounded down (`ROUND_DOWN`) to the minor unit of the currency. What is left over is borne by the
    largest share that is not the customer's, the first of equals: no customer pays for a rounding.

    Args:
        amount: What is divided.
        shares: Percentages that make 100; see `are_whole`.
    """
    percent: dict[Party, Decimal] = {}
    with localcontext() as exact:
        exact.prec = _EXACT
        for share in shares:
            if share.percent:
                percent[share.party] = percent.get(share.party, Decimal(0)) + share.percent
        unit = max(minor_unit(amount.currency), Decimal(1).scaleb(amount.amount.adjusted() + 1 - _STORED))
        parts = {
            party: (amount.amount * part / 100).quantize(unit, rounding=ROUND_DOWN) for party, part in percent.items()
        }
        bearer = max(percent, key=lambda party: (party != "customer", percent[party]))
        parts[bearer] += amount.amount - sum(parts.values(), Decimal(0))
    return {party: Money(amount=part, currency=amount.currency) for party, part in parts.items() if part}
