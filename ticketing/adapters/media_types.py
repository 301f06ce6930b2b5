"""Media types: what evidence may be, and whether content is what it is said to be.

Laws of this file: content is looked at, never unpacked, run or shown. What is not text is told by its first bytes, as
`puremagic` knows them; it often knows several names that fit, and one of them must be the type that was said. Text
has no such mark, and nobody's word is taken for it: it is UTF-8 without a zero byte, and what begins as a web page, a
drawing in SVG or a script is none, whatever blanks stand before it.
"""

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ticketing.domain.errors import BadInput, nearest

if TYPE_CHECKING:
    import puremagic

EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/tiff": ".tiff",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/avif": ".avif",
    "application/pdf": ".pdf",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/3gpp": ".3gp",
    "video/x-msvideo": ".avi",
    "video/x-matroska": ".mkv",
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/csv": ".csv",
}
"""The types that evidence may have, and how the name of such a file ends. Office documents and archives are none of
them: they hold programs and other files, and look different tomorrow; a PDF of them does not."""

_OTHER_NAMES: Mapping[str, frozenset[str]] = {
    "image/heic": frozenset({"image/heif"}),
    "audio/wav": frozenset({"audio/wave", "audio/x-wav"}),
    "audio/ogg": frozenset({"application/ogg"}),
    "audio/amr": frozenset({".amr"}),
    "video/x-msvideo": frozenset({"video/avi"}),
}
"""What the library calls these, by type; where it knows no type, by ending."""

_BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    **dict.fromkeys((b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"avc1", b"dash", b"XAVC"), "video/mp4"),
}
"""Brands of photos and films that the library does not know, or gives another name. Source: ISO/IEC 14496-12, 4.3;
ISO/IEC 23008-12, 10; mp4ra.org."""

_SAYS_NOTHING = b"RIFF"
"""A container of sound, film and pictures alike: matched by this alone, a file is none of them for certain."""

_PLAIN_NAMES = (
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"PK\x03\x04", "a zip archive"),
)
"""What the library has many names for, or odd ones."""

_TEXTS = frozenset({"text/plain", "text/csv"})
_ACTIVE = frozenset({"text/html", "image/svg+xml"})
_BLANKS = re.compile(r"[\s\ufeff\u200b-\u200f\u2060]*")
"""What programs pass over before they look: blanks, marks of byte order, and what has no width."""

