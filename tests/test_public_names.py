"""The public names: what an import of the package loads, and that all are there for programs and type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ticketing

ROOT = Path(__file__).parents[1]
FIRST_USE = """
import sys
from threading import Barrier, Thread
from pydantic import ValidationError
from pydantic_core import to_json
from ticketing import *
from ticketing.domain.values import Value

def below(kind):
    return {kind, *(one for child in kind.__subclasses__() for one in below(child))}

def used(kind):
    try:
        made = kind()
    except (BadInput, ValidationError) as error:  # it lacks fields, and the validator of another class lacks others
        return str(error), to_json(kind.model_construct(), serialize_unknown=True)
    return type(made), to_json(made)

def use(turn):
    barrier.wait()
    for kind in (*kinds[turn % 4 * 20:], *kinds[:turn % 4 * 20]):
        try:
            found[turn][kind] = used(kind)
        except BaseException as error:
            found[turn][kind] = repr(error)

sys.setswitchinterval(0.000001)
kinds = sorted(below(Value), key=lambda kind: kind.__qualname__)
assert not any(kind.__pydantic_complete__ for kind in kinds if kind.__module__ == "ticketing.domain.intake")
barrier, found = Barrier(8), [{} for _ in range(8)]
threads = [Thread(target=use, args=[turn]) for turn in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
after = {kind: used(kind) for kind in kinds}
assert len(kinds) > 100
wrong = [(kind, one[kind]) for one in found for kind in kinds if one[kind] != after[kind]]
assert not wrong, wrong
"""


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


def test_threads_that_use_values_first_at_the_same_time_all_get_them_whole() -> None:
    run(FIRST_USE)
