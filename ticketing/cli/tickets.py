"""`show`, `history` and `erase`: one ticket, what is known of it, what happened, and forgetting a person."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ticketing.adapters.notary import Witnessed
from ticketing.application import Ticketing
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, stderr, tell, write_json
from ticketing.cli.stores import StoreUrl, opened_to_ask, refuse_the_store
from ticketing.cli.ticket_state import assessed_lines, in_json, state_json, state_lines
from ticketing.cli.times import ABOUT_INSTANTS, AsOf, KnownAt, Zone, instant_given, shown, zone_named
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import BadInput, NotFound
from ticketing.domain.events import EventCorrected, EventRetracted, EvidenceSubmitted, TicketOpened
from ticketing.domain.known import known_of
from ticketing.domain.standard import assess
from ticketing.domain.values import NATIVE, Event, Recorded, instant_text
from ticketing.domain.wording import in_words

_COMMANDS = "One ticket"
_LATE = timedelta(hours=1)
"""A native fact recorded longer than this after it occurred is marked."""

TicketName = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's number or id.")]
AtVersion = Annotated[
    int | None, typer.Option("--at-version", metavar="N", min=1, help="Only the first N facts of the ticket.")
]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_SHOW_EPILOG, rich_help_panel=_COMMANDS)(show)
    app.command(epilog=_HISTORY_EPILOG, rich_help_panel=_COMMANDS)(history)
    app.command(rich_help_panel=_COMMANDS)(erase)


_SHOW_EPILOG = f"""{ABOUT_INSTANTS}

Try it:
  ticketing show R-1001
  ticketing show R-1001 --known-at 2026-03-05 --zone Europe/Berlin
  ticketing show R-1001 --page --out R-1001.html"""


def show(
    ticket: TicketName,
    store: StoreUrl = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    at_version: AtVersion = None,
    is_page: Annotated[
        bool, typer.Option("--page", help="Draw its time line with clocks and waits, as a page for a browser.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page; TICKET.html if not given. Not overwritten."),
    ] = None,
    is_forced: Annotated[bool, typer.Option("--force", help="Overwrite the page.")] = False,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
) -> None:
    """Shows the state of one ticket, now or as it was, or as it was known, at some moment."""
    local = zone_named(zone)
    happened, known = instant_given("--as-of", as_of, local), instant_given("--known-at", known_at, local)
    _refuse_misfits(is_page=is_page, form=form, at_version=at_version, of_page=out is not None or is_forced)
    with opened_to_ask(store) as app:
        if is_page:
            path = out or Path(f"{_file_name(app.ticket(ticket).number or ticket)}.html")
            refuse_the_store(path, store)
            _draw(app, ticket, path, as_of=happened, known_at=known, zone=local, is_replacing=is_forced)
            return
        facts = app.history(ticket, as_of=happened, known_at=known, at_version=at_version)
        found = app.ticket(ticket, as_of=happened, known_at=known, at_version=at_version)
        _refuse_nothing(ticket, facts)
        symptom = next((fact.event.symptom for fact in facts if isinstance(fact.event, TicketOpened)), None)
        standard = app.reference.pinned(found.pinned)
        assessment = assess(standard, known_of(facts)) if standard is not None else None
        if form == "json":
            says = assessment.model_dump(mode="json") if assessment is not None else None
            write_json({**state_json(found, symptom, app.text), "assessment": says})
            return
        lines = plain_table(has_header=False)
        lines.add_column(style="faint", no_wrap=True)
        lines.add_column()
        for label, said in state_lines(found, symptom, app.text, local):
            lines.add_row(label, Text(printable(said)))
        for label, said in assessed_lines(assessment, standard) if assessment is not None else ():
            lines.add_row(label, Text(printable(said)))
    outcome = f", {found.outcome.replace('_', ' ')}" if found.outcome is not None else ""
    say(Text.assemble((found.number or ticket, "heading"), f"  {found.case}{outcome}"))
    show_table(lines)
    say(Text(f"{found.ticket_id}, version {found.version}; times in {zone}", "faint"))


def _refuse_misfits(*, is_page: bool, form: str, at_version: int | None, of_page: bool) -> None:
    """Refuses options that do not go together."""
    if not is_page:
        if of_page:
            raise BadInput("--out and --force are for the page: give --page too")
    elif form == "json":
        raise BadInput("--page writes HTML: leave --format out")
    elif at_version is not None:
        raise BadInput("--at-version: clocks are judged as of an instant; give --known-at when that fact was recorded")


def _file_name(number: str) -> str:
    """The number as the name of a file in this folder."""
    return re.sub(r"[^\w.-]+", "-", number).lstrip(".-") or "ticket"


def _draw(
    app: Ticketing,
    ticket: str,
    path: Path,
    *,
    as_of: datetime | None,
    known_at: datetime | None,
    zone: tzinfo,
    is_replacing: bool,
) -> None:
    from ticketing.pages.page_file import refuse_existing, write_page
    from ticketing.pages.ticket_page import ticket_page

    refuse_existing(path, is_replacing=is_replacing)
    write_page(path, ticket_page(app, ticket, as_of=as_of, known_at=known_at, zone=zone), is_replacing=is_replacing)
    say(f"{path}: the time line, clocks and record of ticket {printable(app.ticket(ticket).number or ticket)}.")


_HISTORY_EPILOG = f"""{ABOUT_INSTANTS}
Marks: late, recorded more than an hour after it happened; the slug of a rule that it breaks;
what a later fact took back or corrected of it.

