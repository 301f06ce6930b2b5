import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from tests.stored_values import events, sha256
from ticketing.adapters.codec import EVENTS, SCHEMAS, UPCASTS, Codec
from ticketing.domain.errors import StoreError, UnreadableEvent
from ticketing.domain.events import (
    DiagnosisRecorded,
    EventCorrected,
    Finding,
    HostFactRecorded,
    NoteRecorded,
    PaymentReceived,
    PromiseMade,
    RepairStarted,
    TicketOpened,
    WorkLogged,
)
from ticketing.domain.reference import SitePublished
from ticketing.domain.values import Actor, Envelope, Event, Money, PrivateText, Recorded, SerialNumber

STREAM = UUID("11111111-2222-4333-8444-555555555555")
COMMAND = UUID("99999999-8888-4777-8666-555555555555")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CLERK = Actor(id="r-1", role="receptionist")
SEALED = PrivateText(digest="ab" * 32)


def enveloped(event: Event, **changes: object) -> Envelope[Event]:
    envelope = Envelope(
        stream_id=STREAM,
        stream_kind="ticket",
        version=3,
        occurred_at=NOON,
        actor=CLERK,
        command_id=COMMAND,
        event=event,
    )
    fields: dict[str, Any] = changes
    return replace(envelope, **fields)


def stored(event: Event, codec: Codec | None = None) -> StoredEvent:
    return (codec or Codec()).to_stored_event(enveloped(event))


def test_the_stored_form_is_canonical_json_in_declared_order_without_blanks_or_escapes() -> None:
    event = TicketOpened(
        number="R-1", site="Köln", serial=SerialNumber(match="ab" * 32, digest="cd" * 32), symptom=SEALED
    )
    envelope = enveloped(
        event,
        occurred_at=datetime(2026, 3, 2, 13, 30, 0, 42, tzinfo=timezone(timedelta(hours=1))),
        flags=("not-received",),
        caused_by="finding:manager:m-1",
    )
    form = Codec().to_stored_event(envelope)
    assert (form.originator_id, form.originator_version, form.topic) == (STREAM, 3, "ticketing:TicketOpened")
    assert form.state.decode() == (
        '{"schema":1,"stream_kind":"ticket","occurred_at":"2026-03-02T12:30:00.000042Z",'
        '"actor":{"id":"r-1","role":"receptionist","site":null},"source":"native",'
        '"command_id":"99999999-8888-4777-8666-555555555555","caused_by":"finding:manager:m-1",'
        '"flags":["not-received"],'
        '"event":{"number":"R-1","site":"Köln","channel":"counter","customer_ref":null,"customer_kind":"consumer",'
        '"manufacturer":null,"model":null,'
        f'"serial":{{"match":"{"ab" * 32}","digest":"{"cd" * 32}"}},"symptom":{{"digest":"{"ab" * 32}"}},'
        '"symptom_code":null,"basis_claimed":null}}'
    )


def test_numbers_are_text_and_instants_have_six_digits() -> None:
    paid = json.loads(stored(PaymentReceived(amount=Money(amount=Decimal("1E+2"), currency="EUR"))).state)
    assert paid["event"]["amount"] == {"amount": "100", "currency": "EUR"}
    promised = json.loads(stored(PromiseMade(due_at=NOON)).state)
    assert promised["event"]["due_at"] == promised["occurred_at"] == "2026-03-02T12:00:00.000000Z"


def test_reference_data_goes_the_same_way() -> None:
    site = SitePublished(key="berlin", version=1, effective_from=NOON, kind="branch")
    envelope = enveloped(site, stream_kind="site")
    form = Codec().to_stored_event(envelope)
    assert form.topic == "ticketing:SitePublished"
    assert Codec().to_domain_event(form) == envelope


