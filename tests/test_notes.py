"""Keys, notes and checkpoints: published examples, what others' tools read and write, and what is refused and why."""

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import signing, tlog

from tests.conftest import NO_GO
from ticketing.adapters.keys import SigningKey, VerifyingKey, base64_text
from ticketing.adapters.notes import Checkpoint, Note, SignatureLine, cosign, sign, verified
from ticketing.domain.errors import BadInput, NotProven
from ticketing.domain.merkle import Growing, Node, consistency_proof, inclusion_proof, leaf_hash

# The example of Go's sumdb/note, and the first of C2SP's signed-note.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

LOG = SigningKey("repairs.example/log", "log", bytes(range(32)))
WITNESS = SigningKey("maker.example/witness", "witness", bytes(range(1, 33)))
OTHER = SigningKey("elsewhere.example/log", "log", bytes(range(2, 34)))
AT = datetime(2026, 3, 2, 9, 0, 7, 999_999, tzinfo=UTC)
BODY = Checkpoint("repairs.example/log", 1234, bytes(range(32))).body
SIGNED = sign(Note(BODY), LOG)
COSIGNED = cosign(SIGNED, WITNESS, AT)
KEYS = [LOG.verifying, WITNESS.verifying]


# keys


def test_a_published_key_is_read_and_written_letter_by_letter() -> None:
    key = SigningKey.parse(GO_SECRET)
    assert (key.name, key.signer, key.verifying.key_id.hex()) == ("PeterNeumann", "log", "c74f20a3")
    assert key.secret_text == GO_SECRET
    assert str(key.verifying) == GO_PUBLIC
    assert VerifyingKey.parse(f"  {GO_PUBLIC}\n") == key.verifying


@pytest.mark.parametrize("key", [LOG, WITNESS], ids=["log", "witness"])
def test_a_key_is_the_same_after_it_was_written_down(key: SigningKey) -> None:
    assert SigningKey.parse(key.secret_text + "\n") == key
    assert VerifyingKey.parse(str(key.verifying)) == key.verifying


def test_what_a_key_is_for_is_part_of_its_number() -> None:
    other = replace(LOG, signer="witness")
    assert other.verifying.public == LOG.verifying.public
    assert other.verifying.key_id != LOG.verifying.key_id


def test_a_signing_key_shows_its_secret_only_where_it_is_asked_to() -> None:
    secret = LOG.secret_text.rpartition("+")[2]
    assert "seed" not in repr(LOG)
    for damaged in (LOG.secret_text[:-2], LOG.secret_text.replace("log+", "lag+"), LOG.secret_text[:20]):
        with pytest.raises(BadInput) as refused:
            SigningKey.parse(damaged)
        assert secret[:8] not in str(refused.value)


VKEY = str(LOG.verifying)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form NAME\\+NUMBER\\+KEY"),
        ("repairs.example/log", "form NAME\\+NUMBER\\+KEY"),
        (LOG.secret_text, "signing key, which stays secret"),
        (VKEY.replace("log", "lag"), "damaged: its number is"),
        (VKEY[:-4] + "AAAA", "damaged: its number is"),
        (VKEY[:-1], "no base64, or cut off"),
        (VKEY.replace("repairs", "re pairs"), "neither blanks nor a plus"),
        ("+" + VKEY.partition("+")[2], "neither blanks nor a plus"),
        ("a+00000000+" + b64encode(b"\x02" + bytes(32)).decode(), "of a kind unknown here"),
        ("a+00000000+" + b64encode(b"\x01" + bytes(31)).decode(), "has 31 bytes, an Ed25519 key has 32"),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        VerifyingKey.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (VKEY, "no signing key: one begins with PRIVATE"),
        (LOG.secret_text.replace("log+", "lag+"), "damaged: its number does not fit"),
        (LOG.secret_text[:-2], "no base64, or cut off"),
        ("PRIVATE+KEY+a+00000000+" + b64encode(b"\x01" + bytes(31)).decode(), "has 31 secret bytes, it takes 32"),
    ],
)
def test_what_is_no_signing_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        SigningKey.parse(text)


# notes


def test_a_published_note_is_signed_and_verified_letter_by_letter() -> None:
    note = sign(Note(GO_TEXT), SigningKey.parse(GO_SECRET))
    assert str(note) == f"{GO_TEXT}\n{GO_LINE}"
    (held,) = verified(Note.parse(f"{GO_TEXT}\n{GO_LINE}"), [VerifyingKey.parse(GO_PUBLIC)])
    assert (held.name, held.at) == ("PeterNeumann", None)


