"""Causes: which facts recorded since made a ticket stand otherwise than when a report was printed, or what else did.

The ticket is folded step by step from what was known of it then to what is known now, and how it stands is asked at
each step. First the time goes on to that of the second answer, then what was published since counts, then each fact
recorded since, in the order of recording, and last what is worked out of tickets beside (repeats, say, of all tickets
together). A step after which the ticket stands otherwise than before it is a cause. So is a fact recorded since without
which, all others being known, the ticket would stand otherwise than it does now: it counts only together with a later
one. In place of the last step, facts of its own are causes that changed what is looked at beside, and other tickets of
the same unit or customer of which that changed; the step itself is where there are neither. Of a ticket that nothing
was known of, its first fact is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

from ticketing.adapters.projector import rules_for
from ticketing.answering import Told
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.cuts import cut, instant
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, PrivateText, Recorded, SerialNumber, instant_text
from ticketing.projections.report import Report
from ticketing.projections.row import Row
from ticketing.projections.standings import Standings, standings_of
from ticketing.projections.whole import row_of

What = Literal["late_entry", "since", "correction", "retraction"]
Otherwise = Literal["time", "publication", "another_ticket"]

Plain = str | int | list[str | int | None] | None
_SECOND = timedelta(seconds=1)
_PRIVATE = "[private]"
_ANY = UUID(int=0)
_AT_ONCE = 200
"""How many tickets are looked at together: their histories are in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A fact recorded since that made a difference.

    Attributes:
        fact: Its name; of a correction or retraction that of the fact it is about.
        what: Whether it was true before the report was printed and entered late, came to be since, or set an earlier
            fact right or took it back.
        field: Which field was corrected.
        was: What that field said, private text left out.
        is_now: What it says since.
    """

    version: int
    fact: str
    what: What
    occurred_at: datetime
    recorded_at: datetime
    field: str | None = None
    was: Plain = None
    is_now: Plain = None

    @property
    def late_seconds(self) -> int:
        """How long after it was true it was recorded."""
        return (self.recorded_at - self.occurred_at) // _SECOND

    def plain(self) -> dict[str, object]:
        """What JSON has of it."""
        return {
            "version": self.version,
            "fact": self.fact,
            "what": self.what,
            "field": self.field,
            "was": self.was,
            "is": self.is_now,
            "occurred_at": instant_text(self.occurred_at),
            "recorded_at": instant_text(self.recorded_at),
            "late_seconds": self.late_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A report, and what was told of single tickets while it was made.

    Attributes:
        told: What was counted, by a number that is the same in both answers that are compared.
        figures: Which rates are told of; None tells of all.
    """

    report: Report
    told: Mapping[int, Told]
    figures: Collection[str] | None = None

    @property
    def as_of(self) -> datetime:
        """As of when it is."""
        return instant(self.report.as_of)

    def knows(self, fact: Recorded[Event]) -> bool:
        """Whether the fact was on record for it, whenever it occurred."""
        known_at = self.report.known_at
        if fact.position > self.report.position or (known_at is not None and fact.recorded_at > instant(known_at)):
            return False
        return not any(fact.position in told.read.dropped for told in self.told.values())


Stood = Mapping[int, tuple[Standings, Standings]]
"""How a ticket stood and stands, by what was counted, where that differs."""


class _Another(NamedTuple):
    """Another ticket that is a cause."""

    ticket: str


Cause = Recorded[Event] | Otherwise | _Another


@dataclass(frozen=True, slots=True)
class _Step:
    """What is known of a ticket after a step.

    Attributes:
        cause: What the step is.
        has_rules: Whether what the second answer knows to be published counts.
        has_others: Whether what is worked out of tickets beside is that of the second answer.
        is_without: Whether everything is known but the fact that is the cause, and nothing follows from it.
    """

    cause: Cause
    history: Sequence[Recorded[Event]]
    has_rules: bool
    has_others: bool
    is_without: bool = False


@dataclass(frozen=True, slots=True)
class Causes:
    """What made a ticket stand otherwise: facts in order of recording, what else, and which other tickets."""

    because: tuple[Because, ...]
    otherwise: tuple[Otherwise, ...]
    others: tuple[str, ...]


