"""Diagnosis: tests, findings, the pinned standard, and who pays in principle; a refusal is one outcome."""

import pytest

from tests.examples import (
    ARRIVED,
    CLAIMED,
    CLOSED,
    CUSTOMERS_POSITION,
    DECIDE_CLAIM,
    DECIDE_ENTITLEMENT,
    DIAGNOSED,
    DIAGNOSIS_STARTED,
    DISPATCHED,
    DISPUTED,
    FIND_NOTHING,
    HANDED_BACK,
    IN_WARRANTY,
    ISSUE_VERDICT,
    MANUFACTURERS_POSITION,
    NO_STANDARD,
    NOTHING_FOUND,
    OPENED,
    OUT_OF_WARRANTY,
    PERFORM_TEST,
    PIN_STANDARD,
    PINNED,
    RECEIVED,
    RECORD_DIAGNOSIS,
    REFUSE_SERVICE,
    REFUSED,
    REOPENED,
    REVISE_ENTITLEMENT,
    REVISED,
    SITES,
    STANDARD,
    START_DIAGNOSIS,
    TECHNICIAN,
    TESTED,
    TESTED_UNDER_LOAD,
    but,
)
from tests.spec import fact, given, hour
from ticketing.domain.command import Command
from ticketing.domain.diagnosis import PerformTest, RecordDiagnosis, StartDiagnosis
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Actor, Event

WORK = [START_DIAGNOSIS, PERFORM_TEST, RECORD_DIAGNOSIS]
HEAD_TECHNICIAN = Actor(id="t-9", role="technician", site="head")
BENCH_TECHNICIAN = Actor(id="t-8", role="technician", site="bench-2")
LEIPZIG_TECHNICIAN = Actor(id="t-7", role="technician", site="leipzig")
FREE_TECHNICIAN = Actor(id="t-6", role="technician")


def test_a_diagnosis_has_a_finding() -> None:
    with pytest.raises(BadInput, match=r"RecordDiagnosis\.findings: "):
        but(RECORD_DIAGNOSIS, findings=())


def test_a_diagnosis_is_begun_and_recorded() -> None:
    given(OPENED, RECEIVED).when(START_DIAGNOSIS).then(DIAGNOSIS_STARTED)
    given(OPENED, RECEIVED).when(PERFORM_TEST).then(TESTED)
    given(OPENED, RECEIVED).when(RECORD_DIAGNOSIS).then(DIAGNOSED)


# not-received


@pytest.mark.parametrize("command", WORK, ids=lambda command: type(command).__name__)
def test_nobody_works_on_a_unit_that_was_not_received(command: StartDiagnosis | PerformTest | RecordDiagnosis) -> None:
    given(OPENED).when(command).then_rejected("not-received")
    given(OPENED, RECEIVED, DISPATCHED).when(command).then_rejected("not-received")
    given(OPENED, RECEIVED, HANDED_BACK).when(command).then_rejected("not-received")


@pytest.mark.parametrize("channel", ["on_site", "remote"])
def test_on_site_and_remote_tickets_need_no_receipt(channel: str) -> None:
    given(but(OPENED, channel=channel)).when(RECORD_DIAGNOSIS).then(DIAGNOSED)


@pytest.mark.parametrize("channel", ["counter", "dealer", "courier"])
def test_every_other_channel_needs_the_receipt(channel: str) -> None:
    given(but(OPENED, channel=channel)).when(RECORD_DIAGNOSIS).then_rejected("not-received")


def test_work_happens_at_the_site_where_the_unit_is() -> None:
    elsewhere = but(RECORD_DIAGNOSIS, actor=LEIPZIG_TECHNICIAN)
    given(OPENED, RECEIVED).when(elsewhere).then_rejected("not-received")
    given(OPENED, RECEIVED, DISPATCHED, ARRIVED).when(elsewhere).then(DIAGNOSED)
    given(OPENED, RECEIVED, DISPATCHED, ARRIVED).when(RECORD_DIAGNOSIS).then_rejected("not-received")


@pytest.mark.parametrize("actor", [BENCH_TECHNICIAN, FREE_TECHNICIAN], ids=lambda actor: actor.id)
def test_a_department_of_the_site_or_a_person_of_no_site_is_not_elsewhere(actor: Actor) -> None:
    given(OPENED, RECEIVED).when(but(RECORD_DIAGNOSIS, actor=actor)).then(DIAGNOSED)


