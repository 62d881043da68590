# Two commands do everything: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-pins

.PHONY: help env demo lint check test ops pictures simulate fuzz storms outage bench-core bench-e2e bench-scale format pins release dist clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

env: $(STAMP)  ## the environment of this project, in .venv
$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "capi-stream needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 env")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: env  ## the service against an API that misbehaves, and the books; KAFKA=real for a real broker and two processes
ifeq ($(KAFKA),real)
	$(BIN)/python -m tests.real -- $(BIN)/capi-stream demo --kafka {kafka} --registry {registry} --members 2 $(DEMO)
else
	$(BIN)/capi-stream demo $(DEMO)
endif

lint: env  ## format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint  ## the inner loop: lint and the pure tests; under a minute
	$(BIN)/pytest -q tests/intake tests/delivery tests/config tests/replay

# In the order of their names: by default files with few tests come last, and the longest have few.
test: lint ops  ## everything, on a real Kafka and a real schema registry, with the real tools of operators; about 20 minutes
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

ops: env  ## the tools that check metrics, alerts, dashboards, manifests, image and pages; what cannot be had is told
	$(BIN)/python -m tests.ops.tools

pictures: ops  ## draw the pictures of docs/pictures anew, from runs against a real Prometheus; needs npm, takes 4 minutes
	$(BIN)/python -m tests.ops.pictures_status
	$(BIN)/python -m tests.ops.dashboard_pictures

N ?= 100000
SEED_BASE ?= 1000000
simulate: env  ## N random schedules of the delivery engine, from SEED_BASE on, on all cores
	$(BIN)/python -m tests.simulation $(SEED_BASE) $$(( $(SEED_BASE) + $(N) ))

fuzz: env  ## random bytes, texts and answers, from random seeds for MINUTES; what it finds goes to tests/fuzz/corpus
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

ROUNDS ?= 10
SEED ?= 0
storms: env  ## ROUNDS of all that can go wrong with a real Kafka, the API and the members, in each kind of group; 2 minutes a round
	$(BIN)/python -m tests.faults --rounds $(ROUNDS) --seed $(SEED) $(KINDS)

MINUTES ?= 10
RATE ?= 5000
outage: env  ## the API is down for MINUTES at RATE records/s: memory stays flat, nothing is lost; OUTAGE=--held for one pixel
	$(BIN)/python -m tests.faults.outage --minutes $(MINUTES) --rate $(RATE) $(OUTAGE)

bench-core: env  ## what an event costs in core, by stage, beside plain code and beside Meta's SDK; 2 minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	$(BIN)/python -m bench.core $(BENCH)

bench-e2e: env  ## the service beside that plain loop, from a real Kafka to a fast sink, and the latency of a steady load; 15 minutes
	$(BIN)/python -m bench.e2e $(BENCH)

bench-scale: env  ## how the cost of an event grows: members, pixels, partitions, an event's size, poison; 25 minutes
	$(BIN)/python -m bench.scale $(BENCH)

format: env  ## let the tools rewrite what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pins: env  ## pin all dependencies anew
	$(PYTHON) -m venv $(VENV)/pins && $(VENV)/pins/bin/pip install --quiet uv
	for set in run dev bench ops; do \
	  case $$set in \
	    run) what="pyproject.toml --extra tracing" ;; \
	    dev) what="pyproject.toml --extra tracing --group dev" ;; \
	    bench|ops) what="--group $$set --constraints requirements/dev.txt" ;; \
	  esac; \
	  $(VENV)/pins/bin/uv pip compile $$what --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/$$set.txt || exit 1; \
	done
	echo checkov | $(VENV)/pins/bin/uv pip compile - --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/checkov.txt

release: env  ## write VERSION into every file that bears it, and the changelog's heading; see docs/releasing.md
	$(BIN)/python -m release set $(VERSION)

dist: env  ## wheel and sdist in dist/; with TAG=v1.2.3 only if that is this version
	$(BIN)/python -m release check $(TAG)
	rm -rf dist
	$(BIN)/hatchling build -d dist

clean:  ## remove the environment and what the tools left
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
