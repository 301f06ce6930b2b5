"""Decision totals: how many decisions agree with the assessment of their moment, by kind, clause, decider and maker.

A decision that names several clauses counts under each. Money counts once for each ticket and question in a group,
however many decisions were about it. What is kept grows with the groups, not with the decisions.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ticketing.domain.assessment import Assessment
from ticketing.domain.values import decimal_text
from ticketing.projections.decisions import Decision
from ticketing.projections.statistics import rounded, wilson

Group = tuple[str | None, ...]
DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "decision": ("decision",),
    "manufacturer": ("manufacturer",),
    "clause": ("standard", "clause"),
    "decider": ("decider",),
}
"""By what is counted, and what names a group of it."""


@dataclass(slots=True)
class UnderTally:
    """What the other version says of the decisions of a group.

    Attributes:
        asked: Decisions that it was asked of.
        would_cover: Those of them that say not covered, and it says covered.
        would_not_cover: The other way round.
        said_not_covered: Those that say not covered, and it says either.
        said_covered: Those that say covered, and it says either.
        missing: By fact, how many of the undecidable ones lack it.
    """

    asked: int = 0
    covered: int = 0
    not_covered: int = 0
    undecidable: int = 0
    would_cover: int = 0
    would_not_cover: int = 0
    said_not_covered: int = 0
    said_covered: int = 0
    missing: Counter[str] = field(default_factory=Counter)

    def count(self, assessed: Assessment, says: str | None) -> None:
        self.asked += 1
        if assessed.answer != "undecidable":
            self.said_not_covered += says == "not_covered"
            self.said_covered += says == "covered"
        match assessed.answer:
            case "covered":
                self.covered += 1
                self.would_cover += says == "not_covered"
            case "not_covered":
                self.not_covered += 1
                self.would_not_cover += says == "covered"
            case "undecidable":
                self.undecidable += 1
                self.missing.update(assessed.missing)


@dataclass(slots=True)
class Tally:
    """The decisions of a group, counted.

    Attributes:
        decided: All of them: agreeing, deviating, undecidable, without a standard pinned, and not comparable.
        overturned: Those that did not stand.
        changed: Those that were corrected or taken back themselves.
        kept_otherwise: Those whose stored assessment is not the one that comes out now.
        missing: By fact, how many of the undecidable ones lacked it.
        without_amount: Those about which no amount is on record.
        money: What the others were about, by currency.
    """

    decided: int = 0
    agreeing: int = 0
    deviating: int = 0
    undecidable: int = 0
    without_standard: int = 0
    not_comparable: int = 0
    overturned: int = 0
    changed: int = 0
    kept_otherwise: int = 0
    without_amount: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    money: dict[str, Decimal] = field(default_factory=dict)
    under: UnderTally = field(default_factory=UnderTally)

    @property
    def comparable(self) -> int:
        """How many the assessment could be held against."""
        return self.agreeing + self.deviating

    def count(self, decision: Decision) -> None:
        self.decided += 1
        match decision.agreement:
            case "agrees":
                self.agreeing += 1
            case "deviates":
                self.deviating += 1
            case "undecidable":
                self.undecidable += 1
                self.missing.update(decision.assessed.missing if decision.assessed is not None else ())
            case "no_standard":
                self.without_standard += 1
            case "not_comparable":
                self.not_comparable += 1
        self.overturned += decision.overturned_by is not None
        self.changed += bool(decision.marks)
        self.kept_otherwise += decision.kept == "differs"
        self.without_amount += not any(stake.money for stake in decision.stakes)
        if decision.under is not None:
            self.under.count(decision.under, decision.says)

    def add_money(self, money: Mapping[str, Decimal]) -> None:
        for currency, amount in money.items():
            self.money[currency] = self.money.get(currency, Decimal(0)) + amount


_COUNTS = (
    *("decided", "comparable", "agreeing", "deviating", "undecidable", "without_standard", "not_comparable"),
    *("overturned", "changed", "kept_otherwise", "without_amount"),
)


@dataclass(frozen=True, slots=True)
class Total:
    """One group's tally.

    Attributes:
        by: Of `DIMENSIONS`.
        group: What names it, None where unknown.
    """

    by: str
    group: Mapping[str, str | None]
    tally: Tally

    def plain(self, *, with_under: bool) -> dict[str, object]:
        """As JSON has it: `deviating` of `comparable` per 100 with its Wilson limits of 95 %, and so on.

        Raises:
            BadInput: scipy, of the extra `figures`, is not installed.
        """
        tally = self.tally
        return {
            "by": self.by,
            "group": dict(self.group),
            **{name: getattr(tally, name) for name in _COUNTS},
            "deviation": deviation(tally),
            "overturned_share": overturned_share(tally),
            "missing": dict(sorted(tally.missing.items())),
            "at_stake": {currency: decimal_text(tally.money[currency]) for currency in sorted(tally.money)},
            **({"under": _under(tally.under)} if with_under else {}),
        }


def deviation(tally: Tally) -> dict[str, object]:
    """Deviating ÷ comparable per 100, with limits; null with a reason where nothing is comparable.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.
    """
    return _share(tally.deviating, tally.comparable, "no decision could be held against an assessment")


def overturned_share(tally: Tally) -> dict[str, object]:
    """Overturned ÷ decided per 100, likewise."""
    return _share(tally.overturned, tally.decided, "nothing was decided")


def would_cover_share(under: UnderTally) -> dict[str, object]:
    """Of the decisions that say not covered, and of which the other version says either, those that it covers."""
    return _share(under.would_cover, under.said_not_covered, "it says neither of any decision that says not covered")


def would_not_cover_share(under: UnderTally) -> dict[str, object]:
    """The other way round."""
    return _share(under.would_not_cover, under.said_covered, "it says neither of any decision that says covered")


def _share(numerator: int, of: int, reason: str) -> dict[str, object]:
    shares = (numerator / of, *wilson(numerator, of)) if of else ()
    value, low, high = (rounded(100 * share) for share in shares) if shares else (None, None, None)
    return {
        "value": value,
        "unit": "per 100",
        "numerator": numerator,
        "denominator": of,
        "low": low,
        "high": high,
        "reason": None if of else reason,
    }


def _under(under: UnderTally) -> dict[str, object]:
    counts = ("asked", "covered", "not_covered", "undecidable", "would_cover", "would_not_cover")
    return {
        **{name: getattr(under, name) for name in counts},
        "covered_share": _share(under.covered, under.covered + under.not_covered, "it says neither of any decision"),
        "would_cover_share": would_cover_share(under),
        "would_not_cover_share": would_not_cover_share(under),
        "missing": dict(sorted(under.missing.items())),
    }


class Totals:
    """The totals of an audit, while it goes on and after it."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, Group], Tally] = {("all", ()): Tally()}

    def add(self, decisions: Sequence[Decision]) -> None:
        """Counts the decisions of one ticket: all of them at once, for the money's sake."""
        counted: set[tuple[str, Group, str]] = set()
        for decision in decisions:
            for by, group in _groups(decision):
                tally = self._tallies.get((by, group))
                if tally is None:
                    tally = self._tallies[by, group] = Tally()
                tally.count(decision)
                for stake in decision.stakes:
                    if (by, group, stake.of) not in counted:
                        counted.add((by, group, stake.of))
                        tally.add_money(stake.money)

    @property
    def all(self) -> Tally:
        """Of all decisions."""
        return self._tallies["all", ()]

    def of(self, by: str) -> list[Total]:
        """The groups of one dimension by code point, unknown ones first."""
        groups = sorted((group for dimension, group in self._tallies if dimension == by), key=_in_order)
        names = DIMENSIONS[by]
        return [Total(by, dict(zip(names, group, strict=True)), self._tallies[by, group]) for group in groups]

    def __iter__(self) -> Iterator[Total]:
        for by in DIMENSIONS:
            yield from self.of(by)


def _groups(decision: Decision) -> Iterable[tuple[str, Group]]:
    yield "all", ()
    yield "decision", (type(decision.fact.event).__name__,)
    yield "manufacturer", (decision.ticket.manufacturer,)
    yield "decider", (decision.decider,)
    for clause in dict.fromkeys(decision.clauses) or (None,):
        yield "clause", (decision.pinned if clause is not None else None, clause)


def _in_order(group: Group) -> list[tuple[bool, str]]:
    return [(name is not None, name or "") for name in group]