def test_head_office_is_not_the_branch_that_it_directs() -> None:
    given(OPENED, RECEIVED).when(but(RECORD_DIAGNOSIS, actor=HEAD_TECHNICIAN)).then_rejected("not-received")


def test_two_departments_of_one_branch_are_one_place_and_a_department_elsewhere_is_not() -> None:
    next_door = but(SITES["bench-2"], key="bench-3")
    told = given(OPENED, but(RECEIVED, site="bench-3")).where(sites={**SITES, "bench-3": next_door})
    told.when(but(RECORD_DIAGNOSIS, actor=BENCH_TECHNICIAN)).then(DIAGNOSED)
    in_leipzig = given(OPENED, RECEIVED, DISPATCHED, ARRIVED)
    in_leipzig.when(but(RECORD_DIAGNOSIS, actor=BENCH_TECHNICIAN)).then_rejected("not-received")


def test_departments_that_lie_within_each_other_are_one_place() -> None:
    circle = {**SITES, "berlin": but(SITES["berlin"], kind="department", parent="bench-2")}
    given(OPENED, RECEIVED).where(sites=circle).when(RECORD_DIAGNOSIS).then(DIAGNOSED)
    given(OPENED, RECEIVED).where(sites=circle).when(but(RECORD_DIAGNOSIS, actor=LEIPZIG_TECHNICIAN)).then_rejected(
        "not-received"
    )


# tests-missing


def test_no_fault_is_found_only_after_the_tests_that_the_standard_demands() -> None:
    given(OPENED, RECEIVED, PINNED).when(FIND_NOTHING).then_rejected("tests-missing")
    given(OPENED, RECEIVED, PINNED, TESTED).when(FIND_NOTHING).then_rejected("tests-missing")
    given(OPENED, RECEIVED, PINNED, TESTED, TESTED_UNDER_LOAD).when(FIND_NOTHING).then(NOTHING_FOUND)


def test_another_test_does_not_stand_in_for_the_one_demanded() -> None:
    other = but(TESTED_UNDER_LOAD, test="display")
    given(OPENED, RECEIVED, PINNED, TESTED, other).when(FIND_NOTHING).then_rejected("tests-missing")


def test_a_test_of_an_earlier_cycle_does_not_stand_in_for_one_of_this_cycle() -> None:
    tests = (TESTED, TESTED_UNDER_LOAD)
    again = (OPENED, RECEIVED, PINNED, *tests, HANDED_BACK, CLOSED, REOPENED, RECEIVED)
    given(*again).when(FIND_NOTHING).then_rejected("tests-missing")
    given(*again, TESTED_UNDER_LOAD).when(FIND_NOTHING).then_rejected("tests-missing")
    given(*again, *tests).when(FIND_NOTHING).then(NOTHING_FOUND)
    # The case was reopened at hour 7; what was done at hour 4 is entered afterwards.
    given(*again, *(fact(test, at=hour(4)) for test in tests)).when(FIND_NOTHING).then_rejected("tests-missing")


def test_a_fault_is_found_without_the_tests_demanded() -> None:
    given(OPENED, RECEIVED, PINNED).when(RECORD_DIAGNOSIS).then(DIAGNOSED)


def test_a_diagnosis_that_found_something_besides_nothing_needs_no_further_test() -> None:
    both = (*NOTHING_FOUND.findings, *DIAGNOSED.findings)
    given(OPENED, RECEIVED, PINNED).when(but(FIND_NOTHING, findings=both)).then(but(NOTHING_FOUND, findings=both))


def test_where_no_standard_applies_no_test_is_demanded() -> None:
    given(OPENED, RECEIVED).when(FIND_NOTHING).then(NOTHING_FOUND)
    given(OPENED, RECEIVED, NO_STANDARD).when(FIND_NOTHING).then(NOTHING_FOUND)


def test_each_version_of_a_standard_demands_its_own_tests() -> None:
    older = but(STANDARD, version=2, tests_before_no_fault=())
    told = given(OPENED, RECEIVED, but(PINNED, standard_version=2)).where(standards=[STANDARD, older])
    told.when(FIND_NOTHING).then(NOTHING_FOUND)


# the pinned standard


