"""Evidence check: holds every evidence file against its name, and every fact that names one against the folder.

Laws of this file: the folder is listed before the facts are read, so that a file that is kept meanwhile is not taken
for one that nobody names. In memory are the hashes of the files that are there or are named, and one page of facts.
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
from ticketing.domain.named_files import HASHES, NamedFile, files_named
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Event, Logged, Recorded, Unreadable

State = Literal["here", "erased", "not here", "missing", "damaged", "unnamed", "no evidence file", "not checked"]
"""`missing` is a file that was kept here, for its fact gives its length; one that is `not here` never was."""

_WRONG: frozenset[State] = frozenset({"missing", "damaged", "unnamed", "no evidence file"})
_KINDS: tuple[type[Event], ...] = (*HASHES, EventCorrected)
_TOPICS = frozenset(f"ticketing:{kind.__name__}" for kind in _KINDS)
_CHUNK_BYTES = 1 << 20
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """What was found of one piece of evidence, or of one file that is none.

    Attributes:
        state: See `State`.
        position: That of the fact that names the file; None of a file that no fact names.
        ticket_id: The fact's ticket; None of a published standard.
        evidence_id: The fact's evidence; None of a letter or another paper.
        sha256: The hash that is its name.
        path: Where the file is.
        actual: The hash that its content has, where that is another.
        reason: Why it could not be looked at.
        version: That of the fact.
        what: What the fact says the file is; of evidence its id.
    """

    state: State
    position: int | None = None
    ticket_id: UUID | None = None
    evidence_id: str | None = None
    sha256: str | None = None
    path: Path | None = None
    actual: str | None = None
    reason: str | None = None
    version: int | None = None
    what: str | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether it is not as it must be."""
        return self.state in _WRONG


def check_evidence(
    store: Store, evidence: EvidenceFolder, *, on_progress: Advance | None = None
) -> Iterator[EvidenceFound]:
    """What is found of the files that facts name, in order of position; then the files that no fact names.

    Every piece of evidence is told of; a letter or another paper only by the first fact that names it, for all tickets
    name the document of the standard that they pin.

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
    unnamed, told = set(hashes), set[bytes]()
    for fact, named in _naming(store):
        if isinstance(fact, Unreadable):
            yield EvidenceFound("not checked", fact.position, fact.stream_id, reason=fact.reason)
            continue
        for file in named:
            unnamed.discard(file.sha256)
            name = bytes.fromhex(file.sha256)
            if isinstance(fact.event, EvidenceSubmitted) or name not in told:
                yield found_of(fact, file, evidence, hashes)
            told.add(name)
    for sha256 in sorted(unnamed):
        actual = None if hashes[sha256] == sha256 else hashes[sha256]
        yield EvidenceFound("unnamed", sha256=sha256, path=evidence.path(sha256), actual=actual)


def facts_naming(store: Store, sha256: str) -> Iterator[tuple[Recorded[Event], NamedFile]]:
    """Every fact of the store, of any ticket or standard, that names a content; it looks at the whole log."""
    for fact, named in _naming(store, sha256.encode()):
        if isinstance(fact, Recorded):
            yield from ((fact, file) for file in dict.fromkeys(named) if file.sha256 == sha256)


def found_of(
    fact: Recorded[Event],
    file: NamedFile,
    evidence: EvidenceFolder,
    hashes: Mapping[str, str] = MappingProxyType({}),
) -> EvidenceFound:
    """What is found of a file that a fact names.

    Args:
        fact: The fact.
        file: One of those that it names.
        evidence: The folder.
        hashes: By name, the hashes that the files' contents have, where they were read.
    """
    sha256, event = file.sha256, fact.event
    state: State = evidence.whereabouts(sha256)
    actual = hashes.get(sha256, sha256)
    has_length = isinstance(event, EvidenceSubmitted) and event.size_bytes is not None
    if actual != sha256:
        state = "damaged"
    elif state == "not here" and has_length and evidence.is_named:
        state = "missing"
    return EvidenceFound(
        state,
        fact.position,
        None if isinstance(event, StandardPublished) else fact.stream_id,
        event.evidence_id if isinstance(event, EvidenceSubmitted) else None,
        sha256,
        evidence.path(sha256) if evidence.is_named else None,
        None if actual == sha256 else actual,
        version=fact.version,
        what=file.what,
    )


def _naming(store: Store, holding: bytes = b"") -> Iterator[tuple[Logged, tuple[NamedFile, ...]]]:
    """The facts that name files, with these, in order of position; of one that cannot be read, none.

    Args:
        store: Its whole log is looked at.
        holding: Leaves out the facts whose stored bytes do not hold this.
    """
    after = 0
    while rows := store.stored_log(after, _PAGE):
        after = rows[-1].position
        for fact in store.read_each([row for row in rows if row.topic in _TOPICS and holding in row.state]):
            named = tuple(files_named(fact.event)) if isinstance(fact, Recorded) else ()
            if named or isinstance(fact, Unreadable):
                yield fact, named


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
