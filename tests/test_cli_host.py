"""Projections of a host, as the environment names them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import ROOT, asked
from tests.repairs import Company

MODULE = """
from dataclasses import dataclass, replace
from ticketing import Row

@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow(Row):
    facts: int = 0

class Seen:
    name, version, row = "seen", 1, SeenRow

    def apply(self, row, fact):
        return replace(row, facts=row.facts + 1)

seen = Seen()

class Backlog(Seen):
    name = "backlog"

ours = Backlog()
nothing = 3
"""


@pytest.fixture
def file(sqlite_url: str) -> str:
    with Company(sqlite_url) as company:
        company.repairs(1, 0, 3)
    return sqlite_url


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with modules of a host."""
    for name, text in (
        ("hosts_rows", MODULE),
        ("hosts_broken", "1 / 0\n"),
        ("hosts_lost", "import no_such_thing\n"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("hosts_rows", "'hosts_rows' is not written as package.module:attribute"),
        ("hosts_rows:", "'hosts_rows:' is not written as package.module:attribute"),
        ("hosts_rows:seen:1", "'hosts_rows:seen:1' is not written as package.module:attribute"),
        ("hosts_none:seen", "there is no module hosts_none"),
        ("hosts_none.rows:seen", "there is no module hosts_none.rows"),
        ("hosts_rows:sen", "hosts_rows has no sen; the nearest is seen"),
        ("hosts_rows:xyzzy", "hosts_rows has no xyzzy\n"),
        ("hosts_rows:Seen", "hosts_rows:Seen is no projection: it is a class; name an object, such as seen = Seen()"),
        ("hosts_rows:nothing", "hosts_rows:nothing is no projection: name is no str, version is no int, row is no cl"),
        ("hosts_broken:seen", "hosts_broken cannot be imported: ZeroDivisionError: division by zero"),
        ("hosts_lost:seen", "hosts_lost cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("hosts_rows:ours", "projection backlog: the package has one of that name; choose another"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_cannot_be_had_or_is_no_projection_is_said_in_one_line(file: str, named: str, said: str) -> None:
    result = asked(file, "show", "T-1", projections=named)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert said in result.stderr


@pytest.mark.usefixtures("here")
def test_several_are_named_with_commas_and_blanks_do_not_matter(file: str) -> None:
    result = asked(
        file, "projections", "run", "seen", "tally", projections=" hosts_rows:seen, tests.store_examples:TALLY,"
    )
    assert (result.exit_code, result.stderr) == (0, "Up to date at position 4.\n")


def test_the_current_folder_is_looked_into_also_by_the_installed_program(file: str, here: Path) -> None:
    programs = here / "bin"
    programs.mkdir()
    program = programs / "ticketing"
    program.write_text("from ticketing.cli import main\n\nmain()\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TICKETING_PROJECTIONS": "hosts_rows:seen"}
    command = [sys.executable, str(program), "projections", "run", "seen", "--store", file]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "Up to date at position 4.\n")