def test_only_a_standard_that_was_published_is_pinned() -> None:
    given(OPENED).when(PIN_STANDARD).then(PINNED)
    given(OPENED).when(but(PIN_STANDARD, standard_version=4)).then_rejected("unknown-reference")
    given(OPENED).when(but(PIN_STANDARD, standard="ACME-IS-8")).then_rejected("unknown-reference")
    given(OPENED).when(but(PIN_STANDARD, standard_version=None)).then_rejected("unknown-reference")


def test_that_no_standard_applies_needs_a_reason() -> None:
    none_applies = {**dict(NO_STANDARD)}
    given(OPENED).when(but(PIN_STANDARD, **none_applies)).then(NO_STANDARD)
    given(OPENED).when(but(PIN_STANDARD, **none_applies | {"none_reason": None})).then_rejected("unknown-reference")


def test_a_pin_names_the_document_that_was_published() -> None:
    given(OPENED).when(but(PIN_STANDARD, document_hash="cd" * 32)).then_rejected("unknown-reference")
    without = but(STANDARD, document_hash=None)
    told = given(OPENED).where(standards=[without])
    told.when(but(PIN_STANDARD, document_hash="cd" * 32)).then(but(PINNED, document_hash="cd" * 32))
    told.when(but(PIN_STANDARD, document_hash=None)).then(but(PINNED, document_hash=None))


def test_a_pin_without_a_hash_gets_that_of_the_document_published() -> None:
    given(OPENED).when(but(PIN_STANDARD, document_hash=None)).then(PINNED)
    assert STANDARD.document_hash == PINNED.document_hash == "ab" * 32


def test_a_pin_names_clauses_that_the_version_has() -> None:
    told = given(OPENED)
    told.when(but(PIN_STANDARD, clauses=())).then(but(PINNED, clauses=()))
    refused = told.when(but(PIN_STANDARD, clauses=("4.2", "4.3")))
    refused.then_rejected("unknown-reference")
    assert str(refused.refusal).endswith("ACME-IS-7@3 has no clause 4.3; the nearest is 4.2")
    told.where(standards=[but(STANDARD, clauses=())]).when(PIN_STANDARD).then_rejected("unknown-reference")


CLAUSES_DECIDING = [
    (but(DECIDE_ENTITLEMENT, clauses=("4.2", "4.3")), (OPENED,)),
    (but(REFUSE_SERVICE, clause="4.3"), (OPENED, RECEIVED, TESTED)),
    (but(DECIDE_CLAIM, clause="4.3"), (OPENED, CLAIMED)),
    (but(ISSUE_VERDICT, clause="4.3"), (OPENED, DISPUTED, CUSTOMERS_POSITION, MANUFACTURERS_POSITION)),
]


@pytest.mark.parametrize(("command", "before"), CLAUSES_DECIDING, ids=lambda it: type(it).__name__)
def test_who_decides_by_a_clause_names_one_that_the_pinned_version_has(
    command: Command, before: tuple[Event, ...]
) -> None:
    refused = given(*before, PINNED).when(command)
    refused.then_rejected("unknown-reference")
    assert str(refused.refusal).endswith("ACME-IS-7@3 has no clause 4.3; the nearest is 4.2")
    without = but(STANDARD, clauses=())
    for told in (given(*before, NO_STANDARD), given(*before, PINNED).where(standards=[without])):
        assert told.when(command).refusal is None


# one-person-moved-warranty


def test_the_entitlement_is_decided() -> None:
    given(OPENED).when(DECIDE_ENTITLEMENT).then(IN_WARRANTY)
    given(OPENED).when(but(DECIDE_ENTITLEMENT, basis="none")).then(but(IN_WARRANTY, basis="none"))


def test_a_move_out_of_warranty_needs_a_second_person() -> None:
    told = given(OPENED, IN_WARRANTY)
    told.when(but(REVISE_ENTITLEMENT, approved_by=None)).then_rejected("one-person-moved-warranty")
    told.when(but(REVISE_ENTITLEMENT, approved_by="w-1")).then_rejected("one-person-moved-warranty")
    told.when(REVISE_ENTITLEMENT).then(REVISED)


