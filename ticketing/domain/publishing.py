"""Publishing: a version of reference data is put on record; it is never edited, a later one follows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import SerializeAsAny, field_validator

from ticketing.domain import events as e
from ticketing.domain.calendar_faults import calendar_faults
from ticketing.domain.command import Command
from ticketing.domain.contradictions import Contradiction, contradictions
from ticketing.domain.errors import CommandRejected, hint
from ticketing.domain.phrases import day_or_instant
from ticketing.domain.policy_faults import policy_faults
from ticketing.domain.reference import (
    REFERENCE_EVENTS,
    CalendarPublished,
    PolicyPublished,
    Published,
    SitePublished,
    StandardPublished,
    in_force,
)
from ticketing.domain.values import Envelope, Event, Role, StreamKind, instant_text

PUBLISHERS: frozenset[Role] = frozenset({"manager", "warranty_officer", "dispute_officer", "auditor", "system"})


class Publish(Command):
    """One version of a site, a manufacturer's standard, a service policy or a work calendar is published."""

    thing: SerializeAsAny[Published]

    @field_validator("thing")
    @classmethod
    def _can_be_meant(cls, thing: Published) -> Published:
        for found in faults(thing):
            raise ValueError(str(found))
        return thing


def faults(thing: Published) -> Iterator[Contradiction]:
    """Everything in a thing that cannot be meant, each with its key, as far as the thing alone can tell."""
    match thing:
        case StandardPublished():
            yield from contradictions(thing)
        case PolicyPublished():
            yield from policy_faults(thing)
        case CalendarPublished():
            yield from calendar_faults(thing)
        case _:  # a site
            pass


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


def declared(thing: Published) -> Published:
    """The thing as its publisher declared it, without what publishing took from the libraries."""
    return thing.model_copy(update={"frozen": None}) if isinstance(thing, CalendarPublished) else thing


def calendars_named(thing: Published) -> dict[str, str]:
    """The calendars that a policy or site names, by the key under which it does."""
    if isinstance(thing, SitePublished):
        return {} if thing.calendar is None else {"calendar": thing.calendar}
    clocks = thing.clocks if isinstance(thing, PolicyPublished) else ()
    return {f"clocks.{n}.calendar": clock.calendar for n, clock in enumerate(clocks) if clock.calendar is not None}


Calendars = Mapping[str, Sequence[Published]]


def decide_publish(
    command: Publish,
    earlier: Sequence[Published],
    *,
    occurred_at: datetime,
    latest: datetime,
    pins: Sequence[Pin] = (),
    calendars: Calendars | None = None,
) -> tuple[Published, ...]:
    """The fact to record; none when a version that declares exactly the same is published already.

    Args:
        command: What is to be published.
        earlier: Every version on record.
        occurred_at: When it was true.
        latest: The latest instant that the clock allows.
        pins: Earlier versions that tickets have pinned, at least those for days on which the new one is effective.
        calendars: Every version of the calendars that it names, by key; others serve to find the nearest.

    Raises:
        CommandRejected: `role-may-not`; `from-the-future` after `latest`; `already-on-record` when the version does
            not follow the last one, or, unless it says so, is effective from no later than an earlier one or would take
            a day from a version that is pinned for it; `unknown-reference` when it names a calendar that does not say
            by then what is open.
    """
    thing = command.thing
    if command.actor.role not in PUBLISHERS:
        raise CommandRejected("role-may-not", f"a {command.actor.role} publishes no reference data")
    if occurred_at > latest:
        raise CommandRejected("from-the-future", f"{instant_text(occurred_at)} is after the application's clock")
    if declared(thing) in map(declared, earlier):
        return ()
    _refuse_version_out_of_order(thing, earlier)
    if not thing.is_retroactive:
        _refuse_backward_date(thing, earlier)
        _refuse_taking_pinned_days(thing, earlier, pins)
    for key, calendar in calendars_named(thing).items():
        _refuse_unknown_calendar(thing, key, calendar, calendars or {})
    return (thing,)


def _name(thing: Published) -> str:
    return f"{kind_of(thing)} {thing.key}"


def _refuse_version_out_of_order(thing: Published, earlier: Sequence[Published]) -> None:
    last = max((published.version for published in earlier), default=0)
    if thing.version <= last:
        is_there = any(published.version == thing.version for published in earlier)
        said = "is on record with other content" if is_there else f"comes before version {last}, which is on record"
        raise CommandRejected(
            "already-on-record", f"{_name(thing)}: version {thing.version} {said}; publish it as version {last + 1}"
        )


def _refuse_backward_date(thing: Published, earlier: Sequence[Published]) -> None:
    latest = max(earlier, key=lambda published: published.effective_from, default=None)
    if latest is not None and thing.effective_from <= latest.effective_from:
        mine, other = (day_or_instant(version.effective_from) for version in (thing, latest))
        raise CommandRejected(
            "already-on-record",
            f"{_name(thing)}: effective_from of version {thing.version}, {mine}, is not after that of version "
            f"{latest.version}, {other}; let it be later, or say is_retroactive = true",
        )


def _refuse_taking_pinned_days(thing: Published, earlier: Sequence[Published], pins: Sequence[Pin]) -> None:
    for pin in pins:
        before = in_force(earlier, pin.on)
        if before is not None and before.version == pin.version and thing.effective_from.date() <= pin.on:
            raise CommandRejected(
                "already-on-record",
                f"{_name(thing)}: version {pin.version} is pinned by ticket {pin.ticket} for {pin.on}, and version "
                f"{thing.version} would be in force then; let its effective_from be a later day, or say "
                "is_retroactive = true",
            )


def _refuse_unknown_calendar(thing: Published, key: str, calendar: str, calendars: Calendars) -> None:
    versions = calendars.get(calendar, ())
    in_time = [version for version in versions if version.effective_from <= thing.effective_from]
    first = max(in_time, key=lambda version: version.version, default=None)
    if not versions:
        known = [name for name, found in calendars.items() if found]
        said = f"was never published{hint(calendar, known)}"
    elif first is None:
        earliest = min(version.effective_from for version in versions)
        said = f"is first effective from {day_or_instant(earliest)}, after {day_or_instant(thing.effective_from)}"
    elif any(isinstance(v, CalendarPublished) and v.frozen is None for v in versions if v.version >= first.version):
        last = max(version.version for version in versions)
        said = f"is not frozen, it was published before there was any; publish it again as version {last + 1}"
    else:
        return
    raise CommandRejected("unknown-reference", f"{_name(thing)}: {key}: calendar {calendar} {said}")
