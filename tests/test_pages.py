"""Rows do not tell how they were folded: page by page, inline, rebuilt, or from the log at once."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests import postgres
from tests.examples import EXAMPLES
from tests.store_examples import START, FakeClock, append, correction, fake_random_bytes, retraction
from tests.test_machine import Diaries
from ticketing.adapters.store import Append
from ticketing.adapters.upkeep import Upkeep
from ticketing.adapters.urls import open_store
from ticketing.adapters.view import DeadLetter
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BUILT_IN, TILL_ROWS
from ticketing.projections.row import FactProjection, Projection, Row, WholeProjection
from ticketing.projections.whole import row_of
from ticketing.simulator import simulate

R = TypeVar("R", bound=Row)
Fact = tuple[Event, datetime]
NOTHING_PUBLISHED = TimeRules()
few = settings(
    max_examples=2,
    derandomize=True,
    phases=[Phase.generate],  # every example is a store of its own, and shrinking would make hundreds
    suppress_health_check=list(HealthCheck),
)


class Stamps:
    """A row that knows when its ticket's latest fact occurred, and nothing else."""

    name = "stamps"
    version = 3
    row = Row

    def apply(self, row: Row, fact: Recorded[Event]) -> Row:
        return row


class Frail(Diaries):
    """Fails at one fact in thirty, as their texts will have it: a correction may make it so, or mend it."""

    name = "frail"

    def apply(self, row: Any, fact: Recorded[Event]) -> Any:  # noqa: ANN401 - the row of a diary
        after = super().apply(row, fact)
        said = f"{fact.stream_id} {fact.version} {fact.event.model_dump_json()}"
        if sum(said.encode()) % 29 == 0:
            raise ValueError(f"too much to bear: {type(fact.event).__name__}")
        return after


class Under(Generic[R]):
    """A projection under another name, so that its rows can be kept twice."""

    def __init__(self, projection: FactProjection[R], way: str) -> None:
        self.name = f"{projection.name}_{way}"
        self.version = projection.version
        self.row = projection.row
        self.apply = projection.apply


class UnderWhole(Generic[R]):
    """The same of rows that are made of whole histories."""

    def __init__(self, projection: WholeProjection[R], way: str) -> None:
        self.name = f"{projection.name}_{way}"
        self.version = projection.version
        self.row = projection.row
        self.fold = projection.fold
        self.is_touched = projection.is_touched


def under(projection: Projection[Any], way: str) -> Projection[Any]:
    """A projection of either kind under another name."""
    return UnderWhole(projection, way) if isinstance(projection, WholeProjection) else Under(projection, way)


WAYS = ("ones", "pages", "all", "inline", "rebuilt")
OF_FACTS = [projection for projection in BUILT_IN if not isinstance(projection, WholeProjection)]
PROJECTIONS: tuple[Projection[Any], ...] = (*OF_FACTS, Diaries(), Stamps())
# What a page does on disk is the same for all of them, whatever is in their rows; `tests/test_reports.py` writes those.
ON_DISK: tuple[Projection[Any], ...] = (TILL_ROWS, Diaries(), Stamps())


# logs


@cache
def lives() -> tuple[tuple[Fact, ...], ...]:
    """What tickets of a simulated company went through, and one life with every event there is."""
    with simulate("memory:", tickets=30, seed=7) as world:
        sealer = world.app.sealer
        every = [
            (sealer.seal(event, None)[0], world.now + n * timedelta(hours=1)) for n, (_, event) in enumerate(EXAMPLES)
        ]
        histories = [tuple((fact.event, fact.occurred_at) for fact in it) for it in world.app.store.histories()]
    return (*histories, tuple(every))


@cache
def alike() -> dict[type[Event], list[Event]]:
    """The events of those lives by their class."""
    found: dict[type[Event], list[Event]] = {}
    for event, _ in (fact for life in lives() for fact in life):
        found.setdefault(type(event), []).append(event)
    return found


