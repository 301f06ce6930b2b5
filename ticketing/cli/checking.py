"""`check`: holds a store against its own laws and says what is wrong."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from ticketing.cli.output import TableOrJson, one_line, say, write_json
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command(epilog=_EPILOG, rich_help_panel="Upkeep")(check)


_EPILOG = """Others may go on writing meanwhile. Each line names the place, what is wrong
there, and the rule that it breaks. Exit code 1 if anything is wrong.

Try it:
  ticketing check
  ticketing check --full --format json"""


def check(
    store: StoreUrl = None,
    full: Annotated[
        bool, typer.Option("--full", help="Hold every row against a fresh fold of its ticket, too.")
    ] = False,
    form: TableOrJson = "table",
) -> None:
    """Checks positions, versions, readability, commands, claims and private texts of a store."""
    with opened_to_ask(store) as app:
        head = app.store.head()
        with progress("Checking") as advance:
            # Printed when the bar is gone, which would take the lines for its own.
            found = list(app.check(is_full=full, on_progress=advance))
    wrong = [defect for defect in found if defect.is_damage]
    if form == "json":
        write_json([asdict(defect) for defect in found])
    else:
        for defect in found:
            say(Text(one_line(str(defect)), "" if defect.is_damage else "faint"))
        if wrong:
            say(Text(f"{len(wrong):,} {'thing is' if len(wrong) == 1 else 'things are'} wrong.", "heading"))
        else:
            say(f"Nothing is wrong up to position {head:,}; {_about_rows(is_full=full, is_left_out=bool(found))}.")
    if wrong:
        raise typer.Exit(1)


def _about_rows(*, is_full: bool, is_left_out: bool) -> str:
    if not is_full:
        return "rows were not held against a fresh fold, --full does that"
    return "the rows are those of a fresh fold" + (", but for what is named above" if is_left_out else "")
