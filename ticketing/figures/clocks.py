"""The questions people ask of clocks: how many were met, at which sites, which promises were kept, where time went."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Unpack

from ticketing.answering import Asked, Question, Read, Rows, counted, gathered_anew, known_history, understood
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.cuts import cut
from ticketing.domain.judged import Judged, State
from ticketing.domain.reference import PolicyPublished
from ticketing.domain.values import Event, Recorded
from ticketing.projections import ledger_totals as ledgers
from ticketing.projections import promises as dates
from ticketing.projections import sites as places
from ticketing.projections import sla as compliance
from ticketing.projections.asked import percentiles_asked, policy_asked
from ticketing.projections.built_in import CLOCK_ROWS
from ticketing.projections.clock_counts import OTHERWISE, judged_otherwise
from ticketing.projections.clock_states import ended_at
from ticketing.projections.judged_anew import JudgedAnewRows
from ticketing.projections.report import Cohort, Report
from ticketing.projections.restated import Difference, reasons
from ticketing.projections.sample import Scope
from ticketing.projections.sla_under import gather_under


def sla(
    app: Ticketing, *, under: str | None = None, percentiles: Sequence[int] = (50, 90), **asked: Unpack[Asked]
) -> Report:
    """Clocks met ÷ clocks with a verdict, by policy and clock, and every clock that was judged otherwise then.

    Args:
        app: The application on the store.
        under: `POLICY@VERSION`: judge the clocks of that policy by that version too, whatever was in force, also one
            that was published later; the log is folded anew for it, and the differences are between the two.
        percentiles: Of the overrun of clocks stopped late, from 1 to 99.
        asked: See `Asked`.

    Returns:
        Rows of `sla`, `sla_judged_then`, `sla_over_service` and `sla_overrun`; with `under` of `sla` and `sla_under`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
        NotFound: The version to judge under was never published; the text names what was.
    """
    question = understood(app, compliance.SLA, asked, sla)
    shown = percentiles_asked(percentiles)
    if under is not None:
        return _sla_under(app, question, under)
    found, read = counted(app, CLOCK_ROWS, question, lambda rows: compliance_of(rows, question.scope, question.cohort))
    rows = compliance.sla(found, question.cohort, shown)
    report = question.report(rows, read, percentiles=shown)
    return replace(report, differences=_differences(app, question, read, found))


def sla_judged_by(app: Ticketing, policy: PolicyPublished, **asked: Unpack[Asked]) -> Report:
    """The clocks that one version of a policy judges, and no others.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, compliance.SLA, asked, sla_judged_by)
    of_clocks = compliance.counts(question.scope, question.cohort)
    found, read = counted(
        app,
        CLOCK_ROWS,
        question,
        lambda rows: compliance.compliance(
            rows.count(of_clocks), question.scope, judged_by=(policy.key, policy.version)
        ),
    )
    return question.report(compliance.sla(found, question.cohort, ()), read)


def _sla_under(app: Ticketing, question: Question, under: str) -> Report:
    asked_for = policy_asked(under, app.store.rules_at(app.store.head()))
    policy = asked_for.thing
    position = app.store.head() if question.position is None else question.position
    rules = app.store.rules_at(max(position, asked_for.position))
    found, read = gathered_anew(
        app,
        JudgedAnewRows(CLOCK_ROWS, policy, rules),
        question,
        lambda rows: gather_under(rows, policy.key, question.scope, question.cohort),
        position,
        beside=CLOCK_ROWS,
    )
    differences = _differences(app, question, read, found, f"{policy.key}@{policy.version}")
    rows = compliance.sla(found, question.cohort, ())
    report = question.report(rows, read, under=f"{policy.key}@{policy.version}")
    return replace(report, differences=differences)


def sites(app: Ticketing, *, percentiles: Sequence[int] = (50, 90), **asked: Unpack[Asked]) -> Report:
    """The clocks of stays by site, how long the stays were, and how much of that was queue, work and waiting.

    Args:
        app: The application on the store.
        percentiles: Of the length of stays, from 1 to 99.
        asked: See `Asked`.

    Returns:
        Rows of `sites`, where a policy has clocks that bind sites, of `stays` and of `site_time`.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, places.SITES, asked, sites)
    shown = percentiles_asked(percentiles)
    found, read = counted(app, CLOCK_ROWS, question, lambda rows: at_sites_of(rows, question.scope, question.cohort))
    return question.report(places.sites(found, question.cohort, shown), read, percentiles=shown)


def promises(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Dates told to customers: kept ÷ those kept or broken, the first of each cycle alone, and how many were re-made.

    Raises:
        BadInput: Something asked cannot be understood, or scipy is missing.
    """
    question = understood(app, dates.PROMISES, asked, promises)
    found, read = counted(app, CLOCK_ROWS, question, lambda rows: told_of(rows, question.scope, question.cohort))
    return question.report(dates.promises(found, question.cohort), read)


