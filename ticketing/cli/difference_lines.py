"""What stands below the figures of clocks: what they count, and the clocks that were judged otherwise."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo

from rich.text import Text

from ticketing.cli.output import printable
from ticketing.cli.times import shown, zone_named
from ticketing.domain.durations import lasting
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.restated import Because, Difference

FIRST = 10
"""How many differences a table shows."""

_MOST_REASONS = 3
"""How many reasons it gives for each."""


def note_on(row: ReportRow) -> str | None:
    """What is to be said of a figure of clocks or promises beside its numbers, or None."""
    parts = row.parts or {}
    if row.figure == "promises_remade" and row.numerator:
        return f"{parts['remade_in_time']:,} before the date had passed, {parts['remade_late']:,} after it"
    if row.figure not in {"sla", "sites"}:
        return None
    clocks = row.denominator + row.excluded + row.censored
    told = (
        ("met_before_due", "met and not due yet"),
        ("of_cancelled", "of cancelled tickets"),
        ("reconstructed", "reconstructed"),
        ("undated", "without a due date"),
    )
    counted = ((parts.get(name, 0), what) for name, what in told)
    return "; ".join(f"{'all' if count == clocks else f'{count:,}'} {what}" for count, what in counted if count) or None


def difference_lines(report: Report, faint: Callable[[str], Iterator[Text]]) -> Iterator[Text]:
    """The first clocks that were judged otherwise, and how many there are.

    Args:
        report: Which has differences, if none then an empty tuple of them.
        faint: Lays out what is said in passing.
    """
    differences = report.differences or ()
    under = report.parameters.get("under")
    what = "judged otherwise then" if under is None else f"judged otherwise under {printable(str(under))}"
    if not differences:
        yield from faint(f"no clock was {what}")
    else:
        yield Text(f"{what}: {len(differences):,} {'clocks' if len(differences) > 1 else 'clock'}", "heading")
        zone = zone_named(report.zone)
        for one in differences[:FIRST]:
            yield from _difference(one, "now" if under is None else "under it", zone)
        if len(differences) > FIRST:
            yield from faint(f"… and {len(differences) - FIRST:,} more, with --format json")
    yield Text()


def _difference(one: Difference, since: str, zone: tzinfo) -> Iterator[Text]:
    cycle = f", cycle {one.cycle}" if one.cycle > 1 else ""
    subject = f", {one.subject}" if one.subject is not None else ""
    yield Text(printable(f"  {one.ticket}  {one.policy}/{one.clock}{cycle}{subject}"))
    yield Text(
        f"    {_stood(one.first, one.first_at, zone)}; {since} {_stood(one.second, one.second_at, zone)}", "faint"
    )
    for because in one.because[:_MOST_REASONS]:
        yield Text(f"    {_reason(because, zone)}", "mark")
    if len(one.because) > _MOST_REASONS:
        yield Text(f"    and {len(one.because) - _MOST_REASONS} more facts", "mark")


def _stood(state: str | None, at: datetime | None, zone: tzinfo) -> str:
    return f"{state or 'no such clock'}{'' if at is None else f' {shown(at, zone)}'}"


def _reason(because: Because, zone: tzinfo) -> str:
    if because.late_seconds is not None:
        late = f"recorded {lasting(timedelta(seconds=because.late_seconds))} late"
        return printable(f"{because.fact} {late}, {shown(because.recorded_at, zone)} (version {because.version})")
    field = "" if because.field is None else f", {because.field},"
    what = "corrected" if because.what == "correction" else "retracted"
    return printable(f"{because.fact}{field} {what} {shown(because.recorded_at, zone)} (version {because.version})")
