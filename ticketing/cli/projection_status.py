"""`projections status`: where every projection stands, and whether that is within limits."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

import typer
from rich.text import Text

from ticketing.adapters.upkeep import ProjectionStatus
from ticketing.cli.output import TableOrJson, plain_table, printable, say, show_table, tell, write_json
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.domain.durations import lasting


def add_to(projections: typer.Typer) -> None:
    """Adds these commands to the group."""
    projections.command("status", epilog=_EPILOG)(show_status)


_EPILOG = """Limits are for alarms: past one of them the exit code is 1, and stderr says
which. They are asked of projections that this program has and of inline ones,
not of rows that a rebuild is making.

Try it:
  ticketing projections status
  ticketing projections status --max-lag-seconds 60 --max-dead-letters 0"""


def show_status(
    store: StoreUrl = None,
    max_lag_events: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="At most so many facts not folded yet.")
    ] = None,
    max_lag_seconds: Annotated[
        float | None, typer.Option(metavar="S", min=0, help="The first of them recorded at most so long ago.")
    ] = None,
    max_dead_letters: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="At most so many tickets that an event stopped.")
    ] = None,
    form: TableOrJson = "table",
) -> None:
    """Shows where every projection stands: how far behind, how fast, who leads it, what is set aside."""
    with opened_to_ask(store) as app:
        head, leaves = app.store.head(), app.notary.size()
        statuses = app.projections.status()
        known = {name: projection.version for name, projection in app.projections.known.items()}
    if form == "json":
        write_json([status.plain() for status in statuses])
    else:
        say(Text.assemble("The log is at position ", (f"{head:,}", "figure"), "."))
        say("")
        _show(statuses)
        say(Text(f"The hash tree has {leaves:,} leaves.", "faint"))
        for line in _led(statuses):
            say(Text(line, "faint"))
        for line in _odd(statuses, known):
            say(Text(line, "warning"))
    past = [
        line
        for status in statuses
        if status.mode == "inline" or (status.is_known and status.mode == "daemon")
        for line in _past_limits(status, max_lag_events, max_lag_seconds, max_dead_letters)
    ]
    for line in past:
        tell(line, style="warning")
    if past:
        raise typer.Exit(1)


def _show(statuses: Sequence[ProjectionStatus]) -> None:
    table = plain_table()
    table.add_column("projection", overflow="fold")
    table.add_column("mode", no_wrap=True)
    for heading in ("position", "behind", "rate"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("dead letters", style="mark", no_wrap=True)
    for status in statuses:
        rate = "–" if status.rate is None else f"{status.rate:,.0f}/s"
        table.add_row(_id(status), _mode(status), f"{status.position:,}", _behind(status), rate, _letters(status))
    show_table(table)


def _id(status: ProjectionStatus) -> str:
    return f"{status.name}@{status.version}"


def _mode(status: ProjectionStatus) -> str:
    return "first fold" if status.mode == "daemon" and not status.is_ready else status.mode


def _behind(status: ProjectionStatus) -> str:
    if not status.lag_events:
        return "–"
    if status.lag_seconds is None:
        return f"{status.lag_events:,} (clock behind)"
    return f"{status.lag_events:,} ({lasting(timedelta(seconds=status.lag_seconds), units=1)})"


def _letters(status: ProjectionStatus) -> str:
    waiting = f"{status.dead_letters:,}" if status.dead_letters else ""
    dropped = f"{status.dropped:,} dropped" if status.dropped else ""
    return ", ".join(part for part in (waiting, dropped) if part)


def _led(statuses: Sequence[ProjectionStatus]) -> Iterator[str]:
    """A line for each process that leads some: as a column their names would be too wide."""
    leaders = sorted({status.leader for status in statuses if status.leader is not None})
    for leader in leaders:
        led = ", ".join(_id(status) for status in statuses if status.leader == leader)
        yield f"Led by {printable(leader)}: {led}."


def _odd(statuses: Sequence[ProjectionStatus], known: Mapping[str, int]) -> Iterator[str]:
    """A line for each stopped rebuild and each projection that is not of this program, with what can be done."""
    for status in statuses:
        if status.is_known and status.mode == "rebuild" and status.leader is None:
            yield f"The rebuild of {_id(status)} was stopped; to go on: ticketing projections rebuild {status.name}"
        if status.is_known or status.mode == "rebuild":
            continue
        here = known.get(status.name)
        remove = f"ticketing projections remove {status.name} {status.version}"
        if status.mode == "superseded":
            yield f"{_id(status)} is of an earlier release, and left as it is; to take its rows away: {remove}"
        elif here is None:
            yield f"{_id(status)} is not of this program: name it in TICKETING_PROJECTIONS, or: {remove}"
        elif here > status.version:
            yield f"{_id(status)} is older than the version here, {here}; if no other program uses it: {remove}"
        else:
            yield f"{_id(status)} is newer than the version here, {here}: this program is out of date"


def _past_limits(
    status: ProjectionStatus, events: int | None, seconds: float | None, dead_letters: int | None
) -> Iterator[str]:
    if events is not None and status.lag_events > events:
        yield f"{status.name}: {_counted(status.lag_events, 'event')} behind, more than {events:,}"
    if seconds is not None and status.lag_seconds is None:
        yield f"{status.name}: nobody can say how long it is behind: the log's stamps are ahead of this machine's clock"
    elif seconds is not None and status.lag_seconds is not None and status.lag_seconds > seconds:
        lag = lasting(timedelta(seconds=status.lag_seconds))
        yield f"{status.name}: {lag} behind, more than {lasting(timedelta(seconds=seconds))}"
    if dead_letters is not None and status.dead_letters > dead_letters:
        yield f"{status.name}: {_counted(status.dead_letters, 'dead letter')}, more than {dead_letters:,}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
