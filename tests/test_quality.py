"""Quality: the inspector signs off what is finished, or sends it back."""

import pytest

from tests.examples import (
    ABANDONED,
    CLOSED,
    DECLINED,
    DIAGNOSED,
    ESTIMATED,
    EXCHANGED,
    FAIL_QC,
    HANDED_BACK,
    INSPECTOR,
    NOTHING_FOUND,
    OPENED,
    PART_FITTED,
    PASS_QC,
    QC_FAILED,
    QC_PASSED,
    QC_WAIVED,
    RECEIVED,
    REFUSED,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    TECHNICIAN,
    TESTED,
    WAIVE_QC,
    WORK_LOGGED,
    but,
)
from tests.spec import fact, given
from ticketing.domain.values import Actor, Event

FINISHED = (OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, REPAIRED)
SAME_PERSON = Actor(id=TECHNICIAN.id, role="inspector", site="berlin")


def test_the_inspector_signs_off_a_finished_repair() -> None:
    given(*FINISHED).when(PASS_QC).then(QC_PASSED)
    assert given(*FINISHED, QC_PASSED).ticket.work == "checked"


def test_the_inspector_sends_a_unit_back() -> None:
    given(*FINISHED).when(FAIL_QC).then(QC_FAILED)
    assert given(*FINISHED, QC_FAILED).ticket.work_has_ended is False


def test_a_manager_lets_a_unit_go_without_inspection() -> None:
    given(*FINISHED).when(WAIVE_QC).then(QC_WAIVED)
    given(*FINISHED).when(but(WAIVE_QC, actor=INSPECTOR)).then_rejected("role-may-not")


# not-received


def test_nobody_inspects_a_unit_that_is_not_there() -> None:
    given(*FINISHED, HANDED_BACK).when(PASS_QC).then_rejected("not-received")
    given(*FINISHED, HANDED_BACK).when(FAIL_QC).then_rejected("not-received")


# no-finished-work


ENDINGS: dict[str, tuple[Event, ...]] = {
    "repair": (DIAGNOSED, REPAIR_STARTED, REPAIRED),
    "no_fault": (TESTED, NOTHING_FOUND),
    "exchange": (DIAGNOSED, EXCHANGED),
    "returned": (DIAGNOSED, REPAIR_STARTED, ABANDONED),
}


@pytest.mark.parametrize("checked", ENDINGS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_only_what_was_finished_is_signed_off(checked: str, ending: str) -> None:
    outcome = given(OPENED, RECEIVED, *ENDINGS[ending]).when(but(PASS_QC, checked=checked))
    if checked == ending:
        outcome.then(but(QC_PASSED, checked=checked))
    else:
        outcome.then_rejected("no-finished-work")


@pytest.mark.parametrize("ending", [(REFUSED,), (ESTIMATED, DECLINED)], ids=["refused", "declined"])
def test_a_unit_that_goes_back_unrepaired_is_signed_off_as_returned(ending: tuple[Event, ...]) -> None:
    told = given(OPENED, RECEIVED, DIAGNOSED, *ending)
    told.when(but(PASS_QC, checked="returned")).then(but(QC_PASSED, checked="returned"))


def test_a_fault_found_after_all_is_no_finished_no_fault() -> None:
    told = given(OPENED, RECEIVED, NOTHING_FOUND, DIAGNOSED)
    told.when(but(PASS_QC, checked="no_fault")).then_rejected("no-finished-work")


def test_what_failed_is_not_finished_until_it_is_repaired_again() -> None:
    given(*FINISHED, QC_FAILED).when(PASS_QC).then_rejected("illegal-transition")
    given(*FINISHED, QC_FAILED, DIAGNOSED).when(PASS_QC).then_rejected("no-finished-work")
    given(*FINISHED, QC_FAILED, REPAIR_STARTED, REPAIRED).when(PASS_QC).then(QC_PASSED)


def test_a_repair_begun_anew_is_not_finished() -> None:
    told = given(*FINISHED, REPAIR_STARTED, ABANDONED)
    told.when(PASS_QC).then_rejected("no-finished-work")


def test_what_an_earlier_cycle_finished_is_not_signed_off_again() -> None:
    again = (*FINISHED, HANDED_BACK, CLOSED, REOPENED, RECEIVED, DIAGNOSED)
    given(*again).when(PASS_QC).then_rejected("no-finished-work")


# inspector-did-the-work


def test_the_inspector_is_no_technician_of_this_cycle() -> None:
    given(*FINISHED).when(but(PASS_QC, actor=SAME_PERSON)).then_rejected("inspector-did-the-work")
    given(*FINISHED).when(but(FAIL_QC, actor=SAME_PERSON)).then_rejected("inspector-did-the-work")


@pytest.mark.parametrize("work", [PART_FITTED, WORK_LOGGED], ids=["part", "minutes"])
def test_whoever_lent_a_hand_does_not_inspect(work: Event) -> None:
    told = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, fact(work, by=INSPECTOR), REPAIRED)
    told.when(PASS_QC).then_rejected("inspector-did-the-work")


def test_a_technician_does_not_sign_off_the_no_fault_that_they_found() -> None:
    no_fault = but(PASS_QC, checked="no_fault")
    told = given(OPENED, RECEIVED, fact(NOTHING_FOUND, by=TECHNICIAN))
    told.when(but(no_fault, actor=SAME_PERSON)).then_rejected("inspector-did-the-work")
    told.when(no_fault).then(but(QC_PASSED, checked="no_fault"))


def test_an_inspector_who_tested_the_unit_may_inspect_it() -> None:
    told = given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, REPAIRED, fact(TESTED, by=INSPECTOR))
    told.when(PASS_QC).then(QC_PASSED)


def test_a_technician_of_an_earlier_cycle_may_inspect() -> None:
    first = (OPENED, RECEIVED, DIAGNOSED, fact(REPAIR_STARTED, by=INSPECTOR), fact(REPAIRED, by=INSPECTOR))
    second = (HANDED_BACK, CLOSED, REOPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED, REPAIRED)
    given(*first).when(PASS_QC).then_rejected("inspector-did-the-work")
    given(*first, *second).when(PASS_QC).then(QC_PASSED)


def test_only_what_is_finished_is_let_go_without_inspection() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(WAIVE_QC).then_rejected("no-finished-work")
    given(OPENED, RECEIVED, NOTHING_FOUND).when(WAIVE_QC).then(QC_WAIVED)
