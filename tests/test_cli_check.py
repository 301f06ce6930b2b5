"""`check`: what is wrong with a store, in words, and the exit code for alarms."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.program import asked
from tests.repairs import Company


@pytest.fixture
def file(sqlite_url: str) -> str:
    """A store of two tickets, at position 6, with its rows."""
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        company.repairs(2, 1, None)
    assert asked(sqlite_url, "projections", "run").exit_code == 0
    return sqlite_url


def damaged(url: str, statement: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute(statement).rowcount == 1
        connection.commit()


def test_a_store_in_which_nothing_is_wrong_is_said_to_be_so(file: str) -> None:
    result = asked(file, "check")
    said = "Nothing is wrong up to position 6; rows were not held against a fresh fold, --full does that.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, said, "")
    full = asked(file, "check", "--full")
    assert (full.exit_code, full.stdout) == (
        0,
        "Nothing is wrong up to position 6; the rows are those of a fresh fold.\n",
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
    assert set(defect) == {"place", "rule", "what"}
    assert defect["rule"] == "unreadable"


def test_rows_that_no_fold_gives_are_found_by_a_full_check_alone(file: str) -> None:
    damaged(file, "UPDATE ticketing_view_backlog_1 SET model = 'P8' WHERE version = 4")
    assert asked(file, "check").exit_code == 0
    full = asked(file, "check", "--full")
    assert full.exit_code == 1
    assert "(row)" in full.stdout


def test_what_was_left_out_of_a_check_is_said_and_is_not_wrong(file: str) -> None:
    tallies = "tests.store_examples:TALLY"
    assert asked(file, "projections", "run", projections=tallies).exit_code == 0
    full = asked(file, "check", "--full")
    assert full.exit_code == 0
    left_out, last = full.stdout.splitlines()
    assert left_out.endswith("(not-checked)")
    assert "tally" in left_out
    assert last.endswith("the rows are those of a fresh fold, but for what is named above.")


def test_a_check_of_a_file_that_is_not_there_makes_none(tmp_path: object) -> None:
    result = asked(f"sqlite:///{tmp_path}/mistyped.db", "check")
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr
