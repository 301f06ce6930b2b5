"""Exhibits of how things stand: clocks met, complaints, what is open, and where the days go."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from ticketing.domain.phrases import spaced
from ticketing.pages.chart_style import BESIDE, FIGURE, OTHER_PARTY, PARTIES
from ticketing.pages.charts import both_widths
from ticketing.pages.exhibit import (
    Cell,
    Exhibit,
    figure_cell,
    interval_said,
    known,
    limits,
    nothing_said,
    numbers,
    of_group,
    rate_columns,
    rate_said,
)
from ticketing.pages.row_chart import Line, Scale, row_chart
from ticketing.projections.report import Report, ReportRow

# rates


def compliance(report: Report) -> Exhibit:
    """Which clocks were met."""
    rows = report.of("sla")
    seen = known(rows)
    drawn: list[Line] = []
    for policy, members in groupby(seen, key=_policy):
        drawn.append(Line(name=policy))
        drawn += [rate_line(str(row.group.get("clock")), row) for row in members]
    pictures = []
    if drawn:
        scale = Scale(title="met, per 100 clocks with a verdict", end=100)
        said = "; ".join(f"{row.group.get('clock')}: {rate_said(row)}" for row in seen)
        pictures.append(both_widths(lambda width: row_chart(drawn, scale, width), said))
    columns = rate_columns({"figure": figure_cell, "policy": of_group("policy"), "clock": of_group("clock")})
    tabled = [row for row in report.rows if row.percentiles is None]
    return Exhibit(
        anchor="sla",
        title="Were the clocks met?",
        told=_compliance_told(seen) if seen else nothing_said(rows, "no clock was judged"),
        report=report,
        main=seen[0] if len(seen) == 1 else None,
        pictures=pictures,
        numbers=numbers(tabled, columns),
        tabled=tabled,
    )


def _policy(row: ReportRow) -> str:
    """The policy, with the versions that judged the clock."""
    versions = "+".join(policy.rpartition("@")[2] for policy in row.policies or ())
    return f"{row.group.get('policy')}{'@' * bool(versions)}{versions}"


def _compliance_told(seen: Sequence[ReportRow]) -> str:
    least = min(seen, key=lambda row: row.value or 0)
    others = f", the least of {len(seen)} clocks" if len(seen) > 1 else ""
    clock = least.group.get("clock")
    return f"The clock {clock} was met {least.numerator:,} of {least.denominator:,} times{others}."


def complaints(report: Report) -> Exhibit:
    """How many complain."""
    names = {
        "complaint_rate": f"{report.parameters.get('w_days')} days after hand-back",
        "complaint_rate_opened": f"{report.parameters.get('h_days')} days after opening",
    }
    seen = known(report.rows)
    drawn = [rate_line(names[row.figure], row) for row in seen]
    pictures = []
    if drawn:
        scale = Scale(title="with a complaint, per 100 tickets", end=max(line.high or 0 for line in drawn))
        said = "; ".join(f"{names[row.figure]}: {rate_said(row)}" for row in seen)
        pictures.append(both_widths(lambda width: row_chart(drawn, scale, width), said))
    return Exhibit(
        anchor="complaints",
        title="How many complain?",
        told=_complaints_told(report),
        report=report,
        main=report.rows[0],
        pictures=pictures,
        numbers=numbers(report.rows, rate_columns({"figure": figure_cell})),
        beside=["complaint_rate_opened"],
    )


def _complaints_told(report: Report) -> str:
    (rate,) = report.of("complaint_rate")
    if rate.value is None:
        return f"Nothing can be said yet: {rate.reason}."
    said = f"{rate.numerator:,} of {rate.denominator:,} tickets handed back were complained about"
    return f"{said}: {rate.value:,.1f} of 100 (95 % limits {interval_said(rate)})."


def rate_line(name: str, row: ReportRow, colour: str = FIGURE, *, is_faint: bool = False) -> Line:
    """A rate with its interval."""
    low, high = limits(row)
    return Line(
        name=name,
        said=rate_said(row),
        more=interval_said(row),
        value=row.value,
        low=low,
        high=high,
        colour=colour,
        is_faint=is_faint,
    )


# what is open


def backlog(report: Report) -> Exhibit:
    """How old what is open is."""
    (whole,) = report.of("backlog")
    ages = whole.ages or {}
    drawn = [Line(name=_age(age), said=f"{count:,}", value=count, is_bar=True) for age, count in ages.items()]
    pictures = []
    if whole.numerator:
        scale = Scale(title="open tickets", end=max(ages.values()), least=1)
        said = f"Open tickets by age: {', '.join(f'{_age(age)} {count:,}' for age, count in ages.items())}."
        pictures.append(both_widths(lambda width: row_chart(drawn, scale, width), said))
    tabled = [row for row in report.rows if row.ages is not None]
    columns: dict[str, Cell] = {
        "state": lambda row: spaced(row.group.get("state") or "all"),
        "waits for": lambda row: spaced(row.group.get("wait") or ""),
        "open": lambda row: row.numerator,
        **{_age(age): _aged(age) for age in ages},
    }
    return Exhibit(
        anchor="backlog",
        title="What is open, and for how long?",
        told=_backlog_told(report, whole),
        report=report,
        main=None,
        pictures=pictures,
        numbers=numbers(tabled, columns),
        tabled=tabled,
    )


def _age(age: str) -> str:
    return f"{age.replace('-', '–').replace('>', 'over ')} days"


def _aged(age: str) -> Cell:
    return lambda row: (row.ages or {}).get(age, 0)


def _backlog_told(report: Report, whole: ReportRow) -> str:
    if not whole.numerator:
        return "No ticket is open."
    *_, (age, count) = (whole.ages or {}).items()
    if whole.numerator == 1:
        return "1 ticket is open."
    said = f"{whole.numerator:,} tickets are open, {f'{count:,}' if count else 'none'} of them for {_age(age)}."
    states = sorted(report.of("backlog_by_state"), key=lambda row: -row.numerator)
    if not states:
        return said
    state, wait = states[0].group.get("state"), states[0].group.get("wait")
    waits = f" and waits ({spaced(wait)})" if wait not in (None, "none") else ""
    return f"{said} The largest group, {states[0].numerator:,}, is {spaced(state or 'in no state')}{waits}."


# where the days go


_SMALL = 1.0
"""Causes with less than this per 100 are drawn together."""

_IN_DAYS = 240
"""So many hours and more are said in days."""


def ledger(report: Report) -> Exhibit:
    """Where the time went, by party and cause."""
    rows = [row for row in report.of("ledger") if row.share is not None]
    drawn = list(_ledger_lines(rows))
    pictures = []
    if drawn:
        end = max(line.value or 0 for line in drawn)
        scale = Scale(title="per 100 of the time from receipt to hand-back", end=end)
        said = "; ".join(f"{row.group['party']}, {spaced(row.group['cause'] or '')}: {row.share:.1f}" for row in rows)
        pictures.append(both_widths(lambda width: row_chart(drawn, scale, width), said))
    columns: dict[str, Cell] = {
        "figure": figure_cell,
        "party": of_group("party"),
        "cause": lambda row: spaced(row.group.get("cause") or ""),
        "hours": lambda row: row.value,
        "per 100": lambda row: row.share,
        "tickets": lambda row: (row.parts or {}).get("tickets", 0),
        "of these go on": lambda row: row.censored or None,
        "left out": lambda row: row.excluded or None,
    }
    return Exhibit(
        anchor="ledger",
        title="Where do the days go?",
        told=_ledger_told(rows) if rows else nothing_said(report.rows, "no ticket was received"),
        report=report,
        main=None,
        pictures=pictures,
        numbers=numbers(report.rows, columns),
    )


def _parties(rows: Sequence[ReportRow]) -> list[tuple[str, list[ReportRow]]]:
    """The parties, whose time is most first, each with its causes, likewise."""
    by_party: dict[str, list[ReportRow]] = {}
    for row in sorted(rows, key=lambda row: -(row.share or 0)):
        by_party.setdefault(row.group.get("party") or "unknown", []).append(row)
    return sorted(by_party.items(), key=lambda one: -_share(one[1]))


def _share(rows: Sequence[ReportRow]) -> float:
    return sum(row.share or 0 for row in rows)


def _ledger_lines(rows: Sequence[ReportRow]) -> Iterator[Line]:
    for party, causes in _parties(rows):
        colour = PARTIES.get(party, BESIDE if party == "nobody" else OTHER_PARTY)
        yield Line(name=party, said=f"{_share(causes):,.1f}", more=_lasted(causes))
        small = [row for row in causes if (row.share or 0) < _SMALL]
        single = causes if len(small) < 2 else causes[: len(causes) - len(small)]
        for row in single:
            yield _ledger_line(spaced(row.group.get("cause") or "unknown"), [row], colour)
        if len(small) > 1:
            yield _ledger_line(f"{len(small)} {'other ' * bool(single)}causes", small, colour)


def _ledger_line(name: str, rows: Sequence[ReportRow], colour: str) -> Line:
    share = _share(rows)
    return Line(name=name, said=f"{share:,.1f}", more=_lasted(rows), value=share, is_bar=True, colour=colour)


def _lasted(rows: Sequence[ReportRow]) -> str:
    hours = sum(row.value or 0 for row in rows)
    return f"{hours / 24:,.0f} d" if hours >= _IN_DAYS else f"{hours:,.1f} h"


def _ledger_told(rows: Sequence[ReportRow]) -> str:
    party, causes = _parties(rows)[0]
    whose = "nobody's" if party == "nobody" else f"the {party}'s"
    cause = spaced(causes[0].group.get("cause") or "unknown")
    said = f"Of 100 days from receipt to hand-back {_share(causes):,.0f} are {whose}"
    return f"{said}, {causes[0].share or 0:,.0f} of them for {cause}." if len(causes) > 1 else f"{said}, for {cause}."
