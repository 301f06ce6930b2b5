"""Kept facts: the facts of a ticket that decide who is right and who pays, kept in its row in short form.

What became of a decision can be said only with all of them at hand, and a row is folded fact by fact. Kept is what the
audit's own functions ask (`Aftermath`, `Standing`, `case_of`); private texts and stored assessments are not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from ticketing.domain import events as e
from ticketing.domain.values import Actor, Event, PrivateText, Recorded

Kept = tuple[int, datetime, str, str, str]
"""Version, when it occurred, whose, the name of the event, and what is kept of it as JSON."""

_FIELDS: Mapping[type[Event], frozenset[str]] = {
    e.StandardPinned: frozenset({"standard", "standard_version"}),
    e.EntitlementDecided: frozenset({"basis", "clauses", "reason"}),
    e.EntitlementRevised: frozenset({"from_basis", "to_basis", "trigger", "reason", "approved_by"}),
    e.ServiceRefused: frozenset({"ground", "clause"}),
    e.DisputeOpened: frozenset({"dispute_id", "ground", "raised_by", "parties", "about_version"}),
    e.VerdictIssued: frozenset({"dispute_id", "by", "in_favour_of", "shares", "clause", "reasons"}),
    e.VerdictAppealed: frozenset({"dispute_id", "party"}),
    e.DisputeClosed: frozenset({"dispute_id", "how", "shares"}),
    e.ClaimSubmitted: frozenset({"claim_id", "to", "amount", "to_party"}),
    e.ClaimDecided: frozenset({"claim_id", "amount_approved", "clause"}),
    e.TicketReopened: frozenset({"ground"}),
}
KEPT = frozenset(_FIELDS)
"""The facts that are kept."""

_NAMED: Mapping[str, type[Event]] = {event.__name__: event for event in KEPT}
_TEXTS: Mapping[type[Event], str] = {
    e.EntitlementDecided: "reason",
    e.EntitlementRevised: "reason",
    e.VerdictIssued: "reasons",
}
"""A private text that the event cannot be without; kept is that there was one."""

_NO_TEXT = PrivateText()
_NOBODY_ASKS = 0


def kept_with(kept: tuple[Kept, ...], fact: Recorded[Event]) -> tuple[Kept, ...]:
    """What is kept with one more fact, in order of version."""
    kind = type(fact.event)
    text = _TEXTS.get(kind)
    event = fact.event if text is None else fact.event.model_copy(update={text: _NO_TEXT})
    short = event.model_dump_json(include=set(_FIELDS[kind]), exclude_defaults=True)
    one: Kept = (fact.version, fact.occurred_at, fact.actor.id, kind.__name__, short)
    if not kept or kept[-1][0] < fact.version:
        return (*kept, one)
    return tuple(sorted((*kept, one)))


def facts_in(ticket_id: UUID, kept: Sequence[Kept]) -> list[Recorded[Event]]:
    """The facts that were kept, in order of version; where they stand in the log nobody kept, for nobody asks."""
    return [
        Recorded(
            stream_id=ticket_id,
            stream_kind="ticket",
            version=version,
            occurred_at=at,
            actor=Actor(id=actor, role="unknown"),
            command_id=ticket_id,
            event=_NAMED[name].model_validate_json(short),
            position=_NOBODY_ASKS,
            recorded_at=at,
        )
        for version, at, actor, name, short in kept
    ]
