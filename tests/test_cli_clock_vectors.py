"""The vectors of clocks and ledger through the command line: published from TOML, explained, and added up.

What a person with a calendar on paper reads is held against the same arithmetic as in `test_clock_vectors.py`.
"""

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.program import asked
from tests.repairs import Company
from tests.time_stories import HANDED_BACK, HOUR, LONG_AGO, PARTS, PARTS_CAME, RECEIVED, at
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.values import Event

OFFICE = """
[calendar]
key = "office"
version = 1
effective_from = 2016-01-01T00:00:00Z
zone = "{zone}"
closed_days = [{closed}]
windows = [{windows}]
"""
NINE_TO_FIVE = [("mon tue wed thu fri", "09:00", "17:00")]
CONTRACT = """
[policy]
key = "contract"
version = {version}
effective_from = {effective_from}
{clocks}
"""
CLOCK = """
[[policy.clocks]]
id = "{id}"
binds = "{binds}"
starts = "UnitReceived"
stops = "UnitHandedBack"
calendar = "office"
pauses = [{pauses}]
target.{target}
"""

_LABELLED = re.compile(r"^([a-z]+(?: then)?|[A-Z][a-z]{2} \d{4}-\d{2}-\d{2}(?: – .{9})?)  +(.*)$")


LONG_AFTER = "2027-01-01 00:00"


class Desk:
    """The command line on a store, and a company that tells of a ticket; the program's clock is moved by hand.

    Attributes:
        now: What the clock says: the beginning, and long after all facts once they are told.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.now = at(LONG_AGO)
        self._url = url
        self._folder = folder

    def publishes(self, *texts: str) -> None:
        """`ticketing publish` of a file for each text."""
        files = []
        for number, text in enumerate(texts, 1):
            files.append(self._folder / f"{number}.toml")
            files[-1].write_text(text, encoding="utf-8")
        published = asked(self._url, "publish", *map(str, files))
        assert published.exit_code == 0, published.stderr

    def tells(self, *facts: tuple[Event, str]) -> None:
        """Puts a ticket on record: opened with its first fact, and each fact when it occurs."""
        with Company(self._url) as company:
            company.now = at(facts[0][1])
            ticket_id = company.opens(1, at(facts[0][1]))
            for event, when in facts:
                company.finds(ticket_id, event, at(when))
        self.now = at(LONG_AFTER)

    def says(self, *arguments: str) -> str:
        """What the program answers."""
        result = asked(self._url, *arguments)
        assert (result.exit_code, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def explains(self, clock: str, as_of: str, zone: str = "UTC") -> dict[str, str]:
        """What `ticketing explain` says of a clock as of an instant: its lines by their label, and a line a day."""
        lines = self.says("explain", "T-1", clock, "--as-of", as_of, "--zone", zone).splitlines()
        return {found[1]: " ".join(found[2].split()) for line in lines if (found := _LABELLED.match(line))}

    def told(self, *arguments: str) -> Any:  # noqa: ANN401
        """What the program answers to programs."""
        return json.loads(self.says(*arguments, "--format", "json"))


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A store in a file, and the program with the clock of the desk."""
    desk = Desk(sqlite_url, tmp_path)
    monkeypatch.setattr("ticketing.cli.stores.Ticketing", partial(Ticketing, clock=lambda: desk.now))
    return desk


def office(shifts: Sequence[tuple[str, str, str]] = NINE_TO_FIVE, *, closed: str = "", zone: str = "UTC") -> str:
    """A calendar named office."""
    opened = ", ".join(
        f'{{ day = "{day}", opens = "{opens}", closes = "{closes}" }}'
        for days, opens, closes in shifts
        for day in days.split()
    )
    return OFFICE.format(windows=opened, closed=closed, zone=zone)


def clock(target: str, *, id: str = "turnaround", binds: str = "manufacturer_contract", pauses: str = "") -> str:  # noqa: A002
    """A clock from receipt to hand-back."""
    return CLOCK.format(id=id, binds=binds, target=target, pauses=pauses)


def contract(*clocks: str, version: int = 1, effective_from: str = "2016-01-01T00:00:00Z") -> str:
    """A policy named contract."""
    return CONTRACT.format(version=version, effective_from=effective_from, clocks="".join(clocks))


def test_vector_1_a_pause_outside_open_hours_removes_nothing(desk: Desk) -> None:
    desk.publishes(office(), contract(clock("working_hours = 8", pauses='"parts_manufacturer"')))
    desk.tells((RECEIVED, "2026-03-02 09:00"), (PARTS, "2026-03-02 17:00"), (PARTS_CAME, "2026-03-03 09:00"))
    told = desk.explains("turnaround", "2026-03-03T09:00Z")
    # Monday 09–17 is 8 h; the wait from Monday 17:00 to Tuesday 09:00 meets no open hour.
    assert (told["used"], told["due"]) == ("8 h of 8 h", "2026-03-02 17:00")
    assert told["pauses"].startswith("parts manufacturer from 2026-03-02 17:00 until 2026-03-03 09:00")


