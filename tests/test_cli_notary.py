"""`notary`: keys, checkpoints and co-signatures as files that go back and forth, and what is said of them."""

import json
import re
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import NO_OPENSSL
from tests.program import asked
from tests.repairs import Company
from ticketing.adapters.keys import SigningKey, VerifyingKey
from ticketing.adapters.notes import Checkpoint, Note, sign
from ticketing.adapters.witness import Submission
from ticketing.cli.program import app

PROOF = Path(__file__).parents[1] / "docs" / "proof.md"
REPAIRS, MAKER = "repairs.example/log", "maker.example/witness"


def done(*arguments: object) -> Result:
    """What the program answers without a store."""
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"TICKETING_STORE": ""})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a log's key and a witness's, whose other halves are in `.pub`."""
    monkeypatch.chdir(tmp_path)
    for name, file, *options in ((REPAIRS, "log"), (MAKER, "maker", "--witness")):
        made = done("notary", "keygen", name, "--out", f"{file}.key", *options)
        assert made.exit_code == 0, made.stderr
        Path(f"{file}.pub").write_text(made.stdout)
    return tmp_path


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A store with the facts of two tickets: six."""
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        company.repairs(2, 1, None)
    return sqlite_url


def grow(url: str) -> None:
    """Three facts more."""
    with Company(url) as company:
        company.repairs(3, 2, None)


def damaged(url: str, statement: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        assert database.execute(statement).rowcount
        database.commit()


def succeeded(result: Result) -> Result:
    assert result.exit_code == 0, result.stderr
    return result


def witnessed(url: str, checkpoint: str = "first.txt", back: str = "back.txt") -> None:
    """Makes a checkpoint, has it co-signed and keeps it."""
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", checkpoint))
    succeeded(done("notary", "cosign", checkpoint, "--key", "maker.key", "--of", "log.pub", "--out", back))
    succeeded(
        asked(url, "notary", "verify", back, "--key", "log.pub", "--witness", "maker.pub", "--keep"),
    )


# keys


def test_a_key_is_made_that_only_its_owner_can_read(folder: Path) -> None:
    file = folder / "log.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = SigningKey.parse(file.read_text())
    assert (secret.name, secret.signer) == (REPAIRS, "log")
    assert (folder / "log.pub").read_text() == f"{secret.verifying}\n"
    assert VerifyingKey.parse((folder / "maker.pub").read_text()).signer == "witness"


def test_a_key_s_secret_half_is_neither_printed_nor_overwritten(folder: Path) -> None:
    before = (folder / "log.key").read_bytes()
    again = done("notary", "keygen", REPAIRS, "--out", "log.key")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr == "ticketing: log.key: there is such a file already, and a key is never overwritten\n"
    assert (folder / "log.key").read_bytes() == before
    made = done("notary", "keygen", "a.example", "--out", "a.key")
    assert (folder / "a.key").read_text().strip() not in made.stdout + made.stderr
    assert "PRIVATE" not in made.stdout + made.stderr


def test_a_name_that_no_key_can_have_is_refused_and_leaves_no_file(folder: Path) -> None:
    refused = done("notary", "keygen", "our log", "--out", "other.key")
    assert refused.exit_code == 2
    assert "a name has neither blanks nor a plus, such as repairs.example/log" in refused.stderr
    assert not (folder / "other.key").exists()


# checkpoints


def test_a_checkpoint_is_printed_or_written_with_all_facts_up_to_now(url: str, folder: Path) -> None:
    printed = succeeded(asked(url, "notary", "checkpoint", "--key", "log.key"))
    assert printed.stderr == f"It covers the first 6 facts of {REPAIRS}.\n"
    checkpoint = Checkpoint.parse(Note.parse(printed.stdout))
    assert (checkpoint.origin, checkpoint.size) == (REPAIRS, 6)
    written = succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "now.txt"))
    assert written.stdout == ""
    assert (folder / "now.txt").read_text() == printed.stdout
    named = succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--origin", "shop.example/7"))
    assert Checkpoint.parse(Note.parse(named.stdout)).origin == "shop.example/7"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("maker.key", "is a witness's key: it signs no text of its own"),
        ("log.pub", "log.pub: this is no signing key: one begins with PRIVATE+KEY+"),
        ("nowhere.key", "nowhere.key: No such file or directory"),
    ],
)
def test_a_checkpoint_is_signed_with_a_log_s_key(url: str, key: str, why: str) -> None:
    refused = asked(url, "notary", "checkpoint", "--key", key)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert why in refused.stderr


