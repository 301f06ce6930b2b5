"""The part of docs/figures.md that tells of the worlds, in the form that only the program writes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from tests.worlds.saying import DAYS, H_DAYS, W_DAYS, Said, has_disposal
from tests.worlds.tally import Tally, tallied

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"

_PART = re.compile(r"(?<=<!-- worlds -->\n).*(?=<!-- end of worlds -->)", flags=re.DOTALL)
_WIDTH = 120
_WATCHED = 0.75
_NAMED = {
    "p50": "`turnaround`, p50",
    "p90": "`turnaround`, p90",
    "within_days": f"`within_days`, {DAYS} days",
    "sla": f"`sla`, a clock of {DAYS} days",
    "complaint_rate": f"`complaint_rate`, {W_DAYS} days",
    "complaint_rate_opened": f"`complaint_rate_opened`, {H_DAYS} days",
    "first_pass": "`first_pass`",
}
_SIMPLY = {
    "p50": "p50 of closed tickets",
    "p90": "p90 of closed tickets",
    "within_days": f"closed within {DAYS} days ÷ closed",
    "complaint_rate": f"complained about so far ÷ handed back in the last {W_DAYS} days",
}
_REPORTED_COLUMNS = (
    *("figure", "truth", "limits hold it", "all handed back", "some disposed of"),
    *("error", "distance", "not told"),
)
_SIMPLE_COLUMNS = ("figure", "as often computed", "its error", "its distance", "the report's error", "its distance")

Figures = Mapping[str, Said]


@dataclass(frozen=True, slots=True)
class Run:
    """What was found in each world, in order of number.

    Attributes:
        days: The day in the middle, so many days after the first ticket that is asked about was opened.
        reported: What the reports say.
        simple: What simpler figures do.
    """

    seed: int
    days: Sequence[float]
    reported: Sequence[Figures]
    simple: Sequence[Figures]


def with_run(page: str, run: Run) -> str:
    """The page with what this run found in place of what another one did.

    Raises:
        ValueError: The page has no place for it.
    """
    if not _PART.search(page):
        raise ValueError("the page has no part on the worlds")
    return _PART.sub(lambda _: f"\n{part(run)}\n", page)


def part(run: Run) -> str:
    """What a run found; Markdown."""
    simple = tallied(run.simple)
    reported = tallied(run.reported)
    lie = (
        f"Closed tickets said a p90 that was {_off(simple['p90'])}, and a share within {DAYS} days that was "
        f"{_off(simple['within_days'])}; the reports were {_off(reported['p90'])} and "
        f"{_off(reported['within_days'])}."
    )
    blocks = (
        f"This run: {len(run.reported):,} worlds, seed {run.seed}.",
        "\n".join(_table(_REPORTED_COLUMNS, _reported(run), texts=2)),
        fill(_watched(run), _WIDTH),
        fill(lie, _WIDTH),
        "\n".join(_table(_SIMPLE_COLUMNS, _simple(run), texts=2)),
    )
    return "\n\n".join(blocks) + "\n"


def said_lines(reported: Figures, simple: Figures) -> Iterator[str]:
    """One world, a line for each figure."""
    for name, one in reported.items():
        yield f"{_NAMED[name]}: truth {_shown(name, one.truth)}, {_answer(name, one)}"
        if name in simple:
            yield f"  {_SIMPLY[name]}: {_shown(name, simple[name].value)}"


def _answer(name: str, one: Said) -> str:
    limits = f"{_shown(name, one.low)} to {_shown(name, one.high)}"
    return f"report {_shown(name, one.value)} ({limits}){'' if one.holds else ', which does not hold it'}"


def _reported(run: Run) -> Iterator[tuple[str, ...]]:
    kinds = {
        kind: tallied(world for number, world in enumerate(run.reported) if has_disposal(number) == kind)
        for kind in (False, True)
    }
    for name, tally in tallied(run.reported).items():
        truths = f"{_shown(name, min(tally.truths))} to {_shown(name, max(tally.truths))}"
        halves = [f"{100 * kinds[kind][name].holding:.1f} %" if kinds[kind] else "–" for kind in (False, True)]
        held = f"{100 * tally.holding:.1f} %"
        yield _NAMED[name], truths, held, *halves, _signed(tally.error), _percent(tally.distance), f"{tally.silent:,}"


def _simple(run: Run) -> Iterator[tuple[str, ...]]:
    reported = tallied(run.reported)
    for name, tally in tallied(run.simple).items():
        ours = reported[name]
        yield (
            *(_NAMED[name], _SIMPLY[name], _signed(tally.error), _percent(tally.distance)),
            *(_signed(ours.error), _percent(ours.distance)),
        )


def _watched(run: Run) -> str:
    """How the limits of the p90 fare where few tickets, if any, could be watched for so long."""
    soon, late = Tally(), Tally()
    for days, figures in zip(run.days, run.reported, strict=True):
        (soon if figures["p90"].truth <= _WATCHED * days else late).count(figures["p90"])
    said = f"A true p90 within the first {_percent(_WATCHED)} of the days watched is held in {_held_in(soon)}"
    return f"{said}, a later one in {_held_in(late)}: few tickets, if any, could be watched for so long."


def _held_in(tally: Tally) -> str:
    return f"{_percent(tally.holding)} of {tally.worlds:,} worlds" if tally.worlds else "none of 0 worlds"


def _table(columns: Sequence[str], rows: Iterator[tuple[str, ...]], *, texts: int) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * texts}{'---:|' * (len(columns) - texts)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _shown(name: str, number: float | None) -> str:
    if number is None:
        return "not told"
    return f"{number:.1f} d" if name.startswith("p") else f"{100 * number:.1f} %"


def _signed(part_of_truth: float) -> str:
    return f"{round(100 * part_of_truth, 1) + 0.0:+.1f} %".replace("-", "−")


def _percent(part_of_truth: float) -> str:
    return f"{100 * part_of_truth:.1f} %"


def _off(tally: Tally) -> str:
    return f"{_percent(abs(tally.error))} too {'high' if tally.error > 0 else 'low'}"
