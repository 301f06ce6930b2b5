"""Dispute: parties differ, state where they stand, and somebody who is not judge in their own case decides."""

from typing import Literal

from pydantic import ValidationInfo, field_validator

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.ticket import Dispute
from ticketing.domain.values import Instant, Key, PrivateText, Sha256


class OpenDispute(TicketCommand):
    """A party says that it differs; a complaint or dispute needs nobody's consent."""

    dispute_id: Key
    ground: e.DisputeGround
    raised_by: e.Party
    parties: tuple[e.Party, ...]
    about_version: int | None = None
    is_blocking: bool = False
    text: PrivateText | None = None

    @field_validator("parties")
    @classmethod
    def _have_another_side(cls, parties: tuple[e.Party, ...], said: ValidationInfo) -> tuple[e.Party, ...]:
        if {*parties} <= {said.data.get("raised_by")}:
            raise ValueError("a dispute has a party beside the one that raises it")
        return parties


class StatePosition(TicketCommand):
    """A party says where it stands, or its silence is put on record."""

    dispute_id: Key
    party: e.Party
    is_silence: bool = False
    deadline: Instant | None = None
    clause: Key | None = None
    requested_outcome: PrivateText | None = None
    statement: PrivateText | None = None
    on_behalf_of: Key | None = None
    letter_hash: Sha256 | None = None


class SubmitEvidence(TicketCommand):
    """Evidence is put on record by its hash."""

    evidence_id: Key
    dispute_id: Key | None = None
    sha256: Sha256
    media_type: Key
    captured_at: Instant | None = None
    captured_by: Key | None = None


class HoldJointInspection(TicketCommand):
    """The parties look at the unit together."""

    dispute_id: Key
    attendees: tuple[Key, ...]
    protocol: PrivateText | None = None


class IssueVerdict(TicketCommand):
    """The dispute is decided; `by` is who judges."""

    dispute_id: Key
    by: Key
    in_favour_of: e.Party
    shares: tuple[e.Share, ...] = ()
    clause: Key | None = None
    reasons: PrivateText

    @field_validator("shares")
    @classmethod
    def _make_a_whole(cls, shares: tuple[e.Share, ...]) -> tuple[e.Share, ...]:
        if shares and sum(share.percent for share in shares) != 100:
            raise ValueError("the shares of a verdict make 100 per cent")
        return shares


class AppealVerdict(TicketCommand):
    """A party does not accept the verdict."""

    dispute_id: Key
    party: e.Party
    reasons: PrivateText | None = None


class CloseDispute(TicketCommand):
    """The dispute is over."""

    dispute_id: Key
    how: Literal["decided", "settled", "withdrawn"]
    terms: PrivateText | None = None


OfDispute = e.PositionStated | e.JointInspectionHeld | e.VerdictIssued | e.VerdictAppealed | e.DisputeClosed


def _dispute_is_new(event: e.DisputeOpened, s: Situation) -> str | None:
    return f"dispute {event.dispute_id} is on record already" if event.dispute_id in s.ticket.disputes else None


def _about_nothing(event: e.DisputeOpened, s: Situation) -> str | None:
    if event.about_version is None or event.about_version in s.ticket.actors:
        return None
    return f"the ticket has no fact {event.about_version} to differ about"


def _dispute_unknown(event: OfDispute | e.EvidenceSubmitted, s: Situation) -> str | None:
    if event.dispute_id is None or event.dispute_id in s.ticket.disputes:
        return None
    return f"there is no dispute {event.dispute_id}"


def _evidence_is_new(event: e.EvidenceSubmitted, s: Situation) -> str | None:
    return f"evidence {event.evidence_id} is on record already" if event.evidence_id in s.ticket.evidence else None


def _dispute_of(event: OfDispute, s: Situation) -> Dispute | None:
    return s.ticket.disputes.get(event.dispute_id)


def _not_open(event: OfDispute, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    return f"dispute {event.dispute_id} is closed" if dispute is not None and not dispute.is_open else None


def _no_verdict(event: e.VerdictAppealed | e.DisputeClosed, s: Situation) -> str | None:
    dispute = _dispute_of(event, s)
    if dispute is None or dispute.verdicts or (isinstance(event, e.DisputeClosed) and event.how != "decided"):
        return None
    return f"dispute {event.dispute_id} has no verdict"


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
    judging = {event.by, s.actor.id} & _deciders(dispute, s)
    return f"{min(judging)} made the decision that is disputed" if judging else None


def _deciders(dispute: Dispute, s: Situation) -> frozenset[str]:
    """Who made or approved what is disputed; every decision on the entitlement where no fact is named."""
    version = dispute.about_version
    if version is None:
        return frozenset().union(*s.ticket.deciders.values())
    actor = s.ticket.actors.get(version)
    return s.ticket.deciders.get(version, frozenset({actor} if actor is not None else ()))


_UNKNOWN = Rule("unknown-reference", _dispute_unknown)
_NO_VERDICT = Rule("unknown-reference", _no_verdict)
_CLOSED = Rule("already-on-record", _not_open)
VERDICT_WITHOUT_POSITIONS = Rule("verdict-without-positions", _verdict_without_positions)
JUDGE_IN_OWN_CASE = Rule("judge-in-own-case", _judge_in_own_case)

CAUSES: Causes = {
    OpenDispute: e.DisputeOpened,
    StatePosition: e.PositionStated,
    SubmitEvidence: e.EvidenceSubmitted,
    HoldJointInspection: e.JointInspectionHeld,
    IssueVerdict: e.VerdictIssued,
    AppealVerdict: e.VerdictAppealed,
    CloseDispute: e.DisputeClosed,
}
RULES: Rules = {
    e.DisputeOpened: (Rule("already-on-record", _dispute_is_new), Rule("unknown-reference", _about_nothing)),
    e.PositionStated: (_UNKNOWN,),
    e.EvidenceSubmitted: (_UNKNOWN, Rule("already-on-record", _evidence_is_new)),
    e.JointInspectionHeld: (_UNKNOWN,),
    e.VerdictIssued: (_UNKNOWN, _CLOSED, VERDICT_WITHOUT_POSITIONS, JUDGE_IN_OWN_CASE),
    e.VerdictAppealed: (_UNKNOWN, _NO_VERDICT),
    e.DisputeClosed: (_UNKNOWN, _CLOSED, _NO_VERDICT),
}
