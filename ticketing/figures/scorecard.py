"""The scorecard: the figures that a manufacturer's contract names, by its own days, clocks, targets and least numbers.

A version of the contract measures the tickets that come into a figure's cohort while it is in force, whatever a later
one says. A clock counts under the version that judges it, which was in force when it started, whenever it is due in the
period: so a version that is no longer in force has a row while clocks of it are due.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Unpack

from ticketing.answering import Asked, together, understood
from ticketing.application import Ticketing
from ticketing.domain.errors import BadInput, NotFound, nearest
from ticketing.domain.measured import MeasuredFigure
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.time_rules import Publication, TimeRules
from ticketing.domain.values import instant_text
from ticketing.figures.clocks import promises, sla_judged_by
from ticketing.figures.complaints import complaint_rate, complaint_rate_opened, complaints
from ticketing.figures.money import claims
from ticketing.figures.repairs import first_time_fix, no_fault_found, repeat_rate
from ticketing.figures.turnaround import backlog, first_pass, turnaround
from ticketing.projections.report import Figure, Number, Report, ReportRow
from ticketing.projections.sample import Scope

SCORECARD = Figure("scorecard", 1, ("by_figure",))
_LAST = timedelta(microseconds=1)

Ask = Callable[[Ticketing, MeasuredFigure, Asked], Report]


def _turnaround(app: Ticketing, figure: MeasuredFigure, asked: Asked) -> Report:
    """The percentile, and where it may take whole days the share handed back in so many."""
    most = None if figure.at_most is None or figure.at_most % 1 else int(figure.at_most)
    return turnaround(app, percentiles=[figure.percentile or 0], unit="d", within_days=most, **asked)


def _long_term(app: Ticketing, figure: MeasuredFigure, asked: Asked) -> Report:
    """Of the last instant at which the version is in force and that the scorecard knows of."""
    until, as_of = asked.get("to"), asked.get("as_of")
    last = min(at for at in (until, as_of) if isinstance(at, datetime))
    of_instant: Asked = {**asked, "from_": None, "to": None, "as_of": last}
    return backlog(app, older_than=figure.days or 0, **of_instant)


_ASKED: Mapping[str, Ask] = {
    "claims": lambda app, figure, asked: claims(app, **asked),
    "complaint_rate": lambda app, figure, asked: complaint_rate(app, w_days=figure.days or 0, **asked),
    "complaint_rate_opened": lambda app, figure, asked: complaint_rate_opened(app, h_days=figure.days or 0, **asked),
    "complaints_per_1000": lambda app, figure, asked: complaints(app, h_days=figure.days or 0, **asked),
    "first_pass": lambda app, figure, asked: first_pass(app, **asked),
    "first_time_fix": lambda app, figure, asked: first_time_fix(app, n_days=figure.days or 0, **asked),
    "long_term": _long_term,
    "no_fault_found": lambda app, figure, asked: no_fault_found(app, **asked),
    "promises": lambda app, figure, asked: promises(app, **asked),
    "repeat_rate": lambda app, figure, asked: repeat_rate(app, n_days=figure.days or 0, **asked),
    "turnaround": _turnaround,
    "within_days": lambda app, figure, asked: turnaround(app, within_days=figure.days, **asked),
}
"""How each figure that a contract may name is asked for; `sla` is, by the version whose clocks count."""

FIGURES = {*_ASKED, "sla"}
"""The figures that a scorecard can tell."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A version of a contract for as long as it is in force within the period.

    Attributes:
        since: The first instant.
        until: The last; None for no end.
        is_over: Whether it was in force before the period alone, of which it is then the whole.
    """

    contract: PolicyPublished
    since: datetime
    until: datetime | None
    is_over: bool = False

    @property
    def group(self) -> dict[str, str | None]:
        until = None if self.until is None else instant_text(self.until)
        name = f"{self.contract.key}@{self.contract.version}"
        return {"contract": name, "from": instant_text(self.since), "to": until}


def scorecard(app: Ticketing, *, manufacturer: str = "", **asked: Unpack[Asked]) -> Report:
    """The figures by which a manufacturer's contracts measure the company, each with its target, met or not.

    Args:
        app: The application on the store.
        manufacturer: Whose tickets, and whose contracts: policies for this manufacturer that name figures.
        asked: See `Asked`; dimensions and a cohort are the contract's, so none may be asked for.

    Returns:
        A row for each figure of each version of a contract in force in the period, with the version in its group, and
        `compared`: `at_most` or `at_least`, `minimum_n`, `is_met` (None where nothing can be said) and what the
        contract says beside.

    Raises:
        BadInput: Something asked cannot be understood, no manufacturer is named, or scipy is missing.
        NotFound: The manufacturer has no contract that names figures, or none was in force in the period.
    """
    if asked.get("by") or asked.get("cohort"):
        raise BadInput("a scorecard has the groups and cohorts of its contract: leave out by and cohort")
    question = understood(app, SCORECARD, asked, scorecard)
    position = app.store.head() if question.position is None else question.position
    rules = app.store.rules_at(position)
    if not manufacturer:
        raise BadInput(_no_manufacturer(rules))
    terms = list(_terms(app, rules, manufacturer, question.scope))
    asks = [
        (term, figure)
        for term in terms
        for figure in term.contract.figures
        if figure.figure == "sla" or not term.is_over
    ]
    rest = {name: given for name, given in asked.items() if name not in {"from_", "to", "by", "cohort"}}
    rest["as_of"] = question.as_of
    if all(term.is_over for term, _ in asks):
        raise NotFound(f"no contract of {manufacturer!r} was in force in the period")
    period: Asked = {"from_": asked.get("from_"), "to": asked.get("to")}
    answers = together(app, rest, [_report(app, term, figure, period) for term, figure in asks])  # type: ignore[arg-type]
    of_terms = zip(asks, answers, strict=True)
    rows = [(term, _row(term, figure, manufacturer, answer)) for (term, figure), answer in of_terms]
    (first, *_) = answers
    return replace(
        first,
        figure=SCORECARD.name,
        definition=SCORECARD.definition,
        parameters={"manufacturer": manufacturer},
        cohort="by_figure",
        from_=question.from_,
        to=question.to,
        as_of=instant_text(question.as_of),
        set_aside=max(answer.set_aside for answer in answers),
        rows=tuple(row for term, row in rows if not term.is_over or row.denominator + row.excluded + row.censored),
        differences=None,
    )


def _report(app: Ticketing, term: _Term, figure: MeasuredFigure, period: Asked) -> Callable[[Asked], Report]:
    def made(asked: Asked) -> Report:
        of_term: Asked = {**asked, "by": ("manufacturer",), "from_": term.since, "to": term.until}
        if figure.figure == "sla":
            of_period: Asked = {**of_term, **period}
            return sla_judged_by(app, term.contract, **of_period)
        return _ASKED[figure.figure](app, figure, of_term)

    return made


def _terms(app: Ticketing, rules: TimeRules, manufacturer: str, period: Scope) -> Iterator[_Term]:
    """Every version in force at some instant of the period or before it, in order of contract and time."""
    contracts = {
        key: versions
        for key, versions in rules.policies.items()
        if any(one.thing.manufacturer == manufacturer and one.thing.figures for one in versions)
    }
    if not contracts:
        raise NotFound(_no_contract(rules, manufacturer))
    from_at, before = period.from_at, period.before
    for versions in contracts.values():
        in_time = _in_force(app, versions)
        for number, (since, contract) in enumerate(in_time):
            next_one = in_time[number + 1][0] if number + 1 < len(in_time) else None
            first = max(since, from_at) if from_at is not None else since
            last = min((at for at in (next_one, before) if at is not None), default=None)
            if contract.manufacturer != manufacturer:
                continue
            if last is None or first < last:
                yield _Term(contract, first, None if last is None else last - _LAST)
            elif from_at is not None and last <= from_at:
                yield _Term(contract, from_at, None if before is None else before - _LAST, is_over=True)


def _in_force(
    app: Ticketing, versions: Sequence[Publication[PolicyPublished]]
) -> list[tuple[datetime, PolicyPublished]]:
    """From which instant on which version is in force: the latest that is effective.

    A later version changes nothing of the time before it was published, unless it says that it is retroactive.
    """
    since: list[tuple[datetime, PolicyPublished]] = []
    for number, one in enumerate(versions):
        effective = one.thing.effective_from.astimezone(UTC)
        is_late = number > 0 and not one.thing.is_retroactive
        since.append((max(effective, app.store.recorded_at(one.position)) if is_late else effective, one.thing))
    found: list[tuple[datetime, PolicyPublished]] = []
    for at in sorted({instant for instant, _ in since}):
        latest = max((thing for instant, thing in since if instant <= at), key=lambda thing: thing.version)
        if not found or found[-1][1] is not latest:
            found.append((at, latest))
    return found


def _no_manufacturer(rules: TimeRules) -> str:
    having = _having_contracts(rules)
    told = f"there are {', '.join(having)}" if having else "no contract names figures, as a policy does"
    return f"give manufacturer; {told}"


def _having_contracts(rules: TimeRules) -> list[str]:
    """The manufacturers with a contract that names figures."""
    return sorted(
        {
            one.thing.manufacturer
            for versions in rules.policies.values()
            for one in versions
            if one.thing.figures and one.thing.manufacturer is not None
        }
    )


def _no_contract(rules: TimeRules, manufacturer: str) -> str:
    having = _having_contracts(rules)
    if not having:
        return f"no contract of {manufacturer!r} names figures, as a policy does under policy.figures"
    return f"no contract of {manufacturer!r} names figures; the nearest manufacturer is {nearest(manufacturer, having)}"


def _row(term: _Term, figure: MeasuredFigure, manufacturer: str, answer: Report) -> ReportRow:
    """The row of the report that is about the manufacturer, held against the target."""
    found = [row for row in answer.of(figure.figure) if _is_about(row, term, figure, manufacturer, answer)]
    like = next(iter(answer.of(figure.figure)), answer.rows[0])
    none = replace(like, figure=figure.figure, group={}, numerator=0, denominator=0, excluded=0, censored=0)
    row = (
        found[0]
        if found
        else replace(
            none, value=None, percentiles=None, low=None, high=None, reason=f"no ticket of {manufacturer} in the period"
        )
    )
    row = _as_one_number(row, f"p{figure.percentile}")
    is_too_few = row.denominator < figure.minimum_n
    said = {
        "at_most": _number(figure.at_most),
        "at_least": _number(figure.at_least),
        "minimum_n": figure.minimum_n,
        "days": figure.days,
        "clock": figure.clock,
        "percentile": figure.percentile,
    }
    return replace(
        row,
        group=term.group,
        reason=row.reason or (f"fewer than {figure.minimum_n}: not judged" if is_too_few else None),
        compared={
            **{name: given for name, given in said.items() if given is not None},
            "is_too_few": is_too_few,
            "is_met": None if is_too_few else _is_met(row, figure, answer, manufacturer),
        },
    )


def _is_about(row: ReportRow, term: _Term, figure: MeasuredFigure, manufacturer: str, answer: Report) -> bool:
    of_clock = (row.group.get("policy"), row.group.get("clock"))
    is_clock = figure.clock is None or of_clock == (term.contract.key, figure.clock)
    has_begun = instant_text(term.since) <= answer.as_of  # a backlog is of an instant, whatever the term
    return has_begun and is_clock and row.group.get("manufacturer") == manufacturer


def _as_one_number(row: ReportRow, percentile: str) -> ReportRow:
    if row.percentiles is None:
        return row
    low, high = (limits.get(percentile) if isinstance(limits, Mapping) else None for limits in (row.low, row.high))
    return replace(row, value=row.percentiles.get(percentile), percentiles=None, low=low, high=high)


def _is_met(row: ReportRow, figure: MeasuredFigure, answer: Report, manufacturer: str) -> bool | None:
    """Whether the target is met.

    Whoever leaves late tickets open is not spared the verdict: a percentile that is not reached yet misses its target
    once its lower limit is past it, or once the upper limit of the share handed back in time is below it.
    """
    value = row.value
    if value is None:
        within = [one.high for one in answer.of("within_days") if one.group.get("manufacturer") == manufacturer]
        is_past = isinstance(row.low, int | float) and figure.at_most is not None and row.low > figure.at_most
        are_few = any(isinstance(high, int | float) and high < (figure.percentile or 0) for high in within)
        return False if is_past or (are_few and figure.figure == "turnaround") else None
    if figure.at_most is not None:
        return value <= figure.at_most
    return figure.at_least is None or value >= figure.at_least


def _number(given: object) -> Number | None:
    return None if given is None else float(str(given))
