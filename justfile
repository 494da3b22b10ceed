# what CI runs, step by step; `just --list` names them

default: check

# everything but the real model and the fresh install
check: lint types test
    trueup check --strict .

lint:
    ruff format --check .
    ruff check .

types:
    mypy

test *arguments:
    python -m pytest {{arguments}}

# with a real model on the CPU, and ten killed runs
test-all:
    TRUEUP_MODEL=1 TRUEUP_KILLS=10 TRUEUP_KILL_ITEMS=2000 python -m pytest

format:
    ruff format .
    ruff check --fix .

bench *arguments:
    python benchmarks/run.py {{arguments}}

# the whole of CI
ci:
    .ci/run
