"""Changes: what one version of reference data says differently from another, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two versions say differently.

    Attributes:
        about: `standard`, `test charge`, `clause 4.2`, `clock promise`.
        what: Which part of it: `title`, `period`, or `whole` where all of it is new or gone.
        before: What the older version says; None where it says nothing.
        after: What the newer one says.
    """

    about: str
    what: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    def in_words(self) -> str:
        """The change in one line."""
        name = self.about if self.what == "whole" else f"{self.about}, {self.what}"
        if self.before is None or self.after is None:
            return f"{name} {self.kind}: {self.before or self.after}"
        return f"{name} changed from “{self.before}” to “{self.after}”"


def side_by_side(
    kind: str, older: Mapping[str, Mapping[str, str]], newer: Mapping[str, Mapping[str, str]]
) -> Iterator[Change]:
    """What the newer of two says differently about several things of a kind, by name: those that are gone come last."""
    for name in dict.fromkeys((*newer, *older)):
        before, after = older.get(name), newer.get(name)
        if before is not None and after is not None:
            yield from changes(f"{kind} {name}", before, after)
        else:
            yield Change(f"{kind} {name}", "whole", _whole(before), _whole(after))


def changes(about: str, older: Mapping[str, str], newer: Mapping[str, str]) -> Iterator[Change]:
    """What the newer of two says differently about one thing, by the part of it."""
    for what in dict.fromkeys((*older, *newer)):
        if older.get(what) != newer.get(what):
            yield Change(about, what, older.get(what), newer.get(what))


def _whole(said: Mapping[str, str] | None) -> str | None:
    return "; ".join(said.values()) if said is not None else None
