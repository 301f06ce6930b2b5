"""Sites: how the clocks of each site were met, how long units stayed there, and what went on meanwhile.

A stay is the time in which a unit was at one site without a break; the site of a clock is that of its stay.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ticketing.projections.clock_counts import clocks
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.ledger_totals import Total, at_of, hours, in_groups, spans_counted, total_of
from ticketing.projections.report import Cohort, Figure, ReportRow
from ticketing.projections.sample import SECOND, Group, Scope, in_order
from ticketing.projections.sla import OF_CLOCKS, Compliance, met
from ticketing.projections.statistics import rounded
from ticketing.projections.survival import incidence

SITES = Figure("sites", 2, ("opened_in", "closed_in"), OF_CLOCKS)
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted of sites: their clocks, the stays there, and what went on meanwhile."""

    clocks: Counts
    stays: Counts
    spans: Counts


def asked(scope: Scope, cohort: Cohort) -> Asked:
    """The clocks, stays and times of the tickets of a cohort."""
    rest = _rest(scope)
    until = "coalesce(part_to_at, observed_until)"
    lasted = f"CASE WHEN {until} > part_from_at THEN ({until} - part_from_at) / {SECOND} ELSE 0 END"
    return Asked(
        clocks(at_of(cohort), rest, "part_due_at", ("binds", "site")),
        Counts(
            of="stays",
            at=at_of(cohort),
            dimensions=rest,
            lists={
                "ended": f"CASE WHEN part_to_at IS NOT NULL THEN {lasted} END",
                "still_open": f"CASE WHEN part_to_at IS NULL THEN {lasted} END",
            },
            alike=("site",),
        ),
        spans_counted(
            cohort, rest, ("site", "cause"), "is_first_of_cause_at_site", {"at_site": "part_is_first_at_site = 1"}
        ),
    )


def _rest(scope: Scope) -> tuple[str, ...]:
    return tuple(name for name in scope.by if name not in {"site", *OF_CLOCKS})


def at_sites(scope: Scope, of_clocks: Counted, stays: Counted, spans: Counted) -> AtSites:
    """What was counted of each of `Asked`; time at no site is left out."""
    rest = _rest(scope)
    by_clock = replace(scope, by=("site", "policy", "clock", *rest))
    found = AtSites(replace(scope, by=("site", *rest)), Compliance(by_clock, is_under=False))
    for said, tally in of_clocks.each():
        if said["binds"] == "site":
            found.clocks.add(said, tally)
    for said, tally in stays.each():
        found.stays[_group(found, said)] = Stays(tally.unordered("ended"), tally.unordered("still_open"))
    for said, tally in spans.each():
        if said["site"] is None:
            continue
        group = _group(found, said)
        time = found.time[*group, said["cause"]] = total_of(tally)
        whole = found.whole.setdefault(group, Total())
        whole.lasted += time.lasted
        whole.still_open += time.still_open
        whole.tickets += tally.numbers["at_site"]
    return found


def _group(found: AtSites, said: Mapping[str, Any]) -> Group:
    return tuple(said[name] for name in found.scope.by)


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
