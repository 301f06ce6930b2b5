"""Parts of rows: named tuples that every store keeps and counts alike; clocks and spans as one by one they are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple, get_args
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clock_rows import asked_of, clock, row
from tests.repairs import day
from tests.store_examples import FakeClock, fake_random_bytes, number, save
from ticketing.adapters.columns import columns_of
from ticketing.adapters.counting import Asked, count
from ticketing.adapters.store import Store
from ticketing.adapters.temporary_rows import TemporaryRows
from ticketing.adapters.urls import open_store
from ticketing.domain.errors import BadInput
from ticketing.domain.judged import Because, Judged, Verdict
from ticketing.domain.ledger import Span
from ticketing.figures.clocks import compliance_of, totals_of
from ticketing.projections.clock_parts import overlap_parts, span_parts, stay_parts
from ticketing.projections.clock_states import counted_as, is_due_by, stood
from ticketing.projections.clocks import ClockRow, judged_in, spans_in
from ticketing.projections.counts import Counted, Counts
from ticketing.projections.dimensions import Dimensions
from ticketing.projections.row import Row
from ticketing.projections.sample import Scope

MICROSECOND = timedelta(microseconds=1)
INSTANTS = st.integers(0, 8).map(day)


# clocks: hand-made, and not all of them such as facts can make


@st.composite
def clocks(draw: st.DrawFn, cycle: int) -> Judged:
    ends = draw(st.sampled_from(("open", "stopped", "cancelled")))
    verdict = draw(st.sampled_from(get_args(Verdict) if ends == "stopped" else (None, "breached")))
    then = draw(st.sampled_from((None, *get_args(Verdict))))
    return clock(
        cycle=cycle,
        policy=draw(st.sampled_from(("contract", "Ä's"))),
        stopped_at=draw(INSTANTS) if ends == "stopped" else None,
        cancelled_at=draw(INSTANTS) if ends == "cancelled" else None,
        cancelled_because=draw(st.sampled_from(get_args(Because))) if ends == "cancelled" else None,
        verdict=verdict,
        verdict_at=None if verdict is None else draw(INSTANTS),
        judged_then=then,
        judged_then_at=None if then is None else draw(INSTANTS),
        within_until=draw(st.none() | INSTANTS),
        due_at=draw(st.none() | INSTANTS),
        is_paused=draw(st.booleans()),
        used=draw(st.integers(0, 10)),
        target=draw(st.integers(0, 10)),
    )


SOURCES: Sequence[dict[str, Any]] = (
    {},
    {"source": "import:old", "has_native_facts": False},
    {"source": "import:old", "has_native_facts": True},
)


@st.composite
def rows_of_clocks(draw: st.DrawFn) -> list[ClockRow]:
    found = []
    for ticket in range(draw(st.integers(0, 4))):
        source = draw(st.sampled_from(SOURCES))
        known = {**source, "imported_until": draw(INSTANTS)} if source else {}
        several = [draw(clocks(cycle)) for cycle in range(1, draw(st.integers(1, 4)))]
        found.append(row(ticket, *several, **known, is_cancelled=draw(st.booleans())))
    return found


def until_of(one: ClockRow, rows: Sequence[ClockRow], until: datetime) -> datetime:
    if one.source is None or one.has_native_facts:
        return until
    return max(
        other.imported_until for other in rows if other.source == one.source and other.imported_until is not None
    )


@given(rows=rows_of_clocks(), until=INSTANTS, begin=st.none() | INSTANTS)
@settings(max_examples=120)
def test_clocks_counted_by_the_store_are_those_that_are_judged_one_by_one(
    rows: list[ClockRow], until: datetime, begin: datetime | None
) -> None:
    scope = Scope(by=("site",), observed_until=until, from_at=begin)
    found = asked_of(rows, scope, lambda kept: compliance_of(kept, scope, "due_in"))
    states: Counter[Any] = Counter()
    then: Counter[Any] = Counter()
    differing: Counter[tuple[Any, ...]] = Counter()
    for one in rows:
        for judged in judged_in(one):
            observed_until = until_of(one, rows, until)
            state, was = stood(judged, observed_until)
            is_withdrawn = judged.cancelled_because == "withdrawn"
            ended_at = None if is_withdrawn else judged.cancelled_at
            dated_at = judged.due_at or judged.verdict_at or ended_at or judged.judged_then_at
            if (is_withdrawn and was not in get_args(Verdict)) or (dated_at is not None and not scope.holds(dated_at)):
                continue
            due = is_due_by(judged, observed_until)
            states[judged.policy, counted_as(state, is_due=due, is_of_cancelled=one.is_cancelled)] += 1
            then[judged.policy, counted_as(was, is_due=due, is_of_cancelled=one.is_cancelled)] += 1
            verdicts = tuple(said if said in get_args(Verdict) else None for said in (was, state))
            differing[one.ticket_id, judged.cycle, was, state] += verdicts[0] != verdicts[1]
    assert (
        Counter({(group[0], name): n for group, tally in found.first.items() for name, n in tally.states.items()})
        == states
    )
    assert (
        Counter({(group[0], name): n for group, tally in found.first.items() for name, n in tally.then.items()}) == then
    )
    told = Counter((one.case.ticket_id, one.case.judged.cycle, one.first, one.second) for one in found.differing)
    assert told == +differing


# spans


SPANS = st.lists(
    st.tuples(
        st.sampled_from(("company", "customer")),
        st.sampled_from(("queue", "work", "dispute")),
        st.sampled_from(("berlin", "ulm", None)),
        st.sampled_from(((), ("parts_ours",), ("parts_ours", "capacity"))),
    ),
    max_size=6,
)


def laid(said: Sequence[tuple[Any, ...]], *, is_open: bool) -> list[Span]:
    """One after the other, each of a day; the last one may go on."""
    spans = []
    for place, (party, cause, site, beside) in enumerate(said):
        to_at = None if is_open and place == len(said) - 1 else day(place + 1)
        given = {"from_at": day(place), "to_at": to_at, "party": party, "cause": cause, "site": site, "beside": beside}
        spans.append(Span.model_validate(given))
    return spans


@given(st.lists(st.tuples(SPANS, st.booleans()), max_size=4), st.sampled_from(((), ("party",), ("cause",))))
@settings(max_examples=60)
def test_time_summed_by_the_store_is_that_of_the_spans_one_by_one(
    tickets: list[tuple[list[tuple[Any, ...]], bool]], by: tuple[str, ...]
) -> None:
    rows = [row(place, spans=laid(said, is_open=is_open)) for place, (said, is_open) in enumerate(tickets)]
    scope = Scope(by=by, observed_until=day(20))
    found = asked_of(rows, scope, lambda kept: totals_of(kept, scope, "opened_in"))
    lasted: Counter[tuple[str, ...]] = Counter()
    parts: Counter[tuple[str, ...]] = Counter()
    beside: Counter[str] = Counter()
    for one in rows:
        seen = set()
        for span in spans_in(one):
            time = ((span.to_at or day(20)) - span.from_at) // MICROSECOND
            part = tuple(getattr(span, name) for name in by or ("party", "cause"))
            lasted[part] += time
            seen.add(part)
            beside.update(dict.fromkeys(span.beside, time))
        parts.update(seen)
    assert {part: (total.lasted, total.tickets) for part, total in found.parts.items()} == {
        part: (time, parts[part]) for part, time in lasted.items()
    }
    assert {cause: total.lasted for (cause,), total in found.beside.items()} == beside
    assert sum(whole.tickets for whole in found.turnarounds.values()) == sum(1 for said, _ in tickets if said)


def test_a_stay_goes_on_through_all_that_happens_at_the_site() -> None:
    said = [("company", "queue", "ulm", ()), ("company", "work", "ulm", ()), ("company", "transit", None, ())]
    stays = list(stay_parts(laid([*said, ("company", "queue", "ulm", ())], is_open=True)))
    assert [(stay.site, stay.from_at, stay.to_at) for stay in stays] == [("ulm", day(0), day(2)), ("ulm", day(3), None)]


def test_the_first_of_a_kind_in_a_ticket_is_marked_so_that_tickets_can_be_counted() -> None:
    said = [("company", "queue", "ulm", ()), ("company", "work", "ulm", ()), ("customer", "queue", "berlin", ())]
    firsts = [part[-5:] for part in span_parts(laid(said, is_open=False))]
    # of party and cause, of the party, of the cause, at the site, of the cause at the site
    assert firsts == [(True,) * 5, (True, False, True, False, True), (True, True, False, True, True)]


def test_what_was_open_beside_several_spans_is_one_overlap() -> None:
    hidden = ("company", "queue", "ulm", ("capacity",))
    (overlap,) = overlap_parts(laid([hidden, hidden, hidden], is_open=True))
    assert (overlap.cause, overlap.microseconds, overlap.since) == ("capacity", 2 * 86_400_000_000, day(2))


# parts of any kind


class Part(NamedTuple):
    """One of each kind."""

    said: str | None
    times: int = 0
    is_so: bool = False
    at: datetime | None = None
    who: UUID | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(Dimensions):
    """A row with parts."""

    parts: tuple[Part, ...] = ()


EAST = timezone(timedelta(hours=5, minutes=45))
PARTS = (
    Part("é'\"\\", -(2**63), True, datetime(1, 1, 1, tzinfo=UTC), UUID(int=7), ("a", "")),
    Part(None, 2**63 - 1, False, datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    Part("", at=datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=EAST)),
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(open_store(store_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        yield store


def test_every_store_keeps_and_counts_parts_of_every_kind(store: Store) -> None:
    rows = [Parted(ticket_id=number(1), opened_at=day(0), parts=PARTS), Parted(ticket_id=number(2), opened_at=day(0))]
    view = store.view("parted", 1, Parted)
    save(view, rows, 1)
    assert list(view.rows()) == sorted(rows, key=lambda row: row.ticket_id)
    assert all(type(part) is Part for row in view.rows() for part in row.parts)
    counts = Counts(
        of="parts",
        at="opened_at",
        conditions={"so": "part_is_so = 1", "late": "part_at >= 1772345700000001"},
        sums={"times": "part_times"},
        by={"who": "part_who", "others": "part_others"},
        alike=("said", "is_so"),
    )
    counted = Counted((*counts.by, *counts.alike))
    count(view.select, counts, Asked(scope=Scope(observed_until=day(1)), ends={}), counted)
    # The instants are of the years 1 and 9999, and 2026-03-01T06:15:00.000001Z.
    assert {said["said"]: (said["who"], said["is_so"], dict(tally.numbers)) for said, tally in counted.each()} == {
        "é'\"\\": (UUID(int=7).hex, True, {"so": 1, "late": 0, "times": -(2**63)}),
        None: (None, False, {"so": 0, "late": 1, "times": 2**63 - 1}),
        "": (None, False, {"so": 0, "late": 1, "times": 0}),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        (("said", 0, False, None, None, ()),),
        [Part("a")],
        (Part("a\0b"),),
        (Part("a", others=("\0",)),),
        (Part("\ud800"),),
        (Part("a", 2**63),),
        (Part("a", True),),
        (Part("a", at=datetime(2026, 1, 1)),),  # noqa: DTZ001 - it shall have no zone
        (Part(None, None),),  # type: ignore[arg-type]
    ],
)
def test_no_store_takes_a_part_that_another_could_not_keep(store: Store, wrong: tuple[Part, ...]) -> None:
    view = store.view("parted", 1, Parted)
    refused = view.refusal(Parted(ticket_id=number(1), parts=wrong))
    assert refused is not None
    assert refused.startswith("Parted.parts: ")


def test_parts_are_taken_out_of_no_other_columns() -> None:
    class Wrong(NamedTuple):
        rates: float

    @dataclass(frozen=True, slots=True, kw_only=True)
    class WrongRow(Row):
        wrong: tuple[Any, ...] = ()

    WrongRow.__annotations__["wrong"] = tuple[Wrong, ...]
    with pytest.raises(BadInput, match=r"Wrong\.rates: a part has str, int, bool"):
        columns_of(WrongRow)


def test_temporary_rows_count_parts_as_a_view_does() -> None:
    with TemporaryRows(Parted) as kept:
        kept.add(Parted(ticket_id=number(1), opened_at=day(0), parts=PARTS))
        counted = Counted(("said",))
        counts = Counts(of="parts", at="opened_at", conditions={"all": "1 = 1"}, alike=("said",))
        count(kept.select, counts, Asked(scope=Scope(observed_until=day(1)), ends={}), counted)
    assert {said["said"]: tally.numbers["all"] for said, tally in counted.each()} == {"é'\"\\": 1, None: 1, "": 1}
