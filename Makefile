# Needs make and Python 3.11 or newer with its venv module; brings everything else.

PYTHON ?= python3
# Tests wait for servers more than they compute.
WORKERS ?= 4
BIN := .venv/bin
STAMP := .venv/.stamp
LOCKS := deploy/requirements.txt deploy/requirements-dev.txt deploy/requirements-bootstrap.txt
COMPILE := $(BIN)/uv pip compile --quiet --no-header --generate-hashes --no-emit-index-url \
	--universal --python-version 3.11 $(UPGRADE)

export UV_HTTP_TIMEOUT ?= 180
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help up test check format bench contracts lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(STAMP) ## Run the platform on this machine; ARGS="--port 0 --no-browser" and so on
	@exec $(BIN)/aiops up $(ARGS)

test: $(STAMP) ## All tests, with the real bus and database; ARGS="-k name" and so on
	$(BIN)/pytest -m "not bench" -n $(WORKERS) --dist loadfile $(ARGS)

check: $(STAMP) ## Format, lint, types, imports and architecture: what CI will say
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest tests/architecture

format: $(STAMP) ## Put the code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(STAMP) ## Measure; ARGS chooses what
	$(BIN)/python -m tests.benchmarks $(ARGS)

contracts: $(STAMP) ## Write the generated files under contracts/generated
	$(BIN)/python -m deploy.export

lock: $(STAMP) ## Pin the dependencies of pyproject.toml anew; UPGRADE=--upgrade takes the newest
	$(COMPILE) --group bootstrap -o deploy/requirements-bootstrap.txt
	$(COMPILE) pyproject.toml --extra embedded -o deploy/requirements.txt
	$(COMPILE) pyproject.toml --all-extras --group dev -c deploy/requirements.txt \
		-o deploy/requirements-dev.txt

clean: ## Remove the environment and every cache; data directories stay
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r deploy/requirements-bootstrap.txt
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r deploy/requirements-dev.txt
	$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation -e .
	@touch $@
