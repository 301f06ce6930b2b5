"""The oracle of clocks: walks through a ticket's time tick by tick, and counts.

It is written from the wording of the rules alone and shares no arithmetic with the engine: each tick is open or not,
the clock runs or not, a wait is open or not. All instants of a case lie on its ticks, so that nothing happens within
one. Instants are seconds since 1970 UTC; so are values, but for calendar days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.oracle import Raw
from tests.oracle_desk import CAUSES, Desk, Rules, Told
from tests.oracle_hours import OpenHours, seconds
from ticketing.domain.policy import DefinedClock
from ticketing.domain.reference import PolicyPublished, SitePublished
from ticketing.domain.values import Event, Recorded

NAMED_THINGS = {
    "EstimateIssued": ("estimate_version",),
    "BillIssued": ("bill_id",),
    "RequestMade": ("request_id",),
    "DisputeOpened": ("dispute_id",),
    "ClaimSubmitted": ("claim_id",),
    "ComplaintReceived": ("complaint_id",),
    "PositionRequested": ("dispute_id", "party"),
}
FAR_TICKS = 500
"""How far beyond the last fact a due date is looked for."""
Key = tuple[str, str, int, str | None]


@dataclass(eq=False)
class Clock:
    """One clock as the walk has it.

    Attributes:
        held_in: The cycle in which it started, or went on last.
        until: The due date, where a fact says it.
        end_at: When it was stopped, closed or superseded, and `ended` how.
        days: The local days that count so far.
        beyond: What the value would be had it not ended, and nothing held it up after that; `days_beyond` of days.
        within: The last instant within the target.
        holds_from: When its conditions held first, `held_since` when they began to hold last, `ceased_at` when they
            ceased, `used_then` its value then.
    """

    policy: PolicyPublished
    says: DefinedClock
    cycle: int
    subject: str | None
    site: str | None
    begun: Raw
    hours: OpenHours | None
    start: int
    held_in: int
    measure: str
    target: int
    until: int | None = None
    is_paused: bool = False
    end_at: int | None = None
    ended: str | None = None
    stopped_by: int | None = None
    value: int = 0
    days: set[date] = field(default_factory=set)
    beyond: int = 0
    days_beyond: set[date] = field(default_factory=set)
    due: int | None = None
    within: int | None = None
    holds_from: int | None = None
    held_since: int | None = None
    ceased_at: int | None = None
    used_then: int = 0
    verdict: str | None = None
    verdict_at: int | None = None
    is_withdrawn: bool = False

    @property
    def key(self) -> Key:
        return self.policy.key, self.says.id, self.cycle, self.subject

    @property
    def used(self) -> int:
        """In seconds or days."""
        return len(self.days) if self.measure == "days" else self.value

    @property
    def is_over(self) -> bool:
        return self.used > self.target

    @property
    def cancelled(self) -> tuple[str, int] | None:
        """Why and when it ended, if nothing stopped it; it may have been breached before."""
        if self.ceased_at is not None and (self.end_at is None or self.ceased_at <= self.end_at):
            return "conditions", self.ceased_at
        if self.end_at is not None and self.ended in {"closed", "superseded"}:
            return self.ended, self.end_at
        return None

    def day(self, at: int) -> date:
        return self.hours.day(at) if self.hours is not None else datetime.fromtimestamp(at, UTC).date()

    def is_provisional(self, at: int) -> bool:
        return self.measure in {"working", "days"} and self.hours is not None and at > self.hours.horizon

    def waits_for(self, desk: Desk) -> list[str]:
        return sorted({cause for cause, _ in desk.waits if cause in self.says.pauses}, key=CAUSES.index)

    @property
    def is_going(self) -> bool:
        """Whether the ticks to come may still change anything."""
        return self.ended is None or self.due is None

    def tick(self, at: int, tick: int) -> bool:
        """The tick from `at` on has passed, and nothing held it up; whether it is now above its target."""
        if self.measure == "working" and not (self.hours is not None and self.hours.is_open(at)):
            return False
        is_later = self.measure == "days" and self.day(at) > self.day(self.start)
        if self.ended is None:
            self.value += tick
            if is_later:
                self.days.add(self.day(at))
            if self.within is None and self.is_over:
                self.within = at
        before = len(self.days_beyond) if self.measure == "days" else self.beyond
        self.beyond += tick
        if is_later:
            self.days_beyond.add(self.day(at))
        after = len(self.days_beyond) if self.measure == "days" else self.beyond
        if self.due is None and before < self.target <= after:
            self.due = self.hours.day_end(at) if is_later and self.hours is not None else at + tick
        return self.verdict is None and self.within is not None

    def holds(self, desk: Desk) -> bool:
        """Whether its conditions hold."""
        asked = self.says.conditions
        pairs = (
            (asked.manufacturers, desk.manufacturer),
            (asked.models, desk.model),
            (asked.sites, self.site if self.says.binds == "site" else desk.opening.get("site")),
            (asked.entitlements, desk.entitlement),
            (asked.customer_kinds, desk.opening.get("customer_kind")),
            ((self.policy.manufacturer,) if self.policy.manufacturer else (), desk.manufacturer),
        )
        return all(not wanted or found in wanted for wanted, found in pairs)

    def judge(self, at: int, desk: Desk) -> None:
        """At this instant, after all that occurred at it."""
        if not self.holds(desk):
            if self.holds_from is not None and self.ceased_at is None:
                self.ceased_at, self.used_then = at, self.used
            return
        if self.held_since is None or self.ceased_at is not None:
            self.held_since, self.ceased_at = at, None
        if self.holds_from is None:
            self.holds_from = at
        if self.verdict is not None:
            return
        if self.is_over:
            if self.within is None:
                self.within = self.until  # a promise that had passed when it was made
            assert self.within is not None
            self.verdict, self.verdict_at = "breached", max(self.within, self.held_since)
        elif self.ended == "stopped":
            assert self.end_at is not None
            self.verdict, self.verdict_at = "met", max(self.end_at, self.held_since)


class Walk:
    """A ticket's facts from the first to an instant, every tick of it."""

    def __init__(self, rules: Rules, told: Told, under: PolicyPublished | None) -> None:
        self.rules, self.told, self.under = rules, told, under
        self.desk = Desk(rules)
        self.clocks: list[Clock] = []
        self.seen: list[tuple[int, Raw]] = []

    def go(self, facts: Sequence[Raw], until: int, resumed_at: float = float("inf")) -> "Walk":
        """All facts are told; ticks pass up to `until`; from `resumed_at` on no wait holds anything up."""
        left = sorted(facts, key=lambda fact: (fact.at, fact.version))
        ticks = [seconds(fact.at) for fact in left]
        if not left:
            return self
        at, tick = ticks[0], self.rules.tick
        while True:
            is_told = bool(left) and ticks[0] <= at
            while left and ticks[0] <= at:
                self.tell(left.pop(0))
                ticks.pop(0)
            if not self.clocks and left:
                at = ticks[0]
                continue
            if is_told or at == resumed_at:
                for clock in self.clocks:
                    is_held_up = clock.waits_for(self.desk) and at < resumed_at and clock.ended is None
                    clock.is_paused = bool(is_held_up)
                    clock.judge(at, self.desk)
            if at >= until or not (left or any(clock.is_going for clock in self.clocks)):
                return self
            for clock in self.clocks:
                if clock.is_going and not clock.is_paused and clock.tick(at, tick):
                    clock.judge(at, self.desk)
            at += tick

    def tell(self, fact: Raw) -> None:
        self.desk.take(fact)
        self.seen.append((self.desk.cycle, fact))
        self.end_clocks(fact)
        for clock in self.clocks:
            if fact.name in clock.says.starts:
                self.tell_again(clock, fact)
        for policy, before in self.policies_for(fact):
            for says in policy.clocks:
                if fact.name in says.starts:
                    self.start(policy, says, fact, before)
        self.tell_stay(fact)

    def policies_for(self, fact: Raw) -> Iterator[tuple[PolicyPublished, float]]:
        """The policies that judge what starts now, and the position before which they must be published."""
        if self.under is not None:
            yield self.under, float("inf")
            return
        before = float("inf") if fact.version in self.told.imported else fact.position
        for key in self.rules.policies:
            policy = self.rules.effective(PolicyPublished, key, seconds(fact.at), before)
            if policy is not None:
                yield policy, before

    # stays

    def tell_stay(self, fact: Raw) -> None:
        desk, site = self.desk, self.desk.site_in_charge
        has_left = fact.name in ("UnitDispatched", "UnitHandedBack", "UnitDisposed", "TicketClosed")
        if desk.stay_at is not None and (site != desk.stay_at or has_left):
            for clock in self.clocks:
                if clock.says.binds == "site" and clock.ended is None:
                    self.end(clock, "stopped", fact)
            desk.stay_at = None
        if site is not None and desk.stay_at is None:
            desk.stay_at = site
            desk.stays.append(site)
            number = desk.stays.count(site)
            subject = site if number == 1 else f"{site}#{number}"
            for policy, before in self.policies_for(fact):
                for says in policy.clocks:
                    if says.binds == "site" and not (says.on_reopening == "first_only" and desk.cycle > 1):
                        self.add(policy, says, fact, before, subject, site)

    # starting

    def start(self, policy: PolicyPublished, says: DefinedClock, fact: Raw, before: float) -> None:
        cycle = self.desk.cycle
        cycles = {
            number for number, it in self.seen[:-1] if it.name in says.starts and subject_of(it) == subject_of(fact)
        }
        if cycle in cycles or (cycle > 1 and says.on_reopening == "first_only"):
            return
        if not (cycles and says.on_reopening == "adds_up"):
            self.add(policy, says, fact, before, subject_of(fact), None)

    def add(
        self,
        policy: PolicyPublished,
        says: DefinedClock,
        fact: Raw,
        before: float,
        subject: str | None,
        site: str | None,
    ) -> None:
        start = seconds(fact.at)
        calendar = says.calendar
        if says.is_site_calendar and site is not None:
            place = self.rules.effective(SitePublished, site, start, before)
            if place is not None and place.calendar is not None:
                calendar = place.calendar
        measure, target = measured(says, fact)
        clock = Clock(
            policy=policy,
            says=says,
            cycle=self.desk.cycle,
            subject=subject,
            site=site,
            begun=fact,
            hours=self.rules.hours(calendar, before) if calendar is not None else None,
            start=start,
            held_in=self.desk.cycle,
            measure=measure,
            target=target,
        )
        if says.target.until is not None:
            clock.until = instant_of(fact, says.target.until)
        self.clocks.append(clock)

    def tell_again(self, clock: Clock, fact: Raw) -> None:
        """Another start fact of a clock: a later promise takes the place of one that has not passed."""
        if self.desk.cycle > clock.held_in and clock.says.on_reopening == "adds_up":
            self.go_on(clock)
        is_same = self.desk.cycle == clock.cycle and subject_of(fact) == clock.subject
        if is_same and clock.says.target.until is not None and clock.ended is None and not clock.is_over:
            clock.until = instant_of(fact, clock.says.target.until)
            clock.target = clock.until - clock.start

    def go_on(self, clock: Clock) -> None:
        """The first start fact of the next cycle makes a clock that adds up go on."""
        if clock.ended is not None:
            clock.end_at = clock.ended = clock.stopped_by = None
            clock.beyond, clock.days_beyond = clock.value, set(clock.days)
            if clock.verdict == "met":
                clock.verdict = clock.verdict_at = None
            if clock.used < clock.target:
                clock.due = None
        clock.held_in = self.desk.cycle

    # ending

    def end_clocks(self, fact: Raw) -> None:
        open_clocks = [it for it in self.clocks if it.ended is None and it.says.binds != "site"]
        stopped = [it for it in open_clocks if fact.name in it.says.stops and self.is_about(it, fact)]
        for clock in open_clocks:
            says = clock.says
            if clock in stopped:
                self.end(clock, "stopped", fact)
            elif fact.name == "TicketClosed" and not says.outlasts_closing:
                self.end(clock, "closed", fact)
            elif fact.name == "EstimateIssued" and clock.begun.name == fact.name and clock.subject != subject_of(fact):
                self.end(clock, "superseded", fact)

    def is_about(self, clock: Clock, fact: Raw) -> bool:
        for name in NAMED_THINGS.get(clock.begun.name, ()):
            if name not in fact.said:
                continue
            if fact.said[name] is None:
                return clock is self.earliest_open(clock)
            if fact.said[name] != clock.begun.said[name]:
                return False
        return True

    def earliest_open(self, like: Clock) -> Clock:
        return next(
            it
            for it in self.clocks
            if it.ended is None and (it.policy.key, it.says.id) == (like.policy.key, like.says.id)
        )

    @staticmethod
    def end(clock: Clock, how: str, fact: Raw) -> None:
        clock.end_at, clock.ended = seconds(fact.at), how
        if how == "stopped":
            clock.stopped_by = fact.version


