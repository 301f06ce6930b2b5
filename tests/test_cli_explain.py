"""`explain`: one clock of a ticket line by line, as a person with a calendar on paper would work it out."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.examples import (
    END_WAIT,
    HAND_BACK,
    MAKE_PROMISE,
    MANAGER,
    OPEN_TICKET,
    RECEIVE_UNIT,
    SEND_NOTICE,
    START_WAIT,
    but,
)
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.domain.calendar import DayWindow, HolidaySet, MakeUpDay, Window
from ticketing.domain.command import Command
from ticketing.domain.durations import amount
from ticketing.domain.policy import DefinedClock, DefinedNotice, Target
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import CalendarPublished, PolicyPublished, Published

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = (("09:00", "12:00"), ("13:00", "17:00"))
BERLIN = CalendarPublished(
    key="berlin",
    version=1,
    effective_from=LONG_AGO,
    zone="Europe/Berlin",
    windows=tuple(
        Window(day=day, opens=opens, closes=closes)
        for day in ("mon", "tue", "wed", "thu", "fri")
        for opens, closes in HOURS
    ),
    holidays=HolidaySet(country="DE", subdivision="BE"),
    make_up_days=(
        MakeUpDay(on=datetime(2026, 4, 11, tzinfo=UTC).date(), windows=(DayWindow(opens="10:00", closes="14:00"),)),
    ),
)
POLICY = PolicyPublished(
    key="contract",
    version=1,
    effective_from=LONG_AGO,
    manufacturer="ACME",
    clocks=(
        DefinedClock(
            id="turnaround",
            title="Back within two working days",
            binds="manufacturer_contract",
            starts=("UnitReceived",),
            stops=("UnitHandedBack",),
            target=Target(working_hours=Decimal(8)),
            calendar="berlin",
            pauses=("parts_manufacturer",),
            notices=(DefinedNotice(kind="half", at_percent=50, to="m-1"),),
        ),
        DefinedClock(
            id="statute",
            binds="statute",
            starts=("UnitReceived",),
            stops=("UnitHandedBack",),
            target=Target(calendar_days=4),
            calendar="berlin",
        ),
        DefinedClock(
            id="promise",
            binds="customer_promise",
            starts=("PromiseMade",),
            stops=("UnitHandedBack",),
            target=Target(until="PromiseMade.due_at"),
        ),
        DefinedClock(id="stay", binds="site", target=Target(elapsed_hours=Decimal(24))),
    ),
)


def at(text: str) -> datetime:
    """Day of April 2026 and time of day, UTC, which is two hours less than in Berlin: `2 13:00`."""
    day, time = text.split()
    return datetime.fromisoformat(f"2026-04-{int(day):02}T{time}").replace(tzinfo=UTC)


class Desk:
    """A store at which the clock is what a test says."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._now = LONG_AGO
        self._store = Ticketing(self.url, clock=lambda: self._now)

    def publish(self, *things: Published) -> None:
        for thing in things:
            self._store.handle(Publish(actor=MANAGER, thing=thing))

    def does(self, when: str, command: Command, *, occurred: str | None = None) -> None:
        """Handles a command at an instant; it says what occurred then, or earlier."""
        self._now = at(when)
        self._store.handle(command.model_copy(update={"occurred_at": at(occurred or when)}))

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["explain", *arguments, "--store", self.url])

    def lines(self, *arguments: str) -> list[str]:
        """The lines of an answer that must have succeeded, without a colour in it."""
        result = self(*arguments)
        assert result.exit_code == 0, result.stderr or result.exception
        assert "\x1b" not in result.stdout
        return result.stdout.splitlines()

    def json(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads("\n".join(self.lines(*arguments, "--format", "json")))
        return found


@pytest.fixture
def desk(sqlite_url: str) -> Desk:
    """Received on Maundy Thursday 15:00 in Berlin, five days before the next day of work."""
    desk = Desk(sqlite_url)
    desk.publish(BERLIN, POLICY)
    desk.does("2 13:00", OPEN_TICKET)
    desk.does("2 13:00", RECEIVE_UNIT)
    return desk


def words(lines: Iterable[str]) -> list[str]:
    """The lines with one blank where there are several."""
    return [" ".join(line.split()) for line in lines]


def whole_story(desk: Desk) -> None:
    """Waits for parts Tuesday 10:00 to Wednesday 11:00, told half, and is back on Wednesday 16:00."""
    desk.does("7 08:00", START_WAIT)
    desk.does("8 09:00", END_WAIT)
    desk.does("8 10:30", but(SEND_NOTICE, clock="turnaround", kind="half", policy="contract", cycle=1))
    desk.does("8 14:00", HAND_BACK)


def test_an_explanation_can_be_checked_with_a_calendar_on_paper(desk: Desk) -> None:
    whole_story(desk)
    # Thu 15-17 is 2 h; Good Friday, the weekend and Easter Monday none; Tue 09-10 1 h; Wed 11-12 and 13-16 4 h: 7 h.
    assert desk.lines("R-1001", "turnaround", "--as-of", "2026-04-09") == [
        "R-1001  contract/turnaround: met",
        "Back within two working days",
        "policy       contract@1, effective from 2026-01-01 01:00, published 2026-01-01 01:00 at position 2",
        "             in force at the start, of the versions published before the start was recorded",
        "calendar     berlin@1, effective from 2026-01-01 01:00, published 2026-01-01 01:00 at position 1",
        "             zone Europe/Berlin, holidays frozen until 2036-12-31",
        "asks for     manufacturer ACME",
        "             held from 2026-04-02 15:00",
        "started      2026-04-02 15:00 by fact 2: receptionist r-1 received the unit at berlin, with charger; condition: “a scratch”",  # noqa: E501
        "pauses       parts manufacturer from 2026-04-07 10:00 until 2026-04-08 11:00 (facts 3 and 4)",
        "stopped      2026-04-08 16:00 by fact 6: receptionist r-1 handed the unit back to the customer at berlin",
        "",
        "day                          open                                                  counted   total",
        "──────────────────────────────────────────────────────────────────────────────────────────────────",
        "Thu 2026-04-02               09:00–12:00, 13:00–17:00 from 15:00                       2 h     2 h",
        "Fri 2026-04-03               closed (Karfreitag)                                       0 h     2 h",
        "Sat 2026-04-04 – Sun 04-05   closed                                                    0 h     2 h",
        "Mon 2026-04-06               closed (Ostermontag)                                      0 h     2 h",
        "Tue 2026-04-07               09:00–12:00, 13:00–17:00                                  1 h     3 h",
        "                             paused 10:00–24:00: parts manufacturer (facts 3, 4)",
        "Wed 2026-04-08               09:00–12:00, 13:00–17:00 to 16:00                         4 h     7 h",
        "                             paused 00:00–11:00: parts manufacturer (facts 3, 4)",
        "",
        "used         7 h of 8 h",
        "due          2026-04-08 17:00",
        "verdict      met 2026-04-08 16:00",
        "judged then  the same, 2026-04-08 16:00",
        "notices      2026-04-08 12:30 by fact 5: system clock sent notice half of clock turnaround of policy contract to m-1",  # noqa: E501
        "00000000-0000-4000-8000-000000000001, as of 2026-04-09 02:00; times in Europe/Berlin",
    ]


def test_equal_days_are_one_line_in_the_table_and_each_a_day_in_json(desk: Desk) -> None:
    whole_story(desk)
    told = desk.lines("R-1001", "statute", "--as-of", "2026-04-09")
    # The start day does not count; 3 to 8 April are six days, and 4 were allowed.
    assert "Fri 2026-04-03 – Tue 04-07   all day                                     5 × 1 day   5 days" in told
    assert "Thu 2026-04-02               from 15:00 (the start day does not count)      0 days   0 days" in told
    assert "due          2026-04-07 00:00" in told
    found = desk.json("R-1001", "statute", "--as-of", "2026-04-09")
    assert [(day["on"][-2:], day["counted"], day["total"]) for day in found["days"]] == [
        ("02", 0, 0),
        ("03", 1, 1),
        ("04", 1, 2),
        ("05", 1, 3),
        ("06", 1, 4),
        ("07", 1, 5),
        ("08", 1, 6),
    ]
    assert (found["judged"]["verdict"], found["state"], found["then"]) == ("breached", "breached", "breached")
    assert found["policy"]["published_at"] == "2026-01-01T00:00:00.000001Z"  # a microsecond after the calendar


def test_times_are_in_the_calendars_zone_unless_another_is_asked_for(desk: Desk) -> None:
    told = desk.lines("R-1001", "statute", "--as-of", "2026-04-03", "--zone", "UTC")
    assert told[-1].endswith("as of 2026-04-03 00:00; times in UTC, days and hours in Europe/Berlin")
    assert "due 2026-04-06 22:00" in words(told)
    assert desk.lines("R-1001", "stay")[-1].endswith("times in UTC")


def test_a_clock_that_goes_on_shows_what_is_still_to_come(desk: Desk) -> None:
    told = desk.lines("R-1001", "turnaround", "--as-of", "2026-04-02T14:30:00Z")
    # 15:00-16:30 are 1 h 30 min; 30 min on Thursday and 6 h on Tuesday, up to 16:00, make 8 h.
    assert words(told[told.index("") + 3 :])[:8] == [
        "Thu 2026-04-02 09:00–12:00, 13:00–17:00 from 15:00 to 16:30 1 h 30 min 1 h 30 min",
        "still to come, if nothing more happens:",
        "Thu 2026-04-02 09:00–12:00, 13:00–17:00 from 16:30 30 min 2 h",
        "Fri 2026-04-03 closed (Karfreitag) 0 h 2 h",
        "Sat 2026-04-04 – Sun 04-05 closed 0 h 2 h",
        "Mon 2026-04-06 closed (Ostermontag) 0 h 2 h",
        "Tue 2026-04-07 09:00–12:00, 13:00–17:00 to 16:00 6 h 8 h",
        "",
    ]
    assert "verdict none yet: running" in words(told)
    assert "next notice half to m-1, from 2026-04-07 11:00 on" in words(told)


def test_a_paused_clock_says_when_it_would_be_due_if_it_went_on_now(desk: Desk) -> None:
    desk.does("7 08:00", START_WAIT)
    told = desk.lines("R-1001", "turnaround", "--as-of", "2026-04-07T11:00:00Z")
    # Used 3 h. At 13:00 there are 4 h left of Tuesday; the last hour is Wednesday 09-10.
    assert "due undefined while it is paused; 2026-04-08 10:00 if it went on now" in words(told)
    assert "verdict none yet: paused for parts manufacturer" in words(told)
    assert "pauses parts manufacturer from 2026-04-07 10:00 and goes on (fact 3)" in words(told)


def test_a_make_up_day_and_a_change_of_the_clock_are_named(desk: Desk) -> None:
    whole = desk.lines("R-1001", "turnaround", "--as-of", "2026-04-13")
    # Thu 2 h, Tue to Fri 7 h each: 30 h; on the make-up Saturday four more.
    assert "Sat 2026-04-11 10:00–14:00 (make-up day) 4 h 34 h" in words(whole)
    autumn = words(desk.lines("R-1001", "statute", "--as-of", "2026-11-01"))
    assert "the clock went back 03:00→02:00" in autumn


def test_a_wait_typed_in_late_shows_both_verdicts_and_what_changed_the_first(desk: Desk) -> None:
    desk.does("9 14:00", HAND_BACK)
    before = desk.lines("R-1001", "turnaround", "--as-of", "2026-04-10")
    # Tue 09-16 makes 8 h.
    assert "verdict      breached after 2026-04-07 16:00" in before
    desk.does("10 08:00", START_WAIT, occurred="7 08:00")
    desk.does("10 08:01", END_WAIT, occurred="9 10:00")
    after = desk.lines("R-1001", "turnaround", "--as-of", "2026-04-11")
    # Thu 2 h, Tue 09-10, and Thu 9 April 13-16: 6 h.
    assert after[0] == "R-1001  contract/turnaround: met"
    assert "used         6 h of 8 h" in after
    place = after.index("judged then  breached, 2026-04-07 16:00; what changed it was recorded later:")
    assert after[place + 1].startswith("             2026-04-10 10:00 recorded: 2026-04-07 10:00 by fact 4: ")
    known = desk.lines("R-1001", "turnaround", "--known-at", "2026-04-10")
    assert known[0] == "R-1001  contract/turnaround: breached"


def test_a_promise_that_was_made_anew_lists_its_dates(desk: Desk) -> None:
    desk.does("2 14:00", but(MAKE_PROMISE, due_at=at("8 15:00")))
    once = desk.lines("R-1001", "promise", "--as-of", "2026-04-03")
    assert not any(line.startswith("dates") for line in once)
    desk.does("7 14:00", but(MAKE_PROMISE, due_at=at("10 15:00")))
    twice = desk.lines("R-1001", "promise", "--as-of", "2026-04-08")
    (first,) = [line for line in twice if line.startswith("dates")]
    assert first.endswith("promised the unit by 2026-04-08 15:00 UTC")
    assert twice[twice.index(first) + 1].endswith("promised the unit by 2026-04-10 15:00 UTC")
    assert "due 2026-04-10 15:00" in words(twice)


def test_a_clock_is_named_by_as_much_as_tells_it_from_the_others(desk: Desk) -> None:
    whole = desk.lines("R-1001", "contract/stay/berlin#1", "--as-of", "2026-04-03")
    assert whole[0] == "R-1001  contract/stay (berlin): running"
    for name in ("stay", "contract/stay", "stay/berlin", "stay#1"):
        assert desk.lines("R-1001", name, "--as-of", "2026-04-03") == whole


def test_an_unknown_clock_is_answered_with_the_nearest_and_all_there_are(desk: Desk) -> None:
    asked = desk("R-1001", "turnarund")
    assert asked.exit_code == 1
    assert asked.stderr == (
        "ticketing: ticket R-1001 has no clock turnarund; the nearest is turnaround; "
        "it has contract/statute, contract/stay/berlin, contract/turnaround\n"
    )


def test_a_name_that_several_clocks_have_is_refused_with_their_whole_names(desk: Desk) -> None:
    desk.does("3 08:00", HAND_BACK)
    desk.does("7 08:00", RECEIVE_UNIT)
    asked = desk("R-1001", "stay")
    assert asked.exit_code == 2
    assert "names several clocks of ticket R-1001: contract/stay/berlin, contract/stay/berlin#2" in asked.stderr
    assert desk.lines("R-1001", "stay/berlin#2")[0].startswith("R-1001  contract/stay (berlin#2)")


def test_a_ticket_that_no_policy_has_a_clock_for_says_so(sqlite_url: str) -> None:
    desk = Desk(sqlite_url)
    desk.does("2 13:00", OPEN_TICKET)
    asked = desk("R-1001", "turnaround")
    assert asked.exit_code == 1
    assert "ticket R-1001 has no clock: no policy was published" in asked.stderr
    desk.publish(BERLIN, POLICY.model_copy(update={"manufacturer": "Acme"}))
    assert "contract is for Acme; this ticket's manufacturer is ACME" in desk("R-1001", "turnaround").stderr


def test_the_verdict_by_another_version_is_explained_line_by_line(desk: Desk) -> None:
    whole_story(desk)
    stricter = POLICY.clocks[0].model_copy(update={"pauses": (), "calendar": "north"})
    north = BERLIN.model_copy(update={"key": "north", "holidays": None})
    later = {"version": 2, "effective_from": at("10 00:00"), "clocks": (stricter,)}
    desk.publish(north, POLICY.model_copy(update=later))
    asked = ("R-1001", "turnaround", "--as-of", "2026-04-09")
    assert desk.lines(*asked)[0] == "R-1001  contract/turnaround: met"
    under = words(desk.lines(*asked, "--under", "contract@2"))
    assert under[0] == "R-1001 contract/turnaround: breached"
    assert any(line.startswith("policy contract@2, effective from 2026-04-10") for line in under)
    assert "the version asked about, whatever was in force; calendars as published by now" in under
    # Thu 2 h, then without holidays or pauses Fri 09-12 and 13-16 make 8 h.
    assert "verdict breached after 2026-04-03 16:00" in under
    found = desk.json(*asked, "--under", "contract@2")
    assert found["is_forced"]
    assert [day["total"] for day in found["days"] if not day["is_ahead"]][-1] == found["judged"]["used"]
    with Ticketing(desk.url) as store:
        (listed,) = store.clocks.of("R-1001", as_of=at("9 00:00"), under="contract@2")
    assert listed.model_dump(mode="json") == found["judged"]


def test_a_version_to_explain_by_that_there_is_not_is_answered_with_what_there_is(desk: Desk) -> None:
    never = desk("R-1001", "turnaround", "--under", "contract@7")
    assert never.exit_code == 1
    assert "policy contract@7 was never published; there is contract@1" in never.stderr
    wrong = desk("R-1001", "turnaround", "--under", "contract")
    assert wrong.exit_code == 2
    assert "under contract: write KEY@VERSION, such as phone-contract@2" in wrong.stderr


def test_a_server_explains_as_a_file_does(desk: Desk, postgres_url: str) -> None:
    server = Desk(postgres_url)
    server.publish(BERLIN, POLICY)
    server.does("2 13:00", OPEN_TICKET)
    server.does("2 13:00", RECEIVE_UNIT)
    for it in (desk, server):
        whole_story(it)
    asked = ("R-1001", "turnaround", "--as-of", "2026-04-09")
    assert server.lines(*asked) == desk.lines(*asked)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 h"),
        (90 * 60_000_000, "1 h 30 min"),
        (1, "0.000001 s"),
        (8 * 3_600_000_000 + 1, "8 h 0.000001 s"),
        (61_000_000, "1 min 1 s"),
    ],
)
def test_a_value_is_told_exactly(value: int, words: str) -> None:
    assert amount(value, "working") == words
