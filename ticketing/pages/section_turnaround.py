"""The exhibit of turnaround: how long a repair takes, and what closed tickets alone would say."""

from ticketing.pages.account import table
from ticketing.pages.charts import both_widths
from ticketing.pages.curve_chart import Curve, curve_chart
from ticketing.pages.exhibit import Exhibit
from ticketing.pages.markup import Html
from ticketing.projections.report import Limit, Number, Report, ReportRow

PERCENTS = tuple(range(1, 100))
"""The percentiles that the curves are drawn from."""

_TABLED = (10, 25, 50, 75, 90, 95)
_UNITS = {"s": "seconds", "h": "hours", "d": "days"}


def turnaround(report: Report) -> Exhibit:
    """How long it takes, and what closed tickets alone would say."""
    true, closed = _rows(report)
    true_curve, closed_curve = _curve("true", true), _curve("closed only", closed)
    pictures = []
    if true_curve.reached() or closed_curve.reached():
        said = f"{truth(report)} Two curves of the share of units that are back over time."
        unit = _UNITS[true.unit]
        pictures.append(both_widths(lambda width: curve_chart(true_curve, closed_curve, unit, width), said))
    return Exhibit(
        anchor="turnaround",
        title="How long does a repair take?",
        told=_told(true),
        report=report,
        main=true,
        pictures=pictures,
        numbers=_table(true, closed),
        beside=["turnaround_closed"],
    )


def truth(report: Report) -> str:
    """The most important sentence: how long 90 of 100 take, and how closed tickets alone mislead about it."""
    true, closed = _rows(report)
    p90, closed_p90 = _at(true, 90), _at(closed, 90)
    alone = ""
    if closed_p90 is not None and p90 != closed_p90:
        of = f"{closed.denominator:,} closed tickets" if closed.denominator != 1 else "one closed ticket"
        alone = f"the {of} alone would say {_time(closed_p90, closed)}"
    if p90 is None:
        unknown = _unknown(true, "90 of 100 units")
        return f"{unknown} {alone[0].upper()}{alone[1:]}." if alone else unknown
    said = f"90 of 100 units are back within {_time(p90, true)}"
    left_out = f", for they leave out the {true.censored:,} that are still here" if true.censored else ""
    return f"{said}; {alone}{left_out}." if alone else f"{said}."


def _rows(report: Report) -> tuple[ReportRow, ReportRow]:
    (true,), (closed,) = report.of("turnaround"), report.of("turnaround_closed")
    return true, closed


def _told(true: ReportRow) -> str:
    half, most = _at(true, 50), _at(true, 90)
    if half is None:
        return _unknown(true, "half of the units")
    if most is None:
        return f"Half of the units are back within {_time(half, true)}. {_unknown(true, '90 of 100')}"
    return f"Half of the units are back within {_time(half, true)}, 90 of 100 within {_time(most, true)}."


def _unknown(true: ReportRow, share: str) -> str:
    """Why it cannot be said how long it takes."""
    if not true.denominator:
        return "No ticket of the period was received, so nothing can be said of how long a repair takes."
    here = f"{true.censored:,} of {true.denominator:,} are still here"
    return f"Within how long {share} are back cannot be said yet: {here}."


def _time(number: Number, row: ReportRow) -> str:
    return f"{number:,.1f} {_UNITS[row.unit]}"


def _at(row: ReportRow, percent: int) -> Number | None:
    return (row.percentiles or {}).get(f"p{percent}")


def _limit(limit: Limit, percent: int) -> Number | None:
    return None if limit is None or isinstance(limit, int | float) else limit.get(f"p{percent}")


def _curve(name: str, row: ReportRow) -> Curve:
    return Curve(
        name=name,
        at={percent: _at(row, percent) for percent in PERCENTS},
        low={percent: _limit(row.low, percent) for percent in PERCENTS},
        high={percent: _limit(row.high, percent) for percent in PERCENTS},
    )


def _table(true: ReportRow, closed: ReportRow) -> Html:
    unit = _UNITS[true.unit]
    headings = ["of 100 units", f"back within, {unit}", "95 % from", "to", f"closed only, {unit}"]
    rows = []
    for percent in _TABLED:
        told = (_at(true, percent), _limit(true.low, percent), _limit(true.high, percent), _at(closed, percent))
        rows.append([str(percent), *("not reached" if number is None else f"{number:,.2f}" for number in told)])
    return table(headings, rows, numbers=range(len(headings)))
