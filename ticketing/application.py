"""Ticketing: the application. It loads, has the domain decide, and appends; it answers what was known when."""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from pydantic import Field

from ticketing.adapters.catalog import Catalog
from ticketing.adapters.defect import Advance, Defect
from ticketing.adapters.evidence import EvidenceFolder
from ticketing.adapters.freezing import frozen
from ticketing.adapters.notary import Notary
from ticketing.adapters.private import ERASED, Private, Sealer, drawn_uuid, private_parts, refuse_ready_digests
from ticketing.adapters.recent import Recent
from ticketing.adapters.recording import Saying, envelopes_of, ticket_append
from ticketing.adapters.store import Append, ClaimConflict, CommandRepeated, KeptCommand, Store, VersionConflict
from ticketing.adapters.telemetry import telemetry
from ticketing.adapters.units import refuse_unknown_units
from ticketing.adapters.upkeep import Upkeep, known_projections
from ticketing.adapters.urls import evidence_folder, open_store
from ticketing.clocks import Clocks
from ticketing.domain import cuts
from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.consequences import Proposal, consequences
from ticketing.domain.decide import decide
from ticketing.domain.difference import Difference, difference
from ticketing.domain.errors import BadInput, CommandRejected, Conflict, NotFound, UnreadableEvent
from ticketing.domain.events import UnitIdentified
from ticketing.domain.evolve import fold
from ticketing.domain.intake import UNIT_ALREADY_OPEN, IdentifyUnit, OpenTicket
from ticketing.domain.publishing import Publish, decide_publish, kind_of
from ticketing.domain.record import RecordFinding
from ticketing.domain.reference import reference_stream
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Recorded, SerialNumber, Value
from ticketing.projections.row import Projection

if TYPE_CHECKING:  # what few programs do is loaded by those that do it
    from ticketing.imports.log_import import ImportReport, Progress
    from ticketing.imports.mapping import LogMapping

_SLUG_OF_CLAIM = {"number": "number-taken", "unit": "unit-already-open"}


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


