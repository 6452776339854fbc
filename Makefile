# Everything that this repository does. A fresh machine needs git, make and Python 3.11 or newer:
# uv is fetched into .tools when it is not installed, and uv fetches the rest.
SHELL := /bin/sh
PYTHON ?= python3
TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/uv/bin:$(PATH)
# Images of build machines often set it: every process would compile all that it imports once more.
unexport PYTHONDONTWRITEBYTECODE
UV_VERSION := $(shell sed -n 's/^- uv==//p' templates/pins.yaml)
RUN := uv run --frozen
PIP_QUIETLY := --quiet --disable-pip-version-check --no-warn-script-location
INTO ?= build/demo/flight-delays
TIER ?= all
NAME ?= ninefold

.DEFAULT_GOAL := help
.PHONY: help setup uv demo test lint format bench soak cluster cluster-down docs examples pins digests clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{printf "  %-13s %s\n", $$1, $$2}'

uv:
	@command -v uv >/dev/null 2>&1 || $(MAKE) --no-print-directory $(TOOLS)/uv/bin/uv

$(TOOLS)/uv/bin/uv:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "error: $(PYTHON) is missing; install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import pip' 2>/dev/null || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "fetching uv $(UV_VERSION) into .tools"
# Where pip is at hand and may be used, an environment of its own would only take its time.
	@rm -rf $(TOOLS)/uv && { { $(PYTHON) -c 'import pip' 2>/dev/null && $(PYTHON) -m pip install $(PIP_QUIETLY) --target $(TOOLS)/uv uv==$(UV_VERSION); } || \
	  { rm -rf $(TOOLS)/uv && $(PYTHON) -m venv $(TOOLS)/uv && $(TOOLS)/uv/bin/python -m pip install $(PIP_QUIETLY) uv==$(UV_VERSION); }; } || \
	  { rm -rf $(TOOLS)/uv; echo "error: uv could not be fetched; the lines above say why; or install it: https://docs.astral.sh/uv" >&2; exit 1; }

setup: uv ## Install the locked environment into .venv
	@uv sync --frozen --quiet

demo: uv ## From one spec to served predictions and three watched months [INTO=folder]
	@uv sync --frozen --no-dev --inexact --quiet
	@test -d $(INTO) || $(RUN) --no-sync ninefold new examples/flight-delays/product.yaml --into $(INTO)
	@$(RUN) --no-sync ninefold run $(INTO)

test: setup ## Run the tiers of tests, or one: make test TIER=unit [JOBS=2]
	@$(RUN) python tests/tiers.py $(TIER) $(if $(JOBS),--jobs $(JOBS))

lint: setup ## Style, types and layers
	@$(RUN) python tests/tiers.py lint

format: setup ## Format the code
	@$(RUN) ruff check --fix --quiet . ; $(RUN) ruff format .

bench: setup ## Measure everything, or some: make bench ONLY=serving [OPTIONS=--help]
	@$(RUN) python benchmarks/bench.py --only "$(ONLY)" $(OPTIONS)

soak: setup ## The long tests: a hundred random specs
	@$(RUN) python tests/tiers.py soak

cluster: setup ## Start a real Kubernetes, built from source [DEPTH=api|node NAME=ninefold]
	@$(RUN) python tests/kubernetes/cluster.py up --name $(NAME) $(if $(DEPTH),--depth $(DEPTH))

cluster-down: setup ## End it, and remove what it wrote [NAME=ninefold]
	@$(RUN) python tests/kubernetes/cluster.py down --name $(NAME)

docs: setup ## Build the documentation into build/docs
	@$(RUN) sphinx-build -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

examples: setup ## Render the examples again after a change of the templates
	@$(RUN) python tests/family/golden.py

pins: setup ## Renew templates/pins.yaml from what the technologies and roles need [UPGRADE=1]
	@$(RUN) python -m ninefold.pins $(if $(UPGRADE),--upgrade)

digests: setup ## Ask what actions, images and sources of others are now, for stacks/ninefold_stacks/pinned.yaml [OPTIONS=--help]
	@$(RUN) python -m ninefold.digests $(OPTIONS)

clean: ## Remove everything that the verbs above made
	@rm -rf build .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