Try it:
  ticketing history R-1001
  ticketing history R-1001 --witnessed
  ticketing history R-1001 --as-recorded --format json"""


def history(
    ticket: TicketName,
    store: StoreUrl = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    at_version: AtVersion = None,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Also what was retracted, and what was corrected as it first stood.")
    ] = False,
    is_witnessed: Annotated[
        bool,
        typer.Option("--witnessed", help="Also who signed that a fact was there, and when, each fact proved anew."),
    ] = False,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
) -> None:
    """Tells what happened to one ticket, one line per fact, with who, when, and what is odd about it."""
    local = zone_named(zone)
    happened, known = instant_given("--as-of", as_of, local), instant_given("--known-at", known_at, local)
    with opened_to_ask(store) as app:
        facts = app.history(ticket, as_of=happened, known_at=known, at_version=at_version, as_recorded=as_recorded)
        _refuse_nothing(ticket, facts)
        changed = _changed_by(surviving(facts) if as_recorded else facts)
        ticket_id = app.find(ticket)
        witnessed = {fact.version: _proved(fact, app) for fact in facts} if is_witnessed else {}
        if form == "json":
            write_json(
                [
                    fact_json(fact, changed.get(fact.version, ()), app) | _witnessed_json(witnessed.get(fact.version))
                    for fact in facts
                ]
            )
            return
        lines = plain_table(has_header=False)
        lines.add_column(justify="right", style="faint", no_wrap=True)
        lines.add_column(style="faint", no_wrap=True)
        lines.add_column()
        for fact in facts:
            signed = _witness_marks(witnessed.get(fact.version, ()), local)
            marks = (*_marks(fact, local), *changed.get(fact.version, ()), *signed)
            lines.add_row(str(fact.version), shown(fact.occurred_at, local), _told(fact, marks, app))
    show_table(lines)
    count = f"{len(facts)} {'fact' if len(facts) == 1 else 'facts'}"
    proved = f", {sum(map(bool, witnessed.values()))} of them witnessed" if is_witnessed else ""
    say(Text(f"{ticket_id}, {count}{proved}; times in {zone}", "faint"))


def erase(
    ticket: TicketName,
    store: StoreUrl = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erases what people said and the serial numbers of one ticket, for good; facts, figures and proofs stay."""
    with opened_to_ask(store) as app:
        ticket_id = app.find(ticket)
        if not yes:
            question = f"Erase every private text and serial number of {ticket} ({ticket_id}) for good?"
            typer.confirm(question, abort=True, err=True)
        erased = app.erase(ticket_id)
        submitted = [fact.event for fact in app.history(ticket_id, as_recorded=True)]
        files = [e.evidence_id for e in submitted if isinstance(e, EvidenceSubmitted) and app.evidence.has(e.sha256)]
    stderr().print(f"{erased} private texts of {ticket} erased." if erased else f"{ticket} had none left to erase.")
    if files:
        tell(f"Evidence files stay: {', '.join(files)}. To erase one: ticketing evidence erase {ticket} {files[0]}")


