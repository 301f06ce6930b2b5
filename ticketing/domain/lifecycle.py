"""What may follow what: three regions of a ticket, their states, and the one table of steps.

Law of this file: legality lives here and nowhere else. A ticket is in one state of each region at once. `case` says
whether a cycle is open; `custody` where the unit is; `work` how far diagnosis and repair have come. A fact is legal
when every region that its step names is in one of the states listed. The README's diagram is drawn from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ticketing.domain import events as e
from ticketing.domain.values import Event

Region = Literal["case", "custody", "work"]
Case = Literal["none", "open", "closed"]
Custody = Literal["outside", "in_house", "in_transit", "handed_back", "disposed"]
Work = Literal["idle", "diagnosing", "diagnosed", "repairing", "finished", "rework", "checked", "ended"]
REGIONS: tuple[Region, ...] = get_args(Region)
START: Mapping[Region, str] = {"case": "none", "custody": "outside", "work": "idle"}


@dataclass(frozen=True, slots=True)
class Move:
    """What one fact asks of one region, and where it takes it.

    Attributes:
        target: The state it moves the region to; None leaves the region where it is.
        sources: The states it moves from.
        keeps: The states in which it is legal and moves nothing.
    """

    target: str | None
    sources: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    def is_legal_in(self, state: str) -> bool:
        """Whether the fact may be recorded while the region is in this state."""
        return state in self.sources or state in self.keeps

    def state_after(self, state: str) -> str:
        """The region's next state; a fact recorded although it was illegal still takes effect."""
        return state if self.target is None or state in self.keeps else self.target


@dataclass(frozen=True, slots=True)
class Step:
    """What one fact asks of the regions; None asks nothing."""

    case: Move | None = None
    custody: Move | None = None
    work: Move | None = None

    def moves(self) -> tuple[tuple[Region, Move], ...]:
        """The regions this step names, with what it asks of each."""
        named: tuple[tuple[Region, Move | None], ...] = (
            ("case", self.case),
            ("custody", self.custody),
            ("work", self.work),
        )
        return tuple((region, move) for region, move in named if move is not None)


def _to(target: str, *sources: str, keeps: tuple[str, ...] = ()) -> Move:
    return Move(target, sources, keeps)


def _while(*states: str) -> Move:
    return Move(None, keeps=states)


_OPEN = _while("open")
_ONCE_OPENED = _while("open", "closed")
_ANY_WORK: tuple[Work, ...] = get_args(Work)
_WHILE_OPEN = Step(case=_OPEN)
_EVEN_AFTER_CLOSURE = Step(case=_ONCE_OPENED)

