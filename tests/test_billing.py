"""Bill: who is charged for what; never the customer for somebody else's share."""

from decimal import Decimal

import pytest

from tests.examples import (
    APPROVED,
    BILLED,
    CLOSED,
    CREDIT_BILL,
    CREDITED,
    DECLINED,
    DIAGNOSED,
    ESTIMATED,
    HANDED_BACK,
    ISSUE_BILL,
    OPENED,
    PAID,
    RECEIVED,
    RECORD_PAYMENT,
    REOPENED,
    but,
    euros,
)
from tests.spec import given
from ticketing.domain.billing import IssueBill
from ticketing.domain.errors import BadInput
from ticketing.domain.events import BillIssued, BillLine
from ticketing.domain.values import Money

AGREED = (OPENED, RECEIVED, DIAGNOSED, ESTIMATED, APPROVED)
FRANC = Money(amount=Decimal("1.00"), currency="CHF")
NEXT_BILL = but(ISSUE_BILL, bill_id="B-2")


def line(estimate_line: str | None, amount: str, payer: str = "customer", reason: str | None = None) -> BillLine:
    return BillLine.model_validate(
        {"line_id": "1", "estimate_line": estimate_line, "payer": payer, "amount": euros(amount), "reason": reason}
    )


def billing(*lines: BillLine) -> tuple[IssueBill, BillIssued]:
    return but(NEXT_BILL, lines=lines), but(BILLED, bill_id="B-2", lines=lines)


def test_what_was_approved_is_billed() -> None:
    given(*AGREED).when(ISSUE_BILL).then(BILLED)


def test_a_bill_is_issued_once_under_its_id() -> None:
    given(*AGREED, BILLED).when(ISSUE_BILL).then_rejected("already-on-record")


# wrong-payer


def test_the_share_of_the_manufacturer_is_never_billed_to_the_customer() -> None:
    command, event = billing(line("battery", "30.00", payer="manufacturer"))
    given(*AGREED).when(command).then(event)
    given(*AGREED).when(but(NEXT_BILL, lines=(line("battery", "30.00"),))).then_rejected("wrong-payer")


@pytest.mark.parametrize("payer", ["company", "manufacturer", "insurer"])
def test_nobody_elses_share_is_billed_to_the_customer(payer: str) -> None:
    shared = but(ESTIMATED, lines=(but(ESTIMATED.lines[0], payer=payer),))
    told = given(OPENED, RECEIVED, DIAGNOSED, shared, but(APPROVED, lines=("board",)))
    told.when(but(NEXT_BILL, lines=(line("board", "1.00"),))).then_rejected("wrong-payer")


def test_the_share_of_the_customer_may_be_billed_to_somebody_else() -> None:
    command, event = billing(line("board", "80.00", payer="company"))
    given(*AGREED).when(command).then(event)


# not-approved


def test_a_billed_line_names_an_approved_line_or_a_reason() -> None:
    given(*AGREED).when(but(NEXT_BILL, lines=(line(None, "5.00"),))).then_rejected("not-approved")
    command, event = billing(line(None, "5.00", reason="parcel"))
    given(*AGREED).when(command).then(event)


def test_a_line_that_was_not_approved_is_not_billed() -> None:
    partly = given(OPENED, RECEIVED, DIAGNOSED, ESTIMATED, but(APPROVED, lines=("board",)))
    partly.when(ISSUE_BILL).then_rejected("not-approved")
    given(OPENED, RECEIVED, DIAGNOSED, ESTIMATED).when(ISSUE_BILL).then_rejected("not-approved")
    given(*AGREED, DECLINED).when(ISSUE_BILL).then_rejected("not-approved")


def test_all_bills_together_stay_within_the_maximum() -> None:
    # The maximum is 130.00: BILLED has 80.00 + 40.00, so 10.00 more is within it and 10.01 is not.
    command, event = billing(line("board", "10.00"))
    given(*AGREED, BILLED).when(command).then(event)
    given(*AGREED, BILLED).when(but(NEXT_BILL, lines=(line("board", "10.01"),))).then_rejected("not-approved")


def test_what_was_credited_may_be_billed_again() -> None:
    # 120.00 billed - 10.00 credited + 20.00 = 130.00, the maximum.
    command, event = billing(line("board", "20.00"))
    given(*AGREED, BILLED, CREDITED).when(command).then(event)
    given(*AGREED, BILLED, CREDITED).when(but(NEXT_BILL, lines=(line("board", "20.01"),))).then_rejected("not-approved")


def test_what_others_pay_does_not_count_against_the_customers_maximum() -> None:
    command, event = billing(line("battery", "500.00", payer="manufacturer"))
    given(*AGREED, BILLED).when(command).then(event)


