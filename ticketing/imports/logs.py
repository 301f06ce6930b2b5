"""Activity logs of other systems: the rows of an XES (IEEE 1849) or CSV file, plain or gzipped, read as a stream.

Three laws. The content decides the format, never the file's name. A row holds what the file says, as text, and nothing
else. Whatever is wrong with the file, the reader gets a `LogError` of one line, or rows.
"""

import codecs
import csv
import gzip
import json
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from ticketing.domain.errors import BadInput

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl

_CHUNK_BYTES = 1 << 16
_LINE_LIMIT_CHARACTERS = 1 << 22
"""A longer line is no CSV, and must not fill the memory."""

_GZIP_MAGIC = b"\x1f\x8b"
_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""Byte order marks of UTF-8 and UTF-16, its zero bytes, blanks: what may stand before the first `<`."""

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""Lone surrogates are what the decoder leaves of undecodable bytes; zeros betray UTF-16 read as something else."""


@dataclass(frozen=True, slots=True)
class Row:
    """One CSV row or XES event: its attributes as text, and where it stands.

    Attributes:
        line: Where it begins in the uncompressed file, from 1.
        columns: Text by column name (CSV: every column, perhaps empty) or attribute key (XES: only what the event has;
            those of its trace are prefixed `case:`). The second of two with the same name is `name#2`.
    """

    line: int
    columns: Mapping[str, str]


class LogError(BadInput):
    """The log cannot be read.

    Attributes:
        path: The file.
        reason: What is wrong, for a person to read.
        line: Where in the uncompressed file, from 1, if known.
        column: The column or attribute, if it is about one.
    """

    def __init__(self, path: Path, reason: str, *, line: int | None = None, column: str | None = None) -> None:
        place = str(path) if line is None else f"{path}:{line}"
        about = "" if column is None else f"column {column!r}: "
        super().__init__(f"{place}: {about}{reason}")
        self.path = path
        self.reason = reason
        self.line = line
        self.column = column


def read_log(
    path: Path, *, on_bytes: Callable[[int], None] | None = None, delimiter: str = ",", encoding: str = "utf-8"
) -> Generator[Row, None, None]:
    """The rows of the log, in the order of the file and the memory of one XES trace or CSV row.

    XES: attributes of the types string, date, int, float, boolean and id; lists, containers and attributes of
    attributes are left out. The defaults of `<global>` are never filled in: the standard makes every event carry a
    global attribute, so a default is advice to whoever writes a log, and an invented value would be an invented fact.

    CSV: the first line that is not blank names the columns; blank lines are passed over.

    Args:
        path: XES or CSV, plain or gzipped; told apart by their first bytes.
        on_bytes: Told how many bytes of the file, compressed if it is, have been read so far; at last all of them.
        delimiter: One character; CSV only.
        encoding: CSV only (XML declares its own); a byte order mark of UTF-8 is passed over.

    Raises:
        LogError: When the rows are taken: the file is missing, empty, cut short, damaged, ragged or no such log.
    """
    with closing(_chunks(path, on_bytes)) as chunks:
        first = next(chunks, b"")
        content = chain((first,), chunks)
        if first.lstrip(_BEFORE_XML).startswith(b"<"):
            yield from _xes_rows(path, content)
        else:
            yield from _csv_rows(path, content, delimiter, encoding)


