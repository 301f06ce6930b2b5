"""Measured figures: by which figures a contract measures the company, with its own days, targets and least numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field, StrictInt

from ticketing.domain.values import Key, Number, Value, decimal_text

Asks = Literal["days", "clock", "percentile"]
Per = Literal["per 100", "per 1,000", "days"]


@dataclass(frozen=True, slots=True)
class Measurable:
    """What a contract says of a figure beside its target.

    Attributes:
        asks: What it must say.
        unit: That of its target.
    """

    asks: tuple[Asks, ...] = ()
    unit: Per = "per 100"


MEASURABLE: Mapping[str, Measurable] = {
    "claims": Measurable(),
    "complaint_rate": Measurable(("days",)),
    "complaint_rate_opened": Measurable(("days",)),
    "complaints_per_1000": Measurable(("days",), unit="per 1,000"),
    "first_pass": Measurable(),
    "first_time_fix": Measurable(("days",)),
    "long_term": Measurable(("days",)),
    "no_fault_found": Measurable(),
    "promises": Measurable(),
    "repeat_rate": Measurable(("days",)),
    "sla": Measurable(("clock",)),
    "turnaround": Measurable(("percentile",), unit="days"),
    "within_days": Measurable(("days",)),
}
"""The figures that a contract may name."""


class MeasuredFigure(Value):
    """One figure that a contract measures by.

    Attributes:
        figure: Of `MEASURABLE`.
        days: N of a repeat, a first-time fix, a turnaround within days or tickets open for long; W or H of complaints.
        clock: Which clock of the same policy, for `sla`.
        percentile: Which, for `turnaround`.
        at_most: The target is met up to this: per 100, per 1,000, or days.
        at_least: The target is met from this on.
        minimum_n: Of fewer cases nothing is judged.
    """

    figure: Key
    days: StrictInt | None = None
    clock: Key | None = None
    percentile: StrictInt | None = None
    at_most: Number | None = None
    at_least: Number | None = None
    minimum_n: StrictInt = Field(default=20)

    @property
    def said(self) -> str:
        """The figure and what the contract says of it: `repeat rate within 60 days at most 5 per 100`."""
        name = self.figure.replace("_", " ")
        windows = "" if self.days is None else f" {self.days} {'day' if self.days == 1 else 'days'}"
        clock = "" if self.clock is None else f" of {self.clock}"
        percentile = "" if self.percentile is None else f" p{self.percentile}"
        bound, number = ("at most", self.at_most) if self.at_most is not None else ("at least", self.at_least)
        measurable = MEASURABLE.get(self.figure, Measurable())
        target = "" if number is None else f": {bound} {decimal_text(Decimal(number))} {measurable.unit}"
        return f"{name}{percentile}{windows}{clock}{target}, of {self.minimum_n} or more"
