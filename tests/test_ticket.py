"""Ticket: what surviving facts add up to, in whatever order they come; `evolve` never refuses."""

from dataclasses import replace

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.examples import (
    APPROVED,
    ARRIVED,
    CLOSED,
    DIAGNOSED,
    DIAGNOSIS_STARTED,
    DISPATCHED,
    DISPUTED_LIFE,
    ESTIMATED,
    EXCHANGED,
    HANDED_BACK,
    IN_WARRANTY,
    NOTED,
    OPENED,
    PART_FITTED,
    QC_FAILED,
    RECEIVED,
    REFUSED,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    RETRACTED,
    START,
    TICKET,
    UNKNOWN,
    WAIT_STARTED,
    but,
    euros,
)
from tests.spec import Fact, arbitrary_facts, arbitrary_histories, fact, given, history, hour
from ticketing.domain import events as e
from ticketing.domain.command import Situation
from ticketing.domain.cuts import surviving
from ticketing.domain.decide import broken_rules
from ticketing.domain.evolve import EVOLVE, evolve, fold, replay
from ticketing.domain.lifecycle import LIFE_CYCLE
from ticketing.domain.reference import Reference
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Recorded

FIRST_CYCLE: tuple[Event | Fact, ...] = (
    OPENED,
    RECEIVED,
    DIAGNOSED,
    REPAIR_STARTED,
    REPAIRED,
    HANDED_BACK,
    CLOSED,
)


def test_the_fold_knows_every_event() -> None:
    assert tuple(EVOLVE) == e.TICKET_EVENTS


def test_a_whole_disputed_life_ends_closed_with_everything_on_record() -> None:
    told = given().and_then(*DISPUTED_LIFE)
    ticket = told.ticket
    assert (ticket.version, ticket.case, ticket.custody, ticket.work) == (36, "closed", "handed_back", "checked")
    assert (ticket.number, ticket.outcome, ticket.entitlement) == ("R-1001", "repaired", "warranty")
    assert (ticket.opened_at, ticket.handed_back_at, ticket.closed_at) == (START, hour(29), hour(30))
    assert ticket.blocking_disputes == ()
    assert ticket.disputes["D-1"].heard == {"customer", "company", "manufacturer"}
    assert ticket.complaints["K-1"].is_upheld is True


def test_nothing_is_known_of_a_ticket_without_facts() -> None:
    assert replay(TICKET, []) == Ticket(TICKET)


# late facts


def test_a_late_fact_moves_no_region_that_a_later_one_has_moved() -> None:
    # The diagnosis begins at hour 1.5, before the repair began at hour 3, and is entered as version 5.
    ticket = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, fact(DIAGNOSIS_STARTED, at=hour(1.5))).ticket
    assert ticket.work == "repairing"


def test_a_late_fact_moves_a_region_that_only_earlier_ones_have_moved() -> None:
    # Custody was moved at hour 1 only, so a dispatch at hour 1.5 moves it although the work went on until hour 3.
    ticket = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, fact(DISPATCHED, at=hour(1.5))).ticket
    assert (ticket.custody, ticket.unit_site, ticket.work) == ("in_transit", None, "repairing")


def test_of_two_facts_of_one_instant_the_later_version_counts() -> None:
    ticket = given(OPENED, RECEIVED, fact(DISPATCHED, at=hour(2)), fact(ARRIVED, at=hour(2))).ticket
    assert (ticket.custody, ticket.unit_site) == ("in_house", "leipzig")


def test_a_late_arrival_does_not_bring_the_unit_back() -> None:
    late = fact(ARRIVED, at=hour(2.5))
    ticket = given(OPENED, RECEIVED, DISPATCHED, HANDED_BACK, late).ticket
    assert (ticket.custody, ticket.unit_site) == ("handed_back", None)


def test_a_closing_entered_late_does_not_close_the_next_cycle() -> None:
    # Closed at hour 6, reopened at hour 7; another closing of hour 6.5 comes in as version 9.
    ticket = given(*FIRST_CYCLE, REOPENED, fact(CLOSED, at=hour(6.5))).ticket
    assert (ticket.case, ticket.closed_at, ticket.outcome) == ("open", None, None)


