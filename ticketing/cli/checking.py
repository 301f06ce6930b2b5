"""`check`: holds a store against its own laws and says what is wrong."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from ticketing.adapters.check_rows import view_name
from ticketing.adapters.defect import DAMAGE, Defect
from ticketing.adapters.view import ViewId, ViewState
from ticketing.cli.following import set_aside_text
from ticketing.cli.output import TableOrJson, one_line, say, write_json
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask

_NOT_FULL = "rows were not held against a fresh fold, --full does that"
_SHOWN = 10
"""Lines of one rule in a table: what went wrong once is often found a thousand times."""


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="Upkeep")(check)


_EPILOG = """Others may go on writing meanwhile. Each line names the place, what is wrong
there, and the rule that it breaks; ten of each rule, and with --format json
all of them. Exit code 1 if anything is wrong.

Try it:
  ticketing check
  ticketing check --full --format json"""


def check(
    store: StoreUrl = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Hold every row against a fresh fold of its ticket, and compute every hash anew."),
    ] = False,
    form: TableOrJson = "table",
) -> None:
    """Checks positions, versions, readability, commands, claims, private texts and the hash tree of a store."""
    with opened_to_ask(store) as app:
        head = 0
        with suppress(*DAMAGE):  # the check says what is wrong with it
            head = app.store.head()
        with progress("Checking") as advance:
            # Printed when the bar is gone, which would take the lines for its own.
            found = list(app.check(is_full=full, on_progress=advance))
        own = {ViewId(projection.name, projection.version) for projection in app.projections.known.values()}
        waiting = [state for state in app.store.views() if state.id in own and state.waiting]
    wrong = [defect for defect in found if defect.is_damage]
    if form == "json":
        write_json([asdict(defect) for defect in found])
    else:
        for line in _lines(found):
            say(line)
        for advice in _advice(found, waiting):
            say(Text(advice, "warning"))
        if wrong:
            say(Text(f"{len(wrong):,} {'thing is' if len(wrong) == 1 else 'things are'} wrong.", "heading"))
        else:
            left_out = {defect.place for defect in found}
            compared = sum(view_name(view) not in left_out for view in own) if head else 0
            rows = _about_rows(compared, is_left_out=bool(found)) if full else _NOT_FULL
            say(f"Nothing is wrong up to position {head:,}; {rows}.")
    if wrong:
        raise typer.Exit(1)


def _about_rows(views: int, *, is_left_out: bool) -> str:
    """What was held against a fresh fold."""
    rest = ", what is named above was left out" if is_left_out else ""
    if not views:
        return f"no rows were held against a fresh fold{rest}"
    return f"the rows of {views:,} {'view' if views == 1 else 'views'} are those of a fresh fold{rest}"


def _lines(found: Sequence[Defect]) -> Iterator[Text]:
    """A line for each of the first of every rule, and how many more there are."""
    by_rule: dict[str, list[Defect]] = defaultdict(list)
    for defect in found:
        by_rule[defect.rule].append(defect)
    for rule, defects in by_rule.items():
        for defect in defects[:_SHOWN]:
            yield Text(one_line(str(defect)), "" if defect.is_damage else "faint")
        if more := len(defects[_SHOWN:]):
            yield Text(f"… and {more:,} more ({rule}), all of them with --format json", "faint")


def _advice(found: Sequence[Defect], waiting: Sequence[ViewState]) -> Iterator[str]:
    """What can be done for rows that are wrong, or are not whole."""
    for name in sorted({defect.projection for defect in found if defect.projection is not None}):
        yield f"The rows of {name} are folded anew by: ticketing projections rebuild {name}"
    if any(defect.rule == "tree" for defect in found):
        yield "Where the log is as it should be and the tree is damaged, it is made anew by: ticketing notary rebuild"
    for state in waiting:
        yield set_aside_text(state.id.name, state.waiting)
