"""The folder of evidence files: whole or not there, under the hash of their content, and what they are said to be."""

import hashlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, get_args
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.examples import MANAGER, OPEN_TICKET, OTHER_TICKET, START, SUBMIT_EVIDENCE, TICKET, but, euros
from tests.processes import until
from tests.program import ROOT
from ticketing.adapters.codec import EVENTS
from ticketing.adapters.evidence import EvidenceFolder
from ticketing.adapters.evidence_check import EvidenceFound, check_evidence, facts_naming
from ticketing.adapters.media_types import Look, extension_of, media_type_of
from ticketing.adapters.store import Append
from ticketing.adapters.whole_files import clear, temporary
from ticketing.application import Settings, Ticketing
from ticketing.domain import events as e
from ticketing.domain.errors import BadInput, CommandRejected, NotFound, StoreError
from ticketing.domain.named_files import HASHES
from ticketing.domain.record import CorrectEvent, RetractEvent
from ticketing.domain.reference import StandardPublished
from ticketing.domain.values import Envelope, Event, Sha256, StreamKind

LIMIT = 1_000_000
TEXT = "The unit was dry. 设备是干的。\n".encode()
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def evidence(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "kept", limit_bytes=LIMIT)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A text that a customer handed in."""
    path = tmp_path / "told.txt"
    path.write_bytes(TEXT)
    return path


def names(evidence: EvidenceFolder) -> list[str]:
    """Every file in the folder, by its path in it."""
    return sorted(str(path.relative_to(evidence.folder)) for path in evidence.folder.rglob("*") if not path.is_dir())


def read(evidence: EvidenceFolder, sha256: str) -> bytes:
    with evidence.open(sha256) as content:
        return content.read()


# keeping and reading


def test_a_file_is_kept_under_the_hash_of_its_content_and_read_again(evidence: EvidenceFolder, file: Path) -> None:
    kept = evidence.keep(file)
    assert (kept.sha256, kept.media_type, kept.size_bytes) == (SHA256, "text/plain", len(TEXT))
    assert names(evidence) == [f"{SHA256[:2]}/{SHA256[2:]}"]
    assert read(evidence, SHA256) == TEXT
    assert file.read_bytes() == TEXT


def test_nobody_else_may_read_it_and_nobody_may_write_it(evidence: EvidenceFolder, file: Path) -> None:
    path = evidence.path(evidence.keep(file).sha256)
    modes = [oct(place.stat().st_mode & 0o777) for place in (evidence.folder, path.parent, path)]
    assert modes == ["0o700", "0o700", "0o400"]


def test_the_same_content_twice_is_one_file(evidence: EvidenceFolder, file: Path) -> None:
    first, again = evidence.keep(file), evidence.keep(io.BytesIO(TEXT))
    assert first.mark is not None
    assert again.mark is None
    assert names(evidence) == [f"{SHA256[:2]}/{SHA256[2:]}"]


def test_many_who_keep_the_same_at_once_leave_one_whole_file(evidence: EvidenceFolder, file: Path) -> None:
    threads = [threading.Thread(target=evidence.keep, args=(file,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(evidence) == [f"{SHA256[:2]}/{SHA256[2:]}"]
    assert read(evidence, SHA256) == TEXT


def test_a_damaged_file_is_mended_by_keeping_its_content_again(evidence: EvidenceFolder, file: Path) -> None:
    evidence.keep(file)
    overwrite(evidence.path(SHA256), b"something else")
    evidence.keep(file)
    assert read(evidence, SHA256) == TEXT


def test_a_long_file_is_kept_and_read_in_little_memory(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.write(SAMPLES["video/mp4"])
        file.truncate(32_000_000)
    evidence = EvidenceFolder(tmp_path / "kept", limit_bytes=100_000_000)
    tracemalloc.start()
    try:
        kept = evidence.keep(film)
        with evidence.open(kept.sha256) as content:
            assert sum(len(chunk) for chunk in iter(lambda: content.read(65_536), b"")) == 32_000_000
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8_000_000


# what is refused leaves nothing


def refused(evidence: EvidenceFolder, source: Path | BinaryIO, *expected: str, **said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        evidence.keep(source, **said)  # type: ignore[arg-type]  # only texts are said here
    for part in expected:
        assert part in str(refusal.value)
    assert not evidence.folder.exists() or names(evidence) == []


def test_a_file_over_the_limit_is_refused_by_name_before_it_is_copied(evidence: EvidenceFolder, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"a" * (LIMIT + 1))
    refused(evidence, path, "long.txt", "1,000,000 bytes")
    assert not evidence.folder.exists()
    path.write_bytes(b"a" * LIMIT)
    assert evidence.keep(path).size_bytes == LIMIT


def test_a_stream_that_goes_on_beyond_the_limit_is_refused(evidence: EvidenceFolder) -> None:
    refused(evidence, io.BytesIO(b"a" * (LIMIT + 1)), "the stream", "1,000,000 bytes")


def test_another_limit_may_be_given_with_the_file(evidence: EvidenceFolder, file: Path) -> None:
    with pytest.raises(BadInput, match="10 bytes"):
        evidence.keep(file, limit_bytes=10)
    assert evidence.keep(io.BytesIO(b"a" * (LIMIT + 1)), limit_bytes=LIMIT + 1).size_bytes == LIMIT + 1


def test_a_hash_that_the_content_has_not_is_refused_with_both(evidence: EvidenceFolder, file: Path) -> None:
    refused(evidence, file, "told.txt", "ab" * 32, SHA256, sha256="ab" * 32)
    assert evidence.keep(file, sha256=SHA256).sha256 == SHA256


def test_an_empty_file_is_refused(evidence: EvidenceFolder, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    refused(evidence, tmp_path / "empty", "empty")


def a_link(path: Path) -> None:
    path.with_name("told.txt").write_bytes(TEXT)
    path.symlink_to(path.with_name("told.txt"))


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [(a_link, "a symbolic link"), (Path.mkdir, "a folder"), (os.mkfifo, "a pipe"), (a_socket, "a socket")],
)
def test_only_a_plain_file_is_taken(
    make: Callable[[Path], object], kind: str, evidence: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    make(Path("thing"))
    refused(evidence, Path("thing"), "thing", kind)


def test_a_device_and_a_file_that_is_not_there_are_refused(evidence: EvidenceFolder, tmp_path: Path) -> None:
    refused(evidence, Path("/dev/zero"), "/dev/zero", "a device")
    refused(evidence, tmp_path / "none", "none", "No such file")


def test_a_stream_that_breaks_is_refused(evidence: EvidenceFolder) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    refused(evidence, Broken(), "the stream", "Input/output error")


def test_a_folder_that_cannot_be_made_is_an_error_of_the_store(file: Path) -> None:
    with pytest.raises(StoreError, match=r"told\.txt"):
        EvidenceFolder(file / "kept", limit_bytes=LIMIT).keep(io.BytesIO(TEXT))


@pytest.mark.parametrize("name", ["../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 31 + "/x", ""])
def test_what_is_no_hash_leads_nowhere(name: str, evidence: EvidenceFolder) -> None:
    with pytest.raises(BadInput, match="SHA-256"):
        evidence.path(name)
    with pytest.raises(BadInput, match="SHA-256"):
        evidence.open(name)


# what the content is


def boxed(brand: bytes) -> bytes:
    """The beginning of a photo or film as phones make them."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand + b"isom\0\0\0\x08mdat"


