# make build   builds the sample company; make help lists the rest.

PYTHON ?= python3
# Test processes; more than the cores only makes them wait.
WORKERS ?= 2

VENV := .venv
RUN := $(VENV)/bin/python
# Run by the interpreter, not by their first line: that breaks where the path has a space.
LIFECYCLE := $(RUN) -m lifecycle
DBT := $(RUN) -c "from dbt.cli.main import cli; cli()"
LINTED_SQL := models tests/data tests/generic mappings snapshots analyses
LINTED_YAML := . .github .yamllint.yml
LINTED_PYTHON := lifecycle tests mappings benchmarks
# Files are dealt to the processes in the order of tests/python/conftest.py.
DEALT := --dist loadfile --no-loadscope-reorder
# What tests in several processes share: the sample company, and what dbt has parsed.
SHARED := LIFECYCLE_SAMPLE_DATABASE="$$PWD/target/test/built/company.duckdb" LIFECYCLE_TESTS_PARSED="$$PWD/target/test/parsed"

.DEFAULT_GOAL := help
.PHONY: help build test test-engines test-long test-mutants lint format docs lock clean check-python

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

build: $(VENV)/.installed profiles.yml ## Environment, profile, sample company or what was loaded, all data tests, summary
	@$(LIFECYCLE) build

test: lint target/test ## Everything but the engines and the long tests
	@$(SHARED) $(RUN) -m pytest -n $(WORKERS) $(DEALT) -m "not engines"

test-engines: target/test ## The sample company on Postgres equals DuckDB's, row by row
	@$(SHARED) $(RUN) -m pytest -m engines

test-long: $(VENV)/.installed-dev profiles.yml ## Property and batch tests at full size, a hundred kills, data tests on all real data
	@LIFECYCLE_LONG=1 LIFECYCLE_PROPERTY_ROUNDS=40 LIFECYCLE_PROPERTY_CUSTOMERS=1000 LIFECYCLE_KILLS=50 LIFECYCLE_BATCH_CASES=30 LIFECYCLE_BATCH_COMPANIES=10 \
	    $(RUN) -m pytest -n $(WORKERS) $(DEALT) tests/python/test_lifecycle_property.py tests/python/test_incremental.py \
	    tests/python/test_kill.py tests/python/test_real_data.py

test-mutants: $(VENV)/.installed-dev ## Do the tests notice when the project is broken? (tests/mutants)
	@$(RUN) tests/mutants/run.py --jobs $(WORKERS)

# Emptied each time: the sample company, built by the first test that asks for it, is itself a test.
.PHONY: target/test
target/test: $(VENV)/.installed-dev profiles.yml
	@rm -rf $@ && mkdir -p $@

lint: $(VENV)/.installed-dev profiles.yml ## ruff, yamllint, sqlfluff, and dbt-bouncer on the conventions
	@failed=0; \
	$(RUN) -m ruff check $(LINTED_PYTHON) || failed=1; \
	$(RUN) -m ruff format --check $(LINTED_PYTHON) || failed=1; \
	$(RUN) -m yamllint --strict $(LINTED_YAML) || failed=1; \
	$(RUN) -m sqlfluff lint --disable-progress-bar $(wildcard $(LINTED_SQL)) || failed=1; \
	$(DBT) parse --quiet --profiles-dir . --project-dir . --target-path target/lint && \
	    COLUMNS=160 $(RUN) -c "from dbt_bouncer.main import app; app()" run --show-all-failures || failed=1; \
	[ $$failed = 0 ] || echo "make format mends some of it"; \
	exit $$failed

format: $(VENV)/.installed-dev ## Let ruff and sqlfluff mend what they can
	@$(RUN) -m ruff check --fix $(LINTED_PYTHON)
	@$(RUN) -m ruff format $(LINTED_PYTHON)
	@$(RUN) -m sqlfluff fix --disable-progress-bar $(wildcard $(LINTED_SQL))

docs: $(VENV)/.installed profiles.yml ## One page that describes every table: target/static_index.html
	@$(DBT) docs generate --static --profiles-dir . --project-dir .
	@echo "Open target/static_index.html"

lock: ## Pin the requirements anew (needs uv)
	@for part in requirements requirements-dev; do \
	    uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	        --no-emit-index-url --no-emit-find-links --upgrade \
	        $$([ $$part = requirements ] || echo "--constraint requirements.txt") \
	        $$part.in --output-file $$part.txt || exit 1; \
	done

clean: ## Remove the environment and what dbt wrote; the databases stay
	@rm -rf $(VENV) target logs .pytest_cache .ruff_cache .hypothesis

profiles.yml:
	@cp profiles.example.yml profiles.yml

check-python:
	@command -v $(PYTHON) >/dev/null || \
	    { echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make build PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed. Name one: make build PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) cannot make an environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/bin/python: | check-python
	@$(PYTHON) -m venv $(VENV)

# The lists are complete, and little of what they bring is ever imported.
$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the requirements (once)"
	@$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --no-compile -r requirements.txt
	@$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need (once)"
	@$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --no-compile -r requirements-dev.txt
	@touch $@
