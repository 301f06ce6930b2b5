"""Dispute: parties differ, state where they stand, and somebody who is not judge in their own case decides."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.diagnosis import clause_unknown
from ticketing.domain.disputed import Dispute
from ticketing.domain.shares import are_whole
from ticketing.domain.values import Instant, Key, Language, Money, Party, PrivateText, Sha256, instant_text

S = TypeVar("S")


class OpenDispute(TicketCommand):
    """A party says that it differs; a complaint or dispute needs nobody's consent."""

    dispute_id: Key
    ground: e.DisputeGround
    raised_by: Party
    parties: tuple[Party, ...]
    about_version: int | None = None
    is_blocking: bool = False
    text: PrivateText | None = None

    @field_validator("parties")
    @classmethod
    def _have_another_side(cls, parties: tuple[Party, ...], said: ValidationInfo) -> tuple[Party, ...]:
        if {*parties} <= {said.data.get("raised_by")}:
            raise ValueError("a dispute has a party beside the one that raises it")
        return parties


class RequestPosition(TicketCommand):
    """A party is asked where it stands, and until when; without that its silence says nothing."""

    dispute_id: Key
    party: Party
    deadline: Instant
    text: PrivateText | None = None


class StatePosition(TicketCommand):
    """A party says where it stands, or its silence after the deadline is put on record.

    A customer, manufacturer or expert speaks for itself; staff who enter what another party said name for whom, or the
    hash of the letter.
    """

    dispute_id: Key
    party: Party
    is_silence: bool = False
    deadline: Instant | None = None
    clause: Key | None = None
    requested_outcome: PrivateText | None = None
    statement: PrivateText | None = None
    on_behalf_of: Key | None = None
    letter_hash: Sha256 | None = None
    language: Language | None = None


class SubmitEvidence(TicketCommand):
    """Evidence is put on record by its hash; `held_by` is who keeps the thing itself, where it is more than a file."""

    evidence_id: Key
    dispute_id: Key | None = None
    sha256: Sha256
    media_type: Key
    kind: Key | None = None
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    captured_at: Instant | None = None
    captured_by: Key | None = None
    held_by: Key | None = None


class HandOverEvidence(TicketCommand):
    """A piece of evidence goes from the one who has it to the next."""

    evidence_id: Key
    from_holder: Key
    to_holder: Key
    note: PrivateText | None = None

    @field_validator("to_holder")
    @classmethod
    def _is_another(cls, to_holder: str, said: ValidationInfo) -> str:
        if to_holder == said.data.get("from_holder"):
            raise ValueError("evidence is handed over to somebody else")
        return to_holder


class HoldJointInspection(TicketCommand):
    """The parties look at the unit together; what they find is recorded as tests."""

    dispute_id: Key
    attendees: Annotated[tuple[Key, ...], Field(min_length=1)]
    protocol: PrivateText | None = None
    invited: tuple[Key, ...] = ()
    protocol_hash: Sha256 | None = None


def _a_whole(shares: tuple[e.Share, ...]) -> tuple[e.Share, ...]:
    if len({share.party for share in shares}) < len(shares):
        raise ValueError("a party bears one share")
    if shares and not are_whole(shares):
        raise ValueError("the shares make 100 per cent")
    return shares


Shares = Annotated[tuple[e.Share, ...], AfterValidator(_a_whole)]


class IssueVerdict(TicketCommand):
    """The dispute is decided; `by` is who judges."""

    dispute_id: Key
    by: Key
    in_favour_of: Party
    shares: Shares = ()
    clause: Key | None = None
    reasons: PrivateText


class AppealVerdict(TicketCommand):
    """A party does not accept the verdict."""

    dispute_id: Key
    party: Party
    reasons: PrivateText | None = None


