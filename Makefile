# Everything is set up inside the checkout: uv in .bootstrap/, the packages in .venv/, downloads in .cache/,
# the Dagster instance in .dagster/, the data in lake/. The system's Python is only asked to make .bootstrap/.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_PYTHON_DOWNLOADS := never
# a proxy's certificate is often known to the system's store alone, at which neither uv nor older versions of pip look
export UV_SYSTEM_CERTS := true
export PIP_CERT ?= $(shell $(PYTHON) -c 'import os, ssl; p = ssl.get_default_verify_paths(); print(p.cafile or next((f for f in ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt") if os.path.exists(f)), ""))' 2>/dev/null)
# once at set-up: where PYTHONDONTWRITEBYTECODE is set every process would compile every import, 2 CPU seconds each time
export UV_COMPILE_BYTECODE := 1
# and the project's own modules at their first import: empty means that Python writes what it compiled. The tests begin
# hundreds of processes, and a third of the time in which they are collected went into compiling them again
export PYTHONDONTWRITEBYTECODE :=
export DAGSTER_HOME := $(CURDIR)/.dagster
export DAGSTER_DISABLE_TELEMETRY := yes
export VIRTUAL_ENV := $(CURDIR)/.venv
export PATH := $(CURDIR)/.venv/bin:$(PATH)

UV := .bootstrap/bin/uv
READY := .venv/.ready
BENCH := .bench/.ready
DOCS := .docs/.ready
INSTANCE := .dagster/dagster.yaml

.PHONY: help nightly report alerts dev query reset makers probe maker quarantine diff publish retype accept refuse cover undecide maintenance rebuild sizing costs \
	setup test quick soak lint format types docs requirements footprint bench clean

# groups are the lines that begin with ##@; a text goes on below itself where a terminal of 80 columns ends
help:
	@awk '/^##@ / { print (groups++ ? "\n" : "") substr($$0, 5) } \
		/^[a-z]+:.*## / { name = "  " substr($$0, 1, index($$0, ":") - 1); line = sprintf("%-14s", name); \
			count = split(substr($$0, index($$0, "## ") + 3), words, " "); \
			for (i = 1; i <= count; i++) { \
				if (length(line) + length(words[i]) + 1 > 80) { print line; line = sprintf("%14s", "") } \
				line = line " " words[i] } \
			print line }' $(MAKEFILE_LIST)

##@ Every day
nightly: $(READY) $(INSTANCE) ## run a night on this machine: DATE=2026-11-23 OEM=audi
	@python -m consolidated.night $(if $(DATE),--date "$(DATE)") $(if $(OEM),--oem "$(OEM)")

query: $(READY) ## DuckDB's shell on the tables, with views ready; SQL="FROM stock" asks one question
	@python -m consolidated.query $(if $(SQL),--sql "$$SQL")

report: $(READY) $(INSTANCE) ## open the morning report of the last night, or print its path: DATE=2026-11-23
	@python -m consolidated.night.report $(if $(DATE),--date "$(DATE)")

alerts: $(READY) $(INSTANCE) ## send what a night asks a person for, as docs/alerts.md configures it: DATE=2026-11-23
	@python -m consolidated.night.alerts $(if $(DATE),--date "$(DATE)")

dev: $(READY) $(INSTANCE) ## open Dagster's UI, with the runs of `make nightly`; its days begin where the lake does
	NIGHTS_SINCE="$${NIGHTS_SINCE:-lake}" dg dev

reset: $(READY) ## start over: remove the lake and the runs; asks, YES=1 answers
	@python -m resources.lake.reset --yes "$(YES)"

##@ Makers
makers: $(READY) ## list them: markets, hosts, credentials of live, what is not sure
	@python -m raw.wiring.makers

probe: $(READY) ## a maker's first pages and what becomes of them: OEM=audi MARKET=es CAPTURE=page.json.gz DATE=2026-11-25 PAGES=3
	@python -m transformed.probe --oem "$$OEM" $(if $(MARKET),--market $(MARKET)) $(if $(ENDPOINT),--endpoint $(ENDPOINT)) \
		$(if $(CAPTURE),--capture "$$CAPTURE") $(if $(DATE),--date $(DATE)) $(if $(PAGES),--pages $(PAGES))

maker: $(READY) ## write the modules and a test of a new maker, all passing: NAME=nissan
	@python -m tests.support.new_maker "$$NAME"

quarantine: $(READY) ## the records that became no row: rule, text, address, record: OEM=audi DATE=2026-11-25
	@python -m transformed.probe.quarantine --oem "$$OEM" $(if $(DATE),--date "$(DATE)")

diff: $(READY) ## type a day again by today's code and see what differs from what is published, nothing written: OEM=bmw DATE=2026-11-25
	@python -m consolidated.change diff --oem "$$OEM" $(if $(DATE),--date "$(DATE)")

publish: $(READY) ## publish that difference: OEM=bmw DATE=2026-11-25 and the days after it
	@python -m consolidated.change publish --oem "$$OEM" $(if $(DATE),--date "$(DATE)")

retype: $(READY) ## type past days again by today's code, and their history: OEM=audi SINCE=2026-06-01
	@python -m consolidated.day.retype --oem "$$OEM" $(if $(SINCE),--since $(SINCE))

