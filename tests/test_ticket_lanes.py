"""The lanes of a ticket's page, and the tracks of its clocks: what happened at the same time, drawn as it was."""

from datetime import timedelta
from itertools import pairwise

import pytest

from tests.ticket_page_examples import a_company, lives_long
from tests.time_stories import (
    CLOSED,
    HANDED_BACK,
    OFFICE,
    OPENED,
    PARTS,
    PARTS_CAME,
    PAUSING,
    PROMISE,
    RECEIVED,
    REOPENED,
    WHY,
    Story,
    at,
    clock,
    policy,
    promised,
    received,
    said,
)
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.course import Course
from ticketing.domain.cuts import surviving
from ticketing.domain.evolve import fold
from ticketing.domain.promises import promises_of
from ticketing.pages.ticket_account import account_of
from ticketing.pages.ticket_lanes import Lane, TimeLine, time_line
from ticketing.pages.ticket_tracks import Track, clock_tracks, promise_tracks

UNTIL = "2026-03-20 12:00"
Bars = list[tuple[str, str | None, str | None]]


def line_of(story: Story, until: str = UNTIL) -> TimeLine:
    facts = surviving(story.history)
    disputes = fold(facts[0].stream_id, facts).disputes.values()
    return time_line(facts, story.spans(), disputes, facts[0].occurred_at, at(until))


def bars(story: Story, lane: Lane, until: str = UNTIL) -> Bars:
    """What the bars of a lane say, from when to when; those that go on have no end."""
    drawn = sorted((bar for bar in line_of(story, until).bars if bar.lane == lane), key=lambda bar: bar.from_at)
    return [(bar.says, said(bar.from_at), None if bar.is_going_on else said(bar.to_at)) for bar in drawn]


def test_the_unit_is_where_the_last_fact_brought_it() -> None:
    story = received()
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-02 11:00")
    story.tells(e.UnitArrived(site="leipzig"), "2026-03-03 10:00")
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    assert bars(story, "custody") == [
        ("with the customer", "2026-03-02 08:00", "2026-03-02 09:00"),
        ("at berlin", "2026-03-02 09:00", "2026-03-02 11:00"),
        ("on the way to leipzig", "2026-03-02 11:00", "2026-03-03 10:00"),
        ("at leipzig", "2026-03-03 10:00", "2026-03-05 12:00"),
        ("with the customer", "2026-03-05 12:00", None),
    ]


def test_a_unit_that_was_disposed_of_is_nowhere() -> None:
    story = received()
    story.tells(e.UnitDisposed(reason=WHY), "2026-03-05 12:00")
    assert bars(story, "custody")[-1] == ("at berlin", "2026-03-02 09:00", "2026-03-05 12:00")


def test_every_cycle_says_how_it_ended() -> None:
    story = received()
    for event, when in ((HANDED_BACK, "03 12:00"), (CLOSED, "03 12:00"), (REOPENED, "06 12:00")):
        story.tells(event, f"2026-03-{when}")
    assert bars(story, "case") == [
        ("cycle 1: repaired", "2026-03-02 08:00", "2026-03-03 12:00"),
        ("cycle 2: open", "2026-03-06 12:00", None),
    ]


def test_work_is_drawn_beside_the_queue_before_and_after_it() -> None:
    story = received()
    story.tells(e.DiagnosisStarted(), "2026-03-02 10:00")
    story.tells(e.DiagnosisRecorded(findings=()), "2026-03-02 11:00")
    story.tells(e.RepairStarted(), "2026-03-02 14:00")
    story.tells(e.RepairCompleted(actions=()), "2026-03-02 16:00")
    story.tells(HANDED_BACK, "2026-03-02 17:00")
    assert bars(story, "work") == [
        ("queue", "2026-03-02 09:00", "2026-03-02 10:00"),
        ("diagnosis", "2026-03-02 10:00", "2026-03-02 11:00"),
        ("queue", "2026-03-02 11:00", "2026-03-02 14:00"),
        ("repair", "2026-03-02 14:00", "2026-03-02 16:00"),
        ("queue", "2026-03-02 16:00", "2026-03-02 17:00"),
    ]


def test_waits_that_overlap_are_both_drawn_whole_each_in_its_row() -> None:
    story = received()
    story.tells(PARTS, "2026-03-02 10:00")
    story.tells(e.WaitStarted(cause="capacity", responsible="seller"), "2026-03-02 11:00")
    story.tells(PARTS_CAME, "2026-03-02 12:00")
    line = line_of(story)
    assert [row for lane, row in line.rows if lane == "waits"] == [
        "parts manufacturer (manufacturer)",
        "capacity (seller)",
    ]
    assert bars(story, "waits") == [
        ("parts manufacturer", "2026-03-02 10:00", "2026-03-02 12:00"),
        ("capacity", "2026-03-02 11:00", None),
    ]


