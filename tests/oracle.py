"""The oracle of the state machine: the rules as questions asked of raw facts.

`Case` and `broken` know the rules from their wording in the trade, and use neither `Ticket` nor the rule functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from tests import oracle_disputes as disputes
from tests.examples import STANDARD, but
from ticketing.domain.clauses import BurdenOfProof, Clause, CoveragePeriod, Criterion, DefinedTest
from ticketing.domain.values import Event, Recorded

SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Raw:
    """A fact as plain words and numbers; `said` is the event as JSON has it."""

    ticket: UUID
    version: int
    position: int
    name: str
    at: datetime
    recorded_at: datetime
    by: str
    role: str
    site: str | None
    flags: frozenset[str]
    said: Mapping[str, Any]


def raw(fact: Recorded[Event]) -> Raw:
    return Raw(
        ticket=fact.stream_id,
        version=fact.version,
        position=fact.position,
        name=type(fact.event).__name__,
        at=fact.occurred_at,
        recorded_at=fact.recorded_at,
        by=fact.actor.id,
        role=fact.actor.role,
        site=fact.actor.site,
        flags=frozenset(fact.flags),
        said=fact.event.model_dump(mode="json"),
    )


def standing(history: Sequence[Raw]) -> list[Raw]:
    """What is left of each fact, by asking of every record anew what is left of it."""
    left: dict[int, Raw | None] = {}

    def rest_of(fact: Raw) -> Raw | None:
        if fact.version not in left:
            later = [
                it for it in history if it.version > fact.version and it.name in ("EventCorrected", "EventRetracted")
            ]
            spoken = [it for it in map(rest_of, later) if it is not None and it.said["target_version"] == fact.version]
            rest: Raw | None = fact
            for it in spoken:
                rest = amended(rest, it) if rest is not None and it.name != "EventRetracted" else None
            left[fact.version] = rest
        return left[fact.version]

    return [rest for rest in map(rest_of, history) if rest is not None]


def amended(fact: Raw, correction: Raw) -> Raw:
    path, value = correction.said["field"], correction.said["is"]
    if path == "occurred_at":
        return replace(fact, at=datetime.fromisoformat(value))
    try:
        return replace(fact, said=set_at(fact.said, path.split("."), value))
    except LookupError:
        return fact


def set_at(said: Any, path: Sequence[str], value: object) -> Any:  # noqa: ANN401  # plain JSON of any shape
    first, *rest = path
    if isinstance(said, list):
        place = int(first)
        return [*said[:place], set_at(said[place], rest, value) if rest else value, *said[place + 1 :]]
    before = said[first]
    return {**said, first: set_at(before, rest, value) if rest else value}


# the oracle

AFTER_CLOSURE = frozenset(
    {
        *("ComplaintReceived", "ComplaintAcknowledged", "ComplaintResolved", "SatisfactionRated"),
        *("DisputeOpened", "PositionRequested", "PositionStated", "EvidenceSubmitted", "EvidenceHandedOver"),
        *("JointInspectionHeld", "VerdictIssued", "VerdictAppealed", "DisputeClosed", "PayersRevised"),
        *("StandardPinned", "ClaimSubmitted", "ClaimDecided"),
        *("ProofOfPurchaseRecorded", "CustomerContacted", "EventCorrected", "EventRetracted"),
        *("EntitlementDecided", "EntitlementRevised", "BillIssued", "BillCredited", "PaymentReceived"),
        *("NoteRecorded", "NoticeSent", "HostFactRecorded"),
    }
)
CUSTODY_AFTER = {
    "UnitReceived": "in_house",
    "UnitDispatched": "in_transit",
    "UnitArrived": "in_house",
    "UnitHandedBack": "handed_back",
    "UnitDisposed": "disposed",
}
CUSTODY_BEFORE = {
    "UnitReceived": ("outside", "handed_back"),
    "UnitDispatched": ("in_house",),
    "UnitArrived": ("in_transit",),
    "UnitHandedBack": ("in_house", "in_transit"),
    "UnitDisposed": ("in_house",),
}
WORK_AFTER = {
    "DiagnosisStarted": "diagnosing",
    "DiagnosisRecorded": "diagnosed",
    "ServiceRefused": "ended",
    "EstimateDeclined": "ended",
    "RepairStarted": "repairing",
    "RepairCompleted": "finished",
    "RepairAbandoned": "ended",
    "UnitExchanged": "finished",
    "QcPassed": "checked",
    "QcFailed": "rework",
    "QcWaived": "checked",
    "TicketReopened": "idle",
}
WORK_UNMOVED_BY = {"DiagnosisRecorded": ("repairing",), "EstimateDeclined": ("repairing", "finished", "checked")}
WORK_FORBIDS = {
    "idle": ("PartFitted", "WorkLogged", "RepairCompleted", "RepairAbandoned", "QcPassed", "QcFailed", "QcWaived"),
    "diagnosing": ("PartFitted", "RepairCompleted", "QcPassed", "QcFailed", "QcWaived"),
    "diagnosed": ("PartFitted", "RepairCompleted"),
    "repairing": ("RepairStarted", "QcPassed", "QcFailed", "QcWaived"),
    "finished": (
        *("DiagnosisRecorded", "ServiceRefused", "PartFitted"),
        *("RepairCompleted", "RepairAbandoned", "UnitExchanged"),
    ),
    "rework": ("PartFitted", "RepairCompleted", "QcPassed", "QcFailed", "QcWaived"),
    "checked": (
        *("DiagnosisRecorded", "ServiceRefused", "PartFitted", "WorkLogged", "RepairCompleted", "RepairAbandoned"),
        *("UnitExchanged", "QcWaived"),
    ),
    "ended": ("PartFitted", "WorkLogged", "RepairCompleted", "RepairAbandoned"),
}
AT_THE_UNIT = frozenset(
    {
        *("DiagnosisStarted", "TestPerformed", "DiagnosisRecorded"),
        *("RepairStarted", "PartFitted", "WorkLogged", "RepairCompleted", "QcPassed", "QcFailed"),
    }
)
HANDS_ON = ("RepairStarted", "PartFitted", "WorkLogged", "RepairCompleted", "RepairAbandoned", "UnitExchanged")
ONLY_ROLES = {
    "RepairCompleted": {"technician"},
    "QcPassed": {"inspector"},
    "QcFailed": {"inspector"},
    "QcWaived": {"manager"},
    "NoticeSent": {"system"},
    "VerdictIssued": {"dispute_officer", "manager", "expert", "manufacturer"},
    "TicketClosed": {
        *("receptionist", "dispatcher", "manager", "cashier"),
        *("warranty_officer", "dispute_officer", "complaint_officer"),
    },
}
ID_OF = {
    "RequestMade": "request_id",
    "DisputeOpened": "dispute_id",
    "EvidenceSubmitted": "evidence_id",
    "ClaimSubmitted": "claim_id",
    "BillIssued": "bill_id",
    "ComplaintReceived": "complaint_id",
}
REFERS_TO = {
    "RequestAnswered": "RequestMade",
    "EvidenceHandedOver": "EvidenceSubmitted",
    "ClaimDecided": "ClaimSubmitted",
    "BillCredited": "BillIssued",
    "PaymentReceived": "BillIssued",
    "ComplaintAcknowledged": "ComplaintReceived",
    "ComplaintResolved": "ComplaintReceived",
}
ROOM_OF = {"bench-2": "berlin"}
LAXER = but(
    STANDARD,
    version=4,
    is_retroactive=True,
    tests_before_no_fault=(),
    document_hash=None,
    tests=(DefinedTest(id="charge", unit="A"), DefinedTest(id="drop")),
    clauses=(
        Clause(
            id="2.1",
            title="Faults of manufacture and wear within a year of purchase",
            effect="covers",
            period=CoveragePeriod(months=12, since="purchase", is_extended_by_repair=True),
            causes=("manufacturing", "wear"),
            burden_of_proof=BurdenOfProof(on="manufacturer", until_months=6, then_on="customer"),
        ),
        Clause(
            id="2.2",
            title="What came back from repair less than a month ago",
            effect="covers",
            period=CoveragePeriod(months=1, since="hand_over"),
            inspections=(Criterion(test="charge", unit="A", at_most=Decimal("0.1"), passed=True),),
        ),
        Clause(
            id="4.2",
            title="Misuse, where a test shows it",
            effect="excludes",
            causes=("misuse",),
            inspections=(Criterion(test="drop", passed=False),),
        ),
        Clause(id="9", title="Everything else"),
    ),
)
PUBLISHED: Mapping[tuple[str | None, int | None], Mapping[str, Any]] = {
    (standard.key, standard.version): standard.model_dump(mode="json") for standard in (STANDARD, LAXER)
}
DEMANDED = {
    (STANDARD.key, 3): {("charge", "standard"), ("charge", "under_load")},
    (LAXER.key, 4): set[tuple[str, str]](),
}
NOT_JUDGED = frozenset({"role-may-not", "number-taken", "unit-already-open"})
"""Slugs of which the oracle knows only some cases: it never says that they are out of place."""


@dataclass(frozen=True)
class Agreed:
    """An estimate as issued, and the lines of it that are approved."""

    issued: Raw
    approved: tuple[str, ...] = ()

    @property
    def payers(self) -> dict[str, str]:
        return {line["line_id"]: line["payer"] for line in self.issued.said["lines"]}


class Case:
    """Questions asked of a ticket's surviving facts, in order of version; every answer is looked for anew."""

    def __init__(self, facts: Sequence[Raw]) -> None:
        self.facts = facts
        self.versions = {fact.version: fact for fact in facts}

    def all(self, *names: str) -> list[Raw]:
        return [fact for fact in self.facts if fact.name in names]

    def last(self, *names: str) -> Raw | None:
        return next((fact for fact in reversed(self.facts) if fact.name in names), None)

    def latest(self, *names: str) -> Raw | None:
        return max(self.all(*names), key=lambda fact: (fact.at, fact.version), default=None)

    def of_id(self, name: str, value: object) -> list[Raw]:
        return [fact for fact in self.all(name) if fact.said[ID_OF[name]] == value]

    def ids(self, name: str) -> list[str]:
        return [fact.said[ID_OF[name]] for fact in self.all(name)]

    @cached_property
    def is_begun(self) -> bool:
        return bool(self.all("TicketOpened"))

    @cached_property
    def is_open(self) -> bool:
        moved = self.latest("TicketOpened", "TicketClosed", "TicketReopened")
        return moved is not None and moved.name != "TicketClosed"

    @cached_property
    def custody(self) -> str:
        moved = self.latest(*CUSTODY_AFTER)
        return CUSTODY_AFTER[moved.name] if moved is not None else "outside"

    @cached_property
    def place(self) -> str | None:
        moved = self.latest(*CUSTODY_AFTER)
        return moved.said["site"] if moved is not None and moved.name in ("UnitReceived", "UnitArrived") else None

    @cached_property
    def begun(self) -> Raw | None:
        """The fact that began the present cycle."""
        begun, moved_at = None, None
        for fact in self.all("TicketOpened", "TicketClosed", "TicketReopened"):
            if moved_at is None or fact.at >= moved_at:
                moved_at = fact.at
                begun = fact if begun is None or fact.name == "TicketReopened" else begun
        return begun

    def has_begun_by(self, at: datetime) -> bool:
        return self.begun is None or at >= self.begun.at

    @cached_property
    def cycle(self) -> list[Raw]:
        """The facts that occurred in the present cycle and were recorded in it."""
        version = self.begun.version if self.begun is not None else 0
        return [fact for fact in self.facts if fact.version > version and self.has_begun_by(fact.at)]

    @cached_property
    def _work(self) -> tuple[str, int]:
        """The state of the work, and the version of the fact that made all earlier work count for nothing."""
        state, moved_at, undone = "idle", None, 0
        for fact in self.all(*WORK_AFTER):
            is_late = moved_at is not None and fact.at < moved_at
            if not is_late and state not in WORK_UNMOVED_BY.get(fact.name, ()):
                state, moved_at = WORK_AFTER[fact.name], fact.at
                if fact.name in ("RepairStarted", "QcFailed") and fact in self.cycle:
                    undone = fact.version
        return state, undone

    @property
    def work(self) -> str:
        return self._work[0]

    def in_cycle(self, *names: str) -> list[Raw]:
        return [fact for fact in self.cycle if fact.name in names]

    @property
    def has_found_nothing(self) -> bool:
        return bool(found := self.in_cycle("DiagnosisRecorded")) and is_no_fault(found[-1])

    def is_finished(self, checked: str) -> bool:
        names = {
            "repair": ("RepairCompleted",),
            "no_fault": ("DiagnosisRecorded",),
            "returned": ("ServiceRefused", "EstimateDeclined", "RepairAbandoned"),
            "exchange": ("UnitExchanged",),
        }[checked]
        done = [fact for fact in self.in_cycle(*names) if fact.version > self._work[1]]
        return bool(done) and (checked != "no_fault" or is_no_fault(done[-1]))

    @property
    def is_work_over(self) -> bool:
        over = self.work in ("idle", "finished", "checked", "ended")
        return over or (self.work == "diagnosed" and self.has_found_nothing)

    @property
    def is_unit_back(self) -> bool:
        return self.custody not in ("in_house", "in_transit") or bool(self.in_cycle("UnitExchanged"))

    @property
    def hands(self) -> set[str]:
        """Who worked on the unit in this cycle."""
        looked = self.in_cycle("TestPerformed", "DiagnosisRecorded")
        return {fact.by for fact in self.in_cycle(*HANDS_ON)} | {it.by for it in looked if it.role == "technician"}

    @property
    def entitlement(self) -> str | None:
        decided = self.last("EntitlementDecided", "EntitlementRevised")
        if decided is None:
            return None
        basis: str = decided.said["basis" if decided.name == "EntitlementDecided" else "to"]
        return basis

    @property
    def pinned(self) -> Mapping[str, Any] | None:
        pinned = self.last("StandardPinned")
        return pinned.said if pinned is not None else None

    @property
    def missing_tests(self) -> set[tuple[str, str]]:
        named = (self.pinned["standard"], self.pinned["standard_version"]) if self.pinned is not None else ("", 0)
        return DEMANDED.get(named, set()) - {
            (it.said["test"], it.said["stage"]) for it in self.in_cycle("TestPerformed")
        }

    @property
    def estimates(self) -> dict[int, "Agreed"]:
        """By version, in the order of their first issue."""
        found: dict[int, Agreed] = {}
        for fact in self.all("EstimateIssued", "EstimateApproved", "EstimateDeclined"):
            version = fact.said["estimate_version"]
            if fact.name == "EstimateIssued":
                found[version] = Agreed(fact)
            elif version in found:
                found[version] = replace(found[version], approved=tuple(fact.said.get("lines", ())))
        return found

    @property
    def approved(self) -> "Agreed | None":
        approved = [it for it in self.estimates.values() if it.approved]
        return approved[-1] if approved else None

    @property
    def approved_in_cycle(self) -> "Agreed | None":
        approved = self.approved
        return approved if approved is not None and self.has_begun_by(approved.issued.at) else None

    def credited(self, bill_id: str) -> Decimal:
        """What was credited of a bill as it was last issued."""
        issued = self.of_id("BillIssued", bill_id)[-1]
        of_it = [it for it in self.all("BillCredited") if it.said["bill_id"] == bill_id]
        return sum((euros(it.said["amount"]) for it in of_it if it.version > issued.version), Decimal(0))

    @property
    def waits(self) -> set[str]:
        waits: set[str] = set()
        moved_at = None
        for fact in self.all("WaitStarted", "WaitEnded", "TicketOpened", "TicketClosed", "TicketReopened"):
            if fact.name == "WaitStarted":
                waits.add(fact.said["cause"])
            elif fact.name == "WaitEnded":
                waits.discard(fact.said["cause"])
            elif moved_at is None or fact.at >= moved_at:
                moved_at = fact.at
                waits = set() if fact.name == "TicketClosed" else waits
        return waits

    def dispute(self, dispute_id: str) -> list[Raw]:
        """The facts of one dispute from its (last) opening on; empty when there is none."""
        opened = self.of_id("DisputeOpened", dispute_id)
        named = [it for it in self.facts if opened and it.said.get("dispute_id") == dispute_id]
        return [fact for fact in named if fact.version >= opened[-1].version]

    def is_dispute_open(self, dispute_id: str) -> bool:
        turns = [it.name for it in self.dispute(dispute_id) if it.name in ("DisputeClosed", "VerdictAppealed")]
        return not turns or turns[-1] == "VerdictAppealed"

    def unheard(self, dispute_id: str) -> list[str]:
        return disputes.unheard(self.dispute(dispute_id))

    @property
    def blocking(self) -> list[str]:
        ids = [it for it in dict.fromkeys(self.ids("DisputeOpened")) if self.is_dispute_open(it)]
        return [it for it in ids if self.dispute(it)[0].said["is_blocking"]]

    @property
    def unit(self) -> str | None:
        """The match of the unit that an open ticket is about."""
        named = [it.said.get("serial") or it.said.get("new_serial") for it in self.facts if it.name in NAMES_UNIT]
        told = [serial["match"] for serial in named if serial is not None]
        return told[-1] if told and self.is_open else None

    @property
    def number(self) -> str | None:
        opened = self.all("TicketOpened")
        return opened[0].said["number"] if opened else None


