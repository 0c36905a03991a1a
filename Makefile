# Everything runs in a virtual environment inside the checkout. `make` lists what there is.

PYTHON ?= python3
VENV ?= .venv
BROWSER ?= 1
JOBS ?= 2
ARGS ?=

BIN := $(VENV)/bin
# Not compiled ahead: that takes nearly half of the time, and most of it is never imported. What is imported has to be
# kept then, or each process compiles it anew and takes three times as long to start.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --no-compile
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
BENCHED := $(VENV)/.benched
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup test lint format demo browser bench mutants lock clean

help: ## list these targets
	@echo 'make TARGET [VENV=.venv] [PYTHON=python3] [BROWSER=0] [ARGS="..."]'; echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## make the environment and install what the lock names

test: lint $(if $(filter 0,$(BROWSER)),,browser) ## set up, lint, then run every test (BROWSER=0: without the browser's)
	$(BIN)/python -m pytest -n $(JOBS) $(if $(filter 0,$(BROWSER)),-m "not browser") $(ARGS)
	TROTH_TEST_ON=postgresql $(BIN)/python -m pytest -n $(JOBS) -m "database and not browser" $(ARGS)

lint: $(INSTALLED) ## ruff, mypy and the import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(INSTALLED) ## let ruff lay out the code and mend what it safely can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

demo: $(INSTALLED) ## start the demonstration
	$(BIN)/troth demo $(ARGS)

bench: $(BENCHED) ## run one benchmark: make bench NAME=...
	@if [ ! -f 'benchmarks/$(NAME).py' ]; then \
	    echo 'Say which benchmark: make bench NAME=... There are:'; ls benchmarks 2>/dev/null | sed -n 's/\.py$$//p'; exit 2; fi
	$(BIN)/python benchmarks/$(NAME).py $(ARGS)

mutants: $(BENCHED) ## break the code in small ways and see whether the tests notice
	$(BIN)/python benchmarks/mutants.py $(ARGS)

# The stamps make a second run instant. The project is installed in place, by the build backend from the lock,
# so nothing is fetched that the lock does not pin.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'Troth needs Python 3.11 or newer. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV)/bin; \
	    echo 'Could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv'; exit 1; }

$(LOCKED): requirements/lock.txt | $(BIN)/python
	@echo 'Installing what requirements/lock.txt names into $(VENV) (first time: about a minute) ...'
	@$(PIP) --require-hashes -r requirements/lock.txt
	@touch $@

$(INSTALLED): pyproject.toml $(LOCKED)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCHED): requirements/bench.txt $(INSTALLED)
	@echo 'Installing what requirements/bench.txt names into $(VENV) ...'
	@$(PIP) --require-hashes -r requirements/bench.txt
	@touch $@

# Chromium comes from the system: one browser, kept up to date by whoever keeps the system up to date.
FIND_CHROMIUM := for name in chromium chromium-browser google-chrome; do \
    command -v $$name >/dev/null 2>&1 && exit 0; done

browser: ## see that there is a Chromium, or install one where apt-get may
	@$(FIND_CHROMIUM); may=no; \
	if command -v apt-get >/dev/null 2>&1; then \
	    if [ "$$(id -u)" = 0 ]; then as_root=''; may=yes; \
	    elif sudo -n true 2>/dev/null; then as_root='sudo -n'; may=yes; fi; \
	    if [ "$$may" = yes ]; then \
	        echo 'Installing Chromium with apt-get ...'; \
	        $$as_root apt-get -qq update && \
	        $$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
	            install --no-install-recommends chromium fonts-liberation >/dev/null; \
	    fi; \
	fi; \
	$(FIND_CHROMIUM); \
	echo 'The browser tests need Chromium, and there is none here. Install it ("apt-get install chromium" as root,'; \
	echo 'or your system'\''s own way, so that chromium, chromium-browser or google-chrome is on the PATH),'; \
	echo 'or go without: make test BROWSER=0'; \
	[ '$(BROWSER)' = 0 ]

# One lock for all supported Pythons: each version gets the newest release that supports it.
UV := build/uv/bin/uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy requires-python --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

lock: ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: with the newest versions)
	@[ -x $(UV) ] || { $(PYTHON) -m venv build/uv && \
	    build/uv/bin/python -m pip --disable-pip-version-check -qq install uv==$(UV_VERSION); }
	$(COMPILE) pyproject.toml --group dev --output-file requirements/lock.txt
	$(COMPILE) --group bench --constraint requirements/lock.txt --output-file requirements/bench.txt

clean: ## remove environments, caches and builds (var/ stays: it may hold your data)
	rm -rf .venv .venv-* build dist mutants .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
