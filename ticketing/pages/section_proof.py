"""Proof on a dossier's page: how to check it, by which key, and what that shows and what not."""

from ticketing.adapters.keys import base64_text
from ticketing.pages.account import Account, Section, pairs
from ticketing.pages.markup import tag

_ACCOUNT = """This page is the company's account of the events in events.jsonl, written to be read. Where the
two differ, the events count."""
_PROGRAM = """Take verify.py: one file that needs Python and its package cryptography, short enough to be read. Better
take it from where the software comes from than from whoever gave you this dossier. Run it on the zip as you got it:"""
_KEY = """For KEY give the company's key as you got it elsewhere: from its web site, a contract, or with an earlier
checkpoint. Without it the dossier is shown only to fit itself. The key that came with it stands below."""
_WITNESS = """For each WITNESS give the witness's key as you got it from the witness: only then is it shown who saw the
log, and when."""
_SHOWN = """What this shows: the events stand in the log at these places, whole from the first to the last named above,
and not a letter of them was changed since the checkpoint was signed."""
_NOT_SHOWN = """What it cannot show: that what was recorded is true, that all that happened was recorded, and what was
recorded after the checkpoint."""


def proof(account: Account) -> Section:
    """How to check the dossier."""
    checkpoint = account.checkpoint
    told = pairs(
        (
            ("key", tag("code", account.company_key, class_="hash")),
            *(("witness's key", tag("code", key, class_="hash")) for key in account.witness_keys),
            ("log", f"{checkpoint.origin}, {checkpoint.size:,} facts"),
            ("root", tag("code", base64_text(checkpoint.root), class_="hash")),
            ("signed by", ", ".join(signature.name for signature in account.signatures)),
        )
    )
    witnesses = "".join(f" --witness WITNESS{number}" for number, _ in enumerate(account.witness_keys, 1))
    command = tag("code", f"python verify.py dossier.zip --key KEY{witnesses}")
    seen = tag("li", _WITNESS) if account.witness_keys else None
    steps = tag("ol", tag("li", _ACCOUNT), tag("li", _PROGRAM, " ", command), tag("li", _KEY), seen)
    return Section("proof", "How to check this", steps, told, tag("p", _SHOWN), tag("p", _NOT_SHOWN))