class CloseDispute(TicketCommand):
    """The dispute is over; a settlement may say who bears which share, and what the customer is credited."""

    dispute_id: Key
    how: Literal["decided", "settled", "withdrawn"]
    terms: PrivateText | None = None
    shares: Shares = ()
    amount: Money | None = None

    @field_validator("shares", "amount")
    @classmethod
    def _are_of_a_settlement(cls, settled: S, said: ValidationInfo) -> S:
        if settled and said.data.get("how") != "settled":
            raise ValueError("only a settlement has shares and an amount of its own")
        return settled


OfDispute = (
    e.PositionRequested
    | e.PositionStated
    | e.JointInspectionHeld
    | e.VerdictIssued
    | e.VerdictAppealed
    | e.DisputeClosed
)


def _dispute_is_new(event: e.DisputeOpened, s: Situation) -> str | None:
    return f"dispute {event.dispute_id} is on record already" if event.dispute_id in s.ticket.disputes else None


def _about_nothing(event: e.DisputeOpened, s: Situation) -> str | None:
    if event.ground == "rejected_claim":
        return _about_no_rejection(event, s)
    if event.about_version is None or event.about_version in s.ticket.actors:
        return None
    return f"the ticket has no fact {event.about_version} to differ about"


def _about_no_rejection(event: e.DisputeOpened, s: Situation) -> str | None:
    if event.about_version is None:
        return "a dispute over a rejected claim names the decision on the claim"
    for claim in s.ticket.claims.values():
        for decision in claim.decisions:
            if decision.version == event.about_version:
                approved, asked = decision.decided.amount_approved, claim.amount
                is_below = approved.currency != asked.currency or approved.amount < asked.amount
                return None if is_below else f"claim {claim.claim_id} was approved in full"
    return f"fact {event.about_version} decides no claim"


def dispute_unknown(
    event: OfDispute | e.EvidenceSubmitted | e.PayersRevised | e.ClaimSubmitted | e.BillCredited, s: Situation
) -> str | None:
    """Why the dispute that the fact names is none of the ticket's, or None."""
    if event.dispute_id is None or event.dispute_id in s.ticket.disputes:
        return None
    return f"there is no dispute {event.dispute_id}"


def _speaks_for_another(event: e.PositionStated | e.VerdictAppealed, s: Situation) -> str | None:
    role = s.actor.role
    if role in ("customer", "manufacturer", "expert"):
        return None if event.party == role else f"a {role} does not speak for the {event.party}"
    return None


def _opened_for_another(event: e.DisputeOpened, s: Situation) -> str | None:
    role = s.actor.role
    if role not in ("customer", "manufacturer") or event.raised_by == role:
        return None
    return f"a {role} does not open a dispute for the {event.raised_by}"


def _own_silence(event: e.PositionStated, s: Situation) -> str | None:
    is_own = event.is_silence and event.party == s.actor.role
    return f"the {event.party} speaks, or somebody else records its silence" if is_own else None


def _says_nothing(event: e.PositionStated, s: Situation) -> str | None:
    if not event.is_silence:
        return None if event.says_something else f"the position of the {event.party} says nothing, and is no silence"
    is_said = event.says_something or event.clause is not None
    return f"the silence of the {event.party} has no words, demand, letter or clause" if is_said else None


