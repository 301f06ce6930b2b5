"""`show`, `history` and `erase`: what is known of one ticket, what happened, and forgetting a person."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.examples import (
    DISPUTED_LIFE,
    MANAGER,
    OPEN_TICKET,
    RECORD_CONTACT,
    RECORD_NOTE,
    RETRACT_EVENT,
    SITES,
    STANDARD,
    START,
    but,
)
from tests.examples import TICKET as TICKET_ID
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.domain.publishing import Publish

Run = Callable[..., Result]
LATE, NOTE, TAKEN_BACK = 37, 38, 39
"""Versions after the disputed life of 36 facts: a contact told a day late, a note, and that it was taken back."""


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def lives(url: str) -> None:
    """Puts the disputed life into an empty store; fact n is recorded at hour n."""
    now = [START]
    with Ticketing(url, clock=lambda: now[0]) as store:
        for thing in (STANDARD, *SITES.values()):
            store.handle(Publish(actor=MANAGER, thing=thing))
        late = but(RECORD_CONTACT, occurred_at=hour(LATE - 24))
        for command in (*DISPUTED_LIFE, late, RECORD_NOTE, but(RETRACT_EVENT, target_version=NOTE)):
            now[0] += timedelta(hours=1)
            store.handle(command)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tickets") / "disputed.sqlite"
    lives(f"sqlite:///{path}")
    return path


def running_on(url: str) -> Run:
    def run(*arguments: str, answer: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments, "--store", url], input=answer)

    return run


@pytest.fixture
def run(file: Path, tmp_path: Path) -> Run:
    """Runs the program on a file of its own that holds the disputed life."""
    copy = shutil.copy(file, tmp_path / "store.sqlite")
    return running_on(f"sqlite:///{copy}")


def lines(result: Result) -> list[str]:
    """The lines of an answer that must have succeeded, without a colour in it."""
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    return result.stdout.splitlines()


def test_a_ticket_is_shown_in_words_with_what_the_customer_said(run: Run) -> None:
    shown = lines(run("show", "R-1001"))
    assert shown[0] == "R-1001  closed, repaired"
    assert "in their words  “does not charge, I swear”" in shown
    assert "unit            ACME P7, serial sn 001-a, bought 2025-07-14" in shown
    assert any(line.startswith("dispute         D-1 about coverage") for line in shown)
    assert "assessment      ACME-IS-7@3 says: undecidable; missing: what clause 4.2 asks" in shown


def test_a_server_gives_the_same_answers_as_a_file(run: Run, postgres_url: str) -> None:
    lives(postgres_url)
    on_server = running_on(postgres_url)
    history = ("history", "R-1001", "--as-recorded", "--zone", "Europe/Berlin")
    assert lines(on_server(*history)) == lines(run(*history))
    assert lines(on_server("show", "R-1001")) == lines(run("show", "R-1001"))
    assert on_server("erase", "R-1001", "--yes").exit_code == 0
    assert "in their words  “[erased]”" in lines(on_server("show", "R-1001"))


def test_a_ticket_is_found_by_its_id_as_by_its_number(run: Run) -> None:
    assert run("show", str(TICKET_ID)).stdout == run("show", "R-1001").stdout


def test_what_was_known_before_the_verdict_is_another_answer(run: Run) -> None:
    before = lines(run("show", "R-1001", "--known-at", "2026-03-02T21:30:00Z"))
    assert before[0] == "R-1001  open"
    assert "covered by      not covered; service was refused" in before
    assert "covered by      warranty; service was refused" in lines(run("show", "R-1001"))


def test_a_date_begins_at_midnight_in_the_zone_asked_for(run: Run) -> None:
    # Kathmandu is 5:45 ahead: its 3 March begins on 2 March at 18:15 UTC, when 9 of the facts had happened.
    *shown, zone = lines(run("history", "R-1001", "--as-of", "2026-03-03", "--zone", "Asia/Kathmandu"))
    assert zone == f"{TICKET_ID}, 9 facts; times in Asia/Kathmandu"
    assert len(shown) == 9
    assert shown[0].startswith("1  2026-03-02 15:45  ")


def test_before_anything_had_happened_the_ticket_is_found_wanting(run: Run) -> None:
    asked = run("show", "R-1001", "--as-of", "2026-03-01")
    assert asked.exit_code == 1
    assert "nothing had happened" in asked.stderr


def test_the_state_as_json_has_the_fields_of_a_ticket(run: Run) -> None:
    state: dict[str, Any] = json.loads("\n".join(lines(run("show", "R-1001", "--format", "json"))))
    assert (state["number"], state["case"], state["cycle"]) == ("R-1001", "closed", 1)
    assert state["opened_at"] == "2026-03-02T10:00:00.000000Z"
    assert state["serial"]["text"] == "sn 001-a"
    assert len(state["serial"]["match"]) == 64
    assert state["symptom"]["text"] == "does not charge, I swear"
    assert (state["assessment"]["answer"], state["assessment"]["missing"]) == ("undecidable", ["criteria:4.2"])
    assert state["disputes"]["D-1"]["heard"] == ["company", "customer", "manufacturer"]
    assert state["disputes"]["D-1"]["verdicts"][0]["shares"] == [{"party": "manufacturer", "percent": "100"}]


def test_a_history_has_one_line_per_fact_in_order_of_version(run: Run) -> None:
    told = lines(run("history", "R-1001"))[:-1]
    versions = [int(line.split()[0]) for line in told]
    assert versions == [version for version in range(1, TAKEN_BACK + 1) if version != NOTE]
    assert told[11].startswith("12  2026-03-02 21:00  warranty officer w-1 refused the service (misuse, clause 4.2)")


def test_a_fact_that_was_recorded_late_is_marked(run: Run) -> None:
    told = {int(line.split()[0]): line for line in lines(run("history", "R-1001"))[:-1]}
    assert told[LATE].endswith("[late: recorded 2026-03-03 22:00]")
    assert not any("[late" in line for version, line in told.items() if version != LATE)


def test_as_recorded_shows_what_was_taken_back_and_what_was_corrected(run: Run) -> None:
    told = lines(run("history", "R-1001", "--as-recorded"))[:-1]
    assert len(told) == TAKEN_BACK
    assert told[NOTE - 1].endswith(f"[retracted by {TAKEN_BACK}]")
    assert "with charger;" in told[1]
    assert told[1].endswith("[accessories.0 corrected by 36]")


def test_a_fact_that_is_told_as_corrected_says_so(run: Run) -> None:
    told = lines(run("history", "R-1001"))
    assert "with charger-eu;" in told[1]
    assert told[1].endswith("[accessories.0 corrected by 36]")
    before = lines(run("history", "R-1001", "--at-version", "35"))
    assert "with charger;" in before[1]
    assert not any("corrected by" in line for line in before)


def test_what_was_told_cannot_steer_the_terminal(sqlite_url: str) -> None:
    with Ticketing(sqlite_url, clock=lambda: START) as store:
        store.handle(but(OPEN_TICKET, symptom="\x1b[2Jgone\x9b31m\nand _[bold]more"))
    run = running_on(sqlite_url)
    for command in ("show", "history"):
        told = "\n".join(lines(run(command, "R-1001")))
        assert "\\x1b[2Jgone" in told
        assert "_[bold]more" in told
        assert "\x9b" not in told


def test_the_first_facts_alone_are_asked_for_by_version(run: Run) -> None:
    assert len(lines(run("history", "R-1001", "--at-version", "7"))[:-1]) == 7
    assert lines(run("show", "R-1001", "--at-version", "1"))[0] == "R-1001  open"


def test_the_history_as_json_has_the_same_keys_for_every_fact(run: Run) -> None:
    facts = json.loads("\n".join(lines(run("history", "R-1001", "--as-recorded", "--format", "json"))))
    expected = "position version event occurred_at recorded_at actor source command_id caused_by flags changed schema"
    assert {tuple(fact) for fact in facts} == {(*expected.split(), "data", "words")}
    assert facts[1]["data"]["condition"]["text"] == "a scratch"
    assert facts[1]["changed"] == ["accessories.0 corrected by 36"]
    assert [fact["version"] for fact in facts] == list(range(1, TAKEN_BACK + 1))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticketing_private_texts SET text = text || '!'",
        "UPDATE ticketing_private_texts SET salt = NULL",
        "UPDATE ticketing_private_texts SET salt = NULL, text = NULL",
        "DELETE FROM ticketing_private_texts",
    ],
)
def test_a_text_that_was_changed_beside_the_log_is_not_told_among_what_was_witnessed(
    run: Run, tmp_path: Path, change: str
) -> None:
    said = run("history", "R-1001", "--witnessed")
    assert said.exit_code == 0, said.stderr
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as database, database:
        assert database.execute(change).rowcount
    refused = run("history", "R-1001", "--witnessed")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "version 1: a private text beside it is not the one that was recorded" in refused.stderr
    assert "ticketing check" in refused.stderr
    assert run("erase", "R-1001", "--yes").exit_code == 0
    assert (run("history", "R-1001", "--witnessed").exit_code == 0) == ("DELETE" not in change)  # erased is erased


def test_erasing_asks_first(run: Run) -> None:
    refused = run("erase", "R-1001", answer="n\n")
    assert refused.exit_code == 1
    assert "nothing was done" in refused.stderr
    assert "“does not charge, I swear”" in run("show", "R-1001").stdout


def test_what_was_erased_is_printed_as_erased_and_the_rest_stays(run: Run) -> None:
    assert "erased" in run("erase", "R-1001", "--yes").stderr
    shown = lines(run("show", "R-1001"))
    assert "in their words  “[erased]”" in shown
    assert shown[0] == "R-1001  closed, repaired"
    assert "does not charge" not in run("history", "R-1001", "--as-recorded", "--format", "json").stdout
    assert "none left to erase" in run("erase", "R-1001", "--yes").stderr


def test_a_ticket_that_is_not_there_is_found_wanting(run: Run) -> None:
    for command in ("show", "history", "erase"):
        asked = run(command, "R-9")
        assert (asked.exit_code, asked.stdout) == (1, "")
        assert asked.stderr == "ticketing: there is no ticket R-9\n"
