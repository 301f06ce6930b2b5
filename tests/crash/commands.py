"""Commands: what a client sends, each a function of the run's seed, the client's name and the command's number.

A client that was killed makes the same command again from its number, with the same id. Clients work on tickets of
their own, write into tickets that all share, and contend for numbers, of which each goes to one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from ticketing.domain import events as e
from ticketing.domain.command import Command
from ticketing.domain.intake import IdentifyUnit, OpenTicket, ReceiveUnit
from ticketing.domain.record import CorrectEvent, RecordFinding, RecordNote, RetractEvent
from ticketing.domain.values import Actor, PrivateText, SerialNumber

_IDS = UUID("8a5f3c1e-0000-4000-8000-000000000000")
_LONG_AGO = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
_SHARED_ROUNDS = 5

DESK = Actor(id="r-1", role="receptionist", site="berlin")
BENCH = Actor(id="t-1", role="technician", site="berlin")
CHIEF = Actor(id="m-1", role="manager")


@dataclass(frozen=True, slots=True)
class Client:
    """One client: it sends one command after the other, and each until it has an answer."""

    seed: int
    name: str

    def command_id(self, number: int) -> UUID:
        """The id of its command of that number."""
        return uuid5(_IDS, f"{self.seed} {self.name} {number}")

    def mark(self, number: int) -> str:
        """A text that this command alone puts on record."""
        return f"{self.seed} {self.name} {number}"

    def command(self, number: int) -> Command:
        """Its command of that number."""
        turn, step = divmod(number, len(_STEPS))
        place = _Place(
            command_id=self.command_id(number),
            mark=self.mark(number),
            own=f"{self.name}-{turn}",
            own_id=uuid5(_IDS, f"{self.seed} ticket {self.name} {turn}"),
            shared=f"shared-{turn // _SHARED_ROUNDS}",
            shared_id=uuid5(_IDS, f"{self.seed} shared {turn // _SHARED_ROUNDS}"),
            contested=f"contested-{turn}",
        )
        return _STEPS[step](place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a command comes in a client's work."""

    command_id: UUID
    mark: str
    own: str
    own_id: UUID
    shared: str
    shared_id: UUID
    contested: str

    @property
    def text(self) -> PrivateText:
        return PrivateText(text=self.mark)


def _open_own(at: _Place) -> Command:
    return OpenTicket(
        actor=DESK, command_id=at.command_id, ticket_id=at.own_id, number=at.own, site="berlin", symptom=at.text
    )


def _receive(at: _Place) -> Command:
    return ReceiveUnit(actor=DESK, command_id=at.command_id, ticket_id=at.own_id, site="berlin", condition=at.text)


def _identify(at: _Place) -> Command:
    serial = SerialNumber(text=at.mark)
    return IdentifyUnit(actor=BENCH, command_id=at.command_id, ticket_id=at.own_id, manufacturer="ACME", serial=serial)


def _note(at: _Place) -> Command:
    return RecordNote(actor=DESK, command_id=at.command_id, ticket_id=at.own_id, text=at.text)


def _open_shared(at: _Place) -> Command:
    return OpenTicket(
        actor=DESK, command_id=at.command_id, ticket_id=at.shared_id, number=at.shared, site="berlin", symptom=at.text
    )


def _note_on_shared(at: _Place) -> Command:
    return RecordNote(actor=DESK, command_id=at.command_id, ticket_id=at.shared_id, text=at.text)


def _open_contested(at: _Place) -> Command:
    """Its ticket's id is drawn: a repetition must get the id that was drawn first."""
    return OpenTicket(actor=DESK, command_id=at.command_id, number=at.contested, site="berlin", symptom=at.text)


def _find_late(at: _Place) -> Command:
    return RecordFinding(
        actor=DESK,
        command_id=at.command_id,
        ticket_id=at.own_id,
        event=e.NoteRecorded(text=at.text),
        found_by=CHIEF,
        occurred_at=_LONG_AGO,
    )


def _correct(at: _Place) -> Command:
    return CorrectEvent(
        actor=CHIEF,
        command_id=at.command_id,
        ticket_id=at.own_id,
        target_version=1,
        field="site",
        is_="leipzig",
        reason=at.text,
        approved_by="m-2",
    )


def _retract(at: _Place) -> Command:
    return RetractEvent(
        actor=CHIEF,
        command_id=at.command_id,
        ticket_id=at.own_id,
        target_version=2,
        reason=at.text,
        approved_by="m-2",
    )


def _close(at: _Place) -> Command:
    return RecordFinding(
        actor=DESK,
        command_id=at.command_id,
        ticket_id=at.own_id,
        event=e.TicketClosed(outcome="cancelled"),
        found_by=CHIEF,
    )


_STEPS: tuple[Callable[[_Place], Command], ...] = (
    _open_own,
    _receive,
    _identify,
    _open_shared,
    _note_on_shared,
    _note,
    _find_late,
    _correct,
    _note_on_shared,
    _open_contested,
    _retract,
    _close,
)
EXPECTED_REJECTIONS = frozenset({"number-taken", "illegal-transition"})
"""Of contested numbers and of shared tickets that another client opened."""
