"""Apportioning: whole units in proportion to amounts, so that they add up."""

from collections.abc import Sequence


def apportioned(amounts: Sequence[int], units: int, *, least: int = 0) -> list[int]:
    """So many units for each amount, in proportion, that they add up: those with the largest remainders get the rest.

    Args:
        amounts: None is negative.
        units: How many there are to give, at least `least` for each amount.
        least: What an amount gets that is not zero, however small it is.
    """
    whole = sum(amounts)
    if not whole:
        return [0] * len(amounts)
    given = [max(least if amount else 0, amount * units // whole) for amount in amounts]
    while sum(given) > units:
        given[max(range(len(given)), key=lambda place: given[place])] -= 1
    owed = sorted(range(len(given)), key=lambda place: given[place] * whole - amounts[place] * units)
    for place in owed[: units - sum(given)]:
        given[place] += 1
    return given
