"""`diff`: what changed in what was known of a ticket, as people and as programs read it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from tests.examples import (
    CORRECT_EVENT,
    DECIDE_ENTITLEMENT,
    MANAGER,
    OPEN_TICKET,
    PIN_STANDARD,
    PROOF_RECORDED,
    RECEIVE_UNIT,
    RECORD_DIAGNOSIS,
    RECORD_PROOF,
    RETRACT_EVENT,
    SITES,
    STANDARD,
    START,
    START_DIAGNOSIS,
    TICKET,
    but,
)
from tests.program import COLOURS, asked, on_terminal
from ticketing.application import Ticketing
from ticketing.domain.publishing import Publish

BY_TWO = {"actor": MANAGER, "approved_by": "m-2"}
LATE_PROOF = but(RECORD_PROOF, occurred_at=START + timedelta(minutes=30))
PROOF = "recorded the proof of purchase: bought on 2025-07-14 from shop-9"
LIFE = (
    OPEN_TICKET,  # 1, recorded at 10:00
    RECEIVE_UNIT,
    START_DIAGNOSIS,
    RECORD_DIAGNOSIS,  # 4, at 13:00
    PIN_STANDARD,
    DECIDE_ENTITLEMENT,  # 6, at 15:00
    LATE_PROOF,  # 7, at 16:00, of 09:30
    but(CORRECT_EVENT, **BY_TWO, target_version=4, field="findings.0.cause", is_="misuse"),  # 8, at 17:00
    but(RETRACT_EVENT, **BY_TWO, target_version=7),  # 9, at 18:00
    but(CORRECT_EVENT, **BY_TWO, target_version=1, field="symptom", is_="it fell into the water"),  # 10, at 19:00
    but(RETRACT_EVENT, **BY_TWO, target_version=8),  # 11, at 20:00
)


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A store whose ticket has fact n recorded at hour n."""
    now = [START]
    with Ticketing(sqlite_url, clock=lambda: now[0]) as app:
        for thing in (STANDARD, *SITES.values()):
            app.handle(Publish(actor=MANAGER, thing=thing))
        for command in LIFE:
            now[0] += timedelta(hours=1)
            app.handle(command)
    return sqlite_url


def at(hour: int, minute: int = 30) -> str:
    return f"2026-03-02T{hour:02}:{minute:02}:00Z"


def diff(url: str, earlier: str, later: str, *more: str) -> Result:
    return asked(url, "diff", "R-1001", "--between", earlier, later, *more)


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return [line.rstrip() for line in result.stdout.splitlines()]


def test_a_late_proof_of_purchase_is_told_with_when_it_happened_and_what_it_changed(url: str) -> None:
    assert lines(diff(url, at(15), at(16))) == [
        "R-1001  between 2026-03-02 15:30 and 2026-03-02 16:30",
        "",
        "1 fact was recorded",
        f"7  2026-03-02 16:00  receptionist r-1 {PROOF} [happened 2026-03-02 09:30]",
        "",
        "It reads otherwise since",
        "by fact 7, recorded 2026-03-02 16:00 by receptionist r-1",
        "  purchased on  nothing → 2025-07-14",
        f"{TICKET}; times in UTC",
    ]


def test_corrections_and_retractions_are_told_apart_with_what_was_and_is(url: str) -> None:
    told = lines(diff(url, at(16), at(18)))
    assert "2 records set earlier facts right" in told
    assert any("corrected findings.0.cause of fact 4 from manufacturing to misuse" in line for line in told)
    (taken,) = [line.strip() for line in told if "no longer stands" in line]
    assert taken == f"→ fact 7 no longer stands: {PROOF}"
    assert told[-5:-1] == [
        "by fact 8, recorded 2026-03-02 17:00 by manager m-1",
        "  finding f-1, cause  manufacturing → misuse",
        "by fact 9, recorded 2026-03-02 18:00 by manager m-1",
        "  purchased on        2025-07-14 → nothing",
    ]


def test_a_correction_that_is_taken_back_lets_the_fact_speak_as_before(url: str) -> None:
    told = [line.strip() for line in lines(diff(url, at(19), at(20)))]
    assert "→ findings.0.cause of fact 4: misuse → manufacturing" in told
    assert any(line.startswith("→ fact 8 no longer stands: corrected findings.0.cause") for line in told)
    assert "finding f-1, cause  misuse → manufacturing" in told


