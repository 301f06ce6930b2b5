"""Ledger totals: where the time of tickets went, summed by party and cause, and the time of their units at each site.

The sums are whole microseconds, so that the parts of a group add up to its turnaround. What still goes on is counted up
to the end of its observation.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from ticketing.projections.clocks import ClockRow
from ticketing.projections.counts import Counted, Counts, Tally
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import Group, Scope, in_order
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
        scope: What groups of tickets are told apart by.
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


_COHORTS: Mapping[Cohort, str] = {
    "opened_in": "opened_at",
    "closed_in": "CASE WHEN is_open = 0 THEN closed_at END",
}


def at_of(cohort: Cohort) -> str:
    """The instant that puts a ticket into a cohort of those opened or closed in a period."""
    return _COHORTS[cohort]


def closing_or_opening(row: ClockRow, cohort: Cohort) -> datetime | None:
    """The same of a row."""
    if cohort == "closed_in":
        return None if row.is_open else row.closed_at
    return row.opened_at


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted for a ledger: tickets, their spans, and what was open beside these."""

    by: tuple[str, ...]
    tickets: Counts
    spans: Counts
    overlaps: Counts


def asked(scope: Scope, cohort: Cohort) -> Asked:
    """The time of a cohort by what is asked for, and by party and cause unless one of them is among that."""
    by = tuple(name for name in scope.by if name in _OF_SPANS) or _OF_SPANS
    dimensions = tuple(name for name in scope.by if name not in _OF_SPANS)
    first = "is_first_of_both" if len(by) > 1 else f"is_first_of_{by[0]}"
    open_for = "CASE WHEN observed_until > part_since THEN observed_until - part_since ELSE 0 END"
    return Asked(
        by,
        Counts(
            at=at_of(cohort), dimensions=dimensions, conditions={"received": "began_at IS NOT NULL", "all": "1 = 1"}
        ),
        spans_counted(cohort, dimensions, by, first),
        Counts(
            of="overlaps",
            at=at_of(cohort),
            dimensions=dimensions,
            conditions={"tickets": "1 = 1"},
            sums={"lasted": f"part_microseconds + {open_for}"},
            alike=("cause",),
        ),
    )


def spans_counted(
    cohort: Cohort,
    dimensions: tuple[str, ...],
    alike: tuple[str, ...],
    first: str,
    conditions: Mapping[str, str] = MappingProxyType({}),
) -> Counts:
    """What is counted of spans; `first` is the flag of a ticket's first of those that are alike."""
    return Counts(
        of="spans",
        at=at_of(cohort),
        dimensions=dimensions,
        conditions={"tickets": f"part_{first} = 1", "still_open": "part_to_at IS NULL", **conditions},
        sums={
            "lasted": """
                CASE WHEN part_to_at IS NOT NULL THEN part_to_at - part_from_at
                WHEN observed_until > part_from_at THEN observed_until - part_from_at ELSE 0 END
            """
        },
        alike=alike,
    )


def totals(scope: Scope, by: tuple[str, ...], tickets: Counted, spans: Counted, overlaps: Counted) -> Totals:
    """What was counted of each of `Asked`."""
    found = Totals(replace(scope, by=tuple(name for name in scope.by if name not in _OF_SPANS)), by)
    for said, tally in tickets.each():
        group = tuple(said[name] for name in found.scope.by)
        found.turnarounds[group] = Total(tickets=tally.numbers["received"])
        found.never_received[group] = tally.numbers["all"] - tally.numbers["received"]
    for said, tally in spans.each():
        part = found.parts[tuple(said[name] for name in (*found.scope.by, *by))] = total_of(tally)
        whole = found.turnarounds[tuple(said[name] for name in found.scope.by)]
        whole.lasted += part.lasted
        whole.still_open += part.still_open
    for said, tally in overlaps.each():
        found.beside[tuple(said[name] for name in (*found.scope.by, "cause"))] = total_of(tally)
    return found


def total_of(tally: Tally) -> Total:
    """The time that was counted."""
    return Total(**{name: tally.numbers[name] for name in ("lasted", "tickets", "still_open")})


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