##@ An operator's word on a day
# from the environment and not spelled out here: the words of a reason may hold quotes
DECIDE = @python -m consolidated.day.decide $@ --oem "$$OEM" --market "$$MARKET" --date "$$DATE" \
	--table "$${TABLE:-inventory}" --reason "$$REASON" $(if $(BY),--by "$$BY")

accept: $(READY) ## count a day that the rule left out: OEM=mercedes MARKET=us DATE=2026-06-21 REASON="..."
	$(DECIDE)

refuse: $(READY) ## leave a day out; TABLE=dealers for the dealers' day, BY=name where you are not the one
	$(DECIDE)

cover: $(READY) ## accept a day from which on the market is looked at otherwise: what is new on it may have stood there before
	$(DECIDE)

undecide: $(READY) ## leave a day to the rule again
	$(DECIDE)

##@ The lake
maintenance: $(READY) $(INSTANCE) ## tags, compaction, expiry, leftovers; DRY_RUN=1 only looks
	@python -m consolidated.maintenance $(if $(DRY_RUN),--dry-run)

rebuild: $(READY) ## make the tables again from the archive: of a lake that lost its catalog, was moved or copied
	@python -m consolidated.day.rebuild

sizing: $(READY) $(INSTANCE) ## what the steps of the last nights used and cost, and the sizes that would do: NIGHTS=7, APPLY=1 writes them
	@python -m resources.sizing.report $(if $(NIGHTS),--nights $(NIGHTS)) $(if $(APPLY),--apply) $(if $(ALL),--all)

costs: $(READY) $(INSTANCE) ## what the last night would cost on Fargate: document's sizes, tiers', measured; ARM, Spot
	@python -m resources.sizing.costs

##@ Work on the code
setup: $(READY) $(INSTANCE) ## install into the checkout, and nothing else

# `-n auto` follows the machine (tests/conftest.py). A module's tests stay together, with what they share
PYTEST := pytest -n auto --dist loadscope --no-loadscope-reorder

test: $(READY) ## prove it
	$(PYTEST) -m "not soak"

quick: $(READY) ## the tests that each take a moment
	$(PYTEST) -m "not slow and not soak"

soak: $(READY) ## the same tests of every maker, at full count
	SOAK=1 $(PYTEST)

lint: $(READY) ## ruff
	ruff check .
	ruff format --check .

format: $(READY) ## let ruff rewrite
	ruff check --fix .
	ruff format .

types: $(READY) ## mypy, strict
	mypy

docs: $(DOCS) ## the pages of docs/ as a site in build/docs; a link that leads nowhere fails
	.docs/bin/python -m sphinx --quiet --nitpicky --fail-on-warning --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

$(UV): requirements/bootstrap.txt
	@echo "installing into .bootstrap and .venv: once, about a minute"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .bootstrap \
		|| { echo "$(PYTHON) cannot make virtual environments (on Debian: the package python3-venv)"; exit 1; }
	@.bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(READY): $(UV) requirements/dev.txt pyproject.toml
	@test -x .venv/bin/python || $(UV) venv --quiet --python .bootstrap/bin/python .venv
	@echo "installing the packages of requirements/dev.txt into .venv"
	@$(UV) pip sync --quiet --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@if git rev-parse --git-dir > /dev/null 2>&1; then pre-commit install > /dev/null; fi
	@touch $@

# an environment of its own: the peer's dependencies are none of ours
$(BENCH): $(UV) requirements/bench.txt pyproject.toml
	@test -x .bench/bin/python || $(UV) venv --quiet --python .bootstrap/bin/python .bench
	@VIRTUAL_ENV=$(CURDIR)/.bench $(UV) pip sync --quiet --require-hashes requirements/bench.txt
	@VIRTUAL_ENV=$(CURDIR)/.bench $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# and so are those of the site
$(DOCS): $(UV) requirements/docs.txt
	@test -x .docs/bin/python || $(UV) venv --quiet --python .bootstrap/bin/python .docs
	@VIRTUAL_ENV=$(CURDIR)/.docs $(UV) pip sync --quiet --require-hashes requirements/docs.txt
	@touch $@

$(INSTANCE):
	@mkdir -p $(@D)
	@printf 'telemetry:\n  enabled: false\nnux:\n  enabled: false\n' > $@

footprint: $(READY) ## memory and CPU of a coordinator and of a light step, beside plain dagster-aws: ROUNDS=5
	@python -m tests.support.ecs.footprint $(ROUNDS)

bench: $(BENCH) ## what a night costs beside dlt and beside the least that it can cost: N=20000 vehicles, ROUNDS=3, NIGHTS=1000 of a long lake, ALONE=1 without dlt and writers
	@.bench/bin/python -m tests.bench $(if $(N),--vehicles $(N)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(NIGHTS),--nights $(NIGHTS)) $(if $(ALONE),--alone)

requirements: $(UV) ## pin again, with hashes, what pyproject.toml allows; no registry's address is recorded
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		pyproject.toml -o requirements/run.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		--group host --constraint requirements/run.txt pyproject.toml -o requirements/host.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		--group plus --constraint requirements/run.txt pyproject.toml -o requirements/plus.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		--group build --group dev pyproject.toml -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		--group build --group bench pyproject.toml -o requirements/bench.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		--group docs -o requirements/docs.txt
	echo uv | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" \
		- -o requirements/bootstrap.txt

clean: ## remove what was set up; the lake and the runs stay
	rm -rf .venv .bench .docs .bootstrap .cache
