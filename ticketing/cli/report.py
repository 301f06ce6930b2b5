"""`report`: a figure, with everything needed to compute it again."""

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.models import OptionInfo

from ticketing import reports
from ticketing.cli.output import say, write
from ticketing.cli.progress import progress
from ticketing.cli.report_again import report_again
from ticketing.cli.report_page import PAGE, write_report_page
from ticketing.cli.report_table import report_lines
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.cli.times import ABOUT_INSTANTS, AsOf, KnownAt, Zone, day_or_instant_given, instant_given, zone_named
from ticketing.domain.errors import BadInput
from ticketing.pages.report_page import report_page
from ticketing.projections.report import Report

_WORKING = "Working it out"
_BESIDE_REPETITION = frozenset({"repeat", "store", "form"})
_BESIDE_COMPARISON = frozenset({"compare_to", "store", "form", "as_of", "known_at", "position", "zone"})
"""What may be given beside --repeat and --compare-to; a zone where a date may need one."""
_PRINTS = {"--repeat": "JSON", "--compare-to": "a table or JSON"}
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
  ticketing report ledger --by manufacturer
  ticketing report page --out report.html
  ticketing report complaint_rate --format json > march.json
  ticketing report --repeat march.json
  ticketing report --compare-to march.json"""


def report(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help=f"One of {', '.join(reports.REPORTS)}; or page."),
    ] = None,
    store: StoreUrl = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIMENSION",
            help="Group by site, site_kind, technician, manufacturer, model, symptom, cause, entitlement, till,"
            " channel, source, month or quarter; some reports have dimensions of their own. Repeatable, for pairs.",
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
    within: Annotated[
        int | None,
        _days(
            "turnaround: add the share handed back within so many; silence: the customer told, 3;"
            " requests: answered, 2; hygiene: reopened, 7."
        ),
    ] = None,
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
    w_days: Annotated[int | None, _days("complaint_rate, good_work: how long after hand-back one counts; 30.")] = None,
    h_days: Annotated[int | None, _days("complaint_rate, disputes: how long after opening one counts; 90.")] = None,
    n_days: Annotated[
        int | None,
        _days("repeat_rate, first_time_fix, repeats, good_work: how long after hand-back a new ticket is one; 90."),
    ] = None,
    blame: Annotated[
        Literal["latest", "first"] | None,
        typer.Option(
            rich_help_panel=_PARAMETERS,
            help="repeat_rate, repeats: charge the latest repair before, or the first of the chain.",
        ),
    ] = None,
    m_months: Annotated[
        int | None,
        typer.Option(
            metavar="MONTHS",
            min=0,
            rich_help_panel=_PARAMETERS,
            help="recognition: how long after hand-back another unit counts; 12.",
        ),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=_PARAMETERS,
            help="funnel, control_chart: of which rate, whose parameters may be given too; complaint_rate.",
        ),
    ] = None,
    minimum_n: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            rich_help_panel=_PARAMETERS,
            help="funnel, control_chart, good_work: judge no group of fewer cases; 20.",
        ),
    ] = None,
    variant: Annotated[
        Literal["to_notice", "in_house", "without_home"] | None,
        typer.Option(
            rich_help_panel=_PARAMETERS,
            help="turnaround: beside it, to the notice that the unit is ready; from complete papers to the end of work;"
            " without the time at home between cycles.",
        ),
    ] = None,
    late_after: Annotated[
        int | None,
        typer.Option(
            "--late-after",
            metavar="HOURS",
            rich_help_panel=_PARAMETERS,
            help="hygiene: when a fact is recorded late: 1, 4, 8, 24, 72 or 168 h; 24.",
        ),
    ] = None,
    older_than: Annotated[int | None, _days("backlog: after how many an open ticket is pending for long; 30.")] = None,
    manufacturer: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_PARAMETERS, help="scorecard: whose contract measures."),
    ] = None,
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
    repeat: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT.json", help="Print a report once more that was printed as JSON, to the byte; without NAME."
        ),
    ] = None,
    compare_to: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT.json",
            help="Say what became of a printed report, ticket by ticket, and because of what; without NAME. As of now,"
            " unless --as-of, --known-at or --position say otherwise.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="page: where to; not overwritten without --force.")
    ] = None,
    is_forced: Annotated[bool, typer.Option("--force", help="page: overwrite the file.")] = False,
) -> None:
    """Computes a figure, and prints it with everything needed to compute it again."""
    # Longer than a function should be, because every option is a parameter and says what it is for.
    local = zone_named(zone)
    cuts = {
        "as_of": instant_given("--as-of", as_of, local),
        "known_at": instant_given("--known-at", known_at, local),
        "position": position,
    }
    if repeat is not None or compare_to is not None:
        _refuse_a_question(context, name, repeat, compare_to, form)
        report_again(store, repeat, compare_to, cuts, is_json=form == "json")
        return
    if name is None:
        raise BadInput(f"name a report: one of {', '.join(reports.REPORTS)}, or page")
    figure: Callable[..., object] = report_page if name == PAGE else reports.named(name)
    if name != PAGE and (out is not None or is_forced):
        raise BadInput("--out and --force are for the page: ticketing report page --out FILE")
    asked: dict[str, object] = {
        "by": _dimensions(by or (), reports.dimensions_of(of or name)),
        "from_": day_or_instant_given("--from", from_, local),
        "to": day_or_instant_given("--to", to, local),
        "cohort": cohort,
        **cuts,
        "zone": zone,
        "stale": stale,
    }
    asked |= _parameters(
        figure,
        of=of,
        minimum_n=minimum_n,
        within_days=within,
        percentiles=percentile,
        unit=unit,
        w_days=w_days,
        h_days=h_days,
        n_days=n_days,
        blame=blame,
        m_months=m_months,
        under=under,
        variant=variant,
        late_after_hours=late_after,
        older_than=older_than,
        manufacturer=manufacturer,
    )
    if name == PAGE:
        if form != "table":
            raise BadInput("a page is HTML: leave --format out")
        write_report_page(store, out, asked, is_forced=is_forced)
        return
    answer = _answered(store, reports.named(name), asked)
    if form == "table":
        for line in report_lines(answer):
            say(line)
    else:
        write(answer.to_json() if form == "json" else answer.to_csv())


def _refuse_a_question(
    context: typer.Context, name: str | None, repeat: Path | None, compare_to: Path | None, form: str
) -> None:
    """Refuses what the printed report says itself, rather than leave it unheard."""
    if name is not None:
        raise BadInput(f"--repeat and --compare-to ask what the printed report asked: leave out {name}")
    if repeat is not None and compare_to is not None:
        raise BadInput("either --repeat or --compare-to, not both")
    option, beside = ("--compare-to", _BESIDE_COMPARISON) if repeat is None else ("--repeat", _BESIDE_REPETITION)
    given = {
        one.name: one.opts[0]
        for one in context.command.params
        if (source := context.get_parameter_source(one.name or "")) is not None and source.name == "COMMANDLINE"
    }
    if not given.keys() & {"as_of", "known_at"}:
        beside = beside - {"zone"}
    for name_of_it, written in given.items():
        if name_of_it not in beside:
            raise BadInput(f"{written} does not go with {option}, which asks what the printed report asked")
    if "form" in given and form not in (("table", "json") if repeat is None else ("json",)):
        raise BadInput(f"--format {form} does not go with {option}, which prints {_PRINTS[option]}")


def _dimensions(given: Sequence[str], known: Sequence[str]) -> list[str]:
    by = [name for names in given for name in names.split(",")]
    for name in by:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"the nearest is {near[0]}; " if near else ""
            raise BadInput(f"there is no dimension {name}; {hint}there are {', '.join(known)}")
    return by


def _parameters(figure: Callable[..., object], **given: object) -> dict[str, object]:
    """Those that were given, all of which the figure must have, or the one that it compares."""
    known = dict(inspect.signature(figure).parameters)
    if "of" in known:
        known |= inspect.signature(reports.named(str(given["of"] or known["of"].default))).parameters
    named = {name: value for name, value in given.items() if value not in (None, [])}
    for name in named:
        if name not in known:
            option = {
                "within_days": "--within",
                "percentiles": "--percentile",
                "late_after_hours": "--late-after",
            }.get(name, f"--{name.replace('_', '-')}")
            raise BadInput(f"{option} is no parameter of {figure.__name__}")
    return named


def _answered(store: str | None, figure: Callable[..., Report], asked: dict[str, object]) -> Report:
    with opened_to_ask(store) as app, progress(_WORKING) as advance:
        return figure(app, **asked, on_progress=lambda done, total: advance(_WORKING, done, total))
