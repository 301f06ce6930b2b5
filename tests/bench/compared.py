"""What one entry found: how much a second does of ours, and of what it is compared with; and how both take turns."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

_LINE = "{:<22}{:>26}{:>26}{:>22}{:>6}"
HEADING = _LINE.format("entry", "ours per second", "theirs per second", "times", "aim")


@dataclass(frozen=True, slots=True)
class Turn:
    """One repeat of one side.

    Attributes:
        rate: So many a second.
        waits: What each call took, in seconds, where there are callers who wait.
    """

    rate: float
    waits: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The turns of every repeat, ours and theirs in alternation.

    Attributes:
        against: What it is compared with, and its version.
        told: What was done, in one sentence.
        unit: What is counted.
        aim: How many times theirs ours is to be; None where nothing is aimed at.
    """

    against: str
    told: str
    unit: str
    aim: float | None
    ours: Sequence[Turn]
    theirs: Sequence[Turn]

    @property
    def ratios(self) -> list[float]:
        """How many times theirs ours was, of every repeat."""
        return [ours.rate / theirs.rate for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    def figures(self) -> dict[str, object]:
        """The medians, with the least and the most of all repeats; what calls took, in milliseconds."""
        found = {
            "per_second": [turn.rate for turn in self.ours],
            "their_per_second": [turn.rate for turn in self.theirs],
            "ratio": self.ratios,
        }
        waits = {"waits_ms": _waits(self.ours), "their_waits_ms": _waits(self.theirs)}
        return {
            "against": self.against,
            "told": self.told,
            "unit": self.unit,
            "aim": self.aim,
            "repeats": len(self.ours),
            **{name: round(median(values), 2) for name, values in found.items()},
            "spread": {name: [round(min(values), 2), round(max(values), 2)] for name, values in found.items()},
            **{name: said for name, said in waits.items() if said},
        }


def told(name: str, figures: Mapping[str, object]) -> Iterator[str]:
    """An entry's figures in lines: medians, in brackets the least and the most of all repeats; and what was done."""
    spread, aim = figures["spread"], figures.get("aim")
    assert isinstance(spread, dict)
    if "ratio" not in figures:
        both = (f"{figures[part]} ms" for part in ("milliseconds", "their_milliseconds"))
        yield _LINE.format(name, *both, "", "–")
        return
    shown = (spread_text(figures[part], spread[part]) for part in ("per_second", "their_per_second", "ratio"))
    yield _LINE.format(name, *shown, "–" if aim is None else f"{aim:,g}")
    yield f"  against {figures['against']}: {figures['told']}"
    for whose, part in (("ours", "waits_ms"), ("theirs", "their_waits_ms")):
        if isinstance(waits := figures.get(part), dict):
            yield f"  a call of {whose} takes {waits['p50']:,.2f} ms (p50), {waits['p99']:,.2f} ms (p99)"


def spread_text(middle: object, limits: Sequence[float]) -> str:
    """The median, the least and the most: `63,120 (61,004–65,310)`."""
    assert isinstance(middle, int | float)
    return f"{number_text(middle)} ({number_text(limits[0])}–{number_text(limits[1])})"


def number_text(number: float) -> str:
    """With decimals where they say something."""
    return f"{number:,.1f}" if number < 100 else f"{number:,.0f}"


def settle() -> None:
    """Takes what is there out of the garbage collector's sight: a turn pays for nothing that others made before."""
    gc.collect()
    gc.freeze()


def timed(done: int, work: Callable[[], object]) -> Turn:
    """How many are done in a second, of which the work does so many."""
    settle()
    begun = time.perf_counter()
    work()
    return Turn(done / (time.perf_counter() - begun))


def in_turn(ours: Callable[[], Turn], theirs: Callable[[], Turn], repeats: int) -> tuple[list[Turn], list[Turn]]:
    """Every repeat of both, each first every other time."""
    both: tuple[list[Turn], list[Turn]] = ([], [])
    for repeat in range(repeats):
        order = ((ours, both[0]), (theirs, both[1]))
        for side, turns in order if repeat % 2 == 0 else reversed(order):
            turns.append(side())
    return both


def rate(done: int, work: Callable[[], object], *, at_least: float = 0.2) -> float:
    """How many are done in a second of this process's own time.

    Args:
        done: How many one call does.
        work: It is called until it has taken so long.
        at_least: So many seconds.
    """
    calls = 0
    settle()
    begun = time.process_time()
    while (taken := time.process_time() - begun) < at_least:
        work()
        calls += 1
    return done * calls / taken


def _waits(turns: Sequence[Turn]) -> dict[str, float]:
    """The middle one and the one that 99 of a hundred stay under, of all repeats."""
    waits = sorted(wait for turn in turns for wait in turn.waits)
    if not waits:
        return {}
    return {name: round(waits[len(waits) * part // 100] * 1000, 3) for name, part in (("p50", 50), ("p99", 99))}
