"""A dossier holds the events of a ticket as they are stored, what was chosen beside them, and nothing half-written."""

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import dossier_examples as d
from tests.dossier_examples import COMPANY, NUMBER, PHOTO, PHOTO_HASH, PHOTO_PATH, STRANGER, WITNESS
from tests.examples import (
    CORRECT_EVENT,
    DISPUTE_OFFICER,
    DISPUTED_LIFE,
    MANAGER,
    OPEN_DISPUTE,
    OPEN_TICKET,
    RECORD_NOTE,
    SITES,
    STANDARD,
    START,
    TICKET,
    but,
)
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.notes import Note, cosign, sign
from ticketing.adapters.private import private_parts
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, NotFound, NotProven, StoreError
from ticketing.domain.publishing import Publish
from ticketing.domain.values import SerialNumber
from ticketing.pages.dossier import write_dossier
from ticketing.pages.gathering import Choice


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Ticketing]:
    with d.disputed(tmp_path) as app:
        yield app


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the dossier goes, in a folder of its own."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "dossier.zip"


def told(path: Path) -> list[str]:
    return [text["text"] for text in json.loads(d.unpacked(path)["texts.json"])]


# the zip


def test_the_same_state_key_and_checkpoint_give_the_same_bytes(tmp_path: Path, app: Ticketing, out: Path) -> None:
    d.written(app, out, "all")
    again, elsewhere = out.with_name("again.zip"), out.with_name("elsewhere.zip")
    d.written(app, again, "all")
    with d.disputed(tmp_path) as same:
        d.written(same, elsewhere, "all")
    assert out.read_bytes() == again.read_bytes() == elsewhere.read_bytes()


@given(
    st.dictionaries(st.text("abcé/", min_size=1), st.binary(max_size=40), max_size=6), st.randoms(use_true_random=False)
)
@settings(max_examples=50)
def test_the_zip_is_the_same_in_whatever_order_its_files_come_and_any_program_reads_it(
    contents: dict[str, bytes], random: Random
) -> None:
    shuffled = dict(random.sample([*contents.items()], len(contents)))
    assert d.packed(shuffled) == d.packed(contents)
    with zipfile.ZipFile(BytesIO(d.packed(contents))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist() == sorted(contents)
        kinds = {(info.compress_type, info.date_time, info.extra, info.comment) for info in archive.infolist()}
    assert kinds <= {(zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), b"", b"")}


# events


def test_the_events_are_the_ticket_s_and_those_of_the_standard_that_it_pins_as_they_are_stored(
    app: Ticketing, out: Path
) -> None:
    d.written(app, out)
    lines = d.lines_of(d.unpacked(out))
    assert [line["position"] for line in lines] == sorted(line["position"] for line in lines)
    assert [line["version"] for line in lines if line["stream_id"] == str(TICKET)] == [*range(1, d.HEAD + 1)]
    assert [line["topic"] for line in lines if line["stream_id"] != str(TICKET)] == ["ticketing:StandardPublished"]
    stored = {row.position: row for row in app.store.stored_log(0, 100)}
    assert all(line["state"].encode() == stored[line["position"]].state for line in lines)


def test_a_version_of_the_standard_that_was_pinned_by_mistake_is_there_too(tmp_path: Path, out: Path) -> None:
    later = but(STANDARD, version=4, effective_from=START + timedelta(days=1))
    mended = but(
        CORRECT_EVENT,
        target_version=9,
        field="standard_version",
        is_=4,
        actor=DISPUTE_OFFICER,
        approved_by="m-1",
    )
    never_pinned = but(later, version=5, effective_from=START + timedelta(days=2))
    published = [Publish(actor=MANAGER, thing=thing) for thing in (later, never_pinned)]
    with d.disputed(tmp_path, *published, mended) as app:
        d.written(app, out)
    versions = [json.loads(line["state"])["event"] for line in d.lines_of(d.unpacked(out))]
    assert [it["version"] for it in versions if it.get("key") == "ACME-IS-7"] == [3, 4]


def test_a_dossier_is_made_of_every_kind_of_store(store_url: str, tmp_path: Path, out: Path) -> None:
    with Ticketing(store_url, clock=lambda: START, evidence=tmp_path) as app:
        app.handle(Publish(actor=MANAGER, thing=STANDARD))
        for command in DISPUTED_LIFE[:10]:
            app.handle(but(command, occurred_at=START))
        write_dossier(app, TICKET, out, key=COMPANY)
    assert d.verified(out, out.read_bytes())[0] == 0


