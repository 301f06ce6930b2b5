"""`report`: a figure, with everything needed to compute it again."""

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal

import typer
from typer.models import OptionInfo

from ticketing import reports
from ticketing.cli.output import say, write
from ticketing.cli.progress import progress
from ticketing.cli.report_table import report_lines
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.times import ABOUT_INSTANTS, AsOf, KnownAt, Zone, day_or_instant_given, instant_given, zone_named
from ticketing.domain.errors import BadInput
from ticketing.projections.report import Report

_WORKING = "Working it out"
_PARAMETERS = "Parameters of some figures"
_Form = Annotated[
    Literal["table", "json", "csv"], typer.Option("--format", help="A table for people; JSON or CSV for programs.")
]


def _days(help_text: str) -> OptionInfo:
    option: OptionInfo = typer.Option(metavar="DAYS", min=0, rich_help_panel=_PARAMETERS, help=help_text)
    return option


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="Figures")(report)


_EPILOG = f"""{ABOUT_INSTANTS}
Rows that are kept answer it, after catching up; --as-of, --known-at and --position fold the log anew.

Try it:
  ticketing report turnaround --by site --within 10
  ticketing report complaint_rate --from 2026-01-01 --to 2026-03-31
  ticketing report backlog --as-of 2026-04-01 --format csv
  ticketing report sla --by month --under phone-contract@2
  ticketing report ledger --by manufacturer"""


def report(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(reports.REPORTS)}.")],
    store: StoreUrl = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIMENSION",
            help="Group by site, month, manufacturer, model, channel or source; promises also by role, ledger by party"
            " or cause. Repeatable.",
        ),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day or instant of the cohort.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="Last day or instant of the cohort, inclusive.")] = None,
    cohort: Annotated[
        str | None, typer.Option(metavar="COHORT", help="Which tickets: opened_in, handed_back_in, due_in, …")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    position: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only the first N facts of the whole log.")
    ] = None,
    zone: Zone = "UTC",
    within: Annotated[int | None, _days("turnaround: add the share handed back within so many days.")] = None,
    percentile: Annotated[
        list[int] | None,
        typer.Option(
            metavar="P",
            min=1,
            max=99,
            rich_help_panel=_PARAMETERS,
            help="turnaround, sla, sites: repeatable; 50 and 90.",
        ),
    ] = None,
    unit: Annotated[
        Literal["s", "h", "d"] | None, typer.Option(rich_help_panel=_PARAMETERS, help="turnaround: of what is shown.")
    ] = None,
    w_days: Annotated[int | None, _days("complaint_rate: how long after hand-back one counts; 30.")] = None,
    h_days: Annotated[int | None, _days("complaint_rate: how long after opening one counts; 90.")] = None,
    under: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY@VERSION",
            rich_help_panel=_PARAMETERS,
            help="sla: judge by this version too, beside the first.",
        ),
    ] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Read the rows as they stand; do not catch up first.")] = False,
    form: _Form = "table",
) -> None:
    """Computes a figure: turnaround, first pass, complaint rate, backlog, SLA, sites, promises, ledger."""
    # Longer than a function should be, because every option is a parameter and says what it is for.
    figure, local = reports.named(name), zone_named(zone)
    asked: dict[str, object] = {
        "by": _dimensions(by or (), reports.dimensions_of(name)),
        "from_": day_or_instant_given("--from", from_, local),
        "to": day_or_instant_given("--to", to, local),
        "cohort": cohort,
        "as_of": instant_given("--as-of", as_of, local),
        "known_at": instant_given("--known-at", known_at, local),
        "position": position,
        "zone": zone,
        "stale": stale,
    }
    asked |= _parameters(
        figure, within_days=within, percentiles=percentile, unit=unit, w_days=w_days, h_days=h_days, under=under
    )
    answer = _answered(store, figure, asked)
    if form == "table":
        for line in report_lines(answer):
            say(line)
    else:
        write(answer.to_json() if form == "json" else answer.to_csv())


def _dimensions(given: Sequence[str], known: Sequence[str]) -> list[str]:
    by = [name for names in given for name in names.split(",")]
    for name in by:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"the nearest is {near[0]}; " if near else ""
            raise BadInput(f"there is no dimension {name}; {hint}there are {', '.join(known)}")
    return by


def _parameters(figure: Callable[..., Report], **given: object) -> dict[str, object]:
    """Those that were given, all of which the figure must have."""
    known = inspect.signature(figure).parameters
    named = {name: value for name, value in given.items() if value not in (None, [])}
    for name in named:
        if name not in known:
            option = {"within_days": "--within", "percentiles": "--percentile"}.get(name, f"--{name.replace('_', '-')}")
            raise BadInput(f"{option} is no parameter of {figure.__name__}")
    return named


def _answered(store: str | None, figure: Callable[..., Report], asked: dict[str, object]) -> Report:
    with opened_to_ask(store) as app, progress(_WORKING) as advance:
        return figure(app, **asked, on_progress=lambda done, total: advance(_WORKING, done, total))