class Ticket:
    """Tells one life, fact by fact, as it came to the record: late, twice, corrected and taken back."""

    def __init__(self, n: int, rng: Random, *, is_imported: bool) -> None:
        life = rng.choice(lives()) if rng.random() < 0.7 else lives()[-1]
        if is_imported:
            life = tuple(rng.sample(life, len(life)))
        self._n = n
        self._rng = rng
        self._life = cycle(life)
        self._told: list[Event] = []
        self._is_imported = is_imported

    def tells(self) -> Append:
        """One to three facts more."""
        rng = self._rng
        events: list[Event] = []
        at = START
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            event, at = next(self._life)
            turn = rng.random()
            if self._told and turn < 0.14:
                event = self._correction(rng.randrange(len(self._told)), at)
            elif self._told and turn < 0.22:
                event = retraction(rng.randrange(len(self._told)) + 1)
            events.append(event)
            self._told.append(event)
        if rng.random() < 0.2:
            at -= timedelta(hours=rng.randrange(2_000))
        one = append(self._n, len(self._told) - len(events), *events, at=at)
        if self._is_imported:
            envelopes = tuple(replace(envelope, source="import:old") for envelope in one.envelopes)
            one = replace(one, envelopes=envelopes)
        return one

    def _correction(self, target: int, at: datetime) -> EventCorrected:
        """Something that an earlier fact, correction or retraction says otherwise."""
        rng, event = self._rng, self._told[target]
        field: str
        is_: object
        if isinstance(event, EventCorrected | EventRetracted) and rng.random() < 0.5:
            field, is_ = "target_version", rng.randrange(len(self._told)) + 1
        elif rng.random() < 0.5:
            field, is_ = "occurred_at", (at - timedelta(hours=rng.randrange(900))).isoformat()
        else:
            field, is_ = rng.choice(
                [*rng.choice(alike()[type(event)]).model_dump(mode="json").items(), ("site", "ulm")]
            )
        plain = correction(target + 1, "")
        try:
            return EventCorrected.model_validate({**plain.model_dump(by_alias=True), "field": field, "is": is_})
        except ValidationError:
            return plain


@dataclass(frozen=True)
class Plan:
    """What is told of how many tickets, and what is done to the rows meanwhile; each before a call of so many.

    Attributes:
        told: How often somebody tells something.
        bulk: How many appends go into each call, again and again.
        look_every: After how many calls rows are brought up to date; 0 waits until the end.
        page: Facts in a page, where it is neither one nor all.
        inline_at: When the inline rows are made inline; at the end if not before.
        daemon_at: When they are left to a daemon again, until the end.
        rebuild_at: When the rebuilt rows are rebuilt; at the end if not before.
    """

    seed: int
    tickets: int
    told: int
    bulk: tuple[int, ...]
    look_every: int
    page: int
    inline_at: int
    daemon_at: int
    rebuild_at: int

    def calls(self) -> Iterator[list[Append]]:
        """The appends, call by call."""
        rng = Random(self.seed)
        tickets = [Ticket(n, rng, is_imported=n % 3 == 2) for n in range(self.tickets)]
        appends = (rng.choice(tickets).tells() for _ in range(self.told))
        for size in cycle(self.bulk):
            call = list(islice(appends, size))
            if not call:
                return
            yield call


def plans(most: int, tickets: int = 1) -> st.SearchStrategy[Plan]:
    return st.builds(
        Plan,
        seed=st.integers(0, 2**20),
        tickets=st.integers(tickets, 5),
        told=st.integers(most // 4, most),
        bulk=st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple),
        look_every=st.integers(0, 9),
        page=st.integers(2, 9),
        inline_at=st.integers(0, 12),
        daemon_at=st.integers(0, 40),
        rebuild_at=st.integers(0, 20),
    )


# every way at once


class Keeping:
    """A store whose rows are kept in every way at once."""

    def __init__(self, url: str, projections: Sequence[Projection[Any]]) -> None:
        self.projections = projections
        self._kept = {way: [under(projection, way) for projection in projections] for way in WAYS}
        self.known = [projection for kept in self._kept.values() for projection in kept]
        self._is_inline = False
        self.store = open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes, projections=self.known)

    def lives(self, plan: Plan) -> None:
        """Everything is appended, and rows are folded meanwhile; in the end all of them are at the head."""
        for n, call in enumerate(plan.calls()):
            if n == plan.inline_at:
                self._make_inline(plan)
            if n == plan.daemon_at > plan.inline_at:
                self._leave_to_daemon()
            if n == plan.rebuild_at:
                self._rebuild(plan)
            self.store.append(call)
            if plan.look_every and n % plan.look_every == 0:
                self._look(plan)
        if n < plan.rebuild_at:
            self._rebuild(plan)
        self._look(plan)
        self._make_inline(plan)

    def rows(self, way: str) -> list[list[Row]]:
        return [list(self._upkeep(1).rows(projection)) for projection in self._kept[way]]

    def letters(self, way: str) -> list[list[DeadLetter]]:
        return [self._upkeep(1).dead_letters(projection) for projection in self._kept[way]]

    def retry(self) -> None:
        """Everything that waits is tried again."""
        for projection in self.known:
            self._upkeep(1).retry(projection)

    def rebuild(self, way: str) -> None:
        for projection in self._kept[way]:
            self._upkeep(7).rebuild(projection)

    def _upkeep(self, page_size: int) -> Upkeep:
        return Upkeep(self.store, self.known, clock=FakeClock(), random_bytes=fake_random_bytes, page_size=page_size)

    def _look(self, plan: Plan) -> None:
        self._upkeep(1).catch_up(self._kept["ones"])
        self._upkeep(plan.page).catch_up(self._kept["pages"])
        self._upkeep(5_000).catch_up([*self._kept["all"], *self._kept["rebuilt"]])
        assert self.rows("ones") == self.rows("pages") == self.rows("all")
        assert not self._is_inline or self.rows("inline") == self.rows("ones")

    def _make_inline(self, plan: Plan) -> None:
        self._is_inline = True
        for projection in self._kept["inline"]:
            self._upkeep(plan.page).make_inline(projection)

    def _leave_to_daemon(self) -> None:
        self._is_inline = False
        for projection in self._kept["inline"]:
            self._upkeep(1).leave_to_daemon(projection)

    def _rebuild(self, plan: Plan) -> None:
        for projection in self._kept["rebuilt"]:
            self._upkeep(plan.page).rebuild(projection)

    def histories(self) -> list[list[Recorded[Event]]]:
        return list(self.store.histories())