class Settings(Value):
    """What an embedding application may set.

    Attributes:
        skew: How far `occurred_at` may be ahead of the clock.
        attempts: How often a command is decided anew when somebody else appended first.
        page_size: Facts read, folded and written at a time by projections.
        evidence_limit_bytes: The longest evidence file that is taken.
        evidence_types: Media types of evidence files that are taken beside the usual ones.
    """

    skew: timedelta = timedelta(minutes=5)
    attempts: int = Field(default=20, ge=1)
    page_size: int = Field(default=1000, ge=1)
    evidence_limit_bytes: int = Field(default=100_000_000, ge=1)
    evidence_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a command.

    Attributes:
        ticket_id: The ticket's stream, or the stream of the reference thing published.
        version: The stream's version after it.
        events: The facts recorded; none when reference data was published before to the letter.
        is_repeated: Whether the command had been handled before and this is the first result again.
    """

    ticket_id: UUID
    version: int
    events: tuple[Recorded[Event], ...]
    is_repeated: bool = False

    @property
    def position(self) -> int:
        """The last position of its facts, to wait for; 0 when nothing was recorded."""
        return self.events[-1].position if self.events else 0


def refuse_reused_command(saying: Saying, kept: KeptCommand) -> None:
    """Refuses a command id that comes again with other content."""
    if kept.command_digest != saying.command_digest:
        raise CommandRejected("command-id-reused", f"{saying.command_id} was sent before with other content")


def refuse_stale_version(command: Command, version: int) -> None:
    """Refuses a command whose caller has not seen the stream as it is."""
    if command.expected_version is not None and command.expected_version != version:
        raise CommandRejected("stale-version", f"the stream is at version {version}, not {command.expected_version}")


class Ticketing:
    """A store of tickets and what may be done with it. Threads may share it; it is a context manager.

    Args:
        url: `memory:`, `sqlite:///file.db` or `postgresql://…`; None takes the environment's `TICKETING_STORE`.
        projections: The host's own projections, kept beside the package's.
        clock: Gives now, with a zone; injected so that tests and simulations own time.
        random_bytes: Gives so many random bytes, for ids, salts and a new store's key.
        settings: See `Settings`.
        evidence: The folder of evidence files; None takes the environment's `TICKETING_EVIDENCE`, else the one beside
            the file of an SQLite store.

    Attributes:
        reference: The published sites, standards, policies and calendars.
        projections: The rows behind the reports, and the host's: see `Upkeep`.
        clocks: What is to be said of clocks, and the notices that they send: see `Clocks`.
        notary: What can be proved of the log: see `Notary`.
        evidence: The evidence files: see `EvidenceFolder`.

    Raises:
        BadInput: The URL's scheme or form is unknown.
        StoreError: The store cannot be opened.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        projections: Sequence[Projection[Any]] = (),
        clock: Callable[[], datetime] = system_clock,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        settings: Settings | None = None,
        evidence: Path | str | None = None,
    ) -> None:
        named = url or os.environ.get("TICKETING_STORE")
        if named is None:
            raise BadInput("no store is named: give a URL or set TICKETING_STORE")
        self.settings = settings or Settings()
        known = tuple(known_projections(projections).values())
        self._clock = clock
        self._random_bytes = random_bytes
        self._telemetry = telemetry()
        self.store: Store = open_store(named, clock=clock, random_bytes=random_bytes, projections=known)
        self.projections = Upkeep(
            self.store, known, clock=self.now, random_bytes=random_bytes, page_size=self.settings.page_size
        )
        folder = evidence or os.environ.get("TICKETING_EVIDENCE") or evidence_folder(named)
        self.evidence = EvidenceFolder(
            None if folder is None else Path(folder),
            limit_bytes=self.settings.evidence_limit_bytes,
            media_types=self.settings.evidence_types,
        )
        self.notary = Notary(self.store, page_size=self.settings.page_size)
        self.sealer = Sealer(self.store.key, random_bytes)
        self._recent = Recent(self.store)
        self.reference = Catalog(self.store, self.sealer, recent=self._recent)
        self.clocks = Clocks(
            self.store,
            self.projections,
            find=self.find,
            handle=self.handle,
            now=self.now,
            skew=self.settings.skew,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives back the store's connections."""
        self.store.close()

    def now(self) -> datetime:
        """The injected clock's instant, in UTC."""
        return self._clock().astimezone(UTC)

    # commands

    def handle(self, command: Command) -> Handled:
        """Decides the command and records what it causes, or the first result when it was handled before.

        Raises:
            CommandRejected: A rule refuses; nothing was recorded.
            BadInput: A private text comes without its text.
            Conflict: Others kept appending to the stream for as many attempts as the settings allow.
        """
        if self._telemetry is None:
            return self._handled(command)
        with self._telemetry.handling(command) as told:
            handled = self._handled(command)
            told(handled.ticket_id, handled.is_repeated)
            return handled

    def _handled(self, command: Command) -> Handled:
        refuse_ready_digests(command)
        saying = Saying(
            actor=command.actor,
            occurred_at=command.occurred_at or self.now(),
            command_id=command.command_id or drawn_uuid(self._random_bytes),
            command_digest=self.sealer.command_digest(command),
        )
        if isinstance(command, OpenTicket) and command.ticket_id is None:
            command = command.model_copy(update={"ticket_id": drawn_uuid(self._random_bytes)})
        conflict: Conflict | None = None
        known = () if isinstance(command, Publish) else self._recent.known(_ticket_of(command))
        if known:
            # The store may have more than is in memory. What it lets in all the same was decided on the latest facts;
            # a refusal is none before it was asked, and a repeated command has its first result there.
            try:
                return self._attempt(command, saying, known)
            except Conflict as error:
                conflict = error
            except (BadInput, CommandRejected, NotFound):
                pass
        for _ in range(self.settings.attempts):
            # An id drawn just now can be on record only after an attempt of our own.
            is_fresh = command.command_id is None and conflict is None
            kept = None if is_fresh else self.store.command(saying.command_id)
            if kept is not None:
                return self._first_result(kept, saying)
            try:
                if isinstance(command, Publish):
                    return self._publish(command, saying)
                return self._attempt(command, saying, self._recent.stream(_ticket_of(command)))
            except ClaimConflict as error:
                # The rules were asked first; a claim that they cannot see coming is refused when it fails twice.
                if isinstance(conflict, ClaimConflict) and conflict.claim == error.claim:
                    saying = _beside_the_holder(command, saying, error)
                conflict = error
            except (VersionConflict, CommandRepeated) as error:
                conflict = error
        raise conflict or Conflict("the stream is busy")

    def _first_result(self, kept: KeptCommand, saying: Saying) -> Handled:
        refuse_reused_command(saying, kept)
        facts = self.store.stream(kept.stream_id, after_version=kept.first_version - 1)
        events = tuple(fact for fact in facts if fact.version <= kept.last_version)
        return Handled(kept.stream_id, kept.last_version, events, is_repeated=True)

    def _attempt(self, command: Command, saying: Saying, history: Sequence[Recorded[Event]]) -> Handled:
        ticket_id = _ticket_of(command)
        if not _is_of_ticket(history) and (history or not isinstance(command, OpenTicket)):
            raise CommandRejected("unknown-reference", f"there is no ticket {ticket_id}")
        refuse_stale_version(command, history[-1].version if history else 0)
        facts = cuts.surviving(history)
        ticket = fold(ticket_id, facts)
        command = self._with_known_serial(command, ticket)
        known = self.reference.for_decision(command, ticket, facts, now=self.now(), skew=self.settings.skew)
        decision = decide(command.model_copy(update={"occurred_at": saying.occurred_at}), ticket, known)
        flags = tuple(dict.fromkeys((*decision.flags, *saying.flags)))
        said = replace(saying, flags=flags, caused_by=decision.caused_by)
        append, _ = ticket_append(said, history, ticket, decision.events, self.sealer)
        (recorded,) = self.store.append([append])
        self._recent.extend(recorded)
        return Handled(ticket_id, recorded[-1].version, recorded)

    def _with_known_serial(self, command: Command, ticket: Ticket) -> Command:
        """The command with the serial that is known already: its match depends on the manufacturer told now."""
        said = command.event if isinstance(command, RecordFinding) else command
        if not isinstance(said, IdentifyUnit | UnitIdentified) or said.serial is not None or ticket.serial is None:
            return command
        text = ERASED if said.manufacturer in (None, ticket.manufacturer) else self.text(ticket.serial)
        if text == ERASED:
            return command
        serial = SerialNumber(text=text)
        if isinstance(command, RecordFinding):
            return command.model_copy(update={"event": said.model_copy(update={"serial": serial})})
        return command.model_copy(update={"serial": serial})

    def _publish(self, command: Publish, saying: Saying) -> Handled:
        kind = kind_of(command.thing)
        stream_id = reference_stream(kind, command.thing.key)
        earlier = self.reference.versions(kind, command.thing.key)
        refuse_stale_version(command, len(earlier))
        latest = self.now() + self.settings.skew
        pins, calendars = self.reference.pins(command.thing, now=self.now()), self.reference.calendars(command.thing)
        decided = decide_publish(
            command, earlier, occurred_at=saying.occurred_at, latest=latest, pins=pins, calendars=calendars
        )
        if decided:
            refuse_unknown_units(command.thing)
            decided = (frozen(command.thing),)
        append = Append(
            stream_id=stream_id,
            stream_kind=kind,
            expected_version=len(earlier),
            command_id=saying.command_id,
            command_digest=saying.command_digest,
            envelopes=envelopes_of(saying, stream_id, kind, len(earlier), decided),
        )
        (recorded,) = self.store.append([append])
        return Handled(stream_id, len(earlier) + len(recorded), recorded, is_repeated=not recorded)

    def import_log(
        self,
        path: Path | str,
        mapping: "LogMapping | Path | str",
        *,
        dry_run: bool = False,
        on_progress: "Callable[[Progress], None] | None" = None,
    ) -> "ImportReport":
        """Takes the log of another system into the store; what is there already stays as it is.

        Args:
            path: XES (needs the extra `import`) or CSV, plain or gzipped.
            mapping: What the rows mean, or the TOML file that says it.
            dry_run: Decide everything and store nothing.
            on_progress: Told now and then how far it has come.

        Raises:
            BadInput: The mapping or the log cannot be understood; nothing was stored.
            Conflict: Others kept appending to the same tickets; what was stored so far stays.
        """
        from ticketing.imports.log_import import import_log
        from ticketing.imports.mapping import read_mapping

        return import_log(
            self.store,
            self.sealer,
            Path(path),
            read_mapping(Path(mapping)) if isinstance(mapping, Path | str) else mapping,
            clock=self.now,
            skew=self.settings.skew,
            attempts=self.settings.attempts,
            dry_run=dry_run,
            on_progress=on_progress,
        )

    # questions

    def find(self, ticket: UUID | str) -> UUID:
        """The id of a ticket given by id or by number; an id is never taken for another ticket's number.

        Raises:
            NotFound: There is no such ticket.
        """
        with suppress(ValueError):
            ticket_id = ticket if isinstance(ticket, UUID) else UUID(ticket)
            if self._is_ticket(ticket_id):
                return ticket_id
        by_number = self.store.holders("number", ticket) if isinstance(ticket, str) else ()
        if not by_number:
            raise NotFound(f"there is no ticket {ticket}")
        return by_number[0]

    def _is_ticket(self, stream_id: UUID) -> bool:
        try:
            return _is_of_ticket(self._recent.stream(stream_id))
        except UnreadableEvent:  # it is there all the same, to be erased or looked into
            return self.store.stored_stream(stream_id)[0].stream_kind == "ticket"

    def ticket(
        self,
        ticket: UUID | str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        at_version: int | None = None,
    ) -> Ticket:
        """The ticket, given by id or number, as its facts within the cuts leave it; blank before the first of them.

        Args:
            ticket: Its id or number.
            as_of: Facts that had occurred by then, inclusive.
            known_at: Facts and corrections that were recorded by then, inclusive.
            at_version: Facts and corrections up to this version, inclusive.

        Raises:
            NotFound: There is no such ticket.
            BadInput: A bound is no instant with a zone.
        """
        ticket_id = self.find(ticket)
        as_of, known_at = _bound("as_of", as_of), _bound("known_at", known_at)
        facts = cuts.cut(self._recent.stream(ticket_id), as_of=as_of, known_at=known_at, at_version=at_version)
        return fold(ticket_id, facts)

    def history(
        self,
        ticket: UUID | str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        at_version: int | None = None,
        as_recorded: bool = False,
    ) -> tuple[Recorded[Event], ...]:
        """The surviving facts within the cuts, in order of version; with `as_recorded` every fact as the log has it.

        Raises:
            NotFound: There is no such ticket.
            BadInput: A bound is no instant with a zone.
        """
        as_of, known_at = _bound("as_of", as_of), _bound("known_at", known_at)
        stream = self._recent.stream(self.find(ticket))
        if not as_recorded:
            return tuple(cuts.cut(stream, as_of=as_of, known_at=known_at, at_version=at_version))
        known = cuts.known(stream, known_at=known_at, at_version=at_version)
        return tuple(fact for fact in known if as_of is None or fact.occurred_at <= as_of)

    def proposals(
        self, ticket: UUID | str, dispute_id: str, *, known_at: datetime | None = None
    ) -> tuple[Proposal, ...]:
        """What the verdict or settlement of a dispute calls for and nobody has confirmed yet.

        To confirm one, handle its command: `app.handle(proposal.command(actor, ticket_id))`.

        Args:
            ticket: Its id or number.
            dispute_id: One of its disputes.
            known_at: As the log knew the ticket by then, inclusive.

        Raises:
            NotFound: There is no such ticket, or it has no such dispute.
            BadInput: The bound is no instant with a zone.
        """
        found = self.ticket(ticket, known_at=known_at)
        if dispute_id not in found.disputes:
            raise NotFound(f"ticket {ticket} has no dispute {dispute_id}")
        return consequences(found, dispute_id)

    def difference(self, ticket: UUID | str, *, between: tuple[datetime, datetime]) -> Difference:
        """What changed in what was known of a ticket between two instants: facts, corrections, and how it reads.

        Args:
            ticket: Its id or number.
            between: An earlier and a later instant; what was recorded after the first, up to and with the second.

        Raises:
            NotFound: There is no such ticket.
            BadInput: One is no instant with a zone, or they stand the wrong way round.
        """
        ticket_id = self.find(ticket)
        earlier, later = (_instant("between", instant) for instant in between)
        return difference(ticket_id, self._recent.stream(ticket_id), earlier=earlier, later=later)

    def follow(self, position: int = 0, *, poll: timedelta | None = None) -> Iterator[Recorded[Event]]:
        """Every fact after a position, in order of the log.

        Args:
            position: The last position already seen.
            poll: Stop at the head if None; else look again after so long, for ever.
        """
        while True:
            rows = self.store.stored_log(position, self.settings.page_size)
            yield from self.store.read_in_turn(rows)
            if rows:
                position = rows[-1].position
            elif poll is None:
                return
            else:
                time.sleep(poll.total_seconds())

    def check(self, *, is_full: bool = False, on_progress: Advance | None = None) -> Iterator[Defect]:
        """What is wrong with the store, as it is found; nothing where all is well. Others may go on meanwhile.

        Args:
            is_full: Hold every row that this process has the projection of against a fresh fold of its ticket, too.
            on_progress: Told what is being looked at, how far it has come, and out of how much, if that is known.

        Raises:
            StoreError: The store is gone.
        """
        from ticketing.adapters.check import check

        return check(
            self.store,
            tuple(self.projections.known.values()),
            is_full=is_full,
            page_size=self.settings.page_size,
            on_progress=on_progress,
        )

    # private texts

    def text(self, private: Private) -> str:
        """The text behind a digest, or `[erased]`.

        Raises:
            NotFound: The store never had it.
        """
        if private.text is not None or private.digest is None:
            return private.text or ""
        texts = self.store.texts([private.digest])
        if private.digest not in texts:
            raise NotFound(f"the text {private.digest} is not in this store")
        text = texts[private.digest]
        return ERASED if text is None else text

    def erase(self, ticket: UUID | str) -> int:
        """Erases every private text and serial of a ticket for good; every proof still holds.

        Returns:
            How many were erased now.
        """
        history = self.store.stream(self.find(ticket))
        digests = {part.digest for fact in history for part in private_parts(fact.event)}
        return self.store.erase(sorted(digest for digest in digests if digest is not None))


def _beside_the_holder(command: Command, saying: Saying, conflict: ClaimConflict) -> Saying:
    """A finding is recorded beside the ticket that holds the unit, with a flag; anything else is refused."""
    slug = _SLUG_OF_CLAIM[conflict.claim.kind]
    if isinstance(command, RecordFinding) and slug == UNIT_ALREADY_OPEN.slug:
        return replace(saying, flags=(slug,))
    raise CommandRejected(slug, str(conflict)) from conflict


def _is_of_ticket(history: Sequence[Recorded[Event]]) -> bool:
    return bool(history) and history[0].stream_kind == "ticket"


def _bound(name: str, instant: datetime | None) -> datetime | None:
    return None if instant is None else _instant(name, instant)


def _instant(name: str, instant: datetime) -> datetime:
    try:
        return cuts.instant(instant)
    except ValueError:
        raise BadInput(f"{name}: {instant} is no instant with a zone, such as 2026-03-01T12:00:00+01:00") from None


def _ticket_of(command: Command) -> UUID:
    if isinstance(command, TicketCommand):
        return command.ticket_id
    if isinstance(command, OpenTicket) and command.ticket_id is not None:
        return command.ticket_id
    raise BadInput(f"{type(command).__name__} is no command to a ticket")
