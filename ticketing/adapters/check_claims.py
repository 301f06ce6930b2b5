"""Claims against the log: a ticket holds its number for ever and its unit while it is open, and nobody else does."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from ticketing.adapters.defect import Defect
from ticketing.adapters.recording import held_by
from ticketing.adapters.store import Claim, Store
from ticketing.domain.errors import UnreadableEvent
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.evolve import evolve, replay
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Logged, Recorded
from ticketing.projections.row import readable

_LOOKS = 20


class ClaimCheck:
    """Holds what the store says of claims against what the log says."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._strangers: set[tuple[UUID, Claim]] = set()

    def of(self, history: Sequence[Logged]) -> Iterator[Defect]:
        """What is wrong with the keys that a ticket held at any time; nothing is said where it cannot be read."""
        try:
            facts = readable(history)
        except UnreadableEvent:
            return
        ticket_id = facts[0].stream_id
        held, given_up = claims_of(facts)
        for claim in (*held, *given_up):
            holders = self._store.holders(claim.kind, claim.key)
            if (ticket_id in holders) != (claim in held):
                yield from self._wrong(ticket_id, claim)
            for stranger in holders:
                if stranger != ticket_id and (stranger, claim) not in self._strangers:
                    self._strangers.add((stranger, claim))
                    yield from self._wrong(stranger, claim)
            if claim.kind == "number" and len(holders) > 1:
                yield Defect(_place(claim), "claim", f"{len(holders)} tickets hold it: {', '.join(map(str, holders))}")

    def _wrong(self, ticket_id: UUID, claim: Claim) -> Iterator[Defect]:
        """What is wrong with one claim, looked at while nobody appends to its ticket."""
        for _ in range(_LOOKS):
            history = self._store.read_each(self._store.stored_stream(ticket_id))
            is_holder = ticket_id in self._store.holders(claim.kind, claim.key)
            last = history[-1].version if history else 0
            if self._store.stored_stream(ticket_id, after_version=last):
                continue
            try:
                held, _ = claims_of(readable(history))
            except UnreadableEvent:
                return
            if is_holder and claim not in held:
                yield Defect(_place(claim), "claim", f"{ticket_id} holds it, and by the log does not")
            elif claim in held and not is_holder:
                yield Defect(_place(claim), "claim", f"{ticket_id} does not hold it, and by the log does")
            return


def claims_of(history: Iterable[Recorded[Event]]) -> tuple[list[Claim], list[Claim]]:
    """What a ticket holds after its history, and what it has given up; appended command by command."""
    known: dict[Claim, None] = {}
    numbers: dict[Claim, None] = {}
    seen: list[Recorded[Event]] = []
    ticket: Ticket | None = None
    for _, facts in groupby(history, key=lambda fact: fact.command_id):
        new = list(facts)
        seen += new
        if ticket is None or any(isinstance(fact.event, EventCorrected | EventRetracted) for fact in new):
            ticket = replay(new[0].stream_id, seen)
        else:
            for fact in new:
                evolve(ticket, fact)
        for claim in held_by(ticket):
            known[claim] = None
            if claim.kind == "number":
                numbers[claim] = None
    units = [] if ticket is None else [claim for claim in held_by(ticket) if claim.kind == "unit"]
    held = [*numbers, *units]
    return held, [claim for claim in known if claim not in held]


def _place(claim: Claim) -> str:
    return f"{claim.kind} {claim.key}"
