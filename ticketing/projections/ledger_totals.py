"""Ledger totals: where the time of tickets went, summed by party and cause, and the time of their units at each site.

The sums are whole microseconds, so that the parts of a group add up to its turnaround. What still goes on is counted up
to the end of its observation.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketing.domain.hours import micros
from ticketing.domain.ledger import Span
from ticketing.projections.clocks import ClockRow, spans_in
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import Group, Sample, Scope, in_order
from ticketing.projections.statistics import rounded

LEDGER = Figure("ledger", 1, ("opened_in", "closed_in"), ("party", "cause"))
LEDGER_TURNAROUND = Figure("ledger_turnaround", 1, LEDGER.cohorts)
LEDGER_OVERLAP = Figure("ledger_overlap", 1, LEDGER.cohorts)

_OF_SPANS = ("party", "cause")
_MICROSECONDS_OF_HOUR = 3_600_000_000


@dataclass(slots=True)
class Total:
    """The time of one group, in microseconds.

    Attributes:
        lasted: How long.
        tickets: In how many tickets.
        still_open: In how many of them it goes on.
    """

    lasted: int = 0
    tickets: int = 0
    still_open: int = 0


@dataclass(slots=True)
class Totals:
    """The sums of the spans of a cohort.

    Attributes:
        by: What the parts of a group are told apart by: party, cause, or both.
        parts: By group and part.
        beside: How long a cause was open while another one counted, by group and cause.
        turnarounds: By group.
        never_received: Tickets without any time, by group.
    """

    scope: Scope
    by: tuple[str, ...]
    parts: dict[Group, Total] = field(default_factory=dict)
    beside: dict[Group, Total] = field(default_factory=dict)
    turnarounds: dict[Group, Total] = field(default_factory=dict)
    never_received: Counter[Group] = field(default_factory=Counter)


def closing_or_opening(row: ClockRow, cohort: Cohort) -> datetime | None:
    """The instant that puts a ticket into a cohort of those opened or closed in a period."""
    if cohort == "closed_in":
        return None if row.is_open else row.closed_at
    return row.opened_at


def gather(rows: Iterable[ClockRow], scope: Scope, cohort: Cohort) -> Totals:
    """The time of a cohort by what is asked for, and by party and cause unless one of them is among that."""
    asked = tuple(name for name in scope.by if name not in _OF_SPANS)
    by = tuple(name for name in scope.by if name in _OF_SPANS) or _OF_SPANS
    totals = Totals(replace(scope, by=asked), by)
    ends = Sample(scope, 0)
    waiting: list[tuple[Group, Span, int]] = []
    for row in rows:
        source = ends.source(row)
        at = closing_or_opening(row, cohort)
        if row.opened_at is None or at is None or not scope.holds(at):
            continue
        group = totals.scope.group(row, at)
        spans = spans_in(row)
        if spans:
            _count(totals, group, spans, micros(scope.observed_until))
            if spans[-1].is_still_open and source:
                waiting.append((group, spans[-1], source))
        else:
            totals.turnarounds.setdefault(group, Total())
            totals.never_received[group] += 1
    for group, span, source in waiting:
        less = micros(scope.observed_until) - ends.until(source)
        _add(totals, group, span, -less)
    return totals


def _count(totals: Totals, group: Group, spans: Iterable[Span], until: int) -> None:
    """Takes in one ticket, what goes on up to `until`."""
    parts: set[Group] = set()
    beside: set[Group] = set()
    for span in spans:
        lasted = max(0, (until if span.to_at is None else micros(span.to_at)) - micros(span.from_at))
        _add(totals, group, span, lasted)
        parts.add((*group, *_part(span, totals.by)))
        beside |= {(*group, cause) for cause in span.beside}
        if span.is_still_open:
            totals.turnarounds[group].still_open += 1
            totals.parts[(*group, *_part(span, totals.by))].still_open += 1
    totals.turnarounds[group].tickets += 1
    for part in parts:
        totals.parts[part].tickets += 1
    for part in beside:
        totals.beside[part].tickets += 1


def _add(totals: Totals, group: Group, span: Span, lasted: int) -> None:
    totals.turnarounds.setdefault(group, Total()).lasted += lasted
    totals.parts.setdefault((*group, *_part(span, totals.by)), Total()).lasted += lasted
    for cause in span.beside:
        totals.beside.setdefault((*group, cause), Total()).lasted += lasted


def _part(span: Span, by: tuple[str, ...]) -> Group:
    said = {"party": span.party, "cause": span.cause}
    return tuple(said[name] for name in by)


def ledger(totals: Totals, cohort: Cohort) -> list[ReportRow]:
    """The time of each part and its share of the group's; beside it the whole, and what was hidden behind others."""
    rows = [
        hours(LEDGER, cohort, dict(zip((*totals.scope.by, *totals.by), part, strict=True)), total, whole)
        for part, total, whole in _parts(totals.parts, totals)
    ]
    turnarounds = [
        hours(LEDGER_TURNAROUND, cohort, totals.scope.named(group), whole, whole, totals.never_received[group])
        for group, whole in in_groups(totals.turnarounds)
    ]
    beside = [
        hours(LEDGER_OVERLAP, cohort, dict(zip((*totals.scope.by, "cause"), part, strict=True)), total, whole)
        for part, total, whole in _parts(totals.beside, totals)
    ]
    return rows + (turnarounds or [hours(LEDGER_TURNAROUND, cohort, {}, Total(), Total())]) + beside


def _parts(parts: Mapping[Group, Total], totals: Totals) -> Iterator[tuple[Group, Total, Total]]:
    for part, total in in_groups(parts):
        yield part, total, totals.turnarounds[part[: len(totals.scope.by)]]


def in_groups(totals: Mapping[Group, Total]) -> Iterator[tuple[Group, Total]]:
    """Every group with its total, by code point."""
    for group in in_order(totals):
        yield group, totals[group]


def hours(
    figure: Figure, cohort: Cohort, group: Mapping[str, str | None], total: Total, whole: Total, excluded: int = 0
) -> ReportRow:
    """A stretch of time in hours; numerator and denominator are the microseconds of it and of the whole."""
    return ReportRow(
        figure=figure.name,
        definition=figure.definition,
        cohort=cohort,
        group=group,
        value=rounded(total.lasted / _MICROSECONDS_OF_HOUR) if whole.tickets else None,
        reason=None if whole.tickets else "no ticket of the cohort was received",
        unit="h",
        numerator=total.lasted,
        denominator=whole.lasted,
        excluded=excluded,
        censored=total.still_open,
        share=rounded(100 * total.lasted / whole.lasted) if whole.lasted else None,
        parts={"tickets": total.tickets},
    )
