"""SLA: how many clocks were met, at present and as judged then, by how much late ones overran, and over-service.

A clock that is open past its due date is breached, whether or not anybody looked. One that is not yet due, or paused,
is censored; a cancelled one, and every one of a cancelled ticket, is left out. One that was met is not due earlier than
it would be if nothing had stopped it: else those met would count before those that are not can fail. How far a clock of
an imported ticket was observed is known only up to the end of its source.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ticketing.domain.hours import micros
from ticketing.domain.judged import Judged, State
from ticketing.projections.clock_counts import DATED_AT, clocks
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.clock_states import (
    CountedAs,
    counted_as,
    is_due_by,
    over_at,
    stood,
    verdict_of,
)
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.counts import Tally as CountTally
from ticketing.projections.report import Cohort, Figure, ReportRow, Unit, rate
from ticketing.projections.sample import Group, Scope, in_order
from ticketing.projections.statistics import nearest_rank, rounded

OF_CLOCKS = ("clock", "policy")
"""What clocks are always grouped by."""

SLA = Figure("sla", 2, ("due_in", "opened_in"), OF_CLOCKS)
SLA_JUDGED_THEN = Figure("sla_judged_then", 2, SLA.cohorts)
SLA_UNDER = Figure("sla_under", 2, SLA.cohorts)
SLA_OVER_SERVICE = Figure("sla_over_service", 2, SLA.cohorts)
SLA_OVERRUN = Figure("sla_overrun", 2, SLA.cohorts)

_MICROSECONDS_OF: Mapping[Unit, int] = {"h": 3_600_000_000, "d": 1}


@dataclass(slots=True)
class Tally:
    """The clocks of one group.

    Attributes:
        states: How many count as what at present.
        then: The same by the first verdict that somebody looking at every instant would have seen; clocks without one
            stand as at present.
        early: Those of the met ones that were in under half of their target.
        undated: Those without a due date, which are part of every period.
        reconstructed: Those whose start was imported.
        policies: The policy with each version that judged.
        late: By how much those stopped late overran, in the clock's own time, by the unit it is shown in.
        late_open: Those breached that nothing has stopped.
        left_out: Those of cancelled tickets, by the same unit.
    """

    states: Counter[CountedAs] = field(default_factory=Counter)
    then: Counter[CountedAs] = field(default_factory=Counter)
    early: int = 0
    undated: int = 0
    reconstructed: int = 0
    policies: set[tuple[str, int]] = field(default_factory=set)
    late: dict[Unit, "array[int]"] = field(default_factory=dict)
    late_open: Counter[Unit] = field(default_factory=Counter)
    left_out: Counter[Unit] = field(default_factory=Counter)

    def add(self, said: Mapping[str, Any], clocks: int, late: Iterable[int]) -> None:
        """Takes in so many clocks of which the same is said; see `clock_counts.clocks`."""
        self.states[said["state"]] += clocks
        self.then[said["then"]] += clocks
        self.early += clocks if said["is_early"] and said["state"] == "met" else 0
        self.undated += clocks if said["is_undated"] else 0
        self.reconstructed += clocks if said["is_reconstructed"] else 0
        self.policies.add((said["policy"], said["policy_version"]))
        unit: Unit = "d" if said["measure"] == "days" else "h"
        self.late.setdefault(unit, array("q")).extend(late)
        if said["state"] == "breached" and said["is_open"]:
            self.late_open[unit] += clocks
        if said["state"] == "of_cancelled":
            self.left_out[unit] += clocks

    def count(self, judged: Judged, state: CountedAs, *, is_dated: bool) -> None:
        """Takes in one clock that was judged by two versions; what goes beside it is not shown of these."""
        self.states[state] += 1
        self.undated += not is_dated
        self.reconstructed += judged.is_reconstructed
        self.policies.add((judged.policy, judged.policy_version))


@dataclass(frozen=True, slots=True)
class Case:
    """One clock of one ticket: as it is judged, and under the version asked about, if one is.

    Attributes:
        source: The number that tells how far the ticket was observed.
        is_dated: Whether it has a due date.
        is_of_cancelled: Whether the ticket was cancelled.
    """

    ticket_id: UUID
    group: Group
    source: int
    is_dated: bool
    first: Judged | None
    second: Judged | None = None
    is_of_cancelled: bool = False

    @property
    def judged(self) -> Judged:
        """The first judgement, else the second."""
        found = self.first or self.second
        if found is None:
            raise ValueError("a case is a clock that was judged")
        return found

    @property
    def is_open(self) -> bool:
        """Whether how it stands depends on how far it was observed."""
        return any(one is not None and one.is_open for one in (self.first, self.second))


@dataclass(frozen=True, slots=True)
class Differing:
    """A clock judged twice, with another verdict the second time."""

    case: Case
    first: State | None
    second: State | None


@dataclass(slots=True)
class Compliance:
    """What was gathered: a tally of each group, for the first judgement and for the second, and what differs.

    Attributes:
        is_under: Whether another version was asked about.
        judged_by: The policy and the version of it whose clocks alone count; None where all do.
    """

    scope: Scope
    is_under: bool
    judged_by: tuple[str, int] | None = None
    first: dict[Group, Tally] = field(default_factory=dict)
    second: dict[Group, Tally] = field(default_factory=dict)
    differing: list[Differing] = field(default_factory=list)
    _met_before: dict[tuple[bool, Group, int], "array[int]"] = field(default_factory=dict)

    def add(self, said: Mapping[str, Any], alike: CountTally) -> None:
        """Takes in clocks of which the same is said; see `clock_counts.clocks`."""
        group = tuple(said[name] for name in self.scope.by)
        if self.judged_by is None or (said["policy"], said["policy_version"]) == self.judged_by:
            self.first.setdefault(group, Tally()).add(said, alike.numbers["clocks"], alike.unordered("late"))

    def count(self, case: Case, until: datetime) -> None:
        """Takes in one clock as it stood at the end of its observation; see `settle` for one whose end is later."""
        first = self._counted(case, case.first, until, is_second=False)
        second = self._counted(case, case.second, until, is_second=True)
        if verdict_of(first) != verdict_of(second):
            self.differing.append(Differing(case, first, second))

    def settle(self, until: Callable[[int], datetime]) -> None:
        """Counts clocks of imported tickets as met that were due by the end of their source, by its number."""
        for (is_second, group, source), due in self._met_before.items():
            end = micros(until(source))
            met = sum(at < end for at in due)
            states = (self.second if is_second else self.first)[group].states
            states["met_before_due"] -= met
            states["met"] += met

    def _counted(self, case: Case, judged: Judged | None, until: datetime, *, is_second: bool) -> State | None:
        """How it stands, once that is counted; None where it was not judged."""
        if judged is None:
            return None
        state, _ = stood(judged, until)
        counted = counted_as(state, is_due=is_due_by(judged, until), is_of_cancelled=case.is_of_cancelled)
        tally = (self.second if is_second else self.first).setdefault(case.group, Tally())
        tally.count(judged, counted, is_dated=case.is_dated)
        at = over_at(judged)
        if counted == "met_before_due" and case.source and at is not None:
            self._met_before.setdefault((is_second, case.group, case.source), array("q")).append(micros(at))
        return state

    def groups(self) -> list[Group]:
        """Every group by code point."""
        return in_order({*self.first, *self.second})

    def of_first(self) -> list[tuple[Mapping[str, str | None], Tally]]:
        """Every group with its clocks as they were judged first."""
        return [(self.scope.named(group), self.first.get(group, Tally())) for group in self.groups()]

    def of_second(self) -> list[tuple[Mapping[str, str | None], Tally]]:
        """Every group with its clocks as the version asked about judges them."""
        return [(self.scope.named(group), self.second.get(group, Tally())) for group in self.groups()]


_NOTHING: list[tuple[Mapping[str, str | None], Tally]] = [({}, Tally())]


def scope_of_clocks(scope: Scope) -> Scope:
    """The scope with policy and clock before what else is asked for."""
    rest = tuple(name for name in scope.by if name not in OF_CLOCKS)
    return replace(scope, by=("policy", "clock", *rest))


def counts(scope: Scope, cohort: Cohort) -> Counts:
    """What is counted of the clocks of a cohort; those without a due date belong to every period."""
    at = DATED_AT if cohort == "due_in" else "opened_at"
    return clocks(at, scope_of_clocks(scope).by[len(OF_CLOCKS) :], DATED_AT)


def compliance(
    counted: Counted,
    scope: Scope,
    otherwise: Iterable[Sequence[Any]] = (),
    judged_by: tuple[str, int] | None = None,
) -> Compliance:
    """The clocks that were counted, by policy, clock and what is asked for.

    Args:
        counted: Of `counts`.
        scope: What was asked for.
        otherwise: `OTHERWISE` of those that were judged otherwise then.
        judged_by: The policy and the version of it whose clocks alone count.
    """
    found = Compliance(scope_of_clocks(scope), is_under=False, judged_by=judged_by)
    for said, alike in counted.each():
        if said["is_known"]:
            found.add(said, alike)
    for ticket_id, *part, state, then in otherwise:
        judged = ClockPart.read(part).judged()
        found.differing.append(Differing(Case(UUID(ticket_id), (), 0, judged.due_at is not None, judged), then, state))
    return found


# what is asked of the tallies


def sla(found: Compliance, cohort: Cohort, percentiles: tuple[int, ...]) -> list[ReportRow]:
    """Met ÷ (met + breached), and beside it as judged then or under another version, over-service and overrun."""
    first = found.of_first() or _NOTHING
    rows = [met(SLA, cohort, group, tally) for group, tally in first]
    if found.is_under:
        return rows + [met(SLA_UNDER, cohort, group, tally) for group, tally in found.of_second() or _NOTHING]
    rows += [met(SLA_JUDGED_THEN, cohort, group, tally) for group, tally in first]
    rows += [_early(cohort, group, tally) for group, tally in first]
    return rows + [row for group, tally in first for row in _overrun(cohort, group, tally, percentiles)]


def met(figure: Figure, cohort: Cohort, group: Mapping[str, str | None], tally: Tally) -> ReportRow:
    """Met ÷ (met + breached) of one group, for `SLA_JUDGED_THEN` as judged then."""
    states = tally.then if figure is SLA_JUDGED_THEN else tally.states
    row = rate(
        figure,
        cohort,
        group,
        numerator=states["met"],
        denominator=states["met"] + states["breached"],
        reason=_no_verdict(states),
        excluded=_left_out(states),
        censored=_not_due(states) + states["paused"],
    )
    parts = {
        "met": states["met"],
        "breached": states["breached"],
        "not_due": _not_due(states),
        "met_before_due": states["met_before_due"],
        "paused": states["paused"],
        "cancelled": states["cancelled"],
        "of_cancelled": states["of_cancelled"],
        "undated": tally.undated,
        "reconstructed": tally.reconstructed,
    }
    return replace(row, parts=parts, policies=_policies(tally))


def _not_due(states: Counter[CountedAs]) -> int:
    return states["running"] + states["met_before_due"]


def _left_out(states: Counter[CountedAs]) -> int:
    return states["cancelled"] + states["of_cancelled"]


def _no_verdict(states: Counter[CountedAs]) -> str:
    if not states.total():
        return "no clock belongs to the cohort"
    named = (
        (_not_due(states), "not due"),
        (states["paused"], "paused"),
        (states["cancelled"], "cancelled"),
        (states["of_cancelled"], "of cancelled tickets"),
    )
    return f"no verdict yet: {', '.join(f'{count} {what}' for count, what in named if count)}"


def _policies(tally: Tally) -> tuple[str, ...]:
    return tuple(f"{policy}@{version}" for policy, version in sorted(tally.policies))


def _early(cohort: Cohort, group: Mapping[str, str | None], tally: Tally) -> ReportRow:
    row = rate(
        SLA_OVER_SERVICE,
        cohort,
        group,
        numerator=tally.early,
        denominator=tally.states["met"],
        reason="no clock was met",
        excluded=_left_out(tally.states),
        censored=_not_due(tally.states) + tally.states["paused"],
    )
    return replace(row, policies=_policies(tally))


def _overrun(
    cohort: Cohort, group: Mapping[str, str | None], tally: Tally, percentiles: tuple[int, ...]
) -> Iterator[ReportRow]:
    late: Mapping[Unit, Iterable[int]] = tally.late or {"h": ()}
    for unit, amounts in sorted(late.items()):
        ordered = sorted(amounts)
        censored = tally.late_open[unit]
        yield ReportRow(
            figure=SLA_OVERRUN.name,
            definition=SLA_OVERRUN.definition,
            cohort=cohort,
            group=group,
            percentiles={
                f"p{percent}": rounded(nearest_rank(ordered, percent) / _MICROSECONDS_OF[unit]) if ordered else None
                for percent in percentiles
            },
            reason=None if ordered else _none_stopped_late(censored),
            unit=unit,
            numerator=len(ordered),
            denominator=len(ordered) + censored,
            excluded=tally.left_out[unit],
            censored=censored,
            policies=_policies(tally),
        )


def _none_stopped_late(still_open: int) -> str:
    late = f"; {still_open} {'is' if still_open == 1 else 'are'} late and open" if still_open else ""
    return f"no clock was stopped late{late}"
