"""World: the made-up company and its surroundings: sites, staff, manufacturers, standards, calendar and policy.

Every name is invented, every figure a sample; nothing here says what any manufacturer's terms are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import get_args

from ticketing.domain.calendar import Frozen, Weekday, Window
from ticketing.domain.clauses import Clause, Criterion, DefinedTest, DemandedTest
from ticketing.domain.measured import MeasuredFigure
from ticketing.domain.policy import DefinedClock, DefinedNotice, Target
from ticketing.domain.reference import (
    CalendarPublished,
    PolicyPublished,
    Published,
    SitePublished,
    StandardPublished,
)
from ticketing.domain.values import Actor, Cause, Code, Money, Role

FIRST_DAY = datetime(2025, 1, 6, tzinfo=UTC)
"""A Monday. The world lasts 52 weeks from here."""
LAST_INSTANT = FIRST_DAY + timedelta(days=364, hours=18)
OPENS_AT, CLOSES_AT = 8, 17
"""Desks and benches are open from Monday to Saturday between these hours of UTC."""
HOLIDAYS = frozenset({date(2025, 4, 18), date(2025, 5, 1), date(2025, 10, 3), date(2025, 12, 25), date(2025, 12, 26)})
_EVER = datetime(2020, 1, 1, tzinfo=UTC)

HEAD_OFFICE = "head-office"
WAREHOUSE = "warehouse"
BENCH_OF: Mapping[str, str] = {"berlin": "berlin-bench", "hamburg": "hamburg-bench"}
BRANCHES: Mapping[str, float] = {"berlin": 4, "hamburg": 3, "koeln": 2, "dresden": 1}
WORKSHOPS: Mapping[str, float] = {
    "leipzig-workshop": 4,
    "hannover-workshop": 3,
    "augsburg-repairs": 2,
    "ulm-repairs": 1,
}

CALENDAR = CalendarPublished(
    key="desks",
    version=1,
    effective_from=_EVER,
    windows=tuple(Window(day=day, opens="08:00", closes="17:00") for day in get_args(Weekday) if day != "sun"),
    closed_days=tuple(sorted(HOLIDAYS)),
    frozen=Frozen(since=date(2020, 1, 1), until=date(2030, 12, 31)),
)
"""Frozen here, so that the world is the same to the byte whatever zone data a machine has; UTC has no changes."""
POLICY = PolicyPublished(
    key="house-policy",
    version=1,
    effective_from=_EVER,
    title="What the company asks of itself",
    parameters={"turnaround_target_days": 10, "complaint_window_days": 30, "repeat_window_days": 90},
    clocks=(
        DefinedClock(
            id="turnaround",
            title="Back with the customer within ten working days, the customer's and the manufacturer's time left out",
            binds="manufacturer_contract",
            starts=("UnitReceived",),
            stops=("UnitHandedBack", "UnitDisposed"),
            target=Target(working_hours=Decimal(90)),
            calendar="desks",
            pauses=("parts_manufacturer", "manufacturer_decision", "customer_approval", "customer_collection"),
            notices=(DefinedNotice(kind="four-fifths", at_percent=80, to="dispatcher"),),
        ),
        DefinedClock(
            id="promise",
            title="Ready when it was promised",
            binds="customer_promise",
            starts=("PromiseMade",),
            stops=("CustomerNotified", "UnitHandedBack"),
            target=Target(until="PromiseMade.due_at"),
        ),
        DefinedClock(
            id="stay",
            title="No site keeps a unit for longer than five working days",
            binds="site",
            target=Target(working_hours=Decimal(45)),
            calendar="desks",
            pauses=("parts_ours", "parts_manufacturer", "customer_approval", "customer_collection"),
        ),
        DefinedClock(
            id="collect",
            title="Collected within two weeks of the notice",
            binds="customer_duty",
            starts=("CustomerNotified",),
            stops=("UnitHandedBack", "UnitDisposed"),
            target=Target(calendar_days=14),
            calendar="desks",
        ),
    ),
)


def _contract(manufacturer: str, repeat_days: int, *figures: MeasuredFigure) -> PolicyPublished:
    repeats = MeasuredFigure(figure="repeat_rate", days=repeat_days, at_most=Decimal(5))
    return PolicyPublished(
        key=f"{manufacturer.lower()}-contract",
        version=1,
        effective_from=_EVER,
        title="What the manufacturer measures the company by",
        manufacturer=manufacturer,
        figures=(*figures, repeats),
    )


CONTRACTS = (
    _contract(
        "QUORVAN",
        90,
        MeasuredFigure(figure="turnaround", percentile=90, at_most=Decimal(30)),
        MeasuredFigure(figure="within_days", days=10, at_least=Decimal(60)),
        MeasuredFigure(figure="complaint_rate", days=30, at_most=Decimal(10)),
    ),
    _contract(
        "ILMERRA",
        60,
        MeasuredFigure(figure="within_days", days=14, at_least=Decimal(60)),
        MeasuredFigure(figure="first_pass", at_least=Decimal(90)),
        MeasuredFigure(figure="complaint_rate", days=60, at_most=Decimal(10)),
    ),
)
"""Each counts a repeat in days of its own."""
SITES = (
    SitePublished(key=HEAD_OFFICE, version=1, effective_from=_EVER, kind="head_office", calendar="desks"),
    SitePublished(key=WAREHOUSE, version=1, effective_from=_EVER, kind="warehouse", parent=HEAD_OFFICE),
    *(
        SitePublished(key=key, version=1, effective_from=_EVER, kind="branch", parent=HEAD_OFFICE, calendar="desks")
        for key in BRANCHES
    ),
    *(
        SitePublished(key=bench, version=1, effective_from=_EVER, kind="department", parent=branch)
        for branch, bench in BENCH_OF.items()
    ),
    *(
        SitePublished(
            key=key,
            version=1,
            effective_from=_EVER,
            kind="workshop",
            ownership="subcontracted" if key.endswith("-repairs") else "own",
            parent=HEAD_OFFICE,
            brands=("QUORVAN", "ILMERRA"),
            calendar="desks",
        )
        for key in WORKSHOPS
    ),
)


FAULTS: Mapping[str, range] = {
    "QUORVAN 5.1": range(1, 5),
    "QUORVAN 4.2": range(15, 19),
    "QUORVAN 3.1": range(21, 26),
    "ILMERRA 2.4": range(1, 5),
    "ILMERRA 2.7": range(11, 14),
    "ILMERRA 2.1": range(21, 26),
}
"""The numbers of the defect codes of which each clause speaks."""


def defect(number: int) -> Code:
    """The defect code of a number."""
    return Code(system="DEFECT", code=f"D{number}")


def _clause(manufacturer: str, clause: str, title: str, months: int | None, **asked: object) -> Clause:
    """A clause on the parts that have its defect codes; one of no months excludes."""
    codes = [defect(number) for number in FAULTS[f"{manufacturer} {clause}"]]
    period = {"months": months, "since": "purchase", "is_extended_by_repair": True} if months is not None else None
    effect = "covers" if months is not None else "excludes"
    told = {"id": clause, "title": title, "effect": effect, "defect_codes": codes, "period": period, **asked}
    return Clause.model_validate(told)


def _exclusion(clause: str) -> Clause:
    title = "Misuse, accident and work by third parties: not covered"
    return Clause(id=clause, title=title, effect="excludes", causes=("misuse", "accident", "third_party"))


def _standard(
    manufacturer: str, version: int, effective_from: datetime, test: DefinedTest, clauses: tuple[Clause, ...]
) -> StandardPublished:
    key = f"{manufacturer}-IS"
    return StandardPublished(
        key=key,
        version=version,
        effective_from=effective_from,
        manufacturer=manufacturer,
        title=f"Inspection standard, version {version}",
        document_hash=sha256(f"{key} {version}".encode()).hexdigest(),
        tests=(test,),
        clauses=clauses,
        tests_before_no_fault=tuple(DemandedTest(test=test.id, stage=stage) for stage in ("standard", "under_load")),
    )


def _quorvan(version: int, effective_from: datetime, socket: Clause, battery: Clause) -> StandardPublished:
    boards = _clause("QUORVAN", "3.1", "Board and display: covered for 24 months from purchase", 24)
    current = DefinedTest(id="charge", title="Charging current at the socket", unit="A")
    return _standard("QUORVAN", version, effective_from, current, (boards, socket, battery, _exclusion("9.1")))


def _ilmerra(version: int, effective_from: datetime, pump: Clause) -> StandardPublished:
    motors = _clause("ILMERRA", "2.1", "Board and motor: covered for 24 months from purchase", 24)
    seal = _clause("ILMERRA", "2.7", "Seal: covered for 12 months", 12)
    leak = DefinedTest(id="leak", title="Water lost while it runs", unit="mL/min")
    return _standard("ILMERRA", version, effective_from, leak, (motors, pump, seal, _exclusion("8.1")))


_FAILS_UNDER_LOAD = (Criterion(test="charge", stages=("under_load",), passed=False),)
STANDARDS = (
    _quorvan(
        1,
        _EVER,
        _clause(
            "QUORVAN",
            "4.2",
            "Charging socket: covered for 24 months if the test under load fails",
            24,
            inspections=_FAILS_UNDER_LOAD,
        ),
        _clause("QUORVAN", "5.1", "Battery: covered for 12 months", 12),
    ),
    _ilmerra(1, _EVER, _clause("ILMERRA", "2.4", "Pump: covered for 24 months", 24)),
)
CHANGED_STANDARDS = (
    _quorvan(
        2,
        datetime(2025, 7, 1, tzinfo=UTC),
        _clause("QUORVAN", "4.2", "Charging socket: wear, not covered", None),
        _clause("QUORVAN", "5.1", "Battery: covered for 6 months", 6),
    ),
    _ilmerra(2, datetime(2025, 9, 1, tzinfo=UTC), _clause("ILMERRA", "2.4", "Pump: covered for 60 months", 60)),
)
"""Published in the middle of the year: one manufacturer narrows its promise, the other widens it."""
COVERED_MONTHS: Mapping[tuple[str, int], Mapping[str, int]] = {
    ("QUORVAN-IS", 1): {"3.1": 24, "4.2": 24, "5.1": 12, "9.1": 0},
    ("QUORVAN-IS", 2): {"3.1": 24, "4.2": 0, "5.1": 6, "9.1": 0},
    ("ILMERRA-IS", 1): {"2.1": 24, "2.4": 24, "2.7": 12, "8.1": 0},
    ("ILMERRA-IS", 2): {"2.1": 24, "2.4": 60, "2.7": 12, "8.1": 0},
}
"""For how many months from purchase the desk believes each clause to cover: it reads no more than the titles."""
EXCLUSION = {"QUORVAN": "9.1", "ILMERRA": "8.1"}

REFERENCE_DATA: tuple[Published, ...] = (CALENDAR, POLICY, *CONTRACTS, *SITES, *STANDARDS)


def standard_on(manufacturer: str, day: date) -> StandardPublished:
    """The version of a manufacturer's standard that is in force on a day."""
    versions = [s for s in (*STANDARDS, *CHANGED_STANDARDS) if s.manufacturer == manufacturer]
    return [s for s in versions if s.effective_from.date() <= day][-1]


