"""Standing: how one run of a clock stands at a moment, by the facts known then.

Laws of this file: a clock is breached at an instant if and only if its value is above the target then, whether or not
anybody looks. It runs from its start once its conditions hold; where they cease before a verdict it is cancelled. A
native clock is judged by the version in force at its start among those published before its start was recorded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ticketing.domain import events as e
from ticketing.domain.clock import ENDLESS
from ticketing.domain.course import Course, Fact, known_before, order_of
from ticketing.domain.hours import instant_at, micros
from ticketing.domain.judged import Because, Judged, NoticeDue, Verdict
from ticketing.domain.policy import Conditions, DefinedClock, DefinedNotice, WaitName, seconds_of
from ticketing.domain.reading import Reading, reading_of
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.runs import Run, runs_of
from ticketing.domain.time_rules import ClockVersions, TimeRules
from ticketing.domain.values import NATIVE

_NOTHING = Conditions()
Key = tuple[int, str | None]
"""Cycle and subject of one clock."""


@dataclass(slots=True)
class Standing:
    """How one run stands, if nothing more happens.

    Attributes:
        reading: Its measure.
        at: As of when.
        within_until: The last instant within the target, in microseconds; None for never above.
        verdict: What the facts have decided, and `verdict_at` when.
        cancelled_at: When it ended and nothing stopped it; a breach before stays one.
        has_held: Whether its conditions held from the start on without a break.
    """

    policy: PolicyPublished
    clock: DefinedClock
    run: Run
    reading: Reading
    at: int
    holds_from: int
    within_until: int | None
    course: Course
    verdict: Verdict | None = None
    verdict_at: int | None = None
    cancelled_at: int | None = None
    because: Because | None = None
    has_held: bool = True

    @property
    def key(self) -> Key:
        """What names the run among those of its clock."""
        return self.run.cycle, self.run.subject

    @property
    def is_open(self) -> bool:
        """Whether it still goes on, breached or not."""
        return self.run.last.end is None and self.cancelled_at is None

    @property
    def was_paused(self) -> bool:
        """Whether a wait has paused it at any time, were it for no time at all."""
        return any(wait.cause in self.clock.pauses for wait in self.course.waits)

    def verdict_by(self, limit: int) -> tuple[Verdict, int] | None:
        """What somebody looking from `at` until before an instant sees, if nothing more is known meanwhile, and when.

        A breach is seen right after the last instant within the target, and named by that instant.
        """
        if self.verdict is not None:
            return self.verdict, self.at
        if self.is_open and self.within_until is not None and self.within_until < limit:
            return "breached", max(self.within_until, self.at)
        return None


def standings_of(
    clock: ClockVersions, course: Course, rules: TimeRules, now: datetime, *, is_forced: bool
) -> dict[Key, Standing]:
    """How each run of a clock stands, by its cycle and subject.

    Args:
        clock: In all its versions; the one in force at the start of a run judges it.
        course: The facts known.
        rules: What was published.
        now: As of when.
        is_forced: The first version judges, whatever was in force.
    """
    found: dict[Key, Standing] = {}
    counted: set[int] = set()
    for policy, defined, run in _runs(clock, course, rules, is_forced=is_forced):
        if run.start.version in counted:
            continue  # it goes on, or is told anew, under an earlier version
        counted.update(fact.version for fact in run.told)
        known = None if is_forced else known_before(run.start)
        standing = _judge(policy, defined, run, course, reading_of(defined, run, course, rules, known), micros(now))
        if standing is not None:
            found.setdefault(standing.key, standing)
    return found


def in_force(policy: PolicyPublished, rules: TimeRules) -> Callable[[Fact], bool]:
    """Whether a version of a policy is the one that judges a clock which starts with a fact."""
    return lambda fact: rules.policy_at(policy.key, fact.occurred_at, known_before(fact)) is policy


def forced(_: Fact) -> bool:
    """A version judges, whatever was in force."""
    return True


def _runs(
    clock: ClockVersions, course: Course, rules: TimeRules, *, is_forced: bool
) -> list[tuple[PolicyPublished, DefinedClock, Run]]:
    """The runs by all versions, in order of their start."""
    found = []
    for policy, defined in clock.versions:
        is_in_force = forced if is_forced else in_force(policy, rules)
        found += [(policy, defined, run) for run in runs_of(defined, course, is_in_force)]
    return found if len(clock.versions) == 1 else sorted(found, key=lambda one: order_of(one[2].start))


def _judge(
    policy: PolicyPublished, clock: DefinedClock, run: Run, course: Course, reading: Reading, now: int
) -> Standing | None:
    """How a run stands; None where its conditions never held."""
    end = None if run.last.end is None else micros(run.last.end.occurred_at)
    within = reading.within_until()
    holding = list(holding_of(policy, clock, run, course))
    if not holding:
        return None
    standing = Standing(policy, clock, run, reading, now, holding[0][0], within, course)
    standing.has_held = holding == [(reading.start, ENDLESS)]
    is_breached = within is not None and within < (now if end is None else end)
    reached = within if is_breached else (None if run.last.stop is None else end)
    if reached is not None:
        at = next((max(begin, reached) for begin, until in holding if max(begin, reached) < until), None)
        if at is not None:
            standing.verdict, standing.verdict_at = "breached" if is_breached else "met", at
    if standing.verdict != "met":
        _cancel(standing, holding[-1][1], end)
    return standing


def _cancel(standing: Standing, ceased: int, end: int | None) -> None:
    """Ends what nothing stopped: when the conditions ceased, or else with what ended the run."""
    if ceased < ENDLESS and (end is None or ceased <= end):
        standing.cancelled_at, standing.because = ceased, "conditions"
    elif standing.run.last.ending is not None:
        standing.cancelled_at, standing.because = end, standing.run.last.because


def asks_nothing(policy: PolicyPublished, clock: DefinedClock) -> bool:
    """Whether a clock is for every ticket."""
    return policy.manufacturer is None and clock.conditions == _NOTHING


def holding_of(policy: PolicyPublished, clock: DefinedClock, run: Run, course: Course) -> Iterator[tuple[int, int]]:
    """From when to when the conditions of a run held, not before its start; those of no conditions always do."""
    start = micros(run.start.occurred_at)
    if asks_nothing(policy, clock):
        yield start, ENDLESS
        return
    begun: int | None = None
    for told in course.told:
        at = max(start, micros(told.from_at))
        holds = told.meets(clock.conditions, policy.manufacturer, run.site)
        if holds and begun is None:
            begun = at
        elif not holds and begun is not None:
            if at > begun:
                yield begun, at
            begun = None
    if begun is not None:
        yield begun, ENDLESS


def _paused_for(standing: Standing) -> tuple[WaitName, ...]:
    """The causes that hold it up, each once, in the order in which they began."""
    waits = (wait for wait in standing.course.waits if wait.cause in standing.clock.pauses and wait.to_at is None)
    return tuple(dict.fromkeys(wait.cause for wait in waits))


_LAST = micros(datetime.max.replace(tzinfo=UTC))


def _instant_of(at: int | None) -> datetime | None:
    """The instant; None for one beyond all years, which is never."""
    return None if at is None or at > _LAST else instant_at(at)


def _notices(standing: Standing) -> tuple[NoticeDue, ...]:
    """Those that have not gone out of a clock that goes on, the next one first."""
    if not standing.is_open:
        return ()
    sent = {
        fact.event.kind
        for fact in standing.course.of(["NoticeSent"])
        if isinstance(fact.event, e.NoticeSent) and _is_of(fact, fact.event, standing)
    }
    due = [
        NoticeDue(kind=notice.kind, to=notice.to, at=_instant_of(standing.reading.due(_threshold(notice, standing))))
        for notice in standing.clock.notices
        if notice.kind not in sent
    ]
    return tuple(sorted(due, key=lambda notice: (notice.at is None, notice.at or standing.run.start.occurred_at)))


def _threshold(notice: DefinedNotice, standing: Standing) -> int:
    target = standing.reading.target
    if notice.at_percent is not None:
        return -(-target * notice.at_percent // 100)
    return max(0, target - int(seconds_of(notice.before_hours or 0) * 1_000_000))


def _is_of(fact: Fact, sent: e.NoticeSent, standing: Standing) -> bool:
    cycle, subject = standing.key
    if sent.clock != standing.clock.id or (sent.cycle or standing.course.cycle_of(fact)) != cycle:
        return False
    return sent.policy is None or (sent.policy, sent.subject) == (standing.policy.key, subject)


def judged_of(standing: Standing, first: tuple[Verdict, int] | None, changes: tuple[int, ...]) -> Judged:
    run, reading, clock = standing.run, standing.reading, standing.clock
    is_open = standing.is_open
    is_paused = is_open and reading.is_paused(standing.at)
    due = reading.due(reading.target)
    stop = run.last.stop
    ends = [standing.at if stop is None else micros(stop.occurred_at), standing.cancelled_at]
    restated = first is not None and first[0] != standing.verdict
    horizon = None if reading.measure in ("elapsed", "until") or reading.hours is None else reading.hours.horizon
    return Judged.model_construct(
        policy=standing.policy.key,
        policy_version=standing.policy.version,
        clock=clock.id,
        binds=clock.binds,
        cycle=run.cycle,
        subject=run.subject,
        site=run.site,
        measure=reading.measure,
        target=reading.target,
        started_at=run.start.occurred_at,
        started_version=run.start.version,
        holds_from=_instant_of(standing.holds_from) or run.start.occurred_at,
        stopped_at=None if stop is None else stop.occurred_at,
        stopped_version=None if stop is None else stop.version,
        cancelled_at=_instant_of(standing.cancelled_at),
        cancelled_because=standing.because,
        used=reading.value(min(end for end in ends if end is not None)),
        due_at=_instant_of(due),
        due_if_resumed_at=_instant_of(reading.resumed(standing.at).due(reading.target))
        if is_paused and due is None
        else None,
        is_provisional=horizon is not None and due is not None and due > horizon,
        within_until=_instant_of(standing.within_until),
        is_paused=is_paused,
        paused_for=_paused_for(standing) if is_paused else (),
        verdict=standing.verdict,
        verdict_at=_instant_of(standing.verdict_at),
        judged_then=None if first is None else first[0],
        judged_then_at=None if first is None else _instant_of(first[1]),
        is_reconstructed=run.start.source != NATIVE,
        restated_by=tuple(dict.fromkeys(changes)) if restated else (),
        notices=_notices(standing),
    )
