"""Catalog: reads reference data, and what else a decision needs to know, from a store."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from ticketing.adapters.private import Sealer
from ticketing.adapters.recent import Recent
from ticketing.adapters.store import ClaimKind, Store
from ticketing.domain import events as e
from ticketing.domain.assessment import Assessment
from ticketing.domain.claim import DecideClaim
from ticketing.domain.closure import CloseTicket
from ticketing.domain.command import Command
from ticketing.domain.cuts import surviving
from ticketing.domain.decide import ASSESSED
from ticketing.domain.diagnosis import DecideEntitlement, PinStandard, RecordDiagnosis, RefuseService, ReviseEntitlement
from ticketing.domain.dispute import IssueVerdict
from ticketing.domain.errors import Conflict, NotFound
from ticketing.domain.intake import OpenTicket
from ticketing.domain.known import known_of
from ticketing.domain.publishing import Pin, calendars_named, declared, kind_of, pins_of
from ticketing.domain.record import CorrectEvent, RecordFinding, RetractEvent
from ticketing.domain.reference import Published, Reference, SitePublished, StandardPublished, reference_stream
from ticketing.domain.standard import assess
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Actor, Envelope, Event, Recorded, SerialNumber, StreamKind, Value

Holders = Callable[[ClaimKind, str], tuple[UUID, ...]]
_PINNED = f"ticketing:{e.StandardPinned.__name__}"
_PAGE = 1000

_ASKING_FOR_STANDARDS = (
    PinStandard,
    e.StandardPinned,
    RecordDiagnosis,
    e.DiagnosisRecorded,
    DecideEntitlement,
    e.EntitlementDecided,
    RefuseService,
    e.ServiceRefused,
    IssueVerdict,
    e.VerdictIssued,
    DecideClaim,
    e.ClaimDecided,
    CloseTicket,
    e.TicketClosed,
)
"""What the rules hold against a published standard; the others are spared the reading."""
_ASSESSED = (DecideEntitlement, ReviseEntitlement, RefuseService, *ASSESSED)
"""Beside which an assessment is recorded."""


class Catalog:
    """Reference data of one store, read afresh at each question: another process may have published since.

    Args:
        store: Where it is kept.
        sealer: The store's.
        holders: Who holds a key; the store's own answer unless something not yet appended counts too.
        recent: What keeps the streams of this store that were read last.
    """

    def __init__(
        self, store: Store, sealer: Sealer, holders: Holders | None = None, recent: Recent | None = None
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._holders = holders or store.holders
        self._recent = recent or Recent(store)

    def versions(self, kind: StreamKind, key: str) -> tuple[Published, ...]:
        """Every published version of one thing, oldest first; empty when there is none."""
        return tuple(published(fact) for fact in self._recent.stream(reference_stream(kind, key)))

    def one(self, kind: StreamKind, key: str, version: int | None = None) -> Published:
        """One version of a thing; the latest if none is named.

        Raises:
            NotFound: It was never published.
        """
        found = [thing for thing in self.versions(kind, key) if version in (None, thing.version)]
        if not found:
            raise NotFound(f"{kind} {key}{'' if version is None else f'@{version}'} was never published")
        return found[-1]

    def all(self, kind: StreamKind) -> Iterator[tuple[Published, ...]]:
        """Every thing of one kind with all its versions, in order of key."""
        things = [tuple(published(fact) for fact in history) for history in self._store.histories(kind)]
        yield from sorted(things, key=lambda versions: versions[0].key)

    def pins(self, thing: Published, *, now: datetime) -> tuple[Pin, ...]:
        """What tickets have pinned for days on which a standard about to be published would be effective.

        Nothing is looked for where it cannot matter: for a first version, or one that is effective only from tomorrow.
        """
        kind, first_day = kind_of(thing), thing.effective_from.date()
        if kind != "standard" or first_day > now.date():
            return ()
        earlier = self.versions(kind, thing.key)
        if not earlier or declared(thing) in map(declared, earlier):
            return ()
        tickets = dict.fromkeys(
            fact.stream_id
            for fact in self._ever_pinned()
            if isinstance(fact.event, e.StandardPinned)
            and fact.event.standard == thing.key
            and fact.occurred_at.date() >= first_day
        )
        return tuple(pin for ticket in tickets for pin in pins_of(self._readable(ticket), thing.key))

    def calendars(self, thing: Published) -> Mapping[str, tuple[Published, ...]]:
        """Every version of the calendars that a thing names, by key; of all that there are if one is unknown."""
        named = {key: self.versions("calendar", key) for key in calendars_named(thing).values()}
        return named if all(named.values()) else {versions[0].key: versions for versions in self.all("calendar")}

    def _ever_pinned(self) -> Iterator[Recorded[Event]]:
        after = 0
        while rows := self._store.stored_topic(_PINNED, after, _PAGE):
            after = rows[-1].position
            yield from (fact for fact in self._store.read_each(rows) if isinstance(fact, Recorded))

    def _readable(self, ticket_id: UUID) -> Sequence[Recorded[Event]]:
        facts = self._store.read_each(self._store.stored_stream(ticket_id))
        return surviving([fact for fact in facts if isinstance(fact, Recorded)])

    def for_decision(
        self, command: Command, ticket: Ticket, facts: Sequence[Envelope[Event]], *, now: datetime, skew: timedelta
    ) -> Reference:
        """What the rules need to know to decide this command on this ticket."""
        event = command.event if isinstance(command, RecordFinding) else command
        known = self.for_fact(event, command.actor, ticket, now=now, skew=skew)
        assessment = self.assessment(ticket.pinned, facts) if isinstance(event, _ASSESSED) else None
        return replace(known, target=_target(event, facts), assessment=assessment)

    def pinned(self, pin: e.StandardPinned | None) -> StandardPublished | None:
        """The version that is pinned; None where none is, or it was never published."""
        if pin is None or pin.standard is None:
            return None
        versions = self.versions("standard", pin.standard)
        found = next((thing for thing in versions if thing.version == pin.standard_version), None)
        return found if isinstance(found, StandardPublished) else None

    def assessment(self, pin: e.StandardPinned | None, facts: Iterable[Envelope[Event]]) -> Assessment | None:
        """What the version pinned says of surviving facts; None where there is no such version."""
        standard = self.pinned(pin)
        return assess(standard, known_of(facts)) if standard is not None else None

    def for_fact(self, event: Value, actor: Actor, ticket: Ticket, *, now: datetime, skew: timedelta) -> Reference:
        """What the rules need to know to flag this fact of this ticket, or to refuse the command that says it."""
        number = event.number if isinstance(event, OpenTicket | e.TicketOpened) else None
        holders = self._holders("number", number) if number is not None else ()
        return Reference(
            now=now,
            skew=skew,
            number_holder=holders[0] if holders else None,
            unit_open_on=self.unit_open_on(event, ticket),
            standards=self._standards(event, ticket),
            sites=self._sites(actor, ticket),
        )

    def unit_open_on(self, event: Value, ticket: Ticket) -> UUID | None:
        """Another open ticket of the unit that the event, or the closed ticket to be reopened, is about."""
        serial = getattr(event, "serial", None) or (ticket.serial if ticket.case == "closed" else None)
        if not isinstance(serial, SerialNumber):
            return None
        manufacturer = getattr(event, "manufacturer", None) or ticket.manufacturer
        match = serial.match or self._sealer.match(manufacturer, serial.text or "")
        others = [holder for holder in self._holders("unit", match) if holder != ticket.ticket_id]
        return others[0] if others else None

    def _standards(self, event: Value, ticket: Ticket) -> Mapping[tuple[str, int], StandardPublished]:
        if not isinstance(event, _ASKING_FOR_STANDARDS):
            return {}
        pinned = ticket.pinned.standard if ticket.pinned is not None else None
        keys = {key for key in (getattr(event, "standard", None), pinned) if isinstance(key, str)}
        versions = (thing for key in keys for thing in self.versions("standard", key))
        return {(thing.key, thing.version): thing for thing in versions if isinstance(thing, StandardPublished)}

    def _sites(self, actor: Actor, ticket: Ticket) -> Mapping[str, SitePublished]:
        if actor.site is None or ticket.unit_site is None or actor.site == ticket.unit_site:
            return {}
        sites: dict[str, SitePublished] = {}
        asked = [actor.site, ticket.unit_site]
        while asked:
            key = asked.pop()
            site = next(reversed(self.versions("site", key)), None) if key not in sites else None
            if isinstance(site, SitePublished):
                sites[site.key] = site
                asked += [site.parent] if site.parent is not None else []
        return sites


def published(fact: Recorded[Event]) -> Published:
    """The reference data that a fact of a reference stream publishes."""
    if not isinstance(fact.event, Published):
        raise Conflict(f"a ticket was opened under the id of reference data: {fact.stream_id}")
    return fact.event


def _target(event: Value, facts: Sequence[Envelope[Event]]) -> Envelope[Event] | None:
    if not isinstance(event, CorrectEvent | RetractEvent):
        return None
    return next((fact for fact in facts if fact.version == event.target_version), None)
