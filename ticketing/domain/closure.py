"""Closure: the customer is told, the unit goes back, the case is closed; a reopening begins the next cycle."""

from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import demanded_tests_missing
from ticketing.domain.intake import UNIT_ALREADY_OPEN
from ticketing.domain.values import Key, PrivateText


class NotifyCustomer(TicketCommand):
    """The customer is told that the unit is ready."""

    channel: Literal["counter", "phone", "mail", "letter", "message"] = "phone"


class HandBackUnit(TicketCommand):
    """The customer gets the unit."""

    site: Key | None = None
    to: Literal["customer", "dealer", "courier"] = "customer"


class DisposeOfUnit(TicketCommand):
    """The unit is disposed of."""

    reason: PrivateText


class CloseTicket(TicketCommand):
    """The case is closed."""

    outcome: e.Outcome


class ReopenTicket(TicketCommand):
    """The same case goes on."""

    ground: Literal["same_fault", "new_fault", "complaint", "verdict", "closed_in_error"]


def _not_finished(event: e.TicketClosed, s: Situation) -> str | None:
    ticket = s.ticket
    if not ticket.work_has_ended:
        return f"the work is {ticket.work}"
    if not ticket.unit_is_back:
        return f"the unit is {ticket.custody.replace('_', ' ')}"
    if ticket.blocking_disputes:
        return f"dispute {ticket.blocking_disputes[0]} is open and blocks closing"
    return None


def _no_fault_without_tests(event: e.TicketClosed, s: Situation) -> str | None:
    return demanded_tests_missing(s) if event.outcome == "no_fault_found" else None


NOT_FINISHED = Rule("not-finished", _not_finished)

CAUSES: Causes = {
    NotifyCustomer: e.CustomerNotified,
    HandBackUnit: e.UnitHandedBack,
    DisposeOfUnit: e.UnitDisposed,
    CloseTicket: e.TicketClosed,
    ReopenTicket: e.TicketReopened,
}
RULES: Rules = {
    e.TicketClosed: (NOT_FINISHED, Rule("tests-missing", _no_fault_without_tests)),
    e.TicketReopened: (UNIT_ALREADY_OPEN,),
}
