# Two commands matter: `make app` and `make test`. Each does all of its own set-up.
.PHONY: app test setup setup-dev lab sample check screenshots clean
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# A fresh Debian or Ubuntu has python3 without its venv module.
APT = $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq

app: setup sample
	@echo "Palier: http://localhost:$(PORT)  (Ctrl+C to stop)"
	$(BIN)/python -m streamlit run serve.py --server.port $(PORT)

test: setup-dev sample check
	$(BIN)/python -m pytest --cov --cov-report=term

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

lab: setup-dev sample
	$(BIN)/python -m jupyter lab --notebook-dir notebooks

sample: setup data_samples/valmont/general_results.csv workspaces/valmont/manifest.json

data_samples/valmont/general_results.csv:
	$(BIN)/python -m analysis sample --out data_samples/valmont --seed 2027

V := data_samples/valmont
workspaces/valmont/manifest.json: $(V)/general_results.csv | setup
	$(BIN)/python -m analysis build --fictional --workspace workspaces/valmont \
	  --results $(V)/general_results.csv $(V)/candidats_results.csv \
	  --contours $(V)/contours_2017.geojson --vintage 2017 \
	  --contours $(V)/contours_2024.geojson --vintage 2024 --squares $(V)/carreaux_200m.csv \
	  --addresses $(V)/adresses-99.csv.gz --electors $(V)/electeurs_par_adresse.csv >/dev/null

screenshots: setup-dev sample
	$(BIN)/python docs/make_screenshots.py

setup: $(VENV)/.app
setup-dev: $(VENV)/.dev

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Palier needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { $(APT) python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.app: requirements.txt constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null || { $(APT) chromium || $(APT) chromium-browser; }
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	  || { $(APT) postgresql; }
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage
