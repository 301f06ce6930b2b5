"""The store fixtures: every test gets a store of its own, on each kind of store there is."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import postgres, real_logs

CONTRACTS = ("append_contract", "inline_contract", "store_contract", "tree_contract", "view_contract", "watch_contract")
pytest.register_assert_rewrite(*(f"tests.{contract}" for contract in CONTRACTS))

NO_SHARED_DATA = "TICKETING_SHARED_DATA is not set"
NO_CHROMIUM = "chromium is not installed"
NO_OPENSSL = "openssl is not installed"
NO_GO = "go and the source of golang.org/x/mod are not installed"


MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 2**30


def pytest_configure() -> None:
    # Time limits per example would make the outcome depend on what else the machine does.
    hypothesis.settings.register_profile("ticketing", hypothesis.settings(), deadline=None)
    hypothesis.settings.load_profile("ticketing")
    # Only a power cut needs a disk, and thousands of commits would wait for it.
    if has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def has_room(folder: Path) -> bool:
    """Whether tests can write into a folder what they write, and run what they wrote."""
    if not os.access(folder, os.W_OK | os.X_OK) or os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0):
        return False
    return shutil.disk_usage(folder).free > ROOM_BYTES


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL; each xdist worker has a server of its own."""
    with postgres.running_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty store in PostgreSQL, in a schema of its own."""
    with postgres.fresh_schema(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite store whose file does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store: the test runs on every kind of store."""
    if request.param == "memory":
        return "memory:"
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real logs in `TICKETING_SHARED_DATA`; without it the tests that need it are left out, by name."""
    named = os.environ.get("TICKETING_SHARED_DATA")
    if not named:
        pytest.skip(NO_SHARED_DATA)
    return Path(named).resolve(strict=True)


@pytest.fixture(scope="session")
def stored_phones(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> real_logs.Imported:
    """A store with the whole phone log; tests bring its rows up to date, and put nothing on record."""
    return real_logs.stored(shared_data / real_logs.PHONES, tmp_path_factory.mktemp("phones"))


@pytest.fixture(scope="session")
def stored_help_desk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> real_logs.Imported:
    """The same of the help-desk log."""
    return real_logs.stored(shared_data / real_logs.HELP_DESK, tmp_path_factory.mktemp("help-desk"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("skipped")
    for reason in (NO_SHARED_DATA, NO_CHROMIUM, NO_OPENSSL, NO_GO):
        left_out = sorted(report.nodeid for report in reports if reason in str(report.longrepr))
        if left_out:
            terminalreporter.section(f"left out: {len(left_out)}, because {reason}")
            for nodeid in left_out:
                terminalreporter.line(nodeid)
