"""Report words: what the figures and cohorts of reports mean, in words for people."""

from collections.abc import Mapping

from ticketing.projections.report import Report

COHORTS: Mapping[str, str] = {
    "by_figure": "each figure of its own cohort",
    "closed_in": "tickets closed",
    "due_in": "clocks due",
    "handed_back_in": "tickets handed back",
    "open_at": "tickets open",
    "opened_in": "tickets opened",
    "presented_in": "tickets first presented to the inspector",
}
"""Which tickets a cohort is."""

MEANING: Mapping[str, str] = {
    "turnaround": "first receipt to last hand-back; an open ticket counts for as long as it was watched",
    "turnaround_closed": "the same of closed tickets only: too short for as long as slow ones are open",
    "turnaround_to_notice": "first receipt to the last notice that the unit is ready, else to the hand-back",
    "turnaround_in_house": "from complete papers to the end of work",
    "turnaround_without_home": "the turnaround less the time at home between cycles",
    "within_days": "handed back within the days of first receipt ÷ received so long ago; open ones past them failed",
    "first_pass": "passed at first presentation ÷ presented",
    "reworked": "sent back by the inspector at least once ÷ presented",
    "complaint_rate": "with a complaint up to W days after hand-back ÷ handed back at least W days ago",
    "complaint_rate_opened": "with a complaint up to H days after opening ÷ opened at least H days ago",
    "complaints_per_1000": "complaints within the days ÷ tickets of which these have passed, times 1,000",
    "complaints_upheld": "upheld, as said last ÷ resolved",
    "complaint_days_to_answer": "from complaint to acknowledgement or decision; one that waits counts as such",
    "complaint_days_to_resolve": "the same to the decision",
    "complaints_unanswered": "neither acknowledged nor resolved, by age in days",
    "complaints_unresolved": "not resolved, by age in days",
    "repeat_rate": "repairs whose unit came back in a new ticket within N days ÷ handed back N days ago",
    "first_time_fix": "one cycle, never sent back by an inspector, and not come back ÷ the same",
    "repeats": "new tickets charged to repairs; n: repairs; unseen: of which the days have not passed",
    "repeats_by_entitlement": "the same by who pays for them",
    "no_fault_found": "the last diagnosis found nothing ÷ diagnosed",
    "response_rate": "rated up to W days after hand-back ÷ handed back at least W days ago",
    "satisfied": "rated 4 or 5 of 5 ÷ rated",
    "mean_rating": "all ratings ÷ how many there are",
    "explanation_accepted": "the customer accepted the last explanation ÷ explained",
    "came_again": "consumers with another unit within M months of hand-back ÷ handed back M months ago",
    "backlog": "open tickets by age in days since the present cycle began",
    "long_term": "open for longer than so many days ÷ open",
    "backlog_by_state": "the same by what is being done and waited for",
    "sla": "clocks met ÷ clocks met or breached, once due, by the facts known now; an open one past due is breached",
    "sla_judged_then": "the same as somebody watching every clock saw it first",
    "sla_under": "the same clocks by the version asked about, whatever was in force",
    "sla_over_service": "met in under half of the target ÷ met",
    "sla_overrun": "by how much clocks stopped late were late, in their own time; unseen: late and still open",
    "sites": "those of stays met ÷ met or breached",
    "stays": "how long units were at a site; one that is there counts for as long as it was watched",
    "site_time": "what the stays were made of, and its part of all of them",
    "promises": "kept ÷ kept or broken, once due; a date that was replaced in time is out",
    "promises_first": "the first date of each cycle kept ÷ kept or broken, whatever was told later",
    "promises_remade": "dates after which another was told ÷ dates that have passed",
    "ledger": "where the time went from first receipt to last hand-back, and its part of the turnaround",
    "ledger_overlap": "waits while another one counted; no part of the turnaround",
    "good_work": "in how many figures the work stands out for the better",
    "warranty_watch": "became the customer's to pay after a diagnosis in warranty ÷ diagnosed in warranty",
    "warranty_overturned": "of those the moves that did not stand, as an audit says",
    "tills": "revenue less cost; upstream: what the manufacturer pays; downstream: what all others do, or nobody",
    "revenue": "billed to others less credits; where claimed of a manufacturer or insurer, what it approved in the end",
    "cost": "parts and work, of the till of who pays for their line of the estimate, else of the entitlement",
    "disputes": "disputed up to H days after opening ÷ opened at least H days ago",
    "days_to_verdict": "from opening a dispute to its first verdict; a settled or withdrawn one comes to none",
    "verdicts_for": "whom verdicts in force favour",
    "disputed_overturned": "decisions disputed that did not stand ÷ those whose dispute is over or has a verdict",
    "claims": "claims on the manufacturer approved in full by the first decision ÷ decided",
    "claims_rejected": "nothing approved by the last decision ÷ decided",
    "claims_rejected_by_clause": "the same by the clause that the decision names",
    "claims_claimed": "all that was claimed",
    "claims_undecided": "claimed and not decided yet",
    "claims_refused": "claimed and not approved by the last decision",
    "claims_charged_back": "approved once, and not by the last decision",
    "handling": "from site to site three times or more ÷ tickets back or closed; a workshop and back are twice",
    "handed_on": "at least once",
    "bounced": "came back to a site without anything done since it had left",
    "site_changes": "how often a ticket went from one site to another",
    "contacts_before_action": "how often company and customer spoke before anybody looked at the unit",
    "handed_on_by": "handed on by the site ÷ tickets that it had",
    "bounced_back_to": "came back to it without anything done ÷ tickets that it handed on",
    "silence": "told nothing within the days after paying ÷ paid so long ago and before the hand-back",
    "longest_silence_before": "of each ticket from receipt to payment, else to the hand-back; unseen: it goes on",
    "longest_silence_after": "the same from payment to hand-back",
    "requests": "answered within the days ÷ asked so long ago, by the site that was asked",
    "time_to_answer": "how long sites took; one that waits counts for as long as it was watched",
    "requests_unanswered": "those that wait, by age in days",
    "honesty": "any of what follows ÷ tickets with an estimate, paid work, or a bill to the customer",
    "quoted_without_finding": "with a line that names no finding on record ÷ tickets with an estimate",
    "performed_without_approval": "paid work on no approved line, or over the maximum ÷ tickets with paid work",
    "billed_without_performance": "charged for a line on which nothing was done, or for none ÷ tickets billed",
    "over_the_maximum": "billed more than the approved maximum ÷ tickets billed on an approved estimate",
    "lines_without_finding": "lines that name no finding on record ÷ lines quoted",
    "hygiene": "facts recorded more than so many hours after they occurred ÷ facts recorded here",
    "waits_near_due": "begun with a tenth or less of a clock left ÷ waits that paused one; by chance it is about 10",
    "waits_without_evidence": "without evidence ÷ waits put on record here",
    "closed_and_reopened": "first closed and reopened within the days ÷ first closed so long ago",
}
"""What each figure says, as half a sentence."""

