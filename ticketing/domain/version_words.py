"""Version words: any version of reference data in words, and what one has changed of another."""

from collections.abc import Mapping

from ticketing.domain.calendar_words import calendar_differences, calendar_in_words
from ticketing.domain.changes import Change, changes, side_by_side
from ticketing.domain.phrases import day_or_instant, spaced
from ticketing.domain.policy_words import clock_in_words, policy_in_words
from ticketing.domain.reference import CalendarPublished, PolicyPublished, Published, SitePublished, StandardPublished
from ticketing.domain.standard_words import clause_in_words, differences


def version_in_words(thing: Published) -> dict[str, str]:
    """What the version says, by heading, each in a line or more; of a standard its clauses alone."""
    match thing:
        case CalendarPublished():
            return calendar_in_words(thing)
        case PolicyPublished():
            clocks = {f"clock {clock.id}": "\n".join(clock_in_words(clock).values()) for clock in thing.clocks}
            return {**policy_in_words(thing), **clocks}
        case StandardPublished():
            return {
                f"clause {clause.id}": "\n".join((clause.title, *(f"  {line}" for line in clause_in_words(clause))))
                for clause in thing.clauses
            }
        case SitePublished():
            return _site_in_words(thing)
        case _:
            return {}


def version_differences(older: Published, newer: Published) -> tuple[Change, ...]:
    """What the newer of two versions of one kind says differently; the order of what it lists says nothing."""
    match older, newer:
        case StandardPublished(), StandardPublished():
            return differences(older, newer)
        case CalendarPublished(), CalendarPublished():
            return tuple(calendar_differences(older, newer))
        case PolicyPublished(), PolicyPublished():
            before, after = (policy_in_words(policy) for policy in (older, newer))
            return (*changes("policy", before, after), *side_by_side("clock", _clocks(older), _clocks(newer)))
        case SitePublished(), SitePublished():
            return tuple(changes("site", _site_in_words(older), _site_in_words(newer)))
        case _:
            return ()


def _clocks(policy: PolicyPublished) -> Mapping[str, Mapping[str, str]]:
    return {clock.id: clock_in_words(clock) for clock in policy.clocks}


def _site_in_words(site: SitePublished) -> dict[str, str]:
    said = {
        "name": site.name,
        "effective from": day_or_instant(site.effective_from),
        "kind": spaced(site.kind),
        "ownership": site.ownership,
        "parent": site.parent,
        "brands": ", ".join(sorted(site.brands)),
        "zone": site.zone,
        "calendar": site.calendar,
    }
    return {heading: words for heading, words in said.items() if words}