def matroska(kind: bytes) -> bytes:
    head = b"B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82" + bytes([0x80 + len(kind)]) + kind
    return b"\x1aE\xdf\xa3" + bytes([0x80 + len(head)]) + head + bytes(16)


SAMPLES = MappingProxyType(
    {
        "image/jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9"),
        "image/png": bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108020000"),
        "image/gif": b"GIF89a\x01\0\x01\0\x80\0\0",
        "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f",
        "image/tiff": b"II*\0\x08\0\0\0\0\0",
        "image/heic": boxed(b"heic"),
        "image/heif": boxed(b"mif1"),
        "image/avif": boxed(b"avif"),
        "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\n%%EOF",
        "audio/mpeg": b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\x64" + bytes(400),
        "audio/mp4": boxed(b"M4A "),
        "audio/wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0",
        "audio/ogg": b"OggS\0\x02" + bytes(22) + b"\x01\x13OpusHead\x01",
        "audio/flac": b"fLaC\0\0\0\x22" + bytes(34),
        "audio/amr": b"#!AMR\n\x3c\x91\0\0",
        "video/mp4": boxed(b"isom"),
        "video/quicktime": boxed(b"qt  "),
        "video/webm": matroska(b"webm"),
        "video/3gpp": boxed(b"3gp4"),
        "video/x-msvideo": b"RIFF\x24\x10\0\0AVI LIST\x10\0\0\0hdrl",
        "video/x-matroska": matroska(b"matroska"),
        "message/rfc822": b"From: a@customer.example\nTo: b@repairs.example\nSubject: dry\n\nIt was dry.\n",
        "text/plain": TEXT,
    }
)
STRANGERS = MappingProxyType(
    {
        "an ELF program": b"\x7fELF\x02\x01\x01" + bytes(60),
        "a Windows program": b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + bytes(120) + b"PE\0\0",
        "a script": b"#!/bin/sh\necho gone\n",
        "text/html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        "a zip archive": b"PK\x03\x04\x14\0\0\0\0\0" + bytes(30),
        "neither UTF-8 text nor": "Käufer".encode("latin-1"),
    }
)
HIDDEN = (
    ("neither UTF-8 text nor", "It was dry.".encode("utf-16")),
    ("neither UTF-8 text nor", "It was dry.".encode("utf-16-be")),
    ("neither UTF-8 text nor", "<html><script>alert(1)</script></html>".encode("utf-16")),
    ("text/html", b"\xef\xbb\xbf<html><body>"),
    ("text/html", b" \r\n\t<html><body>"),
    ("text/html", b"\n" * 100_000 + b"<body onload=alert(1)>"),
    ("text/html", b"<script>alert(1)</script>"),
    ("text/html", b"<?xml version='1.0'?>\n<!-- a --><html xmlns='http://www.w3.org/1999/xhtml'>"),
    ("text/html", b"<!-- it was dry"),
    ("image/svg+xml", b"<?xml version='1.0'?>\n<!-- a -->\n<svg xmlns='http://www.w3.org/2000/svg'>"),
    ("a script", b"\xef\xbb\xbf\n#!/bin/sh\n"),
)
"""Content that must not pass for text, and what the refusal calls it."""


