"""`clocks list`, `due` and `notify`: the clocks of a ticket, those about to breach, and the notices that go out."""

import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

import typer
from rich.measure import Measurement
from rich.text import Text

from ticketing.cli.output import (
    TableOrJson,
    one_line,
    plain_table,
    printable,
    say,
    show_table,
    stdout,
    tell,
    write,
    write_json,
)
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.tickets import TicketName
from ticketing.cli.times import (
    ABOUT_INSTANTS,
    AsOf,
    KnownAt,
    Zone,
    duration_given,
    instant_given,
    shown,
    zone_named,
)
from ticketing.clocks import DueClock, Notice
from ticketing.domain.durations import amount, lasting
from ticketing.domain.errors import BadInput
from ticketing.domain.judged import Judged, Measure
from ticketing.domain.phrases import after, either, minute, spaced
from ticketing.domain.values import instant_text

_SECOND = 1_000_000
_UNLIMITED = 10_000
"""Columns to measure a table in, so that it says what it needs and not what it gets."""

_NO_BREAK = "\N{NO-BREAK SPACE}"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    clocks = typer.Typer()
    clocks.command("list", epilog=_LIST_EPILOG)(list_clocks)
    clocks.command("due", epilog=_DUE_EPILOG)(due)
    clocks.command("notify", epilog=_NOTIFY_EPILOG)(notify)
    about = "Shows the clocks of tickets, finds those about to breach, and sends their notices."
    app.add_typer(clocks, name="clocks", help=about, rich_help_panel="Figures")


_LIST_EPILOG = f"""{ABOUT_INSTANTS}

Try it:
  ticketing clocks list R-1001
  ticketing clocks list R-1001 --under boreas-contract@2"""


