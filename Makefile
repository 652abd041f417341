# Two commands matter: `make app` and `make test`. Each does all of its own set-up.
.PHONY: app serve test suite setup setup-dev lab sample check lint types screenshots clean
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
# As many as there are cores: each has its browser and its servers beside it, and one more would only
# read the same places again. Each takes about 1 GB.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 2 ? 2 : cores < 6 ? cores : 6)))
# Dozens of interpreters are started; compiling every module again would be most of their time.
export PYTHONDONTWRITEBYTECODE :=

app: setup sample
	@echo "Palier: http://localhost:$(PORT)  (Ctrl+C to stop)"
	$(BIN)/python -m streamlit run serve.py --server.address 127.0.0.1 --server.port $(PORT)

serve: setup
	$(BIN)/python -m analysis serve

# Up to Python 3.11 counting lines needs a tracer, which takes half as long again as the tests.
COVERAGE = $(shell $(BIN)/python -c "import sys; print('--cov --cov-report=term' * (sys.version_info >= (3, 12)))")
test:
	+@$(MAKE) --no-print-directory --jobs 2 setup-dev sample
	+@$(MAKE) --no-print-directory --jobs 2 lint types suite

# Workers share the cores: threads of linear algebra would only wait for one another.
suite: export OPENBLAS_NUM_THREADS := 1
suite: setup-dev sample
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(COVERAGE)

check: lint types

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Beside the tests it takes the cores when these wait: for a browser, for a server.
types: setup-dev
	nice -n 10 $(BIN)/python -m mypy

lab: setup-dev sample
	$(BIN)/python -m jupyter lab --notebook-dir notebooks

sample: setup data_samples/valmont/general_results.csv workspaces/valmont/manifest.json

data_samples/valmont/general_results.csv: | setup
	$(BIN)/python -m analysis sample --out data_samples/valmont --seed 2027

V := data_samples/valmont
workspaces/valmont/manifest.json: $(V)/general_results.csv | setup
	$(BIN)/python -m analysis build --fictional --workspace workspaces/valmont \
	  --results $(V)/general_results.csv $(V)/candidats_results.csv \
	  --contours $(V)/contours_2017.geojson --vintage 2017 \
	  --contours $(V)/contours_2024.geojson --vintage 2024 --squares $(V)/carreaux_200m.csv \
	  --addresses $(V)/adresses-99.csv.gz --electors $(V)/electeurs_par_adresse.csv \
	  --polling-places $(V)/lieux_de_vote.csv --streets $(V)/rues_osm.json >/dev/null

screenshots: setup-dev sample
	$(BIN)/python -m tools.screenshots

setup: $(VENV)/.app
setup-dev: $(VENV)/.dev

$(BIN)/uv:
	tools/install/venv.sh $(PYTHON) $(VENV)

$(VENV)/.app: requirements.txt constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app $(VENV)/.system
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements-dev.txt
	@touch $@

$(VENV)/.system: tools/install/browser.sh tools/install/postgresql.sh | $(BIN)/uv
	tools/install/browser.sh
	tools/install/postgresql.sh
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .coverage
