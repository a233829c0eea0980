# Everything a newcomer needs: `make demo` and `make test`. Both install what they lack, from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIPENV_VERSION := 2026.10.3
PIP_TOOLS_VERSION := 7.6.2
TESTS ?= tests
# Two workers suit two cores; `make test WORKERS=8` on a larger machine.
WORKERS ?= 2
RUNTIME_PIPENV = PIPENV_PIPFILE=Pipfile PIPENV_VENV_IN_PROJECT=0 WORKON_HOME=$(CURDIR)/.pipenv/runtime $(CURDIR)/.pipenv/bin/pipenv

export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_VERBOSITY := -1
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit e2e bench policy golden lock clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.synced node_modules/.synced .venv-runtime/.complete ## Install the locked Python and Node packages into this folder
	@ln -sf ../../node_modules/.bin/cdktf $(BIN)/cdktf

demo: setup ## Deploy into the offline sandbox, train a model there, serve it and score with it
	@ezazml demo

test: lint ## Lint, type check and all tests, offline
	@python -m pytest $(TESTS) -n $(WORKERS) --dist worksteal

lint: setup ## ruff, mypy, import rules, lock files and pre-commit's checks
	@python -m tools.lint

unit: setup ## Only the fast tests
	@python -m pytest $(TESTS) -m "not e2e" -n $(WORKERS) --dist worksteal

e2e: setup ## Only the end-to-end tests: the real cdktf and Terraform in the sandbox
	@python -m pytest tests/e2e -n $(WORKERS) --dist worksteal

bench: setup ## Measure, print tables and write docs/performance.md (ten minutes; PEERS=1 also measures others)
	@python -m benchmarks $(if $(PEERS),--peers)

policy: setup ## Scan the stacks and plans of the profiles with checkov; write the counts into docs/security.md
	@python -m tools.policy

golden: setup ## Rewrite the golden files after a change of the stacks that is meant
	@python -m pytest tests/synth -q --update-golden

lock: .pipenv/bin/pipenv ## Resolve the Pipfile and package.json anew into their lock files
	@.pipenv/bin/pipenv lock --dev
	@cd sandbox/runtime && $(RUNTIME_PIPENV) lock
	@cd sandbox/runtime && $(RUNTIME_PIPENV) requirements --hash | sed '/^-i /d' > requirements.txt
	@npm install --package-lock-only --no-fund --no-audit
	@.pipenv/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==$(PIP_TOOLS_VERSION)
	@.pipenv/bin/pip-compile --quiet --upgrade --no-header --generate-hashes --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host -o policy/requirements.txt policy/requirements.in
	@.pipenv/bin/pip-compile --quiet --upgrade --no-header --generate-hashes --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host -o .github/lint/requirements.txt .github/lint/requirements.in

clean: ## Remove everything that a run or the set-up made
	@rm -rf $(VENV) .venv-runtime .pipenv .policy .workflows node_modules cdktf.out .sandbox .ezazml .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

.pipenv/bin/pipenv: Makefile
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Python {v[0]}.{v[1]} found; EZAZ ML needs 3.11, 3.12 or 3.13. Set PYTHON, for example: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@echo "Installing pipenv $(PIPENV_VERSION) into .pipenv"
	@$(PYTHON) -m venv .pipenv
	@.pipenv/bin/python -m pip install --quiet --disable-pip-version-check pipenv==$(PIPENV_VERSION)
	@touch $@

$(VENV)/.synced: Pipfile.lock pyproject.toml | .pipenv/bin/pipenv
	@echo "Installing the locked Python packages into $(VENV) (about 1 GB, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@.pipenv/bin/pipenv sync --dev --quiet
	@touch $@

# What the sandbox's jobs and deployments run in; without it the first of them installs it.
.venv-runtime/.complete: sandbox/runtime/requirements.txt | $(VENV)/.synced
	@$(BIN)/python -m sandbox.compute.runtime
	@touch $@

node_modules/.synced: package-lock.json
	@command -v node >/dev/null || { echo "node is missing; EZAZ ML needs Node.js 20 or newer: https://nodejs.org"; exit 2; }
	@node -e 'const v = +process.versions.node.split(".")[0]; if (v < 20) { console.error("Node.js " + process.versions.node + " found; EZAZ ML needs 20 or newer."); process.exit(2) }'
	@echo "Installing cdktf-cli into node_modules"
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@