# private texts


def texts_of(app: Ticketing, *, serials: bool, others: bool) -> list[str]:
    """The private texts of the ticket, each once, in the order of its facts."""
    parts = {part.digest: part for fact in app.history(NUMBER, as_recorded=True) for part in private_parts(fact.event)}
    return [app.text(part) for part in parts.values() if (serials if isinstance(part, SerialNumber) else others)]


def test_no_private_text_is_told_unless_it_was_chosen(app: Ticketing, out: Path) -> None:
    assert d.written(app, out).texts == 0
    d.written(app, out, "none")
    content = out.read_bytes()
    for text in texts_of(app, serials=True, others=True):
        assert text.encode() not in content


@pytest.mark.parametrize(("serials", "others", "words"), [(True, True, ("all",)), (True, False, ("serial",))])
def test_all_texts_are_told_or_the_serial_numbers(
    serials: bool, others: bool, words: tuple[str, ...], app: Ticketing, out: Path
) -> None:
    written = d.written(app, out, *words)
    assert told(out) == texts_of(app, serials=serials, others=others)
    assert (written.texts, written.private_texts) == (len(told(out)), len(texts_of(app, serials=True, others=True)))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("PositionStated",), ["a fault from the factory", "the indicator is red"]),
        (("15",), ["a fault from the factory"]),
        (("none", "15", "12"), ["liquid damage is not covered", "a fault from the factory"]),
        (("1",), ["does not charge, I swear"]),
        (("1", "serial"), ["sn 001-a", "does not charge, I swear", "BAT-2", "BAT-1"]),
        (("UnitDisposed",), []),
    ],
)
def test_texts_are_chosen_by_event_or_version_and_add_up(
    words: tuple[str, ...], expected: list[str], app: Ticketing, out: Path
) -> None:
    d.written(app, out, *words)
    assert told(out) == expected


def test_a_text_that_is_told_is_told_wherever_it_stands(tmp_path: Path, out: Path) -> None:
    changed = but(CORRECT_EVENT, target_version=1, field="symptom", is_="It charges at times.")
    with d.disputed(tmp_path, changed) as app:
        d.written(app, out, "1")
    assert told(out) == ["does not charge, I swear"]
    page = d.unpacked(out)["index.html"].decode()
    assert "corrected symptom of fact 1 from “does not charge, I swear” to “[not disclosed]”" in page


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("positionstated", "or an event; this ticket has .*PositionStated"),
        ("everything", "there are none, serial, all, a version"),
        ("seriall", "there are none, serial, all"),
        ("", "there are none, serial, all"),
        ("0", f"the ticket has the versions 1 to {d.HEAD}"),
        (str(d.HEAD + 1), f"the ticket has the versions 1 to {d.HEAD}"),
        ("١", "the ticket has the versions 1 to"),
    ],
)
def test_a_word_that_chooses_nothing_is_refused(word: str, said: str, app: Ticketing, out: Path) -> None:
    with pytest.raises(BadInput, match=f"^--disclose {word}: .*{said}"):
        d.written(app, out, "all", word)
    assert not out.exists()


def test_what_was_erased_is_told_no_more_and_every_proof_still_holds(app: Ticketing, out: Path) -> None:
    erased = app.erase(NUMBER)
    written = d.written(app, out, "all")
    assert (written.texts, written.private_texts) == (0, erased)
    files = d.unpacked(out)
    assert b"[erased]" in files["index.html"]
    assert b"[not disclosed]" not in files["index.html"]


# evidence


def test_the_evidence_comes_along_under_its_hash_and_what_is_not_held_is_named(app: Ticketing, out: Path) -> None:
    written = d.written(app, out)
    assert d.unpacked(out)[PHOTO_PATH] == PHOTO
    assert (written.evidence_files, written.not_here) == (1, ("E-1",))
    assert b"not held here" in d.unpacked(out)["index.html"]


