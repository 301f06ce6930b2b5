"""A projection of the tests' own: which facts a ticket's row has taken in, in the order in which it did."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ticketing.domain.values import Event, Recorded
from ticketing.projections.built_in import BUILT_IN
from ticketing.projections.row import Projection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow(Row):
    """A fact that was taken in twice stands here twice."""

    versions: tuple[int, ...] = ()
    commands: tuple[str, ...] = ()


class Seen:
    """The projection.

    Args:
        on_fact: Told before each fact is taken in.
    """

    name = "seen"
    version = 1
    row = SeenRow

    def __init__(self, on_fact: Callable[[], None] | None = None) -> None:
        self._on_fact = on_fact

    def apply(self, row: SeenRow, fact: Recorded[Event]) -> SeenRow:
        if self._on_fact is not None:
            self._on_fact()
        return replace(row, versions=(*row.versions, fact.version), commands=(*row.commands, str(fact.command_id)))


SEEN = Seen()
PROJECTIONS: tuple[Projection[Any], ...] = (SEEN, *BUILT_IN)
"""What the daemons fold, in this order, and what is held against a fresh fold."""
