"""Causes: which facts recorded since made a ticket stand otherwise than when a report was printed, or what else did.

The ticket is folded step by step from what was known of it then to what is known now, and how it stands is asked at
each step. First the time goes on to that of the second answer, then what was published since counts, then each fact
recorded since, in the order of recording, and last what is worked out of all tickets together (repeats, say). A step
after which the ticket stands otherwise than before it is a cause; in place of the last, facts of its own that changed
its row are, if there are any. Of a ticket that nothing was known of, its first fact is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal
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
    """

    report: Report
    told: Mapping[int, Told]

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

Cause = Recorded[Event] | Otherwise


@dataclass(frozen=True, slots=True)
class _Step:
    """What is known of a ticket after a step.

    Attributes:
        cause: What the step is.
        has_rules: Whether what the second answer knows to be published counts.
        has_others: Whether what is worked out of all tickets together is that of the second answer.
    """

    cause: Cause
    history: Sequence[Recorded[Event]]
    has_rules: bool
    has_others: bool


@dataclass(frozen=True, slots=True)
class Causes:
    """What made a ticket stand otherwise: facts in order of recording, and what else."""

    because: tuple[Because, ...]
    otherwise: tuple[Otherwise, ...]


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
    return [*steps, _Step("another_ticket", base, has_rules=True, has_others=True)]


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
    stands = _stands(app, first, second, now.as_of, laid_out)
    is_asked_alike = _is_asked_alike(first, second)
    places = iter(range(1, len(laid_out) + 1))
    for ticket_id, (was, _) in stood.items():
        last = _Stands(was, None)
        changed_row: list[Cause] = []
        for step in steps[ticket_id]:
            here = stands.get(next(places), _Stands({}, None))
            if isinstance(step.cause, Recorded) and here.row != last.row:
                changed_row.append(step.cause)
            if here.standings != last.standings:
                causes_of_others = changed_row if step.cause == "another_ticket" else []
                cause = "publication" if step.cause == "time" and not is_asked_alike else step.cause
                yield from ((ticket_id, one) for one in causes_of_others or [cause])
            last = here


def _is_asked_alike(first: Told, second: Told) -> bool:
    """Whether only time can be why the same facts say something else: neither a contract's terms nor sites changed."""
    scopes = [replace(told.asked.scope, observed_until=second.asked.scope.observed_until) for told in (first, second)]
    return scopes[0] == scopes[1] and first.counts.conditions == second.counts.conditions


@dataclass(frozen=True, slots=True)
class _Stands:
    """How a ticket stands after a step, nothing where it is not in the cohort; and its row as if of one ticket."""

    standings: Standings
    row: Row | None


def _stands(
    app: Ticketing, first: Told, second: Told, as_of: datetime, laid_out: Sequence[tuple[UUID, _Step]]
) -> Mapping[int, _Stands]:
    """How each ticket stands after each step, by its place from 1."""
    rules = [rules_for(told.projection, app.store, told.read.position) for told in (first, second)]
    given: dict[str, dict[str, int]] = {name: {} for name in second.counts.given}
    for place, (ticket_id, step) in enumerate(laid_out, 1):
        for name, numbers in (second if step.has_others else first).counts.given.items():
            if name in given and ticket_id.hex in numbers:
                given[name][UUID(int=place).hex] = numbers[ticket_id.hex]
    told = replace(second, counts=replace(second.counts, given=given))
    rows = {row.ticket_id.int: row for row in _rows(told, rules, as_of, laid_out)}
    standings = {place.int: one for place, one in standings_of(told.counts, told.by, told.of_rows(rows.values()))}
    return {
        place: _Stands(standings.get(place, {}), replace(row, ticket_id=_ANY, latest_at=None, version=0))
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
        tuple(one for one in found if not isinstance(one, Recorded)),
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
