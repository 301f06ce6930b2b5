"""Bill: who is charged for what; never the customer for somebody else's share."""

from decimal import Decimal

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Key, Money, PrivateText


class IssueBill(TicketCommand):
    """The cashier issues a bill."""

    bill_id: Key
    lines: tuple[e.BillLine, ...]


class CreditBill(TicketCommand):
    """A bill is credited, in whole or in part."""

    bill_id: Key
    amount: Money
    reason: PrivateText


class RecordPayment(TicketCommand):
    """Money comes in."""

    amount: Money
    payer: e.Payer = "customer"
    bill_id: Key | None = None


def _estimate_line(s: Situation, line_id: str) -> e.EstimateLine | None:
    approved = s.ticket.approved_estimate
    return approved.lines.get(line_id) if approved is not None else None


def _wrong_payer(event: e.BillIssued, s: Situation) -> str | None:
    for line in event.lines:
        estimated = _estimate_line(s, line.estimate_line) if line.estimate_line is not None else None
        if line.payer == "customer" and estimated is not None and estimated.payer != "customer":
            return f"line {line.line_id} bills the customer for the share of the {estimated.payer}"
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
    if approved is None:
        return None
    earlier = [line for bill in s.ticket.bills.values() for line in bill.lines]
    charged = [
        line.amount for line in (*earlier, *event.lines) if line.payer == "customer" and line.estimate_line is not None
    ]
    foreign = [amount.currency for amount in charged if amount.currency != approved.maximum.currency]
    if foreign:
        return f"the bill is in {foreign[0]}, the estimate in {approved.maximum.currency}"
    credited = sum((bill.credited for bill in s.ticket.bills.values()), Decimal(0))
    due = sum((amount.amount for amount in charged), Decimal(0)) - credited
    if due > approved.maximum.amount:
        return f"{due} {approved.maximum.currency} is over the approved maximum of {approved.maximum.amount}"
    return None


def _bill_is_new(event: e.BillIssued, s: Situation) -> str | None:
    return f"bill {event.bill_id} is on record already" if event.bill_id in s.ticket.bills else None


def _bill_unknown(event: e.BillCredited | e.PaymentReceived, s: Situation) -> str | None:
    if event.bill_id is None or event.bill_id in s.ticket.bills:
        return None
    return f"there is no bill {event.bill_id}"


WRONG_PAYER = Rule("wrong-payer", _wrong_payer)
LINE_NOT_APPROVED = Rule("not-approved", _line_not_approved)
_UNKNOWN = Rule("unknown-reference", _bill_unknown)

CAUSES: Causes = {IssueBill: e.BillIssued, CreditBill: e.BillCredited, RecordPayment: e.PaymentReceived}
RULES: Rules = {
    e.BillIssued: (Rule("already-on-record", _bill_is_new), WRONG_PAYER, LINE_NOT_APPROVED),
    e.BillCredited: (_UNKNOWN,),
    e.PaymentReceived: (_UNKNOWN,),
}
