"""`explain`: how one clock of a ticket comes to its verdict, line by line, to be checked with a calendar on paper."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.text import Text

from ticketing import explanations
from ticketing.cli.explain_days import day_table
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, write_json
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.ticket_state import Line
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import ABOUT_INSTANTS, AsOf, KnownAt, instant_given, shown, zone_named
from ticketing.domain.durations import amount
from ticketing.domain.explanation import Explanation, FactTold, VersionTold, WaitTold
from ticketing.domain.judged import Judged
from ticketing.domain.no_clock import asked_of
from ticketing.domain.phrases import either, spaced

At = Callable[[datetime], str]


def add_to(app: typer.Typer) -> None:
    """Adds this command to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="One ticket")(explain)


_EPILOG = f"""{ABOUT_INSTANTS}
Without --zone such a date begins at midnight UTC.
CLOCK is POLICY/CLOCK, or CLOCK alone; of several add /SUBJECT or #CYCLE.

Try it:
  ticketing explain R-1001 turnaround
  ticketing explain R-1001 turnaround --under boreas-contract@2
  ticketing explain R-1001 sites/stay/north#2 --as-of 2026-03-05 --format json"""


def explain(
    ticket: TicketName,
    clock: Annotated[str, typer.Argument(metavar="CLOCK", help="The clock: its id, with its policy where need be.")],
    store: StoreUrl = None,
    under: Annotated[
        str | None,
        typer.Option(metavar="POLICY@VERSION", help="Judge the clock by this version, whatever was in force."),
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="Zone of printed times; that of the clock's calendar by default."),
    ] = None,
    form: TableOrJson = "table",
) -> None:
    """Explains one clock of a ticket: versions, open hours, pauses, what each day counted, due date and verdict."""
    given = zone_named(zone or "UTC")
    happened, known = instant_given("--as-of", as_of, given), instant_given("--known-at", known_at, given)
    with opened_to_ask(store) as app:
        found = explanations.explain(app, ticket, clock, under=under, as_of=happened, known_at=known)
    if form == "json":
        write_json(found.model_dump(mode="json"))
        return
    at = partial(shown, zone=given if zone is not None else zone_named(found.zone))
    say(
        Text.assemble(
            (printable(found.number or ticket), "heading"), f"  {printable(found.judged.name)}: {found.state}"
        )
    )
    if found.title:
        say(printable(found.title))
    _show(_causes(found, at))
    if found.days:
        say(Text())
        show_table(day_table(found))
    say(Text())
    _show(_outcome(found, at))
    of_days = f", days and hours in {found.zone}" if found.days and zone not in {None, found.zone} else ""
    say(Text(f"{found.ticket_id}, as of {at(found.at)}; times in {zone or found.zone}{of_days}", "faint"))


def _show(lines: Iterator[Line]) -> None:
    table = plain_table(has_header=False)
    table.add_column(style="faint", no_wrap=True, min_width=11)
    table.add_column()
    for label, said in lines:
        table.add_row(label, Text(printable(said)))
    show_table(table)


# what made it


def _causes(found: Explanation, at: At) -> Iterator[Line]:
    yield "policy", _version(found.policy, at)
    yield "", _why_this_version(found)
    for version in found.calendar:
        extends = ", counts after the horizon of the others alone" if version.is_extension else ""
        yield "calendar", f"{_version(version, at)}{extends}"
    if found.frozen_until is not None:
        yield "", f"zone {found.zone}, holidays frozen until {found.frozen_until}"
    if asked := asked_of(found.conditions, found.manufacturer):
        yield "asks for", asked
        for held in found.held:
            yield "", f"held from {at(held.from_at)}{f' until {at(held.to_at)}' if held.to_at is not None else ''}"
    yield "started", _fact(found.start, at)
    for number, fact in enumerate(found.told if len(found.told) > 1 else ()):
        yield "dates" if number == 0 else "", _fact(fact, at)
    for number, wait in enumerate(wait for wait in found.waits if wait.is_pausing):
        yield "pauses" if number == 0 else "", _wait(wait, at)
    for number, wait in enumerate(wait for wait in found.waits if not wait.is_pausing):
        yield "no pause" if number == 0 else "", _wait(wait, at)
    if found.stop is not None:
        yield "stopped", _fact(found.stop, at)
    elif found.ending is not None:
        yield "ended", _fact(found.ending, at)


