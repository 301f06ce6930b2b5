"""Publishing: what a version may not take from those before it, and what it has to find on record."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.examples import (
    CLOSED,
    DIAGNOSIS_STARTED,
    DISPATCHED,
    HANDED_BACK,
    MANAGER,
    OPEN_TICKET,
    OPENED,
    PIN_STANDARD,
    PINNED,
    PROOF_RECORDED,
    RECEIVE_UNIT,
    RECEIVED,
    RECORD_PROOF,
    REOPENED,
    RETRACT_EVENT,
    STANDARD,
    START,
    START_DIAGNOSIS,
    but,
)
from tests.spec import Fact, fact, history
from ticketing.application import Ticketing
from ticketing.domain.calendar import Frozen
from ticketing.domain.clauses import DefinedTest
from ticketing.domain.command import Command
from ticketing.domain.errors import BadInput, CommandRejected
from ticketing.domain.policy import DefinedClock, Target
from ticketing.domain.publishing import Pin, Publish, decide_publish, pins_of
from ticketing.domain.reference import (
    CalendarPublished,
    PolicyPublished,
    Published,
    SitePublished,
    StandardPublished,
    in_force,
)
from ticketing.domain.values import Event

DAY = timedelta(days=1)


def newer(year: int, month: int, day: int, version: int = 4) -> StandardPublished:
    return but(STANDARD, version=version, effective_from=datetime(year, month, day, tzinfo=UTC))


def told(*commands: Command, url: str = "memory:", days: float = 20) -> Ticketing:
    """The standard is published, a ticket opened at the start, and each command comes half a day after the other."""
    now = START
    app = Ticketing(url, clock=lambda: now)
    for command in (Publish(actor=MANAGER, thing=STANDARD), OPEN_TICKET, *commands):
        app.handle(command)
        now += DAY / 2
    now = START + days * DAY
    return app


def refusal(app: Ticketing, thing: Published, rule: str = "already-on-record") -> str | None:
    try:
        app.handle(Publish(actor=MANAGER, thing=thing))
    except CommandRejected as refused:
        return refused.reason if refused.rule == rule else str(refused)
    return None


BY_INTAKE = but(PIN_STANDARD, basis="intake")


def test_no_version_takes_the_day_from_one_that_a_ticket_has_pinned_for_it(store_url: str) -> None:
    # Opened, and so taken in, on the evening of 2 March; pinned on the morning of the 3rd.
    with told(BY_INTAKE, url=store_url) as app:
        assert refusal(app, newer(2026, 3, 2)) == (
            "standard ACME-IS-7: version 3 is pinned by ticket R-1001 for 2026-03-02, and version 4 would be in force "
            "then; let its effective_from be a later day, or say is_retroactive = true"
        )
        assert refusal(app, newer(2025, 12, 1)) is not None
        assert [thing.version for thing in app.reference.versions("standard", STANDARD.key)] == [3]
        assert refusal(app, newer(2026, 3, 3)) is None
        assert app.reference.one("standard", STANDARD.key).version == 4
        assert not app.handle(Publish(actor=MANAGER, thing=STANDARD)).events


def test_a_version_by_the_day_of_purchase_keeps_that_day() -> None:
    with told(RECORD_PROOF, PIN_STANDARD) as app:
        assert refusal(app, newer(2025, 7, 14)) is not None
        assert refusal(app, newer(2025, 7, 15)) is None


def test_a_version_by_the_day_of_inspection_keeps_the_day_on_which_it_was_looked_at() -> None:
    # Received on the morning of 3 March, looked at on its evening, pinned on the 4th.
    inspected = (RECEIVE_UNIT, START_DIAGNOSIS, but(PIN_STANDARD, basis="inspection"))
    with told(*inspected) as app:
        assert refusal(app, newer(2026, 3, 3)) is not None
        assert refusal(app, newer(2026, 3, 4)) is None


def test_a_version_pinned_by_no_date_keeps_the_day_on_which_it_was_pinned() -> None:
    with told(but(PIN_STANDARD, basis=None)) as app:
        assert refusal(app, newer(2026, 3, 3)) is not None
        assert refusal(app, newer(2026, 3, 4)) is None


def test_a_pin_that_was_taken_back_stands_in_nobodys_way() -> None:
    with told(BY_INTAKE, but(RETRACT_EVENT, target_version=2, actor=MANAGER, approved_by="m-2")) as app:
        assert refusal(app, newer(2026, 1, 1)) is None


def test_a_version_that_was_not_in_force_on_its_day_has_no_day_to_lose() -> None:
    with told() as app:
        assert refusal(app, newer(2026, 2, 1)) is None
        app.handle(BY_INTAKE)  # version 3, although version 4 is in force since February
        assert refusal(app, newer(2026, 3, 1, version=5)) is None


def test_a_version_of_another_standard_and_one_for_tomorrow_take_nothing() -> None:
    with told(BY_INTAKE, days=1) as app:
        assert refusal(app, newer(2026, 3, 4)) is None
        assert refusal(app, but(newer(2026, 3, 1), key="ACME-IS-8")) is None
        assert refusal(app, but(newer(2026, 3, 2, version=5), key="ACME-IS-8")) is None


@pytest.mark.parametrize(
    ("facts", "on"),
    [
        ((OPENED, but(PINNED, basis="intake")), 0),
        ((OPENED, fact(but(PINNED, basis="intake"), at=START + 9 * DAY)), 0),
        ((OPENED, fact(but(PINNED, basis=None), at=START + 9 * DAY)), 9),
        ((OPENED, fact(but(PINNED, basis="inspection"), at=START + 9 * DAY)), 9),
        (
            (
                *(OPENED, RECEIVED, HANDED_BACK, fact(CLOSED, at=START + 2 * DAY), fact(REOPENED, at=START + 5 * DAY)),
                fact(but(PINNED, basis="intake"), at=START + 9 * DAY),
            ),
            5,
        ),
        (
            (
                *(OPENED, RECEIVED, fact(DIAGNOSIS_STARTED, at=START + DAY)),
                fact(DIAGNOSIS_STARTED, at=START + 20 * DAY),
                fact(but(PINNED, basis="inspection"), at=START + 9 * DAY),
            ),
            1,
        ),
    ],
)
def test_a_pin_has_the_day_that_its_basis_says(facts: tuple[Event | Fact, ...], on: int) -> None:
    (pin,) = pins_of(history(*facts), STANDARD.key)
    assert pin == Pin("R-1001", 3, (START + on * DAY).date())


def test_a_pin_by_purchase_has_the_day_of_the_last_proof_and_none_without() -> None:
    pinned = history(OPENED, PINNED)
    assert list(pins_of(pinned, STANDARD.key)) == []
    later = but(PROOF_RECORDED, purchased_on=datetime(2025, 8, 1, tzinfo=UTC).date())
    (pin,) = pins_of(history(OPENED, PINNED, PROOF_RECORDED, DISPATCHED, later), STANDARD.key)
    assert pin.on == later.purchased_on
    assert list(pins_of(history(OPENED, PROOF_RECORDED, PINNED), "ACME-IS-8")) == []


def test_the_last_version_that_is_effective_is_in_force() -> None:
    versions = [newer(2026, 1, 1, 1), newer(2026, 6, 1, 2), newer(2026, 3, 1, 3)]
    days = [datetime(2026, month, day, tzinfo=UTC).date() for month, day in ((1, 1), (2, 28), (3, 1), (7, 1))]
    assert [thing.version for day in days if (thing := in_force(versions, day))] == [1, 1, 3, 3]
    assert in_force(versions, datetime(2025, 12, 31, tzinfo=UTC).date()) is None


@pytest.mark.parametrize("unit", ["Ampere", "mAh", "°C", "m s"])
def test_a_unit_of_measure_that_ucum_does_not_have_is_refused(unit: str) -> None:
    with told() as app, pytest.raises(BadInput) as refused:
        app.handle(Publish(actor=MANAGER, thing=but(newer(2026, 4, 1), tests=(DefinedTest(id="charge", unit=unit),))))
    assert str(refused.value).startswith(f"Publish.thing: tests.0.unit: {unit!r} is no unit of measure of UCUM")


def test_a_unit_of_measure_is_not_taken_unlooked_at_where_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ucumvert", None)
    thing = but(newer(2026, 4, 1), tests=(DefinedTest(id="charge", unit="A"),))
    with told() as app:
        with pytest.raises(BadInput, match=r"pip install 'ticketing\[standards\]'"):
            app.handle(Publish(actor=MANAGER, thing=thing))
        assert app.handle(Publish(actor=MANAGER, thing=but(thing, tests=(DefinedTest(id="charge"),)))).version == 2


def test_units_of_measure_of_ucum_are_taken() -> None:
    units = ("A", "mA.h", "Cel", "%", "mL/min", "[in_i]", "{cycles}", "kOhm")
    tests = tuple(DefinedTest(id=f"t-{number}", unit=unit) for number, unit in enumerate(units))
    with told() as app:
        thing = but(newer(2026, 4, 1), tests=(*tests, DefinedTest(id="charge")))
        assert app.handle(Publish(actor=MANAGER, thing=thing)).version == 2


# effective dates


def site(version: int, year: int, **changes: object) -> SitePublished:
    told = {"key": "quay", "version": version, "effective_from": datetime(year, 1, 1, tzinfo=UTC), "kind": "branch"}
    return SitePublished.model_validate({**told, **changes})


def test_a_version_is_effective_after_every_earlier_one_or_says_that_it_is_retroactive(store_url: str) -> None:
    with Ticketing(store_url, clock=lambda: START) as app:
        assert [refusal(app, site(version, year)) for version, year in ((1, 2024), (2, 2026))] == [None, None]
        for year in (2023, 2024, 2025, 2026):
            assert refusal(app, site(3, year)) == (
                f"site quay: effective_from of version 3, {year}-01-01, is not after that of version 2, 2026-01-01; "
                "let it be later, or say is_retroactive = true"
            )
        assert refusal(app, site(3, 2025, is_retroactive=True)) is None
        assert refusal(app, site(4, 2026)) is not None
        assert refusal(app, site(4, 2027)) is None
        assert not app.handle(Publish(actor=MANAGER, thing=site(2, 2026))).events


def test_a_standard_that_says_it_is_retroactive_may_take_a_pinned_day() -> None:
    with told(BY_INTAKE) as app:
        assert refusal(app, newer(2026, 3, 2)) is not None
        assert refusal(app, but(newer(2026, 3, 2), is_retroactive=True)) is None


# calendars


def hours(version: int, year: int, **changes: object) -> CalendarPublished:
    told = {"key": "desks", "version": version, "effective_from": datetime(year, 1, 1, tzinfo=UTC)}
    return CalendarPublished.model_validate({**told, **changes})


def counting(year: int, calendar: str = "desks") -> PolicyPublished:
    clock = DefinedClock(
        id="back",
        binds="customer_promise",
        starts=("UnitReceived",),
        stops=("UnitHandedBack",),
        target=Target(working_hours=Decimal(8)),
        calendar=calendar,
    )
    first = but(clock, id="sooner", target=Target(elapsed_hours=Decimal(8)), calendar=None)
    start = datetime(year, 1, 1, tzinfo=UTC)
    return PolicyPublished(key="promise", version=1, effective_from=start, clocks=(first, clock))


def unknown(app: Ticketing, thing: Published) -> str | None:
    return refusal(app, thing, rule="unknown-reference")


def test_a_policy_counts_by_a_calendar_that_is_published_and_effective_in_time(store_url: str) -> None:
    with Ticketing(store_url, clock=lambda: START) as app:
        never = "policy promise: clocks.1.calendar: calendar desks was never published"
        assert unknown(app, counting(2026)) == never
        app.handle(Publish(actor=MANAGER, thing=but(hours(1, 2026), key="benches")))
        assert unknown(app, counting(2026)) == f"{never}; the nearest is 'benches'"
        app.handle(Publish(actor=MANAGER, thing=hours(1, 2026)))
        assert unknown(app, counting(2025)) == (
            "policy promise: clocks.1.calendar: calendar desks is first effective from 2026-01-01, after 2025-01-01"
        )
        assert unknown(app, counting(2026)) is None


def test_a_site_has_a_calendar_that_is_published_and_effective_in_time() -> None:
    with Ticketing("memory:", clock=lambda: START) as app:
        assert unknown(app, site(1, 2026, calendar="desks")) == (
            "site quay: calendar: calendar desks was never published"
        )
        app.handle(Publish(actor=MANAGER, thing=hours(1, 2026)))
        assert unknown(app, site(1, 2025, calendar="desks")) is not None
        assert unknown(app, site(1, 2026, calendar="desks")) is None


def test_a_calendar_from_before_there_was_freezing_is_counted_by_once_it_is_published_anew() -> None:
    old, anew, thing = hours(1, 2024), hours(2, 2025), counting(2025)
    frozen = but(anew, frozen=Frozen(since=date(2025, 1, 1), until=date(2035, 12, 31)))

    def decided(policy: PolicyPublished, *versions: CalendarPublished) -> tuple[Published, ...]:
        publish = Publish(actor=MANAGER, thing=policy)
        return decide_publish(publish, (), occurred_at=START, latest=START, calendars={"desks": versions})

    with pytest.raises(CommandRejected, match=r"desks is not frozen, .*; publish it again as version 2$"):
        decided(thing, old)
    assert decided(thing, old, frozen) == (thing,)
    with pytest.raises(CommandRejected, match=r"desks is not frozen, .*; publish it again as version 3$"):
        decided(counting(2024), old, frozen)
    since_then = but(frozen, effective_from=old.effective_from, is_retroactive=True)
    assert decided(counting(2024), old, since_then) == (counting(2024),)
