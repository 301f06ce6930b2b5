"""Repair: the work on the unit, its parts and minutes, and how it ends."""

import pytest

from tests.examples import (
    ABANDON_REPAIR,
    ABANDONED,
    APPROVED,
    CLOSED,
    COMPLETE_REPAIR,
    DECLINED,
    DIAGNOSED,
    ESTIMATED,
    EXCHANGE_UNIT,
    EXCHANGED,
    FIT_PART,
    HANDED_BACK,
    IN_WARRANTY,
    LOG_WORK,
    OPENED,
    OUT_OF_WARRANTY,
    PART_FITTED,
    RECEIVED,
    REOPENED,
    REPAIR_STARTED,
    REPAIRED,
    START_REPAIR,
    WORK_LOGGED,
    but,
    euros,
)
from tests.spec import fact, given, hour
from ticketing.domain.command import TicketCommand
from ticketing.domain.values import Money

ON_THE_BENCH = (OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED)
PAID_WORK = (OPENED, RECEIVED, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED, APPROVED, REPAIR_STARTED)


def test_a_repair_is_begun_logged_and_completed() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(START_REPAIR).then(REPAIR_STARTED)
    given(*ON_THE_BENCH).when(FIT_PART).then(PART_FITTED)
    given(*ON_THE_BENCH).when(LOG_WORK).then(WORK_LOGGED)
    given(*ON_THE_BENCH).when(COMPLETE_REPAIR).then(REPAIRED)


def test_a_part_is_fitted_only_while_the_repair_is_under_way() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(FIT_PART).then_rejected("illegal-transition")
    given(*ON_THE_BENCH, REPAIRED).when(FIT_PART).then_rejected("illegal-transition")


def test_only_a_repair_that_was_begun_is_completed() -> None:
    given(OPENED, RECEIVED, DIAGNOSED).when(COMPLETE_REPAIR).then_rejected("illegal-transition")


# not-received


@pytest.mark.parametrize(
    "command", [START_REPAIR, FIT_PART, LOG_WORK, COMPLETE_REPAIR], ids=lambda command: type(command).__name__
)
def test_nobody_repairs_a_unit_that_is_not_there(command: TicketCommand) -> None:
    handed_back = (OPENED, RECEIVED, DIAGNOSED, HANDED_BACK)
    told = given(*handed_back) if command is START_REPAIR else given(*handed_back, REPAIR_STARTED)
    told.when(command).then_rejected("not-received")


# no-diagnosis-in-cycle


def test_a_repair_is_completed_only_after_a_diagnosis_in_the_same_cycle() -> None:
    given(OPENED, RECEIVED, REPAIR_STARTED).when(COMPLETE_REPAIR).then_rejected("no-diagnosis-in-cycle")
    given(OPENED, RECEIVED, DIAGNOSED, REPAIR_STARTED).when(COMPLETE_REPAIR).then(REPAIRED)


def test_a_diagnosis_during_the_repair_is_early_enough() -> None:
    given(OPENED, RECEIVED, REPAIR_STARTED, DIAGNOSED).when(COMPLETE_REPAIR).then(REPAIRED)


def test_the_diagnosis_of_an_earlier_cycle_does_not_count() -> None:
    again = (*ON_THE_BENCH, REPAIRED, HANDED_BACK, CLOSED, REOPENED, RECEIVED)
    given(*again, REPAIR_STARTED).when(COMPLETE_REPAIR).then_rejected("no-diagnosis-in-cycle")
    given(*again, DIAGNOSED, REPAIR_STARTED).when(COMPLETE_REPAIR).then(REPAIRED)


# not-approved


def test_paid_work_begins_only_when_an_estimate_is_approved() -> None:
    given(OPENED, RECEIVED, OUT_OF_WARRANTY).when(START_REPAIR).then_rejected("not-approved")
    given(OPENED, RECEIVED, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED).when(START_REPAIR).then_rejected("not-approved")
    given(OPENED, RECEIVED, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED, APPROVED).when(START_REPAIR).then(REPAIR_STARTED)


