"""`projections dead-letters`, `retry` and `drop`: what stopped a ticket, and what becomes of it."""

import json
import sqlite3
from contextlib import closing
from uuid import UUID

import pytest
from typer.testing import Result

from tests.program import asked
from tests.repairs import Company

STOPPED = UUID(int=2)
READABLE, DREAMT = "ticketing:UnitReceived", "ticketing:UnitDreamt"
WHY = f"stream {STOPPED} version 2, {DREAMT}: this version knows no such event"


def known_as(url: str, name: str, ticket: UUID = STOPPED, version: int = 2) -> None:
    """Has a fact stored under a name, as a version of the package that knows more or fewer events would."""
    statement = "UPDATE ticketing_events SET topic = ? WHERE originator_id = ? AND originator_version = ?"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute(statement, (name, ticket.hex, version)).rowcount == 1
        connection.commit()


@pytest.fixture
def file(sqlite_url: str) -> str:
    """A store of two tickets; the second stops at its second fact, at position 6."""
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
        company.repairs(2, 1, 4)
    known_as(sqlite_url, DREAMT)
    return sqlite_url


def on(url: str, *arguments: str, answer: str = "") -> Result:
    return asked(url, "projections", *arguments, answer=answer)


def listed(url: str, *arguments: str) -> list[dict[str, object]]:
    result = on(url, "dead-letters", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    letters: list[dict[str, object]] = json.loads(result.stdout)
    return letters


def test_bringing_rows_up_to_date_tells_of_tickets_that_an_event_stopped(file: str) -> None:
    said = on(file, "run", "backlog")
    assert said.exit_code == 0
    assert said.stderr.splitlines() == [
        "Up to date at position 8.",
        "backlog: 1 ticket waits with an event that stopped it: ticketing projections dead-letters backlog",
    ]


def test_a_rebuild_tells_of_tickets_that_wait_and_how_many_more_they_are(file: str) -> None:
    on(file, "run", "backlog")
    waits = "backlog: 1 ticket waits with an event that stopped it: ticketing projections dead-letters backlog"
    assert on(file, "rebuild", "backlog").stderr.splitlines()[1:] == [waits]
    known_as(file, DREAMT, ticket=UUID(int=1))
    waits = "backlog: 2 tickets wait with events that stopped them, 1 more than before: "
    assert on(file, "rebuild", "backlog").stderr.splitlines()[1:] == [
        f"{waits}ticketing projections dead-letters backlog"
    ]


def test_dead_letters_are_listed_by_the_number_of_their_ticket_with_the_reason(file: str) -> None:
    assert on(file, "dead-letters").stdout == "There are no dead letters.\n"
    on(file, "run", "backlog", "turnaround")
    assert on(file, "dead-letters").stdout.splitlines() == [
        "backlog  T-2  position 6, recorded 2026-01-04 00:00 UTC",
        f"  {WHY}",
        "turnaround  T-2  position 6, recorded 2026-01-04 00:00 UTC",
        f"  {WHY}",
    ]
    assert [letter["projection"] for letter in listed(file, "backlog")] == ["backlog"]


def test_dead_letters_in_json_have_all_that_is_known(file: str) -> None:
    on(file, "run", "backlog")
    (letter,) = listed(file)
    assert str(letter.pop("reason")).endswith(WHY)
    assert letter == {
        "projection": "backlog",
        "ticket": "T-2",
        "ticket_id": str(STOPPED),
        "position": 6,
        "version": 2,
        "topic": DREAMT,
        "recorded_at": "2026-01-04T00:00:00.000003Z",
        "dropped_at": None,
    }


def test_a_report_says_how_many_tickets_it_left_out(file: str) -> None:
    said = asked(file, "report", "backlog").stdout
    assert "left out: 1, stopped by an event: ticketing projections dead-letters" in said


def test_a_retry_heals_what_can_be_read_again_and_only_that(file: str) -> None:
    on(file, "run", "backlog")
    waits = on(file, "retry", "backlog")
    assert waits.exit_code == 1
    assert waits.stdout == f"T-2: waits still at position 6: {WHY}\n"
    known_as(file, READABLE)
    healed = on(file, "retry", "backlog", "T-2")
    assert (healed.exit_code, healed.stdout, healed.stderr) == (0, "T-2: healed\n", "")
    assert listed(file) == []
    assert on(file, "retry", "backlog").stdout == "Nothing waits in backlog.\n"


def test_a_ticket_that_does_not_wait_is_neither_retried_nor_dropped(file: str) -> None:
    on(file, "run", "backlog")
    for command in ("retry", "drop"):
        for ticket, said in (("T-1", "ticket T-1 does not wait in backlog"), ("T-9", "there is no ticket T-9")):
            result = on(file, command, "backlog", ticket)
            assert (result.exit_code, result.stdout) == (1, "")
            assert said in result.stderr


def test_a_drop_asks_and_says_what_it_means(file: str) -> None:
    on(file, "run", "backlog")
    declined = on(file, "drop", "backlog", "T-2", answer="n\n")
    assert declined.exit_code == 1
    assert f"Leave {DREAMT} at position 6 out of the row of T-2 in backlog for good?" in declined.stderr
    assert "Its figures go on without it." in declined.stderr
    assert listed(file)[0]["dropped_at"] is None
    dropped = on(file, "drop", "backlog", "T-2", "--yes")
    assert (dropped.exit_code, dropped.stdout) == (0, "")
    assert dropped.stderr == "T-2: dropped position 6; its figures go on without it\n"
    assert listed(file)[0]["dropped_at"] is not None
    assert "dropped 20" in on(file, "dead-letters").stdout
    assert "1 dropped" in on(file, "status").stdout


def test_a_drop_says_what_the_ticket_waits_for_next(file: str) -> None:
    known_as(file, DREAMT, version=3)
    on(file, "run", "backlog")
    dropped = on(file, "drop", "backlog", "T-2", "--yes")
    assert dropped.exit_code == 1
    assert dropped.stderr.startswith("T-2: waits now at position 7: ")


def test_a_ticket_whose_first_fact_nobody_can_read_is_found_by_its_number_and_by_its_id(file: str) -> None:
    known_as(file, DREAMT, version=1)
    on(file, "run", "backlog", "turnaround")
    assert {letter["ticket"] for letter in listed(file)} == {str(STOPPED)}
    assert on(file, "retry", "backlog", "T-2").stdout.startswith(f"{STOPPED}: waits still at position 5: ")
    assert on(file, "drop", "backlog", str(STOPPED), "--yes").exit_code == 1, "the next one stops it too"
    assert on(file, "drop", "turnaround", "T-2", "--yes").stderr.startswith("T-2: waits now at position 6: ")
