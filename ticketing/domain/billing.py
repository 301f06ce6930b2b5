"""Bill: who is charged for what; never the customer for somebody else's share."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.dispute import dispute_unknown
from ticketing.domain.values import Key, Money, PrivateText


class IssueBill(TicketCommand):
    """The cashier issues a bill."""

    bill_id: Key
    lines: Annotated[tuple[e.BillLine, ...], Field(min_length=1)]

    @field_validator("lines")
    @classmethod
    def _has_one_currency(cls, lines: tuple[e.BillLine, ...]) -> tuple[e.BillLine, ...]:
        if len({line.amount.currency for line in lines}) > 1:
            raise ValueError("a bill has one currency")
        return lines


class CreditBill(TicketCommand):
    """A bill is credited, in whole or in part; where a dispute made it due, the credit names it."""

    bill_id: Key
    amount: Money
    reason: PrivateText
    dispute_id: Key | None = None


class RecordPayment(TicketCommand):
    """Money comes in."""

    amount: Money
    payer: e.Payer = "customer"
    bill_id: Key | None = None


def _wrong_payer(event: e.BillIssued, s: Situation) -> str | None:
    approved = s.ticket.approved_estimate
    if approved is None:
        return None
    billed: dict[str, Decimal] = {}
    for line in event.lines:
        if line.payer != "customer" or line.estimate_line is None:
            continue
        borne = approved.borne(line.estimate_line)
        if borne and "customer" not in borne:
            return f"line {line.line_id} bills the customer for the share of the {next(iter(borne))}"
        billed[line.estimate_line] = billed.get(line.estimate_line, Decimal(0)) + line.amount.amount
    for line_id, amount in billed.items():
        most = approved.borne(line_id).get("customer")
        if line_id in approved.revised and most is not None and amount > most.amount:
            return f"the customer is billed {amount} for line {line_id} and bears {most.amount} {most.currency} of it"
    return None


def _line_not_approved(event: e.BillIssued, s: Situation) -> str | None:
    approved = s.ticket.approved_estimate
    for line in event.lines:
        if line.estimate_line is None:
            if line.reason is None:
                return f"line {line.line_id} names neither an approved line nor a reason"
        elif approved is None or line.estimate_line not in approved.approved_lines:
            return f"line {line.line_id} bills line {line.estimate_line}, which is not approved"
    return _over_maximum(event, s)


def _over_maximum(event: e.BillIssued, s: Situation) -> str | None:
    approved = s.ticket.approved_estimate
    charged = [line.amount for line in event.lines if line.is_customers_estimate_line]
    if approved is None or not charged:
        return None
    maximum = approved.maximum
    foreign = [amount.currency for amount in charged if amount.currency != maximum.currency]
    if foreign:
        return f"the bill is in {foreign[0]}, the estimate in {maximum.currency}"
    earlier = [bill for bill in s.ticket.bills.values() if bill.estimate_version == approved.version]
    due = sum((bill.charged_to_customer for bill in earlier), sum((amount.amount for amount in charged), Decimal(0)))
    if due > maximum.amount:
        return f"{due} {maximum.currency} is over the approved maximum of {maximum.amount}"
    return None


def _credit_over_bill(event: e.BillCredited, s: Situation) -> str | None:
    bill = s.ticket.bills.get(event.bill_id)
    if bill is None:
        return None
    currency = bill.lines[0].amount.currency if bill.lines else event.amount.currency
    if event.amount.currency != currency:
        return f"bill {event.bill_id} is in {currency}, the credit in {event.amount.currency}"
    if bill.credited + event.amount.amount > bill.charged:
        return f"bill {event.bill_id} charges {bill.charged} {currency}, less than is credited"
    return None


def _bill_is_new(event: e.BillIssued, s: Situation) -> str | None:
    return f"bill {event.bill_id} is on record already" if event.bill_id in s.ticket.bills else None


def _bill_unknown(event: e.BillCredited | e.PaymentReceived, s: Situation) -> str | None:
    if event.bill_id is None or event.bill_id in s.ticket.bills:
        return None
    return f"there is no bill {event.bill_id}"


WRONG_PAYER = Rule("wrong-payer", _wrong_payer)
LINE_NOT_APPROVED = Rule("not-approved", _line_not_approved)
OVER_MAXIMUM = Rule("not-approved", _over_maximum)
_UNKNOWN = Rule("unknown-reference", _bill_unknown)
_NO_DISPUTE = Rule("unknown-reference", dispute_unknown)

CAUSES: Causes = {IssueBill: e.BillIssued, CreditBill: e.BillCredited, RecordPayment: e.PaymentReceived}
RULES: Rules = {
    e.BillIssued: (Rule("already-on-record", _bill_is_new), WRONG_PAYER, LINE_NOT_APPROVED),
    e.BillCredited: (_UNKNOWN, _NO_DISPUTE, Rule("not-approved", _credit_over_bill)),
    e.PaymentReceived: (_UNKNOWN,),
}
