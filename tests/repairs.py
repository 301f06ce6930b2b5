"""A small company for the figures: whatever happened to its tickets is put on record, be it legal or not.

Days are counted from `DAY_0`. The clock stands at the latest instant that anything was recorded at, until a test moves
it; a fact is recorded when it occurs unless it is said to be late.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from ticketing.adapters.store import Append
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.intake import OpenTicket
from ticketing.domain.record import CorrectEvent, RecordFinding, RetractEvent
from ticketing.domain.values import Actor, Envelope, Event, PrivateText

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
RECEPTIONIST = Actor(id="r-1", role="receptionist", site="berlin")
TECHNICIAN = Actor(id="t-1", role="technician", site="berlin")
MANAGER = Actor(id="m-1", role="manager")
WHY = PrivateText(text="as found")


def day(number: float) -> datetime:
    """So many days after `DAY_0`."""
    return DAY_0 + timedelta(days=number)


class Company:
    """An application on a store, with a clock that the test owns."""

    def __init__(self, url: str = "memory:") -> None:
        self.now = DAY_0
        self.app = Ticketing(url, clock=lambda: self.now, random_bytes=random.Random(7).randbytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.close()

    def opens(
        self,
        number: int,
        at: datetime,
        *,
        site: str = "berlin",
        channel: e.Channel = "counter",
        manufacturer: str | None = "ACME",
        model: str | None = "P7",
        customer: str | None = None,
    ) -> UUID:
        """Opens ticket T-`number`."""
        self.now = max(self.now, at)
        ticket_id = UUID(int=number)
        self.app.handle(
            OpenTicket(
                ticket_id=ticket_id,
                number=f"T-{number}",
                site=site,
                channel=channel,
                manufacturer=manufacturer,
                model=model,
                customer_ref=customer,
                actor=RECEPTIONIST,
                occurred_at=at,
            )
        )
        return ticket_id

    def finds(self, ticket_id: UUID, event: Event, at: datetime, *, by: Actor = TECHNICIAN) -> int:
        """Puts a fact on record, whatever the rules say of it; returns its version."""
        self.now = max(self.now, at)
        finding = RecordFinding(ticket_id=ticket_id, event=event, found_by=MANAGER, actor=by, occurred_at=at)
        return self.app.handle(finding).version

    def corrects(self, ticket_id: UUID, version: int, field: str, value: str | datetime, at: datetime) -> None:
        """Sets a field of an earlier fact right."""
        self.now = max(self.now, at)
        is_ = value.isoformat() if isinstance(value, datetime) else value
        self.app.handle(
            CorrectEvent(
                ticket_id=ticket_id,
                target_version=version,
                field=field,
                is_=is_,
                reason=WHY,
                approved_by="m-2",
                actor=MANAGER,
                occurred_at=at,
            )
        )

    def retracts(self, ticket_id: UUID, version: int, at: datetime) -> None:
        """Takes an earlier fact back."""
        self.now = max(self.now, at)
        self.app.handle(
            RetractEvent(
                ticket_id=ticket_id,
                target_version=version,
                reason=WHY,
                approved_by="m-2",
                actor=MANAGER,
                occurred_at=at,
            )
        )

    def repairs(self, number: int, opened: float, handed_back: float | None, *, closed: bool = True) -> UUID:
        """A ticket opened and received on one day, handed back and closed on another."""
        ticket_id = self.opens(number, day(opened))
        self.finds(ticket_id, e.UnitReceived(site="berlin"), day(opened))
        if handed_back is not None:
            self.finds(ticket_id, e.UnitHandedBack(), day(handed_back))
            if closed:
                self.finds(ticket_id, e.TicketClosed(outcome="repaired"), day(handed_back))
        return ticket_id

    def complains(self, ticket_id: UUID, at: float) -> int:
        """The customer complains."""
        complaint = e.ComplaintReceived(complaint_id=f"c-{at}", about="service", complaint_class="delay")
        return self.finds(ticket_id, complaint, day(at))

    def imports(self, number: int, source: str, facts: Sequence[tuple[Event, datetime]]) -> UUID:
        """Takes a ticket over from the log of another system."""
        ticket_id = UUID(int=number)
        self.now = max(self.now, *(at for _, at in facts))
        before = len(self.app.store.stream(ticket_id))
        envelopes = tuple(
            Envelope(
                stream_id=ticket_id,
                stream_kind="ticket",
                version=version,
                occurred_at=at,
                actor=Actor(id="somebody", role="unknown"),
                source=f"import:{source}",
                command_id=UUID(int=(number << 16) + version),
                event=event,
            )
            for version, (event, at) in enumerate(facts, before + 1)
        )
        append = Append(
            stream_id=ticket_id,
            stream_kind="ticket",
            expected_version=before,
            command_id=envelopes[0].command_id,
            command_digest="00" * 32,
            envelopes=envelopes,
        )
        self.app.store.append([append])
        return ticket_id