def test_work_entered_late_belongs_to_the_cycle_in_which_it_was_done() -> None:
    ticket = given(*FIRST_CYCLE, REOPENED, RECEIVED, fact(DIAGNOSED, at=hour(4))).ticket
    assert (ticket.cycle, ticket.work, ticket.in_cycle.has_diagnosis) == (2, "idle", False)


def test_a_late_failure_of_the_inspection_does_not_undo_the_repair_that_followed_it() -> None:
    late = fact(QC_FAILED, at=hour(3.5))
    ticket = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, REPAIRED, late).ticket
    assert (ticket.work, ticket.in_cycle.finished) == ("finished", {"repair"})


def test_a_late_start_of_the_repair_does_not_undo_its_completion() -> None:
    late = fact(REPAIR_STARTED, at=hour(3.5))
    ticket = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, REPAIRED, late).ticket
    assert (ticket.work, ticket.in_cycle.finished) == ("finished", {"repair"})


def test_a_fact_that_leaves_a_region_where_it_is_holds_back_no_late_one() -> None:
    # The repair began at hour 3; a diagnosis at hour 5 leaves it under way; its completion at hour 4 is entered last.
    told = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, fact(DIAGNOSED, at=hour(5)), fact(REPAIRED, at=hour(4)))
    assert told.ticket.work == "finished"


# cycles


def test_a_reopening_begins_the_next_cycle_with_idle_work() -> None:
    ticket = given(*FIRST_CYCLE, REOPENED).ticket
    assert (ticket.cycle, ticket.case, ticket.work, ticket.custody) == (2, "open", "idle", "handed_back")
    assert (ticket.outcome, ticket.closed_at, ticket.cycle_opened_at) == (None, None, hour(7))
    assert not ticket.in_cycle.has_diagnosis
    assert ticket.in_cycle.technicians == set()


def test_cycles_are_counted() -> None:
    assert given(OPENED).ticket.cycle == 1
    assert given(*FIRST_CYCLE, REOPENED, CLOSED, REOPENED).ticket.cycle == 3


def test_the_unit_stays_back_over_a_reopening_until_it_comes_again() -> None:
    assert given(*FIRST_CYCLE, REOPENED).ticket.unit_is_back
    assert not given(*FIRST_CYCLE, REOPENED, RECEIVED).ticket.unit_is_back


def test_an_exchange_in_an_earlier_cycle_does_not_stand_for_the_unit_in_this_one() -> None:
    ticket = given(OPENED, RECEIVED, DIAGNOSED, EXCHANGED, CLOSED, REOPENED).ticket
    assert not ticket.unit_is_back


def test_a_refusal_is_forgotten_by_the_next_cycle() -> None:
    assert given(OPENED, RECEIVED, DIAGNOSED, REFUSED).ticket.is_refused
    assert not given(OPENED, RECEIVED, DIAGNOSED, REFUSED, HANDED_BACK, CLOSED, REOPENED).ticket.is_refused


def test_what_is_agreed_and_decided_outlives_the_cycle() -> None:
    ticket = given(OPENED, RECEIVED, DIAGNOSED, IN_WARRANTY, ESTIMATED, APPROVED, HANDED_BACK, CLOSED, REOPENED).ticket
    assert ticket.entitlement == "warranty"
    assert ticket.approved_estimate is not None


def test_closing_ends_the_waits() -> None:
    assert given(OPENED, WAIT_STARTED).ticket.waits
    assert not given(OPENED, WAIT_STARTED, CLOSED).ticket.waits


# illegal orders


def test_a_fact_recorded_although_illegal_still_takes_effect() -> None:
    assert given(OPENED, HANDED_BACK).ticket.custody == "handed_back"


def test_a_ticket_whose_opening_was_taken_back_has_no_case() -> None:
    ticket = given(OPENED, RECEIVED, but(RETRACTED, target_version=1)).ticket
    assert (ticket.number, ticket.case, ticket.custody, ticket.version) == (None, "none", "in_house", 3)


