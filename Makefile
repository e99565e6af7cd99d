# The commands of this house. `make help` lists them; each installs what it needs, and only when that changed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
PORT ?= 5000
WORKERS ?= 2

.PHONY: help run test check format messages bench torture mailpath screenshots lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.run ## the product on http://127.0.0.1:5000 (PORT=…), with a demo team on the first start
	@PDCA_PORT=$(PORT) $(BIN)/pdca setup --demo
	@PDCA_PORT=$(PORT) exec $(BIN)/pdca serve

test: .venv/.dev ## every test: both databases and a real browser (ARGS=… goes to pytest)
	@tools/browser.sh
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

check: .venv/.dev ## format, lint, types, import order, templates, the rules of the house
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/pytest -q tests/policy

format: .venv/.dev ## put the code in its usual form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

messages: .venv/.dev ## collect the texts, name what has no Dutch yet, compile
	@$(BIN)/python -m tools.messages

bench: .venv/.dev ## our board beside a minimal reference, as ratios (ARGS="--json FILE"; ARGS=--growth: what grows)
	@$(BIN)/python -m tools.bench $(ARGS)

torture: .venv/.dev ## the full counts of docs/reliability.md, resumable (ARGS="kills_named --database sqlite --share 0.1")
	@$(BIN)/python -m tests.simulation.torture $(ARGS)

mailpath: .venv/.dev ## every kind of mail through a real postfix and dovecot on this machine, and an answer back
	@$(BIN)/python -m tests.mailpath

screenshots: .venv/.dev ## every page in both languages, light and dark, wide and narrow, into instance/screenshots
	@tools/browser.sh
	@$(BIN)/python -m tools.screenshots

lock: ## new versions in both lock files (needs uv)
	@tools/lock.sh

clean: ## remove what was installed and built; the instance stays
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results

.venv/.run: requirements.lock pyproject.toml
	@tools/venv.sh requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml
	@tools/venv.sh requirements-dev.lock
	@touch $@ .venv/.run