def test_a_co_signature_states_the_second_in_which_it_was_made() -> None:
    held = verified(COSIGNED, KEYS)
    assert [(one.name, one.at) for one in held] == [(LOG.name, None), (WITNESS.name, AT.replace(microsecond=0))]
    assert Note.parse(str(COSIGNED)) == COSIGNED


def test_signatures_of_others_are_passed_over() -> None:
    assert [one.name for one in verified(COSIGNED, [WITNESS.verifying])] == [WITNESS.name]
    assert [one.name for one in verified(sign(COSIGNED, OTHER), [LOG.verifying])] == [LOG.name]


def test_who_signs_twice_has_signed_once() -> None:
    assert sign(SIGNED, LOG) == SIGNED


def test_who_co_signs_again_later_has_both_dates_under_it() -> None:
    later = cosign(COSIGNED, WITNESS, AT + timedelta(days=1))
    assert [one.at and one.at.day for one in verified(later, [WITNESS.verifying])] == [2, 3]


def test_a_text_may_have_empty_lines_of_its_own() -> None:
    note = sign(Note("Ognuno sta solo\n\ned è subito sera.\n"), LOG)
    assert Note.parse(str(note)) == note


def test_a_key_signs_only_what_it_is_for() -> None:
    with pytest.raises(BadInput, match="is a witness's key: it signs no text of its own"):
        sign(Note(BODY), WITNESS)
    with pytest.raises(BadInput, match="is a log's key: a co-signature takes a witness's"):
        cosign(SIGNED, OTHER, AT)
    with pytest.raises(BadInput, match=r"line 2: .* is no size of a log"):
        cosign(sign(Note(GO_TEXT), LOG), WITNESS, AT)


def test_who_has_not_signed_is_named() -> None:
    asked = f"not signed by {OTHER.name} \\({OTHER.verifying.key_id.hex()}\\); it is signed by {LOG.name} \\("
    with pytest.raises(NotProven, match=f"^letter.txt: {asked}"):
        verified(SIGNED, [OTHER.verifying], "letter.txt")
    with pytest.raises(NotProven, match="it is signed by nobody"):
        verified(Note(BODY), [LOG.verifying])


def test_a_key_of_the_same_name_is_another_key() -> None:
    renamed = replace(OTHER, name=LOG.name)
    with pytest.raises(NotProven, match=f"not signed by {LOG.name}"):
        verified(SIGNED, [renamed.verifying])


def forged(note: Note, at: int, signature: bytes) -> Note:
    """The note with other bytes for a signature."""
    lines = list(note.signatures)
    lines[at] = replace(lines[at], signature=signature)
    return replace(note, signatures=tuple(lines))


def test_a_co_signature_that_was_dated_back_does_not_hold() -> None:
    signature = COSIGNED.signatures[1].signature
    earlier = (int.from_bytes(signature[:8]) - 86_400).to_bytes(8)
    with pytest.raises(NotProven, match=f"the co-signature of {WITNESS.name} does not hold"):
        verified(forged(COSIGNED, 1, earlier + signature[8:]), KEYS)


def test_a_co_signature_of_another_checkpoint_does_not_hold() -> None:
    other = cosign(Note(Checkpoint(LOG.name, 1235, bytes(32)).body), WITNESS, AT)
    with pytest.raises(NotProven, match="does not hold"):
        verified(forged(COSIGNED, 1, other.signatures[0].signature), KEYS)


def test_a_co_signature_by_another_in_the_witness_s_name_does_not_hold() -> None:
    forger = replace(WITNESS, seed=bytes(32))
    line = cosign(SIGNED, forger, AT).signatures[1]
    with pytest.raises(NotProven, match=f"not signed by {WITNESS.name}"):
        verified(replace(SIGNED, signatures=(line,)), [WITNESS.verifying])
    claimed = SignatureLine(WITNESS.name, WITNESS.verifying.key_id, line.signature)
    with pytest.raises(NotProven, match="does not hold"):
        verified(replace(SIGNED, signatures=(line, claimed)), [WITNESS.verifying])


