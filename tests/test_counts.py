"""Counts: rows counted by a store are the rows counted one by one."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store_examples import FakeClock, fake_random_bytes
from ticketing.adapters.counting import Asked, ahead, chosen, count, singly, sources
from ticketing.adapters.temporary_rows import TemporaryRows
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import View
from ticketing.domain.hours import micros
from ticketing.projections.counts import Counted, Counts, Rate, conditions_of, holds, literal, rate_rows
from ticketing.projections.dimensions import DIMENSIONS, Dimensions
from ticketing.projections.report import Figure
from ticketing.projections.sample import Scope
from ticketing.projections.site_kinds import SiteKinds

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITES = ("berlin", "o'hare", "Ä")
KINDS = SiteKinds(
    {
        "berlin": ((NOON - 400 * 24 * HOUR, "own"), (NOON, "subcontracted")),
        "o'hare": ((NOON, "subcontracted"),),
    }
)
ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")])
INSTANTS = st.integers(-20_000, 20_000).map(lambda hours: NOON + hours * HOUR)
TEXTS = st.sampled_from([None, "berlin", "o'hare", "Ä", "warranty", "none"])


@st.composite
def some_rows(draw: st.DrawFn) -> list[Dimensions]:
    def row(number: int) -> Dimensions:
        opened_at = draw(st.none() | INSTANTS)
        return Dimensions(
            ticket_id=UUID(int=number),
            latest_at=opened_at,
            opened_at=opened_at,
            closed_at=draw(st.none() | INSTANTS),
            manufacturer=draw(TEXTS),
            site=draw(st.none() | st.sampled_from(SITES)),
            cause=draw(TEXTS),
            entitlement=draw(TEXTS),
            symptom=draw(TEXTS),
            technician=draw(TEXTS),
            channel=draw(st.sampled_from(["counter", "remote"])),
            source=draw(st.sampled_from([None, "import:old", "import:o'ld"])),
            imported_until=draw(INSTANTS),
            has_native_facts=draw(st.booleans()),
            is_open=draw(st.booleans()),
        )

    return [row(number) for number in range(1, 1 + draw(st.integers(0, 12)))]


def laid_out(view: View[Dimensions], rows: list[Dimensions]) -> View[Dimensions]:
    view.save(rows, revision=view.load([]).revision, position=0)
    return view


def scope(**given: object) -> Scope:
    return Scope(observed_until=NOON, site_kinds=KINDS, **given)  # type: ignore[arg-type]


@given(some_rows(), ZONES, st.lists(st.sampled_from(sorted(DIMENSIONS)), max_size=3, unique=True))
@settings(max_examples=150)
def test_a_store_groups_as_a_row_says(rows: list[Dimensions], zone: ZoneInfo, by: list[str]) -> None:
    asked = scope(by=tuple(by), zone=zone)
    by_hand: dict[tuple[str | None, ...], int] = {}
    for row in rows:
        if row.opened_at is not None:
            group = asked.group(row, row.opened_at)
            by_hand[group] = by_hand.get(group, 0) + 1
    with TemporaryRows(Dimensions) as kept:
        for row in rows:
            kept.add(row)
        counted = Counted(asked.by)
        counts = Counts(at="opened_at", conditions={"all": "1 = 1"})
        count(kept.select, counts, Asked(scope=asked, ends={}), counted)
    found = {tuple(group.values()): tally.numbers["all"] for group, tally in counted.groups() if tally.numbers}
    assert found == by_hand


COUNTS = Counts(
    at="opened_at",
    conditions={
        "at Ä's": holds(f"site = {literal('Ä')}"),
        "unknown": holds("closed_at > 0"),
    },
    sums={"hours": "(observed_until - opened_at) / 3600000000"},
    lists={"closed": "CASE WHEN is_open = 0 THEN closed_at END"},
    by={"state": "CASE WHEN is_open = 1 THEN 'open' ELSE 'shut' END"},
)


def everything(view: View[Dimensions] | TemporaryRows[Dimensions]) -> list[Any]:
    ends, is_ahead = sources(view.select, NOON)
    asked = Asked(scope=scope(by=("site", "month")), ends=ends, latest_at=NOON, aside={UUID(int=2)})
    counted = Counted((*asked.scope.by, *COUNTS.by))
    count(view.select, COUNTS, asked, counted)
    groups = [
        (group, dict(tally.numbers), {name: tally.list(name) for name in COUNTS.lists})
        for group, tally in counted.groups()
    ]
    return [
        ends,
        is_ahead,
        sorted(ahead(view.select, NOON)),
        groups,
        list(singly(view.select, COUNTS, asked)),
        list(chosen(view.select, Counts(at="opened_at"), asked, ["ticket_id", "model"])),
    ]


@given(rows=some_rows())
@settings(max_examples=40)
def test_a_source_was_observed_until_the_last_of_its_own_facts_that_is_known(rows: list[Dimensions]) -> None:
    with TemporaryRows(Dimensions) as kept:
        for row in rows:
            kept.add(row)
        ends, _ = sources(kept.select, NOON)
    known = [row for row in rows if row.latest_at is None or row.latest_at <= NOON]
    by_hand: dict[str, int] = {}
    for row in known:
        if row.source is not None and row.imported_until is not None:
            by_hand[row.source] = max(micros(row.imported_until), by_hand.get(row.source, micros(row.imported_until)))
    assert ends == by_hand


def test_every_store_counts_alike(store_url: str) -> None:
    rows = [
        Dimensions(
            ticket_id=UUID(int=number),
            latest_at=NOON + (number - 9) * HOUR,
            opened_at=None if number == 5 else NOON - number * 300 * HOUR,
            closed_at=NOON - number * HOUR,
            site=SITES[number % 3],
            channel=["counter", "remote"][number % 2],
            source=[None, "import:o'ld"][number // 2 % 2],
            imported_until=NOON - number * HOUR,
            is_open=number % 3 == 0,
        )
        for number in range(1, 12)
    ]
    with (
        closing(open_store(store_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store,
        TemporaryRows(Dimensions) as kept,
    ):
        view = laid_out(store.view("counted", 1, Dimensions), rows)
        for row in rows:
            kept.add(row)
        found = everything(view)
        assert found == everything(kept)
    assert found[2] == [UUID(int=10), UUID(int=11)]
    assert len(found[4]) == 7  # without the one never opened, the one set aside, and those ahead


def test_a_ticket_is_excluded_before_it_is_censored_and_censored_before_it_is_asked() -> None:
    rate = Rate(
        figure=Figure("some", 1, ("opened_in",)),
        excluded="channel = 'remote'",
        censored="is_open = 1",
        asked="site IS NOT NULL",
        had="closed_at > 0",
        none="none",
    )
    rows = [
        Dimensions(ticket_id=UUID(int=1), opened_at=NOON, closed_at=NOON, site="a"),
        Dimensions(ticket_id=UUID(int=2), opened_at=NOON, site="a"),  # unknown: asked, and did not have it
        Dimensions(ticket_id=UUID(int=3), opened_at=NOON, closed_at=NOON),  # not asked
        Dimensions(ticket_id=UUID(int=4), opened_at=NOON, closed_at=NOON, site="a", is_open=True),
        Dimensions(ticket_id=UUID(int=5), opened_at=NOON, closed_at=NOON, site="a", is_open=True, channel="remote"),
    ]
    with TemporaryRows(Dimensions) as kept:
        for row in rows:
            kept.add(row)
        counted = Counted(())
        count(
            kept.select,
            Counts(at="opened_at", conditions=conditions_of([rate])),
            Asked(scope=scope(), ends={}),
            counted,
        )
    (found,) = rate_rows(counted, "opened_in", [rate])
    assert (found.numerator, found.denominator, found.censored, found.excluded) == (1, 2, 1, 1)


@pytest.mark.parametrize("condition", ["closed_at > 0", None])
def test_what_is_unknown_does_not_hold(condition: str | None) -> None:
    with TemporaryRows(Dimensions) as kept:
        kept.add(Dimensions(ticket_id=UUID(int=1)))
        ((found,),) = kept.select(lambda table: f"SELECT {holds(condition)} FROM ({table.rows}) AS kept")
    assert found == 0


def test_what_comes_to_more_than_a_store_adds_up_is_added_up() -> None:
    numbers = (2**62, 2**62, 2**62 + 1, -(2**33) - 1)
    with TemporaryRows(Dimensions) as kept:
        for number in range(len(numbers)):
            kept.add(Dimensions(ticket_id=UUID(int=number), opened_at=NOON, site=str(number)))
        cases = " ".join(f"WHEN {place} THEN {number}" for place, number in enumerate(numbers))
        counted = Counted(())
        of_all = Counts(at="opened_at", sums={"all": f"CASE CAST(site AS INTEGER) {cases} END"})
        count(kept.select, of_all, Asked(scope=scope(), ends={}), counted)
    assert counted.tally(()).numbers["all"] == sum(numbers)
