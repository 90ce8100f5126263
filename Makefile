# Quayside's commands. `make` alone lists them; README.md has the same as plain commands.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FLASK := $(BIN)/flask --app app
ABREAST := --numprocesses=auto --maxprocesses=4 --dist=worksteal
BY_FILE := --numprocesses=3 --dist=loadfile
NPM_CI := NPM_CONFIG_UPDATE_NOTIFIER=false npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint format bench screenshots clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: .venv/installed static/installed/htmx.min.js ## install what is needed and serve the portal (HOST, PORT)
	@$(FLASK) migrate
	@exec $(FLASK) serve

test: lint node_modules/axe-core/axe.min.js ## lint, then every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest $(ABREAST) --ignore=tests/browser
	$(BIN)/python -m pytest $(ABREAST) --database=postgresql
	$(BIN)/python -m pytest $(BY_FILE) tests/browser

lint: .venv/installed-for-tests ## ruff, import contracts, templates, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/mypy

format: .venv/installed-for-tests ## let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-for-tests static/installed/htmx.min.js ## measure, as ratios within one run
	$(BIN)/python tests/bench/run.py

screenshots: .venv/installed-for-tests static/installed/htmx.min.js ## take the pictures in docs/ anew
	$(BIN)/python tests/browser/screenshots.py

clean: ## remove what was installed (the instance folder with its data stays)
	rm -rf .venv node_modules static/installed .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps below are files, so a second run finds them newer than the pins and installs nothing.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Quayside needs Python 3.11 or newer, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1)." \
	         "Name another with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making the environment .venv"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: requirements.txt | .venv/bin/python
	@echo "Installing what the portal runs on"
	@$(PIP) install -r requirements.txt
	@touch $@

.venv/installed-for-tests: requirements-dev.txt requirements-redis.txt requirements.txt | .venv/bin/python
	@echo "Installing what the portal, its tests and its lint need"
	@$(PIP) install -r requirements-dev.txt
	@touch $@ .venv/installed

# Without npm these files stay absent: the portal then works with whole pages, and the tests that need them skip.

static/installed/htmx.min.js: package-lock.json
	@if command -v npm >/dev/null; then \
	  $(NPM_CI) --omit=dev && mkdir -p $(@D) && cp node_modules/htmx.org/dist/htmx.min.js $@ || \
	  echo "npm could not install htmx: the portal works without it, with whole pages."; \
	else echo "npm is not installed: the portal works without htmx, with whole pages."; fi

node_modules/axe-core/axe.min.js: package-lock.json
	@if command -v npm >/dev/null; then \
	  $(NPM_CI) && mkdir -p static/installed && cp node_modules/htmx.org/dist/htmx.min.js static/installed/ && touch $@; \
	else echo "npm is not installed: tests that need htmx or axe-core are skipped."; fi
