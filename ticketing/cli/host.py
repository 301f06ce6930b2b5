"""The projections of the program that this one serves, as the environment names them."""

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ticketing.domain.errors import BadInput
from ticketing.projections.row import Projection, Row, WholeProjection

VARIABLE = "TICKETING_PROJECTIONS"


def host_projections(named: str) -> tuple[Projection[Any], ...]:
    """The projections that the variable names, in its order; none where it is empty.

    Args:
        named: `package.module:attribute`, several with commas; the current folder is looked into, as by `python -m`.

    Raises:
        BadInput: One is not to be had, or is no projection.
    """
    return tuple(_projection(part.strip()) for part in named.split(",") if part.strip())


def _projection(named: str) -> Projection[Any]:
    module_name, _, attribute = named.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), attribute)):
        raise BadInput(f"{VARIABLE}: {named!r} is not written as package.module:attribute")
    module = _module(module_name)
    if not hasattr(module, attribute):
        near = get_close_matches(attribute, [name for name in vars(module) if not name.startswith("_")], n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise BadInput(f"{VARIABLE}: {module_name} has no {attribute}{hint}")
    found = getattr(module, attribute)
    missing = ", ".join(_missing(found))
    if missing:
        raise BadInput(f"{VARIABLE}: {named} is no projection: {missing}")
    projection: Projection[Any] = found
    return projection


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path and not sys.flags.safe_path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except Exception as error:  # whatever a host's module fails with is the host's to mend
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise BadInput(f"{VARIABLE}: there is no module {name}") from error
        said = f"{type(error).__name__}: {error}"
        raise BadInput(f"{VARIABLE}: {name} cannot be imported: {said}") from error


def _missing(found: object) -> Iterator[str]:
    """What an object lacks to be a projection."""
    if isinstance(found, type):
        yield f"it is a class; name an object, such as {found.__name__.lower()} = {found.__name__}()"
        return
    row = getattr(found, "row", None)
    if not isinstance(getattr(found, "name", None), str):
        yield "name is no str"
    if type(getattr(found, "version", None)) is not int:
        yield "version is no int"
    if not (isinstance(row, type) and issubclass(row, Row)):
        yield "row is no class of rows"
    if not callable(getattr(found, "apply", None)) and not isinstance(found, WholeProjection):
        yield "apply is no function"
