"""`ledger`: where every second of one ticket went, drawn and summed."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.examples import (
    CLOSE_DISPUTE,
    COMPLETE_REPAIR,
    END_WAIT,
    HAND_BACK,
    OPEN_DISPUTE,
    OPEN_TICKET,
    RECEIVE_UNIT,
    RECORD_DIAGNOSIS,
    START_DIAGNOSIS,
    START_REPAIR,
    START_WAIT,
    but,
)
from tests.program import COLOURS, on_terminal
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.domain.apportioning import apportioned
from ticketing.domain.command import Command

Run = Callable[..., Result]
LOG = "case,what,when\n1,in,2026-03-02 09:00\n2,in,2026-03-05 09:00\n"
MAPPING = """
source = "desk"

[columns]
case = "case"
activity = "what"
time = "when"

[time]
format = "%Y-%m-%d %H:%M"
zone = "UTC"

[opening]
site = "berlin"

[[activity]]
name = "in"
events = [{ event = "UnitReceived", site = "berlin" }]
"""


def at(text: str) -> datetime:
    """Day of March 2026 and time of day, UTC: `2 09:00`."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-03-{int(day):02}T{time}").replace(tzinfo=UTC)


STORY: Sequence[tuple[str, Command]] = (
    ("2 09:00", OPEN_TICKET),
    ("2 09:00", RECEIVE_UNIT),
    ("2 15:00", START_DIAGNOSIS),
    ("2 17:00", RECORD_DIAGNOSIS),
    ("2 17:00", START_WAIT),
    ("4 09:00", OPEN_DISPUTE),
    ("5 09:00", END_WAIT),
    ("6 09:00", but(CLOSE_DISPUTE, how="settled")),
    ("6 09:00:30", START_REPAIR),
    ("6 12:00", COMPLETE_REPAIR),
    ("6 17:00", HAND_BACK),
)
"""Received Mon 2 at 09:00, back Fri 6 at 17:00: 4 d 8 h. A wait for parts, and a dispute that began before it ended."""


def told(url: str, story: Sequence[tuple[str, Command]]) -> None:
    now = [at(story[0][0])]
    with Ticketing(url, clock=lambda: now[0]) as store:
        for when, command in story:
            now[0] = at(when)
            store.handle(command.model_copy(update={"occurred_at": at(when)}))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    told(url, STORY)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--store", url])

    return run


def lines(result: Result) -> list[str]:
    """The lines of an answer that must have succeeded, without a colour in it."""
    assert result.exit_code == 0, result.stderr or result.exception
    assert "\x1b" not in result.stdout
    return result.stdout.splitlines()


def test_where_every_second_went_is_a_bar_with_parties_and_causes_and_a_sum(run: Run) -> None:
    # 80 columns for 104 h: 8 h of queue and work are 6, 64 h of parts 49, 24 h of dispute 18, 8 h until hand-back 7.
    # Queue 6 h, 30 s and 5 h; work 2 h and 2 h 59 min 30 s; 4 d 8 h in all.
    assert lines(run("ledger", "R-1001")) == [
        "R-1001  4 d 8 h",
        "",
        "2026-03-02 09:00                                                2026-03-06 17:00",
        "██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒XXXXXXXXXXXXXXXXXX███████",
        "      parts manufacturer                               dispute",
        "",
        "  party          cause                site     time, h:min:s     share",
        "──────────────────────────────────────────────────────────────────────",
        "▒ manufacturer   parts manufacturer   berlin    2 d 16:00:00    61.5 %",
        "X parties        dispute              berlin    1 d  0:00:00    23.1 %",
        "█ company        queue                berlin        11:00:30    10.6 %",
        "█ company        work                 berlin         4:59:30     4.8 %",
        "                                      all       4 d  8:00:00   100.0 %",
        "Open while something else counted: dispute 1 d",
        "00000000-0000-4000-8000-000000000001; times in UTC",
    ]


