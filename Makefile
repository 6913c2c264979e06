# Everything on a fresh Debian machine: `make run` starts the bot, `make test` runs every test.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run chat test soak lint bench format setup system clean

run: $(READY)
	$(BIN)/majordomo run

chat: $(READY)
	$(BIN)/majordomo chat

test: $(READY) system
	$(BIN)/pytest -n 3 --dist worksteal -m "not soak" --durations 40

soak: $(READY) system
	MAJORDOMO_SOAK=1 $(BIN)/pytest --timeout 3600 -m "soak or not soak"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Postgres and Chromium for the tests that use them: installed where we may, else named and skipped.
system:
	@bash .ci/system

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