def test_a_fact_that_was_recorded_and_taken_back_says_by_which(url: str) -> None:
    (proof,) = [line for line in lines(diff(url, at(15), at(18))) if "proof of purchase: bought" in line][:1]
    assert proof.endswith("[retracted by 9]")


def test_a_corrected_text_is_quoted_and_after_erasing_it_is_not(url: str) -> None:
    assert any("to “it fell into the water”" in line for line in lines(diff(url, at(18), at(19))))
    with Ticketing(url) as app:
        app.erase("R-1001")
    told = "\n".join(lines(diff(url, at(18), at(19))))
    assert "from “[erased]” to “[erased]”" in told
    assert "water" not in told


def test_where_nothing_changed_it_says_so(url: str) -> None:
    assert lines(diff(url, at(20), at(21), "--zone", "Europe/Berlin")) == [
        "Nothing changed in what was known of R-1001 between 2026-03-02 21:30 and 2026-03-02 22:30.",
        f"{TICKET}; times in Europe/Berlin",
    ]


def test_dates_begin_at_midnight_in_the_zone_asked_for(url: str) -> None:
    # In Auckland 3 March begins on 2 March at 11:00 UTC: fact 2, of that very instant, was known by then.
    told = lines(diff(url, "2026-03-02", "2026-03-03", "--zone", "Pacific/Auckland"))
    assert "2 facts were recorded" in told


@pytest.mark.parametrize(
    ("earlier", "later", "code", "why"),
    [
        (at(15), at(15), 2, "are the same"),
        (at(16), at(15), 2, "the wrong way round"),
        ("2026-03-02T15:00", at(15), 2, "--between 2026-03-02T15:00: a time of day needs a zone"),
        ("2026-03-01", "2026-03-02", 1, "of ticket R-1001 nothing was known by 2026-03-02 00:00"),
    ],
)
def test_two_instants_that_bound_nothing_are_refused(url: str, earlier: str, later: str, code: int, why: str) -> None:
    refused = diff(url, earlier, later)
    assert refused.exit_code == code
    assert why in refused.stderr


def test_a_ticket_that_is_not_there_is_found_wanting(url: str) -> None:
    refused = asked(url, "diff", "R-9", "--between", "2026-03-02", "2026-03-03")
    assert (refused.exit_code, refused.stderr) == (1, "ticketing: there is no ticket R-9\n")


def test_programs_get_the_facts_the_changes_and_the_fields(url: str) -> None:
    told = json.loads("\n".join(lines(diff(url, at(16), at(18), "--format", "json"))))
    assert [*told] == ["ticket_id", "between", "recorded", "changes", "fields"]
    assert told["between"] == ["2026-03-02T16:30:00.000000Z", "2026-03-02T18:30:00.000000Z"]
    assert [fact["version"] for fact in told["recorded"]] == [8, 9]
    by = {"version": 8, "recorded_at": "2026-03-02T17:00:00.000000Z", "actor": MANAGER.model_dump(mode="json")}
    assert told["changes"][0] == {
        "version": 4,
        "kind": "corrected",
        "field": "findings.0.cause",
        "was": "manufacturing",
        "is": "misuse",
        "by": by,
    }
    purchased = {"path": ["purchased_on"], "was": PROOF_RECORDED.purchased_on.isoformat(), "is": None}
    assert {name: told["fields"][0][name] for name in purchased} == purchased
    assert told["fields"][1]["by"] == [by]


def test_it_fits_a_terminal_of_80_columns(url: str, tmp_path: Path) -> None:
    seen = on_terminal("diff", "R-1001", "--between", "2026-03-02", "2026-03-03", store=url, folder=tmp_path)
    told = COLOURS.sub("", seen).splitlines()
    assert max(len(line.rstrip()) for line in told) <= 80
    assert "  pinned standard     nothing → ACME-IS-7@3, clause 4.2" in [line.rstrip() for line in told]
    assert any(line.startswith("  entitlement ") and line.rstrip().endswith("nothing → warranty") for line in told)
