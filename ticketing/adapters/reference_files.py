"""Reference data from TOML files: every site, standard, policy and calendar in them, or one line about what is wrong.

A file holds tables `[site]`, `[standard]`, `[policy]` and `[calendar]`, or arrays of tables `[[site]]` and so on. Their
keys are the fields of `SitePublished`, `StandardPublished`, `PolicyPublished` and `CalendarPublished`.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ticketing.adapters.freezing import cannot_be_frozen
from ticketing.adapters.units import unknown_units
from ticketing.adapters.wrong_keys import first_wrong
from ticketing.domain.errors import BadInput, hint
from ticketing.domain.phrases import day_or_instant
from ticketing.domain.publishing import faults, kind_of
from ticketing.domain.reference import REFERENCE_EVENTS, Published, StandardPublished


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of one file, before it is understood."""

    path: Path
    kind: str
    place: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FromFile:
    """Something to be published, and the file that says it."""

    thing: Published
    path: Path


def read_reference_files(paths: Sequence[Path]) -> tuple[Published, ...]:
    """Everything the files publish, each thing's versions in ascending order, kind by kind and key by key.

    A kind comes after those that it may name: calendars before sites and policies. A version that is given twice with
    the same content counts once.

    Raises:
        BadInput: A file, table, key or value is not understood, or cannot be meant; the text names the file, the place
            and, for a key, the nearest that exists. All files are read before anything is returned.
    """
    return tuple(one.thing for one in read_with_paths(paths))


def read_with_paths(paths: Sequence[Path]) -> tuple[FromFile, ...]:
    """The same, each thing with the file that says it.

    Raises:
        BadInput: As above.
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
    in_order = tuple(FromFile(*found[place]) for place in sorted(found))
    _refuse_one_instant(in_order)
    return in_order


def _refuse_one_instant(in_order: Sequence[FromFile]) -> None:
    """Refuses two versions of one thing from one instant on, unless the later says that it is retroactive."""
    first: dict[tuple[str, str, datetime], FromFile] = {}
    for one in in_order:
        thing, kind = one.thing, kind_of(one.thing)
        other = first.setdefault((kind, thing.key, thing.effective_from), one)
        if other is not one and not thing.is_retroactive:
            place = f"{one.path}: [{kind}] {thing.key}: effective_from of version {thing.version}"
            said = f"{day_or_instant(thing.effective_from)}, is that of version {other.thing.version} too"
            raise BadInput(f"{place}, {said}, in {other.path}; let it be later, or say is_retroactive = true")


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
    if "frozen" in entry.content:
        raise BadInput(f"{entry.place}: frozen: publishing takes it from the libraries, and nobody declares it")
    try:
        thing = event.model_validate(entry.content)
    except ValidationError as error:
        raise BadInput(f"{entry.place}: {_what_is_wrong(error, event)}") from error
    for found in chain(faults(thing), unknown_units(thing), cannot_be_frozen(thing)):
        raise BadInput(f"{entry.place}: {found}")
    return thing


def _what_is_wrong(error: ValidationError, event: type[Published]) -> str:
    naive = [one for one in error.errors(include_url=False) if one["type"] == "timezone_aware"]
    if naive and len(naive) == error.error_count():
        return f"{naive[0]['loc'][0]}: a date and time with a zone is due, such as 2026-01-01T00:00:00Z"
    return first_wrong(error, event)
