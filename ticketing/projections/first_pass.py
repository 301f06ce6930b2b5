"""First pass: how the finished unit fared when it was first presented to the inspector, per ticket.

A waiver is no presentation. Whatever was checked (a repair, no fault, a unit returned or exchanged) counts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.domain import events as e
from ticketing.domain.values import Event, Recorded
from ticketing.projections.dimensions import Dimensions, Take, with_dimensions
from ticketing.projections.report import Figure, ReportRow, rate
from ticketing.projections.sample import Sample, Scope

FIRST_PASS = Figure("first_pass", 1, ("presented_in",))
REWORKED = Figure("reworked", 1, ("presented_in",))


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassRow(Dimensions):
    """One ticket before its inspectors.

    Attributes:
        presented_at: The first inspection.
        passed_first: Whether it passed then.
        failures: How often it was sent back.
    """

    presented_at: datetime | None = None
    passed_first: bool = False
    failures: int = 0


def _passed(row: FirstPassRow, fact: Recorded[e.QcPassed]) -> FirstPassRow:
    if row.presented_at is not None:
        return row
    return replace(row, presented_at=fact.occurred_at, passed_first=True)


def _failed(row: FirstPassRow, fact: Recorded[e.QcFailed]) -> FirstPassRow:
    return replace(row, presented_at=row.presented_at or fact.occurred_at, failures=row.failures + 1)


_TAKES: Mapping[type[Event], Take[FirstPassRow]] = {e.QcPassed: _passed, e.QcFailed: _failed}
TAKEN = frozenset(_TAKES)
"""The facts that this family uses, beside those that the dimensions use."""


class FirstPassRows:
    """The projection: one `FirstPassRow` per ticket."""

    name = "first_pass"
    version = 1
    row = FirstPassRow

    def apply(self, row: FirstPassRow, fact: Recorded[Event]) -> FirstPassRow:
        """The row with one more fact."""
        take = _TAKES.get(type(fact.event))
        row = with_dimensions(row, fact)
        return row if take is None else take(row, fact)


def gather(rows: Iterable[FirstPassRow], scope: Scope) -> Sample:
    """The sample of tickets first presented in the period: passed then or not, and failures, of each case.

    Cancelled tickets are excluded.
    """
    sample = Sample(scope, 2)
    for row in rows:
        at = row.presented_at
        if row.opened_at is None or at is None or not scope.holds(at):
            continue
        group = scope.group(row, at)
        if row.is_cancelled:
            sample.exclude(group)
        else:
            sample.add(group, row.passed_first, row.failures)
    return sample


def first_pass(sample: Sample) -> list[ReportRow]:
    """Passed at first presentation ÷ presented, and beside it sent back at least once ÷ presented."""
    passed: list[ReportRow] = []
    reworked: list[ReportRow] = []
    for group, cases in sample.groups():
        tally: Counter[str] = Counter()
        for passed_first, failures in cases:
            tally["passed"] += passed_first
            tally["reworked"] += failures > 0
        for figure, name, rows in ((FIRST_PASS, "passed", passed), (REWORKED, "reworked", reworked)):
            row = rate(
                figure,
                "presented_in",
                group,
                numerator=tally[name],
                denominator=len(cases),
                reason="no ticket was presented in the period",
                excluded=cases.excluded,
            )
            rows.append(row)
    return passed + reworked
