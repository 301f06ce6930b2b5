"""Tills: what a ticket brought in, who paid it, what it cost, and which amounts are not added up."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Event, Money
from ticketing.projections import dimensions, tills, turnaround
from ticketing.projections.amounts import ten_thousandths
from ticketing.projections.report import ReportRow

MONEY = {e.BillIssued, e.BillCredited, e.ClaimSubmitted, e.ClaimDecided, e.PartFitted, e.WorkLogged}
IN_WARRANTY = e.EntitlementDecided(basis="warranty", reason=WHY)


def test_money_is_billed_credited_claimed_fitted_and_worked_and_nothing_else() -> None:
    assert tills.TAKEN == MONEY
    assert not tills.TAKEN & (turnaround.TAKEN | dimensions.TAKEN)
    assert e.PaymentReceived not in tills.TAKEN  # what is paid was billed before


@pytest.fixture
def company() -> Company:
    return Company()


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def billed(bill_id: str = "B", **amounts: str) -> e.BillIssued:
    """A bill with a line for each payer."""
    lines = [{"line_id": payer, "payer": payer, "amount": euros(amount)} for payer, amount in amounts.items()]
    return e.BillIssued.model_validate({"bill_id": bill_id, "lines": lines})


def claimed(amount: str, claim_id: str = "C", **other: object) -> e.ClaimSubmitted:
    return e.ClaimSubmitted.model_validate({"claim_id": claim_id, "to": "ACME", "amount": euros(amount), **other})


def approved(amount: str, claim_id: str = "C") -> e.ClaimDecided:
    return e.ClaimDecided(claim_id=claim_id, amount_approved=euros(amount))


def credited(amount: str, bill_id: str = "B") -> e.BillCredited:
    return e.BillCredited(bill_id=bill_id, amount=euros(amount), reason=WHY)


def ticket(company: Company, number: int, *facts: Event, site: str = "berlin") -> UUID:
    """A ticket opened on day 0 with its facts on day 1, handed back on day 5."""
    ticket_id = company.opens(number, day(0), site=site)
    for fact in facts:
        company.finds(ticket_id, fact, day(1))
    company.finds(ticket_id, e.UnitHandedBack(), day(5))
    return ticket_id


def earned(company: Company, *facts: Event) -> ReportRow:
    """The revenue of one ticket with these facts."""
    ticket(company, 1, *facts)
    (row,) = reports.tills(company.app).of("revenue")
    return row


def amounts(company: Company, **asked: object) -> dict[tuple[str | None, ...], tuple[float | None, ...]]:
    """Margin, revenue and cost of each group."""
    report = reports.tills(company.app, **asked)  # type: ignore[arg-type]
    found: dict[tuple[str | None, ...], tuple[float | None, ...]] = {}
    for row in report.rows:
        group = tuple(row.group.values())
        found[group] = (*found.get(group, ()), row.value)
    return found


def test_each_site_shows_what_its_two_tills_earn(company: Company) -> None:
    fitted = e.PartFitted(part_number="P", quantity=2, cost=euros("10.50"))  # 21.00
    worked = e.WorkLogged(minutes=30, cost=euros("15.00"))
    ticket(company, 1, IN_WARRANTY, fitted, worked, claimed("60.00"), approved("50.00"))
    ticket(company, 2, e.EntitlementDecided(basis="none", reason=WHY), fitted, billed(customer="80.25"))
    ticket(company, 3, e.EntitlementDecided(basis="goodwill", reason=WHY), worked, site="munich")
    # upstream: 50 - 21 - 15 = 14; downstream: 80.25 - 21 = 59.25; goodwill is work that nobody pays.
    assert amounts(company, by=["site"]) == {
        ("berlin", "downstream", "EUR"): (59.25, 80.25, 21),
        ("berlin", "upstream", "EUR"): (14, 50, 36),
        ("munich", "downstream", "EUR"): (-15, 0, 15),
    }
    # Asked for by name the till stands where it was asked for.
    (first, *_) = reports.tills(company.app, by=["till", "site"]).rows
    assert list(first.group) == ["till", "site", "currency"]
    (margin, *_) = reports.tills(company.app, by=["site"]).of("tills")
    assert (margin.numerator, margin.denominator, margin.unit) == (592_500, 1, "EUR")


def test_revenue_is_billed_less_credits_and_what_the_company_bears_is_none(company: Company) -> None:
    row = earned(company, billed(customer="100.00", company="40.00"), credited("30.00"))
    assert row.value == 70
    assert row.parts == {
        "customer": 700_000,
        "manufacturer": 0,
        "insurer": 0,
        "others": 0,
        "billed_to_company": 400_000,
    }


def test_a_credit_of_more_than_the_customers_lines_lowers_the_others(company: Company) -> None:
    row = earned(company, billed(customer="20.00", insurer="50.00"), credited("30.00"))
    assert (row.value, row.parts and row.parts["customer"], row.parts and row.parts["insurer"]) == (40, 0, 400_000)


def test_a_line_billed_to_the_manufacturer_and_its_claim_are_the_same_money(company: Company) -> None:
    bill = billed(customer="10.00", manufacturer="60.00")
    # Without a claim the line counts; once it is claimed, only what was approved does.
    ticket(company, 1, bill)
    assert amounts(company)[None, "EUR"][1] == 70
    company.finds(UUID(int=1), claimed("60.00"), day(6))
    assert amounts(company)[None, "EUR"][1] == 10
    company.finds(UUID(int=1), approved("45.00"), day(7))
    assert amounts(company)[None, "EUR"][1] == 55
    # A later lower decision is a charge-back.
    company.finds(UUID(int=1), approved("5.00"), day(8))
    assert amounts(company)[None, "EUR"][1] == 15


def test_claims_on_insurers_and_sellers_are_revenue_of_their_own(company: Company) -> None:
    row = earned(
        company,
        billed(insurer="30.00", manufacturer="20.00"),
        claimed("25.00", "I", to_party="insurer"),
        approved("25.00", "I"),
        claimed("7.00", "S", to_party="seller"),
        approved("7.00", "S"),
    )
    # The insurer's line was claimed and the manufacturer's was not: 25 + 20 + 7.
    assert row.value == 52
    assert row.parts == {
        "customer": 0,
        "manufacturer": 200_000,
        "insurer": 250_000,
        "others": 70_000,
        "billed_to_company": 0,
    }


def test_currencies_are_never_added_up(company: Company) -> None:
    dollars = Money(amount=Decimal(9), currency="USD")
    ticket(company, 1, billed(customer="10.00"))
    ticket(company, 2, e.WorkLogged(minutes=5, cost=dollars))
    ticket(company, 3, billed(customer="500.00"), e.WorkLogged(minutes=5, cost=dollars))  # both: left out
    ticket(company, 4)
    rows = reports.tills(company.app).of("tills")
    assert [(row.group["currency"], row.value, row.denominator, row.excluded) for row in rows] == [
        ("EUR", 10, 1, 1),
        ("USD", -9, 1, 0),
    ]
    assert [row.parts and row.parts["tickets_without_amount"] for row in rows] == [1, 1]


def test_where_nobody_put_an_amount_on_record_there_is_no_margin(company: Company) -> None:
    ticket(company, 1)
    for row in reports.tills(company.app).rows:
        assert (row.value, row.reason, row.denominator) == (None, "no amount is on record", 0)


def test_a_part_without_its_cost_is_told(company: Company) -> None:
    ticket(company, 1, billed(customer="10.00"), e.PartFitted(part_number="P"))
    ticket(company, 2, billed(customer="10.00"), e.WorkLogged(minutes=10))
    ticket(company, 3, billed(customer="10.00"))
    (margin,) = reports.tills(company.app).of("tills")
    assert margin.parts is not None
    assert (margin.value, margin.parts["tickets_with_unknown_cost"]) == (30, 2)


@pytest.mark.parametrize("amount", ["0.00001", "1000000000.01", "99999999999999999999"])
def test_an_amount_too_fine_or_too_great_leaves_its_ticket_out(company: Company, amount: str) -> None:
    ticket(company, 1, billed(customer=amount))
    ticket(company, 2, billed(customer="0.0001"))
    (row,) = reports.tills(company.app).of("revenue")
    assert (row.value, row.numerator, row.denominator, row.excluded) == (0.0001, 1, 1, 1)


@given(st.lists(st.decimals(0, 10**9, places=4), min_size=1, max_size=8))
def test_amounts_add_up_to_the_last_digit(drawn: list[Decimal]) -> None:
    parts = [ten_thousandths(Money(amount=amount, currency="EUR")) for amount in drawn]
    assert sum(part or 0 for part in parts) == sum(drawn) * 10_000


def test_fifteen_digits_are_printed_as_they_are(company: Company) -> None:
    # 3 × 999,999,999.9999 = 2,999,999,999.9997
    for number in (1, 2, 3):
        ticket(company, number, billed(customer="999999999.9999"))
    report = reports.tills(company.app)
    assert report.of("revenue")[0].numerator == 29_999_999_999_997
    assert '"value": 2999999999.9997,' in report.to_json()


def test_a_period_is_of_hand_backs_unless_asked_otherwise(company: Company) -> None:
    ticket(company, 1, billed(customer="10.00"))
    assert [row.value for row in reports.tills(company.app, from_=day(4), to=day(6)).of("revenue")] == [10]
    assert [row.value for row in reports.tills(company.app, from_=day(0), to=day(2)).of("revenue")] == [None]
    assert [row.value for row in reports.tills(company.app, to=day(2), cohort="opened_in").of("revenue")] == [10]
