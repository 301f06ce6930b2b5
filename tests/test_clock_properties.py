"""Laws of clocks and ledgers that hold whatever the calendar, the waits and the course of the ticket."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.clock_histories import first_that_differs, told_of
from tests.examples import OPENED, WAIT_ENDED, WAIT_STARTED, but
from tests.oracle_hours import Version, seconds
from tests.random_calendars import SCENES, Grid, random_calendar
from tests.random_clocks import logged, random_case
from tests.spec import Fact, fact, history
from ticketing.domain import events as e
from ticketing.domain.clocks import clocks_of
from ticketing.domain.cuts import surviving
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import causes_in_order, ledger_of, spans_of
from ticketing.domain.policy import DefinedClock, Target
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.time_rules import TimeRules

SEED, HISTORIES, AT_ONCE = 1, 120, 30
"""Some of the tickets of `make clocks`."""
MICROSECOND = timedelta(microseconds=1)
MEASURES = ("working_hours", "elapsed_hours", "calendar_days")


@pytest.mark.parametrize("first", range(0, HISTORIES, AT_ONCE))
def test_clocks_and_ledger_are_what_somebody_counts_who_looks_at_every_tick(first: int) -> None:
    differing = first_that_differs(SEED, range(first, first + AT_ONCE))
    assert differing is None, "\n".join(told_of(SEED, differing))


# one clock from receipt to hand-back, on a random calendar


class Bench:
    """A unit received at a random minute, with a clock that two causes of waiting pause, on a random calendar."""

    def __init__(self, random: Random, measures: tuple[str, ...] = MEASURES) -> None:
        self.random = random
        scene = SCENES[random.randrange(len(SCENES))]
        self.begin = datetime.combine(scene.near, time(), UTC) - timedelta(days=2)
        early = self.begin - timedelta(days=40)
        grid = Grid(random, scene, self.begin)
        self.calendar = random_calendar(grid, "shop", 1, scene.zone, early)
        measure = grid.one(measures)
        target = random.randrange(1, 4 if measure == "calendar_days" else 30)
        clock = DefinedClock(
            id="repair",
            binds="manufacturer_contract",
            starts=("UnitReceived",),
            stops=("UnitHandedBack",),
            target=Target.model_validate({measure: target}),
            calendar="shop",
            pauses=("parts_manufacturer", "expert_opinion"),
        )
        policy = PolicyPublished(key="contract", version=1, effective_from=early, clocks=(clock,))
        self.rules = TimeRules.of([logged("calendar", self.calendar, 1, early), logged("policy", policy, 2, early)])
        self.received_at = self.minute(2)

    def minute(self, days: int) -> datetime:
        """Some minute of the first days."""
        return self.begin + timedelta(minutes=self.random.randrange(days * 1440))

    def waits(self, most: int) -> list[Fact]:
        """Waits for both causes, which may overlap."""
        found: list[Fact] = []
        for cause in ("parts_manufacturer", "expert_opinion"):
            ends = sorted(self.minute(6) for _ in range(2 * self.random.randrange(most + 1)))
            for from_at, to_at in zip(ends[::2], ends[1::2], strict=True):
                found += self.wait(from_at, to_at, cause)
        return found

    @staticmethod
    def wait(from_at: datetime, to_at: datetime, cause: str) -> list[Fact]:
        return [fact(but(WAIT_STARTED, cause=cause), at=from_at), fact(but(WAIT_ENDED, cause=cause), at=to_at)]

    def judged(self, facts: list[Fact], as_of: datetime | None = None) -> Judged:
        """The clock after the receipt and these facts, each recorded when it occurred."""
        begun = [fact(OPENED, at=self.received_at), fact(e.UnitReceived(site="berlin"), at=self.received_at)]
        in_order = sorted([*begun, *facts], key=lambda it: it.at or self.begin)
        recorded = [replace(it, position=it.position + 2, recorded_at=it.occurred_at) for it in history(*in_order)]
        (clock,) = clocks_of(recorded, self.rules, as_of=as_of)
        return clock

    def value(self, facts: list[Fact], at: datetime) -> int:
        return self.judged(facts, as_of=at).used


def benches(*measures: str) -> st.SearchStrategy[Bench]:
    return st.randoms(use_true_random=False).map(lambda random: Bench(random, measures or MEASURES))


@settings(max_examples=40)
@for_all(benches("working_hours", "elapsed_hours"))
def test_due_is_the_first_instant_at_which_the_value_reaches_the_target(bench: Bench) -> None:
    waits = bench.waits(2)
    clock = bench.judged(waits)
    assume(clock.due_at is not None)
    assert clock.due_at is not None
    assert bench.value(waits, clock.due_at) == clock.target
    assert bench.value(waits, clock.due_at - MICROSECOND) == clock.target - 1


@settings(max_examples=40)
@for_all(benches("calendar_days"))
def test_due_of_calendar_days_is_the_midnight_after_the_day_with_which_the_target_is_reached(bench: Bench) -> None:
    waits = bench.waits(2)
    clock = bench.judged(waits)
    assume(clock.due_at is not None)
    assert clock.due_at is not None
    version = Version(bench.calendar)
    assert bench.value(waits, clock.due_at) == clock.target
    assert version.watch(seconds(clock.due_at)).date() > version.watch(seconds(clock.due_at) - 1).date()
    day_before = clock.due_at - timedelta(hours=26)
    assert bench.value(waits, max(day_before, bench.received_at)) < clock.target


@settings(max_examples=40)
@for_all(benches())
def test_a_clock_is_within_its_target_up_to_an_instant_and_above_it_at_every_later_one(bench: Bench) -> None:
    waits = bench.waits(2)
    clock = bench.judged(waits)
    assume(clock.within_until is not None)
    assert clock.within_until is not None
    assert bench.value(waits, clock.within_until) == clock.target
    assert bench.value(waits, clock.within_until + MICROSECOND) == clock.target + 1
    assert clock.state_at(max(clock.within_until, bench.begin + timedelta(days=8)) + MICROSECOND) == "breached"


@settings(max_examples=40)
@for_all(benches())
def test_the_value_never_falls(bench: Bench) -> None:
    waits = bench.waits(3)
    looks = sorted(bench.received_at + timedelta(minutes=bench.random.randrange(10 * 1440)) for _ in range(8))
    values = [bench.value(waits, at) for at in looks]
    assert values == sorted(values)


@settings(max_examples=40)
@for_all(benches())
def test_a_wait_never_brings_due_forward(bench: Bench) -> None:
    waits = bench.waits(1)
    before = bench.judged(waits)
    from_at, to_at = sorted((bench.minute(6), bench.minute(6)))
    after = bench.judged([*waits, *_free_of(waits, bench.wait(from_at, to_at, "parts_manufacturer"))])
    assume(before.due_at is not None)
    assert before.due_at is not None
    assert after.due_at is None or after.due_at >= before.due_at


def _free_of(waits: list[Fact], wait: list[Fact]) -> list[Fact]:
    """The wait, where it lies beside those for the same cause: one within another would end it."""
    cause = wait[0].event.cause  # type: ignore[attr-defined]
    ends = [it.at for it in waits if it.event.cause == cause and it.at is not None]  # type: ignore[attr-defined]
    assert wait[0].at is not None
    assert wait[1].at is not None
    is_beside = not ends or max(ends) < wait[0].at or wait[1].at < min(ends)
    return wait if is_beside else []


@settings(max_examples=40)
@for_all(benches())
def test_a_wait_split_in_two_at_any_instant_changes_nothing(bench: Bench) -> None:
    from_at, at, to_at = sorted((bench.minute(6), bench.minute(6), bench.minute(6)))
    others = [it for it in bench.waits(1) if getattr(it.event, "cause", "") == "expert_opinion"]
    whole = bench.judged([*others, *bench.wait(from_at, to_at, "parts_manufacturer")])
    halves = [bench.wait(from_at, at, "parts_manufacturer"), bench.wait(at, to_at, "parts_manufacturer")]
    split = bench.judged([*others, *halves[0], *halves[1]])
    assert split.model_dump(exclude={"started_version"}) == whole.model_dump(exclude={"started_version"})


@settings(max_examples=40)
@for_all(benches("working_hours"))
def test_a_pause_outside_open_hours_removes_nothing(bench: Bench) -> None:
    version = Version(bench.calendar)
    start = bench.minute(6)
    assume(not version.is_open(seconds(start)))
    end = start
    while not version.is_open(seconds(end)) and end < start + timedelta(days=2):
        end += timedelta(minutes=5 - end.minute % 5)
    assume(
        not any(version.is_open(seconds(start) + step * 60) for step in range(int((end - start).total_seconds()) // 60))
    )
    waits = bench.waits(1)
    paused = [*waits, *_free_of(waits, bench.wait(start, end, "parts_manufacturer"))]
    until = bench.begin + timedelta(days=9)
    assert bench.value(paused, until) == bench.value(waits, until)
    assert bench.judged(paused).due_at == bench.judged(waits).due_at


# a whole ticket


SEEDS = st.integers(0, 2**32 - 1)
"""Of tickets: a ticket is too long to be printed, and to be made smaller step by step."""


@settings(max_examples=60)
@for_all(SEEDS)
def test_the_parts_of_a_ledger_sum_to_the_turnaround_to_the_microsecond(seed: int) -> None:
    case = random_case(Random(seed))
    facts = surviving(case.history)
    now = max(max(it.occurred_at, it.recorded_at) for it in case.history)
    spans = spans_of(facts, causes_in_order(TimeRules.of(case.publications), facts), until=now)
    assert all(one.to_at == next_one.from_at for one, next_one in pairwise(spans))
    ledger = ledger_of(spans, now)
    assert sum(part.microseconds for part in ledger.parts) == ledger.microseconds
    if ledger.from_at is not None and ledger.to_at is not None:
        assert ledger.from_at == min(it.occurred_at for it in facts if isinstance(it.event, e.UnitReceived))
        assert ledger.microseconds == (ledger.to_at - ledger.from_at) // MICROSECOND


@settings(max_examples=60)
@for_all(SEEDS)
def test_a_stricter_policy_published_later_changes_no_verdict_of_a_native_clock(seed: int) -> None:
    case = random_case(Random(seed))
    earlier = clocks_of(case.history, TimeRules.of(case.publications))
    position = max(it.position for it in (*case.history, *case.publications))
    stricter = [
        logged("policy", _stricter(it.event), position + number, it.recorded_at)
        for number, it in enumerate(case.publications, 1)
        if isinstance(it.event, PolicyPublished)
    ]
    later = clocks_of(case.history, TimeRules.of([*case.publications, *stricter]))
    assert [it for it in later if not it.is_reconstructed] == [it for it in earlier if not it.is_reconstructed]


def _stricter(policy: PolicyPublished) -> PolicyPublished:
    # None is left out: where an imported start began no clock, a native one of the same promise would begin it instead.
    clocks = tuple(
        clock.model_copy(update={} if clock.target.until else {"pauses": (), "target": Target(calendar_days=1)})
        for clock in policy.clocks
    )
    return policy.model_copy(update={"version": policy.version + 10, "is_retroactive": True, "clocks": clocks})


@settings(max_examples=60)
@for_all(SEEDS)
def test_publishing_before_an_import_and_after_it_comes_to_the_same(seed: int) -> None:
    case = random_case(Random(seed))
    imported = [replace(it, source="import:old", position=it.position + 10_000) for it in case.history]
    before = TimeRules.of(case.publications)
    after = TimeRules.of([replace(it, position=it.position + 20_000) for it in case.publications])
    assert clocks_of(imported, before) == clocks_of(imported, after)
    facts = surviving(imported)
    assert causes_in_order(before, facts) == causes_in_order(after, facts)
