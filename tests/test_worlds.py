"""Worlds of known truth, in short: the limits hold the truth, and the check finds out figures that are not true."""

import math
import re
from random import Random

import pytest

from tests.worlds.page import PAGE, Run, part, with_run
from tests.worlds.saying import DAYS, H_DAYS, W_DAYS, Said, numbered, said, simply_said, told, told_on_the_day, truths
from tests.worlds.tally import faults, tallied
from tests.worlds.world import Course, World

WORLDS = 20
OPENED = (60, 160)
"""Smaller companies than those of the long run."""


@pytest.fixture(scope="session")
def run() -> Run:
    """What the reports and simpler figures say of some worlds."""
    worlds = [numbered(1, number, OPENED) for number in range(WORLDS)]
    return Run(
        1,
        [world.day for world, _ in worlds],
        [said(world, told(world, tickets)) for world, tickets in worlds],
        [simply_said(world, tickets) for world, tickets in worlds],
    )


def test_limits_hold_the_truth_as_often_as_they_promise(run: Run) -> None:
    tallies = tallied(run.reported)
    assert set(tallies) == set(truths(numbered(1, 0)[0]))
    assert [name for name, tally in tallies.items() if not tally.is_chance] == []


def test_the_check_finds_out_a_share_of_closed_tickets_alone(run: Run) -> None:
    assert not tallied(run.simple)["within_days"].is_chance


def test_closed_tickets_say_a_shorter_p90_than_there_is_and_the_report_does_not(run: Run) -> None:
    assert tallied(run.simple)["p90"].error < -0.25
    assert abs(tallied(run.reported)["p90"].error) < 0.10


def test_the_check_finds_out_complaints_that_had_no_time_to_come() -> None:
    so_far = tallied(simply_said(*numbered(2, number)) for number in range(40))["complaint_rate"]
    assert not so_far.is_chance
    assert so_far.error < -0.20


def test_reports_say_on_the_day_what_they_say_of_it_later_on_every_store(store_url: str) -> None:
    world, tickets = numbered(3, 1, OPENED)
    on_the_day = told_on_the_day(world, tickets, url=store_url)
    assert [report.rows for report in on_the_day] == [report.rows for report in told(world, tickets)]


def test_the_true_figures_are_those_of_an_enormous_sample() -> None:
    world, _ = numbered(5, 1)
    assert any(course.is_disposed for course in world.courses)
    chance, number = Random(5), 40_000
    drawn = [world.drawn(chance, 0.0) for _ in range(number)]
    back = [one for one in drawn if not one.is_disposed]
    never = math.inf
    in_time = sum(one.ended <= DAYS for one in back)
    gone = sum(one.is_disposed and one.ended <= DAYS for one in drawn)
    counted = {
        "within_days": in_time / number,
        "sla": in_time / (number - gone),
        "complaint_rate": sum((one.complained or never) <= one.ended + W_DAYS for one in back) / len(back),
        "complaint_rate_opened": sum((one.complained or never) <= H_DAYS for one in drawn) / number,
        "first_pass": sum(one.passes for one in back) / len(back),
    }
    true = truths(world)
    assert {name: true[name] for name in counted} == pytest.approx(counted, abs=0.01)  # four errors of a half, or more
    for percent in (50, 90):
        assert sum(one.ended <= true[f"p{percent}"] for one in back) / number == pytest.approx(percent / 100, abs=0.01)


def test_a_percentile_that_is_never_reached_is_infinite_and_has_no_error() -> None:
    world = World(50, 3, (Course(0.85, 3, 0.5), Course(0.15, 9, 0.5, is_disposed=True)), 10)
    assert world.percentile(90) == math.inf
    assert world.percentile(80) < math.inf
    never = Said(truth=math.inf, value=None, low=40, high=None)
    assert (never.holds, never.error) == (True, None)
    assert not Said(truth=3, value=None, low=None, high=None).holds


def test_a_long_run_finds_limits_that_hold_too_seldom_or_too_often_and_a_p90_far_off() -> None:
    def held_in(many: int, off: float = 0.05) -> list[str]:
        p90 = [Said(1, 1 + off, 0, 2 if number < many else 0.5) for number in range(1000)]
        return faults(tallied({"p90": one} for one in p90))

    assert held_in(930) == held_in(970) == []
    assert held_in(929) == ["the limits of p90 hold the truth in 92.9% of the worlds, not in 93% to 97%"]
    assert held_in(971) == ["the limits of p90 hold the truth in 97.1% of the worlds, not in 93% to 97%"]
    assert held_in(950, -0.11) == ["p90 is 11.0% off on average, more than 10%"]


def test_the_page_tells_of_a_thousand_worlds_in_which_the_limits_hold_what_they_promise() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "This run: 1,000 worlds, seed 1." in page
    held = dict(re.findall(r"^\| (`.+) \| .+ to .+? \| ([\d.]+) % \|", page, flags=re.MULTILINE))
    assert len(held) == len(truths(numbered(1, 0)[0]))
    assert all(93 <= float(percent) <= 97 for percent in held.values()), held


def test_the_page_takes_what_a_run_found_in_its_place(run: Run) -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = with_run(page, run)
    assert part(run) in written
    assert written.partition("<!-- worlds -->")[0] == page.partition("<!-- worlds -->")[0]
    assert written.partition("<!-- end of worlds -->")[2] == page.partition("<!-- end of worlds -->")[2]
    with pytest.raises(ValueError, match="no part on the worlds"):
        with_run("# Figures", run)
