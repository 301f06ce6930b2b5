"""`import`: the history of another system, taken into a store."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ticketing.cli.output import TableOrJson, one_line, plain_table, printable, say, show_table, stderr, write_json
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, is_missing, opened, opened_to_try
from ticketing.domain.errors import BadInput
from ticketing.imports.log_import import ImportReport, Progress, check_log
from ticketing.imports.mapping import read_mapping

_STEPS = {"checking": "Checking the log", "storing": "Taking in cases"}
_NAMED = 5


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command("import", epilog=_EPILOG, rich_help_panel="Begin here")(import_log)


_EPILOG = """Try it:
  ticketing import LOG.xes.gz --mapping examples/phone-repair.toml --dry-run
  ticketing import LOG.csv --mapping MAPPING.toml --store sqlite:///repairs.db"""


def import_log(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="XES or CSV, plain or .gz.")],
    mapping: Annotated[Path, typer.Option(metavar="FILE.toml", help="What the rows of the log mean.")],
    store: StoreUrl = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and record nothing.")] = False,
    form: TableOrJson = "table",
) -> None:
    """Imports another system's log; again, it adds only what is new."""
    meaning = read_mapping(mapping)
    _require_file(log)
    with progress(_STEPS["checking"]) as advance:

        def tell(come: Progress) -> None:
            advance(_STEPS[come.step], come.done, come.total)

        if is_missing(store) and not dry_run:
            check_log(log, meaning, on_progress=tell)  # a log that cannot be read leaves no empty store behind
        with (opened_to_try if dry_run else opened)(store) as app:
            done = app.import_log(log, meaning, dry_run=dry_run, on_progress=tell)
    if form == "json":
        write_json(asdict(done))
    else:
        _show(log, done)
    for refusal in done.refusals:
        stderr().print(one_line(refusal), style="warning", soft_wrap=True)
    if done.cases_refused:
        raise typer.Exit(1)


def _require_file(log: Path) -> None:
    try:
        if not log.is_file():
            raise BadInput(f"{log} is a folder" if log.is_dir() else f"{log}: there is no such file")
    except OSError as error:
        raise BadInput(f"{log}: {error.strerror or error}") from error


def _show(log: Path, done: ImportReport) -> None:
    say(Text(f"{log.name}: {'this would happen' if done.is_dry_run else 'imported'}", "heading"))
    table = plain_table(has_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", style="figure", no_wrap=True)
    table.add_column(style="faint")
    table.add_row("cases in the log", f"{done.cases:,}", f"{done.rows:,} rows")
    table.add_row("tickets added", f"{done.tickets_added:,}")
    table.add_row("facts added", f"{done.events_added:,}")
    table.add_row("facts already there", f"{done.events_there:,}")
    if done.changed:
        table.add_row("rows changed", f"{done.changed:,}", "on record as they were before; nothing was added for them")
    table.add_row("rows skipped", f"{sum(done.skipped.values()):,}", _most(done.skipped))
    if done.ignored:
        table.add_row("rows ignored", f"{sum(done.ignored.values()):,}", _most(done.ignored))
    if done.noted:
        table.add_row("rows kept as notes", f"{sum(done.noted.values()):,}", _most(done.noted))
    if done.cases_refused:
        table.add_row("cases refused", f"{done.cases_refused:,}", "another ticket has their number")
    table.add_row(
        "rules broken", f"{sum(done.flags.values()):,}", "the facts are kept, and flagged" if done.flags else ""
    )
    for slug, count in sorted(done.flags.items(), key=lambda flag: (-flag[1], flag[0])):
        table.add_row(f"  {slug}", f"{count:,}")
    show_table(table)


def _most(counts: Mapping[str, int]) -> str:
    """The most frequent names, with their counts."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = printable(", ".join(f"{name} {count:,}" for name, count in most[:_NAMED]))
    return f"{named}, …" if len(most) > _NAMED else named
