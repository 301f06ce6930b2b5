"""Sites, promises and ledger over hand-made rows: stays, what became of dates told, and sums that come out even."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.clock_rows import NOW, asked_of, late, met, only, row
from tests.repairs import day
from ticketing.domain.judged import Judged
from ticketing.domain.ledger import Span
from ticketing.domain.promises import Promise
from ticketing.figures.clocks import at_sites_of, told_of, totals_of
from ticketing.projections import ledger_totals, promises, sites
from ticketing.projections.clocks import ClockRow
from ticketing.projections.report import ReportRow
from ticketing.projections.sample import Scope

# sites


def span(from_at: float, to_at: float | None, cause: str, site: str | None, party: str = "company") -> Span:
    return Span.model_validate(
        {
            "from_at": day(from_at),
            "to_at": None if to_at is None else day(to_at),
            "party": party,
            "cause": cause,
            "site": site,
        }
    )


def with_spans(number: int, *spans: Span, **fields: object) -> ClockRow:
    return row(number, spans=spans, **fields)


def at_sites(rows: Sequence[ClockRow], scope: Scope) -> sites.AtSites:
    return asked_of(rows, scope, lambda rows: at_sites_of(rows, scope, "opened_in"))


TRAVELS = (
    span(1, 2, "queue", "berlin"),
    span(2, 3, "work", "berlin"),
    span(3, 4, "transit", None),
    span(4, 5, "queue", "leipzig"),
    span(5, 6, "transit", None),
    span(6, 6.5, "queue", "berlin"),
)


def test_time_between_two_sites_parts_two_stays_and_belongs_to_neither() -> None:
    found = at_sites([with_spans(1, *TRAVELS)], Scope(observed_until=NOW))
    rows = sites.sites(found, "opened_in", (50, 90))
    stays = {one.group["site"]: one for one in rows if one.figure == "stays"}
    # Berlin: 48 h and 12 h; the smaller of two is the median, the other the 90th percentile.
    assert stays["berlin"].percentiles == {"p50": 12.0, "p90": 48.0}
    assert (stays["berlin"].denominator, stays["leipzig"].denominator) == (2, 1)
    hours = {(one.group["site"], one.group["cause"]): one.value for one in rows if one.figure == "site_time"}
    assert hours == {("berlin", "queue"): 36.0, ("berlin", "work"): 24.0, ("leipzig", "queue"): 24.0}


def test_a_unit_that_is_still_there_counts_for_as_long_as_it_was_watched() -> None:
    rows = [
        with_spans(
            1, span(1, None, "queue", "berlin"), source="import:old", imported_until=day(3), has_native_facts=False
        ),
        with_spans(2, span(1, None, "queue", "berlin")),
    ]
    found = at_sites(rows, Scope(observed_until=day(11)))
    figures = {one.figure: one for one in sites.sites(found, "opened_in", (50,))}
    # 2 days up to the end of the source, 10 up to now.
    assert figures["site_time"].value == 12 * 24
    assert (figures["stays"].numerator, figures["stays"].censored, figures["stays"].percentiles) == (
        0,
        2,
        {"p50": None},
    )


def test_site_clocks_are_counted_by_the_site_of_the_stay_and_only_where_there_are_any() -> None:
    stays = (met(20, binds="site", site="leipzig", subject="leipzig"), late(30, binds="site", site="berlin"))
    found = at_sites([row(1, *stays, met(1))], Scope(observed_until=NOW))
    rows = [one for one in sites.sites(found, "opened_in", (50,)) if one.figure == "sites"]
    assert [(one.group["site"], one.value) for one in rows] == [("berlin", 0.0), ("leipzig", 100.0)]
    none = at_sites([with_spans(1, *TRAVELS)], Scope(observed_until=NOW))
    assert {one.figure for one in sites.sites(none, "opened_in", (50,))} == {"stays", "site_time"}


# promises


def promised(due: float, *, made: float = 1, version: int = 1, **fields: object) -> Promise:
    return Promise.model_validate(
        {"version": version, "cycle": 1, "made_at": day(made), "due_at": day(due), "role": "receptionist", **fields}
    )


def told(*given: Promise, clocks: Sequence[Judged] = (), **scope: object) -> dict[str, ReportRow]:
    known: dict[str, Any] = {"observed_until": NOW, **scope}
    scoped = Scope(**known)
    found = asked_of([row(1, *clocks, promises=given)], scoped, lambda rows: told_of(rows, scoped, "due_in"))
    return {one.figure: one for one in promises.promises(found, "due_in")}


@pytest.mark.parametrize(
    ("promise", "standing"),
    [
        (promised(5, back_at=day(5)), "kept"),
        (promised(5, back_at=day(5.001)), "broken"),
        (promised(5), "broken"),
        (promised(50), "not_due"),
        (promised(5, remade_at=day(4)), "replaced"),
        (promised(5, remade_at=day(6)), "broken"),
        (promised(5, back_at=day(3), remade_at=day(4)), "kept"),
        (promised(5, closed_at=day(3)), "withdrawn"),
        (promised(5, closed_at=day(6)), "broken"),
    ],
)
def test_what_becomes_of_a_promise(promise: Promise, standing: str) -> None:
    one = told(promise)["promises"]
    assert one.parts is not None
    assert {name for name, count in one.parts.items() if count} == {"made", standing}


def test_telling_another_date_in_time_keeps_no_first_date() -> None:
    first = promised(3, remade_at=day(2), back_at=day(8))
    second = promised(9, made=2, version=2, is_first=False, back_at=day(8))
    figures = told(first, second)
    assert (figures["promises"].value, figures["promises"].denominator) == (100.0, 1)
    assert (figures["promises_first"].value, figures["promises_first"].denominator) == (0.0, 1)
    assert (figures["promises_remade"].numerator, figures["promises_remade"].denominator) == (1, 2)
    assert figures["promises_remade"].parts == {"made": 2, "remade_in_time": 1, "remade_late": 0}


def test_where_a_policy_sets_a_clock_on_promises_its_stop_keeps_them() -> None:
    # The policy is content when the customer is told, on day 4; the unit goes back on day 6.
    clocks = [met(72, measure="until")]
    with_clock, without = (told(promised(5, back_at=day(6)), clocks=given) for given in (clocks, []))
    assert (with_clock["promises"].value, without["promises"].value) == (100.0, 0.0)
    assert (with_clock["promises"].policies, without["promises"].policies) == (("contract@1",), ())


def test_promises_are_told_apart_by_who_made_them_and_where() -> None:
    found = told(promised(5, role="manager", site="leipzig"), by=("role", "site"))
    assert found["promises"].group == {"role": "manager", "site": "leipzig"}
    assert told(promised(5), by=("site",))["promises"].group == {"site": "berlin"}


# ledger


def summed(rows: Sequence[ClockRow], **scope: object) -> dict[str, list[ReportRow]]:
    known: dict[str, Any] = {"observed_until": NOW, **scope}
    scoped = Scope(**known)
    totals = asked_of(rows, scoped, lambda rows: totals_of(rows, scoped, "opened_in"))
    figures: dict[str, list[ReportRow]] = {}
    for one in ledger_totals.ledger(totals, "opened_in"):
        figures.setdefault(one.figure, []).append(one)
    return figures


def test_the_parts_of_a_group_add_up_to_its_turnaround_to_the_microsecond() -> None:
    third = span(1, 1 + 1 / 3, "queue", "berlin")
    rows = [
        with_spans(1, third, *TRAVELS[1:], model="P7"),
        with_spans(2, span(1, None, "parts_manufacturer", "berlin", "manufacturer"), model="P7"),
        with_spans(3, third, model="P8"),
    ]
    figures = summed(rows, by=("model",))
    for whole in figures["ledger_turnaround"]:
        parts = [one for one in figures["ledger"] if one.group["model"] == whole.group["model"]]
        assert sum(one.numerator for one in parts) == whole.numerator == parts[0].denominator
    shares = [one.share for one in figures["ledger"] if one.group["model"] == "P8"]
    assert shares == [100.0]


def test_what_goes_on_is_counted_up_to_the_end_of_its_observation() -> None:
    ends = {"source": "import:old", "imported_until": day(3), "has_native_facts": False}
    rows = [
        with_spans(1, span(1, None, "work", "berlin"), **ends),
        with_spans(2, span(1, None, "work", "berlin")),
    ]
    (one,) = summed(rows, observed_until=day(11))["ledger"]
    assert (one.value, one.censored, one.parts) == (12 * 24, 2, {"tickets": 2})


def test_time_is_told_apart_by_party_or_cause_alone_where_that_is_asked() -> None:
    rows = [with_spans(1, *TRAVELS)]
    assert [one.group for one in summed(rows, by=("party",))["ledger"]] == [{"party": "company"}]
    causes = [(one.group["cause"], one.value) for one in summed(rows, by=("cause",))["ledger"]]
    assert causes == [("queue", 60.0), ("transit", 48.0), ("work", 24.0)]


def test_a_wait_hidden_behind_another_stands_beside_and_adds_nothing() -> None:
    hidden = span(1, 2, "parts_ours", "berlin").model_copy(update={"beside": ("dispute",)})
    figures = summed([with_spans(1, hidden)])
    assert [(one.group, one.value) for one in figures["ledger_overlap"]] == [({"cause": "dispute"}, 24.0)]
    assert only(figures["ledger_turnaround"]).value == 24.0


def test_a_ticket_that_was_never_received_is_counted_as_left_out() -> None:
    whole = only(summed([row(1), with_spans(2, *TRAVELS)])["ledger_turnaround"])
    assert (whole.excluded, whole.parts) == (1, {"tickets": 1})
    assert only(summed([row(1)])["ledger_turnaround"]).reason == "no ticket of the cohort was received"
