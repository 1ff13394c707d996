# The verbs of this project. Each sets up all it needs: Python 3.11+ is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEEDS ?= 300
JOBS ?= auto

.PHONY: help run test check bench docs simulate clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: $(READY)  ## the demo: a living look-alike team, mirrored into DuckDB
	$(BIN)/headrace demo

test: $(READY)  ## the plain suite, one worker a core (JOBS=0: none beside); all of it with ALL=1, as in CI
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(if $(ALL)$(HEADRACE_CI),,-m "not long")

check: $(READY)  ## format, lint, types, layers, reference up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

bench: $(READY)  ## honest timings, side by side (with dlt: pip install --group bench)
	$(BIN)/python -m bench

docs: $(READY)  ## write the generated reference pages
	$(BIN)/python -m docs.generate

simulate: $(READY)  ## worlds with faults and crashes: make simulate SEEDS=10000; with HARSH=1 many answers lie; with BOOK=file it is taken up again
	$(BIN)/python -m headrace.testing.simulate --seeds $(SEEDS) $(if $(HARSH),--harsh) $(if $(BOOK),--book $(BOOK))

clean:  ## remove what the other verbs made
	rm -rf $(VENV) build dist .headrace demo.duckdb bench-results .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml package-lock.json hatch_build.py src/headrace/web/console/icons.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headrace needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $(READY)
