"""Standard: what a version of a manufacturer's standard says of the facts known: covered, not covered, or undecidable.

Laws of this file: an assessment depends on its two arguments alone, and decides nothing. What is not known is neither
true nor false: a clause is the conjunction of its criteria in Kleene's three-valued logic.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from ticketing.domain.assessment import Answer, Asks, Assessment, ClauseAnswer, ClauseAssessed, Reason
from ticketing.domain.clauses import Clause, CoveragePeriod, Criterion, Since, Stage
from ticketing.domain.events import Finding
from ticketing.domain.known import Known
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Code, Party, Quantity, decimal_text


def assess(standard: StandardPublished, known: Known) -> Assessment:
    """What the version says of the facts known.

    What one clause excludes is not covered, whatever others cover; what no clause can cover is not covered either. It
    is undecidable while a clause that may exclude, or every clause that may cover, lacks a fact.
    """
    assessed = [(clause.effect, _clause(clause, known)) for clause in standard.clauses if clause.effect is not None]
    if not assessed:
        unsaid = tuple(f"criteria:{clause.id}" for clause in standard.clauses)
        return Assessment(standard=standard.key, version=standard.version, answer="undecidable", missing=unsaid)
    answer, turning = _over_all(
        [clause for effect, clause in assessed if effect == "covers"],
        [clause for effect, clause in assessed if effect == "excludes"],
    )
    missing = dict.fromkeys(name for clause in turning for reason in clause.reasons for name in reason.missing)
    return Assessment(
        standard=standard.key,
        version=standard.version,
        answer=answer,
        clauses=tuple(clause for _, clause in assessed),
        missing=tuple(missing),
    )


def _over_all(covering: list[ClauseAssessed], excluding: list[ClauseAssessed]) -> tuple[Answer, list[ClauseAssessed]]:
    """The answer, and the clauses on which it turns where it is undecidable."""
    open_covers = [clause for clause in covering if clause.answer == "undecidable"]
    open_excludes = [clause for clause in excluding if clause.answer == "undecidable"]
    is_covered = any(clause.answer == "covers" for clause in covering)
    if any(clause.answer == "excludes" for clause in excluding) or not (is_covered or open_covers):
        return "not_covered", []
    if is_covered:
        return ("undecidable", open_excludes) if open_excludes else ("covered", [])
    return "undecidable", [*open_covers, *open_excludes]


def _clause(clause: Clause, known: Known) -> ClauseAssessed:
    reasons = tuple(_reasons(clause, known))
    answer: ClauseAnswer
    if any(reason.holds is False for reason in reasons):
        answer = "does_not_apply"
    elif any(reason.holds is None for reason in reasons):
        answer = "undecidable"
    else:
        answer = "excludes" if clause.effect == "excludes" else "covers"
    return ClauseAssessed(clause=clause.id, answer=answer, reasons=reasons, burden=_burden(clause, known))


# criteria, in the order of a clause's fields


def _reasons(clause: Clause, known: Known) -> Iterator[Reason]:
    if clause.models:
        yield _model(clause.models, known.model)
    if clause.manufactured_from is not None or clause.manufactured_to is not None:
        yield _between("manufactured", clause.manufactured_from, clause.manufactured_to, known.manufactured_on)
    if clause.purchased_from is not None or clause.purchased_to is not None:
        yield _between("purchased", clause.purchased_from, clause.purchased_to, known.purchased_on)
    if clause.period is not None:
        yield _period(clause.period, known)
    if clause.causes or clause.defect_codes:
        yield from _found(clause, known.findings)
    for criterion in clause.inspections:
        for stage in criterion.stages:
            yield from _inspection(criterion, stage, known)
    for kind in clause.evidence:
        yield _told("evidence", kind in known.evidence or None, (kind,), f"evidence:{kind}")


def _told(asks: Asks, holds: bool | None, about: Iterable[str], missing: str) -> Reason:
    """The reason, with what is missing where it is not told."""
    return Reason(asks=asks, holds=holds, about=tuple(about), missing=(missing,) if holds is None else ())


def _model(models: tuple[str, ...], model: str | None) -> Reason:
    if model is None:
        return _told("model", None, (), "model")
    return _told("model", model in models, (model,), "")


def _between(asks: Asks, first: date | None, last: date | None, day: date | None) -> Reason:
    """Whether a day lies between two, both inclusive; None leaves a side open."""
    asked = f"{first or '..'}/{last or '..'}"
    if day is None:
        return _told(asks, None, (asked,), f"{asks}_on")
    holds = (first is None or day >= first) and (last is None or day <= last)
    return _told(asks, holds, (asked, str(day)), "")


_DAY_OF: Mapping[Since, str] = {
    "purchase": "purchased_on",
    "manufacture": "manufactured_on",
    "hand_over": "handed_over_on",
}


def _period(period: CoveragePeriod, known: Known) -> Reason:
    since: date | None = getattr(known, _DAY_OF[period.since])
    if since is None:
        return _told("period", None, (period.since,), _DAY_OF[period.since])
    reported_on = _reported_on(since, known)
    days = _days_in_repair(known, since, reported_on) if period.is_extended_by_repair else 0
    last = end_of_period(since, period.months, days)
    about = (period.since, str(since), str(last))
    if reported_on is None:
        return _told("period", None, about, "opened_on")
    return _told("period", reported_on <= last, (*about, str(reported_on)), "")


def _reported_on(since: date, known: Known) -> date | None:
    """When the fault was reported; a period that began later asks when the unit came back with it."""
    return known.cycle_opened_on if known.opened_on is not None and known.opened_on < since else known.opened_on


def _days_in_repair(known: Known, since: date, reported_on: date | None) -> int:
    """Days, each once, of the stays that began after the day the period counts from and before the fault was reported.

    Its own stay does not count: a fault that was reported too late is not in time because it was worked on.
    """
    days, counted_to = 0, since.toordinal()
    for first, last in known.stays:
        if first > since and reported_on is not None and first < reported_on:
            end = min(last, reported_on).toordinal()
            days += max(0, end - max(first.toordinal() - 1, counted_to))
            counted_to = max(counted_to, end)
    return days


def end_of_period(since: date, months: int, days: int = 0) -> date:
    """The last day of a period of calendar months and days after a day, inclusive.

    It has the number of the day from which it counts, or is the last of its month where that has no such day; the days
    are added afterwards.

    Source: Regulation (EEC, Euratom) No 1182/71, Article 3(1) and (2)(c), and so §§ 187(1), 188(2) and (3) of the
    German Civil Code; Article 3(4), on Sundays and holidays, is about the time to act and moves no coverage. Days in
    repair prolong a guarantee in Russia (Consumer Rights Act, Article 20(3)) from the day of the complaint to the day
    of the hand-out, both counted.
    """
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    end = date(year, month + 1, min(since.day, monthrange(year, month + 1)[1]))
    return end + timedelta(days) if days <= (date.max - end).days else date.max


def _found(clause: Clause, findings: tuple[Finding, ...]) -> Iterator[Reason]:
    """The findings on which it turns: one that fulfils it, else those that do not say, else all."""
    if not findings:
        yield _told("finding", None, (), "diagnosis")
        return
    reasons = [_finding(clause, finding) for finding in findings]
    holding = [reason for reason in reasons if reason.holds]
    yield from holding[:1] or [reason for reason in reasons if reason.holds is None] or reasons


def _finding(clause: Clause, finding: Finding) -> Reason:
    """Whether one finding has a cause and a defect code that the clause names; no fault has no code."""
    code = finding.defect_code
    about = (finding.finding_id, finding.cause, *((code.system, code.code) if code is not None else ()))
    has_cause: bool | None = not clause.causes or finding.cause in clause.causes
    if not has_cause and finding.cause == "unknown":
        has_cause = None
    has_code: bool | None = not clause.defect_codes or (code is not None and _is_among(code, clause.defect_codes))
    if not has_code and code is None and finding.cause != "none_found":
        has_code = None
    if has_cause is False or has_code is False:
        return _told("finding", False, about, "")
    if has_cause is None:
        return _told("finding", None, about, "diagnosis")
    return _told("finding", has_code, about, "defect_code")


def _is_among(code: Code, codes: tuple[Code, ...]) -> bool:
    # Part by part: to compare two models of pydantic takes ten times as long, and a clause may name many codes.
    return any(code.code == one.code and code.system == one.system for one in codes)


def _inspection(criterion: Criterion, stage: Stage, known: Known) -> Iterator[Reason]:
    """What the last test of a stage says to the threshold, and to whether it has to have passed."""
    place, made = (criterion.test, stage), known.tests.get((criterion.test, stage))
    asked = _threshold(criterion)
    if asked is not None:
        yield _reading(criterion, place, asked, made.reading) if made is not None else _not_made(place, asked)
    if criterion.passed is not None:
        wanted = "passed" if criterion.passed else "failed"
        if made is None:
            yield _not_made(place, wanted)
        else:
            said = "passed" if made.passed else "failed"
            yield _told("inspection", said == wanted, (*place, wanted, said), "")


def _not_made(place: tuple[str, Stage], asked: str) -> Reason:
    return _told("inspection", None, (*place, asked), f"test:{place[0]}:{place[1]}")


def _reading(criterion: Criterion, place: tuple[str, Stage], asked: str, reading: Quantity | None) -> Reason:
    about = (*place, asked, *((f"{decimal_text(reading.value)} {reading.unit}",) if reading is not None else ()))
    if reading is None or reading.unit != criterion.unit:
        return _told("inspection", None, about, f"reading:{place[0]}:{place[1]}")
    low, high = criterion.at_least, criterion.at_most
    holds = (low is None or reading.value >= low) and (high is None or reading.value <= high)
    return _told("inspection", holds, about, "")


def _threshold(criterion: Criterion) -> str | None:
    low = f">={decimal_text(criterion.at_least)} " if criterion.at_least is not None else ""
    high = f"<={decimal_text(criterion.at_most)} " if criterion.at_most is not None else ""
    return f"{low}{high}{criterion.unit or ''}".strip() if low or high else None


def _burden(clause: Clause, known: Known) -> Party | None:
    """Who has to prove, on the day on which the fault was reported.

    Source: the shape is that of Directive (EU) 2019/771, Article 11: for one year from delivery the seller, then the
    buyer; who and how long is the standard's own.
    """
    burden = clause.burden_of_proof
    if burden is None or burden.until_months is None:
        return burden.on if burden is not None else None
    since: date | None = getattr(known, _DAY_OF[burden.since])
    reported_on = _reported_on(since, known) if since is not None else None
    if since is None or reported_on is None:
        return None
    return burden.on if reported_on <= end_of_period(since, burden.until_months) else burden.then_on
