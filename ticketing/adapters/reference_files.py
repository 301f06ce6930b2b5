"""Reference data from TOML files: every site, standard, policy and calendar in them, or one line about what is wrong.

A file holds tables `[site]`, `[standard]`, `[policy]` and `[calendar]`, or arrays of tables `[[site]]` and so on. Their
keys are the fields of `SitePublished`, `StandardPublished`, `PolicyPublished` and `CalendarPublished`.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError

from ticketing.adapters.units import unknown_units
from ticketing.adapters.wrong_keys import first_wrong, hint
from ticketing.domain.contradictions import contradictions
from ticketing.domain.errors import BadInput
from ticketing.domain.publishing import kind_of
from ticketing.domain.reference import (
    REFERENCE_EVENTS,
    CalendarPublished,
    Published,
    SitePublished,
    StandardPublished,
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of one file, before it is understood."""

    path: Path
    kind: str
    place: str
    content: Mapping[str, Any]


def read_reference_files(paths: Sequence[Path]) -> tuple[Published, ...]:
    """Everything the files publish, each thing's versions in ascending order, kind by kind and key by key.

    A version that is given twice with the same content counts once.

    Raises:
        BadInput: A file, table, key or value is not understood, or a standard contradicts itself; the text names the
            file, the place and, for a key, the nearest that exists. All files are read before anything is returned.
    """
    order = list(REFERENCE_EVENTS)
    found: dict[tuple[int, str, int], tuple[Published, Path]] = {}
    for path in paths:
        for entry in _entries(path):
            thing = _understood(entry)
            place = (order.index(kind_of(thing)), thing.key, thing.version)
            first, first_path = found.setdefault(place, (thing, path))
            if first != thing:
                name = f"{entry.kind} {thing.key}@{thing.version}"
                raise BadInput(f"{path}: {name} is given a second time with other content (first in {first_path})")
    if not found:
        raise BadInput(f"{', '.join(map(str, paths)) or 'no file'}: nothing to publish")
    return tuple(found[place][0] for place in sorted(found))


def with_document(things: Sequence[Published], document: Path) -> tuple[Published, ...]:
    """The same, the one standard among them with the SHA-256 of its document.

    Raises:
        BadInput: The document cannot be read, there is not one version of one standard, or it names another hash.
    """
    standards = [thing for thing in things if isinstance(thing, StandardPublished)]
    if len(standards) != 1:
        named = ", ".join(f"{thing.key}@{thing.version}" for thing in standards) or "none"
        raise BadInput(f"{document}: a document belongs to one version of one standard, and the files have {named}")
    (standard,) = standards
    try:
        with document.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{document}: {error.strerror or error}") from error
    if standard.document_hash not in (None, found):
        place = f"[standard] {standard.key}: document_hash"
        raise BadInput(f"{place}: {standard.document_hash}, but {document} has {found}")
    pinned = standard.model_copy(update={"document_hash": found})
    return tuple(pinned if thing is standard else thing for thing in things)


def _entries(path: Path) -> Iterator[_Entry]:
    for kind, content in _read(path).items():
        if kind not in REFERENCE_EVENTS:
            raise BadInput(f"{path}: unknown table [{kind}]{hint(kind, REFERENCE_EVENTS)}")
        tables = content if isinstance(content, list) else [content]
        for number, table in enumerate(tables, 1):
            if not isinstance(table, dict):
                raise BadInput(f"{path}: {kind} must be a table [{kind}] or an array of tables [[{kind}]]")
            name = table.get("key", f"number {number}")
            yield _Entry(path, kind, f"{path}: [{kind}] {name}", table)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path}: no TOML: {error}") from error


def _understood(entry: _Entry) -> Published:
    event = next(event for kind, event in REFERENCE_EVENTS.items() if kind == entry.kind)
    try:
        thing = event.model_validate(entry.content)
    except ValidationError as error:
        raise BadInput(f"{entry.place}: {_what_is_wrong(error, event)}") from error
    if isinstance(thing, SitePublished | CalendarPublished) and thing.zone not in available_timezones():
        raise BadInput(f"{entry.place}: unknown zone {thing.zone!r}{hint(thing.zone, sorted(available_timezones()))}")
    if isinstance(thing, StandardPublished):
        for found in (*contradictions(thing), *unknown_units(thing)):
            raise BadInput(f"{entry.place}: {found}")
    return thing


def _what_is_wrong(error: ValidationError, event: type[Published]) -> str:
    naive = [one for one in error.errors(include_url=False) if one["type"] == "timezone_aware"]
    if naive and len(naive) == error.error_count():
        return f"{naive[0]['loc'][0]}: a date and time with a zone is due, such as 2026-01-01T00:00:00Z"
    return first_wrong(error, event)