def seen(content: bytes) -> Look:
    """A look at content that came in two parts, cut within its first letter of more than a byte."""
    look = Look()
    at = next((number for number, byte in enumerate(content) if byte > 127), 0) + 1
    look.feed(content[:at])
    look.feed(content[at:])
    return look


@pytest.mark.parametrize("media_type", SAMPLES)
def test_content_of_every_type_is_told_and_is_what_it_is_said_to_be(media_type: str) -> None:
    content = seen(SAMPLES[media_type]).end()
    assert media_type_of(content, None, "it") == media_type
    assert media_type_of(content, media_type, "it") == media_type


@pytest.mark.parametrize("media_type", [name for name in SAMPLES if name != "image/jpeg"])
def test_what_is_said_to_be_a_photo_and_is_another_is_refused_with_both(
    media_type: str, evidence: EvidenceFolder
) -> None:
    refused(evidence, io.BytesIO(SAMPLES[media_type]), "is said to be image/jpeg", media_type="image/jpeg")


@pytest.mark.parametrize("media_type", [name for name in SAMPLES if name not in ("message/rfc822", "text/plain")])
def test_what_is_said_to_be_text_and_is_none_is_refused(media_type: str, evidence: EvidenceFolder) -> None:
    refused(evidence, io.BytesIO(SAMPLES[media_type]), "is said to be text/plain", media_type="text/plain")


