"""Crashes in short: each fault a few times, and what counts as lost, doubled and wrong. `make soak` takes longer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import postgres
from tests.crash.commands import Client
from tests.crash.faults import Fault, places, strike
from tests.crash.imported import Undisturbed, foreign_log
from tests.crash.journal import Journal, Line, in_doubt, read_journal
from tests.crash.page import PAGE, page, run_on
from tests.crash.programs import answer
from tests.crash.scene import Kind
from tests.crash.seen import SEEN
from tests.crash.verdict import Tally, judged, rows_judged
from ticketing.adapters.projector import view_of
from ticketing.application import Ticketing

CLIENT = Client(7, "c")


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[postgres.MortalServer]:
    with postgres.mortal_server() as server:
        yield server


@pytest.fixture
def app() -> Iterator[Ticketing]:
    with Ticketing("memory:", projections=[SEEN]) as ticketing:
        yield ticketing


def sent(app: Ticketing, *numbers: int) -> list[Line]:
    """The journal of a client that sends its commands of these numbers."""
    return [line for number in numbers for line in (Line(kind="sent", number=number), answer(app, CLIENT, number))]


@pytest.mark.parametrize(("fault", "kind"), [pytest.param(*one, id=f"{one[0].name}, {one[1]}") for one in places()])
def test_what_was_acknowledged_is_there_once(
    fault: Fault, kind: Kind, mortal_server: postgres.MortalServer, tmp_path: Path
) -> None:
    times = 1 if fault.leaves_lead and kind == "SQLite" else 2  # a lease takes its time to run out
    tally = strike(fault, kind, mortal_server, tmp_path, seed=7, times=times)
    assert tally.is_clean, tally
    assert tally.tried >= times
    assert tally.acknowledged > 0
    assert tally.rows > 0


# that it would be seen


def test_what_is_as_the_client_was_told_is_neither_lost_nor_doubled(app: Ticketing) -> None:
    lines = sent(app, 0, 1, 2)
    assert judged(app, {CLIENT: lines}) == Tally(sent=3, acknowledged=3)


def test_what_was_acknowledged_and_is_not_on_record_is_lost(app: Ticketing) -> None:
    lines = [*sent(app, 0), Line(kind="sent", number=1), Line(kind="acknowledged", number=1, positions=(2, 2))]
    assert judged(app, {CLIENT: lines}).lost == 1


def test_what_is_on_record_elsewhere_than_was_told_is_lost(app: Ticketing) -> None:
    lines = [replace(line, positions=(5, 5)) if line.kind == "acknowledged" else line for line in sent(app, 0)]
    assert judged(app, {CLIENT: lines}).lost == 1


def test_what_was_never_answered_may_be_on_record_or_not(app: Ticketing) -> None:
    lines = [sent(app, 0)[0], Line(kind="sent", number=1)]
    assert judged(app, {CLIENT: lines}) == Tally(sent=2)


def test_what_is_on_record_twice_is_doubled_even_under_another_id(app: Ticketing) -> None:
    lines = sent(app, 0, 1)
    again = CLIENT.command(5).model_copy(update={"command_id": Client(7, "d").command_id(0)})
    lines += sent(app, 5)
    app.handle(again)
    tally = judged(app, {CLIENT: lines})
    assert tally.doubled == 1
    assert tally.complaints == ("1 commands on record that nobody sent",)


def test_what_was_rejected_and_is_on_record_is_seen(app: Ticketing) -> None:
    sent(app, 0)
    lines = [Line(kind="sent"), Line(kind="rejected", said="number-taken")]
    assert judged(app, {CLIENT: lines}).complaints == ("c 0 was rejected and is on record",)


def test_a_row_that_a_fresh_fold_does_not_give_is_wrong(app: Ticketing) -> None:
    sent(app, 0, 1, 2)
    app.projections.catch_up()
    projections = len(app.projections.known)
    assert rows_judged(app) == Tally(rows=projections)
    (row,) = app.projections.rows(SEEN)
    view = view_of(app.store, SEEN)
    twice = replace(row, versions=(*row.versions, 3))
    view.save([twice], revision=view.load([]).revision, position=3)
    assert rows_judged(app) == Tally(rows=projections, wrong=1)


def test_an_import_that_lost_or_doubled_something_is_seen(app: Ticketing, tmp_path: Path) -> None:
    log = foreign_log(tmp_path, 7, 3)
    app.import_log(log.log, log.mapping)
    whole = Undisturbed.of(app)
    commands = len({fact.command_id for fact in whole.facts})
    assert whole.beginning(app, None) == Tally(sent=commands, acknowledged=commands)
    with Ticketing("memory:") as empty:
        assert whole.beginning(empty, 0) == Tally(sent=commands)
        assert whole.beginning(empty, 3).lost == commands
    half = Undisturbed(whole.facts[:4], whole.told[:4])
    assert half.beginning(app, 1).complaints == ("the log is no beginning of the undisturbed one",)


def test_a_fault_that_hits_nothing_is_not_taken_for_tried(mortal_server: postgres.MortalServer, tmp_path: Path) -> None:
    harmless = Fault("harmless", "Nothing happens.", ("SQLite",), lambda at: Tally())
    tally = strike(harmless, "SQLite", mortal_server, tmp_path, seed=7, times=1)
    assert tally.complaints == ("harmless: hit something 0 times of 1",)


def test_a_line_that_a_kill_has_torn_is_as_if_it_had_not_been_begun(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"kind": "sent", "number": 3, "positions": [0, 0]}\n{"kind": "ackno')
    assert in_doubt(read_journal(path)) == 3
    with Journal(path, is_synced=True) as journal:
        journal.note(Line(kind="acknowledged", number=3))
    assert [line.kind for line in read_journal(path)] == ["sent", "acknowledged"]
    assert in_doubt(read_journal(path)) is None


# the page


def test_the_page_tells_every_fault_as_the_program_does() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert page(run_on(written)) == written, "write it anew: make soak"


def test_the_page_has_every_fault_tried_and_nothing_lost() -> None:
    for tally in run_on(PAGE.read_text(encoding="utf-8")).tallies.values():
        assert tally.is_clean
        assert tally.tried > 0
        assert tally.acknowledged > 0
