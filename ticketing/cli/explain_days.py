"""The days of a clock as a table: what was open, what paused it, what each day counted, and the sum so far."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.table import Table
from rich.text import Text

from ticketing.cli.output import plain_table, printable
from ticketing.domain.durations import amount
from ticketing.domain.explanation import Day, Explanation, Pause
from ticketing.domain.judged import Measure
from ticketing.domain.phrases import spaced

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)


def day_table(found: Explanation) -> Table:
    """The days of a clock; of days that are alike and follow each other, one line."""
    measure = found.judged.measure
    table = plain_table()
    table.add_column("day", no_wrap=True)
    table.add_column("ran" if measure == "days" else "open")
    table.add_column("counted", justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    is_ahead = False
    for run in _folded(found.days):
        last = run[-1]
        if last.is_ahead and not is_ahead:
            is_ahead = True
            table.add_row("", Text("still to come, if nothing more happens:", "mark"), "", "")
        counted = amount(last.counted, measure)
        times = f"{len(run)} × " if len(run) > 1 and last.counted else ""
        is_start = measure == "days" and run[0].on == found.days[0].on and not last.counted
        said = Text(printable("\n".join(_said(run[0], measure, is_start=is_start))))
        table.add_row(_named(run), said, f"{times}{counted}", amount(last.total, measure))
    return table


def _folded(days: Sequence[Day]) -> Iterator[list[Day]]:
    """Days that are alike and follow each other, together."""
    run: list[Day] = []
    for day in days:
        if run and (day.on - run[-1].on != _DAY or _look(day) != _look(run[-1])):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _look(day: Day) -> object:
    """What days that are alike have in common."""
    windows = tuple((window.begins, window.ends) for window in day.windows)
    pauses = tuple((pause.begins, pause.ends, pause.versions) for pause in day.pauses)
    kind = (day.kind, day.name, day.windows and day.clock_change, day.is_ahead)
    return windows, pauses, kind, day.ran.begins, day.ran.ends, day.counted


def _named(run: Sequence[Day]) -> str:
    first, last = run[0].on, run[-1].on
    begins = f"{_WEEKDAYS[first.weekday()]} {first.isoformat()}"
    if len(run) == 1:
        return begins
    ends = last.isoformat() if last.year != first.year else f"{last:%m-%d}"
    return f"{begins} – {_WEEKDAYS[last.weekday()]} {ends}"


def _said(day: Day, measure: Measure, *, is_start: bool) -> Iterator[str]:
    """What is to be said of a day: its hours, what kind of day it is, and what paused the clock."""
    ran = [f"from {day.ran.begins}"] * (day.ran.begins != "00:00") + [f"to {day.ran.ends}"] * (day.ran.ends != "24:00")
    hours = ", ".join(f"{window.begins}–{window.ends}" for window in day.windows)
    kind = ["(the start day does not count)"] if is_start else list(_kind(day))
    if measure == "days":
        yield " ".join([*ran, *kind]) or "all day"
    else:
        yield " ".join([hours, *ran, *kind] if hours else ["closed", *kind])
    if day.clock_change is not None and day.windows:
        change = day.clock_change
        way = "forward" if change.to_time > change.from_time else "back"
        yield f"the clock went {way} {change.from_time}→{change.to_time}"
    for pause in day.pauses:
        yield _paused(pause)


def _kind(day: Day) -> Iterator[str]:
    match day.kind:
        case "holiday":
            yield f"({day.name})"
        case "closed_day":
            yield "(closed day)"
        case "make_up_day":
            yield "(make-up day)"
        case "not_frozen":
            yield "(not frozen)"
        case _:
            pass


def _paused(pause: Pause) -> str:
    why = " and ".join(spaced(cause) for cause in pause.causes) or "between two cycles"
    facts = f" ({'fact' if len(pause.versions) == 1 else 'facts'} {', '.join(map(str, pause.versions))})"
    when = "all day" if (pause.begins, pause.ends) == ("00:00", "24:00") else f"{pause.begins}–{pause.ends}"
    return f"paused {when}: {why}{facts if pause.versions else ''}"