@pytest.mark.parametrize("basis", ["statutory", "repair_guarantee", "goodwill"])
def test_whatever_was_free_for_the_customer_takes_two_people_to_take_away(basis: str) -> None:
    alone = but(REVISE_ENTITLEMENT, from_basis=basis, approved_by=None)
    given(OPENED, but(IN_WARRANTY, basis=basis)).when(alone).then_rejected("one-person-moved-warranty")


def test_deciding_anew_does_not_get_round_the_second_person() -> None:
    anew = but(DECIDE_ENTITLEMENT, basis="none")
    given(OPENED, IN_WARRANTY).when(anew).then_rejected("one-person-moved-warranty")


def test_refusing_as_out_of_warranty_does_not_get_round_the_second_person() -> None:
    out = but(REFUSE_SERVICE, ground="out_of_warranty")
    looked = (OPENED, RECEIVED, TESTED)
    given(*looked, IN_WARRANTY).when(out).then_rejected("one-person-moved-warranty")
    given(*looked, IN_WARRANTY).when(REFUSE_SERVICE).then(REFUSED)
    given(*looked, IN_WARRANTY, REVISED).when(out).then(but(REFUSED, ground="out_of_warranty"))
    given(*looked).when(out).then(but(REFUSED, ground="out_of_warranty"))


def test_a_move_into_warranty_takes_one_person() -> None:
    into = but(REVISE_ENTITLEMENT, from_basis="none", to_basis="warranty", approved_by=None)
    given(OPENED, OUT_OF_WARRANTY).when(into).then(
        but(REVISED, from_basis="none", to_basis="warranty", approved_by=None)
    )


def test_a_move_from_warranty_to_goodwill_takes_one_person() -> None:
    aside = but(REVISE_ENTITLEMENT, to_basis="goodwill", approved_by=None)
    given(OPENED, IN_WARRANTY).when(aside).then(but(REVISED, to_basis="goodwill", approved_by=None))


def test_only_the_entitlement_that_stands_is_revised() -> None:
    given(OPENED).when(REVISE_ENTITLEMENT).then_rejected("unknown-reference")
    given(OPENED, OUT_OF_WARRANTY).when(REVISE_ENTITLEMENT).then_rejected("unknown-reference")


# refusal-without-look


def test_nothing_is_refused_before_somebody_has_looked() -> None:
    given(OPENED, RECEIVED).when(REFUSE_SERVICE).then_rejected("refusal-without-look")
    given(OPENED, RECEIVED, DIAGNOSIS_STARTED).when(REFUSE_SERVICE).then_rejected("refusal-without-look")
    given(OPENED, RECEIVED, TESTED).when(REFUSE_SERVICE).then(REFUSED)
    given(OPENED, RECEIVED, DIAGNOSED).when(REFUSE_SERVICE).then(REFUSED)


def test_a_look_in_an_earlier_cycle_is_no_look() -> None:
    again = (OPENED, RECEIVED, TESTED, HANDED_BACK, CLOSED, REOPENED, RECEIVED)
    given(*again).when(REFUSE_SERVICE).then_rejected("refusal-without-look")
    given(*again, TESTED).when(REFUSE_SERVICE).then(REFUSED)


def test_a_refusal_names_a_ground_or_a_clause() -> None:
    nameless = but(REFUSE_SERVICE, ground=None, clause=None)
    given(OPENED, RECEIVED, TESTED).when(nameless).then_rejected("refusal-without-look")
    given(OPENED, RECEIVED, TESTED).when(but(REFUSE_SERVICE, ground=None)).then(but(REFUSED, ground=None))
    given(OPENED, RECEIVED, TESTED).when(but(REFUSE_SERVICE, clause=None)).then(but(REFUSED, clause=None))


def test_a_refusal_is_explained_to_the_customer() -> None:
    unexplained = but(REFUSE_SERVICE, explanation=None)
    given(OPENED, RECEIVED, TESTED).when(unexplained).then_rejected("refusal-without-look")


def test_a_refusal_ends_the_work() -> None:
    ticket = given(OPENED, RECEIVED, DIAGNOSED, REFUSED).ticket
    assert (ticket.work, ticket.work_has_ended, ticket.is_refused) == ("ended", True, True)


def test_a_technician_may_look_again_after_the_refusal() -> None:
    given(OPENED, RECEIVED, DIAGNOSED, fact(REFUSED, by=TECHNICIAN)).when(START_DIAGNOSIS).then(DIAGNOSIS_STARTED)