def test_the_evidence_of_other_disputes_stays_at_home_and_the_events_are_whole(tmp_path: Path, out: Path) -> None:
    second = but(OPEN_DISPUTE, dispute_id="D-2", ground="delay", about_version=None, is_blocking=False)
    with d.disputed(tmp_path, second) as app:
        d.written(app, out)
        whole = d.unpacked(out)
        d.written(app, out, dispute_id="D-2")
    narrow = d.unpacked(out)
    assert PHOTO_PATH in whole
    assert PHOTO_PATH not in narrow
    assert narrow["events.jsonl"] == whole["events.jsonl"]


def test_a_letter_comes_along_under_the_type_that_its_content_shows(tmp_path: Path, out: Path) -> None:
    letter = "Madame, Monsieur, …".encode()
    with d.disputed(tmp_path) as app:
        kept = app.evidence.keep(BytesIO(letter))
        position = but(DISPUTED_LIFE[14], letter_hash=kept.sha256, language="fr", command_id=None)
        app.handle(but(OPEN_DISPUTE, dispute_id="D-2", about_version=None))
        app.handle(but(position, dispute_id="D-2"))
        d.written(app, out)
        version = app.ticket(NUMBER).version
    assert d.unpacked(out)[f"evidence/{kept.sha256}.txt"] == letter
    listed = d.unpacked(out)["index.html"].decode().partition('id="evidence"')[2].partition("</section>")[0]
    assert "&#x27;s letter" in listed or "'s letter" in listed
    assert f'href="#fact-{version}"' in listed
    assert f'href="evidence/{kept.sha256}.txt"' in listed


def test_evidence_whose_content_has_changed_is_never_handed_out(app: Ticketing, out: Path) -> None:
    path = app.evidence.path(PHOTO_HASH)
    path.chmod(0o600)
    path.write_bytes(PHOTO[:-1] + b"\0")
    with pytest.raises(StoreError, match=PHOTO_HASH):
        d.written(app, out)
    assert [*out.parent.iterdir()] == []


def test_an_unknown_dispute_is_refused_with_the_nearest(app: Ticketing, out: Path) -> None:
    with pytest.raises(NotFound, match="has no dispute D-7; the nearest is D-1"):
        d.written(app, out, dispute_id="D-7")


# checkpoints


def made(app: Ticketing, out: Path, checkpoint: Note | None = None, *witnesses: SigningKey) -> Note:
    """The checkpoint of a dossier."""
    keys = [witness.verifying for witness in witnesses]
    return write_dossier(app, NUMBER, out, key=COMPANY, checkpoint=checkpoint, witnesses=keys).sealed.note


def test_without_a_checkpoint_the_log_is_signed_as_it_is_now(app: Ticketing, out: Path) -> None:
    assert made(app, out) == app.notary.checkpoint(COMPANY)
    assert d.unpacked(out)["keys.txt"].decode() == f"{COMPANY.verifying}\n"


def test_signatures_of_those_who_were_not_named_are_left_out(app: Ticketing, out: Path) -> None:
    written = write_dossier(app, NUMBER, out, key=COMPANY, checkpoint=d.cosigned(app))
    assert [line.name for line in written.sealed.note.signatures] == [COMPANY.name]
    assert written.sealed.left_out == (WITNESS.name,)


def test_of_a_witness_that_signed_more_than_once_the_first_date_counts(app: Ticketing, out: Path) -> None:
    again = cosign(d.cosigned(app), WITNESS, d.SEEN_AT + timedelta(days=30))
    assert made(app, out, again, WITNESS) == d.cosigned(app)


def test_a_kept_checkpoint_that_the_witness_signed_is_taken_the_oldest_that_reaches_far_enough(
    app: Ticketing, out: Path
) -> None:
    keys = [COMPANY.verifying, WITNESS.verifying]
    first = d.cosigned(app)
    app.notary.keep(first, keys)
    app.handle(but(OPEN_TICKET, ticket_id=None, number="R-1003", serial=None))
    second = d.cosigned(app)
    app.notary.keep(second, keys)
    assert made(app, out, None, WITNESS) == first
    app.handle(RECORD_NOTE)
    with pytest.raises(NotProven, match="no checkpoint is kept that covers position"):
        made(app, out.with_name("later.zip"), None, WITNESS)


def test_a_checkpoint_that_does_not_reach_the_last_fact_is_refused(app: Ticketing, out: Path) -> None:
    old = app.notary.checkpoint(COMPANY)
    app.handle(RECORD_NOTE)
    with pytest.raises(BadInput, match="covers the log up to position 43, and the ticket has a fact at 44"):
        made(app, out, old)


