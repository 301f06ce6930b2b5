"""`projections run`, `rebuild`, `mode`, `remove`, `views`: the rows behind the reports, and who keeps them."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Annotated, Any, Literal, NoReturn

import typer

from ticketing.application import Ticketing
from ticketing.cli import dead_letters, projection_status
from ticketing.cli.following import FOLDING, follow, set_aside_text
from ticketing.cli.notary import caught_up
from ticketing.cli.output import STOPPED, TERMINATED, say, tell
from ticketing.cli.progress import estimated, shown_by_position
from ticketing.cli.stores import StoreUrl, opened_to_ask
from ticketing.domain.durations import lasting
from ticketing.domain.errors import NotFound
from ticketing.projections.built_in import BUILT_IN
from ticketing.projections.row import Projection

ProjectionName = Annotated[
    str, typer.Argument(metavar="NAME", help="Which projection: turnaround, backlog, … or a host's.")
]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    projections = typer.Typer()
    projections.command("run", epilog=_RUN_EPILOG)(run)
    projection_status.add_to(projections)
    projections.command("rebuild", epilog=_REBUILD_EPILOG)(rebuild)
    projections.command("mode", epilog=_MODE_EPILOG)(mode)
    dead_letters.add_to(projections)
    projections.command("remove", epilog=_REMOVE_EPILOG)(remove)
    projections.command("views", epilog=_VIEWS_EPILOG)(views)
    about = "Keeps the rows behind the reports, and those of a host, up to date and whole."
    app.add_typer(projections, name="projections", help=about, rich_help_panel="Upkeep")


_RUN_EPILOG = """Reports catch up by themselves; running this beside them makes that short.
Any number of processes may follow one store: one leads each projection,
another takes over when it ends.

Try it:
  ticketing projections run
  ticketing projections run --follow
  ticketing projections run turnaround backlog --follow"""


def run(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="Which projections; all if none is named.")
    ] = None,
    store: StoreUrl = None,
    is_to_follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is recorded from now on, until Ctrl-C or SIGTERM.")
    ] = False,
) -> None:
    """Folds what was recorded since the last time into the rows of projections."""
    with opened_to_ask(store) as app:
        asked = [app.projections.named(name) for name in dict.fromkeys(names or sorted(app.projections.known))]
        if is_to_follow:
            follow(app, asked)
        else:
            _catch_up(app, asked, has_tree=not names)


def _catch_up(app: Ticketing, projections: Sequence[Projection[Any]], *, has_tree: bool) -> None:
    try:
        reached = _caught_up(app, projections)
        if has_tree:
            caught_up(app)
    except KeyboardInterrupt:
        # A page is kept whole or not at all: whoever runs next goes on from there.
        tell("Stopped; the rows stand where they are.")
        return
    tell(f"Up to date at position {reached:,}.")
    asked = {projection.name for projection in projections}
    for status in app.projections.status():
        if status.is_known and status.mode != "rebuild" and status.name in asked and status.dead_letters:
            tell(set_aside_text(status.name, status.dead_letters), style="warning")


def _caught_up(app: Ticketing, projections: Sequence[Projection[Any]]) -> int:
    with shown_by_position(FOLDING, app.store.head) as on_page:
        return app.projections.catch_up(projections, on_page=on_page)


_REBUILD_EPILOG = """Reports are answered from the old rows until the new ones take their place.
A rebuild that was stopped goes on from where it was, unless it is asked to
begin again: say so if the projection's code was changed meanwhile.

