"""The page of a dossier: all that is on record, in the words of the trade, and nothing that somebody told does more."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

from tests import dossier_examples as d
from tests.dossier_examples import COMPANY, NUMBER, PHOTO_PATH
from tests.examples import (
    APPEAL_VERDICT,
    APPROVE_ESTIMATE,
    CLOSE_DISPUTE,
    CREDIT_BILL,
    DECIDE_CLAIM,
    DECIDE_ENTITLEMENT,
    HAND_OVER_EVIDENCE,
    ISSUE_BILL,
    ISSUE_ESTIMATE,
    ISSUE_VERDICT,
    MANAGER,
    OPEN_DISPUTE,
    OPEN_TICKET,
    PAYERS_REVISED,
    PERFORM_TEST,
    PIN_STANDARD,
    RECEIVE_UNIT,
    RECORD_CONTACT,
    RECORD_DIAGNOSIS,
    RECORD_NOTE,
    RECORD_PAYMENT,
    REFUSE_SERVICE,
    REPAIRED,
    RETRACT_EVENT,
    STANDARD,
    START,
    START_DIAGNOSIS,
    STATE_POSITION,
    SUBMIT_CLAIM,
    SUBMIT_EVIDENCE,
    TICKET,
    but,
    euros,
)
from ticketing.application import Ticketing
from ticketing.domain.clauses import Clause
from ticketing.domain.events import BillLine, Share
from ticketing.domain.publishing import Publish
from ticketing.domain.record import RecordFinding
from ticketing.pages.dossier import write_dossier
from ticketing.pages.gathering import Choice
from ticketing.pages.markup import Html, joined, tag
from ticketing.pages.style import STYLE
from ticketing.simulator import simulate

SHARES = (Share(party="manufacturer", percent=Decimal("62.5")), Share(party="company", percent=Decimal("37.5")))
EMPTY = {"br", "img", "meta"}


@dataclass
class Element:
    name: str
    attributes: Mapping[str, str]
    parts: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read of it, blanks as one."""
        whole = "".join(part if isinstance(part, str) else f" {part.text} " for part in self.parts)
        return re.sub(r"\s+([.,;:?])", r"\1", " ".join(whole.split()))

    def all(self, name: str, **attributes: str) -> list["Element"]:
        """The elements in it of that name and those attributes; of classes one has to be there."""
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                fits = all(
                    value in part.attributes.get(key.rstrip("_"), "").split() for key, value in attributes.items()
                )
                found += [part] * (part.name == name and fits) + part.all(name, **attributes)
        return found

    def one(self, name: str, **attributes: str) -> "Element":
        (found,) = self.all(name, **attributes)
        return found


class Reader(HTMLParser):
    """Reads a page, and minds that every element is closed in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(page: str) -> Element:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def page_of(app: Ticketing, folder: Path, choice: Choice | None = None, ticket: str = NUMBER) -> Element:
    path = folder / "page.zip"
    witnesses = [d.WITNESS.verifying]
    note = d.cosigned(app)
    write_dossier(
        app, ticket, path, key=COMPANY, checkpoint=note, witnesses=witnesses, choice=choice, is_replacing=True
    )
    files = d.unpacked(path)
    page = read(files["index.html"].decode())
    hold_together(page, files)
    return page


def hold_together(page: Element, files: Mapping[str, bytes]) -> None:
    """Every link leads to something that is there, and nothing is loaded from elsewhere or run."""
    anchors = [
        element.attributes["id"]
        for name in ("section", "span")
        for element in page.all(name)
        if "id" in element.attributes
    ]
    assert len(anchors) == len({*anchors})
    for link in page.all("a"):
        href = link.attributes["href"]
        assert href.removeprefix("#") in anchors if href.startswith("#") else href in files
    assert {image.attributes["src"] for image in page.all("img")} <= files.keys()
    for name in ("script", "link", "iframe", "object", "embed", "form", "base"):
        assert page.all(name) == []
    everything = [page, *(element for name in TAGS for element in page.all(name))]
    assert not [name for element in everything for name in element.attributes if name.startswith("on")]


TAGS = (
    "html",
    "head",
    "body",
    "section",
    "div",
    "p",
    "a",
    "img",
    "td",
    "th",
    "tr",
    "blockquote",
    "span",
    "li",
    "ul",
    "dd",
)


ALL = Choice(disclose=("all",))


# as a whole


def test_the_page_of_every_ticket_of_a_simulated_year_holds_together(tmp_path: Path) -> None:
    with simulate("memory:", tickets=12, seed=4) as world:
        numbers = [world.app.ticket(rows[0].stream_id).number for rows in world.app.store.stored_histories()]
        for number in numbers:
            page = page_of(world.app, tmp_path, ALL, str(number))
            assert page.one("h1").text == number


def test_the_head_says_what_it_is_about_as_of_when_and_who_has_seen_it(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        head = page_of(app, tmp_path, ALL).one("header").text
    assert "unit ACME P7, serial sn 001-a, bought on 2025-07-14" in head
    assert "customer cust-1 (consumer)" in head
    assert "D-1 over coverage, the customer against company, manufacturer: decided for the customer" in head
    assert f"as of version {d.HEAD}, recorded 2026-03-03 23:00, position 43 of the log" in head
    assert "maker.example saw the log on 2026-04-01 12:00:00: what is in here existed then" in head
    assert "private texts 16 of 16 told" in head


def test_without_a_witness_the_page_says_that_the_company_alone_has_signed(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        write_dossier(app, NUMBER, tmp_path / "page.zip", key=COMPANY)
    page = read(d.unpacked(tmp_path / "page.zip")["index.html"].decode())
    assert "witnessed by nobody but the company, which signed it itself" in page.one("header").text


def test_times_are_told_in_the_zone_that_was_asked_for(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        page = page_of(app, tmp_path, Choice(zone=ZoneInfo("Asia/Shanghai")))
    first = page.one("section", id="record").one("tbody").all("tr")[0]
    assert first.one("time").text == "2026-03-02 18:00"  # 10:00 UTC
    assert first.one("time").attributes["datetime"] == "2026-03-02T10:00:00.000000Z"
    assert "Times are in Asia/Shanghai." in page.one("header").text


# what somebody told


HOSTILE = """<script>alert(1)</script> "><img src=x onerror='alert(2)'> </style> &lt; \x1b[2J \u202e evil"""


