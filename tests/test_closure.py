"""Closure: the customer is told, the unit goes back, the case is closed; a reopening begins the next cycle."""

import pytest

from tests.examples import (
    ABANDONED,
    CLOSE_TICKET,
    CLOSED,
    DECLINED,
    DIAGNOSED,
    DIAGNOSIS_STARTED,
    DISPATCHED,
    DISPOSE_OF_UNIT,
    DISPOSED,
    DISPUTE_CLOSED,
    DISPUTED,
    ESTIMATED,
    EXCHANGED,
    HAND_BACK,
    HANDED_BACK,
    NOTHING_FOUND,
    NOTIFIED,
    NOTIFY_CUSTOMER,
    OPENED,
    OTHER_TICKET,
    PINNED,
    QC_FAILED,
    QC_PASSED,
    RECEIVED,
    REFUSED,
    REOPEN_TICKET,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    TESTED,
    TESTED_UNDER_LOAD,
    TICKET,
    but,
)
from tests.spec import given
from ticketing.domain.values import Event

IN_THE_HOUSE = (OPENED, RECEIVED)
FINISHED = (*IN_THE_HOUSE, DIAGNOSED, REPAIR_STARTED, REPAIRED)


def test_the_customer_is_told() -> None:
    given(*FINISHED).when(NOTIFY_CUSTOMER).then(NOTIFIED)


def test_only_a_unit_in_custody_is_handed_back() -> None:
    given(*FINISHED).when(HAND_BACK).then(HANDED_BACK)
    given(OPENED).when(HAND_BACK).then_rejected("illegal-transition")
    given(*FINISHED, HANDED_BACK).when(HAND_BACK).then_rejected("illegal-transition")


def test_only_a_unit_in_the_house_is_disposed_of() -> None:
    given(*FINISHED).when(DISPOSE_OF_UNIT).then(DISPOSED)
    given(*FINISHED, HANDED_BACK).when(DISPOSE_OF_UNIT).then_rejected("illegal-transition")


# not-finished


def test_a_ticket_closes_when_the_work_has_ended_and_the_unit_is_back() -> None:
    given(*FINISHED, HANDED_BACK).when(CLOSE_TICKET).then(CLOSED)
    given(*FINISHED, QC_PASSED, HANDED_BACK).when(CLOSE_TICKET).then(CLOSED)


@pytest.mark.parametrize(
    "unfinished",
    [
        (DIAGNOSIS_STARTED,),
        (DIAGNOSED,),
        (DIAGNOSED, REPAIR_STARTED),
        (DIAGNOSED, REPAIR_STARTED, REPAIRED, QC_FAILED),
    ],
    ids=["diagnosing", "diagnosed", "repairing", "rework"],
)
def test_a_ticket_stays_open_while_the_work_is_not_done(unfinished: tuple[Event, ...]) -> None:
    given(*IN_THE_HOUSE, *unfinished, HANDED_BACK).when(CLOSE_TICKET).then_rejected("not-finished")


@pytest.mark.parametrize(
    "ending",
    [(DIAGNOSED, REFUSED), (DIAGNOSED, ESTIMATED, DECLINED), (DIAGNOSED, REPAIR_STARTED, ABANDONED), (NOTHING_FOUND,)],
    ids=["refused", "declined", "abandoned", "no-fault"],
)
def test_work_ends_in_other_ways_too(ending: tuple[Event, ...]) -> None:
    told = given(*IN_THE_HOUSE, *ending, HANDED_BACK)
    told.when(but(CLOSE_TICKET, outcome="returned_unrepaired")).then(but(CLOSED, outcome="returned_unrepaired"))


def test_a_ticket_stays_open_while_the_company_has_the_unit() -> None:
    given(*FINISHED).when(CLOSE_TICKET).then_rejected("not-finished")
    given(*FINISHED, DISPATCHED).when(CLOSE_TICKET).then_rejected("not-finished")


def test_a_unit_that_was_never_received_need_not_come_back() -> None:
    given(OPENED).when(but(CLOSE_TICKET, outcome="cancelled")).then(but(CLOSED, outcome="cancelled"))


def test_an_exchanged_or_disposed_unit_does_not_come_back() -> None:
    exchanged = given(*IN_THE_HOUSE, DIAGNOSED, EXCHANGED)
    exchanged.when(but(CLOSE_TICKET, outcome="exchanged")).then(but(CLOSED, outcome="exchanged"))
    disposed = given(*FINISHED, DISPOSED)
    disposed.when(but(CLOSE_TICKET, outcome="disposed")).then(but(CLOSED, outcome="disposed"))


def test_a_blocking_dispute_keeps_the_ticket_open() -> None:
    settled = but(DISPUTE_CLOSED, how="settled")
    given(*FINISHED, HANDED_BACK, DISPUTED).when(CLOSE_TICKET).then_rejected("not-finished")
    given(*FINISHED, HANDED_BACK, DISPUTED, settled).when(CLOSE_TICKET).then(CLOSED)


def test_a_dispute_that_does_not_block_lets_the_ticket_close() -> None:
    given(*FINISHED, HANDED_BACK, but(DISPUTED, is_blocking=False)).when(CLOSE_TICKET).then(CLOSED)


def test_each_of_several_disputes_may_block() -> None:
    two = (DISPUTED, but(DISPUTED, dispute_id="D-2"), but(DISPUTE_CLOSED, how="settled"))
    given(*FINISHED, HANDED_BACK, *two).when(CLOSE_TICKET).then_rejected("not-finished")


# tests-missing


def test_no_fault_found_is_an_outcome_only_after_the_tests_demanded() -> None:
    no_fault = but(CLOSE_TICKET, outcome="no_fault_found")
    given(*FINISHED, PINNED, TESTED, HANDED_BACK).when(no_fault).then_rejected("tests-missing")
    told = given(*FINISHED, PINNED, TESTED, TESTED_UNDER_LOAD, HANDED_BACK)
    told.when(no_fault).then(but(CLOSED, outcome="no_fault_found"))


def test_another_outcome_demands_no_tests() -> None:
    given(*FINISHED, PINNED, HANDED_BACK).when(CLOSE_TICKET).then(CLOSED)


# reopening


def test_only_a_closed_ticket_is_reopened() -> None:
    given(*FINISHED, HANDED_BACK, CLOSED).when(REOPEN_TICKET).then(REOPENED)
    given(*FINISHED).when(REOPEN_TICKET).then_rejected("illegal-transition")


def test_a_closed_ticket_is_not_closed_again() -> None:
    given(*FINISHED, HANDED_BACK, CLOSED).when(CLOSE_TICKET).then_rejected("illegal-transition")


def test_a_ticket_is_not_reopened_while_another_is_open_for_the_unit() -> None:
    closed = given(*FINISHED, HANDED_BACK, CLOSED)
    closed.where(unit_open_on=OTHER_TICKET).when(REOPEN_TICKET).then_rejected("unit-already-open")
    closed.where(unit_open_on=TICKET).when(REOPEN_TICKET).then(REOPENED)
