# Everything runs from .venv, which holds exactly what requirements.lock says.

PLUGINS := plugins/threedcart
PACKAGES := hub_core $(wildcard plugins/*/hub_*)
TESTS := $(wildcard plugins/*/tests)
PYTHONS := python3 python3.11 python3.12 python3.13 python3.14
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-input

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help .venv demo test prove lint format bench lock clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z.]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv: .venv/ready  ## set up what all the others use

demo: .venv/ready  ## start the hub beside a local 3DCart sandbox store
	$(BIN)/hub demo

test: lint  ## check and test everything, with coverage
	$(BIN)/python -m pytest --numprocesses=auto --cov --cov-report=term

prove: .venv/ready  ## prove at length what the tests try; stopped, it goes on where it was
	$(BIN)/python -m tests.prove

lint: .venv/ready  ## check format, style and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	MYPYPATH=$(subst $() ,:,$(PLUGINS)) $(BIN)/mypy $(PACKAGES) $(wildcard conftest.py tests benchmarks)
	$(if $(TESTS),$(BIN)/mypy $(TESTS))

format: .venv/ready  ## format the code and mend what can be mended
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

bench: .venv/ready  ## measure speed and memory
	$(BIN)/python -m benchmarks

lock: .venv/ready  ## upgrade requirements.lock to the newest versions
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --all-extras --group dev --no-emit-package hub-core --custom-compile-command "make lock" \
	  --output-file requirements.lock pyproject.toml $(PLUGINS:%=%/pyproject.toml)

clean:  ## remove everything that was made here
	rm -rf .venv .prove dist build htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# The projects themselves: installed anew, in seconds, whenever one describes itself differently.
.venv/ready: .venv/requirements.lock pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	@$(PIP) --no-deps --no-build-isolation --editable . $(PLUGINS:%=--editable %)
	@touch $@

# The packages: a copy of the lock is put there last, so an interrupted set-up starts anew.
.venv/requirements.lock: requirements.lock
	@if cmp -s $< $@; then touch $@; exit; fi; \
	python=; for name in $(or $(PYTHON),$(PYTHONS)); do \
	  if $$name -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then python=$$name; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "The hub needs Python 3.11 or newer, but none of these is one: $(or $(PYTHON),$(PYTHONS))." \
	    "Install it, or say where it is: make PYTHON=/path/to/python $(or $(MAKECMDGOALS),.venv)" >&2; exit 1; fi; \
	echo "Setting up .venv, which takes about a minute ..."; \
	rm -rf .venv && $$python -m venv .venv && $(PIP) --require-hashes --requirement $< && cp $< $@
