"""Mapping files: what they say, and the one line that a wrong one gets before a row is read."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from ticketing.domain import events as e
from ticketing.domain.values import Code, Party, Role
from ticketing.imports.mapping import LogMapping, MappingError, meanings_of, read_mapping
from ticketing.imports.sections import (
    Activity,
    Actors,
    Columns,
    Csv,
    FromColumn,
    RolePattern,
    Section,
    Times,
    Waiting,
)
from ticketing.imports.templates import Reading, WrongText, fact_template

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[Section]] = {
    "The whole file": LogMapping,
    "`[columns]`": Columns,
    "`[csv]`": Csv,
    "`[time]`": Times,
    "`[actor]`": Actors,
    "`[[actor.roles]]`": RolePattern,
    "`[[activity]]`": Activity,
    "`wait`": Waiting,
    "A value from a column": FromColumn,
}
GOOD = """
source = "shop"

[columns]
case = "case"
activity = "activity"
time = "time"
actor = "who"

[time]
zone = "Europe/Rome"

[[actor.roles]]
role = "technician"
resource = "Tech*"

[opening]
site = "berlin"
model = { column = "model", default = "unknown" }

[[activity]]
name = "Diagnosed"

[[activity.events]]
event = "DiagnosisRecorded"
findings = [{ finding_id = "1", cause = { column = "cause", values = { worn = "wear", dropped = "accident" } } }]

[[activity]]
name = "Waiting"
wait = { cause = "payment", until = ["Diagnosed"] }

