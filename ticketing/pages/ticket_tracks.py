"""Tracks: the clocks and promises of one ticket, each from its start to its end, with what of that counted.

Law of this file: a track is cut into parts that follow each other without a gap: running, paused, and over, which is
running above its target.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from ticketing.domain.clock import Pauses
from ticketing.domain.course import Course, known_before
from ticketing.domain.hours import instant_at, micros
from ticketing.domain.judged import Judged, State, Verdict
from ticketing.domain.promises import Promise, Standing
from ticketing.domain.reading import reading_of
from ticketing.domain.runs import runs_of
from ticketing.domain.standing import in_force
from ticketing.domain.time_rules import TimeRules

Pace = Literal["running", "paused", "over"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a track, half-open."""

    pace: Pace
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Track:
    """A clock or a promise.

    Attributes:
        name: A clock's policy, version, clock, subject and cycle; of a promise which one of the ticket's, and by whom.
        parts: In order of time; none of what has not lasted yet.
        due_at: None for a clock that is paused, or has no hours ahead of it.
        state: How it stands.
        then: What was judged then, where that is another verdict than the present one.
        is_going_on: Whether it goes on beyond its last part.
    """

    kind: Literal["clock", "promise"]
    name: str
    parts: tuple[Part, ...]
    due_at: datetime | None
    state: State | Standing
    then: Verdict | None = None
    is_going_on: bool = False


def clock_tracks(clocks: Iterable[Judged], course: Course, rules: TimeRules, at: datetime) -> tuple[Track, ...]:
    """A track for each clock, in their order.

    Args:
        clocks: As judged as of `at`.
        course: The facts up to then.
        rules: What they were judged by.
        at: As of when.
    """
    return tuple(_of_clock(judged, course, rules, at) for judged in clocks)


def clock_name(judged: Judged) -> str:
    """`policy@version/clock/subject#cycle`, the subject if it has one, and the cycle from the second on."""
    subject = "" if judged.subject is None else f"/{judged.subject}"
    cycle = f"#{judged.cycle}" if judged.cycle > 1 else ""
    return f"{judged.policy}@{judged.policy_version}/{judged.clock}{subject}{cycle}"


def _of_clock(judged: Judged, course: Course, rules: TimeRules, at: datetime) -> Track:
    ends = min(one for one in (judged.stopped_at, judged.cancelled_at, at) if one is not None)
    state, then = judged.state_at(at), judged.then_at(at)
    over = judged.within_until if state == "breached" else None
    return Track(
        kind="clock",
        name=clock_name(judged),
        parts=tuple(_parts(judged.started_at, ends, _pauses(judged, course, rules), over)),
        due_at=judged.due_at,
        state=state,
        then=then if then != state else None,
        is_going_on=judged.is_open,
    )


def _pauses(judged: Judged, course: Course, rules: TimeRules) -> Pauses:
    """What paused a clock, as its verdict has it; nothing for one whose start was taken back."""
    policy = next(one.thing for one in rules.policies[judged.policy] if one.thing.version == judged.policy_version)
    clock = next(one for one in policy.clocks if one.id == judged.clock)
    for run in runs_of(clock, course, in_force(policy, rules)):
        if (run.cycle, run.subject, run.start.version) == (judged.cycle, judged.subject, judged.started_version):
            return reading_of(clock, run, course, rules, known_before(run.start)).pauses
    return ()


def _parts(from_at: datetime, to_at: datetime, pauses: Pauses, over: datetime | None) -> Iterator[Part]:
    """The parts between two instants; what runs after `over` is above the target."""
    marks = {micros(from_at), micros(to_at), *(at for pause in pauses for at in pause)}
    if over is not None:
        marks.add(micros(over))
    inside = sorted(at for at in marks if micros(from_at) <= at <= micros(to_at))
    part: Part | None = None
    for begins, ends in pairwise(inside):
        is_paused = any(begin <= begins < end for begin, end in pauses)
        is_over = over is not None and begins >= micros(over)
        pace: Pace = "paused" if is_paused else "over" if is_over else "running"
        if part is not None and part.pace == pace:
            part = Part(pace, part.from_at, instant_at(ends))
        else:
            if part is not None:
                yield part
            part = Part(pace, instant_at(begins), instant_at(ends))
    if part is not None:
        yield part


def promise_tracks(promises: Sequence[Promise], clocks: Iterable[Judged], at: datetime) -> tuple[Track, ...]:
    """A track for each promise, from when it was made to what ended it.

    Args:
        promises: In the order in which they were made.
        clocks: Those of the ticket; one that runs until a promised date says what keeps a promise.
        at: As of when.
    """
    judging = _judging(promises, clocks)
    return tuple(
        _of_promise(number, promise, judging.get(promise.cycle), at) for number, promise in enumerate(promises, start=1)
    )


def _judging(promises: Sequence[Promise], clocks: Iterable[Judged]) -> dict[int, Judged]:
    """By cycle, the clock on its promises: the first by policy and name."""
    cycles = {promise.version: promise.cycle for promise in promises}
    found: dict[int, Judged] = {}
    for judged in clocks:
        if judged.measure == "until" and judged.started_version in cycles:
            found.setdefault(cycles[judged.started_version], judged)
    return found


def _of_promise(number: int, promise: Promise, clock: Judged | None, at: datetime) -> Track:
    done = promise.back_at
    if clock is not None and (clock.stopped_at is None or clock.stopped_at >= promise.made_at):
        done = clock.stopped_at
    standing = promise.standing(at, done)
    replaced = promise.remade_at if standing == "replaced" else None
    ended = min((one for one in (done, promise.closed_at, replaced) if one is not None), default=None)
    over = promise.due_at if standing == "broken" else None
    return Track(
        kind="promise",
        name=f"promise {number} by {promise.role}",
        parts=tuple(_parts(promise.made_at, max(promise.made_at, ended or at), (), over)),
        due_at=promise.due_at,
        state=standing,
        is_going_on=ended is None,
    )
