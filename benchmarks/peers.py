"""The peers' virtual environments: one each, made once, so that nothing of theirs is ours."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PEERS = {"autoevals": ("autoevals==0.4.1", "openai"), "openevals": ("openevals==0.2.2", "openai")}
"""Name -> what is installed."""


def python_of(peer: str, folder: Path) -> str:
    """Return the Python of a peer's environment, making it where it is missing.

    Raises:
        RuntimeError: It could not be made; the message holds the end of what pip said.
    """
    home = folder / peer
    python, ready = home / "bin" / "python", home / ".ready"
    if not ready.exists():
        print(f"making an environment for {peer} ...", flush=True)
        _quietly(sys.executable, "-m", "venv", "--clear", str(home))
        _quietly(str(python), "-m", "pip", "install", "-q", *PEERS[peer])
        ready.touch()
    return str(python)


def _quietly(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
