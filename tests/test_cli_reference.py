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

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted((FOLDER / "reference").glob("*.toml"))
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
        f"ticketing: already-on-record: {quay}: site quay: version 1 is on record with other content"
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
        site = SITE.replace("version = 1", f"version = {version}").replace("2026", f"{2025 + version}")
        quay.write_text(f'{site}name = "{name}"\n')
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
        f"ticketing: already-on-record: {newer}: standard BOREAS-IS: version 2 is pinned by ticket R"
    )
    assert [thing["key"] for thing in listed(sqlite_url, "site")] == sorted(
        ["head-office", "harbour", "old-town", "mill-workshop", "brightwell"]
    )


def test_every_example_is_published(sqlite_url: str) -> None:
    files = [*EXAMPLES, *sorted((FOLDER / "policies").glob("*.toml")), FOLDER / "phone-policy.toml"]
    published = run(sqlite_url, "publish", *files)
    assert published.exit_code == 0, published.stderr
    kinds = [line.split()[1] for line in published.stdout.splitlines()]
    # Those of examples/reference are 1, 5, 4 and 1; then one calendar for each of the four statutes and for the phones.
    assert [kinds.count(kind) for kind in ("calendar", "site", "standard", "policy")] == [6, 5, 4, 9]
    assert kinds == sorted(kinds, key=["calendar", "site", "standard", "policy"].index)
    samples = [path for path in files if "statute" in path.name]
    assert len(samples) == 4
    for path in samples:
        assert "# SAMPLE DATA, NO LEGAL ADVICE." in path.read_text()
        told = run(sqlite_url, "reference", "show", "policy", f"{path.stem.split('-')[-1]}-statute-sample").stdout
        assert "SAMPLE, no legal advice" in told


def test_a_calendar_and_a_policy_are_shown_in_words(sqlite_url: str) -> None:
    run(sqlite_url, "publish", *EXAMPLES, FOLDER / "policies" / "phone-maker.toml")
    hours = run(sqlite_url, "reference", "show", "calendar", "office-hours").stdout
    assert hours.startswith("calendar office-hours@1\n")
    assert "open             Mon–Fri 09:00–12:30, 13:30–18:00\n" in hours
    assert " Reformationstag: 31 Oct 2024–2034\n" in hours
    assert " UTC+01:00 at first\n" in hours
    assert "frozen           from 2024-01-01 to 2034-12-31, by " in hours
    levels = run(sqlite_url, "reference", "show", "policy", "boreas-service-levels").stdout
    assert "clock back       Back within five working days; after reopening it goes on counting\n" in levels
    assert " its target is 40 hours of open time" in levels
    kept = json.loads(run(sqlite_url, "reference", "show", "calendar", "office-hours", "--format", "json").stdout)
    assert (kept["kind"], kept["frozen"]["until"]) == ("calendar", "2034-12-31")
    site = run(sqlite_url, "reference", "show", "site", "brightwell").stdout
    assert "ownership       subcontracted\n" in site


def test_versions_of_anything_are_compared_and_the_kind_is_found_by_the_key(sqlite_url: str, tmp_path: Path) -> None:
    both = tmp_path / "both.toml"
    policy = '[[policy]]\nkey = "quay"\nversion = {0}\neffective_from = 202{0}-01-01T00:00:00Z\ntitle = "Version {0}"\n'
    both.write_text(f"{SITE}{policy.format(1)}{policy.format(2)}")
    assert run(sqlite_url, "publish", both).exit_code == 0
    told = run(sqlite_url, "reference", "diff", "quay@1", "quay@2", "--kind", "policy").stdout.splitlines()
    assert told == [
        "quay@1 to quay@2",
        "policy, title changed from “Version 1” to “Version 2”",
        "policy, effective from changed from “2021-01-01” to “2022-01-01”",
    ]
    unsaid = run(sqlite_url, "reference", "diff", "quay@1", "quay@2")
    assert (unsaid.exit_code, unsaid.stderr) == (
        2,
        "ticketing: quay: there is a site and a policy; say which with --kind\n",
    )
    run(sqlite_url, "publish", *EXAMPLES)
    found = json.loads(run(sqlite_url, "reference", "diff", "harbour", "old-town", "--format", "json").stdout)
    assert (found["kind"], [change["what"] for change in found["changes"]]) == ("site", ["name"])
    none = run(sqlite_url, "reference", "diff", "harbour", "office-hours")
    assert (none.exit_code, none.stderr) == (1, "ticketing: harbour and office-hours are of no one kind\n")
    unheard_of = run(sqlite_url, "reference", "diff", "nothing@1", "nothing@2")
    assert (unheard_of.exit_code, unheard_of.stderr) == (1, "ticketing: nothing was never published\n")


def test_a_backward_date_and_an_unknown_calendar_are_refused_with_their_file(sqlite_url: str, tmp_path: Path) -> None:
    quay, policy = tmp_path / "quay.toml", tmp_path / "promise.toml"
    quay.write_text(SITE)
    run(sqlite_url, "publish", quay)
    quay.write_text(SITE.replace("version = 1", "version = 2").replace("2026", "2025"))
    backward = run(sqlite_url, "publish", quay)
    assert backward.exit_code == 1
    assert backward.stderr == (
        f"ticketing: already-on-record: {quay}: site quay: effective_from of version 2, 2025-01-01, is not after that "
        "of version 1, 2026-01-01; let it be later, or say is_retroactive = true\n"
    )
    quay.write_text(f"{quay.read_text()}is_retroactive = true\n")
    assert run(sqlite_url, "publish", quay).stdout.split()[:3] == ["published", "site", "quay@2"]
    policy.write_text((FOLDER / "policies" / "phone-maker.toml").read_text().replace('"office-hours"', '"office-hour"'))
    unknown = run(sqlite_url, "publish", FOLDER / "reference" / "calendar.toml", policy)
    assert unknown.exit_code == 1
    assert unknown.stderr == (
        f"ticketing: unknown-reference: {policy}: policy boreas-service-levels: clocks.0.calendar: calendar "
        "office-hour was never published; the nearest is 'office-hours'\n"
    )
    assert not listed(sqlite_url, "calendar")


def test_two_versions_from_one_instant_on_are_refused_with_file_and_key(sqlite_url: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(SITE)
    second.write_text(SITE.replace("version = 1", "version = 2"))
    refused = run(sqlite_url, "publish", second, first)
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"ticketing: {second}: [site] quay: effective_from of version 2, 2026-01-01, is that of version 1 too, "
        f"in {first}; let it be later, or say is_retroactive = true\n"
    )
    second.write_text(f"{second.read_text()}is_retroactive = true\n")
    assert run(sqlite_url, "publish", second, first).exit_code == 0
