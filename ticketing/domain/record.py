"""Record: corrections, retractions, notes, notices, host facts, and findings of what should not have happened.

A correction needs the fact that it corrects, so `Reference.target` carries that fact as it stands now, corrected and
not retracted; the application loads it.
"""

from pydantic import Field, SerializeAsAny, TypeAdapter, ValidationError, field_validator

from ticketing.domain import cuts
from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import ONE_PERSON_MOVED_WARRANTY
from ticketing.domain.errors import CommandRejected
from ticketing.domain.reference import Reference
from ticketing.domain.values import Actor, Envelope, Event, Instant, Key, PrivateText, Role, SerialNumber, instant_text

FINDERS: frozenset[Role] = frozenset({"manager", "auditor", "dispute_officer"})


class CorrectEvent(TicketCommand):
    """A field of an earlier fact is set right; `field` is a dotted path, or `occurred_at`."""

    target_version: int
    field: Key
    is_: e.Corrected = Field(alias="is")
    reason: PrivateText
    approved_by: Key | None = None


class RetractEvent(TicketCommand):
    """An earlier fact is taken back: it never happened."""

    target_version: int
    reason: PrivateText
    approved_by: Key | None = None


class RecordNote(TicketCommand):
    """Somebody writes something down."""

    topic: Key = "note"
    text: PrivateText


class SendNotice(TicketCommand):
    """A clock's notice goes out; without a cycle it is of the present one."""

    clock: Key
    kind: Key
    due_at: Instant | None = None
    to: Key
    policy: Key | None = None
    cycle: e.Count | None = None
    subject: Key | None = None


class RecordHostFact(TicketCommand):
    """The embedding application keeps a fact of its own."""

    namespace: Key
    name: Key
    data: dict[Key, e.HostValue] = Field(default_factory=dict)


class RecordFinding(TicketCommand):
    """What happened although a rule forbids it is put on record, flagged with the rules that it breaks.

    `actor` is who did it, `found_by` who found it: a manager, an auditor or a dispute officer.
    """

    event: SerializeAsAny[Event]
    found_by: Actor

    @field_validator("event")
    @classmethod
    def _is_of_a_ticket(cls, event: Event) -> Event:
        if type(event) not in e.TICKET_EVENTS:
            raise ValueError(f"{type(event).__name__} is no fact of a ticket")
        if isinstance(event, e.EventCorrected | e.EventRetracted):
            raise ValueError(f"{type(event).__name__} changes the record, it does not happen: send the command for it")
        return event


def correction(command: CorrectEvent, reference: Reference) -> e.EventCorrected:
    """The correction, with what the field was; free text stays private.

    Raises:
        CommandRejected: `unknown-reference` when there is no such fact or field, or the value does not fit it.
    """
    target = reference.target
    if target is None:
        raise CommandRejected("unknown-reference", f"the ticket has no fact {command.target_version} to correct")
    place = f"{type(target.event).__name__}.{command.field}"
    if isinstance(target.event, e.EventCorrected | e.EventRetracted) and command.field != "reason":
        raise CommandRejected("unknown-reference", f"{place} stands as it was said: retract it and record another")
    if command.field.partition(".")[0] == "assessment":
        raise CommandRejected("unknown-reference", f"{place} stands as the standard said: nobody has said it")
    if command.field == "manufacturer" and getattr(target.event, "serial", None) is not None:
        raise CommandRejected("unknown-reference", f"the serial is told apart by {place}: send IdentifyUnit instead")
    try:
        was, is_ = _occurred_at(command, target) if command.field == "occurred_at" else _field(command, target.event)
    except KeyError:
        raise CommandRejected("unknown-reference", f"there is no field {place}") from None
    except ValueError as error:
        raise CommandRejected("unknown-reference", f"{place} cannot be that: {_first(error)}") from None
    return e.EventCorrected(
        target_version=command.target_version,
        field=command.field,
        was=was,
        is_=is_,
        reason=command.reason,
        approved_by=command.approved_by,
    )


def _first(error: ValueError) -> str:
    return error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)


def _occurred_at(command: CorrectEvent, target: Envelope[Event]) -> tuple[e.Corrected, e.Corrected]:
    return instant_text(target.occurred_at), instant_text(cuts.instant(command.is_))