@contextmanager
def keeping(kind: str, server: str, projections: Sequence[Projection[Any]]) -> Iterator[Keeping]:
    """An empty store of that kind."""
    with ExitStack() as stack:
        url = "memory:"
        if kind == "sqlite":
            url = f"sqlite:///{stack.enter_context(TemporaryDirectory())}/store.sqlite"
        if kind == "postgresql":
            url = stack.enter_context(postgres.fresh_schema(server))
        kept = Keeping(url, projections)
        stack.enter_context(closing(kept.store))
        yield kept


def folded_at_once(
    projection: Projection[Any], history: Sequence[Recorded[Event]], rules: TimeRules = NOTHING_PUBLISHED
) -> Row | None:
    """The row of a ticket's history; None where the projection fails."""
    try:
        row: Row = row_of(projection, history[0].stream_id, history, rules)
    except ValueError:
        return None
    return row


def rows_are_the_same_in_every_way(kept: Keeping, plan: Plan) -> None:
    kept.lives(plan)
    rules = kept.store.rules_at(kept.store.head())
    refolded = [[folded_at_once(projection, it, rules) for it in kept.histories()] for projection in kept.projections]
    for way in WAYS:
        assert kept.rows(way) == refolded, way


def a_frail_projection_is_as_frail_in_every_way(kept: Keeping, plan: Plan) -> None:
    kept.lives(plan)
    for way in ("pages", "all", "inline"):
        assert (kept.rows(way), kept.letters(way)) == (kept.rows("ones"), kept.letters("ones")), way
    # Once everything was tried again, those wait that cannot be folded as they are now; a rebuild finds no others.
    kept.retry()
    kept.rebuild("all")
    (projection,) = kept.projections
    whole = [row for it in kept.histories() if (row := folded_at_once(projection, it)) is not None]
    for way in WAYS:
        (letters,), (rows,) = kept.letters(way), kept.rows(way)
        waiting = {letter.ticket_id for letter in letters}
        assert [row for row in rows if row.ticket_id not in waiting] == whole, way
        assert len(waiting) == len(letters) == len(kept.histories()) - len(whole)
        assert letters == kept.letters("ones")[0]


@given(plans(most=28))
@settings(max_examples=16)
def test_rows_in_memory_are_the_same_in_every_way(plan: Plan) -> None:
    with keeping("memory", "", PROJECTIONS) as kept:
        rows_are_the_same_in_every_way(kept, plan)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@few
@given(plan=plans(most=24))
def test_rows_on_disk_are_the_same_in_every_way(kind: str, postgres_server: str, plan: Plan) -> None:
    with keeping(kind, postgres_server, ON_DISK) as kept:
        rows_are_the_same_in_every_way(kept, plan)


@given(plans(most=40))
@settings(max_examples=25)
def test_what_a_projection_in_memory_fails_at_is_the_same_in_every_way(plan: Plan) -> None:
    with keeping("memory", "", [Frail()]) as kept:
        a_frail_projection_is_as_frail_in_every_way(kept, plan)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@few
@given(plan=plans(most=24))
def test_what_a_projection_on_disk_fails_at_is_the_same_in_every_way(
    kind: str, postgres_server: str, plan: Plan
) -> None:
    with keeping(kind, postgres_server, [Frail()]) as kept:
        a_frail_projection_is_as_frail_in_every_way(kept, plan)
