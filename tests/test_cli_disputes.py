"""`disputes` and `confirm`: who differs over what and where they stand, and a person's word on what follows."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import Result

from tests.examples import (
    APPEAL_VERDICT,
    APPROVE_ESTIMATE,
    BOARD_SUBMITTED,
    CLOSE_DISPUTE,
    DECIDE_CLAIM,
    DECIDE_ENTITLEMENT,
    DISPUTE_OFFICER,
    HAND_OVER_EVIDENCE,
    HOLD_JOINT_INSPECTION,
    ISSUE_BILL,
    ISSUE_ESTIMATE,
    ISSUE_VERDICT,
    MANAGER,
    MANUFACTURER,
    OPEN_DISPUTE,
    OPEN_TICKET,
    PIN_STANDARD,
    RECEIVE_UNIT,
    RECEPTIONIST,
    RECORD_DIAGNOSIS,
    REQUEST_POSITION,
    STANDARD,
    START,
    STATE_POSITION,
    SUBMIT_CLAIM,
    SUBMIT_EVIDENCE,
    WARRANTY_OFFICER,
    but,
    causing,
    euros,
)
from tests.program import COLOURS, asked, on_terminal
from ticketing.application import Ticketing
from ticketing.cli.difference_words import said
from ticketing.domain.command import Command
from ticketing.domain.dispute import SubmitEvidence
from ticketing.domain.events import Share
from ticketing.domain.publishing import Publish
from ticketing.domain.values import Actor, instant_text

CHINESE = "液体指示标签已变红，按照第4.2条属于人为损坏，不在保修范围之内；请专家共同检查主板。"
SHARES = (
    Share(party="manufacturer", percent=Decimal(70)),
    Share(party="company", percent=Decimal(30)),
)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


LIFE: tuple[Command, ...] = (
    *(OPEN_TICKET, RECEIVE_UNIT, RECORD_DIAGNOSIS, PIN_STANDARD, but(DECIDE_ENTITLEMENT, basis="none")),
    *(ISSUE_ESTIMATE, APPROVE_ESTIMATE, ISSUE_BILL),
    but(OPEN_DISPUTE, about_version=5, parties=("customer", "company", "manufacturer")),
    but(REQUEST_POSITION, deadline=hour(13)),
    but(STATE_POSITION, actor=RECEPTIONIST, statement="Jamais mouillé.", language="fr", letter_hash="ab" * 32),
    but(STATE_POSITION, party="company", actor=WARRANTY_OFFICER, statement="The indicator is red.", clause="4.2"),
    but(REQUEST_POSITION, party="seller", deadline=hour(99)),
    # hour 14: the silence of the manufacturer, which answers an hour later
    but(STATE_POSITION, party="manufacturer", actor=DISPUTE_OFFICER, statement=None, is_silence=True),
    but(STATE_POSITION, party="manufacturer", actor=MANUFACTURER, statement=CHINESE, language="zh-Hans"),
    SUBMIT_EVIDENCE,
    causing(SubmitEvidence, but(BOARD_SUBMITTED, dispute_id="D-1"), RECEPTIONIST),
    HAND_OVER_EVIDENCE,
    but(HOLD_JOINT_INSPECTION, protocol="Следов коррозии нет."),
    but(ISSUE_VERDICT, shares=()),
    APPEAL_VERDICT,
    but(ISSUE_VERDICT, by="e-2", actor=Actor(id="e-2", role="expert"), shares=SHARES),
    CLOSE_DISPUTE,
    SUBMIT_CLAIM,
    DECIDE_CLAIM,
    but(DECIDE_CLAIM, amount_approved=euros("5.00")),
)
"""Fact n is recorded at hour n; the verdict that stands is fact 22."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, now = tmp_path_factory.mktemp("disputes") / "disputed.sqlite", [START]
    with Ticketing(f"sqlite:///{path}", clock=lambda: now[0]) as store:
        store.handle(Publish(actor=MANAGER, thing=STANDARD))
        for command in LIFE:
            now[0] += timedelta(hours=1)
            store.handle(command)
    return path


@pytest.fixture
def url(file: Path, tmp_path: Path) -> str:
    """A store of its own that holds the disputed ticket."""
    return f"sqlite:///{shutil.copy(file, tmp_path / 'store.sqlite')}"


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def known(url: str, number: float) -> list[str]:
    return lines(asked(url, "disputes", "R-1001", "--known-at", instant_text(hour(number))))


