"""`audit disputes`: the library's answer, for people and for programs."""

import json
from pathlib import Path

import pytest

from tests.program import COLOURS, asked, on_terminal
from tests.repairs import Company
from tests.test_audits import fill
from ticketing import audits
from ticketing.application import Ticketing

HEAD = """\
disputes  disputes@1
decisions made, all of them
zone UTC; position 36
under ACME-IS@4
6 tickets, 1 without a decision
"""
LAST = """\
T-5 version 6, 2026-01-06 00:00
  VerdictIssued: for company by 3.1; e-1
  known: model P7; opened_on 2026-01-01; finding f-1 manufacturing
  ACME-IS@3: undecidable, missing purchased_on; decided all the same
  clause 3.1 is undecidable: the day of purchase is not known
  ACME-IS@4: undecidable, missing purchased_on
  it stands; entitlement undecided; D-1 coverage for company, open; at stake
    unknown
"""


@pytest.fixture
def file(sqlite_url: str) -> str:
    with Company(sqlite_url) as company:
        fill(company)
    return sqlite_url


def answered(url: str, *arguments: str) -> str:
    """What an audit that must succeed prints, without a colour in it."""
    result = asked(url, "audit", "disputes", *arguments)
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    return result.stdout


@pytest.mark.parametrize("form", ["json", "csv"])
def test_json_and_csv_are_those_of_the_library_to_the_byte(file: str, form: str) -> None:
    printed = answered(file, "--under", "ACME-IS@4", "--sample", "5", "--seed", "3", "--format", form)
    with Ticketing(file) as app:
        audit = audits.disputes(app, under="ACME-IS@4", sample=5, seed=3)
        assert printed == "".join(audit.json_parts() if form == "json" else audit.csv_lines())


def test_the_json_has_its_head_a_decision_a_line_and_the_totals(file: str) -> None:
    printed = answered(file, "--from", "2026-01-04", "--to", "2026-01-04", "--manufacturer", "ACME", "--format", "json")
    whole = json.loads(printed)
    assert list(whole) == [
        *("audit", "definition", "parameters", "cohort", "from", "to", "known_at", "zone", "position"),
        *("under_published_at", "decisions", "tickets", "without_decision", "set_aside", "unreadable", "totals"),
    ]
    assert (whole["from"], whole["position"], whole["parameters"]["manufacturer"]) == ("2026-01-04", 36, "ACME")
    assert [one["number"] for one in whole["decisions"]] == ["T-1", "T-5"]
    assert printed.count('\n    {"ticket_id"') == 2


def test_an_audit_is_printed_again_to_the_byte_from_its_head_also_after_more_was_recorded(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        fill(company)
        first = answered(sqlite_url, "--format", "json")
        company.opens(9, company.now)
    position = str(json.loads(first)["position"])
    assert answered(sqlite_url, "--position", position, "--format", "json") == first


def test_the_table_has_the_head_the_totals_and_the_decisions(file: str) -> None:
    printed = answered(file, "--under", "ACME-IS@4")
    assert printed.startswith(HEAD)
    assert printed.endswith(LAST)
    lines = [line.split() for line in printed.splitlines()]
    assert ["all", "8", "4", "1", "20.0", "3.6–62.4", "3", "1"] in lines  # 1 of 5; Wilson
    assert ["all", "8", "5", "0", "3", "3", "0"] in lines
    assert "  Missing to say: purchased_on 3" in printed
    assert "  Overturned: 1 of 8, 12.5 per 100, 95 %: 2.2–47.1" in printed
    assert "  For, of those decided as not covered: 3 of 3, 100.0 per 100, 95 %: 43.9–100.0" in printed
    assert "  At stake: 340.00 EUR; of 4 decisions no amount is on record" in printed


def test_a_table_shows_the_first_decisions_and_says_how_many_more_there_are(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.cli.audit_table.FIRST", 3)
    printed = answered(file)
    assert [line.split()[0] for line in printed.splitlines() if " version " in line] == ["T-1", "T-1", "T-2"]
    assert printed.endswith("… and 5 more, with --format json or csv\n")
    assert "6 tickets, 1 without a decision" in printed


def test_a_store_without_a_decision_has_nothing_to_show(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.opens(1, company.now)
    printed = answered(sqlite_url)
    assert "1 ticket, 1 without a decision" in printed
    assert answered(sqlite_url, "--format", "csv").count("\n") == 1
    assert json.loads(answered(sqlite_url, "--format", "json"))["decisions"] == []


def test_nothing_is_wider_than_a_terminal(file: str) -> None:
    seen = COLOURS.sub("", on_terminal("audit", "disputes", "--under", "ACME-IS@4", store=file))
    assert "by decider" in seen
    assert all(len(line.rstrip("\r")) <= 80 for line in seen.split("\n")[-60:])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--seed", "4"), 2, "--seed is of a sample: give --sample, too"),
        (("--under", "ACME-IS"), 2, "under ACME-IS: write KEY@VERSION"),
        (("--under", f"ACME-IS@{'9' * 5000}"), 2, "under ACME-IS@9999"),
        (("--under", "ACME-IS@9"), 1, "standard ACME-IS@9 was never published"),
        (("--from", "soon"), 2, "--from soon: this is no instant"),
        (("--zone", "Europe/Berlyn"), 2, "the nearest is Europe/Berlin"),
        (("--position", "99"), 2, "there is no position 99"),
        (("--sample", "0"), 2, "--sample"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    file: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    result = asked(file, "audit", "disputes", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_audit_of_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    result = asked(f"sqlite:///{tmp_path}/nowhere.db", "audit", "disputes")
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())
