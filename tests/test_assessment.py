"""The assessment beside a decision: what the engine said of what was known then, whoever decides what."""

from collections.abc import Iterator

import pytest

from tests.examples import (
    AUDITOR,
    CORRECT_EVENT,
    DECIDE_ENTITLEMENT,
    MANAGER,
    OPEN_TICKET,
    PERFORM_TEST,
    PIN_STANDARD,
    RECEIVE_UNIT,
    RECORD_DIAGNOSIS,
    RECORD_PROOF,
    REFUSE_SERVICE,
    REFUSED,
    RETRACT_EVENT,
    REVISE_ENTITLEMENT,
    START,
    TICKET,
    WARRANTY_OFFICER,
    but,
)
from tests.oracle import LAXER
from ticketing.application import Handled, Ticketing
from ticketing.domain.assessment import Assessment
from ticketing.domain.command import Command
from ticketing.domain.cuts import surviving
from ticketing.domain.errors import CommandRejected
from ticketing.domain.known import known_of
from ticketing.domain.publishing import Publish
from ticketing.domain.record import RecordFinding
from ticketing.domain.standard import assess

PIN = but(PIN_STANDARD, standard_version=LAXER.version, document_hash=None)


@pytest.fixture
def app(store_url: str) -> Iterator[Ticketing]:
    """A ticket that was received, in a store with the version of `oracle`."""
    with Ticketing(store_url, clock=lambda: START) as opened:
        for command in (Publish(actor=MANAGER, thing=LAXER), OPEN_TICKET, RECEIVE_UNIT):
            opened.handle(command)
        yield opened


def beside(handled: Handled) -> Assessment | None:
    assessment: Assessment | None = getattr(handled.events[0].event, "assessment")  # noqa: B009  # of any decision
    return assessment


def expected(app: Ticketing) -> Assessment:
    """What the version says of all that is on record now."""
    return assess(LAXER, known_of(surviving(app.store.stream(TICKET))))


@pytest.mark.parametrize("facts", [(), (RECORD_PROOF,), (RECORD_PROOF, PERFORM_TEST, RECORD_DIAGNOSIS)])
def test_beside_a_decision_stands_what_the_version_pinned_said_of_the_facts_before_it(
    app: Ticketing, facts: tuple[Command, ...]
) -> None:
    for command in (PIN, *facts):
        app.handle(command)
    then = expected(app)
    decided = app.handle(DECIDE_ENTITLEMENT)
    assert beside(decided) == then
    assert then.answer == ("covered" if len(facts) == 3 else "undecidable")
    # What comes later changes nothing of it; the next decision has its own.
    app.handle(but(RECORD_PROOF, purchased_on="2020-01-01"))
    later = app.handle(REVISE_ENTITLEMENT)
    assert beside(later) == expected(app) != then
    assert app.history(TICKET)[-3].event == decided.events[0].event


def test_where_no_version_is_pinned_nothing_stands_beside(app: Ticketing) -> None:
    assert beside(app.handle(DECIDE_ENTITLEMENT)) is None


def test_a_refusal_against_the_standard_shows_it(app: Ticketing) -> None:
    for command in (PIN, RECORD_PROOF, PERFORM_TEST, RECORD_DIAGNOSIS):
        app.handle(command)
    refused = beside(app.handle(REFUSE_SERVICE))
    assert refused is not None
    assert refused.answer == "covered"


def test_a_finding_gets_the_assessment_of_the_engine_and_not_its_own(app: Ticketing) -> None:
    forged = Assessment(standard=LAXER.key, version=4, answer="not_covered")
    found = RecordFinding(
        ticket_id=TICKET, actor=WARRANTY_OFFICER, found_by=AUDITOR, event=but(REFUSED, assessment=forged)
    )
    assert beside(app.handle(found)) is None
    app.handle(PIN)
    assert beside(app.handle(found)) == expected(app)


def test_nobody_corrects_what_the_standard_said(app: Ticketing) -> None:
    app.handle(PIN)
    decided = app.handle(DECIDE_ENTITLEMENT)
    correction = {"target_version": decided.version, "actor": MANAGER, "approved_by": "m-2"}
    with pytest.raises(CommandRejected, match="unknown-reference") as refused:
        app.handle(but(CORRECT_EVENT, **correction, field="assessment.answer", is_="covered"))
    assert "stands as the standard said" in refused.value.reason
    app.handle(but(RETRACT_EVENT, **correction))


def test_a_correction_of_what_was_known_reaches_only_later_decisions(app: Ticketing) -> None:
    app.handle(PIN)
    proof = app.handle(but(RECORD_PROOF, purchased_on="2020-01-01"))
    first = beside(app.handle(DECIDE_ENTITLEMENT))
    app.handle(
        but(
            CORRECT_EVENT,
            target_version=proof.version,
            actor=MANAGER,
            approved_by="m-2",
            field="purchased_on",
            is_="2026-01-01",
        )
    )
    second = beside(app.handle(but(DECIDE_ENTITLEMENT, basis="goodwill")))
    assert first is not None
    assert second is not None
    told = [[reason.holds for reason in it.clauses[0].reasons if reason.asks == "period"] for it in (first, second)]
    assert told == [[False], [True]]
