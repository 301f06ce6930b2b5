"""`dossier` and `verify`: a ticket's record is written for a stranger, and he finds out whether it holds."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests import dossier_examples as d
from tests.dossier_examples import COMPANY, NUMBER, STRANGER, WITNESS
from tests.examples import DISPUTED_LIFE, MANAGER, OTHER_TICKET, SITES, STANDARD, START, SUBMIT_EVIDENCE, but
from tests.program import asked
from ticketing.adapters.notes import cosign
from ticketing.application import Ticketing
from ticketing.cli.program import app as program
from ticketing.domain.publishing import Publish

KEY = str(COMPANY.verifying)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the disputed ticket, the keys, and a checkpoint that the witness signed, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TICKETING_EVIDENCE", raising=False)
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        for thing in (STANDARD, *SITES.values()):
            app.handle(Publish(actor=MANAGER, thing=thing))
        for command in DISPUTED_LIFE[:12]:
            app.handle(but(command, occurred_at=START))
        note = cosign(app.notary.checkpoint(COMPANY), WITNESS, d.SEEN_AT)
    for name, key in (("log", COMPANY), ("witness", WITNESS)):
        (tmp_path / f"{name}.key").write_text(f"{key.secret_text}\n")
        (tmp_path / f"{name}.pub").write_text(f"{key.verifying}\n")
    (tmp_path / "signed.txt").write_text(str(note), encoding="utf-8")
    return tmp_path


def dossier(*more: str, ticket: str = NUMBER, out: str = "d.zip") -> Result:
    return asked("sqlite:///r.db", "dossier", ticket, "--key", "log.key", "--out", out, *more)


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["verify", *arguments])


def test_a_dossier_is_written_and_it_is_said_how_to_verify_it(here: Path) -> None:
    made = dossier("--disclose", "ServiceRefused", "--disclose", "serial")
    assert made.exit_code == 0, made.stderr
    assert made.stdout.splitlines() == [
        "d.zip: ticket R-1001 up to version 12, 2 of 6 private texts, 0 evidence files.",
        "The log of 17 facts was signed by repairs.example/log.",
        f"Verify it: ticketing verify d.zip --key {KEY}",
    ]
    told = d.unpacked(here / "d.zip")["texts.json"].decode()
    assert "liquid damage is not covered" in told
    assert "sn 001-a" in told


def test_a_co_signed_checkpoint_goes_in_with_its_witness() -> None:
    made = dossier("--checkpoint", "signed.txt", "--witness", "witness.pub", "--zone", "Europe/Berlin")
    assert "The log of 17 facts was signed by maker.example on 2026-04-01 12:00:00 UTC." in made.stdout
    assert verify("d.zip", "--key", "log.pub", "--witness", str(WITNESS.verifying)).exit_code == 0


def test_a_signature_that_was_not_named_is_left_out_and_that_is_said() -> None:
    made = dossier("--checkpoint", "signed.txt")
    assert made.stderr == "The signature of maker.example was left out: --witness names its key.\n"


def test_evidence_that_is_not_held_here_is_told() -> None:
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(SUBMIT_EVIDENCE, dispute_id=None))
    assert "The file of evidence E-1 is not in the store's folder; the page says so." in dossier().stderr


def test_a_file_is_overwritten_only_with_force() -> None:
    assert dossier().exit_code == 0
    again = dossier()
    assert (again.exit_code, again.stderr) == (
        2,
        "ticketing: d.zip: there is a file of that name already; it is overwritten only with --force\n",
    )
    assert dossier("--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--disclose", "Servicerefused"), 2, "--disclose Servicerefused: there are none, serial, all"),
        (("--dispute", "D-7"), 1, "ticket R-1001 has no dispute D-7; it has none"),
        (("--checkpoint", "log.pub"), 2, "log.pub"),
        (("--witness", "nobody"), 2, "nobody: there is no such file, and this is no verifier key"),
        (("--witness", "witness.pub"), 1, "no checkpoint is kept that covers position 17"),
        (("--key", "log.pub"), 2, "log.pub: this is no signing key"),
        (("--key", "witness.key"), 2, "witness"),
        (("--key", "none.key"), 2, "none.key"),
        (("--zone", "Berlin"), 2, "the nearest is Europe/Berlin"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_written(
    arguments: tuple[str, ...], code: int, said: str, here: Path
) -> None:
    made = dossier(*arguments)
    assert made.exit_code == code
    assert said in made.stderr
    assert made.stderr.count("\n") == 1
    assert not [*here.glob("*.zip*"), *here.glob(".*.zip*")]


def test_a_ticket_that_is_not_there_has_no_dossier() -> None:
    assert dossier(ticket=str(OTHER_TICKET)).exit_code == 1


def test_verify_needs_no_store_and_says_what_it_has_checked() -> None:
    dossier()
    held = verify("d.zip", "--key", "log.pub")
    assert held.exit_code == 0
    assert held.stdout.startswith("it holds: ticket ")
    assert "not checked: index.html" in held.stdout
    assert f"compare its key {KEY}" in verify("d.zip").stdout


def test_verify_says_as_the_program_in_the_dossier_does_what_does_not_hold(here: Path) -> None:
    dossier()
    content = bytearray((here / "d.zip").read_bytes())
    content[content.index(b"misuse")] ^= 1
    (here / "d.zip").write_bytes(content)
    found = verify("d.zip", "--key", KEY)
    assert found.exit_code == 1
    assert "version 12, ticketing:ServiceRefused: the log that the checkpoint signs does not hold it" in found.stdout
    assert (found.exit_code, found.stdout) == d.verified(here / "d.zip", bytes(content))


def test_verify_with_another_key_does_not_hold() -> None:
    dossier()
    assert verify("d.zip", "--key", str(STRANGER.verifying)).exit_code == 1


@pytest.mark.parametrize("arguments", [("none.zip",), ("log.pub",), ("d.zip", "--key", "rubbish"), ("--", "--key")])
def test_verify_of_what_is_none_is_wrong_use(arguments: tuple[str, ...]) -> None:
    dossier()
    assert verify(*arguments).exit_code in {1, 2}


@pytest.mark.parametrize("name", ["log.key", "signed.txt", "r.db"])
def test_what_the_dossier_is_made_of_is_never_overwritten(name: str, here: Path) -> None:
    before = (here / name).read_bytes()
    made = dossier("--force", "--checkpoint", "signed.txt", out=f"./{name}")
    assert made.exit_code == 2
    assert "which the dossier is made of" in made.stderr
    assert (here / name).read_bytes() == before


def test_how_to_verify_it_names_the_witnesses_too() -> None:
    made = dossier("--checkpoint", "signed.txt", "--witness", "witness.pub")
    assert f"--key {KEY} --witness {WITNESS.verifying}\n" in made.stdout


def test_a_key_that_is_no_file_and_none_itself_is_told() -> None:
    dossier()
    found = verify("d.zip", "--key", "nofile.pub")
    assert found.exit_code != 0
    assert "nofile.pub: there is no such file" in found.output + str(found.exception)