def test_positions_stand_side_by_side_in_the_language_they_were_said_in(url: str) -> None:
    shown = lines(asked(url, "disputes", "R-1001"))
    place = next(place for place, line in enumerate(shown) if line.split() == ["customer", "company", "manufacturer"])
    assert shown[place + 2].split("  ")[0] == "2026-03-02 20:00 [fr]"
    first = "\n".join(shown[place + 2 : place + 6])
    for part in ("“Jamais mouillé.”", "“The indicator is red.”", "silence", "entered by r-1 for cust-1, letter abab"):
        assert part in first
    assert any("[zh-Hans]" in line for line in shown)
    assert any(f"“{CHINESE}”" in line for line in shown)


def test_on_a_terminal_of_80_columns_nothing_is_wider_than_it(url: str) -> None:
    shown = COLOURS.sub("", on_terminal("disputes", "R-1001", store=url)).splitlines()
    assert any("液体" in line for line in shown)
    assert max(map(cell_len, shown)) <= 80


def test_deadlines_evidence_inspection_and_verdicts_are_told_in_order(url: str) -> None:
    shown = lines(asked(url, "disputes", "R-1001", "--dispute", "D-1"))
    assert shown[0] == "D-1  coverage: overturned"
    labels = [line[:14].strip() for line in shown if line[:14].strip() in LABELS]
    assert labels == list(LABELS)
    told = "\n".join(shown)
    assert "manufacturer until 2026-03-02 22:00: silence recorded, answered late" in told
    assert "E-2 part, image/jpeg, fefefefefefe…; with e-1 since 2026-03-03 03:00, before with berlin-safe" in told
    assert "Следов коррозии нет." in told
    assert "(judge e-1): “the indicator reddens in humid air” [overturned]" in told
    assert "charged back 20.00 EUR" in told


LABELS = ("raised", "disputed", "deadline", "evidence", "inspection", "verdict", "closed", "what follows", "claim")


@pytest.mark.parametrize(
    ("number", "state"), [(12, "still to answer"), (13.5, "passed unanswered"), (14, "silence recorded")], ids=str
)
def test_a_deadline_stands_as_it_was_known_then(url: str, number: float, state: str) -> None:
    assert f"deadline      manufacturer until 2026-03-02 22:00: {state}" in known(url, number)


def test_nothing_follows_while_an_appeal_is_pending(url: str) -> None:
    assert "D-1  coverage: open, blocks closing" in known(url, 21)
    assert not any("what follows" in line for line in known(url, 21))
    assert any("what follows  1. revise the entitlement" in line for line in known(url, 22))


def test_as_json_it_is_what_the_library_says(url: str) -> None:
    told: dict[str, Any] = json.loads("\n".join(lines(asked(url, "disputes", "R-1001", "--format", "json"))))
    (dispute,) = told["disputes"]
    assert (dispute["outcome"], dispute["overdue"]) == ("overturned", [])
    assert [it["said"]["language"] for it in dispute["positions"]] == ["fr", None, None, "zh-Hans"]
    assert [it["holder"] for it in dispute["evidence"][1]["custody"]] == ["berlin-safe", "e-1"]
    assert told["claims"][0]["charged_back"] == {"amount": "20.00", "currency": "EUR"}
    with Ticketing(url) as store:
        proposals = store.proposals("R-1001", "D-1")
    assert [it["summary"] for it in dispute["proposals"]] == [it.summary for it in proposals]
    assert dispute["proposals"][2]["fields"]["amount"] == {"amount": "120.00", "currency": "EUR"}
    open_then = asked(url, "disputes", "R-1001", "--format", "json", "--known-at", instant_text(hour(13.5)))
    assert [it["party"] for it in json.loads(open_then.stdout)["disputes"][0]["overdue"]] == ["manufacturer"]


