"""Disclosure: which private texts of a ticket go into its dossier, chosen by words, and how the others read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketing.adapters.private import ERASED, SaltedText, private_parts
from ticketing.adapters.store import Store
from ticketing.domain.errors import BadInput, StoreError
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
        BadInput: A word is none of these; the text lists them.
        StoreError: A text that is to be told is neither in the store nor erased.
    """
    asked = [word.strip() for word in words]
    for word in asked:
        _refuse_unknown(word, history)
    chosen: dict[str, bool] = {}
    for fact in history:
        by_fact = not {_ALL, type(fact.event).__name__, str(fact.version)}.isdisjoint(asked)
        for part in private_parts(fact.event):
            if part.digest is not None:
                is_serial = isinstance(part, SerialNumber)
                is_told = _ALL in asked or (_SERIAL in asked if is_serial else by_fact)
                chosen[part.digest] = chosen.get(part.digest, False) or is_told
    wanted = [digest for digest, is_told in chosen.items() if is_told]
    told = store.salted(wanted)
    erased = frozenset(digest for digest, text in store.texts(chosen).items() if text is None)
    missing = {digest for digest in wanted if _is_missing(told.get(digest), is_erased=digest in erased)}
    if missing:
        raise StoreError(_missing(history, missing))
    return Disclosure(tuple(told[digest] for digest in chosen if digest in told), erased, len(chosen))


def _is_missing(text: SaltedText | None, *, is_erased: bool) -> bool:
    if text is None:
        return not is_erased
    said: tuple[object, object] = text.salt, text.text
    return None in said  # only a row that was changed behind the store's back is so


def _missing(history: Sequence[Recorded[Event]], digests: Collection[str]) -> str:
    """What is said of texts that are gone, by the first fact that holds one."""
    fact = next(fact for fact in history if any(part.digest in digests for part in private_parts(fact.event)))
    return (
        f"fact {fact.version}, {type(fact.event).__name__}: a private text that it holds is missing in the store, "
        "and was not erased; ticketing check says more"
    )


def _refuse_unknown(word: str, history: Sequence[Recorded[Event]]) -> None:
    versions = len(history)
    if word in {_NONE, _ALL, _SERIAL, *_EVENTS} or (word.isdecimal() and word.isascii() and 1 <= int(word) <= versions):
        return
    if word.isdecimal():
        raise BadInput(f"--disclose {word}: the ticket has the versions 1 to {versions}")
    raise BadInput(
        f"--disclose {word}: there are none, serial, all, a version from 1 to {versions}, or an event; this ticket has "
        f"{', '.join(sorted({type(fact.event).__name__ for fact in history}))}"
    )
