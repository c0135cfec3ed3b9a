# Everything a visitor or a developer does here. Needs Python 3.11 or newer with venv, make, a package registry.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Compiling every module of every package takes as long as all the rest, and each is compiled where it is first used.
INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check --no-compile --no-deps
DEMO   ?= finops-demo
FILES  ?= 5000
SEED   ?= 1
# Two more than processors: tests that wait for a server or a killed process leave theirs to another.
# Tests run hundreds of commands, each of which would compile all of its modules anew.
unexport PYTHONDONTWRITEBYTECODE
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check conformance bench fuzz browser office docs lock clean

help: ## Show what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Run the whole pipeline on the built-in sample estate
	@$(BIN)/finops demo -o $(DEMO)

test: $(VENV)/.test ## Run the test suite, of the longest sets a fixed sample
	@$(BIN)/python -m pytest -m "not thorough" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-all: $(VENV)/.check ## Run every test there is
	@THOROUGH=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.check ## Lint, formatting, types, and the test suite with warnings as errors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test-all

conformance: $(VENV)/.test ## Judge FOCUS exports by the official validator, in an environment of its own
	@$(BIN)/python -m tests.conformance.validator .venv-focus
	@$(BIN)/python -m tests.conformance.gate

bench: $(VENV)/.test ## Print speed, memory, API calls and how often rightsizing and alarms are wrong, beside baselines of the same run
	@$(BIN)/python -m tests.benchmarks.bench_ingest
	@$(BIN)/python -m tests.benchmarks.bench_audit
	@$(BIN)/python -m tests.benchmarks.bench_costs
	@$(BIN)/python -m tests.benchmarks.bench_collect
	@$(BIN)/python -m tests.benchmarks.bench_collect_alibaba
	@$(BIN)/python -m tests.benchmarks.bench_collect_gcp
	@$(BIN)/python -m tests.benchmarks.bench_rightsizing
	@$(BIN)/python -m tests.benchmarks.bench_report
	@$(BIN)/python -m tests.benchmarks.bench_nights
	@$(BIN)/python -m tests.benchmarks.bench_control

fuzz: $(VENV)/.test ## Load 5,000 spoiled bills and print what became of each kind (FILES=n, SEED=n)
	@$(BIN)/python -m tests.fuzz --files $(FILES) --seed $(SEED)

browser: ## Install Chromium, what reads its PDFs and the smallest Chinese font (2 MB), for the browser tests (Debian or Ubuntu, as root); else they are skipped
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium poppler-utils fontconfig fonts-wqy-microhei

office: ## Install LibreOffice Calc, which reckons the workbook's formulas in tests (Debian or Ubuntu, as root); else they are skipped
	apt-get update -qq && apt-get install -y -qq --no-install-recommends libreoffice-calc

docs: $(VENV)/.runtime ## Write the generated reference pages
	@$(BIN)/python docs/generate.py

lock: $(VENV)/.test ## Resolve the dependencies anew into the lock files
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --extra test pyproject.toml -o requirements-test.lock
	@$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --group check -c requirements-test.lock -o requirements-check.lock

clean: ## Remove what make made, the demo included
	@rm -rf $(VENV) .venv-focus .bench finops-demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "finops needs Python 3.11 or newer; name one with: make PYTHON=python3.12 demo")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing finops into $(VENV) ..."
	@$(INSTALL) -r requirements.lock
	@$(INSTALL) -e .
	@touch $@

# The lock file of the tests holds that of the tool: one installation does for both.
$(VENV)/.test: requirements-test.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing finops and the test tools into $(VENV) ..."
	@$(INSTALL) -r requirements-test.lock
	@$(INSTALL) -e .
	@touch $(VENV)/.runtime $@

# What `make test` does without: half a gigabyte, most of it Spark.
$(VENV)/.check: requirements-check.lock $(VENV)/.test
	@echo "Installing the linters and Spark into $(VENV) ..."
	@$(INSTALL) -r requirements-check.lock
	@touch $@
