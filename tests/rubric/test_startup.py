"""Scoring and checking items start without what only reading files needs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "modules", ["trueup", "trueup.rubric.model, trueup.rubric.scoring, trueup.rubric.check"]
)
def test_no_reader_of_yaml_is_imported(modules: str) -> None:
    code = f"import sys, {modules}; print({{'pydantic', 'ruamel.yaml'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