def test_a_dispute_waits_anew_after_an_appeal_and_ends_with_its_closing() -> None:
    story = received()
    dispute = e.DisputeOpened(dispute_id="D-1", ground="price", raised_by="customer", parties=("customer", "company"))
    verdict = e.VerdictIssued(dispute_id="D-1", by="m-2", in_favour_of="company", reasons=WHY)
    story.tells(dispute, "2026-03-03 10:00")
    story.tells(verdict, "2026-03-04 10:00")
    story.tells(e.VerdictAppealed(dispute_id="D-1", party="customer"), "2026-03-05 10:00")
    story.tells(verdict, "2026-03-06 10:00")
    story.tells(e.DisputeClosed(dispute_id="D-1", how="decided"), "2026-03-07 10:00")
    assert bars(story, "disputes") == [
        ("waits for a verdict", "2026-03-03 10:00", "2026-03-04 10:00"),
        ("decided for the company", "2026-03-04 10:00", "2026-03-05 10:00"),
        ("appealed by the customer", "2026-03-05 10:00", "2026-03-06 10:00"),
        ("decided for the company", "2026-03-06 10:00", "2026-03-07 10:00"),
    ]
    assert [mark.says for mark in line_of(story).marks] == [
        "verdict for the company",
        "appeal by the customer",
        "verdict for the company",
        "decided",
    ]


def test_a_fact_that_was_recorded_late_stands_where_it_occurred() -> None:
    story = received()
    story.tells(HANDED_BACK, "2026-03-05 12:00")
    story.tells(e.UnitDispatched(to="leipzig"), "2026-03-03 10:00", recorded="2026-03-06 09:00")
    story.tells(e.UnitArrived(site="leipzig"), "2026-03-04 10:00", recorded="2026-03-06 09:00")
    assert bars(story, "custody")[-2:] == [
        ("at leipzig", "2026-03-04 10:00", "2026-03-05 12:00"),
        ("with the customer", "2026-03-05 12:00", None),
    ]


def test_a_correction_moves_a_bar_and_a_retraction_takes_it_away() -> None:
    story = received()
    arrival = story.tells(HANDED_BACK, "2026-03-05 12:00")
    began = story.tells(PARTS, "2026-03-03 10:00")
    story.corrects(arrival, "occurred_at", "2026-03-04 12:00", "2026-03-06 09:00")
    story.retracts(began, "2026-03-06 09:00")
    assert bars(story, "custody")[-1][1] == "2026-03-04 12:00"
    assert bars(story, "waits") == []


def test_queues_last_as_long_as_in_the_ledger() -> None:
    with a_company() as company:
        lives_long(company)
        account = account_of(company.app, "T-1")
    drawn = sum((bar.to_at - bar.from_at for bar in account.line.bars if bar.says == "queue"), timedelta())
    counted = sum(part.microseconds for part in account.ledger.parts if part.cause == "queue")
    assert drawn / timedelta(microseconds=1) == counted > 0


# clocks and promises


def tracks(story: Story, until: str = UNTIL) -> tuple[Track, ...]:
    clocks = story.clocks(as_of=until)
    facts = [fact for fact in surviving(story.history) if fact.occurred_at <= at(until)]
    course = Course(facts, story.rules)
    promises = promise_tracks(promises_of(facts), clocks, at(until))
    return (*clock_tracks(clocks, course, story.rules, at(until)), *promises)


def parts(track: Track) -> Bars:
    return [(part.pace, said(part.from_at), said(part.to_at)) for part in track.parts]


ELAPSED = clock(elapsed_hours=48, pauses=PAUSING, on_reopening="adds_up")


def test_a_clock_runs_is_paused_and_runs_above_its_target() -> None:
    story = received(policy(ELAPSED))
    story.tells(PARTS, "2026-03-03 09:00")
    story.tells(PARTS_CAME, "2026-03-05 09:00")
    story.tells(HANDED_BACK, "2026-03-07 09:00")
    (track,) = tracks(story)
    # 48 h without the 48 h of the wait: 24 h before it, and the other 24 h end on the 6th.
    assert parts(track) == [
        ("running", "2026-03-02 09:00", "2026-03-03 09:00"),
        ("paused", "2026-03-03 09:00", "2026-03-05 09:00"),
        ("running", "2026-03-05 09:00", "2026-03-06 09:00"),
        ("over", "2026-03-06 09:00", "2026-03-07 09:00"),
    ]
    assert (track.name, track.state, said(track.due_at)) == ("contract@1/turnaround", "breached", "2026-03-06 09:00")


