"""Every rule has its slug, and every slug a test that names it; `disable_each_rule.py` shows that the test needs it."""

import re
from pathlib import Path

import pytest

from tests.without_rule import REFUSALS_OF_THE_APPLICATION, SECOND_LINES, disable, single_rules, slugs
from ticketing.domain.decide import RULES_OF
from ticketing.domain.events import TICKET_EVENTS

SLUGS = {
    "illegal-transition",
    "role-may-not",
    "not-received",
    "no-diagnosis-in-cycle",
    "no-finished-work",
    "inspector-did-the-work",
    "one-person-moved-warranty",
    "refusal-without-look",
    "not-approved",
    "wrong-payer",
    "may-not-promise",
    "verdict-without-positions",
    "judge-in-own-case",
    "tests-missing",
    "not-finished",
    "wait-already-open",
    "from-the-future",
    "number-taken",
    "unit-already-open",
    "command-id-reused",
    "stale-version",
    # references to what is not, or is already, on record
    "unknown-reference",
    "already-on-record",
}
TESTS = Path(__file__).parent
REFUSED = re.compile(r"""then_(?:rejected|flagged)\(([^)]*)\)|\.rule == "([^"]+)"|match="([^"]+)\"""", re.DOTALL)


def slugs_refused_in_tests() -> set[str]:
    named: set[str] = set()
    for path in TESTS.glob("test_*.py"):
        if path.name != Path(__file__).name:
            for found in REFUSED.finditer(path.read_text(encoding="utf-8")):
                named |= set(re.findall(r"[a-z]+(?:-[a-z]+)+", "".join(part or "" for part in found.groups())))
    return named


def test_the_rules_of_the_code_are_the_rules_of_the_trade() -> None:
    assert set(slugs()) == SLUGS


def test_every_event_is_checked_by_role_time_and_life_cycle_first() -> None:
    for kind in TICKET_EVENTS:
        first = [rule.slug for rule in RULES_OF[kind][:3]]
        assert first == ["role-may-not", "from-the-future", "illegal-transition"]


@pytest.mark.parametrize("slug", sorted(SLUGS - set(REFUSALS_OF_THE_APPLICATION)))
def test_some_test_sees_a_command_refused_by_this_rule(slug: str) -> None:
    assert slug in slugs_refused_in_tests()


def test_rules_are_named_one_by_one_too() -> None:
    named = single_rules()
    assert len(named) == len(set(named))
    assert {rule.partition("@")[0] for rule in named} < SLUGS


def test_the_slugs_with_a_second_line_have_a_first() -> None:
    assert set(SECOND_LINES) < SLUGS


@pytest.mark.parametrize("unknown", ["no-such-rule", "wrong-payer@UnitReceived", "wrong-payer@NoSuchEvent"])
def test_a_rule_that_does_not_exist_cannot_be_disabled(unknown: str) -> None:
    with pytest.raises(pytest.UsageError, match="there is no rule"):
        disable(unknown)
