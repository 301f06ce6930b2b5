"""`diff`: what changed in what was known of one ticket between two instants, and which fact changed it."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Annotated

import typer
from rich.text import Text

from ticketing.application import Ticketing
from ticketing.cli.difference_words import label, said
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, write_json
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.ticket_state import TextOf, in_json
from ticketing.cli.tickets import TicketName, fact_json
from ticketing.cli.times import ABOUT_INSTANTS, Zone, instant_given, shown, zone_named
from ticketing.domain.difference import Difference, FactChange, FieldChange
from ticketing.domain.errors import BadInput, NotFound
from ticketing.domain.events import EventCorrected, EventRetracted
from ticketing.domain.values import Event, Recorded, instant_text
from ticketing.domain.wording import in_words


def add_to(app: typer.Typer) -> None:
    """Adds this command to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="One ticket")(diff)


_EPILOG = f"""{ABOUT_INSTANTS}
What was recorded after EARLIER, up to and with LATER, is told.

Try it:
  ticketing diff R-1001 --between 2026-03-05 2026-03-12
  ticketing diff R-1001 --between 2026-03-05 2026-03-12 --format json"""


def diff(
    ticket: TicketName,
    between: Annotated[
        tuple[str, str],
        typer.Option("--between", metavar="EARLIER LATER", help="The two instants; of one day, that day and the next."),
    ],
    store: StoreUrl = None,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
) -> None:
    """Tells what changed in what was known of one ticket: facts, corrections, and how it reads since."""
    local = zone_named(zone)
    earlier, later = (_instant(text, local) for text in between)
    with opened_to_ask(store) as app:
        found = app.difference(ticket, between=(earlier, later))
        after = app.ticket(ticket, known_at=later)
        if not after.version:
            raise NotFound(f"of ticket {ticket} nothing was known by {shown(later, local)}")
        if form == "json":
            write_json(_json(found, app))
            return
        name = after.number or ticket
        when = f"between {shown(earlier, local)} and {shown(later, local)}"
        if not found.recorded:
            say(f"Nothing changed in what was known of {name} {when}.")
        else:
            say(Text.assemble((name, "heading"), f"  {when}"))
            _show(found, app, local)
        say(Text(f"{found.ticket_id}; times in {zone}", "faint"))


def _instant(text: str, zone: tzinfo) -> datetime:
    instant = instant_given("--between", text, zone)
    if instant is None:  # the option demands both
        raise BadInput("--between: give two instants")
    return instant


def _show(found: Difference, app: Ticketing, zone: tzinfo) -> None:
    corrections = [fact for fact in found.recorded if _is_correction(fact)]
    if plain := [fact for fact in found.recorded if not _is_correction(fact)]:
        _heading(f"{len(plain)} {'fact was' if len(plain) == 1 else 'facts were'} recorded")
        _show_facts(plain, found.changes, app, zone)
    if corrections:
        _heading(f"{len(corrections)} {'record sets' if len(corrections) == 1 else 'records set'} earlier facts right")
        _show_facts(corrections, found.changes, app, zone)
    _heading("It reads otherwise since" if found.fields else "It reads as before")
    width = max((len(label(field.path)) for field in found.fields), default=0)
    ordered = sorted(found.fields, key=lambda field: [fact.version for fact in reversed(field.by)])
    for by, changed in groupby(ordered, key=lambda field: field.by):
        heading = plain_table(has_header=False)
        heading.add_row(Text(_by(by, zone), "faint"))
        show_table(heading)
        lines = plain_table(has_header=False)
        lines.add_column(min_width=width + 2, no_wrap=True)
        lines.add_column()
        for field in changed:
            was, is_ = (said(value, field.path, app.text, zone) for value in (field.was, field.is_))
            lines.add_row(f"  {label(field.path)}", Text(printable(f"{was} → {is_}")))
        show_table(lines)


def _heading(text: str) -> None:
    say(Text())
    say(Text(text, "heading"))


