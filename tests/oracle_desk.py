"""The oracle's desk: what somebody at the counter would say of a ticket, as far as its facts have been told.

Written from the wording of the rules; facts are those of `oracle`, in plain words and numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.oracle import Raw, raw, standing
from tests.oracle_hours import OpenHours, Version, seconds
from ticketing.domain.reference import CalendarPublished, PolicyPublished, Published, SitePublished
from ticketing.domain.values import Event, Recorded

WAIT_ENDS = {
    "transit": ("UnitArrived", "UnitReceived", "UnitHandedBack", "UnitDisposed"),
    "customer_approval": ("EstimateApproved", "EstimateDeclined", "TicketClosed"),
    "customer_collection": ("UnitHandedBack", "UnitDisposed", "TicketClosed"),
    "dispute": ("VerdictIssued", "DisputeClosed"),
}
WAIT_STARTS = {
    "UnitDispatched": "transit",
    "EstimateIssued": "customer_approval",
    "CustomerNotified": "customer_collection",
    "DisputeOpened": "dispute",
    "VerdictAppealed": "dispute",
}
PARTY = {
    "customer": ("customer_information", "proof_of_purchase", "payment", "customer_approval", "customer_collection"),
    "manufacturer": ("parts_manufacturer", "manufacturer_decision"),
    "expert": ("expert_opinion",),
    "company": ("parts_ours", "capacity", "transit"),
    "nobody": ("force_majeure",),
    "parties": ("dispute",),
}
CAUSES = (
    *("customer_information", "proof_of_purchase", "payment", "parts_ours", "parts_manufacturer"),
    *("manufacturer_decision", "expert_opinion", "capacity", "force_majeure"),
    *("transit", "customer_approval", "customer_collection", "dispute"),
)
WORK_ENDS = (
    *("RepairCompleted", "RepairAbandoned", "UnitExchanged", "ServiceRefused"),
    *("QcPassed", "QcFailed", "QcWaived", "TicketReopened"),
)


@dataclass(frozen=True)
class Rules:
    """What was published, with positions; `tick` is in seconds."""

    publications: Sequence[Recorded[Event]]
    tick: int
    hours_known: dict[tuple[str, int], OpenHours] = field(default_factory=dict)

    def versions(self, kind: type[Published], key: str) -> list[tuple[int, Any]]:
        return [it for it in self.by_kind[kind] if it[1].key == key]

    @cached_property
    def by_kind(self) -> Mapping[type[Published], list[tuple[int, Any]]]:
        told = sorted(self.publications, key=lambda fact: fact.position)
        kinds: tuple[type[Published], ...] = (PolicyPublished, CalendarPublished, SitePublished)
        return {kind: [(it.position, it.event) for it in told if isinstance(it.event, kind)] for kind in kinds}

    def effective(self, kind: type[Published], key: str, at: int, before: float) -> Any:  # noqa: ANN401
        found = [
            thing
            for position, thing in self.versions(kind, key)
            if position < before and seconds(thing.effective_from) <= at
        ]
        return max(found, key=lambda thing: thing.version, default=None)

    @property
    def policies(self) -> list[str]:
        return sorted({thing.key for _, thing in self.by_kind[PolicyPublished]})

    def hours(self, calendar: str, before: float) -> OpenHours:
        versions = self.versions(CalendarPublished, calendar)
        known = [thing for position, thing in versions if position < before]
        if (calendar, len(known)) not in self.hours_known:
            made = [Version(thing) for _, thing in versions]
            self.hours_known[calendar, len(known)] = OpenHours(made[: len(known)], made[len(known) :])
        return self.hours_known[calendar, len(known)]

    def place(self, site: str) -> str:
        known = {thing.key: thing for _, thing in self.by_kind[SitePublished]}
        while site in known and known[site].kind == "department" and known[site].parent is not None:
            site = known[site].parent
        return site


@dataclass(frozen=True)
class Told:
    """A ticket's history, with when each fact came to be known."""

    history: Sequence[Recorded[Event]]

    @cached_property
    def imported(self) -> frozenset[int]:
        return frozenset(fact.version for fact in self.history if fact.source != "native")

    @cached_property
    def raws(self) -> list[tuple[int, Raw]]:
        return [
            (seconds(fact.occurred_at if fact.version in self.imported else fact.recorded_at), raw(fact))
            for fact in self.history
        ]

    def facts(self, as_of: float, known_at: float = float("inf")) -> list[Raw]:
        left = standing([fact for seen_at, fact in self.raws if seen_at <= known_at])
        return [fact for fact in left if seconds(fact.at) <= as_of]

    def instants(self) -> list[int]:
        """When something may become known or occur, whatever is corrected."""
        at = {seen_at for seen_at, _ in self.raws} | {seconds(fact.at) for _, fact in self.raws}
        for _, fact in self.raws:
            if fact.name == "EventCorrected" and fact.said["field"] == "occurred_at":
                at.add(seconds(datetime.fromisoformat(fact.said["is"])))
        return sorted(at)


