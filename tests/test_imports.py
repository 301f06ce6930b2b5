"""Taking in the logs of other systems: small logs, on every store."""

import csv
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticketing.adapters.private import Sealer, private_parts
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.closure import CloseTicket
from ticketing.domain.errors import Conflict
from ticketing.domain.intake import OpenTicket
from ticketing.domain.record import RecordNote
from ticketing.domain.values import Actor, Event, PrivateText, Recorded, SerialNumber
from ticketing.imports.log_import import ImportReport, Progress, import_log
from ticketing.imports.logs import LogError
from ticketing.imports.mapping import LogMapping

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HEADER = ("case", "activity", "time", "who", "what")
MANAGER = Actor(id="m-1", role="manager")
NOTE = {"event": "NoteRecorded", "text": {"column": "what", "default": "nothing"}}
ACTIVITIES: list[dict[str, Any]] = [
    {"name": "Take in", "events": [{"event": "UnitReceived", "site": "berlin"}]},
    {"name": "Look", "events": [{"event": "DiagnosisStarted"}]},
    {"name": "Find", "events": [{"event": "DiagnosisRecorded", "findings": [{"finding_id": "1", "cause": "wear"}]}]},
    {"name": "Read serial", "events": [{"event": "UnitIdentified", "serial": {"column": "what"}}]},
    {"name": "Repair", "events": [{"event": "RepairStarted"}, {"event": "RepairCompleted"}]},
    {"name": "Check", "events": [{"event": "QcPassed"}]},
    {"name": "Wait", "wait": {"cause": "payment", "responsible": "customer"}},
    {"name": "Order", "wait": {"cause": "parts_ours", "until": ["Repair"]}},
    {"name": "Say", "events": [NOTE]},
    {"name": "Glance", "ignore": True},
    {
        "name": "Close",
        "events": [
            {"event": "UnitHandedBack"},
            {
                "event": "TicketClosed",
                "outcome": {"column": "what", "values": {"no": "cancelled"}, "default": "repaired"},
            },
        ],
    },
]
Line = tuple[str, str, str] | tuple[str, str, str, str] | tuple[str, str, str, str, str]


def mapping(**changes: object) -> LogMapping:
    return LogMapping.model_validate(
        {
            "source": "shop",
            "columns": {"case": "case", "activity": "activity", "time": "time", "actor": "who"},
            "time": {"format": "%Y-%m-%d %H:%M", "zone": "UTC"},
            "actor": {"pseudonym": False},
            "opening": {"site": "berlin", "manufacturer": "acme"},
            "activity": ACTIVITIES,
            **changes,
        }
    )


@pytest.fixture
def app(store_url: str) -> Iterator[Ticketing]:
    with Ticketing(store_url, clock=lambda: NOW, random_bytes=random.Random(1).randbytes) as ticketing:
        yield ticketing


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: Line, header: Sequence[str] = HEADER) -> Path:
        path = tmp_path / "shop.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(header)
            rows.writerows((*line, *("",) * (len(header) - len(line))) for line in lines)
        return path

    return write


Log = Callable[..., Path]


def at(time: str) -> datetime:
    """An instant of 1 June 2026."""
    return datetime.fromisoformat(f"2026-06-01T{time}:00+00:00")


def row(case: str, activity: str, time: str, who: str = "t-1", what: str = "") -> Line:
    return (case, activity, f"2026-06-01 {time}", who, what)


def told(app: Ticketing, number: str) -> list[tuple[str, datetime]]:
    """The facts of a ticket in order of version: name and instant."""
    return [(type(fact.event).__name__, fact.occurred_at) for fact in app.history(number)]


def everything(app: Ticketing) -> list[tuple[object, ...]]:
    """The log without what differs between two that are said to be the same: recorded_at, salts and digests."""
    return [
        (fact.stream_id, fact.version, fact.occurred_at, fact.actor, fact.command_id, fact.flags, blank(fact))
        for fact in app.follow()
    ]