@dataclass(frozen=True)
class Part:
    """A part that fails: its number, the clause that speaks of it, and what it costs the customer."""

    number: str
    clause: str
    price: int


@dataclass(frozen=True, eq=False)
class Model:
    """What the company repairs.

    Attributes:
        weight: How many of it come in, against the others.
        causes: What is found to be the cause, and how often.
        qc_failure: How often the inspector sends a repaired one back.
        short_from: The day of the world from which its parts do not come; None for ordinary supply.
    """

    manufacturer: str
    name: str
    weight: float
    test: str
    unit_of_measure: str
    parts: tuple[Part, ...]
    causes: Mapping[Cause, float]
    qc_failure: float
    is_heavy: bool = False
    short_from: int | None = None


MODELS = (
    Model(
        "QUORVAN",
        "Q7",
        5,
        "charge",
        "A",
        (Part("Q7-BAT", "5.1", 59), Part("Q7-SOC", "4.2", 49), Part("Q7-BRD", "3.1", 189)),
        {"manufacturing": 45, "wear": 20, "accident": 12, "misuse": 9, "software": 4, "none_found": 8, "unknown": 2},
        0.06,
    ),
    Model(
        "QUORVAN",
        "Q7 Pad",
        3,
        "charge",
        "A",
        (Part("QP-DSP", "3.1", 229), Part("QP-BAT", "5.1", 79)),
        {"manufacturing": 38, "wear": 12, "accident": 28, "misuse": 5, "third_party": 5, "none_found": 12},
        0.05,
        short_from=210,
    ),
    Model(
        "QUORVAN",
        "Q3",
        1,
        "charge",
        "A",
        (Part("Q3-BAT", "5.1", 39), Part("Q3-SOC", "4.2", 35)),
        {"manufacturing": 20, "wear": 55, "accident": 10, "none_found": 15},
        0.14,
    ),
    Model(
        "ILMERRA",
        "Brew 2",
        3,
        "leak",
        "mL/min",
        (Part("B2-PMP", "2.4", 65), Part("B2-SEA", "2.7", 19), Part("B2-BRD", "2.1", 99)),
        {"manufacturing": 50, "wear": 25, "misuse": 12, "software": 3, "none_found": 10},
        0.08,
    ),
    Model(
        "ILMERRA",
        "Wash 40",
        1,
        "leak",
        "mL/min",
        (Part("W4-PMP", "2.4", 119), Part("W4-MOT", "2.1", 249)),
        {"manufacturing": 55, "wear": 30, "misuse": 10, "none_found": 5},
        0.07,
        is_heavy=True,
    ),
)

