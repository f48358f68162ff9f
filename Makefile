# Every chore of the project; `make` alone lists them. Each target does all the set-up it needs, once.
#
#   make test PYTHON=python3.13 VENV=.venv-3.13    another interpreter, beside the usual one
#   make test PYTEST_ARGUMENTS="-k orphans -x"     a part of the tests
#   make demo DEMO_ARGUMENTS="--help"              options of the demo

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
VENV ?= .venv
# `--locked` where a Cargo.lock that is out of date shall fail, as in CI.
CARGO_ARGUMENTS ?=
PYTEST_ARGUMENTS ?=
BENCH_ARGUMENTS ?=
ALONE := tests/call tests/fork tests/threads
DEMO_ARGUMENTS ?=

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
# The name changes with the interpreter, so that another PYTHON makes the environment anew.
INTERPRETER := $(shell $(PYTHON) -c 'import sys, sysconfig; print(sysconfig.get_config_var("SOABI"), "%d.%d.%d" % sys.version_info[:3], sep="-")' 2>/dev/null || echo missing)
ENVIRONMENT := $(STAMPS)/interpreter-$(INTERPRETER)
RUST_SOURCES := Cargo.toml $(wildcard Cargo.lock clippy.toml) $(shell find rust -type f 2>/dev/null)

# Cargo, maturin and PyO3 all look at the same interpreter; otherwise each would rebuild what another has built.
export VIRTUAL_ENV := $(abspath $(VENV))
export PYO3_PYTHON := $(abspath $(BIN)/python)

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(STAMPS)/extension $(STAMPS)/extra-cli ## watch late labels mislead, and the tracker not be misled
	@$(BIN)/truthlag demo $(DEMO_ARGUMENTS)

.PHONY: test
test: $(STAMPS)/extension $(STAMPS)/extra-test ## run all tests: Rust core, then Python
	cargo test --package truthlag-core $(CARGO_ARGUMENTS)
ifeq ($(strip $(PYTEST_ARGUMENTS)),)
	@# What forks, kills and waits has the machine for itself; all else takes all processors.
	$(BIN)/python -m pytest $(ALONE)
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ALONE:%=--ignore=%)
else
	$(BIN)/python -m pytest $(PYTEST_ARGUMENTS)
endif

.PHONY: lint
lint: $(STAMPS)/extension $(STAMPS)/extra-dev ## formatting, clippy, rustdoc, ruff, mypy, stubs; warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(CARGO_ARGUMENTS) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items $(CARGO_ARGUMENTS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest truthlag._core --allowlist tests/api/stubtest-allowlist.txt

.PHONY: bench
bench: $(STAMPS)/extension $(STAMPS)/extra-bench ## run the benchmarks in full (leave the machine alone meanwhile)
	$(BIN)/python -m benches --markdown $(BENCH_ARGUMENTS)

.PHONY: bench-check
bench-check: $(STAMPS)/extension $(STAMPS)/extra-bench ## run the benchmarks once on little data and check their answers
	$(BIN)/python -m benches --quick $(BENCH_ARGUMENTS)
	$(BIN)/python -m pytest benches --benchmark-disable

.PHONY: docs
docs: $(STAMPS)/extension $(STAMPS)/extra-docs ## build the manual into build/manual and run its examples
	$(BIN)/sphinx-build -W --keep-going -n -q -b html -d build/doctrees docs build/manual
	$(BIN)/sphinx-build -W --keep-going -n -q -b doctest -d build/doctrees docs build/doctest
	@echo "open build/manual/index.html"

.PHONY: build
build: $(STAMPS)/extension ## build the extension into the virtual environment

.PHONY: fmt
fmt: $(STAMPS)/extra-dev ## format Rust and Python, and apply the safe fixes of ruff
	cargo fmt --all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: clean
clean: ## remove everything that was built, the environment included
	rm -rf $(VENV) target build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	rm -f python/truthlag/_core*.so python/truthlag/_core*.pyd python/truthlag/_core*.dylib
	find python tests benches docs tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(ENVIRONMENT):
	@$(PYTHON) -c 'import sys; sys.exit("%s is Python %d.%d; truthlag needs 3.11 or newer, say which with make PYTHON=..." % (("$(PYTHON)",) + sys.version_info[:2]) if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	@# uv installs the same packages in a tenth of the time; where it is not to be had, pip does.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "going on without uv"
	@mkdir -p $(STAMPS) && touch $@

# The packages of one extra (or of `runtime`), and nothing else: see tools/requirements.py.
$(STAMPS)/extra-%: pyproject.toml tools/requirements.py $(ENVIRONMENT)
	@$(BIN)/python tools/requirements.py $* > $(VENV)/requirements-$*.txt
	if [ -x $(BIN)/uv ]; then \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement $(VENV)/requirements-$*.txt; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/requirements-$*.txt; \
	fi
	@touch $@

# Stamps are kept, though only pattern rules name them.
.PRECIOUS: $(STAMPS)/extra-%

# The extension lies in the source tree, so a stamp alone does not say that it is there.
ifeq ($(wildcard python/truthlag/_core*),$(wildcard python/truthlag/_core.pyi))
.PHONY: $(STAMPS)/extension
endif
$(STAMPS)/extension: pyproject.toml $(RUST_SOURCES) $(ENVIRONMENT) $(STAMPS)/extra-runtime
	$(BIN)/maturin develop --release $(CARGO_ARGUMENTS)
	@touch $@
