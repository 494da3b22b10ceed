"""Help is complete: every command in it, every file a command, every option said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trueup as facade
from trueup.cli import commands, common

if TYPE_CHECKING:
    from tests.cli.conftest import Command

SHARED = {"__init__", "commands", "common", "keys", "main"}
BEHIND = "goodhart_"
"""Words behind a command, and what it shows."""


def test_the_commands_are_the_files_of_the_folder() -> None:
    files = {path.stem for path in Path(common.__file__).parent.glob("*.py")} - SHARED
    files = {name for name in files if not name.startswith(BEHIND)}

    assert files == set(commands.COMMANDS)


def test_help_lists_every_command_and_the_exit_statuses(trueup: Command) -> None:
    done = trueup("--help")

    assert (done.status, done.err) == (0, "")
    for command in commands.COMMANDS:
        assert f"\n  {command} " in done.out
    assert "2 usage or configuration" in done.out
    assert "--no-version" not in done.out


@pytest.mark.parametrize("command", commands.COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_and_all_its_options(
    trueup: Command, command: str, option: str
) -> None:
    done = trueup(command, option)

    assert (done.status, done.err) == (0, "")
    assert f"Usage: trueup {command}" in done.out
    assert "--json" in done.out
    options = [line for line in done.out.splitlines() if line.startswith("  -")]
    assert options
    assert not [line for line in options if "list[" in line]  # a type is no help


def test_without_a_command_there_is_the_help(trueup: Command) -> None:
    done = trueup()

    assert done.status == 2
    assert "Commands:" in done.err


def test_the_version_is_the_packages(trueup: Command) -> None:
    done = trueup("--version")

    assert (0, f"{facade.__version__}\n") == (done.status, done.out)
