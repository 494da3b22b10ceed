"""Judges that other packages bring: the entry points of the group `trueup.judges`.

    [project.entry-points."trueup.judges"]
    toxicity = "our_package.toxicity:judge"

An entry point names a judge, a function that makes one, or a class of them.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.errors import JudgeError, TrueupError
from trueup.item.plain import excerpt
from trueup.judge.adapt import as_judge
from trueup.judge.pyfile import Outline, binds
from trueup.judge.secret import conceal

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from trueup.judge.protocol import Judge

GROUP = "trueup.judges"
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Plugin:
    """A judge that an installed package declares; nothing of it is imported yet."""

    entry: EntryPoint

    @property
    def name(self) -> str:
        """The name under which the judge is used."""
        return self.entry.name

    @property
    def package(self) -> str:
        """The distribution that declares it."""
        return self.entry.dist.name if self.entry.dist is not None else "an unknown package"

    @property
    def where(self) -> str:
        """The plug-in as messages name it."""
        return f"plug-in {self.name} of {self.package} ({self.entry.value})"

    def load(self) -> Judge:
        """Import the plug-in and return its judge.

        Raises:
            JudgeError: It raises, or is no judge.
        """
        try:
            found = self.entry.load()
            return as_judge(found() if _makes_judges(found) else found, name=self.name)
        except TrueupError as error:
            raise JudgeError(error.what, where=self.where, mend=error.mend) from error
        except Exception as error:
            said = excerpt(conceal(f"{type(error).__name__}: {error}"), _SHOWN)
            mend = f"Update or uninstall {self.package}"
            raise JudgeError(f"it raised {said}", where=self.where, mend=mend) from error

    def outline(self) -> Outline:
        """Return what the plug-in's module says of itself; nothing is imported."""
        file = locate(self.entry.module)
        if file is None:
            return Outline("", f"{self.where}: there is no module {self.entry.module}")
        if file.suffix != ".py":
            return Outline("", None)
        try:
            tree = ast.parse(file.read_bytes(), filename=str(file))
        except (SyntaxError, ValueError, OSError) as error:
            return Outline("", f"{self.where}: {excerpt(str(error), _SHOWN)}")
        about = (ast.get_docstring(tree) or "").strip().split("\n", 1)[0]
        name = self.entry.attr.split(".", 1)[0]
        if name and not binds(tree, name):
            return Outline(about, f"{self.where}: its module defines no {name}")
        return Outline(about, None)


def plugins() -> list[Plugin]:
    """Return the declared judges, by name and then by package."""
    found = [Plugin(entry) for entry in entry_points(group=GROUP)]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.package))


def locate(module: str) -> Path | None:
    """Return the file of a module without importing anything, its parents included."""
    path: list[str] | None = None
    origin: str | None = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:depth]), path)
        if spec is None:
            return None
        origin = spec.origin
        path = list(spec.submodule_search_locations or ())
    return Path(origin) if origin else None


def _makes_judges(found: object) -> bool:
    """Tell a class, or a function without parameters, from a judge."""
    if isinstance(found, type):
        return True
    if hasattr(found, "judge") or not callable(found):
        return False
    parameters = inspect.signature(found).parameters.values()
    required = (p for p in parameters if p.default is p.empty)
    return not any(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in required)
