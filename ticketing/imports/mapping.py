"""Mapping: what the rows of another system's log mean here, said in a TOML file instead of code.

Law of this file: a mapping is wrong or right before a single row is read. Whatever is wrong with it is one line that
names the file and the key, with the nearest name that exists.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ticketing.adapters.wrong_keys import first_wrong, one_line
from ticketing.domain.errors import hint
from ticketing.domain.events import TicketOpened
from ticketing.domain.values import Event
from ticketing.imports.sections import Activity, LogMapping
from ticketing.imports.templates import MappingError, Template, fact_template, template_of

__all__ = ["LogMapping", "MappingError", "read_mapping"]
NUMBER_TO_COME = "<source>/<case>"


@dataclass(frozen=True, slots=True)
class Meaning:
    """An activity of the mapping with the templates of its facts."""

    activity: Activity
    templates: tuple[Template[Event], ...]

    def fits(self, columns: Mapping[str, str], transition: str | None) -> bool:
        """Whether a row of this activity is meant."""
        if self.activity.transition not in (None, transition):
            return False
        return all(
            columns.get(column) in (texts if isinstance(texts, list) else (texts,))
            for column, texts in self.activity.when.items()
        )


def read_mapping(path: Path) -> LogMapping:
    """The mapping in the file, with every name in it known to exist.

    Raises:
        MappingError: The file is missing, no TOML, or says something that cannot be.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MappingError(f"{path}: no TOML: {one_line(error)}") from error
    try:
        mapping = LogMapping.model_validate(written)
    except ValidationError as error:
        raise MappingError(f"{path}: {_with_name(first_wrong(error, LogMapping), written)}") from error
    opening_of(mapping, str(path))
    meanings_of(mapping, str(path))
    return mapping


def opening_of(mapping: LogMapping, place: str) -> Template[TicketOpened]:
    """The template of the opening; its number is `NUMBER_TO_COME` where the log gives none.

    Args:
        mapping: The mapping.
        place: What an error's line begins with.

    Raises:
        MappingError: A field or value does not exist.
    """
    number = mapping.opening.get("number", NUMBER_TO_COME)
    if isinstance(number, Mapping):
        number = {"default": NUMBER_TO_COME, **number}
    return template_of(f"{place}: opening", TicketOpened, {**mapping.opening, "number": number})


def meanings_of(mapping: LogMapping, place: str) -> dict[str, tuple[Meaning, ...]]:
    """What each activity's rows mean, in the order of the mapping.

    Args:
        mapping: The mapping.
        place: What an error's line begins with.

    Raises:
        MappingError: A fact, field or value does not exist, or an activity can never be reached or never ends a wait.
    """
    _require_reached(mapping, place)
    meanings: dict[str, tuple[Meaning, ...]] = {}
    for index, activity in enumerate(mapping.activity):
        templates = tuple(
            fact_template(f"{place}: {_activity(index, activity.name)}.events.{number}", written)
            for number, written in enumerate(activity.events)
        )
        meanings[activity.name] = (*meanings.get(activity.name, ()), Meaning(activity, templates))
    return meanings


def _require_reached(mapping: LogMapping, place: str) -> None:
    names = {activity.name for activity in mapping.activity}
    for number, activity in enumerate(mapping.activity):
        key = f"{place}: {_activity(number, activity.name)}"
        if any(other.covers(activity) for other in mapping.activity[:number]):
            raise MappingError(f"{key}: no row of {activity.label!r} gets past an earlier one")
        if activity.transition is not None and mapping.columns.transition is None:
            raise MappingError(f"{key}.transition: columns.transition is not named")
        until = activity.wait.until if activity.wait is not None else ()
        # Where rows of other activities are let in, they may end a wait.
        unknown = [name for name in until if name not in names] if mapping.unknown_activities == "fail" else []
        if unknown:
            raise MappingError(f"{key}.wait.until: there is no activity {unknown[0]!r}{hint(unknown[0], names)}")


def _activity(number: int, name: str) -> str:
    """The key of an activity, its name beside the number."""
    return f"activity.{number} ({name!r})"


def _with_name(line: str, written: Mapping[str, object]) -> str:
    """The line about a wrong key, the name beside an activity's number where it has one."""
    found = re.match(r"activity\.(\d+)", line)
    activities = written.get("activity")
    if found is None or not isinstance(activities, list):
        return line
    activity = activities[int(found[1])]
    name = activity.get("name") if isinstance(activity, Mapping) else None
    return _activity(int(found[1]), name) + line[found.end() :] if isinstance(name, str) else line
