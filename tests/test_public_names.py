"""The public names: what an import of the package loads, and that all are there for programs and type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ticketing

ROOT = Path(__file__).parents[1]


def run(program: str) -> str:
    """What a program says in a process of its own, whose modules nobody has imported yet."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imports_for_type_checkers() -> dict[str, str]:
    """The module of each name that `ticketing/__init__.py` imports where a type checker reads it."""
    tree = ast.parse(Path(ticketing.__file__).read_text(encoding="utf-8"))
    (block,) = (one for one in tree.body if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING")
    found = [one for one in block.body if isinstance(one, ast.ImportFrom)]
    return {name.name: str(one.module) for one in found for name in one.names}


def test_importing_the_package_loads_nothing_before_a_name_is_asked_for() -> None:
    loaded = run("import sys; before = {*sys.modules}; import ticketing; print(sorted({*sys.modules} - before))")
    assert {name for name in ast.literal_eval(loaded) if name.partition(".")[0] not in sys.stdlib_module_names} == {
        "ticketing"
    }


def test_all_public_names_load_neither_extras_nor_what_only_reports_imports_and_the_command_line_need() -> None:
    loaded = set(ast.literal_eval(run("from ticketing import *; import sys; print(sorted(sys.modules))")))
    assert not {name.partition(".")[0] for name in loaded} & {
        "altair", "defusedxml", "holidays", "numpy", "opentelemetry", "psycopg", "rich", "scipy", "typer", "ucumvert"
    }  # fmt: skip
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("ticketing.")}
    assert ours == {f"ticketing.{name}" for name in ("adapters", "application", "clocks", "domain", "projections")}
    assert not {"ticketing.adapters.check", "ticketing.adapters.postgres", "ticketing.adapters.sqlite"} & loaded


def test_each_public_name_is_what_a_type_checker_takes_it_for() -> None:
    told = imports_for_type_checkers()
    assert set(told) == set(ticketing.__all__)
    for name, module in told.items():
        assert getattr(ticketing, name) is getattr(sys.modules[module], name)


def test_the_package_lists_its_public_names_before_any_was_asked_for() -> None:
    assert run("import ticketing; print(set(ticketing.__all__) <= set(dir(ticketing)))") == "True\n"


def test_a_name_that_the_package_has_not_is_missed_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'ticketing' has no attribute 'Tickets'"):
        getattr(ticketing, "Tickets")  # noqa: B009 - mypy knows that it is not there
    with pytest.raises(ImportError, match="cannot import name 'Tickets'"):
        exec("from ticketing import Tickets")
