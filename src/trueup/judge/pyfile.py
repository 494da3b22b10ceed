"""Judges written in Python: run when a run names them, only read when they are listed."""

from __future__ import annotations

import ast
import hashlib
import sys
import traceback
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from trueup.errors import JudgeError, TrueupError
from trueup.item.plain import excerpt
from trueup.judge.adapt import as_judge
from trueup.judge.secret import conceal

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import CodeType, ModuleType

    from trueup.judge.protocol import Judge

_SHOWN = 300
_EXPORT = "judge"


class Outline(NamedTuple):
    """What a Python judge says of itself, found without running it."""

    about: str
    """The first line of the module's docstring."""
    problem: str | None
    """Why it cannot be used, as far as reading tells."""


class _Source(SourceFileLoader):
    """Compiles the file as it is now and leaves no bytecode beside it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def load_python(path: Path) -> Judge:
    """Run a Python file and return what it exports as `judge`.

    The file becomes a module under a private name of its own, so that its classes can be pickled
    and no name can clash; `sys.path` is left alone. A file that is loaded again unchanged is not
    run again. Where the judge declares no version, the file's content stands for it.

    Raises:
        JudgeError: The file raises, or exports no judge.
    """
    content = _content(path)
    module = _module(path.resolve(), content)
    if _EXPORT not in vars(module):
        mend = f"Write `{_EXPORT} = ...` in it"
        raise JudgeError(f"the file exports no `{_EXPORT}`", where=str(path), mend=mend)
    exported = vars(module)[_EXPORT]
    try:
        version = f"file-{hashlib.sha256(content).hexdigest()[:12]}"
        return as_judge(exported, name=path.stem, version=version)
    except JudgeError as error:
        what = f"its `{_EXPORT}` cannot be used: {error.what}"
        raise JudgeError(what, where=str(path), mend=error.mend) from error


def outline(path: Path, *, exports: str | None = _EXPORT) -> Outline:
    """Return what a Python file says of itself; nothing of it is run.

    Args:
        path: The file.
        exports: The name that it has to bind; None for none.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        return Outline("", f"{path}:{error.lineno or 1}: {error.msg}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Outline("", f"{path}: the file cannot be read ({excerpt(str(error))})")
    about = (ast.get_docstring(tree) or "").strip().split("\n", 1)[0]
    if exports is None or binds(tree, exports):
        return Outline(about, None)
    return Outline(about, f"{path}: the file exports no `{exports}`. Write `{exports} = ...` in it")


def binds(tree: ast.Module, name: str) -> bool:
    """Tell whether a module may bind a name; what cannot be told counts as yes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
            return True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name in (name, "__getattr__"):
                return True
        elif isinstance(node, ast.alias):
            bound = node.asname or node.name.split(".", 1)[0]
            if bound in (name, "*"):
                return True
    return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise JudgeError(what, where=str(path), mend="Check its path") from error


def _module(path: Path, content: bytes) -> ModuleType:
    stem = "".join(c if c.isalnum() else "_" for c in path.stem)
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape") + b"\0" + content)
    name = f"_trueup_judge_{stem}_{digest.hexdigest()[:12]}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    loader = _Source(name, str(path))
    # with a loader of its own there is always a spec
    spec = cast("ModuleSpec", spec_from_file_location(name, path, loader=loader))
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(path, error) from error
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _broken(path: Path, error: BaseException) -> JudgeError:
    said = error.what if isinstance(error, TrueupError) else f"{type(error).__name__}: {error}"
    what = f"the file raised {excerpt(conceal(said), _SHOWN)}"
    mend = (isinstance(error, TrueupError) and error.mend) or "Run it by itself to see more"
    return JudgeError(what, where=f"{path}:{_line(path, error)}", mend=mend)


def _line(path: Path, error: Any) -> int:  # noqa: ANN401 - any exception
    """Return the last line of the file on the way to where it raised."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno or 1
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return (lines[-1] if lines else 1) or 1