def test_vector_1_a_stop_after_due_and_before_the_next_open_instant_is_met(desk: Desk) -> None:
    desk.publishes(office(), contract(clock("working_hours = 8", pauses='"parts_manufacturer"')))
    desk.tells((RECEIVED, "2026-03-02 09:00"), (PARTS, "2026-03-02 17:00"), (HANDED_BACK, "2026-03-02 20:00"))
    told = desk.explains("turnaround", "2026-03-03")
    assert (told["used"], told["due"]) == ("8 h of 8 h", "2026-03-02 17:00")
    assert told["Mon 2026-03-02"] == "09:00–17:00 from 09:00 to 20:00 8 h 8 h"
    assert (told["verdict"], told["judged then"]) == ("met 2026-03-02 20:00", "the same, 2026-03-02 20:00")


def test_vector_2_holidays_have_no_open_hours(desk: Desk) -> None:
    daily = [("mon tue wed thu fri sat sun", "09:00", "21:00")]
    desk.publishes(office(daily, closed="2016-11-11, 2016-11-13"), contract(clock("working_hours = 48")))
    desk.tells((RECEIVED, "2016-11-09 23:00"))
    told = desk.explains("turnaround", "2016-11-16")
    assert told["due"] == "2016-11-15 21:00"
    days = [f"{day} {line.rpartition(' h ')[2]}" for day, line in told.items() if day.istitle()]
    assert days == [
        "Wed 2016-11-09 0 h",
        "Thu 2016-11-10 12 h",
        "Fri 2016-11-11 12 h",
        "Sat 2016-11-12 24 h",
        "Sun 2016-11-13 24 h",
        "Mon 2016-11-14 – Tue 11-15 48 h",
    ]


SITES = """
[[site]]
key = "house"
version = 1
effective_from = 2016-01-01T00:00:00Z
kind = "branch"

[[site]]
key = "a"
version = 1
effective_from = 2016-01-01T00:00:00Z
kind = "department"
parent = "house"

[[site]]
key = "b"
version = 1
effective_from = 2016-01-01T00:00:00Z
kind = "department"
parent = "house"

[policy]
key = "targets"
version = 1
effective_from = 2016-01-01T00:00:00Z

[[policy.clocks]]
id = "target-a"
binds = "site"
target.elapsed_hours = 2
conditions.sites = ["a"]

[[policy.clocks]]
id = "target-b"
binds = "site"
target.elapsed_hours = 1
conditions.sites = ["b"]
"""


def test_vector_3_a_unit_that_is_handed_over_in_the_house_starts_the_next_department_s_clock(desk: Desk) -> None:
    desk.publishes(SITES)
    desk.tells((e.UnitReceived(site="a"), "2026-03-02 09:00"), (e.TicketAssigned(site="b"), "2026-03-02 10:30"))
    first, second = (desk.explains(name, "2026-03-02T11:00Z") for name in ("target-a", "target-b"))
    # 09:00 to 10:30 is 1.5 h of 2 h; from 10:30 with 1 h: 11:30.
    assert (first["used"], first["verdict"]) == ("1 h 30 min of 2 h", "met 2026-03-02 10:30")
    assert (second["used"], second["due"]) == ("30 min of 1 h", "2026-03-02 11:30")


def test_vector_3_a_site_s_clock_starts_when_the_unit_arrives_and_not_when_it_is_told_of_it(desk: Desk) -> None:
    desk.publishes(SITES)
    desk.tells((e.TicketAssigned(site="b"), "2026-03-02 09:00"), (e.UnitArrived(site="b"), "2026-03-02 14:00"))
    told = desk.explains("target-b", "2026-03-02T14:00Z")
    assert told["started"].startswith("2026-03-02 14:00 by fact 3: ")
    assert told["due"] == "2026-03-02 15:00"


def test_vector_4_what_is_left_on_friday_evening_goes_on_on_monday(desk: Desk) -> None:
    desk.publishes(office(), contract(clock("working_hours = 1")))
    desk.tells((RECEIVED, "2026-03-06 16:30"))
    told = desk.explains("turnaround", "2026-03-09T09:30Z")
    assert told["due"] == "2026-03-09 09:30"
    assert (told["Fri 2026-03-06"], told["Mon 2026-03-09"]) == (
        "09:00–17:00 from 16:30 30 min 30 min",
        "09:00–17:00 to 09:30 30 min 1 h",
    )


