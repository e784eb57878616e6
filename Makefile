# One command per purpose, the same for people and for CI. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help

# A run of the tests starts hundreds of processes: what Python has compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed: sudo apt-get install python3 (or set PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "The package python3-venv is missing: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/hub: .venv/python requirements/hub.txt pyproject.toml
	@echo "Installing what Crossroads needs into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/hub.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/hub requirements/dev.txt
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install: .venv/hub ## make .venv with the command `crossroads` in it

demo: install ## run a whole network on this machine; ARGS=--once ends after the tour
	@$(BIN)/crossroads demo $(ARGS)

check: .venv/dev ## rules of the house, style and types
	@$(MAKE) --no-print-directory -j2 style types

style: .venv/dev
	@$(BIN)/lint-imports
	@$(BIN)/ruff check src tests
	@$(BIN)/ruff format --check src tests

types: .venv/dev
	@$(BIN)/mypy

# What all workers read is compiled once.
compiled: .venv/dev
	@$(BIN)/pytest --collect-only -q >/dev/null

# What drives the pages in tests. Root gets it; others are told how.
BROWSER := { command -v chromium-headless-shell || command -v chromium; } >/dev/null
.venv/browser: .venv/dev
	@$(BROWSER) || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "Installing Chromium for the tests of the pages ..." \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium-headless-shell >/dev/null; } \
	  || echo "Chromium is missing: sudo apt-get install chromium-headless-shell"
	@! $(BROWSER) || touch $@

test: .venv/dev .venv/browser ## everything that tells whether it works
	@$(MAKE) --no-print-directory -j2 style compiled
	@$(MAKE) --no-print-directory -j2 types tests

# More workers than two cores have: many tests wait, for processes that start and for limits of time. Long
# files come first: tests/longest.py.
tests:
	@without=; test -e .venv/browser || { without=" and not browser"; echo "Left out, since Chromium is missing: the tests of pages in a browser."; }; \
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not torture$$without" $(ARGS)

# Files beside tests/unit that hold rules, of which each example asks a hub or a database.
PROPERTIES := $(addprefix tests/,acceptance/test_fuzz.py integration/test_directory_bulk.py integration/test_directory_imports.py \
  integration/test_overlaps.py integration/test_register_households.py)

# Decision tables run on Spark too, which is large and wants Java.
.venv/spark: .venv/dev requirements/spark.txt
	@command -v java >/dev/null || { echo "Java is missing: sudo apt-get install openjdk-17-jre-headless"; exit 1; }
	@echo "Installing Spark into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/spark.txt
	@touch $@

torture: .venv/browser .venv/spark ## what takes long: a hundred rounds of kill -9, rules with a thousand examples, and more
	@$(BIN)/pytest -m torture --timeout 3600 $(ARGS)
	@$(BIN)/pytest -n 2 --hypothesis-profile torture --timeout 3600 -m "not torture" tests/unit $(PROPERTIES) $(ARGS)

bench: .venv/dev ## speed and size, as ratios; nothing else should run meanwhile
	@for name in exchange directory audit search changes batch portal statuses; do $(BIN)/crossroads bench $$name --json || exit 1; done

look: ## build styles and scripts of the pages from their pinned packages; needs npm
	@sh src/crossroads/web/look/build.sh

reference: .venv/dev ## write the reference pages that are made from the code
	@cd tests && ../$(BIN)/python reference.py

# The database of a demo that root ran lies in SHARED, where a link leads to it; others' lie there too.
SHARED := /var/lib/crossroads

previous: .venv/hub ## at a release: keep this version for the test that upgrades from it (tests/upgrade)
	@rm -f tests/upgrade/*.whl tests/upgrade/catalogue.zip
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir tests/upgrade .
	@cd catalogue && ../$(BIN)/python -m zipfile --create ../tests/upgrade/catalogue.zip belgium

clean: ## remove what was installed and the state of the demo, with its database
	@if [ -e var/demo.lock ] && ! flock --nonblock var/demo.lock true; then \
	  echo "A demo runs here, or is just stopping: end it with Ctrl-C where it runs, and clean when it has ended."; exit 1; fi
	@if [ -d var ]; then find var -name postgres -type l | while read -r link; do \
	  place=$$(readlink "$$link"); number=$${place#$(SHARED)/}; \
	  case "$$number" in "$$place"|""|.*|*/*) ;; *) rm -rf "$$place" ;; esac; done; fi
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help install demo check style types compiled test tests torture bench look reference previous clean
