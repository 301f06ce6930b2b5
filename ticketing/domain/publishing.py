"""Publishing: a version of reference data is put on record; it is never edited, a later one follows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import SerializeAsAny, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Command
from ticketing.domain.contradictions import contradictions
from ticketing.domain.errors import CommandRejected
from ticketing.domain.reference import REFERENCE_EVENTS, Published, StandardPublished, in_force
from ticketing.domain.values import Envelope, Event, Role, StreamKind, instant_text

PUBLISHERS: frozenset[Role] = frozenset({"manager", "warranty_officer", "dispute_officer", "auditor", "system"})


class Publish(Command):
    """One version of a site, a manufacturer's standard, a service policy or a work calendar is published."""

    thing: SerializeAsAny[Published]

    @field_validator("thing")
    @classmethod
    def _can_be_meant(cls, thing: Published) -> Published:
        for found in contradictions(thing) if isinstance(thing, StandardPublished) else ():
            raise ValueError(str(found))
        return thing


@dataclass(frozen=True, slots=True)
class Pin:
    """A version of a standard that a ticket has pinned, and the day by which it applied."""

    ticket: str
    version: int
    on: date


def kind_of(thing: Published) -> StreamKind:
    """The kind of stream in which the thing is kept."""
    return next(kind for kind, event in REFERENCE_EVENTS.items() if type(thing) is event)


def pins_of(facts: Sequence[Envelope[Event]], standard: str) -> Iterator[Pin]:
    """What a ticket has pinned of one standard, with the day that it took for it: of purchase, intake or inspection.

    The day of intake is that of the opening or reopening before the pin, the day of inspection that on which the
    diagnosis before it began. A pin by purchase of which no proof is on record has no day, and is left out.
    """
    number = next((fact.event.number for fact in facts if isinstance(fact.event, e.TicketOpened)), "")
    bought = [fact.event.purchased_on for fact in facts if isinstance(fact.event, e.ProofOfPurchaseRecorded)]
    for fact in facts:
        pin = fact.event
        if not isinstance(pin, e.StandardPinned) or pin.standard != standard or pin.standard_version is None:
            continue
        if pin.basis == "purchase":
            days = bought
        else:
            kinds = _BEGINNING[pin.basis]
            before = [one for one in facts if isinstance(one.event, kinds) and one.occurred_at <= fact.occurred_at]
            days = [(max(before, key=lambda one: one.occurred_at) if before else fact).occurred_at.date()]
        yield from (Pin(number, pin.standard_version, day) for day in days[-1:])


_BEGINNING: dict[str | None, tuple[type[Event], ...]] = {
    "intake": (e.TicketOpened, e.TicketReopened),
    "inspection": (e.DiagnosisStarted,),
    None: (),
}


def decide_publish(
    command: Publish, earlier: Sequence[Published], *, occurred_at: datetime, latest: datetime, pins: Sequence[Pin] = ()
) -> tuple[Published, ...]:
    """The fact to record; none when exactly this version is published already.

    Args:
        command: What is to be published.
        earlier: Every version on record.
        occurred_at: When it was true.
        latest: The latest instant that the clock allows.
        pins: Earlier versions that tickets have pinned, at least those for days on which the new one is effective.

    Raises:
        CommandRejected: `role-may-not`; `from-the-future` after `latest`; `already-on-record` when the version does
            not follow the last one, or would take a day from a version that is pinned for it.
    """
    thing = command.thing
    if command.actor.role not in PUBLISHERS:
        raise CommandRejected("role-may-not", f"a {command.actor.role} publishes no reference data")
    if occurred_at > latest:
        raise CommandRejected("from-the-future", f"{instant_text(occurred_at)} is after the application's clock")
    if thing in earlier:
        return ()
    last = max((published.version for published in earlier), default=0)
    name = f"{kind_of(thing)} {thing.key}"
    if thing.version <= last:
        is_there = any(published.version == thing.version for published in earlier)
        said = "is on record with other content" if is_there else f"comes before version {last}, which is on record"
        raise CommandRejected(
            "already-on-record", f"{name}: version {thing.version} {said}; publish it as version {last + 1}"
        )
    for pin in pins:
        before = in_force(earlier, pin.on)
        if before is not None and before.version == pin.version and thing.effective_from.date() <= pin.on:
            raise CommandRejected(
                "already-on-record",
                f"{name}: version {pin.version} is pinned by ticket {pin.ticket} for {pin.on}, and version "
                f"{thing.version} would be in force then; let it be effective from a later day",
            )
    return (thing,)
