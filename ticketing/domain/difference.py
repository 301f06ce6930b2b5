"""Difference: what changed in what was known of a ticket between two instants, and which fact changed it.

Laws of this file: a fact belongs to the stretch after the earlier instant, up to and with the later one; so stretches
that follow one another add up. The facts are taken one by one, in the order in which the log took them, and what the
ticket reads like is compared before and after each: nothing is guessed about which of them changed what.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from ticketing.domain import cuts
from ticketing.domain.errors import BadInput
from ticketing.domain.events import DiagnosisRecorded, EventCorrected, EventRetracted
from ticketing.domain.evolve import evolve, fold
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, Recorded, SerialNumber, instant_text

Path = tuple[str, ...]
"""A field of the ticket, or one of several things of a kind by its id, and perhaps a field of that."""

_OWN_BUSINESS = frozenset(
    {
        "ticket_id",
        "version",
        "moved_at",
        "was_received",
        "cycle_opened_at",
        "in_cycle",
        "notices",
        "actors",
        "deciders",
        "revised_by_verdict",
    }
)
"""Fields that the rules need, and that say nothing beside the others."""

_ANSWERS = {None: "unanswered", True: "granted", False: "turned down"}


@dataclass(frozen=True, slots=True)
class FactChange:
    """What a correction or a retraction did to one earlier fact.

    Attributes:
        by: The correction or retraction.
        kind: `restored` where what had taken the fact back was taken back itself.
        fact: The fact as it stands after it; one that was retracted, as it stood before.
        field: What was corrected, a dotted path; None unless it was.
        was: The field before.
        is_: The field after.
    """

    by: Recorded[Event]
    kind: Literal["corrected", "retracted", "restored"]
    fact: Recorded[Event]
    field: str | None = None
    was: object = None
    is_: object = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """How the ticket reads otherwise.

    Attributes:
        path: What of the ticket: a field, or a thing such as `("claims", "C-1")`, or a field of that.
        was: What it was at the earlier instant; None where it was not there.
        is_: What it was at the later one.
        by: The facts that changed it, in the order in which the log took them.
    """

    path: Path
    was: object
    is_: object
    by: tuple[Recorded[Event], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in what was known of a ticket.

    Attributes:
        ticket_id: The ticket.
        earlier: What was known up to this instant, inclusive, is compared.
        later: With what was known up to this one, inclusive.
        recorded: The facts that the log took in between, corrections and retractions too, as it took them.
        changes: What corrections and retractions did, in the order in which the log took them.
        fields: How the ticket reads otherwise; what changed there and back again is left out.
    """

    ticket_id: UUID
    earlier: datetime
    later: datetime
    recorded: tuple[Recorded[Event], ...]
    changes: tuple[FactChange, ...]
    fields: tuple[FieldChange, ...]


def difference(
    ticket_id: UUID, history: Sequence[Recorded[Event]], *, earlier: datetime, later: datetime
) -> Difference:
    """What changed in what was known between two instants.

    Args:
        ticket_id: The ticket.
        history: All its facts as the log has them, in order of version.
        earlier: What was recorded up to then, inclusive, was known before.
        later: What was recorded up to then, inclusive, was known after.

    Raises:
        BadInput: The later instant is not after the earlier one.
    """
    if later <= earlier:
        how = "are the same" if later == earlier else "stand the wrong way round"
        raise BadInput(
            f"the instants {instant_text(earlier)} and {instant_text(later)} {how}: give an earlier, a later"
        )
    seen = cuts.known(history, known_at=earlier)
    recorded = cuts.known(history, known_at=later)[len(seen) :]
    facts = cuts.surviving(seen)
    ticket = fold(ticket_id, facts)
    first = last = _reading(ticket, facts)
    changes: list[FactChange] = []
    touched: list[tuple[Path, Recorded[Event]]] = []
    for record in recorded:
        seen.append(record)
        if isinstance(record.event, EventCorrected | EventRetracted):
            before, facts = facts, cuts.surviving(seen)
            changes += _changes(before, facts, record)
            ticket = fold(ticket_id, facts)
        else:  # nothing on record speaks of a later fact
            facts.append(record)
            evolve(ticket, record)
        reading = _reading(ticket, facts)
        touched += ((path, record) for path, _, _ in _differing(last, reading))
        last = reading
    return Difference(
        ticket_id,
        earlier,
        later,
        tuple(recorded),
        tuple(changes),
        tuple(FieldChange(path, was, is_, _touching(path, touched)) for path, was, is_ in _differing(first, last)),
    )


