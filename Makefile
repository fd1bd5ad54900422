# The two commands: `make train` and `make test`. Each first sets up .venv, once.

SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
RUN := runs/quick

.PHONY: setup train test test-bench lock

setup: $(STAMP)

$(STAMP): requirements.txt setup.cfg pyproject.toml
	@python=; for candidate in python3 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then echo "error: Python 3.11 or newer is needed" >&2; exit 1; fi; \
	echo "setting up $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

train: $(STAMP)
	$(PYTHON) -m experiments.train \
	  --config=experiments/configs/moving_mnist.py:conv-1enc-1LSTM:quick --workdir=$(RUN)

test: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PYTHON) -m pytest -n logical --maxprocesses=4 --dist=loadfile

# The tests against PyTorch and OpenCV, which `test` skips where they are not installed.
test-bench: $(BENCH_STAMP)
	$(PYTHON) -m pytest -m bench

$(BENCH_STAMP): requirements-bench.txt $(STAMP)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --timeout 30 --retries 2 \
	  -r requirements-bench.txt \
	  || { echo "error: what $< names cannot be installed; their tests did not run" >&2; exit 1; }
	@touch $@

# Writes requirements.txt anew from setup.cfg, for every Python from 3.11 on.
lock: $(STAMP)
	$(VENV)/bin/pip install --quiet uv
	$(VENV)/bin/uv pip compile setup.cfg --extra programs --extra dev --universal \
	  --fork-strategy fewest --python-version 3.11 --no-annotate \
	  --custom-compile-command "make lock" --upgrade --output-file requirements.txt
