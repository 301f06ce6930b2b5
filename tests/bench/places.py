"""Places: a new and empty store for each turn of ours and of theirs, on the same server or beside each other on disk.

PostgreSQL is from the wheel, its commits wait for the disk. SQLite is durable on both sides; `sqlite_normal` opens ours
with `synchronous=normal`, theirs as it always is.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests import postgres
from tests.bench.plain import RepairTickets
from ticketing.adapters.urls import split_schema
from ticketing.application import Ticketing

Kind = Literal["postgresql", "sqlite", "sqlite_normal"]
_PAGE = 5000


class Places:
    """Where entries work.

    Args:
        server: The URL of a server in PostgreSQL.
        folder: Where SQLite files are made.
    """

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def server(self) -> str:
        """The server's name and version, and whether its commits wait for the disk."""
        with psycopg.connect(self._server) as connection:
            shown = connection.execute("SELECT current_setting('server_version'), current_setting('fsync')").fetchone()
        return "PostgreSQL {} with fsync {}".format(*shown or ())

    @contextmanager
    def ours(self, kind: Kind) -> Iterator[Ticketing]:
        """An application of ours."""
        if kind == "postgresql":
            with postgres.fresh_schema(self._server) as url, Ticketing(url) as app:
                yield app
            return
        query = "?synchronous=normal" if kind == "sqlite_normal" else ""
        with (
            TemporaryDirectory(dir=self._folder) as folder,
            Ticketing(f"sqlite:///{folder}/store.sqlite{query}") as app,
        ):
            yield app

    @contextmanager
    def theirs(self, kind: Kind) -> Iterator[RepairTickets]:
        """An application of theirs; `app.env` has what it was told."""
        with self._their_settings(kind) as settings, closing(RepairTickets(settings)) as app:
            yield app

    @contextmanager
    def _their_settings(self, kind: Kind) -> Iterator[Mapping[str, str]]:
        if kind == "postgresql":
            with postgres.fresh_schema(self._server) as url:
                yield _settings_of(url)
            return
        with TemporaryDirectory(dir=self._folder) as folder:
            yield {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{folder}/store.sqlite"}


def _settings_of(url: str) -> Mapping[str, str]:
    place, schema = split_schema(url)
    said = conninfo_to_dict(place)
    names = {"DBNAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    told = {f"POSTGRES_{theirs}": str(said.get(ours) or "") for theirs, ours in names.items()}
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_SCHEMA": schema, **told}


@contextmanager
def opened() -> Iterator[Places]:
    """A server and a folder, gone afterwards."""
    with postgres.mortal_server() as server, TemporaryDirectory(prefix="ticketing-bench-") as folder:
        yield Places(server.url, Path(folder))


# what is there afterwards


def require_ours(app: Ticketing, versions: Mapping[UUID, int]) -> None:
    """Raises `ValueError` unless the log has every fact once, in order, and no other.

    Args:
        app: Ours.
        versions: The last version that each ticket is to have.
    """
    facts, named = app.store.tally()
    if facts != named:
        raise ValueError(f"the log has {facts} facts, its commands say {named}")
    _require((fact for page in _our_pages(app) for fact in page), versions, is_gapless=True)


def _our_pages(app: Ticketing) -> Iterator[list[tuple[int, UUID, int]]]:
    after = 0
    while page := app.store.stored_log(after, _PAGE):
        yield [(row.position, row.stream_id, row.version) for row in page]
        after = page[-1].position


def require_theirs(app: RepairTickets, versions: Mapping[UUID, int]) -> None:
    """The same of theirs; a failed attempt may leave a gap in their numbers."""
    _require((told for page in _their_pages(app) for told in page), versions, is_gapless=False)


def _their_pages(app: RepairTickets) -> Iterator[list[tuple[int, UUID, int]]]:
    after = 0
    while page := app.recorder.select_notifications(start=after, limit=_PAGE, inclusive_of_start=False):
        yield [(one.id, UUID(str(one.originator_id)), one.originator_version) for one in page]
        after = page[-1].id


def _require(told: Iterable[tuple[int, UUID, int]], versions: Mapping[UUID, int], *, is_gapless: bool) -> None:
    found: dict[UUID, int] = {}
    before = 0
    for position, stream_id, version in told:
        if position <= before or (is_gapless and position != before + 1):
            raise ValueError(f"position {position} follows {before}")
        if version != found.get(stream_id, 0) + 1:
            raise ValueError(f"version {version} of {stream_id} follows {found.get(stream_id, 0)}")
        before, found[stream_id] = position, version
    if found != versions:
        raise ValueError(f"{sum(versions.values())} events of {len(versions)} tickets were sent, not those are there")