def test_vector_5_a_stricter_target_later_changes_no_verdict_and_stands_beside_it(desk: Desk) -> None:
    desk.publishes(office(), contract(clock("working_hours = 4")))
    desk.tells((RECEIVED, "2026-03-02 09:00"), (HANDED_BACK, "2026-03-02 11:30"))
    desk.publishes(contract(clock("working_hours = 2"), version=2, effective_from="2026-04-01T00:00:00Z"))
    desk.now = at("2026-05-01 00:00")
    # 09:00 to 11:30 is 2.5 h: not above 4 h, above 2 h since 11:00.
    (then,), (under,) = (desk.told("clocks", "list", "T-1", *more) for more in ([], ["--under", "contract@2"]))
    assert [(one["policy_version"], one["verdict"], one["used"]) for one in (then, under)] == [
        (1, "met", 5 * HOUR // 2),
        (2, "breached", 5 * HOUR // 2),
    ]
    report = desk.says("report", "sla", "--under", "contract@2")
    assert "    met 2026-03-02 11:30; under it breached 2026-03-02 11:00\n" in report
    rows = desk.told("report", "sla", "--under", "contract@2")["rows"]
    assert [(row["figure"], row["numerator"], row["denominator"]) for row in rows] == [
        ("sla", 1, 1),
        ("sla_under", 0, 1),
    ]


def test_vector_6_a_contract_pauses_for_parts_and_a_statute_does_not(desk: Desk) -> None:
    daily = "calendar_days = 45"
    desk.publishes(
        office(),
        contract(
            clock(daily, id="contract", pauses='"parts_manufacturer"'), clock(daily, id="statute", binds="statute")
        ),
    )
    desk.tells(
        (RECEIVED, "2026-03-01 10:00"),
        (PARTS, "2026-03-06 00:00"),
        (PARTS_CAME, "2026-04-15 00:00"),
        (HANDED_BACK, "2026-04-20 10:00"),
    )
    paused, not_paused = (desk.explains(name, "2026-04-21") for name in ("contract", "statute"))
    # 2 March to 20 April are 50 days, of which 6 March to 14 April, 40, are paused whole.
    assert (paused["used"], paused["verdict"]) == ("10 days of 45 days", "met 2026-04-20 10:00")
    # The 45th day is 15 April.
    assert (not_paused["used"], not_paused["verdict"]) == ("50 days of 45 days", "breached after 2026-04-16 00:00")


DISPUTED = e.DisputeOpened(
    dispute_id="D-1", ground="coverage", raised_by="customer", parties=("customer", "manufacturer")
)
TWO_WAITS: tuple[tuple[Event, str], ...] = (
    (RECEIVED, "2026-03-02 09:00"),
    (PARTS, "2026-03-02 10:00"),
    (DISPUTED, "2026-03-02 11:00"),
    (PARTS_CAME, "2026-03-02 12:00"),
    (e.DisputeClosed(dispute_id="D-1", how="settled"), "2026-03-02 13:00"),
    (HANDED_BACK, "2026-03-02 17:00"),
)


def test_vector_7_overlapping_waits_pause_once(desk: Desk) -> None:
    desk.publishes(office(), contract(clock("working_hours = 8", pauses='"parts_manufacturer", "dispute"')))
    desk.tells(*TWO_WAITS)
    told = desk.explains("turnaround", "2026-03-03")
    # 09–17 is 8 h, 10–13 of it paused.
    assert (told["used"], told["verdict"]) == ("5 h of 8 h", "met 2026-03-02 17:00")


def test_vector_7_in_the_ledger_each_second_has_one_cause_and_the_overlap_stands_beside(desk: Desk) -> None:
    desk.tells(*TWO_WAITS)
    told = desk.told("ledger", "T-1")["ledger"]
    lasted = {(part["party"], part["cause"]): part["microseconds"] // HOUR for part in told["parts"]}
    assert lasted == {("company", "queue"): 5, ("manufacturer", "parts_manufacturer"): 2, ("parties", "dispute"): 1}
    assert told["beside"] == [{"cause": "dispute", "microseconds": HOUR}]
    drawn = desk.says("ledger", "T-1").splitlines()
    assert drawn[0].split() == ["T-1", "8", "h"]
    # 8 h are 80 columns, 10 an hour.
    assert "█" * 10 + "▒" * 20 + "X" * 10 + "█" * 40 in drawn
    assert any(line.endswith("counted: dispute 1 h") for line in drawn)


def test_vector_8_a_split_shift_is_closed_at_noon(desk: Desk) -> None:
    days = "mon tue wed thu fri"
    desk.publishes(office([(days, "09:00", "12:00"), (days, "13:00", "17:00")]), contract(clock("working_hours = 1")))
    desk.tells((RECEIVED, "2026-03-02 11:30"))
    assert desk.explains("turnaround", "2026-03-02T13:30Z")["due"] == "2026-03-02 13:30"


@pytest.mark.parametrize(
    ("begins", "ends", "midnight", "hours"),
    [
        ("2026-03-28 23:00", "2026-03-29 22:00", "2026-03-30 00:00", 23),
        ("2026-10-24 22:00", "2026-10-25 23:00", "2026-10-26 00:00", 25),
    ],
)
@pytest.mark.parametrize("unit", ["working_hours", "elapsed_hours"])
def test_vector_8_a_day_of_23_or_25_hours_counts_real_time(
    desk: Desk, begins: str, ends: str, midnight: str, hours: int, unit: str
) -> None:
    round_the_clock = [("mon tue wed thu fri sat sun", "00:00", "24:00")]
    desk.publishes(office(round_the_clock, zone="Europe/Berlin"), contract(clock(f"{unit} = {hours}")))
    desk.tells((RECEIVED, begins), (HANDED_BACK, ends))
    told = desk.explains("turnaround", "2026-12-01", "Europe/Berlin")
    assert (told["due"], told["used"]) == (midnight, f"{hours} h of {hours} h")
    assert told["verdict"] == f"met {midnight}"