# facts


def _changes(
    before: Sequence[Recorded[Event]], after: Sequence[Recorded[Event]], by: Recorded[Event]
) -> Iterator[FactChange]:
    stood = {fact.version: fact for fact in before}
    stands = {fact.version: fact for fact in after}
    for version in sorted(({*stood, *stands}) - {by.version}):
        was, is_ = stood.get(version), stands.get(version)
        if is_ is None and was is not None:
            yield FactChange(by, "retracted", was)
        elif was is None and is_ is not None:
            yield FactChange(by, "restored", is_)
        elif was is not None and is_ is not None and was != is_:
            for field in _corrected_fields(version, (*before, *after)):
                values = _field(was, field), _field(is_, field)
                if values[0] != values[1]:
                    yield FactChange(by, "corrected", is_, field, *values)


def _corrected_fields(version: int, facts: Sequence[Recorded[Event]]) -> Iterator[str]:
    corrections = (fact.event for fact in facts if isinstance(fact.event, EventCorrected))
    yield from dict.fromkeys(one.field for one in corrections if one.target_version == version)


def _field(fact: Recorded[Event], field: str) -> object:
    if field == "occurred_at":
        return fact.occurred_at
    try:
        return cuts.field_at(fact.event, field)
    except KeyError:
        return None


# the ticket


def _reading(ticket: Ticket, facts: Sequence[Recorded[Event]]) -> dict[Path, object]:
    """What the ticket reads like now; facts that are folded later do not change it."""
    reading: dict[Path, object] = {}
    for name in (field.name for field in fields(ticket) if field.name not in _OWN_BUSINESS):
        value = getattr(ticket, name)
        if name == "requests":
            value = {request_id: _ANSWERS[is_granted] for request_id, is_granted in value.items()}
        if isinstance(value, Mapping):
            reading |= {(name, str(key)): _frozen(part) for key, part in value.items()}
        else:
            reading[name,] = _frozen(value)
        if name == "purchased_on":
            reading |= {("findings", finding.finding_id): finding for finding in _findings(facts)}
    return reading


def _findings(facts: Sequence[Recorded[Event]]) -> tuple[Any, ...]:
    """What was found last, be it in an earlier cycle."""
    diagnoses = (fact.event for fact in reversed(facts) if isinstance(fact.event, DiagnosisRecorded))
    return next((diagnosis.findings for diagnosis in diagnoses if diagnosis.findings), ())


def _frozen(value: object) -> object:
    """The value, or a copy where folding may change it."""
    if isinstance(value, set):
        return frozenset(value)
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return {key: _frozen(part) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _frozen(getattr(value, field.name)) for field in fields(value)})
    return value


def _differing(before: Mapping[Path, object], after: Mapping[Path, object]) -> Iterator[tuple[Path, object, object]]:
    """What reads otherwise, in the order of the ticket's fields; of a thing that is in both, its fields."""
    for path in {**before, **after}:
        was, is_ = before.get(path), after.get(path)
        if _is_same(was, is_):
            continue
        names = _field_names(was) if len(path) > 1 and type(was) is type(is_) else ()
        if not names:
            yield path, was, is_
        for name in names:
            part = getattr(was, name), getattr(is_, name)
            if not _is_same(*part):
                yield (*path, name), *part


def _field_names(value: object) -> tuple[str, ...]:
    if isinstance(value, BaseModel):
        return tuple(type(value).model_fields)
    return tuple(field.name for field in fields(value)) if is_dataclass(value) else ()


def _is_same(was: object, is_: object) -> bool:
    if isinstance(was, SerialNumber) and isinstance(is_, SerialNumber):
        return was.match == is_.match  # told again, the same serial has another digest
    return was == is_


def _touching(path: Path, touched: Sequence[tuple[Path, Recorded[Event]]]) -> tuple[Recorded[Event], ...]:
    """The facts that changed it, the whole that it is a part of, or a part of it."""
    facts = (fact for other, fact in touched if path[: len(other)] == other[: len(path)])
    return tuple({fact.version: fact for fact in facts}.values())
