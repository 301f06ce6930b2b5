"""Pages of the log folded into rows: a page of many gives what pages of one give, whatever stands in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.oracle import raw, standing
from tests.store_examples import (
    CLERK,
    ILLEGIBLE,
    MARKS,
    START,
    Marks,
    MarksRow,
    correction,
    mark,
    number,
    retraction,
)
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import StoreError, UnreadableEvent
from ticketing.domain.events import EventCorrected, RepairStarted
from ticketing.domain.values import Event, Logged, Recorded, StreamKind, Unreadable
from ticketing.projections.row import Folded, History, Stop, fold_page, fold_row, fold_ticket, readable

TICKETS = (number(1), number(2), number(3))
SITE = number(9)
TOO_HEAVY = 100


def refusal(row: MarksRow) -> str | None:
    """What a table says that takes weights below 100 alone."""
    return None if row.weight < TOO_HEAVY else "MarksRow.weight: too heavy"


def hours(at: float) -> timedelta:
    return timedelta(hours=at)


@dataclass
class ExampleLog:
    """A log in a list."""

    facts: list[Logged] = field(default_factory=list)

    def add(self, ticket: UUID, event: Event | None, at: float = 0, kind: StreamKind = "ticket") -> Logged:
        """Puts a fact at the end; None is one that cannot be read."""
        position = len(self.facts) + 1
        version = 1 + sum(fact.stream_id == ticket for fact in self.facts)
        recorded_at = START + hours(position)
        fact: Logged
        if event is None:
            reason = f"position {position}: nobody can read it"
            fact = Unreadable(
                stream_id=ticket,
                stream_kind=kind,
                version=version,
                position=position,
                recorded_at=recorded_at,
                topic="ticketing:FromTomorrow",
                reason=reason,
            )
        else:
            fact = Recorded(
                stream_id=ticket,
                stream_kind=kind,
                version=version,
                occurred_at=START + hours(at),
                actor=CLERK,
                command_id=number(position),
                event=event,
                position=position,
                recorded_at=recorded_at,
            )
        self.facts.append(fact)
        return fact

    def history(self, up_to: int) -> History:
        """What a store gives of each ticket while the page that ends there is folded."""
        return lambda ticket: [fact for fact in self.facts if fact.stream_id == ticket and fact.position <= up_to]


@dataclass
class Followed:
    """The rows of a log that is folded page by page, and where its tickets stopped."""

    rows: dict[UUID, MarksRow] = field(default_factory=dict)
    stopped: dict[UUID, Stop] = field(default_factory=dict)

    def fold(self, log: ExampleLog, page: Sequence[Logged]) -> None:
        folded = fold_page(MARKS, self.rows, page, log.history(page[-1].position), refusal, set(self.stopped))
        self.rows.update(folded.rows)
        assert not self.stopped.keys() & folded.stopped.keys()
        self.stopped.update(folded.stopped)


def followed(log: ExampleLog, ends: Iterable[int]) -> Followed:
    """The log folded in pages that end at these positions."""
    all_of_it, begin = Followed(), 0
    for end in sorted({*ends, len(log.facts)}):
        page = log.facts[begin:end]
        if page:
            all_of_it.fold(log, page)
            begin = end
    return all_of_it


def never(ticket_id: UUID) -> list[Logged]:
    raise AssertionError(f"asked for the history of {ticket_id}")


def only_page(
    log: ExampleLog, rows: dict[UUID, MarksRow] | None = None, history: History | None = None
) -> Folded[MarksRow]:
    return fold_page(MARKS, rows or {}, log.facts, history or log.history(len(log.facts)), refusal)


def marks(folded: Folded[MarksRow], ticket: UUID = TICKETS[0]) -> tuple[str, ...]:
    return folded.rows[ticket].marks


# pages


def moved(version: int, at: int) -> EventCorrected:
    """The fact of that version occurred at another hour."""
    return correction(version, "").model_copy(update={"field": "occurred_at", "is_": (START + hours(at)).isoformat()})


_LEGIBLE = st.sampled_from(["a", "b", "c", "d"])
_MARKS = _LEGIBLE | st.just(ILLEGIBLE)
_EARLIER = st.integers(1, 8)
_EVENTS = st.one_of(
    st.builds(mark, _LEGIBLE),
    st.builds(mark, _LEGIBLE, st.sampled_from([1, 1, TOO_HEAVY, -TOO_HEAVY])),
    st.builds(correction, _EARLIER, _MARKS),
    st.builds(retraction, _EARLIER),
    st.builds(moved, _EARLIER, st.integers(-9, 9)),
    st.sampled_from([RepairStarted(), mark(ILLEGIBLE), None]),
)


@st.composite
def logs(draw: st.DrawFn) -> ExampleLog:
    """Logs of three tickets and a site, with late entries, corrections, retractions and what stops a ticket."""
    log = ExampleLog()
    for _ in range(draw(st.integers(1, 24))):
        ticket = draw(st.sampled_from([*TICKETS, SITE]))
        if ticket == SITE:
            log.add(SITE, mark("of a site"), kind="site")
        else:
            log.add(ticket, draw(_EVENTS), draw(st.integers(-9, 9)))
    return log


@for_all(logs(), st.sets(st.integers(1, 24)))
def test_a_page_of_many_is_as_good_as_pages_of_one(log: ExampleLog, ends: set[int]) -> None:
    ones = followed(log, range(1, len(log.facts) + 1))
    assert followed(log, ends) == ones
    assert followed(log, []) == ones


@for_all(logs())
def test_each_row_is_what_the_ticket_adds_up_to_before_it_stopped(log: ExampleLog) -> None:
    found = followed(log, range(3, 24, 3))
    for ticket in TICKETS:
        stop = found.stopped.get(ticket)
        before = len(log.facts) if stop is None else stop.at.position - 1
        history = readable(log.history(before)(ticket))
        if not history:
            assert ticket not in found.rows
            continue
        row = found.rows[ticket]
        assert row == fold_row(MARKS, ticket, surviving(history))
        # The same from the oracle of the state machine, which knows neither `surviving` nor rows.
        left = sorted(standing([raw(fact) for fact in history]), key=lambda fact: (fact.at, fact.version))
        said = [fact.said["data"] for fact in left if fact.name == "HostFactRecorded"]
        assert row.marks == tuple(one["mark"] for one in said)
        assert row.weight == sum(one["weight"] for one in said)
        assert row.latest_at == max(fact.at for fact in left)
        assert row.version == max(fact.version for fact in left)
    assert set(found.rows) | set(found.stopped) <= set(TICKETS)


@for_all(logs())
def test_a_ticket_folded_at_once_is_whole_or_as_far_as_it_came(log: ExampleLog) -> None:
    in_pages = followed(log, [])
    for ticket in TICKETS:
        history = list(log.history(len(log.facts))(ticket))
        folded = fold_ticket(MARKS, ticket, history, refusal)
        stop = in_pages.stopped.get(ticket)
        if stop is None or folded.stopped:
            rows = {ticket: in_pages.rows[ticket]} if ticket in in_pages.rows else {}
            assert folded == Folded(rows, {} if stop is None else {ticket: stop})
        else:
            assert folded.rows == {ticket: fold_row(MARKS, ticket, surviving(readable(history)))}


@for_all(st.permutations([("a", 1), ("b", 2), ("c", 3), ("d", 4)]))
def test_marks_stand_in_the_order_in_which_they_were_made_however_they_arrive(told: list[tuple[str, int]]) -> None:
    log = ExampleLog()
    for text, at in told:
        log.add(TICKETS[0], mark(text), at)
    assert marks(only_page(log)) == ("a", "b", "c", "d")


def test_of_facts_of_the_same_instant_the_earlier_recorded_comes_first() -> None:
    log = ExampleLog()
    for text in ("a", "b", "c"):
        log.add(TICKETS[0], mark(text), 1)
    log.add(TICKETS[0], mark("0"), 0)
    log.add(TICKETS[0], mark("d"), 1)
    assert marks(only_page(log)) == ("0", "a", "b", "c", "d")


def test_a_page_goes_on_from_the_rows_that_there_are() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("b"), 1)
    row = MarksRow(ticket_id=TICKETS[0], latest_at=START, version=1, weight=1, marks=("a",))
    assert only_page(log, {TICKETS[0]: row}).rows == {
        TICKETS[0]: replace(row, latest_at=START + hours(1), weight=2, marks=("a", "b"))
    }
    assert row.marks == ("a",)


def test_the_history_is_not_asked_for_while_facts_come_in_order() -> None:
    log = ExampleLog()
    for text, at in (("a", 0), ("b", 1), ("c", 1), ("d", 2)):
        log.add(TICKETS[0], mark(text), at)
        log.add(TICKETS[1], mark(text), 9 + at)
    assert marks(only_page(log, history=never)) == ("a", "b", "c", "d")


def test_a_ticket_is_folded_anew_without_what_stands_later_on_the_log() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("b"), 2)
    log.add(TICKETS[0], mark("a"), 1)
    log.add(TICKETS[0], None)
    folded = only_page(log)
    assert marks(folded) == ("a", "b")
    assert folded.stopped[TICKETS[0]].at == log.facts[2]


def test_facts_of_other_streams_make_no_rows() -> None:
    log = ExampleLog()
    log.add(SITE, mark("of a site"), kind="site")
    log.add(SITE, None, kind="site")
    assert only_page(log, history=never) == Folded({}, {})


# stops


def test_an_event_that_a_projection_fails_at_stops_its_ticket_alone() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"))
    poison = log.add(TICKETS[0], mark(ILLEGIBLE))
    log.add(TICKETS[1], mark("x"))
    log.add(TICKETS[0], mark("b"))
    folded = only_page(log)
    assert folded.stopped == {TICKETS[0]: Stop(poison, "ValueError: a mark that is illegible")}
    assert (marks(folded), marks(folded, TICKETS[1])) == (("a",), ("x",))


def test_an_event_that_cannot_be_read_stops_its_ticket_and_says_why() -> None:
    log = ExampleLog()
    unreadable = log.add(TICKETS[0], None)
    log.add(TICKETS[0], mark("a"))
    assert only_page(log) == Folded({}, {TICKETS[0]: Stop(unreadable, "position 1: nobody can read it")})


def test_a_correction_stops_its_ticket_where_the_corrected_cannot_be_folded() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"))
    log.add(TICKETS[0], mark("b"))
    corrected = log.add(TICKETS[0], correction(1, ILLEGIBLE))
    log.add(TICKETS[0], retraction(1))
    folded = only_page(log)
    assert folded.stopped == {TICKETS[0]: Stop(corrected, "ValueError: a mark that is illegible")}
    assert marks(folded) == ("a", "b")


def test_a_ticket_folded_anew_stops_at_the_fact_at_hand_when_an_earlier_one_cannot_be_read() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], None)
    late = log.add(TICKETS[0], mark("a"), -1)
    row = MarksRow(ticket_id=TICKETS[0], latest_at=START, version=1, weight=1, marks=("as once read",))
    folded = fold_page(MARKS, {TICKETS[0]: row}, [late], log.history(2), refusal)
    assert folded == Folded({}, {TICKETS[0]: Stop(late, "position 1: nobody can read it")})


def test_tickets_that_wait_are_left_as_they_are() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"), 1)
    log.add(TICKETS[1], mark("x"), 1)
    log.add(TICKETS[0], mark("b"), 0)
    log.add(TICKETS[0], correction(1, "c"))
    log.add(TICKETS[0], mark(ILLEGIBLE))
    folded = fold_page(MARKS, {}, log.facts, never, refusal, {TICKETS[0]})
    assert (set(folded.rows), folded.stopped) == ({TICKETS[1]}, {})


def test_a_ticket_goes_on_without_what_was_dropped() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("b"), 1)
    dropped = log.add(TICKETS[0], mark(ILLEGIBLE), 2)
    log.add(TICKETS[0], mark("a"), 0)
    log.add(TICKETS[0], correction(1, "B"))
    kept = [fact for fact in log.facts if fact is not dropped]
    folded = fold_page(MARKS, {}, kept, lambda _: kept, refusal)
    assert (marks(folded), folded.stopped) == (("a", "B"), {})


def test_a_row_that_its_table_does_not_take_stops_its_ticket_though_a_later_fact_would_mend_it() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"))
    heavy = log.add(TICKETS[0], mark("b", TOO_HEAVY))
    log.add(TICKETS[0], mark("c", -TOO_HEAVY))
    folded = only_page(log)
    assert folded.stopped == {TICKETS[0]: Stop(heavy, "MarksRow.weight: too heavy")}
    assert marks(folded) == ("a",)


def test_a_row_of_another_ticket_stops_the_one_whose_fact_it_came_of() -> None:
    class Confused(Marks):
        def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
            return replace(row, ticket_id=TICKETS[1])

    log = ExampleLog()
    fact = log.add(TICKETS[0], mark("a"))
    stop = Stop(fact, f"the row of another ticket: {TICKETS[1]}")
    assert fold_page(Confused(), {}, [fact], never, refusal) == Folded({}, {TICKETS[0]: stop})


def test_a_ticket_is_whole_again_when_what_stopped_it_was_taken_back_or_set_right() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"))
    poison = log.add(TICKETS[0], mark(ILLEGIBLE))
    log.add(TICKETS[0], mark("c"))
    folded = fold_ticket(MARKS, TICKETS[0], log.facts, refusal)
    assert (marks(folded), folded.stopped[TICKETS[0]].at) == (("a",), poison)
    log.add(TICKETS[0], correction(2, "b"))
    folded = fold_ticket(MARKS, TICKETS[0], log.facts, refusal)
    assert (marks(folded), folded.stopped) == (("a", "b", "c"), {})
    log.add(TICKETS[0], retraction(2))
    assert marks(fold_ticket(MARKS, TICKETS[0], log.facts, refusal)) == ("a", "c")
    assert fold_ticket(MARKS, TICKETS[0], [], refusal) == Folded({}, {})


def test_a_store_that_fails_to_give_a_history_is_no_tickets_fault() -> None:
    def lost(ticket_id: UUID) -> list[Logged]:
        raise StoreError(f"the connection was lost before {ticket_id} was read")

    log = ExampleLog()
    log.add(TICKETS[0], mark("b"), 1)
    log.add(TICKETS[0], mark("a"), 0)
    with pytest.raises(StoreError, match="connection was lost"):
        only_page(log, history=lost)


def test_a_reason_is_one_line_and_names_the_kind_of_failure() -> None:
    class Failing:
        name, version, row = "failing", 1, MarksRow

        def apply(self, row: MarksRow, fact: Recorded[Event]) -> MarksRow:
            raise {1: KeyError(), 2: LookupError("a\n  b\r\n\tc\u2028d")}[fact.version]

    log = ExampleLog()
    first, second = log.add(TICKETS[0], mark("a")), log.add(TICKETS[0], mark("b"))
    stops = [fold_page(Failing(), {}, [fact], never, refusal).stopped for fact in (first, second)]
    reasons = [stopped[TICKETS[0]].reason for stopped in stops]
    assert reasons == ["KeyError", "LookupError: a b c d"]


def test_a_history_is_readable_as_a_whole_or_not_at_all() -> None:
    log = ExampleLog()
    log.add(TICKETS[0], mark("a"))
    assert readable(log.facts) == log.facts
    log.add(TICKETS[0], None)
    log.add(TICKETS[0], None)
    with pytest.raises(UnreadableEvent, match="position 2"):
        readable(log.facts)