def subject_of(fact: Raw) -> str | None:
    if fact.name not in NAMED_THINGS:
        return None
    named = " ".join(str(fact.said[name]) for name in NAMED_THINGS[fact.name])
    return f"estimate {named}" if fact.name == "EstimateIssued" else named


def measured(says: DefinedClock, fact: Raw) -> tuple[str, int]:
    """What a clock counts, and its target in seconds or days."""
    target = says.target
    if target.until is not None:
        return "until", instant_of(fact, target.until) - seconds(fact.at)
    if target.calendar_days is not None:
        return "days", target.calendar_days
    if target.working_hours is not None:
        return "working", int(target.working_hours * 3600)
    assert target.elapsed_hours is not None
    return "elapsed", int(target.elapsed_hours * 3600)


def instant_of(fact: Raw, path: str) -> int:
    return seconds(datetime.fromisoformat(fact.said[path.partition(".")[2]]))


@dataclass(frozen=True)
class Expected:
    """What the oracle says of one clock; `None` for a future that lies too far."""

    clock: Clock
    is_paused: bool
    paused_for: tuple[str, ...]
    due: int | None
    due_if_resumed: int | None
    within: int | None
    judged_then: tuple[str, int] | None
    is_reconstructed: bool
    now: int
    far: int
    is_provisional: bool = False


