# Everything a fresh machine needs is Python 3.11 or newer and make: the first call of a target sets it up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := .ci/constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS)

.DEFAULT_GOAL := help
.PHONY: help demo test chaos lint format screenshots goldens bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## the main job on this machine: server, agent, workers, receipts, console
	@$(BIN)/pantry-console demo

test: $(VENV)/.dev ## all tests
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

chaos: $(VENV)/.dev ## 2,000 jobs while workers and server are killed, frozen and paused; then again beside a stock worker; Redis away for 3 minutes; ten times the drawn histories and damages; diagnosis of slow deaths; false alarms on a healthy deployment
	@$(BIN)/python -m tests.chaos.storm --jobs 2000 --seed 7
	@$(BIN)/python -m tests.chaos.storm --jobs 2000 --stock
	@OUTAGE_SECONDS=180 $(BIN)/python -m pytest -q --timeout 400 tests/redis/worker/test_outages.py::test_away_over_the_end_of_a_job
	@PANTRY_EFFORT=10 $(BIN)/python -m pytest -q --timeout 1200 tests/redis/monitor/test_damage.py tests/redis/control/test_histories.py
	@$(BIN)/python -m pytest -q tests/chaos/slow_situations.py
	@$(BIN)/python -m tests.chaos.healthy --seconds 300

lint: $(VENV)/.dev ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## put the code in form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

screenshots: $(VENV)/.dev ## pictures of the README, made by the console itself
	@$(BIN)/python -m tests.screenshots

bench: $(VENV)/.dev ## accuracy and speed, each against a named peer of the same run
	@missed=; for bench in ocr_accuracy enqueue snapshot windows search failures bulk worker tui_bytes tui_start tui_keys tui_memory tui_idle; do echo "== $$bench"; \
		$(BIN)/python -m tests.benchmarks.$$bench || missed="$$missed $$bench"; done; \
		[ -z "$$missed" ] || { echo "below their aim:$$missed" >&2; exit 1; }

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml $(CONSTRAINTS)
	@echo "installing into $(VENV) ..." >&2
	@$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml $(CONSTRAINTS)
	@echo "installing into $(VENV) ..." >&2
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.demo
