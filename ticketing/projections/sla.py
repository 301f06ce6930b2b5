"""SLA: how many clocks were met, at present and as judged then, by how much late ones overran, and over-service.

A clock that is open past its due date is breached, whether or not anybody looked. One that is not yet due, or paused,
is censored; a cancelled one is left out. How an open clock of an imported ticket stands is known only up to the end of
its source.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ticketing.domain.hours import instant_at
from ticketing.domain.judged import Judged, State
from ticketing.projections.clock_counts import DATED_AT, clocks
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.clocks import ClockRow, judged_in
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.counts import Tally as CountTally
from ticketing.projections.dimensions import DIMENSIONS, PERIODS
from ticketing.projections.judged_anew import JudgedAnewRow, judged_anew_in
from ticketing.projections.report import Cohort, Figure, ReportRow, Unit, rate
from ticketing.projections.sample import Group, Sample, Scope, in_order
from ticketing.projections.statistics import nearest_rank, rounded

OF_CLOCKS = ("clock", "policy")
"""What clocks are always grouped by."""

SLA = Figure("sla", 1, ("due_in", "opened_in"), OF_CLOCKS)
SLA_JUDGED_THEN = Figure("sla_judged_then", 1, SLA.cohorts)
SLA_UNDER = Figure("sla_under", 1, SLA.cohorts)
SLA_OVER_SERVICE = Figure("sla_over_service", 1, SLA.cohorts)
SLA_OVERRUN = Figure("sla_overrun", 1, SLA.cohorts)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_OF: Mapping[Unit, int] = {"h": 3_600_000_000, "d": 1}
_FINAL = ("met", "breached")


@dataclass(slots=True)
class Tally:
    """The clocks of one group.

    Attributes:
        states: How many stand how at present.
        then: The same of the first verdict that somebody looking at every instant would have seen; clocks without one
            stand as at present.
        early: Those met in under half of their target.
        undated: Those without a due date, which are part of every period.
        reconstructed: Those whose start was imported.
        policies: The policy with each version that judged.
        late: By how much those stopped late overran, in the clock's own time, by the unit it is shown in.
        late_open: Those breached that nothing has stopped.
    """

    states: Counter[State] = field(default_factory=Counter)
    then: Counter[State] = field(default_factory=Counter)
    early: int = 0
    undated: int = 0
    reconstructed: int = 0
    policies: set[tuple[str, int]] = field(default_factory=set)
    late: dict[Unit, "array[int]"] = field(default_factory=dict)
    late_open: Counter[Unit] = field(default_factory=Counter)

    def add(self, said: Mapping[str, Any], clocks: int, late: Iterable[int]) -> None:
        """Takes in so many clocks of which the same is said; see `clock_counts.clocks`."""
        self.states[said["state"]] += clocks
        self.then[said["then"]] += clocks
        self.early += clocks if said["is_early"] else 0
        self.undated += clocks if said["is_undated"] else 0
        self.reconstructed += clocks if said["is_reconstructed"] else 0
        self.policies.add((said["policy"], said["policy_version"]))
        unit: Unit = "d" if said["measure"] == "days" else "h"
        self.late.setdefault(unit, array("q")).extend(late)
        if said["state"] == "breached" and said["is_open"]:
            self.late_open[unit] += clocks

    def count(self, judged: Judged, state: State, *, is_dated: bool) -> None:
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
    """

    ticket_id: UUID
    group: Group
    source: int
    is_dated: bool
    first: Judged | None
    second: Judged | None = None

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
    """

    scope: Scope
    is_under: bool
    first: dict[Group, Tally] = field(default_factory=dict)
    second: dict[Group, Tally] = field(default_factory=dict)
    differing: list[Differing] = field(default_factory=list)

    def add(self, said: Mapping[str, Any], alike: CountTally) -> None:
        """Takes in clocks of which the same is said; see `clock_counts.clocks`."""
        group = tuple(said[name] for name in self.scope.by)
        self.first.setdefault(group, Tally()).add(said, alike.numbers["clocks"], alike.unordered("late"))

    def count(self, case: Case, until: datetime) -> None:
        """Takes in one clock as it stood at the end of its observation."""
        first = self._counted(case, case.first, self.first, until)
        second = self._counted(case, case.second, self.second, until)
        if _verdict(first) != _verdict(second):
            self.differing.append(Differing(case, first, second))

    def _counted(self, case: Case, judged: Judged | None, tallies: dict[Group, Tally], until: datetime) -> State | None:
        """How it stands, once that is counted; None where it was not judged."""
        if judged is None:
            return None
        state, _ = stood(judged, until)
        tallies.setdefault(case.group, Tally()).count(judged, state, is_dated=case.is_dated)
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


def stood(judged: Judged, until: datetime) -> tuple[State, State]:
    """How a clock stands at the end of its observation, and how it was judged then.

    What was judged as of a later instant knows more: that time went on, and verdicts that nobody had seen by then.
    """
    state = judged.state_at(until)
    undecided: State = "paused" if judged.is_paused else "running"
    if state == "breached" and not _has_passed(judged, until):
        state = undecided
    return state, _then(judged, until) or (undecided if state in _FINAL else state)


def _has_passed(judged: Judged, until: datetime) -> bool:
    """Whether an open clock was above its target by then; of one that ended, its verdict says it."""
    return not judged.is_open or judged.within_until is None or judged.within_until < until


def _then(judged: Judged, until: datetime) -> State | None:
    if judged.judged_then_at is None:
        return "breached" if judged.verdict is None and judged.state_at(until) == "breached" else None
    if judged.judged_then_at > until or (judged.judged_then_at == until and not _has_passed(judged, until)):
        return None
    return judged.judged_then


def _verdict(state: State | None) -> State | None:
    return state if state in _FINAL else None


_NOTHING: list[tuple[Mapping[str, str | None], Tally]] = [({}, Tally())]


def scope_of_clocks(scope: Scope) -> Scope:
    """The scope with policy and clock before what else is asked for."""
    rest = tuple(name for name in scope.by if name not in OF_CLOCKS)
    return replace(scope, by=("policy", "clock", *rest))


def counts(scope: Scope, cohort: Cohort) -> Counts:
    """What is counted of the clocks of a cohort; those without a due date belong to every period."""
    at = DATED_AT if cohort == "due_in" else "opened_at"
    return clocks(at, scope_of_clocks(scope).by[len(OF_CLOCKS) :], DATED_AT)


def compliance(counted: Counted, scope: Scope, otherwise: Iterable[Sequence[Any]] = ()) -> Compliance:
    """The clocks that were counted, by policy, clock and what is asked for.

    Args:
        counted: Of `counts`.
        scope: What was asked for.
        otherwise: `OTHERWISE` of those that were judged otherwise then.
    """
    found = Compliance(scope_of_clocks(scope), is_under=False)
    for said, alike in counted.each():
        if said["is_known"]:
            found.add(said, alike)
    for ticket_id, *part, state, then in otherwise:
        judged = ClockPart.read(part).judged()
        found.differing.append(Differing(Case(UUID(ticket_id), (), 0, judged.due_at is not None, judged), then, state))
    return found


def gather_under(rows: Iterable[JudgedAnewRow], policy: str, scope: Scope, cohort: Cohort) -> Compliance:
    """The clocks of one policy as they are judged, and beside that as another version of it judges them.

    A clock belongs to the period by its first judgement; one that only the other version knows, by that.
    """
    pairs = (_cases(row, (one for one in judged_in(row) if one.policy == policy), judged_anew_in(row)) for row in rows)
    return _gathered(pairs, scope, cohort)


_Named = tuple[str, str, int, str | None]
_Pairs = tuple[ClockRow, Mapping[_Named, tuple[Judged | None, Judged | None]]]


def _cases(row: ClockRow, first: Iterable[Judged], second: Iterable[Judged]) -> _Pairs:
    found: dict[_Named, tuple[Judged | None, Judged | None]] = {_name(one): (one, None) for one in first}
    for one in second:
        name = _name(one)
        found[name] = (found[name][0] if name in found else None, one)
    return row, found


def _name(judged: Judged) -> _Named:
    return judged.policy, judged.clock, judged.cycle, judged.subject


def _gathered(pairs: Iterable[_Pairs], scope: Scope, cohort: Cohort) -> Compliance:
    scope = scope_of_clocks(scope)
    ends = Sample(scope, 0)
    found = Compliance(scope, is_under=True)
    waiting: list[Case] = []
    for row, judged in pairs:
        source = ends.source(row)
        if row.opened_at is None:
            continue
        for first, second in judged.values():
            case = _case(row, source, first, second, scope, cohort)
            if case is None:
                continue
            if source and case.is_open:
                waiting.append(case)
            else:
                found.count(case, scope.observed_until)
    for case in waiting:  # open clocks of imported tickets, now that it is known where their sources end
        found.count(case, instant_at(ends.until(case.source)))
    return found


def _case(
    row: ClockRow, source: int, first: Judged | None, second: Judged | None, scope: Scope, cohort: Cohort
) -> Case | None:
    """The clock, if it belongs to the cohort; one without a due date belongs to every period."""
    judged = first or second
    if judged is None:
        return None
    if judged.cancelled_because == "withdrawn" and _then(judged, scope.observed_until) is None:
        return None  # its start was taken back before anybody had judged it
    due_at = judged.due_at or judged.verdict_at or ended_at(judged) or judged.judged_then_at
    at = due_at if cohort == "due_in" else row.opened_at
    if at is not None and not scope.holds(at):
        return None
    by = scope.by[2:]
    if at is None:
        rest = tuple(None if name in PERIODS else DIMENSIONS[name](row, _EPOCH, scope) for name in by)
    else:
        rest = tuple(DIMENSIONS[name](row, at, scope) for name in by)
    return Case(row.ticket_id, (judged.policy, judged.clock, *rest), source, due_at is not None, first, second)


def ended_at(judged: Judged) -> datetime | None:
    """When a clock was cancelled; of one whose start was taken back, nobody can say it."""
    return None if judged.cancelled_because == "withdrawn" else judged.cancelled_at


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
        excluded=states["cancelled"],
        censored=states["running"] + states["paused"],
    )
    parts = {
        "met": states["met"],
        "breached": states["breached"],
        "not_due": states["running"],
        "paused": states["paused"],
        "cancelled": states["cancelled"],
        "undated": tally.undated,
        "reconstructed": tally.reconstructed,
    }
    return replace(row, parts=parts, policies=_policies(tally))


def _no_verdict(states: Counter[State]) -> str:
    if not states.total():
        return "no clock belongs to the cohort"
    named = ((states["running"], "not due"), (states["paused"], "paused"), (states["cancelled"], "cancelled"))
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
            censored=censored,
            policies=_policies(tally),
        )


def _none_stopped_late(still_open: int) -> str:
    late = f"; {still_open} {'is' if still_open == 1 else 'are'} late and open" if still_open else ""
    return f"no clock was stopped late{late}"
