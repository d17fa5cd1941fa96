# Every command works from a fresh clone: it first installs what it needs into .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)/.dagster
export PYTHONWARNINGS ?= ignore
# Where nothing may be kept, each of many processes compiles everything anew: half of what collecting the tests takes.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

# Hash-checked, complete lock; the project itself is linked in without asking for anything more.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 2; }
	@echo "Installing into .venv (about a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The DuckDB that most people still have: a test opens the warehouse with it.
.venv/duckdb15/.installed: tests/duckdb15.lock .venv/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade \
	    --target .venv/duckdb15 -r tests/duckdb15.lock
	@touch $@

# Dagster's home is made by one process: two that open a fresh one together would corrupt it. It is the owner's alone.
install: .venv/.installed
	@mkdir -p -m 700 "$$DAGSTER_HOME" && chmod go-rwx "$$DAGSTER_HOME"
	@cmp -s pipelines/dagster.yaml "$$DAGSTER_HOME/dagster.yaml" || { \
	    cp pipelines/dagster.yaml "$$DAGSTER_HOME/dagster.yaml" && \
	    $(BIN)/python -m pipelines prepare; }

demo: install  ## the nightly job for the latest trading day on the embedded simulator
	@env -u IBKR_GATEWAY_URL -u IBKR_GATEWAY_CERT $(BIN)/python -m pipelines demo

nightly: install  ## the nightly job against the configured gateway (DAY=2026-11-23 for another day)
	@$(BIN)/python -m pipelines nightly $(DAY)

history: install  ## daily bars over a range of days: FROM=2020-01-01 TO=2026-11-23; DRY=1 only says what it would ask
	@$(BIN)/python -m pipelines history $(FROM) $(TO) $(if $(DRY),--dry-run)

resume: install  ## take up what was parked (a lapsed login, a limit), if what it waits for has passed
	@$(BIN)/python -m pipelines resume

reprocess: install  ## rebuild every table and the warehouse from the raw replies, without a network (REJECTED=1 for what has rejected rows)
	@$(BIN)/python -m pipelines reprocess $(if $(REJECTED),--rejected) $(FROM) $(TO)

accept: install  ## say that what is held back because it shrank is so: DATASET=positions DAY=2026-11-23; without them, what is held back
	@$(BIN)/python -m pipelines accept $(DATASET) $(DAY)

dev: install  ## the Dagster UI and daemon
	@$(BIN)/python -m pipelines settings
	@$(BIN)/python -m dagster dev -w workspace.yaml

test: install .venv/duckdb15/.installed  ## formatter, linter, types, import rules and all tests
	@$(BIN)/python -m tests.everything

check: install .venv/duckdb15/.installed  ## the fast part of the tests
	@$(BIN)/python -m pytest -q -n 4 -m "not slow"

coverage: install .venv/duckdb15/.installed  ## which lines the fast part of the tests runs; each is to have a fast test
	@$(BIN)/python -m pytest -q -n 4 -m "not slow" --cov --cov-report=term:skip-covered

bench: install  ## benchmarks: ratios measured in one run
	@$(BIN)/python -m tests.bench

lock: .venv/.installed  ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --all-extras --no-header --no-annotate \
	    --quiet --upgrade pyproject.toml -o requirements.lock

.PHONY: help install demo nightly history resume reprocess accept dev test check coverage bench lock
