"""What stands below a report that lists single tickets: the first of them, each in a line."""

from collections.abc import Callable, Iterator
from textwrap import wrap

from rich.text import Text

from ticketing.cli.output import printable
from ticketing.projections.report import Case, Report
from ticketing.projections.report_words import value_words

FIRST = 10
"""How many a table shows."""
_WIDTH = 80


def case_lines(report: Report, faint: Callable[[str], Iterator[Text]]) -> Iterator[Text]:
    """The first repeats: which repair, whose, and when and as what it came back; or moves out of warranty, likewise.

    Args:
        report: Which has cases, if none then an empty tuple of them.
        faint: Lays out what is said in passing.
    """
    cases = report.cases or ()
    is_move = report.figure == "warranty_watch"
    if not cases:
        yield from faint("no ticket was moved out of warranty" if is_move else "no repair came back")
    else:
        what, thing = ("moved out of warranty", "ticket") if is_move else ("came back", "unit")
        yield Text(f"{what}: {len(cases):,} {thing}{'s' if len(cases) > 1 else ''}", "heading")
        for one in cases[:FIRST]:
            said = printable(_move(one) if is_move else _case(one))
            yield from map(Text, wrap(said, _WIDTH, subsequent_indent="    ", break_on_hyphens=False))
        if len(cases) > FIRST:
            yield from faint(f"… and {len(cases) - FIRST:,} more, with --format json")
    yield Text()


def _case(one: Case) -> str:
    whose = ", ".join(str(one[name]) for name in ("site", "technician") if one[name] is not None)
    entitlement = one["entitlement_again"]
    paid = value_words("repeats", "entitlement_again", None if entitlement is None else str(entitlement))
    cycle = f" cycle {one['cycle']}" if one["cycle"] != 1 else ""
    return f"  {one['ticket']}{cycle}  {whose}  after {one['days']:.1f} days as {one['repeat']}, {paid}"


def _move(one: Case) -> str:
    """Which ticket, when, by whom, and whether it stood."""
    stands = "stands" if one["overturned_by"] is None else f"overturned by fact {one['overturned_by']}"
    approved = "" if one["approved_by"] is None else f", approved by {one['approved_by']}"
    return f"  {one['ticket']}  on {str(one['moved_at'])[:10]} by {one['moved_by']}{approved}: {stands}"