@pytest.mark.parametrize("signature", [b"", b"\0" * 63, b"\0" * 65, b"\0" * 72])
def test_a_log_s_signature_has_64_bytes(signature: bytes) -> None:
    with pytest.raises(NotProven, match="has a length that it cannot have"):
        verified(forged(SIGNED, 0, signature), KEYS)


def test_a_co_signature_from_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(NotProven, match="states a time beyond the year 9999"):
        verified(forged(COSIGNED, 1, b"\xff" * 72), KEYS)


@given(at=st.integers(0, len(str(COSIGNED).encode()) - 1), bit=st.integers(0, 7))
def test_no_bit_of_a_checkpoint_can_be_changed(at: int, bit: int) -> None:
    content = bytearray(str(COSIGNED).encode())
    content[at] ^= 1 << bit
    with pytest.raises(BadInput):
        _ = [verified(Note.parse(bytes(content)), [key]) for key in KEYS]


TEXT = str(COSIGNED)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no empty line before the signatures"),
        (BODY, "no empty line before the signatures"),
        (f"{BODY}\n", "line 5: a signature ends in a line end, it was cut off"),
        (TEXT[:-1], "line 6: a signature ends in a line end, it was cut off"),
        (TEXT.replace("\n", "\r\n"), "line 1: a line ends in CR LF, not LF: a mail program or an editor changed it"),
        (TEXT.replace("log\n", "log\t\n", 1), "line 1: it has a control character"),
        (TEXT.encode() + b"\xff", "no text in UTF-8"),
        (TEXT.replace("— maker", "- maker"), "line 6: this is no signature: it has the form '— NAME BASE64'"),
        (TEXT.replace("maker.example/", "maker+"), "line 6: this is no signature"),
        (TEXT[:-6] + "\n", "line 6: the signature of maker.example/witness is no base64, or cut off"),
        (TEXT + "— a AAAA\n", "line 7: the signature of a is no base64, or cut off"),
        (BODY + "\n" + "— a AAAAAAA=\n" * 101, "101 signatures are more than 100"),
        ("a" * 1_000_001, "1,000,001 bytes are more than the 1,000,000 of a note"),
    ],
)
def test_what_is_no_signed_note_is_refused_with_its_line(content: bytes | str, why: str) -> None:
    with pytest.raises(BadInput, match=f"^letter.txt.*{why}"):
        Note.parse(content, "letter.txt")


@pytest.mark.parametrize("body", ["", "no end", "a\r\n"])
def test_what_cannot_be_a_text_is_not_signed(body: str) -> None:
    with pytest.raises(BadInput):
        Note(body)


# checkpoints


def test_a_checkpoint_is_what_its_three_lines_say() -> None:
    checkpoint = Checkpoint.parse(SIGNED)
    assert checkpoint == Checkpoint("repairs.example/log", 1234, bytes(range(32)))
    assert checkpoint.body == BODY == f"repairs.example/log\n1234\n{base64_text(bytes(range(32)))}\n"
    assert Checkpoint.parse(Note(f"{BODY}another's line\n")) == checkpoint


