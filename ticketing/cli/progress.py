"""How far something long has come, on stderr: a bar on a terminal, and only there unless it is worth a line."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from ticketing.adapters.estimate import Estimate, Progress
from ticketing.cli.output import stderr
from ticketing.domain.durations import lasting

Advance = Callable[[str, int, int | None], None]
"""Told what is being done, how far it has come, and out of how much."""

Show = Callable[[Progress], None]

LINE_SECONDS = 5.0
"""Between two lines about the same where there is no terminal."""


@contextmanager
def progress(what: str) -> Iterator[Advance]:
    """Shows a bar within the context, and leaves no trace of it; nothing at all where stderr is no terminal."""
    with _bar(stderr(), TaskProgressColumn(show_speed=True), TimeRemainingColumn(compact=True)) as bar:
        task = bar.add_task(what, total=None)

        def advance(what: str, done: int, total: int | None) -> None:
            if bar.tasks[0].description != what:
                bar.reset(task, description=what)
            bar.update(task, completed=done, total=total)

        yield advance


@contextmanager
def estimated(what: str) -> Iterator[Show]:
    """Shows how far it is and how long it still takes: a bar on a terminal, else a line every few seconds."""
    console = stderr()
    if not console.is_terminal:
        yield _lines(console, what)
        return
    with _bar(console, TaskProgressColumn(), TextColumn("{task.fields[left]}")) as bar:
        task = bar.add_task(what, total=None, left="")

        def show(come: Progress) -> None:
            bar.update(task, completed=come.done, total=come.total, left=left_text(come))

        yield show


@contextmanager
def shown_by_position(what: str, head: Callable[[], int]) -> Iterator[Callable[[int], None]]:
    """Gives what is told the position that a page has reached, and shows how far it is to the log's head."""
    estimate = Estimate()
    with estimated(what) as show:
        yield lambda position: show(estimate.at(time.monotonic(), position, max(position, head())))


def left_text(come: Progress) -> str:
    """How long it still takes; what is not known is not guessed."""
    if come.remaining is not None:
        return f"{lasting(come.remaining)} left"
    if come.done >= come.total:
        return "waiting for readers of the old rows"
    return "time left: unknown yet" if come.rate is None else "time left: never done at this rate"


def _lines(console: Console, what: str) -> Show:
    said_at = time.monotonic()

    def show(come: Progress) -> None:
        nonlocal said_at
        now = time.monotonic()
        if now - said_at >= LINE_SECONDS:
            said_at = now
            console.print(f"{what}: position {come.done:,} of {come.total:,}; {left_text(come)}.")

    return show


def _bar(console: Console, *columns: ProgressColumn) -> Bar:
    every = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=None), *columns)
    return Bar(*every, console=console, transient=True, disable=not console.is_terminal)