@pytest.mark.parametrize("what", STRANGERS)
@pytest.mark.parametrize("media_type", ["image/jpeg", "text/plain", None])
def test_what_is_no_evidence_is_refused_by_what_it_is(
    what: str, media_type: str | None, evidence: EvidenceFolder
) -> None:
    with pytest.raises(BadInput, match=what.replace("+", r"\+")) as refusal:
        evidence.keep(io.BytesIO(STRANGERS[what]), media_type=media_type)
    assert media_type is None or media_type in str(refusal.value)
    assert names(evidence) == []


@pytest.mark.parametrize("media_type", ["audio/wav", "image/webp"])
def test_what_only_shares_a_container_with_films_is_no_film(media_type: str, evidence: EvidenceFolder) -> None:
    refused(evidence, io.BytesIO(SAMPLES[media_type]), "its content is", media_type="video/x-msvideo")


def test_text_has_no_zero_byte_anywhere(evidence: EvidenceFolder) -> None:
    refused(evidence, io.BytesIO(b"dry" * 100_000 + b"\0"), "neither UTF-8 text", media_type="text/plain")


@pytest.mark.parametrize(("what", "content"), HIDDEN, ids=range(len(HIDDEN)))
@pytest.mark.parametrize("media_type", ["text/plain", "text/csv", None])
def test_no_other_encoding_mark_or_blanks_make_text_of_what_is_none(
    what: str, content: bytes, media_type: str | None
) -> None:
    with pytest.raises(BadInput, match=f"its content is {what.replace('+', '.')}"):
        media_type_of(seen(content).end(), media_type, "it")


@pytest.mark.parametrize(
    "text", ["\ufeffIt was dry.", "<a@customer.example> wrote:", "< 0.02 A", "\n  it was dry", "a,b"]
)
def test_text_with_a_mark_blanks_or_angle_brackets_is_text(text: str) -> None:
    assert media_type_of(seen(text.encode()).end(), None, "it") == "text/plain"
    assert media_type_of(seen(text.encode()).end(), "text/plain", "it") == "text/plain"


def test_a_text_made_to_be_looked_at_for_ever_is_looked_at_once() -> None:
    assert media_type_of(seen(b"<?xml?>" * 9_000).end(), None, "it") == "text/plain"


def test_text_that_begins_like_another_format_is_text() -> None:
    for text in (b"BMW is its maker", b"MZ told us", b"ID3 tags are lost", b"GIF89a is no text"):
        assert media_type_of(seen(text).end(), None, "it") == "text/plain"
        assert media_type_of(seen(text).end(), "text/csv", "it") == "text/csv"


def test_a_type_is_said_in_any_case_and_with_parameters(evidence: EvidenceFolder, file: Path) -> None:
    assert evidence.keep(file, media_type="Text/Plain; charset=utf-8").media_type == "text/plain"


def test_a_type_that_is_not_taken_is_refused_with_the_nearest(evidence: EvidenceFolder, file: Path) -> None:
    refused(evidence, file, "image/jpg is not taken", "image/jpeg", media_type="image/jpg")


def test_more_types_may_be_taken(tmp_path: Path) -> None:
    archive = b"PK\x03\x04\x14\0\0\0\0\0" + bytes(30)
    evidence = EvidenceFolder(tmp_path / "kept", limit_bytes=LIMIT, media_types=("application/zip", "text/html"))
    assert evidence.keep(io.BytesIO(archive), media_type="application/zip").media_type == "application/zip"
    assert evidence.keep(io.BytesIO(STRANGERS["text/html"])).media_type == "text/html"
    with pytest.raises(BadInput, match="said to be text/html"):
        evidence.keep(io.BytesIO(archive), media_type="text/html")


def test_a_file_is_never_named_as_something_that_runs() -> None:
    assert [extension_of(name) for name in ("image/jpeg", "text/html", "application/x-msdownload")] == [
        ".jpg",
        ".bin",
        ".bin",
    ]


@for_all(st.binary(min_size=1, max_size=64), st.sampled_from([None, *SAMPLES]))
def test_any_bytes_are_either_taken_as_what_is_said_or_refused_in_words(content: bytes, said: str | None) -> None:
    refusal, taken = "", None
    try:
        taken = media_type_of(seen(content).end(), said, "it")
    except BadInput as error:
        refusal = str(error)
    assert refusal.startswith("it: ") or taken == said or (said is None and taken in SAMPLES)


