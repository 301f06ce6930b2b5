"""The program: exit codes, and one clear line for each bad input; some of it as a process of its own."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from ticketing.adapters.urls import split_schema
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.imports.logs import LogError, size_bytes

ROOT = Path(__file__).parents[1]
SITE = 'key = "harbour"\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\nkind = "branch"\n'


def process(*arguments: str | Path, store: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the program as a user would, without a terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "TICKETING_STORE")}
    if store is not None:
        environment["TICKETING_STORE"] = store
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "ticketing", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ticketing(*arguments: str | Path, store: str | None = None) -> Result:
    """The same in the test's own process; what would end with a traceback is raised."""
    environment = {"FORCE_COLOR": None, "TICKETING_STORE": store}
    return CliRunner().invoke(app, [*map(str, arguments)], env=environment, catch_exceptions=False)


def refused(*arguments: str | Path, code: int, store: str | None = None) -> str:
    """The one line on stderr of a run that must fail with this exit code."""
    done = ticketing(*arguments, store=store)
    return the_line(done.exit_code, done.stdout, done.stderr, code)


def refused_process(*arguments: str | Path, code: int, store: str | None = None) -> str:
    """The same of a process."""
    done = process(*arguments, store=store)
    return the_line(done.returncode, done.stdout, done.stderr, code)


def the_line(exit_code: int, stdout: str, stderr: str, code: int) -> str:
    assert (exit_code, stdout) == (code, ""), stdout + stderr
    assert stderr.startswith("ticketing: ")
    assert stderr.count("\n") == 1, stderr
    assert "Traceback" not in stderr
    return stderr


def written(folder: Path, text: str, name: str = "site.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# wrong use


def test_without_a_command_the_program_explains_itself_and_says_that_this_was_wrong_use() -> None:
    done = process()
    assert done.returncode == 2
    assert "Usage" in done.stdout


def test_the_version_is_printed() -> None:
    done = process("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("ticketing")


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    assert "Did you mean 'history'" in refused_process("historie", "R-1", code=2)


def test_an_unknown_option_is_refused() -> None:
    assert "--knwon-at" in refused("show", "R-1", "--knwon-at", "2026-01-01", code=2, store="memory:")


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    assert "'table', 'json'" in refused("show", "R-1", "--format", "xml", code=2, store="memory:")


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        ("2026-03-01T12:00:00", "a time of day needs a zone; write 2026-03-01T12:00:00Z"),
        ("2026-13-01", "this is no instant"),
        ("yesterday", "this is no instant"),
    ],
)
def test_an_instant_without_a_zone_or_without_a_meaning_is_refused(instant: str, said: str) -> None:
    assert f"--as-of {instant}: {said}" in refused("show", "R-1", "--as-of", instant, code=2, store="memory:")


def test_an_unknown_zone_is_refused_with_the_nearest() -> None:
    said = refused("history", "R-1", "--zone", "Europe/Berln", code=2, store="memory:")
    assert "the nearest is Europe/Berlin" in said


# the store


def test_no_store_at_all_is_wrong_use() -> None:
    assert "TICKETING_STORE" in refused("show", "R-1", code=2)


def test_an_unknown_store_scheme_is_refused_with_those_there_are() -> None:
    said = refused("show", "R-1", "--store", "mysql://localhost/x", code=2)
    assert "unknown store scheme mysql:" in said
    assert "sqlite:///file.db" in said


def test_a_question_to_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "mistyped.db"
    assert "there is no such file" in refused("show", "R-1", "--store", f"sqlite:///{path}", code=2)
    assert not path.exists()


def test_a_question_finds_the_file_of_a_url_with_a_parameter(sqlite_url: str) -> None:
    with Ticketing(sqlite_url):
        pass
    url = f"{sqlite_url}?synchronous=normal"
    assert "there is no ticket R-1" in refused_process("show", "R-1", code=1, store=url)


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    said = refused("show", "R-1", "--store", "postgresql://me:secret@127.0.0.1:1/x", code=2)
    assert "secret" not in said
    assert "127.0.0.1" in said


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "not a database, but long enough to look like one\n" * 40, "notes.db")
    before = path.read_bytes()
    assert "notes.db" in refused("show", "R-1", "--store", f"sqlite:///{path}", code=2)
    assert path.read_bytes() == before


@pytest.mark.parametrize("question", ["show R-1", "history R-1", "report backlog", "reference list", "erase R-1 -y"])
def test_a_question_to_an_empty_file_makes_no_store_in_it(tmp_path: Path, question: str) -> None:
    path = written(tmp_path, "", "empty.db")
    assert refused(*question.split(), code=2, store=f"sqlite:///{path}").endswith("empty.db holds no ticketing store\n")
    assert path.read_bytes() == b""


@pytest.mark.parametrize("command", ["projections run", "show R-1", "publish"])
def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path, command: str) -> None:
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    files = [written(tmp_path, f"[site]\n{SITE}")] if command == "publish" else []
    said = refused(*command.split(), *files, code=2, store=f"sqlite:///{path}")
    assert "music.db holds no ticketing store" in said
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("music.db-*"))


