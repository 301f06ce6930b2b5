"""One ticket's life of twenty facts, the same for both sides: commands and facts of ours, calls and texts for theirs.

Every ticket has the same life but for its number and its serial, and its id is made of its number on both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID, uuid5

from tests import examples
from tests.bench.plain import NUMBERS
from ticketing.adapters.private import Sealer
from ticketing.adapters.recording import Saying, ticket_append
from ticketing.adapters.store import Append
from ticketing.domain.command import TicketCommand
from ticketing.domain.intake import OpenTicket
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Envelope, Event, PrivateText, SerialNumber, Value

_OPENING = examples.OPEN_TICKET
_SEALER = Sealer(bytes(32), Random(7).randbytes)


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next in every life.

    Attributes:
        call: The method of theirs.
        event: The fact.
        command: What causes it.
    """

    call: str
    event: Event
    command: OpenTicket | TicketCommand


STEPS: Sequence[Step] = (
    Step("__init__", examples.OPENED, examples.OPEN_TICKET),
    Step("receive", examples.RECEIVED, examples.RECEIVE_UNIT),
    Step("record_proof", examples.PROOF_RECORDED, examples.RECORD_PROOF),
    Step("assign", examples.ASSIGNED, examples.ASSIGN_TICKET),
    Step("start_diagnosis", examples.DIAGNOSIS_STARTED, examples.START_DIAGNOSIS),
    Step("perform_test", examples.TESTED, examples.PERFORM_TEST),
    Step("record_diagnosis", examples.DIAGNOSED, examples.RECORD_DIAGNOSIS),
    Step("decide_entitlement", examples.IN_WARRANTY, examples.DECIDE_ENTITLEMENT),
    Step("issue_estimate", examples.ESTIMATED, examples.ISSUE_ESTIMATE),
    Step("approve_estimate", examples.APPROVED, examples.APPROVE_ESTIMATE),
    Step("start_wait", examples.WAIT_STARTED, examples.START_WAIT),
    Step("end_wait", examples.WAIT_ENDED, examples.END_WAIT),
    Step("start_repair", examples.REPAIR_STARTED, examples.START_REPAIR),
    Step("fit_part", examples.PART_FITTED, examples.FIT_PART),
    Step("log_work", examples.WORK_LOGGED, examples.LOG_WORK),
    Step("complete_repair", examples.REPAIRED, examples.COMPLETE_REPAIR),
    Step("pass_qc", examples.QC_PASSED, examples.PASS_QC),
    Step("notify_customer", examples.NOTIFIED, examples.NOTIFY_CUSTOMER),
    Step("hand_back", examples.HANDED_BACK, examples.HAND_BACK),
    Step("close", examples.CLOSED, examples.CLOSE_TICKET),
)


def ticket_number(ticket: int) -> str:
    return f"B-{ticket:07}"


def ticket_id(ticket: int) -> UUID:
    """The id of a ticket, on both sides."""
    return uuid5(NUMBERS, ticket_number(ticket))


def occurred_at(step: int) -> datetime:
    """When a step is taken in every life; steps count from 0."""
    return examples.START + step * timedelta(hours=5)


# ours


def command(ticket: int, step: int) -> OpenTicket | TicketCommand:
    """What causes a step of a ticket's life."""
    own: dict[str, object] = {"ticket_id": ticket_id(ticket), "occurred_at": occurred_at(step)}
    if step == 0:
        own |= _named(ticket)
    return STEPS[step].command.model_copy(update=own)


@cache
def appends(ticket: int) -> Sequence[Append]:
    """The life of a ticket as the log takes it: one append a fact, with the texts and claims that go with it."""
    state, history = Ticket(ticket_id(ticket)), list[Envelope[Event]]()
    made: list[Append] = []
    for number, step in enumerate(STEPS):
        event = step.event.model_copy(update=_named(ticket)) if number == 0 else step.event
        saying = Saying(
            actor=step.command.actor,
            occurred_at=occurred_at(number),
            command_id=uuid5(ticket_id(ticket), str(number)),
            command_digest=f"{number:064x}",
        )
        append, state = ticket_append(saying, history, state, [event], _SEALER)
        history += append.envelopes
        made.append(append)
    return tuple(made)


def copied(ticket: int) -> list[Append]:
    """The facts of the same life under the id of another ticket; without the texts and claims, so made in no time."""
    stream_id = ticket_id(ticket)
    return [
        replace(
            append,
            stream_id=stream_id,
            command_id=(own := uuid5(stream_id, str(number))),
            envelopes=tuple(replace(fact, stream_id=stream_id, command_id=own) for fact in append.envelopes),
            claims=(),
            releases=(),
            texts=(),
        )
        for number, append in enumerate(appends(0))
    ]


def _named(ticket: int) -> dict[str, object]:
    return {"number": ticket_number(ticket), "serial": SerialNumber(text=f"SN{ticket:07}")}


# theirs


def said(ticket: int, step: int) -> dict[str, Any]:
    """What their method of a step is told: the fields of the fact that are set, who acted, and when."""
    told = {**_told_of(step), "by": STEPS[step].command.actor.id, "role": STEPS[step].command.actor.role}
    if step == 0:
        told |= {name: _plain(value) for name, value in _named(ticket).items()}
    return {**told, "occurred_at": occurred_at(step)}


@cache
def _told_of(step: int) -> Mapping[str, Any]:
    event = STEPS[step].event
    return {name: _plain(getattr(event, name)) for name in type(event).model_fields if name in event.model_fields_set}


def _plain(value: object) -> object:
    """The value in what their JSON knows."""
    match value:
        case PrivateText() | SerialNumber():
            return value.text
        case Value():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case tuple():
            return [_plain(part) for part in value]
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case _:
            return value