# damage


def overwrite(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def handed_out(evidence: EvidenceFolder, sha256: str, piece: int) -> tuple[int, str]:
    """How many bytes a reader gets of a damaged file, and what it is told then."""
    count = 0
    with evidence.open(sha256) as content:
        try:
            while chunk := content.read(piece):
                count += len(chunk)
        except StoreError as damage:
            return count, str(damage)
    return count, ""


@pytest.mark.parametrize("times", [1, 50_000])
@pytest.mark.parametrize("damaged", [b"!", TEXT[:-2], TEXT + b"!", b""], ids=["changed", "cut", "grown", "emptied"])
def test_a_damaged_file_is_reported_with_both_hashes_and_never_read_to_its_end(
    times: int, damaged: bytes, tmp_path: Path
) -> None:
    evidence = EvidenceFolder(tmp_path / "kept", limit_bytes=10_000_000)
    sha256 = evidence.keep(io.BytesIO(TEXT * times)).sha256
    content = TEXT * (times - 1) + damaged if damaged else b""
    overwrite(evidence.path(sha256), content)
    count, told = handed_out(evidence, sha256, 1 if times == 1 else 100)
    assert count < max(1, len(content))
    assert {sha256, hashlib.sha256(content).hexdigest()} <= set(told.replace(",", "").split())
    assert told.startswith(f"{evidence.path(sha256)}: ")


def test_a_link_in_the_place_of_a_file_is_not_followed(evidence: EvidenceFolder, file: Path) -> None:
    evidence.keep(file)
    evidence.path(SHA256).unlink()
    evidence.path(SHA256).symlink_to(file)
    assert not evidence.has(SHA256)
    with pytest.raises(NotFound, match="not here"):
        evidence.open(SHA256)


@settings(max_examples=25)
@for_all(st.binary(min_size=1, max_size=300).filter(lambda it: b"\0" not in it), st.integers(1, 100))
def test_what_is_read_in_pieces_of_any_length_is_what_was_kept(content: bytes, piece: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        evidence = EvidenceFolder(Path(folder), limit_bytes=LIMIT)
        kept = evidence.keep(io.BytesIO(b"Subject: " + content), media_type="message/rfc822")
        with evidence.open(kept.sha256) as again:
            assert b"".join(iter(lambda: again.read(piece), b"")) == b"Subject: " + content


# killed processes

KEEPS_WHAT_IT_IS_SENT = """
import sys
from pathlib import Path
from ticketing.adapters.evidence import EvidenceFolder
EvidenceFolder(Path(sys.argv[1]), limit_bytes=100_000_000).keep(sys.stdin.buffer)
"""


@pytest.fixture
def half_sent(evidence: EvidenceFolder) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the midst of keeping a file."""
    command = [sys.executable, "-c", KEEPS_WHAT_IT_IS_SENT, str(evidence.folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        process.stdin.write(TEXT * 50_000)
        process.stdin.flush()
        until(lambda: any(path.stat().st_size for path in evidence.folder.glob(".keeping-*")))
        yield process
        process.kill()


def test_of_a_killed_process_a_file_is_left_that_the_next_clears_away(
    half_sent: subprocess.Popen[bytes], evidence: EvidenceFolder, file: Path
) -> None:
    half_sent.kill()
    half_sent.wait()
    (left,) = names(evidence)
    assert left.startswith(".keeping-")
    evidence.keep(file)
    assert names(evidence) == [f"{SHA256[:2]}/{SHA256[2:]}"]


def test_a_file_that_a_living_process_is_keeping_is_left_to_it(
    half_sent: subprocess.Popen[bytes], evidence: EvidenceFolder, file: Path
) -> None:
    evidence.keep(file)
    assert list(evidence.files()) == [evidence.path(SHA256)]
    whole = TEXT * 50_000 + b"the end"
    half_sent.communicate(b"the end")
    assert half_sent.returncode == 0
    assert read(evidence, hashlib.sha256(whole).hexdigest()) == whole


def test_whoever_clears_away_what_was_left_takes_nothing_from_those_who_begin(evidence: EvidenceFolder) -> None:
    evidence.keep(io.BytesIO(TEXT))
    is_over = threading.Event()

    def clear_always() -> None:
        while not is_over.is_set():
            clear(evidence.folder)

    clearing = threading.Thread(target=clear_always)
    clearing.start()
    try:
        for number in range(300):
            with temporary(evidence.folder) as (file, name):
                assert name.exists(), f"file {number} was cleared away"
                assert not file.closed
    finally:
        is_over.set()
        clearing.join()


# taking back


def refuse(is_as_expected: bool) -> None:
    """A command is refused; before that something must have been so."""
    assert is_as_expected
    raise CommandRejected("already-on-record", "E-1")


def test_what_a_refused_block_kept_is_taken_back(evidence: EvidenceFolder, file: Path) -> None:
    with pytest.raises(CommandRejected), evidence.keeping(file) as kept:
        refuse(evidence.has(kept.sha256))
    assert [*evidence.folder.iterdir()] == []


def test_what_was_here_before_stays_when_a_later_block_is_refused(evidence: EvidenceFolder, file: Path) -> None:
    evidence.keep(file)
    with pytest.raises(CommandRejected), evidence.keeping(file):
        raise CommandRejected("already-on-record", "E-1")
    assert read(evidence, SHA256) == TEXT


def test_what_somebody_else_kept_in_the_meantime_stays(evidence: EvidenceFolder, file: Path) -> None:
    with pytest.raises(CommandRejected), evidence.keeping(file):
        refuse(evidence.keep(file).mark is None)
    assert read(evidence, SHA256) == TEXT


def test_where_nobody_knows_whether_it_was_recorded_the_file_stays(evidence: EvidenceFolder, file: Path) -> None:
    with pytest.raises(StoreError), evidence.keeping(file):
        raise StoreError("the server went away before it answered")
    assert read(evidence, SHA256) == TEXT


# erasing


def test_an_erased_file_is_gone_and_said_to_be_erased(evidence: EvidenceFolder, file: Path) -> None:
    assert not evidence.erase(SHA256)
    evidence.keep(file)
    assert evidence.erase(SHA256)
    assert evidence.whereabouts(SHA256) == "erased"
    assert list(evidence.files()) == []
    with pytest.raises(NotFound, match="was erased"):
        evidence.open(SHA256)
    evidence.keep(file)
    assert read(evidence, SHA256) == TEXT


# where the folder is


def test_the_folder_lies_beside_the_file_of_an_sqlite_store(sqlite_url: str, tmp_path: Path) -> None:
    with Ticketing(sqlite_url) as app:
        assert app.evidence.folder == tmp_path / "store.sqlite.evidence"
        assert not app.evidence.folder.exists()
    with Ticketing(f"{sqlite_url}?synchronous=normal") as app:
        assert app.evidence.folder == tmp_path / "store.sqlite.evidence"


def test_the_folder_may_be_named(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETING_EVIDENCE", str(tmp_path / "there"))
    with Ticketing(sqlite_url) as app:
        assert app.evidence.folder == tmp_path / "there"
    with Ticketing("memory:", evidence=tmp_path / "here") as app:
        assert app.evidence.folder == tmp_path / "here"


def test_without_a_folder_nothing_can_be_kept_and_nothing_is_here(file: Path) -> None:
    with Ticketing("memory:") as app:
        assert not app.evidence.has(SHA256)
        with pytest.raises(BadInput, match="TICKETING_EVIDENCE"):
            app.evidence.keep(file)


def test_the_settings_say_how_long_and_of_what_type_files_may_be(tmp_path: Path) -> None:
    settings = Settings(evidence_limit_bytes=60, evidence_types=("text/html",))
    with Ticketing("memory:", settings=settings, evidence=tmp_path / "kept") as app:
        assert app.evidence.keep(io.BytesIO(STRANGERS["text/html"])).media_type == "text/html"
        with pytest.raises(BadInput, match="60 bytes"):
            app.evidence.keep(io.BytesIO(b"a" * 61))
    assert Settings().evidence_limit_bytes == 100_000_000


# the check


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Ticketing]:
    """A store with one ticket whose evidence E-1 is kept."""
    with Ticketing("memory:", evidence=tmp_path / "kept") as ticketing:
        ticketing.handle(OPEN_TICKET)
        submit(ticketing, "E-1", TEXT)
        yield ticketing


def submit(app: Ticketing, evidence_id: str, content: bytes) -> str:
    with app.evidence.keeping(io.BytesIO(content)) as kept:
        submitted = but(
            SUBMIT_EVIDENCE,
            evidence_id=evidence_id,
            dispute_id=None,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            occurred_at=None,
        )
        app.handle(submitted)
    return kept.sha256


def found(app: Ticketing) -> list[tuple[str, str | None, bool]]:
    return [(it.state, it.evidence_id, it.is_wrong) for it in check_evidence(app.store, app.evidence)]


def test_evidence_that_is_as_it_was_kept_is_here(app: Ticketing) -> None:
    told: list[tuple[str, int, int | None]] = []
    seen = list(check_evidence(app.store, app.evidence, on_progress=lambda *step: told.append(step)))
    path = app.evidence.path(SHA256)
    assert seen == [EvidenceFound("here", 2, TICKET, "E-1", SHA256, path, version=2, what="E-1")]
    assert told == [("Reading evidence files", 1, 1)]


def test_a_damaged_and_a_missing_file_are_wrong(app: Ticketing) -> None:
    overwrite(app.evidence.path(SHA256), b"else")
    (damaged,) = check_evidence(app.store, app.evidence)
    assert (damaged.state, damaged.is_wrong) == ("damaged", True)
    assert (damaged.sha256, damaged.actual) == (SHA256, hashlib.sha256(b"else").hexdigest())
    app.evidence.path(SHA256).unlink()
    assert found(app) == [("missing", "E-1", True)]


def test_an_erased_file_and_one_that_was_never_here_are_not_wrong(app: Ticketing) -> None:
    app.evidence.erase(SHA256)
    elsewhere = but(SUBMIT_EVIDENCE, evidence_id="E-2", dispute_id=None, size_bytes=None, occurred_at=None)
    app.handle(elsewhere)
    assert found(app) == [("erased", "E-1", False), ("not here", "E-2", False)]


def test_a_file_that_no_fact_names_is_wrong_but_not_one_of_a_fact_taken_back(app: Ticketing) -> None:
    taken_back = {"target_version": 2, "reason": "another customer's", "approved_by": "m-2"}
    app.handle(RetractEvent.model_validate({"ticket_id": TICKET, "actor": MANAGER, **taken_back}))
    kept = app.evidence.keep(io.BytesIO(b"nobody's"))
    assert found(app) == [("here", "E-1", False), ("unnamed", None, True)]
    assert list(check_evidence(app.store, app.evidence))[1].path == app.evidence.path(kept.sha256)


def test_a_file_that_only_a_correction_names_is_named(app: Ticketing) -> None:
    kept = app.evidence.keep(io.BytesIO(b"the right photo, as it turned out"))
    right = CorrectEvent.model_validate(
        {
            "ticket_id": TICKET,
            "actor": MANAGER,
            "target_version": 2,
            "field": "sha256",
            "is_": kept.sha256,
            "reason": "the wrong file",
            "approved_by": "m-2",
        }
    )
    app.handle(right)
    assert found(app) == [("here", "E-1", False), ("here", None, False)]
    overwrite(app.evidence.path(kept.sha256), b"else")
    assert found(app) == [("here", "E-1", False), ("damaged", None, True)]


def hashed(kind: type[Event]) -> set[str]:
    """The fields of a fact that hold a hash, as its type has them."""
    (pattern,) = get_args(Sha256)[1:]
    return {
        name
        for name, field in kind.model_fields.items()
        if pattern in field.metadata or any(pattern in get_args(one)[1:] for one in get_args(field.annotation))
    }


def test_every_fact_that_can_name_a_file_is_known_as_such() -> None:
    assert {kind: hashed(kind) for kind in EVENTS.values() if hashed(kind)} == {
        kind: {field} for kind, field in HASHES.items()
    }


PAPERS: tuple[tuple[str, Callable[[str], Event]], ...] = (
    ("customer's letter", lambda it: e.PositionStated(dispute_id="D-1", party="customer", letter_hash=it)),
    (
        "letter that decides claim C-1",
        lambda it: e.ClaimDecided(claim_id="C-1", amount_approved=euros("25.00"), letter_hash=it),
    ),
    (
        "protocol of the joint inspection",
        lambda it: e.JointInspectionHeld(dispute_id="D-1", attendees=("a", "b"), protocol_hash=it),
    ),
    ("proof that estimate 1 was approved", lambda it: e.EstimateApproved(estimate_version=1, lines=(), proof=it)),
    ("evidence of the wait for payment", lambda it: e.WaitStarted(cause="payment", evidence=it)),
    ("document of the pinned standard S-1", lambda it: e.StandardPinned(standard="S-1", document_hash=it)),
    (
        "document of the standard S-1, version 2",
        lambda it: StandardPublished(key="S-1", version=2, effective_from=START, manufacturer="ACME", document_hash=it),
    ),
)


@pytest.mark.parametrize(("what", "naming"), PAPERS, ids=[what for what, _ in PAPERS])
def test_a_file_that_any_fact_names_is_not_unnamed_and_is_said_to_be_what_it_is(
    what: str, naming: Callable[[str], Event], app: Ticketing
) -> None:
    paper = app.evidence.keep(io.BytesIO(b"Dear customer"))
    appended(app, naming(paper.sha256))
    (_, told) = check_evidence(app.store, app.evidence)
    assert (told.state, told.what, told.position, told.sha256) == ("here", what, 3, paper.sha256)
    assert [(fact.position, file.what) for fact, file in facts_naming(app.store, paper.sha256)] == [(3, what)]


def appended(app: Ticketing, event: Event) -> None:
    """Puts a fact into the log as it stands, whatever rules a command would have to pass."""
    kind: StreamKind = "standard" if isinstance(event, StandardPublished) else "ticket"
    stream, before = (OTHER_TICKET, 0) if kind == "standard" else (TICKET, 2)
    envelope = Envelope(
        stream_id=stream,
        stream_kind=kind,
        version=before + 1,
        occurred_at=START,
        actor=MANAGER,
        command_id=UUID(int=stream.int + 1),
        event=event,
    )
    append = Append(
        stream_id=stream,
        stream_kind=kind,
        expected_version=before,
        command_id=envelope.command_id,
        command_digest="",
        envelopes=(envelope,),
    )
    app.store.append([append])


def test_the_document_of_a_standard_is_told_of_once_however_many_tickets_pin_it(app: Ticketing) -> None:
    appended(app, PAPERS[-1][1]("ab" * 32))
    appended(app, PAPERS[-2][1]("ab" * 32))
    assert [it.position for it in check_evidence(app.store, app.evidence)] == [2, 3]


def test_what_is_no_evidence_file_is_wrong_in_its_folder(app: Ticketing, file: Path) -> None:
    folder = app.evidence.path(SHA256).parent
    (folder / ("0" * 62)).symlink_to(file)
    (folder / "notes.txt").write_text("mine")
    (app.evidence.folder / "notes.txt").write_text("mine")
    (folder / "zz").mkdir()
    assert [it.state for it in check_evidence(app.store, app.evidence)].count("no evidence file") == 4


def test_what_a_killed_process_left_is_cleared_away_and_not_wrong(app: Ticketing) -> None:
    (app.evidence.folder / ".keeping-left").write_bytes(TEXT)
    assert found(app) == [("here", "E-1", False)]
    assert not (app.evidence.folder / ".keeping-left").exists()


def test_without_a_folder_there_is_nothing_to_check() -> None:
    with Ticketing("memory:") as app, pytest.raises(BadInput, match="no folder"):
        list(check_evidence(app.store, app.evidence))
