"""`audit disputes`: what was decided, beside what was known and what the standard said of it at that moment."""

import sys
from typing import Annotated, Literal

import typer
from rich.table import Table

from ticketing import audits
from ticketing.cli.audit_table import FIRST, audit_lines
from ticketing.cli.output import say, show_table
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.times import ABOUT_INSTANTS, KnownAt, Zone, day_or_instant_given, instant_given, zone_named
from ticketing.domain.errors import BadInput

_WORKING = "Replaying decisions"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    audit = typer.Typer()
    audit.callback()(_audit)
    audit.command("disputes", epilog=_EPILOG)(disputes)
    app.add_typer(audit, name="audit", help=_audit.__doc__, rich_help_panel="Figures")


def _audit() -> None:
    """Replays decisions as they were known when they were made."""


_EPILOG = f"""{ABOUT_INSTANTS}
Nothing is rewritten and nothing appended. The table has the totals and the first
{FIRST} decisions; JSON and CSV have them all, written as they are read.

Try it:
  ticketing audit disputes --from 2025-01-01 --to 2025-12-31
  ticketing audit disputes --under ACME-IS-7@4 --format csv
  ticketing audit disputes --sample 20 --seed 7"""


def disputes(
    store: StoreUrl = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day or instant of the decisions.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="DAY", help="Last day or instant of the decisions, inclusive.")
    ] = None,
    manufacturer: Annotated[str | None, typer.Option(metavar="NAME", help="Only tickets of this manufacturer.")] = None,
    site: Annotated[str | None, typer.Option(metavar="SITE", help="Only tickets of this site.")] = None,
    under: Annotated[
        str | None, typer.Option(metavar="STANDARD@VERSION", help="Assess under this version too, beside the first.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Show so many decisions; the totals are of all.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="S", help="Which sample: the same seed draws the same; 0.")
    ] = None,
    known_at: KnownAt = None,
    position: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only the first N facts of the whole log.")
    ] = None,
    zone: Zone = "UTC",
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="A table for people; JSON or CSV for programs.")
    ] = "table",
) -> None:
    """Holds every refusal, entitlement, claim decision and verdict against what was known and the standard said."""
    # Longer than a function should be, because every option is a parameter and says what it is for.
    local = zone_named(zone)
    if seed is not None and sample is None:
        raise BadInput("--seed is of a sample: give --sample, too")
    with opened_to_ask(store) as app, progress(_WORKING) as advance:

        def tell(done: int, total: int) -> None:
            # A bar and the lines of an answer on one terminal would overwrite each other.
            if form == "table" or not sys.stdout.isatty():
                advance(_WORKING, done, total)

        audit = audits.disputes(
            app,
            from_=day_or_instant_given("--from", from_, local),
            to=day_or_instant_given("--to", to, local),
            manufacturer=manufacturer,
            site=site,
            under=under,
            sample=sample,
            seed=seed,
            known_at=instant_given("--known-at", known_at, local),
            position=position,
            zone=zone,
            on_progress=tell,
        )
        lines = list(audit_lines(audit, local)) if form == "table" else []
        for part in {"json": audit.json_parts, "csv": audit.csv_lines}.get(form, tuple)():
            sys.stdout.write(part)
    for line in lines:
        if isinstance(line, Table):
            show_table(line)
        else:
            say(line)