NAMES_UNIT = ("TicketOpened", "UnitIdentified", "UnitExchanged")


def is_no_fault(diagnosis_recorded: Raw) -> bool:
    findings = diagnosis_recorded.said["findings"]
    return bool(findings) and all(finding["cause"] == "none_found" for finding in findings)


def euros(money: Mapping[str, str]) -> Decimal:
    return Decimal(money["amount"])


MAKE_PROMISES = ("receptionist", "dispatcher", "manager", "complaint_officer", "unknown")


def is_from_the_future(fact: Raw, case: Case, now: datetime) -> bool:
    told = [fact.at]
    if fact.name == "EventCorrected" and fact.said["field"] == "occurred_at":
        told.append(datetime.fromisoformat(fact.said["is"]))
    return max(told) > now + SKEW


def is_out_of_turn(fact: Raw, case: Case, now: datetime) -> bool:
    if not case.is_begun or fact.name == "TicketOpened":
        return case.is_begun or fact.name != "TicketOpened"
    if fact.name == "TicketReopened" or not case.is_open:
        return case.is_open or (fact.name != "TicketReopened" and fact.name not in AFTER_CLOSURE)
    wrong_place = case.custody not in CUSTODY_BEFORE.get(fact.name, (case.custody,))
    takes_back_the_opening = fact.name == "EventRetracted" and fact.said["target_version"] == 1
    return wrong_place or takes_back_the_opening or fact.name in WORK_FORBIDS[case.work]