def test_a_bill_is_in_the_currency_of_the_estimate() -> None:
    lines = (but(line("board", "1.00"), amount=FRANC),)
    given(*AGREED).when(but(NEXT_BILL, lines=lines)).then_rejected("not-approved")


def test_a_bill_has_a_line_and_one_currency() -> None:
    with pytest.raises(BadInput, match=r"IssueBill\.lines: "):
        but(NEXT_BILL, lines=())
    francs = but(line(None, "1.00", reason="parcel"), amount=FRANC)
    with pytest.raises(BadInput, match="a bill has one currency"):
        but(NEXT_BILL, lines=(line("board", "1.00"), francs))


def test_a_credit_that_may_be_the_manufacturers_does_not_widen_the_customers_maximum() -> None:
    # 120.00 for the customer and 30.00 for the manufacturer, 50.00 credited: 10.00 of the 130.00 are left, not 60.00.
    shared = but(BILLED, lines=(*BILLED.lines, line("battery", "30.00", payer="manufacturer")))
    told = given(*AGREED, shared, but(CREDITED, amount=euros("50.00")))
    command, event = billing(line("board", "10.00"))
    told.when(command).then(event)
    told.when(but(NEXT_BILL, lines=(line("board", "10.01"),))).then_rejected("not-approved")


def test_what_one_bill_was_credited_beyond_the_approved_lines_widens_nothing() -> None:
    # A parcel of 50.00 beside 20.00 for the board, 60.00 credited: nothing is left of the 20.00, but no less than that.
    parcel = but(BILLED, lines=(line(None, "50.00", reason="parcel"), line("board", "20.00")))
    told = given(*AGREED, parcel, but(CREDITED, amount=euros("60.00")))
    command, event = billing(line("board", "130.00"))
    told.when(command).then(event)
    told.when(but(NEXT_BILL, lines=(line("board", "130.01"),))).then_rejected("not-approved")


# the second cycle


def test_the_bills_of_an_earlier_cycle_do_not_count_against_the_maximum_of_this_one() -> None:
    # Cycle 1 billed 120.00 of 130.00; cycle 2 has 50.00 of its own, and not a cent more.
    second = (but(ESTIMATED, estimate_version=2, maximum=euros("50.00")), but(APPROVED, estimate_version=2))
    told = given(*AGREED, BILLED, HANDED_BACK, CLOSED, REOPENED, RECEIVED, DIAGNOSED, *second)
    command, event = billing(line("board", "50.00"))
    told.when(command).then(event)
    told.when(but(NEXT_BILL, lines=(line("board", "50.01"),))).then_rejected("not-approved")
    told.when(but(NEXT_BILL, lines=(line("gold", "1.00"),))).then_rejected("not-approved")


def test_a_bill_that_comes_after_the_case_was_reopened_is_held_to_what_was_approved_before() -> None:
    told = given(*AGREED, BILLED, HANDED_BACK, CLOSED, REOPENED)
    command, event = billing(line("board", "10.00"))
    told.when(command).then(event)
    told.when(but(NEXT_BILL, lines=(line("board", "10.01"),))).then_rejected("not-approved")


# credit and payment


def test_no_more_is_credited_than_was_billed() -> None:
    # BILLED charges 120.00; 10.00 of it are credited already.
    told = given(*AGREED, BILLED, CREDITED)
    told.when(but(CREDIT_BILL, amount=euros("110.00"))).then(but(CREDITED, amount=euros("110.00")))
    told.when(but(CREDIT_BILL, amount=euros("110.01"))).then_rejected("not-approved")


def test_a_credit_is_in_the_currency_of_its_bill() -> None:
    given(*AGREED, BILLED).when(but(CREDIT_BILL, amount=FRANC)).then_rejected("not-approved")
    in_francs = but(BILLED, lines=(but(line(None, "1.00", reason="parcel"), amount=FRANC),))
    given(*AGREED, in_francs).when(but(CREDIT_BILL, amount=FRANC)).then(but(CREDITED, amount=FRANC))


def test_payments_are_added_up_by_currency() -> None:
    paid = given(*AGREED, BILLED, PAID, PAID, but(PAID, amount=FRANC)).ticket.paid
    assert paid == {"EUR": Decimal(220), "CHF": Decimal(1)}


def test_only_a_bill_that_was_issued_is_credited() -> None:
    given(*AGREED, BILLED).when(CREDIT_BILL).then(CREDITED)
    given(*AGREED).when(CREDIT_BILL).then_rejected("unknown-reference")


def test_a_payment_names_a_bill_that_was_issued_or_none() -> None:
    given(*AGREED, BILLED).when(RECORD_PAYMENT).then(PAID)
    given(*AGREED).when(RECORD_PAYMENT).then_rejected("unknown-reference")
    given(*AGREED).when(but(RECORD_PAYMENT, bill_id=None)).then(but(PAID, bill_id=None))
