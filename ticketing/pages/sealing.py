"""Sealing: the checkpoint of a dossier, signed by the company and perhaps by witnesses."""

from collections.abc import Sequence
from dataclasses import dataclass

from ticketing.adapters.keys import SigningKey, VerifyingKey
from ticketing.adapters.notary import Notary
from ticketing.adapters.notes import Checkpoint, Note, Signature, SignatureLine, verified
from ticketing.domain.errors import BadInput, NotProven


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A checkpoint with the signatures of those who are named, and of no others.

    Attributes:
        keys: The company's, then the witnesses'.
        left_out: Who else has signed it, by the names they give themselves.
    """

    note: Note
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]
    keys: tuple[VerifyingKey, ...]
    left_out: tuple[str, ...] = ()


def sealed(
    notary: Notary, key: SigningKey, position: int, *, given: Note | None = None, witnesses: Sequence[VerifyingKey] = ()
) -> Sealed:
    """The checkpoint that is given; else the oldest kept one that the witnesses signed; without any, a new one.

    Args:
        notary: That of the log.
        key: The company's.
        position: The last fact that it has to cover.
        given: A checkpoint that came back from witnesses.
        witnesses: Each of them has to have signed it.

    Raises:
        NotProven: It is not of this log, or a signature does not hold.
        BadInput: It does not reach as far as the position, or no checkpoint that is kept does.
    """
    keys = (key.verifying, *witnesses)
    for witness in witnesses:
        if witness.signer != "witness":
            raise BadInput(f"{witness.name} is a log's key: a witness's is asked for")
    if given is None:
        given = _kept(notary, keys, position) if witnesses else notary.checkpoint(key)
    note = Note(given.body, tuple(_signature_of(each, given) for each in keys))
    checkpoint = Checkpoint.parse(note)
    notary.require_of_log(checkpoint)
    if checkpoint.size < position:
        raise BadInput(
            f"the checkpoint covers the log up to position {checkpoint.size:,}, and the ticket has a fact at "
            f"{position:,}: have a newer one signed, or give none"
        )
    marks = {(each.name, each.key_id) for each in keys}
    return Sealed(
        note=note,
        checkpoint=checkpoint,
        signatures=tuple(verified(note, keys, "the checkpoint")),
        keys=keys,
        left_out=tuple(line.name for line in given.signatures if (line.name, line.key_id) not in marks),
    )


def _signature_of(key: VerifyingKey, note: Note) -> SignatureLine:
    """The first line under a note that is of a key; a witness may have signed again later."""
    verified(note, [key], "the checkpoint")
    return next(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id))


def _kept(notary: Notary, keys: Sequence[VerifyingKey], position: int) -> Note:
    """The oldest kept checkpoint that covers the position and that all of them signed."""
    for received in notary.checkpoints():
        signed = {(line.name, line.key_id) for line in received.note.signatures}
        if received.checkpoint.size >= position and signed.issuperset((key.name, key.key_id) for key in keys):
            return received.note
    names = " and ".join(key.name for key in keys)
    raise NotProven(f"no checkpoint is kept that covers position {position:,} and that {names} signed: give one")
