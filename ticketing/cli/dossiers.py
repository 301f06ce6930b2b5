"""`dossier` and `verify`: a ticket's record for a stranger, and whether one that was handed out holds."""

from pathlib import Path
from typing import Annotated

import typer

from ticketing.adapters.urls import file_of
from ticketing.cli.key_files import checkpoint_in, signing_key_in, verifying_key_named
from ticketing.cli.notary import caught_up
from ticketing.cli.output import say, tell
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import Zone, zone_named
from ticketing.domain.errors import BadInput
from ticketing.pages.dossier import Written, write_dossier
from ticketing.pages.gathering import Choice

_COMMANDS = "Proof"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_DOSSIER_EPILOG, rich_help_panel=_COMMANDS)(dossier)
    app.command(epilog=_VERIFY_EPILOG, rich_help_panel=_COMMANDS)(verify)


_DOSSIER_EPILOG = """WHAT is none, all, serial (serial numbers), an event such as PositionStated,
or the version of a fact; given again, they add up. Texts that are not
disclosed stay hidden, and everything else can be proved all the same.

Try it:
  ticketing dossier R-1001 --key log.key --out R-1001.zip
  ticketing dossier R-1001 --key log.key --out R-1001.zip --disclose all
  ticketing dossier R-1001 --key log.key --out R-1001.zip --witness maker.pub"""


def dossier(
    ticket: TicketName,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The company's signing key, made by keygen.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip; not overwritten without --force.")],
    dispute: Annotated[
        str | None, typer.Option(metavar="ID", help="Tell only this dispute; the events are whole all the same.")
    ] = None,
    disclose: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help="Which private texts go in; none if not given.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A signed checkpoint, perhaps co-signed; else a new one.")
    ] = None,
    witnesses: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="VKEY", help="A witness that co-signed it: verifier key or file with it."),
    ] = None,
    is_forced: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    zone: Zone = "UTC",
    store: StoreUrl = None,
) -> None:
    """Writes the dossier of a ticket: a zip that anybody can read, and verify without this program."""
    signing = signing_key_in(key)
    named = [verifying_key_named(text) for text in witnesses or ()]
    note = None if checkpoint is None else checkpoint_in(checkpoint)
    choice = Choice(disclose=tuple(disclose or ()), dispute_id=dispute, zone=zone_named(zone))
    _refuse_own_files(out, key, checkpoint)
    with opened_to_ask(store) as app:
        _refuse_own_files(out, file_of(store) if store is not None and store.startswith("sqlite:") else None)
        caught_up(app)
        written = write_dossier(
            app,
            ticket,
            out,
            key=signing,
            checkpoint=note,
            witnesses=named,
            choice=choice,
            is_replacing=is_forced,
        )
    _report(written)


def _refuse_own_files(out: Path, *read: Path | None) -> None:
    """Refuses to write over what the dossier is made of, by whatever path it is named."""
    for path in read:
        if path is not None and out.exists() and path.exists() and out.samefile(path):
            raise BadInput(f"--out {out}: this is {path}, which the dossier is made of; name another file")


def _report(written: Written) -> None:
    seal = written.sealed
    files = "1 evidence file" if written.evidence_files == 1 else f"{written.evidence_files} evidence files"
    say(
        f"{written.path}: ticket {written.number} up to version {written.version}, "
        f"{written.texts} of {written.private_texts} private texts, {files}."
    )
    for signature in seal.signatures:
        when = f" on {signature.at:%Y-%m-%d %H:%M:%S} UTC" if signature.at is not None else ""
        say(f"The log of {seal.checkpoint.size:,} facts was signed by {signature.name}{when}.")
    witnesses = "".join(f" --witness {key}" for key in seal.keys[1:])
    say(f"Verify it: ticketing verify {written.path} --key {seal.keys[0]}{witnesses}")
    for evidence in written.not_here:
        tell(f"The file of evidence {evidence} is not in the store's folder; the page says so.", style="warning")
    for name in seal.left_out:
        tell(f"The signature of {name} was left out: --witness names its key.", style="warning")


_VERIFY_EPILOG = """It is the same program as the verify.py in each dossier, which needs only
Python and cryptography. No store is asked. Without --key a dossier is shown
only to fit itself.

Try it:
  ticketing verify R-1001.zip --key repairs.pub
  ticketing verify R-1001.zip --key repairs.pub --witness maker.pub"""


def verify(
    dossier: Annotated[Path, typer.Argument(metavar="DOSSIER", help="The zip, as it was handed out.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="VKEY", help="The company's verifier key, got elsewhere, or a file with it."),
    ] = None,
    witnesses: Annotated[
        list[str] | None, typer.Option("--witness", metavar="VKEY", help="The same of a witness that must have signed.")
    ] = None,
) -> None:
    """Verifies a dossier: events, proofs, texts, evidence and signatures; says what fits and what does not."""
    from ticketing.pages.verify import main

    arguments = [] if key is None else [f"--key={verifying_key_named(key)}"]
    arguments += [f"--witness={verifying_key_named(text)}" for text in witnesses or ()]
    raise typer.Exit(main([*arguments, "--", str(dossier)]))