def test_a_checkpoint_since_another_comes_with_the_proof_that_it_grew_out_of_it(url: str, folder: Path) -> None:
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "first.txt"))
    grow(url)
    made = succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--since", "first.txt"))
    submission = Submission.parse(made.stdout.encode(), "new.txt")
    assert submission.older == 6
    submission.require_grown(Checkpoint.parse(Note.parse((folder / "first.txt").read_text())), "new.txt")


def test_nothing_grew_out_of_another_log(url: str, folder: Path) -> None:
    root = bytes(32)
    key = SigningKey.parse((folder / "log.key").read_text())
    (folder / "first.txt").write_text(str(sign(Note(Checkpoint(REPAIRS, 3, root).body), key)))
    refused = asked(url, "notary", "checkpoint", "--key", "log.key", "--since", "first.txt")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "first.txt: the first 3 facts of this log have another root" in refused.stderr


# co-signing


def test_a_checkpoint_goes_to_a_witness_and_back(url: str) -> None:
    witnessed(url)
    said = succeeded(asked(url, "notary", "verify", "back.txt", "--key", "log.pub", "--witness", "maker.pub"))
    first, second, third = said.stdout.splitlines()
    assert re.fullmatch(rf"Signed by {REPAIRS} \([0-9a-f]{{8}}\)\.", first)
    assert re.fullmatch(rf"Witnessed by {MAKER} \([0-9a-f]{{8}}\) at \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", second)
    assert third == "The first 6 facts of the log are those that were signed; it has 6 now."


def test_a_witness_signs_what_grew_out_of_what_it_signed_last(url: str) -> None:
    witnessed(url)
    grow(url)
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--since", "back.txt", "--out", "new.txt"))
    of = ("--of", "log.pub", "--previous", "back.txt", "--out", "back.txt")
    succeeded(done("notary", "cosign", "new.txt", "--key", "maker.key", *of))
    succeeded(asked(url, "notary", "verify", "back.txt", "--key", "log.pub", "--witness", "maker.pub", "--keep"))


def test_a_witness_refuses_a_log_that_was_rewritten_since(url: str, folder: Path) -> None:
    witnessed(url)
    damaged(url, "UPDATE ticketing_events SET recorded_at = substr(recorded_at, 1, 25) || '7Z' WHERE rowid = 2")
    grow(url)
    damaged(url, "DELETE FROM ticketing_checkpoints")
    succeeded(asked(url, "notary", "rebuild"))
    since = asked(url, "notary", "checkpoint", "--key", "log.key", "--since", "back.txt")
    assert since.exit_code == 1
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "new.txt"))
    of = ("--of", "log.pub", "--previous", "back.txt")
    refused = done("notary", "cosign", "new.txt", "--key", "maker.key", *of, "--out", "signed.txt")
    assert refused.exit_code == 1
    assert "new.txt: it has no proof, not one that it grew out of the older one of 6" in refused.stderr
    assert not (folder / "signed.txt").exists()


def test_a_witness_that_does_not_look_whose_it_is_is_told(url: str) -> None:
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "first.txt"))
    signed = succeeded(done("notary", "cosign", "first.txt", "--key", "maker.key"))
    assert "Whose checkpoint it is was not looked at: --of names the log's key." in signed.stderr
    refused = done("notary", "cosign", "first.txt", "--key", "maker.key", "--of", "maker.pub")
    assert refused.exit_code == 1
    assert f"first.txt: not signed by {MAKER}" in refused.stderr


# verifying


def test_signatures_are_verified_without_a_store(url: str, folder: Path) -> None:
    witnessed(url)
    said = succeeded(done("notary", "verify", "back.txt", "--key", (folder / "log.pub").read_text().strip()))
    assert said.stdout.splitlines()[1] == (
        f"It covers the first 6 facts of {REPAIRS}. It was not held against a log: none is named."
    )


def test_every_key_that_is_named_must_have_signed(url: str) -> None:
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "first.txt"))
    refused = asked(url, "notary", "verify", "first.txt", "--key", "log.pub", "--witness", "maker.pub", "--keep")
    assert refused.exit_code == 1
    assert f"first.txt: not signed by {MAKER}" in refused.stderr


