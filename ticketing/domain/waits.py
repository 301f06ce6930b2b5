"""Waits: when a ticket waited, for what, and whose turn it was; those recorded, and those that other facts show.

Law of this file: an interval runs from the fact that begins it to the first that ends it, in order of (`occurred_at`,
version); while a cause is open, another fact that would begin it changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from ticketing.domain import events as e
from ticketing.domain.policy import WaitName
from ticketing.domain.values import Envelope, Event, Party

InCharge = Literal[Party, "parties", "nobody"]
"""Whose time it is: a party, the parties of a dispute together, or nobody."""

IN_CHARGE: Mapping[WaitName, InCharge] = {
    "customer_information": "customer",
    "proof_of_purchase": "customer",
    "payment": "customer",
    "parts_ours": "company",
    "parts_manufacturer": "manufacturer",
    "manufacturer_decision": "manufacturer",
    "expert_opinion": "expert",
    "capacity": "company",
    "force_majeure": "nobody",
    "transit": "company",
    "customer_approval": "customer",
    "customer_collection": "customer",
    "dispute": "parties",
}
"""Whose turn it is while a cause is open, unless the wait itself names somebody."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait: half-open, `to_at` None while it goes on.

    Attributes:
        party: Whose turn it was.
        dispute_id: Which dispute, where it is one.
        from_version: Of the fact that began it, and `to_version` of the one that ended it.
    """

    cause: WaitName
    party: InCharge
    from_at: datetime
    from_version: int
    to_at: datetime | None = None
    to_version: int | None = None
    dispute_id: str | None = None


_Open = tuple[WaitName, str | None]
_ENDED_BY_CLOSING: tuple[WaitName, ...] = (*get_args(e.WaitCause), "customer_approval", "customer_collection")
_BEGINS: Mapping[type[Event], WaitName] = {
    e.UnitDispatched: "transit",
    e.EstimateIssued: "customer_approval",
    e.CustomerNotified: "customer_collection",
}
_ENDS: Mapping[type[Event], tuple[WaitName, ...]] = {
    e.UnitReceived: ("transit",),
    e.UnitArrived: ("transit",),
    e.EstimateApproved: ("customer_approval",),
    e.EstimateDeclined: ("customer_approval",),
    e.UnitHandedBack: ("transit", "customer_collection"),
    e.UnitDisposed: ("transit", "customer_collection"),
    e.TicketClosed: _ENDED_BY_CLOSING,
}
SHOWING: frozenset[type[Event]] = frozenset((*_BEGINS, *_ENDS)) | {
    *(e.WaitStarted, e.WaitEnded),
    *(e.DisputeOpened, e.VerdictAppealed, e.VerdictIssued, e.DisputeClosed),
}
"""The facts that begin or end a wait."""


def waits_of(facts: Iterable[Envelope[Event]]) -> tuple[Wait, ...]:
    """Every wait that surviving facts, in whatever order they come, show; in order of its beginning."""
    found: list[Wait] = []
    opened: dict[_Open, int] = {}
    relevant = [fact for fact in facts if type(fact.event) in SHOWING]
    for fact in sorted(relevant, key=lambda fact: (fact.occurred_at, fact.version)):
        for ended in _ended(fact.event, opened):
            place = opened.pop(ended)
            found[place] = replace(found[place], to_at=fact.occurred_at, to_version=fact.version)
        begun = _begun(fact)
        if begun is not None and (begun.cause, begun.dispute_id) not in opened:
            opened[begun.cause, begun.dispute_id] = len(found)
            found.append(begun)
    return tuple(found)


def _begun(fact: Envelope[Event]) -> Wait | None:
    event = fact.event
    at, version = fact.occurred_at, fact.version
    match event:
        case e.WaitStarted():
            return Wait(event.cause, event.responsible or IN_CHARGE[event.cause], at, version)
        case e.DisputeOpened() | e.VerdictAppealed():
            return Wait("dispute", IN_CHARGE["dispute"], at, version, dispute_id=event.dispute_id)
        case _:
            cause = _BEGINS.get(type(event))
            return None if cause is None else Wait(cause, IN_CHARGE[cause], at, version)


def _ended(event: Event, opened: Mapping[_Open, int]) -> list[_Open]:
    match event:
        case e.WaitEnded():
            ending: list[_Open] = [(event.cause, None)]
        case e.VerdictIssued() | e.DisputeClosed():
            ending = [("dispute", event.dispute_id)]
        case _:
            ending = [(cause, None) for cause in _ENDS.get(type(event), ())]
    return [one for one in ending if one in opened]
