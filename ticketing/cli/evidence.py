"""`evidence add`, `list`, `get` and `erase`: the files of disputes, kept by the hash of their content."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from shutil import copyfileobj
from typing import Annotated

import typer
from rich.text import Text

from ticketing.adapters.evidence_check import EvidenceFound, facts_naming, found_of
from ticketing.application import Ticketing
from ticketing.cli import evidence_checking
from ticketing.cli.output import TableOrJson, printable, say, tell, write_json
from ticketing.cli.reference import actor_named
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import ABOUT_INSTANTS, Zone, instant_given, shown, zone_named
from ticketing.domain.dispute import SubmitEvidence
from ticketing.domain.errors import NotFound
from ticketing.domain.events import EvidenceSubmitted
from ticketing.domain.named_files import NamedFile, files_named
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Event, Recorded, instant_text

_CHUNK_BYTES = 1 << 20
EvidenceName = Annotated[str, typer.Argument(metavar="EVIDENCE", help="The evidence's id on that ticket.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    evidence = typer.Typer()
    evidence.callback()(_evidence)
    evidence.command("add", epilog=_ADD_EPILOG)(add)
    evidence.command("list")(list_evidence)
    evidence.command("get", epilog=_GET_EPILOG)(get)
    evidence_checking.add_to(evidence)
    evidence.command("erase")(erase)
    app.add_typer(evidence, name="evidence", help=_evidence.__doc__, rich_help_panel="One ticket")


def _evidence() -> None:
    """Keeps the files of disputes beside the store, and holds them against their hashes."""


_ADD_EPILOG = f"""{ABOUT_INSTANTS}
The file is copied; the ticket gets its hash, its type and its length.
Images, PDF, sound, film, plain text, CSV and messages are taken.

Try it:
  ticketing evidence add R-1001 photo.jpg --id E-1 --actor cust-1:customer
  ticketing evidence add R-1001 scan --id E-2 --actor m-1:manager \\
    --dispute D-1 --kind receipt --media-type application/pdf"""


def add(
    ticket: TicketName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plain file; it is copied.")],
    evidence_id: Annotated[str, typer.Option("--id", metavar="EVIDENCE", help="Its id on the ticket, such as E-1.")],
    actor: Annotated[str, typer.Option(metavar="ID:ROLE", help="Who puts it on record, perhaps with :SITE.")],
    dispute: Annotated[str | None, typer.Option(metavar="DISPUTE", help="The dispute that it belongs to.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="What it is, such as photo or receipt.")] = None,
    media_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Such as image/jpeg; refused if the content is another.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HASH", help="Refused if the content has another.")
    ] = None,
    captured_at: Annotated[str | None, typer.Option(metavar="INSTANT", help="When it was made.")] = None,
    captured_by: Annotated[str | None, typer.Option(metavar="ID", help="Who made it, a pseudonym.")] = None,
    held_by: Annotated[str | None, typer.Option(metavar="ID", help="Who has the thing itself, if it is one.")] = None,
    limit_mb: Annotated[
        int | None, typer.Option("--limit-mb", metavar="MB", min=1, help="Take a file up to this length; else 100.")
    ] = None,
    zone: Zone = "UTC",
    store: StoreUrl = None,
) -> None:
    """Keeps a file as evidence and puts it on the ticket's record."""
    who = actor_named(actor)
    made_at = instant_given("--captured-at", captured_at, zone_named(zone))
    limit_bytes = None if limit_mb is None else limit_mb * 1_000_000
    with opened_to_ask(store) as app:
        ticket_id = app.find(ticket)
        with app.evidence.keeping(file, media_type=media_type, sha256=sha256, limit_bytes=limit_bytes) as kept:
            command = SubmitEvidence(
                ticket_id=ticket_id,
                actor=who,
                evidence_id=evidence_id,
                dispute_id=dispute,
                sha256=kept.sha256,
                media_type=kept.media_type,
                kind=kind,
                size_bytes=kept.size_bytes,
                captured_at=made_at,
                captured_by=captured_by,
                held_by=held_by,
            )
            handled = app.handle(command)
    what = f"{kept.media_type}, {kept.size_bytes:,} bytes, SHA-256 {kept.sha256}"
    tell(f"{evidence_id} is on the record of {ticket} as fact {handled.version}: {what}.")