_HEADS: Mapping[Role, int] = {
    "warranty_officer": 3,
    "dispute_officer": 2,
    "complaint_officer": 2,
    "manager": 2,
    "auditor": 1,
    "expert": 2,
}
_DESKS: Mapping[Role, int] = {"receptionist": 3, "cashier": 1, "dispatcher": 1, "technician": 2, "inspector": 1}
_BENCHES: Mapping[Role, int] = {"technician": 4, "inspector": 2, "dispatcher": 1, "parts_clerk": 1}
STAFF: Mapping[str, Mapping[Role, int]] = {
    HEAD_OFFICE: _HEADS,
    WAREHOUSE: {"parts_clerk": 2, "dispatcher": 1},
    **dict.fromkeys(BRANCHES, _DESKS),
    **dict.fromkeys(BENCH_OF.values(), _BENCHES),
    **dict.fromkeys(WORKSHOPS, _BENCHES),
}
"""How many people of each role work at each site."""
SYSTEM = Actor(id="house-clock", role="system")
PUBLISHER = Actor(id=f"{HEAD_OFFICE}-manager-1", role="manager", site=HEAD_OFFICE)


def manufacturers_desk(manufacturer: str) -> Actor:
    """Who answers for a manufacturer."""
    return Actor(id=f"{manufacturer.lower()}-desk", role="manufacturer")


def euros(amount: Decimal | int) -> Money:
    return Money(amount=Decimal(amount).quantize(Decimal("0.01")), currency="EUR")