def test_a_declined_estimate_approves_no_work() -> None:
    declined = (OPENED, RECEIVED, DIAGNOSED, OUT_OF_WARRANTY, ESTIMATED, APPROVED, DECLINED)
    given(*declined).when(START_REPAIR).then_rejected("not-approved")


def test_warranty_work_needs_no_approval() -> None:
    given(OPENED, RECEIVED, IN_WARRANTY).when(START_REPAIR).then(REPAIR_STARTED)
    costly = but(FIT_PART, cost=euros("999.00"))
    given(OPENED, RECEIVED, IN_WARRANTY, REPAIR_STARTED).when(costly).then(but(PART_FITTED, cost=euros("999.00")))


def test_paid_work_names_an_approved_line() -> None:
    cost = euros("10.00")
    told = given(*PAID_WORK[:5], but(APPROVED, lines=("board",)), REPAIR_STARTED)
    told.when(but(FIT_PART, cost=cost)).then_rejected("not-approved")
    told.when(but(FIT_PART, cost=cost, estimate_line="labour")).then_rejected("not-approved")
    told.when(but(LOG_WORK, cost=cost, estimate_line="labour")).then_rejected("not-approved")
    told.when(but(FIT_PART, cost=cost, estimate_line="board")).then(but(PART_FITTED, cost=cost, estimate_line="board"))


def test_a_line_is_approved_by_an_estimate_only() -> None:
    given(*ON_THE_BENCH).when(but(FIT_PART, estimate_line="board")).then_rejected("not-approved")


def test_work_that_costs_nothing_names_no_line() -> None:
    given(*PAID_WORK).when(LOG_WORK).then(WORK_LOGGED)
    given(*PAID_WORK).when(but(LOG_WORK, estimate_line="labour")).then(but(WORK_LOGGED, estimate_line="labour"))


def test_paid_work_stays_within_the_maximum() -> None:
    # The maximum is 130.00: 90.00 spent leaves 40.00, so 40.00 is within it and 40.01 is not.
    told = given(*PAID_WORK, but(PART_FITTED, cost=euros("90.00"), estimate_line="board"))
    rest = {"cost": euros("40.00"), "estimate_line": "labour"}
    told.when(but(LOG_WORK, **rest)).then(but(WORK_LOGGED, **rest))
    told.when(but(LOG_WORK, **rest | {"cost": euros("40.01")})).then_rejected("not-approved")


def test_paid_work_is_reckoned_in_the_currency_of_the_estimate() -> None:
    francs = Money.model_validate({"amount": "1.00", "currency": "CHF"})
    given(*PAID_WORK).when(but(LOG_WORK, cost=francs, estimate_line="labour")).then_rejected("not-approved")


def test_the_lines_of_a_superseded_approval_no_longer_count() -> None:
    second = but(ESTIMATED, estimate_version=2, lines=ESTIMATED.lines[:1])
    told = given(*PAID_WORK, second, but(APPROVED, estimate_version=2, lines=("board",)))
    told.when(but(LOG_WORK, cost=euros("1.00"), estimate_line="labour")).then_rejected("not-approved")
    told.when(but(LOG_WORK, cost=euros("1.00"), estimate_line="board")).then(
        but(WORK_LOGGED, cost=euros("1.00"), estimate_line="board")
    )


def test_a_share_that_the_manufacturer_pays_does_not_count_against_the_customers_maximum() -> None:
    # The maximum is 130.00, all of it spent on the customer's lines; the battery is the manufacturer's.
    spent = but(PART_FITTED, cost=euros("130.00"), estimate_line="board")
    battery = {"cost": euros("500.00"), "estimate_line": "battery"}
    for command, event in ((FIT_PART, PART_FITTED), (LOG_WORK, WORK_LOGGED)):
        given(*PAID_WORK, spent).when(but(command, **battery)).then(but(event, **battery))
        full = given(*PAID_WORK, but(event, **battery), spent)
        full.when(but(command, cost=euros("0.01"), estimate_line="labour")).then_rejected("not-approved")
        empty = given(*PAID_WORK, but(event, **battery))
        all_of_it = {"cost": euros("130.00"), "estimate_line": "board"}
        empty.when(but(command, **all_of_it)).then(but(event, **all_of_it))


# the second cycle

