"""Batches: cases decided and appended, many in one transaction.

Laws of this file: a fact is flagged with what the ticket was before it, and with who held its number and unit then,
the batch's own earlier facts included. When somebody else appended first, the whole batch is decided anew.
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from ticketing.adapters.catalog import Catalog
from ticketing.adapters.private import SaltedText, Sealer, private_parts
from ticketing.adapters.recording import Saying, append_of, envelopes_of, held_by, sealed_for
from ticketing.adapters.store import Append, Claim, ClaimKind, Store
from ticketing.domain.command import Situation
from ticketing.domain.cuts import surviving
from ticketing.domain.decide import flags_of
from ticketing.domain.errors import CommandRejected, Conflict
from ticketing.domain.evolve import evolve, fold
from ticketing.domain.intake import UNIT_ALREADY_OPEN
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Envelope, Event, Recorded
from ticketing.imports.cases import Case, Entry

_REMEMBERED = 4096


class _Holders:
    """Who holds a key, the appends of the batch that is being decided included."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken: dict[tuple[ClaimKind, str], list[UUID]] = {}
        self._given_up: set[tuple[ClaimKind, str, UUID]] = set()

    def __call__(self, kind: ClaimKind, key: str) -> tuple[UUID, ...]:
        stored = self._store.holders(kind, key)
        kept = (holder for holder in stored if (kind, key, holder) not in self._given_up)
        return (*kept, *self._taken.get((kind, key), ()))

    def take(self, ticket_id: UUID, claim: Claim) -> None:
        self._given_up.discard((claim.kind, claim.key, ticket_id))
        holders = self._taken.setdefault((claim.kind, claim.key), [])
        if ticket_id not in holders:
            holders.append(ticket_id)

    def give_up(self, ticket_id: UUID, claim: Claim) -> None:
        self._given_up.add((claim.kind, claim.key, ticket_id))
        holders = self._taken.get((claim.kind, claim.key), [])
        if ticket_id in holders:
            holders.remove(ticket_id)


@dataclass(slots=True)
class Decided:
    """What a case adds to the store.

    Attributes:
        appends: What is not there yet, in order.
        events_there: How many facts are.
        changed: How many entries are there and said something else.
        refusal: Why the case stays out as a whole, in one line, or None.
    """

    appends: list[Append] = field(default_factory=list)
    events_there: int = 0
    changed: int = 0
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """An event in stored form and its private texts; it holds the event, so that nothing else gets its id."""

    event: Event
    stored: str
    texts: tuple[str | None, ...]


