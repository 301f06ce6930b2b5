"""Diagnosis: tests, findings, the pinned standard, and who pays in principle; a refusal is one outcome."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from ticketing.domain import events as e
from ticketing.domain.command import Causes, Rule, Rules, Situation, TicketCommand
from ticketing.domain.errors import nearest
from ticketing.domain.reference import Reference, StandardPublished
from ticketing.domain.values import Event, Key, PrivateText, Quantity, Sha256


class StartDiagnosis(TicketCommand):
    """Somebody begins to look at the unit."""


class PerformTest(TicketCommand):
    """One test is made."""

    test: Key
    stage: Literal["standard", "under_load"] = "standard"
    reading: Quantity | None = None
    passed: bool


class RecordDiagnosis(TicketCommand):
    """What is wrong and why is put on record."""

    findings: Annotated[tuple[e.Finding, ...], Field(min_length=1)]


class PinStandard(TicketCommand):
    """The standard that applies is fixed; or none, with the reason."""

    standard: Key | None = None
    standard_version: int | None = None
    document_hash: Sha256 | None = None
    clauses: tuple[Key, ...] = ()
    basis: Literal["purchase", "intake", "inspection"] | None = None
    none_reason: PrivateText | None = None


class DecideEntitlement(TicketCommand):
    """Whether, and on what basis, the repair is free for the customer."""

    basis: e.Basis
    clauses: tuple[Key, ...] = ()
    reason: PrivateText


class ReviseEntitlement(TicketCommand):
    """The decision is changed; out of warranty only with a second person's name."""

    from_basis: e.Basis
    to_basis: e.Basis
    trigger: Literal["diagnosis", "proof_of_purchase", "verdict", "manufacturer", "complaint", "error"]
    reason: PrivateText
    approved_by: Key | None = None


class RefuseService(TicketCommand):
    """The company refuses; only after a look, on a ground, with an explanation."""

    ground: (
        Literal["out_of_warranty", "misuse", "accident", "third_party_work", "no_proof", "unrepairable", "other"] | None
    ) = None
    clause: Key | None = None
    explanation: PrivateText | None = None


WITHOUT_UNIT = frozenset({"on_site", "remote"})


def unit_not_received(event: Event, s: Situation) -> str | None:
    """Why the work cannot have happened here, or None; on-site and remote tickets are exempt."""
    ticket = s.ticket
    if ticket.channel in WITHOUT_UNIT:
        return None
    if ticket.custody != "in_house" or ticket.unit_site is None:
        return f"the unit is {ticket.custody.replace('_', ' ')}, not at a site"
    if s.actor.site is not None and not s.reference.same_place(s.actor.site, ticket.unit_site):
        return f"the unit is at {ticket.unit_site}, the work is said to be done at {s.actor.site}"
    return None


def demanded_tests_missing(s: Situation) -> str | None:
    """Which tests the pinned standard demands before no fault may be found, or None when all were made."""
    pinned = s.ticket.pinned
    if pinned is None or pinned.standard is None or pinned.standard_version is None:
        return None
    standard = s.reference.standards.get((pinned.standard, pinned.standard_version))
    demanded = standard.tests_before_no_fault if standard is not None else ()
    missing = [f"{d.test} ({d.stage})" for d in demanded if (d.test, d.stage) not in s.ticket.in_cycle.tests]
    if not missing:
        return None
    return f"{pinned.standard}@{pinned.standard_version} demands {', '.join(missing)} before no fault may be found"


def _no_fault_without_tests(event: e.DiagnosisRecorded, s: Situation) -> str | None:
    return demanded_tests_missing(s) if event.found_nothing else None


def with_published_hash(event: e.StandardPinned, reference: Reference) -> e.StandardPinned:
    """The pin with the hash of the published document, where whoever pins the version names none."""
    standard = _published(event, reference)
    if standard is None or event.document_hash is not None or standard.document_hash is None:
        return event
    return event.model_copy(update={"document_hash": standard.document_hash})


def _published(event: e.StandardPinned, reference: Reference) -> StandardPublished | None:
    if event.standard is None or event.standard_version is None:
        return None
    return reference.standards.get((event.standard, event.standard_version))


def _standard_unknown(event: e.StandardPinned, s: Situation) -> str | None:
    if event.standard is None:
        return None if event.none_reason is not None else "no standard is named and no reason why none applies"
    if event.standard_version is None:
        return f"the version of {event.standard} is not named"
    standard, name = _published(event, s.reference), f"{event.standard}@{event.standard_version}"
    if standard is None:
        return f"{name} was never published"
    if event.document_hash is not None and standard.document_hash not in (None, event.document_hash):
        return f"the document of {name} has the hash {standard.document_hash}, not {event.document_hash}"
    return _not_among(event.clauses, standard)