AGAIN = (*PAID_WORK, REPAIRED, HANDED_BACK, CLOSED, REOPENED, RECEIVED, DIAGNOSED)
SECOND = but(ESTIMATED, estimate_version=2, maximum=euros("50.00"))
SECOND_APPROVED = but(APPROVED, estimate_version=2)


def test_paid_work_in_the_next_cycle_needs_an_estimate_of_that_cycle() -> None:
    given(*AGAIN).when(START_REPAIR).then_rejected("not-approved")
    given(*AGAIN, SECOND).when(START_REPAIR).then_rejected("not-approved")
    given(*AGAIN, SECOND, SECOND_APPROVED).when(START_REPAIR).then(REPAIR_STARTED)


def test_an_estimate_of_an_earlier_cycle_that_is_entered_late_approves_no_work() -> None:
    # Cycle 2 began at hour 10; the estimate was issued at hour 6.
    told = given(*AGAIN, fact(SECOND, at=hour(6)), SECOND_APPROVED)
    told.when(START_REPAIR).then_rejected("not-approved")


def test_work_on_a_line_that_was_approved_but_never_quoted_counts_as_the_customers() -> None:
    # Only a finding approves such a line; the maximum is 130.00.
    told = given(*PAID_WORK, but(APPROVED, lines=("board", "gold")))
    gold = {"cost": euros("130.00"), "estimate_line": "gold"}
    told.when(but(FIT_PART, **gold)).then(but(PART_FITTED, **gold))
    told.when(but(FIT_PART, **gold | {"cost": euros("130.01")})).then_rejected("not-approved")


def test_the_lines_of_an_earlier_cycle_are_worked_on_no_more() -> None:
    labour = {"cost": euros("1.00"), "estimate_line": "labour"}
    given(*AGAIN, REPAIR_STARTED).when(but(LOG_WORK, **labour)).then_rejected("not-approved")
    told = given(*AGAIN, SECOND, SECOND_APPROVED, REPAIR_STARTED)
    told.when(but(LOG_WORK, **labour)).then(but(WORK_LOGGED, **labour))


def test_each_cycle_has_a_maximum_of_its_own() -> None:
    # Cycle 1 spent 130.00 of its 130.00; cycle 2 has 50.00: 30.00 leave 20.00, and 20.01 is over.
    first = (*PAID_WORK, but(PART_FITTED, cost=euros("130.00"), estimate_line="board"))
    second = (REPAIRED, HANDED_BACK, CLOSED, REOPENED, RECEIVED, DIAGNOSED, SECOND, SECOND_APPROVED, REPAIR_STARTED)
    told = given(*first, *second, but(PART_FITTED, cost=euros("30.00"), estimate_line="board"))
    rest = {"cost": euros("20.00"), "estimate_line": "labour"}
    told.when(but(LOG_WORK, **rest)).then(but(WORK_LOGGED, **rest))
    told.when(but(LOG_WORK, **rest | {"cost": euros("20.01")})).then_rejected("not-approved")


def test_work_of_an_earlier_cycle_that_is_entered_late_does_not_count_in_this_one() -> None:
    # The repair of cycle 1 began at hour 6; its part is entered only when cycle 2 is under way.
    late = fact(but(PART_FITTED, cost=euros("50.00"), estimate_line="board"), at=hour(6.5))
    told = given(*AGAIN, SECOND, SECOND_APPROVED, REPAIR_STARTED, late)
    all_of_it = {"cost": euros("50.00"), "estimate_line": "board"}
    told.when(but(FIT_PART, **all_of_it)).then(but(PART_FITTED, **all_of_it))


# other endings


def test_a_repair_may_be_given_up() -> None:
    given(*ON_THE_BENCH).when(ABANDON_REPAIR).then(ABANDONED)
    assert given(*ON_THE_BENCH, ABANDONED).ticket.work_has_ended


def test_an_exchange_ends_the_work_and_changes_the_serial() -> None:
    given(*ON_THE_BENCH).when(EXCHANGE_UNIT).then(EXCHANGED)
    ticket = given(*ON_THE_BENCH, EXCHANGED).ticket
    assert (ticket.work_has_ended, ticket.serial) == (True, EXCHANGED.new_serial)
