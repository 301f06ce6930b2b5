"""Reading the activity logs of other systems."""

import gzip
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ticketing.imports.logs import LogError, Row, read_cases, read_log

XES = b"""<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event">
    <string key="concept:name" value="__INVALID__"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <string key="source" value="workshop"/>
  <trace>
    <string key="concept:name" value="1"/>
    <event>
      <string key="concept:name" value="Register &amp; label"/>
      <date key="time:timestamp" value="1970-01-02T12:23:00.000+01:00"/>
    </event>
    <event>
      <string key="concept:name" value="Test"><string key="nested" value="left out"/></string>
      <int key="numberRepairs" value="007"/>
      <float key="cost" value="1.50"/>
      <boolean key="defectFixed" value="true"/>
      <id key="identity:id" value="b2c5"/>
      <list key="parts"><values><string key="part" value="left out"/></values></list>
      <container key="box"><string key="part" value="left out"/></container>
    </event>
  </trace>
  <trace>
    <string key="concept:name" value="2"/>
    <event><string key="concept:name" value="Register"/></event>
  </trace>
</log>
"""

CSV = b"""case,activity,note
A,Register,"front desk, ""urgent"" case"
B,Register,
A,Repair,"two
lines"
B,Close,\xc3\xa4
"""

PHONES = "case:concept:name"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def to_file(content: bytes) -> Path:
        path = tmp_path / "log"
        path.write_bytes(content)
        return path

    return to_file


