"""Two real logs as they stand in a store; every figure is counted again from the raw file."""

import csv
import gzip
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.real_logs import HELP_DESK, PHONES, Imported, first_of_help_desk, first_phones, imported, opened, stored
from ticketing.adapters.private import private_parts
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.evolve import replay
from ticketing.domain.values import Event, Recorded

XES = "{http://www.xes-standard.org/}"
SOME = 200
"""How many cases are enough for what is imported several times."""

Histories = Mapping[str, list[Recorded[Event]]]
Raw = Mapping[str, list[dict[str, str]]]


class Told:
    """What a store with one log in it tells."""

    def __init__(self, imported: Imported) -> None:
        self.log, self.report = imported.log, imported.report
        self.app = opened(imported.url)
        self.histories: Histories = {
            history[0].event.number.split("/", 1)[1]: history
            for history in self.app.store.histories()
            if isinstance(history[0].event, e.TicketOpened)
        }

    def having(self, kind: type[Event]) -> set[str]:
        """The cases with such a fact."""
        return {case for case, facts in self.histories.items() if any(isinstance(f.event, kind) for f in facts)}

    def count(self, kind: type[Event], flag: str | None = None) -> int:
        """How many such facts there are, with the flag if one is named."""
        facts = (fact for history in self.histories.values() for fact in history)
        return sum(isinstance(fact.event, kind) and (flag is None or flag in fact.flags) for fact in facts)

    def closed(self) -> set[str]:
        return {case for case, facts in self.histories.items() if replay(facts[0].stream_id, facts).case == "closed"}


@pytest.fixture(scope="module")
def phones(stored_phones: Imported) -> Iterator[Told]:
    told = Told(stored_phones)
    with closing(told.app):
        yield told


@pytest.fixture(scope="module")
def help_desk(stored_help_desk: Imported) -> Iterator[Told]:
    told = Told(stored_help_desk)
    with closing(told.app):
        yield told


