"""Handling: through whose hands tickets go, how long customers hear nothing, and which site answers the others."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import RECEPTIONIST, WHY, Company, day
from ticketing import reports
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput
from ticketing.domain.values import Event, Money
from ticketing.projections import dimensions, handling, turnaround
from ticketing.projections.built_in import HANDLING_ROWS
from ticketing.projections.handling import HandlingRow
from ticketing.projections.report import Report, ReportRow

UNUSED = frozenset(
    {
        e.ProofOfPurchaseRecorded,
        e.RepeatLinked,
        e.StandardPinned,
        e.EstimateApproved,
        e.WaitStarted,
        e.WaitEnded,
        e.DisputeOpened,
        e.PositionRequested,
        e.PositionStated,
        e.EvidenceSubmitted,
        e.EvidenceHandedOver,
        e.JointInspectionHeld,
        e.VerdictIssued,
        e.VerdictAppealed,
        e.DisputeClosed,
        e.PayersRevised,
        e.ClaimSubmitted,
        e.ClaimDecided,
        e.BillCredited,
        e.ComplaintReceived,
        e.SatisfactionRated,
        e.EventCorrected,
        e.EventRetracted,
        e.NoteRecorded,
        e.NoticeSent,
        e.HostFactRecorded,
    }
)
TELLS = e.CustomerContacted(direction="to_customer", channel="phone", topic="status")
IS_ASKED = e.CustomerContacted(direction="from_customer", channel="phone", topic="status")
EURO = Money(amount=Decimal(1), currency="EUR")
PAYS = e.PaymentReceived(amount=EURO)
BACK = e.UnitHandedBack()


def test_every_fact_is_used_or_left_out_on_purpose() -> None:
    used = dimensions.TAKEN | turnaround.TAKEN | handling.TAKEN
    assert used | UNUSED == set(e.TICKET_EVENTS)
    assert not used & UNUSED


@pytest.fixture
def company() -> Company:
    return Company()


def assigned(site: str) -> Event:
    return e.TicketAssigned(site=site)


def arrived(site: str) -> Event:
    return e.UnitArrived(site=site)


def story(company: Company, number: int, *facts: Event) -> UUID:
    """A ticket received in Berlin on day 0; one fact an hour."""
    ticket = company.repairs(number, 0, None)
    for hours, fact in enumerate(facts, 1):
        company.finds(ticket, fact, day(hours / 24))
    return ticket


def row_of(company: Company) -> HandlingRow:
    company.app.projections.catch_up([HANDLING_ROWS])
    (row,) = company.app.projections.rows(HANDLING_ROWS)
    return row


def went(company: Company) -> tuple[list[str], int, int]:
    row = row_of(company)
    return (row.path or "").split("\n"), row.changes, row.bounces


def one(report: Report, figure: str) -> ReportRow:
    (row,) = report.of(figure)
    return row


def counts(row: ReportRow) -> tuple[int, int, int, int]:
    return row.numerator, row.denominator, row.excluded, row.censored


# through whose hands


def test_a_ticket_sent_to_a_workshop_and_back_changes_site_twice(company: Company) -> None:
    # Assigned before the unit left, and the unit follows: one change, not two.
    sent = [assigned("leipzig"), e.UnitDispatched(to="leipzig"), arrived("leipzig"), e.RepairStarted()]
    story(company, 1, *sent, e.UnitDispatched(to="berlin"), arrived("berlin"), assigned("berlin"), BACK)
    assert went(company) == (["berlin", "leipzig", "berlin"], 2, 0)


def test_a_unit_received_where_it_was_expected_is_no_change_though_the_ticket_is_elsewhere(company: Company) -> None:
    ticket = company.opens(1, day(0))
    for hours, fact in enumerate([assigned("leipzig"), e.UnitReceived(site="berlin"), arrived("leipzig")]):
        company.finds(ticket, fact, day(hours / 24))
    assert went(company) == (["berlin", "leipzig"], 1, 0)


def test_departments_are_sites_and_another_person_of_the_same_is_no_change(company: Company) -> None:
    to_another = e.TicketAssigned(site="bench", person="t-2")
    story(company, 1, assigned("bench"), to_another, assigned("boards"))
    assert went(company) == (["berlin", "bench", "boards"], 2, 0)


def test_a_ticket_that_is_given_to_the_same_site_again_stays_with_the_unit(company: Company) -> None:
    story(company, 1, assigned("bench"), arrived("leipzig"), e.TicketAssigned(site="bench", person="t-2"))
    assert went(company) == (["berlin", "bench", "leipzig"], 2, 0)


def test_what_comes_back_without_anything_done_in_between_bounced(company: Company) -> None:
    # Bench to boards and back, nobody touched it: a bounce. Then to Berlin, where it was before bench and boards, and
    # at the bench it was tested now: none.
    tested = e.TestPerformed(test="power", passed=False)
    story(company, 1, assigned("bench"), assigned("boards"), assigned("bench"), tested, assigned("berlin"))
    assert went(company) == (["berlin", "bench", "boards", "bench", "berlin"], 4, 1)


def test_work_before_it_left_does_not_make_up_for_a_bounce(company: Company) -> None:
    story(company, 1, e.DiagnosisStarted(), assigned("boards"), assigned("berlin"))
    assert went(company) == (["berlin", "boards", "berlin"], 2, 1)


def test_what_happens_after_the_first_hand_back_changes_nothing(company: Company) -> None:
    ticket = story(company, 1, assigned("bench"), BACK, e.TicketClosed(outcome="repaired"))
    company.finds(ticket, e.TicketReopened(ground="same_fault"), day(3))
    company.finds(ticket, assigned("boards"), day(4))
    assert went(company) == (["berlin", "bench"], 1, 0)


def test_shares_are_of_tickets_that_are_back_and_how_often_is_by_nearest_rank(company: Company) -> None:
    # Changes 0, 1 and 3; one open that was handed on may go on yet, and of the opening's cohort it is censored; one
    # was cancelled.
    story(company, 1, BACK)
    story(company, 2, assigned("bench"), BACK)
    story(company, 3, assigned("bench"), assigned("boards"), assigned("bench"), BACK)
    story(company, 4, assigned("bench"))
    story(company, 5, assigned("bench"), BACK, e.TicketClosed(outcome="cancelled"))
    report = reports.handling(company.app)
    assert counts(one(report, "handling")) == (1, 3, 1, 0)
    assert counts(one(report, "handed_on")) == (2, 3, 1, 0)
    assert counts(one(report, "bounced")) == (1, 3, 1, 0)
    # Ranks ⌈1.5⌉ = 2 and ⌈2.7⌉ = 3.
    assert one(report, "site_changes").percentiles == {"p50": 1, "p90": 3}
    opened = reports.handling(company.app, cohort="opened_in")
    assert counts(one(opened, "handed_on")) == (2, 3, 1, 1)


def test_not_closing_a_ticket_that_is_back_does_not_take_it_out(company: Company) -> None:
    story(company, 1, assigned("bench"), BACK)
    assert counts(one(reports.handling(company.app), "handed_on")) == (1, 1, 0, 0)


def test_a_ticket_never_received_is_excluded_and_counted(company: Company) -> None:
    ticket = company.opens(1, day(0))
    company.finds(ticket, assigned("bench"), day(1))
    company.finds(ticket, e.TicketClosed(outcome="refused"), day(2))
    assert counts(one(reports.handling(company.app, cohort="opened_in"), "handling")) == (0, 0, 1, 0)


def test_who_hands_on_is_told_by_site(company: Company) -> None:
    # Berlin had all three and handed on two; the bench had two, and handed one to the boards, which gave it back.
    story(company, 1, BACK)
    story(company, 2, assigned("bench"), e.RepairStarted(), BACK)
    story(company, 3, assigned("bench"), assigned("boards"), assigned("bench"), e.RepairStarted(), BACK)
    report = reports.handling(company.app)
    on = {row.group["from_site"]: (row.numerator, row.denominator, row.parts) for row in report.of("handed_on_by")}
    assert on == {
        "bench": (1, 2, {"times": 1, "unworked": 1}),
        "berlin": (2, 3, {"times": 2, "unworked": 2}),
        "boards": (1, 1, {"times": 1, "unworked": 1}),
    }
    back = {row.group["from_site"]: (row.numerator, row.denominator) for row in report.of("bounced_back_to")}
    assert back == {"bench": (1, 1), "berlin": (0, 2), "boards": (0, 1)}


def test_what_a_site_had_and_does_not_count_is_told_by_site_too(company: Company) -> None:
    story(company, 1, assigned("bench"))
    story(company, 2, assigned("bench"), BACK, e.TicketClosed(outcome="cancelled"))
    found = reports.handling(company.app, cohort="opened_in", by=["channel"]).of("handed_on_by")
    assert [(row.group, counts(row)) for row in found] == [
        ({"channel": "counter", "from_site": "bench"}, (0, 0, 1, 1)),
        ({"channel": "counter", "from_site": "berlin"}, (0, 0, 1, 1)),
    ]


def test_contacts_count_both_ways_until_anything_is_done(company: Company) -> None:
    # 3 contacts before the diagnosis and one after; 1 before; none looked at the third, which is closed; the last is
    # open and may be looked at yet.
    story(company, 1, IS_ASKED, IS_ASKED, TELLS, e.DiagnosisStarted(), TELLS, BACK)
    story(company, 2, TELLS, e.TestPerformed(test="power", passed=True), BACK)
    story(company, 3, TELLS, BACK)
    story(company, 4, TELLS)
    row = one(reports.handling(company.app, cohort="opened_in"), "contacts_before_action")
    assert (row.percentiles, row.unit) == ({"p50": 1, "p90": 3}, "times")
    assert counts(row) == (2, 2, 1, 1)


# silence


def silent(company: Company, **asked: object) -> Report:
    return reports.silence(company.app, **asked)  # type: ignore[arg-type]


def test_the_longest_silence_is_told_before_and_after_payment(company: Company) -> None:
    # Received day 0, told day 2, paid day 7: 5 days. Told day 8, back day 14: 6 days.
    ticket = company.repairs(1, 0, None)
    for at, fact in ((2, TELLS), (5, IS_ASKED), (7, PAYS), (8, TELLS), (14, BACK)):
        company.finds(ticket, fact, day(at))
    company.now = day(40)
    report = silent(company)
    before, after = one(report, "longest_silence_before"), one(report, "longest_silence_after")
    assert (before.percentiles, before.unit, before.censored) == ({"p50": 5.0, "p90": 5.0}, "d", 0)
    assert (after.percentiles, after.censored) == ({"p50": 6.0, "p90": 6.0}, 0)


def test_a_silence_that_goes_on_lasts_until_now(company: Company) -> None:
    # Told on day 1 after a day; nothing since, up to day 10. Nothing was paid.
    ticket = company.repairs(1, 0, None)
    company.finds(ticket, TELLS, day(1))
    company.now = day(10)
    report = silent(company)
    row = one(report, "longest_silence_before")
    assert (row.percentiles, row.censored) == ({"p50": 9.0, "p90": 9.0}, 1)
    none = one(report, "longest_silence_after")
    assert (none.percentiles, none.excluded) == ({"p50": None, "p90": None}, 1)
    assert none.reason == "no ticket of the cohort was paid for before its hand-back"
    # As of day 4 it had lasted three.
    assert one(silent(company, as_of=day(4)), "longest_silence_before").percentiles == {"p50": 3.0, "p90": 3.0}


def test_an_imported_silence_lasts_until_the_end_of_its_source(company: Company) -> None:
    opened, received = e.TicketOpened(number="L-1", site="berlin"), e.UnitReceived(site="berlin")
    company.imports(1, "old", [(opened, day(0)), (received, day(0))])
    company.imports(2, "old", [(e.TicketOpened(number="L-2", site="berlin"), day(6))])
    company.now = day(50)
    assert one(silent(company), "longest_silence_before").percentiles == {"p50": 6.0, "p90": 6.0}


@pytest.mark.parametrize("ends", [e.TicketClosed(outcome="refused"), e.UnitDisposed(reason=WHY)])
def test_closing_or_disposal_ends_a_silence_and_reopening_begins_another(company: Company, ends: Event) -> None:
    # 2 days to the closing, nobody owes anything for 20, then 3 days to the hand-back.
    ticket = company.repairs(1, 0, None)
    company.finds(ticket, ends, day(2))
    company.now = day(10)
    assert one(silent(company), "longest_silence_before").percentiles == {"p50": 2.0, "p90": 2.0}
    company.finds(ticket, e.TicketReopened(ground="complaint"), day(22))
    company.finds(ticket, BACK, day(25))
    assert one(silent(company), "longest_silence_before").percentiles == {"p50": 3.0, "p90": 3.0}


@pytest.mark.parametrize(
    "fact",
    [
        TELLS,
        e.PromiseMade(due_at=day(30)),
        e.EstimateIssued(estimate_version=1, lines=(), maximum=EURO),
        e.ServiceRefused(),
        e.BillIssued(
            bill_id="B",
            lines=(e.BillLine(line_id="1", payer="customer", amount=EURO),),
        ),
        e.CustomerNotified(),
        e.ComplaintAcknowledged(complaint_id="c"),
        e.ComplaintResolved(complaint_id="c", is_upheld=True),
    ],
)
def test_the_customer_is_told_by(company: Company, fact: Event) -> None:
    ticket = company.repairs(1, 0, None)
    company.finds(ticket, fact, day(4))
    company.now = day(6)
    assert one(silent(company), "longest_silence_before").percentiles == {"p50": 4.0, "p90": 4.0}


@pytest.mark.parametrize(
    "fact",
    [
        IS_ASKED,
        e.NoticeSent(clock="collect", kind="reminder", to="customer"),
        e.NoteRecorded(text=WHY),
        e.BillIssued(
            bill_id="B",
            lines=(e.BillLine(line_id="1", payer="manufacturer", amount=EURO),),
        ),
        e.PaymentReceived(amount=EURO, payer="manufacturer"),
    ],
)
def test_the_customer_is_not_told_by(company: Company, fact: Event) -> None:
    ticket = company.repairs(1, 0, None)
    company.finds(ticket, fact, day(4))
    company.now = day(6)
    assert one(silent(company), "longest_silence_before").percentiles == {"p50": 6.0, "p90": 6.0}


def test_who_is_silent_after_payment_told_nothing_within_the_days(company: Company) -> None:
    # Three days, asked on day 20. Paid on day 1 each: told on day 4 (in time, inclusive), on day 5 (too late), never
    # (silent), unit back on day 2 (in time). Paid on day 18: its days have not passed. Paid after the hand-back: out.
    for number, (at, fact) in enumerate(((4, TELLS), (5, TELLS), (5, IS_ASKED), (2, BACK)), 1):
        ticket = company.repairs(number, 0, None)
        company.finds(ticket, PAYS, day(1))
        company.finds(ticket, fact, day(at))
    company.finds(company.repairs(5, 0, None), PAYS, day(18))
    company.finds(company.repairs(6, 0, 1), PAYS, day(2))
    company.now = day(20)
    row = one(silent(company), "silence")
    assert (counts(row), row.value) == ((2, 4, 0, 1), 50.0)
    assert counts(one(silent(company, within_days=4), "silence")) == (1, 4, 0, 1)
    by_technician = silent(company, by=["technician"]).of("silence")
    assert [row.group for row in by_technician] == [{"technician": None}]


def test_closing_a_ticket_tells_nobody_anything(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    company.finds(ticket, PAYS, day(1))
    company.finds(ticket, e.TicketClosed(outcome="exchanged"), day(2))
    company.now = day(20)
    assert counts(one(silent(company), "silence")) == (1, 1, 0, 0)


def oracle(facts: Sequence[tuple[int, str]], now: int) -> tuple[int, int | None]:
    """The longest silences in days, before and after the payment, by going through the days one by one."""
    told = {at for at, kind in facts if kind == "tells"}
    paid = min((at for at, kind in facts if kind == "pays"), default=None)
    back = min((at for at, kind in facts if kind == "back"), default=now)
    if paid is not None and paid > back:
        paid = None

    def longest(first: int, last: int) -> int:
        silence = longest_so_far = 0
        for at in range(first, last):
            silence = 1 if at in told or at == first else silence + 1
            longest_so_far = max(longest_so_far, silence)
        return longest_so_far

    return longest(0, back if paid is None else paid), None if paid is None else longest(paid, back)


@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["tells", "tells", "pays", "back"])), max_size=8))
@settings(max_examples=30)
def test_silences_are_those_of_somebody_who_counts_the_days(facts: list[tuple[int, str]]) -> None:
    happening = {"tells": TELLS, "pays": PAYS, "back": BACK}
    in_order = sorted(facts, key=lambda fact: (fact[0], fact[1] == "back"))
    with Company() as company:
        ticket = company.repairs(1, 0, None)
        for at, kind in in_order:
            company.finds(ticket, happening[kind], day(at))
        company.now = day(21)
        report = silent(company, percentiles=(50,))
        found = [one(report, f"longest_silence_{name}").percentiles for name in ("before", "after")]
        assert found == [{"p50": days} for days in oracle(in_order, 21)]


# requests between sites


def test_answers_are_told_by_the_site_that_was_asked(company: Company) -> None:
    # Two days to answer, as of day 20. The warehouse: answered after 12 h, and after 3 days; a third made on day 19 is
    # not due. Leipzig: one since day 5, unanswered; one whose ticket was closed unanswered after a day.
    ticket = company.repairs(1, 0, None)
    asked = [("a", "warehouse", 1.0), ("b", "warehouse", 2.0), ("c", "leipzig", 5.0), ("d", "warehouse", 19.0)]
    for request_id, to_site, at in asked:
        request = e.RequestMade(request_id=request_id, from_site="berlin", to_site=to_site, about="part")
        company.finds(ticket, request, day(at), by=RECEPTIONIST)
    company.finds(ticket, e.RequestAnswered(request_id="a", is_granted=True), day(1.5))
    company.finds(ticket, e.RequestAnswered(request_id="b", is_granted=False), day(5))
    company.finds(ticket, e.RequestAnswered(request_id="b", is_granted=True), day(6))  # said again: the first counts
    closed = company.repairs(2, 0, None)
    company.finds(closed, e.RequestMade(request_id="x", to_site="leipzig", about="tool"), day(7))
    company.finds(closed, e.TicketClosed(outcome="refused"), day(8))
    company.now = day(20)
    report = reports.requests(company.app)
    in_time = {row.group["to_site"]: counts(row) for row in report.of("requests")}
    assert in_time == {"leipzig": (0, 2, 0, 0), "warehouse": (1, 2, 0, 1)}
    leipzig, warehouse = report.of("time_to_answer")
    # Answered after 12 h and 72 h, one waiting for 24 h: F(12) = 1/3, F(72) = 1.
    assert (warehouse.percentiles, warehouse.unit, warehouse.censored) == ({"p50": 72.0, "p90": 72.0}, "h", 1)
    assert leipzig.percentiles == {"p50": None, "p90": None}
    assert leipzig.reason == "p50, p90 not reached: of 2 requests 1 wait, 1 were closed"
    # Waiting on day 20: since day 5 for 15 days, and since day 19 for one.
    waiting = report.of("requests_unanswered")
    assert [[age for age, count in (row.ages or {}).items() if count] for row in waiting] == [["15-30"], ["0-3"]]
    assert [(row.value, row.denominator, row.unit) for row in waiting] == [(1, 2, "requests"), (1, 3, "requests")]


def test_requests_of_a_cancelled_ticket_are_left_out_of_the_share_and_counted(company: Company) -> None:
    for number, outcome in ((1, "repaired"), (2, "cancelled")):
        ticket = company.repairs(number, 0, None)
        company.finds(ticket, e.RequestMade(request_id="a", to_site="leipzig", about="part"), day(1))
        company.finds(ticket, e.RequestMade(request_id="b", to_site="leipzig", about="tool"), day(8))
        company.finds(ticket, e.RequestAnswered(request_id="a", is_granted=True), day(2))
        company.finds(ticket, e.TicketClosed.model_validate({"outcome": outcome}), day(9))
    company.now = day(9)
    # Of each ticket one answered in time and one not due; those of the cancelled one are none of them.
    assert counts(one(reports.requests(company.app), "requests")) == (1, 1, 2, 1)


def test_nothing_asked_is_null_with_a_reason(company: Company) -> None:
    company.repairs(1, 0, 3)
    row = one(reports.requests(company.app, within_days=1), "requests")
    assert (row.value, row.reason) == (None, "no site of the cohort's tickets was asked for anything 1 days ago")
    with pytest.raises(BadInput, match="days are counted from 0"):
        reports.requests(company.app, within_days=-1)