def ledger(app: Ticketing, **asked: Unpack[Asked]) -> Report:
    """Where the time of tickets went, by party and cause; the parts of a group add up to its turnaround.

    Raises:
        BadInput: Something asked cannot be understood.
    """
    question = understood(app, ledgers.LEDGER, asked, ledger)
    found, read = counted(app, CLOCK_ROWS, question, lambda rows: totals_of(rows, question.scope, question.cohort))
    return question.report(ledgers.ledger(found, question.cohort), read)


# what is counted of rows


def compliance_of(rows: Rows, scope: Scope, cohort: Cohort) -> compliance.Compliance:
    """The clocks of a cohort, and those that were judged otherwise then."""
    asked = compliance.counts(scope, cohort)
    otherwise = rows.chosen(judged_otherwise(asked, scope.observed_until), *OTHERWISE)
    return compliance.compliance(rows.count(asked), scope, (told for _, *told in otherwise))


def at_sites_of(rows: Rows, scope: Scope, cohort: Cohort) -> places.AtSites:
    """The clocks, stays and times at the sites of a cohort."""
    asked = places.asked(scope, cohort)
    return places.at_sites(scope, rows.count(asked.clocks), rows.count(asked.stays), rows.count(asked.spans))


def told_of(rows: Rows, scope: Scope, cohort: Cohort) -> dates.Told:
    """The promises of a cohort."""
    return dates.told(rows.count(dates.counts(scope, cohort)), scope)


def totals_of(rows: Rows, scope: Scope, cohort: Cohort) -> ledgers.Totals:
    """Where the time of a cohort went."""
    asked = ledgers.asked(scope, cohort)
    parts = (rows.count(counts) for counts in (asked.tickets, asked.spans, asked.overlaps))
    return ledgers.totals(scope, asked.by, *parts)


# clocks that were judged twice


def _differences(
    app: Ticketing, question: Question, read: Read, found: compliance.Compliance, under: str | None = None
) -> tuple[Difference, ...]:
    """What differs, in order of ticket number and clock; reads the history of each ticket that it names."""
    differences = []
    for one in found.differing:
        history = known_history(app, question, read, one.case.ticket_id)
        differences.append(_difference(one, history, _number(history, question), under))
    return tuple(sorted(differences, key=lambda one: (one.ticket, one.ticket_id, one.clock_of_ticket)))


def _number(history: Sequence[Recorded[Event]], question: Question) -> str:
    facts = cut(history, as_of=question.as_of)
    return next((fact.event.number for fact in facts if isinstance(fact.event, e.TicketOpened)), "")


def _difference(
    differing: compliance.Differing, history: Sequence[Recorded[Event]], number: str, under: str | None
) -> Difference:
    case, judged = differing.case, differing.case.judged
    by = f"{judged.policy}@{judged.policy_version}"
    return Difference(
        ticket=number,
        ticket_id=str(case.ticket_id),
        policy=judged.policy,
        clock=judged.clock,
        cycle=judged.cycle,
        subject=judged.subject,
        started_at=judged.started_at,
        first=differing.first,
        first_at=_reached_at(case.first, differing.first) if under else _seen_at(judged, differing.first),
        first_by=None if case.first is None else by,
        second=differing.second,
        second_at=_reached_at(judged if under is None else case.second, differing.second),
        second_by=under or by,
        because=reasons(judged, history) if under is None else (),
    )


def _seen_at(judged: Judged, state: State | None) -> datetime | None:
    """When it was first seen to have come to a verdict; None where it had none."""
    return judged.judged_then_at if state in {"met", "breached"} else None


def _reached_at(judged: Judged | None, state: State | None) -> datetime | None:
    """When a clock came to stand so; None while it is open and within its target."""
    if judged is None or state is None:
        return None
    if state == "cancelled":
        return ended_at(judged)
    if state == "breached":
        return judged.verdict_at or judged.within_until
    return judged.verdict_at
