"""Verify finds whatever was changed of a dossier, whoever changed it, and needs nothing of this package."""

import ast
import base64
import hashlib
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import dossier_examples as d
from tests.dossier_examples import COMPANY, NUMBER, PHOTO_HASH, PHOTO_PATH, STRANGER, WITNESS, Files
from tests.fuzz_dossier import Fuzzer
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.notes import Note, cosign, sign
from ticketing.domain.merkle import Growing, inclusion_proof, leaf_hash
from ticketing.pages import verify as verify_module
from ticketing.pages.verify import main, root_of

SOURCE = Path(verify_module.__file__)
KEY = str(COMPANY.verifying)
Tamper = Callable[[Files, Files], Files]
"""Makes other files of those of a dossier; the second are of the same ticket in another log."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a dossier of the ticket, and one of the same ticket in another log."""
    folder = tmp_path_factory.mktemp("dossiers")
    for name, seed in (("dossier", 1), ("other", 2)):
        with d.disputed(folder, seed=seed) as app:
            d.written(app, folder / f"{name}.zip", "all")
    return folder


@pytest.fixture(scope="module")
def dossier(folder: Path) -> Path:
    return folder / "dossier.zip"


@pytest.fixture(scope="module")
def files(dossier: Path) -> Files:
    return d.unpacked(dossier)


@pytest.fixture(scope="module")
def other_log(folder: Path) -> Files:
    return d.unpacked(folder / "other.zip")


def at_version(files: Files, version: int) -> int:
    """The line on which a version of the ticket stands, from 0."""
    lines = d.lines_of(files)
    ticket = files["manifest.txt"].decode().split()[4]
    return next(at for at, line in enumerate(lines) if (line["stream_id"], line["version"]) == (ticket, version))


# what holds


def test_a_dossier_holds_with_the_keys_of_the_company_and_the_witness(
    dossier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(dossier), "--key", KEY, "--witness", str(WITNESS.verifying)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("it holds: ticket ")
    assert f" {NUMBER}, whole up to head {d.HEAD} " in said[0]
    assert said[1].startswith("signed by repairs.example/log, maker.example at 2026-04-01 12:00:00+00:00; 8 files")
    assert [line.partition(":")[0] for line in said[2:]] == ["not checked"] * 2


def test_without_a_key_it_says_that_a_dossier_is_shown_only_to_fit_itself(
    dossier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(dossier)]) == 0
    said = capsys.readouterr().out
    assert f"shows only that it fits itself: nobody gave --key; compare its key {KEY}" in said
    assert f"not shown who witnessed it; compare the key {WITNESS.verifying}" in said


