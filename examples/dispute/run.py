"""Plays the dispute, has its dossier written and verified, breaks one byte of it, and shows what verify says then.

    python examples/dispute/run.py [FOLDER]

FOLDER gets the store, the evidence files, the checkpoint and both dossiers; a temporary one is used if none is named.
The two keys are the example's own and no secret; `ticketing notary keygen` draws yours.
"""

import argparse
import subprocess
import sys
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path

import story

import ticketing as t
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.notes import cosign
from ticketing.domain.values import Event
from ticketing.domain.wording import in_words
from ticketing.pages.dossier import Choice, write_dossier

COMPANY = SigningKey("repairs.example/log", "log", bytes(range(32)))
WITNESS = SigningKey("tessel.example/claims", "witness", bytes(range(32, 64)))
ATTACHED = ("indicator.png", "letter-customer.txt", "letter-manufacturer.txt", "protocol-inspection.txt")


def main(folder: Path) -> None:
    """Everything, from the counter to the broken byte."""
    store, dossier = folder / "repairs.db", folder / "dossier.zip"
    for path in (store, dossier):
        if path.exists():
            sys.exit(f"{path} is there already: name an empty folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"{folder}: {error.strerror}")
    app, clock = story.opened(f"sqlite:///{store}")
    with app:
        for name in ATTACHED:
            app.evidence.keep(story.FOLDER / name)
        print("== the case, as it was recorded")
        story.play(app, clock, lambda handled: tell(app, handled))
        print("\n== a checkpoint of the log, sent to the manufacturer and signed by it")
        clock.now += timedelta(days=1)
        checkpoint = cosign(app.notary.checkpoint(COMPANY), WITNESS, clock.now)
        app.notary.keep(checkpoint, [COMPANY.verifying, WITNESS.verifying])
        (folder / "checkpoint.txt").write_text(str(checkpoint), encoding="utf-8")
        print(checkpoint, end="")
        print("\n== the dossier")
        write_dossier(
            app,
            story.NUMBER,
            dossier,
            key=COMPANY,
            checkpoint=checkpoint,
            witnesses=[WITNESS.verifying],
            choice=Choice(disclose=("all",)),
        )
        print(dossier)
    print("\n== verified by the verify.py in it, with keys that came another way")
    verify = folder / "verify.py"
    verify.write_bytes(zipfile.Path(dossier, "verify.py").read_bytes())
    verified(verify, dossier)
    print("\n== one byte broken: the telephone had charged with 0.92 A, not 0.02")
    verified(verify, broken(dossier))


def tell(app: t.Ticketing, handled: t.Handled) -> None:
    """Prints each fact in a line."""
    for fact in handled.events:
        print(f"{fact.occurred_at:%Y-%m-%d %H:%M}  {fact.actor.id:14} {said(app, fact)}")


def said(app: t.Ticketing, fact: t.Recorded[Event]) -> str:
    """The fact in words, the long letters shortened."""
    if isinstance(fact.event, t.StandardPublished):
        return f"published {fact.event.title}"
    words = in_words(fact, app.text)
    return words if len(words) <= 110 else f"{words[:109]}…"


def verified(verify: Path, dossier: Path) -> None:
    """Runs verify.py, which needs no more than `cryptography`."""
    keys = ["--key", str(COMPANY.verifying), "--witness", str(WITNESS.verifying)]
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-I", verify, dossier, *keys], check=False)
    print(f"exit code {done.returncode}")


def broken(dossier: Path) -> Path:
    """A copy of the dossier with one byte changed: it says that the telephone had charged with 0.92 A, not 0.02."""
    content = dossier.read_bytes()
    reading = rb"\"value\":\"0.02\""
    if content.count(reading) != 1:
        sys.exit("the reading is not there once: the story has changed")
    path = dossier.with_name("dossier-broken.zip")
    path.write_bytes(content.replace(reading, reading.replace(b"0.02", b"0.92")))
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, help="an empty one, or one to be made")
    named = parser.parse_args().folder
    if named is not None:
        main(named)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