def test_a_checkpoint_of_another_log_is_refused(app: Ticketing, tmp_path: Path, out: Path) -> None:
    with d.disputed(tmp_path, seed=2) as other, pytest.raises(NotProven, match="have another root"):
        made(app, out, other.notary.checkpoint(COMPANY))


def test_a_checkpoint_that_somebody_named_has_not_signed_is_refused(app: Ticketing, out: Path) -> None:
    with pytest.raises(NotProven, match=r"not signed by maker\.example"):
        made(app, out, app.notary.checkpoint(COMPANY), WITNESS)
    with pytest.raises(NotProven, match=r"not signed by repairs\.example/log"):
        made(app, out, cosign(sign(Note(app.notary.checkpoint(COMPANY).body), STRANGER), WITNESS, d.SEEN_AT))


def test_a_log_s_key_passes_for_no_witness_s(app: Ticketing, out: Path) -> None:
    with pytest.raises(BadInput, match=r"repairs\.example/log is a log's key"):
        made(app, out, None, STRANGER)


# files

SENT_TO_LEIPZIG = """
    UPDATE ticketing_events SET state = CAST(replace(CAST(state AS TEXT), 'berlin', 'leipzig') AS BLOB)
    WHERE topic = 'ticketing:TicketOpened'
"""


def test_a_file_that_is_there_is_overwritten_only_when_asked_to(app: Ticketing, out: Path) -> None:
    out.write_bytes(b"mine")
    with pytest.raises(BadInput, match="there is a file of that name already"):
        write_dossier(app, NUMBER, out, key=COMPANY)
    assert out.read_bytes() == b"mine"
    write_dossier(app, NUMBER, out, key=COMPANY, is_replacing=True)
    assert d.verified(out, out.read_bytes())[0] == 0


def test_a_dossier_is_for_its_owner_s_eyes_until_he_sends_it(app: Ticketing, out: Path) -> None:
    write_dossier(app, NUMBER, out, key=COMPANY)
    assert out.stat().st_mode & 0o777 == 0o600
    assert [*out.parent.iterdir()] == [out]


def test_a_folder_that_is_not_there_is_told(app: Ticketing, out: Path) -> None:
    with pytest.raises(BadInput, match="it cannot be written"):
        write_dossier(app, NUMBER, out.parent / "nowhere" / "d.zip", key=COMPANY)


def test_what_was_changed_behind_the_store_s_back_is_never_handed_out(tmp_path: Path, out: Path) -> None:
    path = tmp_path / "store.db"
    with Ticketing(f"sqlite:///{path}", clock=lambda: START) as app:
        for thing in (STANDARD, *SITES.values()):
            app.handle(Publish(actor=MANAGER, thing=thing))
        app.handle(but(OPEN_TICKET, occurred_at=START))
        app.notary.catch_up()
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(SENT_TO_LEIPZIG).rowcount == 1
    with Ticketing(f"sqlite:///{path}", clock=lambda: START) as app, pytest.raises(NotProven, match="is not signed"):
        write_dossier(app, NUMBER, out, key=COMPANY)
    assert [*out.parent.iterdir()] == []


LOST = {
    "emptied": "UPDATE ticketing_private_texts SET salt = NULL, text = NULL",
    "deleted": "DELETE FROM ticketing_private_texts",
}


@pytest.mark.parametrize("how", LOST)
def test_a_text_that_the_store_lost_is_neither_erased_nor_undisclosed(how: str, tmp_path: Path, out: Path) -> None:
    path = tmp_path / "store.db"
    with Ticketing(f"sqlite:///{path}", clock=lambda: START) as app:
        for thing in (STANDARD, *SITES.values()):
            app.handle(Publish(actor=MANAGER, thing=thing))
        app.handle(but(OPEN_TICKET, occurred_at=START))
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(LOST[how]).rowcount
    with Ticketing(f"sqlite:///{path}", clock=lambda: START) as app:
        with pytest.raises(StoreError, match=r"fact 1, TicketOpened: .* missing in the store.*ticketing check"):
            write_dossier(app, NUMBER, out, key=COMPANY, choice=Choice(disclose=("all",)))
        assert not out.exists()


def test_a_folder_is_not_written_over(app: Ticketing, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="this is a folder"):
        write_dossier(app, NUMBER, tmp_path, key=COMPANY, is_replacing=True)
