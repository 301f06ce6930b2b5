"""Dossier files: what stands beside the page in a dossier, and the manifest that names and signs all of it."""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from importlib.resources import files

from ticketing.adapters.evidence import EvidenceFolder
from ticketing.adapters.keys import SigningKey, base64_text
from ticketing.adapters.notary import Notary
from ticketing.adapters.notes import Note, sign
from ticketing.adapters.store import Stored
from ticketing.application import Ticketing
from ticketing.domain.errors import StoreError
from ticketing.domain.values import instant_text
from ticketing.pages.account import Account
from ticketing.pages.canonical_zip import Content
from ticketing.pages.dossier_page import dossier_page
from ticketing.pages.gathering import Gathered
from ticketing.pages.sealing import Sealed

TITLE = "ticketing dossier v1"


def dossier_files(
    app: Ticketing, found: Gathered, account: Account, sealed: Sealed, key: SigningKey
) -> dict[str, Content]:
    """All files of a dossier by path, the signed manifest among them.

    Raises:
        StoreError: The bytes of an event are no text.
    """
    texts = [{"digest": it.digest, "salt": it.salt.hex(), "text": it.text} for it in account.disclosure.texts]
    contents: dict[str, Content] = {
        "checkpoint.txt": str(sealed.note).encode(),
        "events.jsonl": "".join(f"{_json(_event(row))}\n" for row in found.rows).encode(),
        "index.html": dossier_page(account).encode(),
        "keys.txt": "".join(f"{each}\n" for each in sealed.keys).encode(),
        "proofs.json": _json(_proofs(app.notary, found, sealed)).encode(),
        "texts.json": _json(texts).encode(),
        "verify.py": (files("ticketing.pages") / "verify.py").read_bytes(),
    }
    for sha256, (where, path) in account.evidence.items():
        if where == "here":
            contents[path] = partial(app.evidence.open, sha256)
    manifest = _manifest(contents, account, app.evidence)
    contents["manifest.txt"] = str(sign(Note(manifest), key)).encode()
    return contents


def _event(row: Stored) -> dict[str, object]:
    """A row of the log as a line of `events.jsonl`."""
    try:
        state = row.state.decode()
    except UnicodeDecodeError:
        raise StoreError(f"position {row.position}: the stored bytes are no UTF-8") from None
    return {
        "position": row.position,
        "stream_id": str(row.stream_id),
        "version": row.version,
        "topic": row.topic,
        "recorded_at": instant_text(row.recorded_at),
        "state": state,
    }


def _proofs(notary: Notary, found: Gathered, sealed: Sealed) -> dict[str, object]:
    size, root = sealed.checkpoint.size, sealed.checkpoint.root
    steps = {
        str(row.position): [base64_text(step) for step in notary.inclusion(row.position, size)] for row in found.rows
    }
    return {"size": size, "root": base64_text(root), "inclusion": steps}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _manifest(contents: Mapping[str, Content], account: Account, folder: EvidenceFolder) -> str:
    """What the company signs: the ticket, its head, the checkpoint, and every other file."""
    ticket, last, checkpoint = account.ticket, account.history[-1], account.checkpoint
    lines = [
        TITLE,
        f"ticket {ticket.ticket_id} {getattr(account.history[0].event, 'number', None)}",
        f"head {last.version} {last.position}",
        f"checkpoint {checkpoint.size} {base64_text(checkpoint.root)}",
    ]
    hashes = {path: sha256 for sha256, (_, path) in account.evidence.items()}
    for path, content in sorted(contents.items()):
        if isinstance(content, bytes):
            lines.append(f"file {hashlib.sha256(content).hexdigest()} {len(content)} {path}")
        else:
            lines.append(f"file {hashes[path]} {folder.path(hashes[path]).stat().st_size} {path}")
    return "".join(f"{line}\n" for line in lines)
