"""Quarrel: disputes with positions, silence, evidence, inspections, verdicts, and what follows; and complaints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ticketing.domain import complaint, routing
from ticketing.domain import dispute as d
from ticketing.domain.events import DisputeGround, Share
from ticketing.domain.values import Actor, Party
from ticketing.simulator.case import Case, Life
from ticketing.simulator.sayings import COMPLAINTS, OBJECTIONS, POSITIONS, REMEDIES, VERDICTS
from ticketing.simulator.world import manufacturers_desk

_ENDINGS: Mapping[str, float] = {"decided": 75, "settled": 15, "withdrawn": 10}
_REMEDIES_SOUGHT: Mapping[str, float] = {"apology": 3, "explanation": 3, "refund": 2, "compensation": 2, "other": 1}


def _speaker(case: Case, party: Party) -> Actor:
    if party == "customer":
        return case.customer
    if party == "manufacturer":
        return manufacturers_desk(case.unit.model.manufacturer)
    return case.staff("warranty_officer")


def dispute(
    case: Case,
    ground: DisputeGround,
    *,
    raised_by: Party = "customer",
    against: Party = "company",
    about_version: int | None = None,
    is_blocking: bool = False,
    decider: Actor | None = None,
) -> Life[Party | None]:
    """A dispute from its opening to its end.

    Args:
        ground: What it is about.
        raised_by: Who differs, from the party `against`.
        about_version: The fact that is disputed, if it is one.
        is_blocking: Whether the ticket cannot be closed meanwhile.
        decider: Who made the disputed decision and means to judge it too.

    Returns:
        Whom the last verdict favours; None where the parties settled or the one who raised it withdrew.
    """
    dispute_id = case.scene.next_id("D")
    yield case.step(
        _speaker(case, raised_by),
        d.OpenDispute,
        dispute_id=dispute_id,
        ground=ground,
        raised_by=raised_by,
        parties=(raised_by, against),
        about_version=about_version,
        is_blocking=is_blocking,
        text=case.chance.one_of(OBJECTIONS[ground]),
    )
    yield from _heard(case, dispute_id, (raised_by, against))
    thing = (yield from _evidence(case, dispute_id)) if case.chance.happens(0.6) else None
    if decider is not None:
        own_case: dict[str, object] = {"dispute_id": dispute_id, "by": decider.id, "in_favour_of": against}
        yield case.refused("judge-in-own-case", decider, d.IssueVerdict, **own_case, reasons="It was right then.")
    return (yield from _ended(case, _Quarrel(dispute_id, ground, raised_by, against, thing)))


@dataclass(frozen=True)
class _Quarrel:
    """Who differs from whom over what, and the part that is kept for it, if one is."""

    dispute_id: str
    ground: DisputeGround
    raised_by: Party
    against: Party
    thing: str | None


def _ended(case: Case, quarrel: _Quarrel) -> Life[Party | None]:
    chance, officer = case.chance, case.staff("dispute_officer")
    dispute_id, raised_by, against = quarrel.dispute_id, quarrel.raised_by, quarrel.against
    ending = chance.weighted(_ENDINGS)
    if ending == "withdrawn":
        yield case.step(officer, d.CloseDispute, dispute_id=dispute_id, how=ending)
        return None
    if ending == "settled":
        half = tuple(Share(party=party, percent=Decimal(50)) for party in (raised_by, against))
        terms: dict[str, object] = {"terms": "Half of the price each.", "shares": half}
        yield case.step(officer, d.CloseDispute, dispute_id=dispute_id, how=ending, **terms)
        yield case.confirmed(officer, dispute_id)
        return None
    if chance.happens(0.4):
        yield from _inspected(case, dispute_id, quarrel.thing)
    sides = (raised_by, against) if chance.happens(0.55) else (against, raised_by)
    yield from _judged(case, quarrel, case.staff("dispute_officer"), *sides)
    if chance.happens(0.18):
        sides = yield from _appealed(case, quarrel, *sides)
    case.pass_hours(1, 20)
    yield case.step(officer, d.CloseDispute, dispute_id=dispute_id, how="decided")
    yield case.confirmed(officer, dispute_id)
    return sides[0]


def _heard(case: Case, dispute_id: str, parties: tuple[Party, ...]) -> Life[None]:
    """Every party is asked, and states its position, or its silence is recorded once its deadline has passed."""
    deadline = case.now + timedelta(days=7)
    officer = case.staff("dispute_officer")
    for party in parties:
        yield case.step(officer, d.RequestPosition, dispute_id=dispute_id, party=party, deadline=deadline)
    is_hurried = case.chance.happens(0.1)
    for party in parties:
        case.pass_days(0.3, 4)
        if is_hurried:
            judge, is_hurried = case.staff("dispute_officer"), False
            verdict: dict[str, object] = {"dispute_id": dispute_id, "by": judge.id, "in_favour_of": party}
            yield case.refused(
                "verdict-without-positions", judge, d.IssueVerdict, **verdict, reasons="It is plain enough."
            )
        if case.chance.happens(0.18):
            case.now = max(case.now, deadline)
            case.pass_hours(2, 30)
            clerk = case.staff("dispute_officer")
            silence = {"dispute_id": dispute_id, "party": party, "is_silence": True, "deadline": deadline}
            yield case.step(clerk, d.StatePosition, **silence)
            continue
        stated = {"dispute_id": dispute_id, "party": party, "statement": case.chance.one_of(POSITIONS[party])}
        if party == "customer" and case.chance.happens(0.4):
            clerk = case.staff("receptionist", case.branch)
            letter = case.chance.sha256()
            yield case.step(clerk, d.StatePosition, **stated, on_behalf_of=case.unit.customer_ref, letter_hash=letter)
        else:
            yield case.step(_speaker(case, party), d.StatePosition, **stated)


def _evidence(case: Case, dispute_id: str) -> Life[str | None]:
    """A photograph, or the part itself.

    Returns:
        The id of the part put on record, and kept at the branch until somebody looks at it.
    """
    evidence_id = case.scene.next_id("E")
    captured_at = case.now - case.chance.minutes(20, 600)
    photograph = {"evidence_id": evidence_id, "sha256": case.chance.sha256(), "media_type": "image/jpeg"}
    captured = {"captured_at": captured_at, "captured_by": case.unit.customer_ref}
    if case.chance.happens(0.7):
        yield case.step(case.customer, d.SubmitEvidence, dispute_id=dispute_id, kind="photo", **photograph, **captured)
        return None
    clerk = case.staff("receptionist", case.branch)
    kept = {"kind": "part", "held_by": _safe_of(case)}
    yield case.step(clerk, d.SubmitEvidence, dispute_id=dispute_id, **photograph, **captured, **kept)
    return evidence_id


def _safe_of(case: Case) -> str:
    return f"{case.branch}-safe"


def _inspected(case: Case, dispute_id: str, thing: str | None) -> Life[None]:
    case.pass_days(2, 9)
    expert = case.staff("expert")
    if thing is not None:
        taken: dict[str, object] = {"evidence_id": thing, "from_holder": _safe_of(case), "to_holder": expert.id}
        yield case.step(case.staff("receptionist", case.branch), d.HandOverEvidence, **taken)
    attendees = (expert.id, case.unit.customer_ref, case.staff("warranty_officer").id)
    yield case.step(
        expert,
        d.HoldJointInspection,
        dispute_id=dispute_id,
        attendees=attendees,
        invited=(*attendees, manufacturers_desk(case.unit.model.manufacturer).id),
        protocol="Opened and looked at together; photographs taken.",
    )


def _judged(case: Case, quarrel: _Quarrel, judge: Actor, favoured: Party, loser: Party) -> Life[None]:
    """The loser bears all where the customer lost, or where the promise of cover was in question; else a part."""
    case.pass_days(0.5, 5)
    is_all = loser == "customer" or quarrel.ground in ("coverage", "criterion")
    part = 100 if is_all else case.chance.one_of((50, 70, 100))
    shares = [Share(party=loser, percent=Decimal(part))]
    if part < 100:
        shares.append(Share(party=favoured, percent=Decimal(100 - part)))
    yield case.step(
        judge,
        d.IssueVerdict,
        dispute_id=quarrel.dispute_id,
        by=judge.id,
        in_favour_of=favoured,
        shares=tuple(shares),
        clause=case.part.clause,
        reasons=case.chance.one_of(VERDICTS[favoured]),
    )


def _appealed(case: Case, quarrel: _Quarrel, favoured: Party, loser: Party) -> Life[tuple[Party, Party]]:
    """The losing party appeals; an expert decides anew.

    Returns:
        Whom the second verdict favours, and whom not.
    """
    case.pass_days(1, 8)
    yield case.step(
        _speaker(case, loser),
        d.AppealVerdict,
        dispute_id=quarrel.dispute_id,
        party=loser,
        reasons="The verdict does not say why the test does not count.",
    )
    sides = (favoured, loser) if case.chance.happens(0.6) else (loser, favoured)
    case.pass_days(4, 15)
    yield from _judged(case, quarrel, case.staff("expert"), *sides)
    return sides


def complained(case: Case, kind: str | None = None) -> Life[None]:
    """A complaint: received, acknowledged, resolved; some are never answered."""
    chance = case.chance
    named = kind or chance.one_of(tuple(COMPLAINTS))
    complaint_id = case.scene.next_id("K")
    yield case.step(
        case.customer,
        complaint.ReceiveComplaint,
        complaint_id=complaint_id,
        about="manufacturer_policy" if named == "policy" else "service",
        complaint_class=named,
        remedy_sought=chance.weighted(_REMEDIES_SOUGHT),
        text=chance.one_of(COMPLAINTS[named]),
    )
    if chance.happens(0.08):
        return
    officer = case.staff("complaint_officer")
    case.pass_hours(2, 70)
    yield case.step(officer, complaint.AcknowledgeComplaint, complaint_id=complaint_id)
    case.pass_days(0.5, 20)
    yield case.step(
        officer,
        routing.RecordContact,
        direction="to_customer",
        channel="phone",
        topic="complaint",
        explanation_accepted=chance.happens(0.7),
        text="Explained what happened and why.",
    )
    is_upheld = chance.happens(0.6)
    remedy = chance.one_of(REMEDIES) if is_upheld else None
    yield case.step(officer, complaint.ResolveComplaint, complaint_id=complaint_id, is_upheld=is_upheld, remedy=remedy)
