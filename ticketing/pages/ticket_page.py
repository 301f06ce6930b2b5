"""Ticket page: one ticket's time line with its clocks and waits, for a screen, a phone or A4, without network."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID

from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.custody import in_time
from ticketing.domain.durations import lasting
from ticketing.domain.phrases import listed as enumerated
from ticketing.domain.phrases import serial, spaced
from ticketing.pages.account import Section, listed, pairs
from ticketing.pages.chart_style import FIGURE, INK, SIGNAL
from ticketing.pages.drawing import require_drawing
from ticketing.pages.markup import Html, Part, joined, lines, tag
from ticketing.pages.ticket_account import TicketAccount, account_of
from ticketing.pages.ticket_style import TICKET_STYLE, party_colour
from ticketing.pages.ticket_tables import (
    clock_table,
    lane_table,
    ledger_table,
    promise_table,
    record_table,
    the_only_source,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded, and nothing is run."""

_PLACING = (e.TicketOpened, e.TicketAssigned, e.UnitReceived, e.UnitArrived)
"""What brings a ticket or its unit to a site."""

_LANES = (
    "Bars run from the fact that began something to the one that ended it, by when it occurred. Unit: where it was. "
    "Work: while somebody looked at the unit or repaired it; queue: while it was at a site and nobody did, and nothing "
    "was waited for. Wait: every wait with whoever had to end it; several may be open at once. Dispute: until a "
    "verdict, and faint from there until an appeal or its end."
)
_TRACKS = (
    "A clock runs from its start to its stop by the version of its policy in force at the start, but for waits that "
    "pause it; hours that its calendar does not count are not drawn apart. Due: the first instant at which what was "
    "counted reaches the target. Judged then: what somebody watching saw first, where facts recorded later changed it. "
    "A promise runs until it was kept, replaced or withdrawn."
)
_LEDGER = (
    "Every second from the first receipt to the last hand-back belongs to one party and cause: to the open wait that "
    "comes first in the order of causes, else to the site where the unit was."
)
_RECORD = (
    "Each fact as it was recorded, in the order of the log. What was taken back or corrected later is struck through, "
    "with a mark that leads to the later fact. What stands in quotes is what somebody said."
)


def ticket_page(
    app: Ticketing,
    ticket: UUID | str,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    zone: tzinfo = UTC,
) -> str:
    """The page of a ticket as HTML; the same store, bounds and zone give the same text.

    Private texts are on it, as `Ticketing.text` gives them.

    Args:
        app: The application on the store.
        ticket: Its id or number.
        as_of: As of then instead of now, by what had occurred, inclusive.
        known_at: By what was recorded by then, inclusive; as of then too, unless `as_of` says otherwise.
        zone: Of the times told, and of the days drawn.

    Raises:
        NotFound: There is no such ticket, or nothing of it was known, or had happened, by then.
        BadInput: A bound is no instant with a zone, or the libraries that draw are not installed.
    """
    require_drawing()
    return page_of(account_of(app, ticket, as_of=as_of, known_at=known_at, zone=zone))


def page_of(account: TicketAccount) -> str:
    """The page as HTML; the same account always gives the same text."""
    sections = list(_sections(account))
    links = listed(tag("a", section.title, href=f"#{section.anchor}") for section in sections)
    body = lines([_head(account), tag("nav", links), tag("main", lines(section.shown() for section in sections))])
    return f"<!DOCTYPE html>\n{tag('html', _html_head(account), tag('body', body), lang='en')}\n"


def _html_head(account: TicketAccount) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"Repair ticket {account.ticket.number}"),
        tag("style", Html(TICKET_STYLE)),
    )


def _head(account: TicketAccount) -> Html:
    ticket = account.ticket
    until = joined(
        [
            account.when(account.at),
            joined([", as known at ", account.when(account.known_at)]) if account.known_at is not None else None,
            f", position {account.position:,} of the log",
        ]
    )
    told = pairs(
        (
            ("unit", _unit(account)),
            ("customer", f"{ticket.customer_ref} ({ticket.customer_kind})" if ticket.customer_ref else None),
            ("state", _state(account)),
            ("unit is", _where(account)),
            ("sites", ", ".join(_sites(account))),
            ("turnaround", _turnaround(account)),
            ("as of", until),
        )
    )
    number = ticket.number or "without a number"
    times = f"Times are in {account.zone}."
    return tag(
        "header", tag("p", "Repair ticket", class_="kicker"), tag("h1", number), told, tag("p", times, class_="aside")
    )


