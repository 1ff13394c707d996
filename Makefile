# The verbs of this project. Each sets up all it needs: Python 3.11+ is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SEEDS ?= 300

.PHONY: run test check bench docs simulate clean

run: $(READY)  ## the demo: a living look-alike team, mirrored into DuckDB
	$(BIN)/headrace demo

test: $(READY)  ## the plain suite
	$(BIN)/python -m pytest

check: $(READY)  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## honest timings, side by side
	$(BIN)/python -m bench

docs: $(READY)  ## write the generated reference pages
	$(BIN)/python -m docs.generate

simulate: $(READY)  ## make simulate SEEDS=10000
	$(BIN)/python -m headrace.testing.simulate --seeds $(SEEDS)

clean:
	rm -rf $(VENV) build dist .headrace demo.duckdb .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headrace needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $(READY)
