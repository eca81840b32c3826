# make run    set everything up and watch four simulated cameras being recorded
# make test   set everything up and run every test and check
# make clean  forget the virtual environment and the demo's data

PYTHON ?= python3
VENV   ?= .venv
DEMO   ?= --dir demo

BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.PHONY: run test lint clean

run: $(STAMP)
	$(BIN)/nvr demo $(DEMO)

test: $(STAMP).test lint
	$(BIN)/python -m pytest $(PYTEST)

lint: $(STAMP).test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# mypy follows no mapped folders: it looks at the package as it is installed.
	@rm -rf build/typed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-compile --target build/typed .
	cd build/typed && $(abspath $(BIN))/mypy --config-file ../../setup.cfg -p nvr

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "The venv module is missing; on Debian: apt install python3-venv"; exit 1; }

$(STAMP): $(BIN)/python setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(STAMP).test: $(STAMP) setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) demo build *.egg-info
