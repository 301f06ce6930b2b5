"""Disclosure: which private texts of a ticket go into its dossier, chosen by words, and how the others read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketing.adapters.private import ERASED, SaltedText, private_parts
from ticketing.adapters.store import Store
from ticketing.domain.errors import BadInput, nearest
from ticketing.domain.events import TICKET_EVENTS
from ticketing.domain.values import Event, PrivateText, Recorded, SerialNumber

NOT_DISCLOSED = "[not disclosed]"
_NONE, _ALL, _SERIAL = "none", "all", "serial"
_EVENTS = frozenset(event.__name__ for event in TICKET_EVENTS)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The private texts of a ticket, and which of them are told.

    Attributes:
        texts: Those that are told, in the order in which the facts hold them.
        erased: Digests of those that nobody can tell any more.
        count: How many there are, whether told, not told or erased.
    """

    texts: tuple[SaltedText, ...]
    erased: frozenset[str]
    count: int

    def teller(self) -> "Teller":
        """What gives the texts for the page."""
        return Teller({text.digest: text.text for text in self.texts}, self.erased)


@dataclass(frozen=True, slots=True)
class Teller:
    """Gives the text behind a private part, `[erased]` or `[not disclosed]`."""

    texts: Mapping[str, str]
    erased: Collection[str]

    def __call__(self, private: PrivateText | SerialNumber) -> str:
        """The text, or what stands in its place."""
        digest = private.digest or ""
        return self.texts.get(digest, ERASED if digest in self.erased else NOT_DISCLOSED)


def disclosed(store: Store, history: Sequence[Recorded[Event]], words: Iterable[str]) -> Disclosure:
    """The disclosure that the words choose.

    Args:
        store: Has the texts.
        history: Every fact of the ticket.
        words: `none`, `all`, `serial` (serial numbers), the name of an event or the version of a fact (both without
            their serial numbers); several add up.

    Raises:
        BadInput: A word is none of these; the text names the nearest.
    """
    asked = [word.strip() for word in words]
    for word in asked:
        _refuse_unknown(word, len(history))
    chosen: dict[str, bool] = {}
    for fact in history:
        by_fact = not {_ALL, type(fact.event).__name__, str(fact.version)}.isdisjoint(asked)
        for part in private_parts(fact.event):
            if part.digest is not None:
                is_serial = isinstance(part, SerialNumber)
                is_told = _ALL in asked or (_SERIAL in asked if is_serial else by_fact)
                chosen[part.digest] = chosen.get(part.digest, False) or is_told
    told = store.salted([digest for digest, is_told in chosen.items() if is_told])
    erased = frozenset(digest for digest, text in store.texts(chosen).items() if text is None)
    return Disclosure(tuple(told[digest] for digest in chosen if digest in told), erased, len(chosen))


def _refuse_unknown(word: str, versions: int) -> None:
    known = (_NONE, _ALL, _SERIAL, *sorted(_EVENTS))
    if word in known or (word.isdecimal() and word.isascii() and 1 <= int(word) <= versions):
        return
    if word.isdecimal():
        raise BadInput(f"disclose {word}: the ticket has the versions 1 to {versions}")
    raise BadInput(
        f"disclose {word}: this is neither none, all, serial, an event nor a version; "
        f"the nearest is {nearest(word, known)}"
    )