def list_clocks(
    ticket: TicketName,
    under: Annotated[
        str | None,
        typer.Option(metavar="POLICY@VERSION", help="Judge the clocks of this policy alone, by this version."),
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    zone: Zone = "UTC",
    form: TableOrJson = "table",
    store: StoreUrl = None,
) -> None:
    """Lists all clocks of a ticket: how each stands, what it used, when it is due, and what was judged then."""
    local = zone_named(zone)
    happened, known = instant_given("--as-of", as_of, local), instant_given("--known-at", known_at, local)
    with opened_to_ask(store) as app:
        found = app.clocks.of(ticket, as_of=happened, known_at=known, under=under)
        why = () if found else app.clocks.why_none(ticket, as_of=happened, known_at=known, under=under)
        now = app.clocks.observed_until(ticket, as_of=happened, known_at=known)
    if form == "json":
        write_json([{**judged.model_dump(mode="json"), "state": judged.state_at(now)} for judged in found])
        return
    if not found:
        say(Text(printable(f"{ticket} has no clocks{after(' under ', under)}:")))
        for reason in why:
            say(Text(printable(f"  {reason}")))
        return
    _show(found, now, local)
    say(Text(f"as of {shown(now, local)}; times in {zone}", "faint"))


def _show(found: Sequence[Judged], now: datetime, zone: tzinfo) -> None:
    """Prints the clocks: a line each where all of it has room, else a block each."""
    table = plain_table()
    for heading in ("clock", "binds", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("used", "of"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("due", "judged then"):
        table.add_column(heading, no_wrap=True)
    for judged in found:
        cells = (_name(judged), spaced(judged.binds), _state(judged, now), *_used(judged), _due(judged, zone))
        table.add_row(*map(printable, cells), judged.then_at(now) or "")
    console = stdout()
    unlimited = console.options.update(max_width=_UNLIMITED)
    if Measurement.get(console, unlimited, table).maximum <= console.width:
        show_table(table)
        return
    for judged in found:
        for line in _block(judged, now, zone, console.width):
            say(line)


def _block(judged: Judged, now: datetime, zone: tzinfo, width: int) -> Iterator[Text]:
    """What the clock is called, and under it how it stands; folded between words, figures and instants whole."""
    heading = printable(f"{_name(judged)} ({spaced(judged.binds)})")
    used, target = _used(judged)
    then = judged.then_at(now)
    figures = [f"{used} of {target}"] * bool(target) + [f"due {_due(judged, zone)}"]
    said = [*figures, f"judged then: {then}"] if then else figures
    stands = ", ".join([printable(_state(judged, now)), *(part.replace(" ", _NO_BREAK) for part in said)])
    yield from (Text(line, "heading") for line in _folded(heading, width, ""))
    yield from (Text(line.replace(_NO_BREAK, " ")) for line in _folded(stands, width, "  "))


def _folded(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


_DUE_EPILOG = """What is used up when the desk closes breaches when it opens again: until then it may still be
met. What was breached already is in: ticketing report sla

Try it:
  ticketing clocks due --within 4h
  ticketing clocks due --within 2d --format json"""


def due(
    within: Annotated[str, typer.Option(metavar="DURATION", help="How far ahead to look: 90m, 4h, 2d.")],
    zone: Zone = "UTC",
    form: TableOrJson = "table",
    store: StoreUrl = None,
) -> None:
    """Lists the running clocks that are about to breach, the soonest first, with what is left of them."""
    local, ahead = zone_named(zone), duration_given("--within", within)
    with opened_to_ask(store) as app:
        found = list(app.clocks.due(ahead))
        now = app.now()
    if form == "json":
        write_json([_due_json(clock) for clock in found])
        return
    if not found:
        say(f"No clock breaches within {within}.")
        return
    table = plain_table()
    for heading in ("due", "breaches after", "left"):
        table.add_column(heading, no_wrap=True)
    table.add_column("of target", justify="right", no_wrap=True)
    for heading in ("ticket", "clock", "site", "manufacturer"):
        table.add_column(heading, overflow="fold")
    for clock in found:
        judged = clock.judged
        left = timedelta(seconds=clock.left // timedelta(seconds=1))
        of_target = "" if judged.measure == "until" else _lasting(clock.left_of_target, judged.measure)
        told = (clock.number or str(clock.ticket_id), _name(judged), clock.site or "", clock.manufacturer or "")
        breaches = shown(clock.breaches_at, local)
        table.add_row(_due(judged, local), breaches, lasting(left), of_target, *map(printable, told))
    show_table(table)
    say(Text(f"as of {shown(now, local)}; times in {zone}", "faint"))


_NOTIFY_EPILOG = """The hook is a program with its arguments, no shell reads it. It gets one notice as JSON
on stdin; any exit code but 0 leaves that notice unsent, to be tried again next time.

Try it:
  ticketing clocks notify --dry-run
  ticketing clocks notify --hook "/usr/local/bin/send-notice desk"
"""


_NOTHING_DUE = "no notice is due"


def notify(
    hook: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="What sends a notice; without it they are printed as sent.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is due; send and record nothing.")] = False,
    form: TableOrJson = "table",
    store: StoreUrl = None,
) -> None:
    """Sends the notices that are due, and records each once; none of a clock that does not run."""
    with opened_to_ask(store) as app:
        if dry_run:
            pending = list(app.clocks.pending())
            for notice in pending:
                _tell(notice, form)
            if not pending:
                tell(_NOTHING_DUE)
            return
        send = _printing(form) if hook is None else _program(hook)
        notified = app.clocks.notify(send)
    for failure in notified.failed:
        tell(one_line(f"not sent: {_sentence(failure.notice)}: {failure.error}"), style="warning")
    if not notified.sent and not notified.failed:
        tell(_NOTHING_DUE)
    elif hook is not None:
        count = len(notified.sent)
        tell(f"{count} {'notice was' if count == 1 else 'notices were'} sent")
    if notified.failed:
        raise typer.Exit(1)


class _HookFailed(Exception):
    """A program that did not take a notice."""


def _program(line: str) -> Callable[[Notice], None]:
    """A hook that runs a program for each notice.

    Raises:
        BadInput: The line names no program.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadInput(f"--hook {line}: {str(error).lower()}") from None
    if not words or shutil.which(words[0]) is None:
        raise BadInput(f"--hook {line}: there is no program {words[0] if words else 'named'}")

    def send(notice: Notice) -> None:
        told = f"{notice.model_dump_json()}\n".encode()
        try:
            done = subprocess.run(words, input=told, check=False)  # noqa: S603 - whoever gives the line runs it
        except OSError as error:
            raise _HookFailed(f"{words[0]} cannot be run: {error.strerror or error}") from error
        if done.returncode:
            how = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
            raise _HookFailed(f"{words[0]} ended with {how}")

    return send


def _printing(form: str) -> Callable[[Notice], None]:
    def send(notice: Notice) -> None:
        _tell(notice, form)
        sys.stdout.flush()  # what cannot be written was not sent

    return send


def _tell(notice: Notice, form: str) -> None:
    if form == "json":
        write(notice.model_dump_json())
    else:
        say(Text(printable(_sentence(notice))))


def _sentence(notice: Notice) -> str:
    ticket = notice.number or notice.ticket_id
    return f"{spaced(notice.kind)} to {notice.to}: {_name(notice)} of {ticket}{after(', due ', minute(notice.due_at))}"


# cells and fields


def _name(clock: Judged | Notice) -> str:
    """What the clock is called, as `explain` takes it."""
    subject = "" if clock.subject is None else f"/{clock.subject}"
    return f"{clock.policy}/{clock.clock}{subject}{f'#{clock.cycle}' if clock.cycle > 1 else ''}"


def _state(judged: Judged, now: datetime) -> str:
    state = judged.state_at(now)
    if state == "paused" and judged.paused_for:
        return f"paused for {either(map(spaced, judged.paused_for))}"
    if state == "cancelled" and judged.cancelled_because is not None:
        return f"cancelled ({judged.cancelled_because})"
    return f"{state} (reconstructed)" if judged.verdict is not None and judged.is_reconstructed else state


def _used(judged: Judged) -> tuple[str, str]:
    """What was used, and of how much; of a date that was told nothing is used."""
    if judged.measure == "until":
        return "", ""
    return _lasting(judged.used, judged.measure), _lasting(judged.target, judged.measure)


def _lasting(value: int, measure: Measure) -> str:
    return amount(value if measure == "days" else value // _SECOND * _SECOND, measure)


def _due(judged: Judged, zone: tzinfo) -> str:
    if judged.due_at is not None:
        return f"{shown(judged.due_at, zone)}{' (provisional)' if judged.is_provisional else ''}"
    if judged.due_if_resumed_at is not None:
        return f"{shown(judged.due_if_resumed_at, zone)} if resumed"
    return "–"


def _due_json(clock: DueClock) -> dict[str, object]:
    return {
        "ticket": clock.number,
        "ticket_id": str(clock.ticket_id),
        "manufacturer": clock.manufacturer,
        "site": clock.site,
        "state": "running",
        "breaches_at": instant_text(clock.breaches_at),
        "left_seconds": clock.left // timedelta(seconds=1),
        "left_of_target": clock.left_of_target,
        "clock": clock.judged.model_dump(mode="json"),
    }