def blank(fact: Recorded[Event]) -> str:
    text = fact.event.model_dump_json()
    for part in private_parts(fact.event):
        text = text.replace(part.digest or "-", "")
        text = text.replace((part.match if isinstance(part, SerialNumber) else None) or "-", "")
    return f"{type(fact.event).__name__} {text}"


# cases, rows and ids


def test_the_first_row_opens_the_ticket_whatever_its_activity(app: Ticketing, log: Log) -> None:
    report = app.import_log(log(row("1", "Look", "09:00"), row("2", "Say", "10:00", "", "hello")), mapping())
    assert told(app, "shop/1") == [("TicketOpened", at("09:00")), ("DiagnosisStarted", at("09:00"))]
    assert told(app, "shop/2") == [("TicketOpened", at("10:00")), ("NoteRecorded", at("10:00"))]
    assert (report.cases, report.rows, report.tickets_added, report.events_added) == (2, 2, 2, 4)


def test_an_imported_fact_says_where_it_comes_from(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Look", "09:00", "t-7")), mapping())
    for fact in app.history("shop/1"):
        assert fact.source == "import:shop"
        assert fact.actor == Actor(id="t-7", role="unknown")
        assert fact.recorded_at >= NOW


def test_rows_are_taken_in_order_of_time_and_ties_in_order_of_the_file(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Find", "10:00"),
        row("2", "Look", "09:30"),
        row("1", "Repair", "10:00"),
        row("1", "Take in", "09:00"),
    )
    app.import_log(path, mapping())
    assert told(app, "shop/1") == [
        ("TicketOpened", at("09:00")),
        ("UnitReceived", at("09:00")),
        ("DiagnosisRecorded", at("10:00")),
        ("RepairStarted", at("10:00")),
        ("RepairCompleted", at("10:00")),
    ]


def test_rows_that_repeat_one_another_to_the_letter_are_all_kept(app: Ticketing, log: Log) -> None:
    app.import_log(log(*[row("1", "Say", "09:00", "t-1", "again")] * 3), mapping())
    assert [name for name, _ in told(app, "shop/1")] == ["TicketOpened", *["NoteRecorded"] * 3]


def test_the_number_is_the_log_s_where_it_has_one(app: Ticketing, log: Log) -> None:
    numbered = mapping(opening={"site": "berlin", "number": {"column": "what"}})
    app.import_log(log(row("1", "Look", "09:00", "t", "R-77"), row("2", "Look", "09:00")), numbered)
    assert app.ticket("R-77").ticket_id != app.ticket("shop/2").ticket_id


def test_importing_twice_adds_nothing(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Take in", "09:00"), row("1", "Wait", "09:10"), row("1", "Close", "10:00"))
    first = app.import_log(path, mapping())
    before = everything(app)
    second = app.import_log(path, mapping())
    assert everything(app) == before
    assert (second.events_added, second.tickets_added, second.changed) == (0, 0, 0)
    assert second.events_there == first.events_added == len(before)
    assert not second.flags


def test_a_grown_file_adds_only_what_is_new(app: Ticketing, log: Log) -> None:
    rows = [row("1", "Take in", "09:00"), row("2", "Take in", "09:05"), row("1", "Wait", "09:10")]
    app.import_log(log(*rows), mapping())
    report = app.import_log(log(*rows, row("1", "Close", "11:00"), row("3", "Look", "12:00")), mapping())
    assert told(app, "shop/1")[-3:] == [
        ("WaitEnded", at("11:00")),
        ("UnitHandedBack", at("11:00")),
        ("TicketClosed", at("11:00")),
    ]
    assert (report.events_added, report.events_there, report.tickets_added) == (5, 5, 1)


def test_a_file_that_grew_at_its_end_gives_the_same_tickets_as_all_of_it_at_once(tmp_path: Path, log: Log) -> None:
    rows = [row("1", "Take in", "09:00"), row("1", "Wait", "09:10"), row("2", "Look", "09:20")]
    later = [row("2", "Say", "10:00", "", "x"), row("1", "Close", "11:00"), row("2", "Close", "11:00")]
    with Ticketing("memory:", clock=lambda: NOW) as grown, Ticketing(f"sqlite:///{tmp_path / 'one'}") as whole:
        for end in range(1, 4):
            grown.import_log(log(*rows, *later[:end]), mapping())
        whole.import_log(log(*rows, *later), mapping())
        key = lambda said: (str(said[0]), said[1])  # noqa: E731 - stream and version
        assert sorted(everything(grown), key=key) == sorted(everything(whole), key=key)


def test_a_row_that_a_grown_file_has_earlier_in_time_is_a_late_fact(app: Ticketing, log: Log) -> None:
    rows = [row("1", "Look", "10:00"), row("1", "Repair", "12:00")]
    app.import_log(log(*rows), mapping())
    report = app.import_log(log(row("1", "Take in", "09:00"), *rows, row("1", "Find", "11:00")), mapping())
    assert told(app, "shop/1")[-2:] == [("UnitReceived", at("09:00")), ("DiagnosisRecorded", at("11:00"))]
    assert report.events_added == 2
    # The ticket is on record as opened at 10:00; the file now says 09:00, and that is told, not hidden.
    assert report.changed == 1
    assert app.ticket("shop/1").custody == "in_house"


def test_the_same_log_gets_the_same_ids_in_every_store(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Take in", "09:00"), row("1", "Say", "09:10", "t-1", "text"), row("1", "Close", "10:00"))
    app.import_log(path, mapping())
    with Ticketing("memory:", clock=lambda: NOW) as other:
        other.import_log(path, mapping())
        assert everything(other) == everything(app)


def test_a_row_that_says_something_else_than_on_record_is_counted_and_changes_nothing(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Say", "09:00", "t-1", "blue"), row("1", "Look", "10:00")), mapping())
    before = everything(app)
    report = app.import_log(log(row("1", "Say", "09:00", "t-1", "red"), row("1", "Look", "10:00")), mapping())
    assert (report.changed, report.events_added) == (1, 0)
    assert everything(app) == before


def test_an_imported_ticket_goes_on_with_native_facts(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Take in", "09:00"))
    app.import_log(path, mapping())
    ticket_id = app.ticket("shop/1").ticket_id
    app.handle(RecordNote(ticket_id=ticket_id, actor=MANAGER, text=PrivateText(text="called")))
    report = app.import_log(log(row("1", "Take in", "09:00"), row("1", "Look", "10:00")), mapping())
    assert report.events_added == 1
    assert [name for name, _ in told(app, "shop/1")][2:] == ["NoteRecorded", "DiagnosisStarted"]


# waits


def waits(app: Ticketing, number: str) -> list[tuple[str, str, str | None]]:
    """The waits of a ticket as cause, start and end (None while open), read from the instants of its facts."""
    facts = sorted(app.history(number), key=lambda fact: fact.occurred_at)
    found: list[tuple[str, str, str | None]] = []
    for begun in facts:
        if isinstance(begun.event, e.WaitStarted):
            ends = (
                fact.occurred_at
                for fact in facts
                if isinstance(fact.event, e.WaitEnded)
                and fact.event.cause == begun.event.cause
                and (fact.occurred_at > begun.occurred_at or fact.version > begun.version)
            )
            end = next(ends, None)
            found.append((begun.event.cause, f"{begun.occurred_at:%H:%M}", f"{end:%H:%M}" if end else None))
    return found


def test_a_wait_ends_with_the_next_row_of_the_case_whatever_it_is(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Wait", "09:00"),
        row("2", "Say", "09:10"),
        row("1", "Glance", "09:30"),
        row("1", "Look", "10:00"),
        row("1", "Wait", "11:00"),
    )
    app.import_log(path, mapping())
    assert waits(app, "shop/1") == [("payment", "09:00", "09:30"), ("payment", "11:00", None)]


def test_of_two_wait_rows_the_first_wait_ends_where_the_second_begins(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Wait", "09:00"), row("1", "Wait", "09:30"), row("1", "Look", "10:30"))
    report = app.import_log(path, mapping())
    assert waits(app, "shop/1") == [("payment", "09:00", "09:30"), ("payment", "09:30", "10:30")]
    assert "wait-already-open" not in report.flags


def test_a_wait_until_named_activities_goes_on_through_the_others(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Order", "09:00"),
        row("1", "Say", "09:30"),
        row("1", "Wait", "10:00"),
        row("1", "Order", "10:30"),
        row("1", "Repair", "12:00"),
    )
    app.import_log(path, mapping())
    assert waits(app, "shop/1") == [
        ("parts_ours", "09:00", "10:30"),
        ("payment", "10:00", "10:30"),
        ("parts_ours", "10:30", "12:00"),
    ]


@pytest.mark.parametrize("unknown", ["skip", "note"])
def test_a_row_that_no_rule_fits_ends_the_wait_that_names_it(app: Ticketing, log: Log, unknown: str) -> None:
    order = {"name": "Order", "wait": {"cause": "parts_ours", "until": ["Part came"]}}
    path = log(row("1", "Order", "09:00"), row("1", "Phoned", "10:00"), row("1", "Part came", "11:00"))
    app.import_log(path, mapping(activity=[order], unknown_activities=unknown))
    assert ("WaitEnded", at("11:00")) in told(app, "shop/1")


def test_a_row_that_turns_up_later_within_a_wait_ends_it_earlier(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Wait", "09:00"), row("1", "Look", "12:00")), mapping())
    app.import_log(log(row("1", "Wait", "09:00"), row("1", "Look", "12:00"), row("1", "Say", "10:00")), mapping())
    assert waits(app, "shop/1") == [("payment", "09:00", "10:00")]


def test_a_wait_row_that_turns_up_later_is_ended_by_the_row_that_was_there(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Look", "09:00"), row("1", "Repair", "12:00")), mapping())
    rows = row("1", "Look", "09:00"), row("1", "Repair", "12:00"), row("1", "Wait", "10:00")
    app.import_log(log(*rows), mapping())
    assert waits(app, "shop/1") == [("payment", "10:00", "12:00")]


# activities that the mapping does not know, and those it leaves out


def test_an_unknown_activity_fails_with_file_line_column_and_the_nearest(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Look", "09:00"), row("1", "Repiar", "10:00"))
    with pytest.raises(LogError) as caught:
        app.import_log(path, mapping())
    assert str(caught.value) == f"{path}:3: column 'activity': 'Repiar' is not in the mapping; the nearest is 'Repair'"
    assert app.store.head() == 0


def test_an_unknown_activity_is_skipped_and_counted(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Look", "09:00"), row("1", "Dance", "10:00"), row("1", "Dance", "11:00"))
    report = app.import_log(path, mapping(unknown_activities="skip"))
    assert report.skipped == {"Dance": 2}
    assert report.events_added == 2


def test_an_unknown_activity_is_kept_as_a_note_whose_text_is_private(app: Ticketing, log: Log) -> None:
    report = app.import_log(log(row("1", "Called Mr Grey", "10:00")), mapping(unknown_activities="note"))
    assert report.noted == {"Called Mr Grey": 1}
    note = app.history("shop/1")[-1].event
    assert isinstance(note, e.NoteRecorded)
    assert "Grey" not in note.model_dump_json()
    assert app.text(note.text) == "Called Mr Grey"


def test_an_activity_left_out_on_purpose_is_counted(app: Ticketing, log: Log) -> None:
    report = app.import_log(log(row("1", "Glance", "10:00"), row("1", "Glance", "11:00")), mapping())
    assert report.ignored == {"Glance": 2}
    assert told(app, "shop/1") == [("TicketOpened", at("10:00"))]


def test_no_rule_for_a_row_of_a_known_activity_fails_too(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Check", "09:00", "t", "perhaps"))
    only_ok = [{"name": "Check", "when": {"what": "ok"}, "events": [{"event": "QcPassed"}]}]
    with pytest.raises(LogError, match=r"shop\.csv:2: column 'activity': no rule for 'Check' fits this row"):
        app.import_log(path, mapping(activity=only_ok))


# who


def test_roles_come_from_patterns_of_activity_and_resource(app: Ticketing, log: Log) -> None:
    roles = [
        {"role": "inspector", "activity": "Check", "resource": "Tech*"},
        {"role": "technician", "resource": "Tech*"},
    ]
    path = log(row("1", "Look", "09:00", "Tech1"), row("1", "Check", "10:00", "Tech1"), row("1", "Say", "11:00"))
    app.import_log(path, mapping(actor={"pseudonym": False, "roles": roles, "site": "berlin"}))
    assert [fact.actor.role for fact in app.history("shop/1")[1:]] == ["technician", "inspector", "unknown"]
    assert {fact.actor.site for fact in app.history("shop/1")} == {"berlin"}


def test_a_name_does_not_reach_the_log_unless_it_is_said_to_be_a_pseudonym(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Look", "09:00", "Mr Grey"), row("1", "Find", "10:00", "Mr Grey"), row("1", "Say", "11:00", ""))
    app.import_log(path, mapping(actor={}))
    ids = [fact.actor.id for fact in app.history("shop/1")]
    assert len(set(ids[:3])) == 1
    assert "Grey" not in ids[0]
    assert ids[3] == "unknown"


# rules


def test_what_breaks_a_rule_is_stored_and_flagged_with_its_slug(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Take in", "09:00"),
        row("1", "Check", "10:00"),  # nothing is finished, and work is idle
        row("1", "Close", "11:00"),
        row("1", "Look", "12:00"),  # after closing
    )
    report = app.import_log(path, mapping())
    flags = {type(fact.event).__name__: fact.flags for fact in app.history("shop/1") if fact.flags}
    assert flags == {
        "QcPassed": ("illegal-transition", "no-finished-work"),
        "DiagnosisStarted": ("illegal-transition", "not-received"),
    }
    assert report.flags == {"illegal-transition": 2, "no-finished-work": 1, "not-received": 1}


def test_the_role_unknown_breaks_no_rule_of_roles_and_a_known_one_may(app: Ticketing, log: Log) -> None:
    path = log(row("1", "Take in", "09:00", "Tech1"), row("1", "Look", "09:10", "Tech1"))
    assert app.import_log(path, mapping()).flags == {}
    cashiers = mapping(source="other", actor={"roles": [{"role": "cashier"}]})
    assert app.import_log(path, cashiers).flags == {"role-may-not": 3}


def test_what_is_said_to_have_happened_in_the_future_is_flagged(app: Ticketing, log: Log) -> None:
    report = app.import_log(log(("1", "Look", "2026-07-01 00:06", "t", "")), mapping())
    assert report.flags["from-the-future"] == 2


def test_a_case_whose_number_is_taken_stays_out_as_a_whole_and_the_others_come_in(app: Ticketing, log: Log) -> None:
    app.handle(OpenTicket(number="R-1", site="berlin", actor=MANAGER))
    path = log(
        row("1", "Take in", "09:00", "t", "R-1"),
        row("1", "Look", "09:30"),
        row("2", "Take in", "10:00", "t", "R-2"),
        row("3", "Take in", "11:00", "t", "R-2"),
    )
    report = app.import_log(path, mapping(opening={"site": "berlin", "number": {"column": "what"}}))
    assert report.cases_refused == 2
    assert report.refusals[0].startswith(f"{path}:2: case '1': number-taken: the number R-1 belongs to another")
    assert report.refusals[1].startswith(f"{path}:5: case '3': number-taken: the number R-2 belongs to another")
    assert report.tickets_added == 1
    assert app.store.head() == 1 + 2


def test_a_unit_that_is_open_on_two_tickets_of_one_log_is_flagged_on_the_second(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Read serial", "09:00", "t", "SN 1"),
        row("2", "Read serial", "10:00", "t", "sn-1"),
        row("3", "Read serial", "11:00", "t", "SN 2"),
    )
    report = app.import_log(path, mapping())
    assert report.flags == {"unit-already-open": 1}
    assert [fact.flags for fact in app.history("shop/2")] == [(), ("unit-already-open",)]
    serial = app.ticket("shop/1").serial
    assert serial is not None
    assert serial.match is not None
    holders = app.store.holders("unit", serial.match)
    assert holders == tuple(app.ticket(number).ticket_id for number in ("shop/1", "shop/2"))


def test_a_unit_whose_first_ticket_the_same_log_has_closed_is_not_flagged(app: Ticketing, log: Log) -> None:
    path = log(
        row("1", "Take in", "08:00"),
        row("1", "Read serial", "09:00", "t", "SN1"),
        row("1", "Close", "09:30"),
        row("2", "Read serial", "10:00", "t", "SN1"),
    )
    assert "unit-already-open" not in app.import_log(path, mapping()).flags


def test_a_unit_that_a_grown_log_closes_on_its_first_ticket_is_free_for_the_second(app: Ticketing, log: Log) -> None:
    rows = row("1", "Take in", "08:00"), row("1", "Read serial", "09:00", "t", "SN1")
    app.import_log(log(*rows), mapping())
    more = row("1", "Close", "09:30"), row("2", "Read serial", "10:00", "t", "SN1")
    assert "unit-already-open" not in app.import_log(log(*rows, *more), mapping()).flags


def test_a_unit_handed_out_while_another_ticket_holds_it_is_stored_beside_it(app: Ticketing, log: Log) -> None:
    # No rule looks at the serial of a unit given in exchange, but a fact must not be lost for the claim to it.
    exchange = {"name": "Exchange", "events": [{"event": "UnitExchanged", "new_serial": {"column": "what"}}]}
    path = log(row("1", "Read serial", "09:00", "t", "SN1"), row("2", "Exchange", "10:00", "t", "SN1"))
    report = app.import_log(path, mapping(activity=[*ACTIVITIES, exchange]))
    assert report.flags == {"unit-already-open": 1}


# bad input


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("2", "Look", "yesterday", "t", ""), "column 'time': 'yesterday' is no time as '%Y-%m-%d %H:%M' writes it"),
        (("2", "Look", "", "t", ""), "column 'time': empty"),
        (("2", "", "2026-06-01 09:00", "t", ""), "column 'activity': empty"),
        (("", "Look", "2026-06-01 09:00", "t", ""), "column 'case': empty, it should name the case"),
        (("2", "Close", "2026-06-01 09:00", "t", "yes"), "column 'what': the text is not among the mapping's values"),
        (("2", "Look", "2026-06-01 09:00", "a\tb", ""), "column 'who': id: String should match pattern"),
        (("2" * 200, "Look", "2026-06-01 09:00", "t", ""), "column 'case': number: String should have at most 200"),
    ],
)
def test_a_row_that_cannot_be_understood_gets_one_line_and_nothing_is_stored(
    app: Ticketing, log: Log, line: Line, message: str
) -> None:
    path = log(row("1", "Look", "09:00"), line)
    with pytest.raises(LogError) as caught:
        app.import_log(path, mapping())
    assert str(caught.value).startswith(f"{path}:3: {message}")
    assert "\n" not in str(caught.value)
    assert app.store.head() == 0


PUBLIC = [
    {
        "name": "Close",
        "events": [{"event": "TicketClosed", "outcome": {"column": "what", "values": {"no": "cancelled"}}}],
    }
]


@pytest.mark.parametrize(
    "private",
    [
        {"event": "NoteRecorded", "text": {"column": "what"}},
        {"event": "UnitIdentified", "serial": {"column": "what"}},
        {"event": "TicketAssigned", "site": "berlin", "person": {"column": "what", "pseudonym": True}},
        {"event": "DiagnosisRecorded", "findings": [{"finding_id": "1", "cause": "wear", "text": {"column": "what"}}]},
        {"event": "HostFactRecorded", "namespace": "n", "name": "n", "data": {"said": {"column": "what"}}},
    ],
    ids=lambda written: written["event"],
)
def test_an_error_quotes_no_column_that_is_private_anywhere_in_the_mapping(
    app: Ticketing, log: Log, private: dict[str, object]
) -> None:
    path = log(row("1", "Close", "09:00", "t", "Maria Muster called"))
    with pytest.raises(LogError, match="'Maria Muster called' is not among"):
        app.import_log(path, mapping(activity=PUBLIC))
    with pytest.raises(LogError) as caught:
        app.import_log(path, mapping(activity=[*PUBLIC, {"name": "Say", "events": [private]}]))
    assert str(caught.value) == f"{path}:2: column 'what': the text is not among the mapping's values"
    assert caught.value.__suppress_context__


def test_a_column_that_no_row_has_is_named_with_the_nearest(app: Ticketing, log: Log) -> None:
    misspelt = mapping(opening={"site": "berlin", "model": {"column": "wat"}})
    with pytest.raises(LogError, match="column 'wat': the mapping names it and no row has it; the nearest is 'what'"):
        app.import_log(log(row("1", "Look", "09:00")), misspelt)
    allowed = mapping(opening={"site": "berlin", "model": {"column": "wat", "optional": True}})
    assert app.import_log(log(row("1", "Look", "09:00")), allowed).tickets_added == 1


def test_a_column_of_times_that_is_not_there_is_named_with_the_nearest(app: Ticketing, log: Log) -> None:
    columns = {"case": "case", "activity": "activity", "time": "tme", "actor": "who"}
    with pytest.raises(LogError, match=r"shop\.csv:2: column 'tme': missing; the nearest is 'time'"):
        app.import_log(log(row("1", "Look", "09:00")), mapping(columns=columns))


def test_a_log_of_nothing_but_a_header_is_an_import_of_nothing(app: Ticketing, log: Log) -> None:
    report = app.import_log(log(), mapping(columns={"case": "case", "activity": "activity", "time": "time"}))
    assert (report.cases, report.events_added) == (0, 0)


def test_a_log_that_is_not_there_gets_one_line(app: Ticketing, tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"none\.csv: cannot be read: No such file"):
        app.import_log(tmp_path / "none.csv", mapping())


# running


def many(cases: int) -> list[Line]:
    return [
        row(str(case), activity, f"{hour:02}:{case % 60:02}", f"t-{case % 7}", f"text {case}")
        for case in range(cases)
        for hour, activity in enumerate(("Take in", "Look", "Say", "Repair", "Wait"), 8)
    ]


def same(one: ImportReport, other: ImportReport, *but: str) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ImportReport.__slots__ if name not in but)


def test_a_dry_run_stores_nothing_and_says_what_would_happen(app: Ticketing, log: Log) -> None:
    path = log(
        *many(20),
        row("a", "Read serial", "09:00", "t", "SN1"),
        *[(f"x{case}", "Say", "2026-06-01 10:00", "t", "-") for case in range(900)],
        row("b", "Read serial", "10:00", "t", "SN1"),
    )
    said = app.import_log(path, mapping(), dry_run=True)
    assert app.store.head() == 0
    assert said.is_dry_run
    assert said.flags["unit-already-open"] == 1
    done = app.import_log(path, mapping())
    assert same(said, done, "is_dry_run")
    assert app.store.head() == done.events_added


@pytest.mark.parametrize("claims", [("shop/9", "shop/9"), ("shop/2", ""), ("", "shop/1")])
def test_a_dry_run_refuses_the_case_whose_number_an_earlier_one_has(
    app: Ticketing, log: Log, claims: tuple[str, str]
) -> None:
    path = log(row("1", "Look", "09:00", "t", claims[0]), row("2", "Look", "10:00", "t", claims[1]))
    numbered = mapping(opening={"site": "berlin", "number": {"column": "what"}})
    said = app.import_log(path, numbered, dry_run=True)
    assert said.cases_refused == 1
    assert same(said, app.import_log(path, numbered), "is_dry_run")


def test_a_dry_run_on_a_store_that_has_part_of_it_says_the_rest(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Look", "09:00")), mapping())
    path = log(row("1", "Look", "09:00"), row("1", "Say", "10:00"))
    said = app.import_log(path, mapping(), dry_run=True)
    assert (said.events_there, said.events_added) == (2, 1)
    assert app.store.head() == 2


class Killed(Exception):
    """The process ended in the middle."""


def test_an_import_that_was_killed_goes_on_where_it_was(app: Ticketing, log: Log) -> None:
    path = log(*many(350))

    def kill(progress: Progress) -> None:
        if progress.step == "storing" and progress.done > 100:
            raise Killed

    with pytest.raises(Killed):
        app.import_log(path, mapping(), on_progress=kill)
    half = app.store.head()
    assert 0 < half < 350 * 7
    for history in app.store.histories():  # nothing half-done: every case that is there is there as a whole
        assert len(history) == 7
    report = app.import_log(path, mapping())
    assert (report.events_there, report.events_added) == (half, 350 * 7 - half)
    assert app.store.head() == 350 * 7


def test_progress_is_told_in_bytes_while_the_log_is_read_and_in_cases_while_it_is_stored(
    app: Ticketing, log: Log
) -> None:
    path = log(*many(400))
    seen: list[Progress] = []
    app.import_log(path, mapping(), on_progress=seen.append)
    read = [progress for progress in seen if progress.step == "checking"]
    stored = [progress for progress in seen if progress.step == "storing"]
    assert seen == [*read, *stored]
    assert {progress.total for progress in read} == {path.stat().st_size} == {read[-1].done}
    assert {progress.total for progress in stored} == {400} == {stored[-1].done}
    assert len(stored) > 2


def test_a_batch_is_decided_anew_when_somebody_else_appended_first(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Glance", "09:00")), mapping())
    ticket_id = app.ticket("shop/1").ticket_id
    drawn: list[int] = []

    def salts(count: int) -> bytes:
        # The import draws a salt after it has read the tickets and before it appends.
        drawn.append(count)
        if len(drawn) == 1:
            app.handle(CloseTicket(ticket_id=ticket_id, actor=MANAGER, outcome="cancelled"))
        return bytes(count)

    path = log(
        row("1", "Glance", "09:00"), row("1", "Say", "10:00"), row("1", "Look", "11:00"), row("2", "Say", "11:00")
    )
    report = import_log(app.store, Sealer(app.store.key, salts), path, mapping(), clock=lambda: NOW)
    assert [name for name, _ in told(app, "shop/1")] == [
        "TicketOpened",
        "TicketClosed",
        "NoteRecorded",
        "DiagnosisStarted",
    ]
    assert app.history("shop/1")[-1].flags == ("illegal-transition", "not-received")
    assert (report.events_added, report.events_there, report.tickets_added) == (4, 1, 1)


def test_an_import_gives_up_when_others_never_stop_appending(app: Ticketing, log: Log) -> None:
    app.import_log(log(row("1", "Glance", "09:00")), mapping())
    ticket_id = app.ticket("shop/1").ticket_id

    def salts(count: int) -> bytes:
        app.handle(RecordNote(ticket_id=ticket_id, actor=MANAGER, text=PrivateText(text="again")))
        return bytes(count)

    path = log(row("1", "Glance", "09:00"), row("1", "Say", "10:00"))
    with pytest.raises(Conflict):
        import_log(app.store, Sealer(app.store.key, salts), path, mapping(), clock=lambda: NOW, attempts=3)
    assert [name for name, _ in told(app, "shop/1")] == ["TicketOpened", *["NoteRecorded"] * 3]
    assert {fact.source for fact in app.history("shop/1")[1:]} == {"native"}


def test_two_imports_of_the_same_log_at_the_same_time_add_every_fact_once(store_url: str, log: Log) -> None:
    path = log(*many(300))
    with Ticketing(store_url, clock=lambda: NOW) as app, ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(app.import_log, path, mapping()) for _ in range(2)]
        reports = [run.result() for run in runs]
        assert sum(report.events_added for report in reports) == app.store.head() == 300 * 7
        assert all(report.events_added + report.events_there == 300 * 7 for report in reports)
        assert len({(fact.stream_id, fact.version) for fact in app.follow()}) == 300 * 7
