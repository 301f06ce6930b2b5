"""Sites: how the clocks of each site were met, how long units stayed there, and what went on meanwhile.

A stay is the time in which a unit was at one site without a break; the site of a clock is that of its stay.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketing.domain.hours import micros
from ticketing.domain.ledger import Span
from ticketing.projections.clocks import ClockRow, judged_in, spans_in
from ticketing.projections.dimensions import DIMENSIONS
from ticketing.projections.ledger_totals import Total, closing_or_opening, hours, in_groups
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import SECOND, Group, Sample, Scope, in_order
from ticketing.projections.sla import OF_CLOCKS, Case, Compliance, count_open, met
from ticketing.projections.statistics import rounded
from ticketing.projections.survival import incidence

SITES = Figure("sites", 1, ("opened_in", "closed_in"), OF_CLOCKS)
STAYS = Figure("stays", 1, SITES.cohorts)
SITE_TIME = Figure("site_time", 1, SITES.cohorts)

_SECONDS_OF_HOUR = 3_600


@dataclass(slots=True)
class Stays:
    """The stays at one site: how many seconds each lasted, ended and still going on."""

    ended: "array[int]" = field(default_factory=lambda: array("q"))
    still_open: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class AtSites:
    """What was gathered, by site and what is asked for.

    Attributes:
        clocks: The clocks of sites, by site, policy and clock.
        stays: By site.
        time: By site and cause.
        whole: By site, what `time` adds up to.
    """

    scope: Scope
    clocks: Compliance
    stays: dict[Group, Stays] = field(default_factory=dict)
    time: dict[Group, Total] = field(default_factory=dict)
    whole: dict[Group, Total] = field(default_factory=dict)


def gather(rows: Iterable[ClockRow], scope: Scope, cohort: Cohort) -> AtSites:
    """The clocks, stays and times of the tickets of a cohort; time at no site is left out."""
    rest = tuple(name for name in scope.by if name not in {"site", *OF_CLOCKS})
    by_clock = replace(scope, by=("site", "policy", "clock", *rest))
    found = AtSites(replace(scope, by=("site", *rest)), Compliance(by_clock, is_under=False))
    ends = Sample(scope, 0)
    open_clocks: list[Case] = []
    open_stays: list[tuple[Group, list[Span], int]] = []
    for row in rows:
        source = ends.source(row)
        at = closing_or_opening(row, cohort)
        if row.opened_at is None or at is None or not scope.holds(at):
            continue
        others = tuple(DIMENSIONS[name](row, at, scope) for name in rest)
        for case in _cases(row, source, others):
            if source and case.is_open:
                open_clocks.append(case)
            else:
                found.clocks.count(case, scope.observed_until)
        stays = _stays(spans_in(row))
        for stay in stays:
            group = (stay[0].site, *others)
            if source and stay[-1].is_still_open:
                open_stays.append((group, stay, source))
            else:
                _count(found, group, stay, micros(scope.observed_until))
        _count_tickets(found, stays, others)
    count_open(found.clocks, open_clocks, ends)
    for group, stay, source in open_stays:
        _count(found, group, stay, ends.until(source))
    return found


def _cases(row: ClockRow, source: int, others: Group) -> Iterable[Case]:
    for judged in judged_in(row):
        if judged.binds == "site":
            group = (judged.site, judged.policy, judged.clock, *others)
            yield Case(row.ticket_id, group, source, judged.due_at is not None, judged)


def _stays(spans: Iterable[Span]) -> list[list[Span]]:
    """The spans of each stay."""
    stays: list[list[Span]] = []
    before: Span | None = None
    for span in spans:
        if span.site is not None:
            if before is not None and before.site == span.site:
                stays[-1].append(span)
            else:
                stays.append([span])
        before = span
    return stays


def _count(found: AtSites, group: Group, stay: Sequence[Span], until: int) -> None:
    stays = found.stays.setdefault(group, Stays())
    lasted = max(0, _end(stay[-1].to_at, until) - micros(stay[0].from_at))
    (stays.still_open if stay[-1].is_still_open else stays.ended).append(lasted // SECOND)
    for span in stay:
        part = max(0, _end(span.to_at, until) - micros(span.from_at))
        found.time.setdefault((*group, span.cause), Total()).lasted += part
        found.whole.setdefault(group, Total()).lasted += part


def _count_tickets(found: AtSites, stays: Iterable[Sequence[Span]], others: Group) -> None:
    """Counts the ticket once at each site and for each cause there."""
    for site in {stay[0].site for stay in stays}:
        found.whole.setdefault((site, *others), Total()).tickets += 1
    for part in {(span.site, *others, span.cause): None for stay in stays for span in stay}:
        found.time.setdefault(part, Total()).tickets += 1
    for stay in stays:
        if stay[-1].is_still_open:
            found.whole[stay[0].site, *others].still_open += 1
            found.time[stay[0].site, *others, stay[-1].cause].still_open += 1


def _end(at: datetime | None, until: int) -> int:
    return until if at is None else micros(at)


def sites(found: AtSites, cohort: Cohort, percentiles: tuple[int, ...]) -> list[ReportRow]:
    """Compliance of the sites' clocks, where any policy has such; the length of stays; and the time by cause."""
    rows = [met(SITES, cohort, group, tally) for group, tally in found.clocks.of_first()]
    stays = [
        _stayed(cohort, found.scope.named(group), found.stays[group], percentiles) for group in in_order(found.stays)
    ]
    by = (*found.scope.by, "cause")
    times = [
        hours(SITE_TIME, cohort, dict(zip(by, part, strict=True)), total, found.whole[part[:-1]])
        for part, total in in_groups(found.time)
    ]
    return rows + (stays or [_stayed(cohort, {}, Stays(), percentiles)]) + times


def _stayed(cohort: Cohort, group: Mapping[str, str | None], stays: Stays, percentiles: tuple[int, ...]) -> ReportRow:
    """How long stays lasted, those that go on counted for as long as they were observed."""
    curve = incidence(stays.ended, (), stays.still_open)
    found = {f"p{percent}": curve.quantile(percent) for percent in percentiles}
    ended, still_open = len(stays.ended), len(stays.still_open)
    missing = [name for name, one in found.items() if one.at is None]
    reason = f"{', '.join(missing)} not reached: of {ended + still_open} stays {still_open} go on"
    return ReportRow(
        figure=STAYS.name,
        definition=STAYS.definition,
        cohort=cohort,
        group=group,
        percentiles={name: _hours(one.at) for name, one in found.items()},
        reason=(reason if ended + still_open else "no unit of the cohort was at a site") if missing else None,
        unit="h",
        numerator=ended,
        denominator=ended + still_open,
        censored=still_open,
        low={name: _hours(one.low) for name, one in found.items()},
        high={name: _hours(one.high) for name, one in found.items()},
    )


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else rounded(seconds / _SECONDS_OF_HOUR)
