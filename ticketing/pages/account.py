"""Account: what a dossier's page is made of, and the small parts that its sections share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal, TypeVar

from ticketing.adapters.notes import Checkpoint, Signature
from ticketing.domain.reference import StandardPublished
from ticketing.domain.ticket import Ticket
from ticketing.domain.values import Envelope, Event, Money, PrivateText, Recorded, decimal_text, instant_text
from ticketing.pages.disclosure import Disclosure, Teller
from ticketing.pages.markup import Html, Part, joined, lines, tag

Kept = tuple[Literal["here", "erased", "not here"], str]
"""Where an evidence file is, and its path in the dossier."""

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that the page says.

    Attributes:
        ticket: As its surviving facts leave it.
        history: Every fact as it was recorded.
        facts: Those that survive, with their corrections.
        standards: The versions pinned, by key and version.
        evidence: Files by SHA-256.
        company_key: The verifier key of whoever made the dossier.
        witness_keys: Those of the witnesses.
        signatures: Those under the checkpoint.
        dispute_id: The only dispute to be told; None tells all.
    """

    ticket: Ticket
    history: Sequence[Recorded[Event]]
    facts: Sequence[Recorded[Event]]
    standards: Mapping[tuple[str, int], StandardPublished]
    evidence: Mapping[str, Kept]
    disclosure: Disclosure
    text: Teller
    checkpoint: Checkpoint
    company_key: str
    witness_keys: Sequence[str]
    signatures: Sequence[Signature]
    dispute_id: str | None
    zone: tzinfo

    def of(self, kind: type[E]) -> list[Recorded[E]]:
        """The surviving facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact.event, kind)]  # type: ignore[misc]  # just looked at

    def fact(self, version: int) -> Recorded[Event]:
        """The fact of that version, as it was recorded."""
        return self.history[version - 1]

    def is_told(self, dispute_id: str | None) -> bool:
        """Whether what belongs to that dispute, or to none, is on the page."""
        return self.dispute_id is None or dispute_id in (None, self.dispute_id)

    def when(self, instant: datetime) -> Html:
        """The instant to the minute, in the dossier's zone."""
        return tag("time", f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M}", datetime=instant_text(instant))

    def second(self, instant: datetime) -> Html:
        """The instant to the second: rounded down, what is signed would seem to have been seen earlier than it was."""
        return tag("time", f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M:%S}", datetime=instant_text(instant))

    def who(self, fact: Envelope[Event]) -> str:
        """Who recorded a fact, in which role and where."""
        role = spaced(fact.actor.role)
        return f"{role} {fact.actor.id}" + (f" at {fact.actor.site}" if fact.actor.site is not None else "")

    def quote(self, private: PrivateText | None, language: str | None = None) -> Html | None:
        """What somebody said, as they said it; None where there is nothing.

        Args:
            private: The text.
            language: Its language as a BCP 47 tag; None where nobody said which.
        """
        if private is None:
            return None
        said = self.text(private)
        if private.digest not in self.text.texts:
            return tag("p", said, class_="untold")
        return tag("blockquote", said, lang=language or "", dir="auto")

    def hash_of(self, sha256: str) -> Html:
        """A hash, and a link to its file if that is in the dossier."""
        where, path = self.evidence.get(sha256, ("not here", ""))
        shown = tag("code", sha256, class_="hash")
        return tag("a", shown, href=path) if where == "here" else shown


def fact_link(version: int) -> Html:
    """A link to a fact of the time line."""
    return tag("a", f"fact {version}", href=f"#fact-{version}", class_="fact")


def money(amount: Money) -> str:
    """The amount with its currency."""
    return f"{decimal_text(amount.amount)} {amount.currency}"


def spaced(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


class Section:
    """A section of the page.

    Args:
        anchor: What a link to it names.
        title: Its heading.
        inside: What stands in it.
    """

    def __init__(self, anchor: str, title: str, *inside: Part) -> None:
        self.anchor = anchor
        self.title = title
        self._inside = inside

    def shown(self) -> Html:
        """The section as markup."""
        return tag("section", lines([tag("h2", self.title), *self._inside]), id=self.anchor)


def table(headings: Sequence[str], rows: Iterable[Sequence[Part]], *, numbers: Sequence[int] = ()) -> Html:
    """A table whose columns carry their heading along, so that a narrow screen can show them as lines.

    Args:
        headings: One for each column.
        rows: As many parts each.
        numbers: The columns that are set to the right.
    """
    head = tag(
        "thead",
        tag("tr", *(tag("th", name, scope="col", class_=_number(at, numbers)) for at, name in enumerate(headings))),
    )
    body = (
        tag(
            "tr",
            *(tag("td", part, data_label=headings[at], class_=_number(at, numbers)) for at, part in enumerate(row)),
        )
        for row in rows
    )
    return tag("table", head, tag("tbody", lines(body)))


def _number(column: int, numbers: Sequence[int]) -> str | None:
    return "number" if column in numbers else None


def listed(parts: Iterable[Part], class_: str | None = None) -> Html:
    """A list."""
    return tag("ul", *(tag("li", part) for part in parts), class_=class_)


def pairs(told: Iterable[tuple[str, Part]]) -> Html:
    """Names with what is said of each; those of which nothing is said are left out."""
    kept = [(name, part) for name, part in told if part not in (None, "")]
    return tag("dl", *(joined([tag("dt", name), tag("dd", part)]) for name, part in kept))