def test_a_clock_that_adds_up_is_paused_between_its_cycles() -> None:
    story = received(policy(ELAPSED))
    for event, when in (
        (HANDED_BACK, "03 09:00"),
        (CLOSED, "03 09:00"),
        (REOPENED, "05 09:00"),
        (RECEIVED, "05 09:00"),
    ):
        story.tells(event, f"2026-03-{when}")
    (track,) = tracks(story, "2026-03-05 12:00")
    assert [pace for pace, *_ in parts(track)] == ["running", "paused", "running"]
    assert track.is_going_on


def test_what_ran_of_a_clock_is_what_it_used() -> None:
    for until in ("2026-03-03 12:00", "2026-03-04 12:00", "2026-03-08 12:00"):
        story = received(policy(ELAPSED))
        story.tells(PARTS, "2026-03-03 11:00")
        story.tells(PARTS_CAME, "2026-03-04 23:00")
        story.tells(HANDED_BACK, "2026-03-07 09:00")
        (track,), (judged,) = tracks(story, until), story.clocks(as_of=until)
        ran = sum((part.to_at - part.from_at for part in track.parts if part.pace != "paused"), timedelta())
        assert ran / timedelta(microseconds=1) == judged.used
        assert all(one.to_at == other.from_at for one, other in pairwise(track.parts))


def test_what_was_judged_then_is_told_only_where_it_differs() -> None:
    story = received(policy(clock(elapsed_hours=24)))
    story.tells(HANDED_BACK, "2026-03-02 12:00", recorded="2026-03-09 12:00")
    (late,) = tracks(story)
    assert (late.state, late.then) == ("met", "breached")
    story = received(policy(clock(elapsed_hours=24)))
    story.tells(HANDED_BACK, "2026-03-02 12:00")
    (in_time,) = tracks(story)
    assert (in_time.state, in_time.then) == ("met", None)


def test_a_clock_names_its_version_its_subject_and_its_cycle() -> None:
    stays = policy(clock("stay", binds="site"), key="house", version=3)
    story = Story(OFFICE, stays)
    story.tells(OPENED, "2026-03-02 08:00")
    for event, when in (
        (RECEIVED, "02 09:00"),
        (HANDED_BACK, "03 09:00"),
        (CLOSED, "03 09:00"),
        (REOPENED, "05 09:00"),
        (RECEIVED, "05 09:00"),
    ):
        story.tells(event, f"2026-03-{when}")
    assert [track.name for track in tracks(story)] == ["house@3/stay/berlin", "house@3/stay/berlin#2#2"]


@pytest.mark.parametrize(
    ("back", "until", "expected"),
    [
        ("2026-03-04 12:00", UNTIL, "kept"),
        ("2026-03-06 12:00", UNTIL, "broken"),
        (None, UNTIL, "broken"),
        (None, "2026-03-04 12:00", "not_due"),
    ],
)
def test_a_promise_is_drawn_as_it_was_kept(back: str | None, until: str, expected: str) -> None:
    story = received()
    story.tells(promised("2026-03-05 12:00"), "2026-03-02 10:00")
    if back is not None:
        story.tells(HANDED_BACK, back)
    (track,) = tracks(story, until)
    assert (track.kind, track.name, track.state) == ("promise", "promise 1 by manager", expected)
    assert [part.pace for part in track.parts] == ["running", "over"] if expected == "broken" else ["running"]


def test_promises_stand_as_the_report_of_promises_counts_them() -> None:
    with a_company() as company:
        lives_long(company)
        drawn: list[str] = [track.state for track in account_of(company.app, "T-1").tracks if track.kind == "promise"]
        (kept, *_) = reports.promises(company.app, cohort="opened_in").rows
    assert kept.parts is not None
    assert {state: drawn.count(state) for state in kept.parts if state != "made"} | {"made": len(drawn)} == kept.parts


def test_of_a_promise_that_another_replaced_in_time_nothing_is_above() -> None:
    story = received(policy(PROMISE))
    story.tells(promised("2026-03-05 12:00"), "2026-03-02 10:00")
    story.tells(promised("2026-03-09 12:00"), "2026-03-04 10:00")
    first = tracks(story)[1]
    assert (first.state, parts(first)) == ("replaced", [("running", "2026-03-02 10:00", "2026-03-04 10:00")])
