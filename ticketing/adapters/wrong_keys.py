"""Wrong keys: what is wrong with a file's tables, said in one line that names the key and the nearest that exists."""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from pydantic import BaseModel, ValidationError

from ticketing.domain.errors import hint


def first_wrong(error: ValidationError, model: type[BaseModel], place: Sequence[str | int] = ()) -> str:
    """The first thing that is wrong, in one line: its key, what is wrong, the nearest key that exists."""
    wrong = error.errors(include_url=False)
    # A misspelt key is said before the required one that it was meant to be.
    first = next((one for one in wrong if one["type"] == "extra_forbidden"), wrong[0])
    key = ".".join(map(str, (*place, *first["loc"]))) or "the whole"
    match first["type"]:
        case "extra_forbidden":
            name = str(first["loc"][-1])
            return f"{key}: there is no such key{hint(name, names_within(model, first['loc'][:-1]))}"
        case "missing":
            return f"{key}: is missing"
        case "value_error":
            return f"{key}: {one_line(first['ctx']['error'])}"
        case "literal_error":
            known = re.findall(r"'([^']*)'", first["ctx"]["expected"])
            near = hint(str(first["input"]), known)
            return f"{key}: {one_line(first['msg'])}, not {_shortened(first['input'])}{near}"
        case "tuple_type":
            return f"{key}: a list is due, not {_shortened(first['input'])}"
        case _:
            return f"{key}: {one_line(first['msg'])}, not {_shortened(first['input'])}"


def names_within(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that may stand at a path within a model; none where it is no table of known keys."""
    for step in path:
        found = {info.alias or name: info.annotation for name, info in model.model_fields.items()}.get(str(step))
        inner = _model_in(found)
        if inner is None and not isinstance(step, int):
            return []
        model = inner or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


def one_line(said: object) -> str:
    """What an error says, in one line."""
    return " ".join(str(said).split())


def _shortened(given: object) -> str:
    if isinstance(given, Mapping):
        return f"a table with {', '.join(map(repr, given)) or 'no key'}"
    text = repr(given)
    return text if len(text) <= 60 else text[:57] + "..."
