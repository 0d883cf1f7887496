# Each target sets up all that it needs in .venv; PYTHON picks the interpreter that makes it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip install --quiet --constraint constraints.txt
OUT    ?= demo-output
JOBS   ?= 2
# The lowest versions that pyproject.toml admits, apart from the rest; numba's caches of two versions do not mix.
LOWEST := .venv-lowest
# Processes side by side, one for each core: threads of linear algebra would only wait for each other.
ONE_THREAD = OMP_NUM_THREADS=1
# Old versions warn of what they use of others.
LOWEST_PYTEST = $(ONE_THREAD) NUMBA_CACHE_DIR=$(CURDIR)/$(LOWEST)/numba $(LOWEST)/bin/python -m pytest -q -W ignore::DeprecationWarning -W ignore::FutureWarning

.PHONY: demo demo-quick test suite compiled compiled-lowest ready test-slow test-dft test-lowest smoke-lowest lint check-estimators coverage docs bench bench-watch wheel try-wheel linkcheck clean clean-cache help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/.ready-demo  ## train, map, explain and report on the bundled data
	$(BIN)/strain2dos demo --output $(OUT)

# the short demo is among the tests of the command
# the suite last: its processes keep every core busy to the end
test: lint docs check-estimators suite  ## lint, estimator checks, doctests, unit tests, short demo, docs

suite: compiled  ## doctests and unit tests, but for the estimator checks
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow and not gpu and not dft" --deselect tests/test_check_estimators.py

demo-quick: compiled
	$(BIN)/strain2dos demo --quick --force --output build/demo-quick

# Once, before several processes would do it side by side.
compiled: $(VENV)/.ready-test
	$(BIN)/python .ci/compile.py

ready: $(VENV)/.ready-test $(VENV)/.ready-docs $(VENV)/.ready-dft  ## install all that the tests need

test-slow: $(VENV)/.ready-test  ## the long tests too
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-dft: $(VENV)/.ready-test $(VENV)/.ready-dft  ## tiny first-principles runs with GPAW (Debian: g++ libxc-dev libopenblas-dev)
	$(ONE_THREAD) $(BIN)/python -m pytest -q -m dft tests/simulate/dft

test-lowest: compiled-lowest  ## the suite with the lowest versions of all dependencies
	$(LOWEST_PYTEST) -n $(JOBS) --dist loadfile -m "not slow and not gpu and not dft"

smoke-lowest: compiled-lowest  ## a part of it: imports, joined estimators, stores
	$(LOWEST)/bin/python .ci/import_all.py
	$(LOWEST_PYTEST) -n $(JOBS) tests/test_pipeline.py tests/files tests/mapping/test_blocks_and_zarr.py tests/mapping/store/test_resume.py

compiled-lowest: $(LOWEST)/.ready
	NUMBA_CACHE_DIR=$(CURDIR)/$(LOWEST)/numba $(LOWEST)/bin/python .ci/compile.py

check-estimators: compiled  ## scikit-learn's checks over every public estimator, array API dispatch on
	$(ONE_THREAD) SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -q -n $(JOBS) tests/test_check_estimators.py

coverage: compiled  ## lines of the package that the tests run, compiled functions left out
	$(PIP) pytest-cov
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m "not slow and not gpu and not dft" --cov --cov-report=term \
		--ignore tests/io/test_raman_fuzz.py  # it limits processor time, which tracing multiplies

lint: $(VENV)/.ready-test  ## ruff: lint and format; mypy; import-linter: rooms import one way; codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy strain2dos
	$(BIN)/lint-imports
	$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md docs examples strain2dos tests benchmarks

docs: compiled $(VENV)/.ready-docs  ## the documentation, warnings as errors
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.ready-bench  ## accuracy and speed against peers, measured in one run each
	$(BIN)/python benchmarks/fit_speed.py
	$(BIN)/python benchmarks/fit_accuracy.py
	$(BIN)/python benchmarks/kinds.py
	$(BIN)/python benchmarks/fit_memory.py
	$(BIN)/python benchmarks/map_speed.py
	$(BIN)/python benchmarks/tight_binding.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/uncertainty.py
	$(BIN)/python benchmarks/explanations.py
	$(BIN)/python benchmarks/ablation.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/learning_curve.py
	$(BIN)/python benchmarks/other_materials.py
	$(BIN)/python benchmarks/gpu.py

bench-watch: $(VENV)/.ready-bench  ## times of the usual steps, beside a stored run
	mkdir -p build
	$(BIN)/python -m pytest -o addopts= -q benchmarks/watch --benchmark-json build/watch.json
	$(BIN)/python benchmarks/watch/compare.py build/watch.json

linkcheck: $(VENV)/.ready-docs  ## links of the built documentation, those within it alone
	$(BIN)/python docs/check_links.py docs/_build/html

wheel: $(VENV)/.ready-test  ## build the wheel and the source archive
	$(PIP) build
	$(BIN)/python -m build

try-wheel:  ## build both, and run the demo from the wheel in a bare environment
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt PYTHON=$(PYTHON) .ci/try_wheel

clean-cache:  ## remove what numba compiled
	find strain2dos -name '*.nb[ic]' -delete

clean: clean-cache
	rm -rf $(OUT) build dist docs/_build docs/gallery docs/api/generated docs/notebooks docs/sg_execution_times.rst

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-demo: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable ".[report]"
	touch $@

$(LOWEST)/.ready: pyproject.toml .ci/lowest.py
	test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python .ci/lowest.py io dask test > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt --editable ".[io,dask,test]"
	touch $@

# GPAW compiles as C++
$(VENV)/.ready-dft: export CC = g++
$(VENV)/.ready-dft: export CXX = g++

$(VENV)/.ready-%: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable ".[io,dask,$*]"
	touch $@
