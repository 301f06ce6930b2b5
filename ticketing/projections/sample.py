"""Sample: the cases of a figure by group, a few integers each, gathered in one pass over the rows.

One pass is all there is, and where a source of imports ends is known only after its last row. So whatever depends on
how long a ticket was observed is worked out from the sample afterwards. A case takes eight bytes for each integer.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from ticketing.domain.hours import micros
from ticketing.projections.dimensions import DIMENSIONS, Dimensions
from ticketing.projections.site_kinds import SiteKinds

Group = tuple[str | None, ...]

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""A day is 24 h, in microseconds as all instants here."""

_NATIVE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which tickets are asked about, and under what they are counted.

    Attributes:
        by: Names of `DIMENSIONS`.
        from_at: The first instant of the period; None from the beginning.
        before: The first instant after the period; None for no end.
        observed_until: How far native tickets were observed.
        zone: The zone of months and quarters.
        site_kinds: Whose each site is.
    """

    by: tuple[str, ...] = ()
    from_at: datetime | None = None
    before: datetime | None = None
    observed_until: datetime
    zone: tzinfo = UTC
    site_kinds: SiteKinds = field(default_factory=SiteKinds)

    def holds(self, at: datetime | None) -> bool:
        """Whether the instant lies in the period."""
        return (
            at is not None
            and (self.from_at is None or at >= self.from_at)
            and (self.before is None or at < self.before)
        )

    def group(self, row: Dimensions, at: datetime) -> Group:
        """The row's group, `at` being the instant that puts it into the cohort."""
        return tuple(DIMENSIONS[name](row, at, self) for name in self.by)

    def named(self, group: Group) -> dict[str, str | None]:
        """The group's values by dimension."""
        return dict(zip(self.by, group, strict=False))


def in_order(groups: Iterable[Group]) -> list[Group]:
    """The groups by code point, unknown values first."""
    return sorted(groups, key=lambda group: [(name is not None, name or "") for name in group])


@dataclass(slots=True)
class Cases:
    """The cases of one group."""

    width: int
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    excluded: int = 0

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        columns = [iter(self.numbers)] * self.width
        return zip(*columns, strict=True)

    def __len__(self) -> int:
        return len(self.numbers) // self.width


class Sample:
    """The cases of a figure, by group.

    Args:
        scope: Which tickets are asked about.
        width: How many integers a case has.
    """

    def __init__(self, scope: Scope, width: int) -> None:
        self.scope = scope
        self._width = width
        self._groups: dict[Group, Cases] = {}
        self._numbers: dict[str, int] = {}
        self._ends = [micros(scope.observed_until)]

    def source(self, row: Dimensions) -> int:
        """The number under which `until` tells how far the row's ticket was observed.

        Ask it of every row, counted or not, since any of them may be its source's last.
        """
        if row.source is None or row.imported_until is None:
            return _NATIVE
        end = micros(row.imported_until)
        number = self._numbers.get(row.source)
        if number is None:
            number = self._numbers[row.source] = len(self._ends)
            self._ends.append(end)
        elif end > self._ends[number]:
            self._ends[number] = end
        return _NATIVE if row.has_native_facts else number

    def until(self, number: int) -> int:
        """How far tickets of that number were observed; not known before every row was seen."""
        return self._ends[number]

    def add(self, group: Group, *numbers: int) -> None:
        """Counts one case."""
        self._of(group).numbers.extend(numbers)

    def exclude(self, group: Group) -> None:
        """Counts one ticket that the figure leaves out."""
        self._of(group).excluded += 1

    def _of(self, group: Group) -> Cases:
        cases = self._groups.get(group)
        if cases is None:
            cases = self._groups[group] = Cases(self._width)
        return cases

    def groups(self) -> Iterator[tuple[dict[str, str | None], Cases]]:
        """Every group with its cases, by code point; one that says nothing when there is no ticket at all."""
        if not self._groups:
            yield {}, Cases(self._width)
        for group in in_order(self._groups):
            yield self.scope.named(group), self._groups[group]
