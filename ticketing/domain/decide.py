"""decide: from a command, a ticket and the reference data to facts, or to a refusal that names the rule.

Law of this file: a fact is checked by its role, its time, its place in the life cycle and the rules of its phase, in
that order. A command is refused by the first rule that one of its facts breaks; a finding or an import is recorded
with all of them as flags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ticketing.domain import (
    billing,
    claim,
    closure,
    complaint,
    cuts,
    diagnosis,
    dispute,
    estimate,
    intake,
    quality,
    record,
    repair,
    routing,
    waiting,
)
from ticketing.domain import events as e
from ticketing.domain.command import Broken, Causes, Command, Rule, Rules, Situation
from ticketing.domain.errors import BadInput, CommandRejected
from ticketing.domain.lifecycle import MOVES
from ticketing.domain.reference import Reference
from ticketing.domain.roles import MAY_SEND
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event

_PHASES = (
    intake,
    routing,
    diagnosis,
    estimate,
    waiting,
    dispute,
    claim,
    repair,
    quality,
    billing,
    closure,
    complaint,
    record,
)
CAUSES: Causes = {command: event for phase in _PHASES for command, event in phase.CAUSES.items()}
COMMAND_FOR: Mapping[type[Event], type[Command]] = {event: command for command, event in CAUSES.items()}


def _role_may_not(event: Event, s: Situation) -> str | None:
    if s.actor.role == "unknown" or s.actor.role in MAY_SEND[COMMAND_FOR[type(event)]]:
        return None
    return f"a {s.actor.role} does not send {COMMAND_FOR[type(event)].__name__}"


def _illegal_transition(event: Event, s: Situation) -> str | None:
    for region, move in MOVES[type(event)]:
        state = getattr(s.ticket, region)
        if not move.is_legal_in(state):
            return f"{type(event).__name__} is not legal while {region} is {state}"
    return None


CHANGED_BY_TWO = (
    e.ServiceRefused,
    e.EstimateIssued,
    e.EstimateApproved,
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
    e.ClaimSubmitted,
    e.ClaimDecided,
    e.QcPassed,
    e.QcFailed,
    e.BillIssued,
    e.BillCredited,
    e.ComplaintReceived,
)
"""Decisions and agreements that others rely on: not even whoever recorded one changes it alone."""


def _takes_back_alone(event: e.EventCorrected | e.EventRetracted, s: Situation) -> str | None:
    target = s.reference.target
    if target is None or s.actor.role == "unknown" or s.has_second_person(event.approved_by):
        return None
    if isinstance(target.event, e.EventCorrected | e.EventRetracted) and target.event.approved_by is not None:
        return "what a second person approved is changed again only with the name of one who approves that"
    may_send = s.actor.id == target.actor.id or s.actor.role in MAY_SEND[COMMAND_FOR[type(target.event)]]
    if may_send and not isinstance(target.event, CHANGED_BY_TWO):
        return None
    return (
        f"a {s.actor.role} changes {type(target.event).__name__} only with the name of a second person who approved it"
    )


_STILL: Mapping[type[Event], tuple[Rule[Any], ...]] = {
    e.VerdictIssued: (dispute.NO_PARTY,),
    e.DisputeClosed: (dispute.NO_PARTY,),
    e.ClaimDecided: (claim.OVER_CLAIM,),
}
"""What a correction may not make of a decision: the rules that hold whenever one looks at it."""


def _made_unsound(event: e.EventCorrected, s: Situation) -> str | None:
    target = s.reference.target
    if target is None or event.field == "occurred_at" or type(target.event) not in _STILL:
        return None
    after = cuts.with_field(target.event, event.field, cuts.stored_value(event.is_))
    was, now_is = _unsound(target.event, s), _unsound(after, s)
    return f"{now_is}: take {type(after).__name__} back and record another" if now_is and not was else None


def _unsound(event: Event, s: Situation) -> str | None:
    """Why nobody could say the fact so, by its command or by the rules that hold at any time."""
    said = {
        name: getattr(event, name) for name in type(event).model_fields if name in COMMAND_FOR[type(event)].model_fields
    }
    try:
        COMMAND_FOR[type(event)].model_validate({"actor": s.actor, "ticket_id": s.ticket.ticket_id, **said})
    except BadInput as wrong:
        return str(wrong)
    reasons = (rule.reason(event, s) for rule in _STILL[type(event)])
    return next(filter(None, reasons), None)


ASSESSED = (e.EntitlementDecided, e.EntitlementRevised, e.ServiceRefused)
"""Decisions beside which stands what the pinned standard said of the facts known, so that deviations are visible."""

_ASSESSMENT = "assessment"
ROLE_MAY_NOT = Rule("role-may-not", _role_may_not)
ILLEGAL_TRANSITION = Rule("illegal-transition", _illegal_transition)
_ALWAYS: tuple[Rule[Any], ...] = (ROLE_MAY_NOT, record.FROM_THE_FUTURE, ILLEGAL_TRANSITION)
_TAKES_BACK_ALONE = Rule(ROLE_MAY_NOT.slug, _takes_back_alone)
_BY_ROLE: Rules = {
    e.EventCorrected: (_TAKES_BACK_ALONE, Rule("unknown-reference", _made_unsound)),
    e.EventRetracted: (_TAKES_BACK_ALONE,),
}
RULES_OF: Mapping[type[Event], tuple[Rule[Any], ...]] = {
    event: (*_ALWAYS, *phase.RULES.get(event, ()), *_BY_ROLE.get(event, ()))
    for phase in _PHASES
    for event in phase.CAUSES.values()
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The facts that a command causes.

    Attributes:
        events: The facts, in order.
        flags: Slugs of the rules broken; only a finding has any.
        caused_by: What made them be recorded other than the actor's own command.
    """

    events: tuple[Event, ...]
    flags: tuple[str, ...] = ()
    caused_by: str | None = None