def test_a_person_confirms_what_follows_after_it_was_shown(url: str) -> None:
    confirm = ("confirm", "R-1001", "--dispute", "D-1", "--actor", "m-1:manager")
    refused = asked(url, *confirm, answer="n\n")
    assert refused.exit_code == 1
    assert "4. claim 84.00 EUR from the manufacturer" in refused.stdout
    assert len(LIFE) == store_version(url)
    done = asked(url, *confirm, answer="y\n")
    assert done.exit_code == 0, done.stderr
    assert "Recorded as fact 30: claim 84.00 EUR" in done.stderr
    again = asked(url, *confirm)
    assert (again.exit_code, again.stdout) == (0, "")
    assert "Nothing is left to confirm of D-1." in again.stderr
    assert not any("what follows" in line for line in lines(asked(url, "disputes", "R-1001")))


def store_version(url: str) -> int:
    with Ticketing(url) as store:
        return store.ticket("R-1001").version


def test_one_of_several_is_confirmed_by_its_number(url: str) -> None:
    confirm = ("confirm", "R-1001", "--dispute", "D-1", "--yes", "--only")
    assert asked(url, *confirm, "3", "--actor", "x-1:dispute_officer").exit_code == 0
    with Ticketing(url) as store:
        assert store.ticket("R-1001").bills["B-1"].credited == 120
        assert len(store.proposals("R-1001", "D-1")) == 3
    beyond = asked(url, *confirm, "4", "--actor", "x-1:dispute_officer")
    assert (beyond.exit_code, beyond.stderr) == (2, "ticketing: --only 4: there are 3 to confirm\n")


def test_whoever_may_not_record_all_of_it_records_nothing(url: str) -> None:
    refused = asked(url, "confirm", "R-1001", "--dispute", "D-1", "--yes", "--actor", "c-1:cashier")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("ticketing: role-may-not: a cashier does not send ReviseEntitlement")
    assert store_version(url) == len(LIFE)


def test_what_moves_out_of_warranty_is_confirmed_with_a_second_person(url: str) -> None:
    with Ticketing(url) as store:
        against = (Share(party="customer", percent=Decimal(100)),)
        in_warranty = but(DECIDE_ENTITLEMENT, basis="warranty")
        third = Actor(id="e-3", role="expert")
        lost = but(ISSUE_VERDICT, by="e-3", actor=third, in_favour_of="manufacturer", shares=against)
        for command in (in_warranty, APPEAL_VERDICT, lost):
            store.handle(command)
    confirm = ("confirm", "R-1001", "--dispute", "D-1", "--yes", "--actor", "m-2:manager")
    alone = asked(url, *confirm)
    assert (alone.exit_code, alone.stderr[:37]) == (1, "ticketing: one-person-moved-warranty:")
    assert "[needs a second person]" in asked(url, "disputes", "R-1001").stdout
    assert asked(url, *confirm, "--approved-by", "m-3").exit_code == 0
    with Ticketing(url) as store:
        assert store.ticket("R-1001").entitlement == "none"


def test_a_dispute_that_is_not_there_is_found_wanting(url: str) -> None:
    for command in (("disputes",), ("confirm", "--actor", "m-1:manager")):
        wrong = asked(url, *command, "R-1001", "--dispute", "D-9")
        assert wrong.exit_code == 1
        assert wrong.stderr.startswith("ticketing: ticket R-1001 has no dispute D-9")
    before = asked(url, "disputes", "R-1001", "--known-at", "2026-03-01")
    assert (before.exit_code, "nothing was known by then" in before.stderr) == (1, True)


def test_a_ticket_without_disputes_says_so(url: str) -> None:
    assert known(url, 3)[0] == "R-1001 has no dispute."


def test_what_is_left_to_do_by_hand_stands_below_what_follows(url: str) -> None:
    with Ticketing(url) as store:
        store.handle(APPEAL_VERDICT)
        store.handle(but(CLOSE_DISPUTE, how="settled", amount=euros("500.00")))
    left = "380.00 EUR of the settlement are more than is left of the bills: to be paid out by hand"
    assert f"by hand       {left}" in " ".join("\n".join(lines(asked(url, "disputes", "R-1001"))).split("\n"))
    told = json.loads(asked(url, "disputes", "R-1001", "--format", "json").stdout)
    assert told["disputes"][0]["by_hand"] == [left]


def test_what_changed_between_two_instants_names_the_estimate_revised() -> None:
    text = said({1: 45}, ("disputes", "D-1", "payers_revised"), lambda _: "", UTC)
    assert text == "estimate 1 by fact 45"
