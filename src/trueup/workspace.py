"""Workspace: the folder in which a team keeps its rubrics, judges, runners and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FOLDERS = ("rubrics", "judges", "runners", ".trueup")
_FILE = "trueup.toml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds rubrics/, judges/, runners/, .trueup/ or a trueup.toml."""

    root: Path

    @property
    def store_path(self) -> Path:
        """Where verdicts are kept unless a run says otherwise."""
        return self.root / ".trueup" / "trueup.db"

    def folder(self, name: str) -> Path:
        """Return one of the workspace's folders, such as rubrics; it may not exist."""
        return self.root / name

    @classmethod
    def find(cls, start: str | Path | None = None) -> Workspace | None:
        """Return the workspace that a folder is in; None where it is in none.

        The nearest one counts. The search goes upward to the root of the repository that the
        folder is in, and no further; outside a repository only the folder itself is looked at,
        so that nobody else's files above it are taken up.

        Args:
            start: Where to begin; the current folder by default.
        """
        here = Path(start or ".").resolve()
        chain = [here, *here.parents]
        top = next((n for n, folder in enumerate(chain) if (folder / ".git").exists()), 0)
        found = (folder for folder in chain[: top + 1] if _is_workspace(folder))
        return next((cls(folder) for folder in found), None)


def _is_workspace(folder: Path) -> bool:
    return (folder / _FILE).is_file() or any((folder / name).is_dir() for name in _FOLDERS)
