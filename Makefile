# `make help` lists what can be done. All that is needed beforehand is make and Python 3.11+.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := gateway channels agents state
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# Half of a test's time is spent waiting for another process: two at a time, whoever is ready takes
# the next. What is measured or counted over hours has the machine to itself.
TOGETHER := -n 2 --dist worksteal
UNIT := tests/unit tests/properties tests/contracts tests/architecture

# The interpreter that .venv is made with: `make PYTHON=python3.12 test`. Found by itself if empty.
PYTHON ?=

# A stamp is newer than everything that it was installed from; a second call installs nothing.
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev

# pip compiles what it installs; the project itself is used where it stands, so this does that. A start
# without compiled modules takes two to five times as long, and PYTHONDONTWRITEBYTECODE may be set.
COMPILE = $(BIN)/python -m compileall -q $(PACKAGES)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test test-slow faults check fix bench lock clean help

run: $(RUNTIME) ## Start Argent and chat with it here (installs what it needs first)
	@$(COMPILE)
	@$(BIN)/argent up

test: $(DEV) ## The whole fast suite
	@$(COMPILE)
	$(PYTEST) $(TOGETHER) -m "not slow"

test-slow: $(DEV) ## The long sweeps: crashes, faults, many examples
	@$(COMPILE)
	$(PYTEST) --hypothesis-profile=slow -m slow
	$(PYTEST) --hypothesis-profile=slow -m "not slow" tests/properties

# FAULTS=small, medium or all; SEED= repeats an earlier campaign; ONLY= names the rows.
FAULTS := small
faults: $(DEV) ## What was tried to break it, and what was lost (FAULTS=small|medium|all)
	@$(COMPILE)
	$(BIN)/python -m tests.faults.campaign $(FAULTS) $(if $(SEED),--seed $(SEED)) --only "$(ONLY)"

check: $(DEV) ## Style, types, import rules and the fast unit tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) $(TOGETHER) -m "not slow" $(wildcard $(UNIT))

fix: $(DEV) ## Repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) ## Measure and print; asserts nothing about time
	@$(COMPILE)
	$(BIN)/python -m tests.benchmarks

# Runtime and build are held to the versions that dev resolved: what ships is what was tested.
# `make lock LOCK_FLAGS=--upgrade` moves all of them to the newest that pyproject.toml allows.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock" $(LOCK_FLAGS)
UV = PATH="$(CURDIR)/$(BIN):$$PATH" uv

lock: ## Resolve the dependencies again, into the three lock files (needs uv)
	@$(UV) --version >/dev/null || { echo "argent: uv was not found: pip install uv" >&2; exit 1; }
	$(LOCK) pyproject.toml --group dev --output-file requirements-dev.lock
	$(LOCK) pyproject.toml --constraints requirements-dev.lock --output-file requirements.lock
	$(LOCK) --group build --constraints requirements-dev.lock --output-file requirements-build.lock

clean: ## Remove .venv, the caches and what was built (never ~/.argent)
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/pyvenv.cfg:
	@.ci/venv $(VENV) "$(PYTHON)"

INSTALL_PROJECT = $(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .

$(RUNTIME): $(VENV)/pyvenv.cfg pyproject.toml requirements.lock requirements-build.lock
	@echo "Installing into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	@$(INSTALL_PROJECT)
	@touch $@

# Covers the runtime and the build set as well: `make run` after `make test` has nothing to install.
$(DEV): $(VENV)/pyvenv.cfg pyproject.toml requirements-dev.lock
	@echo "Installing into $(VENV) ..."
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@$(INSTALL_PROJECT)
	@touch $(RUNTIME) $@
