"""Reading: a run of a clock by the measure of its target: open time, any time, whole days, or until an instant."""

from dataclasses import dataclass

from ticketing.domain import clock as arithmetic
from ticketing.domain.clock import ENDLESS, Pauses, merged
from ticketing.domain.course import Course
from ticketing.domain.hours import ROUND_THE_CLOCK, Hours, OpenTime, micros
from ticketing.domain.judged import Measure
from ticketing.domain.policy import DefinedClock, Target, seconds_of
from ticketing.domain.runs import Run
from ticketing.domain.time_rules import TimeRules


@dataclass(slots=True)
class Reading:
    """A run by the measure of its target; instants and lengths in microseconds, lengths of days in days."""

    measure: Measure
    target: int
    start: int
    pauses: Pauses
    time: OpenTime
    hours: Hours | None

    def value(self, at: int) -> int:
        """The value at an instant."""
        if self.measure == "days" and self.hours is not None:
            return arithmetic.days(self.hours, self.start, at, self.pauses)
        return arithmetic.value(self.time, self.start, at, self.pauses)

    def due(self, target: int) -> int | None:
        """When the value reaches a target, if nothing more happens."""
        if target <= 0:
            return self.start if self.measure != "until" else self.start + target
        if self.measure == "days" and self.hours is not None:
            return arithmetic.days_due(self.hours, self.start, target, self.pauses)
        return arithmetic.due(self.time, self.start, target, self.pauses)

    def within_until(self) -> int | None:
        """The last instant at which the value is not above the target."""
        due = self.due(self.target)
        if self.measure == "days":
            return arithmetic.days_within_until(due, self.pauses)
        return arithmetic.within_until(self.time, due, self.pauses)

    def resumed(self, at: int) -> "Reading":
        """The same, if pauses that go on ended at an instant."""
        pauses = [(begin, min(end, max(at, begin))) for begin, end in self.pauses]
        return Reading(self.measure, self.target, self.start, pauses, self.time, self.hours)

    def without_pauses(self) -> "Reading":
        """The same, if nothing had paused it."""
        return Reading(self.measure, self.target, self.start, (), self.time, self.hours)

    def is_paused(self, at: int) -> bool:
        """Whether it stands still at an instant because of a pause."""
        return any(begin <= at < end for begin, end in self.pauses)


def reading_of(clock: DefinedClock, run: Run, course: Course, rules: TimeRules, known: int | None) -> Reading:
    measure, target = _measured(clock.target)
    start = micros(run.start.occurred_at)
    if measure == "until":
        due = _until(run, clock)
        return Reading(measure, due - start, start, (), ROUND_THE_CLOCK, None)
    ended = ENDLESS if run.last.end is None else micros(run.last.end.occurred_at)
    intervals = [
        (micros(wait.from_at), ended if wait.to_at is None else min(ended, micros(wait.to_at)))
        for wait in course.waits
        if wait.cause in clock.pauses
    ]
    for before, after in zip(run.stretches, run.stretches[1:], strict=False):
        if before.end is not None:
            intervals.append((micros(before.end.occurred_at), micros(after.start.occurred_at)))
    calendar = calendar_of(clock, run, rules, known)
    hours = None if calendar is None else rules.hours(calendar, known)
    time = hours if measure == "working" and hours is not None else ROUND_THE_CLOCK
    return Reading(measure, target, start, merged(intervals), time, hours)


def _measured(target: Target) -> tuple[Measure, int]:
    if target.working_hours is not None:
        return "working", int(seconds_of(target.working_hours) * 1_000_000)
    if target.elapsed_hours is not None:
        return "elapsed", int(seconds_of(target.elapsed_hours) * 1_000_000)
    return ("until", 0) if target.calendar_days is None else ("days", target.calendar_days)


def _until(run: Run, clock: DefinedClock) -> int:
    """The instant that the start fact names; one told later replaces it unless it was passed by then."""
    name = (clock.target.until or "").partition(".")[2]
    end = run.last.end
    due = 0
    for number, fact in enumerate(run.told):
        named = getattr(fact.event, name, None)
        is_late = number > 0 and micros(fact.occurred_at) > due
        if is_late or (end is not None and (fact.occurred_at, fact.version) > (end.occurred_at, end.version)):
            break
        due = ENDLESS if named is None else micros(named)
    return due


def calendar_of(clock: DefinedClock, run: Run, rules: TimeRules, known: int | None) -> str | None:
    """The key of the calendar by which a run is counted: that of its site where the clock says so, or its own.

    Args:
        clock: What the policy defines.
        run: The run.
        rules: What was published.
        known: Only publications before this position of the log; None for all.
    """
    site = (run.site or getattr(run.start.event, "site", None)) if clock.is_site_calendar else None
    own = None if site is None else rules.calendar_of_site(site, run.start.occurred_at, known)
    return own or clock.calendar
