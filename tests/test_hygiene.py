"""Hygiene: late entries, waits just before due or without evidence, and closings that were taken back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import MANAGER, WHY, Company, day
from tests.time_stories import HANDED_BACK, PARTS, PARTS_CAME, PAUSING, Story, at, clock, policy, received
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.cuts import cut
from ticketing.domain.errors import BadInput
from ticketing.domain.near_due import pausing
from ticketing.domain.publishing import Publish
from ticketing.projections.built_in import CONDUCT_ROWS
from ticketing.projections.hygiene import LATE_AFTER
from ticketing.projections.report import ReportRow

PROOF = "ab" * 32


@pytest.fixture
def company() -> Company:
    return Company()


def one(company: Company, figure: str, **asked: Any) -> ReportRow:  # noqa: ANN401
    (row,) = reports.hygiene(company.app, **asked).of(figure)
    return row


def counts(row: ReportRow) -> tuple[int, int, int, int]:
    return row.numerator, row.denominator, row.excluded, row.censored


# late entries


def test_a_fact_is_late_that_was_recorded_more_than_so_long_after_it_occurred(company: Company) -> None:
    # Opened at once. Received on day 0, recorded on day 1: 24 h, which is not more. Tested on day 0, recorded a second
    # later than that.
    ticket = company.opens(1, day(0))
    company.now = day(1)
    company.finds(ticket, e.UnitReceived(site="berlin"), day(0))
    company.now += timedelta(seconds=1)
    company.finds(ticket, e.DiagnosisStarted(), day(0))
    row = one(company, "hygiene")
    assert counts(row) == (1, 3, 0, 0)
    assert (row.value, row.unit) == (33.333333, "per 100")
    assert counts(one(company, "hygiene", late_after_hours=8)) == (2, 3, 0, 0)
    assert counts(one(company, "hygiene", late_after_hours=72)) == (0, 3, 0, 0)


def test_a_corrected_fact_is_as_late_as_it_is_now_said_to_be_and_a_correction_is_no_fact(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.now = day(10)
    received = company.finds(ticket, e.UnitReceived(site="berlin"), day(9.5))
    assert counts(one(company, "hygiene")) == (0, 2, 0, 0)
    company.corrects(ticket, received, "occurred_at", day(5), day(10))
    assert counts(one(company, "hygiene")) == (1, 2, 0, 0)
    company.retracts(ticket, received, day(10))
    assert counts(one(company, "hygiene")) == (0, 0, 1, 0)  # and now the unit never came


def test_the_record_of_a_ticket_never_received_is_left_out_and_counted(company: Company) -> None:
    company.now = day(30)
    channels: tuple[e.Channel, ...] = ("courier", "remote")
    for number, channel in enumerate(channels, 1):
        ticket = company.opens(number, day(0), channel=channel)
        company.finds(ticket, PARTS, day(1))
        company.finds(ticket, e.TicketClosed(outcome="refused"), day(2))
        company.finds(ticket, e.TicketReopened(ground="same_fault"), day(3))
    assert counts(one(company, "hygiene")) == (4, 4, 4, 0)
    assert counts(one(company, "waits_without_evidence")) == (1, 1, 1, 0)
    assert counts(one(company, "closed_and_reopened")) == (1, 1, 1, 0)


def test_imported_facts_and_those_of_cancelled_tickets_are_left_out_and_counted(company: Company) -> None:
    company.now = day(30)
    company.imports(1, "old", [(e.TicketOpened(number="L-1", site="berlin"), day(0)), (PARTS, day(1))])
    company.finds(company.opens(2, day(30)), e.TicketClosed(outcome="cancelled"), day(30))
    assert counts(one(company, "hygiene")) == (0, 0, 4, 0)
    row = one(company, "waits_without_evidence")
    assert counts(row) == (0, 0, 1, 0)
    assert row.reason == "no wait of the cohort's tickets was recorded here"


def test_facts_are_counted_by_a_few_bounds_and_another_names_the_nearest(company: Company) -> None:
    with pytest.raises(BadInput) as refused:
        one(company, "hygiene", late_after_hours=20)
    assert str(refused.value) == (
        "late_after_hours 20: facts are counted by 1, 4, 8, 24, 72, 168 hours; the nearest is 24"
    )


@given(st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=10)
def test_every_bound_counts_what_is_beyond_it(lags: list[int]) -> None:
    with Company() as company:
        ticket = company.opens(1, day(0))
        for lag in sorted(lags):
            company.now = day(20)
            company.finds(ticket, e.NoteRecorded(text=WHY), company.now - timedelta(hours=lag))
        company.app.projections.catch_up([CONDUCT_ROWS])
        (row,) = company.app.projections.rows(CONDUCT_ROWS)
        late = {name: getattr(row, name) for name in LATE_AFTER.values()}
        # Recorded a microsecond or so after the clock said: those on the bound are beyond it by that.
        stamped = [fact.recorded_at - fact.occurred_at for fact in company.app.store.stream(ticket)]
        assert late == {
            name: sum(lag > timedelta(hours=hours) for lag in stamped) for hours, name in LATE_AFTER.items()
        }


# waits


def near(story: Story, as_of: datetime | None = None) -> list[tuple[str, bool]]:
    return [(wait.cause, is_near) for wait, is_near in pausing(cut(story.history, as_of=as_of), story.rules)]


@pytest.mark.parametrize(
    ("began", "found"),
    [
        ("2026-03-02 10:00", [("parts_manufacturer", False)]),
        ("2026-03-02 16:11", [("parts_manufacturer", False)]),
        ("2026-03-02 16:12", [("parts_manufacturer", True)]),  # 7.2 of 8 h used: a tenth is left
        ("2026-03-02 17:00", [("parts_manufacturer", True)]),  # due, and not past it
        ("2026-03-02 20:00", [("parts_manufacturer", True)]),  # past closing time no more is used
        ("2026-03-03 09:01", []),  # past due: there was nothing to save
        ("2026-03-02 08:30", []),  # before it began
    ],
)
def test_a_wait_near_due_began_when_a_tenth_of_the_target_or_less_was_left(
    began: str, found: list[tuple[str, bool]]
) -> None:
    # Received on Monday at nine, eight working hours of nine to five.
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, began)
    assert near(story) == found


def test_earlier_pauses_move_what_is_near_due() -> None:
    # Paused from 10 to 12 on Monday and from 16:30: 1 + 4.5 h used by then, and 1.75 h more by Tuesday at 10:45: 7.25.
    story = received(policy(clock(pauses=(*PAUSING, "capacity"))))
    story.tells(PARTS, "2026-03-02 10:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00")
    story.tells(e.WaitStarted(cause="capacity"), "2026-03-02 16:30")
    story.tells(e.WaitEnded(cause="capacity"), "2026-03-02 17:00")
    story.tells(PARTS, "2026-03-03 10:45")
    assert near(story) == [("parts_manufacturer", False), ("capacity", False), ("parts_manufacturer", True)]


def test_a_wait_that_pauses_no_clock_is_not_asked_about() -> None:
    story = received(policy(clock(pauses=("dispute",))))
    story.tells(PARTS, "2026-03-02 16:30")
    assert near(story) == []


def test_a_wait_after_the_clock_was_stopped_is_not_asked_about() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(HANDED_BACK, "2026-03-02 16:00")
    story.tells(PARTS, "2026-03-02 16:30")
    assert near(story) == []


def test_any_clock_that_is_nearly_due_will_do() -> None:
    story = received(policy(clock(pauses=PAUSING), clock("long", pauses=PAUSING, calendar_days=30)))
    story.tells(PARTS, "2026-03-02 16:30")
    assert near(story) == [("parts_manufacturer", True)]


def test_a_wait_that_other_facts_show_is_nobodys_to_time() -> None:
    story = received(policy(clock(pauses=("transit",))))
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-02 16:30")
    assert near(story) == []


def test_the_cut_leaves_out_what_came_later() -> None:
    story = received(policy(clock(pauses=PAUSING)))
    story.tells(PARTS, "2026-03-02 16:30")
    assert near(story, as_of=at("2026-03-02 16:00")) == []


@given(st.integers(0, 700))
@settings(max_examples=40)
def test_a_tenth_is_a_tenth_wherever_it_falls(minutes: int) -> None:
    # Of 600 minutes by any watch a tenth is 60.
    story = received(policy(clock(pauses=PAUSING, elapsed_hours=10)))
    began = at("2026-03-02 09:00") + timedelta(minutes=minutes)
    story.tells(PARTS, began.strftime("%Y-%m-%d %H:%M"))
    assert near(story) == ([] if minutes > 600 else [("parts_manufacturer", minutes >= 540)])


def test_waits_are_told_of_all_tickets(company: Company) -> None:
    # 48 h from receipt. Ticket 1: a wait without evidence after 10 h. Ticket 2: one with evidence after 45 h. Ticket 3:
    # one that pauses nothing; and while it goes on another start of it is none.
    repair = clock("repair", elapsed_hours=48, pauses=PAUSING, calendar=None)
    company.app.handle(Publish(thing=policy(repair), actor=MANAGER))
    company.finds(company.repairs(1, 1, None), PARTS, day(1) + timedelta(hours=10))
    with_proof = e.WaitStarted(cause="parts_manufacturer", evidence=PROOF)
    company.finds(company.repairs(2, 1, None), with_proof, day(1) + timedelta(hours=45))
    third = company.repairs(3, 1, None)
    company.finds(third, e.WaitStarted(cause="capacity"), day(2))
    company.finds(third, e.WaitStarted(cause="capacity"), day(3))
    assert counts(one(company, "waits_near_due")) == (1, 2, 0, 0)
    assert counts(one(company, "waits_without_evidence")) == (2, 3, 0, 0)


def test_publishing_a_policy_changes_no_native_wait_and_asks_about_imported_ones(company: Company) -> None:
    company.finds(company.repairs(1, 1, None), PARTS, day(2))
    facts = [(e.TicketOpened(number="L-2", site="berlin"), day(1)), (e.UnitReceived(site="berlin"), day(1))]
    company.imports(2, "old", [*facts, (PARTS, day(2.9))])
    assert counts(one(company, "waits_near_due"))[:2] == (0, 0)
    repair = clock("repair", elapsed_hours=48, pauses=PAUSING, calendar=None)
    company.app.handle(Publish(thing=policy(repair), actor=MANAGER))
    assert counts(one(company, "waits_near_due"))[:2] == (1, 1)
    company.app.projections.catch_up([CONDUCT_ROWS])
    touched = {row.ticket_id.int: row.depends_on_publishing for row in company.app.projections.rows(CONDUCT_ROWS)}
    assert touched == {1: False, 2: True}


# closings


def test_a_closing_is_taken_back_by_a_reopening_within_the_days(company: Company) -> None:
    # Seven days, as of day 30. Closed on day 3: reopened on day 10 (inclusive), on day 10.5, never. Closed on day 25:
    # its days have not passed. Open: not asked. Cancelled: left out.
    for number, reopened in ((1, 10.0), (2, 10.5), (3, None)):
        ticket = company.repairs(number, 0, 3)
        if reopened is not None:
            company.finds(ticket, e.TicketReopened(ground="closed_in_error"), day(reopened))
    company.repairs(4, 0, 25)
    company.repairs(5, 0, None)
    company.finds(company.repairs(6, 0, None), e.TicketClosed(outcome="cancelled"), day(1))
    company.now = day(30)
    assert counts(one(company, "closed_and_reopened")) == (1, 3, 1, 1)
    assert counts(one(company, "closed_and_reopened", within_days=8)) == (2, 3, 1, 1)


def test_only_the_first_closing_is_asked_about(company: Company) -> None:
    ticket = company.repairs(1, 0, 1)
    for at_day, fact in (
        (9, e.TicketReopened(ground="same_fault")),
        (10, e.TicketClosed(outcome="repaired")),
        (11, e.TicketReopened(ground="same_fault")),
    ):
        company.finds(ticket, fact, day(at_day))
    company.now = day(30)
    assert counts(one(company, "closed_and_reopened")) == (0, 1, 0, 0)
    assert counts(one(company, "closed_and_reopened", within_days=8)) == (1, 1, 0, 0)
