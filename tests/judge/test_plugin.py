"""Plug-ins: judges that installed packages declare."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trueup.errors import JudgeError
from trueup.judge.plugin import locate, plugins

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''\
"""Judges of a package.

More."""
import sys
sys.modules[__name__].ran = True
from trueup.testing import ScriptedJudge

judge = ScriptedJudge(name="own")

def make(strict=False):
    return ScriptedJudge(name="made")

class Unnamed:
    async def judge(self, item, rubric):
        return {}

def function(item, rubric):
    return {}

def broken():
    raise ValueError("no \\x1b luck")

number = 7
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution that declares judges, without importing it."""
    (tmp_path / "plugin_under_test.py").write_text(MODULE)
    (tmp_path / "plugin_with_slip.py").write_text("def (\n")
    info = tmp_path / "some_judges-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-judges\nVersion: 1.0\n")
    names = ["judge", "make", "Unnamed", "function", "broken", "number", "absent"]
    lines = [f"{name} = plugin_under_test:{name}" for name in names]
    lines += ["compiled = math:judge"]
    lines += ["nowhere = no_such_module.inside:judge", "slip = plugin_with_slip:judge"]
    (info / "entry_points.txt").write_text("\n".join(["[trueup.judges]", *lines]) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plugin_under_test", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "judge"),
    [("judge", "own"), ("make", "made"), ("Unnamed", "Unnamed"), ("function", "function")],
)
def test_an_entry_point_is_a_judge_a_maker_or_a_class(
    installed: Path, name: str, judge: str
) -> None:
    found = next(p for p in plugins() if p.name == name)

    assert installed.exists()
    assert found.package == "some-judges"
    assert found.load().name == judge


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("broken", "it raised ValueError: no \\x1b luck. Update or uninstall some-judges"),
        ("number", "an object of type int is no judge"),
        ("absent", "it raised AttributeError"),
        ("nowhere", "it raised ModuleNotFoundError"),
        ("slip", "it raised SyntaxError"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_a_broken_plug_in_is_named(name: str, said: str) -> None:
    with pytest.raises(JudgeError) as refused:
        next(p for p in plugins() if p.name == name).load()

    assert f"plug-in {name} of some-judges" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.usefixtures("installed")
def test_an_outline_imports_nothing() -> None:
    found = {plugin.name: plugin.outline() for plugin in plugins()}

    assert found["judge"] == ("Judges of a package.", None)
    assert "its module defines no absent" in (found["absent"].problem or "")
    assert "there is no module no_such_module.inside" in (found["nowhere"].problem or "")
    assert found["slip"].problem
    assert found["compiled"] == ("", None)
    assert "plugin_under_test" not in sys.modules


def test_a_module_is_found_inside_packages_without_importing_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "outer_under_test" / "inner"
    inner.mkdir(parents=True)
    (inner.parent / "__init__.py").write_text("raise SystemExit('imported')\n")
    (inner / "__init__.py").write_text("")
    (inner / "leaf.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert locate("outer_under_test.inner.leaf") == inner / "leaf.py"
    assert locate("outer_under_test.inner") == inner / "__init__.py"
    assert locate("outer_under_test.none") is None
    assert locate("outer_under_test.inner.leaf.more") is None
