"""Disables each rule in turn and runs the tests that name it: every one must turn some test red.

    python tests/disable_each_rule.py [--only SLUG ...] [--each]

The first test that turns red is run once more with the rule in force, and must then be green. With `--each` the rules
of one slug are disabled one event at a time (`not-approved@BillIssued`). Exit codes: 0 when every rule was missed by
a test, 1 when one was not, 2 when a test is red although no rule is disabled.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import without_rule  # noqa: E402

NO_PROOF = {"test_every_rule_matters.py"}
"""It reads the other tests and asks no rule."""


@dataclass(frozen=True)
class Verdict:
    """What the tests said in the absence of a rule.

    Attributes:
        rule: The slug, or `SLUG@Event`.
        red: The first test that failed without the rule, or None.
        is_red_anyway: Whether that test fails with the rule too.
        output: What pytest printed.
        seconds: How long it took.
    """

    rule: str
    red: str | None
    is_red_anyway: bool
    output: str
    seconds: float

    @property
    def is_proved(self) -> bool:
        return self.red is not None and not self.is_red_anyway

    def __str__(self) -> str:
        said = "GREEN  no test noticed" if self.red is None else f"red    {self.red}"
        return f"{self.rule:45} {said}{'  which is red anyway' if self.is_red_anyway else ''}"


def files_naming(rule: str) -> list[Path]:
    """The test files that name a rule's slug: first the pure ones, which ask it by itself; the state machine last."""
    slug = rule.partition("@")[0]
    naming = []
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name not in NO_PROOF and f'"{slug}"' in text:
            naming.append(((path.name == "test_machine.py", "from tests.spec import" not in text, path.name), path))
    return [path for _, path in sorted(naming)]


def run(tests: Sequence[str], *options: str) -> subprocess.CompletedProcess[str]:
    """One pytest over the tests, in a process of its own, that stops at the first red test."""
    with tempfile.TemporaryDirectory() as scratch:
        quiet = ["-x", "-q", "--tb=line", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.without_rule", *quiet, *options, *tests],
            cwd=ROOT,
            # An example that fails only without a rule must not be remembered for the tests with it.
            env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": scratch},
            capture_output=True,
            text=True,
            check=False,
        )


def judged(rule: str) -> Verdict:
    """What the tests that name the rule say in its absence."""
    began = time.monotonic()
    files = files_naming(rule)
    if not files:
        return Verdict(rule, None, False, "no test names it", 0.0)
    done = run([str(path) for path in files], "--without-rule", rule)
    failed = re.search(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    red = failed.group(1) if done.returncode == 1 and failed is not None else None
    is_red_anyway = red is not None and run([red]).returncode != 0
    return Verdict(rule, red, is_red_anyway, done.stdout + done.stderr, time.monotonic() - began)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", metavar="SLUG", action="append", help="only this rule; may be given more than once")
    asked.add_argument("--each", action="store_true", help="one event at a time, not all rules of a slug at once")
    options = asked.parse_args()
    rules = without_rule.single_rules() if options.each else without_rule.slugs()
    if options.only:
        rules = [rule for rule in rules if {rule, rule.partition("@")[0]} & set(options.only)] or list(options.only)

    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for verdict in pool.map(judged, rules):
            verdicts.append(verdict)
            print(f"{len(verdicts):3}/{len(rules)} {verdict.seconds:5.1f} s  {verdict}", flush=True)
    missed = [verdict for verdict in verdicts if not verdict.is_proved]
    for verdict in missed:
        last_lines = "\n    ".join(verdict.output.strip().splitlines()[-5:])
        print(f"\n{verdict}\n    {last_lines}", file=sys.stderr)
    print(f"{len(rules) - len(missed)} of {len(rules)} rules proved")
    return 2 if any(verdict.is_red_anyway for verdict in missed) else 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
