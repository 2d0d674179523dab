# `make demo` and `make test` need Python 3.11 to 3.13 and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
VENV := .venv
RUN := $(VENV)/bin/python
# Where FER-2013 lies: fer2013.csv(.gz) from Kaggle, with FER+'s fer2013new.csv beside it.
DATA ?= ../shared/data/fer2013.csv.gz
OUTPUT ?= runs/$(shell date +%Y%m%d-%H%M%S)
SOAK_MINUTES ?= 10

# One more than two cores have, since some tests wait; each with whole files, in the order of
# tests/conftest.py: what a file's tests share is made once.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: demo check test figures test-ray lint lint-scripts train study bench load soak fuzz screenshot lock container clean

demo: $(VENV)/.serving
	$(RUN) -m demo.app

# For the hand, in under two minutes: linters, types, and every test but the slow ones.
check: lint
	$(RUN) -m pytest $(SIDE_BY_SIDE) -q -m "not slow and not ray and not figures"

test: $(VENV)/.everything
	$(RUN) -m pytest $(SIDE_BY_SIDE) -m "not ray and not figures"

# Recomputes the released accuracy on all of PublicTest and PrivateTest.
figures: $(VENV)/.everything
	$(RUN) -m pytest -n 2 -m figures tests/test_figures.py

lint: $(VENV)/.everything
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-scripts; \
	  else echo "The page's scripts were not checked: that needs Node 18.18 or later."; fi

lint-scripts: tests/browser/node_modules/.installed
	tests/browser/node_modules/.bin/eslint --config tests/browser/eslint.config.js demo/page/scripts

train: $(VENV)/.everything
	$(RUN) -m train_resnet train --data $(DATA) --output $(OUTPUT)

# The short trials of train_resnet/STUDY.md; those that it holds already are not run again.
study: $(VENV)/.everything
	$(RUN) -m train_resnet study --data $(DATA) --output runs/study --record

# A process each: the photographs' memory would count as the films'.
bench: $(VENV)/.everything
	$(RUN) -m pytest tests/bench/bench_speed.py --benchmark-columns=min,median,iqr,rounds --benchmark-sort=name
	$(RUN) -m pytest tests/bench/bench_time.py
	$(RUN) -m pytest tests/bench/bench_page.py
	$(RUN) -m pytest tests/bench/bench_archive.py

# CLIENTS at once, a measurement for each number, of SECONDS each.
CLIENTS ?= 1 16 64 200
SECONDS ?= 60
load: $(VENV)/.everything
	$(RUN) -m tests.load --clients $(CLIENTS) --seconds $(SECONDS) --output runs/load/load.json

soak: $(VENV)/.everything
	$(RUN) -m tests.load --soak --clients 16 --seconds $$((60 * $(SOAK_MINUTES))) \
	  --output runs/load/soak.json

# COUNT mutated pictures, and a tenth as many requests; what goes wrong is kept in runs/fuzz.
COUNT ?= 100000
fuzz: $(VENV)/.everything
	$(RUN) -m tests.fuzz $(COUNT)

screenshot: $(VENV)/.everything
	$(RUN) -m tests.browser.screenshot

# What the container installs: with Python 3.11, as its base image has it.
lock: $(VENV)/.everything
	$(RUN) -m piptools compile --quiet --generate-hashes --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file requirements-serve.lock requirements-serve.txt

# Builds the image and tries it out: see tests/container/run.sh for what that needs.
container: $(VENV)/.everything
	tests/container/run.sh

clean:
	rm -rf tests/browser/node_modules $(VENV) .pytest_cache .mypy_cache .ruff_cache

tests/browser/node_modules/.installed: tests/browser/package-lock.json
	npm ci --prefix tests/browser --silent --no-fund --no-audit
	touch $@

$(VENV)/.serving: requirements-serve.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-serve.txt
	touch $@

# Whole archives on a Ray cluster and in buckets.
test-ray: $(VENV)/.ray
	$(RUN) -m pytest -m ray tests/demo/archive

$(VENV)/.ray: tests/requirements-ray.txt requirements-ray.txt $(VENV)/.everything
	$(RUN) -m pip install --quiet --disable-pip-version-check -r tests/requirements-ray.txt
	touch $@

$(VENV)/.everything: requirements.txt requirements-serve.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $(VENV)/.serving $@
