"""`publish`, `reference list` and `reference show`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ticketing.cli.program import app

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "reference").glob("*.toml"))
SITE = '[site]\nkey = "quay"\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\nkind = "branch"\n'


def run(url: str, *arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [*map(str, arguments), "--store", url])
    assert "\x1b" not in result.stdout + result.stderr
    return result


def listed(url: str, *kinds: str) -> list[dict[str, object]]:
    things: list[dict[str, object]] = json.loads(run(url, "reference", "list", *kinds, "--format", "json").stdout)
    return things


@pytest.mark.parametrize("store", ["sqlite_url", "postgres_url"])
def test_what_was_published_is_listed_with_its_latest_version(store: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(store)
    published = run(url, "publish", *EXAMPLES)
    assert published.exit_code == 0, published.stderr
    assert [line.split()[0] for line in published.stdout.splitlines()] == ["published"] * 11
    assert [line.split()[0] for line in run(url, "publish", *EXAMPLES).stdout.splitlines()] == ["unchanged"] * 11
    assert [(thing["key"], thing["versions"]) for thing in listed(url, "standard")] == [
        ("BOREAS-IS", [1, 2]),
        ("LUMEN-QS", [1, 2]),
    ]
    assert [thing["kind"] for thing in listed(url)] == ["site"] * 5 + ["standard"] * 2 + ["policy", "calendar"]
    table = run(url, "reference", "list").stdout.splitlines()
    assert table[0].split() == ["kind", "key@version", "effective", "from", "what", "it", "is"]
    assert table[7].split()[:3] == ["standard", "BOREAS-IS@2", "2026-01-01"]


def test_an_empty_store_says_so(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    assert run(sqlite_url, "reference", "list", "site").exit_code == 0
    empty = CliRunner().invoke(app, ["reference", "list", "--store", "memory:"])
    assert empty.stdout == "Nothing has been published yet.\n"


def test_one_version_is_shown_whole(sqlite_url: str) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    latest = run(sqlite_url, "reference", "show", "standard", "BOREAS-IS").stdout
    assert latest.startswith("standard BOREAS-IS@2\n")
    assert "4.2  Liquid damage is not covered when corrosion reaches the board" in latest
    assert "versions 1, 2" in latest
    first = json.loads(run(sqlite_url, "reference", "show", "standard", "BOREAS-IS@1", "--format", "json").stdout)
    assert (first["kind"], first["version"], len(first["clauses"])) == ("standard", 1, 3)


@pytest.mark.parametrize("name", ["BOREAS-IS@7", "NOBODYS-IS"])
def test_what_was_never_published_is_found_wanting(sqlite_url: str, name: str) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    shown = run(sqlite_url, "reference", "show", "standard", name)
    assert shown.exit_code == 1
    assert shown.stderr == f"ticketing: standard {name} was never published\n"


def test_one_refusal_keeps_everything_out(sqlite_url: str, tmp_path: Path) -> None:
    quay = tmp_path / "quay.toml"
    quay.write_text(SITE)
    assert run(sqlite_url, "publish", quay).exit_code == 0
    quay.write_text(f'{SITE}name = "Quay"\n')
    refused = run(sqlite_url, "publish", *EXAMPLES, quay)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(
        "ticketing: already-on-record: site quay: version 1 is on record with other content"
    )
    assert "publish it as version 2" in refused.stderr
    assert [thing["key"] for thing in listed(sqlite_url)] == ["quay"]


def test_an_actor_that_is_none_is_refused_with_the_roles_there_are(sqlite_url: str) -> None:
    for actor, said in (("me:king", "there is no role king"), ("me", "write ID:ROLE, such as m-1:manager")):
        refused = run(sqlite_url, "publish", *EXAMPLES, "--actor", actor)
        assert refused.exit_code == 2
        assert f"--actor {actor}: {said}; the roles are receptionist, " in refused.stderr


def test_a_version_that_another_follows_is_to_be_published_after_that(sqlite_url: str, tmp_path: Path) -> None:
    quay = tmp_path / "quay.toml"
    for version, name in ((1, "Quay"), (3, "Quay"), (1, "Key"), (2, "Key")):
        quay.write_text(SITE.replace("version = 1", f"version = {version}") + f'name = "{name}"\n')
        last = run(sqlite_url, "publish", quay).stderr
        if (version, name) == (1, "Key"):
            assert "version 1 is on record with other content; publish it as version 4" in last
    assert "version 2 comes before version 3, which is on record; publish it as version 4" in last
