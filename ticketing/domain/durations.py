"""Durations: how long something lasted, as people say it."""

from datetime import timedelta

from ticketing.domain.judged import Measure

_SECOND = 1_000_000


def lasting(duration: timedelta, *, units: int = 2) -> str:
    """The duration as people say it, in its largest units down to seconds."""
    seconds = round(duration.total_seconds())
    if seconds < 1:
        return "under 1 s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    counted = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    largest = next(place for place, (count, _) in enumerate(counted) if count)
    return " ".join(f"{count} {unit}" for count, unit in counted[largest : largest + units] if count)


def amount(value: int, measure: Measure) -> str:
    """A value in the clock's measure: days, else hours, minutes and seconds, exact."""
    if measure == "days":
        return f"{value} {'day' if value == 1 else 'days'}"
    seconds, rest = divmod(value, _SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    exact = f"{seconds}.{rest:06}" if rest else str(seconds)
    said = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes) + [f"{exact} s"] * bool(seconds or rest)
    return " ".join(said) or "0 h"
