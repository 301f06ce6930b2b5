"""`import`: what it says it did, and the one line about whatever is wrong with a log or a mapping."""

import gzip
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests import test_cli
from ticketing.application import Ticketing
from ticketing.cli.program import app

MAPPING = """
source = "old"
unknown_activities = "skip"

[columns]
case = "case"
activity = "what"
time = "when"

[time]
format = "%Y-%m-%d %H:%M"
zone = "Europe/Berlin"

[opening]
site = "berlin"

[[activity]]
name = "in"
events = [{ event = "UnitReceived", site = "berlin" }]

[[activity]]
name = "out"
events = [{ event = "UnitHandedBack", site = "berlin" }]
"""
LOG = "case,what,when\n1,in,2026-01-05 09:00\n1,out,2026-01-07 09:00\n2,out,2026-01-08 09:00\n2,tea,2026-01-08 09:30\n"
XES = (
    '<log><trace><string key="concept:name" value="1"/><event>'
    '<string key="concept:name" value="in"/><date key="time:timestamp" value="2026-01-05T09:00:00Z"/></event>'
    "</trace></log>"
)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    return written(tmp_path / "old.toml", MAPPING)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def imported(log: Path, mapping: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["import", str(log), "--mapping", str(mapping), *options])


def refused(log: Path, mapping: Path, url: str) -> str:
    """The one line about an import that is refused and leaves nothing in the store."""
    said = test_cli.refused("import", log, "--mapping", mapping, code=2, store=url)
    with Ticketing(url) as store:
        assert store.store.head() == 0
    return said


def test_the_summary_counts_cases_facts_and_flags(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    result = imported(written(tmp_path / "log.csv", LOG), mapping, "--store", sqlite_url, "--format", "json")
    assert result.exit_code == 0, result.stderr
    done = json.loads(result.stdout)
    # Case 1: opened, received, handed back; case 2: opened, handed back though it was never here. "tea" is skipped.
    assert (done["cases"], done["tickets_added"], done["events_added"], done["events_there"]) == (2, 2, 5, 0)
    assert done["skipped"] == {"tea": 1}
    assert done["flags"] == {"illegal-transition": 1}


def test_the_summary_for_people_says_the_same(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    result = imported(written(tmp_path / "log.csv", LOG), mapping, "--store", sqlite_url)
    assert result.stdout.splitlines()[0] == "log.csv: imported"
    said = [line.split() for line in result.stdout.splitlines()]
    assert ["facts", "added", "5"] in said
    assert ["rows", "skipped", "1", "tea", "1"] in said
    assert ["illegal-transition", "1"] in said
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("store", ["sqlite_url", "postgres_url"])
def test_importing_again_adds_nothing(
    tmp_path: Path, mapping: Path, store: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(store)
    log = written(tmp_path / "log.csv", LOG)
    imported(log, mapping, "--store", url)
    done = json.loads(imported(log, mapping, "--store", url, "--format", "json").stdout)
    assert (done["tickets_added"], done["events_added"], done["events_there"]) == (0, 0, 5)


def test_a_dry_run_says_the_same_and_makes_no_store(tmp_path: Path, mapping: Path) -> None:
    path = tmp_path / "new.sqlite"
    log = written(tmp_path / "log.csv", LOG)
    tried = imported(log, mapping, "--dry-run", "--store", f"sqlite:///{path}", "--format", "json")
    assert tried.exit_code == 0, tried.stderr
    assert json.loads(tried.stdout)["events_added"] == 5
    assert not path.exists()
    done = imported(log, mapping, "--store", f"sqlite:///{path}", "--format", "json")
    assert json.loads(done.stdout) == json.loads(tried.stdout) | {"is_dry_run": False}


def test_a_case_whose_number_is_taken_is_named_and_found_wanting(tmp_path: Path, sqlite_url: str) -> None:
    mapping = written(tmp_path / "same.toml", MAPPING.replace('site = "berlin"', 'site = "berlin"\nnumber = "R-1"', 1))
    result = imported(written(tmp_path / "log.csv", LOG), mapping, "--store", sqlite_url)
    assert result.exit_code == 1
    assert "number-taken" in result.stderr
    assert f"{tmp_path / 'log.csv'}:" in result.stderr


# bad input


def test_a_missing_log_is_named(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    assert f"{tmp_path / 'none.csv'}: there is no such file" in refused(tmp_path / "none.csv", mapping, sqlite_url)


def test_a_missing_mapping_is_named(tmp_path: Path, sqlite_url: str) -> None:
    log = written(tmp_path / "log.csv", LOG)
    assert f"{tmp_path / 'none.toml'}: " in refused(log, tmp_path / "none.toml", sqlite_url)


def test_a_compressed_log_that_is_cut_short_is_refused_whole(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    rows = "".join(f"{case},in,2026-01-05 09:00\n" for case in range(20_000))
    log = tmp_path / "log.csv.gz"
    log.write_bytes(gzip.compress(f"case,what,when\n{rows}".encode()))
    os.truncate(log, log.stat().st_size * 2 // 3)
    assert f"{log}" in refused(log, mapping, sqlite_url)


def test_a_damaged_log_is_refused(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    log = tmp_path / "log.csv.gz"
    log.write_bytes(b"\x1f\x8b\x08\x00" + bytes(range(256)))
    assert f"{log}" in refused(log, mapping, sqlite_url)


def test_a_time_that_nobody_can_read_is_named_by_file_line_and_column(
    tmp_path: Path, mapping: Path, sqlite_url: str
) -> None:
    log = written(tmp_path / "log.csv", LOG.replace("2026-01-07 09:00", "Wednesday"))
    said = refused(log, mapping, sqlite_url)
    assert f"{log}:3: column 'when'" in said
    assert "Wednesday" in said


def test_a_wrong_key_of_a_mapping_is_named_with_the_nearest(tmp_path: Path, sqlite_url: str) -> None:
    mapping = written(tmp_path / "old.toml", MAPPING.replace("activity = ", "activty = "))
    said = refused(written(tmp_path / "log.csv", LOG), mapping, sqlite_url)
    assert f"{mapping}: columns.activty" in said
    assert "the nearest is 'activity'" in said


def test_a_log_that_is_refused_leaves_no_new_store_behind(tmp_path: Path, mapping: Path) -> None:
    log = written(tmp_path / "log.csv", LOG + "3,in,Friday\n")
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    test_cli.refused("import", log, "--mapping", mapping, code=2, store=url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "old.toml"]


def test_a_log_that_names_no_column_of_the_mapping_leaves_no_new_store_behind(tmp_path: Path, mapping: Path) -> None:
    log = written(tmp_path / "log.csv", LOG.replace("what", "activity"))
    url = f"sqlite:///{tmp_path / 'new.sqlite'}?synchronous=normal"
    test_cli.refused("import", log, "--mapping", mapping, code=2, store=url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "old.toml"]


def test_xml_with_entities_is_refused(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + XES.replace('"in"', '"&b;"')
    assert "log.xes" in refused(written(tmp_path / "log.xes", bomb), mapping, sqlite_url)
    outside = '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + XES
    assert "log.xes" in refused(written(tmp_path / "log.xes", outside), mapping, sqlite_url)


def test_control_characters_of_a_log_do_not_reach_the_terminal(tmp_path: Path, mapping: Path, sqlite_url: str) -> None:
    log = written(tmp_path / "log.csv", LOG.replace("2026-01-07 09:00", "\x1b[31mred"))
    said = refused(log, mapping, sqlite_url)
    assert "\x1b" not in said
    assert "red" in said
