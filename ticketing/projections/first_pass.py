"""First pass: how the finished unit fared when it was first presented to the inspector, per ticket.

A waiver is no presentation. Whatever was checked (a repair, no fault, a unit returned or exchanged) counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ticketing.domain import events as e
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, rate_rows
from ticketing.projections.dimensions import Take
from ticketing.projections.report import Figure, ReportRow
from ticketing.projections.turnaround import LEFT_OUT, TurnaroundRow, with_course

FIRST_PASS = Figure("first_pass", 2, ("presented_in",))
REWORKED = Figure("reworked", 2, ("presented_in",))


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassRow(TurnaroundRow):
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
"""The facts that this family uses, beside those that the course of the ticket uses."""


class FirstPassRows:
    """The projection: one `FirstPassRow` per ticket."""

    name = "first_pass"
    version = 2
    row = FirstPassRow

    def apply(self, row: FirstPassRow, fact: Recorded[Event]) -> FirstPassRow:
        """The row with one more fact."""
        take = _TAKES.get(type(fact.event))
        before = row
        row = with_course(row, fact)
        if before.presented_at is not None and (row.site, row.technician) != (before.site, before.technician):
            row = replace(row, site=before.site, technician=before.technician)  # those of what was presented first
        return row if take is None else take(row, fact)


_NONE = "no ticket was presented in the period"
_RATES = (
    Rate(figure=FIRST_PASS, excluded=LEFT_OUT, had="passed_first = 1", none=_NONE),
    Rate(figure=REWORKED, excluded=LEFT_OUT, had="failures > 0", none=_NONE),
)
COUNTS = Counts(at="presented_at", conditions=conditions_of(_RATES))
"""Tickets first presented in the period; those cancelled and those never received are left out."""


def first_pass(counted: Counted) -> list[ReportRow]:
    """Passed at first presentation ÷ presented, and beside it sent back at least once ÷ presented."""
    return rate_rows(counted, "presented_in", _RATES)
