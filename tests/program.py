"""The program as its users run it: called once, left running in the background, or watched on a terminal."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from ticketing.cli.program import app

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 30.0
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_UNSET = ("FORCE_COLOR", "NO_COLOR", "TICKETING_PROJECTIONS", "TICKETING_STORE")


def asked(url: str, *arguments: str, projections: str = "", answer: str = "") -> Result:
    """What the program answers; the test's own process runs it, without a terminal."""
    environment = {"TICKETING_PROJECTIONS": projections}
    return CliRunner().invoke(app, [*arguments, "--store", url], input=answer, env=environment)


def waited(is_so: Callable[[], bool]) -> None:
    """Returns when it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until, "this takes too long"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Running:
    """A program that runs in the background."""

    process: subprocess.Popen[bytes]
    stderr: Path

    def said(self) -> str:
        """What it has written to stderr."""
        return self.stderr.read_text(encoding="utf-8")

    def waited(self, text: str) -> str:
        """What it has written once the text is part of it."""
        waited(lambda: text in self.said() or self.process.poll() is not None)
        assert text in self.said()
        return self.said()

    def ended(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(folder: Path, *arguments: str, projections: str = "", slow: str = "") -> Iterator[Running]:
    """The program, run in a folder without a terminal; it is gone afterwards.

    Args:
        folder: The current folder of the program, and where its stderr is kept.
        arguments: Those of the program.
        projections: What `TICKETING_PROJECTIONS` says.
        slow: What `SLOW_SECONDS` says, for projections of the tests.
    """
    stderr = folder / f"stderr-{time.monotonic_ns()}"
    environment = _environment({"TICKETING_PROJECTIONS": projections, "SLOW_SECONDS": slow})
    # Who starts the tests in the background has them ignore SIGINT, and a program inherits that.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "ticketing", *arguments]
    with (
        stderr.open("wb") as file,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=file) as process,
    ):
        try:
            yield Running(process, stderr)
        finally:
            process.kill()


def on_terminal(*arguments: str, store: str, projections: str = "", folder: Path = ROOT, slow: str = "") -> str:
    """What a terminal of 80 columns gets to see."""
    ours, theirs = pty.openpty()
    environment = _environment({"COLUMNS": "80", "TERM": "xterm-256color", "TICKETING_STORE": store})
    environment |= {"TICKETING_PROJECTIONS": projections, "SLOW_SECONDS": slow}
    command = [sys.executable, "-m", "ticketing", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            seen += part
    os.close(ours)
    assert process.returncode == 0, seen.decode()
    return seen.decode()


def _environment(named: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path} | dict(named)