def is_without_the_unit(fact: Raw, case: Case, now: datetime) -> bool:
    opened = case.all("TicketOpened")
    channel = opened[0].said["channel"] if opened else "counter"
    if fact.name not in AT_THE_UNIT or channel in ("on_site", "remote"):
        return False
    if case.custody != "in_house" or case.place is None:
        return True
    here = fact.site or case.place
    return ROOM_OF.get(here, here) != ROOM_OF.get(case.place, case.place)


def is_moved_by_one(fact: Raw, case: Case, now: datetime) -> bool:
    said = fact.said
    if fact.name == "ServiceRefused":
        return said["ground"] == "out_of_warranty" and case.entitlement not in (None, "none")
    is_alone = said.get("approved_by") in (None, fact.by)
    if fact.name in ("EventCorrected", "EventRetracted"):
        target = case.versions.get(said["target_version"])
        is_decision = target is not None and target.name in ("EntitlementDecided", "EntitlementRevised")
        return is_alone and is_decision and said.get("field", "basis") in ("basis", "from", "to")
    after = {"EntitlementDecided": "basis", "EntitlementRevised": "to"}.get(fact.name)
    if after is None or said[after] != "none" or case.entitlement in (None, "none"):
        return False
    return is_alone


def is_checked_unfinished(fact: Raw, case: Case, now: datetime) -> bool:
    if fact.name == "QcWaived":
        return not any(map(case.is_finished, ("repair", "no_fault", "returned", "exchange")))
    return fact.name == "QcPassed" and not case.is_finished(fact.said["checked"])


