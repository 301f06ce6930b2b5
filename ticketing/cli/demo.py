"""`demo`: a made-up repair company's year, one disputed ticket's story, its figures, and what closed tickets hide."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from textwrap import wrap
from time import perf_counter
from typing import Annotated, Any

import typer
from rich.text import Text

from ticketing import reports
from ticketing.cli.output import say
from ticketing.cli.progress import progress
from ticketing.cli.report_table import WIDTH, brief_lines, word_lines
from ticketing.projections.built_in import (
    BACKLOG_ROWS,
    CLOCK_ROWS,
    COMPLAINT_ROWS,
    FIRST_PASS_ROWS,
    TURNAROUND_ROWS,
)
from ticketing.projections.report import Report, ReportRow
from ticketing.projections.row import Projection
from ticketing.simulator import StoryLine, World, compare_knowledge, simulate, tell_story

_WORKING = "Running a repair company for a year"
_FOLDING = "Folding facts into rows"
_ASKED_BEFORE_THE_END = timedelta(weeks=27)
"""When closed tickets were asked alone: long enough ago that it has turned out how wrong they were."""

_RECENT = timedelta(days=60)
_FEWEST = 100
"""Of fewer tickets the two ways of counting differ by chance."""

_SHOWN: tuple[Projection[Any], ...] = (TURNAROUND_ROWS, FIRST_PASS_ROWS, COMPLAINT_ROWS, BACKLOG_ROWS, CLOCK_ROWS)
_MOST_PARTS = 8
"""How many parts of the ledger are shown."""
_LARGEST = 5
"""How many states of the backlog are shown."""


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="Begin here")(demo)


_EPILOG = """The default store is a new SQLite file in a new temporary folder, named at the end.
TICKETING_STORE is not looked at: made-up tickets must not land among real ones.

Try it:
  ticketing demo
  ticketing demo --tickets 200 --seed 7 --store sqlite:///demo.db"""


def demo(
    tickets: Annotated[int, typer.Option(metavar="N", min=1, help="How many tickets.")] = 2000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed gives the same events.")] = 1,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="An empty store to fill.", show_default="a new SQLite file")
    ] = None,
) -> None:
    """Makes up a repair company, tells the story of one disputed ticket, and shows the first figures."""
    url = store or _new_file()
    begun = perf_counter()
    with progress(_WORKING) as advance:
        world = simulate(url, tickets=tickets, seed=seed, on_progress=lambda done: advance(_WORKING, done, tickets))
    seconds = perf_counter() - begun
    with world:
        with progress(_FOLDING) as advance:
            world.app.projections.catch_up(_SHOWN, on_page=lambda position: advance(_FOLDING, position, world.events))
        for part in _parts(world, url, seconds):
            for line in part:
                say(line)


def _parts(world: World, url: str, seconds: float) -> Iterator[Iterator[Text]]:
    yield _opening(world, seconds)
    yield _story(world)
    yield _knowledge(world)
    yield _year(world)
    yield _comparison(world)
    yield _days(world)
    yield _next(world, url)


def _new_file() -> str:
    folder = Path(tempfile.mkdtemp(prefix="ticketing-demo-"))
    return f"sqlite:///{folder / 'demo.db'}"


def _opening(world: World, seconds: float) -> Iterator[Text]:
    yield Text(f"{world.tickets:,} tickets and {world.events:,} facts of a made-up repair company, in {seconds:.0f} s.")
    refused = ", ".join(f"{slug} {count}" for slug, count in world.refused.items())
    if refused:
        told = f"On the way the rules refused {sum(world.refused.values())} commands: {refused}."
        yield from (Text(part, "faint") for part in _folded(told))


def _folded(text: str, width: int = WIDTH) -> list[str]:
    return wrap(text, width, break_on_hyphens=False)


def _title(text: str) -> Iterator[Text]:
    yield Text()
    yield Text(text, "title")
    yield Text("─" * len(text), "faint")


# the story


def _story(world: World) -> Iterator[Text]:
    yield from _title(f"The story of {world.story_number}")
    yield Text("times in UTC", "faint")
    day = None
    for line in tell_story(world.app, world.story_number):
        if line.when.date() != day:
            day = line.when.date()
            yield Text(f"{day:%A} {day.day} {day:%B %Y}", "heading")
        yield from _told(line)
    yield Text()
    ticket = world.app.ticket(world.story_ticket_id)
    verdicts = [verdict for dispute in ticket.disputes.values() for verdict in dispute.verdicts]
    ended = [(ticket.outcome or "still open").replace("_", " ")]
    ended += [f"{verdict.dispute_id} decided for the {verdict.in_favour_of} by {verdict.by}" for verdict in verdicts]
    ended += [
        f"{claim.claim_id} paid {claim.amount_approved.amount} of {claim.amount.amount} {claim.amount.currency}"
        for claim in ticket.claims.values()
        if claim.amount_approved is not None
    ]
    ended += [
        f"complaint {complaint.complaint_id} {'upheld' if complaint.is_upheld else 'not upheld'}"
        for complaint in ticket.complaints.values()
    ]
    for number, part in enumerate(_folded(f"How it ended: {'; '.join(ended)}.")):
        yield Text(part, "heading" if number == 0 else "")


