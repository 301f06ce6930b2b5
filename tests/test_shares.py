"""Shares: an amount of money divided among those who bear it, to the last cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.domain.events import Share
from ticketing.domain.shares import are_whole, minor_unit, split
from ticketing.domain.values import Money


def divided(amount: str, currency: str, **percent: str) -> dict[str, str]:
    shares = [Share.model_validate({"party": party, "percent": part}) for party, part in percent.items()]
    parts = split(Money(amount=Decimal(amount), currency=currency), shares)
    assert {part.currency for part in parts.values()} <= {currency}
    return {party: str(part.amount) for party, part in parts.items()}


@pytest.mark.parametrize(
    ("amount", "currency", "percent", "expected"),
    [
        # 33.33 each leaves 0.01: the largest share beside the customer's bears it
        (
            *("100.00", "EUR", {"customer": "33.3333", "company": "33.3333", "manufacturer": "33.3334"}),
            {"customer": "33.33", "company": "33.33", "manufacturer": "33.34"},
        ),
        # of equal shares the first
        ("0.01", "EUR", {"customer": "50", "manufacturer": "25", "seller": "25"}, {"manufacturer": "0.01"}),
        # 59.994 and 0.006: the customer's share is the larger one, and is rounded down all the same
        ("60.00", "EUR", {"customer": "99.99", "company": "0.01"}, {"customer": "59.99", "company": "0.01"}),
        ("100", "JPY", {"customer": "33.3", "company": "66.7"}, {"customer": "33", "company": "67"}),
        ("1.000", "KWD", {"customer": "33.3", "company": "66.7"}, {"customer": "0.333", "company": "0.667"}),
        ("5.00", "EUR", {"customer": "0", "company": "100"}, {"company": "5.00"}),
        ("5.005", "EUR", {"customer": "100", "company": "0"}, {"customer": "5.005"}),
        ("0.00", "EUR", {"customer": "100"}, {}),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_an_amount_is_divided_to_the_last_cent(
    amount: str, currency: str, percent: dict[str, str], expected: dict[str, str]
) -> None:
    assert divided(amount, currency, **percent) == expected


@given(
    st.decimals(0, 10**10, places=2),
    st.lists(st.decimals("0.01", 100, places=2), min_size=2, max_size=5),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_the_parts_make_the_amount_and_no_customer_bears_more_than_their_share(
    amount: Decimal, weights: list[Decimal], currency: str
) -> None:
    total = sum(weights, Decimal(0))
    percent = [(weight * 100 / total).quantize(Decimal("0.0001")) for weight in weights]
    percent[-1] = 100 - sum(percent[:-1], Decimal(0))
    parties = ("customer", "company", "manufacturer", "seller", "insurer")
    shares = [
        Share.model_validate({"party": party, "percent": part})
        for party, part in zip(parties, percent, strict=False)
        if part >= 0
    ]
    if not are_whole(shares):
        return
    parts = split(Money(amount=amount, currency=currency), shares)
    assert sum(part.amount for part in parts.values()) == amount
    for share in shares:
        fair = amount * share.percent / 100
        borne = parts[share.party].amount if share.party in parts else Decimal(0)
        if share.party == "customer":
            assert fair - minor_unit(currency) < borne <= fair
        else:
            assert fair - minor_unit(currency) < borne < fair + len(shares) * minor_unit(currency)


def test_an_amount_of_as_many_digits_as_may_be_stored_is_divided_too() -> None:
    # a third of 12345678901234567891 is …297.(0)…; only whole euros have room in 20 digits
    parts = divided("12345678901234567891", "EUR", customer="25", company="75")
    assert parts == {"customer": "3086419725308641972", "company": "9259259175925925919"}
