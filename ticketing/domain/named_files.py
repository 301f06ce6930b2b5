"""Named files: which files a fact names by the hash of their content, and what each of them is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from ticketing.domain import events as e
from ticketing.domain.phrases import spaced
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Event

HASHES: dict[type[Event], str] = {
    e.EvidenceSubmitted: "sha256",
    e.PositionStated: "letter_hash",
    e.ClaimDecided: "letter_hash",
    e.JointInspectionHeld: "protocol_hash",
    e.EstimateApproved: "proof",
    e.WaitStarted: "evidence",
    e.StandardPinned: "document_hash",
    StandardPublished: "document_hash",
}
"""The field of each fact that names a file. `EventCorrected` names one where it sets such a field right."""

_FIELDS = frozenset(HASHES.values())
_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a fact names.

    Attributes:
        sha256: The hash of its content, lower-case hex.
        what: What it is, as words that may begin a line: `customer's letter`; of evidence its id.
    """

    sha256: str
    what: str


def files_named(event: Event) -> Iterator[NamedFile]:
    """The files that a fact names; a correction names the one that was wrong and the one that is right."""
    if isinstance(event, e.EventCorrected):
        if event.field in _FIELDS:
            what = f"correction of fact {event.target_version}"
            yield from (NamedFile(each, what) for each in (event.was, event.is_) if _is_hash(each))
        return
    field = HASHES.get(type(event))
    sha256 = getattr(event, field) if field is not None else None
    if sha256 is not None:
        yield NamedFile(sha256, _what(event))


def _is_hash(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) == 64 and _DIGITS.issuperset(value)


def _what(event: Event) -> str:
    match event:
        case e.EvidenceSubmitted():
            return event.evidence_id
        case e.PositionStated():
            return f"{spaced(event.party)}'s letter"
        case e.ClaimDecided():
            return f"letter that decides claim {event.claim_id}"
        case e.JointInspectionHeld():
            return "protocol of the joint inspection"
        case e.EstimateApproved():
            return f"proof that estimate {event.estimate_version} was approved"
        case e.WaitStarted():
            return f"evidence of the wait for {spaced(event.cause)}"
        case e.StandardPinned():
            return f"document of the pinned standard {event.standard}"
        case StandardPublished():
            return f"document of the standard {event.key}, version {event.version}"
        case _:
            raise TypeError(f"{type(event).__name__} names no file")