def is_refused_unseen(fact: Raw, case: Case, now: datetime) -> bool:
    if fact.name != "ServiceRefused":
        return False
    has_looked = case.in_cycle("TestPerformed", "DiagnosisRecorded")
    has_ground = fact.said["ground"] is not None or fact.said["clause"] is not None
    return not has_looked or not has_ground or fact.said["explanation"] is None


def is_not_approved(fact: Raw, case: Case, now: datetime) -> bool:
    said = fact.said
    if fact.name == "RepairStarted":
        return case.entitlement == "none" and case.approved_in_cycle is None
    if fact.name == "EstimateApproved":
        return is_not_to_be_approved(fact, case)
    if fact.name in SPENDS and said["estimate_line"] is None:
        return case.entitlement == "none" and said["cost"] is not None
    if fact.name in SPENDS:
        return is_spent_unasked(fact, case)
    if fact.name == "BillIssued":
        return is_billed_unasked(fact, case)
    if fact.name == "ClaimDecided":
        return disputes.is_over_the_claim(fact, case)
    if fact.name == "DisputeClosed":
        return disputes.is_settled_in_another_currency(fact, case)
    bills = case.of_id("BillIssued", said["bill_id"]) if fact.name == "BillCredited" else []
    charged = sum((euros(line["amount"]) for bill in bills[-1:] for line in bill.said["lines"]), Decimal(0))
    return bool(bills) and case.credited(said["bill_id"]) + euros(said["amount"]) > charged