def causes(
    app: Ticketing, before: Answer, now: Answer, changed: Iterable[tuple[UUID, Stood]]
) -> Iterator[tuple[UUID, Sequence[Recorded[Event]], Causes]]:
    """Of each ticket that stands otherwise its history and why it does.

    Args:
        app: The application on the store.
        before: The answer that was printed, asked again.
        now: The second answer.
        changed: The tickets.
    """
    rest = iter(changed)
    while some := list(islice(rest, _AT_ONCE)):
        histories = {ticket_id: app.store.read(app.store.stored_stream(ticket_id)) for ticket_id, _ in some}
        steps = {ticket_id: _steps(history, before, now) for ticket_id, history in histories.items()}
        found: dict[UUID, list[Cause]] = {ticket_id: [] for ticket_id, _ in some}
        for number in sorted({number for _, stood in some for number in stood}):
            of_number = {ticket_id: stood[number] for ticket_id, stood in some if number in stood}
            for ticket_id, cause in _of_number(app, number, before, now, of_number, steps):
                if cause not in found[ticket_id]:
                    found[ticket_id].append(cause)
        for ticket_id, history in histories.items():
            yield ticket_id, history, _told(found[ticket_id], history, before)


def _steps(history: Sequence[Recorded[Event]], before: Answer, now: Answer) -> list[_Step]:
    """The steps from what the first answer knew of a ticket to what the second knows."""
    known = [fact for fact in history if before.knows(fact)]
    seen, later = ({fact.version for fact in cut(known, as_of=one.as_of)} for one in (before, now))
    base = [fact for fact in known if fact.version not in later - seen]
    since = sorted((fact for fact in history if now.knows(fact) and fact not in base), key=lambda fact: fact.position)
    if not base:
        return [_Step(fact, list(history), has_rules=True, has_others=True) for fact in since[:1]]
    steps = [
        _Step("time", base, has_rules=False, has_others=False),
        _Step("publication", base, has_rules=True, has_others=False),
    ]
    for fact in since:
        base = sorted([*base, fact], key=lambda one: one.version)
        steps.append(_Step(fact, base, has_rules=True, has_others=False))
    steps.append(_Step("another_ticket", base, has_rules=True, has_others=True))
    for fact in since:
        rest = [one for one in base if one is not fact and not _is_about(one, fact)]
        steps.append(_Step(fact, rest, has_rules=True, has_others=True, is_without=True))
    return steps


def _is_about(one: Recorded[Event], fact: Recorded[Event]) -> bool:
    """Whether it corrects the fact or takes it back."""
    return isinstance(one.event, e.EventCorrected | e.EventRetracted) and one.event.target_version == fact.version


def _of_number(
    app: Ticketing,
    number: int,
    before: Answer,
    now: Answer,
    stood: Mapping[UUID, tuple[Standings, Standings]],
    steps: Mapping[UUID, Sequence[_Step]],
) -> Iterator[tuple[UUID, Cause]]:
    """The causes of what differs in one of the things that were counted."""
    first, second = before.told.get(number), now.told.get(number)
    if first is None or second is None:  # another version of a contract counts it
        yield from ((ticket_id, "publication") for ticket_id in stood)
        return
    laid_out = [(ticket_id, step) for ticket_id in stood for step in steps[ticket_id]]
    stands = _stands(app, first, second, now, laid_out)
    is_asked_alike = _is_asked_alike(first, second)
    others = _Others(app, before, now, (first, second))
    places = iter(range(1, len(laid_out) + 1))
    for ticket_id, (was, _) in stood.items():
        last = _Stands(was, ())
        own: list[Cause] = []
        for step in steps[ticket_id]:
            here = stands.get(next(places), _Stands({}, ()))
            if isinstance(step.cause, Recorded) and not step.is_without and here.beside != last.beside:
                own.append(step.cause)
            if here.standings != last.standings:
                found: list[Cause] = [step.cause]
                if step.cause == "another_ticket":
                    found = [*own, *others.of(ticket_id)] or ["time" if second.beside.shared is None else step.cause]
                elif step.cause == "time" and not is_asked_alike:
                    found = ["publication"]
                yield from ((ticket_id, one) for one in found)
            last = last if step.is_without else here


class _Others:
    """The tickets that others were looked at together with.

    Args:
        app: The application on the store.
        before: The answer that was printed, asked again.
        now: The second answer.
        both: What was counted in each of them.
    """

    def __init__(self, app: Ticketing, before: Answer, now: Answer, both: tuple[Told, Told]) -> None:
        self._app, self._before, self._now, self._both = app, before, now, both
        self._shared = [told.beside.shared or {} for told in both]
        self._tickets: dict[str, set[str]] = {}
        for ticket, value in (one for shared in self._shared for one in shared.items()):
            self._tickets.setdefault(value, set()).add(ticket)

    def of(self, ticket_id: UUID) -> Iterator[_Another]:
        """Those of which something changed since that was looked at."""
        values = {shared[ticket_id.hex] for shared in self._shared if ticket_id.hex in shared}
        tickets = {ticket for value in values for ticket in self._tickets[value]}
        for ticket in sorted(tickets - {ticket_id.hex}):
            history = self._app.store.read(self._app.store.stored_stream(UUID(ticket)))
            if self._has_changed(history):
                yield _Another(number_of(history))

    def _has_changed(self, history: Sequence[Recorded[Event]]) -> bool:
        steps = [step for step in _steps(history, self._before, self._now) if not step.is_without]
        if len(steps) <= 1:
            return bool(steps)
        laid_out = [(_ANY, steps[0]), (_ANY, steps[-1])]
        stands = _stands(self._app, *self._both, self._now, laid_out)
        return len({stands[place].beside if place in stands else () for place in (1, 2)}) > 1