# facts


def _is_correction(fact: Recorded[Event]) -> bool:
    return isinstance(fact.event, EventCorrected | EventRetracted)


def _show_facts(facts: Sequence[Recorded[Event]], changes: Sequence[FactChange], app: Ticketing, zone: tzinfo) -> None:
    """One line for each fact: when it was recorded, who did what, when that happened, and what became of it."""
    lines = plain_table(has_header=False)
    lines.add_column(justify="right", style="faint", no_wrap=True)
    lines.add_column(style="faint", no_wrap=True)
    lines.add_column()
    for fact in facts:
        told = Text.assemble((_who(fact), "who"), f" {printable(in_words(fact, app.text))}")
        if shown(fact.occurred_at, zone) != shown(fact.recorded_at, zone):
            told.append(f" [happened {shown(fact.occurred_at, zone)}]", "mark")
        for change in changes:
            if change.fact.version == fact.version and not _is_correction(fact):
                told.append(f" [{_became(change)}]", "mark")
            elif change.by.version == fact.version and (effect := _effect(change, app.text, zone)):
                told.append(f"\n{printable(effect)}")
        lines.add_row(str(fact.version), shown(fact.recorded_at, zone), told)
    show_table(lines)


def _who(fact: Recorded[Event]) -> str:
    return f"{fact.actor.role.replace('_', ' ')} {fact.actor.id}"


def _became(change: FactChange) -> str:
    what = f"{change.field} corrected" if change.kind == "corrected" else change.kind
    return f"{what} by {change.by.version}"


def _effect(change: FactChange, text: TextOf, zone: tzinfo) -> str:
    """What a correction or retraction did to a fact, as far as its own words do not say it."""
    if change.kind == "retracted":
        return f"→ fact {change.fact.version} no longer stands: {in_words(change.fact, text)}"
    if change.kind == "restored":
        return f"→ fact {change.fact.version} stands again: {in_words(change.fact, text)}"
    if isinstance(change.by.event, EventCorrected) and change.by.event.target_version == change.fact.version:
        return ""
    was, is_ = (said(value, (change.field or "",), text, zone) for value in (change.was, change.is_))
    return f"→ {change.field} of fact {change.fact.version}: {was} → {is_}"


# the ticket


def _by(facts: Sequence[Recorded[Event]], zone: tzinfo) -> str:
    """The facts that changed something, and of the last of them when it was recorded, and by whom."""
    versions = ", ".join(str(fact.version) for fact in facts)
    last = facts[-1]
    which = f"fact {versions}," if len(facts) == 1 else f"facts {versions}, the last"
    return f"by {which} recorded {shown(last.recorded_at, zone)} by {_who(last)}"


# for programs


def _json(found: Difference, app: Ticketing) -> dict[str, object]:
    return {
        "ticket_id": str(found.ticket_id),
        "between": [instant_text(found.earlier), instant_text(found.later)],
        "recorded": [fact_json(fact, (), app) for fact in found.recorded],
        "changes": [_change_json(change, app.text) for change in found.changes],
        "fields": [_field_json(field, app.text) for field in found.fields],
    }


def _change_json(change: FactChange, text: TextOf) -> dict[str, object]:
    return {
        "version": change.fact.version,
        "kind": change.kind,
        "field": change.field,
        "was": in_json(change.was, text),
        "is": in_json(change.is_, text),
        "by": _by_json(change.by),
    }


def _field_json(field: FieldChange, text: TextOf) -> dict[str, object]:
    return {
        "path": list(field.path),
        "was": in_json(field.was, text),
        "is": in_json(field.is_, text),
        "by": [_by_json(fact) for fact in field.by],
    }


def _by_json(fact: Recorded[Event]) -> dict[str, object]:
    return {
        "version": fact.version,
        "recorded_at": instant_text(fact.recorded_at),
        "actor": fact.actor.model_dump(mode="json"),
    }
