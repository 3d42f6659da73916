# The README's commands. Everything else is `make help`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8765
WORKERS ?= 1
SCALE ?= 50

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 18

up: install      ## install what is missing, start API and worker, print URL, key and a curl line
	@exec $(BIN)/cadenza serve --port $(PORT) --workers $(WORKERS)

install: $(VENV)/.installed  ## create .venv and install the locked dependencies

dev: $(VENV)/.dev  ## the same with everything the tests need

formats: install ## also read M4A, AAC and WebM
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/formats.txt

storage: install ## also keep media files in an S3-compatible store
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/storage.txt

test: dev        ## everything CI runs
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 --dist loadfile

chaos: dev       ## the fault tests again and again: SCALE times as often as in `make test`
	$(BIN)/pytest -q tests/chaos --scale $(SCALE)

bench: dev       ## measurements, each bounded in time; tables for docs/performance.md
	@$(BIN)/python benchmarks/run.py

lock: dev        ## resolve the locks again (needs uv)
	@requirements/lock.sh

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cadenza needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: the package python3-venv)."; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python requirements/base.txt pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed $(VENV)/double/.installed requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# The store that tests speak to: a program of its own, apart because its needs do not fit beside ours.
$(VENV)/double/.installed: $(VENV)/bin/python requirements/double.txt
	@rm -rf $(VENV)/double
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target $(VENV)/double -r requirements/double.txt
	@touch $@

.PHONY: help up install formats storage dev test chaos bench lock