@given(data=st.data(), event=st.sampled_from(sorted(EVENTS)))
def test_every_fact_is_read_as_it_was_written(data: st.DataObject, event: str) -> None:
    envelope = Envelope(
        stream_id=data.draw(st.uuids()),
        stream_kind="ticket",
        version=data.draw(st.integers(1, 10_000)),
        occurred_at=data.draw(st.datetimes(datetime(2, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
        actor=CLERK,
        source=data.draw(st.sampled_from(["native", "import:phone log"])),
        command_id=data.draw(st.uuids()),
        caused_by=data.draw(st.none() | st.just("finding:manager:m-1")),
        flags=data.draw(st.sampled_from([(), ("not-received", "late")])),
        event=data.draw(events(EVENTS[event])),
    )
    codec = Codec()
    form, as_read = codec.encode(envelope)
    assert as_read == envelope == codec.to_domain_event(form)
    assert codec.to_stored_event(as_read) == form
    recorded = codec.recorded(7, envelope.stream_id, envelope.version, form.topic, form.state, NOON)
    assert recorded == Recorded(**of(envelope), position=7, recorded_at=NOON)
    assert not has_floats(json.loads(form.state))


def of(envelope: Envelope[Event]) -> dict[str, Any]:
    return {name: getattr(envelope, name) for name in Envelope.__dataclass_fields__}


def has_floats(form: object) -> bool:
    if isinstance(form, dict):
        return any(map(has_floats, form.values()))
    return any(map(has_floats, form)) if isinstance(form, list) else isinstance(form, float)


# what is never written

SECRET = "Frau Ünal, 3rd floor"


@pytest.mark.parametrize(
    "event",
    [
        NoteRecorded(text=PrivateText(text=SECRET)),
        NoteRecorded(text=PrivateText()),
        TicketOpened(number="R-1", site="a", serial=SerialNumber(text=SECRET)),
        TicketOpened(number="R-1", site="a", serial=SerialNumber(match="ab" * 32, text=SECRET)),
        DiagnosisRecorded(findings=(Finding(finding_id="f", cause="wear", text=PrivateText(text=SECRET)),)),
        HostFactRecorded(namespace="n", name="n", data={"who": PrivateText(text=SECRET)}),
        EventCorrected(target_version=1, field="text", was=SEALED, is_=PrivateText(text=SECRET), reason=SEALED),
    ],
)
def test_an_unsealed_text_is_never_written(event: Event) -> None:
    with pytest.raises(StoreError, match="not sealed") as refused:
        stored(event)
    assert SECRET not in str(refused.value)


def test_a_sealed_text_goes_without_its_text() -> None:
    form = stored(NoteRecorded(text=PrivateText(digest="ab" * 32, text=SECRET)))
    assert json.loads(form.state)["event"]["text"] == {"digest": "ab" * 32}


A_FLOAT: Any = 1.5
NOT_OURS: Any = object()


class Unheard(Event):
    """A fact that nobody knows."""


class WorkDone(WorkLogged):
    """A fact of a class of its own."""


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (enveloped(RepairStarted(), occurred_at=NOON.replace(tzinfo=None)), "zone"),
        (enveloped(PaymentReceived.model_construct(amount=NOT_OURS)), "object"),
        (enveloped(WorkLogged.model_construct(minutes=A_FLOAT)), "minutes"),
        (enveloped(WorkLogged.model_construct(minutes=NOT_OURS)), "object"),
        (enveloped(RepairStarted(), command_id="twelve"), "command_id"),
        (enveloped(RepairStarted(), stream_kind="car"), "stream_kind"),
        (enveloped(RepairStarted(), source="\ud800"), "surrogate"),
        (enveloped(Unheard()), "no such event"),
        (enveloped(WorkDone(minutes=1)), "no such event"),
    ],
)
def test_what_could_not_be_read_again_is_never_written(envelope: Envelope[Event], reason: str) -> None:
    with pytest.raises(StoreError, match=reason) as refused:
        Codec().to_stored_event(envelope)
    assert "\n" not in str(refused.value)


def test_what_is_no_envelope_is_never_written() -> None:
    class Foreign:
        originator_id = STREAM
        originator_version = 1

    with pytest.raises(StoreError, match="Foreign cannot be stored"):
        Codec().to_stored_event(Foreign())


# what cannot be read

Change = Callable[[dict[str, Any]], object]


def changed(event: Event, change: Change) -> bytes:
    form = json.loads(stored(event).state)
    change(form)
    return json.dumps(form).encode()


NOTE = NoteRecorded(text=SEALED)
PAID = PaymentReceived(amount=Money(amount=Decimal(1), currency="EUR"))


@pytest.mark.parametrize(
    ("topic", "state", "why"),
    [
        ("ticketing:CoffeeBrewed", stored(NOTE).state, "this version knows no such event"),
        ("NoteRecorded", stored(NOTE).state, "this version knows no such event"),
        ("ticketing:NoteRecorded", b"", "EOF"),
        ("ticketing:NoteRecorded", b"\xff\xfe", "expected value"),
        ("ticketing:NoteRecorded", stored(NOTE).state[:-9], "EOF while parsing"),
        ("ticketing:NoteRecorded", b"[1]", "no JSON object"),
        (
            "ticketing:NoteRecorded",
            changed(NOTE, lambda form: form.update(schema=2)),
            "schema 2 was written by a newer",
        ),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form.update(schema="1")), "schema number '1' is none"),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form.update(schema=0)), "schema number 0 is none"),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form.pop("schema")), "schema number None is none"),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form.pop("actor")), "actor: Field required"),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form.update(mood="good")), "mood: Extra inputs"),
        ("ticketing:NoteRecorded", changed(NOTE, lambda form: form["event"].update(x=1)), r"event\.x: Extra inputs"),
        (
            "ticketing:NoteRecorded",
            changed(NOTE, lambda form: form["event"].update(text="hello")),
            "text is not sealed",
        ),
        (
            "ticketing:NoteRecorded",
            changed(NOTE, lambda form: form["event"]["text"].update(text="hello")),
            "text is not sealed",
        ),
        (
            "ticketing:NoteRecorded",
            changed(NOTE, lambda form: form.update(occurred_at="2026-03-02T12:00:00.000000")),
            "occurred_at: String should match pattern",
        ),
        (
            "ticketing:NoteRecorded",
            changed(NOTE, lambda form: form.update(occurred_at="2026-02-31T12:00:00.000000Z")),
            "day is out of range",
        ),
        (
            "ticketing:PaymentReceived",
            changed(PAID, lambda form: form["event"]["amount"].update(amount=1.5)),
            "a float loses digits",
        ),
        (
            "ticketing:PromiseMade",
            changed(PromiseMade(due_at=NOON), lambda form: form["event"].update(due_at="2026-03-02T12:00:00")),
            "should have timezone info",
        ),
    ],
)
def test_an_unreadable_event_says_where_it_is_and_why_in_one_line(topic: str, state: bytes, why: str) -> None:
    with pytest.raises(UnreadableEvent, match=why) as unreadable:
        Codec().recorded(12, STREAM, 3, topic, state, NOON)
    text = str(unreadable.value)
    assert text.startswith(f"position 12: stream {STREAM} version 3, {topic}: ")
    assert "\n" not in text
    assert "hello" not in text
    with pytest.raises(UnreadableEvent, match=f"^stream {STREAM} version 3, {topic}: "):
        Codec().to_domain_event(StoredEvent(STREAM, 3, topic, state))


