"""Gathering: what a dossier tells of a ticket, out of the store and the evidence folder."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from ticketing.adapters.evidence import EvidenceFolder
from ticketing.adapters.media_types import Look, extension_of, media_type_of
from ticketing.adapters.store import Store, Stored
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import BadInput, NotFound, nearest
from ticketing.domain.evolve import fold
from ticketing.domain.reference import StandardPublished, reference_stream
from ticketing.domain.values import Event, Recorded
from ticketing.pages.account import Account, Kept
from ticketing.pages.disclosure import disclosed
from ticketing.pages.sealing import Sealed

_HASHES = ("sha256", "letter_hash", "protocol_hash", "document_hash", "proof", "evidence")
"""The fields of facts that name a file."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What goes into a dossier.

    Attributes:
        disclose: Which private texts, in the words of `disclosed`.
        dispute_id: The only dispute whose positions, verdicts and evidence are told; the events are always whole.
        zone: Of the times on the page.
    """

    disclose: tuple[str, ...] = ()
    dispute_id: str | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of a ticket with its facts, and those of the versions of standards that it ever pinned.

    Attributes:
        rows: All of them, in order of position.
    """

    rows: tuple[Stored, ...]
    history: tuple[Recorded[Event], ...]
    standards: tuple[StandardPublished, ...]


def gathered(store: Store, history_rows: Sequence[Stored]) -> Gathered:
    """What the log has of a ticket.

    Args:
        store: Its store.
        history_rows: The rows of its stream.

    Raises:
        UnreadableEvent: A fact cannot be read.
    """
    history = store.read(history_rows)
    pins = [fact.event for fact in (*history, *surviving(history)) if isinstance(fact.event, e.StandardPinned)]
    rows, standards = list(history_rows), []
    for key in sorted({pin.standard for pin in pins if pin.standard is not None}):
        wanted = {pin.standard_version for pin in pins if pin.standard == key}
        published = store.stored_stream(reference_stream("standard", key))
        for row, fact in zip(published, store.read(published), strict=True):
            if isinstance(fact.event, StandardPublished) and fact.event.version in wanted:
                rows.append(row)
                standards.append(fact.event)
    return Gathered(tuple(sorted(rows)), tuple(history), tuple(standards))


def account_of(app: Ticketing, found: Gathered, sealed: Sealed, choice: Choice) -> Account:
    """All that the page says.

    Raises:
        NotFound: There is no such dispute.
        BadInput: A word does not say what is to be disclosed.
    """
    facts = surviving(found.history)
    ticket = fold(found.history[0].stream_id, facts)
    if choice.dispute_id is not None and choice.dispute_id not in ticket.disputes:
        near = nearest(choice.dispute_id, ticket.disputes)
        hint = f"the nearest is {near}" if near is not None else "it has none"
        raise NotFound(f"ticket {ticket.number} has no dispute {choice.dispute_id}; {hint}")
    disclosure = disclosed(app.store, found.history, choice.disclose)
    return Account(
        ticket=ticket,
        history=found.history,
        facts=facts,
        standards={(standard.key, standard.version): standard for standard in found.standards},
        evidence=dict(_evidence(app.evidence, facts, choice.dispute_id)),
        disclosure=disclosure,
        text=disclosure.teller(),
        checkpoint=sealed.checkpoint,
        company_key=str(sealed.keys[0]),
        witness_keys=tuple(map(str, sealed.keys[1:])),
        signatures=sealed.signatures,
        dispute_id=choice.dispute_id,
        zone=choice.zone,
    )


def _evidence(
    folder: EvidenceFolder, facts: Iterable[Recorded[Event]], dispute_id: str | None
) -> Iterator[tuple[str, Kept]]:
    """The files that facts name, leaving out those of other disputes than the one that is told."""
    types: dict[str, str | None] = {}
    for fact in facts:
        if dispute_id is not None and getattr(fact.event, "dispute_id", None) not in {None, dispute_id}:
            continue
        for name in _HASHES:
            sha256 = getattr(fact.event, name, None)
            if isinstance(sha256, str):
                types.setdefault(sha256, None)
        if isinstance(fact.event, e.EvidenceSubmitted):
            types[fact.event.sha256] = fact.event.media_type
    for sha256, media_type in sorted(types.items()):
        where = folder.whereabouts(sha256)
        told = media_type if media_type is not None or where != "here" else _type_shown(folder, sha256)
        yield sha256, (where, f"evidence/{sha256}{extension_of(told or '')}")


def _type_shown(folder: EvidenceFolder, sha256: str) -> str | None:
    """The media type of a letter or protocol, which no fact tells; None where it is none that is taken."""
    look = Look()
    with folder.open(sha256) as file:
        while chunk := file.read(_CHUNK_BYTES):
            look.feed(chunk)
    try:
        return media_type_of(look.end(), None, sha256)
    except BadInput:
        return None
