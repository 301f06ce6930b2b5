"""Clocks: what is to be said of the clocks of a store: of one ticket, of those about to breach, of notices due.

Laws of this file: a notice is handed to its hook first and recorded after, so that it may be handed over twice and is
never lost; it is recorded once, whoever else sends notices too. Nothing goes out for a clock that does not run. A
ticket that was imported, and to which nothing has happened here since, is judged up to where its log ends.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

from ticketing.adapters.store import Store
from ticketing.adapters.upkeep import Upkeep
from ticketing.domain import cuts
from ticketing.domain import events as e
from ticketing.domain.clocks import clocks_of
from ticketing.domain.command import Command
from ticketing.domain.errors import BadInput, CommandRejected, Conflict
from ticketing.domain.evolve import fold
from ticketing.domain.judged import Judged, NoticeDue, State
from ticketing.domain.no_clock import why_none
from ticketing.domain.policy import Binds
from ticketing.domain.record import SendNotice
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.ticket import Ticket
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import NATIVE, Actor, Event, Instant, Key, Recorded, Value, instant_text
from ticketing.projections.asked import policy_asked
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.clocks import ClockRow, judged_in

_NOTICES = UUID("0d6f8f4e-3a53-5b0e-8c39-9f1f5b1f6a21")
_SENDER = Actor(id="clocks", role="system")
_ON_RECORD = frozenset({"already-on-record", "command-id-reused"})
_PAGE = 1000
ToldOnce = tuple[UUID, str, str, int, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueClock:
    """A clock that is about to breach.

    Attributes:
        number: The ticket's.
        manufacturer: Whose unit it is.
        site: Of the stay, else where the ticket is.
        judged: The clock as of now.
        breaches_at: The last instant within the target, if nothing more happens.
        left: How long until then, by any watch.
        left_of_target: What is left of the target in the clock's own measure: see `Judged.measure`.
    """

    ticket_id: UUID
    number: str | None
    manufacturer: str | None
    site: str | None
    judged: Judged
    breaches_at: datetime
    left: timedelta
    left_of_target: int


class Notice(Value):
    """A notice that is to go out, as a hook is given it.

    Attributes:
        number: The ticket's.
        manufacturer: Whose unit it is.
        site: Of the stay, else where the ticket is.
        state: Of the clock: `running`, or `breached` where it goes on all the same.
        at: When it was to go out.
        due_at: When the clock's value reaches its target.
    """

    ticket_id: UUID
    number: Key | None
    manufacturer: Key | None
    site: Key | None
    policy: Key
    policy_version: int
    clock: Key
    binds: Binds
    cycle: int
    subject: Key | None
    kind: Key
    to: Key
    state: State
    at: Instant
    due_at: Instant | None

    @property
    def told_once(self) -> ToldOnce:
        """What no other notice of a store has in common with it."""
        return self.ticket_id, self.policy, self.clock, self.cycle, self.subject, self.kind


@dataclass(frozen=True, slots=True)
class NotSent:
    """A notice that its hook failed at, or that could not be recorded: it is due still."""

    notice: Notice
    error: Exception


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of the notices that were due."""

    sent: tuple[Notice, ...]
    failed: tuple[NotSent, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A ticket as known now, with its clocks as of now."""

    ticket: Ticket
    clocks: Sequence[Judged]
    now: datetime

    def about_to_breach(self, until: datetime) -> Iterator[DueClock]:
        """The clocks that run and will be above their target by an instant."""
        for judged in self.clocks:
            last = judged.within_until
            if _runs(judged) and judged.verdict is None and last is not None and last <= until:
                yield DueClock(
                    ticket_id=self.ticket.ticket_id,
                    number=self.ticket.number,
                    manufacturer=self.ticket.manufacturer,
                    site=self._site(judged),
                    judged=judged,
                    breaches_at=last,
                    left=last - self.now,
                    left_of_target=judged.target - judged.used,
                )

    def notices(self) -> Iterator[Notice]:
        """The notices that are due."""
        for judged in self.clocks:
            for notice in judged.notices if _runs(judged) else ():
                if notice.at is not None and notice.at <= self.now:
                    yield self._notice(judged, notice, notice.at)

    def _notice(self, judged: Judged, notice: NoticeDue, at: datetime) -> Notice:
        return Notice(
            ticket_id=self.ticket.ticket_id,
            number=self.ticket.number,
            manufacturer=self.ticket.manufacturer,
            site=self._site(judged),
            policy=judged.policy,
            policy_version=judged.policy_version,
            clock=judged.clock,
            binds=judged.binds,
            cycle=judged.cycle,
            subject=judged.subject,
            kind=notice.kind,
            to=notice.to,
            state=judged.state_at(self.now),
            at=at,
            due_at=judged.due_at,
        )

    def _site(self, judged: Judged) -> str | None:
        return judged.site or self.ticket.assigned_site or self.ticket.unit_site or self.ticket.site


def _runs(judged: Judged) -> bool:
    return judged.is_open and not judged.is_paused


class Clocks:
    """The clocks of one store.

    Args:
        store: Where the facts are.
        projections: What keeps the rows by which clocks are found.
        find: Gives the id of a ticket named by id or number.
        handle: Has a command decided and recorded.
        now: Gives now, in UTC.
    """

    def __init__(
        self,
        store: Store,
        projections: Upkeep,
        *,
        find: Callable[[UUID | str], UUID],
        handle: Callable[[Command], object],
        now: Callable[[], datetime],
        skew: timedelta,
    ) -> None:
        self._store = store
        self._projections = projections
        self._find = find
        self._handle = handle
        self._now = now
        self._skew = skew

    def of(
        self,
        ticket: UUID | str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        under: PolicyPublished | str | None = None,
    ) -> tuple[Judged, ...]:
        """Every clock of a ticket as of now, in order of policy, clock, cycle and start.

        Args:
            ticket: Its id or number.
            as_of: As of then instead, by the facts that had occurred by then, inclusive.
            known_at: By the facts, corrections and policies that were recorded by then, inclusive; as of then too,
                unless `as_of` says otherwise.
            under: Judge the clocks of this policy alone, by this version, whatever was in force: as published, or
                named as `POLICY@VERSION`, which may have been published after `known_at`.

        Raises:
            NotFound: There is no such ticket, or the version was never published; the text names what was.
            BadInput: A bound is no instant with a zone, or `under` names no version.
        """
        policy, rules = self.rules_under(under, known_at)
        history = self._known(ticket, known_at)
        return clocks_of(history, rules, as_of=self._until(history, as_of, known_at), under=policy)

    def why_none(
        self,
        ticket: UUID | str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        under: PolicyPublished | str | None = None,
    ) -> tuple[str, ...]:
        """Why a ticket of which `of` finds no clock has none: a line for each of at most five policies.

        Args:
            ticket: Its id or number.
            as_of: As for `of`; so are `known_at` and `under`.
            known_at: See there.
            under: See there.

        Raises:
            NotFound: As `of`.
            BadInput: As `of`.
        """
        policy, rules = self.rules_under(under, known_at)
        history = self._known(ticket, known_at)
        facts = cuts.cut(history, as_of=self._until(history, as_of, known_at))
        return why_none(facts, rules, under=policy)

    def rules_under(
        self, under: PolicyPublished | str | None, known_at: datetime | None = None
    ) -> tuple[PolicyPublished | None, TimeRules]:
        """The version of a policy to judge by, if one is asked for, and the rules as published by then, with it.

        Raises:
            NotFound: The version was never published; the text names what was.
            BadInput: The bound is no instant with a zone, or `under` names no version.
        """
        position = self._position(known_at)
        if not isinstance(under, str):
            return under, self._store.rules_at(position)
        asked_for = policy_asked(under, self._store.rules_at(self._store.head()))
        return asked_for.thing, self._store.rules_at(max(position, asked_for.position))

    def observed_until(
        self, ticket: UUID | str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> datetime:
        """As of when `of` judges: now, or as asked, and of a ticket that is only imported up to where its log ends.

        Raises:
            NotFound: There is no such ticket.
            BadInput: A bound is no instant with a zone.
        """
        return self._until(self._known(ticket, known_at), as_of, known_at)

    def due(self, within: timedelta) -> Iterator[DueClock]:
        """The clocks that run and will breach within so long unless something happens, the soonest first.

        Those that are breached already are not among them. They are found by an index, and judged by the facts as they
        are. A ticket with an event that stopped its row, dropped or not, is left out.
        """
        now = self._now()
        until = now + within
        numbers = count()
        soonest: list[tuple[datetime, int, DueClock]] = []
        for row in self._rows("next_within_until", until):
            while soonest and row.next_within_until is not None and soonest[0][0] < row.next_within_until:
                yield heapq.heappop(soonest)[2]
            for due in self._case(row.ticket_id).about_to_breach(until) if _is_ahead(row, now) else ():
                heapq.heappush(soonest, (due.breaches_at, next(numbers), due))
        while soonest:
            yield heapq.heappop(soonest)[2]

    def pending(self) -> Iterator[Notice]:
        """The notices that are due now, each by the facts as they are when it is asked for; of such tickets none."""
        told: set[ToldOnce] = set()
        for ticket_id in [row.ticket_id for row in self._rows("next_notice_at", self._now())]:
            while (notice := self._next_notice(ticket_id, told)) is not None:
                told.add(notice.told_once)
                yield notice

    def notify(self, hook: Callable[[Notice], object]) -> Notified:
        """Hands every notice that is due to a hook, and puts on record that it was sent.

        Any number of processes may do so at once: one and the same notice may then reach two hooks, and is recorded
        once. What was not sent, or could not be recorded, is handed over again the next time.

        Args:
            hook: Sends it; whatever it raises leaves this notice unsent, and the others go on.

        Raises:
            StoreError: The store is gone.
        """
        sent: list[Notice] = []
        failed: list[NotSent] = []
        for notice in self.pending():
            error = _error_of(hook, notice) or self._error_of_recording(notice)
            if error is None:
                sent.append(notice)
            else:
                failed.append(NotSent(notice, error))
        return Notified(tuple(sent), tuple(failed))

    def _rows(self, column: str, until: datetime) -> Iterator[ClockRow]:
        """The rows, brought up to date, with an instant up to another, the soonest first, of tickets worked on here."""
        self._projections.catch_up([CLOCK_ROWS])
        view = self._projections.ready_view(CLOCK_ROWS)
        stopped = {letter.ticket_id for letter in view.letters()}
        for row in view.earliest(column, until):
            if row.has_native_facts and row.ticket_id not in stopped:
                yield row

    def _next_notice(self, ticket_id: UUID, told: set[ToldOnce]) -> Notice | None:
        return next((notice for notice in self._case(ticket_id).notices() if notice.told_once not in told), None)

    def _case(self, ticket_id: UUID) -> _Case:
        """The ticket as it is."""
        history = self._store.stream(ticket_id)
        # Another machine's clock may be ahead of this one: what is on record has happened.
        now = max(self._now(), *(fact.occurred_at for fact in history))
        rules = self._store.rules_at(self._store.head())
        return _Case(fold(ticket_id, cuts.surviving(history)), clocks_of(history, rules, as_of=now), now)

    def _error_of_recording(self, notice: Notice) -> Exception | None:
        """Why it could not be put on record; None where it is, by whomever."""
        command = SendNotice(
            ticket_id=notice.ticket_id,
            actor=_SENDER,
            command_id=self._command_id(notice),
            policy=notice.policy,
            clock=notice.clock,
            cycle=notice.cycle,
            subject=notice.subject,
            kind=notice.kind,
            to=notice.to,
            due_at=notice.due_at,
        )
        try:
            self._handle(command)
        except CommandRejected as error:
            return None if error.rule in _ON_RECORD else error
        except Conflict as error:
            return error
        return None

    def _command_id(self, notice: Notice) -> UUID:
        """The same in every process; another one after the notice was taken back."""
        earlier = [
            fact.event
            for fact in self._store.stream(notice.ticket_id)
            if isinstance(fact.event, e.NoticeSent) and fact.event.told_once == notice.told_once[1:]
        ]
        return uuid5(_NOTICES, json.dumps([str(notice.ticket_id), *notice.told_once[1:], len(earlier)]))

    def _known(self, ticket: UUID | str, known_at: datetime | None) -> list[Recorded[Event]]:
        known = _bound("known_at", known_at)
        facts = self._store.stream(self._find(ticket))
        return facts if known is None else [fact for fact in facts if fact.recorded_at <= known]

    def _until(self, history: Sequence[Recorded[Event]], as_of: datetime | None, known_at: datetime | None) -> datetime:
        now = self._now()
        until = _bound("as_of", as_of) or _bound("known_at", known_at) or now
        if until > now + self._skew:
            raise BadInput(f"{instant_text(until)} is after now, {instant_text(now)}: nothing can be judged as of then")
        source = _watched_by(history)
        if source == NATIVE:
            return until
        facts = (fact for fact in self._followed(self._position(known_at)) if fact.source == source)
        return max((fact.occurred_at for fact in facts if fact.occurred_at <= until), default=until)

    def _followed(self, last: int) -> Iterator[Recorded[Event]]:
        """The log up to a position."""
        position = 0
        while position < last and (rows := self._store.stored_log(position, min(_PAGE, last - position))):
            yield from self._store.read_in_turn(rows)
            position = rows[-1].position

    def _position(self, known_at: datetime | None) -> int:
        return self._store.known_at(_bound("known_at", known_at))


def _error_of(hook: Callable[[Notice], object], notice: Notice) -> Exception | None:
    try:
        hook(notice)
    except Exception as error:  # noqa: BLE001 - whatever a host's hook fails with is the host's to mend
        return error
    return None


def _is_ahead(row: ClockRow, now: datetime) -> bool:
    """Whether a clock of the row was not above its target yet, so that its ticket need be read."""
    return any(judged.within_until is not None and judged.within_until >= now for judged in judged_in(row))


def _watched_by(history: Sequence[Recorded[Event]]) -> str:
    """Where the latest news of a ticket are from: `native`, or the log that it came from, which ends somewhere."""
    telling = [
        fact for fact in cuts.surviving(history) if not isinstance(fact.event, e.EventCorrected | e.EventRetracted)
    ]
    latest = max(telling, key=lambda fact: (fact.occurred_at, fact.version), default=None)
    return NATIVE if latest is None else latest.source


def _bound(name: str, instant: datetime | None) -> datetime | None:
    try:
        return None if instant is None else cuts.instant(instant)
    except ValueError:
        raise BadInput(f"{name}: {instant} is no instant with a zone, such as 2026-03-01T12:00:00+01:00") from None
