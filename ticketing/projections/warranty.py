"""Warranty watch: which tickets became the customer's to pay after a diagnosis in warranty, and whether that stood.

A ticket was diagnosed in warranty if its entitlement was warranty when a diagnosis was recorded, or was decided to be
after it. It moved if that fault's entitlement became `none` later, by whatever way; a refusal moves nothing, for nobody
pays. What overturns a move is what overturns any decision. A move that was overturned has moved all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from ticketing.domain.hours import instant_at
from ticketing.domain.values import instant_text
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, rate_rows
from ticketing.projections.report import Case, Cohort, Figure, ReportRow
from ticketing.projections.turnaround import LEFT_OUT

_COHORTS: Mapping[Cohort, str] = {"handed_back_in": "first_back_at", "opened_in": "opened_at"}
OWN = ("approved_by", "decided_by")
WARRANTY_WATCH = Figure("warranty_watch", 1, tuple(_COHORTS), OWN)
WARRANTY_OVERTURNED = Figure("warranty_overturned", 1, tuple(_COHORTS))

_RATES = (
    Rate(
        figure=WARRANTY_WATCH,
        excluded=LEFT_OUT,
        censored="warranty_by IS NOT NULL AND first_back_at IS NULL AND is_open = 1",
        asked="warranty_by IS NOT NULL",
        had="moved_by IS NOT NULL",
        none="no ticket of the period was diagnosed in warranty",
    ),
    Rate(
        figure=WARRANTY_OVERTURNED,
        excluded=LEFT_OUT,
        asked="moved_by IS NOT NULL",
        had="overturned_by IS NOT NULL",
        none="no ticket of the period was moved out of warranty",
    ),
)
COLUMNS = (
    *("number", "ticket_id", "site", "moved_at", "moved_by", "approved_by", "moved_because"),
    *("moved_version", "overturned_by"),
)


def counts(cohort: Cohort) -> Counts:
    """What is counted; only tickets diagnosed in warranty are in it, less those that no rate is of."""
    at = f"CASE WHEN warranty_by IS NOT NULL THEN {_COHORTS[cohort]} END"
    return Counts(at=at, conditions=conditions_of(_RATES))


def moved(cohort: Cohort) -> Counts:
    """The tickets of which `COLUMNS` are asked."""
    return Counts(at=_COHORTS[cohort], conditions={"moved": f"moved_by IS NOT NULL AND NOT {LEFT_OUT}"})


def warranty_watch(counted: Counted, cohort: Cohort) -> list[ReportRow]:
    """Moved out of warranty after diagnosis ÷ diagnosed in warranty, and moves overturned ÷ moves."""
    return rate_rows(counted, cohort, _RATES)


def cases(chosen: Iterable[tuple[Any, ...]]) -> tuple[Case, ...]:
    """The tickets that were moved, in order of number; those too that are not handed back yet."""
    found = [_case(*columns) for _, *columns in chosen]
    return tuple(sorted(found, key=lambda case: (str(case["ticket"]), str(case["ticket_id"]))))


def _case(
    number: str | None,
    ticket_id: str,
    site: str | None,
    at: int,
    by: str,
    approved_by: str | None,
    because: str | None,
    version: int,
    overturned_by: int | None,
) -> Case:
    return {
        "ticket": number or "",
        "ticket_id": str(UUID(ticket_id)),
        "site": site,
        "moved_at": instant_text(instant_at(at)),
        "moved_by": by,
        "approved_by": approved_by,
        "because": because,
        "version": version,
        "overturned_by": overturned_by,
    }
