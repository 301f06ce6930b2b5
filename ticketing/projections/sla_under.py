"""SLA under another version: the clocks of one policy as they are judged, and beside that as it would judge them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from ticketing.domain.hours import instant_at
from ticketing.domain.judged import Judged
from ticketing.projections.clock_states import ended_at, judged_then
from ticketing.projections.clocks import ClockRow, judged_in
from ticketing.projections.dimensions import DIMENSIONS, PERIODS
from ticketing.projections.judged_anew import JudgedAnewRow, judged_anew_in
from ticketing.projections.report import Cohort
from ticketing.projections.sample import Sample, Scope
from ticketing.projections.sla import Case, Compliance, scope_of_clocks

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
                found.count(case, (row.imported_until if source else None) or scope.observed_until)
    for case in waiting:  # open clocks of imported tickets, now that it is known where their sources end
        found.count(case, instant_at(ends.until(case.source)))
    found.settle(lambda source: instant_at(ends.until(source)))
    return found


def _case(
    row: ClockRow, source: int, first: Judged | None, second: Judged | None, scope: Scope, cohort: Cohort
) -> Case | None:
    """The clock, if it belongs to the cohort; one without a due date belongs to every period."""
    judged = first or second
    if judged is None:
        return None
    if judged.cancelled_because == "withdrawn" and judged_then(judged, scope.observed_until) is None:
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
    group = (judged.policy, judged.clock, *rest)
    return Case(row.ticket_id, group, source, due_at is not None, first, second, row.is_cancelled)
