"""Exhibits of comparisons: what changed over time, and which site, technician or model stands out."""

from collections.abc import Sequence

from ticketing.domain.phrases import spaced
from ticketing.pages.chart_style import BESIDE, FIGURE, SIGNAL
from ticketing.pages.charts import both_widths
from ticketing.pages.control_chart import Month, control_chart
from ticketing.pages.exhibit import (
    Cell,
    Exhibit,
    group_name,
    known,
    limits,
    nothing_said,
    numbers,
    of_group,
    rate_columns,
    rate_said,
)
from ticketing.pages.funnel_chart import Limits, Point, funnel_chart
from ticketing.pages.markup import Html, tag
from ticketing.pages.row_chart import Line, Scale, row_chart
from ticketing.pages.section_overview import rate_line
from ticketing.projections.outliers import TAILS, binomial_limits
from ticketing.projections.report import Number, Report, ReportRow

_RATE = "complaints, per 100 tickets handed back"
_NOBODY = "There is nothing to compare: no complaint is on record."
_MOST_RANKED = 15
"""A picture ranks no more, save those that stand out; the table has all."""

_SIZES = 120
"""At so many sizes the limits of a funnel are worked out."""

_BEYOND = 1.08
"""How far they go on behind the largest group."""

# over time


def over_time(report: Report) -> Exhibit:
    """The rate by month between its limits."""
    seen = known(report.rows)
    centre = _number(seen[0], "centre") if seen else None
    told = nothing_said(report.rows, "no ticket was handed back") if centre is None else _NOBODY
    pictures = []
    if centre:
        told = _over_time_told(seen)
        months = [_month(row) for row in report.rows[: report.rows.index(seen[-1]) + 1]]
        said = f"Complaint rate by month, mean {centre:,.1f}. {told}"
        pictures.append(both_widths(lambda width: control_chart(months, centre, _RATE, width), said))
    columns: dict[str, Cell] = rate_columns({"month": lambda row: tag("time", group_name(row, "month"))}) | {
        "limit p′ from": _column("low_p_prime"),
        "p′ to": _column("high_p_prime"),
        "signal": lambda row: "yes" if _is(row, "is_signal_p_prime") else None,
    }
    return Exhibit(
        anchor="over-time",
        title="Did complaints rise or fall?",
        told=told,
        report=report,
        main=None,
        pictures=pictures,
        numbers=numbers(report.rows, columns),
    )


def _month(row: ReportRow) -> Month:
    return Month(
        name=group_name(row, "month"),
        rate=row.value,
        low=_number(row, "low_p_prime"),
        high=_number(row, "high_p_prime"),
        is_signal=_is(row, "is_signal_p_prime"),
    )


def _over_time_told(seen: Sequence[ReportRow]) -> str:
    signals = [row for row in seen if _is(row, "is_signal_p_prime")]
    if not signals:
        return "No month lies outside the limits: between them, rises and falls are what chance alone makes."
    named = "; ".join(f"{group_name(row, 'month')} ({rate_said(row)})" for row in signals)
    return f"Outside the limits of chance: {named}."


# beside each other


def standing_out(report: Report, dimension: str) -> Exhibit:
    """The groups of one dimension: the funnel, and their order with intervals."""
    named = [row for row in known(report.rows) if row.group.get(dimension) is not None]
    pooled = _number(named[0], "pooled") if named else None
    told = _nothing_to_compare(report, named, dimension)
    pictures = []
    if pooled and len(named) > 1:
        told = _standing_told(report, dimension, pooled)
        pictures = [_funnel(named, pooled, dimension, told), _ranking(named, pooled, dimension, told)]
    columns: dict[str, Cell] = rate_columns({"rank": _column("rank"), spaced(dimension): of_group(dimension)}) | {
        "by chance from": _column("low_95"),
        "by chance to": _column("high_95"),
        "p adjusted": _column("p_adjusted"),
        "stands out": lambda row: str((row.compared or {}).get("stands_out") or ""),
    }
    return Exhibit(
        anchor=f"by-{dimension}",
        title=f"Which {spaced(dimension)} stands out?",
        told=told,
        report=report,
        main=None,
        pictures=pictures,
        numbers=numbers(sorted(report.rows, key=_by_rank), columns),
    )


