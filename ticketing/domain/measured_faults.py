"""Measured faults: what in a figure that a contract names cannot be meant, each with its key."""

from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

from ticketing.domain.contradictions import Contradiction
from ticketing.domain.errors import hint
from ticketing.domain.measured import MEASURABLE, Asks, Measurable, MeasuredFigure

_MOST_DAYS = 36_600
"""A hundred years."""


def measured_faults(figure: MeasuredFigure, clocks: tuple[str, ...]) -> Iterator[Contradiction]:
    """Everything in a measured figure that cannot be meant.

    Args:
        figure: The figure.
        clocks: The names of the policy's clocks.
    """
    known = MEASURABLE.get(figure.figure)
    if known is None:
        yield Contradiction("figure", f"no contract measures by {figure.figure!r}{hint(figure.figure, MEASURABLE)}")
        return
    for name in get_args(Asks):
        given = getattr(figure, name)
        if name in known.asks and given is None:
            yield Contradiction(name, f"is missing: {figure.figure} needs it")
        elif name not in known.asks and given is not None:
            yield Contradiction(name, f"{figure.figure} has none")
    if figure.days is not None and not 0 <= figure.days <= _MOST_DAYS:
        yield Contradiction("days", f"{figure.days} is not among 0 to {_MOST_DAYS}")
    if figure.percentile is not None and not 1 <= figure.percentile <= 99:
        yield Contradiction("percentile", f"{figure.percentile} is not among 1 to 99")
    if figure.clock is not None and figure.clock not in clocks:
        yield Contradiction("clock", f"the policy has no clock {figure.clock!r}{hint(figure.clock, clocks)}")
    yield from _in_target(figure, known)


def _in_target(figure: MeasuredFigure, known: Measurable) -> Iterator[Contradiction]:
    if (figure.at_most is None) == (figure.at_least is None):
        yield Contradiction("at_most", "either at_most or at_least is due, and not both")
    for name in ("at_most", "at_least"):
        number = getattr(figure, name)
        if number is not None and not (Decimal(number).is_finite() and number >= 0):
            yield Contradiction(name, f"{number} is no number from 0 on")
        elif number is not None and known.unit == "per 100" and number > 100:
            yield Contradiction(name, f"{number} is more than 100 per 100")
    if figure.minimum_n < 1:
        yield Contradiction("minimum_n", f"{figure.minimum_n} is below 1")
