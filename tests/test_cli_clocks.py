"""`clocks list`, `due` and `notify`: what is shown of clocks, and hooks that are real programs."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.program import COLOURS, ROOT, asked, on_terminal, running
from tests.repairs import MANAGER, Company
from tests.time_stories import HANDED_BACK, OFFICE, RECEIVED, at, clock, policy
from ticketing.domain import events as e
from ticketing.domain.publishing import Publish

SOON = {"kind": "due_soon", "at_percent": 50, "to": "desk"}
TWO_HOURS = clock("bench", elapsed_hours=2, calendar=None, notices=(SOON,), pauses=("parts_ours",))
IN_DAYS = clock("statute", binds="statute", calendar_days=30)
CONTRACT = policy(TWO_HOURS, IN_DAYS)

KEEPER = """
import json, pathlib, sys
notice = json.load(sys.stdin)
folder = pathlib.Path(sys.argv[1])
if notice["number"] in sys.argv[2:]:
    sys.exit(3)
(folder / notice["number"]).write_text(json.dumps([notice, sys.argv[2:]]))
"""
"""A hook: keeps the notice it is given in a file, and fails at those that its arguments name."""


@pytest.fixture
def url(sqlite_url: str) -> str:
    """A store with three tickets received ninety minutes ago by the machine's clock: the first half is over."""
    with Company(sqlite_url) as company:
        company.now = datetime.now(UTC) - timedelta(minutes=95)
        for thing in (OFFICE, CONTRACT):
            company.app.handle(Publish(actor=MANAGER, thing=thing))
        for number in (1, 2, 3):
            ticket = company.opens(number, company.now, manufacturer="ACME")
            company.finds(ticket, RECEIVED, company.now)
        company.now += timedelta(minutes=5)
    return sqlite_url


def on_record(url: str) -> list[int]:
    """How many notices were recorded of each ticket."""
    with Company(url) as company:
        histories = [company.app.history(UUID(int=number)) for number in (1, 2, 3)]
    return [sum(isinstance(fact.event, e.NoticeSent) for fact in history) for history in histories]


def keeper(folder: Path, *arguments: str) -> str:
    """The command line of the hook."""
    program = folder / "keep it.py"
    program.write_text(KEEPER, encoding="utf-8")
    return " ".join([sys.executable, f"'{program}'", f"'{folder}'", *arguments])


