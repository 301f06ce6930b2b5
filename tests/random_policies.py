"""Random policies: clocks of every measure, pause and condition, in one version or several."""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.random_calendars import Grid
from ticketing.domain.policy import WAITS, Conditions, DefinedClock, Target
from ticketing.domain.reference import PolicyPublished

DRAFTS: tuple[dict[str, Any], ...] = (
    {"starts": ("UnitReceived",), "stops": ("UnitHandedBack",), "may_add_up": True},
    {"starts": ("UnitReceived",), "stops": ("CustomerNotified", "UnitHandedBack"), "may_add_up": True},
    {"starts": ("TicketOpened",), "stops": ("DiagnosisRecorded",)},
    {"starts": ("TicketOpened", "TicketReopened"), "stops": ("TicketClosed",), "may_add_up": True},
    {"starts": ("DiagnosisStarted",), "stops": ("DiagnosisRecorded",)},
    {"starts": ("RepairStarted",), "stops": ("RepairCompleted", "QcPassed")},
    {"starts": ("EstimateIssued",), "stops": ("EstimateApproved", "EstimateDeclined"), "binds": "customer_duty"},
    {"starts": ("BillIssued",), "stops": ("PaymentReceived",), "binds": "customer_duty"},
    {"starts": ("CustomerNotified",), "stops": ("UnitHandedBack", "UnitDisposed"), "binds": "customer_duty"},
    {"starts": ("RequestMade",), "stops": ("RequestAnswered",)},
    {"starts": ("DisputeOpened",), "stops": ("VerdictIssued", "DisputeClosed"), "binds": "statute"},
    {"starts": ("ComplaintReceived",), "stops": ("ComplaintAcknowledged", "ComplaintResolved"), "binds": "statute"},
    {"starts": ("ClaimSubmitted",), "stops": ("ClaimDecided",)},
    {
        "starts": ("PromiseMade",),
        "stops": ("UnitHandedBack",),
        "until": "PromiseMade.due_at",
        "binds": "customer_promise",
    },
    {"starts": ("PositionRequested",), "stops": ("PositionStated",), "until": "PositionRequested.deadline"},
    {"starts": ("EstimateIssued",), "stops": ("EstimateApproved",), "until": "EstimateIssued.valid_until"},
    {"binds": "site", "starts": (), "stops": ()},
    {"binds": "site", "starts": (), "stops": ()},
)
"""What all versions of a clock have in common; `until` is the field that is its due date."""


def random_policy(grid: Grid, key: str, early: datetime, told: Collection[str]) -> list[tuple[PolicyPublished, int]]:
    """The versions of a policy, each with the tick at which it is published.

    Args:
        grid: Where and when.
        key: The policy's.
        early: The first version is effective from a day later.
        told: Names of facts; most clocks start with one of these.
    """
    drafts = [_draft(grid, f"clock-{number}", told) for number in range(grid.random.randrange(1, 6))]
    causes = grid.some(WAITS, 3)
    found: list[tuple[PolicyPublished, int]] = []
    effective_from, told_at = early + timedelta(days=1), -5
    while not found or (len(found) < 3 and grid.chance(40)):
        if found:
            effective_from = grid.instant(grid.random.randrange(-10, grid.length))
            told_at = grid.random.randrange(max(told_at, -4), grid.length + 40)
        policy = PolicyPublished(
            key=key,
            version=len(found) + 1,
            effective_from=effective_from,
            is_retroactive=bool(found),
            manufacturer=grid.one((None, None, None, "ACME", "Other")),
            clocks=tuple(_clock(grid, draft) for draft in drafts if not found or grid.chance(90)),
            causes=causes if grid.chance(50) else (),
        )
        found.append((policy, told_at))
    return found


def _draft(grid: Grid, clock_id: str, told: Collection[str]) -> dict[str, Any]:
    startable = [it for it in DRAFTS if not it["starts"] or set(it["starts"]) & set(told) or grid.chance(15)]
    draft = {**grid.one(startable), "id": clock_id}
    if "until" not in draft:
        last = "adds_up" if draft.get("may_add_up") else "anew"
        draft["measure"] = grid.one(("working", "working", "elapsed", "days"))
        draft["on_reopening"] = grid.one(("anew", "anew", "first_only", last))
    return draft


def _clock(grid: Grid, draft: dict[str, Any]) -> DefinedClock:
    measure = draft.get("measure", "until")
    sites: tuple[str, ...] = ("berlin", "bench-1", "leipzig")
    return DefinedClock(
        id=draft["id"],
        binds=draft.get("binds", "manufacturer_contract"),
        starts=draft["starts"],
        stops=draft["stops"],
        target=_target(grid, measure, draft),
        calendar=None if measure == "until" else grid.one(("shop", "bench")),
        is_site_calendar=draft.get("binds") == "site" and grid.chance(50),
        pauses=() if measure == "until" else grid.some(WAITS, 5),
        conditions=Conditions(
            manufacturers=grid.some(("ACME", "Other"), 1) if grid.chance(15) else (),
            models=grid.some(("P7", "P8"), 1) if grid.chance(10) else (),
            sites=grid.some(sites, 2) if grid.chance(10) else (),
            entitlements=grid.some(("warranty", "goodwill", "none"), 2) if grid.chance(20) else (),
            customer_kinds=grid.some(("consumer", "dealer"), 1) if grid.chance(5) else (),
        ),
        on_reopening=draft.get("on_reopening", "anew"),
        outlasts_closing=grid.chance(30),
    )


def _target(grid: Grid, measure: str, draft: dict[str, Any]) -> Target:
    if measure == "until":
        return Target(until=draft["until"])
    if measure == "days":
        return Target(calendar_days=grid.random.randrange(1, 4))
    ticks = grid.random.randrange(1, max(2, grid.length // 3 // grid.unit)) * grid.unit
    hours = Decimal(ticks * grid.tick) / 3600
    return Target(working_hours=hours) if measure == "working" else Target(elapsed_hours=hours)
