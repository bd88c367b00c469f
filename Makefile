# Needs make and Python 3.11 or newer with its venv module; the rest is installed into .venv.

PYTHON ?=
HOST ?= 127.0.0.1
PORT ?= 8000
SITE ?= http://$(HOST):$(PORT)
ARGS ?=
PY := .venv/bin/python
# The locks name everything that is needed: nothing is left to be looked for (--no-deps).
PIP := -m pip --disable-pip-version-check -qq install
# ARGS="-n 0" runs the tests in one process, for a debugger.
PYTEST := -m pytest -n logical --maxprocesses 8 --dist worksteal
TEST := NEWSROOM_ENV=test $(PY) -m newsroom.localpg run $(PY) $(PYTEST)
DJANGO6 := var/venv-django6/bin/python
PG15 ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin /usr/pgsql-15/bin /opt/homebrew/opt/postgresql@15/bin))
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
LOCK := var/uv/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make lock'

# A .venv whose Python has gone is made again.
ifneq ($(wildcard .venv/made),)
ifneq ($(shell $(PY) -c 'print(1)' 2>/dev/null),1)
$(shell rm -f .venv/made)
endif
endif

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1 - \2/p' Makefile

.PHONY: run
run: export HOST := $(HOST)
run: export PORT := $(PORT)
run: .venv/local ## serve the paper on PORT (8000) and HOST (127.0.0.1), with the demo in an empty database
	@exec $(PY) -m newsroom.serve

.PHONY: test
test: .venv/dev ## run the whole suite; ARGS="-k ticker" runs a part
	@$(PY) tests/browser_setup.py
	@$(PY) tests/html_setup.py
	@$(TEST) $(ARGS)

.PHONY: test-pg15
test-pg15: .venv/dev ## run the suite on PostgreSQL 15
	@test -n '$(PG15)' || { echo 'PostgreSQL 15 was not found: install postgresql-15, or name its folder: PG15=/path/bin'; exit 1; }
	@unset DATABASE_URL; PG_BINDIR='$(PG15)' NEWSROOM_VAR='$(CURDIR)/var/pg15' $(TEST) $(ARGS)

.PHONY: test-django6
test-django6: var/venv-django6/made ## run the suite on Django 6 and Python 3.13
	@# What Django 6 deprecates is what Django 5.2 needs.
	@NEWSROOM_VAR='$(CURDIR)/var/django6' NEWSROOM_ENV=test $(DJANGO6) -m newsroom.localpg run $(DJANGO6) $(PYTEST) \
		-W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning $(ARGS)

.PHONY: lint
lint: .venv/dev ## look at the style of code and templates
	@$(PY) -m ruff format --check --quiet --output-format concise .
	@$(PY) -m ruff check --quiet --output-format concise .
	@$(PY) -m djlint --lint --quiet .

.PHONY: format
format: .venv/dev ## put code into the house style
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

.PHONY: check
check: lint ## lint, and check migrations, production settings and static files
	@$(PY) -m newsroom.localpg run $(PY) manage.py makemigrations --check --dry-run
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	export NEWSROOM_ENV=production NEWSROOM_VAR="$$folder" ALLOWED_HOSTS=www.example.com \
		SITE_URL=https://www.example.com DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing; \
	SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))'); export SECRET_KEY; \
	$(PY) manage.py check --deploy --fail-level WARNING; \
	$(PY) manage.py collectstatic --noinput --verbosity 0

.PHONY: corpus
corpus: .venv/dev ## import the whole corpus in ../shared/corpus and compare it with its source
	@$(TEST) -n 0 -m corpus $(ARGS)

.PHONY: audit
audit: var/audit/made ## Lighthouse over the paper that `make run` serves at SITE (http://127.0.0.1:8000)
	@CHROME_PATH=$${CHROME_PATH:-$$(command -v chromium chromium-browser google-chrome | head -n1)} \
		$(PY) -m benchmarks.audit var/audit/node_modules/.bin/lighthouse $(SITE)

.PHONY: bench
bench: .venv/local ## measure the speed of the paper (wrk, nginx); BENCH="10000 200000" for several archives
	@$(PY) -m newsroom.localpg run $(PY) -m benchmarks.speed $(BENCH)

.PHONY: lock
lock: var/uv/made ## renew the locked versions in requirements/
	@$(LOCK) --python-version 3.11 --extra local --group dev -o requirements/dev.txt
	@$(LOCK) --python-version 3.11 --extra local -c requirements/dev.txt -o requirements/local.txt
	@$(LOCK) --python-version 3.11 -c requirements/dev.txt -o requirements/base.txt
	@$(LOCK) --python-version 3.11 --extra mail -c requirements/dev.txt -o requirements/mail.txt
	@$(LOCK) --python-version 3.11 --extra redis -c requirements/dev.txt -o requirements/redis.txt
	@$(LOCK) --python-version 3.11 --extra s3 -c requirements/dev.txt -o requirements/s3.txt
	@$(LOCK) --python-version 3.11 --extra social -c requirements/dev.txt -o requirements/social.txt
	@$(LOCK) --python-version 3.11 --extra stripe -c requirements/dev.txt -o requirements/stripe.txt
	@$(LOCK) --python-version 3.12 --extra local --group dev --overrides requirements/django6.in -o requirements/django6.txt

.PHONY: shell
shell: .venv/local ## a Python shell with the paper's models
	@$(PY) manage.py shell

.PHONY: stop-db
stop-db: .venv/local ## stop the embedded PostgreSQL
	@$(PY) -m newsroom.localpg stop

.PHONY: reset
reset: .venv/local ## delete the local database, uploads and caches (asks; YES=1 does not)
	@test -n '$(YES)' || { printf 'This deletes the local database and all uploads. Go on? [y/N] '; read answer; test "$$answer" = y; }
	@$(PY) -m newsroom.localpg reset
	@rm -rf var/media var/static var/static.mark var/cache

.venv/made:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c '$(SUITABLE)' 2>/dev/null; then $$python -m venv --clear .venv && touch $@; exit; fi; done; \
	echo 'Python 3.11 or newer with its venv module is needed (Debian: python3 and python3-venv).'; exit 1

.venv/local: .venv/made requirements/local.txt
	@echo 'Installing the libraries ...'
	@$(PY) $(PIP) --no-deps --require-hashes -r requirements/local.txt
	@touch $@

.venv/dev: .venv/made requirements/dev.txt
	@echo 'Installing the libraries and the tools of the tests ...'
	@$(PY) $(PIP) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@ .venv/local

var/venv-django6/made: requirements/django6.txt
	@for python in python3.13 $$(ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13 2>/dev/null); do \
		if $$python -c '$(SUITABLE)' 2>/dev/null; then found=$$python; fi; done; \
	test -n "$$found" || { echo 'Python 3.13 was not found: install python3.13, or run `pyenv install 3.13`.'; exit 1; }; \
	echo 'Installing Django 6 ...'; \
	$$found -m venv --clear var/venv-django6 && $(DJANGO6) $(PIP) --no-deps --require-hashes -r requirements/django6.txt
	@touch $@

var/uv/made: .venv/made
	@$(PY) -m venv --clear var/uv && var/uv/bin/python $(PIP) uv
	@touch $@

var/audit/made: .venv/made
	@echo 'Installing Lighthouse ...'
	@mkdir -p var/audit && npm install --prefix var/audit --ignore-scripts --no-audit --no-fund --loglevel=error lighthouse@12.8.2
	@touch $@
