"""Projector: follows the log and keeps the rows of projections, a page at a time."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from ticketing.adapters.store import Store, View
from ticketing.domain.errors import Conflict
from ticketing.domain.values import Event, Recorded
from ticketing.projections.row import Projection, Row, fold_page

R = TypeVar("R", bound=Row)


def view_of(store: Store, projection: Projection[R]) -> View[R]:
    """The view that holds the projection's rows."""
    return store.view(projection.name, projection.version, projection.row)


def catch_up(
    store: Store,
    projections: Sequence[Projection[Any]],
    *,
    page_size: int = 1000,
    on_page: Callable[[int], None] | None = None,
) -> int:
    """Folds the log into the views of projections up to its head; a page is read once for all of them.

    Args:
        store: The log and the views.
        projections: What to fold.
        page_size: Facts folded and written in one transaction of each view.
        on_page: Told each position that all have reached.

    Returns:
        The position that all have reached.
    """
    views = [(projection, view_of(store, projection)) for projection in projections]
    if not views:
        return store.head()
    while True:
        positions = [view.position() for _, view in views]
        page = store.log(min(positions), page_size)
        if not page:
            return min(positions)
        reached = page[-1].position

        @cache
        def history(ticket_id: UUID, reached: int = reached) -> Sequence[Recorded[Event]]:
            return [fact for fact in store.stream(ticket_id) if fact.position <= reached]

        for (projection, view), position in zip(views, positions, strict=True):
            new = [fact for fact in page if fact.position > position]
            if new:
                _fold_into(view, projection, new, position, history)
        if on_page is not None:
            on_page(reached)


def _fold_into(
    view: View[Any],
    projection: Projection[Any],
    page: Sequence[Recorded[Event]],
    position: int,
    history: Callable[[UUID], Sequence[Recorded[Event]]],
) -> None:
    rows = view.load({fact.stream_id for fact in page if fact.stream_kind == "ticket"})
    changed = fold_page(projection, rows, page, history)
    with suppress(Conflict):  # another process has folded this page; go on from where it stands
        view.save(changed.values(), expected_position=position, position=page[-1].position)
