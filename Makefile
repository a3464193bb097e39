# make lists the targets; the two that matter are demo and test.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
ORDERS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format dashboards lab timescaledb lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(BIN)/.ready  ## make .venv with the pinned packages

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate

# without compiling what may never be imported, which takes longer than installing it
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

$(BIN)/.ready: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: Python 3.11, 3.12 or 3.13 is needed"; \
		echo "  try: install one of them, or: make setup PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements.txt
	$(PIP) --no-deps -e .
	@touch $@

$(BIN)/.ready-dev: requirements-dev.txt $(BIN)/.ready
	$(PIP) -r requirements-dev.txt
	@touch $@

demo: setup  ## simulated account to report: sync, aggregate, forecast (ORDERS=file replays real orders)
	$(BIN)/workbench demo $(if $(ORDERS),--orders "$(ORDERS)")

test: $(BIN)/.ready-dev timescaledb  ## all tests, on the embedded database and on TimescaleDB
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

check: $(BIN)/.ready-dev  ## format, lint, types, SQL, layers, notebooks without outputs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 sql
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify $$(find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*')

format: $(BIN)/.ready-dev  ## let the formatters mend what they can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/nbstripout $$(find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*')

dashboards: setup  ## serve the dashboards on 127.0.0.1:8866
	$(BIN)/workbench dashboards --open

lab: setup  ## open JupyterLab on the notebooks
	$(BIN)/workbench lab

timescaledb:  ## TimescaleDB for the tests: made as root on Debian, else named by WORKBENCH_TEST_DSN
	@tests/timescaledb.sh install

lock: setup  ## resolve requirements.txt and requirements-dev.txt anew from pyproject.toml
	$(PIP) uv
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:  ## stop the embedded database; remove it, .venv and all that was made (not runs/)
	-$(BIN)/workbench database stop
	rm -rf .venv .workbench .timescaledb .pytest_cache .mypy_cache .ruff_cache .hypothesis
