"""Every fact of a ticket in one readable line."""

import pytest

from tests import examples
from tests.spec import fact, history
from ticketing.domain import events as e
from ticketing.domain.assessment import Assessment
from ticketing.domain.values import Event, PrivateText, SerialNumber
from ticketing.domain.wording import WORDING, in_words


def entered(private: PrivateText | SerialNumber) -> str:
    """The text as it was entered, as a store would give it back."""
    return private.text or "[erased]"


def worded(event: Event) -> str:
    (recorded,) = history(fact(event))
    return in_words(recorded, entered)


def test_every_event_of_a_ticket_has_its_wording() -> None:
    assert set(WORDING) == set(e.TICKET_EVENTS)


@pytest.mark.parametrize("event", [event for _, event in examples.EXAMPLES], ids=lambda event: type(event).__name__)
def test_every_example_reads_as_one_line_in_plain_words(event: Event) -> None:
    line = worded(event)
    assert line
    assert line == " ".join(line.split())
    assert not any(sign in line for sign in ("None", "=", "{", "PrivateText", "Decimal", "_")), line


def test_bare_facts_leave_no_loose_ends() -> None:
    bare: tuple[Event, ...] = (
        e.TicketOpened(number="R-1", site="berlin"),
        e.UnitReceived(site="berlin"),
        e.UnitIdentified(),
        e.TicketAssigned(site="berlin"),
        e.TestPerformed(test="charge", passed=True),
        e.DiagnosisRecorded(findings=()),
        e.ServiceRefused(),
        e.WaitStarted(cause="payment"),
        e.PositionStated(dispute_id="D-1", party="customer"),
        e.EvidenceSubmitted(evidence_id="E-1", sha256="ab" * 32, media_type="image/jpeg"),
        e.RepairCompleted(),
        e.QcFailed(),
        e.NoticeSent(clock="promise", kind="due", to="m-1"),
        e.HostFactRecorded(namespace="shop", name="Seen"),
    )
    for event in bare:
        line = worded(event)
        assert not line.endswith((":", ",", "(", ";", " to", " of")), line
        assert "()" not in line
        assert "None" not in line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (examples.TESTED_UNDER_LOAD, "tested charge (under load): failed, reading 0.02 A"),
        (examples.PINNED, "pinned standard ACME-IS-7 version 3 by date of purchase, clauses 4.2"),
        (
            examples.NO_STANDARD,
            "stated that no standard applies: “no standard was ever published for this model”",
        ),
        (examples.REFUSED, "refused the service (misuse, clause 4.2): “liquid damage is not covered”"),
        (
            examples.REVISED,
            "revised the entitlement from warranty to none because of the diagnosis, approved by m-1: “liquid inside”",
        ),
        (
            examples.VERDICT,
            (
                "decided dispute D-1 for the customer (judge e-1), shares: manufacturer 100 %: "
                "“the indicator reddens in humid air”"
            ),
        ),
        (
            examples.POSITION_REQUESTED,
            "asked the manufacturer for its position in dispute D-1 until 2026-03-03 00:30 UTC: “please say”",
        ),
        (
            examples.but(examples.MANUFACTURERS_POSITION, letter_hash="ab" * 32, language="zh-Hans"),
            (
                "stated the manufacturer's position in dispute D-1, letter abababababab… (clause 4.2) [zh-Hans]: "
                "“the indicator is red”"
            ),
        ),
        (
            examples.BOARD_SUBMITTED,
            "put evidence E-2 on record: part, image/jpeg, fefefefefefe…, held by berlin-safe",
        ),
        (examples.EVIDENCE_HANDED_OVER, "handed evidence E-2 over from berlin-safe to e-1"),
        (
            examples.but(examples.INSPECTED_JOINTLY, invited=("cust-1", "acme"), protocol_hash="ab" * 32),
            (
                "held a joint inspection in dispute D-1 with cust-1, e-1; invited and absent: acme; "
                "protocol abababababab…"
            ),
        ),
        (
            examples.but(
                examples.DISPUTE_CLOSED,
                how="settled",
                shares=examples.VERDICT.shares,
                amount=examples.euros("40.00"),
                terms=PrivateText(text="half each"),
            ),
            (
                "closed dispute D-1: settled, shares: manufacturer 100 %, credited to the customer: 40.00 EUR, "
                "“half each”"
            ),
        ),
        (
            examples.PAYERS_REVISED,
            (
                "revised the payers of estimate 1 after dispute D-1: board 80.00 EUR by the manufacturer: "
                "“as the expert decided”"
            ),
        ),
        (
            examples.but(examples.CLAIMED, to="Sure Ltd", to_party="insurer", dispute_id="D-1"),
            "submitted claim C-1 to Sure Ltd (the insurer) for 30.00 EUR after dispute D-1",
        ),
        (
            examples.but(examples.CLAIM_DECIDED, on_behalf_of="acme", letter_hash="cd" * 32),
            "decided claim C-1 on behalf of acme: 25.00 EUR approved, clause 4.2, letter cdcdcdcdcdcd…",
        ),
        (
            examples.but(examples.CREDITED, dispute_id="D-1"),
            "credited 10.00 EUR of bill B-1 after dispute D-1: “it took too long”",
        ),
        (examples.CREDITED, "credited 10.00 EUR of bill B-1: “it took too long”"),
        (examples.CORRECTED, "corrected site of fact 2 from berlin to leipzig: “wrong desk”"),
        (examples.NOTICE_SENT, "sent notice due soon of clock promise to m-1"),
        (
            examples.but(
                examples.NOTICE_SENT,
                policy="boreas-contract",
                cycle=2,
                subject="north#2",
                clock="bench",
                due_at=examples.START,
            ),
            (
                "sent notice due soon of clock bench of policy boreas-contract for north#2 in cycle 2 to m-1, "
                "due 2026-03-02 09:00 UTC"
            ),
        ),
        (examples.HOST_FACT, "shop recorded ShelfPicked: shelf A-4, crates 2, is big no"),
    ],
)
def test_a_line_says_what_happened(event: Event, line: str) -> None:
    assert worded(event) == line


def test_a_decision_is_told_with_what_the_standard_said_of_it() -> None:
    against = Assessment(standard="ACME-IS-7", version=3, answer="not_covered")
    for event in (examples.IN_WARRANTY, examples.REVISED, examples.REFUSED):
        assert worded(examples.but(event, assessment=against)) == f"{worded(event)}; ACME-IS-7@3 says not covered"


def test_an_erased_text_reads_erased() -> None:
    erased = e.NoteRecorded(text=PrivateText(digest="ab" * 32))
    assert worded(erased) == "noted: “[erased]”"


def test_a_recorded_silence_names_the_deadline_that_passed() -> None:
    silence = e.PositionStated(dispute_id="D-1", party="manufacturer", is_silence=True, deadline=examples.START)
    assert (
        worded(silence)
        == "recorded the manufacturer's silence in dispute D-1 after the deadline of 2026-03-02 09:00 UTC"
    )
