"""Given some facts, when a command comes, then these facts follow, or this rule refuses it. No store, no I/O.

The n-th fact occurs, and is recorded, n - 1 hours after `START`, unless `fact` says otherwise; the command comes an
hour after the last. `hour(n)` is n hours after `START`, so that version n stands at `hour(n - 1)`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.examples import RECEPTIONIST, SITES, STANDARD, START, TECHNICIAN, TICKET, UNKNOWN
from ticketing.domain import events as e
from ticketing.domain.assessment import Figure
from ticketing.domain.command import Command
from ticketing.domain.cuts import surviving
from ticketing.domain.decide import COMMAND_FOR, Decision, decide
from ticketing.domain.errors import CommandRejected
from ticketing.domain.evolve import replay
from ticketing.domain.record import CorrectEvent, RetractEvent
from ticketing.domain.reference import Reference, SitePublished, StandardPublished
from ticketing.domain.roles import MAY_SEND
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import (
    Actor,
    Event,
    Instant,
    Key,
    Language,
    Money,
    Number,
    PrivateText,
    Recorded,
    SerialNumber,
    Sha256,
    Value,
)


def hour(number: float) -> datetime:
    """So many hours after `START`."""
    return START + timedelta(hours=number)


def command_id(number: int) -> UUID:
    return UUID(int=(0xC << 124) | number)


@dataclass(frozen=True)
class Fact:
    """An event with what a test says about who, when and how; None leaves it to `history`."""

    event: Event
    by: Actor | None = None
    at: datetime | None = None
    recorded: datetime | None = None
    flags: tuple[str, ...] = ()


def fact(
    event: Event,
    *,
    by: Actor | None = None,
    at: datetime | None = None,
    recorded: datetime | None = None,
    flags: tuple[str, ...] = (),
) -> Fact:
    """An event done by somebody else, or at another time, than `given` would say."""
    return Fact(event, by, at, recorded, flags)


def usual_actor(event: Event) -> Actor:
    """The receptionist, or the technician where the receptionist does not send such commands."""
    return RECEPTIONIST if "receptionist" in MAY_SEND[COMMAND_FOR[type(event)]] else TECHNICIAN


def history(*facts: Event | Fact) -> list[Recorded[Event]]:
    """The facts as a log would have them, alone in it, from version 1."""
    return [_recorded(version, it if isinstance(it, Fact) else Fact(it)) for version, it in enumerate(facts, 1)]


def _recorded(version: int, it: Fact) -> Recorded[Event]:
    due = hour(version - 1)
    return Recorded(
        stream_id=TICKET,
        stream_kind="ticket",
        version=version,
        occurred_at=it.at or due,
        actor=it.by or usual_actor(it.event),
        command_id=command_id(version),
        flags=it.flags,
        event=it.event,
        position=version,
        recorded_at=it.recorded or due,
    )


@dataclass(frozen=True)
class Outcome:
    """What came of a command: a decision or a refusal."""

    decision: Decision | None
    refusal: CommandRejected | None

    def then(self, *events: Event) -> None:
        """The command was accepted, without flags, and caused exactly these facts."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.decision is not None
        assert self.decision.events == events
        assert self.decision.flags == ()

    def then_rejected(self, slug: str) -> None:
        """The command was refused by this rule."""
        assert self.refusal is not None, f"accepted, not refused by {slug}"
        assert self.refusal.rule == slug, str(self.refusal)
        assert self.refusal.reason

    def then_flagged(self, *slugs: str) -> None:
        """The finding was recorded, and carries exactly these slugs."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.decision is not None
        assert self.decision.flags == slugs


@dataclass(frozen=True)
class Given:
    """A ticket's history and what else is known when the command comes."""

    history: tuple[Recorded[Event], ...]
    reference: Reference

    def where(
        self,
        *,
        now: datetime | None = None,
        number_holder: UUID | None = None,
        unit_open_on: UUID | None = None,
        standards: Iterable[StandardPublished] | None = None,
        sites: Mapping[str, SitePublished] | None = None,
    ) -> "Given":
        """The same history with another clock or other reference data; None leaves them."""
        known = self.reference
        return replace(
            self,
            reference=replace(
                known,
                now=now or known.now,
                number_holder=number_holder or known.number_holder,
                unit_open_on=unit_open_on or known.unit_open_on,
                standards=known.standards if standards is None else {(s.key, s.version): s for s in standards},
                sites=known.sites if sites is None else sites,
            ),
        )

    @property
    def ticket(self) -> Ticket:
        return replay(TICKET, self.history)

    def when(self, command: Command) -> Outcome:
        """The command comes; a correction or retraction finds its target as the application would load it."""
        reference = self.reference
        if isinstance(command, CorrectEvent | RetractEvent):
            standing = {found.version: found for found in surviving(self.history)}
            reference = replace(reference, target=standing.get(command.target_version))
        try:
            return Outcome(decide(command, self.ticket, reference), None)
        except CommandRejected as refusal:
            return Outcome(None, refusal)

    def and_then(self, *commands: Command) -> "Given":
        """The commands come one after the other, an hour apart; each must be accepted."""
        told = self
        for command in commands:
            outcome = told.when(command)
            assert outcome.decision is not None, f"{type(command).__name__}: {outcome.refusal}"
            at = command.occurred_at or told.reference.now
            new = [
                replace(_recorded(version, Fact(event, by=command.actor)), occurred_at=at)
                for version, event in enumerate(outcome.decision.events, len(told.history) + 1)
            ]
            told = Given(
                (*told.history, *new), replace(told.reference, now=told.reference.now + timedelta(hours=len(new)))
            )
        return told


