"""Bars: numbers as a few block characters, so that a column of them reads at a glance, with colour or without."""

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def bar(value: float, end: float, width: int) -> str:
    """A bar from zero to the value; one that is above zero is seen.

    Args:
        value: Not negative, and not above `end`.
        end: What the whole width stands for.
        width: In columns.
    """
    eighths = round(value / end * width * 8) if end else 0
    whole, rest = divmod(max(eighths, 1) if value else 0, 8)
    return "█" * whole + _EIGHTHS[rest].strip()


def interval(low: float, value: float, high: float, end: float, width: int, *, point: str = "█") -> str:
    """A point between its limits, each in its column from zero on."""
    first, place, last = (min(width - 1, int(at / end * width)) if end else 0 for at in (low, value, high))
    return " " * first + "░" * (place - first) + point + "░" * (last - place)


def stretches(inner: float | None, outer: float | None, end: float, width: int) -> str:
    """A value within another one; an outer one that is not known reaches beyond the end."""
    first = bar(inner, end, width - 1) if inner is not None else ""
    if outer is None:
        return first + "▒" * (width - 1 - len(first)) + "…"
    reached = round(outer / end * (width - 1)) if end else 0
    return first + "▒" * max(reached - len(first), int(outer != inner))


def profile(counts: Sequence[int]) -> str:
    """The counts as columns beside each other, the largest the highest; none at all is a blank."""
    most = max(counts, default=0)
    return "".join(_HEIGHTS[(count * 8 - 1) // most if most else 0] if count else " " for count in counts)
