"""Repair: the work on the unit, its parts and minutes, and how it ends."""

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import NOT_RECEIVED
from ticketing.domain.values import Code, Key, Money, PrivateText, SerialNumber


class StartRepair(TicketCommand):
    """The technician begins the repair."""


class FitPart(TicketCommand):
    """A part is built in."""

    part_number: Key
    serial_in: SerialNumber | None = None
    serial_out: SerialNumber | None = None
    quantity: e.Count = 1
    cost: Money | None = None
    estimate_line: Key | None = None


class LogWork(TicketCommand):
    """Time spent is put on record."""

    minutes: e.Minutes
    cost: Money | None = None
    estimate_line: Key | None = None


class CompleteRepair(TicketCommand):
    """The technician reports the unit repaired."""

    actions: tuple[Code, ...] = ()


class AbandonRepair(TicketCommand):
    """The repair is given up."""

    reason: PrivateText


class ExchangeUnit(TicketCommand):
    """The customer gets another unit; that ends the work."""

    new_serial: SerialNumber


def _no_diagnosis_in_cycle(event: e.RepairCompleted, s: Situation) -> str | None:
    if s.ticket.in_cycle.has_diagnosis:
        return None
    return f"cycle {s.ticket.cycle} has no diagnosis"


def _repair_not_approved(event: e.RepairStarted, s: Situation) -> str | None:
    if s.ticket.entitlement != "none" or s.ticket.approved_in_cycle is not None:
        return None
    return f"the customer pays, and has approved no estimate in cycle {s.ticket.cycle}"


def _work_not_approved(event: e.PartFitted | e.WorkLogged, s: Situation) -> str | None:
    approved = s.ticket.approved_in_cycle
    if event.estimate_line is None:
        is_paid = s.ticket.entitlement == "none" and event.cost is not None
        return "the customer pays, and no approved line is named" if is_paid else None
    if approved is None or event.estimate_line not in approved.approved_lines:
        return f"line {event.estimate_line} is not approved"
    line = approved.lines.get(event.estimate_line)  # a finding may have approved a line that there is not
    if event.cost is None or (line is not None and line.payer != "customer"):
        return None
    if event.cost.currency != approved.maximum.currency:
        return f"the cost is in {event.cost.currency}, the estimate in {approved.maximum.currency}"
    spent = approved.performed + event.cost.amount
    if spent > approved.maximum.amount:
        return f"{spent} {event.cost.currency} is over the approved maximum of {approved.maximum.amount}"
    return None


NO_DIAGNOSIS_IN_CYCLE = Rule("no-diagnosis-in-cycle", _no_diagnosis_in_cycle)
REPAIR_NOT_APPROVED = Rule("not-approved", _repair_not_approved)
WORK_NOT_APPROVED = Rule("not-approved", _work_not_approved)

CAUSES: Causes = {
    StartRepair: e.RepairStarted,
    FitPart: e.PartFitted,
    LogWork: e.WorkLogged,
    CompleteRepair: e.RepairCompleted,
    AbandonRepair: e.RepairAbandoned,
    ExchangeUnit: e.UnitExchanged,
}
RULES: Rules = {
    e.RepairStarted: (NOT_RECEIVED, REPAIR_NOT_APPROVED),
    e.PartFitted: (NOT_RECEIVED, WORK_NOT_APPROVED),
    e.WorkLogged: (NOT_RECEIVED, WORK_NOT_APPROVED),
    e.RepairCompleted: (NOT_RECEIVED, NO_DIAGNOSIS_IN_CYCLE),
}
