"""What a store proves of its log: to whom it was shown, when a fact existed, and who is caught that rewrites it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_scales import signing, tlog
from tlog_scales.reader import TilesReader

from tests.examples import MANAGER, OPEN_TICKET, but
from tests.store_examples import FakeClock, append, fake_random_bytes, note, salted
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.leaves import leaf
from ticketing.adapters.notary import Notary, Witnessed
from ticketing.adapters.notes import Checkpoint, Note, cosign, sign, verified
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store
from ticketing.adapters.witness import Submission, cosigned
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, NotFound, NotProven
from ticketing.domain.events import NoteRecorded, RepairStarted
from ticketing.domain.merkle import is_consistent, is_included
from ticketing.domain.record import RecordNote
from ticketing.domain.values import PrivateText

LOG = SigningKey("repairs.example/log", "log", bytes(range(32)))
WITNESS = SigningKey("maker.example", "witness", bytes(range(1, 33)))
SECOND_WITNESS = SigningKey("consumer.example", "witness", bytes(range(2, 34)))
KEYS = [LOG.verifying, WITNESS.verifying, SECOND_WITNESS.verifying]
AT = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
DAY = timedelta(days=1)


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)


@pytest.fixture
def store() -> Iterator[Store]:
    """A store with ten facts."""
    with closing(opened("memory:")) as store:
        store.append([append(1, 0, *[RepairStarted()] * 10)])
        yield store


def grow(store: Store, ticket: int, count: int = 10) -> None:
    store.append([append(ticket, 0, *[RepairStarted()] * count)])


def other_log() -> Notary:
    """The notary of a log with other facts."""
    store = opened("memory:")
    store.append([append(7, 0, *[RepairStarted()] * 50)])
    return Notary(store)


# checkpoints


def test_a_checkpoint_says_how_long_the_log_is_and_what_it_hashes_to(store: Store) -> None:
    notary = Notary(store)
    made = notary.checkpoint(LOG)
    assert Checkpoint.parse(made) == Checkpoint(LOG.name, 10, notary.root(10))
    assert [signature.key for signature in verified(made, [LOG.verifying])] == [LOG.verifying]
    assert Checkpoint.parse(notary.checkpoint(LOG, "shop.example/7")).origin == "shop.example/7"


def test_a_checkpoint_of_an_empty_log_can_be_made_and_witnessed() -> None:
    with closing(opened("memory:")) as store:
        made = Notary(store).checkpoint(LOG)
        grow(store, 1)
        Notary(store).keep(cosign(made, WITNESS, AT), KEYS)
        assert Notary(store).witnessed(1) == []


def test_a_checkpoint_is_signed_with_the_log_s_key_alone(store: Store) -> None:
    with pytest.raises(BadInput, match="is a witness's key"):
        Notary(store).checkpoint(WITNESS)


class _Backend:
    """A store's tiles, for another's reader."""

    def __init__(self, store: Store, checkpoint: Note) -> None:
        self._store = store
        self._checkpoint = checkpoint

    def get(self, *path: str) -> bytes | None:
        if path == ("checkpoint",):
            return str(self._checkpoint).encode()
        _, level, tile, *partial = path
        hashes = self._store.tree.tiles([(int(level), int(tile.removesuffix(".p")))]).popitem()[1]
        return hashes[: 32 * int(partial[0])] if partial else hashes


def test_another_s_tools_read_tiles_and_checkpoint_as_those_of_a_log(store_url: str) -> None:
    with closing(opened(store_url)) as store:
        grow(store, 1, 700)
        notary = Notary(store)
        made = cosign(notary.checkpoint(LOG), WITNESS, AT)
        reader = TilesReader(_Backend(store, made))
        checkpoint = reader.get_checkpoint()
        assert reader.calculate_root_hash() == checkpoint.root_hash == notary.root(700)
        for key in (LOG.verifying, WITNESS.verifying):
            checkpoint.verify(signing.Vkey.from_string(str(key)))
        for row in store.stored_log(0, 700)[::97]:
            proof = notary.inclusion(row.position, 700)
            assert reader.get_inclusion_proof(row.position - 1, 700).node_hashes == proof
            tlog.InclusionProof(row.position - 1, 700, proof).check(leaf(row), checkpoint.root_hash)
        assert reader.get_consistency_proof(333, 700).node_hashes == notary.consistency(333, 700)


# what came back


def test_a_fact_existed_before_it_was_witnessed(store: Store) -> None:
    notary = Notary(store)
    assert notary.witnessed(3) == []
    first = notary.checkpoint(LOG)
    held = notary.keep(cosign(first, WITNESS, AT), KEYS)
    assert [(one.name, one.at) for one in held] == [(LOG.name, None), (WITNESS.name, AT)]
    grow(store, 2)
    second = notary.checkpoint(LOG)
    notary.keep(cosign(cosign(second, WITNESS, AT + DAY), SECOND_WITNESS, AT - DAY), KEYS)
    assert notary.witnessed(3) == [
        Witnessed(SECOND_WITNESS.name, AT - DAY, 20),
        Witnessed(WITNESS.name, AT, 10),
    ]
    assert notary.witnessed(11) == [
        Witnessed(SECOND_WITNESS.name, AT - DAY, 20),
        Witnessed(WITNESS.name, AT + DAY, 20),
    ]
    grow(store, 3)
    assert notary.witnessed(21) == []
    assert [one.checkpoint.size for one in notary.checkpoints()] == [10, 20]


def test_one_s_own_signature_is_no_witness(store: Store) -> None:
    notary = Notary(store)
    notary.keep(notary.checkpoint(LOG), KEYS)
    assert notary.witnessed(1) == []


def test_the_tree_need_not_have_been_kept_before(store: Store) -> None:
    made = cosign(Notary(store).checkpoint(LOG), WITNESS, AT)
    store.tree.clear()
    Notary(store).keep(made, KEYS)
    assert [one.name for one in Notary(store).witnessed(10)] == [WITNESS.name]


def test_what_nobody_trusted_has_signed_is_not_kept(store: Store) -> None:
    notary = Notary(store)
    with pytest.raises(NotProven, match=r"^back\.txt: not signed by consumer\.example"):
        notary.keep(cosign(notary.checkpoint(LOG), WITNESS, AT), [SECOND_WITNESS.verifying], "back.txt")
    assert notary.checkpoints() == []


def test_only_what_was_verified_counts_as_witnessed(store: Store) -> None:
    notary = Notary(store)
    both = cosign(cosign(notary.checkpoint(LOG), WITNESS, AT), SECOND_WITNESS, AT)
    notary.keep(both, [LOG.verifying, WITNESS.verifying])
    assert [one.name for one in notary.witnessed(1)] == [WITNESS.name]


def test_a_checkpoint_of_another_log_is_not_kept(store: Store) -> None:
    with pytest.raises(NotProven, match="this log has 10: its end was cut off since, or the checkpoint is of another"):
        Notary(store).keep(cosign(other_log().checkpoint(LOG), WITNESS, AT), KEYS)
    grow(store, 2, 40)
    with pytest.raises(NotProven, match="the first 50 facts of this log have another root: they were changed since"):
        Notary(store).keep(cosign(other_log().checkpoint(LOG), WITNESS, AT), KEYS)


def test_what_is_no_checkpoint_is_not_kept(store: Store) -> None:
    with pytest.raises(BadInput, match="line 2"):
        Notary(store).keep(sign(Note("a letter\n"), LOG), KEYS)


def test_there_is_no_word_of_a_position_that_is_not_there(store: Store) -> None:
    notary = Notary(store)
    notary.keep(cosign(notary.checkpoint(LOG), WITNESS, AT), KEYS)
    with pytest.raises(NotFound, match="no position 0"):
        notary.witnessed(0)


# who is caught


@pytest.fixture
def witnessed_file(sqlite_url: str) -> Path:
    """The file of a store with ten facts that were witnessed, and five more."""
    with closing(opened(sqlite_url)) as store:
        grow(store, 1)
        notary = Notary(store)
        notary.keep(cosign(notary.checkpoint(LOG), WITNESS, AT), KEYS)
        grow(store, 2, 5)
        notary.catch_up()
    return Path(sqlite_url.removeprefix("sqlite:///"))


def told(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute(statement).rowcount


def test_a_fact_that_was_changed_after_it_was_witnessed_is_not_said_to_be_witnessed(witnessed_file: Path) -> None:
    told(witnessed_file, "UPDATE ticketing_events SET recorded_at = '2026-03-02T09:00:00.999999Z' WHERE rowid = 3")
    with closing(opened(f"sqlite:///{witnessed_file}")) as store:
        with pytest.raises(NotProven, match=r"position 3 is not what maker\.example signed on 2026-03-02"):
            Notary(store).witnessed(3)
        assert [one.name for one in Notary(store).witnessed(4)] == [WITNESS.name]
        Notary(store).rebuild()
        with pytest.raises(NotProven, match=r"position 4 is not what maker\.example signed on 2026-03-02"):
            Notary(store).witnessed(4)  # with another before it the tree is another


def test_a_root_is_computed_of_the_facts_and_not_of_the_tree_that_is_kept(witnessed_file: Path) -> None:
    told_of: list[int] = []
    with closing(opened(f"sqlite:///{witnessed_file}")) as store:
        notary = Notary(store, page_size=4)
        whole = [notary.root(size) for size in range(16)]
        assert [notary.root_of_events(size) for size in range(16)] == whole
        notary.root_of_events(15, on_page=told_of.append)
        assert told_of == [4, 8, 12, 15]
    told(witnessed_file, "UPDATE ticketing_events SET recorded_at = '2026-03-02T09:00:00.999999Z' WHERE rowid = 13")
    with closing(opened(f"sqlite:///{witnessed_file}")) as store:
        notary = Notary(store)
        assert notary.root(15) == whole[15]
        assert [notary.root_of_events(size) == whole[size] for size in (12, 13, 15)] == [True, False, False]
        with pytest.raises(NotProven, match="the log's 15 facts are not those that its hash tree was made of"):
            notary.checkpoint(LOG)


def test_a_signature_that_was_changed_where_it_is_kept_is_noticed(witnessed_file: Path) -> None:
    told(witnessed_file, "UPDATE ticketing_checkpoints SET root = zeroblob(32)")
    said = "the checkpoint of 10 facts that is kept: what was signed is another size"
    with closing(opened(f"sqlite:///{witnessed_file}")) as store, pytest.raises(NotProven, match=said):
        Notary(store).witnessed(3)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM ticketing_events WHERE rowid > 9",
        "UPDATE ticketing_events SET state = CAST(replace(CAST(state AS TEXT), 'berlin', 'bremen') AS BLOB)",
        "UPDATE ticketing_events SET rowid = rowid - 1",
    ],
    ids=["the tail is cut", "facts are changed", "a fact is left out"],
)
def test_a_log_that_was_rewritten_since_is_not_what_was_signed(witnessed_file: Path, damage: str) -> None:
    with closing(opened(f"sqlite:///{witnessed_file}")) as store:
        (received,) = Notary(store).checkpoints()
    if "SET rowid" in damage:
        told(witnessed_file, "DELETE FROM ticketing_events WHERE rowid = 1")
    told(witnessed_file, damage)
    told(witnessed_file, "DELETE FROM ticketing_tree_tiles")
    told(witnessed_file, "UPDATE ticketing_tree SET size = 0")
    said = "since, or the checkpoint is of another log"
    with closing(opened(f"sqlite:///{witnessed_file}")) as store, pytest.raises(NotProven, match=said):
        Notary(store).keep(received.note, KEYS)


# witnesses


def submitted(store: Store, since: Note | None = None) -> Submission:
    notary = Notary(store)
    made = notary.checkpoint(LOG)
    if since is None:
        return Submission(made)
    older = Checkpoint.parse(since).size
    return Submission(made, older, tuple(notary.consistency(older, Checkpoint.parse(made).size)))


def test_a_witness_signs_what_grew_out_of_what_it_signed_before(store: Store) -> None:
    first = cosigned(submitted(store), WITNESS, AT, of=LOG.verifying)
    grow(store, 2)
    submission = Submission.parse(str(submitted(store, first)).encode(), "new.txt")
    second = cosigned(submission, WITNESS, AT + DAY, of=LOG.verifying, previous=first)
    assert [one.at for one in verified(second, [WITNESS.verifying])] == [AT + DAY]
    again = cosigned(submission, WITNESS, AT + 2 * DAY, of=LOG.verifying, previous=second)
    assert [one.at for one in verified(again, [WITNESS.verifying])] == [AT + 2 * DAY]


def test_a_witness_that_has_seen_nothing_yet_takes_any_length(store: Store) -> None:
    with closing(opened("memory:")) as empty:
        nothing = cosigned(submitted(empty), WITNESS, AT)
    signed = cosigned(submitted(store), WITNESS, AT, previous=nothing)
    assert [one.at for one in verified(signed, [WITNESS.verifying])] == [AT]


def test_a_witness_refuses_what_the_log_has_not_signed(store: Store) -> None:
    with pytest.raises(NotProven, match=r"^new\.txt: not signed by consumer\.example"):
        cosigned(submitted(store), WITNESS, AT, of=SECOND_WITNESS.verifying, called="new.txt")


def test_a_witness_refuses_to_go_by_what_it_never_signed(store: Store) -> None:
    with pytest.raises(NotProven, match=r"the previous checkpoint: not signed by maker\.example"):
        cosigned(submitted(store), WITNESS, AT, previous=Notary(store).checkpoint(LOG))


def test_a_witness_refuses_a_checkpoint_without_proof(store: Store) -> None:
    first = cosigned(submitted(store), WITNESS, AT)
    grow(store, 2)
    with pytest.raises(NotProven, match="it has no proof, not one that it grew out of the older one of 10"):
        cosigned(submitted(store), WITNESS, AT, previous=first)
    second = cosigned(submitted(store, first), WITNESS, AT, previous=first)
    grow(store, 3)
    with pytest.raises(
        NotProven, match="it has a proof from 10 facts, not one that it grew out of the older one of 20"
    ):
        cosigned(submitted(store, first), WITNESS, AT, previous=second)


def test_a_witness_refuses_a_log_that_went_back_or_was_rewritten(store: Store) -> None:
    early = submitted(store)
    grow(store, 2)
    signed = cosigned(submitted(store), WITNESS, AT)
    with pytest.raises(NotProven, match="it covers 10 facts, and the older one 20"):
        cosigned(early, WITNESS, AT, previous=signed)
    other = other_log()
    other.catch_up()
    same_size = sign(Note(Checkpoint(LOG.name, 20, other.root(20)).body), LOG)
    with pytest.raises(NotProven, match="another root than the older one, over as many facts"):
        cosigned(Submission(same_size), WITNESS, AT, previous=signed)
    grown = Submission(other.checkpoint(LOG), 20, tuple(other.consistency(20, 50)))
    with pytest.raises(NotProven, match="its proof does not lead from the older one to it: the log was rewritten"):
        cosigned(grown, WITNESS, AT, previous=signed)


def test_a_witness_takes_no_other_log_for_the_one_it_signed(store: Store) -> None:
    signed = cosigned(submitted(store), WITNESS, AT)
    elsewhere = Submission(Notary(store).checkpoint(LOG, "elsewhere.example/log"))
    with pytest.raises(
        NotProven, match=r"of the log 'elsewhere\.example/log', the older one of 'repairs\.example/log'"
    ):
        cosigned(elsewhere, WITNESS, AT, previous=signed)


HASH = "A" * 43 + "="


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("old 5\nnote", "line 1: a submission begins with 'old SIZE', and has an empty line after its proof"),
        ("old 05\n\nnote", "line 1: a submission begins with 'old SIZE'"),
        ("old ٥\n\nnote", "line 1: a submission begins with 'old SIZE'"),
        (f"old 5\n{HASH}\nAAAA\n\nnote", "line 3: 'AAAA' is no hash: 32 bytes in base64"),
        (f"old 5\n{HASH}\r\n\nnote", "line 2: .* is no hash"),
        ("old 5\n" + f"{HASH}\n" * 64 + "\nnote", "a proof has at most 63 hashes, not 64"),
        (f"old 5\n{HASH}\n\nnote", "after the proof: it is no signed note"),
    ],
)
def test_what_is_no_submission_is_refused_with_its_line(content: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"^new.txt[:,] {why}"):
        Submission.parse(content.encode(), "new.txt")


def test_a_submission_is_the_same_after_it_was_sent(store: Store) -> None:
    first = submitted(store).note
    grow(store, 2)
    submission = submitted(store, first)
    assert submission.proof
    assert Submission.parse(str(submission).encode(), "new.txt") == submission
    alone = submitted(store)
    assert Submission.parse(str(alone).encode(), "new.txt") == alone


# erasure


@settings(max_examples=25)
@given(texts=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=6), data=st.data())
def test_erasing_a_private_text_breaks_no_proof(texts: list[str], data: st.DataObject) -> None:
    with Ticketing("memory:", clock=FakeClock(), random_bytes=Random(5).randbytes) as app:
        opened_at = app.handle(but(OPEN_TICKET, number="R-7"))
        ticket = opened_at.ticket_id
        for text in texts:
            app.handle(RecordNote(ticket_id=ticket, actor=MANAGER, text=PrivateText(text=text)))
        made = cosign(app.notary.checkpoint(LOG), WITNESS, AT)
        app.notary.keep(made, KEYS)
        size = app.notary.size()
        proofs = [app.notary.inclusion(position, size) for position in range(1, size + 1)]
        rows = app.store.stored_log(0, size)
        digests = sorted(digest for digest, text in app.store.kept_texts() if text is not None)
        erased = data.draw(st.lists(st.sampled_from(digests), unique=True, min_size=1))
        assert app.store.erase(erased) == len(erased)
        app.handle(RecordNote(ticket_id=ticket, actor=MANAGER, text=PrivateText(text="and on it goes")))

        assert app.store.stored_log(0, size) == rows
        root = Checkpoint.parse(made).root
        for row, proof in zip(rows, proofs, strict=True):
            assert is_included(leaf(row), row.position - 1, size, proof, root)
            assert [one.name for one in app.notary.witnessed(row.position)] == [WITNESS.name]
        newer = app.notary.catch_up()
        assert is_consistent(size, root, newer, app.notary.root(newer), app.notary.consistency(size, newer))
        assert app.notary.rebuild() == newer
        app.notary.require_of_log(Checkpoint.parse(made))
        assert not [defect for defect in app.check(is_full=True) if defect.is_damage]


def test_a_text_s_digest_is_in_the_leaf_and_its_words_are_not() -> None:
    text = salted("the postman did it")
    with closing(opened("memory:")) as store:
        store.append([append(1, 0, note(text), texts=[text])])
        (row,) = store.stored_log(0, 1)
    assert text.digest.encode() in row.state
    assert b"postman" not in row.state
    assert isinstance(store.codec.recorded(*row[:6]).event, NoteRecorded)
    assert hashlib.sha256(text.salt + text.text.encode()).hexdigest() == text.digest
