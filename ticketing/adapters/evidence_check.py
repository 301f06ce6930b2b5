"""Evidence check: holds every evidence file against its name, and every fact that names one against the folder.

Laws of this file: the folder is listed before the facts are read, so that a file that is kept meanwhile is not taken
for one that nobody names. In memory are the hashes of the files that are there, and one page of facts.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from ticketing.adapters.defect import Advance
from ticketing.adapters.evidence import EvidenceFolder
from ticketing.adapters.evidence_content import opened
from ticketing.adapters.store import Store
from ticketing.domain.errors import BadInput
from ticketing.domain.events import EventCorrected, EvidenceSubmitted
from ticketing.domain.values import Event, Logged, Recorded, Unreadable

State = Literal["here", "erased", "not here", "missing", "damaged", "unnamed", "no evidence file", "not checked"]
"""`missing` is a file that was kept here, for its fact gives its length; one that is `not here` never was."""

_WRONG: frozenset[State] = frozenset({"missing", "damaged", "unnamed", "no evidence file"})
_SUBMITTED, _CORRECTED = "ticketing:EvidenceSubmitted", "ticketing:EventCorrected"
_CHUNK_BYTES = 1 << 20
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """What was found of one piece of evidence, or of one file that is none.

    Attributes:
        state: See `State`.
        position: That of the fact that names the file; None of a file that no fact names.
        ticket_id: The fact's ticket.
        evidence_id: The fact's evidence.
        sha256: The hash that is its name.
        path: Where the file is.
        actual: The hash that its content has, where that is another.
        reason: Why it could not be looked at.
    """

    state: State
    position: int | None = None
    ticket_id: UUID | None = None
    evidence_id: str | None = None
    sha256: str | None = None
    path: Path | None = None
    actual: str | None = None
    reason: str | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether it is not as it must be."""
        return self.state in _WRONG


def check_evidence(
    store: Store, evidence: EvidenceFolder, *, on_progress: Advance | None = None
) -> Iterator[EvidenceFound]:
    """What is found of every fact that names evidence, in order of position; then the files that no fact names.

    Args:
        store: Others may go on appending to it.
        evidence: Its folder; others may go on keeping files in it.
        on_progress: Told now and then how many files were read, and out of how many.

    Raises:
        BadInput: No folder is named.
        StoreError: The store or the folder is gone.
    """
    paths = list(evidence.files())
    hashes: dict[str, str] = {}
    for number, path in enumerate(paths, 1):
        try:
            hashes[_name_of(path, evidence)] = _sha256_of(path)
        except BadInput as error:
            if path.is_symlink() or path.exists():  # it may have been erased meanwhile
                yield EvidenceFound("no evidence file", path=path, reason=str(error))
        if on_progress is not None:
            on_progress("Reading evidence files", number, len(paths))
    unnamed = set(hashes)
    for fact in _facts(store, _SUBMITTED):
        if isinstance(fact, Unreadable):
            yield EvidenceFound("not checked", fact.position, fact.stream_id, reason=fact.reason)
        elif isinstance(fact.event, EvidenceSubmitted):
            unnamed.discard(fact.event.sha256)
            yield found_of(fact, fact.event, evidence, hashes)
    for fact in _facts(store, _CORRECTED) if unnamed else ():
        if isinstance(fact, Recorded) and isinstance(fact.event, EventCorrected) and fact.event.field == "sha256":
            unnamed.discard(str(fact.event.is_))
    for sha256 in sorted(unnamed):
        actual = None if hashes[sha256] == sha256 else hashes[sha256]
        yield EvidenceFound("unnamed", sha256=sha256, path=evidence.path(sha256), actual=actual)


def facts_naming(store: Store, sha256: str) -> Iterator[tuple[Recorded[Event], EvidenceSubmitted]]:
    """Every fact of the store, of any ticket, that names a content; it looks at the whole log."""
    for fact in _facts(store, _SUBMITTED):
        if isinstance(fact, Recorded) and isinstance(fact.event, EvidenceSubmitted) and fact.event.sha256 == sha256:
            yield fact, fact.event


def found_of(
    fact: Recorded[Event],
    event: EvidenceSubmitted,
    evidence: EvidenceFolder,
    hashes: Mapping[str, str] = MappingProxyType({}),
) -> EvidenceFound:
    """What is found of the evidence that a fact names.

    Args:
        fact: The fact.
        event: What it says.
        evidence: The folder.
        hashes: By name, the hashes that the files' contents have, where they were read.
    """
    sha256 = event.sha256
    state: State = evidence.whereabouts(sha256)
    actual = hashes.get(sha256, sha256)
    if actual != sha256:
        state = "damaged"
    elif state == "not here" and event.size_bytes is not None and evidence.is_named:
        state = "missing"
    return EvidenceFound(
        state,
        fact.position,
        fact.stream_id,
        event.evidence_id,
        sha256,
        evidence.path(sha256) if evidence.is_named else None,
        None if actual == sha256 else actual,
    )


def _facts(store: Store, topic: str) -> Iterator[Logged]:
    after = 0
    while rows := store.stored_topic(topic, after, _PAGE):
        yield from store.read_each(rows)
        after = rows[-1].position


def _name_of(path: Path, evidence: EvidenceFolder) -> str:
    """The hash that is a file's name.

    Raises:
        BadInput: Its name is none.
    """
    name = path.parent.name + path.name
    if evidence.path(name) != path:
        raise BadInput(f"{path}: no evidence file has its place there")
    return name


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with opened(path) as (stream, _, _):
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror or error}") from error
    return digest.hexdigest()
