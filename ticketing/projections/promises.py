"""Promises: the share of dates told to customers that was kept, and how often another was told instead; by who told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ticketing.domain.judged import Judged
from ticketing.domain.promises import Promise, Standing
from ticketing.projections.clocks import ClockRow, judged_in, promises_in
from ticketing.projections.dimensions import DIMENSIONS
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import Group, Sample, Scope, in_order

PROMISES = Figure("promises", 1, ("due_in", "opened_in"), ("role",))
PROMISES_FIRST = Figure("promises_first", 1, PROMISES.cohorts)
PROMISES_REMADE = Figure("promises_remade", 1, PROMISES.cohorts)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """The promises of one group.

    Attributes:
        standings: How many stand how.
        first: The same of the first of each cycle, as if nothing had replaced it.
        remade_in_time: Those after which another date was told before theirs had passed, and `remade_late` after it.
        policies: The policies, with versions, whose clocks said what ended them.
    """

    standings: Counter[Standing] = field(default_factory=Counter)
    first: Counter[Standing] = field(default_factory=Counter)
    remade_in_time: int = 0
    remade_late: int = 0
    policies: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Told:
    """What was gathered: the promises by group."""

    scope: Scope
    groups: dict[Group, Tally]

    def tallies(self) -> Iterator[tuple[dict[str, str | None], Tally]]:
        """Every group with its promises, by code point; one that says nothing where there is no promise."""
        if not self.groups:
            yield {}, Tally()
        for group in in_order(self.groups):
            yield self.scope.named(group), self.groups[group]


def gather(rows: Iterable[ClockRow], scope: Scope, cohort: Cohort) -> Told:
    """The promises of a cohort; the site is that of who promised, else of the opening."""
    ends = Sample(scope, 0)
    told = Told(scope, {})
    waiting: list[tuple[Group, Promise, Judged | None, int]] = []
    for row in rows:
        source = ends.source(row)
        if row.opened_at is None or not row.promises:
            continue
        promises = promises_in(row)
        clocks = _clocks(row, promises)
        for promise in promises:
            at = promise.due_at if cohort == "due_in" else row.opened_at
            if not scope.holds(at):
                continue
            group = _group(row, promise, at, scope)
            if source:
                waiting.append((group, promise, clocks.get(promise.cycle), source))
            else:
                _count(told, group, promise, clocks.get(promise.cycle), scope.observed_until)
    for group, promise, clock, source in waiting:
        _count(told, group, promise, clock, _EPOCH + timedelta(microseconds=ends.until(source)))
    return told


def _clocks(row: ClockRow, promises: Sequence[Promise]) -> Mapping[int, Judged]:
    """The clock on the promises of each cycle: the first by policy and name."""
    cycles = {promise.version: promise.cycle for promise in promises}
    found: dict[int, Judged] = {}
    for judged in judged_in(row):
        if judged.measure == "until" and judged.started_version in cycles:
            found.setdefault(cycles[judged.started_version], judged)
    return found


def _group(row: ClockRow, promise: Promise, at: datetime, scope: Scope) -> Group:
    own: Mapping[str, str | None] = {"role": promise.role, "site": promise.site or row.site}
    return tuple(own[name] if name in own else DIMENSIONS[name](row, at, scope) for name in scope.by)


def _count(told: Told, group: Group, promise: Promise, clock: Judged | None, until: datetime) -> None:
    tally = told.groups.setdefault(group, Tally())
    end = promise.back_at
    if clock is not None and (clock.stopped_at is None or clock.stopped_at >= promise.made_at):
        end = clock.stopped_at
        tally.policies.add((clock.policy, clock.policy_version))
    tally.standings[promise.standing(until, end)] += 1
    if promise.is_first:
        tally.first[promise.model_copy(update={"remade_at": None}).standing(until, end)] += 1
    if promise.remade_at is not None:
        tally.remade_in_time += promise.remade_at <= promise.due_at
        tally.remade_late += promise.remade_at > promise.due_at


def promises(told: Told, cohort: Cohort) -> list[ReportRow]:
    """Kept ÷ (kept + broken); the same of the first date of each cycle, whatever was told later; and re-made ÷ made."""
    kept, first, remade = [], [], []
    for group, tally in told.tallies():
        policies = tuple(f"{policy}@{version}" for policy, version in sorted(tally.policies))
        kept.append(_kept(PROMISES, cohort, group, tally.standings, policies))
        first.append(_kept(PROMISES_FIRST, cohort, group, tally.first, policies))
        made = tally.standings.total()
        row = rate(
            PROMISES_REMADE,
            cohort,
            group,
            numerator=tally.remade_in_time + tally.remade_late,
            denominator=made,
            reason="no promise belongs to the cohort",
        )
        parts = {"made": made, "remade_in_time": tally.remade_in_time, "remade_late": tally.remade_late}
        remade.append(replace(row, parts=parts, policies=policies))
    return kept + first + remade


def _kept(
    figure: Figure,
    cohort: Cohort,
    group: Mapping[str, str | None],
    standings: Counter[Standing],
    policies: tuple[str, ...],
) -> ReportRow:
    made = standings.total()
    row = rate(
        figure,
        cohort,
        group,
        numerator=standings["kept"],
        denominator=standings["kept"] + standings["broken"],
        reason=f"none was kept or broken yet: {made} made" if made else "no promise belongs to the cohort",
        excluded=standings["replaced"] + standings["withdrawn"],
        censored=standings["not_due"],
    )
    named: tuple[Standing, ...] = ("kept", "broken", "not_due", "replaced", "withdrawn")
    return replace(row, parts={"made": made, **{name: standings[name] for name in named}}, policies=policies)
