"""Known: what of a ticket's surviving facts a manufacturer's standard may ask about.

Laws of this file: of several tests of one stage, and of several diagnoses, the one that happened last counts, whenever
it was recorded; what was found in an earlier cycle says nothing of the present fault. A fault stays reported on the day
of its first report, however often the case is reopened for it: only a new fault is reported anew.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
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
        handed_over_on: When the customer got the unit: in earlier cycles, the last hand-back after a repair that was
            completed or an exchange in the same cycle; else what the proof of purchase says.
        opened_on: When the fault was reported: the opening, or the last reopening for a new fault.
        cycle_opened_on: When the present cycle began: the opening, or the last reopening on whatever ground.
        stays: When the unit was in the company's hands in earlier cycles, from the first day to the last, both
            inclusive, in order of time; one that nothing else ended, to the beginning of the present cycle.
        findings: Of the latest diagnosis of the present cycle; empty where nothing was diagnosed.
        tests: The latest test of the present cycle by name and stage.
        evidence: Kinds of evidence on record, `proof_of_purchase` among them.
    """

    model: str | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    handed_over_on: date | None = None
    opened_on: date | None = None
    cycle_opened_on: date | None = None
    stays: tuple[tuple[date, date], ...] = ()
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
        *(e.RepairCompleted, e.UnitExchanged),
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
    reported_at: datetime | None = None
    cycles_begun_at: list[datetime] = field(default_factory=list)
    mended_at: list[datetime] = field(default_factory=list)
    cycle: _Cycle = field(default_factory=_Cycle)

    def take(self, event: Event, at: datetime) -> None:
        match event:
            case e.DiagnosisRecorded() | e.TestPerformed():
                self.cycle.take(event, at)
            case e.UnitReceived() | e.UnitHandedBack() | e.UnitDisposed():
                self.custody.append((at, len(self.custody), event))
            case e.RepairCompleted() | e.UnitExchanged():
                self.mended_at.append(at)
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
            self.begin(at, is_reported=True)
        elif isinstance(event, e.TicketReopened) and is_latest:
            self.begin(at, is_reported=event.ground == "new_fault" or self.reported_at is None)
        self.is_begun |= not isinstance(event, e.TicketClosed)

    def begin(self, at: datetime, *, is_reported: bool) -> None:
        self.cycle = _Cycle(at)
        self.cycles_begun_at.append(at)
        if is_reported:
            self.reported_at = at

    def known(self) -> Known:
        begun_at, proof = self.cycle.begun_at, self.proof
        earlier = sorted(moved for moved in self.custody if begun_at is not None and moved[0] < begun_at)
        backs = [at for at, _, event in earlier if isinstance(event, e.UnitHandedBack) and self.was_mended_by(at)]
        return Known(
            model=self.model,
            manufactured_on=self.manufactured_on,
            purchased_on=proof.purchased_on if proof is not None else None,
            handed_over_on=backs[-1].date() if backs else (proof.handed_over_on if proof is not None else None),
            opened_on=self.reported_at.date() if self.reported_at is not None else None,
            cycle_opened_on=begun_at.date() if begun_at is not None else None,
            stays=tuple(_stays(((at, event) for at, _, event in earlier), begun_at)),
            findings=self.cycle.findings,
            tests={which: test for which, (_, test) in self.cycle.tests.items()},
            evidence=frozenset(self.evidence),
        )

    def was_mended_by(self, back_at: datetime) -> bool:
        """Whether a repair was completed, or the unit exchanged, by then in the cycle of that instant."""
        cycle = bisect_right(self.cycles_begun_at, back_at)
        return any(at <= back_at and bisect_right(self.cycles_begun_at, at) == cycle for at in self.mended_at)


def _stays(custody: Iterable[tuple[datetime, Event]], until: datetime | None) -> Iterator[tuple[date, date]]:
    """The days of each receipt and of what ended it.

    Args:
        custody: In order of time, all before `until`.
        until: What ends a stay that nothing else has ended.
    """
    received_on = None
    for at, event in (*custody, *([(until, None)] if until is not None else [])):
        if isinstance(event, e.UnitReceived):
            received_on = received_on or at.date()
        elif received_on is not None:
            yield received_on, at.date()
            received_on = None
