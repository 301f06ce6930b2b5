"""`evidence`: files of a dispute are kept, listed, given out, checked and erased."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.examples import (
    CORRECT_EVENT,
    OPEN_DISPUTE,
    OPEN_TICKET,
    OTHER_TICKET,
    RETRACT_EVENT,
    START,
    STATE_POSITION,
    SUBMIT_EVIDENCE,
    but,
)
from tests.program import COLOURS, asked, on_terminal
from ticketing.application import Ticketing

PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\n%%EOF"
SHA256 = hashlib.sha256(PHOTO).hexdigest()
BY = ("--actor", "cust-1:customer")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with a ticket R-1001 and its dispute D-1, and two files beside it, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TICKETING_EVIDENCE", raising=False)
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(OPEN_TICKET)
        app.handle(but(OPEN_DISPUTE, about_version=None))
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    (tmp_path / "scan.pdf").write_bytes(PDF)
    return tmp_path


def run(*arguments: str, answer: str = "") -> Result:
    return asked("sqlite:///r.db", "evidence", *arguments, answer=answer)


def add(file: str, evidence_id: str, *more: str) -> Result:
    return run("add", "R-1001", file, "--id", evidence_id, *BY, *more)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    return result.stdout


def kept(here: Path) -> list[Path]:
    folder = here / "r.db.evidence"
    return [path for path in folder.rglob("*") if path.is_file()]


def damage(here: Path) -> None:
    (path,) = kept(here)
    path.chmod(0o600)
    path.write_bytes(b"another")


# add


def test_a_file_is_kept_and_put_on_record_with_its_hash_its_type_and_its_length(here: Path) -> None:
    captured = ("--captured-at", "2026-03-01", "--zone", "Europe/Berlin", "--captured-by", "cust-1")
    added = add("photo.jpg", "E-1", "--dispute", "D-1", "--kind", "photo", *captured)
    assert (added.exit_code, added.stdout) == (0, "")
    assert added.stderr == f"E-1 is on the record of R-1001 as fact 3: image/jpeg, 22 bytes, SHA-256 {SHA256}.\n"
    with Ticketing("sqlite:///r.db") as app:
        fact = app.history("R-1001")[-1]
    assert (fact.actor.id, fact.actor.role) == ("cust-1", "customer")
    assert fact.event.model_dump(mode="json", exclude_none=True) == {
        "evidence_id": "E-1",
        "dispute_id": "D-1",
        "sha256": SHA256,
        "media_type": "image/jpeg",
        "kind": "photo",
        "size_bytes": 22,
        "captured_at": "2026-02-28T23:00:00.000000Z",  # midnight in Berlin
        "captured_by": "cust-1",
    }
    assert kept(here) == [here / "r.db.evidence" / SHA256[:2] / SHA256[2:]]


@pytest.mark.parametrize(
    ("more", "code", "why"),
    [
        (("--dispute", "D-9"), 1, "unknown-reference: there is no dispute D-9"),
        (("--media-type", "application/pdf"), 2, "it is said to be application/pdf, and its content is image/jpeg"),
        (("--sha256", "ab" * 32), 2, f"its SHA-256 must be {'ab' * 32}, and is {SHA256}"),
        (("--captured-at", "yesterday"), 2, "--captured-at yesterday: this is no instant"),
        (("--kind", "a\nb"), 2, "SubmitEvidence.kind"),
    ],
)
def test_what_is_refused_leaves_neither_fact_nor_file(more: tuple[str, ...], code: int, why: str, here: Path) -> None:
    refused = add("photo.jpg", "E-1", *more)
    assert refused.exit_code == code
    assert why in refused.stderr
    assert kept(here) == []
    with Ticketing("sqlite:///r.db") as app:
        assert app.ticket("R-1001").version == 2


def test_an_id_that_is_on_record_already_is_refused_and_the_first_file_stays(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    refused = add("scan.pdf", "E-1")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "ticketing: already-on-record: evidence E-1 is on record already\n",
    )
    assert add("photo.jpg", "E-1").exit_code == 1
    assert [path.read_bytes() for path in kept(here)] == [PHOTO]


def test_a_ticket_that_is_not_there_is_found_out_before_anything_is_copied(here: Path) -> None:
    refused = run("add", "R-9", "photo.jpg", "--id", "E-1", *BY)
    assert (refused.exit_code, refused.stderr) == (1, "ticketing: there is no ticket R-9\n")
    assert not (here / "r.db.evidence").exists()


def test_a_file_over_the_limit_is_refused_unless_a_higher_one_is_given(here: Path) -> None:
    film = here / "long.jpg"
    with film.open("wb") as file:
        file.write(PHOTO)
        file.truncate(2_000_000)
    refused = add("long.jpg", "E-1", "--limit-mb", "1")
    assert refused.exit_code == 2
    assert "long.jpg: it is longer than 1,000,000 bytes" in refused.stderr
    done(add("long.jpg", "E-1", "--limit-mb", "2"))


# list


def test_the_list_says_of_each_piece_whether_its_file_is_here() -> None:
    done(add("photo.jpg", "E-1", "--kind", "photo", "--dispute", "D-1", "--held-by", "berlin"))
    done(add("scan.pdf", "E-2"))
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(SUBMIT_EVIDENCE, evidence_id="E-3", dispute_id=None, size_bytes=None, occurred_at=None))
    assert run("erase", "R-1001", "E-2", "--yes").exit_code == 0
    listed = done(run("list", "R-1001")).splitlines()
    assert [line for line in listed if not line.startswith(" ")] == [
        "E-1  photo, image/jpeg, 22 bytes: here",
        f"E-2  application/pdf, {len(PDF)} bytes: erased",
        "E-3  image/jpeg: not here",
        "3 pieces of evidence; times in UTC",
    ]
    assert f"  SHA-256 {SHA256}" in listed
    assert "  of dispute D-1" in listed
    assert "  the thing itself is with berlin" in listed


def test_evidence_that_was_taken_back_is_listed_as_such_for_its_file_stays() -> None:
    done(add("photo.jpg", "E-1"))
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(RETRACT_EVENT, target_version=3, approved_by="m-2", occurred_at=None))
    assert "fact 3, taken back later" in done(run("list", "R-1001"))
    done(run("erase", "R-1001", "E-1", "--yes"))
    (piece,) = json.loads(done(run("list", "R-1001", "--format", "json")))
    assert (piece["is_retracted"], piece["state"]) == (True, "erased")


def test_evidence_that_was_corrected_is_listed_as_it_was_set_right() -> None:
    done(add("photo.jpg", "E-1", "--kind", "fotograf"))
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        right = but(CORRECT_EVENT, target_version=3, field="kind", is_="photo", approved_by="m-2", occurred_at=None)
        app.handle(right)
    assert "E-1  photo, image/jpeg, 22 bytes: here" in done(run("list", "R-1001"))


def test_the_list_as_json_has_the_fields_of_the_fact_and_where_the_file_is() -> None:
    done(add("photo.jpg", "E-1"))
    (piece,) = json.loads(done(run("list", "R-1001", "--format", "json")))
    assert (piece["evidence_id"], piece["state"], piece["version"]) == ("E-1", "here", 3)
    assert Path(piece["path"]).read_bytes() == PHOTO
    assert json.loads(done(run("list", "R-1001", "--format", "json")))[0]["actor"]["id"] == "cust-1"


def test_a_ticket_without_evidence_says_so() -> None:
    assert done(run("list", "R-1001")) == "R-1001 has no evidence on record.\n"


# get


def test_a_file_is_given_out_and_its_hash_holds(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    got = run("get", "R-1001", "E-1", "--out", "copy.jpg")
    assert got.exit_code == 0
    assert f"its SHA-256 {SHA256} holds" in got.stderr
    assert (here / "copy.jpg").read_bytes() == PHOTO
    assert (here / "copy.jpg").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_not_given_out(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    damage(here)
    got = run("get", "R-1001", "E-1", "--out", "copy.jpg")
    assert got.exit_code == 2
    assert "this evidence file is damaged" in got.stderr
    assert not (here / "copy.jpg").exists()


def test_a_file_that_is_there_already_is_not_written_over(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    got = run("get", "R-1001", "E-1", "--out", "scan.pdf")
    assert (got.exit_code, got.stderr) == (2, "ticketing: scan.pdf: File exists\n")
    assert (here / "scan.pdf").read_bytes() == PDF


def test_evidence_that_is_not_on_record_is_found_wanting_with_what_is() -> None:
    done(add("photo.jpg", "E-1"))
    got = run("get", "R-1001", "E-2", "--out", "copy.jpg")
    assert (got.exit_code, got.stderr) == (1, "ticketing: R-1001 has no evidence E-2; it has E-1\n")


# check


def test_a_store_whose_files_are_as_they_were_kept_is_in_order() -> None:
    assert done(run("check")) == "Nothing is wrong in r.db.evidence: no evidence on record.\n"
    done(add("photo.jpg", "E-1"))
    assert done(run("check")) == "Nothing is wrong in r.db.evidence: 1 here.\n"


def test_a_damaged_file_is_named_with_its_ticket_and_both_hashes(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    damage(here)
    checked = run("check")
    assert checked.exit_code == 1
    assert checked.stdout.splitlines() == [
        "E-1 of R-1001, fact 3 at position 3: its file is damaged",
        f"  file     r.db.evidence/{SHA256[:2]}/{SHA256[2:]}",
        f"  SHA-256  {SHA256}",
        f"  and is   {hashlib.sha256(b'another').hexdigest()}",
        "1 thing is wrong in r.db.evidence: 1 damaged.",
    ]
    (found,) = json.loads(run("check", "--format", "json").stdout)
    assert (found["state"], found["is_wrong"], found["evidence_id"]) == ("damaged", True, "E-1")


def test_ten_files_that_are_elsewhere_are_named_and_the_others_counted() -> None:
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        for number in range(12):
            app.handle(
                but(SUBMIT_EVIDENCE, evidence_id=f"E-{number}", dispute_id=None, size_bytes=None, occurred_at=None)
            )
    told = done(run("check")).splitlines()
    assert sum("its file is not here" in line for line in told) == 10
    assert told[-2:] == [
        "… and 2 more not here, all of them with --format json",
        "Nothing is wrong in r.db.evidence: 12 not here.",
    ]


def test_a_store_without_a_folder_asks_for_one() -> None:
    asked_of_memory = asked("memory:", "evidence", "check")
    assert asked_of_memory.exit_code == 2
    assert "TICKETING_EVIDENCE" in asked_of_memory.stderr


# erase


def test_erasing_asks_first_and_names_others_with_the_same_content(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    done(add("photo.jpg", "E-2"))
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(OPEN_TICKET, ticket_id=OTHER_TICKET, number="R-1002", serial="another"))
    done(run("add", "R-1002", "photo.jpg", "--id", "E-1", *BY))
    refused = run("erase", "R-1001", "E-1", answer="n\n")
    assert refused.exit_code == 1
    assert "which is also E-2 of R-1001 (fact 4), E-1 of R-1002 (fact 2), for good?" in refused.stderr
    assert len(kept(here)) == 1
    erased = run("erase", "R-1001", "E-1", answer="y\n")
    assert erased.exit_code == 0
    assert "was erased; its hash stays on record" in erased.stderr
    assert f"SHA-256 {SHA256}" in done(run("list", "R-1002"))
    assert "erased before" in run("erase", "R-1001", "E-2", "--yes").stderr


def test_erasing_names_the_letters_and_corrections_that_have_the_same_content(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(STATE_POSITION, letter_hash=SHA256, language=None, occurred_at=None))
        app.handle(but(STATE_POSITION, letter_hash="ab" * 32, occurred_at=None))
        right = but(CORRECT_EVENT, target_version=5, field="letter_hash", is_=SHA256, approved_by="m-2")
        app.handle(but(right, occurred_at=None))
    refused = run("erase", "R-1001", "E-1", answer="n\n")
    others = "which is also customer's letter of R-1001 (fact 4), correction of fact 5 of R-1001 (fact 6), for good?"
    assert others in refused.stderr


def test_the_check_says_which_letter_a_damaged_file_is(here: Path) -> None:
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.evidence.keep(here / "photo.jpg")
        app.handle(but(STATE_POSITION, letter_hash=SHA256, occurred_at=None))
    assert done(run("check")) == "Nothing is wrong in r.db.evidence: 1 here.\n"
    damage(here)
    assert run("check").stdout.startswith("customer's letter of R-1001, fact 3 at position 3: its file is damaged\n")


def test_a_file_that_is_not_here_cannot_be_erased() -> None:
    with Ticketing("sqlite:///r.db", clock=lambda: START) as app:
        app.handle(but(SUBMIT_EVIDENCE, dispute_id=None, size_bytes=None, occurred_at=None))
    erased = run("erase", "R-1001", "E-1", "--yes")
    assert (erased.exit_code, erased.stderr) == (1, "ticketing: the file of E-1 of R-1001 is not here\n")


def test_erasing_what_people_said_names_the_evidence_files_that_stay(here: Path) -> None:
    done(add("photo.jpg", "E-1"))
    erased = asked("sqlite:///r.db", "erase", "R-1001", "--yes")
    assert erased.exit_code == 0
    assert "Evidence files stay: E-1. To erase one: ticketing evidence erase R-1001 E-1" in erased.stderr
    assert len(kept(here)) == 1


# on a terminal


def test_the_list_fits_a_terminal_of_80_columns(here: Path) -> None:
    done(add("photo.jpg", "E-1", "--kind", "photo", "--dispute", "D-1"))
    seen = COLOURS.sub("", on_terminal("evidence", "list", "R-1001", store="sqlite:///r.db", folder=here))
    assert max(len(line.rstrip()) for line in seen.splitlines()) <= 80
    assert f"  SHA-256 {SHA256}" in [line.rstrip() for line in seen.splitlines()]
