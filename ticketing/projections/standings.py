"""Standings: how one ticket stands in what is counted, in words by which two answers are compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ticketing.domain.durations import lasting
from ticketing.domain.values import instant_text
from ticketing.projections.clocks import ClockRow, judged_in, promises_in, spans_in
from ticketing.projections.counts import PARTS, Counts
from ticketing.projections.ledger_totals import LEDGER, closing_or_opening
from ticketing.projections.promises import PROMISES
from ticketing.projections.report import Cohort, Figure
from ticketing.projections.sample import Scope
from ticketing.projections.sites import SITES
from ticketing.projections.sla import SLA, stood

Standings = Mapping[str, str]
"""How a ticket stands, by what it stands in."""

_WORDS: Mapping[str, str] = {
    "excluded": "left out",
    "censored": "not watched long enough",
    "asked": "counted, without",
    "had": "counted, had it",
}
_DURATIONS = ("ended", "competing", "closed")
"""The lists of seconds."""
_STILL_OPEN = "censored"
"""The last word of a list of those that are open: for how long is no news."""


def standing_of(counts: Counts, by: Sequence[str], values: Sequence[Any]) -> Standings:
    """How a ticket stands in what is counted.

    Args:
        counts: What is counted.
        by: The dimensions of its group.
        values: What it adds: its group, the instant of the cohort, and a value of each condition, sum and list.
    """
    group = {name: "unknown" if value is None else str(value) for name, value in zip(by, values, strict=False)}
    rest = values[len(by) + 1 :]
    conditions = {name for name, holds in zip(counts.conditions, rest, strict=False) if holds}
    told = group | dict(_of_rates(counts.conditions, conditions))
    numbers = zip((*counts.sums, *counts.lists), rest[len(counts.conditions) :], strict=True)
    for name, number in numbers:
        if number is not None and (number or name in counts.lists):
            told[name] = number if isinstance(number, str) else _said(name, int(number))
    return told


def _said(name: str, number: int) -> str:
    if name.rpartition(".")[2] == _STILL_OPEN:
        return "still open"
    return f"after {lasting(timedelta(seconds=number))}" if name in _DURATIONS else str(number)


def _of_rates(known: Iterable[str], holding: set[str]) -> Iterator[tuple[str, str]]:
    """Of each rate the furthest of its conditions that holds; of a condition by itself that it does."""
    rates: dict[str, str] = {}
    for name in known:
        figure, _, part = name.rpartition(".")
        if part not in PARTS or not figure:
            if name in holding:
                yield name, "yes"
        elif name in holding:
            rates[figure] = _WORDS[part]
    yield from rates.items()


# reports about clocks, whose rows are not counted by the store

Stand = Callable[[ClockRow, Scope, Cohort], Standings]


def clock_standings(figure: Figure) -> Callable[[Iterable[ClockRow], Scope, Cohort], list[tuple[UUID, Standings]]]:
    """Tells how each ticket stands in a report about clocks."""
    stand = _STANDS[figure.name]

    def gather(rows: Iterable[ClockRow], scope: Scope, cohort: Cohort) -> list[tuple[UUID, Standings]]:
        told = ((row.ticket_id, stand(row, scope, cohort)) for row in rows if row.opened_at is not None)
        return [(ticket_id, standings) for ticket_id, standings in told if standings]

    return gather


def _until(row: ClockRow, scope: Scope) -> datetime:
    """How far the ticket was observed; of an imported one, as far as its own last fact."""
    is_native = row.has_native_facts or row.imported_until is None
    return scope.observed_until if is_native else min(row.imported_until or scope.observed_until, scope.observed_until)


def _clocks(row: ClockRow, scope: Scope, cohort: Cohort) -> Standings:
    told = {}
    for judged in judged_in(row):
        at = judged.due_at or judged.verdict_at or judged.cancelled_at if cohort == "due_in" else row.opened_at
        if at is not None and not scope.holds(at):
            continue
        cycle = f" cycle {judged.cycle}" if judged.cycle > 1 else ""
        subject = f" {judged.subject}" if judged.subject is not None else ""
        state, _ = stood(judged, _until(row, scope))
        told[f"{judged.policy}@{judged.policy_version}/{judged.clock}{cycle}{subject}"] = state
    return told


def _promises(row: ClockRow, scope: Scope, cohort: Cohort) -> Standings:
    told = {}
    for promise in promises_in(row):
        if scope.holds(promise.due_at if cohort == "due_in" else row.opened_at):
            standing = promise.standing(_until(row, scope), promise.back_at)
            told[f"promise of {instant_text(promise.made_at)} for {instant_text(promise.due_at)}"] = standing
    return told


def _ledger(row: ClockRow, scope: Scope, cohort: Cohort) -> Standings:
    """Seconds by party and cause; what goes on is no news."""
    if not scope.holds(closing_or_opening(row, cohort)):
        return {}
    seconds: dict[str, int] = {}
    told: dict[str, str] = {}
    for span in spans_in(row):
        name = f"{span.party}, {span.cause}"
        if span.to_at is None:
            told[f"{name}, going on"] = "yes"
        else:
            seconds[name] = seconds.get(name, 0) + int((span.to_at - span.from_at).total_seconds())
    return told | {name: f"{count} s" for name, count in sorted(seconds.items())}


_STANDS: Mapping[str, Stand] = {LEDGER.name: _ledger, PROMISES.name: _promises, SITES.name: _clocks, SLA.name: _clocks}
OF_CLOCKS: Mapping[str, Figure] = {figure.name: figure for figure in (LEDGER, PROMISES, SITES, SLA)}
"""The reports about clocks."""
