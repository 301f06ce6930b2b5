"""Comparisons of a rate: which group stands out from the others, and which month from the rest, by more than chance.

Any report will do whose own figure is a rate. Its rows keep their figure and definition and are told how they stand;
where it tells more apart than it was asked to, as `sla` does clocks, like is compared with like.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ticketing.answering import Asked
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, nearest
from ticketing.projections import outliers
from ticketing.projections.report import PER_100, Compared, Figure, Number, Report, ReportRow
from ticketing.projections.statistics import rounded

FUNNEL = Figure("funnel", 1, ())
CONTROL_CHART = Figure("control_chart", 1, ())
PERIODS = ("month", "quarter")

Compare = Callable[[Sequence[ReportRow]], Iterable[ReportRow]]


def funnel(
    app: Ticketing, report: Callable[..., Report], minimum_n: int, by: Sequence[str], asked: Mapping[str, object]
) -> Report:
    """The report with each of its groups compared with the others.

    Args:
        app: The application on the store.
        report: What is compared.
        minimum_n: The fewest cases that a group is judged by, from 1.
        by: What is compared, at least one dimension.
        asked: What else the report is asked.

    Raises:
        BadInput: It is no rate, there is no dimension, or the minimum is below 1.
    """
    _refuse_unknown(FUNNEL, report, asked, "by", "minimum_n", "of")
    _require_minimum(minimum_n, "a group")
    if not by:
        _require_rates(report(app, position=0))  # of no fact at all: what it has no rate of needs no dimension either
        raise BadInput("a funnel compares groups: name at least one dimension to group by, such as site")
    answer = report(app, by=by, **asked)
    rows = _compared(answer, by, lambda rows: _standings(rows, minimum_n))
    return _renamed(FUNNEL, report, answer, rows, minimum_n=minimum_n)


def control_chart(
    app: Ticketing, report: Callable[..., Report], minimum_n: int, by: Sequence[str], asked: Mapping[str, object]
) -> Report:
    """The report by month, or by quarter if that is among the dimensions, with limits about the rate of all of them.

    Args:
        app: The application on the store.
        report: What is charted.
        minimum_n: The fewest cases that a month is judged by, from 1.
        by: The dimensions; each group of those beside the period has a chart of its own.
        asked: What else the report is asked.

    Raises:
        BadInput: It is no rate, both periods are named, or the minimum is below 1.
    """
    _refuse_unknown(CONTROL_CHART, report, asked, "by", "minimum_n", "of")
    _require_minimum(minimum_n, "a month")
    periods = [name for name in by if name in PERIODS]
    if len(periods) > 1:
        raise BadInput("a control chart goes by month or by quarter, not by both")
    answer = report(app, by=(*by, *(() if periods else PERIODS[:1])), **asked)
    rows = _compared(answer, periods or PERIODS[:1], lambda rows: _points(rows, minimum_n))
    return _renamed(CONTROL_CHART, report, answer, rows, minimum_n=minimum_n)


def _require_minimum(minimum_n: int, what: str) -> None:
    if minimum_n < 1:
        raise BadInput(f"minimum_n {minimum_n}: {what} is judged by at least one case")


def _refuse_unknown(figure: Figure, report: Callable[..., Report], asked: Iterable[str], *own: str) -> None:
    """Refuses a parameter that neither the comparison has nor the report, before the report is asked."""
    of_report = [one.name for one in inspect.signature(report).parameters.values() if one.kind is one.KEYWORD_ONLY]
    known = [*own, *of_report, *Asked.__annotations__]
    for name in asked:
        if name not in known:
            raise BadInput(f"{name} is no parameter of {figure.name}; the nearest is {nearest(name, known)}")


def _renamed(
    figure: Figure, report: Callable[..., Report], answer: Report, rows: tuple[ReportRow, ...], **parameters: int
) -> Report:
    given = dict(answer.parameters)
    return replace(
        answer,
        figure=figure.name,
        definition=figure.definition,
        parameters={"by": given.pop("by"), "of": report.__name__, **parameters, **given},
        rows=rows,
        differences=None,
    )


def _compared(answer: Report, among: Sequence[str], compare: Compare) -> tuple[ReportRow, ...]:
    """The rows of the report's first figure, compared with those that differ from them in these dimensions alone."""
    rows = _require_rates(answer)
    alike: dict[tuple[tuple[str, str | None], ...], list[int]] = {}
    for place, row in enumerate(rows):
        apart = tuple((name, value) for name, value in row.group.items() if name not in among)
        alike.setdefault(apart, []).append(place)
    compared: dict[int, ReportRow] = {}
    for places in alike.values():
        compared |= zip(places, compare([rows[place] for place in places]), strict=True)
    return tuple(compared[place] for place in range(len(rows)))


