"""README and docs run as they are printed, and say what the code says."""

import doctest
import re
from pathlib import Path

import pytest

from ticketing import Settings
from ticketing.adapters import telemetry
from ticketing.domain.decide import RULES_OF
from ticketing.domain.lifecycle import diagram

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
REFUSED_BY_THE_APPLICATION = {"command-id-reused", "stale-version"}


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in (ROOT / page).read_text(encoding="utf-8")])
def test_every_example_in_the_documentation_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


def test_the_readme_shows_the_life_cycle_as_the_table_has_it() -> None:
    shown = README.split("diagram() draws -->\n")[1].split("<!-- end of life cycle -->")[0]
    assert shown.strip() == diagram().strip()


def test_the_readme_lists_every_rule_and_no_other() -> None:
    rules = README.split("## Rules")[1].split("## ")[0]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", rules, flags=re.MULTILINE))
    assert listed == {rule.slug for checked in RULES_OF.values() for rule in checked} | REFUSED_BY_THE_APPLICATION


def test_the_readme_lists_every_setting() -> None:
    settings = README.split("## Settings")[1].split("## ")[0]
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", settings, flags=re.MULTILINE))
    assert listed == set(Settings.model_fields)


def test_the_page_of_projections_lists_every_metric() -> None:
    metric = re.compile(r"^\| `(ticketing\.[a-z_.]+)` \|", flags=re.MULTILINE)
    listed = metric.findall((ROOT / "docs" / "projections.md").read_text(encoding="utf-8"))
    assert listed == metric.findall(telemetry.__doc__ or "")


def test_every_link_in_the_documentation_leads_to_a_file() -> None:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
