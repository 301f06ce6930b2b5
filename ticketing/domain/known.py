"""Known: what of a ticket's surviving facts a manufacturer's standard may ask about.

Law of this file: of several tests of one stage, and of several diagnoses, the one that happened last counts, whenever
it was recorded; what was found in an earlier cycle says nothing of the present fault.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ticketing.domain import events as e
from ticketing.domain.clauses import Stage
from ticketing.domain.values import Envelope, Event

PROOF_OF_PURCHASE = "proof_of_purchase"
"""The kind of evidence that `ProofOfPurchaseRecorded` is."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a standard may ask about; days are those of UTC, None is what is not known.

    Attributes:
        handed_over_on: When the customer got the unit: the last hand-back before the present cycle began, else what
            the proof of purchase says.
        opened_on: When the fault was reported: the opening of the present cycle.
        days_in_repair: How many days the unit was in the company's hands in earlier cycles, begun ones whole.
        findings: Of the latest diagnosis of the present cycle; empty where nothing was diagnosed.
        tests: The latest test of the present cycle by name and stage.
        evidence: Kinds of evidence on record, `proof_of_purchase` among them.
    """

    model: str | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    handed_over_on: date | None = None
    opened_on: date | None = None
    days_in_repair: int = 0
    findings: tuple[e.Finding, ...] = ()
    tests: Mapping[tuple[str, Stage], e.TestPerformed] = field(default_factory=dict)
    evidence: frozenset[str] = frozenset()


def known_of(facts: Iterable[Envelope[Event]]) -> Known:
    """What surviving facts, in order of version, say of what a standard may ask about."""
    reading = _Reading()
    for fact in facts:
        if type(fact.event) in _TELLING:
            reading.take(fact.event, fact.occurred_at)
    return reading.known()


_TELLING: frozenset[type[Event]] = frozenset(
    {
        *(e.TicketOpened, e.TicketReopened, e.TicketClosed, e.UnitReceived, e.UnitHandedBack, e.UnitDisposed),
        *(e.UnitIdentified, e.ProofOfPurchaseRecorded, e.EvidenceSubmitted, e.DiagnosisRecorded, e.TestPerformed),
    }
)
"""All others are passed over, before anything is asked of them."""


@dataclass(slots=True)
class _Cycle:
    """What was found in one cycle, with the instants of what counts."""

    begun_at: datetime | None = None
    findings: tuple[e.Finding, ...] = ()
    found_at: datetime | None = None
    tests: dict[tuple[str, Stage], tuple[datetime, e.TestPerformed]] = field(default_factory=dict)

    def take(self, event: e.DiagnosisRecorded | e.TestPerformed, at: datetime) -> None:
        if self.begun_at is not None and at < self.begun_at:
            return
        if isinstance(event, e.TestPerformed):
            before = self.tests.get((event.test, event.stage))
            if before is None or at >= before[0]:
                self.tests[event.test, event.stage] = at, event
        elif event.findings and (self.found_at is None or at >= self.found_at):
            self.findings, self.found_at = event.findings, at


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    model: str | None = None
    manufactured_on: date | None = None
    proof: e.ProofOfPurchaseRecorded | None = None
    evidence: set[str] = field(default_factory=set)
    custody: list[tuple[datetime, int, Event]] = field(default_factory=list)
    is_begun: bool = False
    case_moved_at: datetime | None = None
    cycle: _Cycle = field(default_factory=_Cycle)

    def take(self, event: Event, at: datetime) -> None:
        match event:
            case e.DiagnosisRecorded() | e.TestPerformed():
                self.cycle.take(event, at)
            case e.UnitReceived() | e.UnitHandedBack() | e.UnitDisposed():
                self.custody.append((at, len(self.custody), event))
            case e.TicketOpened() | e.TicketReopened() | e.TicketClosed():
                self.move(event, at)
            case e.UnitIdentified():
                self.model = event.model or self.model
                self.manufactured_on = event.manufactured_on or self.manufactured_on
            case e.ProofOfPurchaseRecorded():
                self.proof = event
                self.evidence.add(PROOF_OF_PURCHASE)
            case e.EvidenceSubmitted(kind=str(kind)):
                self.evidence.add(kind)
            case _:
                """Evidence of no kind."""

    def move(self, event: e.TicketOpened | e.TicketReopened | e.TicketClosed, at: datetime) -> None:
        """Begins the first cycle, or the next one unless the case has moved later: as `evolve` does."""
        is_latest = self.case_moved_at is None or at >= self.case_moved_at
        if is_latest:
            self.case_moved_at = at
        if isinstance(event, e.TicketOpened) and not self.is_begun:
            self.model = event.model
            self.cycle = _Cycle(at)
        elif isinstance(event, e.TicketReopened) and is_latest:
            self.cycle = _Cycle(at)
        self.is_begun |= not isinstance(event, e.TicketClosed)

    def known(self) -> Known:
        begun_at, proof = self.cycle.begun_at, self.proof
        earlier = sorted(moved for moved in self.custody if begun_at is not None and moved[0] < begun_at)
        backs = [at for at, _, event in earlier if isinstance(event, e.UnitHandedBack)]
        return Known(
            model=self.model,
            manufactured_on=self.manufactured_on,
            purchased_on=proof.purchased_on if proof is not None else None,
            handed_over_on=backs[-1].date() if backs else (proof.handed_over_on if proof is not None else None),
            opened_on=begun_at.date() if begun_at is not None else None,
            days_in_repair=_days_in_hand([(at, event) for at, _, event in earlier], begun_at),
            findings=self.cycle.findings,
            tests={which: test for which, (_, test) in self.cycle.tests.items()},
            evidence=frozenset(self.evidence),
        )


def _days_in_hand(custody: Iterable[tuple[datetime, Event]], until: datetime | None) -> int:
    """The days between receipts and what ended them, first and last included, each day once.

    Args:
        custody: In order of time, all before `until`.
        until: What ends a stay that nothing else has ended.
    """
    days, counted_to, received_on = 0, 0, None
    for at, event in (*custody, *([(until, None)] if until is not None else [])):
        if isinstance(event, e.UnitReceived):
            received_on = received_on or at.date()
        elif received_on is not None:
            first, last = max(received_on.toordinal(), counted_to + 1), at.date().toordinal()
            days += max(0, last - first + 1)
            counted_to, received_on = last, None
    return days