def broken_rules(event: Event, situation: Situation) -> list[Broken]:
    """Every rule that the fact would break in this situation, in the order in which they are checked."""
    broken = []
    for rule in RULES_OF[type(event)]:
        reason = rule.reason(event, situation)
        if reason is not None:
            broken.append(Broken(rule.slug, reason))
    return broken


def flags_of(event: Event, situation: Situation) -> tuple[str, ...]:
    """The slugs under which a finding or an import records the fact, each once.

    Raises:
        CommandRejected: `number-taken`; not even a finding may take another ticket's number.
    """
    slugs: dict[str, None] = {}
    for broken in broken_rules(event, situation):
        if broken.slug == intake.NUMBER_TAKEN.slug:
            raise CommandRejected(broken.slug, broken.reason)
        slugs[broken.slug] = None
    return tuple(slugs)


def decide(command: Command, ticket: Ticket, reference: Reference) -> Decision:
    """The facts that the command causes.

    Args:
        command: With `occurred_at` filled in.
        ticket: The ticket as it is now; a blank one for `OpenTicket`.
        reference: What else the rules need to know.

    Raises:
        CommandRejected: The first rule broken; nothing is to be recorded.
    """
    if isinstance(command, record.RecordFinding):
        return _decide_finding(command, ticket, reference)
    if command.actor.role == "unknown":
        raise CommandRejected(ROLE_MAY_NOT.slug, "the role unknown exists only in imports and findings")
    event = _caused(command, reference)
    broken = broken_rules(event, situation_of(command, ticket, reference))
    if broken:
        raise CommandRejected(broken[0].slug, broken[0].reason)
    return Decision((event,))


def situation_of(command: Command, ticket: Ticket, reference: Reference) -> Situation:
    """The situation in which the command's facts would be recorded."""
    return Situation(ticket, reference, command.actor, command.occurred_at or reference.now)


def _caused(command: Command, reference: Reference) -> Event:
    if isinstance(command, record.CorrectEvent):
        return record.correction(command, reference)
    event = CAUSES[type(command)]
    said = {name: getattr(command, name) for name in event.model_fields if name != _ASSESSMENT}
    return _completed(event(**said), reference)


def _completed(event: Event, reference: Reference) -> Event:
    """The fact with what nobody has to say: the assessment beside a decision, and the hash of a document pinned."""
    if isinstance(event, e.StandardPinned):
        return diagnosis.with_published_hash(event, reference)
    return event.model_copy(update={_ASSESSMENT: reference.assessment}) if isinstance(event, ASSESSED) else event


def _decide_finding(command: record.RecordFinding, ticket: Ticket, reference: Reference) -> Decision:
    finder = command.found_by
    if finder.role not in MAY_SEND[record.RecordFinding]:
        raise CommandRejected(ROLE_MAY_NOT.slug, f"a {finder.role} does not send RecordFinding")
    event = _completed(command.event, reference)
    flags = flags_of(event, situation_of(command, ticket, reference))
    return Decision((event,), flags, f"finding:{finder.role}:{finder.id}")