def test_on_a_narrow_terminal_long_names_are_shortened_and_every_figure_is_whole(tmp_path: Path) -> None:
    url, site = f"sqlite:///{tmp_path / 'store.sqlite'}", "a-workshop-of-which-the-name-is-longer-than-its-column"
    told(url, [STORY[0], ("2 09:00", but(RECEIVE_UNIT, site=site)), ("2 17:00", START_WAIT)])
    shown = COLOURS.sub("", on_terminal("ledger", "R-1001", "--as-of", "2026-03-06T17:00:30Z", store=url)).splitlines()
    assert max(map(len, shown)) <= 80
    # 8 h of queue and 4 d 30 s of waiting, of 104 h 30 s: 7.7 and 92.3 %.
    waited, queued, everything = (line.split() for line in shown if line.rstrip().endswith("%"))
    assert waited[-5:] == ["4", "d", "0:00:30", "92.3", "%"]
    assert queued[-3:] == ["8:00:00", "7.7", "%"]
    assert everything[-6:] == ["all", "4", "d", "8:00:30", "100.0", "%"]
    assert (waited[-6][-1], queued[-4][-1]) == ("…", "…")


def test_a_ledger_as_of_an_earlier_day_goes_up_to_it(run: Run) -> None:
    told = lines(run("ledger", "R-1001", "--as-of", "2026-03-05", "--zone", "Europe/Berlin"))
    assert told[0] == "R-1001  2 d 14 h so far"
    assert told[2] == "2026-03-02 10:00                                                2026-03-05 00:00"
    assert told[-2] == "Open while something else counted: dispute 14 h"


def test_the_seconds_and_the_shares_that_are_shown_add_up(run: Run) -> None:
    found = json.loads("\n".join(lines(run("ledger", "R-1001", "--format", "json"))))
    assert sum(part["microseconds"] for part in found["ledger"]["parts"]) == found["ledger"]["microseconds"]
    assert found["ledger"]["microseconds"] == 104 * 3_600_000_000
    assert [span["to_at"] for span in found["spans"][:-1]] == [span["from_at"] for span in found["spans"][1:]]
    assert found["ledger"]["beside"] == [{"cause": "dispute", "microseconds": 24 * 3_600_000_000}]
    shares = [float(line.split()[-2]) for line in lines(run("ledger", "R-1001")) if line.endswith(" %")]
    assert sum(shares[:-1]) == pytest.approx(shares[-1]) == 100.0


def test_a_unit_never_received_has_nothing_to_account_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'opened.sqlite'}"
    told(url, STORY[:1])
    asked = CliRunner().invoke(app, ["ledger", "R-1001", "--store", url])
    assert lines(asked) == ["R-1001 has no time to account for: the unit was never received, or given back at once."]


def test_before_anything_had_happened_there_is_no_ledger(run: Run) -> None:
    asked = run("ledger", "R-1001", "--as-of", "2026-03-01")
    assert asked.exit_code == 1
    assert "nothing had happened" in asked.stderr


def test_an_imported_ticket_is_counted_up_to_the_last_that_its_log_tells(tmp_path: Path) -> None:
    log, mapping, url = tmp_path / "log.csv", tmp_path / "mapping.toml", f"sqlite:///{tmp_path / 'imported.sqlite'}"
    log.write_text(LOG)
    mapping.write_text(MAPPING)
    assert CliRunner().invoke(app, ["import", str(log), "--mapping", str(mapping), "--store", url]).exit_code == 0
    # Nobody watched the ticket after the last line of the log, 5 March 09:00.
    assert lines(CliRunner().invoke(app, ["ledger", "desk/1", "--store", url]))[0] == "desk/1  3 d so far"


def test_the_smallest_part_of_a_bar_is_still_drawn() -> None:
    assert apportioned([1_000_000, 1, 1], 80, least=1) == [78, 1, 1]
    assert apportioned([5, 0, 5], 10, least=1) == [5, 0, 5]


def test_what_is_shown_in_proportion_adds_up() -> None:
    # 33.3, 33.3 and 33.3: the first gets the tenth that is left.
    assert apportioned([1, 1, 1], 1000) == [334, 333, 333]
    assert apportioned([0, 0], 10) == [0, 0]


def test_more_changes_than_a_line_can_show_are_summed_by_party(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.sqlite'}"
    waits = [
        step
        for hour in range(45)
        for step in (
            (f"{3 + hour // 12} {hour % 12 + 8:02}:00", START_WAIT),
            (f"{3 + hour // 12} {hour % 12 + 8:02}:15", END_WAIT),
        )
    ]
    told(url, [*STORY[:2], *waits, ("8 09:00", HAND_BACK)])
    shown = lines(CliRunner().invoke(app, ["ledger", "R-1001", "--store", url]))
    # 6 days, of them 45 quarters of an hour, 11 h 15 min of 144 h: 6 of 80 columns.
    assert shown[3] == "█" * 74 + "▒" * 6
    assert shown[5] == "Sums by party, the longest first: too many changes to draw in order of time."