def test_that_it_grew_out_of_an_older_one_is_verified_with_a_store_and_without(url: str) -> None:
    witnessed(url)
    grow(url)
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--since", "first.txt", "--out", "new.txt"))
    arguments = ("notary", "verify", "new.txt", "--key", "log.pub", "--older", "first.txt")
    for said in (succeeded(asked(url, *arguments)), succeeded(done(*arguments))):
        assert said.stdout.splitlines()[-1] == "It grew out of first.txt, of 6 facts, without a change to them."
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "alone.txt"))
    alone = done("notary", "verify", "alone.txt", "--key", "log.pub", "--older", "first.txt")
    assert alone.exit_code == 1
    assert "alone.txt: it has no proof" in alone.stderr


def test_an_older_checkpoint_that_nobody_trusted_signed_proves_nothing(url: str, folder: Path) -> None:
    witnessed(url)
    other = SigningKey("elsewhere.example", "log", bytes(32))
    body = Note.parse((folder / "first.txt").read_text()).body
    (folder / "older.txt").write_text(str(sign(Note(body), other)))
    refused = asked(url, "notary", "verify", "back.txt", "--key", "log.pub", "--older", "older.txt")
    assert refused.exit_code == 1
    assert f"older.txt: not signed by {REPAIRS}" in refused.stderr


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("DELETE FROM ticketing_events WHERE rowid > 4", "this log has 4: its end was cut off since"),
        ("UPDATE ticketing_events SET topic = 'ticketing:UnitLost' WHERE rowid = 3", "have another root: they were"),
    ],
)
def test_a_log_that_is_not_what_was_signed_is_found_wanting(url: str, damage: str, why: str) -> None:
    witnessed(url)
    damaged(url, damage)
    damaged(url, "DELETE FROM ticketing_tree_tiles")
    damaged(url, "UPDATE ticketing_tree SET size = 0")
    refused = asked(url, "notary", "verify", "back.txt", "--key", "log.pub")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("ticketing: back.txt: ")
    assert why in refused.stderr


_REWRITTEN = "UPDATE ticketing_events SET recorded_at = substr(recorded_at, 1, 25) || '7Z' WHERE rowid = 2"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (_REWRITTEN, "back.txt: the first 6 facts of this log have another root: they were changed since"),
        ("DELETE FROM ticketing_events WHERE rowid > 7", "the log had 8 facts, and it has 7: its end was cut off"),
        ("DELETE FROM ticketing_events WHERE rowid > 4", "the log had 8 facts, and it has 4: its end was cut off"),
        ("DELETE FROM ticketing_events WHERE rowid = 3", "position 3 is gone from the log"),
        ("UPDATE ticketing_events SET recorded_at = 'yesterday' WHERE rowid = 3", "a fact among them cannot be read"),
        (
            "UPDATE ticketing_tree_tiles SET hashes = zeroblob(length(hashes))",
            "back.txt: the facts are those that it is of, and the hash tree is not: ticketing notary rebuild",
        ),
    ],
)
def test_facts_that_were_changed_under_a_tree_that_was_left_alone_are_found_and_not_signed(
    url: str, folder: Path, damage: str, why: str
) -> None:
    witnessed(url)
    grow(url)
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "second.txt"))
    damaged(url, damage)
    for options in ((), ("--keep",), ("--older", "first.txt")):
        refused = asked(url, "notary", "verify", "back.txt", "--key", "log.pub", *options)
        assert refused.exit_code == 1
        assert why.removeprefix("back.txt: ") in refused.stderr
        assert "are those that were signed" not in refused.stdout
    refused = asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "third.txt")
    assert refused.exit_code == 1
    assert not (folder / "third.txt").exists()


def test_a_byte_that_was_changed_on_the_way_is_found(url: str, folder: Path) -> None:
    witnessed(url)
    content = (folder / "back.txt").read_bytes()
    (folder / "back.txt").write_bytes(content.replace(b"\n6\n", b"\n7\n"))
    refused = asked(url, "notary", "verify", "back.txt", "--key", "log.pub")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (
        f"back.txt: the signature of {REPAIRS} does not hold: the text or the signature was changed" in refused.stderr
    )
    (folder / "back.txt").write_bytes(content.replace(b"\n", b"\r\n"))
    refused = asked(url, "notary", "verify", "back.txt", "--key", "log.pub")
    assert refused.exit_code == 2
    assert "back.txt, line 1: a line ends in CR LF, not LF: a mail program or an editor changed it" in refused.stderr


