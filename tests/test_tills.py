"""Tills: what a ticket brought in, who paid it, what it cost, and which amounts are not added up."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.values import Event, Money
from ticketing.projections import dimensions, tills, turnaround
from ticketing.projections.amounts import ten_thousandths
from ticketing.projections.report import ReportRow

MONEY = {e.BillIssued, e.BillCredited, e.ClaimSubmitted, e.ClaimDecided, e.PartFitted, e.WorkLogged}
PAYERS = {e.EstimateIssued, e.EstimateApproved, e.EstimateDeclined, e.PayersRevised}
IN_WARRANTY = e.EntitlementDecided(basis="warranty", reason=WHY)
PAID = e.EntitlementDecided(basis="none", reason=WHY)


def test_money_is_billed_credited_claimed_fitted_and_worked_and_estimates_say_who_pays() -> None:
    assert tills.TAKEN == MONEY | PAYERS
    assert not MONEY & (turnaround.TAKEN | dimensions.TAKEN)
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


def quoted(version: int = 1, **payers: str) -> e.EstimateIssued:
    """An estimate with a line of 30 euros for each of these."""
    lines = [
        {"line_id": line, "payer": payer, "basis": "none", "price": euros("30.00")} for line, payer in payers.items()
    ]
    return e.EstimateIssued.model_validate(
        {"estimate_version": version, "lines": lines, "maximum": euros("60.00"), "valid_until": None}
    )


def fitted(cost: str | None, line: str | None = None, quantity: int = 1) -> e.PartFitted:
    return e.PartFitted(
        part_number="P", quantity=quantity, cost=None if cost is None else euros(cost), estimate_line=line
    )


def worked(cost: str | None, line: str | None = None) -> e.WorkLogged:
    return e.WorkLogged(minutes=30, cost=None if cost is None else euros(cost), estimate_line=line)


def borne(line: str, **amounts: str) -> e.PayersRevised:
    """What each party bears of a line after a verdict."""
    shares = [{"line_id": line, "payer": payer, "amount": euros(amount)} for payer, amount in amounts.items()]
    return e.PayersRevised.model_validate({"dispute_id": "D", "estimate_version": 1, "lines": shares, "reason": WHY})


def ticket(company: Company, number: int, *facts: Event, site: str = "berlin") -> UUID:
    """A ticket opened on day 0 with its facts on day 1, handed back on day 5."""
    ticket_id = company.opens(number, day(0), site=site)
    for fact in facts:
        company.finds(ticket_id, fact, day(1))
    company.finds(ticket_id, e.UnitHandedBack(), day(5))
    return ticket_id


def earned(company: Company, *facts: Event) -> dict[str | None, ReportRow]:
    """The revenue of one ticket with these facts, by till."""
    ticket(company, 1, *facts)
    return {row.group["till"]: row for row in reports.tills(company.app).of("revenue")}


def costs(company: Company, *facts: Event) -> dict[str | None, float | None]:
    """The cost of one ticket with these facts, by till."""
    ticket(company, 1, *facts)
    return {row.group["till"]: row.value for row in reports.tills(company.app).of("cost")}


def amounts(company: Company, **asked: object) -> dict[tuple[str | None, ...], tuple[float | None, ...]]:
    """Margin, revenue and cost of each group."""
    report = reports.tills(company.app, **asked)  # type: ignore[arg-type]
    found: dict[tuple[str | None, ...], tuple[float | None, ...]] = {}
    for row in report.rows:
        group = tuple(row.group.values())
        found[group] = (*found.get(group, ()), row.value)
    return found


def test_each_site_shows_what_its_two_tills_earn(company: Company) -> None:
    parts, work = fitted("10.50", quantity=2), worked("15.00")  # 21.00 and 15.00
    ticket(company, 1, IN_WARRANTY, parts, work, claimed("60.00"), approved("50.00"))
    ticket(company, 2, PAID, parts, billed(customer="80.25"))
    ticket(company, 3, e.EntitlementDecided(basis="goodwill", reason=WHY), work, site="munich")
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


def test_what_the_customer_pays_beside_a_warranty_repair_is_in_the_other_till(company: Company) -> None:
    beside = quoted(display="manufacturer", cover="customer"), e.EstimateApproved(estimate_version=1, lines=("cover",))
    parts = fitted("20.00", "display"), fitted("4.50", "cover", 2)
    work = worked("15.00"), worked("6.00", "cover")  # the first names no line, and is of the repair under warranty
    bill = billed(customer="40.00", manufacturer="70.00")
    ticket(company, 1, IN_WARRANTY, *beside, *parts, *work, bill, claimed("70.00"), approved("60.00"))
    ticket(company, 2, IN_WARRANTY, worked("5.00"))
    ticket(company, 3, IN_WARRANTY)
    # upstream: 60 - (20 + 15 + 5) = 20, of two tickets; downstream: 40 - (2 × 4.50 + 6) = 25, of one.
    assert amounts(company) == {("downstream", "EUR"): (25, 40, 15), ("upstream", "EUR"): (20, 60, 40)}
    downstream, upstream = reports.tills(company.app, by=["till"]).of("tills")
    assert (downstream.denominator, upstream.denominator) == (1, 2)
    assert [row.parts and row.parts["tickets_without_amount"] for row in (downstream, upstream)] == [0, 1]
    # The manufacturer takes 45 back, and 12 are credited to the customer.
    company.finds(UUID(int=1), approved("15.00"), day(8))
    company.finds(UUID(int=1), credited("12.00"), day(9))
    assert amounts(company) == {("downstream", "EUR"): (13, 28, 15), ("upstream", "EUR"): (-25, 15, 40)}


def test_in_other_figures_the_till_is_that_of_the_entitlement(company: Company) -> None:
    ticket(company, 1, IN_WARRANTY, billed(customer="40.00"))
    (row,) = reports.honesty(company.app, by=["till"]).of("honesty")
    assert row.group == {"till": "upstream"}
    assert amounts(company, by=["till"]) == {("downstream", "EUR"): (40, 40, 0)}


@pytest.mark.parametrize(
    ("payer", "till"),
    [
        ("customer", "downstream"),
        ("insurer", "downstream"),
        ("company", "downstream"),  # the customer is served, at the company's expense
        ("manufacturer", "upstream"),
    ],
)
def test_cost_is_of_the_till_of_who_pays_for_its_line(company: Company, payer: str, till: str) -> None:
    entitled = PAID if till == "upstream" else IN_WARRANTY
    assert costs(company, entitled, quoted(a=payer), fitted("8.00", "a")) == {till: 8}


def test_a_line_is_that_of_the_estimate_approved_last(company: Company) -> None:
    first, second = quoted(1, a="customer", b="customer"), quoted(2, a="manufacturer")
    agreed = e.EstimateApproved(estimate_version=1, lines=("a",))
    # The second estimate is not approved: the work on `a` is still for the first. Nobody approved either line of `b`.
    found = costs(company, IN_WARRANTY, first, agreed, second, worked("8.00", "a"), quoted(3, b="company"))
    assert found == {"downstream": 8}
    company.finds(UUID(int=1), e.EstimateDeclined(estimate_version=1), day(2))
    company.finds(UUID(int=1), worked("1.00", "a"), day(3))
    assert amounts(company) == {("downstream", "EUR"): (-8, 0, 8), ("upstream", "EUR"): (-1, 0, 1)}


def test_an_estimate_may_have_any_number(company: Company) -> None:
    assert costs(company, IN_WARRANTY, quoted(2**70, a="customer"), worked("8.00", "a")) == {"downstream": 8}


def test_work_on_a_line_that_nobody_had_quoted_goes_by_the_entitlement(company: Company) -> None:
    assert costs(company, IN_WARRANTY, worked("8.00", "a"), quoted(a="customer")) == {"upstream": 8}


def test_cost_without_a_line_follows_the_entitlement_and_until_then_is_in_neither_till(company: Company) -> None:
    assert costs(company, worked("8.00"), billed(customer="9.00")) == {None: 8, "downstream": 0}
    company.finds(UUID(int=1), IN_WARRANTY, day(6))
    assert amounts(company) == {("downstream", "EUR"): (9, 9, 0), ("upstream", "EUR"): (-8, 0, 8)}
    revised = e.EntitlementRevised.model_validate(
        {"from": "warranty", "to": "none", "trigger": "diagnosis", "reason": WHY, "approved_by": "m-2"}
    )
    company.finds(UUID(int=1), revised, day(7))
    assert amounts(company) == {("downstream", "EUR"): (1, 9, 8)}


def test_a_verdict_that_divides_a_line_divides_its_cost(company: Company) -> None:
    ticket(company, 1, PAID, quoted(a="customer"), fitted("10.00", "a"), worked("0.01", "a"))
    company.finds(UUID(int=1), borne("a", customer="20.00", manufacturer="10.00"), day(6))
    # A third of 100,000 ten-thousandths is 33,333, and of 100 it is 33; the rest is the customer's.
    upstream, downstream = 33_333 + 33, 66_667 + 67
    found = {row.group["till"]: row.numerator for row in reports.tills(company.app).of("cost")}
    assert found == {"upstream": upstream, "downstream": downstream}
    company.finds(UUID(int=1), borne("a", manufacturer="30.00"), day(7))
    assert amounts(company) == {("upstream", "EUR"): (-10.01, 0, 10.01)}


def test_revenue_is_billed_less_credits_and_what_the_company_bears_is_none(company: Company) -> None:
    rows = earned(company, billed(customer="100.00", company="40.00"), credited("30.00"))
    assert rows["downstream"].value == 70
    assert rows["downstream"].parts == {
        "customer": 700_000,
        "insurer": 0,
        "others": 0,
        "billed_to_company": 400_000,
    }


def test_a_credit_of_more_than_the_customers_lines_lowers_the_others(company: Company) -> None:
    row = earned(company, billed(customer="20.00", insurer="50.00"), credited("30.00"))["downstream"]
    assert (row.value, row.parts and row.parts["customer"], row.parts and row.parts["insurer"]) == (40, 0, 400_000)


def test_a_line_billed_to_the_manufacturer_and_its_claim_are_the_same_money(company: Company) -> None:
    bill = billed(customer="10.00", manufacturer="60.00")

    def revenue() -> tuple[float | None, float | None]:
        found = amounts(company)
        return found["downstream", "EUR"][1], found["upstream", "EUR"][1]

    # Without a claim the line counts; once it is claimed, only what was approved does.
    ticket(company, 1, bill)
    assert revenue() == (10, 60)
    company.finds(UUID(int=1), claimed("60.00"), day(6))
    assert revenue() == (10, 0)
    company.finds(UUID(int=1), approved("45.00"), day(7))
    assert revenue() == (10, 45)
    # A later lower decision is a charge-back.
    company.finds(UUID(int=1), approved("5.00"), day(8))
    assert revenue() == (10, 5)


def test_claims_on_insurers_and_sellers_are_revenue_of_their_own(company: Company) -> None:
    rows = earned(
        company,
        billed(insurer="30.00", manufacturer="20.00"),
        claimed("25.00", "I", to_party="insurer"),
        approved("25.00", "I"),
        claimed("7.00", "S", to_party="seller"),
        approved("7.00", "S"),
    )
    # The insurer's line was claimed and the manufacturer's was not: 25 + 7, and 20.
    assert {till: row.value for till, row in rows.items()} == {"downstream": 32, "upstream": 20}
    assert rows["upstream"].parts == {"manufacturer": 200_000}
    assert rows["downstream"].parts == {"customer": 0, "insurer": 250_000, "others": 70_000, "billed_to_company": 0}


def test_currencies_are_never_added_up(company: Company) -> None:
    dollars = e.WorkLogged(minutes=5, cost=Money(amount=Decimal(9), currency="USD"))
    ticket(company, 1, PAID, billed(customer="10.00"))
    ticket(company, 2, PAID, dollars)
    ticket(company, 3, PAID, billed(customer="500.00"), dollars)  # both: left out
    ticket(company, 4, PAID)
    rows = reports.tills(company.app).of("tills")
    assert [(row.group["currency"], row.value, row.denominator, row.excluded) for row in rows] == [
        ("EUR", 10, 1, 1),
        ("USD", -9, 1, 0),
    ]
    assert [row.parts and row.parts["tickets_without_amount"] for row in rows] == [1, 1]


def test_of_tickets_that_are_all_left_out_there_is_no_margin(company: Company) -> None:
    dollars = e.WorkLogged(minutes=5, cost=Money(amount=Decimal(9), currency="USD"))
    ticket(company, 1, IN_WARRANTY, billed(customer="500.00"), dollars)
    # It stands in both tills, and is left out of both.
    for row in reports.tills(company.app).rows:
        assert (row.value, row.reason, row.excluded) == (None, "its amounts cannot be added up", 1)


def test_where_nobody_put_an_amount_on_record_there_is_no_margin(company: Company) -> None:
    ticket(company, 1)
    for row in reports.tills(company.app).rows:
        assert (row.value, row.reason, row.denominator) == (None, "no amount is on record", 0)


def test_no_ticket_with_an_amount_is_lost(company: Company) -> None:
    ticket(company, 1, approved("5.00", "unknown"))  # of a claim that nobody submitted
    (margin,) = reports.tills(company.app).of("tills")
    assert (margin.group, margin.value, margin.denominator) == ({"till": None, "currency": "EUR"}, 0, 1)


def test_a_part_without_its_cost_is_told_in_its_till(company: Company) -> None:
    ticket(company, 1, IN_WARRANTY, billed(customer="10.00"), fitted(None))
    ticket(company, 2, PAID, billed(customer="10.00"), worked(None))
    ticket(company, 3, PAID, billed(customer="10.00"))
    told = {
        row.group["till"]: (row.value, row.denominator, row.parts and row.parts["tickets_with_unknown_cost"])
        for row in reports.tills(company.app).of("tills")
    }
    assert told == {"downstream": (30, 3, 1), "upstream": (0, 1, 1)}


def test_a_part_without_its_cost_is_told_where_nothing_else_of_its_ticket_is_on_record(company: Company) -> None:
    def told() -> list[tuple[str | None, str | None, int]]:
        return [
            (row.group["till"], row.group["currency"], (row.parts or {})["tickets_with_unknown_cost"])
            for row in reports.tills(company.app).of("tills")
        ]

    ticket(company, 1, IN_WARRANTY, quoted(a="customer"), fitted(None, "a"))
    assert told() == [("downstream", None, 1), ("upstream", None, 0)]
    ticket(company, 2, IN_WARRANTY, worked("5.00"))
    ticket(company, 3, IN_WARRANTY, fitted(None))
    ticket(company, 4, PAID, billed(customer="10.00"))
    assert told() == [("downstream", "EUR", 1), ("upstream", "EUR", 1)]


PARTIES = ("customer", "manufacturer", "company", "insurer")
SPENT = st.tuples(st.sampled_from(["parts", "work"]), st.integers(0, 9_999), st.sampled_from([None, "a", "b", "c"]))
BILLED = st.tuples(st.sampled_from(PARTIES), st.integers(0, 9_999))
QUOTED = st.dictionaries(st.sampled_from("ab"), st.sampled_from(PARTIES))
COURSE = st.tuples(
    st.sampled_from([None, "warranty", "goodwill", "none"]),
    QUOTED,
    st.booleans(),
    st.lists(SPENT, max_size=4),
    st.lists(BILLED, max_size=3),
    st.none() | st.integers(0, 9_999),
)


@given(st.lists(COURSE, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_both_tills_together_come_to_what_was_paid_and_spent(courses: list[Any]) -> None:
    paid = spent = 0
    with Company() as company:
        for number, (basis, payers, is_divided, costs, bills, claim) in enumerate(courses, 1):
            entitled = [] if basis is None else [e.EntitlementDecided(basis=basis, reason=WHY)]
            divided = [borne("a", manufacturer="10.00", customer="20.00")] if is_divided else []
            done = [(fitted if of == "parts" else worked)(str(Decimal(cost) / 100), line) for of, cost, line in costs]
            sent = [
                billed(f"B{place}", **{payer: str(Decimal(amount) / 100)})
                for place, (payer, amount) in enumerate(bills)
            ]
            owed = [] if claim is None else [claimed("99.99"), approved(str(Decimal(claim) / 100))]
            ticket(company, number, *entitled, quoted(**payers), *done, *sent, *owed, *divided)
            spent += sum(cost for _, cost, _ in costs)
            of_others = [amount for payer, amount in bills if payer in {"customer", "insurer"}]
            paid += sum(of_others) + (
                sum(amount for payer, amount in bills if payer == "manufacturer") if claim is None else claim
            )
        for by in ((), ("site", "entitlement"), ("till",)):
            report = reports.tills(company.app, by=by)
            of = {name: sum(row.numerator for row in report.of(name)) for name in ("tills", "revenue", "cost")}
            assert of == {"tills": 100 * (paid - spent), "revenue": 100 * paid, "cost": 100 * spent}


@pytest.mark.parametrize("amount", ["0.00001", "1000000000.01", "99999999999999999999"])
def test_an_amount_too_fine_or_too_great_leaves_its_ticket_out(company: Company, amount: str) -> None:
    ticket(company, 1, PAID, billed(customer=amount))
    ticket(company, 2, PAID, billed(customer="0.0001"))
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
