"""Defect: something in a store that is not as it must be, in words; and how a check reads on behind it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from ticketing.adapters.store import Store
from ticketing.domain.errors import StoreError

T = TypeVar("T")

Rule = Literal[
    "position",
    "stamp",
    "version",
    "stream-kind",
    "unreadable",
    "command",
    "claim",
    "private-text",
    "view",
    "row",
    "dead-letter",
    "tree",
    "checkpoint",
    "not-checked",
]
"""The law that is broken; `not-checked` is none."""

Advance = Callable[[str, int, int | None], None]
"""Told what is being looked at, how far it has come, and out of how much, if that is known."""

DAMAGE = (ValueError, TypeError, AttributeError, StoreError)
"""What reading raises where a stored value is damaged."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that is not as it must be.

    Attributes:
        place: Where: a position, a stream and version, a command, a private text, a view or a row of it.
        rule: The law that is broken. `not-checked` says that something was left out, which is no damage.
        what: What is wrong, in words, in one line.
        projection: Whose rows it is about, where a rebuild gives the right ones; else None.
    """

    place: str
    rule: Rule
    what: str
    projection: str | None = None

    @property
    def is_damage(self) -> bool:
        """Whether something is wrong, and not only left out."""
        return self.rule != "not-checked"

    def __str__(self) -> str:
        return f"{self.place}: {self.what} ({self.rule})"


def read_on(store: Store, items: Iterable[T], place: str, rule: Rule) -> Iterator[T | Defect]:
    """The items as far as they can be read, and a defect in place of the rest.

    Raises:
        StoreError: The store is gone.
    """
    try:
        yield from items
    except DAMAGE as error:
        yield Defect(place, rule, f"cannot be read further, and the rest was not looked at: {kind_of(store, error)}")


def kind_of(store: Store, error: Exception) -> str:
    """The name of what a damaged value raised; its text may show the value, which may be somebody's.

    Raises:
        StoreError: The store is gone.
    """
    if isinstance(error, StoreError):
        store.head()
    return type(error).__name__