def refusal(path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> str:
    """The one line that reading the log ends with."""
    with pytest.raises(LogError) as refused:
        list(read_log(path, delimiter=delimiter, encoding=encoding))
    text = str(refused.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text.removeprefix(str(path))


def test_an_xes_event_has_its_own_attributes_as_text_and_those_of_its_trace(write: Callable[[bytes], Path]) -> None:
    assert list(read_log(write(XES))) == [
        Row(
            11,
            {
                "case:concept:name": "1",
                "concept:name": "Register & label",
                "time:timestamp": "1970-01-02T12:23:00.000+01:00",
            },
        ),
        Row(
            15,
            {
                "case:concept:name": "1",
                "concept:name": "Test",
                "numberRepairs": "007",
                "cost": "1.50",
                "defectFixed": "true",
                "identity:id": "b2c5",
            },
        ),
        Row(27, {"case:concept:name": "2", "concept:name": "Register"}),
    ]


def test_an_xes_default_is_never_filled_in(write: Callable[[bytes], Path]) -> None:
    assert all("lifecycle:transition" not in row.columns for row in read_log(write(XES)))


@pytest.mark.parametrize(
    "content",
    [
        XES.replace(b' xmlns="http://www.xes-standard.org/"', b""),
        XES.replace(b"<log ", b"<x:log ").replace(b"</log>", b"</x:log>").replace(b"xmlns=", b"xmlns:x="),
        XES.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        b"\xef\xbb\xbf" + XES,
        gzip.compress(XES, mtime=0),
    ],
    ids=["no namespace", "prefix", "UTF-16", "byte order mark", "gzip"],
)
def test_an_xes_log_reads_the_same_however_it_is_written(write: Callable[[bytes], Path], content: bytes) -> None:
    assert list(read_log(write(content))) == list(read_log(write(XES)))


def test_a_key_that_occurs_twice_in_one_event_is_numbered(write: Callable[[bytes], Path]) -> None:
    content = b'<log><event><id key="a" value="1"/><id key="a" value="2"/></event></log>'
    assert list(read_log(write(content))) == [Row(1, {"a": "1", "a#2": "2"})]


def test_a_csv_row_has_every_column_and_the_line_on_which_it_begins(write: Callable[[bytes], Path]) -> None:
    assert list(read_log(write(CSV))) == [
        Row(2, {"case": "A", "activity": "Register", "note": 'front desk, "urgent" case'}),
        Row(3, {"case": "B", "activity": "Register", "note": ""}),
        Row(4, {"case": "A", "activity": "Repair", "note": "two\nlines"}),
        Row(6, {"case": "B", "activity": "Close", "note": "ä"}),
    ]


@pytest.mark.parametrize(
    ("content", "delimiter", "encoding"),
    [
        (b"\xef\xbb\xbf" + CSV, ",", "utf-8"),
        (gzip.compress(CSV, mtime=0), ",", "utf-8"),
        (CSV.decode().encode("latin-1"), ",", "latin-1"),
        (CSV.decode().encode("utf-16"), ",", "utf-16"),
        (CSV.replace(b"k, ", b"k; ").replace(b",", b";").replace(b"k; ", b"k, "), ";", "utf-8"),
        (b"\n" + CSV[:-1], ",", "utf-8"),
    ],
    ids=["byte order mark", "gzip", "latin-1", "UTF-16", "semicolons", "blank first line, no last end of line"],
)
def test_a_csv_log_reads_the_same_however_it_is_written(
    write: Callable[[bytes], Path], content: bytes, delimiter: str, encoding: str
) -> None:
    texts = [row.columns for row in read_log(write(content), delimiter=delimiter, encoding=encoding)]
    assert texts == [row.columns for row in read_log(write(CSV))]


def test_a_column_name_that_occurs_again_is_numbered_and_stays_unique(write: Callable[[bytes], Path]) -> None:
    (row,) = read_log(write(b"a,b,a,a,a#2\n1,2,3,4,5\n"))
    assert row.columns == {"a": "1", "b": "2", "a#2": "3", "a#3": "4", "a#2#2": "5"}


def test_windows_line_ends_are_no_part_of_a_value(write: Callable[[bytes], Path]) -> None:
    assert list(read_log(write(b"a,b\r\n1,2\r\n"))) == [Row(2, {"a": "1", "b": "2"})]


def test_a_header_without_rows_is_a_log_without_rows(write: Callable[[bytes], Path]) -> None:
    assert list(read_log(write(b"case,activity\n"))) == []


@pytest.mark.parametrize("content", [XES, CSV, gzip.compress(XES, mtime=0), gzip.compress(CSV, mtime=0)])
def test_progress_counts_the_bytes_of_the_file_up_to_its_size(write: Callable[[bytes], Path], content: bytes) -> None:
    seen: list[int] = []
    list(read_log(write(content), on_bytes=seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == len(content)


def test_progress_of_a_gzipped_log_comes_while_it_is_read(write: Callable[[bytes], Path]) -> None:
    noise = random.Random(1).randbytes(400_000).hex().encode()
    content = gzip.compress(b"a\n" + b"\n".join(noise[i : i + 80] for i in range(0, len(noise), 80)))
    seen: list[int] = []
    next(read_log(write(content), on_bytes=seen.append))
    assert 0 < seen[-1] < len(content)


def test_the_rows_of_a_case_come_together_wherever_they_stand(write: Callable[[bytes], Path]) -> None:
    cases = [(case, [row.line for row in rows]) for case, rows in read_cases(write(CSV), "case")]
    assert cases == [("A", [2, 4]), ("B", [3, 6])]


def test_cases_come_in_order_of_first_appearance(write: Callable[[bytes], Path]) -> None:
    assert [case for case, _ in read_cases(write(b"case\nb\na\nb\n10\n9\n"), "case")] == ["b", "a", "10", "9"]


def test_the_row_of_a_case_is_the_row_of_the_log(write: Callable[[bytes], Path]) -> None:
    path = write(XES)
    assert [row for _, rows in read_cases(path, PHONES) for row in rows] == list(read_log(path))


def test_two_traces_of_one_name_are_one_case(write: Callable[[bytes], Path]) -> None:
    path = write(XES.replace(b'value="2"', b'value="1"'))
    assert [(case, [row.line for row in rows]) for case, rows in read_cases(path, PHONES)] == [("1", [11, 15, 27])]


def test_an_event_outside_a_trace_is_a_row_but_of_no_case(write: Callable[[bytes], Path]) -> None:
    path = write(b'<log>\n<event><string key="concept:name" value="Register"/></event></log>')
    assert list(read_log(path)) == [Row(2, {"concept:name": "Register"})]
    with pytest.raises(LogError, match=r"log:2: column 'case:concept:name': missing.*there are: 'concept:name'"):
        list(read_cases(path, PHONES))


@pytest.mark.parametrize("name", [b"", b'"  "'])
def test_a_row_whose_case_is_empty_is_refused_with_its_line(write: Callable[[bytes], Path], name: bytes) -> None:
    path = write(b"case,activity\nA,Register\n" + name + b",Close\n")
    with pytest.raises(LogError, match=r"log:3: column 'case': empty") as refused:
        list(read_cases(path, "case"))
    assert (refused.value.path, refused.value.line, refused.value.column) == (path, 3, "case")


def test_sorting_by_case_leaves_no_file_behind_even_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[bytes], Path]
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(room))
    many = b"".join(b"case %d,%s\n" % (i % 7, b"x" * 200) for i in range(20_000))
    assert len([case for case, _ in read_cases(write(b"case,note\n" + many), "case")]) == 7
    with pytest.raises(LogError):
        list(read_cases(write(b"case,note\n" + many + b",\n"), "case"))
    next(read_cases(write(b"case,note\n" + many), "case"))
    assert list(room.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", ": is empty"),
        (b"\n\n", ": is empty"),
        (gzip.compress(b"", mtime=0), ": is empty"),
        (b"a,b\n1,2\n3\n", ":3: 1 field(s) where the header names 2"),
        (b"a,b\n1,2,3\n", ":2: 3 field(s) where the header names 2"),
        (b'a\n"1\n2', ":2: not well-formed CSV"),
        (b'a\n"1"2\n', ":2: not well-formed CSV"),
        (b"a\n\xe4\n", ":2: not utf-8 text"),
        ("a\n1\n".encode("utf-16-le"), ":1: not utf-8 text"),
        (b"a" * 5_000_000, ":1: no end of line within"),
        (b"<log>\n<trace>", ":2: the XML is damaged or cut short: no element found"),
        (b"<log></log>\n<log/>", ":2: the XML is damaged or cut short: junk after document element"),
        (b"<html>\n</html>", ":1: <html> in the document is not XES"),
        (b"<log><trace>\n<evnt/></trace></log>", ":2: <evnt> in <trace> is not XES"),
        (b"<log><event>\n<string value='1'/></event></log>", ":2: <string> has no key"),
        (b"<log><event>\n<string key='a'/></event></log>", ":2: column 'a': <string> has no value"),
        (b"<?xml version='1.0' encoding='martian'?><log/>", ": not readable in the encoding that it declares"),
        (gzip.compress(CSV, mtime=0)[:-9], ": the gzip file is cut short"),
        (gzip.compress(CSV, mtime=0)[:5], ": the gzip file is cut short"),
        (gzip.compress(CSV, mtime=0)[:-8] + bytes(8), ": the gzip file is damaged"),
        (b"\x1f\x8b\x08" + bytes(40), ": the gzip file is damaged"),
    ],
)
def test_a_damaged_log_is_refused_with_its_place_and_what_is_wrong(
    write: Callable[[bytes], Path], content: bytes, reason: str
) -> None:
    assert refusal(write(content)).startswith(reason)


@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE log>",
        b'<!DOCTYPE log SYSTEM "http://localhost/log.dtd">',
        b'<!DOCTYPE log [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_document_types_and_entities_are_refused(write: Callable[[bytes], Path], doctype: bytes) -> None:
    path = write(b"<?xml version='1.0'?>\n" + doctype + b"<log/>")
    assert refusal(path) == ":2: document types, entities and external references are refused"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == ": cannot be read: No such file or directory"
    assert refusal(tmp_path) == ": cannot be read: Is a directory"


def test_an_unknown_encoding_or_delimiter_is_refused(write: Callable[[bytes], Path]) -> None:
    path = write(CSV)
    assert refusal(path, encoding="martian") == ": there is no text encoding 'martian'"
    assert refusal(path, encoding="hex") == ": there is no text encoding 'hex'"
    assert refusal(path, delimiter="::") == ": the delimiter '::' is not one usable character"


def test_without_the_import_extra_xes_is_refused_and_csv_is_read(
    write: Callable[[bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "defusedxml", None)
    assert refusal(write(XES)) == ": reading XES needs an extra: pip install 'ticketing[import]'"
    assert len(list(read_log(write(CSV)))) == 4


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """The content with some bytes changed, and perhaps cut short."""
    flips = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)

    def damage(flips: list[tuple[int, int]], length: int) -> bytes:
        changed = bytearray(content)
        for place, byte in flips:
            changed[place] = byte
        return bytes(changed[:length])

    return st.builds(damage, flips, st.just(len(content)) | st.integers(0, len(content)))


def rows_or_refusal(read: Callable[[], Iterator[object]]) -> None:
    refused = ""
    try:
        for _ in read():
            pass
    except LogError as error:
        refused = str(error)
    assert "\n" not in refused


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.one_of([damaged(log) for log in (XES, CSV, gzip.compress(XES, mtime=0), gzip.compress(CSV, mtime=0))])
)
def test_any_damaged_log_gives_rows_or_a_refusal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    rows_or_refusal(lambda: read_log(path))
    rows_or_refusal(lambda: read_cases(path, "case"))
    rows_or_refusal(lambda: read_cases(path, PHONES))
    rows_or_refusal(lambda: read_log(path, encoding="utf-16"))


def test_reading_may_be_given_up_in_the_middle_by_whichever_thread_has_the_reader(
    write: Callable[[bytes], Path],
) -> None:
    cases = read_cases(write(b"case,activity\nA,Register\nB,Register\n"), "case")
    next(cases)
    with ThreadPoolExecutor(1) as another:
        another.submit(cases.close).result()
    assert list(cases) == []