_ENUMERATED = frozenset(
    {"about", "channel", "entitlement", "entitlement_again", "ground", "in_favour_of", "party", "role"}
    | {"site_kind", "state", "till", "wait"}
)
"""Dimensions whose values are words of this package; those of all others are names, ids and codes of the company."""
_OF_WAITS = frozenset({"ledger", "ledger_overlap", "ledger_turnaround", "site_time"})
"""Figures whose `cause` is that of a wait; elsewhere it is a code of what was broken."""
_ENTITLEMENTS: Mapping[str | None, str] = {None: "undecided", "none": "customer pays"}


def value_words(figure: str, dimension: str, value: str | None) -> str:
    """What a value of a dimension is called: names, ids and codes as they are, our own words with blanks.

    Args:
        figure: Of which it is a group.
        dimension: By its name.
        value: None where it is unknown.
    """
    if dimension in {"entitlement", "entitlement_again"} and value in _ENTITLEMENTS:
        return _ENTITLEMENTS[value]
    if value is None:
        return "unknown"
    is_ours = dimension in _ENUMERATED or (dimension == "cause" and figure in _OF_WAITS)
    return value.replace("_", " ") if is_ours else value


def cohort_words(report: Report) -> str:
    """Which tickets the report is about, and of which period."""
    cohort = "promises due" if (report.figure, report.cohort) == ("promises", "due_in") else COHORTS[report.cohort]
    if report.cohort == "open_at":
        return cohort
    period = {
        (False, False): ", all of them",
        (True, False): f" from {report.from_}",
        (False, True): f" up to {report.to}",
        (True, True): f" from {report.from_} to {report.to}",
    }[report.from_ is not None, report.to is not None]
    return f"{cohort}{period}"
