"""Contested: who was said to pay, whether that stood, what was disputed and what was claimed, per ticket.

Whether something was overturned is what an audit says (`Standing`), and which fault a fact is about likewise
(`case_of`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ticketing.domain import events as e
from ticketing.domain.hours import micros
from ticketing.domain.slots import replace
from ticketing.domain.values import Event, Recorded
from ticketing.projections.aftermath import Aftermath
from ticketing.projections.cases import case_of
from ticketing.projections.claims import claims_of
from ticketing.projections.dimensions import UPSTREAM, Take
from ticketing.projections.disputes import Disputed, disputes_of
from ticketing.projections.kept_facts import KEPT, Kept, facts_in, kept_with
from ticketing.projections.turnaround import TurnaroundRow, with_course

_CLAIMS = frozenset({e.ClaimSubmitted.__name__, e.ClaimDecided.__name__})


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestedRow(TurnaroundRow):
    """What was contested of one ticket.

    Attributes:
        number: The ticket's.
        kept: The facts that all this follows from.
        is_diagnosed: Whether the fault at hand was diagnosed.
        in_warranty_by: Who decided last that this fault is a case of warranty.
        is_watched: Whether this fault was in warranty when or after it was diagnosed.
        warranty_by: Who put a fault of the ticket that was diagnosed in warranty into it; None where there was none.
        moved_version: The fact with which such a fault first became the customer's to pay.
        moved_at: When that was, in microseconds.
        moved_by: Whose it was.
        moved_because: Its trigger, if it names one.
        approved_by: Who approved it.
        overturned_by: The fact that overturned it.
        decided_by: Who moved it, else who left it in warranty.
        disputes: Each, in the order of their opening.
        first_dispute_at: When the first was opened, in microseconds.
        claims: How many claims on the manufacturer it has; amounts of claims are in ten-thousandths, as in `Claims`.
        claims_decided: How many of them were decided.
        claims_foreign: How many of these cannot be compared: another currency, or amounts that a row cannot hold.
        claims_first_full: How many of the others were approved in full by their first decision.
        claims_rejected: Of how many of the others the last decision approves nothing.
        rejected_by: The clauses that these last decisions name.
        claim_currency: That of the first claim.
        claims_summed: How many claims are in the sums: those in that currency that can be compared.
        claimed: What was claimed.
        undecided: What was claimed and not decided.
        refused: What was claimed and is not approved by the last decision.
        charged_back: How much less the last decision approves than the most that was ever approved.
    """

    number: str | None = None
    kept: tuple[Kept, ...] = ()
    is_diagnosed: bool = False
    in_warranty_by: str | None = None
    is_watched: bool = False
    warranty_by: str | None = None
    moved_version: int | None = None
    moved_at: int | None = None
    moved_by: str | None = None
    moved_because: str | None = None
    approved_by: str | None = None
    overturned_by: int | None = None
    decided_by: str | None = None
    disputes: tuple[Disputed, ...] = ()
    first_dispute_at: int | None = None
    claims: int = 0
    claims_decided: int = 0
    claims_foreign: int = 0
    claims_first_full: int = 0
    claims_rejected: int = 0
    rejected_by: tuple[str | None, ...] = ()
    claim_currency: str | None = None
    claims_summed: int = 0
    claimed: int = 0
    undecided: int = 0
    refused: int = 0
    charged_back: int = 0


# in warranty, and out of it


def _opened(row: ContestedRow, fact: Recorded[e.TicketOpened]) -> ContestedRow:
    return replace(row, number=row.number or fact.event.number)


def _diagnosed(row: ContestedRow, fact: Recorded[e.DiagnosisRecorded]) -> ContestedRow:
    return _watched(replace(row, is_diagnosed=True))


def _watched(row: ContestedRow) -> ContestedRow:
    if not row.is_diagnosed or row.in_warranty_by is None or row.entitlement != UPSTREAM:
        return row
    by = row.warranty_by if row.moved_by is not None else row.in_warranty_by
    return replace(row, is_watched=True, warranty_by=by, decided_by=row.moved_by or by)


def _decided(row: ContestedRow, fact: Recorded[e.EntitlementDecided | e.EntitlementRevised]) -> ContestedRow:
    if row.entitlement == UPSTREAM:
        return _watched(replace(row, in_warranty_by=fact.actor.id))
    if row.entitlement != "none" or not row.is_watched or row.moved_version is not None:
        return row
    revised = fact.event if isinstance(fact.event, e.EntitlementRevised) else None
    return replace(
        row,
        moved_version=fact.version,
        moved_at=micros(fact.occurred_at),
        moved_by=fact.actor.id,
        moved_because=None if revised is None else revised.trigger,
        approved_by=None if revised is None else revised.approved_by,
        decided_by=fact.actor.id,
    )


def _reopened(row: ContestedRow, fact: Recorded[e.TicketReopened]) -> ContestedRow:
    if fact.event.ground != "new_fault":
        return row
    return replace(row, is_diagnosed=False, in_warranty_by=None, is_watched=False)


_TAKES: Mapping[type[Event], Take[ContestedRow]] = {
    e.TicketOpened: _opened,
    e.DiagnosisRecorded: _diagnosed,
    e.EntitlementDecided: _decided,
    e.EntitlementRevised: _decided,
    e.TicketReopened: _reopened,
}
TAKEN = frozenset(_TAKES) | KEPT
"""The facts that this family uses, beside those that the course uses."""


class ContestedRows:
    """The projection: one `ContestedRow` per ticket."""

    name = "contested"
    version = 1
    row = ContestedRow

    def apply(self, row: ContestedRow, fact: Recorded[Event]) -> ContestedRow:
        """The row with one more fact."""
        kind = type(fact.event)
        row = with_course(row, fact)
        take = _TAKES.get(kind)
        row = row if take is None else take(row, fact)
        return _concluded(replace(row, kept=kept_with(row.kept, fact))) if kind in KEPT else row


def _concluded(row: ContestedRow) -> ContestedRow:
    """The row with what all of its kept facts come to."""
    names = {name for _, _, _, name, _ in row.kept}
    has_disputes, has_claims = e.DisputeOpened.__name__ in names, bool(names & _CLAIMS)
    if row.moved_version is None and not has_disputes and not has_claims:
        return row
    facts = facts_in(row.ticket_id, row.kept)
    if row.moved_version is not None:
        (moved,) = (fact for fact in facts if fact.version == row.moved_version)
        row = replace(row, overturned_by=Aftermath(case_of(moved, facts).own).standing.overturned_by(moved))
    if has_disputes:
        disputes = disputes_of(facts)
        row = replace(row, disputes=disputes, first_dispute_at=min(opened_at for _, _, opened_at, *_ in disputes))
    return replace(row, **claims_of(facts).columns()) if has_claims else row
