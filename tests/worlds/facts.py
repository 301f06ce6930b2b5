"""Facts: the tickets of a world put on record, past the commands, as fast as a store takes them."""

import math
from collections.abc import Iterable, Iterator
from uuid import UUID

from tests.repairs import RECEPTIONIST, Company, day
from tests.worlds.world import Drawn
from ticketing.adapters.store import Append
from ticketing.domain import events as e
from ticketing.domain.values import Envelope, Event, PrivateText

_RECEIVED = e.UnitReceived(site="berlin")
_BACK = (e.UnitHandedBack(), e.TicketClosed(outcome="repaired"))
_GONE = (e.UnitDisposed(reason=PrivateText(digest="00" * 32)), e.TicketClosed(outcome="disposed"))
_PASSED = e.QcPassed()
_FAILED = e.QcFailed()


def record(company: Company, tickets: Iterable[Drawn], *, until: float = math.inf) -> None:
    """Puts the whole life of every ticket on record, or as much as has occurred by a day; the clock stands there."""
    appends = []
    for number, ticket in enumerate(tickets, 1):
        facts = sorted((fact for fact in _facts(number, ticket) if fact[0] <= until), key=lambda fact: fact[0])
        if facts:
            appends.append(_append(number, facts))
            company.now = max(company.now, day(facts[-1][0]))
    company.now = company.now if math.isinf(until) else day(until)
    company.app.store.append(appends)


def _facts(number: int, ticket: Drawn) -> Iterator[tuple[float, Event]]:
    yield ticket.opened, e.TicketOpened(number=f"T-{number}", site="berlin")
    yield ticket.opened, _RECEIVED
    if not ticket.is_disposed:
        yield ticket.presented, _PASSED if ticket.passes else _FAILED
        if not ticket.passes:
            yield (ticket.presented + ticket.ended) / 2, _PASSED
    for ending in _GONE if ticket.is_disposed else _BACK:
        yield ticket.ended, ending
    if ticket.complained is not None:
        yield ticket.complained, e.ComplaintReceived(complaint_id="c-1", about="service", complaint_class="delay")


def _append(number: int, facts: list[tuple[float, Event]]) -> Append:
    ticket_id = UUID(int=number)
    envelopes = tuple(
        Envelope(
            stream_id=ticket_id,
            stream_kind="ticket",
            version=version,
            occurred_at=day(at),
            actor=RECEPTIONIST,
            command_id=ticket_id,
            event=event,
        )
        for version, (at, event) in enumerate(facts, 1)
    )
    return Append(
        stream_id=ticket_id,
        stream_kind="ticket",
        expected_version=0,
        command_id=ticket_id,
        command_digest="00" * 32,
        envelopes=envelopes,
    )