[[activity]]
name = "Seen"
ignore = true
"""
KEY = bytes(32)


def write(folder: Path, text: str) -> Path:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_mapping_says_what_it_says(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, GOOD))
    assert mapping.source == "shop"
    assert mapping.columns.transition is None
    assert mapping.unknown_activities == "fail"
    assert [activity.name for activity in mapping.activity] == ["Diagnosed", "Waiting", "Seen"]
    assert mapping.activity[1].wait is not None
    assert mapping.activity[1].wait.cause == "payment"


def test_a_mapping_is_frozen(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, GOOD))
    with pytest.raises(ValidationError, match="frozen"):
        mapping.source = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["phone-repair", "helpdesk-italy"])
def test_the_examples_are_good_mappings(name: str) -> None:
    assert read_mapping(EXAMPLES / f"{name}.toml").source == name


WRONG = {
    "a misspelt key at the top": (
        'source = "shop"',
        'source = "shop"\nunknown_activites = "skip"',
        "unknown_activites: there is no such key; the nearest is 'unknown_activities'",
    ),
    "a misspelt key in a section": (
        'activity = "activity"\n',
        'activty = "activity"\n',
        "columns.activty: there is no such key; the nearest is 'activity'",
    ),
    "a misspelt key of an activity": (
        "ignore = true",
        "ignored = true",
        "activity.2 ('Seen').ignored: there is no such key; the nearest is 'ignore'",
    ),
    "a misspelt key of a wait": (
        'cause = "payment"',
        'case = "payment"',
        "activity.1 ('Waiting').wait.case: there is no such key; the nearest is 'cause'",
    ),
    "a misspelt key of a column's value": (
        'default = "unknown"',
        'defualt = "unknown"',
        "opening.model.defualt: there is no such key; the nearest is 'default'",
    ),
    "a column's value without its column": (
        'model = { column = "model", default',
        'model = { colum = "model", default',
        "opening.model: Input should be a valid string, not {'colum': 'model', 'default': 'unknown'}; the nearest is",
    ),
    "a section missing": ("[opening]", "[openings]", "openings: there is no such key; the nearest is 'opening'"),
    "a required key missing": ('time = "time"\n', "", "columns.time: is missing"),
    "a value of another type": ('case = "case"', "case = 7", "columns.case: Input should be a valid string, not 7"),
    "no fact of that name": (
        '"DiagnosisRecorded"',
        '"DiagnosisRecordet"',
        (
            "activity.0 ('Diagnosed').events.0.event: "
            "there is no fact 'DiagnosisRecordet'; the nearest is 'DiagnosisRecorded'"
        ),
    ),
    "a fact without its name": (
        'event = "DiagnosisRecorded"\n',
        "",
        "activity.0 ('Diagnosed').events.0: the key 'event' is missing; it names the fact",
    ),
    "an opening among the activities": (
        '"DiagnosisRecorded"',
        '"TicketOpened"',
        (
            "activity.0 ('Diagnosed').events.0.event: "
            "the first row of a case opens the ticket: put its fields under [opening]"
        ),
    ),
    "a correction": (
        '"DiagnosisRecorded"',
        '"EventCorrected"',
        "activity.0 ('Diagnosed').events.0.event: a log cannot correct facts by their version",
    ),
    "no field of that name": (
        "findings = ",
        "finding = ",
        (
            "activity.0 ('Diagnosed').events.0.finding: "
            "DiagnosisRecorded has no field 'finding'; the nearest is 'findings'"
        ),
    ),
    "no field of that name further in": (
        "finding_id",
        "findings_id",
        (
            "activity.0 ('Diagnosed').events.0.findings.0.findings_id: "
            "it has no field 'findings_id'; the nearest is 'finding_id'"
        ),
    ),
    "no field of that name in the opening": (
        'model = { column = "model"',
        'modell = { column = "model"',
        "opening.modell: TicketOpened has no field 'modell'; the nearest is 'model'",
    ),
    "a required field missing": ('site = "berlin"\n', "", "opening.site: TicketOpened needs this field"),
    "a constant that the field cannot have": (
        'site = "berlin"',
        "site = 7",
        "opening.site: Input should be a valid string",
    ),
    "a default that the field cannot have": (
        'default = "unknown"',
        "default = 7",
        "opening.model: Input should be a valid string, not 7",
    ),
    "a translation that the field cannot have": (
        'dropped = "accident"',
        'dropped = "dropped"',
        "activity.0 ('Diagnosed').events.0.findings.0.cause: Input should be 'manufacturing'",
    ),
    "an unknown role": ('"technician"', '"techician"', "actor.roles.0.role: Input should be 'receptionist'"),
    "an unknown zone": ('"Europe/Rome"', '"Europe/Roma"', "time.zone: 'Europe/Roma' is no IANA time zone"),
    "a zone that leaves the folder of zones": (
        '"Europe/Rome"',
        '"../Rome"',
        "time.zone: '../Rome' is no IANA time zone",
    ),
    "an unusable format": (
        'zone = "Europe/Rome"',
        'format = "%Y-%Q"',
        "time.format: neither 'iso8601' nor a usable strptime format: 'Q' is a bad directive",
    ),
    "a format without a day": (
        'zone = "Europe/Rome"',
        'format = "%Y-%m"',
        "time.format: neither 'iso8601' nor a strptime format with year, month and day",
    ),
    "a format with the name of a zone": ('zone = "Europe/Rome"', 'format = "%c %Z"', "time.format: %Z does not tell"),
    "a wait until nothing": (
        'until = ["Diagnosed"]',
        'until = ["Diagnose"]',
        "activity.1 ('Waiting').wait.until: there is no activity 'Diagnose'; the nearest is 'Diagnosed'",
    ),
    "an activity that is never reached": (
        'name = "Seen"',
        'name = "Waiting"',
        "activity.2 ('Waiting'): no row of 'Waiting' gets past an earlier one",
    ),
    "a transition without its column": (
        'name = "Seen"',
        'name = "Seen"\ntransition = "start"',
        "activity.2 ('Seen').transition: columns.transition is not named",
    ),
    "an activity ignored and not": (
        "ignore = true",
        'ignore = true\nwait = { cause = "payment" }',
        "activity.2 ('Seen'): ignore = true leaves no room for events or a wait",
    ),
    "an activity that says nothing": (
        "ignore = true",
        "",
        "activity.2 ('Seen'): name its events, a wait, or say ignore = true",
    ),
    "a source that is no name": ('source = "shop"', 'source = "my shop"', "source: String should match pattern"),
    "no TOML": ("[columns]", "[columns", "no TOML: "),
}


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_mapping_is_refused_in_one_line_with_file_key_and_nearest_key(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in GOOD
    path = write(tmp_path, GOOD.replace(right, wrong))
    with pytest.raises(MappingError) as caught:
        read_mapping(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unknown", ["skip", "note"])
def test_a_wait_may_end_with_an_activity_that_has_no_rule_where_such_rows_are_let_in(
    tmp_path: Path, unknown: str
) -> None:
    let_in = GOOD.replace("[columns]", f'unknown_activities = "{unknown}"\n\n[columns]')
    mapping = read_mapping(write(tmp_path, let_in.replace('until = ["Diagnosed"]', 'until = ["Phoned"]')))
    assert mapping.activity[1].wait is not None
    assert mapping.activity[1].wait.until == ("Phoned",)


A_DIGEST = {"digest": "0" * 64}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ({"event": "NoteRecorded", "text": A_DIGEST}, "text.digest"),
        ({"event": "NoteRecorded", "text": {"digest": {"column": "hash"}}}, "text.digest"),
        ({"event": "NoteRecorded", "text": {"column": "what", "values": {"x": A_DIGEST}}}, "text.digest"),
        ({"event": "NoteRecorded", "text": {"column": "what", "default": A_DIGEST}}, "text.digest"),
        ({"event": "UnitIdentified", "serial": {"match": "0" * 64}}, "serial.match"),
        ({"event": "HostFactRecorded", "namespace": "n", "name": "n", "data": {"said": A_DIGEST}}, "data.said.digest"),
        (
            {"event": "DiagnosisRecorded", "findings": [{"finding_id": "1", "cause": "wear", "text": A_DIGEST}]},
            "findings.0.text.digest",
        ),
    ],
)
def test_a_mapping_gives_texts_and_no_ready_digests(written: dict[str, object], key: str) -> None:
    with pytest.raises(MappingError, match=re.escape(f"here.{key}: a digest is made by the store, of the text")):
        fact_template("here", written)


def test_a_fact_of_the_host_may_have_keys_of_these_names() -> None:
    data = {"match": {"column": "score"}, "digest": "weekly"}
    written = {"event": "HostFactRecorded", "namespace": "club", "name": "played", "data": data}
    assert fact(written, {"score": "2-1"}) == e.HostFactRecorded(
        namespace="club", name="played", data={"match": "2-1", "digest": "weekly"}
    )


def test_a_mapping_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"none\.toml: cannot be read: No such file"):
        read_mapping(tmp_path / "none.toml")


def test_every_fact_that_a_log_can_tell_can_be_named() -> None:
    for event in set(e.TICKET_EVENTS) - {e.TicketOpened, e.EventCorrected, e.EventRetracted}:
        required = {name: {"column": name} for name, info in event.model_fields.items() if info.is_required()}
        assert fact_template("here", {"event": event.__name__, **required}).event is event


def rows_of(heading: str) -> dict[str, str]:
    """The meaning of each key in the table under a heading of the page on imports."""
    table = PAGE.split(f"\n### {heading}\n")[1].split("\n#")[0]
    return dict(re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| (.+) \|$", table, flags=re.MULTILINE))


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_mapping_and_no_other_is_explained_in_the_documentation(heading: str) -> None:
    assert set(rows_of(heading)) == set(SECTIONS[heading].model_fields)


def test_every_table_of_a_mapping_is_explained_in_the_documentation() -> None:
    assert set(Section.__subclasses__()) == set(SECTIONS.values())


@pytest.mark.parametrize(
    ("heading", "key", "words"),
    [
        ("`[[actor.roles]]`", "role", get_args(Role)),
        ("`wait`", "cause", get_args(e.WaitCause)),
        ("`wait`", "responsible", get_args(Party)),
    ],
)
def test_every_word_that_a_key_may_say_is_in_the_documentation(heading: str, key: str, words: Sequence[str]) -> None:
    assert re.findall(r"`([a-z_]+)`", rows_of(heading)[key]) == list(words)


def fact(written: Mapping[str, object], columns: Mapping[str, str], times: Times | None = None) -> object:
    return fact_template("here", written).fact(columns, Reading(times or Times(), KEY))


def test_fields_come_from_constants_columns_translations_and_defaults() -> None:
    written = {
        "event": "TestPerformed",
        "test": {"column": "test", "prefix": "bench-"},
        "stage": {"column": "stage", "values": {"L": "under_load"}, "otherwise": "standard"},
        "passed": {"column": "result", "values": {"ok": True, "nok": False}, "default": False},
    }
    assert fact(written, {"test": " 7 ", "stage": "L", "result": "ok"}) == e.TestPerformed(
        test="bench-7", stage="under_load", passed=True
    )
    assert fact(written, {"test": "7", "stage": "?", "result": ""}) == e.TestPerformed(test="bench-7", passed=False)


def test_an_empty_column_leaves_its_field_out_and_an_empty_table_with_it() -> None:
    written = {
        "event": "DiagnosisRecorded",
        "findings": [
            {"finding_id": "1", "cause": "wear", "defect_code": {"system": "s", "code": {"column": "code"}}},
        ],
    }
    with_code = e.Finding(finding_id="1", cause="wear", defect_code=Code(system="s", code="D1"))
    assert fact(written, {"code": "D1"}) == e.DiagnosisRecorded(findings=(with_code,))
    without = e.Finding(finding_id="1", cause="wear")
    assert fact(written, {"code": ""}) == fact(written, {}) == e.DiagnosisRecorded(findings=(without,))


def test_a_text_that_no_translation_knows_names_the_nearest() -> None:
    written = {"event": "TicketClosed", "outcome": {"column": "end", "values": {"fixed": "repaired"}}}
    with pytest.raises(WrongText, match="'fixd' is not among the mapping's values; the nearest is 'fixed'") as caught:
        fact(written, {"end": "fixd"})
    assert caught.value.column == "end"


def test_a_text_that_the_field_cannot_have_names_the_column() -> None:
    written = {"event": "WorkLogged", "minutes": {"column": "spent"}}
    with pytest.raises(WrongText, match="WorkLogged: minutes: Input should be a valid integer") as caught:
        fact(written, {"spent": "long"})
    assert caught.value.column == "spent"


def test_a_required_field_of_an_empty_column_is_missing() -> None:
    with pytest.raises(WrongText, match="WorkLogged: minutes: is missing"):
        fact({"event": "WorkLogged", "minutes": {"column": "spent"}}, {"spent": ""})


def test_a_time_in_a_column_is_read_like_the_time_column() -> None:
    written = {"event": "PromiseMade", "due_at": {"column": "due", "is_time": True}}
    times = Times(format="%d.%m.%Y %H:%M", zone="Europe/Rome")
    assert fact(written, {"due": "01.07.2026 12:00"}, times) == e.PromiseMade(
        due_at=datetime(2026, 7, 1, 10, tzinfo=UTC)
    )


def test_a_pseudonym_is_the_same_for_the_same_text_and_tells_nothing_of_it() -> None:
    reading = Reading(Times(), KEY)
    of = FromColumn(column="customer", pseudonym=True)
    one, again, other = (reading.value(of, {"customer": name}) for name in ("Mr Grey", "Mr Grey", "Ms Red"))
    assert one == again != other
    assert "Grey" not in str(one)
    assert one != Reading(Times(), bytes(31) + b"1").value(of, {"customer": "Mr Grey"})


def instant(text: str, **times: str) -> datetime:
    return Reading(Times.model_validate(times), KEY).instant(text)


def test_a_time_with_an_offset_needs_no_zone() -> None:
    assert instant("1970-01-02T12:23:00.000+01:00") == datetime(1970, 1, 2, 11, 23, tzinfo=UTC)
    assert instant("2026-07-01T12:00:00Z", zone="Europe/Rome") == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_a_local_time_is_taken_in_the_zone() -> None:
    assert instant("2026-07-01 12:00:00", zone="Europe/Rome") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert instant("2026/01/01 12", format="%Y/%m/%d %H", zone="Europe/Rome") == datetime(2026, 1, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "times", "message"),
    [
        ("2026-07-01 12:00", {}, "has no offset and the mapping names no zone: set time.zone"),
        ("2026-07-01", {"zone": "UTC"}, "'2026-07-01' is no time as 'iso8601' writes it"),
        ("yesterday", {"zone": "UTC"}, "'yesterday' is no time as 'iso8601' writes it"),
        ("01.07.2026", {"format": "%Y-%m-%d", "zone": "UTC"}, "'01.07.2026' is no time as '%Y-%m-%d' writes it"),
        ("0001-01-01T00:00:00+05:00", {}, "lies outside the years 1 to 9999 of UTC"),
    ],
)
def test_an_unreadable_time_is_refused(text: str, times: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        instant(text, **times)


def test_a_local_time_that_a_clock_change_repeats_needs_the_rule() -> None:
    # Rome, 25 October 2026: 03:00 summer time (+02:00) becomes 02:00 winter time (+01:00).
    with pytest.raises(ValueError, match="a clock change in Europe/Rome repeats 2026-10-25 02:30:00"):
        instant("2026-10-25 02:30", zone="Europe/Rome")
    assert instant("2026-10-25 02:30", zone="Europe/Rome", fold="earlier") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant("2026-10-25 02:30", zone="Europe/Rome", fold="later") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_local_time_that_a_clock_change_skips_needs_the_rule() -> None:
    # Rome, 29 March 2026: 02:00 winter time becomes 03:00 summer time. 02:30 is 00:30 UTC by the later offset.
    with pytest.raises(ValueError, match="a clock change in Europe/Rome skips 2026-03-29 02:30:00"):
        instant("2026-03-29 02:30", zone="Europe/Rome")
    assert instant("2026-03-29 02:30", zone="Europe/Rome", fold="earlier") == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert instant("2026-03-29 02:30", zone="Europe/Rome", fold="later") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_the_first_rule_that_fits_a_row_counts(tmp_path: Path) -> None:
    mapping = LogMapping.model_validate(
        {
            "source": "shop",
            "columns": {"case": "c", "activity": "a", "time": "t", "transition": "l"},
            "opening": {"site": "berlin"},
            "activity": [
                {"name": "Test", "transition": "start", "ignore": True},
                {"name": "Test", "when": {"ok": ["yes", "true"]}, "events": [{"event": "QcPassed"}]},
                {"name": "Test", "events": [{"event": "QcFailed"}]},
            ],
        }
    )

    def fitting(columns: dict[str, str], transition: str | None) -> int:
        meanings = meanings_of(mapping, "here")["Test"]
        return next(number for number, meaning in enumerate(meanings) if meaning.fits(columns, transition))

    assert fitting({"ok": "yes"}, "start") == 0
    assert fitting({"ok": "true"}, "complete") == 1
    assert fitting({"ok": "no"}, "complete") == 2
    assert fitting({}, None) == 2
