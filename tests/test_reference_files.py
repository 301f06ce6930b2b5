"""Reference data from TOML files: what is read, and the one line about what is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from ticketing.adapters.reference_files import read_reference_files, with_document
from ticketing.domain.errors import BadInput
from ticketing.domain.policy import Conditions, DefinedClock, Target
from ticketing.domain.publishing import kind_of
from ticketing.domain.reference import CalendarPublished, PolicyPublished, SitePublished, StandardPublished

EXAMPLES = Path(__file__).parents[1] / "examples" / "reference"
SITE = 'key = "harbour"\nversion = 1\neffective_from = 2026-01-01T00:00:00Z\nkind = "branch"\n'


def written(folder: Path, text: str, name: str = "reference.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_examples_publish_two_standards_in_two_versions_sites_a_policy_and_a_calendar() -> None:
    things = read_reference_files(sorted(EXAMPLES.glob("*.toml")))
    standards = [(thing.key, thing.version) for thing in things if isinstance(thing, StandardPublished)]
    assert standards == [("BOREAS-IS", 1), ("BOREAS-IS", 2), ("LUMEN-QS", 1), ("LUMEN-QS", 2)]
    assert {"branch", "workshop", "head_office"} == {thing.kind for thing in things if isinstance(thing, SitePublished)}
    assert any(isinstance(thing, PolicyPublished) and thing.parameters["within_days"] == 10 for thing in things)
    assert any(isinstance(thing, CalendarPublished) and thing.closed_days for thing in things)


def test_a_table_and_an_array_of_tables_say_the_same(tmp_path: Path) -> None:
    one = read_reference_files([written(tmp_path, f"[site]\n{SITE}")])
    many = read_reference_files([written(tmp_path, f"[[site]]\n{SITE}")])
    assert one == many
    assert one[0].effective_from == datetime(2026, 1, 1, tzinfo=UTC)


def test_versions_come_in_ascending_order_from_whatever_files(tmp_path: Path) -> None:
    second = written(
        tmp_path, "[site]\n" + SITE.replace("version = 1", "version = 2").replace("2026", "2027"), "a.toml"
    )
    first = written(tmp_path, f"[site]\n{SITE}", "b.toml")
    assert [thing.version for thing in read_reference_files([second, first])] == [1, 2]


def test_the_same_version_twice_counts_once_unless_its_content_differs(tmp_path: Path) -> None:
    first = written(tmp_path, f"[site]\n{SITE}", "a.toml")
    again = written(tmp_path, f"[site]\n{SITE}", "b.toml")
    assert len(read_reference_files([first, again])) == 1
    other = written(tmp_path, f'[site]\n{SITE}name = "Harbour"\n', "c.toml")
    with pytest.raises(BadInput, match=r"c\.toml: site harbour@1 is given a second time .*a\.toml"):
        read_reference_files([first, other])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[[sites]]\n{SITE}", "unknown table [sites]; the nearest is 'site'"),
        (f'[site]\n{SITE}ownr = "own"\n', "[site] harbour: ownr: there is no such key; the nearest is 'ownership'"),
        (f"[site]\n{SITE.replace('version', 'vershun')}", "vershun: there is no such key; the nearest is 'version'"),
        (f"[site]\n{SITE.replace('version = 1', '')}", "version: is missing"),
        (f"[site]\n{SITE.replace('00Z', '00')}", "effective_from: a date and time with a zone is due"),
        (f"[site]\n{SITE.replace('branch', 'brunch')}", "kind: Input should be 'head_office'"),
        (f'[site]\n{SITE}zone = "Europe/Berln"\n', "unknown zone 'Europe/Berln'; the nearest is 'Europe/Berlin'"),
        ("[site\n", "no TOML: Expected ']'"),
        ("site = 1\n", "site must be a table [site] or an array of tables [[site]]"),
        ("# nothing\n", "nothing to publish"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as refused:
        read_reference_files([path])
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_an_unknown_key_within_a_clause_names_the_nearest_of_a_clause(tmp_path: Path) -> None:
    standard = SITE.replace('kind = "branch"', 'manufacturer = "Boreas"')
    path = written(tmp_path, f'[standard]\n{standard}clauses = [{{ id = "1", titel = "Faults" }}]\n')
    with pytest.raises(BadInput, match=r"clauses\.0\.titel: there is no such key; the nearest is 'title'"):
        read_reference_files([path])


STANDARD = """[standard]
key = "ACME-IS"
version = 1
effective_from = 2026-01-01T00:00:00Z
manufacturer = "ACME"
tests = [{ id = "charge", unit = "A" }]
clauses = [{ id = "1", title = "Faults", effect = "covers" }]
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STANDARD.replace('"A"', '"Ampere"'), "tests.0.unit: 'Ampere' is no unit of measure of UCUM"),
        (STANDARD.replace('"covers"', '"excludes"'), "clauses.0.effect: clause 1: it asks nothing"),
        (
            STANDARD.replace('"covers"', '"covers", inspections = [{ test = "chrage", passed = true }]'),
            "clauses.0.inspections.0.test: clause 1: 'chrage' is no test that the standard defines; the nearest is 'ch",
        ),
        (
            STANDARD.replace('"covers"', '"covers", inspections = [{ test = "charge", at_least = 0.5 }]'),
            "clauses.0.inspections.0.at_least: a float loses digits",
        ),
        (STANDARD.replace('"covers"', '"covers", cause = ["wear"]'), "there is no such key; the nearest is 'causes'"),
    ],
)
def test_a_standard_that_cannot_be_meant_is_refused_with_file_key_and_nearest_name(
    tmp_path: Path, text: str, said: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as refused:
        read_reference_files([path])
    assert str(refused.value).startswith(f"{path}: [standard] ACME-IS: ")
    assert said in str(refused.value)


# the document

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
"""The SHA-256 of `hello`, as every text on hashes has it."""


def test_a_document_is_pinned_by_its_hash_in_the_one_standard_of_the_files(tmp_path: Path) -> None:
    document = tmp_path / "standard.pdf"
    document.write_bytes(b"hello")
    site, standard = read_reference_files([written(tmp_path, f"{STANDARD}[site]\n{SITE}")])
    pinned = with_document([site, standard], document)
    assert pinned == (site, standard.model_copy(update={"document_hash": HELLO}))
    assert with_document(pinned, document) == pinned


def test_a_document_with_another_hash_than_the_file_says_is_refused_with_both(tmp_path: Path) -> None:
    document = tmp_path / "standard.pdf"
    document.write_bytes(b"hello!")
    things = read_reference_files([written(tmp_path, STANDARD.replace("tests", f'document_hash = "{HELLO}"\ntests'))])
    with pytest.raises(BadInput, match=f"ACME-IS: document_hash: {HELLO}, but .*standard.pdf has ce06092fb948d9ffac7d"):
        with_document(things, document)


def test_a_document_belongs_to_one_version_of_one_standard(tmp_path: Path) -> None:
    document = tmp_path / "standard.pdf"
    document.write_bytes(b"hello")
    with pytest.raises(BadInput, match=r"and the files have BOREAS-IS@1, BOREAS-IS@2$"):
        with_document(read_reference_files([EXAMPLES / "boreas.toml"]), document)
    with pytest.raises(BadInput, match=r"and the files have none$"):
        with_document(read_reference_files([written(tmp_path, f"[site]\n{SITE}")]), document)
    with pytest.raises(BadInput, match=r"missing\.pdf: No such file"):
        with_document(read_reference_files([written(tmp_path, STANDARD)]), tmp_path / "missing.pdf")


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.toml: No such file"):
        read_reference_files([tmp_path / "missing.toml"])
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"no TOML: .*utf-8"):
        read_reference_files([binary])


def test_the_examples_of_the_page_on_policies_can_be_published(tmp_path: Path) -> None:
    page = (EXAMPLES.parents[1] / "docs" / "policies.md").read_text()
    blocks = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    files = [written(tmp_path, block, f"{number}.toml") for number, block in enumerate(blocks)]
    keys = ["workshop-hours", "boreas-contract", "service-levels"]  # kind by kind
    assert [thing.key for thing in read_reference_files(files)] == keys


@pytest.mark.parametrize("named", [CalendarPublished, SitePublished, PolicyPublished, DefinedClock, Target, Conditions])
def test_the_page_on_policies_names_every_key(named: type[BaseModel]) -> None:
    page = (EXAMPLES.parents[1] / "docs" / "policies.md").read_text()
    assert [name for name in named.model_fields if f"`{name}`" not in page] == []


def test_calendars_come_before_the_sites_and_policies_that_name_them() -> None:
    kinds = [kind_of(thing) for thing in read_reference_files(sorted(EXAMPLES.glob("*.toml"), reverse=True))]
    assert list(dict.fromkeys(kinds)) == ["calendar", "site", "standard", "policy"]