def _require_rates(answer: Report) -> tuple[ReportRow, ...]:
    """The rows of the report's first figure.

    Raises:
        BadInput: They are no rates.
    """
    rows = answer.of(answer.rows[0].figure)
    if not rows or any(row.unit != PER_100 for row in rows):
        raise BadInput(f"{answer.figure} has no rate per 100 to compare, as complaint_rate has")
    return rows


def _standings(rows: Sequence[ReportRow], minimum_n: int) -> Iterable[ReportRow]:
    """Each group as it stands; tickets of an unknown site or the like are no group, nor part of the pooled rate."""
    named = [row for row in rows if row.group and _unknown(row) is None]
    rates = [(row.numerator, row.denominator) for row in named]
    centre = outliers.pooled(rates)
    standings = iter(outliers.funnel(rates, minimum_n))
    for row in rows:
        unknown = _unknown(row)
        standing = next(standings) if row.group and unknown is None else _NOWHERE
        reason = None
        if unknown is not None:
            reason = f"{unknown} unknown: compared with no other"
        elif standing.is_too_few:
            reason = f"fewer than {minimum_n}: not ranked"
        elif standing.p is None:
            reason = "there is no other to compare with"
        yield replace(row, reason=row.reason or reason, compared=_standing(centre, standing))


_NOWHERE = outliers.Standing(None, None, None, None, None, None, is_too_few=False)


def _unknown(row: ReportRow) -> str | None:
    return next((name for name, value in row.group.items() if value is None), None)


def _standing(centre: float | None, standing: outliers.Standing) -> Compared:
    low, high = _per_100(standing.limits)
    wide_low, wide_high = _per_100(standing.wide_limits)
    return {
        "pooled": _rounded(centre, 100),
        "low_95": low,
        "high_95": high,
        "low_998": wide_low,
        "high_998": wide_high,
        "p": _rounded(standing.p),
        "p_adjusted": _rounded(standing.p_adjusted),
        "rank": standing.rank,
        "stands_out": standing.stands_out,
        "is_too_few": standing.is_too_few,
    }


def _points(rows: Sequence[ReportRow], minimum_n: int) -> Iterable[ReportRow]:
    """Each month as it stands to all of them; one complaint in three tickets is no signal, wherever the limits lie."""
    chart = outliers.laney([(row.numerator, row.denominator) for row in rows])
    for row, found in zip(rows, chart.points, strict=True):
        point = found or _NO_POINT
        is_too_few = 0 < row.denominator < minimum_n
        reason = None
        if is_too_few:
            reason = f"fewer than {minimum_n}: not judged"
        elif chart.sigma_z is None:
            reason = "all of them had it, or none" if point.z is None else "alone: neighbours are compared for p′"
        compared = _point(chart, point, is_too_few=is_too_few)
        yield replace(row, reason=row.reason or reason, compared=compared)


_NO_POINT = outliers.Point(None, None, None, is_signal=False, is_signal_prime=False)


def _point(chart: outliers.Chart, point: outliers.Point, *, is_too_few: bool) -> Compared:
    low, high = _per_100(point.limits)
    prime_low, prime_high = _per_100(point.limits_prime)
    return {
        "centre": _rounded(chart.centre, 100),
        "sigma_z": _rounded(chart.sigma_z),
        "z": _rounded(point.z),
        "low_p": low,
        "high_p": high,
        "low_p_prime": prime_low,
        "high_p_prime": prime_high,
        "is_signal_p": point.is_signal and not is_too_few,
        "is_signal_p_prime": point.is_signal_prime and not is_too_few,
        "is_too_few": is_too_few,
    }


def _per_100(limits: outliers.Limits | None) -> tuple[Number | None, Number | None]:
    return (None, None) if limits is None else (rounded(100 * limits[0]), rounded(100 * limits[1]))


def _rounded(number: float | None, per: int = 1) -> Number | None:
    return None if number is None else rounded(per * number)