# upcasts


def minutes_of_hours(form: dict[str, Any]) -> dict[str, Any]:
    """WorkLogged, 1 to 2: hours were whole numbers, minutes are finer."""
    event = dict(form["event"])
    return form | {"event": {"minutes": 60 * event.pop("hours"), **event}}


def no_negative_minutes(form: dict[str, Any]) -> dict[str, Any]:
    """WorkLogged, 2 to 3: a slip of the pen was once taken for work."""
    return form | {"event": form["event"] | {"minutes": max(0, form["event"]["minutes"])}}


SINCE = Codec(
    schemas={"WorkLogged": 3},
    upcasts={("WorkLogged", 1): minutes_of_hours, ("WorkLogged", 2): no_negative_minutes},
)


def of_schema(schema: int, **event: object) -> StoredEvent:
    form = json.loads(stored(WorkLogged(minutes=1)).state) | {"schema": schema, "event": event}
    return StoredEvent(STREAM, 3, "ticketing:WorkLogged", json.dumps(form).encode())


@pytest.mark.parametrize(
    ("form", "schema", "minutes"),
    [
        (of_schema(1, hours=2), 1, 120),
        (of_schema(1, hours=-2), 1, 0),
        (of_schema(2, minutes=-7), 2, 0),
        (of_schema(3, minutes=7), 3, 7),
    ],
)
def test_an_old_form_is_read_through_its_upcasts_and_keeps_its_schema_number(
    form: StoredEvent, schema: Literal[1, 2, 3], minutes: int
) -> None:
    fact = SINCE.decode(form)
    assert (fact.schema, fact.event) == (schema, WorkLogged(minutes=minutes))


def test_what_is_written_again_is_written_in_the_present_form() -> None:
    again = SINCE.to_stored_event(SINCE.decode(of_schema(1, hours=2)))
    assert again.state.startswith(b'{"schema":3,')
    assert SINCE.decode(again).event == WorkLogged(minutes=120)


@pytest.mark.parametrize(
    ("codec", "form", "why"),
    [
        (SINCE, of_schema(4, minutes=7), "schema 4 was written by a newer version, this one knows up to 3"),
        (SINCE, of_schema(1, minutes=7), "KeyError: 'hours'"),
        (SINCE, of_schema(1, hours="two"), "TypeError: "),
        (SINCE, of_schema(2, minutes=1.5), "event.minutes: "),
        (Codec(schemas={"WorkLogged": 2}), of_schema(1, hours=2), "there is no upcast from schema 1"),
    ],
)
def test_an_old_form_that_no_upcast_understands_is_unreadable(codec: Codec, form: StoredEvent, why: str) -> None:
    with pytest.raises(UnreadableEvent, match=why):
        codec.decode(form)


def test_every_older_schema_has_its_upcast() -> None:
    older = {(event, schema) for event, present in SCHEMAS.items() for schema in range(1, present)}
    assert set(UPCASTS) == older
    assert sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
