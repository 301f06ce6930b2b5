"""Slots: frozen dataclasses with slots, made and copied at the price of ones that are not frozen.

A frozen dataclass fills itself through a call per field: a copy of a row of 39 fields took 9.3 µs, and every fact is
taken into a dozen rows. Here an object of a class with the same slots, which is not frozen, is filled by assignments
that Python runs without a call, and is then given its own class: 0.8 µs. Nobody has it in hand before that.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import fields
from functools import cache
from types import MemberDescriptorType
from typing import Any, TypeVar

T = TypeVar("T")

_COPY = """
def copied(one):
    other = new(thawed)
    {assignments}
    other.__class__ = kind
    return other
"""


def replace(one: T, **changes: object) -> T:
    """`dataclasses.replace` without the constructor."""
    copied, writers = _copier(type(one))  # type: ignore[arg-type]  # mypy takes the class itself for unhashable
    after: T = copied(one)
    for name, value in changes.items():
        writers[name](after, value)
    return after


@cache
def thawed(kind: type[Any]) -> type[Any]:
    """A class with the slots of a frozen one: an object of it may be given that class.

    Raises:
        TypeError: The class has other things than slots.
    """
    own = {
        "__slots__": kind.__dict__.get("__slots__", ()),
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    like: type[Any] = type(kind)(kind.__name__, kind.__bases__, own)  # type: ignore[misc]  # its metaclass
    object.__new__(like).__class__ = kind
    return like


@cache
def _copier(kind: type[Any]) -> tuple[Callable[[Any], Any], dict[str, Callable[[Any, object], None]]]:
    """What copies an object of the class, and what writes each of its fields."""
    slots: dict[str, Any] = {field.name: getattr(kind, field.name, None) for field in fields(kind)}
    if kind.__dictoffset__ or not all(isinstance(slot, MemberDescriptorType) for slot in slots.values()):
        return copy, {name: _writer(name) for name in slots}
    scope: dict[str, Any] = {
        "new": object.__new__,
        "thawed": thawed(kind),  # type: ignore[arg-type]
        "kind": kind,
    }
    assignments = "\n    ".join(f"other.{name} = one.{name}" for name in slots)
    exec(_COPY.format(assignments=assignments), scope)  # noqa: S102 - of names that are Python's, as dataclasses does
    return scope["copied"], {name: slot.__set__ for name, slot in slots.items()}


def _writer(name: str) -> Callable[[Any, object], None]:
    return lambda one, value: object.__setattr__(one, name, value)  # a host's row without slots
