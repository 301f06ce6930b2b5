"""Arrays come to the server as what they are, whatever encoding the connection speaks."""

from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.store_examples import FakeClock, append, fake_random_bytes, number
from ticketing.adapters.postgres import PostgresStore
from ticketing.adapters.postgres_arrays import Array, Kind
from ticketing.adapters.store import Claim
from ticketing.adapters.urls import open_store

INSTANT = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [number(1), number(2)]),
        ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
        ("text", ["", "NULL", '{"a, b"}', "back\\slash", "Größe 尺寸 👍"]),
        ("bytea", [b"", b"\0\xff\\x00"]),
        ("timestamptz", [INSTANT, datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=5, minutes=45)))]),
        ("boolean", [True, None, False]),
        ("text", [None, "NULL", None]),
        ("bigint", [None]),
        ("uuid", []),
    ],
)
@pytest.mark.parametrize("column", ["uuid", "bigint", "boolean", "text", "bytea", "timestamptz"])
def test_an_array_is_read_as_it_was_written_and_never_as_another_type(
    postgres_url: str, kind: Kind, values: list[Any], column: Kind
) -> None:
    with closing(open_store(postgres_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        assert isinstance(store, PostgresStore)
        with store._server.reading() as cursor:
            select = f"SELECT %s::{column}[]"
            if kind == column:
                assert cursor.execute(select, (Array(kind, values),)).fetchone() == (values,)
            else:
                with pytest.raises(Exception, match="binary data has array element type"):
                    cursor.execute(select, (Array(kind, values),))


def test_an_array_of_json_is_read_as_it_was_written(postgres_url: str) -> None:
    with closing(open_store(postgres_url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
        assert isinstance(store, PostgresStore)
        with store._server.reading() as cursor:
            texts = ['[1, "Größe \\" {}"]', None, "[]"]
            found = cursor.execute("SELECT %s::jsonb[]::text[]", (Array("jsonb", texts),)).fetchone()
            assert found == (texts,)


def test_a_key_is_the_same_for_a_connection_of_another_encoding(postgres_url: str) -> None:
    latin = f"{postgres_url}{'&' if '?' in postgres_url else '?'}client_encoding=latin1"
    for url, ticket, key in ((latin, 1, "Größe"), (postgres_url, 2, "Länge")):
        with closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
            store.append([append(ticket, 0, claims=[Claim("number", key)])])
    for url in (latin, postgres_url):
        with closing(open_store(url, clock=FakeClock(), random_bytes=fake_random_bytes)) as store:
            assert [store.holders("number", key) for key in ("Größe", "Länge")] == [(number(1),), (number(2),)]
