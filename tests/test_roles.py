"""Roles: which role sends which command."""

from typing import get_args

import pytest

from tests.examples import (
    APPROVE_ESTIMATE,
    CLOSE_TICKET,
    COMPLAINED,
    DIAGNOSED,
    ESTIMATED,
    EXAMPLES,
    HAND_BACK,
    HANDED_BACK,
    OPEN_TICKET,
    OPENED,
    PASS_QC,
    RECEIVED,
    REPAIR_STARTED,
    REPAIRED,
    RESOLVE_COMPLAINT,
    SEND_NOTICE,
    START_REPAIR,
    TICKET,
    UNKNOWN,
    WAIVE_QC,
    but,
)
from tests.spec import given
from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.decide import CAUSES, COMMAND_FOR, RULES_OF
from ticketing.domain.dispute import OpenDispute
from ticketing.domain.events import TICKET_EVENTS
from ticketing.domain.publishing import Publish
from ticketing.domain.record import CorrectEvent, RecordFinding, RetractEvent
from ticketing.domain.roles import MAY_SEND
from ticketing.domain.values import Actor, Role

ROLES: tuple[Role, ...] = get_args(Role)


def actor(role: Role) -> Actor:
    return Actor(id="p-1", role=role)


def test_every_command_causes_a_fact_of_its_own_and_every_fact_has_its_command() -> None:
    assert set(CAUSES) == {type(command) for command, _ in EXAMPLES}
    assert set(COMMAND_FOR) == set(TICKET_EVENTS) == set(RULES_OF)
    assert len(CAUSES) == len(TICKET_EVENTS)


def test_the_table_has_every_command_and_no_other() -> None:
    assert set(MAY_SEND) == {*CAUSES, RecordFinding, Publish}


def test_somebody_may_send_every_command() -> None:
    assert [command.__name__ for command, roles in MAY_SEND.items() if not roles] == []


@pytest.mark.parametrize("role", [role for role in ROLES if role != "unknown"])
def test_every_role_may_do_something(role: Role) -> None:
    assert [command for command, roles in MAY_SEND.items() if role in roles]


def test_the_unknown_role_may_send_nothing() -> None:
    assert [command.__name__ for command, roles in MAY_SEND.items() if "unknown" in roles] == []


@pytest.mark.parametrize("command", [command for command, _ in EXAMPLES], ids=lambda command: type(command).__name__)
def test_whoever_is_not_in_the_table_is_refused(command: Command) -> None:
    if isinstance(command, CorrectEvent | RetractEvent):
        command = but(command, approved_by="p-2")  # alone, the role must be one that may send the fact's own command
    for role in ROLES:
        is_own = isinstance(command, OpenDispute) and role == "manufacturer"  # which opens none for another
        sent = but(command, actor=actor(role), **({"raised_by": role} if is_own else {}))
        outcome = given(OPENED, RECEIVED).when(sent)
        is_refused = outcome.refusal is not None and outcome.refusal.rule == "role-may-not"
        assert is_refused == (role not in MAY_SEND[type(command)]), role


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (OPEN_TICKET, "technician"),
        (START_REPAIR, "receptionist"),
        (START_REPAIR, "inspector"),
        (PASS_QC, "technician"),
        (PASS_QC, "manager"),
        (WAIVE_QC, "inspector"),
        (APPROVE_ESTIMATE, "technician"),
        (APPROVE_ESTIMATE, "cashier"),
        (HAND_BACK, "technician"),
        (CLOSE_TICKET, "customer"),
        (RESOLVE_COMPLAINT, "technician"),
        (SEND_NOTICE, "manager"),
    ],
    ids=lambda it: it if isinstance(it, str) else type(it).__name__,
)
def test_these_are_not_for_them_to_do(command: Command, role: Role) -> None:
    told = given() if command is OPEN_TICKET else given(OPENED, RECEIVED)
    told.when(but(command, actor=actor(role))).then_rejected("role-may-not")


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (OPEN_TICKET, "receptionist"),
        (START_REPAIR, "technician"),
        (PASS_QC, "inspector"),
        (WAIVE_QC, "manager"),
        (APPROVE_ESTIMATE, "customer"),
        (HAND_BACK, "cashier"),
        (CLOSE_TICKET, "receptionist"),
        (RESOLVE_COMPLAINT, "complaint_officer"),
        (SEND_NOTICE, "system"),
    ],
    ids=lambda it: it if isinstance(it, str) else type(it).__name__,
)
def test_these_are_theirs_to_do(command: Command, role: Role) -> None:
    on_the_way = (OPENED, RECEIVED, DIAGNOSED, ESTIMATED)
    told = {
        OPEN_TICKET: given(),
        PASS_QC: given(*on_the_way, REPAIR_STARTED, REPAIRED),
        WAIVE_QC: given(*on_the_way, REPAIR_STARTED, REPAIRED),
        CLOSE_TICKET: given(OPENED, RECEIVED, HANDED_BACK),
        RESOLVE_COMPLAINT: given(OPENED, COMPLAINED),
    }.get(command, given(*on_the_way))
    outcome = told.when(but(command, actor=actor(role)))
    assert outcome.refusal is None


def test_the_role_unknown_of_an_import_is_flagged_nowhere_and_sends_nothing() -> None:
    finding = RecordFinding(ticket_id=TICKET, actor=UNKNOWN, event=RECEIVED, found_by=actor("auditor"))
    given(OPENED).when(finding).then(RECEIVED)
    for command, _ in EXAMPLES:
        assert isinstance(command, TicketCommand | type(OPEN_TICKET))
        given(OPENED).when(but(command, actor=UNKNOWN)).then_rejected("role-may-not")