SPENDS = ("PartFitted", "WorkLogged")


def is_spent_unasked(fact: Raw, case: Case) -> bool:
    agreed = case.approved_in_cycle
    if agreed is None or fact.said["estimate_line"] not in agreed.approved:
        return True
    if fact.said["cost"] is None or agreed.payers.get(fact.said["estimate_line"], "customer") != "customer":
        return False
    spent = Decimal(0)
    for earlier in case.all(*SPENDS):
        line, cost = earlier.said["estimate_line"], earlier.said["cost"]
        if earlier.version > agreed.issued.version and cost is not None and agreed.payers.get(line) == "customer":
            then = Case([it for it in case.facts if it.version < earlier.version])
            meant = then.approved_in_cycle if then.has_begun_by(earlier.at) else None
            is_on_it = meant is not None and meant.issued.version == agreed.issued.version
            spent += euros(cost) if is_on_it else Decimal(0)
    return spent + euros(fact.said["cost"]) > euros(agreed.issued.said["maximum"])


def is_billed_unasked(fact: Raw, case: Case) -> bool:
    agreed = case.approved
    for line in fact.said["lines"]:
        if line["estimate_line"] is None and line["reason"] is None:
            return True
        if line["estimate_line"] is not None and (agreed is None or line["estimate_line"] not in agreed.approved):
            return True
    charged = for_the_customer(fact)
    if agreed is None or not charged:
        return False
    due = sum(charged, Decimal(0))
    for bill in {it.said["bill_id"]: it for it in case.all("BillIssued")}.values():
        then = Case([it for it in case.facts if it.version < bill.version]).approved
        if then is not None and then.issued.said["estimate_version"] == agreed.issued.said["estimate_version"]:
            is_customers_alone = all(line["payer"] == "customer" for line in bill.said["lines"])
            given_back = case.credited(bill.said["bill_id"]) if is_customers_alone else Decimal(0)
            due += max(Decimal(0), sum(for_the_customer(bill), Decimal(0)) - given_back)
    return due > euros(agreed.issued.said["maximum"])