class Batches:
    """Takes cases into a store.

    Args:
        store: Where the facts go.
        sealer: The store's.
        path: The log, for refusals.
        source: As envelopes name it.
        clock: Gives now in UTC.
        skew: How far `occurred_at` may be ahead of it.
        attempts: How often a batch is decided anew.
        dry_run: Decide and store nothing. What earlier batches would hold is then kept in memory, but for the numbers
            that are made of source and case.
        are_numbers_made: Whether every number is made of source and case, which no two cases share.
    """

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        path: Path,
        source: str,
        *,
        clock: Callable[[], datetime],
        skew: timedelta,
        attempts: int,
        dry_run: bool,
        are_numbers_made: bool,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._path = path
        self._source = source
        self._clock = clock
        self._skew = skew
        self._attempts = attempts
        self._dry_run = dry_run
        self._are_numbers_made = are_numbers_made
        self._remembered: dict[int, _Said] = {}
        self._look_afresh()

    def _look_afresh(self) -> None:
        self._holders = _Holders(self._store)
        self._catalog = Catalog(self._store, self._sealer, self._holders)

    def record(self, cases: Sequence[Case]) -> list[Decided]:
        """Appends what of the cases is not there yet; tells case by case what that was.

        Raises:
            Conflict: Others kept appending to these tickets.
        """
        conflict = Conflict("no attempt was made")
        for _ in range(self._attempts):
            if not self._dry_run:
                self._look_afresh()
            now = self._clock()
            there = self._store.stored_streams([case.ticket_id for case in cases])
            decided = [self._decided(case, self._store.read(there.get(case.ticket_id, ())), now) for case in cases]
            appends = [append for one in decided for append in one.appends]
            try:
                if appends and not self._dry_run:
                    self._store.append(appends)
            except Conflict as error:
                conflict = error
            else:
                return decided
        raise conflict

    def _decided(self, case: Case, history: Sequence[Recorded[Event]], now: datetime) -> Decided:
        there = {fact.command_id for fact in history}
        ticket = fold(case.ticket_id, surviving(history))
        version = history[-1].version if history else 0
        decided = Decided()
        for entry in case.entries:
            if entry.command_id in there:
                decided.events_there += len(entry.events)
                decided.changed += self._is_changed(entry)
                continue
            try:
                append = self._append(entry, ticket, version, now)
            except CommandRejected as error:
                return Decided(refusal=f"{self._path}:{entry.line}: case {case.name!r}: {error}")
            version += len(append.envelopes)
            decided.appends.append(append)
        return decided

    def _append(self, entry: Entry, ticket: Ticket, version: int, now: datetime) -> Append:
        """The entry as one append; the ticket is evolved."""
        before = held_by(ticket)
        saying = Saying(
            actor=entry.actor,
            occurred_at=entry.occurred_at,
            command_id=entry.command_id,
            command_digest=self._digest(entry),
            source=self._source,
        )
        envelopes: list[Envelope[Event]] = []
        texts: list[SaltedText] = []
        for number, event in enumerate(entry.events):
            reference = self._catalog.for_fact(event, entry.actor, ticket, now=now, skew=self._skew)
            flags = flags_of(event, Situation(ticket, reference, entry.actor, entry.occurred_at))
            sealed: Sequence[Event] = (event,)
            if self._said(event).texts:
                sealed, salted = sealed_for(ticket, sealed, self._sealer)
                texts += salted
            flagged = replace(saying, flags=flags) if flags else saying
            envelopes += envelopes_of(flagged, ticket.ticket_id, "ticket", version + number, sealed)
            evolve(ticket, envelopes[-1])
        append = append_of(saying, envelopes, texts, before, ticket, lambda claim: self._is_free(claim, ticket))
        self._note(append)
        return _flagged(append)

    def _is_free(self, claim: Claim, ticket: Ticket) -> bool:
        """Whether the claim may shut others out; not where the unit is held already, because facts are not refused."""
        if claim.kind == "number":
            return True
        return all(holder == ticket.ticket_id for holder in self._holders(claim.kind, claim.key))

    def _note(self, append: Append) -> None:
        for claim in append.releases:
            self._holders.give_up(append.stream_id, claim)
        for claim in append.claims:
            if not (self._dry_run and self._are_numbers_made and claim.kind == "number"):
                self._holders.take(append.stream_id, claim)

    def _is_changed(self, entry: Entry) -> bool:
        kept = self._store.command(entry.command_id)
        return kept is not None and kept.command_digest != self._digest(entry)

    def _digest(self, entry: Entry) -> str:
        """A keyed digest of what the log says, private texts included; lower-case hex."""
        actor = entry.actor
        said = [self._said(event).stored for event in entry.events]
        texts = [self._said(event).texts for event in entry.events]
        message = [entry.occurred_at.isoformat(), actor.id, actor.role, actor.site, said, texts]
        return hmac.digest(self._store.key, json.dumps(message).encode(), "sha256").hex()

    def _said(self, event: Event) -> _Said:
        """What the event says; the same event comes again and again, because rows that say the same share it."""
        said = self._remembered.get(id(event))
        if said is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            stored = f"{type(event).__name__} {event.model_dump_json()}"
            said = _Said(event, stored, tuple([part.text for part in private_parts(event)]))
            self._remembered[id(event)] = said
        return said


def _flagged(append: Append) -> Append:
    """The append, its last fact flagged if two hold its unit, unless another of its facts is already."""
    slug = UNIT_ALREADY_OPEN.slug
    is_told = any(slug in envelope.flags for envelope in append.envelopes)
    if is_told or all(claim.is_exclusive for claim in append.claims):
        return append
    *others, last = append.envelopes
    return replace(append, envelopes=(*others, replace(last, flags=(*last.flags, slug))))
