"""SLA over hand-made rows: which clocks count, how they stand at the end of observation, and what differs."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.clock_rows import CANCELLED, NOW, asked_of, clock, imported, late, met, only, paused, row
from tests.repairs import day
from ticketing.figures.clocks import compliance_of
from ticketing.projections import sla
from ticketing.projections.clocks import ClockRow
from ticketing.projections.report import Cohort, ReportRow
from ticketing.projections.sample import Scope


def counted(rows: Sequence[ClockRow], scope: Scope, cohort: Cohort) -> sla.Compliance:
    return asked_of(rows, scope, lambda rows: compliance_of(rows, scope, cohort))


def asked(
    rows: Sequence[ClockRow], *, by: tuple[str, ...] = (), cohort: Cohort = "due_in", **scope: object
) -> dict[str, list[ReportRow]]:
    known: dict[str, Any] = {"observed_until": NOW, **scope}
    found = counted(rows, Scope(by=by, **known), cohort)
    figures: dict[str, list[ReportRow]] = {}
    for one in sla.sla(found, cohort, (50, 90)):
        figures.setdefault(one.figure, []).append(one)
    return figures


# which clocks count


def test_an_open_clock_past_its_due_date_is_breached_though_nobody_looked() -> None:
    one = only(asked([row(1, met(20)), row(2, clock())])["sla"])
    assert (one.value, one.numerator, one.denominator, one.censored) == (50.0, 1, 2, 0)


def test_at_its_due_date_an_open_clock_is_not_late_yet() -> None:
    assert only(asked([row(1, clock())], observed_until=day(2))["sla"]).censored == 1
    assert only(asked([row(1, clock())], observed_until=day(2.001))["sla"]).denominator == 1


def test_what_is_not_due_or_paused_has_no_verdict_and_what_was_cancelled_is_left_out() -> None:
    rows = [row(1, met(20)), row(2, clock(due_at=day(50), within_until=day(50))), row(3, paused()), row(4, CANCELLED)]
    one = only(asked(rows)["sla"])
    assert (one.numerator, one.denominator, one.censored, one.excluded) == (1, 1, 2, 1)
    assert one.parts == {
        "met": 1,
        "breached": 0,
        "not_due": 1,
        "paused": 1,
        "cancelled": 1,
        "undated": 1,
        "reconstructed": 0,
    }


def test_without_a_verdict_there_is_no_share_and_the_reason_says_how_the_clocks_stand() -> None:
    one = only(asked([row(1, paused()), row(2, paused()), row(3, CANCELLED)])["sla"])
    assert (one.value, one.low, one.high, one.reason) == (None, None, None, "no verdict yet: 2 paused, 1 cancelled")
    nothing = only(asked([])["sla"])
    assert (nothing.group, nothing.value, nothing.reason) == ({}, None, "no clock belongs to the cohort")


def test_a_share_has_the_limits_of_wilson() -> None:
    # Wilson 1/1: [0.2065, 1].
    one = only(asked([row(1, met(20))])["sla"])
    assert (one.value, one.high) == (100.0, 100.0)
    assert one.low == pytest.approx(20.65, abs=0.01)


def test_clocks_fall_into_the_period_in_which_they_are_due() -> None:
    rows = [row(1, met(20)), row(2, late(30, due_at=day(5))), row(3, paused())]
    february = only(asked(rows, from_at=day(4), before=day(6))["sla"])
    assert (february.numerator, february.denominator) == (0, 1)
    assert february.parts is not None
    assert february.parts["undated"] == 1, "a clock without a due date belongs to every period"
    opened = only(asked(rows, cohort="opened_in", from_at=day(4), before=day(6))["sla"])
    assert (opened.denominator, opened.censored) == (0, 0)


def test_a_clock_that_was_stopped_while_it_stood_still_is_dated_by_its_stop() -> None:
    stopped = met(20, due_at=None, is_paused=True, judged_then_at=day(9))
    assert only(asked([row(1, stopped)], from_at=day(1), before=day(2))["sla"]).denominator == 1
    assert asked([row(1, stopped)], from_at=day(2), before=day(3))["sla"][0].denominator == 0


def test_policy_and_clock_always_tell_the_groups_apart() -> None:
    rows = [row(1, met(1), met(1, clock="call"), met(1, policy="statute")), row(2, met(1))]
    groups = [one.group for one in asked(rows, by=("site", "clock"))["sla"]]
    assert groups == [
        {"policy": "contract", "clock": "call", "site": "berlin"},
        {"policy": "contract", "clock": "repair", "site": "berlin"},
        {"policy": "statute", "clock": "repair", "site": "berlin"},
    ]


def test_months_are_those_of_the_due_date_and_unknown_without_one() -> None:
    rows = [row(1, met(20), late(30, cycle=2, due_at=day(32)), paused(cycle=3))]
    groups = [one.group["month"] for one in asked(rows, by=("month",))["sla"]]
    assert groups == [None, "2026-01", "2026-02"]


def test_the_versions_that_judged_are_named_and_reconstructed_clocks_counted() -> None:
    rows = [row(1, met(1)), row(2, met(1, policy_version=10, is_reconstructed=True)), row(3, met(1, policy_version=2))]
    one = only(asked(rows)["sla"])
    assert one.policies == ("contract@1", "contract@2", "contract@10")
    assert one.parts is not None
    assert one.parts["reconstructed"] == 1


# imported tickets are observed until the end of their source


def test_an_imported_clock_stands_as_at_the_end_of_its_source() -> None:
    # The clock is due on day 2; the source ends on day 1.9 or, by the other ticket, on day 2.1.
    reconstructed = clock(is_reconstructed=True)
    assert only(asked([imported(1, day(1.9), reconstructed)])["sla"]).censored == 1
    both = [imported(1, day(1.9), reconstructed), imported(2, day(2.1))]
    assert only(asked(both)["sla"]).parts == only(asked(both[::-1])["sla"]).parts
    assert only(asked(both)["sla"]).denominator == 1


@pytest.mark.parametrize("end", [1.9, 2])
def test_time_that_passed_after_the_source_breaches_nothing_though_it_was_judged_as_of_later(end: float) -> None:
    passed = {"verdict": "breached", "verdict_at": day(2), "judged_then": "breached", "judged_then_at": day(2)}
    kept, refolded = (asked([imported(1, day(end), one)]) for one in (clock(), clock(**passed)))
    assert kept == refolded
    assert only(kept["sla_judged_then"]).censored == 1


# beside it


def test_what_was_judged_then_stands_beside_what_is_known_now() -> None:
    wait_came_late = met(30, judged_then="breached", judged_then_at=day(2), restated_by=(4,))
    rows = [row(1, met(20)), row(2, wait_came_late), row(3, paused())]
    figures = asked(rows)
    assert (only(figures["sla"]).numerator, only(figures["sla_judged_then"]).numerator) == (2, 1)
    found = counted(rows, Scope(observed_until=NOW), "due_in")
    (differing,) = found.differing
    assert (differing.case.ticket_id.int, differing.first, differing.second) == (2, "breached", "met")


def test_a_verdict_seen_then_of_a_clock_that_has_none_now_differs() -> None:
    taken_back = paused(judged_then="met", judged_then_at=day(1.5))
    (differing,) = counted([row(1, taken_back)], Scope(observed_until=NOW), "due_in").differing
    assert (differing.first, differing.second) == ("met", "paused")


def test_over_service_is_meeting_a_clock_in_under_half_of_its_target() -> None:
    # Of 24 hours half are 12: 11 is under half, 12 is not; the late one was not met.
    one = only(asked([row(1, met(11)), row(2, met(12)), row(3, met(13)), row(4, late(30))])["sla_over_service"])
    assert (one.numerator, one.denominator) == (1, 3)


def test_the_overrun_is_of_those_stopped_late_in_the_clocks_own_time() -> None:
    # Late by 6, 12 and 36 hours: rank 2 of 3 is 12, rank 3 is 36. One more is late and open.
    rows = [row(1, late(30)), row(2, late(36)), row(3, late(60)), row(4, clock()), row(5, met(20))]
    one = only(asked(rows)["sla_overrun"])
    assert (one.percentiles, one.unit) == ({"p50": 12.0, "p90": 36.0}, "h")
    assert (one.numerator, one.denominator, one.censored) == (3, 4, 1)


def test_a_clock_of_days_overruns_by_days() -> None:
    days = late(0, measure="days", target=3, used=5, stopped_at=day(7))
    one = only(asked([row(1, days)])["sla_overrun"])
    assert (one.percentiles, one.unit) == ({"p50": 5.0 - 3, "p90": 2.0}, "d")


def test_where_nothing_was_stopped_late_the_reason_names_what_is_late_and_open() -> None:
    one = only(asked([row(1, clock())])["sla_overrun"])
    assert (one.percentiles, one.reason) == (
        {"p50": None, "p90": None},
        "no clock was stopped late; 1 is late and open",
    )