def for_the_customer(bill: Raw) -> list[Decimal]:
    lines = [line for line in bill.said["lines"] if line["payer"] == "customer"]
    return [euros(line["amount"]) for line in lines if line["estimate_line"] is not None]


def is_not_to_be_approved(fact: Raw, case: Case) -> bool:
    version = fact.said["estimate_version"]
    if version not in case.estimates:
        return False
    told = case.estimates[version]
    until = told.issued.said["valid_until"]
    is_expired = until is not None and fact.at > datetime.fromisoformat(until)
    return version != max(case.estimates) or is_expired or not set(fact.said["lines"]) <= told.payers.keys()


def is_billed_to_the_wrong_one(fact: Raw, case: Case, now: datetime) -> bool:
    if fact.name == "PayersRevised":
        return disputes.is_divided_wrongly(fact, case)
    return fact.name == "BillIssued" and disputes.is_billed_over_the_share(fact, case)


def is_decided_unheard(fact: Raw, case: Case, now: datetime) -> bool:
    if disputes.is_heard_wrongly(fact, case, now):
        return True
    if fact.name != "VerdictIssued" or not case.dispute(fact.said["dispute_id"]):
        return False
    return case.pinned is None or bool(case.unheard(fact.said["dispute_id"]))


def is_own_judge(fact: Raw, case: Case, now: datetime) -> bool:
    if fact.name != "VerdictIssued" or not (about := case.dispute(fact.said["dispute_id"])):
        return False
    version = about[0].said["about_version"]
    disputed = case.all(*DECISIONS) if version is None else [it for it in case.facts if it.version == version]
    deciders = {it.by for it in disputed}
    deciders |= {it.said["approved_by"] for it in disputed if it.name == "EntitlementRevised"}
    is_own = not deciders.isdisjoint((fact.by, fact.said["by"]))
    return is_own or disputes.is_judged_by_a_party(fact, case)


