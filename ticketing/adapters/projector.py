"""Projector: follows the log and keeps the rows of projections, a page at a time."""

from collections.abc import Callable, Sequence
from contextlib import suppress
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
    projection: Projection[Any],
    *,
    page_size: int = 1000,
    on_page: Callable[[int], None] | None = None,
) -> int:
    """Folds the log into the projection's view up to its head.

    Args:
        store: The log and the views.
        projection: What to fold.
        page_size: Facts folded and written in one transaction.
        on_page: Told each position reached.

    Returns:
        The position reached.
    """
    view = view_of(store, projection)
    while True:
        position = view.position()
        page = store.log(position, page_size)
        if not page:
            return position
        reached = page[-1].position

        def history(ticket_id: UUID, reached: int = reached) -> Sequence[Recorded[Event]]:
            return [fact for fact in store.stream(ticket_id) if fact.position <= reached]

        rows = view.load({fact.stream_id for fact in page if fact.stream_kind == "ticket"})
        changed = fold_page(projection, rows, page, history)
        with suppress(Conflict):  # another process has folded this page; go on from where it stands
            view.save(changed.values(), expected_position=position, position=reached)
        if on_page is not None:
            on_page(reached)
