"""Promises: the share of dates told to customers that was kept, and how often another was told instead; by who told.

A promise counts once its date has passed, also one that was kept before: else those kept would count before those that
are not can be broken. Those of cancelled tickets are left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ticketing.domain.promises import Standing
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.report import Cohort, Figure, ReportRow, rate
from ticketing.projections.sample import Group, Scope, in_order

PROMISES = Figure("promises", 2, ("due_in", "opened_in"), ("role",))
PROMISES_FIRST = Figure("promises_first", 2, PROMISES.cohorts)
PROMISES_REMADE = Figure("promises_remade", 2, PROMISES.cohorts)

CountedAs = Standing | Literal["kept_before_due", "of_cancelled"]
"""How a promise counts: as it stands, as kept though its date has not passed, or as one of a cancelled ticket."""


@dataclass(slots=True)
class Tally:
    """The promises of one group.

    Attributes:
        standings: How many count as what.
        first: The same of the first of each cycle, as if nothing had replaced it.
        due: Those of tickets not cancelled whose date has passed.
        remade_in_time: Those of them after which another date was told before that, and `remade_late` after it.
        policies: The policies, with versions, whose clocks said what ended them.
    """

    standings: Counter[CountedAs] = field(default_factory=Counter)
    first: Counter[CountedAs] = field(default_factory=Counter)
    due: int = 0
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


_STANDING = """
    CASE WHEN is_cancelled = 1 THEN 'of_cancelled' WHEN observed_until > part_due_at THEN coalesce({0}, 'broken')
    WHEN {0} = 'kept' THEN 'kept_before_due' ELSE coalesce({0}, 'not_due') END
"""
_OWN: Mapping[str, str] = {"role": "part_role", "site": "coalesce(part_site, site)"}
"""A promise's own dimensions; its site is that of who promised, else of the opening."""


def counts(scope: Scope, cohort: Cohort) -> Counts:
    """What is counted of the promises of a cohort: those that stand alike together."""
    return Counts(
        of="promises",
        at="part_due_at" if cohort == "due_in" else "opened_at",
        dimensions=tuple(name for name in scope.by if name not in _OWN),
        by={
            **{name: _OWN[name] for name in scope.by if name in _OWN},
            "standing": _STANDING.format("part_outcome"),
            "alone": _STANDING.format("part_outcome_alone"),
            "is_due": "CASE WHEN is_cancelled = 0 AND observed_until > part_due_at THEN 1 ELSE 0 END",
            "remade": """
                CASE WHEN part_remade_at <= part_due_at THEN 'in time' WHEN part_remade_at > part_due_at THEN 'late' END
            """,
        },
        conditions={"promises": "1 = 1"},
        alike=("is_first", "policy", "policy_version"),
    )


def told(counted: Counted, scope: Scope) -> Told:
    """The promises that were counted, by what is asked for."""
    found = Told(scope, {})
    for said, alike in counted.each():
        made = alike.numbers["promises"]
        tally = found.groups.setdefault(tuple(said[name] for name in scope.by), Tally())
        tally.standings[said["standing"]] += made
        if said["is_first"]:
            tally.first[said["alone"]] += made
        if said["is_due"]:
            tally.due += made
            tally.remade_in_time += made if said["remade"] == "in time" else 0
            tally.remade_late += made if said["remade"] == "late" else 0
        if said["policy"] is not None:
            tally.policies.add((said["policy"], said["policy_version"]))
    return found


def promises(found: Told, cohort: Cohort) -> list[ReportRow]:
    """Kept ÷ (kept + broken); the same of the first date of each cycle, whatever was told later; re-made ÷ due."""
    kept, first, remade = [], [], []
    for group, tally in found.tallies():
        policies = tuple(f"{policy}@{version}" for policy, version in sorted(tally.policies))
        kept.append(_kept(PROMISES, cohort, group, tally.standings, policies))
        first.append(_kept(PROMISES_FIRST, cohort, group, tally.first, policies))
        made, left_out = tally.standings.total(), tally.standings["of_cancelled"]
        row = rate(
            PROMISES_REMADE,
            cohort,
            group,
            numerator=tally.remade_in_time + tally.remade_late,
            denominator=tally.due,
            reason=f"no date has passed yet: {made} made" if made else "no promise belongs to the cohort",
            excluded=left_out,
            censored=made - left_out - tally.due,
        )
        parts = {"made": made, "remade_in_time": tally.remade_in_time, "remade_late": tally.remade_late}
        remade.append(replace(row, parts=parts, policies=policies))
    return kept + first + remade


def _kept(
    figure: Figure,
    cohort: Cohort,
    group: Mapping[str, str | None],
    standings: Counter[CountedAs],
    policies: tuple[str, ...],
) -> ReportRow:
    made = standings.total()
    not_due = standings["not_due"] + standings["kept_before_due"]
    row = rate(
        figure,
        cohort,
        group,
        numerator=standings["kept"],
        denominator=standings["kept"] + standings["broken"],
        reason=f"none was kept or broken yet: {made} made" if made else "no promise belongs to the cohort",
        excluded=standings["replaced"] + standings["withdrawn"] + standings["of_cancelled"],
        censored=not_due,
    )
    parts = {
        "made": made,
        "kept": standings["kept"],
        "broken": standings["broken"],
        "not_due": not_due,
        "kept_before_due": standings["kept_before_due"],
        "replaced": standings["replaced"],
        "withdrawn": standings["withdrawn"],
        "of_cancelled": standings["of_cancelled"],
    }
    return replace(row, parts=parts, policies=policies)
