"""The check of the hash tree: which fact was changed, whether it or the tree, and what was signed of the log."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.store_examples import MARKS, FakeClock, append, fake_random_bytes, mark, note, number, salted
from ticketing.adapters import check_tree
from ticketing.adapters.check import check
from ticketing.adapters.defect import Defect
from ticketing.adapters.keys import SigningKey
from ticketing.adapters.notary import Notary
from ticketing.adapters.notes import cosign
from ticketing.adapters.store import Store
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import DamagedTree
from ticketing.domain.events import RepairStarted

LOG = SigningKey("repairs.example/log", "log", bytes(range(32)))
WITNESS = SigningKey("maker.example", "witness", bytes(range(1, 33)))
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXT = salted("the neighbour did it")
FACTS = 600


def opened(url: str) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=[MARKS])


def live(store: Store) -> None:
    """Six hundred facts, of which the first 300 were witnessed, and then all."""
    notary = Notary(store)
    store.append([append(1, 0, note(TEXT), mark("a"), mark("b"), texts=[TEXT])])
    store.append([append(2, 0, *[RepairStarted()] * 297)])
    notary.keep(cosign(notary.checkpoint(LOG), WITNESS, AT), [LOG.verifying, WITNESS.verifying])
    store.append([append(3, 0, *[RepairStarted()] * 300)])
    notary.keep(cosign(notary.checkpoint(LOG), WITNESS, AT), [LOG.verifying, WITNESS.verifying])


def found(store: Store, *, is_full: bool = False) -> list[Defect]:
    """What is wrong with the tree and the checkpoints."""
    return [defect for defect in check(store, [], is_full=is_full) if defect.rule in {"tree", "checkpoint"}]


def said(store: Store, *, is_full: bool = False) -> list[str]:
    return [f"{defect.place}: {defect.what}" for defect in found(store, is_full=is_full)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lived") / "store.sqlite"
    with closing(opened(f"sqlite:///{path}?synchronous=normal")) as store:
        live(store)
    return path


@pytest.fixture
def damaged(lived: Path, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens a copy of the store after statements were carried out on it."""
    stores = []

    def open_damaged(*statements: str) -> Store:
        path = tmp_path / "store.sqlite"
        shutil.copy(lived, path)
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                assert database.execute(statement).rowcount, statement
            database.commit()
        stores.append(opened(f"sqlite:///{path}?synchronous=normal"))
        return stores[-1]

    yield open_damaged
    for store in stores:
        store.close()


CHANGE = """
UPDATE ticketing_events SET state = CAST(replace(CAST(state AS TEXT), '"a"', '"e"') AS BLOB) WHERE rowid = 2
"""
CHANGED = "it is not the fact that the hash tree was made of: one of both was changed"
NOT_THOSE = "the first {} facts of the log are not those that it is of"


def position(at: int, ticket: int, version: int) -> str:
    return f"position {at}, stream {number(ticket)} version {version}: {CHANGED}"


@pytest.mark.parametrize("is_full", [False, True])
def test_a_tree_that_fits_its_log_is_found_clean(store_url: str, is_full: bool) -> None:
    with closing(opened(store_url)) as store:
        live(store)
        store.append([append(1, 3)])  # the tree may be behind
        store.erase([TEXT.digest])
        assert found(store, is_full=is_full) == []


def test_a_changed_fact_is_found_at_its_position(damaged: Callable[..., Store]) -> None:
    assert said(damaged(CHANGE)) == [
        position(2, 1, 2),
        f"checkpoint of 300 facts: {NOT_THOSE.format(300)}",
        f"checkpoint of 600 facts: {NOT_THOSE.format(600)}",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "recorded_at = '2026-03-02T09:00:00.123459Z'",
        "topic = 'ticketing:RepairEnded'",
        "originator_version = 999",
        f"originator_id = '{number(9).hex}'",
    ],
)
def test_a_changed_stamp_name_version_or_stream_is_found(damaged: Callable[..., Store], change: str) -> None:
    first, *others = found(damaged(f"UPDATE ticketing_events SET {change} WHERE rowid = 600"))
    assert first.place.startswith("position 600, stream ")
    assert [defect.place for defect in others] == ["checkpoint of 600 facts"]


def test_two_facts_that_changed_places_are_found(damaged: Callable[..., Store]) -> None:
    swapped = [f"UPDATE ticketing_events SET rowid = {to} WHERE rowid = {at}" for at, to in [(2, -1), (3, 2), (-1, 3)]]
    places = [defect.place.partition(",")[0] for defect in found(damaged(*swapped))]
    assert places == ["position 2", "position 3", "checkpoint of 300 facts", "checkpoint of 600 facts"]


