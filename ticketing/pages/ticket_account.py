"""Ticket account: what the page of one ticket is made of, as of one instant and as known at one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from ticketing import explanations
from ticketing.adapters.private import Private
from ticketing.application import Ticketing
from ticketing.domain.course import Course
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import NotFound
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import Ledger
from ticketing.domain.promises import Promise, promises_of
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Envelope, Event, Recorded, instant_text
from ticketing.pages.markup import Html, tag
from ticketing.pages.ticket_lanes import TimeLine, time_line
from ticketing.pages.ticket_tracks import Track, clock_tracks, promise_tracks
from ticketing.pages.time_axis import TimeAxis

_SHORTEST = timedelta(minutes=10)
"""The least that the axis spans, so that a single fact has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAccount:
    """All that the page says.

    Attributes:
        facts: Those that survive and had occurred, with their corrections.
        history: Every fact that is told, as it was recorded.
        record: All that survive of what was known; of those that had not occurred only what they changed is told.
        at: As of when; of a ticket that was only imported, when its log ends.
        known_at: By when it was recorded; None for all.
        position: Up to which the log was read.
        why_none: Why there is no clock, if there is none.
    """

    ticket: Ticket
    facts: Sequence[Recorded[Event]]
    history: Sequence[Recorded[Event]]
    record: Sequence[Recorded[Event]]
    at: datetime
    known_at: datetime | None
    position: int
    clocks: Sequence[Judged]
    why_none: Sequence[str]
    promises: Sequence[Promise]
    tracks: Sequence[Track]
    line: TimeLine
    axis: TimeAxis
    ledger: Ledger
    zone: tzinfo
    text: Callable[[Private], str]

    def when(self, instant: datetime) -> Html:
        """The instant to the minute, in the page's zone."""
        return tag("time", f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M}", datetime=instant_text(instant))

    def who(self, fact: Envelope[Event]) -> str:
        """Who recorded a fact, in which role and where."""
        role = fact.actor.role.replace("_", " ")
        return f"{role} {fact.actor.id}" + (f" at {fact.actor.site}" if fact.actor.site is not None else "")


def account_of(
    app: Ticketing,
    ticket: UUID | str,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    zone: tzinfo = UTC,
) -> TicketAccount:
    """What is to be told of a ticket.

    Args:
        app: The application on the store.
        ticket: Its id or number.
        as_of: As of then instead of now, by what had occurred, inclusive.
        known_at: By what was recorded by then, inclusive; as of then too, unless `as_of` says otherwise.
        zone: Of the times told.

    Raises:
        NotFound: There is no such ticket, or nothing of it was known, or had happened, by then.
        BadInput: A bound is no instant with a zone.
    """
    found = app.ticket(ticket, as_of=as_of, known_at=known_at)
    facts = app.history(ticket, as_of=as_of, known_at=known_at)
    if not facts:
        raise NotFound(f"of ticket {ticket} nothing had happened, or nothing was known, by then")
    at = app.clocks.observed_until(ticket, as_of=as_of, known_at=known_at)
    clocks = app.clocks.of(ticket, as_of=as_of, known_at=known_at)
    _, rules = app.clocks.rules_under(None, known_at)
    ledger = explanations.ledger(app, ticket, as_of=as_of, known_at=known_at)
    promises = promises_of(facts)
    known = app.history(ticket, known_at=known_at, as_recorded=True)
    record = surviving(known)
    tracks = (*clock_tracks(clocks, Course(facts, rules), rules, at), *promise_tracks(promises, clocks, at))
    until = _watched_until(facts, found, tracks, at)
    first = min(fact.occurred_at for fact in facts)
    line = time_line(facts, ledger.spans, found.disputes.values(), first, until)
    return TicketAccount(
        ticket=found,
        facts=facts,
        history=_told(known, record, as_of),
        record=record,
        at=at,
        known_at=known_at,
        position=app.store.known_at(known_at),
        clocks=clocks,
        why_none=() if clocks else app.clocks.why_none(ticket, as_of=as_of, known_at=known_at),
        promises=promises,
        tracks=tracks,
        line=line,
        axis=_axis(line, tracks, zone),
        ledger=ledger.ledger,
        zone=zone,
        text=app.text,
    )


def _told(
    known: Sequence[Recorded[Event]], record: Sequence[Recorded[Event]], as_of: datetime | None
) -> Sequence[Recorded[Event]]:
    """The facts that had occurred by then, by their own word or as a correction has it."""
    if as_of is None:
        return known
    occurred = {fact.version: fact.occurred_at for fact in record}
    return [fact for fact in known if occurred.get(fact.version, fact.occurred_at) <= as_of]


def _watched_until(facts: Sequence[Recorded[Event]], ticket: Ticket, tracks: Sequence[Track], at: datetime) -> datetime:
    """The last fact, or `at` while anything goes on."""
    is_going_on = ticket.case == "open" or any(track.is_going_on for track in tracks)
    is_going_on |= any(dispute.is_open for dispute in ticket.disputes.values())
    last = max(fact.occurred_at for fact in facts)
    return max(last, at) if is_going_on else last


def _axis(line: TimeLine, tracks: Sequence[Track], zone: tzinfo) -> TimeAxis:
    """An axis that the lanes are on, and due dates ahead of them that are near enough to be drawn."""
    lasted = max(line.to_at - line.from_at, _SHORTEST)
    ahead = [track.due_at for track in tracks if track.due_at is not None and track.is_going_on]
    reached = max([line.from_at + lasted, *(due for due in ahead if due <= line.to_at + lasted / 2)])
    return TimeAxis(line.from_at, reached, zone)
