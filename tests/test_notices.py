"""Clocks about to breach are found, and their notices go out once, by the facts as they are; hooks may fail."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from tests.processes import Ready, processes
from tests.repairs import MANAGER, WHY, Company
from tests.test_poison import OLD, WITH_UPCAST
from tests.time_stories import (
    CLOSED,
    HANDED_BACK,
    HOUR,
    OFFICE,
    RECEIVED,
    REOPENED,
    WORKDAYS,
    at,
    calendar,
    clock,
    policy,
    said,
    site,
    windows,
)
from ticketing.application import Ticketing
from ticketing.clocks import Notice
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, NotFound
from ticketing.domain.publishing import Publish
from ticketing.domain.record import SendNotice
from ticketing.domain.reference import Published
from ticketing.domain.values import Actor

SYSTEM = Actor(id="desk-program", role="system")
SOON = {"kind": "due_soon", "at_percent": 75, "to": "desk"}
LAST = {"kind": "last_hour", "before_hours": 1, "to": "chief"}
CONTRACT = policy(clock(working_hours=8, pauses=("parts_manufacturer",), notices=(SOON, LAST)))
PARTS = e.WaitStarted(cause="parts_manufacturer")
PARTS_CAME = e.WaitEnded(cause="parts_manufacturer")
STOPPED = {"stopped": HANDED_BACK, "cancelled": CLOSED, "paused": PARTS}


def company(url: str, *things: Published) -> Company:
    """A company on a store with these things published; its clock stands at Monday 2 March 2026, 08:00."""
    company = Company(url)
    company.now = at("2026-03-02 08:00")
    for thing in things:
        company.app.handle(Publish(actor=MANAGER, thing=thing))
    return company


def received(company: Company, number: int, when: str, **more: str) -> UUID:
    """A ticket opened and received then."""
    ticket = company.opens(number, at(when), **more)  # type: ignore[arg-type]
    company.finds(ticket, RECEIVED, at(when))
    return ticket


@pytest.fixture
def desk(store_url: str) -> Iterator[Company]:
    """A company on every kind of store, with a contract of 8 working hours that tells after 6 h and 7 h."""
    with company(store_url, OFFICE, CONTRACT) as opened:
        yield opened


@pytest.fixture
def desk_in_memory() -> Iterator[Company]:
    """The same in memory, for what does not depend on the store."""
    with company("memory:", OFFICE, CONTRACT) as opened:
        yield opened


class Hook:
    """A hook that keeps what it is given, and fails at some of it."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.given: list[Notice] = []

    def __call__(self, notice: Notice) -> None:
        self.given.append(notice)
        if notice.number in self.failing or notice.kind in self.failing:
            raise ConnectionError("the line is busy")

    @property
    def heard(self) -> list[tuple[str | None, str]]:
        """Ticket and kind of each notice."""
        return [(notice.number, notice.kind) for notice in self.given]


def sent(company: Company, ticket: UUID) -> list[tuple[str | None, int | None, str | None, str]]:
    """What is on record as sent: policy, cycle, subject and kind."""
    events = (fact.event for fact in company.app.history(ticket))
    return [(it.policy, it.cycle, it.subject, it.kind) for it in events if isinstance(it, e.NoticeSent)]


# what is about to breach


