"""Every fact of a ticket in one readable line."""

import pytest

from tests import examples
from tests.spec import fact, history
from ticketing.domain import events as e
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
        (examples.CREDITED, "credited 10.00 EUR of bill B-1: “it took too long”"),
        (examples.CORRECTED, "corrected site of fact 2 from berlin to leipzig: “wrong desk”"),
        (examples.HOST_FACT, "shop recorded ShelfPicked: shelf A-4, crates 2, is big no"),
    ],
)
def test_a_line_says_what_happened(event: Event, line: str) -> None:
    assert worded(event) == line


def test_an_erased_text_reads_erased() -> None:
    erased = e.NoteRecorded(text=PrivateText(digest="ab" * 32))
    assert worded(erased) == "noted: “[erased]”"


def test_a_recorded_silence_names_the_deadline_that_passed() -> None:
    silence = e.PositionStated(dispute_id="D-1", party="manufacturer", is_silence=True, deadline=examples.START)
    assert (
        worded(silence)
        == "recorded the manufacturer's silence in dispute D-1 after the deadline of 2026-03-02 09:00 UTC"
    )
