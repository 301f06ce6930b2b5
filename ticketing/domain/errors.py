"""Every error the package raises on purpose.

TicketingError
├── CommandRejected     a rule of the trade refuses the command; nothing was recorded
├── Conflict            somebody else appended first; the application decides again
├── NotFound            no ticket, version or reference under that name
├── NotReady            rows are asked for that are not folded as far yet
├── BadInput            a file, argument or value that cannot be understood
│   └── NotProven           a signature, a proof or a checkpoint that does not hold
└── StoreError          the store cannot be reached, read or written
    ├── StoreClosed         the store was closed, or opened in a process that this one was forked from
    ├── MissingProjection   this process lacks a projection that the store keeps inline
    ├── UnreadableEvent     a stored event that this version cannot decode
    └── DamagedTree         the hash tree lacks hashes, or does not fit the log
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TicketingError(Exception):
    """The root of the tree above; its text is one line for a person to read."""


class CommandRejected(TicketingError):
    """A rule refused the command.

    Attributes:
        rule: The stable slug of the rule, as in the README's table.
        reason: What the rule found, for a person to read.
    """

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule
        self.reason = reason


class Conflict(TicketingError):
    """The stream, a claimed number or the open unit changed between load and append."""


class NotFound(TicketingError):
    """Nothing is recorded under that id, number, name or version."""


class NotReady(TicketingError):
    """Rows that are not folded as far as asked for, or not for the first time yet."""


class BadInput(TicketingError):
    """Input that cannot be understood; the text names the place and the rule."""


class NotProven(BadInput):
    """A signature, a proof or a checkpoint that can be read, and does not hold."""


class StoreError(TicketingError):
    """The store cannot be opened, reached, read or written."""


class StoreClosed(StoreError):
    """The store was closed, or opened before a fork: this process has to open it anew."""


class MissingProjection(StoreError):
    """The store keeps a projection inline that this process lacks: it may read, and may not append."""


class UnreadableEvent(StoreError):
    """A stored event that this version of the package cannot decode."""


class DamagedTree(StoreError):
    """The hash tree over the log lacks hashes, or has leaves of facts that the log has not."""


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is written most like the wrong one; None where none is known."""
    return next(iter(get_close_matches(wrong, list(known), n=1, cutoff=0)), None)


def hint(wrong: str, known: Iterable[str]) -> str:
    """The end of a line that names the nearest of what is known; empty where nothing is."""
    name = nearest(wrong, known)
    return "" if name is None else f"; the nearest is {name!r}"