def test_markup_that_somebody_told_is_shown_as_text(tmp_path: Path) -> None:
    dispute = but(OPEN_DISPUTE, dispute_id="<D-2>", about_version=None)
    position = but(STATE_POSITION, dispute_id="<D-2>", statement=HOSTILE, on_behalf_of="<b>me</b>")
    note = but(RECORD_NOTE, text=HOSTILE, topic="<i>topic</i>")
    with d.disputed(tmp_path, dispute, position, note) as app:
        page = page_of(app, tmp_path, ALL)
    shown = HOSTILE.replace("\x1b", "␛").replace("\u202e", "\ufffd")
    assert shown in [quote.text for quote in page.all("blockquote")]
    assert f"noted on <i>topic</i>: “{shown}”" in record_of(page)[-1]
    assert "Dispute <D-2> over coverage" in [title.text for title in page.all("h3")]
    assert "on behalf of <b>me</b>" in page.one("section", id="disputes").text


def test_what_is_markup_is_escaped_unless_it_was_made_here() -> None:
    assert (
        tag("p", "a < b", tag("b", "&"), None, class_='"x"', title=None)
        == '<p class="&quot;x&quot;">a &lt; b<b>&amp;</b></p>'
    )
    assert tag("a", href=Html('"><b>')) == '<a href="&quot;&gt;&lt;b&gt;"></a>'
    assert joined(["<", Html("<br>"), None], "&") == "&lt;&amp;<br>"


