"""Explaining: how one clock comes to its value and verdict, day by day, so that it can be checked on paper.

Laws of this file: days are those of the clock's calendar, else of UTC. What a day counts is added up from its open
windows less the pauses in them, whatever the arithmetic of `clock` says; the sums come to the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from ticketing.domain.clock import ENDLESS
from ticketing.domain.course import Course, known_before
from ticketing.domain.cuts import cut
from ticketing.domain.events import NoticeSent
from ticketing.domain.explanation import Day, Explanation, FactTold, Held, Pause, Stretch, VersionTold, WaitTold
from ticketing.domain.hours import instant_at, micros
from ticketing.domain.judged import Judged
from ticketing.domain.policy import DefinedClock
from ticketing.domain.reading import Reading, calendar_of, reading_of
from ticketing.domain.reference import CalendarPublished, PolicyPublished
from ticketing.domain.runs import Run, runs_of
from ticketing.domain.standing import asks_nothing, forced, holding_of, in_force
from ticketing.domain.time_rules import Publication, TimeRules
from ticketing.domain.values import NATIVE, Event, Recorded
from ticketing.domain.waits import Wait
from ticketing.domain.wall import UTC_WALL, CalendarWall, Wall, time_of_day

Words = Callable[[Recorded[Event]], str]
"""One line that says what a fact says."""


def explained(
    history: Sequence[Recorded[Event]],
    rules: TimeRules,
    judged: Judged,
    at: datetime,
    words: Words,
    number: str | None,
    *,
    is_forced: bool = False,
) -> Explanation:
    """How a clock comes to what is judged of it.

    Args:
        history: All that is known of the ticket, in order of version, with corrections not yet applied.
        rules: What was published.
        judged: The clock as of `at`, by the same history and rules.
        at: As of when.
        words: Tells a fact in one line.
        number: The ticket's.
        is_forced: Whether it was judged under its version whatever was in force.
    """
    as_recorded = {fact.version: fact for fact in history}
    facts = {fact.version: fact for fact in cut(history, as_of=at)}
    publication = next(one for one in rules.policies[judged.policy] if one.thing.version == judged.policy_version)
    policy = publication.thing
    clock = next(one for one in policy.clocks if one.id == judged.clock)
    course = Course(facts.values(), rules)
    start = facts.get(judged.started_version, as_recorded[judged.started_version])
    judges = forced if is_forced else in_force(policy, rules)
    run = next((run for run in runs_of(clock, course, judges) if _is_of(run, judged)), None)

    def told(versions: Iterable[int | None]) -> tuple[FactTold, ...]:
        found = [facts.get(version) or as_recorded[version] for version in versions if version is not None]
        return tuple(_told(fact, words) for fact in found)

    explanation = Explanation(
        ticket_id=start.stream_id,
        number=number,
        at=at,
        judged=judged,
        state=judged.state_at(at),
        then=judged.then_at(at),
        title=clock.title,
        policy=_version(publication),
        is_forced=is_forced,
        manufacturer=policy.manufacturer,
        conditions=clock.conditions,
        start=_told(start, words),
        stop=next(iter(told([judged.stopped_version])), None),
        restated=told(judged.restated_by),
        notices=told(fact.version for fact in facts.values() if _is_notice_of(fact.event, judged)),
    )
    if run is None:
        return explanation
    known = None if is_forced else known_before(run.start)
    return explanation.model_copy(update=_of_run(run, policy, clock, course, rules, judged, at, words, known))


def _is_of(run: Run, judged: Judged) -> bool:
    return (run.cycle, run.subject, run.start.version) == (judged.cycle, judged.subject, judged.started_version)


def _told(fact: Recorded[Event], words: Words) -> FactTold:
    return FactTold(
        version=fact.version,
        event=type(fact.event).__name__,
        occurred_at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        is_imported=fact.source != NATIVE,
        actor=fact.actor,
        words=words(fact),
    )


def _version(
    publication: Publication[PolicyPublished] | Publication[CalendarPublished], *, is_extension: bool = False
) -> VersionTold:
    thing = publication.thing
    return VersionTold(
        key=thing.key,
        version=thing.version,
        title=thing.title,
        effective_from=thing.effective_from,
        position=publication.position,
        is_extension=is_extension,
    )


def _is_notice_of(event: Event, judged: Judged) -> bool:
    if not isinstance(event, NoticeSent) or event.clock != judged.clock:
        return False
    return event.cycle in {None, judged.cycle} and (
        event.policy is None or (event.policy, event.subject) == (judged.policy, judged.subject)
    )


# what the run adds


def _of_run(
    run: Run,
    policy: PolicyPublished,
    clock: DefinedClock,
    course: Course,
    rules: TimeRules,
    judged: Judged,
    at: datetime,
    words: Words,
    known: int | None,
) -> Mapping[str, object]:
    reading = reading_of(clock, run, course, rules, known)
    end_at = judged.cancelled_at or judged.stopped_at or at
    ending = run.last.ending
    found: dict[str, object] = {
        "held": tuple(_held(policy, clock, run, course)),
        "ending": None if ending is None else _told(ending, words),
        "waits": tuple(_waits(clock, course, judged.started_at, end_at)),
    }
    if judged.measure == "until":
        return {**found, "told": tuple(_told(fact, words) for fact in run.told)}
    wall: Wall = UTC_WALL
    key = calendar_of(clock, run, rules, known)
    if key is not None and reading.hours is not None:
        counting = [one for one in rules.calendars[key] if known is None or one.position < known]
        later = [one for one in rules.calendars[key] if one not in counting]
        calendar = CalendarWall(
            reading.hours,
            [one.thing for one in counting],
            [one.thing for one in later],
            is_open_all_day=judged.measure != "working",
        )
        wall = calendar
        last = calendar.version(reading.hours.horizon - 1)
        found |= {
            "calendar": (*map(_version, counting), *(_version(one, is_extension=True) for one in later)),
            "zone": last.zone,
            "frozen_until": None if last.frozen is None else last.frozen.until,
        }
    return {**found, "days": tuple(_days(reading, wall, course.waits, clock, judged, end_at))}


def _held(policy: PolicyPublished, clock: DefinedClock, run: Run, course: Course) -> Iterator[Held]:
    """From when to when the conditions held, not before the start; nothing where there are none."""
    if asks_nothing(policy, clock):
        return
    for begun, ceased in holding_of(policy, clock, run, course):
        yield Held(from_at=instant_at(begun), to_at=None if ceased == ENDLESS else instant_at(ceased))


def _waits(clock: DefinedClock, course: Course, from_at: datetime, to_at: datetime) -> Iterator[WaitTold]:
    for wait in course.waits:
        if wait.from_at < to_at and (wait.to_at is None or wait.to_at > from_at):
            yield WaitTold(
                cause=wait.cause,
                party=wait.party,
                dispute_id=wait.dispute_id,
                from_at=wait.from_at,
                to_at=wait.to_at,
                from_version=wait.from_version,
                to_version=wait.to_version,
                is_pausing=wait.cause in clock.pauses,
            )


# the days


def _days(
    reading: Reading, wall: Wall, waits: Sequence[Wait], clock: DefinedClock, judged: Judged, end_at: datetime
) -> Iterator[Day]:
    """Every day up to the end, and of a clock that goes on those up to its due date, with what each counted."""
    pausing = [wait for wait in waits if wait.cause in clock.pauses]
    parts = [(reading.start, micros(end_at), False)]
    if judged.is_open and judged.due_at is not None and judged.due_at > end_at:
        parts.append((micros(end_at), micros(judged.due_at), True))
    total = 0
    for from_at, to_at, is_ahead in parts:
        begins = from_at
        while begins < to_at:
            day = wall.day_of(begins)
            ends = min(wall.day_ends(day), to_at)
            pauses = tuple(_pauses(reading, wall, pausing, begins, ends, day))
            counted = _counted(reading, wall, begins, ends)
            total += counted
            yield _day(wall, day, (begins, ends), pauses, counted, total, is_ahead=is_ahead)
            begins = ends


def _day(
    wall: Wall, day: int, ran: tuple[int, int], pauses: tuple[Pause, ...], counted: int, total: int, *, is_ahead: bool
) -> Day:
    kind, name = wall.kind(day)
    windows = wall.open_spans(wall.day_ends(day - 1), wall.day_ends(day))
    return Day(
        on=date.fromordinal(day),
        kind=kind,
        name=name,
        windows=tuple(_stretch(wall, begins, ends, day) for begins, ends in windows),
        ran=_stretch(wall, *ran, day),
        pauses=pauses,
        counted=counted,
        total=total,
        clock_change=wall.change(day),
        is_ahead=is_ahead,
    )


def _stretch(wall: Wall, begins: int, ends: int, day: int) -> Stretch:
    return Stretch(
        from_at=instant_at(begins),
        to_at=instant_at(ends),
        begins=time_of_day(wall, begins, day),
        ends=time_of_day(wall, ends, day),
    )


def _counted(reading: Reading, wall: Wall, begins: int, ends: int) -> int:
    """What a part of a day counts: its open time less that in pauses; of whole days, whether it makes one more."""
    if reading.measure == "days":
        return reading.value(ends) - reading.value(begins)
    return sum(
        closes - opens - sum(end - begin for begin, end in _within(reading.pauses, opens, closes))
        for opens, closes in wall.open_spans(begins, ends)
    )


def _within(intervals: Iterable[tuple[int, int]], begins: int, ends: int) -> Iterator[tuple[int, int]]:
    """The parts of intervals that lie between two instants."""
    for begin, end in intervals:
        if begin < ends and end > begins:
            yield max(begin, begins), min(end, ends)


def _pauses(reading: Reading, wall: Wall, pausing: Sequence[Wait], begins: int, ends: int, day: int) -> Iterator[Pause]:
    """What of the open time did not count, with the waits that held it up."""
    for begin, end in _within(reading.pauses, begins, ends):
        if not any(True for _ in wall.open_spans(begin, end)):
            continue
        waits = [
            wait
            for wait in pausing
            if micros(wait.from_at) < end and (ENDLESS if wait.to_at is None else micros(wait.to_at)) > begin
        ]
        versions = {version for wait in waits for version in (wait.from_version, wait.to_version)}
        yield Pause(
            **dict(_stretch(wall, begin, end, day)),
            causes=tuple(dict.fromkeys(wait.cause for wait in waits)),
            versions=tuple(sorted(version for version in versions if version is not None)),
        )