@pytest.fixture(scope="module")
def some_phones(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The first cases of the phone log."""
    folder = tmp_path_factory.mktemp("some-phones")
    told = Told(stored(first_phones(shared_data / PHONES, folder, SOME), folder))
    with closing(told.app):
        yield told


@pytest.fixture(scope="module")
def some_of_help_desk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The first cases of the help-desk log."""
    folder = tmp_path_factory.mktemp("some-of-help-desk")
    told = Told(stored(first_of_help_desk(shared_data / HELP_DESK, folder, SOME), folder))
    with closing(told.app):
        yield told


@pytest.fixture(scope="module")
def raw_phones(shared_data: Path) -> Raw:
    with gzip.open(shared_data / PHONES) as file:
        traces = ET.parse(file).getroot().findall(f"{XES}trace")
    return {
        trace.find(f"{XES}string[@key='concept:name']").attrib["value"]: [  # type: ignore[union-attr]
            {one.attrib["key"]: one.attrib["value"] for one in event} for event in trace.findall(f"{XES}event")
        ]
        for trace in traces
    }


@pytest.fixture(scope="module")
def raw_help_desk(shared_data: Path) -> Raw:
    cases: dict[str, list[dict[str, str]]] = {}
    with gzip.open(shared_data / HELP_DESK, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cases.setdefault(row["Case ID"], []).append(row)
    return cases


def of(rows: list[dict[str, str]], activity: str, transition: str = "complete") -> list[dict[str, str]]:
    return [row for row in rows if row["concept:name"] == activity and row["lifecycle:transition"] == transition]


# the phone log


def test_the_phone_log_has_1104_tickets_of_which_1000_are_closed(phones: Told, raw_phones: Raw) -> None:
    archived = {case for case, rows in raw_phones.items() if of(rows, "Archive Repair")}
    assert set(phones.histories) == set(raw_phones)
    assert phones.closed() == archived
    assert (len(raw_phones), len(archived), len(raw_phones) - len(archived)) == (1104, 1000, 104)


@pytest.mark.parametrize("log", ["some_phones", "some_of_help_desk"])
def test_importing_a_real_log_again_adds_nothing(request: pytest.FixtureRequest, log: str) -> None:
    first: Told = request.getfixturevalue(log)
    again = imported(first.app, first.log)
    assert again.events_added == again.changed == 0
    assert again.events_there == first.report.events_added == first.app.store.head()


def test_293_phones_were_reworked(phones: Told, raw_phones: Raw) -> None:
    failed = {
        case
        for case, rows in raw_phones.items()
        if any(row["defectFixed"] == "false" for row in of(rows, "Test Repair"))
    }
    assert phones.having(e.QcFailed) == failed
    assert len(failed) == 293


def test_809_of_1102_phones_passed_at_first_presentation(phones: Told, raw_phones: Raw) -> None:
    first = {case: tests[0]["defectFixed"] for case, rows in raw_phones.items() if (tests := of(rows, "Test Repair"))}
    outcomes = {
        case: presented[0]
        for case, facts in phones.histories.items()
        if (presented := [fact.event for fact in facts if isinstance(fact.event, e.QcPassed | e.QcFailed)])
    }
    assert {case: isinstance(event, e.QcPassed) for case, event in outcomes.items()} == {
        case: fixed == "true" for case, fixed in first.items()
    }
    assert (list(first.values()).count("true"), len(first)) == (809, 1102)


def test_every_phone_was_in_house_from_register_to_archive(phones: Told, raw_phones: Raw) -> None:
    raw = {
        case: [
            datetime.fromisoformat(row["time:timestamp"]) for row in of(rows, "Register") + of(rows, "Archive Repair")
        ]
        for case, rows in raw_phones.items()
    }
    assert {
        case: [fact.occurred_at for fact in facts if isinstance(fact.event, e.UnitReceived | e.UnitHandedBack)]
        for case, facts in phones.histories.items()
    } == raw
    stays = sorted(times[1] - times[0] for times in raw.values() if len(times) == 2)
    assert stays[899] == timedelta(hours=1, minutes=32)  # nearest rank: the 900th of 1,000; 1.5333 h


def test_every_phone_is_of_the_model_and_defect_that_its_analysis_found(phones: Told, raw_phones: Raw) -> None:
    raw = {
        case: (row["phoneType"], row["defectType"])
        for case, rows in raw_phones.items()
        for row in of(rows, "Analyze Defect")
    }
    found = {}
    for case, facts in phones.histories.items():
        ticket = replay(facts[0].stream_id, facts)
        code = ticket.in_cycle.findings["1"].defect_code
        assert code is not None
        found[case] = (ticket.model, code.code)
    assert found == raw


def test_testers_who_checked_their_own_diagnosis_are_flagged(phones: Told, raw_phones: Raw) -> None:
    own = sum(
        test["org:resource"] == of(rows, "Analyze Defect")[0]["org:resource"]
        for rows in raw_phones.values()
        for test in of(rows, "Test Repair")
    )
    assert phones.report.flags["inspector-did-the-work"] == own > 0


def test_phones_archived_with_their_defect_are_returned_unrepaired_and_flagged(phones: Told, raw_phones: Raw) -> None:
    broken = {
        case
        for case, rows in raw_phones.items()
        if any(row["defectFixed"] == "false" for row in of(rows, "Archive Repair"))
    }
    returned = {
        case
        for case, facts in phones.histories.items()
        if replay(facts[0].stream_id, facts).outcome == "returned_unrepaired"
    }
    assert returned == broken
    assert phones.report.flags == {
        "inspector-did-the-work": phones.report.flags["inspector-did-the-work"],
        "not-finished": len(broken),
    }


def test_no_row_of_the_phone_log_is_lost_but_those_left_out_on_purpose(phones: Told, raw_phones: Raw) -> None:
    starts = sum(len(of(rows, "Test Repair", "start")) for rows in raw_phones.values())
    assert phones.report.ignored == {"Test Repair (start)": starts}
    assert phones.report.skipped == phones.report.noted == {}
    commands = {fact.command_id for facts in phones.histories.values() for fact in facts}
    # Every other row has an id of its own, and so has every opening.
    assert len(commands) == phones.report.rows - starts + phones.report.cases


# the help-desk log


def test_the_help_desk_log_has_4580_tickets_of_which_4559_are_closed(help_desk: Told, raw_help_desk: Raw) -> None:
    closed = {case for case, rows in raw_help_desk.items() if any(row["Activity"] == "Closed" for row in rows)}
    assert set(help_desk.histories) == set(raw_help_desk)
    assert help_desk.having(e.TicketClosed) == closed
    assert help_desk.closed() == closed
    assert (len(raw_help_desk), len(closed)) == (4580, 4559)


def test_the_waits_of_the_help_desk_add_up_to_the_time_from_each_wait_to_the_next_row(
    help_desk: Told, raw_help_desk: Raw
) -> None:
    raw, last = timedelta(), 0
    for rows in raw_help_desk.values():
        times = [
            datetime.strptime(row["Complete Timestamp"], "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=ZoneInfo("Europe/Rome"))
            for row in rows
        ]
        for number, row in enumerate(rows):
            if row["Activity"] == "Wait" and number + 1 < len(rows):
                raw += times[number + 1].astimezone(UTC) - times[number].astimezone(UTC)
            elif row["Activity"] == "Wait":
                last += 1
    waited, begun = timedelta(), 0
    for facts in help_desk.histories.values():
        starts = [fact.occurred_at for fact in facts if isinstance(fact.event, e.WaitStarted)]
        ends = [fact.occurred_at for fact in facts if isinstance(fact.event, e.WaitEnded)]
        waited += sum((end - start for start, end in zip(starts, ends, strict=False)), timedelta())
        begun += len(starts)
    assert waited == raw > timedelta(days=1000)
    assert begun == 1463
    assert help_desk.count(e.WaitEnded) == begun - last == 1455
    assert sum(bool(replay(facts[0].stream_id, facts).waits) for facts in help_desk.histories.values()) == 8


def test_every_row_of_the_help_desk_log_is_a_fact_also_where_it_repeats_another(
    help_desk: Told, raw_help_desk: Raw
) -> None:
    rows = Counter(row["Activity"] for case in raw_help_desk.values() for row in case)
    assert help_desk.count(e.TicketClosed) == rows["Closed"]
    assert help_desk.count(e.RepairCompleted) == rows["Resolve ticket"]
    assert help_desk.count(e.DiagnosisStarted) == help_desk.count(e.TicketAssigned) == rows["Take in charge ticket"]
    assert help_desk.count(e.WaitStarted) == rows["Wait"]
    assert help_desk.count(e.RequestMade) == rows["Create SW anomaly"]
    assert help_desk.count(e.RequestAnswered) == rows["Resolve SW anomaly"]
    assert help_desk.report.ignored == {"Insert ticket": rows["Insert ticket"]}
    rest = ("Assign seriousness", "Require upgrade", "Schedule intervention")
    states = ("VERIFIED", "RESOLVED", "INVALID", "DUPLICATE")
    assert help_desk.count(e.NoteRecorded) == sum(rows[activity] for activity in (*rest, *states))


def test_what_the_help_desk_did_out_of_order_is_flagged(help_desk: Told, raw_help_desk: Raw) -> None:
    closings = [sum(row["Activity"] == "Closed" for row in rows) for rows in raw_help_desk.values()]
    assert help_desk.count(e.TicketClosed, "illegal-transition") == sum(n - 1 for n in closings if n > 1) == 15
    # No row tells of a diagnosis, so every resolution comes without one.
    resolved = sum(row["Activity"] == "Resolve ticket" for rows in raw_help_desk.values() for row in rows)
    assert help_desk.count(e.RepairCompleted, "no-diagnosis-in-cycle") == resolved


# both


def said(app: Ticketing) -> list[tuple[object, ...]]:
    """The log without recorded_at, salts and digests, which differ between two logs that are said to be the same."""
    facts: list[tuple[object, ...]] = []
    for fact in app.follow():
        text = fact.event.model_dump_json()
        for part in private_parts(fact.event):
            text = text.replace(part.digest or "-", "")
        facts.append((fact.stream_id, fact.version, fact.occurred_at, fact.actor, fact.command_id, fact.flags, text))
    return facts


@pytest.mark.parametrize("log", ["some_phones", "some_of_help_desk"])
@pytest.mark.parametrize("other", ["memory", "postgresql"])
def test_a_real_log_is_the_same_facts_in_every_store(request: pytest.FixtureRequest, log: str, other: str) -> None:
    first: Told = request.getfixturevalue(log)
    url = "memory:" if other == "memory" else request.getfixturevalue("postgres_url")
    with opened(url) as app:
        assert imported(app, first.log) == first.report
        assert said(app) == said(first.app)
