"""`projections run`: keeps the rows behind the reports up to date."""

import time
from typing import Annotated

import typer

from ticketing.application import Ticketing
from ticketing.cli.output import stderr
from ticketing.cli.progress import progress
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.projections.built_in import BUILT_IN

_POLL_SECONDS = 1.0
_FOLDING = "Folding facts into rows"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    projections = typer.Typer()
    # Without a callback typer would make the one command the whole group.
    projections.callback()(_group)
    projections.command("run", epilog=_EPILOG)(run)
    app.add_typer(projections, name="projections", rich_help_panel="Figures")


def _group() -> None:
    """Keeps the rows behind the reports up to date."""


_EPILOG = """Reports catch up by themselves; running this beside them makes that short.

Try it:
  ticketing projections run
  ticketing projections run --follow"""


def run(
    store: StoreUrl = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is recorded from now on, until Ctrl-C.")
    ] = False,
) -> None:
    """Folds what was recorded since the last time into the rows of the built-in reports."""
    with opened_to_ask(store) as app:
        try:
            reached = _caught_up(app)
            stderr().print(f"Up to date at position {reached:,}.")
            while follow:
                time.sleep(_POLL_SECONDS)
                if app.store.head() > reached:
                    reached = _caught_up(app)
                    stderr().print(f"Up to date at position {reached:,}.")
        except KeyboardInterrupt:
            # A page is kept whole or not at all: whoever runs next goes on from there.
            stderr().print("Stopped; the rows stand where they are.")


def _caught_up(app: Ticketing) -> int:
    head = app.store.head()
    with progress(_FOLDING) as advance:
        return app.catch_up(BUILT_IN, on_page=lambda position: advance(_FOLDING, position, head))