def _version(version: VersionTold, at: At) -> str:
    published = f" {at(version.published_at)}" if version.published_at is not None else ""
    effective = f"effective from {at(version.effective_from)}"
    return f"{version.key}@{version.version}, {effective}, published{published} at position {version.position}"


def _why_this_version(found: Explanation) -> str:
    if found.is_forced:
        return "the version asked about, whatever was in force; calendars as published by now"
    if found.judged.is_reconstructed:
        return "in force at the start, of all versions published: the start was imported"
    return "in force at the start, of the versions published before the start was recorded"


def _fact(fact: FactTold, at: At) -> str:
    recorded = f", recorded {at(fact.recorded_at)}" if at(fact.recorded_at) != at(fact.occurred_at) else ""
    how = ", imported" if fact.is_imported else recorded
    return f"{at(fact.occurred_at)} by fact {fact.version}: {spaced(fact.actor.role)} {fact.actor.id} {fact.words}{how}"


def _wait(wait: WaitTold, at: At) -> str:
    about = f" {wait.dispute_id}" if wait.dispute_id is not None else ""
    until = f"until {at(wait.to_at)}" if wait.to_at is not None else "and goes on"
    facts = (
        f"fact {wait.from_version}" if wait.to_version is None else f"facts {wait.from_version} and {wait.to_version}"
    )
    return f"{spaced(wait.cause)}{about} from {at(wait.from_at)} {until} ({facts})"


# what comes of it


def _outcome(found: Explanation, at: At) -> Iterator[Line]:
    judged = found.judged
    if judged.measure != "until":
        yield "used", f"{amount(judged.used, judged.measure)} of {amount(judged.target, judged.measure)}"
    yield "due", _due(found, at)
    yield "verdict", _verdict(found, at)
    yield from _judged_then(found, at)
    for number, fact in enumerate(found.notices):
        yield "notices" if number == 0 else "", _fact(fact, at)
    for notice in judged.notices:
        when = f"from {at(notice.at)} on" if notice.at is not None else "nobody can say when"
        yield "next", f"notice {spaced(notice.kind)} to {notice.to}, {when}"


def _due(found: Explanation, at: At) -> str:
    judged = found.judged
    if judged.due_at is not None:
        late = f", provisional: the calendar is frozen until {found.frozen_until} only" if judged.is_provisional else ""
        return f"{at(judged.due_at)}{late}"
    if judged.due_if_resumed_at is not None:
        return f"undefined while it is paused; {at(judged.due_if_resumed_at)} if it went on now"
    return "undefined while it is paused" if judged.is_paused else "never: its hours do not come"


def _verdict(found: Explanation, at: At) -> str:
    judged = found.judged
    kind = ", reconstructed: its start was imported" if judged.is_reconstructed else ""
    if judged.verdict == "met" and judged.verdict_at is not None:
        return f"met {at(judged.verdict_at)}{kind}"
    if found.state == "breached" and (judged.verdict_at or judged.within_until) is not None:
        return f"breached after {at(judged.verdict_at or judged.within_until or found.at)}{kind}"
    if found.state == "cancelled" and judged.cancelled_at is not None:
        return f"none: cancelled {at(judged.cancelled_at)}, {_because(judged)}{kind}"
    causes = f" for {either(map(spaced, judged.paused_for))}" if judged.paused_for else ""
    return f"none yet: {found.state}{causes}{kind}"


def _because(judged: Judged) -> str:
    match judged.cancelled_because:
        case "conditions":
            return "its conditions ceased"
        case "closed":
            return "the ticket was closed"
        case "superseded":
            return "another took the place of what it was about"
        case _:
            return "what started it was taken back"


def _judged_then(found: Explanation, at: At) -> Iterator[Line]:
    judged = found.judged
    if judged.judged_then is None or judged.judged_then_at is None:
        return
    if judged.judged_then == judged.verdict:
        yield "judged then", f"the same, {at(judged.judged_then_at)}"
        return
    yield "judged then", f"{judged.judged_then}, {at(judged.judged_then_at)}; what changed it was recorded later:"
    for fact in found.restated:
        yield "", f"{at(fact.recorded_at)} recorded: {_fact(fact, at)}"
