"""Calendars, sites and policies that cannot be meant are refused before they are published, with file and key."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.examples import MANAGER
from ticketing.adapters.reference_files import read_reference_files
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.domain.calendar import DayWindow, MakeUpDay
from ticketing.domain.errors import BadInput
from ticketing.domain.policy import DefinedClock, Target
from ticketing.domain.publishing import Publish
from ticketing.domain.reference import CalendarPublished, PolicyPublished, SitePublished

HEAD = "key = 'it'\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\n"
WORKED = "make_up_days = [{ on = 2026-08-08, windows = [{ opens = '09:00', closes = '12:00' }] }]"
HU = "country = 'HU'"


def refused(folder: Path, text: str) -> str:
    """What is said of a file, after its name and the place in it."""
    path = folder / "it.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        read_reference_files([path])
    place = f"{path}: [{text[1 : text.index(']')]}] it: "
    assert str(error.value).startswith(place)
    return str(error.value).removeprefix(place)


def window(opens: str, closes: str, *, crosses: bool = False) -> str:
    told = f"opens = '{opens}', closes = '{closes}'{', crosses_midnight = true' if crosses else ''}"
    return f"windows = [{{ day = 'mon', opens = '09:00', closes = '17:00' }}, {{ day = 'tue', {told} }}]"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            window("17:00", "09:00"),
            "windows.1.closes: 09:00 is not after opens, 17:00; where it closes on the next day, s",
        ),
        (window("09:00", "09:00"), "windows.1.closes: 09:00 is not after opens, 09:00"),
        (
            window("09:00", "17:00", crosses=True),
            "windows.1.closes: from 09:00 to 17:00 on the next day is longer than",
        ),
        (window("24:00", "24:00"), "windows.1.opens: 24:00 is the end of the day; let the next day open at 00:00"),
        (window("9:00", "17:00"), "windows.1.opens: 9:00 is no time of day: write it like 09:30"),
        ("windows = [{ day = 'mo', opens = '09:00', closes = '17:00' }]", "not 'mo'; the nearest is 'mon'"),
        ("zone = 'Europe/Berln'", "zone: unknown zone 'Europe/Berln'; the nearest is 'Europe/Berlin'"),
        ("zone = 'localtime'", "zone: unknown zone 'localtime'"),
        (
            "holidays = { country = 'de' }",
            "holidays.country: no holidays of 'de' are known; a country is two letters of ",
        ),
        ("holidays = { country = 'de' }", "; the nearest is 'DE'"),
        (
            "holidays = { country = 'DE', subdivision = 'DE-BY' }",
            "holidays.subdivision: no part 'DE-BY' of DE is known; ",
        ),
        ("holidays = { country = 'DE', subdivision = 'BYE' }", "; the nearest is 'BY'"),
        ("holidays = { country = 'SG', subdivision = '01' }", "holidays.subdivision: no parts of SG are known"),
        (f"holidays = {{ {HU} }}", "holidays.make_up_windows: is missing: 2026-01-10, 2026-08-08"),
        (
            f"holidays = {{ {HU}, make_up_windows = [{{ opens = '09:00', closes = '08:00' }}] }}",
            "holidays.make_up_windows.0.closes: 08:00 is not after opens, 09:00",
        ),
        (
            f"{WORKED}\nclosed_days = [2026-08-08]",
            "make_up_days.0.on: 2026-08-08 is one of the closed_days too",
        ),
        (
            "make_up_days = [{ on = 2026-08-08, windows = [] }]",
            "make_up_days.0.windows: 2026-08-08 is to be worked, and no",
        ),
        (
            "make_up_days = [{ on = 2026-08-08, windows = [{ opens = '09:00', closes = '09:00' }] }]",
            "make_up_days.0.windows.0.closes: 09:00 is not after opens, 09:00",
        ),
        ("frozen_until = 2025-12-31", "frozen_until: 2025-12-31 is before effective_from, 2026-01-01"),
        (
            "frozen_until = 2127-01-01",
            "frozen_until: 2127-01-01 is more than 100 years after effective_from, 2026-01-01",
        ),
        (
            "closed_days = [2026-12-24, 2037-01-02]",
            "closed_days.1: 2037-01-02 would count for nothing: the calendar is fr",
        ),
        (
            "frozen = { since = 2026-01-01, until = 2036-12-31 }",
            "frozen: publishing takes it from the libraries, and nobod",
        ),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused_with_file_and_key(tmp_path: Path, content: str, said: str) -> None:
    assert said in refused(tmp_path, f"[calendar]\n{HEAD}{content}\n")


def test_a_calendar_of_a_time_of_which_nobody_knows_the_zones_is_refused(tmp_path: Path) -> None:
    for year in ("1899", "2201"):
        assert refused(tmp_path, f"[calendar]\n{HEAD.replace('2026', year)}") == (
            f"effective_from: the year {year} is not among 1900 to 2200"
        )


def test_a_window_that_says_so_closes_after_midnight(tmp_path: Path) -> None:
    path = tmp_path / "it.toml"
    for opens, closes in (("22:00", "06:00"), ("09:00", "09:00"), ("22:00", "00:00")):
        path.write_text(f"[calendar]\n{HEAD}{window(opens, closes, crosses=True)}\n")
        assert len(read_reference_files([path])) == 1


def test_a_site_in_an_unknown_zone_is_refused_with_file_and_key(tmp_path: Path) -> None:
    said = refused(tmp_path, f"[site]\n{HEAD}kind = 'branch'\nzone = 'Berlin'\n")
    assert said.startswith("zone: unknown zone 'Berlin'; the nearest is ")


CLOCK = {
    "id": "'back'",
    "binds": "'statute'",
    "starts": "'UnitReceived'",
    "stops": "'UnitHandedBack'",
    "target": "{ elapsed_hours = 48 }",
}
UNTIL = {"starts": "'PromiseMade'", "target": "{ until = 'PromiseMade.due_at' }"}
SITE = {"binds": "'site'", "starts": None, "stops": None}


def clock(**changes: str | None) -> str:
    told = {name: value for name, value in {**CLOCK, **changes}.items() if value is not None}
    return "{ " + ", ".join(f"{name} = {value}" for name, value in told.items()) + " }"


NEAR = "{ kind = 'near', at_percent = 50, to = 'manager' }"


def notice(said: str, **changes: str) -> str:
    return clock(notices=f"[{{ kind = 'near', to = 'manager', {said} }}]", **changes)


@pytest.mark.parametrize(
    ("clocks", "said"),
    [
        (clock(pauses="['parts_manufacturr']"), "clocks.0.pauses.0: Input should be 'customer_information', "),
        (clock(pauses="['parts_manufacturr']"), "not 'parts_manufacturr'; the nearest is 'parts_manufacturer'"),
        (clock(pauses="['transit', 'transit']"), "clocks.0.pauses: clock back: transit stands there twice"),
        (clock(binds="'statutes'"), "the nearest is 'statute'"),
        (
            clock(starts="'UnitRecieved'"),
            "clocks.0.starts: clock back: there is no fact 'UnitRecieved'; the nearest is 'Un",
        ),
        (
            clock(stops="['UnitHandedBack', 'Handed']"),
            "clocks.0.stops: clock back: there is no fact 'Handed'; the neares",
        ),
        (
            clock(stops="'EventCorrected'"),
            "clocks.0.stops: clock back: EventCorrected is about another fact, and no clock",
        ),
        (
            clock(starts="'NoticeSent'"),
            "clocks.0.starts: clock back: NoticeSent is about another fact, and no clock can be",
        ),
        (
            clock(stops="['UnitHandedBack', 'UnitHandedBack']"),
            "clocks.0.stops: clock back: UnitHandedBack stands there tw",
        ),
        (clock(target="{ elapsed_hours = 0 }"), "clocks.0.target.elapsed_hours: clock back: 0 is not above zero"),
        (
            clock(target="{ working_hours = -1 }", calendar="'c'"),
            "clocks.0.target.working_hours: clock back: -1 is not abo",
        ),
        (
            clock(target="{ calendar_days = 0 }", calendar="'c'"),
            "clocks.0.target.calendar_days: clock back: 0 is not above",
        ),
        (clock(target="{ calendar_days = 40000 }", calendar="'c'"), "40000 is more than a hundred years"),
        (clock(target="{ elapsed_hours = 900000 }"), "900000 hours are more than a hundred years"),
        (
            clock(target="{ elapsed_hours = '0.0001' }"),
            "clocks.0.target.elapsed_hours: clock back: 0.0001 hours are no who",
        ),
        (clock(target="{ elapsed_hours = 0.5 }"), "clocks.0.target.elapsed_hours: a float loses digits: give a dec"),
        (
            clock(target="{ calendar_days = 1.5 }", calendar="'c'"),
            "clocks.0.target.calendar_days: Input should be a valid ",
        ),
        (
            clock(target="{}"),
            "clocks.0.target: clock back: exactly one of working_hours, elapsed_hours, calendar_days and unt",
        ),
        (
            clock(target="{ elapsed_hours = 1, calendar_days = 1 }", calendar="'c'"),
            ", not elapsed_hours and calendar_days",
        ),
        (clock(target="{ until = 'PromiseMade.due_on' }"), "the nearest is 'PromiseMade.due_at'"),
        (
            clock(target="{ until = 'PromiseMade.due_at' }"),
            "clocks.0.target.until: clock back: the due date is the due_at o",
        ),
        (
            clock(**{**UNTIL, "starts": "['PromiseMade', 'UnitReceived']"}),
            "fact alone starts the clock: starts = 'PromiseM",
        ),
        (
            clock(**UNTIL, pauses="['payment']"),
            "clocks.0.pauses: clock back: nothing pauses a clock whose due date is said",
        ),
        (clock(id="'a/b#2'"), "clocks.0.id: clock a/b#2: 'a/b#2' has one of / #, which tell a clock's parts"),
        (
            clock(**UNTIL, on_reopening="'adds_up'"),
            "clocks.0.on_reopening: clock back: a due date that a fact says adds up to nothing",
        ),
        (
            clock(**SITE, on_reopening="'adds_up'"),
            "clocks.0.on_reopening: clock back: a stay at a site adds up to nothing",
        ),
        (
            clock(target="{ working_hours = 1 }"),
            "clocks.0.calendar: clock back: is missing: working_hours counts by the op",
        ),
        (
            clock(target="{ calendar_days = 1 }"),
            "clocks.0.calendar: clock back: is missing: calendar_days counts by the zo",
        ),
        (
            clock(**{**SITE, "starts": "'UnitReceived'"}),
            "clocks.0.starts: clock back: a site's own clock follows custody",
        ),
        (
            clock(**{**SITE, "stops": "'UnitHandedBack'"}),
            "clocks.0.stops: clock back: a site's own clock follows custody",
        ),
        (
            clock(starts=None),
            "clocks.0.starts: clock back: names no fact; only a clock that binds a site follows custody",
        ),
        (clock(stops="[]"), "clocks.0.stops: clock back: names no fact"),
        (f"{clock()}, {clock()}", "clocks: back stands there twice"),
        (clock(conditions="{ entitlements = ['waranty'] }"), "the nearest is 'warranty'"),
        (
            clock(conditions="{ manufacturer = ['Boreas'] }"),
            "conditions.manufacturer: there is no such key; the nearest is",
        ),
        (
            clock(conditions="{ manufacturers = ['Lumen'] }"),
            "clocks.0.conditions.manufacturers: clock back: the policy is f",
        ),
        (notice("at_percent = 0"), "clocks.0.notices.0.at_percent: clock back: notice near: 0 is not among 1 to 100"),
        (notice("at_percent = 101"), "notice near: 101 is not among 1 to 100"),
        (
            notice("at_percent = 50, before_hours = 1"),
            "notices.0.at_percent: clock back: notice near: either at_percent or",
        ),
        (
            clock(notices="[{ kind = 'near', to = 'manager' }]"),
            "either at_percent or before_hours is due, and not both",
        ),
        (notice("before_hours = 0"), "clocks.0.notices.0.before_hours: clock back: notice near: 0 is not above zero"),
        (notice("before_hours = 49"), "notice near: 49 hours before is before the start: the target is 48 hours"),
        (
            notice("before_hours = 1", target="{ calendar_days = 2 }", calendar="'c'"),
            "notice near: calendar days have no ho",
        ),
        (
            clock(notices=f"[{NEAR}, {NEAR}]"),
            "clocks.0.notices: clock back: near stands there twice",
        ),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_with_file_and_key(tmp_path: Path, clocks: str, said: str) -> None:
    assert said in refused(tmp_path, f"[policy]\n{HEAD}manufacturer = 'Boreas'\nclocks = [{clocks}]\n")


def test_the_order_of_causes_names_each_that_there_is_once(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, f"[policy]\n{HEAD}causes = ['payment', 'payment']\n") == "causes: payment stands there twice"
    )
    assert "; the nearest is 'payment'" in refused(tmp_path, f"[policy]\n{HEAD}causes = ['paiment']\n")


@pytest.mark.parametrize(
    "clocks",
    [
        clock(),
        clock(**UNTIL),
        clock(**SITE),
        clock(target="{ working_hours = '0.25' }", calendar="'c'", pauses="['transit', 'dispute']"),
        clock(starts="['EstimateIssued']", target="{ until = 'EstimateIssued.valid_until' }"),
        notice("at_percent = 100"),
        notice("before_hours = 48"),
        notice("before_hours = '0.5'", **UNTIL),
        notice("at_percent = 50", target="{ calendar_days = 2 }", calendar="'c'"),
    ],
)
def test_a_policy_that_can_be_meant_is_read(tmp_path: Path, clocks: str) -> None:
    path = tmp_path / "it.toml"
    path.write_text(f"[policy]\n{HEAD}clocks = [{clocks}]\n")
    assert len(read_reference_files([path])) == 1


def test_a_host_is_refused_what_a_file_is() -> None:
    start = "2026-01-01T00:00:00Z"
    told = {"key": "it", "version": 1, "effective_from": start}
    closed = MakeUpDay(on="2026-08-08", windows=(DayWindow(opens="09:00", closes="08:00"),))  # type: ignore[arg-type]
    defined = DefinedClock(id="back", binds="statute", starts=("Nothing",), stops=("UnitHandedBack",), target=Target())
    with Ticketing("memory:") as store:
        for thing, said in (
            (
                CalendarPublished.model_validate({**told, "make_up_days": [closed]}),
                "make_up_days.0.windows.0.closes: 08:0",
            ),
            (
                PolicyPublished.model_validate({**told, "clocks": [defined]}),
                "clocks.0.starts: clock back: there is no fact",
            ),
            (CalendarPublished.model_validate({**told, "zone": "Nowhere"}), "zone: unknown zone 'Nowhere'"),
            (
                SitePublished.model_validate({**told, "kind": "branch", "zone": "Nowhere"}),
                "zone: unknown zone 'Nowhere'",
            ),
        ):
            with pytest.raises(BadInput) as error:
                store.handle(Publish(actor=MANAGER, thing=thing))
            assert str(error.value).startswith(f"Publish.thing: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"[calendar]\n{HEAD}{window('17:00', '09:00')}\n",
            "[calendar] it: windows.1.closes: 09:00 is not after opens, 17",
        ),
        (
            f"[policy]\n{HEAD}clocks = [{clock(target='{ elapsed_hours = 0 }')}]\n",
            "[policy] it: clocks.0.target.elapsed_hours: clock back: 0 is not above zero",
        ),
    ],
)
def test_the_command_line_refuses_it_with_file_and_key(sqlite_url: str, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "it.toml"
    path.write_text(text)
    result = CliRunner().invoke(app, ["publish", str(path), "--store", sqlite_url])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"ticketing: {path}: {said}")
