"""`notary keygen`, `checkpoint`, `cosign`, `verify` and `rebuild`: proving later that nobody touched the record."""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ticketing.adapters.keys import SEED_BYTES, SigningKey, VerifyingKey
from ticketing.adapters.notes import Checkpoint, Signature, verified
from ticketing.adapters.witness import Submission, cosigned
from ticketing.application import Ticketing
from ticketing.cli.key_files import signing_key_in, verifying_key_named
from ticketing.cli.output import say, tell, write
from ticketing.cli.progress import shown_by_position
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.domain.errors import BadInput

CheckpointFile = Annotated[
    Path, typer.Argument(metavar="CHECKPOINT", help="A signed checkpoint, or a submission with its proof.")
]
SecretKey = Annotated[Path, typer.Option("--key", metavar="FILE", help="The signing key that keygen made.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; stdout if not given.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    notary = typer.Typer()
    notary.command("keygen", epilog=_KEYGEN_EPILOG)(generate_key)
    notary.command("checkpoint", epilog=_CHECKPOINT_EPILOG)(make_checkpoint)
    notary.command("cosign", epilog=_COSIGN_EPILOG)(cosign_checkpoint)
    notary.command("verify", epilog=_VERIFY_EPILOG)(verify_checkpoint)
    notary.command("rebuild")(rebuild)
    about = "Signs what the log was, has others sign it too, and verifies it: docs/proof.md says what that proves."
    app.add_typer(notary, name="notary", help=about, rich_help_panel="Proof")


_KEYGEN_EPILOG = """Prints the verifier key, which anybody may have: give it to those who shall
verify, by another way than the checkpoints.

Try it:
  ticketing notary keygen repairs.example/log --out log.key
  ticketing notary keygen maker.example/witness --witness --out witness.key"""


def generate_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, such as repairs.example/log.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the signing key goes; not overwritten.")],
    is_witness: Annotated[
        bool, typer.Option("--witness", help="A key to co-sign checkpoints of others with, not to sign one's own.")
    ] = False,
) -> None:
    """Makes a key: the secret half into a file that only you can read, the other half onto stdout."""
    key = SigningKey(name, "witness" if is_witness else "log", secrets.token_bytes(SEED_BYTES))
    public = str(key.verifying)
    try:
        opened = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(f"{out}: there is such a file already, and a key is never overwritten") from None
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write(f"{key.secret_text}\n")
    tell(f"The signing key is in {out}: whoever has it signs as {name}.")
    write(public)


_CHECKPOINT_EPILOG = """Send it away: to the manufacturer, to a notary, to anybody who keeps it.
With --since it comes as a submission, with the proof that nothing changed
since the checkpoint that the witness signed last.

Try it:
  ticketing notary checkpoint --key log.key --out 2026-03-02.txt
  ticketing notary checkpoint --key log.key --since 2026-03-01.txt"""


def make_checkpoint(
    key: SecretKey,
    out: Out = None,
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="NAME", help="What the log is called; the key's name if not given."),
    ] = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="FILE", help="An older checkpoint, to prove that it grew out of.")
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Signs what the log is now: how many facts it has, and the hash over all of them."""
    signing = signing_key_in(key)
    with opened_to_ask(store) as app:
        older = None if since is None else Checkpoint.parse(_submission(since).note, str(since))
        app.notary.require_whole()
        caught_up(app)
        with _hashing(app) as on_page:
            submission = Submission(app.notary.checkpoint(signing, origin, on_page=on_page))
        made = Checkpoint.parse(submission.note)
        if older is not None:
            with _hashing(app) as on_page:
                app.notary.require_of_log(older, str(since), on_page=on_page)
            proof = app.notary.consistency(older.size, made.size)
            submission = Submission(submission.note, older.size, tuple(proof))
    _put(str(submission), out)
    tell(f"It covers the first {made.size:,} facts of {made.origin}.")


_COSIGN_EPILOG = """The signature states this machine's time. Give --of, or you sign what anybody
made; give --previous, or the log may have been rewritten since you signed.

Try it:
  ticketing notary cosign 2026-03-02.txt --key w.key --of log.pub
  ticketing notary cosign new.txt --key w.key --of log.pub --previous old.txt"""


def cosign_checkpoint(
    checkpoint: CheckpointFile,
    key: SecretKey,
    of: Annotated[
        str | None, typer.Option("--of", metavar="VKEY", help="The log's verifier key, or a file with it.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous", metavar="FILE", help="What you co-signed last: the new one must have grown out of it."
        ),
    ] = None,
    out: Out = None,
) -> None:
    """Signs another's checkpoint as a witness: that it was there at this time. It needs no store."""
    signing = signing_key_in(key)
    submission = _submission(checkpoint)
    note = cosigned(
        submission,
        signing,
        datetime.now(UTC),
        of=None if of is None else verifying_key_named(of),
        previous=None if previous is None else _submission(previous).note,
        called=str(checkpoint),
    )
    if of is None:
        tell("Whose checkpoint it is was not looked at: --of names the log's key.", style="warning")
    _put(str(note), out)
    tell(f"Co-signed as {signing.name}: send it back to who sent it, and keep it as --previous for the next one.")


