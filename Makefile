# make figures    run the campaign of config.yaml; results/<campaign>/ holds its figures and report
# make run        run a campaign, make run CAMPAIGN=experiments/refute.yaml, and say of each job why it runs
# make test       run the tests, but for those that take minutes or a SLURM, which .ci/run adds
# make env        only set up the environment
# make bench      print how fast the training engine is here; minutes; TORCH=/path/to/python adds PyTorch beside it
# make mutants    break the analysis and the reporting on purpose, and print what no test notices; half an hour
# make lint       check format, types, layers and the workflow
# make lock       renew the lock files in envs/ from pyproject.toml
# make clean      remove the environments and caches; results and versions stay
#
# PYTHON=python3.12 chooses the interpreter, VENV=.venv-3.12 where its environment is, DEVICE=cuda one with CUDA,
# TESTS=tests/config which tests.

PYTHON ?= python3
DEVICE ?= cpu
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?= tests
# Tests and stages run one-threaded programs side by side.
CORES ?= all

.PHONY: figures run test bench mutants env lint lock clean
.DEFAULT_GOAL := figures

figures: env
	@$(BIN)/snakemake --cores $(CORES)

run: env
	@$(BIN)/edgemem run $(CAMPAIGN) --cores $(CORES)

env: $(VENV)/$(DEVICE).installed

test: $(VENV)/dev.installed
	@$(BIN)/python -m pytest -n $$(nproc) --dist worksteal $(TESTS)

# What the engine is compared with needs Python 3.12; below, pip skips it and an own version takes its place.
bench: $(VENV)/dev.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r envs/bench.txt
	@$(BIN)/python -m benchmarks.bench
	@$(BIN)/python -m benchmarks.network_steps $(TORCH:%=--torch %)

# SEED=2 draws others, COUNT=200 more.
mutants: $(VENV)/dev.installed
	@$(BIN)/python -m benchmarks.mutants --count $(or $(COUNT),60) --seed $(or $(SEED),1)

lint: $(VENV)/dev.installed
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint

# Everything by hash; then the package itself, editable, with the build tools that the lock has just installed.
$(VENV)/%.installed: envs/%.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "edgemem needs Python 3.11 or newer; '$(PYTHON)' is not. Type: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One version of each package for all Pythons, so that results do not depend on the interpreter.
LOCK = uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --quiet --extra build
# Programs that have an environment of their own: DVC, which versions need, and a server of S3, which their tests need.
LOCK_ALONE = uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
lock:
	$(LOCK) --output-file envs/cpu.txt
	$(LOCK) --extra cuda --output-file envs/cuda.txt
	$(LOCK) --extra dev --output-file envs/dev.txt
	echo 'diffusionlab==3.0.4' | uv pip compile - --universal --python-version 3.12 --no-deps --generate-hashes \
	  --no-header --no-annotate --quiet | sed 's/==3.0.4/& ; python_version >= "3.12"/' > envs/bench.txt
	echo 'dvc[s3]>=3.60' | $(LOCK_ALONE) --output-file envs/versions.txt
	echo 'moto[s3,server]>=5' | $(LOCK_ALONE) --output-file envs/s3-test.txt
	{ echo "# The pins of cpu.txt for sites that use conda (--sdm conda); made by make lock."; \
	  echo "channels: [conda-forge]"; echo "dependencies:"; echo "  - python=3.11"; echo "  - pip"; echo "  - pip:"; \
	  sed -nE 's/^([a-z0-9._-]+==[^ ]+)( ; .*[^ \])? *\\$$/      - "\1\2"/p' envs/cpu.txt; } > envs/environment.yaml

clean:
	rm -rf $(VENV) .venv-dvc .pytest_cache .mypy_cache .ruff_cache