@dataclass
class Desk:
    """What somebody at the counter would say of a ticket, as far as its facts have been told."""

    rules: Rules
    cycle: int = 1
    is_closed: bool = False
    opening: Mapping[str, Any] = field(default_factory=dict)
    manufacturer: str | None = None
    model: str | None = None
    entitlement: str | None = None
    waits: dict[tuple[str, str | None], str] = field(default_factory=dict)
    custody: str = "outside"
    unit_at: str | None = None
    assigned_to: str | None = None
    is_at_work: bool = False
    is_repairing: bool = False
    stays: list[str] = field(default_factory=list)
    stay_at: str | None = None

    def take(self, fact: Raw) -> None:
        self.take_waits(fact)
        said = fact.said
        match fact.name:
            case "TicketOpened":
                self.opening = said
                self.manufacturer, self.model = said["manufacturer"], said["model"]
            case "UnitIdentified":
                self.manufacturer = said["manufacturer"] or self.manufacturer
                self.model = said["model"] or self.model
            case "EntitlementDecided":
                self.entitlement = said["basis"]
            case "EntitlementRevised":
                self.entitlement = said["to"]
            case "TicketClosed":
                self.is_closed, self.assigned_to = True, None
                self.custody = "left" if self.custody == "here" else self.custody
            case "TicketReopened":
                self.is_closed = False
                self.custody = "here" if self.custody == "left" else self.custody
                self.cycle += 1
            case "TicketAssigned":
                self.assigned_to = said["site"]
            case "UnitReceived":
                self.unit_at, self.custody = said["site"], "here"
            case "UnitArrived":
                self.unit_at = said["site"]
            case "UnitDispatched":
                self.unit_at = None
            case "UnitHandedBack" | "UnitDisposed":
                self.unit_at = None
                self.custody = "at home" if fact.name == "UnitHandedBack" else "gone"
            case _:
                """It is about something else."""
        self.take_work(fact.name)

    def take_waits(self, fact: Raw) -> None:
        said = fact.said
        for cause, dispute in list(self.waits):
            ends = WAIT_ENDS.get(cause, ("TicketClosed",))
            is_named = fact.name == "WaitEnded" and said["cause"] == cause
            if is_named or (fact.name in ends and (dispute is None or said["dispute_id"] == dispute)):
                del self.waits[cause, dispute]
        if fact.name == "WaitStarted":
            self.waits.setdefault((said["cause"], None), said["responsible"] or party_of(said["cause"]))
        elif fact.name in WAIT_STARTS:
            cause = WAIT_STARTS[fact.name]
            self.waits.setdefault((cause, said["dispute_id"] if cause == "dispute" else None), party_of(cause))

    def take_work(self, name: str) -> None:
        if name in ("DiagnosisStarted", "RepairStarted"):
            self.is_at_work, self.is_repairing = True, name == "RepairStarted"
        elif name in WORK_ENDS or (name in ("DiagnosisRecorded", "EstimateDeclined") and not self.is_repairing):
            self.is_at_work = self.is_repairing = False

    @property
    def site_in_charge(self) -> str | None:
        """Where the unit is, if that is the place of the site that has the ticket."""
        if self.unit_at is None or self.is_closed:
            return None
        holder = self.assigned_to or self.unit_at
        return holder if self.rules.place(holder) == self.rules.place(self.unit_at) else None


def party_of(cause: str) -> str:
    return next(party for party, causes in PARTY.items() if cause in causes)
