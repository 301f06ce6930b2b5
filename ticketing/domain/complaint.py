"""Complaint: what went wrong in the customer's eyes; nobody's consent is needed, at any time."""

from typing import Annotated, Literal

from pydantic import Field

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.values import Key, PrivateText


class ReceiveComplaint(TicketCommand):
    """Somebody complains."""

    complaint_id: Key
    about: Literal["service", "manufacturer_policy"]
    complaint_class: Key
    remedy_sought: Literal["apology", "explanation", "repair", "refund", "exchange", "compensation", "other"] | None = (
        None
    )
    text: PrivateText | None = None


class AcknowledgeComplaint(TicketCommand):
    """The complaint gets an answer that it arrived."""

    complaint_id: Key


class ResolveComplaint(TicketCommand):
    """The complaint is decided."""

    complaint_id: Key
    is_upheld: bool
    remedy: PrivateText | None = None


class RateSatisfaction(TicketCommand):
    """The customer rates the service, 1 (worst) to 5."""

    rating: Annotated[int, Field(ge=1, le=5)]
    text: PrivateText | None = None


def _complaint_is_new(event: e.ComplaintReceived, s: Situation) -> str | None:
    known = event.complaint_id in s.ticket.complaints
    return f"complaint {event.complaint_id} is on record already" if known else None


def _complaint_unknown(event: e.ComplaintAcknowledged | e.ComplaintResolved, s: Situation) -> str | None:
    known = event.complaint_id in s.ticket.complaints
    return None if known else f"there is no complaint {event.complaint_id}"


_UNKNOWN = Rule("unknown-reference", _complaint_unknown)

CAUSES: Causes = {
    ReceiveComplaint: e.ComplaintReceived,
    AcknowledgeComplaint: e.ComplaintAcknowledged,
    ResolveComplaint: e.ComplaintResolved,
    RateSatisfaction: e.SatisfactionRated,
}
RULES: Rules = {
    e.ComplaintReceived: (Rule("already-on-record", _complaint_is_new),),
    e.ComplaintAcknowledged: (_UNKNOWN,),
    e.ComplaintResolved: (_UNKNOWN,),
}