def _unit(account: TicketAccount) -> str:
    ticket = account.ticket
    named = " ".join(part for part in (ticket.manufacturer, ticket.model) if part)
    return enumerated([named, serial(ticket.serial, account.text)])


def _state(account: TicketAccount) -> str:
    ticket = account.ticket
    outcome = f"{ticket.case}, {spaced(ticket.outcome)}" if ticket.outcome is not None else ticket.case
    return enumerated([outcome, f"in its cycle {ticket.cycle}" if ticket.cycle > 1 else ""])


def _where(account: TicketAccount) -> str:
    ticket = account.ticket
    return spaced(ticket.custody) + (f" at {ticket.unit_site}" if ticket.unit_site is not None else "")


def _sites(account: TicketAccount) -> list[str]:
    """The sites that had the ticket or the unit, in the order in which they came to it."""
    named = (getattr(fact.event, "site", None) for fact in in_time(account.facts) if isinstance(fact.event, _PLACING))
    return [*dict.fromkeys(site for site in named if site is not None)]


def _turnaround(account: TicketAccount) -> str | None:
    if not account.ledger.microseconds:
        return None
    lasted = lasting(timedelta(microseconds=account.ledger.microseconds))
    return f"{lasted}{' so far' if account.ledger.is_still_open else ''}"


# what follows


def _sections(account: TicketAccount) -> Iterator[Section]:
    # Altair takes most of a second to import, which only who asks for a page has to wait for.
    from ticketing.pages.ticket_charts import lane_chart, track_chart

    if account.line.rows:
        lanes = lane_chart(account.line, account.axis, account.at)
        yield Section("time-line", "Time line", _parties(account), lanes, *_defined(_LANES, lane_table(account)))
    else:
        yield Section("time-line", "Time line", tag("p", "Nothing lasted any time."))
    if account.tracks:
        tracks = track_chart(account.tracks, account.axis, account.at)
        tables = (clock_table(account), promise_table(account) if account.promises else None)
        yield Section("clocks", "Clocks and promises", _paces(account), tracks, *_defined(_TRACKS, *tables))
    else:
        yield Section("clocks", "Clocks and promises", listed(account.why_none))
    if account.ledger.microseconds:
        yield Section("ledger", "Where the time went", ledger_table(account), tag("p", _LEDGER, class_="aside"))
    said = joined([_RECORD, _taken_over(account)], " ")
    yield Section("record", "The record, fact by fact", tag("p", said, class_="aside"), record_table(account))


def _defined(said: str, *tables: Html | None) -> Iterator[Part]:
    """What a chart means, and the tables behind it."""
    yield tag("p", said, class_="aside")
    yield tag("details", tag("summary", "The table behind it"), *tables, class_="behind")


def _parties(account: TicketAccount) -> Html:
    """The key to the colours of the lanes."""
    named = dict.fromkeys(bar.party for bar in account.line.bars)
    keys = [_key(party, party_colour(party)) for party in named]
    faint = {bar.lane for bar in account.line.bars if bar.is_faint}
    if faint & {"custody", "work"}:
        keys.append(_key("faint: in a queue, on the way, at home", party_colour("company"), "faint"))
    if account.line.marks:
        keys.append(_key("verdict, appeal, end", INK, "lozenge"))
    return listed(keys, "key")


def _taken_over(account: TicketAccount) -> str | None:
    """Where all facts are from, if they are all from one other log."""
    source = the_only_source(account)
    return None if source is None else f"All of it was taken over from {source}."


def _paces(account: TicketAccount) -> Html:
    """The key to the parts of clocks and promises."""
    drawn = {part.pace for track in account.tracks for part in track.parts}
    keys = [
        *([_key("running", FIGURE)] if "running" in drawn else []),
        *([_key("paused", FIGURE, "faint")] if "paused" in drawn else []),
        *([_key("above its target", SIGNAL)] if "over" in drawn else []),
        _key("due", INK, "line"),
    ]
    return listed(keys, "key")


def _key(said: str, colour: str, shape: str = "") -> Html:
    swatch = tag("span", class_=f"swatch {shape}".rstrip(), style=f"--c: {colour}")
    return joined([swatch, said])
