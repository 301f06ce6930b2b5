"""Instants and zones as typed on the command line, always with a zone, never guessed; and durations typed there."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import typer

from ticketing.domain.errors import BadInput

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DURATION = re.compile(r"(\d{1,5})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_INSTANT = "INSTANT"

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar=_INSTANT, help="Only what had happened by then (inclusive)."),
]
KnownAt = Annotated[
    str | None,
    typer.Option("--known-at", metavar=_INSTANT, help="Only what the log knew by then (inclusive)."),
]
Zone = Annotated[
    str,
    typer.Option("--zone", metavar="ZONE", help="Zone of printed times, and of dates given without one."),
]
ABOUT_INSTANTS = (
    "INSTANT is 2026-03-01T12:00:00+01:00, 2026-03-01T11:00:00Z, or a date, which begins at midnight in --zone."
)


def zone_named(name: str) -> tzinfo:
    """The zone of the IANA list.

    Raises:
        BadInput: There is no such zone; the text names the nearest.
    """
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        nearest = get_close_matches(name, sorted(available_timezones()), n=1)
        hint = f", the nearest is {nearest[0]}" if nearest else ", one is written like Europe/Berlin"
        raise BadInput(f"--zone {name}: there is no such zone{hint}") from None


def instant_given(option: str, text: str | None, zone: tzinfo) -> datetime | None:
    """The instant that the text of an option says, in UTC; None where the option was not given.

    Raises:
        BadInput: It is none, or a time of day without a zone.
    """
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "write a date like 2026-03-01, or an instant with a zone like 2026-03-01T12:00:00+01:00"
        raise BadInput(f"{option} {text}: this is no instant; {hint}") from None
    raise BadInput(f"{option} {text}: a time of day needs a zone; write {text}Z or {text}+01:00")


def day_or_instant_given(option: str, text: str | None, zone: tzinfo) -> date | datetime | None:
    """The day that the text says, else the instant; a period ends with the end of its last day.

    Raises:
        BadInput: It is neither, or a time of day without a zone.
    """
    instant = instant_given(option, text, zone)
    return date.fromisoformat(text) if text is not None and _DATE.fullmatch(text) else instant


def duration_given(option: str, text: str) -> timedelta:
    """The duration that the text of an option says.

    Raises:
        BadInput: It says none.
    """
    found = _DURATION.fullmatch(text)
    if found is not None and (duration := int(found[1]) * _UNITS[found[2]]):
        return duration
    raise BadInput(f"{option} {text}: this is no duration; write 90m, 4h or 2d")


def shown(instant: datetime, zone: tzinfo) -> str:
    """The instant to the minute, as people read it."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")
