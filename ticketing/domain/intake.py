"""Intake: a case is opened, the unit comes in and is identified, papers arrive, a date is promised."""

from datetime import date
from typing import Literal
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Command, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Code, Event, Instant, Key, PrivateText, SerialNumber


class OpenTicket(Command):
    """The receptionist takes a case in; the application draws the ticket's id if none is given."""

    ticket_id: UUID | None = None
    number: Key
    site: Key
    channel: e.Channel = "counter"
    customer_ref: Key | None = None
    customer_kind: e.CustomerKind = "consumer"
    manufacturer: Key | None = None
    model: Key | None = None
    serial: SerialNumber | None = None
    symptom: PrivateText | None = None
    symptom_code: Code | None = None
    basis_claimed: e.Basis | None = None


class ReceiveUnit(TicketCommand):
    """The unit comes into the company's custody."""

    site: Key
    condition: PrivateText | None = None
    accessories: tuple[Key, ...] = ()
    paperwork_complete: bool = True


class IdentifyUnit(TicketCommand):
    """Somebody finds out what the unit is."""

    manufacturer: Key | None = None
    model: Key | None = None
    serial: SerialNumber | None = None
    manufactured_on: date | None = None


class CompletePaperwork(TicketCommand):
    """The missing papers are there."""


class RecordProofOfPurchase(TicketCommand):
    """A proof of purchase is shown."""

    purchased_on: date
    seller: Key | None = None
    handed_over_on: date | None = None


class MakePromise(TicketCommand):
    """The customer is promised a date."""

    due_at: Instant


class LinkRepeat(TicketCommand):
    """The case is linked to an earlier ticket of the same unit."""

    previous_ticket: UUID
    basis: Literal["same_fault", "same_unit", "customer_says"]


MAY_PROMISE = frozenset({"receptionist", "dispatcher", "manager", "complaint_officer"})


def _number_taken(event: e.TicketOpened, s: Situation) -> str | None:
    if s.reference.number_holder in (None, s.ticket.ticket_id):
        return None
    return f"the number {event.number} belongs to another ticket"


def _unit_already_open(event: Event, s: Situation) -> str | None:
    holder = s.reference.unit_open_on
    if holder in (None, s.ticket.ticket_id):
        return None
    return f"ticket {holder} is open for the same unit"


def _may_not_promise(event: e.PromiseMade, s: Situation) -> str | None:
    if s.actor.role in MAY_PROMISE or s.actor.role == "unknown":
        return None
    return f"a {s.actor.role} makes no promises to customers"


def _repeat_of_itself(event: e.RepeatLinked, s: Situation) -> str | None:
    return "a ticket is no repeat of itself" if event.previous_ticket == s.ticket.ticket_id else None


NUMBER_TAKEN = Rule("number-taken", _number_taken)
UNIT_ALREADY_OPEN = Rule("unit-already-open", _unit_already_open)
MAY_NOT_PROMISE = Rule("may-not-promise", _may_not_promise)

CAUSES: Causes = {
    OpenTicket: e.TicketOpened,
    ReceiveUnit: e.UnitReceived,
    IdentifyUnit: e.UnitIdentified,
    CompletePaperwork: e.PaperworkCompleted,
    RecordProofOfPurchase: e.ProofOfPurchaseRecorded,
    MakePromise: e.PromiseMade,
    LinkRepeat: e.RepeatLinked,
}
RULES: Rules = {
    e.TicketOpened: (NUMBER_TAKEN, UNIT_ALREADY_OPEN),
    e.UnitIdentified: (UNIT_ALREADY_OPEN,),
    e.PromiseMade: (MAY_NOT_PROMISE,),
    e.RepeatLinked: (Rule("unknown-reference", _repeat_of_itself),),
}
