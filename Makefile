# Every command a newcomer needs. `make help` lists them.
PY := .venv/bin/python
SHELL := /bin/bash
.DEFAULT_GOAL := help
# Tests start the program a hundred times over: it is compiled once, whatever the machine's habit.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test whole crash infer-crash prove warehouse check screenshots serve clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/.installed: setup.cfg
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

node_modules/.installed: package.json package-lock.json
	@npm ci --silent --no-audit --no-fund
	@touch $@

app/web/static/build/.built: node_modules/.installed $(shell find app/web/frontend -type f 2>/dev/null)
	@npm run --silent build
	@touch $@

setup: .venv/.installed app/web/static/build/.built ## install Python and front-end packages, build the console

demo: setup ## a lender's first three reporting days, end to end; results in var/demo
	@$(PY) -m app.cli demo day

serve: setup ## the web console over the demonstration
	@$(PY) -m app.cli demo console

# One process more than there are cores: many tests wait for a browser, a server or a lease.
test: setup ## all tests but the longest, which are those of `make whole`
	@$(PY) -m pytest -q -n $$(( $$(nproc) + 1 )) --dist loadfile --no-loadscope-reorder -m 'not whole'

whole: setup ## the longest tests: every page looked at, stories in the browser, whole reporting days, faults in them
	@REPORT_KILLS=10 $(PY) -m pytest -q -m whole

crash: setup ## 500 instances while their executor is killed 20 times, on both databases; a reporting day through 10 kills, a full disk, a minute without database
	@CRASH_INSTANCES=500 CRASH_KILLS=20 REPORT_KILLS=10 DATABASE_AWAY=60 $(PY) -m pytest -q \
		tests/functional/workflow/test_crash.py tests/functional/submission/test_kill.py tests/functional/submission/test_outages.py

infer-crash: setup ## 10,000 inferences while their engine is killed 25 times, on both databases
	@INFER_INFERENCES=10000 INFER_KILLS=25 $(PY) -m pytest -q tests/functional/rules/test_verdicts.py -k killed

check: setup ## style, types, imports, migrations, content, translations, documents
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m app.cli check-house

.venv/.warehouse: .venv/.installed
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev,warehouse]'
	@touch $@

warehouse: .venv/.warehouse ## install Spark; rulesets as SQL find the same there and on PostgreSQL
	@$(PY) -m pytest -q tests/content/test_warehouses.py

prove: setup ## properties on new examples; every shipped rule on new spoiled facts: both evaluators must find the same
	@HYPOTHESIS_PROFILE=prove $(PY) -m pytest -q -m hypothesis
	@PROVE_SEEDS=3 PROVE_FACTS=80 $(PY) -m pytest -q tests/content/test_evaluators.py tests/content/test_warehouses.py

screenshots: setup ## pictures of every page, both languages, wide and narrow, in var/screenshots
	@$(PY) -m pytest tests/browser -q --screenshots var/screenshots

clean: ## remove what can be made again
	rm -rf var .venv node_modules app/web/static/build