def expected_of(
    history: Sequence[Recorded[Event]],
    rules: Rules,
    *,
    as_of: datetime | None = None,
    under: PolicyPublished | None = None,
) -> dict[Key, Expected]:
    """Every clock of a ticket by policy, clock, cycle and subject."""
    told = Told(history)
    facts = told.facts(float("inf") if as_of is None else seconds(as_of))
    now = seconds(as_of) if as_of is not None else max([seen for seen, _ in told.raws] + [seconds(f.at) for f in facts])
    far = now + FAR_TICKS * rules.tick
    present = Walk(rules, told, under).go(facts, now)
    beyond = Walk(rules, told, under).go(facts, far)
    resumed = Walk(rules, told, under).go(facts, far, resumed_at=now)
    then = judged_then(told, rules, under, now)
    found: dict[Key, Expected] = {}
    for clock, later, freed in zip(present.clocks, beyond.clocks, resumed.clocks, strict=True):
        if clock.holds_from is None:
            continue
        paused = clock.waits_for(present.desk) if clock.ended is None and clock.measure != "until" else []
        found[clock.key] = Expected(
            clock=clock,
            is_paused=bool(paused),
            paused_for=tuple(paused),
            due=later.until if later.until is not None else later.due,
            due_if_resumed=freed.due if paused and later.due is None else None,
            within=later.within,
            judged_then=then[clock.key][0] if clock.key in then else None,
            is_reconstructed=clock.begun.version in told.imported,
            now=now,
            far=far,
            is_provisional=later.due is not None and clock.is_provisional(later.due),
        )
    for key, (verdict, clock) in then.items():
        if key not in found:
            clock.is_withdrawn = True
            found[key] = Expected(clock, False, (), None, None, None, verdict, False, now, far)
    return found


def judged_then(
    told: Told, rules: Rules, under: PolicyPublished | None, now: int
) -> dict[Key, tuple[tuple[str, int], Clock]]:
    """The first verdict that somebody looking at every instant saw, and when."""
    found: dict[Key, tuple[tuple[str, int], Clock]] = {}
    looks = [at for at in told.instants() if at <= now]
    for place, at in enumerate(looks):
        until = looks[place + 1] if place + 1 < len(looks) else now
        facts = told.facts(at, known_at=at)
        for clock in Walk(rules, told, under).go(facts, until).clocks:
            if clock.verdict is not None and clock.verdict_at is not None and clock.key not in found:
                found[clock.key] = (clock.verdict, max(at, clock.verdict_at)), clock
    return found


# where every tick went