def _told(line: StoryLine) -> Iterator[Text]:
    """The time, then who did what as one sentence, folded under itself."""
    late = f" [put on record only on {line.recorded_at.day} {line.recorded_at:%B}]" if line.is_late else ""
    flags = f" [{', '.join(line.flags)}]" if line.flags else ""
    marks = late + flags + "".join(f" [{mark}]" for mark in line.corrected)
    folded = _folded(f"{line.who} {line.what}{marks}", WIDTH - 9)
    sentence = Text("\n".join([folded[0], *(f"{'':9}{part}" for part in folded[1:])]))
    sentence.stylize("who", 0, len(line.who))
    if marks:
        sentence.highlight_regex(r"(\s+\[[^\]]*\])+$", "mark")
    yield Text.assemble((f"  {line.when:%H:%M}  ", "faint"), sentence)


def _knowledge(world: World) -> Iterator[Text]:
    yield from _title(
        f"What was known when it was refused, on {world.refused_at.day} {world.refused_at:%B %Y at %H:%M}"
    )
    for knowledge in compare_knowledge(world.app, world.story_number, world.refused_at):
        if knowledge.is_changed:
            yield Text(knowledge.topic, "heading")
            for label, said, style in (("then", knowledge.then, "faint"), ("now", knowledge.now, "")):
                folded = _folded(said, WIDTH - 8)
                yield Text.assemble((f"  {label:<6}", "faint"), ("\n        ".join(folded), style))


# the figures


def _year(world: World) -> Iterator[Text]:
    yield from _title("The whole year")
    turnaround = reports.turnaround(world.app, by=["manufacturer"], within_days=10)
    backlog = reports.backlog(world.app)
    shortened = _largest(backlog)
    for report in (turnaround, reports.first_pass(world.app), reports.complaint_rate(world.app)):
        yield Text(report.figure.replace("_", " "), "heading")
        yield from brief_lines(report)
        yield Text()
    yield from word_lines()
    yield Text()
    yield Text("backlog", "heading")
    yield from brief_lines(shortened)
    left_out = len(backlog.rows) - len(shortened.rows)
    if left_out:
        yield Text()
        yield Text(f"The backlog has {left_out} more states with fewer tickets:", "faint")
        yield Text(f"ticketing report backlog --as-of {_instant(world.now)}", "command")


def _largest(backlog: Report) -> Report:
    """The backlog with the states that hold most tickets, the largest first."""
    states = sorted(backlog.of("backlog_by_state"), key=lambda row: row.numerator, reverse=True)
    return replace(backlog, rows=(*backlog.of("backlog"), *states[:_LARGEST]))


def _comparison(world: World) -> Iterator[Text]:
    """What closed tickets alone said in the middle of the year, what this package said, and what came of it."""
    asked_at = world.now - _ASKED_BEFORE_THE_END
    since = _first_day(asked_at)
    then = reports.turnaround(world.app, from_=since, known_at=asked_at, unit="d")
    now = reports.turnaround(world.app, from_=since, to=asked_at, unit="d")
    (true,), (closed,), (end,) = then.of("turnaround"), then.of("turnaround_closed"), now.of("turnaround")
    if true.denominator < _FEWEST or not closed.denominator:
        yield Text()
        yield Text(f"{true.denominator} tickets are too few to show why closed ones alone mislead; 2,000 do.", "faint")
        return
    yield from _title("Why closed tickets alone mislead")
    yield Text(f"The report of {_day(asked_at)}, over the tickets opened since {_day(since)}:", "heading")
    yield from brief_lines(then)
    yield Text()
    yield Text("90 of 100 of them are back within", "heading")
    left = f"{end.censored} of them are" if end.censored else "none of them is"
    for row, said in (
        (closed, f"by the closed tickets alone, while {true.censored} of {true.denominator} were still open"),
        (true, "by the same report, which counts the open ones too"),
        (end, f"as it turned out: by now {left} open"),
    ):
        yield Text.assemble((f"  {_p90(row):>11}  ", "figure"), said)


def _days(world: World) -> Iterator[Text]:
    """Where the time of the whole year went."""
    yield from _title("Where the days go")
    ledger = reports.ledger(world.app)
    longest = sorted(ledger.of("ledger"), key=lambda row: row.value or 0, reverse=True)[:_MOST_PARTS]
    shown = replace(ledger, rows=(*longest, *ledger.of("ledger_turnaround")))
    yield from brief_lines(shown)
    left_out = len(ledger.of("ledger")) - len(longest)
    if left_out:
        yield Text(f"{left_out} parts with less time: ticketing report ledger --as-of {_instant(world.now)}", "faint")


def _first_day(asked_at: datetime) -> date:
    return (asked_at - _RECENT).date()


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _p90(row: ReportRow) -> str:
    days = (row.percentiles or {}).get("p90")
    return "not known" if days is None else f"{days:,.1f} days"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _next(world: World, url: str) -> Iterator[Text]:
    yield from _title("Go on from here")
    as_of = f"--as-of {_instant(world.now)}"
    yield Text("Without --as-of the made-up tickets go on ageing until today.", "faint")
    refused = _instant(world.refused_at + timedelta(seconds=1))
    asked_at = world.now - _ASKED_BEFORE_THE_END
    known = f"--from {_first_day(asked_at)} --known-at {_instant(asked_at)}"
    for command in (
        f"export TICKETING_STORE='{url}'",
        f"ticketing show {world.story_number} --known-at {refused} \\\n  {as_of}",
        f"ticketing disputes {world.story_number}",
        f"ticketing ledger {world.story_number} {as_of}",
        f"ticketing clocks list {world.story_number} \\\n  {as_of}",
        f"ticketing report turnaround {known} \\\n  {as_of}",
        f"ticketing report backlog --by site {as_of}",
        f"ticketing report sla {as_of}",
        "ticketing reference show standard QUORVAN-IS",
    ):
        yield Text(command, "command")
