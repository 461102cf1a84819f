# The verbs of this repository. `make` alone lists them.

VENV   := .venv
PYTHON := $(VENV)/bin/python
BIN    := $(VENV)/bin
HTML    = $(shell git ls-files 'webapp/*.html' 'labeling/*.html')

# `make restore FILE` as well as `make restore FILE=FILE`.
ifeq (restore,$(firstword $(MAKECMDGOALS)))
FILE ?= $(word 2,$(MAKECMDGOALS))
ifneq ($(FILE),)
.PHONY: $(FILE)
$(FILE): ; @:
endif
endif

# `check --deploy` and friends look at the settings as a public site has them.
PRODUCTION := DEBUG=no SITE_URL=https://mien.example \
	SECRET_KEY=any-long-key-will-do-for-a-check-0123456789-abcdefghijklmnop

PYTEST := $(BIN)/pytest -n 2 --dist worksteal

export HOST PORT

.DEFAULT_GOAL := help
.PHONY: help run test quick lint format bench drill lock audit backup restore

help: ## List these verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-9s %s\n", $$1, $$2}'

run: $(VENV)/.site ## Start the whole site (HOST=127.0.0.1 PORT=8000); Ctrl-C ends it
	@exec $(PYTHON) -m deploy.supervisor

test: $(VENV)/.dev ## Run all tests (ARGS="tests/test_x.py -k word" for some)
	$(PYTEST) $(ARGS)

quick: $(VENV)/.dev ## Run the tests that start no browser, no server and no training
	$(PYTEST) -m "not browser and not slow" $(ARGS)

lint: $(VENV)/.dev ## Check style, types, imports, dead code, templates, settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --target-version 5.2 --check $(HTML)
	git ls-files '*.py' | xargs $(BIN)/django-upgrade --target-version 5.2 --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/deptry ml labeling workers webapp deploy
	$(BIN)/deptry tests docs --ignore DEP002,DEP004
	$(BIN)/vulture
	@$(PYTHON) -m deploy.locks check
	$(PYTHON) -m deploy.licences check
	$(PYTHON) -m tests.languages check
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(PYTHON) -W ignore manage.py makemigrations --check --dry-run

format: $(VENV)/.dev ## Write Python and templates the way `make lint` wants them
	git ls-files '*.py' | xargs $(BIN)/django-upgrade --target-version 5.2 || true
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $(HTML) || true

bench: $(VENV)/.dev ## Measure speed and size (each file of tests/bench/)
	@set -e; for file in $$(grep -l __main__ tests/bench/*.py); do \
		echo "== $$file"; $(PYTHON) -m tests.bench.$$(basename $$file .py); done

drill: $(VENV)/.dev ## Run the long checks, which end at the first fault
	ALL_LANGUAGES=1 $(PYTEST) tests/languages tests/browser/test_languages.py
	HOSTILE_VALUES=99 $(PYTEST) tests/security/test_hostile_walk.py
	SCHEMATHESIS_SECONDS=300 $(PYTEST) tests/webapp/api/test_schemathesis.py
	TRAIN_TOGETHER=1 $(PYTEST) tests/faults/test_several_hosts.py
	GENERATED_CLIENTS=1 $(PYTEST) tests/webapp/api/test_generated_clients.py
	@set -e; for name in mutants decode slow; do $(PYTHON) -m tests.bench.$$name; done
	$(PYTHON) -m tests.experiments.collude $$(mktemp -d) --at-once --seeds 1 \
		--rings group fifth fifth-spread spread aged half-backed cells framing erased \
		fifth-erased
	@set -e; for file in $$(grep -l __main__ tests/drills/*.py); do \
		echo "== $$file"; $(PYTHON) -m tests.drills.$$(basename $$file .py); done

lock: $(VENV)/.dev ## Pin what is installed anew, with hashes, and write docs/licences.md
	$(PYTHON) -m deploy.locks make
	$(PYTHON) -m deploy.licences make

audit: $(VENV)/.dev ## Ask whether a pinned version has a known hole (needs the network)
	$(PYTHON) -m deploy.locks audit

backup: $(VENV)/.site ## Dump the database to ~/mien-backups (or FILE=…)
	@$(PYTHON) -m deploy.supervisor.with_services backup $(FILE)

restore: $(VENV)/.site ## Bring a dump back: make restore FILE (withdrawals stay so)
	@test -n "$(FILE)" || { echo "Which dump? make restore FILE"; exit 2; }
	@$(PYTHON) -m deploy.supervisor.with_services restore "$(FILE)" $(ARGS)

# --- the environment, made anew only when the requirements change

define install
	@if command -v uv >/dev/null; then \
		test -x $(PYTHON) || uv venv --quiet --python '>=3.11,<3.14' $(VENV); \
		uv pip install --quiet --python $(PYTHON) $(1); \
	else \
		test -x $(BIN)/pip || python3 -m venv --clear $(VENV); \
		$(BIN)/pip install --quiet --disable-pip-version-check $(1); \
	fi
	@touch $@
endef

$(VENV)/.site: requirements.lock
	@echo "Installing what Mien needs into $(VENV) (about 2 GB; only when it changes) …"
	$(call install,--require-hashes -r requirements.lock)

$(VENV)/.dev: requirements.lock requirements-dev.txt
	@echo "Installing what development needs into $(VENV) (only when it changes) …"
	$(call install,--require-hashes -r requirements.lock)
	$(call install,-r requirements-dev.txt)
	@touch $(VENV)/.site
