"""Rebuild: rows folded anew from the whole log beside those that are served, and put in their place at the end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ticketing.adapters.estimate import Estimate, Progress
from ticketing.adapters.projector import Followed, rebuild_next, view_of
from ticketing.adapters.store import Store, Watch
from ticketing.adapters.view import DeadLetter, ViewId
from ticketing.domain.errors import Conflict
from ticketing.projections.row import Projection

_SWITCH_TRIES = 600
_SWITCH_SECONDS = 0.1


class Rebuild:
    """One rebuild of one projection by one process, which leads it while its watch is open.

    Args:
        store: The log and the views.
        projection: What to fold.
        watch: Renews the lead after each page, for it runs out otherwise.
        page_size: Facts folded and written in one transaction.
        on_progress: Told after each page.
    """

    def __init__(
        self,
        store: Store,
        projection: Projection[Any],
        watch: Watch,
        *,
        page_size: int,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._store = store
        self._projection = projection
        self._watch = watch
        self._page_size = page_size
        self._on_progress = on_progress
        self._next = ViewId(projection.name, projection.version, is_next=True)
        self._estimate = Estimate()
        self._is_waiting = False

    def run(self, dropped: Sequence[DeadLetter], *, is_afresh: bool) -> None:
        """Goes on from where it was interrupted, or begins, and ends with the switch.

        Args:
            dropped: Events that were given up, and are left out of the new rows too.
            is_afresh: Throw away what was interrupted.

        Raises:
            Conflict: Another process is rebuilding it, or readers kept the old rows for a minute.
        """
        view = view_of(self._store, self._projection, is_next=True)
        self._lead()
        if is_afresh:
            self._store.remove_view(self._next)
            view = view_of(self._store, self._projection, is_next=True)
        followed = Followed(self._projection, view, self._lead(), renew=self._lead)
        loaded = view.load([])
        if loaded.position == 0:
            view.save((), revision=loaded.revision, position=0, letters=dropped, fence=followed.fence)
        for attempt in range(_SWITCH_TRIES):
            self._is_waiting = attempt > 0
            try:
                rebuild_next(self._store, followed, page_size=self._page_size, on_page=self._on_page)
            except Conflict:
                followed.fence = self._lead()
                if attempt == _SWITCH_TRIES - 1:
                    raise
                time.sleep(_SWITCH_SECONDS)
            else:
                return

    def _lead(self) -> int:
        fence = self._watch.lead(self._next)
        if fence is None:
            raise Conflict(f"another process is rebuilding {self._projection.name}")
        return fence

    def _on_page(self, position: int) -> None:
        self._lead()
        if self._on_progress is not None:
            come = self._estimate.at(time.monotonic(), position, max(position, self._store.head()))
            self._on_progress(replace(come, remaining=None) if self._is_waiting else come)
