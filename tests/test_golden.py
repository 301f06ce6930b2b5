"""Stored forms as they were written once: whatever the code becomes, it reads them.

A golden file is never edited. `python -m tests.test_golden` writes those that are missing: of a new event, of a new
schema number, or `<Event>.<schema>.<n>.json` for fields that an event got since, and adds their sums to `SHA256SUMS`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from tests.stored_values import INSTANT, filled, sha256
from ticketing.adapters.codec import EVENTS, SCHEMAS, Codec
from ticketing.domain.reference import REFERENCE_EVENTS
from ticketing.domain.values import Actor, Envelope, Event, PrivateText, SerialNumber

FOLDER = Path(__file__).parent / "golden"
SUMS = FOLDER / "SHA256SUMS"
STREAM = UUID("00000000-0000-4000-8000-0000000000aa")
COMMAND = UUID("00000000-0000-4000-8000-0000000000bb")

VARIANTS: Mapping[str, Sequence[Mapping[str, object]]] = {
    "EventCorrected": (
        {"was": PrivateText(digest=sha256("was")), "is": PrivateText(digest=sha256("is"))},
        {"was": SerialNumber(match=sha256("m"), digest=sha256("was")), "is": 7},
        {"was": True, "is": ("charger", 2, None)},
    )
}
"""Values of fields that may have several types, beside the first."""


def golden_files(event: type[Event]) -> list[Path]:
    """The golden files of the event's present schema."""
    return sorted(FOLDER.glob(f"{event.__name__}.{SCHEMAS.get(event.__name__, 1)}.*json"))


def examples(event: type[Event]) -> list[Event]:
    """The event with every field filled, then its variants."""
    first = filled(event)
    by_name = {field.alias or name: getattr(first, name) for name, field in event.model_fields.items()}
    return [first, *(event(**{**by_name, **variant}) for variant in VARIANTS.get(event.__name__, ()))]


def enveloped(event: Event) -> Envelope[Event]:
    kinds = {published: kind for kind, published in REFERENCE_EVENTS.items()}
    return Envelope(
        stream_id=STREAM,
        stream_kind=next((kind for published, kind in kinds.items() if isinstance(event, published)), "ticket"),
        version=1,
        occurred_at=INSTANT,
        actor=Actor(id="r-1", role="receptionist", site="berlin"),
        source="import:phone log",
        command_id=COMMAND,
        caused_by="finding:manager:m-1",
        flags=("not-received", "late"),
        event=event,
    )


def state_of(event: Event) -> bytes:
    return Codec().encode(enveloped(event))[0].state


def decoded(path: Path) -> Envelope[Event]:
    topic = f"ticketing:{path.name.partition('.')[0]}"
    return Codec().decode(StoredEvent(STREAM, 1, topic, path.read_bytes()))


def is_within(old: object, new: object) -> bool:
    """Whether the new form says all that the old one says; it may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and is_within(value, new[name]) for name, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_within, old, new))
    return type(old) is type(new) and old == new


def read(state: bytes) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(state)
    return form


def write_golden_files() -> list[Path]:
    """The files written: one for each example that none of the event's files has yet, beside those there are."""
    written = []
    for event in EVENTS.values():
        there = {path.read_bytes() for path in golden_files(event)}
        for example in examples(event):
            state = state_of(example)
            if state in there:
                continue
            number = len(golden_files(event))
            addition = f".{number + 1}" if number else ""
            path = FOLDER / f"{event.__name__}.{SCHEMAS.get(event.__name__, 1)}{addition}.json"
            with path.open("xb") as file:
                file.write(state)
            written.append(path)
    with SUMS.open("a", encoding="utf-8") as sums:
        sums.writelines(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in written)
    return written


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_every_event_has_a_golden_file_with_every_field_filled(event: type[Event]) -> None:
    states = {path.read_bytes() for path in golden_files(event)}
    for example in examples(event):
        assert state_of(example) in states, "write the missing ones: python -m tests.test_golden"
    fullest = read(state_of(filled(event)))
    assert not [name for name, value in fullest.items() if value in (None, [], {}, "") and name != "event"]
    assert not [name for name, value in fullest["event"].items() if value in (None, [], {}, "")]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_file_is_read_as_what_was_written(path: Path) -> None:
    golden = read(path.read_bytes())
    fact = decoded(path)
    again = Codec().encode(fact)[0].state
    if golden["schema"] != SCHEMAS.get(type(fact.event).__name__, 1):
        return  # what an older schema means today is the business of its upcast's test
    assert is_within(golden, read(again))
    if path in golden_files(type(fact.event)) and fact.event in examples(type(fact.event)):
        assert fact == enveloped(fact.event)
        assert again == path.read_bytes()


def test_golden_files_are_never_edited() -> None:
    listed = SUMS.read_text(encoding="utf-8").splitlines()
    found = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in FOLDER.glob("*.json")]
    assert sorted(found) == sorted(listed)


def test_a_golden_file_is_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_golden.FOLDER", tmp_path)
    monkeypatch.setattr("tests.test_golden.SUMS", tmp_path / "SHA256SUMS")
    assert len(write_golden_files()) == len(list(tmp_path.glob("*.json"))) >= len(EVENTS)
    sums = (tmp_path / "SHA256SUMS").read_bytes()
    assert write_golden_files() == []
    assert (tmp_path / "SHA256SUMS").read_bytes() == sums


if __name__ == "__main__":
    for new in write_golden_files():
        print(new.name)
