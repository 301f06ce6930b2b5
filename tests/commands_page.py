"""The part of docs/commands.md that the code tells. `python -m tests.commands_page` writes it anew."""

import inspect
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ticketing.domain import calendar, decide, publishing, reference, roles, values
from ticketing.domain import events as e
from ticketing.domain.command import Command, TicketCommand
from ticketing.domain.publishing import Publish
from ticketing.domain.record import RecordFinding

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"
BEGIN = "<!-- commands: what tests.commands_page.commands() writes -->\n"
END = "<!-- end of commands -->\n"
_NAMED: tuple[tuple[object, str], ...] = (
    (values.Key, "key"),
    (values.Instant, "instant"),
    (values.Number, "decimal"),
    (Decimal, "decimal"),
    (values.Sha256, "sha256"),
    (values.Language, "language (BCP 47)"),
    (values.Currency, "currency"),
    (values.PrivateText, "private text"),
    (values.SerialNumber, "serial number"),
    (values.Event, "a fact of a ticket, as in [`events.py`](../ticketing/domain/events.py)"),
    (e.Corrected, "text, whole number, true or false, a list of these, private text, or none"),
    (e.HostValue, "true or false, whole number, key, private text, or none"),
    (calendar.LocalTime, "time of day, as `09:30`"),
    (UUID, "UUID"),
    (date, "date"),
    (bool, "true or false"),
    (int, "whole number"),
    (str, "text"),
    (NoneType, "none"),
)
_NO_SINGLE_FACT = {
    RecordFinding: "the fact that it carries, flagged with the rules it breaks",
    Publish: "the version that it carries",
}
_EVERYBODY = roles._ANYBODY
_STAFF = roles._STAFF


def commands() -> str:
    """Every command by phase, then the values that stand within them; Markdown."""
    lines = ["## What all commands have\n", *_table(TicketCommand), *_sets_of_roles()]
    nested: list[type[BaseModel]] = []
    for phase in (*decide._PHASES, publishing):
        own = [command for command in roles.MAY_SEND if command.__module__ == phase.__name__]
        name, _, about = _first_line(phase).partition(": ")
        lines += [f"## {name}\n", f"{about[0].upper()}{about[1:]}\n"]
        for command in own:
            lines += [f"### `{command.__name__}`\n", f"{_first_line(command)}\n"]
            lines += [f"Causes {_fact_of(command)}. Sent by {_senders(command)}.\n"]
            lines += _table(command, shared=TicketCommand if issubclass(command, TicketCommand) else Command)
            _collect(command, nested)
    lines += ["## Values within commands\n"]
    for model in sorted(nested, key=lambda one: one.__name__):
        lines += [f"### `{model.__name__}`\n", f"{_first_line(model)}\n", *_table(model)]
    return "\n".join(lines)


def _first_line(documented: object) -> str:
    """The first sentence of a docstring, which may take two lines."""
    paragraph = (inspect.getdoc(documented) or "").split("\n\n")[0]
    return " ".join(paragraph.split())


def _fact_of(command: type[Command]) -> str:
    return _NO_SINGLE_FACT.get(command) or f"`{decide.CAUSES[command].__name__}`"


def _senders(command: type[Command]) -> str:
    """Who may send it, the named sets by their names."""
    allowed = roles.MAY_SEND[command]
    if allowed == _EVERYBODY:
        return "everybody"
    named = ["all staff"] if allowed >= _STAFF else []
    single = [f"`{role}`" for role in get_args(values.Role) if role in allowed and not (named and role in _STAFF)]
    return ", ".join((*named, *single))


def _sets_of_roles() -> Iterator[str]:
    all_roles = get_args(values.Role)
    staff = ", ".join(f"`{role}`" for role in all_roles if role in _STAFF)
    others = ", ".join(f"`{role}`" for role in all_roles if role in _EVERYBODY - _STAFF)
    yield f"*All staff* are {staff}.\n\n*Everybody* is all staff and {others}.\n"


def _table(model: type[BaseModel], shared: type[BaseModel] | None = None) -> list[str]:
    """The model's fields but those of the shared one, a row each."""
    hints = get_type_hints(model, include_extras=True)
    passed_over = shared.model_fields if shared is not None else {}
    own = {name: info for name, info in model.model_fields.items() if name not in passed_over}
    if not own:
        return ["It has no fields of its own.\n"]
    rows = [f"| `{name}` | {_words(hints[name])} | {_default(info)} |" for name, info in own.items()]
    return ["| field | value | default |", "|---|---|---|", *rows, ""]


def _default(info: FieldInfo) -> str:
    default: Any = info.get_default(call_default_factory=True, validated_data={})
    match default:
        case None:
            return "none"
        case True:
            return "true"
        case False:
            return "false"
        case () | {}:
            return "empty"
        case _ if default is PydanticUndefined:
            return "required"
        case _:
            return f"`{default}`"


def _words(annotation: object) -> str:
    """A type in words; the sequence of a list and the choices of a literal are named."""
    for known, words in _NAMED:
        if annotation == known:
            return words
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(parts[0]) + _limits(parts[1:])
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(_words(part) for part in parts if part is not NoneType)
    if origin is tuple:
        return f"list of {_words(parts[0])}" if parts[-1:] == (...,) else ", then ".join(map(_words, parts))
    if isinstance(origin, type) and issubclass(origin, dict):
        return f"table of {_words(parts[0])} to {_words(parts[1])}"
    if annotation is reference.Published:
        return " or ".join(_link(event) for event in reference.REFERENCE_EVENTS.values())
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _link(annotation)
    raise TypeError(f"tests/commands_page.py has no words for {annotation!r}")


def _link(model: type[BaseModel]) -> str:
    return f"[`{model.__name__}`](#{model.__name__.lower()})"


def _limits(metadata: Sequence[object]) -> str:
    """What a field of pydantic says beside the type: bounds and lengths."""
    said = []
    for one in metadata:
        for limit in one.metadata if isinstance(one, FieldInfo) else ():
            for name, words in (("ge", "at least"), ("le", "at most"), ("gt", "more than"), ("min_length", "at least")):
                bound = getattr(limit, name, None)
                if bound is not None:
                    said.append(f"{words} {bound}")
    return f" ({', '.join(said)})" if said else ""


def _collect(annotation: object, into: list[type[BaseModel]]) -> None:
    """The structures that stand within a type, each once."""
    if annotation is reference.Published:
        for event in reference.REFERENCE_EVENTS.values():
            _collect(event, into)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and not get_args(annotation):
        if annotation in (values.PrivateText, values.SerialNumber, values.Event) or annotation in into:
            return
        if not issubclass(annotation, Command):
            into.append(annotation)
        for hint in (get_type_hints(annotation, include_extras=True)[name] for name in annotation.model_fields):
            _collect(hint, into)
    else:
        for part in get_args(annotation):
            _collect(part, into)


def page(written: str) -> str:
    """The page with that part as the code has it; what stands around it is written by hand."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{commands()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