def test_a_closing_taken_back_leaves_the_case_open() -> None:
    ticket = given(*FIRST_CYCLE, but(RETRACTED, target_version=7)).ticket
    assert (ticket.case, ticket.outcome, ticket.version) == ("open", None, 8)


def test_the_version_is_the_last_facts_even_when_that_was_taken_back() -> None:
    assert given(OPENED, NOTED, but(RETRACTED, target_version=2)).ticket.version == 3


def test_what_the_customer_pays_for_adds_up_per_estimate() -> None:
    spent = but(PART_FITTED, cost=euros("1.10"), estimate_line="board")
    others = (but(spent, estimate_line="battery"), but(spent, estimate_line=None), but(spent, estimate_line="gold"))
    agreed = (OPENED, RECEIVED, DIAGNOSED, ESTIMATED, APPROVED, REPAIR_STARTED)
    estimates = given(*agreed, spent, spent, but(spent, estimate_line="labour"), *others).ticket.estimates
    # Three times 1.10 for the customer; the battery is the manufacturer's, "gold" nobody's.
    assert {version: str(estimate.performed) for version, estimate in estimates.items()} == {1: "3.30"}


# any sequence whatever

MOVERS = {
    region: {
        kind: move.target
        for kind, step in LIFE_CYCLE.items()
        for named, move in step.moves()
        if named == region and move.target is not None
    }
    for region in ("case", "custody")
}


@settings(max_examples=400)
@for_all(arbitrary_histories(max_size=20))
def test_no_history_however_impossible_stops_the_fold(facts: list[Recorded[Event]]) -> None:
    ticket = replay(TICKET, facts)
    assert ticket.version == len(facts)
    assert (ticket.work_has_ended, ticket.unit_is_back, ticket.blocking_disputes) is not None


@pytest.mark.parametrize("kind", e.TICKET_EVENTS, ids=lambda kind: kind.__name__)
def test_every_fact_may_follow_any_history_and_stops_neither_rules_nor_fold(kind: type[Event]) -> None:
    @settings(max_examples=25)
    @for_all(arbitrary_histories(max_size=4), arbitrary_facts(kind))
    def following(facts: list[Recorded[Event]], new: Fact) -> None:
        situation = Situation(replay(TICKET, facts), Reference(now=START), new.by or UNKNOWN, new.at or START)
        assert all(broken.slug and broken.reason for broken in broken_rules(new.event, situation))
        told = history(*[Fact(it.event, it.actor, it.occurred_at) for it in facts], new)
        assert replay(TICKET, told).version == len(told)

    following()


@for_all(arbitrary_histories(max_size=16), st.data())
def test_a_prefix_and_the_rest_are_the_whole(facts: list[Recorded[Event]], data: st.DataObject) -> None:
    standing = surviving(facts)
    at = data.draw(st.integers(0, len(standing)))
    ticket = fold(TICKET, standing[:at])
    for rest in standing[at:]:
        evolve(ticket, rest)
    assert ticket == fold(TICKET, standing)


@for_all(arbitrary_histories(max_size=12))
def test_state_depends_neither_on_when_it_was_recorded_nor_where_in_the_log(facts: list[Recorded[Event]]) -> None:
    elsewhere = [replace(it, recorded_at=hour(100), position=it.position + 7) for it in facts]
    assert replay(TICKET, elsewhere) == replay(TICKET, facts)


@settings(max_examples=300)
@for_all(arbitrary_histories(*MOVERS["case"], *MOVERS["custody"], max_size=12))
def test_case_and_custody_are_where_the_fact_that_occurred_last_left_them(facts: list[Recorded[Event]]) -> None:
    ticket = fold(TICKET, facts)
    for region, movers in MOVERS.items():
        moving = [it for it in facts if type(it.event) in movers]
        if moving:
            last = max(moving, key=lambda it: (it.occurred_at, it.version))
            assert getattr(ticket, region) == movers[type(last.event)]


def test_history_numbers_its_facts_from_one() -> None:
    assert [it.version for it in history(OPENED, RECEIVED)] == [1, 2]
