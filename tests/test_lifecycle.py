"""The life cycle: which fact may follow what, against a table written by hand and independently."""

from itertools import product

import pytest

from tests.examples import CLOSED, EXAMPLES, HANDED_BACK, OPENED, RECEIVED, START, TICKET, UNKNOWN
from tests.spec import given, history
from ticketing.domain import events as e
from ticketing.domain.command import Command, Situation
from ticketing.domain.decide import ILLEGAL_TRANSITION
from ticketing.domain.evolve import evolve
from ticketing.domain.intake import OpenTicket
from ticketing.domain.lifecycle import LIFE_CYCLE, diagram
from ticketing.domain.record import RecordFinding
from ticketing.domain.reference import Reference
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event

# One column per state: "." is not legal, "=" is legal and moves nothing, a letter is the state it moves to.

CASE = {".": "", "n": "none", "o": "open", "c": "closed"}
CUSTODY = {"o": "outside", "h": "in_house", "t": "in_transit", "b": "handed_back", "x": "disposed"}
WORK = {
    "i": "idle",
    "d": "diagnosing",
    "D": "diagnosed",
    "r": "repairing",
    "f": "finished",
    "w": "rework",
    "c": "checked",
    "e": "ended",
}

IN_CASE = {  # noc
    e.TicketOpened: "o..",
    e.TicketClosed: ".c.",
    e.TicketReopened: "..o",
}
IN_CUSTODY = {  # ohtbx
    e.UnitReceived: "h..h.",
    e.UnitDispatched: ".t...",
    e.UnitArrived: "..h..",
    e.UnitHandedBack: ".bb..",
    e.UnitDisposed: ".x...",
}
IN_WORK = {  # idDrfwce
    e.DiagnosisStarted: "dddddddd",
    e.DiagnosisRecorded: "DDD=.D.D",
    e.ServiceRefused: "eeee.e.e",
    e.EstimateDeclined: "eee==e=e",
    e.RepairStarted: "rrr.rrrr",
    e.PartFitted: "...=....",
    e.WorkLogged: ".=====..",
    e.RepairCompleted: "...f....",
    e.RepairAbandoned: ".eee.e..",
    e.UnitExchanged: "ffff.f.f",
    e.QcPassed: "..c.c.cc",
    e.QcFailed: "..w.w.ww",
    e.QcWaived: "..c.c..c",
    e.TicketReopened: "iiiiiiii",
}
LEGAL_AFTER_CLOSURE = {
    # complaint
    e.ComplaintReceived,
    e.ComplaintAcknowledged,
    e.ComplaintResolved,
    # dispute
    e.DisputeOpened,
    e.PositionRequested,
    e.PositionStated,
    e.EvidenceSubmitted,
    e.EvidenceHandedOver,
    e.JointInspectionHeld,
    e.VerdictIssued,
    e.VerdictAppealed,
    e.DisputeClosed,
    e.PayersRevised,
    # pinned standard, claim, proof, contact
    e.StandardPinned,
    e.ClaimSubmitted,
    e.ClaimDecided,
    e.ProofOfPurchaseRecorded,
    e.CustomerContacted,
    # correction, retraction, entitlement
    e.EventCorrected,
    e.EventRetracted,
    e.EntitlementDecided,
    e.EntitlementRevised,
    # bill, credit, payment, rating
    e.BillIssued,
    e.BillCredited,
    e.PaymentReceived,
    e.SatisfactionRated,
    # note, notice, host fact; a finding is none of its own
    e.NoteRecorded,
    e.NoticeSent,
    e.HostFactRecorded,
}
EVENT_EXAMPLES = [event for _, event in EXAMPLES]


def in_case(kind: type[Event]) -> str:
    return IN_CASE.get(kind, ".==" if kind in LEGAL_AFTER_CLOSURE else ".=.")


def after(states: dict[str, str], columns: str, state: str) -> str | None:
    """The state that the hand-written row moves to, or None where it forbids the fact."""
    letters = [letter for letter in states if letter != "."]
    cell = columns[[states[letter] for letter in letters].index(state)]
    return None if cell == "." else state if cell == "=" else states[cell]


def test_there_is_one_example_of_every_event_in_the_order_of_life() -> None:
    assert tuple(type(event) for event in EVENT_EXAMPLES) == e.TICKET_EVENTS


