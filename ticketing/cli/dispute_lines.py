"""The lines of a dispute as people read them: positions side by side, deadlines, evidence, verdicts, claims."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import zip_longest

from rich.table import Table
from rich.text import Text

from ticketing.cli.output import plain_table, printable
from ticketing.cli.ticket_state import TextOf
from ticketing.cli.times import shown
from ticketing.domain.disputed import Asked, Claim, Dispute, Evidence, Position
from ticketing.domain.phrases import digest, money
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Event, PrivateText, Recorded
from ticketing.domain.wording import in_words

Line = tuple[str, Text]
"""A label and what it says; a following line of the same matter has no label."""


@dataclass(frozen=True)
class View:
    """A ticket as it is looked at.

    Attributes:
        facts: Its surviving facts by version.
        text: Gives the private texts.
        now: The instant at which a deadline has passed or has not.
    """

    ticket: Ticket
    facts: Mapping[int, Recorded[Event]]
    text: TextOf
    zone: tzinfo
    now: datetime

    def at(self, instant: datetime) -> str:
        return shown(instant, self.zone)

    def quoted(self, private: PrivateText | None, before: str = "") -> str:
        return f"{before}“{printable(self.text(private))}”" if private is not None else ""

    def told(self, version: int) -> Text:
        """When, and what happened, in the words of the history."""
        fact = self.facts[version]
        return Text.assemble((self.at(fact.occurred_at), "faint"), f" {printable(in_words(fact, self.text))}")


def positions_table(dispute: Dispute, view: View) -> Table:
    """What the parties said, a column each, the first words of all in the first row, and so on."""
    spoken = {**dict.fromkeys(dispute.parties), **dict.fromkeys(position.party for position in dispute.positions)}
    table = plain_table()
    columns = []
    for party in spoken:
        table.add_column(party, ratio=1, overflow="fold")
        said = [_position(position, view) for position in dispute.positions if position.party == party]
        columns.append(said or [Text("nothing yet", "faint")])
    for row in zip_longest(*columns, fillvalue=Text()):
        table.add_row(*row)
    return table


def _position(position: Position, view: View) -> Text:
    said = position.said
    language = f" [{said.language}]" if said.language is not None else ""
    told = Text(f"{view.at(position.stated_at)}{language}", "faint")
    if said.is_silence:
        deadline = f" after {view.at(said.deadline)}" if said.deadline is not None else ""
        return told.append(f"\nsilence{deadline}", "mark")
    parts = [
        view.quoted(said.statement),
        view.quoted(said.requested_outcome, "wants "),
        f"clause {said.clause}" if said.clause is not None else "",
    ]
    for part in filter(None, parts):
        told.append(f"\n{part}", "not dim default")
    behalf = f" for {said.on_behalf_of}" if said.on_behalf_of is not None else ""
    letter = f", letter {digest(said.letter_hash)}" if said.letter_hash is not None else ""
    return told.append(f"\nentered by {position.entered_by}{behalf}{letter}")


def opening_lines(dispute: Dispute, view: View) -> Iterator[Line]:
    """Who differs from whom, and about what."""
    others = ", ".join(party for party in dispute.parties if party != dispute.raised_by)
    about = f", about fact {dispute.about_version}" if dispute.about_version is not None else ""
    text = view.quoted(dispute.text, ": ")
    yield "raised", Text(f"{view.at(dispute.opened_at)} by the {dispute.raised_by} against the {others}{about}{text}")
    if dispute.about_version is not None and dispute.about_version in view.facts:
        yield "disputed", view.told(dispute.about_version)


def dispute_lines(dispute: Dispute, view: View) -> Iterator[Line]:
    """What else is known of the dispute, in the order in which it is fought out."""
    yield from _listed("deadline", (_deadline(asked, dispute, view) for asked in dispute.asked))
    of_it = (it for it in view.ticket.evidence.values() if it.dispute_id == dispute.dispute_id)
    yield from _listed("evidence", (evidence_line(evidence, view) for evidence in of_it))
    yield from _listed("inspection", (view.told(it.version) for it in dispute.inspections))
    yield from _listed("verdict", _verdicts(dispute, view))
    if dispute.closing is not None:
        yield "closed", view.told(dispute.closing.version)


def _listed(label: str, lines: Iterator[Text]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        yield (label if number == 0 else "", line)


def _deadline(asked: Asked, dispute: Dispute, view: View) -> Text:
    told = Text(f"{asked.party} until {view.at(asked.deadline)}: ")
    if asked.silence is not None:
        told.append("silence recorded", "mark").append(", " if asked.answered_by is not None else "")
    if asked.answered_by is not None:
        late = " late" if view.facts[asked.answered_by].occurred_at > asked.deadline else ""
        return told.append(f"answered{late}")
    if asked.silence is not None:
        return told
    if asked.deadline < view.now and dispute.is_open:
        return told.append("passed unanswered", "mark")
    return told.append("not answered" if asked.deadline < view.now else "still to answer")


def _verdicts(dispute: Dispute, view: View) -> Iterator[Text]:
    for number, verdict in enumerate(dispute.verdicts, 1):
        told = view.told(verdict.version)
        if number < len(dispute.verdicts):
            is_upheld = dispute.verdicts[number].says_the_same_as(verdict)
            told.append(" [upheld]" if is_upheld else " [overturned]", "mark")
        yield told
        yield from (view.told(appeal.version) for appeal in verdict.appeals)


def evidence_line(evidence: Evidence, view: View) -> Text:
    """What it is, and where the thing itself is and was."""
    kind = f"{evidence.kind.replace('_', ' ')}, " if evidence.kind is not None else ""
    told = Text(f"{evidence.evidence_id} {kind}{evidence.media_type}, {digest(evidence.sha256)}")
    if not evidence.custody:
        return told
    *before, last = evidence.custody
    told.append(f"; with {last.holder} since {view.at(last.since)}")
    if before:
        told.append(f", before with {', '.join(f'{held.holder} since {view.at(held.since)}' for held in before)}")
    return told


def claim_lines(claim: Claim, view: View) -> Iterator[Line]:
    """The claim, its decisions, and what was charged back."""
    after = f", after dispute {claim.dispute_id}" if claim.dispute_id is not None else ""
    undecided = "" if claim.decisions else ": undecided"
    yield "claim", Text(f"{claim.claim_id} to {claim.to} over {money(claim.amount)}{after}{undecided}")
    for decision in claim.decisions:
        yield "", view.told(decision.version)
    if claim.charged_back is not None:
        yield "", Text(f"charged back {money(claim.charged_back)}", "mark")