DECISIONS = ("EntitlementDecided", "EntitlementRevised", "ServiceRefused")


def says_no_fault(fact: Raw) -> bool:
    closed_so = fact.name == "TicketClosed" and fact.said["outcome"] == "no_fault_found"
    return closed_so or (fact.name == "DiagnosisRecorded" and is_no_fault(fact))


def is_said_twice(fact: Raw, case: Case, now: datetime) -> bool:
    said = fact.said
    if fact.name in ID_OF and said[ID_OF[fact.name]] in case.ids(fact.name):
        return True
    if fact.name == "NoticeSent":
        earlier = case.in_cycle(fact.name) if said["cycle"] is None else case.all(fact.name)
        same = ("policy", "clock", "cycle", "subject", "kind")
        return any(all(it.said[name] == said[name] for name in same) for it in earlier)
    if fact.name == "EstimateIssued":
        return bool(said["estimate_version"] != max(case.estimates, default=0) + 1)
    names = ("VerdictIssued", "VerdictAppealed", "DisputeClosed", "PositionRequested", "PositionStated")
    return fact.name in names and disputes.is_decided_twice(fact, case)


NAMES_CLAUSES = ("EntitlementDecided", "ServiceRefused", "VerdictIssued", "ClaimDecided")


def names_no_clause(fact: Raw, case: Case) -> bool:
    """Whether it decides by a clause that the version pinned lacks, if that has any."""
    if fact.name not in NAMES_CLAUSES or case.pinned is None:
        return False
    standard = PUBLISHED.get((case.pinned["standard"], case.pinned["standard_version"]), {"clauses": []})
    there_are = {clause["id"] for clause in standard["clauses"]}
    named = set(fact.said.get("clauses", [])) | ({fact.said.get("clause")} - {None})
    return bool(there_are) and not named <= there_are


