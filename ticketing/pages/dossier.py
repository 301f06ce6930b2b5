"""Dossier: the zip that a stranger can read and verify: events as stored, proofs, chosen texts, evidence, and a page.

Law of this file: the same state, key, checkpoint and choices give the same bytes. The clock is never asked.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ticketing.adapters.keys import SigningKey, VerifyingKey
from ticketing.adapters.notes import Note
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, StoreError
from ticketing.pages.account import Account
from ticketing.pages.canonical_zip import write_zip
from ticketing.pages.dossier_files import dossier_files
from ticketing.pages.gathering import Choice, account_of, gathered
from ticketing.pages.page_file import refuse_existing
from ticketing.pages.sealing import Sealed, sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A dossier that was written.

    Attributes:
        version: The last fact of the ticket that is in it.
        not_here: Evidence that is on record and whose file is not in the store's folder.
    """

    path: Path
    number: str
    version: int
    sealed: Sealed
    texts: int
    private_texts: int
    evidence_files: int
    not_here: tuple[str, ...]


def write_dossier(
    app: Ticketing,
    ticket: UUID | str,
    path: Path,
    *,
    key: SigningKey,
    checkpoint: Note | None = None,
    witnesses: Sequence[VerifyingKey] = (),
    choice: Choice | None = None,
    is_replacing: bool = False,
) -> Written:
    """Writes the dossier of a ticket as its record stands now, verified, whole or not at all.

    Args:
        app: The application.
        ticket: Its id or number.
        path: The zip; its folder is there.
        key: The company's.
        checkpoint: One that it signed before, and witnesses perhaps with it; None is told by `sealed`.
        witnesses: Those whose signatures it has to have; the signatures of others are left out.
        choice: What goes in.
        is_replacing: Whether a file that is there may be overwritten.

    Raises:
        NotFound: There is no such ticket or dispute.
        NotProven: The checkpoint is not of this log, or a signature does not hold.
        BadInput: There is a file already, a word or key cannot be understood, or the checkpoint does not reach far
            enough.
        StoreError: The store or the evidence folder cannot be read, or does not fit its own tree.
    """
    refuse_existing(path, is_replacing=is_replacing)
    found = gathered(app.store, app.store.stored_stream(app.find(ticket)))
    seal = sealed(app.notary, key, found.rows[-1].position, given=checkpoint, witnesses=witnesses)
    account = account_of(app, found, seal, choice or Choice())
    contents = dossier_files(app, found, account, seal, key)
    with _temporary(path) as temporary:
        with temporary.open("wb") as file:
            write_zip(file, contents)
            file.flush()
            os.fsync(file.fileno())
        _refuse_misfits(temporary, seal)
        refuse_existing(path, is_replacing=is_replacing)
        temporary.replace(path)
    return Written(
        path=path,
        number=account.ticket.number or str(account.ticket.ticket_id),
        version=account.history[-1].version,
        sealed=seal,
        texts=len(account.disclosure.texts),
        private_texts=account.disclosure.count,
        evidence_files=sum(where == "here" for where, _ in account.evidence.values()),
        not_here=_not_here(account),
    )


def _not_here(account: Account) -> tuple[str, ...]:
    told = (each for each in account.ticket.evidence.values() if account.is_told(each.dispute_id))
    return tuple(each.evidence_id for each in told if account.evidence[each.sha256][0] == "not here")


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A new file beside the one to be written, for the owner alone; gone afterwards unless it was moved."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise BadInput(f"{path}: it cannot be written: {error.strerror or error}") from None
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _refuse_misfits(path: Path, seal: Sealed) -> None:
    """Refuses to hand out what does not hold: the store was damaged, or changed behind its back."""
    from ticketing.pages.verify import verify

    company, *witnesses = map(str, seal.keys)
    misfits: list[str] = []
    verify(path, company, witnesses, misfits)
    if misfits:
        raise StoreError(f"the dossier would not hold, so it was not written: {misfits[0]}")