def test_all_clocks_of_a_ticket_are_listed_with_how_they_stand(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.now = at("2026-03-02 08:00")
        for thing in (OFFICE, CONTRACT):
            company.app.handle(Publish(actor=MANAGER, thing=thing))
        ticket = company.opens(1, at("2026-03-02 09:00"))
        company.finds(ticket, RECEIVED, at("2026-03-02 09:00"))
        company.finds(ticket, e.WaitStarted(cause="parts_ours"), at("2026-03-02 09:30"))
    shown = asked(sqlite_url, "clocks", "list", "T-1", "--as-of", "2026-03-02T12:00:00Z", "--zone", "Europe/Berlin")
    # Half an hour of two is used, so 1.5 h from 12:00 UTC; 30 days after 2 March end with 1 April, at 24:00 UTC.
    assert [re.split(" {2,}", line) for line in shown.output.splitlines() if not line.startswith("─")] == [
        ["clock", "binds", "state", "used", "of", "due", "judged then"],
        [
            "contract/bench",
            "manufacturer contract",
            "paused for parts ours",
            "30 min",
            "2 h",
            "2026-03-02 14:30 if resumed",
        ],
        ["contract/statute", "statute", "running", "0 days", "30 days", "2026-04-02 02:00"],
        ["as of 2026-03-02 13:00; times in Europe/Berlin"],
    ]
    breached = json.loads(
        asked(sqlite_url, "clocks", "list", "T-1", "--as-of", "2026-05-01", "--format", "json").output
    )
    assert [(one["clock"], one["state"], one["judged_then"]) for one in breached] == [
        ("bench", "paused", None),
        ("statute", "breached", "breached"),
    ]


def test_on_a_narrow_terminal_each_clock_is_a_block_and_no_word_or_figure_is_torn(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.now = at("2026-03-02 08:00")
        for thing in (OFFICE, CONTRACT):
            company.app.handle(Publish(actor=MANAGER, thing=thing))
        ticket = company.opens(1, at("2026-03-02 09:00"))
        company.finds(ticket, RECEIVED, at("2026-03-02 09:00"))
        company.finds(ticket, e.WaitStarted(cause="parts_ours"), at("2026-03-02 09:30"))
    shown = on_terminal("clocks", "list", "T-1", "--as-of", "2026-03-02T12:00:00Z", store=sqlite_url)
    assert COLOURS.sub("", shown).splitlines()[-5:] == [
        "contract/bench (manufacturer contract)",
        "  paused for parts ours, 30 min of 2 h, due 2026-03-02 13:30 if resumed",
        "contract/statute (statute)",
        "  running, 0 days of 30 days, due 2026-04-02 00:00",
        "as of 2026-03-02 12:00; times in UTC",
    ]


def test_the_clocks_of_one_policy_are_judged_by_another_version(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        company.now = at("2026-03-02 08:00")
        for thing in (OFFICE, CONTRACT):
            company.app.handle(Publish(actor=MANAGER, thing=thing))
        ticket = company.opens(1, at("2026-03-02 09:00"))
        company.finds(ticket, RECEIVED, at("2026-03-02 09:00"))
        company.finds(ticket, HANDED_BACK, at("2026-03-02 10:30"))
        stricter = policy(clock("bench", elapsed_hours=1), version=2, effective_from="2026-04-01 00:00")
        company.app.handle(Publish(actor=MANAGER, thing=stricter))
    listed = ("clocks", "list", "T-1", "--format", "json")
    first = json.loads(asked(sqlite_url, *listed).output)
    assert [(one["clock"], one["verdict"]) for one in first] == [("bench", "met"), ("statute", "met")]
    under = json.loads(asked(sqlite_url, *listed, "--under", "contract@2").output)
    assert [(one["clock"], one["policy_version"], one["verdict"]) for one in under] == [("bench", 2, "breached")]
    never = asked(sqlite_url, *listed, "--under", "contract@3")
    versions = "there are contract@1, contract@2"
    assert (never.exit_code, never.stderr) == (1, f"ticketing: policy contract@3 was never published; {versions}\n")
    assert asked(sqlite_url, *listed, "--under", "contract").exit_code == 2


def test_clocks_about_to_breach_are_listed(url: str) -> None:
    shown = asked(url, "clocks", "due", "--within", "4h")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert lines[0].split() == [
        *("due", "breaches", "after", "left", "of", "target"),
        *("ticket", "clock", "site", "manufacturer"),
    ]
    assert [line.split()[-4:] for line in lines[2:-1]] == [
        [f"T-{number}", "contract/bench", "berlin", "ACME"] for number in (1, 2, 3)
    ]
    (first, *_) = json.loads(asked(url, "clocks", "due", "--within", "90m", "--format", "json").output)
    assert (first["ticket"], first["state"], first["clock"]["clock"]) == ("T-1", "running", "bench")
    assert 0 < first["left_seconds"] <= 25 * 60
    assert 0 < first["left_of_target"] <= 25 * 60_000_000
    assert len(json.loads(asked(url, "clocks", "due", "--within", "40d", "--format", "json").output)) == 6
    assert asked(url, "clocks", "due", "--within", "1m").output == "No clock breaches within 1m.\n"


@pytest.mark.parametrize("wrong", ["4", "h", "4 h", "-4h", "0h", "1.5h", "4H", "100000d", "٤h", "1h30m"])
def test_a_duration_that_is_none_is_refused_with_how_to_write_it(url: str, wrong: str) -> None:
    refused = asked(url, "clocks", "due", f"--within={wrong}")
    said = f"ticketing: --within {wrong}: this is no duration; write 90m, 4h or 2d\n"
    assert (refused.exit_code, refused.stderr) == (2, said)


def test_what_is_due_is_told_without_being_sent(url: str) -> None:
    told = asked(url, "clocks", "notify", "--dry-run")
    assert (told.exit_code, len(told.output.splitlines())) == (0, 3)
    assert told.output.startswith("due soon to desk: contract/bench of T-1, due 20")
    assert on_record(url) == [0, 0, 0]


def test_without_a_hook_notices_are_printed_as_they_are_sent(url: str) -> None:
    told = asked(url, "clocks", "notify", "--format", "json")
    notices = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(notice["number"], notice["kind"], notice["to"]) for notice in notices] == [
        (f"T-{number}", "due_soon", "desk") for number in (1, 2, 3)
    ]
    assert on_record(url) == [1, 1, 1]


def test_where_no_notice_is_due_one_line_says_so(url: str) -> None:
    assert asked(url, "clocks", "notify").exit_code == 0
    for how in ([], ["--dry-run"], ["--hook", "true"], ["--format", "json"]):
        again = asked(url, "clocks", "notify", *how)
        assert (again.exit_code, again.stdout, again.stderr) == (0, "", "no notice is due\n")


def test_a_hook_is_a_program_that_gets_each_notice_as_json(url: str, tmp_path: Path) -> None:
    done = asked(url, "clocks", "notify", "--hook", keeper(tmp_path, "'$HOME; exit 1'", "T-9"))
    assert (done.exit_code, done.stderr) == (0, "3 notices were sent\n")
    notice, arguments = json.loads((tmp_path / "T-2").read_text(encoding="utf-8"))
    assert arguments == ["$HOME; exit 1", "T-9"]  # no shell has read it
    assert (notice["policy"], notice["clock"], notice["cycle"], notice["kind"]) == ("contract", "bench", 1, "due_soon")
    assert (notice["ticket_id"], notice["manufacturer"], notice["state"]) == (str(UUID(int=2)), "ACME", "running")
    assert on_record(url) == [1, 1, 1]


def test_a_hook_that_ends_with_another_code_is_tried_again_next_time(url: str, tmp_path: Path) -> None:
    failed = asked(url, "clocks", "notify", "--hook", keeper(tmp_path, "T-2"))
    assert failed.exit_code == 1
    first, last = failed.stderr.splitlines()
    assert first.startswith("not sent: due soon to desk: contract/bench of T-2, due 20")
    assert first.endswith(f": {sys.executable} ended with exit code 3")
    assert last == "2 notices were sent"
    assert on_record(url) == [1, 0, 1]
    mended = asked(url, "clocks", "notify", "--hook", keeper(tmp_path))
    assert (mended.exit_code, mended.stderr) == (0, "1 notice was sent\n")
    assert on_record(url) == [1, 1, 1]


def test_a_hook_need_not_read_what_it_is_given(url: str) -> None:
    done = asked(url, "clocks", "notify", "--hook", "true")
    assert (done.exit_code, on_record(url)) == (0, [1, 1, 1])


def test_a_hook_that_a_signal_ends_has_failed(url: str) -> None:
    done = asked(url, "clocks", "notify", "--hook", f"{sys.executable} -c 'import os; os.kill(os.getpid(), 9)'")
    assert done.exit_code == 1
    assert "ended with signal 9" in done.stderr
    assert on_record(url) == [0, 0, 0]


@pytest.mark.parametrize("wrong", ["", "  ", "no-such-program --x", "echo 'unbalanced"])
def test_a_hook_that_is_no_program_is_refused_before_anything_is_sent(url: str, wrong: str) -> None:
    refused = asked(url, "clocks", "notify", "--hook", wrong)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("ticketing: --hook ")
    assert on_record(url) == [0, 0, 0]


def test_two_programs_at_once_record_each_notice_once(url: str, tmp_path: Path) -> None:
    command = ["clocks", "notify", "--store", url, "--hook", keeper(tmp_path)]
    with running(tmp_path, *command) as one, running(tmp_path, *command) as other:
        assert [one.process.wait(30), other.process.wait(30)] == [0, 0]
    assert on_record(url) == [1, 1, 1]
    assert sorted(path.name for path in tmp_path.glob("T-*")) == ["T-1", "T-2", "T-3"]


def test_a_notice_that_cannot_be_printed_is_not_sent(url: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ticketing", "clocks", "notify", "--format", "json", "--store", url],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode != 0
    assert on_record(url) == [0, 0, 0]


def test_a_ticket_without_a_clock_is_told_why_by_policy(sqlite_url: str) -> None:
    with Company(sqlite_url) as company:
        for thing in (OFFICE, policy(TWO_HOURS, key="maker-contract", manufacturer="Tessel")):
            company.app.handle(Publish(actor=MANAGER, thing=thing))
        ticket = company.opens(1, company.now, manufacturer="tessel")
        company.finds(ticket, RECEIVED, company.now)
    assert asked(sqlite_url, "clocks", "list", "T-1").output.splitlines() == [
        "T-1 has no clocks:",
        "  maker-contract is for Tessel; this ticket's manufacturer is tessel",
    ]
    assert asked(sqlite_url, "clocks", "list", "T-1", "--format", "json").output == "[]\n"
    under = asked(sqlite_url, "clocks", "list", "T-1", "--under", "maker-contract@1").output
    assert under.startswith("T-1 has no clocks under maker-contract@1:\n  maker-contract is for Tessel; ")
