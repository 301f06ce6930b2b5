"""Rows of whole histories, those of clocks above all: however they came about, and whatever is published meanwhile."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from tests import clock_rows
from tests.store_examples import (
    ILLEGIBLE,
    START,
    TALLY,
    FakeClock,
    append,
    correction,
    fake_random_bytes,
    mark,
    number,
    publication,
    published,
    retraction,
    save,
)
from tests.test_pages import WAYS, Keeping, Plan, few, folded_at_once, keeping, plans
from tests.time_stories import HANDED_BACK, OPENED, RECEIVED, WORKDAYS, calendar, clock, policy, site, windows
from ticketing import reports
from ticketing.adapters.check import check
from ticketing.adapters.codec import Codec
from ticketing.adapters.columns import table_name
from ticketing.adapters.defect import Defect
from ticketing.adapters.kept_rules import KeptRules
from ticketing.adapters.projector import Followed, catch_up, fold_next_page, make_inline, view_of
from ticketing.adapters.spool import Spool
from ticketing.adapters.store import Append, Store
from ticketing.adapters.upkeep import Upkeep
from ticketing.adapters.urls import file_of, open_store, split_schema
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.clocks import clocks_of
from ticketing.domain.errors import UnreadableEvent
from ticketing.domain.hours import micros
from ticketing.domain.reference import Published
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Logged, Recorded
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.clock_parts import ClockPart
from ticketing.projections.clocks import ClockRow, ClockRows, judged_in
from ticketing.projections.row import Projection, Row
from ticketing.projections.whole import row_of

OFFICE = calendar(*windows(WORKDAYS, "09:00-17:00"))
TURNAROUND = clock(
    starts=["TicketOpened", "UnitReceived"],
    stops=["UnitHandedBack", "TicketClosed"],
    pauses=["transit", "parts_ours", "customer_approval"],
    notices=[{"kind": "half", "at_percent": 50, "to": "manager"}],
)
STAY = clock("stay", binds="site", elapsed_hours=30)
FIVE_DAYS = clock("days", calendar_days=5, starts="TicketOpened", stops="TicketClosed")
CONTRACT = policy(TURNAROUND, FIVE_DAYS)
STRICTER = policy(TURNAROUND.model_copy(update={"target": clock(working_hours=2).target}), version=2)
THINGS: tuple[Published, ...] = (
    OFFICE,
    site("berlin", calendar="office"),
    CONTRACT,
    policy(STAY, key="sites"),
    calendar(*windows(WORKDAYS, "09:00-19:00"), version=2, frozen_until="2028-12-31", is_retroactive=True),
    STRICTER,
    site("ulm", "department", parent="berlin"),
)
"""What is published in the course of a log, in this order."""


@dataclass(frozen=True)
class PublishingPlan(Plan):
    """A plan in the course of which things are published: each within a call, and what is left after the last.

    Attributes:
        calls_between: How many calls lie between two publications.
    """

    calls_between: int = 2

    def calls(self) -> Iterator[list[Append]]:
        things = iter(THINGS)
        for n, call in enumerate(super().calls()):
            thing = None if n % (1 + self.calls_between) else next(things, None)
            yield call if thing is None else [*call[:1], publication(thing), *call[1:]]
        yield from ([publication(thing)] for thing in things)


def publishing(most: int) -> st.SearchStrategy[PublishingPlan]:
    between = st.integers(0, 6)
    return st.builds(lambda plan, calls: PublishingPlan(**vars(plan), calls_between=calls), plans(most, 3), between)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedRow(Row):
    """What was published when a ticket was last made anew, and its marks."""

    versions: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    due_at: datetime | None = None
    is_touched: bool = False


class Pressed:
    """Marks, and the versions of the contract; at an illegible mark it fails, and at so many versions.

    Attributes:
        fails_at: The number of versions, or 0.
        marks: Where a ticket has at least so many marks.
    """

    name = "pressed"
    version = 1
    row = PressedRow

    def __init__(self, fails_at: int = 0, marks: int = 1) -> None:
        self.fails_at = fails_at
        self.marks = marks

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> PressedRow:
        seen = {fact.version: fact.event for fact in history}
        for fact in history:
            if isinstance(fact.event, e.EventCorrected):
                seen[fact.event.target_version] = mark(str(fact.event.is_))
        marks = tuple(str(event.data["mark"]) for event in seen.values() if isinstance(event, e.HostFactRecorded))
        versions = tuple(one.thing.version for one in rules.policies.get("contract", ()))
        if ILLEGIBLE in marks:
            raise ValueError("a mark that is illegible")
        if self.fails_at and len(versions) == self.fails_at and len(marks) >= self.marks:
            raise ValueError(f"{len(versions)} versions")
        return PressedRow(ticket_id=ticket_id, marks=marks, versions=versions, is_touched="native" not in marks)

    def is_touched(self, row: PressedRow) -> bool:
        return row.is_touched


class FrailClocks(ClockRows):
    """Fails at one history in nine, as its texts and what was published will have it."""

    name = "frail"

    def fold(
        self, ticket_id: UUID, history: Sequence[Recorded[Event]], rules: TimeRules, *, as_of: datetime | None = None
    ) -> ClockRow:
        row = super().fold(ticket_id, history, rules, as_of=as_of)
        if sum(f"{row.clocks} {[fact.event.model_dump_json() for fact in history]}".encode()) % 9 == 0:
            raise ValueError("too much to bear")
        return row


PRESSED = Pressed()
MINUTE = timedelta(minutes=1)


def opened(url: str, *projections: Projection[Any], codec: Codec | None = None) -> Store:
    return open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=projections, codec=codec)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(opened(store_url, PRESSED, CLOCK_ROWS, TALLY)) as store:
        yield store


def upkeep(store: Store, *projections: Projection[Any]) -> Upkeep:
    return Upkeep(store, projections, clock=FakeClock(), random_bytes=fake_random_bytes, page_size=3)


def pressed(store: Store, projection: Pressed = PRESSED) -> dict[int, tuple[tuple[str, ...], tuple[int, ...]]]:
    """Marks and versions of the first tickets that have a row."""
    rows = {row.ticket_id: (row.marks, row.versions) for row in view_of(store, projection).rows()}
    return {n: rows[number(n)] for n in range(9) if number(n) in rows}


def wrong_rows(store: Store, projections: Sequence[Projection[Any]]) -> list[Defect]:
    """What a full check finds wrong with rows and dead letters."""
    return [defect for defect in check(store, projections, is_full=True) if defect.rule in {"row", "dead-letter"}]


# in every way


def rows_are_the_same_in_every_way(kept: Keeping, plan: Plan) -> None:
    kept.lives(plan)
    rules = kept.store.rules_at(kept.store.head())
    refolded = [[folded_at_once(projection, it, rules) for it in kept.histories()] for projection in kept.projections]
    for way in WAYS:
        assert kept.rows(way) == refolded, way
    assert wrong_rows(kept.store, kept.known) == []


def frail_rows_are_as_frail_in_every_way(kept: Keeping, plan: Plan) -> None:
    kept.lives(plan)
    for way in ("pages", "all", "inline", "rebuilt"):
        assert (kept.rows(way), kept.letters(way)) == (kept.rows("ones"), kept.letters("ones")), way
    kept.retry()
    kept.rebuild("all")
    assert (kept.rows("all"), kept.letters("all")) == (kept.rows("ones"), kept.letters("ones"))
    assert wrong_rows(kept.store, kept.known) == []


@given(publishing(most=28))
@settings(max_examples=8)
def test_clocks_in_memory_are_the_same_in_every_way(plan: PublishingPlan) -> None:
    with keeping("memory", "", [CLOCK_ROWS]) as kept:
        rows_are_the_same_in_every_way(kept, plan)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@few
@given(plan=publishing(most=24))
def test_clocks_on_disk_are_the_same_in_every_way(kind: str, postgres_server: str, plan: PublishingPlan) -> None:
    with keeping(kind, postgres_server, [CLOCK_ROWS]) as kept:
        rows_are_the_same_in_every_way(kept, plan)


@given(publishing(most=28))
@settings(max_examples=8)
def test_what_clocks_in_memory_fail_at_is_the_same_in_every_way(plan: PublishingPlan) -> None:
    with keeping("memory", "", [FrailClocks()]) as kept:
        frail_rows_are_as_frail_in_every_way(kept, plan)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@few
@given(plan=publishing(most=24))
def test_what_clocks_on_disk_fail_at_is_the_same_in_every_way(
    kind: str, postgres_server: str, plan: PublishingPlan
) -> None:
    with keeping(kind, postgres_server, [FrailClocks()]) as kept:
        frail_rows_are_as_frail_in_every_way(kept, plan)


def test_after_each_page_the_rows_are_those_of_the_page_s_end(store: Store) -> None:
    store.append([publication(OFFICE), *cases()[:2], publication(CONTRACT), *cases()[2:], publication(STRICTER)])
    followed = [Followed(CLOCK_ROWS, view_of(store, CLOCK_ROWS))]
    while (position := fold_next_page(store, followed, 2)) is not None:
        histories = [[fact for fact in it if fact.position <= position] for it in store.histories()]
        rules = store.rules_at(position)
        known = [row_of(CLOCK_ROWS, it[0].stream_id, it, rules) for it in histories if it]
        assert list(followed[0].view.rows()) == known
    assert followed[0].view.position() == store.head()


# what is published


def imported(append_: Append) -> Append:
    """The same as it comes from the log of another system."""
    return replace(append_, envelopes=tuple(replace(one, source="import:old") for one in append_.envelopes))


def cases() -> list[Append]:
    """Three tickets: two imported, the last of which is still in repair, and a native one."""
    day = timedelta(days=1)
    found = []
    for ticket in range(3):
        facts: list[tuple[Event, datetime]] = [(OPENED, START), (RECEIVED, START + day), (HANDED_BACK, START + 9 * day)]
        for version, (event, when) in enumerate(facts[: 2 if ticket == 1 else 3]):
            one = append(ticket, version, event, at=when)
            found.append(one if ticket == 2 else imported(one))
    return found


def verdicts(store: Store) -> list[list[tuple[str, int, str | None]]]:
    """The clocks of each ticket: which, by which version of the policy, and the verdict."""
    rows = {row.ticket_id: judged_in(row) for row in view_of(store, CLOCK_ROWS).rows()}
    return [[(one.clock, one.policy_version, one.verdict) for one in rows[number(n)]] for n in range(3)]


@pytest.mark.parametrize("page_size", [1, 1000])
def test_publish_then_import_is_import_then_publish_is_rebuild(store_url: str, page_size: int) -> None:
    things = [publication(thing) for thing in THINGS]
    of_cases = [one for one in cases() if one.envelopes[0].source != "native"]
    with closing(opened(store_url, CLOCK_ROWS)) as store, closing(opened("memory:", CLOCK_ROWS)) as other:
        for one in (*things, *of_cases):
            store.append([one])
            catch_up(store, [CLOCK_ROWS], page_size=page_size)
        for one in (*of_cases, *things):
            other.append([one])
            catch_up(other, [CLOCK_ROWS], page_size=page_size)
        published_first, imported_first = (list(view_of(one, CLOCK_ROWS).rows()) for one in (store, other))
        assert published_first == imported_first
        assert {judged.policy_version for row in published_first for judged in judged_in(row)} == {1, 2}
        upkeep(store, CLOCK_ROWS).rebuild(CLOCK_ROWS)
        assert list(view_of(store, CLOCK_ROWS).rows()) == published_first


@pytest.mark.parametrize("is_inline", [False, True])
def test_a_stricter_policy_judges_imported_tickets_anew_and_no_native_one(store: Store, is_inline: bool) -> None:
    if is_inline:
        make_inline(store, CLOCK_ROWS, 3)
    store.append([publication(OFFICE), publication(CONTRACT)])
    store.append(cases())
    catch_up(store, [CLOCK_ROWS])
    before = verdicts(store)
    assert [{version for _, version, _ in clocks} for clocks in before] == [{1}, {1}, {1}]
    store.append([publication(STRICTER)])
    catch_up(store, [CLOCK_ROWS])
    after = verdicts(store)
    assert after[2] == before[2]
    assert [{version for _, version, _ in clocks} for clocks in after[:2]] == [{2}, {2}]
    assert view_of(store, CLOCK_ROWS).position() == store.head()


def test_a_later_version_changes_what_was_said_beyond_the_day_to_which_a_calendar_is_frozen(store: Store) -> None:
    far = policy(clock(working_hours=8 * 600, starts="UnitReceived", stops="UnitHandedBack"))
    store.append([publication(OFFICE), publication(far), append(0, 0, RECEIVED, at=START)])
    catch_up(store, [CLOCK_ROWS])
    (row,) = view_of(store, CLOCK_ROWS).rows()
    assert row.depends_on_publishing
    extension = calendar(*windows(WORKDAYS, "09:00-17:00"), version=2, closed=["2028-01-03"], frozen_until="2030-12-31")
    store.append([publication(extension.model_copy(update={"effective_from": START}))])
    catch_up(store, [CLOCK_ROWS])
    (after,) = view_of(store, CLOCK_ROWS).rows()
    assert (judged_in(row)[0].is_provisional, judged_in(after)[0].is_provisional) == (True, False)


def test_a_report_of_an_earlier_position_knows_nothing_that_was_published_since(store_url: str) -> None:
    now = START + timedelta(days=30)
    with Ticketing(store_url, clock=lambda: now, random_bytes=fake_random_bytes) as app:
        app.store.append([publication(OFFICE), publication(CONTRACT), *cases()])
        head, before = app.store.head(), reports.sla(app, as_of=now)
        app.store.append([publication(STRICTER)])
        assert reports.sla(app, as_of=now, position=head).to_json() == before.to_json()
        assert reports.sla(app, as_of=now).rows != before.rows


def test_rows_are_looked_up_by_what_runs_out_first(store: Store) -> None:
    store.append([publication(OFFICE), publication(CONTRACT), *cases()])
    catch_up(store, [CLOCK_ROWS])
    view = view_of(store, CLOCK_ROWS)
    (due,) = view.earliest("next_within_until", START + timedelta(days=400))
    clocks = clocks_of(store.read(store.stored_stream(number(1))), store.rules_at(store.head()))
    (turnaround,) = [one for one in clocks if one.clock == "turnaround" and one.is_open]
    assert [one.model_copy(update={"notices": ()}) for one in clocks] == list(judged_in(due))
    assert (due.ticket_id, due.next_within_until) == (number(1), turnaround.within_until)
    assert due.next_notice_at == turnaround.notices[0].at
    assert list(view.earliest("next_within_until", turnaround.started_at)) == []


# what stops a ticket


def test_a_ticket_whose_history_fails_has_the_row_of_before_and_goes_on_once_it_is_set_right(store: Store) -> None:
    store.append([append(1, 0, mark("a")), append(2, 0, mark("x")), append(1, 1, mark(ILLEGIBLE), mark("c"))])
    catch_up(store, [PRESSED, TALLY])
    (letter,) = view_of(store, PRESSED).letters()
    assert (letter.ticket_id, letter.position, letter.reason) == (number(1), 3, "ValueError: a mark that is illegible")
    assert pressed(store) == {1: (("a",), ()), 2: (("x",), ())}
    assert wrong_rows(store, [PRESSED]) == []
    store.append([append(1, 3, correction(2, "b"))])
    catch_up(store, [PRESSED])
    assert view_of(store, PRESSED).letters() == []
    assert pressed(store) == {1: (("a", "b", "c"), ()), 2: (("x",), ())}
    assert wrong_rows(store, [PRESSED]) == []


def test_a_ticket_that_fails_from_its_first_event_on_has_no_row(store: Store) -> None:
    store.append([append(1, 0, mark(ILLEGIBLE), mark("b"))])
    catch_up(store, [PRESSED])
    assert (pressed(store), [letter.position for letter in view_of(store, PRESSED).letters()]) == ({}, [1])


def test_an_event_that_is_given_up_is_left_out_of_the_row_for_good(store: Store) -> None:
    store.append([append(1, 0, mark("a"), mark(ILLEGIBLE), mark("c"))])
    kept = upkeep(store, PRESSED)
    kept.catch_up()
    assert kept.drop(PRESSED, number(1)).now is None
    store.append([append(1, 3, mark("d")), publication(CONTRACT)])
    kept.catch_up()
    kept.rebuild(PRESSED)
    assert pressed(store) == {1: (("a", "c", "d"), (1,))}
    assert wrong_rows(store, [PRESSED]) == []


def test_a_ticket_that_a_policy_stops_is_tried_again_with_the_next(store: Store) -> None:
    frail = Pressed(fails_at=1)
    store.append([append(1, 0, mark("a")), append(2, 0, mark("native"))])
    catch_up(store, [frail])
    store.append([publication(CONTRACT)])
    catch_up(store, [frail])
    assert [letter.position for letter in view_of(store, frail).letters()] == [1]
    assert pressed(store, frail) == {2: (("native",), ())}
    store.append([publication(STRICTER)])
    catch_up(store, [frail])
    assert view_of(store, frail).letters() == []
    assert pressed(store, frail) == {1: (("a",), (1, 2)), 2: (("native",), ())}


def test_a_ticket_that_a_policy_stops_halfway_is_tried_again_though_its_row_depends_on_none(store: Store) -> None:
    frail = Pressed(fails_at=1, marks=2)
    store.append([append(1, 0, mark("native")), publication(CONTRACT), append(1, 1, mark("b"))])
    catch_up(store, [frail])
    assert [letter.position for letter in view_of(store, frail).letters()] == [3]
    assert pressed(store, frail) == {1: (("native",), (1,))}
    store.append([publication(STRICTER)])
    catch_up(store, [frail])
    assert view_of(store, frail).letters() == []
    assert pressed(store, frail) == {1: (("native", "b"), (1, 2))}


class WithoutPolicies(Codec):
    """As of a version of the package that cannot read a policy."""

    def recorded(self, *row: Any) -> Recorded[Event]:  # noqa: ANN401 - a row of the log
        if row[3] == "ticketing:PolicyPublished":
            raise UnreadableEvent(f"position {row[0]}: ticketing:PolicyPublished cannot be read")
        return super().recorded(*row)


def test_a_policy_that_cannot_be_read_holds_up_the_rows_that_depend_on_it_and_no_others(sqlite_url: str) -> None:
    with closing(opened(sqlite_url, CLOCK_ROWS)) as store:
        store.append([append(1, 0, OPENED), publication(OFFICE), publication(CONTRACT), append(1, 1, RECEIVED)])
    with closing(opened(sqlite_url, CLOCK_ROWS, TALLY, codec=WithoutPolicies())) as older:
        with pytest.raises(UnreadableEvent, match="position 3"):
            catch_up(older, [CLOCK_ROWS, TALLY], page_size=2)
        assert (view_of(older, CLOCK_ROWS).position(), view_of(older, TALLY).position()) == (2, 4)
    with closing(opened(sqlite_url, CLOCK_ROWS)) as store:
        assert catch_up(store, [CLOCK_ROWS]) == 4


# what is kept


def test_rules_that_may_come_to_nothing_are_not_kept() -> None:
    log: list[Logged] = []
    rules = KeptRules()
    with closing(opened("memory:")) as store:
        store.append([publication(OFFICE), publication(CONTRACT), publication(STRICTER)])
        log.extend(store.log(0, 9))

    def read(after: int, up_to: int) -> list[Logged]:
        return log[after:up_to]

    def versions(found: TimeRules) -> list[int]:
        return [one.thing.version for one in found.policies.get("contract", ())]

    assert versions(rules.after(1, read, log[1:3])) == [1, 2]
    assert versions(rules.at(2, read)) == [1]
    assert rules.at(2, read) is rules.after(2, read, [])
    assert (versions(rules.at(1, read)), versions(rules.at(3, read))) == ([], [1, 2])


def test_rules_are_read_anew_only_where_something_was_published(store: Store) -> None:
    store.append([publication(OFFICE), publication(CONTRACT)])
    rules = store.rules_at(2)
    store.append([append(1, 0, OPENED), published("ulm")])
    assert store.rules_at(3) is rules
    assert set(store.rules_at(4).sites) == {"ulm"}
    assert store.rules_at(2) is rules
    with store.locked() as log:
        assert log.rules_at(4) is store.rules_at(4)


def test_rows_beyond_those_in_memory_come_back_as_they_were() -> None:
    rows = [PressedRow(ticket_id=number(n), due_at=START, versions=(n,), marks=("a",)) for n in range(4_100)]
    with Spool(PressedRow) as spool:
        for row in rows:
            spool.add(row)
        assert list(spool) == rows
        assert list(spool) == rows


def test_a_publication_that_touches_more_rows_than_are_written_at_a_time_changes_all_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.adapters.columns.PART", 7)
    monkeypatch.setattr("ticketing.adapters.spool._IN_MEMORY", 5)
    monkeypatch.setattr("ticketing.adapters.whole_page._TICKETS", 4)
    store.append([append(ticket, 0, mark("a")) for ticket in range(50)])
    catch_up(store, [PRESSED])
    store.append([publication(CONTRACT)])
    catch_up(store, [PRESSED])
    assert {row.versions for row in view_of(store, PRESSED).rows()} == {(1,)}
    assert len(list(view_of(store, PRESSED).rows())) == 50


def test_who_makes_many_rows_anew_renews_the_lead_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.adapters.whole_page._TICKETS", 4)
    store.append([append(ticket, 0, mark("a")) for ticket in range(10)])
    renewed: list[int] = []
    followed = Followed(PRESSED, view_of(store, PRESSED), renew=lambda: renewed.append(store.head()))
    while fold_next_page(store, [followed], 10) is not None:
        continue
    assert renewed == [10, 10, 10]
    store.append([publication(CONTRACT)])
    fold_next_page(store, [followed], 10)
    assert renewed == [10, 10, 10, 11, 11, 11]


def test_the_row_of_a_history_says_when_its_latest_fact_occurred_and_which_was_recorded_last() -> None:
    with closing(opened("memory:")) as store:
        late = append(1, 1, mark("late"), at=START - timedelta(days=9))
        store.append([append(1, 0, mark("a")), late, append(1, 2, retraction(1))])
        history = store.stream(number(1))
    row = row_of(PRESSED, number(1), history, TimeRules())
    assert (row.version, row.latest_at) == (3, START - timedelta(hours=1))
    cut = row_of(PRESSED, number(1), history, TimeRules(), as_of=START - timedelta(days=9))
    assert (cut.version, cut.latest_at) == (2, START - timedelta(days=9))


# by an index


def test_sqlite_finds_what_runs_out_first_by_an_index(sqlite_url: str) -> None:
    with closing(opened(sqlite_url)) as store:
        view: Any = view_of(store, CLOCK_ROWS)
        for column in ("next_within_until", "next_notice_at"):
            with closing(sqlite3.connect(file_of(sqlite_url))) as database:
                plan = database.execute(f"EXPLAIN QUERY PLAN {view.select_earliest(column)}", (0, -1)).fetchall()
            table = table_name("clocks", CLOCK_ROWS.version)
            assert [step[-1] for step in plan] == [f"SEARCH {table} USING INDEX {table}_by_{column} ({column}<?)"]


def test_postgresql_finds_what_runs_out_first_by_an_index(postgres_url: str) -> None:
    clocks = (ClockPart.of(clock_rows.clock()),) * 20
    rows = [ClockRow(ticket_id=number(n), next_notice_at=START + n * MINUTE, clocks=clocks) for n in range(3_000)]
    with closing(opened(postgres_url)) as store:
        view: Any = view_of(store, CLOCK_ROWS)
        save(view, rows, 1)
        asked = {"until": micros(START + 20 * MINUTE), "limit": None}
        conninfo, schema = split_schema(postgres_url)
        with psycopg.connect(conninfo) as connection:
            connection.execute(SQL("ANALYZE {}").format(Identifier(schema, table_name("clocks", CLOCK_ROWS.version))))
            statement = b"EXPLAIN (FORMAT JSON) " + view.select_earliest("next_notice_at")
            plan = str(connection.execute(statement, asked).fetchall())
        assert [node for node in ("Index Scan", "Seq Scan", "Sort") if f"'{node}'" in plan] == ["Index Scan"]
