"""`check`: what is wrong with a store, in words, and the exit code for alarms."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.program import asked
from tests.repairs import MANAGER, RECEPTIONIST, Company
from ticketing.application import Ticketing
from ticketing.domain.intake import OpenTicket
from ticketing.domain.record import RecordHostFact
from ticketing.projections.built_in import BACKLOG_ROWS, BUILT_IN

BACKLOG = f"ticketing_view_backlog_{BACKLOG_ROWS.version}"
MARKED = "tests.store_examples:MARKS"


@pytest.fixture
def file(sqlite_url: str) -> str:
    """A store of two tickets, at position 6, with its rows."""
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        company.repairs(2, 1, None)
    # Named, for who runs all makes the hash tree too, which notices every change.
    assert asked(sqlite_url, "projections", "run", *(projection.name for projection in BUILT_IN)).exit_code == 0
    return sqlite_url


def damaged(url: str, statement: str, rows: int = 1) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute(statement).rowcount == rows
        connection.commit()


def test_a_store_in_which_nothing_is_wrong_is_said_to_be_so(file: str) -> None:
    result = asked(file, "check")
    said = "Nothing is wrong up to position 6; rows were not held against a fresh fold, --full does that.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, said, "")
    full = asked(file, "check", "--full")
    assert (full.exit_code, full.stdout) == (
        0,
        f"Nothing is wrong up to position 6; the rows of {len(BUILT_IN)} views are those of a fresh fold.\n",
    )


def test_each_thing_that_is_wrong_is_a_line_with_its_place_and_rule(file: str) -> None:
    damaged(file, "UPDATE ticketing_events SET topic = 'ticketing:Dreamt' WHERE rowid = 5")
    result = asked(file, "check")
    assert result.exit_code == 1
    line, count = result.stdout.splitlines()
    assert line.startswith("position 5, stream ")
    assert line.endswith("(unreadable)")
    assert count == "1 thing is wrong."


def test_what_is_wrong_in_json_has_place_rule_and_words(file: str) -> None:
    damaged(file, "UPDATE ticketing_events SET topic = 'ticketing:Dreamt' WHERE rowid = 5")
    result = asked(file, "check", "--format", "json")
    (defect,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert set(defect) == {"place", "rule", "what", "projection"}
    assert (defect["rule"], defect["projection"]) == ("unreadable", None)


def test_rows_that_no_fold_gives_are_found_by_a_full_check_alone(file: str) -> None:
    damaged(file, f"UPDATE {BACKLOG} SET model = 'P8' WHERE version = 4")
    assert asked(file, "check").exit_code == 0
    full = asked(file, "check", "--full")
    assert full.exit_code == 1
    wrong, remedy, count = full.stdout.splitlines()
    assert wrong.endswith("(row)")
    assert remedy == "The rows of backlog are folded anew by: ticketing projections rebuild backlog"
    assert count == "1 thing is wrong."
    assert asked(file, "projections", "rebuild", "backlog").exit_code == 0
    assert asked(file, "check", "--full").exit_code == 0


def test_of_each_rule_ten_lines_are_shown_and_in_json_all(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        for ticket in range(1, 15):
            company.repairs(ticket, ticket, None)
    assert asked(sqlite_url, "projections", "run").exit_code == 0
    damaged(sqlite_url, "UPDATE ticketing_events SET topic = 'ticketing:Dreamt' WHERE rowid = 28")
    damaged(sqlite_url, f"UPDATE {BACKLOG} SET model = 'P8'", rows=14)
    said = asked(sqlite_url, "check", "--full").stdout.splitlines()
    assert [line.endswith("(unreadable)") for line in said[:2]].count(True) == 1
    assert sum(line.endswith("(row)") for line in said) == 10
    assert "… and 3 more (row), all of them with --format json" in said, "of the fourteenth nothing can be folded"
    assert said[-1] == "15 things are wrong.", "one event of which the tree knows too, and the rows of thirteen tickets"
    assert len(json.loads(asked(sqlite_url, "check", "--full", "--format", "json").stdout)) == 15


def test_a_view_without_its_table_is_one_thing_that_is_wrong(file: str) -> None:
    damaged(file, f"DROP TABLE {BACKLOG}", rows=-1)
    full = asked(file, "check", "--full")
    assert full.exit_code == 1
    assert full.stdout.splitlines()[0] == f"view backlog version {BACKLOG_ROWS.version}: its rows are gone (view)"
    assert full.stdout.splitlines()[-1] == "1 thing is wrong."


def test_tickets_that_wait_are_mentioned_and_are_not_wrong(file: str) -> None:
    with Ticketing(file) as app:
        ticket_id = app.handle(OpenTicket(actor=RECEPTIONIST, number="T-9", site="berlin")).ticket_id
        illegible = {"mark": "illegible", "weight": 1}
        fact = {"namespace": "tests", "name": "mark", "data": illegible, "actor": MANAGER, "ticket_id": ticket_id}
        app.handle(RecordHostFact.model_validate(fact))
    assert asked(file, "projections", "run", projections=MARKED).exit_code == 0
    for full in ([], ["--full"]):
        said = asked(file, "check", *full, projections=MARKED)
        assert said.exit_code == 0
        first, last = said.stdout.splitlines()
        assert first.endswith("1 ticket waits with an event that stopped it: ticketing projections dead-letters marks")
        assert last.startswith("Nothing is wrong up to position 8")


@pytest.mark.parametrize("position", [3, 6])
def test_a_stamp_that_is_none_is_a_line_and_no_traceback(file: str, position: int) -> None:
    damaged(file, f"UPDATE ticketing_events SET recorded_at = 'garbage' WHERE rowid = {position}")
    for full in ([], ["--full"]):
        checked = asked(file, "check", *full)
        assert (checked.exit_code, checked.exception.__class__) == (1, SystemExit)
        assert "garbage" not in checked.stdout
        assert "unreadable" in checked.stdout
    rebuilt = asked(file, "projections", "rebuild", "backlog")
    assert (rebuilt.exit_code, rebuilt.stderr.count("\n")) == (2, 1)


def test_what_was_left_out_of_a_check_is_said_and_is_not_wrong(file: str) -> None:
    tallies = "tests.store_examples:TALLY"
    assert asked(file, "projections", "run", projections=tallies).exit_code == 0
    full = asked(file, "check", "--full")
    assert full.exit_code == 0
    left_out, last = full.stdout.splitlines()
    assert left_out.endswith("(not-checked)")
    assert "tally" in left_out
    held = f"the rows of {len(BUILT_IN)} views are those of a fresh fold"
    assert last.endswith(f"{held}, what is named above was left out.")


def test_of_rows_that_were_never_begun_it_is_not_said_that_they_are_right(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
    left_out = json.loads(asked(sqlite_url, "check", "--full", "--format", "json").stdout)
    assert len(left_out) == len(BUILT_IN)
    assert {(defect["what"], defect["rule"]) for defect in left_out} == {("its rows were never begun", "not-checked")}
    *_, last = asked(sqlite_url, "check", "--full").stdout.splitlines()
    said = (
        "Nothing is wrong up to position 4; no rows were held against a fresh fold, what is named above was left out."
    )
    assert last == said


def test_a_check_of_a_file_that_is_not_there_makes_none(tmp_path: object) -> None:
    result = asked(f"sqlite:///{tmp_path}/mistyped.db", "check")
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_a_changed_fact_is_found_by_the_hash_tree_at_its_position(file: str) -> None:
    assert asked(file, "projections", "run").exit_code == 0
    damaged(file, "UPDATE ticketing_events SET recorded_at = substr(recorded_at, 1, 25) || '7Z' WHERE rowid = 6")
    line, advice, count = asked(file, "check").stdout.splitlines()
    assert line.startswith("position 6, stream ")
    assert line.endswith("it is not the fact that the hash tree was made of: one of both was changed (tree)")
    assert advice.endswith("made anew by: ticketing notary rebuild")
    assert count == "1 thing is wrong."
