# Everything runs in .venv, which is made on the first call and needs the network only then.

# The .venv remembers the Python and the folder it was made for: a copied tree must not run the code of the one it was copied from.
made_for := $(shell cat .venv/.made-for 2>/dev/null)
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(firstword $(made_for)),python3)
endif

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start the program a hundred times; without its bytecode on disk each start would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo dossier test lint rules clocks worlds soak phone-clocks bench bench-large clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/make \1	\2/p' Makefile
	@echo 'PYTHON=python3.12 make ... chooses the Python (3.11 or newer)'
	@echo 'CLOCK_TICKETS=500 CLOCK_SEED=7 make clocks takes fewer tickets, or others'
	@echo 'WORLDS=100 WORLDS_SEED=7 make worlds takes fewer worlds, or others; fewer than 1,000 are not written'
	@echo 'SOAK_MINUTES=60 SOAK_SEED=7 make soak takes its time, and makes a run alike'

demo: .venv/.installed-cli ## a made-up repair company: its tickets, clocks and figures
	@.venv/bin/ticketing demo

dossier: .venv/.installed-cli ## a whole dispute: its dossier, verified, then with one byte broken
	@.venv/bin/python examples/dispute/run.py

test: lint ## lint, then every test, PostgreSQL included
	@echo '== pytest'
	@.venv/bin/python -m pytest -n 2 --dist worksteal

lint: .venv/.installed-test ## style, types and layers
	@echo '== ruff check'
	@.venv/bin/ruff check
	@echo '== ruff format --check'
	@.venv/bin/ruff format --check
	@echo '== mypy'
	@.venv/bin/mypy
	@echo '== lint-imports'
	@.venv/bin/lint-imports --no-logo

rules: .venv/.installed-test ## disable each rule in turn: a test must notice
	@.venv/bin/python tests/disable_each_rule.py

clocks: .venv/.installed-test ## ten thousand random tickets against a clock oracle that counts every tick
	@.venv/bin/python -m tests.clock_histories --number $(or $(CLOCK_TICKETS),10000) --seed $(or $(CLOCK_SEED),1)

worlds: .venv/.installed-test ## a thousand companies whose true figures are known, and the reports: writes docs/figures.md
	@.venv/bin/python -m tests.worlds --number $(or $(WORLDS),1000) --seed $(or $(WORLDS_SEED),1)

soak: .venv/.installed-test ## kill processes and servers for ten minutes: writes docs/reliability.md
	@.venv/bin/python -m tests.crash

phone-clocks: .venv/.installed-test ## the clocks and figures of all 1,104 phones on every store; make test takes a hundred
	@TICKETING_PHONES=1104 .venv/bin/python -m pytest -k hundred tests/test_reports_of_real_logs.py

bench: .venv/.installed-test ## how fast it is beside others: writes docs/performance.md; ENTRY=import names one
	@.venv/bin/python -m tests.bench $(ENTRY)

bench-large: .venv/.installed-test ## what needs millions of rows; ENTRY=audit names one
	@.venv/bin/python -m tests.bench_large $(ENTRY)

clean: ## remove .venv and all caches
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ifneq ($(made_for),$(PYTHON) $(CURDIR))
.PHONY: .venv/.made-for
endif

.venv/.made-for:
	@command -v $(PYTHON) >/dev/null || { echo 'There is no $(PYTHON) here: PYTHON=/path/to/python3.12 make ... names one, 3.11 or newer.' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ticketing needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V 2>&1): PYTHON=python3.12 make ... names another." >&2; exit 1; }
	@echo '== .venv'
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }
	@echo '$(PYTHON) $(CURDIR)' >$@

.venv/.installed-test: .venv/.made-for pyproject.toml
	@echo '== pip install'
	@.venv/bin/python -m pip install --quiet --editable '.[test]'
	@touch .venv/.installed-cli $@

.venv/.installed-cli: .venv/.made-for pyproject.toml
	@echo '== pip install'
	@.venv/bin/python -m pip install --quiet --editable '.[cli]'
	@touch $@
