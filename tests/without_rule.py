"""A pytest plugin: `-p tests.without_rule --without-rule SLUG` runs the tests as if a rule did not exist.

`SLUG@Event` disables only the rules of that slug that look at one event. `disable_each_rule.py` uses it to show that
some test notices the absence of every rule.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, cast

import pytest

from ticketing.domain import decide, record
from ticketing.domain.command import Rule
from ticketing.domain.values import Event

REFUSALS_OF_THE_APPLICATION = {
    "command-id-reused": "refuse_reused_command",
    "stale-version": "refuse_stale_version",
}
"""Slugs that no rule of the domain has, and the function of `ticketing.application` that refuses."""

SECOND_LINES = {"number-taken": "number", "unit-already-open": "unit"}
"""Slugs whose rule two writers at once could get round, and the exclusive claim of the append that stops the second."""


def slugs() -> list[str]:
    """Every slug there is, in the order in which the rules are checked."""
    of_the_domain = [rule.slug for rules in decide.RULES_OF.values() for rule in rules]
    return list(dict.fromkeys([*of_the_domain, *REFUSALS_OF_THE_APPLICATION]))


def single_rules() -> list[str]:
    """Every rule of a phase as `SLUG@Event`, each once; those that look at every event are proved by their tables."""
    always = {rule.slug for rule in (decide.ROLE_MAY_NOT, decide.ILLEGAL_TRANSITION, record.FROM_THE_FUTURE)}
    return [
        f"{slug}@{event.__name__}"
        for event, rules in decide.RULES_OF.items()
        for slug in dict.fromkeys(rule.slug for rule in rules)
        if slug not in always
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-rule", metavar="SLUG[@EVENT]", help="run the tests as if this rule did not exist")


def pytest_configure(config: pytest.Config) -> None:
    named = cast(str | None, config.getoption("--without-rule"))
    if named is not None:
        disable(named)


def disable(named: str) -> None:
    """Takes a rule out of the running process, wherever it is enforced.

    Raises:
        pytest.UsageError: There is no such rule.
    """
    slug, _, event_name = named.partition("@")
    found = _disable_in_domain(slug, event_name)
    if not event_name:
        found |= _disable_in_application(slug)
        _disable_second_line(slug)
    if not found:
        raise pytest.UsageError(f"there is no rule {named}; there are: {', '.join(slugs())}")


def _disable_in_domain(slug: str, event_name: str) -> bool:
    rules_of = cast(dict[type[Event], tuple[Rule[Any], ...]], decide.RULES_OF)
    found = False
    for event, rules in rules_of.items():
        if event_name in ("", event.__name__) and any(rule.slug == slug for rule in rules):
            rules_of[event] = tuple(replace(rule, reason=_no_reason) if rule.slug == slug else rule for rule in rules)
            found = True
    return found


def _no_reason(event: Event, situation: object) -> None:
    """No fact breaks a rule that does not exist."""


def _disable_in_application(slug: str) -> bool:
    function = REFUSALS_OF_THE_APPLICATION.get(slug)
    application = _module("ticketing.application")
    if function is None or application is None:
        return False
    getattr(application, function)  # one renamed there must be renamed here
    setattr(application, function, _accepts)
    return True


def _accepts(*args: object, **kwargs: object) -> None:
    """Whatever was refused is not."""


def _disable_second_line(slug: str) -> None:
    kind = SECOND_LINES.get(slug)
    for name in ("ticketing.adapters.recording", "ticketing.application"):
        module = _module(name)
        if kind is not None and module is not None and hasattr(module, "ticket_append"):
            module.ticket_append = _sharing(kind, module.ticket_append)  # type: ignore[attr-defined]


def _sharing(kind: str, ticket_append: Callable[..., Any]) -> Callable[..., Any]:
    """The same append, whose claims of this kind shut nobody else out."""

    def shared(*args: object, **kwargs: object) -> tuple[Any, Any]:
        append, ticket = ticket_append(*args, **kwargs)
        claims = [replace(claim, is_exclusive=False) if claim.kind == kind else claim for claim in append.claims]
        return replace(append, claims=tuple(claims)), ticket

    return shared


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name) if importlib.util.find_spec(name) is not None else None
    except ModuleNotFoundError:
        return None