def test_a_question_to_a_schema_without_a_store_makes_none(postgres_url: str) -> None:
    url, schema = split_schema(postgres_url)
    said = refused("check", "--full", "--store", postgres_url, code=2)
    assert said == f"ticketing: schema {schema} of that database holds no ticketing store\n"
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    assert tables == []


def test_a_store_that_has_lost_its_key_is_refused(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    Ticketing(sqlite_url).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM ticketing_store")
        connection.commit()
    assert "ticketing_store has lost its row" in refused("check", "--store", sqlite_url, code=2)


def test_a_name_that_is_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    for path in (long, long / "store.db"):
        assert "xxx" in refused("show", "R-1", code=2, store=f"sqlite:///{path}")
        assert "xxx" in refused("publish", written(tmp_path, f"[site]\n{SITE}"), code=2, store=f"sqlite:///{path}")
    mapping = ROOT / "examples" / "phone-repair.toml"
    assert "xxx" in refused("import", long, "--mapping", mapping, code=2, store="memory:")
    with pytest.raises(LogError, match="xxx"):
        size_bytes(long)


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    mapping = ROOT / "examples" / "phone-repair.toml"
    said = refused("import", tmp_path, "--mapping", mapping, code=2, store="memory:")
    assert said.endswith(" is a folder\n")


def changed(url: str, statement: str) -> None:
    """Changes a file behind the program's back."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute(statement).rowcount > 0
        connection.commit()


def test_a_store_that_a_newer_version_made_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    ticketing("publish", written(tmp_path, f"[site]\n{SITE}"), store=sqlite_url)
    changed(sqlite_url, "UPDATE ticketing_store SET schema_version = 99")
    assert "made by a newer version of ticketing" in refused("reference", "list", code=2, store=sqlite_url)


def test_a_stored_event_that_nobody_can_read_is_named(tmp_path: Path, sqlite_url: str) -> None:
    ticketing("publish", written(tmp_path, f"[site]\n{SITE}"), store=sqlite_url)
    changed(sqlite_url, "UPDATE ticketing_events SET topic = 'ticketing:SiteDreamt'")
    said = refused("reference", "list", code=2, store=sqlite_url)
    assert "ticketing:SiteDreamt" in said
    changed(sqlite_url, "UPDATE ticketing_events SET topic = 'ticketing:SitePublished', state = '{'")
    assert "version 1" in refused("reference", "list", code=2, store=sqlite_url)


# refused or found wanting


def test_a_ticket_that_nobody_recorded_is_found_wanting(sqlite_url: str) -> None:
    publish = ticketing("publish", *sorted(ROOT.glob("examples/reference/*.toml")), store=sqlite_url)
    assert publish.exit_code == 0, publish.stderr
    assert "there is no ticket R-1" in refused("show", "R-1", code=1, store=sqlite_url)


def test_a_refused_command_names_the_rule_and_records_nothing(tmp_path: Path, sqlite_url: str) -> None:
    path = written(tmp_path, f"[site]\n{SITE}")
    said = refused("publish", path, "--actor", "t-1:technician", code=1, store=sqlite_url)
    assert said.startswith("ticketing: role-may-not: ")
    assert ticketing("publish", path, store=sqlite_url).exit_code == 0
    other = written(tmp_path, f'[site]\n{SITE}name = "Harbour"\n')
    assert "already-on-record" in refused("publish", other, code=1, store=sqlite_url)


def test_an_unknown_field_is_refused_with_the_file_the_place_and_the_nearest(tmp_path: Path, sqlite_url: str) -> None:
    good = written(tmp_path, f"[site]\n{SITE}", "good.toml")
    bad = written(tmp_path, f'[site]\n{SITE}ownr = "own"\n', "bad.toml")
    said = refused("publish", good, bad, code=2, store=sqlite_url)
    assert f"{bad}: [site] harbour: ownr: there is no such key; the nearest is 'ownership'" in said
    listed = ticketing("reference", "list", "--format", "json", store=sqlite_url)
    assert listed.stdout in ("[]\n", ""), "nothing of the good file may have been published"


# the output


@pytest.mark.parametrize("command", ["projections status", "report backlog", "reference list --format json", "--help"])
def test_an_output_that_takes_nothing_is_said_in_one_line(sqlite_url: str, command: str) -> None:
    with Ticketing(sqlite_url):
        pass
    environment = os.environ | {"TICKETING_STORE": sqlite_url}
    arguments = [sys.executable, "-m", "ticketing", *command.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            arguments, cwd=ROOT, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == "ticketing: the output cannot be written: No space left on device\n"
    assert done.returncode == 2


# the extras


def test_without_the_extra_there_is_one_line_that_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None\nfrom ticketing.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "ticketing: the command line needs typer: pip install 'ticketing[cli]'\n"


def test_importing_the_package_loads_none_of_the_extras() -> None:
    code = "import sys, ticketing; print(sorted({'typer', 'rich', 'scipy', 'defusedxml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
