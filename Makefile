# Needs make and Python 3.11 or newer with venv; everything else is installed into .venv.
PYTHON ?= python3
WORKERS ?= 2
PYTEST_ARGS ?=

IN_VENV := .venv/bin/python
BOOTSTRAP := $(PYTHON) deploy/local/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help run test check bench openapi locks migrate doctor backup restore clean
.PHONY: lint format types imports locked environment

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: ## Start everything on this machine; PORT=, DATABASE_URL=, PG_BINDIR=, DEMONSTRATION=0
	@$(BOOTSTRAP) run
	@$(IN_VENV) -m local_deployment run

test: environment ## Run every test; WORKERS=2, PYTEST_ARGS="-k ledger"
	@$(IN_VENV) -m pytest -n $(WORKERS) --dist loadscope $(PYTEST_ARGS)

check: lint format types imports locked ## Lint, format, types, import contracts, locks

lint: environment
	@$(IN_VENV) -m ruff check .

format: environment
	@$(IN_VENV) -m ruff format --check .

types: environment
	@$(IN_VENV) -m mypy

imports: environment
	@.venv/bin/lint-imports --no-logo

locked: environment
	@$(IN_VENV) -m local_deployment check-locks
	@$(IN_VENV) -m local_deployment check-openapi

environment:
	@$(BOOTSTRAP) test

bench: environment ## Measure side by side and print the table of ratios
	@$(IN_VENV) -m pytest tests/benchmarks -o python_files='bench_*.py' -p no:xdist -s -q

demo-country: ## Fill the house with a country of made-up data; SIZE=full for all of it
	@$(BOOTSTRAP) run
	@$(IN_VENV) -m local_deployment.country

openapi: ## Write the OpenAPI document of each service
	@$(BOOTSTRAP) run
	@$(IN_VENV) -m local_deployment openapi

locks: environment ## Compile the locks anew after a change of dependencies
	@$(IN_VENV) -m local_deployment locks

migrate: ## Bring the database schemas up to date and stop
	@$(BOOTSTRAP) run
	@$(IN_VENV) -m local_deployment migrate

doctor: ## Look at the house that runs here: feeds, jobs, migrations, disk
	@$(IN_VENV) -m local_deployment doctor

backup: ## Write all that the database holds to FILE=, while the house runs or not
	@$(IN_VENV) -m local_deployment backup "$(or $(FILE),$(error say where: make backup FILE=…))"

restore: ## Make the database what the backup FILE= holds; REPLACE=1 gives up what it held
	@$(BOOTSTRAP) run
	@$(IN_VENV) -m local_deployment restore "$(or $(FILE),$(error say from where: make restore FILE=…))" $(if $(REPLACE),--replace)

clean: ## Remove all that was made here: the environment, the database, caches
	@$(BOOTSTRAP) clean
