"""A fuzzer of dossiers: changes one in every way it can think of, and holds what verify accepts against the truth.

    python -m tests.fuzz_dossier --minutes 10 --seed 7

Laws: verify answers with an exit code, and never with a traceback. From who has no key it accepts nothing but the bytes
of the company's own dossier; from the company itself nothing that says of the log what is not so: events are those of
the log, whole from the ticket's first, and texts and evidence are those that were hashed into them.
"""

import argparse
import json
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests import dossier_examples as d
from tests.dossier_examples import COMPANY, WITNESS, Files
from ticketing.adapters.notes import Note
from ticketing.domain.errors import BadInput

_MOST_BYTES = 40


class Wrong(AssertionError):
    """Verify accepted what it must not, or crashed."""


@dataclass
class Fuzzer:
    """Changes a dossier at random.

    Args:
        folder: Holds the files; what verify answered wrongly to is left in it.
        random: Chooses.

    Attributes:
        codes: How often verify answered with each exit code, by who made the change.
    """

    folder: Path
    random: Random
    codes: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, seed in (("true", 1), ("other", 2)):
            with d.disputed(self.folder, seed=seed) as app:
                d.written(app, self.folder / f"{name}.zip", "all")
        self.true = (self.folder / "true.zip").read_bytes()
        self.files = d.unpacked(self.folder / "true.zip")
        self.others = d.unpacked(self.folder / "other.zip")

    def round(self) -> None:
        """Changes the dossier once, as one of four would, and looks at what verify says of it.

        Raises:
            Wrong: It says something else than it must.
        """
        who = self.random.choice(("on the way", "with a zip program", "with the list", "the company"))
        if who == "on the way":
            content = self._changed(self.true, self.others["events.jsonl"])
            return self._judge(who, content, is_true=content == self.true)
        files = self.files
        for _ in range(self.random.choice((1, 1, 2, 3))):
            files = self._changed_files(files)
        with suppress(KeyError, UnicodeError, BadInput):  # a manifest that nobody could list files in, or sign
            if who == "with the list":
                files = d.relisted(files)
            elif who == "the company":
                files = d.resigned(files)
                return self._judge(who, d.packed(files), is_true=self._is_so(files))
        content = d.packed(files)
        return self._judge(who, content, is_true=content == self.true)

    def _judge(self, who: str, content: bytes, *, is_true: bool) -> None:
        path = self.folder / "changed.zip"
        try:
            code, said = d.verified(path, content, COMPANY, WITNESS)
        except BaseException as error:
            raise Wrong(f"verify crashed on {path}, changed {who}: {error!r}") from error
        self.codes[who, code] = self.codes.get((who, code), 0) + 1
        if code not in {0, 1, 2} or not said or (code == 0 and not is_true):
            raise Wrong(f"verify answers {code} to {path}, changed {who}: {said}")

    def _is_so(self, files: Files) -> bool:
        """Whether what these files say of the log is so."""
        try:
            ticket = files["manifest.txt"].decode().split("\n")[1].split(" ")[1]
            lines, ours = (one["events.jsonl"].decode().removesuffix("\n").split("\n") for one in (files, self.files))
            texts, true_texts = ({*map(d.plain_json, json.loads(one["texts.json"]))} for one in (files, self.files))
            whole = [line for line in ours if json.loads(line)["stream_id"] == ticket]
            told = [line for line in lines if json.loads(line)["stream_id"] == ticket]
            body = Note.parse(files["checkpoint.txt"]).body
        except (KeyError, IndexError, RecursionError, TypeError, ValueError):
            return False
        evidence = {content for path, content in files.items() if path.startswith("evidence/")}
        return (
            {*lines} <= {*ours}
            and told == whole[: len(told)]
            and texts <= true_texts
            and evidence <= {self.files[d.PHOTO_PATH]}
            and body == Note.parse(self.files["checkpoint.txt"]).body
        )

    # changes

    def _changed_files(self, files: Files) -> Files:
        path = self.random.choice(sorted(files))
        match self.random.randrange(8):
            case 0 | 1:
                return files | {path: self._changed(files[path], self.others.get(path, b"x"))}
            case 2:
                return files | {path: self.others.get(path, b"")}
            case 3:
                return {name: content for name, content in files.items() if name != path}
            case 4:
                other = self.random.choice(sorted(files))
                return files | {path: files[other], other: files[path]}
            case 5:
                return files | {self._path(): self.random.choice((b"", b"forged", files[path]))}
            case 6:
                return files | {"events.jsonl": self._changed_lines(files.get("events.jsonl", b""), b"\n")}
            case _:
                name = self.random.choice(("texts.json", "proofs.json", "manifest.txt", "checkpoint.txt", "keys.txt"))
                between = b"," if name.endswith(".json") else b"\n"
                return files | {name: self._changed_lines(files.get(name, b""), between)}

    def _path(self) -> str:
        digits = "".join(self.random.choice("0123456789abcdef") for _ in range(64))
        return self.random.choice(
            (
                f"evidence/{digits}.txt",
                f"evidence/{digits}",
                "evidence/../x",
                "/etc/passwd",
                "a.txt",
                "index.html/x",
                "é",
            )
        )

    def _changed_lines(self, content: bytes, between: bytes) -> bytes:
        """Lines left out, doubled, exchanged, or taken from the other log."""
        lines = content.split(between)
        at, to = self.random.randrange(len(lines)), self.random.randrange(len(lines))
        match self.random.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(to, lines[at])
            case 2:
                lines[at], lines[to] = lines[to], lines[at]
            case 3:
                lines[at] = self.random.choice(self.others["events.jsonl"].split(b"\n"))
            case _:
                lines[at:] = []
        return between.join(lines)

    def _changed(self, content: bytes, other: bytes) -> bytes:
        """Bytes turned, left out, doubled, exchanged, or put in."""
        changed = bytearray(content or b"\0")
        at, size = self.random.randrange(len(changed)), self.random.randrange(1, _MOST_BYTES)
        match self.random.randrange(7):
            case 0 | 1:
                changed[at] ^= 1 << self.random.randrange(8)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = changed[at : at + size]
            case 4:
                changed[at : at + size] = self.random.randbytes(size)
            case 5:
                begin = self.random.randrange(len(other))
                changed[at : at + size] = other[begin : begin + size]
            case _:
                del changed[at:]
        return bytes(changed)


def main() -> None:
    """Runs for so many minutes, and says how often verify answered what."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-dossier-"))
    fuzzer, until, rounds = Fuzzer(folder, Random(asked.seed)), time.monotonic() + 60 * asked.minutes, 0
    while time.monotonic() < until:
        fuzzer.round()
        rounds += 1
    answers = ", ".join(f"{who} {code}: {count:,}" for (who, code), count in sorted(fuzzer.codes.items()))
    print(f"{rounds:,} changed dossiers, seed {asked.seed}; nothing accepted that is not so, no crash; {answers}")


if __name__ == "__main__":
    main()
