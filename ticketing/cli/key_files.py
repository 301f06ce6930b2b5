"""Keys and checkpoints as named on the command line: a file, or for verifier keys the text itself."""

from contextlib import suppress
from pathlib import Path

from ticketing.adapters.keys import SigningKey, VerifyingKey
from ticketing.adapters.notes import Note
from ticketing.adapters.witness import Submission
from ticketing.domain.errors import BadInput


def signing_key_in(path: Path) -> SigningKey:
    """The signing key that a file holds.

    Raises:
        BadInput: It holds none; the text names the file and nothing of its content.
    """
    try:
        return SigningKey.parse(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise BadInput(f"{path}: this is no signing key") from None
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def verifying_key_named(text: str) -> VerifyingKey:
    """The verifier key of a text, or of the first line of a file.

    Raises:
        BadInput: It is none.
    """
    content = text
    with suppress(OSError, ValueError):
        content = Path(text).read_text("utf-8").partition("\n")[0]
    try:
        return VerifyingKey.parse(content)
    except BadInput as error:
        if content is text and "+" not in text:
            raise BadInput(f"{text[:80]}: there is no such file, and this is no verifier key") from None
        raise BadInput(f"{text[:80]}: {error}") from None


def checkpoint_in(path: Path) -> Note:
    """The signed checkpoint of a file, without the proof that it may have come with.

    Raises:
        BadInput: It holds none.
    """
    return Submission.parse(path.read_bytes(), str(path)).note
