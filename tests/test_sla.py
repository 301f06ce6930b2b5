"""SLA over hand-made rows: which clocks count, how they stand at the end of observation, and what differs."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pytest

from tests.clock_rows import CANCELLED, NOW, asked_of, clock, imported, late, met, only, paused, row
from tests.repairs import day
from ticketing.figures.clocks import compliance_of
from ticketing.projections import sla
from ticketing.projections.clocks import ClockRow
from ticketing.projections.judged_anew import JudgedAnewRow
from ticketing.projections.report import Cohort, ReportRow
from ticketing.projections.sample import Scope
from ticketing.projections.sla_under import gather_under

FIELDS = [field.name for field in fields(ClockRow)]


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
        "met_before_due": 0,
        "paused": 1,
        "cancelled": 1,
        "of_cancelled": 0,
        "undated": 1,
        "reconstructed": 0,
    }


def test_a_clock_that_was_met_is_not_due_sooner_than_one_that_was_not() -> None:
    # Both are due on day 2; what was met on day 1.25 would else be all that counts until then.
    rows = [row(1, met(6)), row(2, clock())]
    for now, counts in ((1.5, (0, 0, 2)), (2, (0, 0, 2)), (2.001, (1, 2, 0))):
        figures = asked(rows, observed_until=day(now))
        for figure in ("sla", "sla_judged_then"):
            found = only(figures[figure])
            assert (found.numerator, found.denominator, found.censored) == counts
            assert found.parts is not None
            assert (found.parts["not_due"], found.parts["met_before_due"]) == (counts[2], counts[2] // 2)
        early = only(figures["sla_over_service"])
        assert (early.numerator, early.denominator, early.censored) == (counts[0], counts[0], counts[2])


def test_of_a_clock_that_is_due_while_nobody_works_the_next_open_instant_decides() -> None:
    # Due on day 2 at closing time; whoever stops it before day 3 at opening time meets it.
    rows = [row(1, met(20, within_until=day(3))), row(2, clock(within_until=day(3)))]
    assert only(asked(rows, observed_until=day(2.5))["sla"]).censored == 2
    assert only(asked(rows, observed_until=day(3.001))["sla"]).numerator == 1


def test_without_an_end_of_the_period_there_are_as_many_verdicts_as_up_to_now() -> None:
    rows = [row(number, met(number, due_at=day(number), within_until=day(number))) for number in range(2, 20)]
    rows += [row(number, clock(due_at=day(number / 2), within_until=day(number / 2))) for number in range(20, 40)]
    now = day(10.5)
    for figure in ("sla", "sla_judged_then", "sla_over_service"):
        whole, by_now = (only(asked(rows, observed_until=now, before=end)[figure]) for end in (None, now))
        assert (whole.numerator, whole.denominator) == (by_now.numerator, by_now.denominator)
        assert (whole.denominator, by_now.censored) == (9 if figure == "sla_over_service" else 10, 0)


def test_a_clock_without_a_due_date_keeps_its_verdict() -> None:
    assert only(asked([row(1, met(20, due_at=None, within_until=None))])["sla"]).numerator == 1


def test_clocks_of_cancelled_tickets_are_left_out_whatever_their_verdict() -> None:
    of_cancelled = (met(1), late(30, cycle=2), clock(cycle=3), paused(cycle=4), CANCELLED)
    figures = asked([row(1, met(1), late(30, cycle=2)), row(2, *of_cancelled, is_cancelled=True)])
    for figure in ("sla", "sla_judged_then"):
        found = only(figures[figure])
        assert (found.numerator, found.denominator, found.excluded, found.censored) == (1, 2, 5, 0)
        assert found.parts is not None
        assert (found.parts["cancelled"], found.parts["of_cancelled"]) == (0, 5)
    over_service, overrun = only(figures["sla_over_service"]), only(figures["sla_overrun"])
    assert (over_service.numerator, over_service.denominator, over_service.excluded) == (1, 1, 5)
    assert (overrun.numerator, overrun.denominator, overrun.excluded) == (1, 1, 5)


def test_where_all_are_left_out_the_reason_says_of_what_they_are() -> None:
    assert only(asked([row(1, met(1), is_cancelled=True)])["sla"]).reason == "no verdict yet: 1 of cancelled tickets"


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


@pytest.mark.parametrize(("end", "judged"), [(1.9, (0, 1, 1)), (2.1, (1, 0, 0))])
def test_an_imported_clock_that_was_met_is_due_if_its_source_goes_on_so_long(
    end: float, judged: tuple[int, ...]
) -> None:
    # Its own last fact is its stop on day 1.25; the source ends with that of another ticket.
    rows = [imported(1, day(1.25), met(6)), imported(2, day(end))]
    found = only(asked(rows)["sla"])
    assert found.parts is not None
    assert (found.numerator, found.censored, found.parts["met_before_due"]) == judged
    for both in (rows, rows[::-1]):
        anew = [JudgedAnewRow(**{name: getattr(one, name) for name in FIELDS}, anew=one.clocks) for one in both]
        under = gather_under(anew, "contract", Scope(observed_until=NOW), "due_in")
        for one in sla.sla(under, "due_in", ()):
            assert (one.numerator, one.censored, one.parts) == (found.numerator, found.censored, found.parts)


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


def test_what_a_correction_brought_after_the_end_of_the_source_differs_from_what_was_judged_then() -> None:
    # The source ends on day 1.5. A correction recorded on day 30 said first that the clock was met by then; the other
    # one was seen breached on day 1, and a corrected start let it run until day 5, which was judged as of now.
    seen_late = imported(1, day(1.5), met(6, judged_then_at=day(30)))
    passed = {"verdict": "breached", "verdict_at": day(5), "within_until": day(5), "due_at": day(5)}
    seen_early = imported(2, day(1.5), clock(**passed, judged_then="breached", judged_then_at=day(1)))
    found = counted([seen_late, seen_early], Scope(observed_until=NOW), "due_in").differing
    assert [(one.first, one.second) for one in found] == [("running", "met"), ("breached", "running")]


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