LIFE_CYCLE: Mapping[type[Event], Step] = {
    # intake
    e.TicketOpened: Step(case=_to("open", "none")),
    e.UnitReceived: Step(case=_OPEN, custody=_to("in_house", "outside", "handed_back")),
    e.UnitIdentified: _WHILE_OPEN,
    e.PaperworkCompleted: _WHILE_OPEN,
    e.ProofOfPurchaseRecorded: _EVEN_AFTER_CLOSURE,
    e.PromiseMade: _WHILE_OPEN,
    e.RepeatLinked: _WHILE_OPEN,
    # routing
    e.TicketAssigned: _WHILE_OPEN,
    e.UnitDispatched: Step(case=_OPEN, custody=_to("in_transit", "in_house")),
    e.UnitArrived: Step(case=_OPEN, custody=_to("in_house", "in_transit")),
    e.RequestMade: _WHILE_OPEN,
    e.RequestAnswered: _WHILE_OPEN,
    e.CustomerContacted: _EVEN_AFTER_CLOSURE,
    # diagnosis
    e.DiagnosisStarted: Step(case=_OPEN, work=_to("diagnosing", *_ANY_WORK)),
    e.TestPerformed: _WHILE_OPEN,
    e.DiagnosisRecorded: Step(
        case=_OPEN,
        work=_to("diagnosed", "idle", "diagnosing", "diagnosed", "rework", "ended", keeps=("repairing",)),
    ),
    e.StandardPinned: _EVEN_AFTER_CLOSURE,
    e.EntitlementDecided: _EVEN_AFTER_CLOSURE,
    e.EntitlementRevised: _EVEN_AFTER_CLOSURE,
    e.ServiceRefused: Step(
        case=_OPEN, work=_to("ended", "idle", "diagnosing", "diagnosed", "repairing", "rework", "ended")
    ),
    # estimate
    e.EstimateIssued: _WHILE_OPEN,
    e.EstimateApproved: _WHILE_OPEN,
    e.EstimateDeclined: Step(
        case=_OPEN,
        work=_to(
            "ended",
            "idle",
            "diagnosing",
            "diagnosed",
            "rework",
            "ended",
            keeps=("repairing", "finished", "checked"),
        ),
    ),
    # waiting
    e.WaitStarted: _WHILE_OPEN,
    e.WaitEnded: _WHILE_OPEN,
    # dispute
    e.DisputeOpened: _EVEN_AFTER_CLOSURE,
    e.PositionRequested: _EVEN_AFTER_CLOSURE,
    e.PositionStated: _EVEN_AFTER_CLOSURE,
    e.EvidenceSubmitted: _EVEN_AFTER_CLOSURE,
    e.EvidenceHandedOver: _EVEN_AFTER_CLOSURE,
    e.JointInspectionHeld: _EVEN_AFTER_CLOSURE,
    e.VerdictIssued: _EVEN_AFTER_CLOSURE,
    e.VerdictAppealed: _EVEN_AFTER_CLOSURE,
    e.DisputeClosed: _EVEN_AFTER_CLOSURE,
    e.PayersRevised: _EVEN_AFTER_CLOSURE,
    # claim
    e.ClaimSubmitted: _EVEN_AFTER_CLOSURE,
    e.ClaimDecided: _EVEN_AFTER_CLOSURE,
    # repair
    e.RepairStarted: Step(
        case=_OPEN,
        work=_to("repairing", "idle", "diagnosing", "diagnosed", "finished", "rework", "checked", "ended"),
    ),
    e.PartFitted: Step(case=_OPEN, work=_while("repairing")),
    e.WorkLogged: Step(case=_OPEN, work=_while("diagnosing", "diagnosed", "repairing", "finished", "rework")),
    e.RepairCompleted: Step(case=_OPEN, work=_to("finished", "repairing")),
    e.RepairAbandoned: Step(case=_OPEN, work=_to("ended", "diagnosing", "diagnosed", "repairing", "rework")),
    e.UnitExchanged: Step(
        case=_OPEN, work=_to("finished", "idle", "diagnosing", "diagnosed", "repairing", "rework", "ended")
    ),
    # quality: whether what was checked is finished is a rule of its own, `no-finished-work`
    e.QcPassed: Step(case=_OPEN, work=_to("checked", "diagnosed", "finished", "checked", "ended")),
    e.QcFailed: Step(case=_OPEN, work=_to("rework", "diagnosed", "finished", "checked", "ended")),
    e.QcWaived: Step(case=_OPEN, work=_to("checked", "diagnosed", "finished", "ended")),
    # bill
    e.BillIssued: _EVEN_AFTER_CLOSURE,
    e.BillCredited: _EVEN_AFTER_CLOSURE,
    e.PaymentReceived: _EVEN_AFTER_CLOSURE,
    # closure
    e.CustomerNotified: _WHILE_OPEN,
    e.UnitHandedBack: Step(case=_OPEN, custody=_to("handed_back", "in_house", "in_transit")),
    e.UnitDisposed: Step(case=_OPEN, custody=_to("disposed", "in_house")),
    e.TicketClosed: Step(case=_to("closed", "open")),
    e.TicketReopened: Step(case=_to("open", "closed"), work=_to("idle", *_ANY_WORK)),
    # complaint
    e.ComplaintReceived: _EVEN_AFTER_CLOSURE,
    e.ComplaintAcknowledged: _EVEN_AFTER_CLOSURE,
    e.ComplaintResolved: _EVEN_AFTER_CLOSURE,
    e.SatisfactionRated: _EVEN_AFTER_CLOSURE,
    # record
    e.EventCorrected: _EVEN_AFTER_CLOSURE,
    e.EventRetracted: _EVEN_AFTER_CLOSURE,
    e.NoteRecorded: _EVEN_AFTER_CLOSURE,
    e.NoticeSent: _EVEN_AFTER_CLOSURE,
    e.HostFactRecorded: _EVEN_AFTER_CLOSURE,
}


MOVES: Mapping[type[Event], tuple[tuple[Region, Move], ...]] = {
    event: step.moves() for event, step in LIFE_CYCLE.items()
}
"""The table by fact, as the fold and the rules read it."""

_MANY = 5


def _sources_named(sources: tuple[str, ...], states: tuple[str, ...]) -> list[str]:
    """The sources one by one, or, where they are many, once as what they leave out."""
    if len(sources) < _MANY:
        return list(sources)
    missing = [state for state in states if state not in sources]
    return [f"any but {' and '.join(missing)}" if missing else "any"]


def _region_diagram(region: Region, states: tuple[str, ...]) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for event in LIFE_CYCLE:
        for named, move in MOVES[event]:
            if named == region and move.target is not None:
                for source in _sources_named(move.sources, states):
                    arrows.setdefault((source, move.target), []).append(event.__name__)
    wide = sorted({source for source, _ in arrows if " " in source})
    names = {source: f"many_{number}" for number, source in enumerate(wide, 1)}
    lines = [f'    state "{source}" as {name}' for source, name in names.items()]
    lines.append(f"    [*] --> {START[region]}")
    lines += [
        f"    {names.get(source, source)} --> {target}: {', '.join(events)}"
        for (source, target), events in arrows.items()
    ]
    return "\n".join([f"**{region}**", "", "```mermaid", "stateDiagram-v2", *lines, "```"])


def diagram() -> str:
    """The table as three Mermaid state diagrams, one per region, and the facts that are legal after closure too."""
    states: tuple[tuple[Region, tuple[str, ...]], ...] = (
        ("case", get_args(Case)),
        ("custody", get_args(Custody)),
        ("work", get_args(Work)),
    )
    blocks = [_region_diagram(region, named) for region, named in states]
    late = ", ".join(f"`{event.__name__}`" for event, step in LIFE_CYCLE.items() if step is _EVEN_AFTER_CLOSURE)
    blocks.append(f"Legal after closure too, reopening nothing: {late}.")
    return "\n\n".join(blocks) + "\n"
