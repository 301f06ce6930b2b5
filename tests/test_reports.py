"""Reports: the same answer from rows and from the log, on every store; cuts by hand."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repairs import WHY, Company, day
from ticketing import reports
from ticketing.adapters.projector import catch_up
from ticketing.adapters.view import ViewId
from ticketing.answering import gathered, understood
from ticketing.application import Ticketing
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, CommandRejected
from ticketing.domain.values import Event, Money, Recorded, SerialNumber
from ticketing.projections.built_in import BUILT_IN, TURNAROUND_ROWS
from ticketing.projections.report import Report
from ticketing.projections.row import Row, fold_row
from ticketing.projections.turnaround import TURNAROUND, TurnaroundRow
from ticketing.projections.whole import row_of

PINNED = e.StandardPinned(standard="ACME-IS", standard_version=1)
FACTS: tuple[Event, ...] = (
    e.UnitReceived(site="berlin"),
    e.UnitReceived(site="munich"),
    e.UnitIdentified(manufacturer="Brutus", model="Ä1"),
    e.UnitDispatched(to="leipzig"),
    e.UnitArrived(site="leipzig"),
    e.DiagnosisStarted(),
    e.DiagnosisRecorded(findings=(e.Finding(finding_id="f", cause="none_found"),)),
    e.RepairStarted(),
    e.RepairCompleted(),
    e.QcPassed(),
    e.QcFailed(),
    e.WaitStarted(cause="parts_ours"),
    e.WaitEnded(cause="parts_ours"),
    e.DisputeOpened(dispute_id="D", ground="price", raised_by="customer", parties=("customer",)),
    e.DisputeClosed(dispute_id="D", how="settled"),
    e.CustomerNotified(),
    e.UnitHandedBack(),
    e.UnitDisposed(reason=WHY),
    e.TicketClosed(outcome="repaired"),
    e.TicketClosed(outcome="cancelled"),
    e.TicketReopened(ground="same_fault"),
    e.ComplaintReceived(complaint_id="c", about="service", complaint_class="delay"),
    PINNED,
    e.EntitlementDecided(basis="warranty", clauses=("3.1", "4.2"), reason=WHY),
    e.EntitlementRevised(from_basis="warranty", to_basis="none", trigger="diagnosis", reason=WHY, approved_by="m-2"),
    e.DisputeOpened(
        dispute_id="E", ground="coverage", raised_by="customer", parties=("customer", "company"), about_version=4
    ),
    e.VerdictIssued(dispute_id="E", by="j-1", in_favour_of="customer", reasons=WHY),
    e.TicketReopened(ground="new_fault"),
    e.ClaimSubmitted(claim_id="C", to="ACME", amount=Money(amount=Decimal(30), currency="EUR")),
    e.ClaimDecided(claim_id="C", amount_approved=Money(amount=Decimal(30), currency="EUR")),
    e.ClaimDecided(claim_id="C", amount_approved=Money(amount=Decimal(0), currency="EUR"), clause="9"),
    e.PartFitted(part_number="P-1", quantity=3, cost=Money(amount=Decimal("1.005"), currency="EUR")),
    e.WorkLogged(minutes=20, cost=Money(amount=Decimal(7), currency="USD")),
    e.BillIssued(
        bill_id="B",
        lines=(e.BillLine(line_id="1", payer="customer", amount=Money(amount=Decimal("12.50"), currency="EUR")),),
    ),
    e.BillCredited(bill_id="B", amount=Money(amount=Decimal("2.50"), currency="EUR"), reason=WHY),
    e.TicketAssigned(site="bench"),
    e.TicketAssigned(site="berlin"),
    e.CustomerContacted(direction="to_customer", channel="phone", topic="status"),
    e.PaymentReceived(amount=Money(amount=Decimal(10), currency="EUR")),
    e.RequestMade(request_id="r", from_site="berlin", to_site="leipzig", about="part"),
    e.RequestAnswered(request_id="r", is_granted=True),
    e.EstimateIssued(
        estimate_version=1,
        lines=(
            e.EstimateLine(
                line_id="a",
                finding_id="f",
                payer="customer",
                basis="none",
                price=Money(amount=Decimal(10), currency="EUR"),
            ),
        ),
        maximum=Money(amount=Decimal(11), currency="EUR"),
    ),
    e.EstimateApproved(estimate_version=1, lines=("a",)),
    e.PartFitted(part_number="P-2", estimate_line="a"),
    e.BillIssued(
        bill_id="K",
        lines=(
            e.BillLine(
                line_id="1", estimate_line="a", payer="customer", amount=Money(amount=Decimal(12), currency="EUR")
            ),
        ),
    ),
    e.UnitIdentified(serial=SerialNumber(text="S-1")),
    e.UnitExchanged(new_serial=SerialNumber(text="S-2")),
    e.RepeatLinked(previous_ticket=UUID(int=1), basis="same_fault"),
    e.ComplaintAcknowledged(complaint_id="c"),
    e.ComplaintResolved(complaint_id="c", is_upheld=True),
    e.SatisfactionRated(rating=4),
    e.CustomerContacted(direction="to_customer", channel="phone", topic="verdict", explanation_accepted=False),
    e.PartFitted(part_number="P-3", cost=Money(amount=Decimal(5), currency="EUR"), estimate_line="a"),
    e.PayersRevised(
        dispute_id="D",
        estimate_version=1,
        lines=(
            e.LineShare(line_id="a", payer="manufacturer", amount=Money(amount=Decimal(3), currency="EUR")),
            e.LineShare(line_id="a", payer="customer", amount=Money(amount=Decimal(7), currency="EUR")),
        ),
        reason=WHY,
    ),
    e.EstimateDeclined(estimate_version=1),
)


@dataclass(frozen=True)
class Deed:
    """Something put on record: a fact so many days into the life, or a correction or retraction of an earlier one."""

    ticket: int
    kind: str
    fact: int
    at: int
    about: int


DEEDS = st.lists(
    st.builds(
        Deed,
        st.integers(1, 3),
        st.sampled_from(["fact", "fact", "fact", "fact", "corrected", "retracted"]),
        st.integers(0, len(FACTS) - 1),
        st.integers(-1, 60),
        st.integers(1, 8),
    ),
    max_size=25,
)


def live(company: Company, deeds: list[Deed]) -> None:
    """Three tickets, one on site, and the deeds in their order; each is recorded on day 60 or later."""
    company.now = day(60)
    channels: tuple[e.Channel, ...] = ("counter", "on_site", "counter")
    tickets = [
        company.opens(number, day(0), channel=channel, customer="c") for number, channel in enumerate(channels, 1)
    ]
    imported = [(e.TicketOpened(number="L-9", site="berlin"), day(3)), (e.UnitReceived(site="berlin"), day(4))]
    company.imports(9, "old", imported)
    for deed in deeds:
        ticket, at = tickets[deed.ticket - 1], day(deed.at)
        company.now += timedelta(hours=1)
        try:
            if deed.kind == "fact":
                company.finds(ticket, FACTS[deed.fact], at)
            elif deed.kind == "corrected":
                company.corrects(ticket, deed.about, "occurred_at", at, company.now)
            else:
                company.retracts(ticket, deed.about, company.now)
        except CommandRejected:
            continue  # no such fact to correct or to take back
    company.now += timedelta(days=40)


DISPUTED = [Deed(1 + n % 3, "fact", n, 2 * n, 1) for n in range(len(FACTS))]
QUARRELLED = [Deed(1, "fact", n, n, 1) for n in range(FACTS.index(PINNED), len(FACTS))]
FIXED = [*DISPUTED, *QUARRELLED, Deed(1, "corrected", 0, 7, 2), Deed(2, "retracted", 0, 0, 3), *reversed(DISPUTED[:9])]

ASKED: tuple[tuple[Callable[..., Report], dict[str, Any]], ...] = (
    (reports.turnaround, {"within_days": 9}),
    (reports.turnaround, {"by": ("manufacturer", "site"), "unit": "h", "percentiles": (10, 50, 75)}),
    (reports.turnaround, {"by": ("month",), "zone": "Asia/Kathmandu"}),
    (reports.turnaround_closed, {"cohort": "closed_in", "by": ("channel",)}),
    (reports.first_pass, {"by": ("model",)}),
    (reports.complaint_rate, {"by": ("site",), "w_days": 20, "h_days": 20}),
    (reports.complaint_rate_opened, {"from_": "2026-01-01", "to": "2026-01-31"}),
    (reports.warranty_watch, {"by": ("decided_by", "month"), "cohort": "opened_in"}),
    (reports.tills, {"by": ("site", "till"), "cohort": "opened_in"}),
    (reports.disputes, {"by": ("ground", "standard", "site"), "h_days": 20}),
    (reports.claims, {"by": ("manufacturer", "quarter")}),
    (reports.handling, {"by": ("site", "month"), "cohort": "opened_in"}),
    (reports.silence, {"by": ("technician",), "within_days": 5}),
    (reports.requests, {"by": ("channel",), "unit": "d"}),
    (reports.honesty, {"by": ("manufacturer",), "cohort": "opened_in"}),
    (reports.hygiene, {"by": ("source",), "late_after_hours": 168}),
    (reports.repeat_rate, {"by": ("site", "month"), "n_days": 20, "blame": "first"}),
    (reports.first_time_fix, {"n_days": 5}),
    (reports.no_fault_found, {"by": ("technician",)}),
    (reports.repeats, {"by": ("site",), "n_days": 60}),
    (reports.complaints, {"by": ("class", "site"), "h_days": 20}),
    (reports.recognition, {"by": ("model",), "w_days": 3, "m_months": 1}),
    (reports.backlog, {"by": ("source",)}),
)


def rows_in_pages(company: Company, size: int) -> list[list[Row]]:
    for projection in BUILT_IN:
        company.app.store.remove_view(ViewId(projection.name, projection.version))
    catch_up(company.app.store, BUILT_IN, page_size=size)
    return [list(company.app.projections.rows(projection)) for projection in BUILT_IN]


def refolded(company: Company) -> list[list[Row]]:
    histories, rules = list(company.app.store.histories()), company.app.store.rules_at(company.app.store.head())
    return [
        [row_of(projection, history[0].stream_id, history, rules) for history in histories] for projection in BUILT_IN
    ]


def agree(company: Company) -> None:
    """Pages of one, of a thousand and a refold give the same rows; rows and log give the same reports."""
    singly = rows_in_pages(company, 1)
    assert rows_in_pages(company, 1000) == singly
    assert refolded(company) == singly
    head = company.app.store.head()
    for report, asked in ASKED:
        current = report(company.app, **asked)
        past = report(company.app, **asked, as_of=company.now, position=head)
        assert current.to_json() == past.to_json()


@given(DEEDS)
@settings(max_examples=15)
def test_rows_are_the_same_in_pages_of_any_size_and_from_the_log(deeds: list[Deed]) -> None:
    with Company() as company:
        live(company, deeds)
        agree(company)


def test_rows_are_the_same_on_every_store(store_url: str) -> None:
    with Company(store_url) as company:
        live(company, FIXED)
        agree(company)


def test_reports_are_the_same_to_the_byte_on_sqlite_and_postgresql(sqlite_url: str, postgres_url: str) -> None:
    printed = []
    for url in ("memory:", sqlite_url, postgres_url):
        with Company(url) as company:
            live(company, FIXED)
            printed.append([report(company.app, **asked).to_json() for report, asked in ASKED])
    assert printed[0] == printed[1] == printed[2]


@given(DEEDS, st.integers(0, 60), st.integers(0, 30))
@settings(max_examples=20)
def test_a_report_prints_again_from_its_own_header(deeds: list[Deed], as_of: int, known: int) -> None:
    with Company() as company:
        live(company, deeds)
        known_at = day(60) + timedelta(hours=known)
        first = reports.turnaround(company.app, as_of=day(as_of), known_at=known_at, unit="d")
        company.repairs(7, 1, 2)  # entered since
        header = json.loads(first.to_json())
        again = reports.turnaround(
            company.app,
            as_of=header["as_of"],
            known_at=header["known_at"],
            position=header["position"],
            unit=header["parameters"]["unit"],
        )
        assert again.to_json() == first.to_json()


@pytest.fixture
def company() -> Company:
    return Company()


def p50(report: Report) -> float | int | None:
    percentiles = report.rows[0].percentiles
    assert percentiles is not None
    return percentiles["p50"]


def test_cuts_just_before_and_after_a_late_entry_and_a_correction(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    company.now = day(8)
    version = company.finds(ticket, e.UnitHandedBack(), day(5))  # entered three days late, at position 3
    company.corrects(ticket, version, "occurred_at", day(6), day(10))  # it was day 6
    company.now = day(20)
    first = timedelta(microseconds=1)
    ask = reports.turnaround
    assert p50(ask(company.app, unit="d")) == 6.0
    # as_of cuts on the corrected time, inclusive.
    assert p50(ask(company.app, unit="d", as_of=day(6))) == 6.0
    assert p50(ask(company.app, unit="d", as_of=day(6) - first)) is None
    # known_at selects by when it was recorded: nothing before day 8, day 5 before day 10.
    assert p50(ask(company.app, unit="d", known_at=day(8) - first)) is None
    assert p50(ask(company.app, unit="d", known_at=day(8))) == 5.0
    assert p50(ask(company.app, unit="d", known_at=day(10) - first)) == 5.0
    assert p50(ask(company.app, unit="d", known_at=day(10))) == 6.0
    # Known on day 9, as of day 5 and just before.
    assert p50(ask(company.app, unit="d", as_of=day(5), known_at=day(9))) == 5.0
    assert p50(ask(company.app, unit="d", as_of=day(5) - first, known_at=day(9))) is None
    # Positions: opened, received, handed back, corrected.
    assert p50(ask(company.app, unit="d", position=2)) is None
    assert p50(ask(company.app, unit="d", position=3)) == 5.0
    assert p50(ask(company.app, unit="d", position=4)) == 6.0


def test_a_cut_in_the_header_is_the_cut_that_was_made(company: Company) -> None:
    company.repairs(1, 0, None)
    company.now = day(4)
    company.opens(2, day(4))
    known = reports.turnaround(company.app, known_at=day(3))
    assert (known.as_of, known.known_at, known.position) == (
        "2026-01-04T00:00:00.000000Z",
        "2026-01-04T00:00:00.000000Z",
        2,
    )
    company.now = day(5)
    now = reports.turnaround(company.app)
    assert (now.as_of, now.known_at, now.position) == ("2026-01-06T00:00:00.000000Z", None, 3)
    older = reports.turnaround(company.app, position=2)
    assert (older.as_of, older.position) == ("2026-01-01T00:00:00.000001Z", 2)


def test_what_was_not_known_was_not_observed(company: Company) -> None:
    # Known on day 3, as of day 50: nobody had seen the tickets open for longer than three days.
    company.repairs(1, 0, None)
    company.repairs(2, 0, None)
    company.now = day(60)
    (row,) = reports.turnaround(company.app, within_days=10, as_of=day(50), known_at=day(3)).of("within_days")
    assert (row.denominator, row.censored) == (0, 2)


def test_a_fact_a_little_ahead_of_the_clock_waits_for_it(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    company.now = day(2)
    company.finds(ticket, e.UnitHandedBack(), day(2) + timedelta(minutes=3))
    company.now = day(2)
    assert reports.turnaround(company.app).rows[0].censored == 1
    company.now = day(3)
    assert reports.turnaround(company.app).rows[0].censored == 0


def test_days_of_the_period_are_those_of_the_zone(company: Company) -> None:
    company.opens(1, datetime(2026, 1, 31, 23, 30, tzinfo=UTC))  # half past midnight of 1 February in Berlin
    company.opens(2, datetime(2026, 2, 28, 22, 59, tzinfo=UTC))  # 23:59 of 28 February there
    company.opens(3, datetime(2026, 2, 28, 23, 0, tzinfo=UTC))
    company.now = day(365)

    def opened(zone: str) -> int:
        february = reports.complaint_rate_opened(company.app, from_="2026-02-01", to="2026-02-28", zone=zone)
        return february.rows[0].denominator

    assert opened(zone="Europe/Berlin") == 2
    assert opened(zone="UTC") == 2  # the second and the third
    months = reports.complaint_rate_opened(company.app, by=["month"], zone="Europe/Berlin").rows
    assert [(row.group["month"], row.denominator) for row in months] == [("2026-02", 2), ("2026-03", 1)]


def test_an_empty_period_is_null_with_a_reason(company: Company) -> None:
    company.repairs(1, 0, 5)
    company.now = day(100)
    for report, asked in ASKED[:-1]:
        for row in report(company.app, **{**asked, "from_": day(80), "to": day(90)}).rows:
            assert row.value is None
            assert row.percentiles is None or set(row.percentiles.values()) == {None}
            assert row.reason
            assert (row.group, row.denominator) == ({}, 0)


def test_groups_sort_by_code_point_and_unknown_ones_come_first(company: Company) -> None:
    for number, manufacturer in enumerate(["b", "Ä", None, "B", "a"], 1):
        company.opens(number, day(0), manufacturer=manufacturer)
    groups = [row.group["manufacturer"] for row in reports.backlog(company.app, by=["manufacturer"]).of("backlog")]
    assert groups == [None, "B", "a", "b", "Ä"]


def test_stale_rows_are_read_as_they_stand(company: Company) -> None:
    assert reports.turnaround(company.app, stale=True).position == 0
    company.repairs(1, 0, 5)
    assert reports.turnaround(company.app, stale=True).position == 0
    seen: list[tuple[int, int]] = []
    assert reports.turnaround(company.app, on_progress=lambda done, of: seen.append((done, of))).position == 4
    assert seen[-1] == (4, 4)
    company.repairs(2, 0, 5)
    assert reports.turnaround(company.app, stale=True).rows[0].denominator == 1
    reports.turnaround(company.app, as_of=day(4), on_progress=lambda done, of: seen.append((done, of)))
    assert seen[-3:] == [(4, 8), (8, 8), (8, 8)]


def test_rows_that_move_while_they_are_read_are_read_again(company: Company) -> None:
    numbers = count(1)

    def read(busy_readings: int) -> tuple[list[int], int]:
        readings = 0

        def gather(rows: Iterable[TurnaroundRow]) -> list[int]:
            nonlocal readings
            found = [row.ticket_id.int for row in rows]
            readings += 1
            if readings <= busy_readings:
                company.opens(next(numbers), day(0))
                company.app.projections.catch_up([TURNAROUND_ROWS])
            return found

        question = understood(company.app, TURNAROUND, {}, reports.turnaround)
        found, seen = gathered(company.app, TURNAROUND_ROWS, question, gather)
        return found, seen.position

    assert read(0) == ([], 0)
    assert read(1) == ([1], 1)
    # Where it never comes to rest, the log is folded up to the position at which it was last seen.
    assert read(99) == ([1, 2, 3, 4], 4)


def test_a_report_knows_nothing_that_was_recorded_while_it_was_made(company: Company) -> None:
    ticket = company.repairs(1, 0, None)
    company.now = day(2)
    company.finds(ticket, e.CustomerNotified(), day(2) + timedelta(minutes=3))  # ahead of the clock
    company.now = day(2)

    def gather(rows: Iterable[TurnaroundRow]) -> list[datetime | None]:
        company.finds(ticket, e.UnitHandedBack(), day(1))
        return [row.handed_back_at for row in rows]

    question = understood(company.app, TURNAROUND, {}, reports.turnaround)
    found, seen = gathered(company.app, TURNAROUND_ROWS, question, gather)
    assert (found, seen.position, company.app.store.head()) == ([None], 3, 4)


# projections of the host


@dataclass(frozen=True, kw_only=True)
class WithoutSlots(Row):
    """A row as a host may have forgotten to make it."""

    site: str = "berlin"
    marks: tuple[str, ...] = ()


class Opened:
    """A host's projection that leaves its rows as they are."""

    version = 2

    def __init__(self, name: str = "opened", row: type[Row] = WithoutSlots) -> None:
        self.name = name
        self.row = row

    def apply(self, row: Row, fact: Recorded[Event]) -> Row:
        return row


@pytest.mark.parametrize("row", [Row, WithoutSlots, *(projection.row for projection in BUILT_IN)])
def test_a_fact_that_a_projection_does_not_use_changes_only_the_stamp_of_the_row(
    company: Company, row: type[Row]
) -> None:
    ticket = company.repairs(1, 1, 4)
    folded = fold_row(Opened(row=row), ticket, company.app.store.stream(ticket))
    # Opened on day 1, received, handed back on day 4, closed: four facts.
    assert folded == replace(row(ticket_id=ticket), latest_at=day(4), version=4)
    assert type(folded) is row


def test_a_projection_of_the_host_has_a_name_of_its_own() -> None:
    with pytest.raises(BadInput) as refused:
        Ticketing("memory:", projections=[Opened(), Opened("backlog")])
    assert str(refused.value) == "projection backlog: the package has one of that name; choose another"
    with Ticketing("memory:", projections=[Opened(), *BUILT_IN]) as app:
        assert app.projections.catch_up() == 0
