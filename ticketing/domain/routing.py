"""Routing: the ticket is assigned, the unit travels, sites ask each other for things, people talk to the customer."""

from typing import Literal

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Key, PrivateText


class AssignTicket(TicketCommand):
    """The dispatcher gives the ticket to a site, and to a person or none."""

    site: Key
    person: Key | None = None
    reason: PrivateText | None = None


class DispatchUnit(TicketCommand):
    """The unit leaves for another site or a party outside."""

    to: Key
    to_kind: Literal["site", "party"] = "site"


class RecordArrival(TicketCommand):
    """The dispatched unit arrives."""

    site: Key


class MakeRequest(TicketCommand):
    """One site asks another for something."""

    request_id: Key
    from_site: Key | None = None
    to_site: Key
    about: Literal["part", "tool", "information", "decision"]
    text: PrivateText | None = None


class AnswerRequest(TicketCommand):
    """The site that was asked answers."""

    request_id: Key
    is_granted: bool
    text: PrivateText | None = None


class RecordContact(TicketCommand):
    """The company and the customer speak."""

    direction: Literal["to_customer", "from_customer"]
    channel: Literal["counter", "phone", "mail", "letter", "message"]
    topic: Key
    explanation_accepted: bool | None = None
    text: PrivateText | None = None


def _request_is_new(event: e.RequestMade, s: Situation) -> str | None:
    return f"request {event.request_id} was made before" if event.request_id in s.ticket.requests else None


def _request_exists(event: e.RequestAnswered, s: Situation) -> str | None:
    return None if event.request_id in s.ticket.requests else f"there is no request {event.request_id}"


CAUSES: Causes = {
    AssignTicket: e.TicketAssigned,
    DispatchUnit: e.UnitDispatched,
    RecordArrival: e.UnitArrived,
    MakeRequest: e.RequestMade,
    AnswerRequest: e.RequestAnswered,
    RecordContact: e.CustomerContacted,
}
RULES: Rules = {
    e.RequestMade: (Rule("already-on-record", _request_is_new),),
    e.RequestAnswered: (Rule("unknown-reference", _request_exists),),
}