def given(*facts: Event | Fact) -> Given:
    """These facts have been recorded; the standard and the sites of `examples` are published."""
    recorded = tuple(history(*facts))
    return Given(
        recorded,
        Reference(now=hour(len(recorded)), standards={(STANDARD.key, STANDARD.version): STANDARD}, sites=dict(SITES)),
    )


# arbitrary facts, for properties over any history whatever

_LEAVES: tuple[tuple[Any, SearchStrategy[Any]], ...] = (
    (Key, st.sampled_from(["a", "b", "berlin", "board"])),
    (Figure, st.sampled_from(["2026-01-31", "0.31 A"])),
    (Sha256, st.just("ab" * 32)),
    (Language, st.sampled_from(["fr", "zh-Hans"])),
    (Instant, st.integers(-3, 12).map(hour)),
    (Number, st.integers(0, 100).map(Decimal)),
    (e.Count, st.integers(1, 3)),
    (e.Minutes, st.integers(0, 90)),
    (int, st.integers(0, 10)),
    (bool, st.booleans()),
    (date, st.just(date(2026, 1, 1))),
    (UUID, st.just(TICKET)),
    (Money, st.integers(0, 200).map(lambda amount: Money(amount=Decimal(amount), currency="EUR"))),
    (PrivateText, st.sampled_from([PrivateText(text="told"), PrivateText(text="told anew")])),
    (SerialNumber, st.sampled_from([SerialNumber(text="SN1"), SerialNumber(text="SN2")])),
    (e.HostValue, st.sampled_from([True, 3, "a", None])),
    (
        e.Corrected,
        st.sampled_from(["a", "berlin", 1, 2, 3, True, None, ("a", "b"), "2026-03-02T09:30:00Z", "warranty"]),
    ),
)
FIELDS = ("occurred_at", "site", "number", "basis", "due_at", "target_version", "is", "field", "lines.0", "cause")


def arbitrary(kind: object) -> SearchStrategy[Any]:
    """Any value that a field so annotated may have, from few enough that they meet."""
    for leaf, strategy in _LEAVES:
        if kind == leaf:
            return strategy
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([st.none() if part is type(None) else arbitrary(part) for part in arguments])
    if origin is tuple:
        return st.lists(arbitrary(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(arbitrary(arguments[0]), arbitrary(arguments[1]), max_size=2)
    if origin is Annotated:
        return st.integers(1, 5) if arguments[0] is int else st.integers(1, 100).map(Decimal)
    assert isinstance(kind, type)
    return arbitrary_value(kind)


@cache
def arbitrary_value(kind: type[Value]) -> SearchStrategy[Any]:
    """Any event, or any structure within one."""
    hints = get_type_hints(kind, include_extras=True)
    fields = {name: arbitrary(hints[name]) for name in kind.model_fields}
    if kind is e.EventCorrected:
        fields["field"] = st.sampled_from(FIELDS)
    return st.builds(kind.model_validate, st.fixed_dictionaries(fields))


def arbitrary_facts(*kinds: type[Event]) -> SearchStrategy[Fact]:
    """Any of these events, or of all, done by anybody at any time, and recorded in its turn."""
    return st.builds(
        Fact,
        st.one_of([arbitrary_value(kind) for kind in kinds or e.TICKET_EVENTS]),
        st.sampled_from([RECEPTIONIST, TECHNICIAN, UNKNOWN]),
        st.integers(-3, 12).map(hour),
    )


def arbitrary_histories(*kinds: type[Event], max_size: int = 12) -> SearchStrategy[list[Recorded[Event]]]:
    """Any facts in any order, however impossible, from version 1."""
    return st.lists(arbitrary_facts(*kinds), max_size=max_size).map(lambda facts: history(*facts))
