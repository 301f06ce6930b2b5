"""Evidence on a dossier's page: what was put on record, who has held it, and the files that came along."""

from collections.abc import Iterator

from ticketing.domain.disputed import Evidence
from ticketing.domain.events import EvidenceSubmitted
from ticketing.pages.account import Account, Section, fact_link, spaced, table
from ticketing.pages.markup import Html, Part, joined, tag

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What a browser shows without another program."""


def evidence(account: Account) -> Section | None:
    """The evidence that is told; None where there is none."""
    told = [each for each in account.ticket.evidence.values() if account.is_told(each.dispute_id)]
    if not told:
        return None
    headings = ("evidence", "what it is", "on record", "custody", "file")
    return Section("evidence", "Evidence", table(headings, (list(_row(account, each)) for each in told)))


def _row(account: Account, evidence: Evidence) -> Iterator[Part]:
    submitted = next(fact for fact in account.of(EvidenceSubmitted) if fact.version == evidence.version)
    said = submitted.event
    yield evidence.evidence_id
    size = f"{said.size_bytes:,} bytes" if said.size_bytes is not None else None
    captured = joined(["captured ", account.when(said.captured_at)]) if said.captured_at is not None else None
    by = f"by {said.captured_by}" if said.captured_by is not None else None
    kind = spaced(said.kind) if said.kind is not None else None
    yield joined((part for part in (kind, said.media_type, size, captured, by) if part is not None), ", ")
    yield joined([account.when(evidence.submitted_at), f", {account.who(submitted)} ", fact_link(evidence.version)])
    held = (joined([f"{one.holder} since ", account.when(one.since)]) for one in evidence.custody)
    yield joined(held, ", ") if evidence.custody else "a file, nothing to hold"
    yield _file(account, evidence)


def _file(account: Account, evidence: Evidence) -> Html:
    where, path = account.evidence.get(evidence.sha256, ("not here", ""))
    shown = account.hash_of(evidence.sha256)
    if where == "erased":
        return joined([tag("p", "[erased]", class_="untold"), shown])
    if where == "not here":
        return joined([tag("p", "not held here", class_="untold"), shown])
    if evidence.media_type in _PICTURES:
        picture = tag("img", src=path, alt=f"Evidence {evidence.evidence_id}")
        return joined([tag("a", picture, href=path), shown])
    return shown