Try it:
  ticketing projections rebuild turnaround
  ticketing projections rebuild turnaround --afresh"""


def rebuild(
    name: ProjectionName,
    store: StoreUrl = None,
    is_afresh: Annotated[
        bool, typer.Option("--afresh", help="Begin at the first fact also where a rebuild was stopped.")
    ] = False,
) -> None:
    """Folds the whole log anew beside the rows that are served, then puts the new rows in their place."""
    with opened_to_ask(store) as app:
        projection = app.projections.named(name)
        before = sum(letter.dropped_at is None for letter in app.projections.dead_letters(projection))
        begun = time.monotonic()
        try:
            with _terminated(), estimated(f"Rebuilding {name}") as show:
                app.projections.rebuild(projection, is_afresh=is_afresh, on_progress=show)
        except KeyboardInterrupt as stop:
            come = next((one for one in app.projections.status() if (one.name, one.mode) == (name, "rebuild")), None)
            where = "" if come is None else f" at position {come.position:,} of {come.head:,}"
            tell(f"Stopped{where}; the old rows are served. To go on: ticketing projections rebuild {name}")
            # typer.Exit would have the program say a second time that it was stopped
            sys.exit(TERMINATED if isinstance(stop, _Terminated) else STOPPED)
        took = timedelta(seconds=time.monotonic() - begun)
        state = app.projections.ready_view(projection).state()
    tell(f"Rebuilt {name} in {lasting(took)}; its rows stand at position {state.position:,}.")
    if state.waiting:
        tell(set_aside_text(name, state.waiting, before), style="warning")


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which stops what Ctrl-C stops."""


@contextmanager
def _terminated() -> Iterator[None]:
    """Has SIGTERM raise `_Terminated`; a second one ends the process as if nothing had been arranged."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


_MODE_EPILOG = """inline: every append to the store writes the rows too, so that they are never
behind. Every process that appends must then have the projection: a host's is
named in TICKETING_PROJECTIONS. daemon: somebody folds them afterwards.

Try it:
  ticketing projections mode backlog inline
  ticketing projections mode backlog daemon"""


def mode(
    name: ProjectionName,
    to: Annotated[Literal["inline", "daemon"], typer.Argument(metavar="inline|daemon", help="Who writes the rows.")],
    store: StoreUrl = None,
) -> None:
    """Has every append write the rows of a projection, or leaves them to a daemon."""
    with opened_to_ask(store) as app:
        projection = app.projections.named(name)
        if to == "inline":
            _caught_up(app, [projection])  # what is left for the time under the log's lock is short
            app.projections.make_inline(projection)
            lacking = "" if projection in BUILT_IN else "; a process that lacks it can no longer append"
            said = f"{name} is inline: every append writes its rows{lacking}."
        else:
            app.projections.leave_to_daemon(projection)
            said = f"{name} is left to a daemon: ticketing projections run --follow"
    tell(said)


_REMOVE_EPILOG = """The facts stay: whoever has the projection may fold its rows again.

Try it:
  ticketing projections remove opened_up 1"""


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The projection.")],
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="Its version.")],
    store: StoreUrl = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Removes the rows of a projection that nobody uses any more, such as those of an older version."""
    with opened_to_ask(store) as app:
        found = [one for one in app.projections.status() if (one.name, one.version) == (name, version)]
        if not found:
            raise NotFound(f"there are no rows of {name} version {version}")
        if not yes and not found[0].is_known:
            leader = f", which {found[0].leader} leads" if found[0].leader else ""
            inline = ", which every append writes" if found[0].mode == "inline" else ""
            typer.confirm(f"Remove the rows of {name} version {version}{leader}{inline}?", abort=True, err=True)
        app.projections.remove(name, version)
    tell(f"Removed the rows of {name} version {version}.")


_VIEWS_EPILOG = """In PostgreSQL alone. A comment says of every column what it means. The views show
rows as they stand: whoever folds these (run --follow, or mode inline) keeps the
views up to date. After an upgrade of the package, make them anew.

Try it:
  ticketing projections views
  psql -c '\\d+ ticketing_report.turnaround'"""


def views(store: StoreUrl = None) -> None:
    """Makes views of all rows for Metabase, Grafana, Superset and the like, or makes them anew."""
    with opened_to_ask(store) as app:
        made = app.projections.make_views()
    for name in made:
        say(name)
    tell(f"Made {len(made)} views; a reader needs USAGE on their schema and SELECT on them.")
