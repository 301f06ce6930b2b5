"""Standings: how one ticket stands in what is counted, in words by which two answers are compared."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from ticketing.domain.durations import amount, lasting
from ticketing.domain.hours import instant_at
from ticketing.domain.values import instant_text
from ticketing.projections.counts import PARTS, Counts

Standings = Mapping[str, str]
"""How a ticket stands, by what it stands in."""

_WORDS: Mapping[str, str] = {
    "excluded": "left out",
    "censored": "not watched long enough",
    "asked": "counted, without",
    "had": "counted, had it",
}
_DURATIONS = ("ended", "competing", "closed", "silence_before", "silence_after")
"""The lists of seconds."""
_STILL_OPEN = "censored"
"""The last word of a list of those that are open: for how long is no news."""
_ASKED = ".asked"
"""What the name of the condition ends in that a rate has at least."""
_TRUTH = "is_"
"""What the name of a column begins with that says yes or no."""
_OF_ALL = "1 = 1"
"""A condition that says nothing."""
_AN_EXPRESSION = re.compile(r"\bTHEN (\w+)")
_AN_INSTANT = 10**14
"""Microseconds since 1970 are more, for every instant that a record has; other numbers of a part are less."""


def standings_of(
    counts: Counts,
    by: Sequence[str],
    found: Iterable[tuple[UUID, tuple[Any, ...]]],
    figures: Collection[str] | None = None,
) -> Iterator[tuple[UUID, Standings]]:
    """How tickets stand in what is counted, in order of ticket id.

    Args:
        counts: What is counted.
        by: What a group is made of.
        found: What each ticket, or each part of it, adds: its group, the instant of the cohort, a value of each
            condition, sum and list, and what a part is called by.
        figures: Which rates are told of, others being counted on the way; None tells of all.
    """
    hidden = set() if figures is None else _rates_in(counts) - {*figures}
    told = _Told(counts, by, [name for name in counts.conditions if name.rpartition(".")[0] not in hidden])
    for ticket_id, singles in groupby(found, key=itemgetter(0)):
        values = [one for _, one in singles]
        yield ticket_id, _of_parts(told, values) if counts.of is not None else _of_one(told, values[0])


class _Told(NamedTuple):
    """What is told: what is counted, what a group is made of, and the names of the conditions that are told of."""

    counts: Counts
    by: Sequence[str]
    conditions: Sequence[str]


def _rates_in(counts: Counts) -> set[str]:
    """The rates that are counted: other conditions may be called like parts of one too, but nobody is asked of them."""
    return {name.removesuffix(_ASKED) for name in counts.conditions if name.endswith(_ASKED)}


def _of_one(what: _Told, values: Sequence[Any]) -> Standings:
    """How a ticket stands; nothing where only its group is known, for then it is in no row."""
    counts, by, shown = what
    group = {name: _group_said(value) for name, value in zip(by, values, strict=False)}
    rest = values[len(by) + 1 :]
    conditions = {name for name, holds in zip(counts.conditions, rest, strict=False) if holds}
    known = [name for name in shown if counts.conditions[name] != _OF_ALL]
    told = dict(_of_rates(known, conditions))
    numbers = zip((*counts.sums, *counts.lists), rest[len(counts.conditions) :], strict=True)
    for name, number in numbers:
        if number is not None and (number or name in counts.lists):
            told |= _of_column(name, number)
    return group | told if told or len(known) < len(shown) else {}


def _group_said(value: object) -> str:
    return "unknown" if value is None else ", ".join(str(value).split("\n"))


def _of_rates(known: Iterable[str], holding: set[str]) -> Iterator[tuple[str, str]]:
    """Of each rate the furthest of its conditions that holds; of a condition by itself that it does."""
    rates: dict[str, str] = {}
    for name in known:
        figure, _, part = name.rpartition(".")
        if part not in PARTS or not figure:
            if name in holding:
                yield name, "yes"
        elif name in holding:
            rates[figure] = _WORDS[part]
    yield from rates.items()


def _of_column(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - what a column gives
    """What is said of a sum, of a list, or of a column; of a tuple in JSON each member that is a tuple by itself."""
    expression = _AN_EXPRESSION.search(name)
    label = expression.group(1) if expression is not None else name
    if label.isdigit():  # the expression of a condition, which the rates tell of
        return
    if label.startswith(_TRUTH):
        yield from [(label.removeprefix(_TRUTH), "yes")] if value else []
        return
    members = json.loads(value) if isinstance(value, str) and value.startswith("[") else None
    if members is None:
        yield label, ", ".join(value.split("\n")) if isinstance(value, str) else _said(label, int(value))
        return
    single = [one for one in members if not isinstance(one, list)]
    if single:
        yield label, ", ".join(map(_plain, single))
    for first, *rest in (one for one in members if isinstance(one, list)):
        yield f"{label.removesuffix('s')} {first}", ", ".join(_plain(one) for one in rest if one not in (None, []))


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if value >= _AN_INSTANT:
            return instant_text(instant_at(value))
        case list():
            return " ".join(map(_plain, value))
        case _:
            return _group_said(value)


def _said(name: str, number: int) -> str:
    if name.rpartition(".")[2] == _STILL_OPEN:
        return "still open"
    if name in _DURATIONS:
        return f"after {_exactly(number * 1_000_000)}"
    return _plain(number)


def _exactly(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    said = lasting(timedelta(seconds=seconds), units=4)
    return f"{said} {rest} µs" if rest else said


# parts of tickets: clocks, promises, and where the time went

_Part = Mapping[str, Any]
"""What is known of a part: its group, the conditions, sums and lists, and the fields it is called by."""

_CALLED_BY: Mapping[str, tuple[str, ...]] = {
    "clocks": ("policy", "policy_version", "clock", "cycle", "subject", "site", "binds", "measure"),
    "further": ("cycle", "back_at"),
    "overlaps": ("cause", "microseconds", "since"),
    "promises": ("version", "due_at", "is_first"),
    "spans": ("party", "cause", "site", "from_at", "to_at"),
    "stays": ("site", "from_at", "to_at"),
}
"""The fields of a part that are told of it, by the column of the parts."""

_GROUPS = ("role", "site")
"""What a part has of its own that is asked for like a dimension."""


def called_by(counts: Counts) -> tuple[str, ...]:
    """The columns that say which part it is; none where tickets are counted."""
    return tuple(f"part_{name}" for name in _CALLED_BY.get(counts.of or "", ()))


def _of_parts(what: _Told, found: Iterable[Sequence[Any]]) -> Standings:
    """How the parts of one ticket stand; the time of those that are called alike is added up."""
    counts, by, shown = what
    of = counts.of or ""
    groups = [name for name in by if name not in counts.by or name in _GROUPS]
    names = [*by, "cohort_at", *counts.conditions, *counts.sums, *counts.lists, *called_by(counts)]
    parts = [dict(zip(names, values, strict=True)) for values in found]
    if of in _TIMES:
        return _of_times([_TIMES[of](counts, part) for part in parts])
    told = {}
    for part in parts:
        said = _repair(counts, part, shown) if of == "further" else _STANDS[of](counts, part)
        if said is not None:
            name, how = said
            told[name] = how + "".join(f", {one} {_group_said(part[one])}" for one in groups)
    return told


def _clock(counts: Counts, part: _Part) -> tuple[str, str] | None:
    of_sites = "site" in counts.alike
    if not part["is_known"] or (of_sites and part["part_binds"] != "site"):
        return None
    cycle = f" cycle {part['part_cycle']}" if part["part_cycle"] > 1 else ""
    subject = f" {part['part_subject']}" if part["part_subject"] is not None else ""
    state, then = (part[name].replace("_", " ") for name in ("state", "then"))
    how = [f"{state} by {part['part_policy']}@{part['part_policy_version']}"]
    if then != state:
        how.append(f"judged then {then}")
    if part["is_early"]:
        how.append("in under half of the target")
    if part["late"] is not None:
        how.append(f"late by {amount(int(part['late']), part['part_measure'])}")
    if of_sites:
        how.append(f"at {_group_said(part['part_site'])}")
    return f"{part['part_policy']}/{part['part_clock']}{cycle}{subject}", ", ".join(how)


def _promise(_: Counts, part: _Part) -> tuple[str, str]:
    standing, alone = (part[name].replace("_", " ") for name in ("standing", "alone"))
    how = [standing]
    if part["part_is_first"] and alone != standing:
        how.append(f"by itself {alone}")
    if part["remade"] is not None:
        how.append(f"re-made {part['remade']}")
    return f"promise for {_at(part['part_due_at'])} (fact {part['part_version']})", ", ".join(how)


def _stay(_: Counts, part: _Part) -> tuple[str, str]:
    to_at = part["part_to_at"]
    lasted = "goes on" if to_at is None else _exactly(to_at - part["part_from_at"])
    return f"stay at {part['part_site']} from {_at(part['part_from_at'])}", lasted


def _repair(counts: Counts, part: _Part, shown: Iterable[str]) -> tuple[str, str] | None:
    """A repair of a later cycle, or who attempted one, the first one too."""
    what = "repair" if counts.own.get("site") == "site" else "attempt"
    holding = {name for name in counts.conditions if part[name]}
    how = [f"{name} {stands}" for name, stands in _of_rates(shown, holding)]
    how += [f"{name} {part[name]}" for name in counts.sums if part[name]]
    return (f"{what} of cycle {part['part_cycle']}, back {_at(part['part_back_at'])}", ", ".join(how)) if how else None


_STANDS: Mapping[str, Callable[[Counts, _Part], tuple[str, str] | None]] = {
    "clocks": _clock,
    "promises": _promise,
    "stays": _stay,
}


def _span(counts: Counts, part: _Part) -> tuple[str, int | None]:
    """What it is of, and how long it lasted; None where it goes on."""
    to_at = part["part_to_at"]
    name = ", ".join(_group_said(part[f"part_{one}"]) for one in counts.alike)
    return name, None if to_at is None else to_at - part["part_from_at"]


def _overlap(_: Counts, part: _Part) -> tuple[str, int | None]:
    return f"{part['part_cause']} beside others", part["part_microseconds"] if part["part_since"] is None else None


_TIMES: Mapping[str, Callable[[Counts, _Part], tuple[str, int | None]]] = {"spans": _span, "overlaps": _overlap}


def _of_times(times: Iterable[tuple[str, int | None]]) -> Standings:
    """How long each was in all; for how long what goes on lasts is no news."""
    lasted: dict[str, int] = {}
    going_on = {}
    for name, time in times:
        if time is None:
            going_on[f"{name}, going on"] = "yes"
        else:
            lasted[name] = lasted.get(name, 0) + time
    return {name: _exactly(time) for name, time in lasted.items()} | going_on


def _at(microseconds: int) -> str:
    return instant_text(instant_at(microseconds))
