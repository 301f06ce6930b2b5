"""Saying: what the reports say of a world as of its day in the middle, beside the truth and beside simpler figures."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from tests.repairs import DAY_0, MANAGER, Company, day
from tests.time_stories import clock, policy
from tests.worlds.facts import record
from tests.worlds.world import Drawn, World, small_company
from ticketing import reports
from ticketing.application import Ticketing
from ticketing.domain.publishing import Publish
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.statistics import nearest_rank, wilson

DAYS = 10
"""N of turnaround within N days, and the target of the clock."""
OPENED = (150, 450)
"""How many tickets are opened up to the day that is asked about, at least and at most."""
W_DAYS = 30
H_DAYS = 30
PERCENTILES = (50, 90)

_CONTRACT = policy(clock("repair", calendar=None, elapsed_hours=24 * DAYS))


@dataclass(frozen=True, slots=True)
class Said:
    """A figure beside the truth; None where nothing is said."""

    truth: float
    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the truth lies between the limits; an upper limit that is not reached shuts nothing out."""
        return self.low is not None and self.low <= self.truth <= (math.inf if self.high is None else self.high)

    @property
    def error(self) -> float | None:
        """How far the value is off, as a part of the truth."""
        return None if self.value is None or math.isinf(self.truth) else self.value / self.truth - 1

    @property
    def lean(self) -> float | None:
        """By how many standard errors the value is too high, the limits being two of them away; None without limits."""
        if self.value is None or self.low is None or self.high is None or self.low == self.high:
            return None
        return (self.value - self.truth) / ((self.high - self.low) / 4)


def numbered(seed: int, number: int, opened: tuple[int, int] = OPENED) -> tuple[World, list[Drawn]]:
    """The world of that number and its tickets; every other world knows disposal.

    Args:
        seed: What all worlds are drawn from.
        number: Which of them.
        opened: How many tickets are opened up to the day that is asked about, at least and at most.
    """
    chance = Random(f"{seed}/{number}")
    world = small_company(chance, opened, with_disposal=has_disposal(number))
    return world, list(world.tickets(chance))


def has_disposal(number: int) -> bool:
    """Whether units are disposed of in the world of that number."""
    return number % 2 == 1


def truths(world: World) -> Mapping[str, float]:
    """The true figures: days, and shares of one."""
    return {
        **{f"p{percent}": world.percentile(percent) for percent in PERCENTILES},
        "within_days": world.back_within(DAYS),
        "sla": world.met(DAYS),
        "complaint_rate": world.complained_after_hand_back(W_DAYS),
        "complaint_rate_opened": world.complained_after_opening(H_DAYS),
        "first_pass": world.passing(),
    }


def told(world: World, tickets: Iterable[Drawn], *, url: str = "memory:") -> tuple[Report, ...]:
    """What the reports say as of the day in the middle, all that ever happens being on record in a new store."""
    with Company(url) as company:
        company.app.handle(Publish(thing=_CONTRACT, actor=MANAGER, occurred_at=DAY_0))
        record(company, tickets)
        return _answers(company.app, world, day(world.day))


def told_on_the_day(world: World, tickets: Iterable[Drawn], *, url: str) -> tuple[Report, ...]:
    """What they say on that day, from the rows that are kept, nothing later being on record."""
    with Company(url) as company:
        company.app.handle(Publish(thing=_CONTRACT, actor=MANAGER, occurred_at=DAY_0))
        record(company, tickets, until=world.day)
        return _answers(company.app, world)


def _answers(app: Ticketing, world: World, as_of: datetime | None = None) -> tuple[Report, ...]:
    """Every report that has a truth, of the tickets since day 0."""
    return (
        reports.turnaround(app, within_days=DAYS, percentiles=PERCENTILES, unit="d", from_=DAY_0, as_of=as_of),
        reports.sla(app, from_=DAY_0, as_of=as_of),
        reports.complaint_rate(app, w_days=W_DAYS, h_days=H_DAYS, from_=DAY_0, as_of=as_of),
        reports.first_pass(app, from_=DAY_0, as_of=as_of),
    )


def said(world: World, answered: Iterable[Report]) -> dict[str, Said]:
    """Every figure beside its truth."""
    rows = {row.figure: row for report in answered for row in report.rows}
    turnaround = rows["turnaround"]
    return {
        name: _percentile(turnaround, name, truth) if name.startswith("p") else _share(rows[name], truth)
        for name, truth in truths(world).items()
    }


def _percentile(row: ReportRow, name: str, truth: float) -> Said:
    value, low, high = row.percentiles, row.low, row.high
    assert isinstance(value, Mapping)
    assert isinstance(low, Mapping)
    assert isinstance(high, Mapping)
    return Said(truth, value[name], low[name], high[name])


def _share(row: ReportRow, truth: float) -> Said:
    value, low, high = row.value, row.low, row.high
    assert not isinstance(low, Mapping)
    assert not isinstance(high, Mapping)
    return Said(truth, *(None if number is None else number / 100 for number in (value, low, high)))


def simply_said(world: World, tickets: Iterable[Drawn]) -> dict[str, Said]:
    """Figures as they are often computed: of closed tickets alone, and complaints about what was just handed back."""
    true = truths(world)
    back = [one for one in tickets if 0 <= one.ended <= world.day and not one.is_disposed]
    took = sorted(int(86_400 * (one.ended - one.opened)) for one in back if one.opened >= 0)
    just = [one for one in back if one.ended > world.day - W_DAYS]
    complained = sum(one.complained is not None and one.complained <= world.day for one in just)
    in_time = sum(seconds <= 86_400 * DAYS for seconds in took)
    return {
        **{f"p{one}": Said(true[f"p{one}"], nearest_rank(took, one) / 86_400) for one in PERCENTILES},
        "within_days": _counted(true["within_days"], in_time, len(took)),
        "complaint_rate": _counted(true["complaint_rate"], complained, len(just)),
    }


def _counted(truth: float, numerator: int, denominator: int) -> Said:
    return Said(truth, numerator / denominator, *wilson(numerator, denominator))