def test_clocks_about_to_breach_are_listed_soonest_first_with_what_is_left(desk: Company) -> None:
    received(desk, 1, "2026-03-02 11:00", manufacturer="ACME")
    received(desk, 2, "2026-03-02 10:00", manufacturer="Brutus")
    received(desk, 3, "2026-03-03 09:00")
    desk.now = at("2026-03-03 09:30")
    # T-2: Monday 10–17 is 7 h, Tuesday 09–10 the eighth; above 8 h right after 10:00. T-1 an hour later; T-3 used half
    # an hour and has until 17:00, and stays within its 8 h until it opens again on Wednesday.
    found = list(desk.app.clocks.due(timedelta(hours=4)))
    assert [(one.number, one.manufacturer, one.site) for one in found] == [
        ("T-2", "Brutus", "berlin"),
        ("T-1", "ACME", "berlin"),
    ]
    assert [(said(one.breaches_at), one.left, one.left_of_target) for one in found] == [
        ("2026-03-03 10:00", timedelta(minutes=30), HOUR // 2),
        ("2026-03-03 11:00", timedelta(minutes=90), 3 * HOUR // 2),
    ]
    assert [one.number for one in desk.app.clocks.due(timedelta(days=1))] == ["T-2", "T-1", "T-3"]


def test_the_soonest_comes_first_also_where_a_ticket_has_several_clocks() -> None:
    two = policy(clock("short", elapsed_hours=2, calendar=None), clock("long", elapsed_hours=4, calendar=None))
    with company("memory:", two) as desk:
        received(desk, 1, "2026-03-02 09:00")
        received(desk, 2, "2026-03-02 10:00")
        desk.now = at("2026-03-02 10:30")
        found = [(one.number, one.judged.clock) for one in desk.app.clocks.due(timedelta(hours=9))]
        # Due at 11, 12, 13 and 14.
        assert found == [("T-1", "short"), ("T-2", "short"), ("T-1", "long"), ("T-2", "long")]
        desk.now = at("2026-03-02 11:30")
        found = [(one.number, one.judged.clock) for one in desk.app.clocks.due(timedelta(hours=9))]
        assert found == [("T-2", "short"), ("T-1", "long"), ("T-2", "long")]


def test_what_is_breached_paused_met_or_cancelled_is_not_about_to_breach(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    for number in (1, 2, 3, 4, 5):
        received(desk, number, "2026-03-02 10:00")
    breached, paused, met, cancelled, _ = (UUID(int=number) for number in (1, 2, 3, 4, 5))
    desk.corrects(breached, 2, "occurred_at", at("2026-03-02 09:00"), at("2026-03-02 11:00"))
    desk.finds(paused, PARTS, at("2026-03-02 11:00"))
    desk.finds(met, HANDED_BACK, at("2026-03-02 11:00"))
    desk.finds(cancelled, CLOSED, at("2026-03-02 11:00"))
    desk.now = at("2026-03-03 09:30")
    assert [one.number for one in desk.app.clocks.due(timedelta(hours=4))] == ["T-5"]


def test_a_ticket_of_another_system_that_nobody_works_on_here_is_not_about_to_breach(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    opened = e.TicketOpened(number="OLD-1", site="berlin")
    old = desk.imports(1, "old", [(opened, at("2026-03-02 10:00")), (RECEIVED, at("2026-03-02 10:00"))])
    desk.now = at("2026-03-03 09:30")
    assert list(desk.app.clocks.due(timedelta(hours=4))) == []
    assert list(desk.app.clocks.pending()) == []
    desk.finds(old, e.DiagnosisStarted(), at("2026-03-03 09:30"))
    assert [one.number for one in desk.app.clocks.due(timedelta(hours=4))] == ["OLD-1"]
    assert {notice.number for notice in desk.app.clocks.pending()} == {"OLD-1"}


# the clocks of one ticket


def test_the_clocks_of_a_ticket_are_judged_as_of_now_or_as_asked(desk: Company) -> None:
    ticket = received(desk, 1, "2026-03-02 10:00")
    desk.finds(ticket, HANDED_BACK, at("2026-03-03 11:00"))
    desk.retracts(ticket, 3, at("2026-03-04 10:00"))
    desk.now = at("2026-03-04 12:00")
    clocks = desk.app.clocks
    # By now Monday 10–17, Tuesday 09–17 and Wednesday 09–12: 18 h. The hand-back of Tuesday 11:00, after 9 h, is taken
    # back on Wednesday.
    assert [(one.used // HOUR, one.stopped_at) for one in clocks.of("T-1")] == [(18, None)]
    assert [one.used // HOUR for one in clocks.of(ticket, as_of=at("2026-03-02 12:00"))] == [2]
    (then,) = clocks.of("T-1", known_at=at("2026-03-04 09:00"))
    assert (then.used // HOUR, said(then.stopped_at), then.verdict) == (9, "2026-03-03 11:00", "breached")
    lenient = policy(clock(working_hours=10), version=2, effective_from="2026-03-04 00:00")
    (under,) = clocks.of("T-1", known_at=at("2026-03-04 09:00"), under=lenient)
    assert (under.policy_version, under.verdict) == (2, "met")
    with pytest.raises(BadInput, match="known_at"):
        clocks.of("T-1", known_at=at("2026-03-04 09:00").replace(tzinfo=None))
    desk.app.handle(Publish(actor=MANAGER, thing=lenient))
    assert clocks.of("T-1", known_at=at("2026-03-04 09:00"), under="contract@2") == (under,)
    with pytest.raises(BadInput, match=r"^under contract: write KEY@VERSION, such as phone-contract@2$"):
        clocks.of("T-1", under="contract")
    with pytest.raises(NotFound, match=r"^policy contract@7 was never published; there are contract@1, contract@2$"):
        clocks.of("T-1", under="contract@7")


def test_the_clock_of_an_imported_ticket_is_judged_up_to_where_its_log_ends(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    opened = e.TicketOpened(number="OLD-1", site="berlin")
    old = desk.imports(1, "old", [(opened, at("2026-03-02 10:00")), (RECEIVED, at("2026-03-02 10:00"))])
    desk.imports(2, "old", [(e.TicketOpened(number="OLD-2", site="berlin"), at("2026-03-02 15:00"))])
    desk.imports(3, "other", [(e.TicketOpened(number="NEW-1", site="berlin"), at("2026-03-20 15:00"))])
    desk.now = at("2026-06-01 10:00")
    # Nobody knows what came of it after Monday 15:00, the last that its own log tells: 5 h are used.
    (judged,) = desk.app.clocks.of(old)
    assert (judged.used // HOUR, judged.verdict) == (5, None)
    assert said(desk.app.clocks.observed_until(old)) == "2026-03-02 15:00"
    assert said(desk.app.clocks.observed_until(old, as_of=at("2026-03-02 12:00"))) == "2026-03-02 10:00"


# notices


def test_a_notice_goes_out_when_its_time_has_come_and_once(desk: Company) -> None:
    ticket = received(desk, 1, "2026-03-02 09:00")
    hook = Hook()
    desk.now = at("2026-03-02 14:59")
    assert desk.app.clocks.notify(hook).sent == ()
    # 75 % of 8 h are 6 h: Monday 15:00. The last hour begins at 16:00; due is 17:00.
    desk.now = at("2026-03-02 15:00")
    assert [notice.kind for notice in desk.app.clocks.notify(hook).sent] == ["due_soon"]
    desk.now = at("2026-03-02 16:30")
    for _ in range(2):
        desk.app.clocks.notify(hook)
    assert hook.heard == [("T-1", "due_soon"), ("T-1", "last_hour")]
    assert sent(desk, ticket) == [("contract", 1, None, "due_soon"), ("contract", 1, None, "last_hour")]
    first = hook.given[0]
    assert (first.to, first.state, said(first.at), said(first.due_at)) == (
        "desk",
        "running",
        "2026-03-02 15:00",
        "2026-03-02 17:00",
    )
    recorded = desk.app.history(ticket)[-1]
    assert isinstance(recorded.event, e.NoticeSent)
    assert (recorded.actor.role, recorded.event.due_at) == ("system", at("2026-03-02 17:00"))


@pytest.mark.parametrize("how", STOPPED)
def test_nothing_goes_out_for_a_clock_that_does_not_run(desk_in_memory: Company, how: str) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.finds(ticket, STOPPED[how], at("2026-03-02 10:00"))
    desk.now = at("2026-03-05 09:00")
    assert desk.app.clocks.notify(Hook()).sent == ()


def test_a_pause_puts_the_notice_off(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.finds(ticket, PARTS, at("2026-03-02 10:00"))
    desk.finds(ticket, PARTS_CAME, at("2026-03-02 13:00"))
    desk.now = at("2026-03-02 16:59")
    # Monday 09–10 and 13–17 are 5 h, the sixth is over on Tuesday at 10:00.
    assert desk.app.clocks.notify(Hook()).sent == ()
    desk.now = at("2026-03-03 10:00")
    assert [notice.kind for notice in desk.app.clocks.notify(Hook()).sent] == ["due_soon"]


def test_a_breached_clock_that_goes_on_says_what_it_had_to_say(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.now = at("2026-03-04 09:00")
    told = desk.app.clocks.notify(Hook()).sent
    assert [(notice.kind, notice.state) for notice in told] == [("due_soon", "breached"), ("last_hour", "breached")]
    # Nothing more to say, whatever happens to it.
    desk.finds(ticket, e.DiagnosisStarted(), at("2026-03-04 10:00"))
    assert desk.app.clocks.notify(Hook()).sent == ()


def test_a_breached_clock_says_nothing_while_it_is_paused(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.finds(ticket, PARTS, at("2026-03-03 12:00"))
    desk.now = at("2026-03-04 09:00")
    assert desk.app.clocks.of(ticket)[0].verdict == "breached"
    assert desk.app.clocks.notify(Hook()).sent == ()
    desk.finds(ticket, PARTS_CAME, at("2026-03-04 10:00"))
    assert [notice.kind for notice in desk.app.clocks.notify(Hook()).sent] == ["due_soon", "last_hour"]


def test_a_breached_clock_whose_conditions_ceased_says_nothing() -> None:
    in_warranty = clock(working_hours=8, notices=(SOON,), conditions={"entitlements": ("warranty",)})
    with company("memory:", OFFICE, policy(in_warranty)) as desk:
        ticket = received(desk, 1, "2026-03-02 09:00")
        desk.finds(ticket, e.EntitlementDecided(basis="warranty", reason=WHY), at("2026-03-02 09:00"))
        desk.now = at("2026-03-04 09:00")
        assert [notice.kind for notice in desk.app.clocks.pending()] == ["due_soon"]
        revised = e.EntitlementRevised(from_basis="warranty", to_basis="none", trigger="error", reason=WHY)
        desk.finds(ticket, revised, at("2026-03-04 09:00"))
        assert list(desk.app.clocks.pending()) == []


def test_each_cycle_and_each_stay_has_notices_of_its_own() -> None:
    stays = policy(clock("stay", binds="site", working_hours=8, notices=(SOON,)))
    with company("memory:", OFFICE, site("berlin"), stays) as desk:
        ticket = received(desk, 1, "2026-03-02 09:00")
        desk.now = at("2026-03-02 16:00")
        desk.app.clocks.notify(Hook())
        desk.finds(ticket, HANDED_BACK, at("2026-03-02 17:00"))
        desk.finds(ticket, CLOSED, at("2026-03-02 17:00"))
        desk.finds(ticket, REOPENED, at("2026-03-05 09:00"))
        desk.finds(ticket, RECEIVED, at("2026-03-05 09:00"))
        desk.now = at("2026-03-05 16:00")
        desk.app.clocks.notify(Hook())
        assert sent(desk, ticket) == [("contract", 1, "berlin", "due_soon"), ("contract", 2, "berlin#2", "due_soon")]


def test_a_hook_that_fails_leaves_its_notice_for_the_next_time_and_the_others_go_out(desk: Company) -> None:
    tickets = [received(desk, number, "2026-03-02 09:00") for number in (1, 2, 3)]
    desk.now = at("2026-03-02 15:00")
    told = desk.app.clocks.notify(Hook("T-2"))
    assert [notice.number for notice in told.sent] == ["T-1", "T-3"]
    assert [(it.notice.number, str(it.error)) for it in told.failed] == [("T-2", "the line is busy")]
    assert [len(sent(desk, ticket)) for ticket in tickets] == [1, 0, 1]
    again = Hook()
    assert [notice.number for notice in desk.app.clocks.notify(again).sent] == ["T-2"]
    assert again.heard == [("T-2", "due_soon")]


@pytest.mark.parametrize("how", STOPPED)
def test_a_notice_is_decided_by_the_facts_at_the_moment_it_is_sent(desk_in_memory: Company, how: str) -> None:
    desk = desk_in_memory
    first, second = (received(desk, number, "2026-03-02 09:00") for number in (1, 2))
    desk.now = at("2026-03-02 16:30")

    def stop_both(notice: Notice) -> None:
        if notice.ticket_id == first and notice.kind == "due_soon":
            for ticket in (first, second):
                desk.finds(ticket, STOPPED[how], at("2026-03-02 16:30"))

    # While the first notice is sent both clocks stop: nothing else goes out, not even of the same ticket.
    told = desk.app.clocks.notify(stop_both)
    assert [(notice.number, notice.kind) for notice in told.sent] == [("T-1", "due_soon")]


def test_a_notice_that_the_desk_recorded_meanwhile_is_not_recorded_twice(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.now = at("2026-03-02 15:00")

    def record_it(notice: Notice) -> None:
        said_of_it = notice.model_dump(include={"policy", "clock", "cycle", "subject", "kind", "to"})
        desk.app.handle(SendNotice(ticket_id=ticket, actor=SYSTEM, **said_of_it))

    told = desk.app.clocks.notify(record_it)
    assert (len(told.sent), told.failed, len(sent(desk, ticket))) == (1, (), 1)


def test_a_notice_that_was_taken_back_goes_out_again(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    ticket = received(desk, 1, "2026-03-02 09:00")
    desk.now = at("2026-03-02 15:00")
    desk.app.clocks.notify(Hook())
    desk.retracts(ticket, 3, at("2026-03-02 15:10"))
    again = Hook()
    desk.app.clocks.notify(again)
    desk.app.clocks.notify(again)
    assert (again.heard, len(sent(desk, ticket))) == ([("T-1", "due_soon")], 1)


def test_what_another_machine_sent_by_a_clock_that_is_ahead_is_not_sent_again(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    received(desk, 1, "2026-03-02 09:00")
    desk.now = at("2026-03-02 16:33")
    desk.app.clocks.notify(Hook("last_hour"))
    desk.now = at("2026-03-02 16:30")
    assert [notice.kind for notice in desk.app.clocks.notify(Hook()).sent] == ["last_hour"]


def test_a_ticket_that_cannot_be_read_leaves_the_others_their_notices(desk: Company) -> None:
    first, _ = (received(desk, number, "2026-03-02 09:00") for number in (1, 2))
    desk.app.projections.catch_up()
    desk.app.store.codec = WITH_UPCAST  # a newer version of the package hands the first unit back
    desk.finds(first, HANDED_BACK, at("2026-03-02 12:00"))
    desk.app.store.codec = OLD
    desk.now = at("2026-03-02 15:00")
    assert [notice.number for notice in desk.app.clocks.notify(Hook()).sent] == ["T-2"]
    assert [one.number for one in desk.app.clocks.due(timedelta(days=1))] == ["T-2"]


def test_a_notice_has_the_same_command_id_wherever_it_is_sent() -> None:
    ids = []
    for others in (0, 3):  # which take as many random ids more
        with company("memory:", OFFICE, CONTRACT) as desk:
            for number in range(others):
                desk.opens(9 - number, at("2026-03-02 09:00"))
            ticket = received(desk, 1, "2026-03-02 09:00")
            received(desk, 2, "2026-03-02 09:00")
            desk.now = at("2026-03-02 16:30")
            desk.app.clocks.notify(Hook())
            facts = (*desk.app.history(ticket), *desk.app.history("T-2"))
            ids.append([fact.command_id for fact in facts if isinstance(fact.event, e.NoticeSent)])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 4


def test_an_extension_of_office_hours_moves_no_notice_of_a_clock_that_runs(desk_in_memory: Company) -> None:
    desk = desk_in_memory
    received(desk, 1, "2026-03-02 09:00")
    longer = calendar(*windows(WORKDAYS, "06:00-22:00"), version=2, effective_from="2026-03-02 00:00")
    desk.app.handle(Publish(actor=MANAGER, thing=longer))
    desk.now = at("2026-03-02 14:59")
    assert list(desk.app.clocks.pending()) == []


# processes at the same moment


def notified(url: str, ready: Ready) -> list[tuple[str | None, str]]:
    """What one process sends; it begins when all are let go."""
    hook = Hook()
    with Ticketing(url, clock=lambda: at("2026-03-02 16:30")) as app:
        app.projections.catch_up()
        ready()
        assert app.clocks.notify(hook).failed == ()
    return hook.heard


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_at_once_put_each_notice_on_record_once(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[kind])
    with company(url, OFFICE, CONTRACT) as desk:
        tickets = [received(desk, number, "2026-03-02 09:00") for number in range(1, 6)]
        with processes(partial(notified, url), partial(notified, url)) as two:
            two.go()
            heard = two.answers()
        every = {(f"T-{number}", kind) for number in range(1, 6) for kind in ("due_soon", "last_hour")}
        # Each notice reached one hook at least; on record it is once.
        assert set(heard[0]) | set(heard[1]) == every
        assert [len(sent(desk, ticket)) for ticket in tickets] == [2] * 5