def _nothing_to_compare(report: Report, named: Sequence[ReportRow], dimension: str) -> str:
    if not named:
        return nothing_said(report.rows, f"no {spaced(dimension)} is known of any ticket handed back")
    if len(named) == 1:
        return f"There is nothing to compare: {group_name(named[0], dimension)} is the only {spaced(dimension)}."
    return _NOBODY


def _standing_told(report: Report, dimension: str, pooled: Number) -> str:
    """Who stands out, by how much; or that nobody does."""
    outside = [row for row in report.rows if _is(row, "stands_out")]
    judged = sum(1 for row in report.rows if _number(row, "rank") is not None)
    word, fewest = spaced(dimension), report.parameters.get("minimum_n")
    if not judged:
        return f"No {word} has the {fewest} tickets that it takes to be judged."
    of = f"{judged} judged, with at least {fewest} tickets each" if judged > 1 else f"1 judged, with {fewest} or more"
    if not outside:
        return f"No {word} stands out by more than chance ({of})."
    named = "; ".join(
        f"{group_name(row, dimension)} {(row.compared or {}).get('stands_out')} it ({rate_said(row)})"
        for row in sorted(outside, key=_by_rank)
    )
    return f"All have {pooled:,.1f} of 100; by more than chance stand out {named}. {of[0].upper()}{of[1:]}."


def _funnel(rows: Sequence[ReportRow], pooled: Number, dimension: str, told: str) -> Html:
    points = [
        Point(
            name=group_name(row, dimension),
            n=row.denominator,
            rate=row.value or 0.0,
            is_signal=_is(row, "stands_out"),
            is_too_few=_is(row, "is_too_few"),
        )
        for row in rows
    ]
    largest = max(point.n for point in points) * _BEYOND
    sizes = sorted({max(1, round(largest * step / _SIZES)) for step in range(1, _SIZES + 1)})
    lines = [_limits(pooled, sizes, tail) for tail in TAILS]
    said = f"Funnel of the complaint rate by {spaced(dimension)}. {told}"
    titles = _RATE, "tickets handed back"
    return both_widths(lambda width: funnel_chart(points, pooled, lines, titles, width), said)


def _limits(pooled: Number, sizes: Sequence[int], tail: float) -> list[Limits]:
    """The limits of chance about the pooled rate for groups of these sizes."""
    found = zip(sizes, binomial_limits(pooled / 100, sizes, tail), strict=True)
    return [Limits(n=size, low=100 * limit[0], high=100 * limit[1]) for size, limit in found if limit is not None]


def _ranking(rows: Sequence[ReportRow], pooled: Number, dimension: str, told: str) -> Html:
    ordered = sorted(rows, key=_by_rank)
    shown = [row for place, row in enumerate(ordered) if place < _MOST_RANKED or _is(row, "stands_out")]
    too_few = [row for row in shown if _is(row, "is_too_few")]
    judged = shown[: len(shown) - len(too_few)]
    drawn = [_ranked(row, dimension) for row in judged]
    drawn += [Line(name="too few to be judged")] if too_few else []
    drawn += [_ranked(row, dimension) for row in too_few]
    if len(shown) < len(ordered):
        drawn.append(Line(name=f"and {len(ordered) - len(shown)} more, in the table", is_faint=True))
    highs = [limits(row)[1] or 0 for row in judged] + [row.value or 0 for row in shown]
    scale = Scale(title=_RATE, end=max(pooled, *highs), held_against=pooled, held_name=f"all {pooled:,.1f}")
    said = f"Ranking by {spaced(dimension)}, the highest rate first. {told}"
    return both_widths(lambda width: row_chart(drawn, scale, width), said)


def _ranked(row: ReportRow, dimension: str) -> Line:
    rank, name = _number(row, "rank"), group_name(row, dimension)
    if rank is None:
        return rate_line(name, row, BESIDE, is_faint=True)
    return rate_line(f"{rank}. {name}", row, SIGNAL if _is(row, "stands_out") else FIGURE)


def _by_rank(row: ReportRow) -> tuple[float, int, str]:
    """Those that are ranked in their order, then the others, the largest first."""
    rank = _number(row, "rank")
    return (float("inf") if rank is None else rank, -row.denominator, str(sorted(row.group.items())))


def _column(name: str) -> Cell:
    return lambda row: _number(row, name)


def _is(row: ReportRow, name: str) -> bool:
    return bool((row.compared or {}).get(name))


def _number(row: ReportRow, name: str) -> Number | None:
    found = (row.compared or {}).get(name)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