def list_evidence(ticket: TicketName, zone: Zone = "UTC", store: StoreUrl = None, form: TableOrJson = "table") -> None:
    """Lists a ticket's evidence and whether each file is here; its content is looked at by `evidence check`."""
    local = zone_named(zone)
    with opened_to_ask(store) as app:
        pieces = _pieces(app, ticket)
        holders = {name: thing.holder for name, thing in app.ticket(ticket).evidence.items()}
        found = [found_of(piece.fact, file, app.evidence) for piece in pieces for file in files_named(piece.event)]
    listed = [
        (piece, each, None if piece.is_retracted else holders.get(piece.event.evidence_id))
        for piece, each in zip(pieces, found, strict=True)
    ]
    if form == "json":
        write_json([_json(*one) for one in listed])
        return
    for one in listed:
        for line in _lines(*one, local):
            say(line)
    count = f"{len(pieces)} {'piece' if len(pieces) == 1 else 'pieces'} of evidence; times in {zone}"
    say(Text(count if pieces else f"{ticket} has no evidence on record.", "faint"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of evidence: the fact that names it, and whether that was taken back, which leaves its file."""

    fact: Recorded[Event]
    event: EvidenceSubmitted
    is_retracted: bool


def _pieces(app: Ticketing, ticket: str) -> list[_Piece]:
    """The evidence of a ticket as corrections left it, in order of record."""
    stands = {fact.version: fact for fact in app.history(ticket)}
    facts = (stands.get(fact.version, fact) for fact in app.history(ticket, as_recorded=True))
    return [
        _Piece(fact, fact.event, is_retracted=fact.version not in stands)
        for fact in facts
        if isinstance(fact.event, EvidenceSubmitted)
    ]


def _lines(piece: _Piece, found: EvidenceFound, holder: str | None, zone: tzinfo) -> Iterator[Text]:
    fact, event = piece.fact, piece.event
    size = None if event.size_bytes is None else _length(event.size_bytes)
    what = ", ".join(part for part in (event.kind, event.media_type, size) if part)
    state = Text(found.state, "mark" if found.state != "here" else "")
    yield Text.assemble((event.evidence_id, "heading"), f"  {printable(what)}: ", state)
    who = f"{fact.actor.role.replace('_', ' ')} {fact.actor.id}"
    retracted = ", taken back later" if piece.is_retracted else ""
    yield Text(f"  on record {shown(fact.recorded_at, zone)} by {who}, fact {fact.version}{retracted}", "faint")
    at = f" {shown(event.captured_at, zone)}" if event.captured_at is not None else ""
    by = f" by {event.captured_by}" if event.captured_by is not None else ""
    if at or by:
        yield Text(f"  captured{at}{by}", "faint")
    if event.dispute_id is not None:
        yield Text(f"  of dispute {event.dispute_id}", "faint")
    if holder is not None:
        yield Text(f"  the thing itself is with {holder}", "faint")
    yield Text(f"  SHA-256 {event.sha256}", "faint")


def _length(size_bytes: int) -> str:
    """The length as people say it; a MB is a million bytes."""
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    return f"{size_bytes / 1_000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def _json(piece: _Piece, found: EvidenceFound, holder: str | None) -> dict[str, object]:
    return {
        **piece.event.model_dump(mode="json"),
        "state": found.state,
        "path": None if found.path is None else str(found.path),
        "holder": holder,
        "is_retracted": piece.is_retracted,
        "version": piece.fact.version,
        "recorded_at": instant_text(piece.fact.recorded_at),
        "actor": piece.fact.actor.model_dump(mode="json"),
    }


_GET_EPILOG = """Try it:
  ticketing evidence get R-1001 E-1 --out E-1.jpg"""


def get(
    ticket: TicketName,
    evidence: EvidenceName,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to put a copy; a file that is there stays.")],
    store: StoreUrl = None,
) -> None:
    """Copies an evidence file out, and holds it against its hash."""
    with opened_to_ask(store) as app:
        event = _piece(app, ticket, evidence)
        with app.evidence.open(event.sha256) as content, out.open("xb") as file:
            try:
                out.chmod(0o600)
                copyfileobj(content, file, _CHUNK_BYTES)
            except BaseException:  # also Ctrl-C: half a file is no evidence
                out.unlink()
                raise
    tell(f"{out} has the content of {evidence}, {event.media_type}; its SHA-256 {event.sha256} holds.")


def _piece(app: Ticketing, ticket: str, evidence_id: str) -> EvidenceSubmitted:
    events = {piece.event.evidence_id: piece.event for piece in _pieces(app, ticket)}
    if evidence_id not in events:
        hint = f"; it has {', '.join(events)}" if events else ""
        raise NotFound(f"{ticket} has no evidence {evidence_id}{hint}")
    return events[evidence_id]


def erase(
    ticket: TicketName,
    evidence: EvidenceName,
    store: StoreUrl = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erases an evidence file for good, such as a photo that shows a person; its hash stays on record."""
    with opened_to_ask(store) as app:
        event = _piece(app, ticket, evidence)
        whereabouts = app.evidence.whereabouts(event.sha256)
        if whereabouts == "erased":
            tell(f"The file of {evidence} of {ticket} was erased before.")
            return
        if whereabouts == "not here":
            raise NotFound(f"the file of {evidence} of {ticket} is not here")
        ticket_id = app.find(ticket)
        others = [
            _named(app, fact, file)
            for fact, file in facts_naming(app.store, event.sha256)
            if (fact.stream_id, file.what) != (ticket_id, evidence)
        ]
        also = f", which is also {', '.join(others)}," if others else ""
        if not yes:
            typer.confirm(f"Erase the file of {evidence} of {ticket}{also} for good?", abort=True, err=True)
        app.evidence.erase(event.sha256)
    tell(f"The file of {evidence} of {ticket}{also} was erased; its hash stays on record.")


def _named(app: Ticketing, fact: Recorded[Event], file: NamedFile) -> str:
    if isinstance(fact.event, StandardPublished):
        return file.what
    return f"{file.what} of {app.ticket(fact.stream_id).number} (fact {fact.version})"
