"""Stories of time: what was published, and what happened to one ticket, with when it was true and when it was recorded.

Instants are written as `2026-03-02 09:00`, in UTC; that day is a Monday. Whatever happens is put on record, be it legal
or not, and when it occurs unless it is said to be recorded later.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, get_args
from uuid import UUID

from ticketing.adapters.freezing import frozen
from ticketing.domain import events as e
from ticketing.domain.calendar import Weekday, Window
from ticketing.domain.clocks import clocks_of
from ticketing.domain.cuts import known, surviving
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import Ledger, Span, causes_in_order, ledger_of, spans_of
from ticketing.domain.policy import DefinedClock
from ticketing.domain.publishing import faults, kind_of
from ticketing.domain.reference import CalendarPublished, PolicyPublished, Published, SitePublished, reference_stream
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import NATIVE, Actor, Event, Money, PrivateText, Recorded

TICKET = UUID(int=1)
SOMEBODY = Actor(id="m-1", role="manager")
WHY = PrivateText(digest="00" * 32)
LONG_AGO = "2016-01-01 00:00"
"""When everything is effective from that says nothing else, and when a story begins."""
HOUR = 3_600_000_000
"""Microseconds."""
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    """The instant that `2026-03-02 09:00` says, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(instant: datetime | None) -> str | None:
    """An instant as a story writes it; seconds only where there are some."""
    if instant is None:
        return None
    is_whole = not (instant.second or instant.microsecond)
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "minutes" if is_whole else "auto")


# what is published

WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
DAILY: tuple[Weekday, ...] = get_args(Weekday)


def windows(days: Sequence[Weekday], *hours: str) -> tuple[Window, ...]:
    """Windows such as `09:00-17:00` on each of the days; one that closes no later than it opens crosses midnight."""
    pairs = [tuple(one.split("-")) for one in hours]
    return tuple(
        Window(day=day, opens=opens, closes=closes, crosses_midnight=closes <= opens)
        for day in days
        for opens, closes in pairs
    )


def calendar(
    *opened: Window,
    key: str = "office",
    version: int = 1,
    effective_from: str = LONG_AGO,
    zone: str = "UTC",
    closed: Sequence[str] = (),
    frozen_until: str = "2027-12-31",
    is_retroactive: bool = False,
) -> CalendarPublished:
    """A version of a calendar, frozen."""
    return _frozen(
        CalendarPublished(
            key=key,
            version=version,
            effective_from=at(effective_from),
            zone=zone,
            windows=opened,
            closed_days=tuple(map(date.fromisoformat, closed)),
            frozen_until=date.fromisoformat(frozen_until),
            is_retroactive=is_retroactive,
        )
    )


@cache
def _frozen(thing: CalendarPublished) -> CalendarPublished:
    return frozen(thing)


OFFICE = calendar(*windows(WORKDAYS, "09:00-17:00"))
"""Monday to Friday, nine to five, UTC."""


def clock(id: str = "turnaround", **said_of_it: Any) -> DefinedClock:  # noqa: A002, ANN401
    """A clock from receipt to hand-back by the office's hours, unless it is said otherwise.

    `working_hours`, `elapsed_hours`, `calendar_days` and `until` are its target; 8 working hours where none is given.
    """
    targets = ("working_hours", "elapsed_hours", "calendar_days", "until")
    target = {name: said_of_it.pop(name) for name in targets if name in said_of_it} or {"working_hours": 8}
    is_of_site = said_of_it.get("binds") == "site"
    facts = {} if is_of_site else {"starts": "UnitReceived", "stops": "UnitHandedBack"}
    plain = {"id": id, "binds": "manufacturer_contract", "calendar": "office", "target": target}
    return DefinedClock.model_validate({**plain, **facts, **said_of_it})


def policy(
    *clocks: DefinedClock, key: str = "contract", version: int = 1, effective_from: str = LONG_AGO, **more: object
) -> PolicyPublished:
    """A version of a policy with these clocks."""
    said_of_it = {"key": key, "version": version, "effective_from": at(effective_from), "clocks": clocks, **more}
    return PolicyPublished.model_validate(said_of_it)


PROMISE = clock("promise", binds="customer_promise", starts="PromiseMade", until="PromiseMade.due_at", calendar=None)
WARRANTY = policy(clock(conditions={"entitlements": ("warranty",)}))


def site(key: str, kind: str = "workshop", *, parent: str | None = None, **more: object) -> SitePublished:
    """A site."""
    said_of_it = {"key": key, "version": 1, "effective_from": at(LONG_AGO), "kind": kind, "parent": parent, **more}
    return SitePublished.model_validate(said_of_it)


# what happens