def is_about_nothing(fact: Raw, case: Case, now: datetime) -> bool:
    said = fact.said
    if names_no_clause(fact, case):
        return True
    named = REFERS_TO.get(fact.name)
    if named is not None and said[ID_OF[named]] is not None and said[ID_OF[named]] not in case.ids(named):
        return True
    if disputes.names_nothing(fact, case):
        return True
    if fact.name in ("EventCorrected", "EventRetracted"):
        return said["target_version"] not in case.versions
    if fact.name == "RepeatLinked":
        return bool(said["previous_ticket"] == str(fact.ticket))
    if fact.name == "WaitEnded":
        return said["cause"] not in case.waits
    if fact.name in ("EstimateApproved", "EstimateDeclined"):
        return said["estimate_version"] not in case.estimates
    if fact.name == "EstimateIssued":
        found = case.in_cycle("DiagnosisRecorded")[-1:]
        known = {finding["finding_id"] for it in found for finding in it.said["findings"]} | {None}
        return not known.issuperset(line["finding_id"] for line in said["lines"])
    if fact.name == "EntitlementRevised":
        return bool(said["from"] != case.entitlement)
    if fact.name == "StandardPinned":
        if said["standard"] is None:
            return said["none_reason"] is None
        standard = PUBLISHED.get((said["standard"], said["standard_version"]))
        if standard is None:
            return True
        is_other = said["document_hash"] is not None and standard["document_hash"] not in (None, said["document_hash"])
        return is_other or not set(said["clauses"]) <= {clause["id"] for clause in standard["clauses"]}
    return False


QUESTIONS: Mapping[str, Callable[[Raw, Case, datetime], bool]] = {
    "role-may-not": lambda it, c, _: (
        it.role not in ONLY_ROLES.get(it.name, {it.role}) | {"unknown"} or disputes.is_said_for_another(it, c)
    ),
    "from-the-future": is_from_the_future,
    "illegal-transition": is_out_of_turn,
    "not-received": is_without_the_unit,
    "no-diagnosis-in-cycle": lambda it, c, _: it.name == "RepairCompleted" and not c.in_cycle("DiagnosisRecorded"),
    "no-finished-work": is_checked_unfinished,
    "inspector-did-the-work": lambda it, c, _: it.name in ("QcPassed", "QcFailed") and it.by in c.hands,
    "one-person-moved-warranty": is_moved_by_one,
    "refusal-without-look": is_refused_unseen,
    "not-approved": is_not_approved,
    "wrong-payer": is_billed_to_the_wrong_one,
    "may-not-promise": lambda it, _, __: it.name == "PromiseMade" and it.role not in MAKE_PROMISES,
    "verdict-without-positions": is_decided_unheard,
    "judge-in-own-case": is_own_judge,
    "tests-missing": lambda it, c, _: says_no_fault(it) and bool(c.missing_tests),
    "not-finished": lambda it, c, _: (
        it.name == "TicketClosed" and not (c.is_work_over and c.is_unit_back and not c.blocking)
    ),
    "wait-already-open": lambda it, c, _: it.name == "WaitStarted" and it.said["cause"] in c.waits,
    "already-on-record": is_said_twice,
    "unknown-reference": is_about_nothing,
}


def broken(fact: Raw, case: Case, now: datetime) -> set[str]:
    """The slugs of the rules that a fact breaks, as a reader of the rules understands them."""
    return {slug for slug, asks in QUESTIONS.items() if asks(fact, case, now)}