def test_a_fact_that_is_gone_fits_no_checkpoint_after_it(damaged: Callable[..., Store]) -> None:
    places = [defect.place for defect in found(damaged("DELETE FROM ticketing_events WHERE rowid = 450"))]
    assert places == ["checkpoint of 600 facts"]


def test_a_tail_that_was_cut_is_found(damaged: Callable[..., Store]) -> None:
    assert said(damaged("DELETE FROM ticketing_events WHERE rowid > 590")) == [
        "the hash tree: it has 600 leaves, and the log ends at 590: its end is gone",
        "checkpoint of 600 facts: the log ends before it, or cannot be read so far",
    ]


def test_who_rewrites_log_and_tree_is_betrayed_by_what_was_signed(damaged: Callable[..., Store]) -> None:
    store = damaged(CHANGE)
    Notary(store).rebuild()
    assert said(store) == [f"checkpoint of {size} facts: {NOT_THOSE.format(size)}" for size in (300, 600)]


def test_a_damaged_leaf_is_found_while_the_log_is_as_it_was_signed(damaged: Callable[..., Store]) -> None:
    store = damaged()
    (hashes,) = store.tree.tiles([(0, 1)]).values()
    store.tree.grow(600, 600, {(0, 1): bytes(32) + hashes[32:]})
    assert said(store) == [position(257, 2, 254)]


def test_a_tile_that_is_gone_or_cut_is_found(damaged: Callable[..., Store]) -> None:
    cut = "UPDATE ticketing_tree_tiles SET hashes = substr(hashes, 1, 64) WHERE (level, number) = (0, 2)"
    gone = "DELETE FROM ticketing_tree_tiles WHERE (level, number) = (0, 0)"
    assert len(found(damaged(cut))) == 600 - 512 - 2
    assert len(found(damaged(gone))) == 256


def test_hashes_between_leaves_and_root_are_computed_anew_in_full(damaged: Callable[..., Store]) -> None:
    store = damaged()
    (hashes,) = store.tree.tiles([(1, 0)]).values()
    store.tree.grow(600, 600, {(1, 0): hashes[:32] + bytes(32)})
    assert said(store) == []
    assert said(store, is_full=True) == [
        "the hash tree, tile 1 of level 0: the level above has another hash for it",
    ]


def test_a_fact_that_is_no_bytes_any_more_is_no_traceback(damaged: Callable[..., Store]) -> None:
    store = damaged("UPDATE ticketing_events SET state = 'garbage' WHERE rowid = 2")
    assert {defect.place for defect in check(store, [])} > {"checkpoint of 300 facts", "checkpoint of 600 facts"}
    with pytest.raises(DamagedTree, match="position 2 cannot be hashed: ticketing check"):
        Notary(store).rebuild()


@pytest.mark.parametrize("statement", ["DELETE FROM ticketing_tree", "UPDATE ticketing_tree SET size = 'garbage'"])
def test_a_tree_whose_size_is_damaged_is_said_to_be(damaged: Callable[..., Store], statement: str) -> None:
    (defect,) = found(damaged(statement))
    assert defect.place == "the hash tree"
    assert "it was not looked at" in defect.what


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("note = replace(note, 'repairs.example', 'repairs.exemple')", "does not hold|not signed by"),
        ("note = 'garbage'", "no signed note"),
        ("keys = 'garbage'", "no verifier key"),
        ("keys = ''", "not signed by anybody that was named"),
        ("size = 299", "what was signed is another size or root"),
    ],
)
def test_a_checkpoint_that_was_changed_is_found(damaged: Callable[..., Store], change: str, why: str) -> None:
    store = damaged(f"UPDATE ticketing_checkpoints SET {change} WHERE size = 300")
    (defect,) = [defect for defect in found(store) if "log are not those" not in defect.what]
    assert defect.place in {"checkpoint of 300 facts", "checkpoint of 299 facts"}
    assert any(part in defect.what for part in why.split("|"))


def test_without_cryptography_roots_are_compared_and_signatures_said_to_be_left_out(
    damaged: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_tree, "can_verify", lambda: False)
    store = damaged(CHANGE)
    defects = list(check(store, []))
    assert [defect.place for defect in defects if defect.rule == "checkpoint"] == [
        "checkpoint of 300 facts",
        "checkpoint of 600 facts",
    ]
    (left_out,) = [defect for defect in defects if defect.rule == "not-checked"]
    assert left_out.what == "signatures need cryptography: pip install 'ticketing[proof]'"
