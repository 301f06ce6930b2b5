"""`publish`, `reference list`, `reference show` and `reference diff`."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.examples import DECIDE_ENTITLEMENT, OPEN_TICKET, PIN_STANDARD, but
from ticketing.application import Ticketing
from ticketing.cli.program import app
from ticketing.domain.errors import CommandRejected

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
    assert "\nclause 4.2             Liquid damage is not covered when corrosion reaches the board" in latest
    assert "\n                         board-corrosion (standard) reads at least 1.0 mm2\n" in latest
    assert "versions 1, 2" in latest
    first = json.loads(run(sqlite_url, "reference", "show", "standard", "BOREAS-IS@1", "--format", "json").stdout)
    assert (first["kind"], first["version"], len(first["clauses"])) == ("standard", 1, 3)


@pytest.mark.parametrize("name", ["BOREAS-IS@7", "NOBODYS-IS", f"BOREAS-IS@{'9' * 5000}"])
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


def test_two_versions_of_a_standard_are_compared_in_words(sqlite_url: str) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    told = run(sqlite_url, "reference", "diff", "BOREAS-IS@1", "BOREAS-IS").stdout.splitlines()
    assert told[0] == "BOREAS-IS@1 to BOREAS-IS@2"
    assert "clause 4.2, test liquid-indicator (standard) removed: liquid-indicator (standard) fails" in told
    said = json.loads(run(sqlite_url, "reference", "diff", "LUMEN-QS@2", "LUMEN-QS@1", "--format", "json").stdout)
    assert (said["older"], said["newer"]) == ("LUMEN-QS@2", "LUMEN-QS@1")
    (gone,) = [change for change in said["changes"] if change["about"] == "clause A4"]
    assert (gone["kind"], gone["what"], gone["after"]) == ("removed", "whole", None)
    assert gone["words"].startswith("clause A4 removed: A battery of at most 80 %")
    same = run(sqlite_url, "reference", "diff", "BOREAS-IS@2", "BOREAS-IS@2").stdout.splitlines()
    assert same == ["BOREAS-IS@2 to BOREAS-IS@2", "They say the same."]
    unknown = run(sqlite_url, "reference", "diff", "BOREAS-IS@1", "BOREAS-IS@9")
    assert (unknown.exit_code, unknown.stderr) == (1, "ticketing: standard BOREAS-IS@9 was never published\n")


def test_a_decision_by_a_clause_that_the_pinned_version_lacks_is_refused(sqlite_url: str) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    with Ticketing(sqlite_url) as store:
        store.handle(OPEN_TICKET)
        pinned = {"standard": "BOREAS-IS", "standard_version": 2, "document_hash": None, "clauses": ["4.2"]}
        store.handle(but(PIN_STANDARD, **pinned, basis="intake"))
        with pytest.raises(CommandRejected, match=r"BOREAS-IS@2 has no clause 4\.3"):
            store.handle(but(DECIDE_ENTITLEMENT, clauses=("4.3",)))


def test_a_document_is_published_with_its_standard(sqlite_url: str, tmp_path: Path) -> None:
    document, standard = tmp_path / "standard.pdf", tmp_path / "standard.toml"
    document.write_bytes(b"hello")
    standard.write_text(
        '[standard]\nkey = "ACME-IS"\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\nmanufacturer = "ACME"\n'
    )
    published = run(sqlite_url, "publish", standard, "--document", document)
    assert published.stdout.split() == ["published", "standard", "ACME-IS@1", "from", "2026-01-01"]
    shown = json.loads(run(sqlite_url, "reference", "show", "standard", "ACME-IS", "--format", "json").stdout)
    assert shown["document_hash"] == hashlib.sha256(b"hello").hexdigest()
    assert run(sqlite_url, "publish", standard, "--document", document).stdout.split()[0] == "unchanged"
    document.write_bytes(b"hello!")
    other = run(sqlite_url, "publish", standard, "--document", document)
    assert (other.exit_code, "version 1 is on record with other content" in other.stderr) == (1, True)
    refused = run(sqlite_url, "publish", *EXAMPLES, "--document", document)
    assert refused.exit_code == 2
    assert "a document belongs to one version of one standard, and the files have BOREAS-IS@1, B" in refused.stderr


def test_a_version_in_the_middle_of_a_pinned_one_keeps_everything_out(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, "publish", *EXAMPLES)
    with Ticketing(sqlite_url) as store:
        store.handle(OPEN_TICKET)
        pinned = {"standard": "BOREAS-IS", "standard_version": 2, "document_hash": None, "clauses": ["4.2"]}
        store.handle(but(PIN_STANDARD, **pinned, basis="intake"))
    newer, quay = tmp_path / "boreas.toml", tmp_path / "quay.toml"
    newer.write_text(
        '[standard]\nkey = "BOREAS-IS"\nversion = 3\neffective_from = 2026-02-01T00:00:00Z\nmanufacturer = "Boreas"\n'
    )
    quay.write_text(SITE)
    refused = run(sqlite_url, "publish", quay, newer)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(
        "ticketing: already-on-record: standard BOREAS-IS: version 2 is pinned by ticket R"
    )
    assert [thing["key"] for thing in listed(sqlite_url, "site")] == sorted(
        ["head-office", "harbour", "old-town", "mill-workshop", "brightwell"]
    )