def read_cases(
    path: Path,
    case_column: str,
    *,
    on_bytes: Callable[[int], None] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Generator[tuple[str, list[Row]], None, None]:
    """Each case with its rows in the order of the file; cases in order of first appearance, in the memory of one case.

    Close it when you stop before the end: it holds the file and the temporary database open.

    Rows of a case may stand anywhere in the file, so all are first put into a temporary SQLite database. It has no
    name, so that SQLite itself keeps it on disk (about four times the uncompressed log, in `TMPDIR`) and removes it,
    even if the process dies. A trace without events has no rows and is no case.

    Args:
        path: The file; this and all else as for `read_log`.
        case_column: The column that names the case; for XES usually `case:concept:name`.
        on_bytes: All bytes are read before the first case comes.
        delimiter: CSV only.
        encoding: CSV only.

    Raises:
        LogError: As for `read_log`; a row without a case; no room for the temporary database.
    """
    return _by_case(path, read_log(path, on_bytes=on_bytes, delimiter=delimiter, encoding=encoding), case_column)


_CREATE_CASES = "CREATE TABLE cases (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"
_CREATE_ROWS = """
CREATE TABLE rows (
    sequence INTEGER PRIMARY KEY, case_number INTEGER NOT NULL, line INTEGER NOT NULL, columns TEXT NOT NULL
)
"""
_INSERT_CASE = "INSERT OR IGNORE INTO cases (name) VALUES (?)"
_INSERT_ROW = "INSERT INTO rows (case_number, line, columns) SELECT number, ?, ? FROM cases WHERE name = ?"
_SELECT_BY_CASE = """
SELECT name, line, columns FROM rows JOIN cases ON number = case_number ORDER BY case_number, sequence
"""


def _by_case(
    path: Path, rows: Generator[Row, None, None], case_column: str
) -> Generator[tuple[str, list[Row]], None, None]:
    try:
        # Whoever gives the reading up half-way may be another thread.
        with closing(rows), closing(sqlite3.connect("", check_same_thread=False)) as spill:
            spill.execute(_CREATE_CASES)
            spill.execute(_CREATE_ROWS)
            for row in rows:
                case = _case_of(path, row, case_column)
                spill.execute(_INSERT_CASE, (case,))
                spill.execute(_INSERT_ROW, (row.line, json.dumps(row.columns), case))
            for case, group in groupby(spill.execute(_SELECT_BY_CASE), key=itemgetter(0)):
                yield case, [Row(line, json.loads(columns)) for _, line, columns in group]
    except sqlite3.Error as error:
        raise LogError(path, f"cannot be sorted by case in a temporary file: {error}") from error


def _case_of(path: Path, row: Row, case_column: str) -> str:
    case = row.columns.get(case_column)
    if case is None:
        there = ", ".join(map(repr, row.columns)) or "none"
        raise LogError(path, f"missing, it should name the case; there are: {there}", line=row.line, column=case_column)
    if not case.strip():
        raise LogError(path, "empty, it should name the case", line=row.line, column=case_column)
    return case


def size_bytes(path: Path) -> int:
    """The size of the file as it lies there; 0 if it is none.

    Raises:
        LogError: Its folder may not be entered, or its name cannot be one.
    """
    with _one_clear_error(path):
        return path.stat().st_size if path.is_file() else 0


def _chunks(path: Path, on_bytes: Callable[[int], None] | None) -> Generator[bytes, None, None]:
    """The uncompressed content, piece by piece."""
    with _one_clear_error(path):
        file = path.open("rb")
    with file:
        with _one_clear_error(path):
            is_gzipped = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        with gzip.GzipFile(fileobj=file) if is_gzipped else nullcontext(file) as content:
            while True:
                with _one_clear_error(path):
                    chunk = content.read(_CHUNK_BYTES)
                    read_bytes = file.tell() if on_bytes else 0
                if on_bytes:
                    on_bytes(read_bytes)
                if not chunk:
                    return
                yield chunk


@contextmanager
def _one_clear_error(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise LogError(path, "the gzip file is cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise LogError(path, f"the gzip file is damaged: {error}") from error
    except OSError as error:
        raise LogError(path, f"cannot be read: {error.strerror or error}") from error


def _csv_rows(path: Path, chunks: Iterable[bytes], delimiter: str, encoding: str) -> Iterator[Row]:
    try:
        # strict: a quotation mark in the wrong place is an error, not a guess that swallows the lines after it.
        reader = csv.reader(_text_lines(path, chunks, encoding), delimiter=delimiter, strict=True)
    except (TypeError, ValueError) as error:
        raise LogError(path, f"the delimiter {delimiter!r} is not one usable character") from error
    names: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise LogError(path, f"not well-formed CSV: {error}", line=line) from error
        if fields is None:
            break
        if not fields:
            continue
        if not names:
            names = _distinct(fields)
        elif len(fields) != len(names):
            raise LogError(path, f"{len(fields)} field(s) where the header names {len(names)}", line=line)
        else:
            yield Row(line, dict(zip(names, fields, strict=True)))
    if not names:
        raise LogError(path, "is empty; a log has at least a header row")


def _text_lines(path: Path, chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The decoded lines with their ends, each proved to be text."""
    try:
        "a".encode(encoding)  # refuses also the codecs that are none of text, such as hex
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        decoder = codecs.getincrementaldecoder("utf-8-sig" if is_utf8 else encoding)("surrogateescape")
    except (LookupError, UnicodeError) as error:
        raise LogError(path, f"there is no text encoding {encoding!r}") from error
    line, rest = 1, ""
    for chunk in chain(chunks, (b"",)):
        try:
            rest += decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            raise LogError(path, f"from here on not {encoding} text: {error}", line=line) from error
        lines = rest.split("\n")
        rest = lines.pop() if chunk else ""
        for text in lines:
            if _NO_TEXT.search(text):
                raise LogError(path, f"not {encoding} text: an undecodable or zero byte", line=line)
            yield text + "\n"
            line += 1
        if len(rest) > _LINE_LIMIT_CHARACTERS:
            raise LogError(path, f"no end of line within {_LINE_LIMIT_CHARACTERS} characters", line=line)


_TEXT_TYPES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_ATTRIBUTES = _TEXT_TYPES | {"list", "container"}
_CHILDREN = {
    "": frozenset({"log"}),
    "log": _ATTRIBUTES | {"extension", "global", "classifier", "trace", "event"},
    "trace": _ATTRIBUTES | {"event"},
    "event": _ATTRIBUTES,
}
"""What may stand where. Source: IEEE 1849-2016, XML serialization; `container` is of XES 1.0."""


def _xes_rows(path: Path, chunks: Iterable[bytes]) -> Iterator[Row]:
    try:
        from defusedxml import DefusedXmlException, expatreader
    except ModuleNotFoundError as error:
        raise LogError(path, "reading XES needs an extra: pip install 'ticketing[import]'") from error
    parser = expatreader.create_parser(forbid_dtd=True)
    log = _XesLog(path, parser.getLineNumber)
    parser.setContentHandler(log)
    try:
        for chunk in chunks:
            parser.feed(chunk)
            yield from log.take()
        parser.close()
        yield from log.take()
    except SAXParseException as error:
        line = error.getLineNumber()
        raise LogError(path, f"the XML is damaged or cut short: {error.getMessage()}", line=line) from error
    except DefusedXmlException as error:
        reason = "document types, entities and external references are refused"
        raise LogError(path, reason, line=parser.getLineNumber()) from error
    except (LookupError, ValueError) as error:
        raise LogError(path, f"not readable in the encoding that it declares: {error}") from error


class _XesLog(ContentHandler):
    """The rows of the traces that have ended; keeps no element after its trace."""

    def __init__(self, path: Path, line_now: Callable[[], int]) -> None:
        super().__init__()
        self._path = path
        self._line_now = line_now
        self._open = [""]
        self._ignored_depth = 0
        self._trace: list[tuple[str, str]] = []
        self._event: list[tuple[str, str]] = []
        self._events: list[tuple[int, list[tuple[str, str]]]] = []
        self._rows: list[Row] = []

    def take(self) -> list[Row]:
        """The rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def startElement(self, name: str, attrs: "AttributesImpl") -> None:  # noqa: N802 - the SAX interface
        """Notes an attribute of a trace or event, or goes into a log, trace or event."""
        if self._ignored_depth:
            self._ignored_depth += 1
            return
        element, parent = name.rpartition(":")[2], self._open[-1]
        if element not in _CHILDREN[parent]:
            place = f"<{parent}>" if parent else "the document"
            raise LogError(self._path, f"<{name}> in {place} is not XES", line=self._line_now())
        if element in _CHILDREN:
            self._open.append(element)
            if element == "event":
                self._event = []
                self._events.append((self._line_now(), self._event))
            return
        self._ignored_depth = 1
        if element in _TEXT_TYPES and parent != "log":
            key, value = attrs.get("key"), attrs.get("value")
            if key is None or value is None:
                lacks = "key" if key is None else "value"
                raise LogError(self._path, f"<{name}> has no {lacks}", line=self._line_now(), column=key)
            (self._event if parent == "event" else self._trace).append((key, value))

    def endElement(self, name: str) -> None:  # noqa: N802 - the SAX interface
        """Makes the rows of a trace, or of an event that stands in none."""
        if self._ignored_depth:
            self._ignored_depth -= 1
            return
        self._open.pop()
        if self._open[-1] == "log":
            case = [(f"case:{key}", value) for key, value in self._trace]
            self._rows += [Row(line, _columns(case + event)) for line, event in self._events]
            self._trace, self._events = [], []


def _columns(attributes: list[tuple[str, str]]) -> dict[str, str]:
    columns = dict(attributes)
    if len(columns) == len(attributes):
        return columns
    return dict(zip(_distinct(key for key, _ in attributes), (value for _, value in attributes), strict=True))


def _distinct(names: Iterable[str]) -> list[str]:
    """The names, the second and later of the same as `name#2`, `name#3`."""
    seen: Counter[str] = Counter()
    distinct: dict[str, None] = {}
    for name in names:
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name}#{seen[name]}"
        while unique in distinct:
            seen[name] += 1
            unique = f"{name}#{seen[name]}"
        distinct[unique] = None
    return list(distinct)
