# The README's commands. Everything else is `make help`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8765
WORKERS ?= 1
SCALE ?= 50
# What does not wait for each other is installed side by side.
MAKEFLAGS += --jobs=2

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 18

up: install      ## install what is missing, start API and worker, print URL, key and a curl line
	@CADENZA_PACKS_AUTO=$${CADENZA_PACKS_AUTO:-900} exec $(BIN)/cadenza serve --port $(PORT) --workers $(WORKERS)

install: $(VENV)/.installed  ## create .venv and install the locked dependencies

dev: $(VENV)/.dev  ## the same with everything the tests need

formats: install ## also read M4A, AAC and WebM
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/formats.txt

storage: install ## also keep media files in an S3-compatible store
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/storage.txt

telemetry: install ## also send traces to an OpenTelemetry collector
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/telemetry.txt

test: dev        ## everything CI runs
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder --in-turn

chaos: dev       ## the fault tests again and again: SCALE times as often as in `make test`
	$(BIN)/pytest -q tests/chaos --scale $(SCALE) --record docs/reliability/long.json
	$(BIN)/pytest -q -m postgres tests/journeys --many

reliability: dev ## run every test that names an entry of the catalogue, and write docs/reliability.md
	$(BIN)/pytest -q -n 2 --dist loadfile -k "$$($(BIN)/python tests/house/reliability.py --areas)" --record docs/reliability/short.json
	$(BIN)/python tests/house/reliability.py

bench: dev       ## measurements, each bounded in time; tables for docs/performance.md
	@$(BIN)/python benchmarks/run.py

sbom: $(VENV)/release/.installed  ## write sbom.json (CycloneDX): everything that a release installs
	@rm -rf $(VENV)/clean && $(PYTHON) -m venv --without-pip $(VENV)/clean
	@$(BIN)/python -m pip --python $(VENV)/clean install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(VENV)/release/bin/cyclonedx-py environment --output-reproducible --of JSON -o sbom.json $(VENV)/clean

audit: $(VENV)/release/.installed  ## look every locked package up in the list of known flaws
	$(VENV)/release/bin/pip-audit --strict --disable-pip --require-hashes -r requirements/base.txt -r requirements/formats.txt -r requirements/storage.txt -r requirements/telemetry.txt

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

$(VENV)/release/.installed: requirements/release.txt
	@$(PYTHON) -m venv $(VENV)/release
	@$(VENV)/release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/release.txt
	@touch $@

.PHONY: help up install formats storage telemetry dev test chaos reliability sbom audit bench lock