OPENED = e.TicketOpened(number="T-1", site="berlin", manufacturer="ACME", model="P7")
RECEIVED = e.UnitReceived(site="berlin")
HANDED_BACK = e.UnitHandedBack()
CLOSED = e.TicketClosed(outcome="repaired")
REOPENED = e.TicketReopened(ground="same_fault")
IN_WARRANTY = e.EntitlementDecided(basis="warranty", reason=WHY)
NOT_FREE = e.EntitlementRevised(from_basis="warranty", to_basis="none", trigger="diagnosis", reason=WHY)
FREE_AGAIN = e.EntitlementRevised(from_basis="none", to_basis="warranty", trigger="error", reason=WHY)
PARTS = e.WaitStarted(cause="parts_manufacturer")
PARTS_CAME = e.WaitEnded(cause="parts_manufacturer")
PAUSING = ("parts_manufacturer",)
EURO = Money(amount=Decimal(1), currency="EUR")
NOTED = e.HostFactRecorded(namespace="tests", name="looked")
"""A fact that moves nothing but the present."""


def estimate(version: int, valid_until: str | None = None) -> e.EstimateIssued:
    until = None if valid_until is None else at(valid_until)
    return e.EstimateIssued(estimate_version=version, lines=(), maximum=EURO, valid_until=until)


def promised(due_at: str) -> e.PromiseMade:
    return e.PromiseMade(due_at=at(due_at))


class Story:
    """One ticket, and what was published, on one log.

    Args:
        things: What is published before all else.
    """

    def __init__(self, *things: Published) -> None:
        self.history: list[Recorded[Event]] = []
        self._published: list[Recorded[Event]] = []
        self._recorded_at = at(LONG_AGO)
        self.publishes(*things)

    def publishes(self, *things: Published) -> None:
        """Puts reference data next on the log, what refers to it after it."""
        for thing in things:
            assert not list(faults(thing))
            self._published.append(self._record(thing, at=self._recorded_at, recorded=self._recorded_at))

    def tells(self, event: Event, when: str, *, recorded: str | None = None) -> int:
        """Records a fact; returns its version."""
        self.history.append(self._record(event, at=at(when), recorded=at(recorded or when)))
        return self.history[-1].version

    def imports(self, event: Event, when: str, *, recorded: str | None = None) -> int:
        """Takes a fact over from another system's log; returns its version."""
        fact = self._record(event, at=at(when), recorded=at(recorded or when), source="import:elsewhere")
        self.history.append(fact)
        return fact.version

    def corrects(self, version: int, field: str, is_: str, when: str) -> int:
        """Sets a field of an earlier fact right; an instant is written as everywhere in a story."""
        value = at(is_).isoformat() if field.endswith("_at") else is_
        return self.tells(e.EventCorrected(target_version=version, field=field, was=None, is_=value, reason=WHY), when)

    def retracts(self, version: int, when: str) -> int:
        """Takes an earlier fact back."""
        return self.tells(e.EventRetracted(target_version=version, reason=WHY), when)

    @property
    def rules(self) -> TimeRules:
        """What was published."""
        return TimeRules.of(self._published)

    def clocks(
        self, *, as_of: str | None = None, known_at: str | None = None, under: PolicyPublished | None = None
    ) -> tuple[Judged, ...]:
        """Every clock, with the facts known by then."""
        history = known(self.history, known_at=None if known_at is None else at(known_at))
        return clocks_of(history, self.rules, as_of=None if as_of is None else at(as_of), under=under)

    def clock(self, id: str = "turnaround", subject: str | None = None, **asked: Any) -> Judged:  # noqa: A002, ANN401
        """The one clock of that name, and of the subject if one is named; `cycle` names the cycle."""
        cycle = asked.pop("cycle", None)
        found = [
            one
            for one in self.clocks(**asked)
            if one.clock == id and subject in (None, one.subject) and cycle in (None, one.cycle)
        ]
        assert len(found) == 1, [(one.name, one.cycle) for one in found]
        return found[0]

    def spans(self, until: str | None = None) -> tuple[Span, ...]:
        """Where the ticket's time went."""
        facts = surviving(self.history)
        return spans_of(facts, causes_in_order(self.rules, facts), until=None if until is None else at(until))

    def ledger(self, until: str) -> Ledger:
        """What that adds up to."""
        return ledger_of(self.spans(), at(until))

    def _record(self, event: Event, *, at: datetime, recorded: datetime, source: str = NATIVE) -> Recorded[Event]:
        self._recorded_at = max(recorded, self._recorded_at + MICROSECOND)
        stream = reference_stream(kind_of(event), event.key) if isinstance(event, Published) else TICKET
        return Recorded(
            stream_id=stream,
            stream_kind=kind_of(event) if isinstance(event, Published) else "ticket",
            version=event.version if isinstance(event, Published) else len(self.history) + 1,
            occurred_at=at,
            actor=SOMEBODY,
            source=source,
            command_id=UUID(int=len(self.history) + 1),
            event=event,
            position=len(self.history) + len(self._published) + 1,
            recorded_at=self._recorded_at,
        )


def received(*things: Published, when: str = "2026-03-02 09:00") -> Story:
    """A story in which the unit is received on Monday at nine."""
    story = Story(OFFICE, *things)
    story.tells(OPENED, "2026-03-02 08:00")
    story.tells(RECEIVED, when)
    return story


def verdicts(judged: Judged) -> tuple[str | None, str | None, str | None]:
    """The present verdict, the one judged then, and when that was."""
    return judged.verdict, judged.judged_then, said(judged.judged_then_at)