def _not_among(named: Iterable[str], standard: StandardPublished) -> str | None:
    clauses = [clause.id for clause in standard.clauses]
    unknown = next((clause for clause in named if clause not in clauses), None)
    if unknown is None:
        return None
    near = nearest(unknown, clauses)
    hint = f"; the nearest is {near}" if near is not None else ""
    return f"{standard.key}@{standard.version} has no clause {unknown}{hint}"


def clause_unknown(named: Iterable[str | None], s: Situation) -> str | None:
    """Which clause named the pinned version does not have, or None; a version without clauses is not asked."""
    standard = _published(s.ticket.pinned, s.reference) if s.ticket.pinned is not None else None
    if standard is None or not standard.clauses:
        return None
    return _not_among((clause for clause in named if clause is not None), standard)


def _decided_by_unknown(event: e.EntitlementDecided, s: Situation) -> str | None:
    return clause_unknown(event.clauses, s)


def _refused_by_unknown(event: e.ServiceRefused, s: Situation) -> str | None:
    return clause_unknown((event.clause,), s)


def _moved_out_of_warranty_alone(event: e.EntitlementDecided | e.EntitlementRevised, s: Situation) -> str | None:
    before = s.ticket.entitlement
    after = event.basis if isinstance(event, e.EntitlementDecided) else event.to_basis
    if before in (None, "none") or after != "none":
        return None
    approved_by = None if isinstance(event, e.EntitlementDecided) else event.approved_by
    if approved_by is None:
        return f"from {before} to {after} needs the name of a second person who approved it"
    if not s.has_second_person(approved_by):
        return f"{approved_by} approved the move out of warranty that they made themselves"
    return None


def _refused_against_entitlement(event: e.ServiceRefused, s: Situation) -> str | None:
    if event.ground != "out_of_warranty" or s.ticket.entitlement in (None, "none"):
        return None
    return f"the entitlement is {s.ticket.entitlement}: revise it first, with a second person"


def _refused_without_look(event: e.ServiceRefused, s: Situation) -> str | None:
    if not s.ticket.in_cycle.has_looked:
        return "nobody has tested or diagnosed the unit"
    if event.ground is None and event.clause is None:
        return "neither a ground nor a clause is named"
    return "nothing explains the refusal to the customer" if event.explanation is None else None


def _nothing_to_revise(event: e.EntitlementRevised, s: Situation) -> str | None:
    if s.ticket.entitlement != event.from_basis:
        return f"the entitlement is {s.ticket.entitlement or 'undecided'}, not {event.from_basis}"
    return None


NOT_RECEIVED = Rule("not-received", unit_not_received)
TESTS_MISSING = Rule("tests-missing", _no_fault_without_tests)
ONE_PERSON_MOVED_WARRANTY = Rule("one-person-moved-warranty", _moved_out_of_warranty_alone)
REFUSAL_WITHOUT_LOOK = Rule("refusal-without-look", _refused_without_look)

CAUSES: Causes = {
    StartDiagnosis: e.DiagnosisStarted,
    PerformTest: e.TestPerformed,
    RecordDiagnosis: e.DiagnosisRecorded,
    PinStandard: e.StandardPinned,
    DecideEntitlement: e.EntitlementDecided,
    ReviseEntitlement: e.EntitlementRevised,
    RefuseService: e.ServiceRefused,
}
RULES: Rules = {
    e.DiagnosisStarted: (NOT_RECEIVED,),
    e.TestPerformed: (NOT_RECEIVED,),
    e.DiagnosisRecorded: (NOT_RECEIVED, TESTS_MISSING),
    e.StandardPinned: (Rule("unknown-reference", _standard_unknown),),
    e.EntitlementDecided: (Rule("unknown-reference", _decided_by_unknown), ONE_PERSON_MOVED_WARRANTY),
    e.EntitlementRevised: (Rule("unknown-reference", _nothing_to_revise), ONE_PERSON_MOVED_WARRANTY),
    e.ServiceRefused: (
        Rule("unknown-reference", _refused_by_unknown),
        REFUSAL_WITHOUT_LOOK,
        Rule(ONE_PERSON_MOVED_WARRANTY.slug, _refused_against_entitlement),
    ),
}
