"""Evidence on a dossier's page: what was put on record, who has held it, and the files that came along."""

from collections.abc import Iterator

from ticketing.domain.disputed import Evidence
from ticketing.domain.events import EventCorrected, EvidenceSubmitted
from ticketing.domain.named_files import files_named
from ticketing.pages.account import Account, Section, fact_link, spaced, table
from ticketing.pages.markup import Html, Part, joined, tag

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What a browser shows without another program."""


def evidence(account: Account) -> Section | None:
    """The evidence that is told; None where there is none."""
    told = [each for each in account.ticket.evidence.values() if account.is_told(each.dispute_id)]
    papers = list(_papers(account))
    if not told and not papers:
        return None
    headings = ("evidence", "what it is", "on record", "custody", "file")
    pieces = table(headings, (list(_row(account, each)) for each in told)) if told else None
    beside = table(("letter or other paper", "on record", "file"), papers) if papers else None
    return Section("evidence", "Evidence", *(each for each in (pieces, beside) if each is not None))


def _papers(account: Account) -> Iterator[tuple[Part, Part, Part]]:
    """The files here that facts name without putting them on record as evidence, by what the facts say they are."""
    for fact in account.facts:
        if isinstance(fact.event, EvidenceSubmitted | EventCorrected):  # corrections are in the facts already
            continue
        for file in files_named(fact.event):
            where, _ = account.evidence.get(file.sha256, ("not here", ""))
            if where != "not here" and account.is_told(getattr(fact.event, "dispute_id", None)):
                on_record = joined([account.when(fact.recorded_at), f", {account.who(fact)} ", fact_link(fact.version)])
                yield file.what, on_record, _file(account, file.sha256)


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
    picture_of = f"Evidence {evidence.evidence_id}" if evidence.media_type in _PICTURES else None
    yield _file(account, evidence.sha256, picture_of)


def _file(account: Account, sha256: str, picture_of: str | None = None) -> Html:
    where, path = account.evidence.get(sha256, ("not here", ""))
    shown = account.hash_of(sha256)
    if where == "erased":
        return joined([tag("p", "[erased]", class_="untold"), shown])
    if where == "not here":
        return joined([tag("p", "not held here", class_="untold"), shown])
    if picture_of is not None:
        picture = tag("img", src=path, alt=picture_of)
        return joined([tag("a", picture, href=path), shown])
    return shown