_PROLOGUE = r"(?>(?:<\?xml\b[^>]*>|<!--.*?-->)\s*)*+"  # never tried twice: a hostile text would take years
_SVG = re.compile(rf"{_PROLOGUE}(?:<!doctype\s+svg\b|<(?:\w+:)?svg[\s/>])", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(
    rf"<!--|<\?php\b|<%|{_PROLOGUE}<(?:!doctype\s+html\b|(?:html|head|script|iframe|h[1-6]|div|font|table|a|style|title|b|body|br|p"
    r"|img|meta|link|base|form|span|center|object|embed|video|audio|math)[\s/>])",
    re.IGNORECASE | re.DOTALL,
)
"""How a web page begins. Source: WHATWG MIME Sniffing, 7.1; with it the tags that load something, PHP and ASP."""

_HEADER_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
"""How a message begins. Source: RFC 5322, 2.2 and 4.5."""

_HEAD_BYTES = 65_536
"""The library looks at the first 37,386 bytes."""


def extension_of(media_type: str) -> str:
    """How the name of such a file ends, with the dot; `.bin` where nothing is known of the type."""
    return EXTENSIONS.get(media_type, ".bin")


class Look:
    """A look at content as it streams by."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._opening = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._has_zero = False

    def feed(self, chunk: bytes) -> None:
        """Looks at the next bytes."""
        self._head += chunk[: _HEAD_BYTES - len(self._head)]
        self._has_zero = self._has_zero or b"\0" in chunk
        self._decode(chunk)

    def end(self) -> "Content":
        """What was seen."""
        self._decode(b"", is_end=True)
        return Content(bytes(self._head), self._opening, is_utf8=self._is_utf8, has_zero=self._has_zero)

    def _decode(self, chunk: bytes, *, is_end: bool = False) -> None:
        if self._is_utf8:
            try:
                text = self._decoder.decode(chunk, is_end)
            except UnicodeDecodeError:
                self._is_utf8 = False
                return
            if not self._opening:
                text = _BLANKS.sub("", text, count=1)
            self._opening += text[: _HEAD_BYTES - len(self._opening)]


@dataclass(frozen=True, slots=True)
class Content:
    """What is seen of content.

    Attributes:
        head: Its first bytes.
        opening: Its first letters after any blanks, as far as it is UTF-8.
        is_utf8: Whether all of it is.
        has_zero: Whether a zero byte is in it.
    """

    head: bytes
    opening: str
    is_utf8: bool
    has_zero: bool

    @property
    def is_text(self) -> bool:
        """Whether it may be text. Of the other formats taken only a PDF or a message can look like that."""
        return self.is_utf8 and not self.has_zero

    @property
    def is_script(self) -> bool:
        """Whether it names the program that is to run it."""
        return self.is_text and self.opening.startswith("#!")


def refuse_type(said: str, others: Collection[str] = ()) -> None:
    """Refuses a type that evidence may not have.

    Args:
        said: The type, in lower case and without parameters.
        others: Types that are taken beside those of `EXTENSIONS`.

    Raises:
        BadInput: It is not taken; the text names the nearest that is.
    """
    if said not in EXTENSIONS and said not in others:
        near = nearest(said, (*EXTENSIONS, *others))
        raise BadInput(f"evidence of the type {said} is not taken; the nearest that is taken is {near}")


def media_type_of(content: Content, said: str | None, name: str, others: Collection[str] = ()) -> str:
    """The type that was said if the content can be that; the one that the content shows if none was said.

    Args:
        content: What was seen of it.
        said: The type that it is said to have; see `refuse_type`.
        name: What a refusal calls the content.
        others: Types that are taken beside those of `EXTENSIONS`.

    Raises:
        BadInput: The content is something else, or nothing that is taken.
    """
    shown = tuple(_shown(content))
    if said is None:
        taken = (one for called in shown for one in _called((*EXTENSIONS, *others), called))
        said = next(taken, "text/plain" if _is_plain(content, shown) else None)
        if said is None:
            raise BadInput(f"{name}: its content is {_in_words(content, shown)}, which is not taken as evidence")
    elif not _can_be(said, content, shown):
        raise BadInput(f"{name}: it is said to be {said}, and its content is {_in_words(content, shown)}")
    return said


def _can_be(said: str, content: Content, shown: Collection[str]) -> bool:
    if said == "message/rfc822":
        return not content.has_zero and _HEADER_FIELD.match(content.head) is not None
    if not _names(said).isdisjoint(shown):
        return True
    return _is_kind_of_text(said) and _is_plain(content, shown)


def _called(types: Collection[str], name: str) -> list[str]:
    """The types that the library may call by a name, the one with that very name first."""
    return sorted((one for one in types if name in _names(one)), key=lambda one: one != name)


def _names(media_type: str) -> frozenset[str]:
    return _OTHER_NAMES.get(media_type, frozenset()) | {media_type}


def _is_kind_of_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("+xml", "/xml", "+json", "/json"))


def _is_plain(content: Content, shown: Collection[str]) -> bool:
    """Whether it is text that no program will do as it says."""
    return content.is_text and not content.is_script and _ACTIVE.isdisjoint(shown)


def _shown(content: Content) -> Iterator[str]:
    """What the content may be, the likeliest first: media types, or endings where the library has no type."""
    if content.head[4:8] == b"ftyp" and content.head[8:12] in _BRANDS:
        yield _BRANDS[content.head[8:12]]
    active = _active(content) if content.is_text else None
    if active is not None:
        yield active
        return
    for match in _matches(content.head):
        called: str = match.mime_type or match.extension
        is_binary = called.startswith(("image/", "audio/", "video/")) and called not in _ACTIVE
        is_vague = match.byte_match == _SAYS_NOTHING or called == "application/octet-stream" or called in _TEXTS
        if not is_vague and not (content.is_text and is_binary):
            yield called


def _active(content: Content) -> str | None:
    """The type of a text that programs do more with than show its letters; None of any other."""
    if _SVG.match(content.opening):
        return "image/svg+xml"
    return "text/html" if _PAGE.match(content.opening) else None


def _matches(head: bytes) -> "list[puremagic.PureMagicWithConfidence]":
    try:
        import puremagic
    except ModuleNotFoundError:
        raise BadInput("evidence files need puremagic: pip install 'ticketing[evidence]'") from None
    try:
        return puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []


def _in_words(content: Content, shown: Collection[str]) -> str:
    if content.is_script:
        return "a script"
    if not content.is_text:
        for beginning, name in _PLAIN_NAMES:
            if content.head.startswith(beginning):
                return name
    known = next((called for called in shown if "/" in called), None)
    return known or ("text/plain" if content.is_text else "neither UTF-8 text nor of another kind that is known")
