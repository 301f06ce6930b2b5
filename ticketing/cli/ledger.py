"""`ledger`: where every second of one ticket went, drawn as a bar, and who had it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, tzinfo
from itertools import groupby

import typer
from rich.text import Text

from ticketing import explanations
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, stdout, write_json
from ticketing.cli.report_table import WIDTH
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import ABOUT_INSTANTS, AsOf, KnownAt, Zone, instant_given, shown, zone_named
from ticketing.domain.apportioning import apportioned
from ticketing.domain.durations import lasting
from ticketing.domain.ledger import Ledger, Span, microseconds_of
from ticketing.domain.phrases import spaced
from ticketing.domain.waits import InCharge

_SECOND = 1_000_000
_LOOKS: Mapping[InCharge, tuple[str, str]] = {
    "company": ("█", "blue"),
    "customer": ("░", "green"),
    "manufacturer": ("▒", "magenta"),
    "parties": ("X", "red"),
    "expert": ("=", "cyan"),
    "seller": ("+", "yellow"),
    "insurer": ("~", "bright_blue"),
    "nobody": ("·", "grey58"),
}
"""By party, what fills its part of the bar, so that it reads without colour, and the colour."""


def add_to(app: typer.Typer) -> None:
    """Adds this command to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="One ticket")(ledger)


_EPILOG = f"""{ABOUT_INSTANTS}
The bar runs from the first receipt to the last hand-back, or until now; each party has its own fill.

Try it:
  ticketing ledger R-1001
  ticketing ledger R-1001 --as-of 2026-03-05 --zone Europe/Berlin"""


def ledger(
    ticket: TicketName,
    store: StoreUrl = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
) -> None:
    """Draws where every second of one ticket went: whose it was, for what, and at which site."""
    local = zone_named(zone)
    happened, known = instant_given("--as-of", as_of, local), instant_given("--known-at", known_at, local)
    with opened_to_ask(store) as app:
        found = explanations.ledger(app, ticket, as_of=happened, known_at=known)
    if form == "json":
        write_json(found.model_dump(mode="json"))
        return
    name = found.number or ticket
    if found.ledger.from_at is None or not found.ledger.microseconds:
        say(f"{name} has no time to account for: the unit was never received, or given back at once.")
        return
    lasted = lasting(timedelta(microseconds=found.ledger.microseconds), units=4)
    say(Text.assemble((printable(name), "heading"), f"  {lasted}{' so far' if found.ledger.is_still_open else ''}"))
    say(Text())
    for line in _bar(found.spans, local, _width()):
        say(line)
    say(Text())
    _show_parts(found.ledger)
    say(Text(f"{found.ticket_id}; times in {zone}", "faint"))


def _width() -> int:
    console = stdout()
    return console.width if console.is_terminal else WIDTH


# the bar


def _bar(spans: Sequence[Span], zone: tzinfo, width: int) -> Iterator[Text]:
    """The bar between its two instants, and under it the causes that find room."""
    runs = [
        (party, cause, sum(map(microseconds_of, run)))
        for (party, cause), run in groupby(spans, key=lambda span: (span.party, span.cause))
    ]
    is_in_time = len(runs) <= width // 2
    if not is_in_time:
        runs = _by_party(spans)
    columns = apportioned([lasted for _, _, lasted in runs], width, least=1)
    first, last = shown(spans[0].from_at, zone), shown(spans[-1].to_at or spans[-1].from_at, zone)
    yield Text(f"{first}{last:>{max(1, width - len(first))}}", "faint")
    yield Text.assemble(
        *((_LOOKS[party][0] * count, _LOOKS[party][1]) for (party, *_), count in zip(runs, columns, strict=True))
    )
    labels = (_label(cause, count) for (_, cause, _), count in zip(runs, columns, strict=True))
    yield Text("".join(labels).rstrip(), "faint")
    if not is_in_time:
        yield Text("Sums by party, the longest first: too many changes to draw in order of time.", "faint")


def _by_party(spans: Sequence[Span]) -> list[tuple[InCharge, str, int]]:
    sums: dict[InCharge, int] = {}
    for span in spans:
        sums[span.party] = sums.get(span.party, 0) + microseconds_of(span)
    return [(party, party, lasted) for party, lasted in sorted(sums.items(), key=lambda one: (-one[1], one[0]))]


def _label(cause: str, columns: int) -> str:
    """The cause in so many columns; none where it has no room for it, and a blank behind."""
    said = spaced(cause)
    return f"{said if len(said) < columns else '':{columns}}"


# the sums


def _show_parts(ledger: Ledger) -> None:
    amounts = [part.microseconds for part in ledger.parts]
    total = ledger.microseconds // _SECOND
    seconds, thousandths = apportioned(amounts, total), apportioned(amounts, 1000)
    table = plain_table()
    table.add_column("  party", no_wrap=True)
    for heading in ("cause", "site"):
        table.add_column(heading)  # the columns that give way on a narrow terminal, never a figure
    for heading in ("time, h:min:s", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for part, lasted, share in zip(ledger.parts, seconds, thousandths, strict=True):
        fill, colour = _LOOKS[part.party]
        whose = Text.assemble((fill, colour), f" {part.party}")
        table.add_row(whose, _shortened(spaced(part.cause)), _shortened(part.site or ""), _time(lasted), _share(share))
    table.add_row("", "", Text("all", "heading"), Text(_time(total), "heading"), _share(1000))
    show_table(table)
    if ledger.beside:
        beside = (
            f"{spaced(one.cause)} {lasting(timedelta(microseconds=one.microseconds), units=4)}" for one in ledger.beside
        )
        say(Text(f"Open while something else counted: {', '.join(beside)}"))


def _shortened(name: str) -> Text:
    """A name on one line, that ends with … where its column is too narrow for it."""
    return Text(printable(name), no_wrap=True, overflow="ellipsis")


def _share(thousandths: int) -> str:
    return f"{thousandths / 10:.1f} %"


def _time(seconds: int) -> str:
    """Days if there are any, then hours, minutes and seconds: `2 d  4:05:30`, each under its like to the right."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours:2}:{minutes:02}:{seconds:02}"
    return f"{days} d {clock}" if days else clock.lstrip()