def number_of(history: Sequence[Recorded[Event]]) -> str:
    """The number of a ticket; empty where nothing tells it."""
    return next((fact.event.number for fact in history if isinstance(fact.event, e.TicketOpened)), "")


def _is_asked_alike(first: Told, second: Told) -> bool:
    """Whether only time can be why the same facts say something else: neither a contract's terms nor sites changed."""
    scopes = [replace(told.asked.scope, observed_until=second.asked.scope.observed_until) for told in (first, second)]
    return scopes[0] == scopes[1] and first.counts.conditions == second.counts.conditions


@dataclass(frozen=True, slots=True)
class _Stands:
    """How a ticket stands after a step, nothing where it is not in the cohort; and what is looked at of it beside."""

    standings: Standings
    beside: tuple[object, ...]


def _stands(
    app: Ticketing, first: Told, second: Told, now: Answer, laid_out: Sequence[tuple[UUID, _Step]]
) -> Mapping[int, _Stands]:
    """How each ticket stands after each step, by its place from 1."""
    rules = [rules_for(told.projection, app.store, told.read.position) for told in (first, second)]
    given: dict[str, dict[str, int]] = {name: {} for name in second.counts.given}
    for place, (ticket_id, step) in enumerate(laid_out, 1):
        for name, numbers in (second if step.has_others else first).counts.given.items():
            if name in given and ticket_id.hex in numbers:
                given[name][UUID(int=place).hex] = numbers[ticket_id.hex]
    told = replace(second, counts=replace(second.counts, given=given))
    rows = {row.ticket_id.int: row for row in _rows(told, rules, now.as_of, laid_out)}
    found = standings_of(told.counts, told.by, told.of_rows(rows.values()), now.figures)
    standings = {place.int: one for place, one in found}
    of_row = {field.name for field in fields(told.projection.row)}
    names = sorted((told.beside.columns & of_row) - {"ticket_id"})
    return {
        place: _Stands(standings.get(place, {}), tuple(getattr(row, name) for name in names))
        for place, row in rows.items()
    }


def _rows(
    told: Told, rules: Sequence[TimeRules], as_of: datetime, laid_out: Sequence[tuple[UUID, _Step]]
) -> Iterator[Row]:
    """A row for each step, under its place as if it were a ticket; none where it cannot be folded."""
    for place, (_, step) in enumerate(laid_out, 1):
        try:
            yield row_of(told.projection, UUID(int=place), step.history, rules[step.has_rules], as_of=as_of)
        except Exception:  # noqa: BLE001, S112 - as in a page: whatever the fold fails with leaves out this row alone
            continue


def _told(found: Sequence[Cause], history: Sequence[Recorded[Event]], before: Answer) -> Causes:
    facts = sorted((one for one in found if isinstance(one, Recorded)), key=lambda fact: fact.position)
    return Causes(
        tuple(_because(fact, history, before.as_of) for fact in facts),
        tuple(
            dict.fromkeys(
                "another_ticket" if isinstance(one, _Another) else one for one in found if not isinstance(one, Recorded)
            )
        ),
        tuple(sorted({one.ticket for one in found if isinstance(one, _Another)})),
    )


def _because(fact: Recorded[Event], history: Sequence[Recorded[Event]], as_of: datetime) -> Because:
    event = fact.event
    told: dict[str, Any] = {}
    name, what = type(event).__name__, "late_entry" if fact.occurred_at <= as_of else "since"
    if isinstance(event, e.EventCorrected | e.EventRetracted):
        target = next((one.event for one in history if one.version == event.target_version), event)
        name, what = type(target).__name__, "retraction"
    if isinstance(event, e.EventCorrected):
        what = "correction"
        told = {"field": event.field, "was": _plain(event.was), "is_now": _plain(event.is_)}
    return Because(
        version=fact.version,
        fact=name,
        what=what,  # type: ignore[arg-type]  # mypy widens the choice to a string
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        **told,
    )


def _plain(value: e.Corrected) -> Plain:
    if isinstance(value, PrivateText | SerialNumber):
        return _PRIVATE
    return list(value) if isinstance(value, tuple) else value
