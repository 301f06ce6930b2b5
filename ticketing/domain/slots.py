"""Slots: frozen dataclasses with slots, made and copied at the price of ones that are not frozen.

A frozen dataclass fills itself through a call per field: a copy of a row of 39 fields took 9.3 µs, and every fact is
taken into a dozen rows. Here an object of a class with the same slots, which is not frozen, is filled by assignments
that Python runs without a call, and is then given its own class: 0.8 µs. Nobody has it in hand before that.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields
from functools import cache
from types import MemberDescriptorType, new_class
from typing import Any, TypeVar, cast

T = TypeVar("T")

_MADE = """
def made({names}):
    one = new(thawed)
    {assignments}
    one.__class__ = kind
    return one
"""


def replace(one: T, **changes: object) -> T:
    """`dataclasses.replace` without the constructor."""
    copied, writers = _copier(type(one))  # type: ignore[arg-type]  # mypy takes the class itself for unhashable
    after: T = copied(one)
    for name, value in changes.items():
        writers[name](after, value)
    return after


@cache
def maker(kind: type[T]) -> Callable[..., T]:
    """What makes an object of a frozen class with slots: it takes the values of all fields, in their order.

    Raises:
        TypeError: The class has other things than slots.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    return cast(Callable[..., T], _compiled(kind, ", ".join(names), {name: name for name in names}))


@cache
def _copier(kind: type[Any]) -> tuple[Callable[[Any], Any], dict[str, Callable[[Any, object], None]]]:
    """What copies an object of the class, and what writes each of its fields."""
    slots: dict[str, Any] = {field.name: getattr(kind, field.name, None) for field in fields(kind)}
    if kind.__dictoffset__ or not all(isinstance(slot, MemberDescriptorType) for slot in slots.values()):
        return copy, {name: _writer(name) for name in slots}
    copied = _compiled(kind, "other", {name: f"other.{name}" for name in slots})
    return copied, {name: slot.__set__ for name, slot in slots.items()}


def _compiled(kind: type[Any], names: str, values: Mapping[str, str]) -> Callable[..., Any]:
    """The function that makes an object of what it is given."""
    assignments = "\n    ".join(f"one.{name} = {value}" for name, value in values.items())
    scope: dict[str, Any] = {"new": object.__new__, "thawed": _thawed(kind), "kind": kind}
    exec(_MADE.format(names=names, assignments=assignments), scope)  # noqa: S102  # of fields' names, as dataclasses do
    made: Callable[..., Any] = scope["made"]
    return made


def _thawed(kind: type[Any]) -> type[Any]:
    """A class with the slots of a frozen one: an object of it may be given that class.

    Raises:
        TypeError: The class has other things than slots.
    """
    own = {
        "__slots__": kind.__dict__.get("__slots__", ()),
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    bases = kind.__dict__.get("__orig_bases__", kind.__bases__)  # a generic class has others than were written
    like = new_class(kind.__name__, bases, {"metaclass": type(kind)}, lambda scope: scope.update(own))
    object.__new__(like).__class__ = kind  # type: ignore[assignment]  # raises where it cannot be
    return like


def _writer(name: str) -> Callable[[Any, object], None]:
    return lambda one, value: object.__setattr__(one, name, value)  # a host's row without slots
