"""Dossiers for tests: a disputed ticket's, the same changed by hand, and who could have changed it."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any

from tests.examples import (
    CUSTOMER,
    DISPUTED_LIFE,
    MANAGER,
    OPEN_TICKET,
    OTHER_TICKET,
    SITES,
    STANDARD,
    START,
    SUBMIT_EVIDENCE,
    but,
)
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.notes import Note, cosign, sign
from ticketing.application import Ticketing
from ticketing.domain.command import Command
from ticketing.domain.publishing import Publish
from ticketing.pages.canonical_zip import write_zip
from ticketing.pages.dossier import Written, write_dossier
from ticketing.pages.gathering import Choice
from ticketing.pages.verify import main

COMPANY = SigningKey("repairs.example/log", "log", bytes(range(32)))
WITNESS = SigningKey("maker.example", "witness", bytes(range(1, 33)))
STRANGER = SigningKey("repairs.example/log", "log", bytes(range(2, 34)))
"""Has the company's name, and another key."""

SEEN_AT = datetime.fromisoformat("2026-04-01T12:00:00+00:00")
PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PHOTO_HASH = hashlib.sha256(PHOTO).hexdigest()
PHOTO_PATH = f"evidence/{PHOTO_HASH}.jpg"
NUMBER = "R-1001"
HEAD = len(DISPUTED_LIFE) + 1
"""The version of the ticket's last fact: one more piece of evidence than the disputed life has."""

Files = dict[str, bytes]


def played(folder: Path, *commands: Command, seed: int = 1) -> Ticketing:
    """A store in memory after these commands, one an hour.

    Args:
        folder: Where the evidence is kept; a photograph is.
        commands: Sites and the standard are published before them.
        seed: Of ids and salts: with another one the log is another.
    """
    now = [START]
    app = Ticketing("memory:", clock=lambda: now[0], random_bytes=Random(seed).randbytes, evidence=folder / "evidence")
    for thing in (STANDARD, *SITES.values()):
        app.handle(Publish(actor=MANAGER, thing=thing))
    app.evidence.keep(BytesIO(PHOTO))
    for command in commands:
        now[0] += timedelta(hours=1)
        app.handle(command)
    return app


def disputed(folder: Path, *more: Command, seed: int = 1) -> Ticketing:
    """The same after the disputed life, with a photograph in it and a fact of another ticket, and more commands."""
    photo = but(SUBMIT_EVIDENCE, evidence_id="E-9", sha256=PHOTO_HASH, size_bytes=len(PHOTO), actor=CUSTOMER)
    other = but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-1002", serial=None)
    return played(folder, *DISPUTED_LIFE[:18], photo, other, *DISPUTED_LIFE[18:], *more, seed=seed)


def cosigned(app: Ticketing) -> Note:
    """A checkpoint of the log as it is now, signed by the company and the witness."""
    return cosign(app.notary.checkpoint(COMPANY), WITNESS, SEEN_AT)


def written(app: Ticketing, path: Path, *disclose: str, dispute_id: str | None = None) -> Written:
    """A dossier of the disputed ticket, witnessed."""
    choice = Choice(disclose=disclose, dispute_id=dispute_id)
    witnesses = [WITNESS.verifying]
    return write_dossier(
        app, NUMBER, path, key=COMPANY, checkpoint=cosigned(app), witnesses=witnesses, choice=choice, is_replacing=True
    )


def unpacked(path: Path) -> Files:
    """The files of a dossier, read by somebody else's program."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip of the right form."""
    file = BytesIO()
    write_zip(file, files)
    return file.getvalue()


def relisted(files: Files) -> Files:
    """The files with a manifest that lists them as they are now, under the signature that was there."""
    body, _, signature = files["manifest.txt"].decode().rpartition("\n\n")
    head = [line for line in body.split("\n") if not line.startswith("file ")]
    others = sorted(path for path in files if path != "manifest.txt")
    lines = [f"file {hashlib.sha256(files[path]).hexdigest()} {len(files[path])} {path}" for path in others]
    return files | {"manifest.txt": ("\n".join([*head, *lines]) + f"\n\n{signature}").encode()}


def resigned(files: Files, key: SigningKey = COMPANY) -> Files:
    """The same as the company itself could make them, or somebody with a key of his own."""
    body = relisted(files)["manifest.txt"].decode().rpartition("\n\n")[0]
    return files | {"manifest.txt": str(sign(Note(f"{body}\n"), key)).encode()}


def lines_of(files: Files) -> list[dict[str, Any]]:
    """The events of a dossier."""
    return [json.loads(line) for line in files["events.jsonl"].decode().splitlines()]


def with_lines(files: Files, lines: Sequence[Mapping[str, Any]]) -> Files:
    """The files with other events."""
    return files | {"events.jsonl": "".join(f"{plain_json(line)}\n" for line in lines).encode()}


def with_json(files: Files, path: str, value: object) -> Files:
    return files | {path: plain_json(value).encode()}


def plain_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def verified(path: Path, content: bytes, key: SigningKey = COMPANY, *witnesses: SigningKey) -> tuple[int, str]:
    """The exit code for a zip, and what is said of it; it is written to the path."""
    path.write_bytes(content)
    given = [f"--key={key.verifying}", *(f"--witness={witness.verifying}" for witness in witnesses)]
    with redirect_stdout(StringIO()) as said:
        code = main([*given, str(path)])
    return code, said.getvalue()