def test_who_is_not_told_whom_to_believe_verifies_nothing(url: str) -> None:
    succeeded(asked(url, "notary", "checkpoint", "--key", "log.key", "--out", "first.txt"))
    refused = asked(url, "notary", "verify", "first.txt")
    assert refused.exit_code == 2
    assert "whose signatures are asked for? give --key VKEY, --witness VKEY, or both" in refused.stderr
    refused = done("notary", "verify", "first.txt", "--key", "log.pub", "--keep")
    assert refused.exit_code == 2
    assert "--keep needs the store of the log" in refused.stderr
    refused = done("notary", "verify", "first.txt", "--key", "log.key")
    assert refused.exit_code == 2
    assert "log.key: this is a signing key, which stays secret" in refused.stderr


def test_what_the_documentation_says_of_openssl_verifies_both_signatures(url: str, folder: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip(NO_OPENSSL)
    witnessed(url)
    _, _, block = PROOF.read_text("utf-8").partition("```sh\n")
    script = ["bash", "-e", "-c", block.partition("```")[0]]
    said = subprocess.run(script, cwd=folder, check=True, capture_output=True, text=True)
    assert said.stdout.count("Signature Verified Successfully") == 2
    (folder / "back.txt").write_text((folder / "back.txt").read_text().replace("\n6\n", "\n7\n"))
    assert subprocess.run(script, cwd=folder, check=False, capture_output=True).returncode == 1


# what a fact shows


def test_a_fact_shows_before_when_it_existed_and_who_witnessed_it(url: str) -> None:
    witnessed(url)
    grow(url)
    said = succeeded(asked(url, "history", "T-1", "--witnessed")).stdout.splitlines()
    assert all(
        re.search(rf"\[existed before \d{{4}}-\d\d-\d\d \d\d:\d\d, witnessed by {MAKER}\]$", line) for line in said[:-1]
    )
    assert said[-1].endswith(f", {len(said) - 1} of them witnessed; times in UTC")
    later = succeeded(asked(url, "history", "T-3", "--witnessed")).stdout
    assert "existed before" not in later
    assert "0 of them witnessed" in later
    facts = json.loads(asked(url, "history", "T-1", "--witnessed", "--format", "json").stdout)
    assert {(one["name"], one["size"]) for fact in facts for one in fact["witnessed"]} == {(MAKER, 6)}
    assert "witnessed" not in json.loads(asked(url, "history", "T-1", "--format", "json").stdout)[0]


def test_a_fact_that_was_changed_since_shows_that_and_no_witness(url: str) -> None:
    witnessed(url)
    damaged(url, "UPDATE ticketing_events SET recorded_at = substr(recorded_at, 1, 25) || '7Z' WHERE rowid = 2")
    refused = asked(url, "history", "T-1", "--witnessed")
    assert refused.exit_code == 1
    assert f"position 2 is not what {MAKER} signed on " in refused.stderr


# the tree


def test_a_tree_that_was_damaged_is_made_anew_and_held_against_what_was_signed(url: str) -> None:
    assert succeeded(asked(url, "notary", "rebuild")).stdout == (
        "The tree was made anew of 6 facts; no checkpoint is kept that it could fit.\n"
    )
    witnessed(url)
    damaged(url, "UPDATE ticketing_tree_tiles SET hashes = zeroblob(192)")
    assert asked(url, "check").exit_code == 1
    assert succeeded(asked(url, "notary", "rebuild")).stdout == (
        "The tree was made anew of 6 facts; it fits the 1 checkpoints that are kept.\n"
    )
    assert asked(url, "check").exit_code == 0
    damaged(url, "UPDATE ticketing_events SET recorded_at = substr(recorded_at, 1, 25) || '7Z' WHERE rowid = 2")
    refused = asked(url, "notary", "rebuild")
    assert refused.exit_code == 1
    assert "the checkpoint of 6 facts that is kept: the first 6 facts of this log have another root" in refused.stderr


def test_whoever_runs_all_projections_keeps_the_tree(url: str) -> None:
    succeeded(asked(url, "projections", "run", "backlog"))
    assert "The hash tree has 0 leaves." in asked(url, "projections", "status").stdout
    succeeded(asked(url, "projections", "run"))
    assert "The hash tree has 6 leaves." in asked(url, "projections", "status").stdout


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'nothing.db'}"
    for arguments in (("checkpoint", "--key", "log.key"), ("rebuild",)):
        assert asked(missing, "notary", *arguments).exit_code == 2
    assert not (tmp_path / "nothing.db").exists()