ROOT = base64_text(bytes(32))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"\n5\n{ROOT}\n", "line 1: there is no name of a log"),
        ("log\n", "line 2: '' is no size"),
        (f"log\n05\n{ROOT}\n", "line 2: '05' is no size of a log: a plain number, without zeros before it"),
        (f"log\n-5\n{ROOT}\n", "line 2: '-5' is no size"),
        (f"log\n٥\n{ROOT}\n", "line 2: '٥' is no size"),
        (f"log\n5\n{ROOT[:-4]}\n", "line 3: .* is no root: 32 bytes in base64"),
        (f"log\n5\n{ROOT[:-2]}B=\n", "line 3: .* is no root: 32 bytes in base64"),
        (f"log\n5\n{ROOT}\n\nmore\n", "line 4: a checkpoint has no empty lines"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_its_line(body: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"^letter.txt, {why}"):
        Checkpoint.parse(Note(body), "letter.txt")


# others' tools


@given(size=st.integers(0, 10**18), root=st.binary(min_size=32, max_size=32), seed=st.binary(min_size=32, max_size=32))
def test_another_implementation_reads_and_verifies_our_checkpoints(size: int, root: bytes, seed: bytes) -> None:
    ours = replace(LOG, seed=seed)
    note = cosign(sign(Note(Checkpoint(ours.name, size, root).body), ours), WITNESS, AT)
    read = tlog.Checkpoint.from_text(str(note))
    assert (read.origin, read.size, read.root_hash) == (ours.name, size, root)
    assert read.serialize() == str(note)
    for key in (ours.verifying, WITNESS.verifying):
        theirs = signing.Vkey.from_string(str(key))
        assert theirs.serialize() == str(key)  # type: ignore[no-untyped-call]  # it has no types
        assert signing.Vkey(key.name, None, theirs.sig_type, key.public).key_id == int.from_bytes(key.key_id)
        read.verify(theirs)
    dated = signing.Ed25519CosignatureVerifier.get_timestamp(read.signatures[1].payload)
    assert dated == int(AT.timestamp())
    moved = replace(read, size=size + 1)
    for key in (ours.verifying, WITNESS.verifying):
        with pytest.raises(InvalidSignature):
            moved.verify(signing.Vkey.from_string(str(key)))


def test_we_read_and_verify_another_implementation_s_checkpoint() -> None:
    signer = signing.PlainEd25519Signer(LOG.name, LOG.seed)
    text = tlog.Checkpoint.make_signed(LOG.name, 7, bytes(32), [signer]).serialize()
    note = Note.parse(text)
    public = signer.vkey.serialize()  # type: ignore[no-untyped-call]  # it has no types
    assert [one.key for one in verified(note, [VerifyingKey.parse(public)])] == [LOG.verifying]
    assert Checkpoint.parse(note) == Checkpoint(LOG.name, 7, bytes(32))


PROGRAM = Path(__file__).parent / "go" / "tlog.go"
GO_SOURCES = Path(os.environ.get("GOPATH", "/usr/share/gocode"))


class Told(TypedDict):
    """What the program prints; hashes in base64."""

    Text: str
    SignedBy: list[str]
    Signed: str
    NewKeys: list[str]
    Roots: list[str]
    Records: list[list[str] | None]
    Trees: list[list[str] | None]


@pytest.fixture(scope="module")
def go() -> Told:
    """What Go's own packages say of a checkpoint of ours and of a tree of 70 entries."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip(NO_GO)
    asked = {
        "Note": str(COSIGNED),
        "Verifier": str(LOG.verifying),
        "Signer": LOG.secret_text,
        "Text": BODY,
        "Entries": [b64encode(entry).decode() for entry in ENTRIES],
        "Sizes": SIZES,
    }
    told = subprocess.run(
        ["go", "run", str(PROGRAM)],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_SOURCES)},
    )
    assert told.returncode == 0, told.stderr.decode()
    answer: Told = json.loads(told.stdout)
    return answer


ENTRIES = [b"entry %d" % number for number in range(70)]
SIZES = [(older, size) for size in range(1, len(ENTRIES) + 1) for older in range(1, size + 1)]


def test_go_reads_and_verifies_our_checkpoints(go: Told) -> None:
    assert go["Text"] == BODY
    assert go["SignedBy"] == [LOG.name]


def test_go_signs_with_our_key_what_we_sign(go: Told) -> None:
    assert go["Signed"] == str(SIGNED)


def test_a_key_made_by_go_is_read_and_written_letter_by_letter(go: Told) -> None:
    secret, public = go["NewKeys"]
    assert SigningKey.parse(secret).secret_text == secret
    assert SigningKey.parse(secret).verifying == VerifyingKey.parse(public)


def test_go_makes_the_same_roots_and_proofs(go: Told) -> None:
    growing = Growing()
    nodes: dict[Node, bytes] = {}
    roots = []
    for entry in ENTRIES:
        nodes.update(growing.add(leaf_hash(entry)))
        roots.append(growing.root())
    assert [b64decode(root) for root in go["Roots"]] == roots
    for (older, size), record, tree in zip(SIZES, go["Records"], go["Trees"], strict=True):
        assert [b64decode(each) for each in record or ()] == inclusion_proof(older - 1, size, nodes.__getitem__)
        assert [b64decode(each) for each in tree or ()] == consistency_proof(older, size, nodes.__getitem__)


def test_signatures_without_cryptography_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(BadInput, match=r"pip install 'ticketing\[proof\]'"):
        sign(Note(BODY), LOG)
    with pytest.raises(BadInput, match=r"pip install 'ticketing\[proof\]'"):
        verified(SIGNED, KEYS)