def test_the_table_has_every_event_in_the_order_of_life() -> None:
    assert tuple(LIFE_CYCLE) == e.TICKET_EVENTS


@pytest.mark.parametrize("event", EVENT_EXAMPLES, ids=lambda event: type(event).__name__)
def test_in_every_state_a_fact_is_legal_and_moves_as_the_hand_written_table_says(event: Event) -> None:
    kind = type(event)
    (recorded,) = history(event)
    for case, custody, work in product(("none", "open", "closed"), CUSTODY.values(), WORK.values()):
        expected = (
            after(CASE, in_case(kind), case),
            after(CUSTODY, IN_CUSTODY.get(kind, "====="), custody),
            after(WORK, IN_WORK.get(kind, "========"), work),
        )
        ticket = Ticket(TICKET, case=case, custody=custody, work=work)
        reason = ILLEGAL_TRANSITION.reason(event, Situation(ticket, Reference(now=START), UNKNOWN, START))
        assert (reason is None) == (None not in expected), (case, custody, work, reason)
        if None not in expected:
            evolve(ticket, recorded)
            assert (ticket.case, ticket.custody, ticket.work) == expected


def test_exactly_the_facts_of_the_list_are_legal_after_closure_beside_reopening() -> None:
    legal = {kind for kind, step in LIFE_CYCLE.items() if step.case is not None and step.case.is_legal_in("closed")}
    assert legal == LEGAL_AFTER_CLOSURE | {e.TicketReopened}


@pytest.mark.parametrize("kind", [kind for kind in e.TICKET_EVENTS if kind in LEGAL_AFTER_CLOSURE])
def test_what_is_legal_after_closure_reopens_nothing(kind: type[Event]) -> None:
    (example,) = (event for event in EVENT_EXAMPLES if type(event) is kind)
    ticket = given(OPENED, RECEIVED, HANDED_BACK, CLOSED, example).ticket
    assert (ticket.case, ticket.custody, ticket.work, ticket.cycle) == ("closed", "handed_back", "idle", 1)


@pytest.mark.parametrize(
    "command", [command for command, _ in EXAMPLES if type(command) is not OpenTicket], ids=lambda c: type(c).__name__
)
def test_nothing_but_an_opening_comes_first(command: Command) -> None:
    outcome = given().when(command)
    assert outcome.refusal is not None
    assert outcome.refusal.rule in ("illegal-transition", "unknown-reference")


@pytest.mark.parametrize(
    "event",
    [event for event in EVENT_EXAMPLES if not isinstance(event, e.EventCorrected | e.EventRetracted)],
    ids=lambda event: type(event).__name__,
)
def test_a_finding_flags_what_no_state_allows_and_refuses_nothing(event: Event) -> None:
    finding = RecordFinding.model_validate(
        {"ticket_id": TICKET, "actor": UNKNOWN, "event": event, "found_by": {"id": "a-1", "role": "auditor"}}
    )
    decision = given().when(finding).decision
    assert decision is not None
    assert [type(recorded) for recorded in decision.events] == [type(event)]
    assert ("illegal-transition" in decision.flags) == (type(event) is not e.TicketOpened)


def test_every_state_can_be_reached() -> None:
    reached = {("none", "outside", "idle")}
    ahead = list(reached)
    while ahead:
        case, custody, work = ahead.pop()
        for kind in e.TICKET_EVENTS:
            to = (
                after(CASE, in_case(kind), case),
                after(CUSTODY, IN_CUSTODY.get(kind, "====="), custody),
                after(WORK, IN_WORK.get(kind, "========"), work),
            )
            if to[0] is not None and to[1] is not None and to[2] is not None:
                found = (to[0], to[1], to[2])
                if found not in reached:
                    reached.add(found)
                    ahead.append(found)
    assert {case for case, _, _ in reached} == {"none", "open", "closed"}
    assert {custody for _, custody, _ in reached} == set(CUSTODY.values())
    assert {work for _, _, work in reached} == set(WORK.values())


def test_the_diagram_shows_every_fact_that_moves_a_region_or_comes_after_closure() -> None:
    drawn = diagram()
    for kind in {
        *IN_CASE,
        *IN_CUSTODY,
        *LEGAL_AFTER_CLOSURE,
        *(k for k, row in IN_WORK.items() if set(row) - set(".=")),
    }:
        assert kind.__name__ in drawn