def _silence_twice(event: e.PositionStated, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None or not event.is_silence:
        return None
    unanswered = [it for it in dispute.asked if it.party == event.party and it.answered_by is None]
    if not unanswered or any(it.is_pending for it in unanswered):
        return None
    return f"the silence of the {event.party} is on record; only after it is asked again it is recorded again"


def _entered_without_source(event: e.PositionStated, s: Situation) -> str | None:
    is_own = event.party in ("company", s.actor.role) or s.actor.role == "unknown"
    if is_own or event.is_silence or event.on_behalf_of is not None or event.letter_hash is not None:
        return None
    return f"who enters what the {event.party} said names on whose behalf, or the hash of the letter"


def _asked_too_late(event: e.PositionRequested, s: Situation) -> str | None:
    # By the application's clock too: asked in hindsight, nobody could have answered.
    if event.deadline > max(s.occurred_at, s.reference.now):
        return None
    return f"the deadline {instant_text(event.deadline)} has passed when the {event.party} is asked"


def _silence_too_early(event: e.PositionStated, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None or not event.is_silence:
        return None
    due = dispute.deadline_of(event.party)
    if due is None:
        was_asked = any(asked.party == event.party for asked in dispute.asked)
        return f"the {event.party} {'has answered' if was_asked else 'was never asked where it stands'}"
    if event.deadline is not None and event.deadline < due:
        return f"the {event.party} was given until {instant_text(due)}, not {instant_text(event.deadline)}"
    last = max(due, event.deadline or due)
    # What occurs may lie a little ahead of the clock; the deadline has passed by both.
    is_early = last >= min(s.occurred_at, s.reference.now)
    return f"the {event.party} may answer until {instant_text(last)}" if is_early else None


def _evidence_is_new(event: e.EvidenceSubmitted, s: Situation) -> str | None:
    return f"evidence {event.evidence_id} is on record already" if event.evidence_id in s.ticket.evidence else None


def _not_in_that_hand(event: e.EvidenceHandedOver, s: Situation) -> str | None:
    evidence = s.ticket.evidence.get(event.evidence_id)
    if evidence is None:
        return f"there is no evidence {event.evidence_id}"
    if evidence.holder is None:
        return f"evidence {event.evidence_id} is a file: nobody holds the thing itself"
    if evidence.holder != event.from_holder:
        return f"evidence {event.evidence_id} is held by {evidence.holder}, not {event.from_holder}"
    return None


def _dispute_of(event: OfDispute, s: Situation) -> Dispute | None:
    return s.ticket.disputes.get(event.dispute_id)


def _not_open(event: OfDispute, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    return f"dispute {event.dispute_id} is closed" if dispute is not None and not dispute.is_open else None


def _decided_already(event: e.VerdictIssued, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None or dispute.standing is None:
        return None
    return f"dispute {event.dispute_id} is decided; only after an appeal is it decided again"


def _appealed_already(event: e.VerdictAppealed, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None or not dispute.verdicts:
        return None
    has_appealed = any(appeal.party == event.party for appeal in dispute.verdicts[-1].appeals)
    return f"the {event.party} has appealed against this verdict already" if has_appealed else None


def _no_verdict(event: e.VerdictAppealed | e.DisputeClosed, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None:
        return None
    if isinstance(event, e.DisputeClosed):
        is_missing = event.how == "decided" and dispute.standing is None
    else:
        is_missing = not dispute.verdicts or dispute.outcome in ("settled", "withdrawn")
    return f"dispute {event.dispute_id} has no verdict that stands" if is_missing else None


def _no_party(event: e.VerdictIssued | e.VerdictAppealed | e.DisputeClosed, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None:
        return None
    named: list[Party] = []
    if isinstance(event, e.VerdictAppealed):
        named.append(event.party)
    else:
        named += [event.in_favour_of] if isinstance(event, e.VerdictIssued) else []
        named += [share.party for share in event.shares]
    strangers = [party for party in named if party not in dispute.parties]
    return f"the {strangers[0]} is no party of dispute {event.dispute_id}" if strangers else None


def _verdict_without_positions(event: e.VerdictIssued, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None:
        return None
    if s.ticket.pinned is None:
        return "no standard is pinned, nor is it stated that none applies"
    unheard = [party for party in dispute.parties if party not in dispute.heard]
    return f"neither position nor silence of {', '.join(unheard)} is on record" if unheard else None


def _judge_in_own_case(event: e.VerdictIssued, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None:
        return None
    if s.actor.role in ("customer", "manufacturer") and s.actor.role in dispute.parties:
        return f"the {s.actor.role} is a party of dispute {event.dispute_id}"
    judges = {who.casefold(): who for who in (event.by, s.actor.id)}
    deciding = judges.keys() & {who.casefold() for who in _deciders(dispute, s)}
    if deciding:
        return f"{judges[min(deciding)]} made the decision that is disputed"
    before = {who.casefold() for verdict in dispute.verdicts for who in (verdict.by, verdict.entered_by)}
    again = judges.keys() & before
    return f"{judges[min(again)]} gave the verdict that was appealed" if again else None


def _settled_in_no_bills_currency(event: e.DisputeClosed, s: Situation) -> str | None:
    billed = {line.amount.currency for bill in s.ticket.bills.values() for line in bill.lines}
    if event.amount is None or not billed or event.amount.currency in billed:
        return None
    return f"the settlement is in {event.amount.currency}, the bills in {', '.join(sorted(billed))}"


def _deciders(dispute: Dispute, s: Situation) -> frozenset[str]:
    """Who made or approved what is disputed; every decision on the entitlement where no fact is named."""
    version = dispute.about_version
    if version is None:
        return frozenset().union(*s.ticket.deciders.values())
    actor = s.ticket.actors.get(version)
    return s.ticket.deciders.get(version, frozenset({actor} if actor is not None else ()))


def _decided_by_unknown(event: e.VerdictIssued, s: Situation) -> str | None:
    return clause_unknown((event.clause,), s)


_UNKNOWN = Rule("unknown-reference", dispute_unknown)
_NO_VERDICT = Rule("unknown-reference", _no_verdict)
NO_PARTY = Rule("unknown-reference", _no_party)
_CLOSED = Rule("already-on-record", _not_open)
_FOR_ANOTHER = Rule("role-may-not", _speaks_for_another)
VERDICT_WITHOUT_POSITIONS = Rule("verdict-without-positions", _verdict_without_positions)
JUDGE_IN_OWN_CASE = Rule("judge-in-own-case", _judge_in_own_case)

CAUSES: Causes = {
    OpenDispute: e.DisputeOpened,
    RequestPosition: e.PositionRequested,
    StatePosition: e.PositionStated,
    SubmitEvidence: e.EvidenceSubmitted,
    HandOverEvidence: e.EvidenceHandedOver,
    HoldJointInspection: e.JointInspectionHeld,
    IssueVerdict: e.VerdictIssued,
    AppealVerdict: e.VerdictAppealed,
    CloseDispute: e.DisputeClosed,
}
RULES: Rules = {
    e.DisputeOpened: (
        Rule("already-on-record", _dispute_is_new),
        Rule(_FOR_ANOTHER.slug, _opened_for_another),
        Rule("unknown-reference", _about_nothing),
    ),
    e.PositionRequested: (_UNKNOWN, _CLOSED, Rule(VERDICT_WITHOUT_POSITIONS.slug, _asked_too_late)),
    e.PositionStated: (
        _UNKNOWN,
        _FOR_ANOTHER,
        Rule(_FOR_ANOTHER.slug, _entered_without_source),
        Rule(_FOR_ANOTHER.slug, _own_silence),
        Rule(VERDICT_WITHOUT_POSITIONS.slug, _says_nothing),
        Rule(VERDICT_WITHOUT_POSITIONS.slug, _silence_too_early),
        Rule("already-on-record", _silence_twice),
    ),
    e.EvidenceSubmitted: (_UNKNOWN, Rule("already-on-record", _evidence_is_new)),
    e.EvidenceHandedOver: (Rule("unknown-reference", _not_in_that_hand),),
    e.JointInspectionHeld: (_UNKNOWN,),
    e.VerdictIssued: (
        _UNKNOWN,
        _CLOSED,
        Rule("already-on-record", _decided_already),
        NO_PARTY,
        Rule("unknown-reference", _decided_by_unknown),
        VERDICT_WITHOUT_POSITIONS,
        JUDGE_IN_OWN_CASE,
    ),
    e.VerdictAppealed: (
        _UNKNOWN,
        _FOR_ANOTHER,
        _NO_VERDICT,
        NO_PARTY,
        Rule("already-on-record", _appealed_already),
    ),
    e.DisputeClosed: (
        _UNKNOWN,
        _CLOSED,
        _NO_VERDICT,
        NO_PARTY,
        Rule("not-approved", _settled_in_no_bills_currency),
    ),
}
