"""Command, Rule and Situation: what a decision is made of.

A command causes facts. Every rule is a named value that looks at one fact in its situation, so that the same rules
refuse a command and flag what a finding or an import records all the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from ticketing.domain.errors import BadInput, nearest
from ticketing.domain.reference import Reference
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Actor, Event, Instant, Value


class Command(Value):
    """What somebody wants to be recorded.

    One that cannot be understood raises `BadInput`: one line with command, field and rule, never with what was entered.
    Subclasses check themselves field by field: a model validator of theirs would run outside that line.

    Attributes:
        actor: Who acts; callers are trusted to say so.
        command_id: Makes the command safe to send again; the application draws one if it is None.
        occurred_at: When it was true; None means now, by the application's clock.
        expected_version: The stream's version that the caller has seen; None does not ask.
    """

    actor: Actor
    command_id: UUID | None = None
    occurred_at: Instant | None = None
    expected_version: int | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, given: object, validated: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validated(given)
        except ValidationError as error:
            raise BadInput(" ".join(_first_wrong(cls, error).split())) from None


def _first_wrong(command: type[Command], error: ValidationError) -> str:
    # An unknown field explains a missing one, so it is told first.
    wrong = min(error.errors(include_input=False, include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    path = ".".join(str(step) for step in wrong["loc"])
    if wrong["type"] == "extra_forbidden" and len(wrong["loc"]) == 1:
        return f"{command.__name__} has no field {path}; the nearest is {nearest(path, command.model_fields)}"
    return f"{command.__name__}{'.' if path else ''}{path}: {wrong['msg'].removeprefix('Value error, ')}"


class TicketCommand(Command):
    """A command to one ticket that is open already."""

    ticket_id: UUID


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a fact would be recorded: the ticket before it, and who says so when."""

    ticket: Ticket
    reference: Reference
    actor: Actor
    occurred_at: datetime

    def has_second_person(self, approved_by: str | None) -> bool:
        """Whether somebody other than the actor approved."""
        return approved_by is not None and approved_by.casefold() != self.actor.id.casefold()


F = TypeVar("F", bound=Event)


@dataclass(frozen=True, slots=True)
class Rule(Generic[F]):
    """A rule of the trade: its stable slug, and the reason why a fact breaks it, or None."""

    slug: str
    reason: Callable[[F, Situation], str | None]


Causes = Mapping[type[Command], type[Event]]
Rules = Mapping[type[Event], tuple[Rule[Any], ...]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a fact breaks, and why."""

    slug: str
    reason: str