def test_a_stranger_can_make_a_dossier_that_fits_itself_and_the_company_s_key_finds_it_out(
    folder: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = Note.parse(files["checkpoint.txt"])
    forged = sign(Note(checkpoint.body), STRANGER)
    keys = f"{STRANGER.verifying}\n".encode()
    changed = d.resigned(files | {"checkpoint.txt": str(forged).encode(), "keys.txt": keys}, STRANGER)
    path = folder / "forged.zip"
    path.write_bytes(d.packed(changed))
    assert main([str(path)]) == 0
    assert f"compare its key {STRANGER.verifying}" in capsys.readouterr().out
    assert main([str(path), "--key", KEY]) == 1
    assert "manifest.txt: the signature of repairs.example/log does not hold" in capsys.readouterr().out


@given(st.integers(1, 300), st.data())
def test_a_proof_leads_to_the_root_of_its_tree_and_no_other_proof_does(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree, hashes = Growing(), dict[tuple[int, int], bytes]()
    for number in range(size):
        hashes.update(tree.add(leaf_hash(b"%d" % number)))
    proof = [base64.b64encode(step).decode() for step in inclusion_proof(index, size, hashes.__getitem__)]
    assert leads(tree.root(), index, size, proof)
    others = [[*proof, "AAAA"], ["AAAA", *proof], proof[1:] or ["AAAA"], proof[:-1] or ["AAAA"]]
    assert not any(leads(tree.root(), index, size, other) for other in others)
    assert not leads(
        tree.root(), data.draw(st.integers(-2, size + 2).filter(lambda other: other != index)), size, proof
    )


def leads(root: bytes, index: int, size: int, proof: list[str]) -> bool:
    """Whether the proof leads from the leaf that stands there, or should, to the root."""
    try:
        return root_of(leaf_hash(b"%d" % index), index, size, [*proof]) == root
    except (IndexError, ValueError):
        return False


# what was changed


def bit_of_an_event(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    at = at_version(files, 12)
    lines[at]["state"] = lines[at]["state"].replace("misuse", "misusf")
    return d.with_lines(files, lines)


def stamp_of_an_event(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    at = at_version(files, 12)
    lines[at]["recorded_at"] = lines[at]["recorded_at"].replace("2026-03-02", "2026-03-01")
    return d.with_lines(files, lines)


def event_printed_twice_over(files: Files, other_log: Files) -> Files:
    """One thing to a program that takes the first of two values, another to one that takes the last."""
    lines = files["events.jsonl"].decode().split("\n")
    at = at_version(files, 12)
    lines[at] = lines[at].replace('"version":12', '"version":7,"version":12')
    return files | {"events.jsonl": "\n".join(lines).encode()}


def private_text(files: Files, other_log: Files) -> Files:
    texts = json.loads(files["texts.json"])
    texts[1]["text"] += "!"
    return d.with_json(files, "texts.json", texts)


def salt(files: Files, other_log: Files) -> Files:
    texts = json.loads(files["texts.json"])
    texts[1]["salt"] = "00" * 16
    return d.with_json(files, "texts.json", texts)


def text_made_up(files: Files, other_log: Files) -> Files:
    digest = hashlib.sha256(bytes(16) + b"He admitted it.").hexdigest()
    made_up = {"digest": digest, "salt": "00" * 16, "text": "He admitted it."}
    return d.with_json(files, "texts.json", [*json.loads(files["texts.json"]), made_up])


def without_version(files: Files, version: int) -> Files:
    lines, proofs = d.lines_of(files), json.loads(files["proofs.json"])
    removed = lines.pop(at_version(files, version))
    del proofs["inclusion"][str(removed["position"])]
    return d.with_json(d.with_lines(files, lines), "proofs.json", proofs)


def event_removed(files: Files, other_log: Files) -> Files:
    return without_version(files, 12)


def event_removed_and_its_proof_left(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    del lines[at_version(files, 12)]
    return d.with_lines(files, lines)


def event_removed_and_the_others_renumbered(files: Files, other_log: Files) -> Files:
    at = at_version(files, 12)
    lines = d.lines_of(without_version(files, 12))
    for line in lines[at:]:
        line["version"] -= 1
    return d.with_lines(without_version(files, 12), lines)


def two_swapped(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    at = at_version(files, 12)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return d.with_lines(files, lines)


def two_swapped_in_their_places(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    at = at_version(files, 12)
    for name in ("topic", "state"):
        lines[at][name], lines[at + 1][name] = lines[at + 1][name], lines[at][name]
    return d.with_lines(files, lines)


def standard_removed_and_its_proof_left(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    return d.with_lines(files, [line for line in lines if line["topic"] != "ticketing:StandardPublished"])


def event_twice(files: Files, other_log: Files) -> Files:
    lines = d.lines_of(files)
    return d.with_lines(files, [*lines, lines[at_version(files, 12)]])


def tail_cut(files: Files, other_log: Files) -> Files:
    return without_version(files, d.HEAD)


def page_replaced(files: Files, other_log: Files) -> Files:
    return files | {"index.html": files["index.html"].replace(b"customer", b"Customer")}


def program_replaced(files: Files, other_log: Files) -> Files:
    return files | {"verify.py": b"print('it holds')\n"}


def evidence_replaced(files: Files, other_log: Files) -> Files:
    return files | {PHOTO_PATH: files[PHOTO_PATH] + b"\0"}


def evidence_added(files: Files, other_log: Files) -> Files:
    return files | {f"evidence/{hashlib.sha256(b'forged').hexdigest()}.txt": b"forged"}


def evidence_removed(files: Files, other_log: Files) -> Files:
    return {path: content for path, content in files.items() if path != PHOTO_PATH}


def proofs_of_another_log(files: Files, other_log: Files) -> Files:
    return files | {"proofs.json": other_log["proofs.json"]}


def checkpoint_of_another_log(files: Files, other_log: Files) -> Files:
    return files | {"proofs.json": other_log["proofs.json"], "checkpoint.txt": other_log["checkpoint.txt"]}


def events_of_another_log(files: Files, other_log: Files) -> Files:
    return files | {"events.jsonl": other_log["events.jsonl"]}


def signatures_of(files: Files) -> list[str]:
    return [str(line) for line in Note.parse(files["checkpoint.txt"]).signatures]


def with_checkpoint(files: Files, *signatures: str) -> Files:
    body = Note.parse(files["checkpoint.txt"]).body
    return files | {"checkpoint.txt": f"{body}\n{''.join(signatures)}".encode()}


def co_signature_forged(files: Files, other_log: Files) -> Files:
    """Signed with another key, under the witness's name and number."""
    company, witness = signatures_of(files)
    _, name, encoded = witness.split()
    real = base64.b64decode(encoded)
    forged = SigningKey(name, "witness", bytes(32)).signature(b"whatever")
    return with_checkpoint(files, company, f"— {name} {base64.b64encode(real[:12] + forged).decode()}\n")


def co_signature_dated_back(files: Files, other_log: Files) -> Files:
    company, witness = signatures_of(files)
    _, name, encoded = witness.split()
    real = base64.b64decode(encoded)
    earlier = real[:4] + (int.from_bytes(real[4:12], "big") - 86_400).to_bytes(8, "big") + real[12:]
    return with_checkpoint(files, company, f"— {name} {base64.b64encode(earlier).decode()}\n")


def co_signature_of_another_key(files: Files, other_log: Files) -> Files:
    impostor = SigningKey(WITNESS.name, "witness", bytes(32))
    note = cosign(Note(Note.parse(files["checkpoint.txt"]).body), impostor, d.SEEN_AT)
    return with_checkpoint(files, signatures_of(files)[0], str(note.signatures[0]))


def co_signature_removed(files: Files, other_log: Files) -> Files:
    return with_checkpoint(files, signatures_of(files)[0])


def co_signature_of_a_stranger_added(files: Files, other_log: Files) -> Files:
    stranger = SigningKey("notary.example", "witness", bytes(32))
    note = cosign(Note.parse(files["checkpoint.txt"]), stranger, d.SEEN_AT)
    return files | {"checkpoint.txt": str(note).encode()}


def co_signature_twice(files: Files, other_log: Files) -> Files:
    company, witness = signatures_of(files)
    return with_checkpoint(files, company, witness, witness)


def company_s_signature_removed(files: Files, other_log: Files) -> Files:
    return with_checkpoint(files, signatures_of(files)[1])


def checkpoint_made_larger(files: Files, other_log: Files) -> Files:
    lines = files["checkpoint.txt"].decode().split("\n")
    lines[1] = str(int(lines[1]) + 1)
    return files | {"checkpoint.txt": "\n".join(lines).encode()}


def key_of_a_stranger(files: Files, other_log: Files) -> Files:
    return files | {"keys.txt": files["keys.txt"].replace(KEY.encode(), str(STRANGER.verifying).encode())}


REFUSED = "version 12, ticketing:ServiceRefused"
DISPUTED = "version 13, ticketing:DisputeOpened"
NOT_SO = "the log that the checkpoint signs does not hold it as it stands here"
MISPLACED = "what stood before it is missing, or it stands in another place"
NO_PROOF = "it cannot be read, or has no proof"
NOT_HASHED = "it is not what was hashed into"
NOT_LISTED = "not as the manifest lists it"

FOUND_WHOEVER_DID_IT: list[tuple[Tamper, str]] = [
    (bit_of_an_event, f"{REFUSED}: {NOT_SO}"),
    (stamp_of_an_event, f"{REFUSED}: {NOT_SO}"),
    (event_printed_twice_over, f"{REFUSED}: {NOT_SO}"),
    (
        private_text,
        f"texts.json, text 2: {NOT_HASHED} events.jsonl, line 2: position 6, version 1, ticketing:TicketOpened",
    ),
    (salt, f"texts.json, text 2: {NOT_HASHED} events.jsonl, line 2"),
    (text_made_up, f"{NOT_HASHED} any event here"),
    (event_removed, f"{DISPUTED}: {MISPLACED}"),
    (event_removed_and_its_proof_left, f"{DISPUTED}: {MISPLACED}"),
    (event_removed_and_the_others_renumbered, f"version 12, ticketing:DisputeOpened: {NOT_SO}"),
    (two_swapped, f"{DISPUTED}: {MISPLACED}"),
    (two_swapped_in_their_places, f"version 12, ticketing:DisputeOpened: {NOT_SO}"),
    (
        standard_removed_and_its_proof_left,
        "events.jsonl, proofs.json: more or less than the manifest says",
    ),
    (event_twice, f"{REFUSED}: {NO_PROOF}"),
    (evidence_replaced, f"{PHOTO_PATH}: {NOT_HASHED} events.jsonl, line"),
    (evidence_added, f".txt: {NOT_HASHED} any event here"),
    (proofs_of_another_log, f"version 1, ticketing:TicketOpened: {NOT_SO}"),
    (events_of_another_log, f"version 1, ticketing:TicketOpened: {NOT_SO}"),
    (checkpoint_of_another_log, "manifest.txt: it is of another kind, or of another checkpoint"),
    (checkpoint_made_larger, "checkpoint.txt: the signature of maker.example does not hold"),
    (co_signature_forged, "checkpoint.txt: the signature of maker.example does not hold"),
    (co_signature_dated_back, "checkpoint.txt: the signature of maker.example does not hold"),
    (co_signature_of_another_key, "checkpoint.txt: the signature of maker.example does not hold"),
    (co_signature_removed, f"checkpoint.txt: it lacks the signature of maker.example+{WITNESS.verifying.key_id.hex()}"),
    (co_signature_of_a_stranger_added, "checkpoint.txt: the signature of notary.example does not hold"),
    (co_signature_twice, "checkpoint.txt: the signature of maker.example does not hold"),
    (company_s_signature_removed, "checkpoint.txt: it lacks the signature of repairs.example/log+"),
]
FOUND_UNLESS_THE_COMPANY_DID_IT: list[tuple[Tamper, str]] = [
    (tail_cut, f"events.jsonl, proofs.json: more or less than the manifest says: ['{NUMBER}', {d.HEAD - 1}, "),
    (page_replaced, f"index.html: {NOT_LISTED}"),
    (program_replaced, f"verify.py: {NOT_LISTED}"),
    (evidence_removed, f"{PHOTO_PATH}: {NOT_LISTED}"),
    (key_of_a_stranger, f"keys.txt: {NOT_LISTED}"),
]
ALL = [*FOUND_WHOEVER_DID_IT, *FOUND_UNLESS_THE_COMPANY_DID_IT]


def named(changes: list[tuple[Tamper, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("change", "finding"), changes, ids=[change.__name__ for change, _ in changes])


@named(ALL)
def test_what_was_changed_in_the_zip_is_found_and_named(
    change: Tamper, finding: str, files: Files, other_log: Files, tmp_path: Path
) -> None:
    code, said = d.verified(tmp_path / "changed.zip", d.packed(change(files, other_log)), COMPANY, WITNESS)
    assert code == 1
    assert said.startswith("it does not hold:\n")
    assert finding in said


@named(ALL)
def test_who_makes_the_list_of_files_fit_cannot_sign_it(
    change: Tamper, finding: str, files: Files, other_log: Files, tmp_path: Path
) -> None:
    changed = d.relisted(change(files, other_log))
    code, said = d.verified(tmp_path / "changed.zip", d.packed(changed), COMPANY, WITNESS)
    assert code == 1
    assert "manifest.txt: the signature of repairs.example/log does not hold" in said
    if change is not tail_cut:  # that is told by the list alone
        assert NOT_LISTED not in said


@named(FOUND_WHOEVER_DID_IT)
def test_the_company_itself_cannot_change_what_a_witness_has_seen(
    change: Tamper, finding: str, files: Files, other_log: Files, tmp_path: Path
) -> None:
    changed = d.resigned(change(files, other_log))
    code, said = d.verified(tmp_path / "changed.zip", d.packed(changed), COMPANY, WITNESS)
    assert code == 1
    assert finding in said
    assert "manifest.txt: the signature" not in said


def test_what_the_company_left_out_at_the_end_is_not_found_as_the_documentation_says(
    files: Files, tmp_path: Path
) -> None:
    cut = tail_cut(files, {})
    last = d.lines_of(cut)[-1]
    manifest = cut["manifest.txt"].decode().split("\n")
    manifest[2] = f"head {last['version']} {last['position']}"
    changed = d.resigned(cut | {"manifest.txt": "\n".join(manifest).encode(), "texts.json": b"[]"})
    assert d.verified(tmp_path / "cut.zip", d.packed(changed), COMPANY, WITNESS)[0] == 0


def test_a_manifest_signed_twice_is_another_file_than_the_one_that_was_handed_out(files: Files, tmp_path: Path) -> None:
    manifest = files["manifest.txt"].decode()
    twice = manifest + manifest.rpartition("\n\n")[2]
    code, said = d.verified(tmp_path / "twice.zip", d.packed(files | {"manifest.txt": twice.encode()}))
    assert code == 1
    assert "manifest.txt: the signature of repairs.example/log does not hold" in said


def test_another_key_than_the_company_s_is_found(dossier: Path, tmp_path: Path) -> None:
    code, said = d.verified(tmp_path / "same.zip", dossier.read_bytes(), STRANGER)
    assert code == 1
    assert "manifest.txt: the signature of repairs.example/log does not hold" in said


def test_another_key_than_the_witness_s_is_found(dossier: Path, tmp_path: Path) -> None:
    other = SigningKey(WITNESS.name, "witness", bytes(32))
    code, said = d.verified(tmp_path / "same.zip", dossier.read_bytes(), COMPANY, other)
    assert code == 1
    assert f"checkpoint.txt: it lacks the signature of maker.example+{other.verifying.key_id.hex()}" in said


def test_a_key_whose_number_does_not_fit_it_is_none(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, number, encoded = str(STRANGER.verifying).split("+", 2)
    passed_off = f"{name}+{COMPANY.verifying.key_id.hex()}+{encoded}"
    assert number != COMPANY.verifying.key_id.hex()
    assert main([str(dossier), "--key", passed_off]) == 2
    assert "is no verifier key" in capsys.readouterr().out


def test_a_key_of_an_unknown_kind_is_none(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = b"\2" + COMPANY.verifying.public
    number = hashlib.sha256(b"repairs.example/log\n" + raw).hexdigest()[:8]
    assert main([str(dossier), "--key", f"repairs.example/log+{number}+{base64.b64encode(raw).decode()}"]) == 2
    assert "is no verifier key" in capsys.readouterr().out


def test_a_manifest_of_another_kind_is_found_even_with_the_company_s_signature(files: Files, tmp_path: Path) -> None:
    changed = files | {"manifest.txt": files["manifest.txt"].replace(b"dossier v1", b"dossier v2")}
    code, said = d.verified(tmp_path / "changed.zip", d.packed(d.resigned(changed)))
    assert (code, said) == (1, "it does not hold:\nmanifest.txt: it is of another kind, or of another checkpoint\n")


def test_a_log_in_which_a_later_version_stands_before_an_earlier_one_is_found(files: Files, tmp_path: Path) -> None:
    stream = "00000000-0000-4000-8000-000000000001"
    events: list[dict[str, object]] = [
        {"position": 3 - version, "stream_id": stream, "version": version, "topic": "ticketing:NoteRecorded"}
        | {"recorded_at": "2026-03-02T09:00:00.000000Z", "state": '{"event":{"number":"R-1"}}'}
        for version in (1, 2)
    ]
    fields = [[str(value).encode() for value in event.values()] for event in reversed(events)]
    entries = [b"".join(struct.pack(">I", len(part)) + part for part in entry) for entry in fields]
    tree = Growing()
    first, second = (leaf_hash(entry) for entry in entries)
    tree.add(first)
    tree.add(second)
    root = base64.b64encode(tree.root()).decode()
    proofs = {"1": [base64.b64encode(second).decode()], "2": [base64.b64encode(first).decode()]}
    body = f"repairs.example/log\n2\n{root}\n"
    made = d.with_json(d.with_lines(files, events), "proofs.json", {"size": 2, "root": root, "inclusion": proofs}) | {
        "checkpoint.txt": str(cosign(sign(Note(body), COMPANY), WITNESS, d.SEEN_AT)).encode(),
        "texts.json": b"[]",
        "manifest.txt": f"ticketing dossier v1\nticket {stream} R-1\nhead 2 1\ncheckpoint 2 {root}\n\n".encode(),
    }
    code, said = d.verified(tmp_path / "made.zip", d.packed(d.resigned(evidence_removed(made, {}))))
    assert code == 1
    assert (
        said == f"it does not hold:\nevents.jsonl, line 2: position 1, version 2, ticketing:NoteRecorded: {MISPLACED}\n"
    )


def test_a_changed_byte_names_file_line_and_event(dossier: Path, tmp_path: Path) -> None:
    content = bytearray(dossier.read_bytes())
    content[content.index(b"misuse")] ^= 1
    code, said = d.verified(tmp_path / "changed.zip", bytes(content))
    assert code == 1
    assert f"events.jsonl, line 13: position 17, {REFUSED}: {NOT_SO}" in said


def texts_changed(files: Files, change: Callable[[dict[str, str]], dict[str, str]]) -> Files:
    return d.with_json(files, "texts.json", [change(each) for each in json.loads(files["texts.json"])])


def begun_in_the_salt(text: dict[str, str]) -> dict[str, str]:
    first, rest = text["text"][:1], text["text"][1:]
    return text | {"salt": text["salt"] + first.encode().hex(), "text": rest}


def with_ticket_named(files: Files, number: str) -> Files:
    return files | {"manifest.txt": files["manifest.txt"].replace(f" {NUMBER}\n".encode(), f" {number}\n".encode(), 1)}


SAID_BESIDES: dict[str, tuple[Callable[[Files], Files], str]] = {
    "texts cut at the front": (lambda files: texts_changed(files, begun_in_the_salt), "texts.json, text 1: it is not"),
    "a field beside a text": (
        lambda files: texts_changed(files, lambda text: text | {"said_by": "customer"}),
        "texts.json, text 1: it is not",
    ),
    "a field beside an event": (
        lambda files: d.with_lines(files, [line | {"note": "he confessed"} for line in d.lines_of(files)]),
        f"{REFUSED}: {NOT_SO}",
    ),
    "a field beside the proofs": (
        lambda files: d.with_json(files, "proofs.json", json.loads(files["proofs.json"]) | {"note": "all paid"}),
        "events.jsonl, proofs.json: more or less",
    ),
    "the size of another log": (
        lambda files: d.with_json(files, "proofs.json", json.loads(files["proofs.json"]) | {"size": 1}),
        "events.jsonl, proofs.json: more or less",
    ),
    "another number": (lambda files: with_ticket_named(files, "N-9999 (refunded)"), "['N-9999 (refunded)', "),
    "a path upwards": (lambda files: files | {"../evil.txt": b"x"}, "../evil.txt: it is not what was hashed"),
    "a file of none": (lambda files: files | {"evil.txt": b"x"}, "evil.txt: it is not what was hashed"),
    "evidence as a page": (
        lambda files: files | {f"evidence/{PHOTO_HASH}/../../x.html": files[PHOTO_PATH]},
        "x.html: it is not what was hashed",
    ),
}


@pytest.mark.parametrize("kind", SAID_BESIDES)
def test_the_company_itself_cannot_have_more_said_than_was_proved(kind: str, files: Files, tmp_path: Path) -> None:
    change, finding = SAID_BESIDES[kind]
    code, said = d.verified(tmp_path / "changed.zip", d.packed(d.resigned(change(files))), COMPANY, WITNESS)
    assert code == 1
    assert finding in said


@pytest.mark.parametrize("option", ["--key", "--witness"])
@pytest.mark.parametrize("text", ["", "log.pub", "a+b+c"])
def test_what_is_given_as_a_key_and_is_none_is_refused(
    option: str, text: str, dossier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(dossier), option, text]) == 2
    assert f"--key, --witness or keys.txt: {text}: this is no verifier key" in capsys.readouterr().out


def test_with_the_company_s_key_only_the_witness_is_not_shown(
    dossier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(dossier), "--key", KEY]) == 0
    said = capsys.readouterr().out
    assert "fits itself" not in said
    assert f"not shown who witnessed it; compare the key {WITNESS.verifying}" in said


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0", b"%PDF-1.7"])
def test_what_is_no_dossier_at_all_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    code, said = d.verified(tmp_path / "none.zip", content)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("it cannot be read as a dossier")


# zips


def with_zipfile(files: Files, *, compression: int = zipfile.ZIP_STORED, **settings: object) -> bytes:
    """The files as Python's own library packs them."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path)
            info.compress_type = compression
            for name, value in settings.items():
                setattr(info, name, value)
            archive.writestr(info, content)
    return file.getvalue()


def with_one_more(files: Files, path: str) -> bytes:
    return d.packed(files | {path: b"something"})


def with_index_twice(files: Files) -> bytes:
    """Two files of one name: one program shows the first, another the last."""
    twice = d.packed(files | {"index.htmm": b"<h1>Another page</h1>"})
    return twice.replace(b"index.htmm", b"index.html")


class Backwards(str):
    """A path that is sorted the wrong way."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return str.__gt__(self, other)


def named_otherwise_in_the_directory(files: Files) -> bytes:
    content = d.packed(files)
    at = content.rindex(b"index.html")
    return content[:at] + b"index.htmm" + content[at + 10 :]


def with_larger_size(files: Files) -> bytes:
    content = bytearray(d.packed(files))
    content[18:26] = b"\xff\xff\xff\x7f" * 2
    return bytes(content)


def with_comment(files: Files) -> bytes:
    return d.packed(files)[:-2] + b"\x05\0hello"


ZIPS: dict[str, Callable[[Files], bytes]] = {
    "compressed": lambda files: with_zipfile(files, compression=zipfile.ZIP_DEFLATED),
    "a bomb": lambda files: with_zipfile(files | {"index.html": bytes(10_000_000)}, compression=zipfile.ZIP_DEFLATED),
    "dated today": lambda files: with_zipfile(files, date_time=(2026, 3, 2, 9, 0, 0)),
    "a symbolic link": lambda files: with_zipfile(files, external_attr=0o120777 << 16),
    "extra fields": lambda files: with_zipfile(files, extra=b"\x99\x99\x04\0hide"),
    "a comment": with_comment,
    "a file twice": with_index_twice,
    "out of order": lambda files: d.packed({Backwards(path): content for path, content in files.items()}),
    "two names for a file": named_otherwise_in_the_directory,
    "a size beyond the end": with_larger_size,
    "a path upwards": lambda files: with_one_more(files, "../verify.py"),
    "an absolute path": lambda files: with_one_more(files, "/etc/passwd"),
    "a path of another system": lambda files: with_one_more(files, "evidence\\x.exe"),
    "a file of no dossier": lambda files: with_one_more(files, "README.txt"),
    "evidence under no hash": lambda files: with_one_more(files, "evidence/photo.jpg"),
    "something before it": lambda files: b"#!/bin/sh\n" + d.packed(files),
    "something behind it": lambda files: d.packed(files) + b"\0",
    "cut in the middle": lambda files: d.packed(files)[:5000],
    "cut at the end": lambda files: d.packed(files)[:-1],
    "without its directory": lambda files: d.packed(files)[: d.packed(files).index(b"PK\1\2")],
    "without its keys": lambda files: d.packed({path: files[path] for path in files if path != "keys.txt"}),
    "without its manifest": lambda files: d.packed({path: files[path] for path in files if path != "manifest.txt"}),
    "nothing": lambda files: b"",
    "an empty zip": lambda files: d.packed({}),
    "no zip": lambda files: b"%PDF-1.7",
}


@pytest.mark.parametrize("kind", ZIPS)
def test_a_zip_of_another_form_is_refused(kind: str, files: Files, tmp_path: Path) -> None:
    content = ZIPS[kind](files)
    code, said = d.verified(tmp_path / "zip.zip", content)
    assert code in {1, 2}
    assert said.startswith("it does not hold:" if code == 1 else "it cannot be read as a dossier")


@pytest.mark.parametrize("kind", ["compressed", "a bomb"])
def test_nothing_in_a_zip_is_decompressed(kind: str, files: Files, tmp_path: Path) -> None:
    code, said = d.verified(tmp_path / "zip.zip", ZIPS[kind](files))
    assert (code, said.count("\n")) == (2, 1)
    assert "'manifest.txt'" in said


def test_what_the_zip_program_of_somebody_else_packed_anew_is_told_from_the_original(
    files: Files, tmp_path: Path
) -> None:
    code, said = d.verified(tmp_path / "zip.zip", with_zipfile(files, date_time=(2026, 3, 2, 9, 0, 0)))
    assert code == 1
    assert "index.html: it was changed in the zip, cut off, or put in another place" in said
    assert NOT_LISTED not in said


@pytest.mark.parametrize("path", ["missing.zip", "."])
def test_what_is_no_file_is_refused_in_one_line(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([path]) == 2
    assert capsys.readouterr().out.count("\n") == 1


NONSENSE = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b"[" * 100_000,
    b'{"inclusion":{"1":null,"6":[1,2],"7":"AAAA"}}',
    b'{"inclusion":' + b"9" * 5000 + b"}",
    b'[{"digest":1,"salt":"zz","text":null}]',
    b'[{"digest":"\\ud800","salt":"","text":"\\ud800"}]',
    b'{"position":1e400,"version":NaN,"stream_id":[],"topic":"\\u001b[2J","recorded_at":{},"state":7}\n',
    b"\n\n\n",
    "— who QUJD\n\n— \n".encode(),
    b"a\n\n\xe2\x80\x94 a b\n",
]


@pytest.mark.parametrize(
    "path", ["checkpoint.txt", "events.jsonl", "keys.txt", "manifest.txt", "proofs.json", "texts.json"]
)
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_in_a_file_is_refused_and_steers_no_terminal(
    path: str, nonsense: bytes, files: Files, tmp_path: Path
) -> None:
    code, said = d.verified(tmp_path / "zip.zip", d.packed(files | {path: nonsense}))
    assert code in {1, 2}
    assert said.isascii()
    assert "\x1b" not in said


# alone


def test_it_is_one_readable_file_that_needs_only_python_and_cryptography() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    others = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in others} == {"cryptography"}


def test_the_program_in_a_dossier_is_this_one(files: Files) -> None:
    assert files["verify.py"] == SOURCE.read_bytes()


WITHOUT_THE_PACKAGE = """
import runpy, sys
sys.modules["ticketing"] = None  # an import of it fails
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(("is_changed", "code"), [(False, 0), (True, 1)])
def test_it_runs_where_the_package_is_not(
    is_changed: bool, code: int, dossier: Path, files: Files, tmp_path: Path
) -> None:
    program, zipped = tmp_path / "verify.py", tmp_path / "dossier.zip"
    program.write_bytes(files["verify.py"])
    content = d.packed(bit_of_an_event(files, {})) if is_changed else dossier.read_bytes()
    zipped.write_bytes(content)
    command = [sys.executable, "-I", "-c", WITHOUT_THE_PACKAGE, str(program), str(zipped), "--key", KEY]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert (f"{REFUSED}: {NOT_SO}" in done.stdout) is is_changed


# fuzzed


def test_nothing_is_accepted_that_is_not_so_and_nothing_crashes(tmp_path: Path) -> None:
    """A short form of `python -m tests.fuzz_dossier`."""
    fuzzer = Fuzzer(tmp_path, Random(7))
    for _ in range(300):
        fuzzer.round()
    assert {code for _, code in fuzzer.codes} == {0, 1, 2}
    assert fuzzer.codes["the company", 0]  # it could change what nobody proves, such as the page
