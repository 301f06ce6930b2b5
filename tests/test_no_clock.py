"""Why a ticket has no clock: of each policy the reason that is nearest to its having one."""

import pytest

from tests.time_stories import IN_WARRANTY, OFFICE, OPENED, RECEIVED, WARRANTY, Story, clock, policy, received
from ticketing.domain.no_clock import why_none
from ticketing.domain.reference import PolicyPublished

TURNAROUND = clock(working_hours=8)


def reasons(story: Story, under: PolicyPublished | None = None) -> tuple[str, ...]:
    assert not story.clocks(under=under)
    return why_none(story.history, story.rules, under=under)


def test_without_any_policy_there_is_none_to_have_a_clock() -> None:
    assert reasons(received()) == ("no policy was published",)


@pytest.mark.parametrize(
    ("published", "why"),
    [
        (
            policy(TURNAROUND, effective_from="2026-04-01 00:00"),
            "contract@1 is effective only from 2026-04-01, after what would start its clocks",
        ),
        (
            policy(TURNAROUND, key="maker-contract", manufacturer="Acme"),
            "maker-contract is for Acme; this ticket's manufacturer is ACME",
        ),
        (WARRANTY, "the conditions of contract@1 never held: turnaround asks for entitlement warranty"),
        (policy(clock(starts="UnitArrived")), "of contract@1 none of the start facts has occurred"),
        (policy(), "contract@1 defines no clock"),
    ],
)
def test_a_policy_says_what_it_failed_at(published: PolicyPublished, why: str) -> None:
    assert reasons(received(published)) == (why,)


def test_a_policy_published_after_the_receipt_was_recorded_starts_nothing() -> None:
    story = received()
    story.publishes(policy(TURNAROUND))
    assert reasons(story) == ("contract@1 was published only after what would start its clocks was recorded",)


def test_of_two_versions_the_nearer_one_speaks() -> None:
    story = received(policy(TURNAROUND, manufacturer="Acme"))
    story.publishes(policy(TURNAROUND, manufacturer="ACME", version=2, effective_from="2017-01-01 00:00"))
    assert reasons(story) == ("contract@2 was published only after what would start its clocks was recorded",)


def test_a_later_version_without_the_clock_took_its_place() -> None:
    later = policy(clock("call", starts="UnitArrived"), version=2, effective_from="2017-01-01 00:00")
    assert reasons(received(policy(TURNAROUND), later)) == (
        "a later version than contract@1 was in force, and has no clock that its facts start",
    )


def test_a_version_asked_about_speaks_alone_and_whenever_it_was_published() -> None:
    story = received(policy(TURNAROUND, key="other", manufacturer="Tessel"))
    late = policy(clock(conditions={"entitlements": ("goodwill",)}), effective_from="2026-04-01 00:00")
    story.publishes(late)
    story.tells(IN_WARRANTY, "2026-03-02 10:00")
    assert reasons(story, late) == (
        "the conditions of contract@1 never held: turnaround asks for entitlement goodwill",
    )


def test_a_ticket_that_names_no_manufacturer_is_nobodys() -> None:
    story = Story(OFFICE, policy(TURNAROUND, manufacturer="ACME"))
    story.tells(OPENED.model_copy(update={"manufacturer": None}), "2026-03-02 08:00")
    story.tells(RECEIVED, "2026-03-02 09:00")
    assert reasons(story) == ("contract is for ACME; this ticket names no manufacturer",)


def test_at_most_five_policies_are_named_the_nearest_first() -> None:
    others = [policy(TURNAROUND, key=f"a-{number}", manufacturer="Tessel") for number in range(6)]
    told = reasons(received(*others, WARRANTY))
    assert told[0].startswith("the conditions of contract@1")
    assert [line.split()[0] for line in told[1:5]] == ["a-0", "a-1", "a-2", "a-3"]
    assert told[5:] == ("and 2 more policies have none",)