_VERIFY_EPILOG = """With a store it must be of this log as it is now: the same facts, none
changed, none left out. Without one only signatures are verified, and with
--older the proof of a submission. Exit code 1 where something does not hold.

Try it:
  ticketing notary verify 2026-03-02.txt --key log.pub
  ticketing notary verify back.txt --key log.pub --witness maker.pub --keep"""


def verify_checkpoint(
    checkpoint: CheckpointFile,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="VKEY", help="The verifier key of the log, or a file with it; it must have signed."
        ),
    ] = None,
    witnesses: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="VKEY", help="The same of a witness; each of several must have signed."),
    ] = None,
    older: Annotated[
        Path | None, typer.Option("--older", metavar="FILE", help="A checkpoint that it must have grown out of.")
    ] = None,
    is_to_keep: Annotated[
        bool, typer.Option("--keep", help="Keep it in the store, for history --witnessed, check and dossiers.")
    ] = False,
    store: StoreUrl = None,
) -> None:
    """Verifies the signatures of a checkpoint, and that the log still is what was signed."""
    named = [verifying_key_named(text) for text in (*(keys or ()), *(witnesses or ()))]
    if not named:
        raise BadInput("whose signatures are asked for? give --key VKEY, --witness VKEY, or both")
    if is_to_keep and store is None:
        raise BadInput("--keep needs the store of the log: give --store URL, or set TICKETING_STORE")
    submission, called = _submission(checkpoint), str(checkpoint)
    for key in named:
        for signature in verified(submission.note, [key], called):
            say(_signed(signature))
    made = Checkpoint.parse(submission.note, called)
    before = None if older is None else _verified_older(older, named)
    if store is None:
        say(f"It covers the first {made.size:,} facts of {made.origin}. It was not held against a log: none is named.")
    else:
        with opened_to_ask(store) as app:
            with _hashing(app) as on_page:
                if before is not None:
                    app.notary.require_of_log(before, str(older), on_page=on_page)
                if is_to_keep:
                    app.notary.keep(submission.note, named, called, on_page=on_page)
                else:
                    app.notary.require_of_log(made, called, on_page=on_page)
            head = app.store.head()
        say(f"The first {made.size:,} facts of the log are those that were signed; it has {head:,} now.")
    if before is not None:
        if store is None or submission.older is not None:
            submission.require_grown(before, called)
        say(f"It grew out of {older}, of {before.size:,} facts, without a change to them.")
    if is_to_keep:
        tell("Kept.")


def rebuild(store: StoreUrl = None) -> None:
    """Makes the tree anew of the log, where check found it damaged, and holds it against what was signed."""
    with opened_to_ask(store) as app:
        with shown_by_position("Adding facts to the tree", app.store.head) as on_page:
            size = app.notary.rebuild(on_page=on_page)
        kept = app.notary.checkpoints()
        for received in kept:
            called = f"the checkpoint of {received.checkpoint.size:,} facts that is kept"
            with _hashing(app) as on_page:
                app.notary.require_of_log(received.checkpoint, called, on_page=on_page)
    fits = f"it fits the {len(kept):,} checkpoints that are kept" if kept else "no checkpoint is kept that it could fit"
    say(f"The tree was made anew of {size:,} facts; {fits}.")


def caught_up(app: Ticketing) -> int:
    """Adds to the tree what the log has and it lacks, and shows how far it has come.

    Returns:
        How many leaves it has.
    """
    with shown_by_position("Adding facts to the tree", app.store.head) as on_page:
        return app.notary.catch_up(on_page=on_page)


def _hashing(app: Ticketing) -> AbstractContextManager[Callable[[int], None]]:
    """Shows how far hashing every fact anew has come."""
    return shown_by_position("Hashing facts", app.store.head)


def _signed(signature: Signature) -> str:
    whose = f"{signature.name} ({signature.key.key_id.hex()})"
    return (
        f"Signed by {whose}."
        if signature.at is None
        else f"Witnessed by {whose} at {signature.at:%Y-%m-%d %H:%M:%S} UTC."
    )


def _verified_older(older: Path, keys: list[VerifyingKey]) -> Checkpoint:
    """The older checkpoint, which one of the keys at least has signed."""
    note = _submission(older).note
    verified(note, keys, str(older))
    return Checkpoint.parse(note, str(older))


def _submission(path: Path) -> Submission:
    return Submission.parse(path.read_bytes(), str(path))


def _put(text: str, out: Path | None) -> None:
    if out is None:
        write(text)
    else:
        out.write_bytes(text.encode())  # as it is, whatever the system's line ends are