def _field(command: CorrectEvent, event: Event) -> tuple[e.Corrected, e.Corrected]:
    was, entered = cuts.field_at(event, command.field), command.is_
    if isinstance(was, PrivateText) and isinstance(entered, str):
        entered = PrivateText(text=entered)
    # Where a plain value may stand as well, a private text would be taken for one: a digest is tried in its place.
    tried = _A_DIGEST if isinstance(entered, PrivateText | SerialNumber) else entered
    after = cuts.field_at(cuts.with_field(event, command.field, tried), command.field)
    if not isinstance(entered, PrivateText | SerialNumber):
        return _single(was), _single(after)
    if not isinstance(after, PrivateText | SerialNumber):
        raise ValueError("no private text may stand there")
    return _single(was), entered if isinstance(entered, type(after)) else type(after)(text=entered.text)


def _single(value: object) -> e.Corrected:
    if isinstance(value, PrivateText | SerialNumber):
        return value
    stored = cuts.stored_value(value)
    if isinstance(stored, list):
        stored = tuple(stored)
    if isinstance(stored, dict) or (isinstance(stored, tuple) and any(isinstance(part, dict) for part in stored)):
        raise ValueError("correct one field at a time, not a whole structure")
    return _CORRECTED.validate_python(stored)


_A_DIGEST = {"digest": "0" * 64}
_CORRECTED: TypeAdapter[e.Corrected] = TypeAdapter(e.Corrected)


def _target_unknown(event: e.EventCorrected | e.EventRetracted, s: Situation) -> str | None:
    if event.target_version in s.ticket.actors:
        return None
    return f"no fact {event.target_version} of this ticket stands"


def _opening_retracted(event: e.EventRetracted, s: Situation) -> str | None:
    if event.target_version != 1:
        return None
    return "the opening cannot be taken back; close the ticket as cancelled"


def _moved_into_the_future(event: e.EventCorrected, s: Situation) -> str | None:
    if event.field != "occurred_at" or not isinstance(event.is_, str):
        return None
    try:
        moved_to = cuts.instant(event.is_)
    except ValueError:
        return None
    return "it cannot have occurred after now" if moved_to > s.reference.now + s.reference.skew else None


def _notice_sent_before(event: e.NoticeSent, s: Situation) -> str | None:
    sent = s.ticket.in_cycle.notices if event.cycle is None else s.ticket.notices
    if event.told_once not in sent:
        return None
    of = "this cycle" if event.cycle is None else f"cycle {event.cycle}"
    return f"notice {event.kind} of clock {event.clock} of {of} went out before"


def _occurs_in_the_future(event: Event, s: Situation) -> str | None:
    if s.occurred_at <= s.reference.now + s.reference.skew:
        return None
    return f"{instant_text(s.occurred_at)} is after {instant_text(s.reference.now)}, the application's clock"


def _entitlement_changed_alone(event: e.EventCorrected | e.EventRetracted, s: Situation) -> str | None:
    target = s.reference.target
    if target is None or not isinstance(target.event, e.EntitlementDecided | e.EntitlementRevised):
        return None
    if isinstance(event, e.EventCorrected) and event.field not in ("basis", "from", "to", "approved_by"):
        return None
    if s.has_second_person(event.approved_by):
        return None
    return "what was decided on the entitlement is changed only with the name of a second person who approved it"


FROM_THE_FUTURE = Rule("from-the-future", _occurs_in_the_future)
_ALONE = Rule(ONE_PERSON_MOVED_WARRANTY.slug, _entitlement_changed_alone)
_TARGET = Rule("unknown-reference", _target_unknown)

CAUSES: Causes = {
    CorrectEvent: e.EventCorrected,
    RetractEvent: e.EventRetracted,
    RecordNote: e.NoteRecorded,
    SendNotice: e.NoticeSent,
    RecordHostFact: e.HostFactRecorded,
}
RULES: Rules = {
    e.EventCorrected: (_TARGET, Rule("from-the-future", _moved_into_the_future), _ALONE),
    e.EventRetracted: (_TARGET, Rule("illegal-transition", _opening_retracted), _ALONE),
    e.NoticeSent: (Rule("already-on-record", _notice_sent_before),),
}
