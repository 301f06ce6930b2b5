"""Recording: from decided facts to one append, sealed, with the claims that the ticket takes and gives up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ticketing.adapters.private import SaltedText, Sealer, refuse_ready_digests
from ticketing.adapters.store import Append, Claim
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.evolve import evolve, replay
from ticketing.domain.intake import UNIT_ALREADY_OPEN
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import NATIVE, Actor, Envelope, Event, StreamKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Who says when, under which id, that facts be recorded; the parts that every envelope of one append shares.

    Attributes:
        command_digest: Keyed digest of what was sent.
        source: `native`, or `import:<name of the log>`.
        flags: Slugs of the rules that the facts break.
        caused_by: What made them be recorded other than the actor's own command.
    """

    actor: Actor
    occurred_at: datetime
    command_id: UUID
    command_digest: str
    source: str = NATIVE
    flags: tuple[str, ...] = ()
    caused_by: str | None = None


def envelopes_of(
    saying: Saying, stream_id: UUID, kind: StreamKind, version: int, events: Sequence[Event]
) -> tuple[Envelope[Event], ...]:
    """The sealed events in their envelopes, following the stream's version."""
    return tuple(
        Envelope(
            stream_id=stream_id,
            stream_kind=kind,
            version=version + number,
            occurred_at=saying.occurred_at,
            actor=saying.actor,
            source=saying.source,
            command_id=saying.command_id,
            caused_by=saying.caused_by,
            flags=saying.flags,
            event=event,
        )
        for number, event in enumerate(events, 1)
    )


def ticket_append(
    saying: Saying, history: Sequence[Envelope[Event]], ticket: Ticket, events: Sequence[Event], sealer: Sealer
) -> tuple[Append, Ticket]:
    """The append that records events of a ticket, and the ticket after it.

    Args:
        saying: Who says so, when and under which id.
        history: The ticket's facts so far, as recorded.
        ticket: What the history adds up to; it is evolved and must not be used again.
        events: As decided; their private texts are sealed here.
        sealer: The store's.
    """
    sealed, texts = sealed_for(ticket, events, sealer)
    version = history[-1].version if history else 0
    envelopes = envelopes_of(saying, ticket.ticket_id, "ticket", version, sealed)
    before = held_by(ticket)
    after = _after(ticket, history, envelopes)
    beside_another = UNIT_ALREADY_OPEN.slug in saying.flags
    append = append_of(
        saying, envelopes, texts, before, after, lambda claim: not (beside_another and claim.kind == "unit")
    )
    return append, after


def sealed_for(ticket: Ticket, events: Sequence[Event], sealer: Sealer) -> tuple[list[Event], list[SaltedText]]:
    """The events as the log of the ticket may see them, and their texts."""
    sealed: list[Event] = []
    texts: list[SaltedText] = []
    for event in events:
        if not isinstance(event, EventCorrected):  # a correction says what the log has: what the field was
            refuse_ready_digests(event)
        one, salted = sealer.seal(event, getattr(event, "manufacturer", None) or ticket.manufacturer)
        sealed.append(one)
        texts += salted
    return sealed, texts


def append_of(
    saying: Saying,
    envelopes: Sequence[Envelope[Event]],
    texts: Sequence[SaltedText],
    before: Sequence[Claim],
    after: Ticket,
    is_exclusive: Callable[[Claim], bool],
) -> Append:
    """The append of a ticket's sealed facts, with the claims that they take and give up.

    Args:
        saying: What the envelopes share.
        envelopes: At least one.
        texts: What was sealed.
        before: What the ticket held before them.
        after: The ticket with them.
        is_exclusive: Whether a claim that it takes shuts others out.
    """
    held = held_by(after)
    return Append(
        stream_id=after.ticket_id,
        stream_kind="ticket",
        expected_version=envelopes[0].version - 1,
        command_id=saying.command_id,
        command_digest=saying.command_digest,
        envelopes=tuple(envelopes),
        claims=tuple(replace(claim, is_exclusive=is_exclusive(claim)) for claim in held if claim not in before),
        releases=tuple(claim for claim in before if claim not in held and claim.kind == "unit"),
        texts=tuple(texts),
    )


def held_by(ticket: Ticket) -> tuple[Claim, ...]:
    """What the ticket holds: its number for ever, its unit while it is open."""
    claims = []
    if ticket.number is not None:
        claims.append(Claim("number", ticket.number))
    if ticket.case == "open" and ticket.serial is not None and ticket.serial.match is not None:
        claims.append(Claim("unit", ticket.serial.match))
    return tuple(claims)


def _after(ticket: Ticket, history: Sequence[Envelope[Event]], new: Sequence[Envelope[Event]]) -> Ticket:
    """The ticket with the new facts; a correction or retraction makes the whole history look new."""
    if any(isinstance(fact.event, EventCorrected | EventRetracted) for fact in new):
        return replay(ticket.ticket_id, [*history, *new])
    for fact in new:
        evolve(ticket, fact)
    return ticket
