# `make demo` and `make test` need Python 3.11 to 3.13 and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
VENV := .venv
RUN := $(VENV)/bin/python
# Where FER-2013 lies: fer2013.csv(.gz) from Kaggle, with FER+'s fer2013new.csv beside it.
DATA ?= ../shared/data/fer2013.csv.gz
OUTPUT ?= runs/$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo test lint train bench screenshot lock clean

demo: $(VENV)/.serving
	$(RUN) -m demo.app

test: $(VENV)/.everything
	$(RUN) -m pytest

lint: $(VENV)/.everything
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

train: $(VENV)/.everything
	$(RUN) -m train_resnet train --data $(DATA) --output $(OUTPUT)

bench: $(VENV)/.everything
	$(RUN) -m pytest tests/bench/bench_speed.py --benchmark-columns=min,median,iqr,rounds --benchmark-sort=name

screenshot: $(VENV)/.everything
	$(RUN) -m tests.browser.screenshot

# What the container installs: with Python 3.11, as its base image has it.
lock: $(VENV)/.everything
	$(RUN) -m piptools compile --quiet --generate-hashes --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file requirements-serve.lock requirements-serve.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.serving: requirements-serve.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-serve.txt
	touch $@

$(VENV)/.everything: requirements.txt requirements-serve.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $(VENV)/.serving $@