def _told(fact: Recorded[Event], marks: Sequence[str], app: Ticketing) -> Text:
    """Who did what, as one sentence."""
    who = f"{fact.actor.role.replace('_', ' ')} {fact.actor.id}"
    told = Text.assemble((who, "who"), f" {printable(in_words(fact, app.text))}")
    for mark in marks:
        told.append(f" [{mark}]", "mark")
    return told


def _refuse_nothing(ticket: str, facts: Sequence[Recorded[Event]]) -> None:
    if not facts:
        raise NotFound(f"of ticket {ticket} nothing had happened, or nothing was known, by then")


def _marks(fact: Recorded[Event], zone: tzinfo) -> tuple[str, ...]:
    is_late = fact.source == NATIVE and fact.recorded_at - fact.occurred_at > _LATE
    late = (f"late: recorded {shown(fact.recorded_at, zone)}",) if is_late else ()
    return (*late, *fact.flags)


def _witness_marks(witnessed: Sequence[Witnessed], zone: tzinfo) -> tuple[str, ...]:
    # The minute after, for what is cut off of the time must not make the fact older than was signed.
    return tuple(
        f"existed before {shown(one.at + timedelta(minutes=1), zone)}, witnessed by {one.name}" for one in witnessed
    )


def _proved(fact: Recorded[Event], app: Ticketing) -> list[Witnessed]:
    """Who witnessed a fact; what is told beside that has to be what was recorded, private texts too."""
    app.notary.require_texts(fact)
    return app.notary.witnessed(fact.position)


def _witnessed_json(witnessed: Sequence[Witnessed] | None) -> dict[str, object]:
    """Nothing where it was not asked for."""
    if witnessed is None:
        return {}
    return {"witnessed": [{"name": one.name, "at": instant_text(one.at), "size": one.size} for one in witnessed]}


def _changed_by(surviving_facts: Sequence[Recorded[Event]]) -> Mapping[int, tuple[str, ...]]:
    """By version, what later records say of a fact: taken back, or corrected."""
    said: dict[int, tuple[str, ...]] = {}
    for fact in surviving_facts:
        event = fact.event
        if isinstance(event, EventRetracted | EventCorrected):
            what = "retracted" if isinstance(event, EventRetracted) else f"{event.field} corrected"
            said[event.target_version] = (*said.get(event.target_version, ()), f"{what} by {fact.version}")
    return said


def fact_json(fact: Recorded[Event], changed: Sequence[str], app: Ticketing) -> dict[str, object]:
    """A fact with all that is said about it; `changed` is what later facts did to it."""
    return {
        "position": fact.position,
        "version": fact.version,
        "event": type(fact.event).__name__,
        "occurred_at": instant_text(fact.occurred_at),
        "recorded_at": instant_text(fact.recorded_at),
        "actor": fact.actor.model_dump(mode="json"),
        "source": fact.source,
        "command_id": str(fact.command_id),
        "caused_by": fact.caused_by,
        "flags": list(fact.flags),
        "changed": list(changed),
        "schema": fact.schema,
        "data": in_json(fact.event, app.text),
        "words": in_words(fact, app.text),
    }