def test_texts_that_are_not_disclosed_and_texts_that_were_erased_are_told_apart(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        hidden = page_of(app, tmp_path)
        app.erase(NUMBER)
        erased = page_of(app, tmp_path)
    assert "“[not disclosed]”" in hidden.one("section", id="record").text
    assert "[erased]" not in hidden.text
    assert "“[erased]”" in erased.one("section", id="record").text
    assert "[not disclosed]" not in erased.text
    assert {quote.text for quote in hidden.all("p", class_="untold")} >= {"[not disclosed]"}
    assert hidden.all("blockquote") == []


# the record


def record_of(page: Element) -> list[str]:
    return [row.text for row in page.one("section", id="record").one("tbody").all("tr")]


def test_every_fact_is_told_in_words_with_who_and_when(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        record = record_of(page_of(app, tmp_path, ALL))
    assert len(record) == d.HEAD
    assert record[11] == (
        "12 2026-03-02 21:00 warranty officer w-1 "
        "refused the service (misuse, clause 4.2): “liquid damage is not covered”; ACME-IS-7@3 says undecidable"
    )


def test_a_corrected_fact_stands_as_it_first_stood_and_leads_to_its_correction(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        page = page_of(app, tmp_path, ALL)
    corrected = page.one("section", id="record").one("tbody").all("tr")[1]
    assert "received the unit at berlin, with charger; condition" in corrected.text
    assert corrected.one("span", class_="mark").text == f"accessories.0 corrected by fact {d.HEAD}"
    assert corrected.one("span", class_="mark").one("a").attributes["href"] == f"#fact-{d.HEAD}"


def test_a_fact_that_was_taken_back_is_struck_out_and_leads_to_what_took_it_back(tmp_path: Path) -> None:
    with d.disputed(tmp_path, RECORD_NOTE, but(RETRACT_EVENT, target_version=d.HEAD + 1)) as app:
        row = page_of(app, tmp_path, ALL).one("section", id="record").one("tbody").all("tr")[d.HEAD]
    assert row.one("s").text == "noted: “the customer is friendly”"
    assert row.one("span", class_="mark").text == f"taken back by fact {d.HEAD + 2}"


def test_a_fact_recorded_late_or_against_a_rule_is_marked(tmp_path: Path) -> None:
    late = but(RECORD_CONTACT, occurred_at=START + timedelta(hours=2))
    found = RecordFinding(ticket_id=TICKET, actor=MANAGER, found_by=MANAGER, event=but(REPAIRED))
    with d.disputed(tmp_path, late, found) as app:
        rows = page_of(app, tmp_path, ALL).one("section", id="record").one("tbody").all("tr")
    marks = [[mark.text for mark in row.all("span", class_="mark")] for row in rows[d.HEAD :]]
    assert marks[0] == ["recorded only 2026-03-04 00:00"]
    assert "against the rule illegal-transition" in marks[1]


# disputes


def test_the_parties_positions_stand_side_by_side(tmp_path: Path) -> None:
    french = but(STATE_POSITION, statement="Il n'est jamais tombé dans l'eau.", language="fr", letter_hash="12" * 32)
    with d.disputed(
        tmp_path, but(OPEN_DISPUTE, dispute_id="D-2", about_version=None), but(french, dispute_id="D-2")
    ) as app:
        first, second = page_of(app, tmp_path, ALL).one("section", id="disputes").all("article")
    customer, company, manufacturer = first.one("div", class_="sides").all("div", class_="side")
    assert [side.one("h4").text for side in (customer, company, manufacturer)] == [
        "The customer",
        "The company",
        "The manufacturer",
    ]
    assert customer.one("blockquote").text == "a fault from the factory"
    assert "entered by customer cust-1, on behalf of cust-1. fact 15" in customer.text
    assert company.one("blockquote").text == "the indicator is red"
    asked, silence = manufacturer.all("div", class_="card")
    assert "Asked 2026-03-02 22:00, until 2026-03-03 00:30. fact 14" in asked.text
    assert "Silence is on record after the deadline of 2026-03-03 00:30." in silence.text
    customer, manufacturer = second.all("div", class_="side")
    assert customer.one("blockquote").attributes["lang"] == "fr"
    assert f"Letter {'12' * 32}" in customer.text
    assert "language fr" in customer.text
    assert "No position is on record." in manufacturer.text


def test_verdicts_are_told_with_shares_and_reasons_and_appeals(tmp_path: Path) -> None:
    parties = ("customer", "company", "manufacturer")
    life = [
        but(OPEN_DISPUTE, dispute_id="D-2", about_version=None, parties=parties),
        but(STATE_POSITION, dispute_id="D-2"),
        but(STATE_POSITION, dispute_id="D-2", party="company", statement="perhaps", actor=MANAGER),
        but(STATE_POSITION, dispute_id="D-2", party="manufacturer", statement="no", actor=MANAGER),
        but(ISSUE_VERDICT, dispute_id="D-2", shares=SHARES, clause="4.2"),
        but(APPEAL_VERDICT, dispute_id="D-2", reasons="we disagree"),
        but(CLOSE_DISPUTE, dispute_id="D-2", how="settled", terms="half each", amount=euros("20.00")),
    ]
    with d.disputed(tmp_path, *life) as app:
        page = page_of(app, tmp_path, ALL)
    _, second = page.one("section", id="disputes").all("article")
    verdict, settled = second.all("div", class_="verdict")
    assert verdict.one("h4").text.startswith("Verdict for the customer, 2026-03-04 04:00")
    assert "Decided by expert e-1 under clause 4.2." in verdict.text
    assert [share.text for share in verdict.all("li")] == ["manufacturer 62.5 %", "company 37.5 %"]
    assert "The manufacturer appealed 2026-03-04 05:00. fact 43 we disagree" in verdict.text
    assert "20.00 EUR credited to the customer half each" in settled.text
    assert "D-2 over coverage, the customer against company, manufacturer: settled" in page.one("header").text


def test_one_dispute_alone_is_told_and_the_record_is_whole(tmp_path: Path) -> None:
    second = but(OPEN_DISPUTE, dispute_id="D-2", ground="delay", about_version=None)
    with d.disputed(tmp_path, second) as app:
        page = page_of(app, tmp_path, Choice(disclose=("all",), dispute_id="D-2"))
    assert [title.text for title in page.one("section", id="disputes").all("h3")] == ["Dispute D-2 over delay"]
    assert page.all("section", id="evidence") == []
    assert len(record_of(page)) == d.HEAD + 1
    assert "of dispute D-2 only; the record below is whole" in page.one("header").text


# the standard


VERSION_4 = but(
    STANDARD,
    version=4,
    effective_from=START,
    tests_before_no_fault=(),
    clauses=(
        Clause(id="2.1", title="Faults of assembly", effect="covers", causes=("manufacturing",)),
        Clause(id="4.2", title="Liquid <damage>", effect="excludes", causes=("accident", "misuse")),
        Clause(id="9.9", title="Colours"),
    ),
)
"""Covers what the disputed life finds."""


def decided(folder: Path) -> Ticketing:
    """A store in which a ticket was decided and refused under that version."""
    publish = Publish(actor=MANAGER, thing=VERSION_4)
    pinned = but(PIN_STANDARD, standard_version=4, clauses=("2.1",))
    unassessed = but(DECIDE_ENTITLEMENT, clauses=("2.1",))
    life = [OPEN_TICKET, RECEIVE_UNIT, START_DIAGNOSIS, PERFORM_TEST, RECORD_DIAGNOSIS]
    return d.played(folder, publish, *life, unassessed, pinned, but(unassessed), REFUSE_SERVICE)


def test_the_clauses_that_were_pinned_or_relied_on_are_told_in_words(tmp_path: Path) -> None:
    with decided(tmp_path) as app:
        clauses = page_of(app, tmp_path, ALL).one("section", id="clauses")
    assert clauses.one("h3").text == "ACME-IS-7, version 4"
    first, second = clauses.all("div", class_="card")
    assert first.one("h4").text == "Clause 2.1: Faults of assembly pinned"
    assert first.text.endswith("it covers what fulfils all of this: a finding has the cause manufacturing")
    assert second.one("h4").text == "Clause 4.2: Liquid <damage>"
    assert "one more clause that nobody relied on" in clauses.text


def test_beside_each_decision_stands_what_the_standard_said_then(tmp_path: Path) -> None:
    with decided(tmp_path) as app:
        rows = page_of(app, tmp_path, ALL).one("section", id="decisions").all("div", class_="sides")
    before, after, refused = (row.all("div", class_="card")[1].text for row in rows)
    assert before == "No assessment stands beside this decision."
    assert after.startswith("ACME-IS-7@4 says: covered clause 2.1 covers it: finding f-1 has the cause manufacturing")
    assert after.endswith("The decision says the same.")
    assert refused.endswith("The decision says otherwise.")


def test_where_no_standard_applies_the_page_says_why(tmp_path: Path) -> None:
    none = but(
        PIN_STANDARD, standard=None, standard_version=None, document_hash=None, clauses=(), basis=None, none_reason="x"
    )
    with d.played(tmp_path, OPEN_TICKET, none) as app:
        clauses = page_of(app, tmp_path, ALL).one("section", id="clauses")
    assert clauses.one("h3").text == "No standard applies"
    assert clauses.one("blockquote").text == "x"


# evidence and money


def test_the_evidence_is_listed_with_its_custody_and_a_link_to_its_file(tmp_path: Path) -> None:
    board = but(
        SUBMIT_EVIDENCE, evidence_id="E-2", sha256="fe" * 32, held_by="berlin-safe", kind="part", dispute_id=None
    )
    with d.disputed(tmp_path, board, HAND_OVER_EVIDENCE) as app:
        page = page_of(app, tmp_path, ALL)
    first, photo, thing = page.one("section", id="evidence").one("tbody").all("tr")
    assert "E-1 image/jpeg, captured 2026-03-02 09:00" in first.text
    assert "a file, nothing to hold not held here" in first.text
    assert [link.attributes["href"] for link in photo.all("td")[4].all("a")] == [PHOTO_PATH, PHOTO_PATH]
    assert photo.one("img").attributes == {"src": PHOTO_PATH, "alt": "Evidence E-9"}
    assert "E-2 part, image/jpeg" in thing.text
    assert "berlin-safe since 2026-03-04 00:00, e-1 since 2026-03-04 01:00" in thing.text


def test_evidence_that_was_erased_is_told_from_what_was_never_held(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        app.evidence.erase(d.PHOTO_HASH)
        rows = page_of(app, tmp_path, ALL).one("section", id="evidence").one("tbody").all("tr")
    assert [row.one("p", class_="untold").text for row in rows] == ["not held here", "[erased]"]


def money_of(page: Element) -> list[list[list[str]]]:
    """Each table of the money, its cells by row."""
    bodies = page.one("section", id="money").all("tbody")
    return [[[cell.text for cell in row.all("td")] for row in body.all("tr")] for body in bodies]


def test_bills_payments_credits_and_claims_are_summed_by_currency(tmp_path: Path) -> None:
    fee = BillLine(line_id="1", reason="inspection", payer="customer", amount=euros("25.00"))  # type: ignore[arg-type]
    life = [
        but(ISSUE_BILL, bill_id="B-1", lines=(fee,)),
        but(RECORD_PAYMENT, amount=euros("25.00")),
        but(CREDIT_BILL, amount=euros("5.00")),
        DECIDE_CLAIM,
        but(DECIDE_CLAIM, amount_approved=euros("10.00"), reason="recounted"),
    ]
    with d.disputed(tmp_path, *life) as app:
        sums, bill, moved, claims = money_of(page_of(app, tmp_path, ALL))
    # claimed 30, approved 25, then 10: 15 are charged back
    assert sums == [["EUR", "25.00", "5.00", "25.00", "30.00", "10.00", "15.00"]]
    assert bill == [["1", "inspection", "customer", "25.00 EUR"]]
    assert [row[1:3] for row in moved] == [
        ["the customer paid for bill B-1", "25.00 EUR"],
        ["credited of bill B-1: it took too long", "5.00 EUR"],
    ]
    assert [row[2:4] for row in claims] == [
        ["submitted to ACME (the manufacturer)", "30.00 EUR"],
        ["approved in part under clause 4.2", "25.00 EUR"],
        ["approved, less than before under clause 4.2: recounted", "10.00 EUR"],
        ["charged back of the highest amount approved", "15.00 EUR"],
    ]


def test_every_line_of_an_estimate_says_who_bears_it(tmp_path: Path) -> None:
    life = [OPEN_TICKET, RECEIVE_UNIT, START_DIAGNOSIS, PERFORM_TEST, RECORD_DIAGNOSIS, ISSUE_ESTIMATE]
    with d.played(tmp_path, *life, but(APPROVE_ESTIMATE, lines=("board", "battery"))) as app:
        (lines,) = money_of(page_of(app, tmp_path, ALL))
    assert lines == [
        ["board", "f-1", "none", "80.00 EUR", "customer 80.00 EUR"],
        ["labour", "none", "none", "40.00 EUR", "customer 40.00 EUR (not approved)"],
        ["battery", "none", "warranty", "30.00 EUR", "manufacturer 30.00 EUR"],
    ]


def test_a_line_whose_payers_were_revised_says_who_was_to_pay_before(tmp_path: Path) -> None:
    life = [OPEN_TICKET, RECEIVE_UNIT, START_DIAGNOSIS, PERFORM_TEST, RECORD_DIAGNOSIS, ISSUE_ESTIMATE]
    revised = RecordFinding(ticket_id=TICKET, actor=MANAGER, found_by=MANAGER, event=PAYERS_REVISED)
    with d.played(tmp_path, *life, APPROVE_ESTIMATE, OPEN_DISPUTE, revised) as app:
        (lines,) = money_of(page_of(app, tmp_path, ALL))
    assert lines[0][4] == "manufacturer 80.00 EUR (was: customer)"


def test_a_claim_decided_at_nothing_reads_turned_down(tmp_path: Path) -> None:
    none = but(DECIDE_CLAIM, claim_id="C-0", amount_approved=euros("0.00"))
    with d.disputed(tmp_path, but(SUBMIT_CLAIM, claim_id="C-0"), none) as app:
        text = page_of(app, tmp_path).one("section", id="money").text
    assert "turned down under clause 4.2" in text


def test_how_to_check_it_names_the_witness_s_key_too(tmp_path: Path) -> None:
    with d.disputed(tmp_path) as app:
        text = page_of(app, tmp_path).one("section", id="proof").text
    assert "--key KEY --witness WITNESS1" in text
    assert str(d.WITNESS.verifying) in text


def test_on_a_telephone_no_column_of_the_record_keeps_its_width_on_paper() -> None:
    narrow = STYLE.partition("max-width: 45rem")[2]
    assert "#record td:nth-child(n) { width: auto; }" in narrow  # a plain #record td gives way to nth-child(3)
