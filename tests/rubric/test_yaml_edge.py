"""Files that are no rubric, no YAML, or built to hurt: one clear message each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from trueup.rubric.load import RubricProblems, load_rubric, parse_rubric

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "name: r\ntask: Replies.\ncriteria: [{id: a, ask: Q?}]\n"


def told(text: str) -> str:
    with pytest.raises(RubricProblems) as caught:
        parse_rubric(text, name="r.yaml")
    (problem,) = caught.value.problems
    return problem


def told_of(file: Path) -> str:
    with pytest.raises(RubricProblems) as caught:
        load_rubric(file)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "~\n", "---\n", "\ufeff"])
def test_an_empty_file_is_called_empty(text: str) -> None:
    assert told(text) == "r.yaml: the file is empty. Write at least name, task and criteria"


@pytest.mark.parametrize(("text", "place"), [("- a\n", "1:1"), ("# c\nwords\n", "2:1")])
def test_a_list_or_a_text_at_the_top_is_refused(text: str, place: str) -> None:
    expected = "a rubric is a mapping of keys. A rubric begins with name, task and criteria"

    assert told(text) == f"r.yaml:{place}: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: r\ncriteria:\n\t- id: a\n", "3:1: a tab indents the line. Indent with spaces"),
        ("name: r\n\ttask: t\n", "2:1: a tab indents the line. Indent with spaces"),
        ("ask: Does it: work\n", "1:13: a second ': ' stands in one line. Put a text that holds"),
        ("name: r\n  task: t\n", "2:7: a second ': ' stands in one line"),
        ("a:\n- id: b\n ask: c\n", "3:2: the indentation does not fit the lines above. Align"),
        ("a: 'x\nb: c\n", "1:4: a quotation mark is never closed. Close it"),
        ("a: [b, c\nd: e\n", "2:2: a bracket is never closed, or a comma is missing"),
        ("a: @b\n", "1:4: a text cannot begin with @. Put the text in quotes"),
        ("a: `b`\n", "1:4: a text cannot begin with `. Put the text in quotes"),
        ('a: "\\d"\n', "1:6: \\d is no escape of a text in double quotes. Use single quotes"),
        ("name: r\ntask\nb: c\n", "3:1: a key without its ':'. Write `key: value`"),
        ("a: *b*\n", "1:4: *b* names no anchor above it. Put a text that begins with * in"),
        ("a: &x [*x]\n", "1:8: *x names no anchor above it"),
        ("a: b\n---\nc: d\n", "2:1: the file holds more than one YAML document"),
        ("a: b\nc: d\x07e\n", "2:5: the character 0x7 cannot stand in YAML. Delete it"),
        ("a: & b\n", "Check the indentation and the quotes around it"),
    ],
)
def test_broken_yaml_is_told_in_the_words_of_its_author(text: str, expected: str) -> None:
    assert expected in told(text)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("!!str 3", "!!str"),
        ("!!python/object:os.system x", "!!python/object:os.system"),
        ("!secret {a: b}", "!secret"),
        ("! x", "!"),
    ],
)
def test_tags_are_refused(value: str, tag: str) -> None:
    assert told(f"a: {value}\n") == (
        f"r.yaml:1:4: the tag {tag} is not allowed. Delete it: data has no tags"
    )


def test_merge_keys_are_no_part_of_yaml_1_2() -> None:
    assert "'<<' is an unknown key" in told(HEAD + "<<: {version: 2}\n")


def test_a_key_that_is_no_word_is_refused() -> None:
    assert told(HEAD + "? [a, b]\n: c\n").startswith("r.yaml:4:3: a key is a single word")


def test_a_bomb_of_aliases_is_refused_before_it_is_written_out() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert "the aliases up to here stand for more than 1000000 characters" in told("\n".join(rows))


def test_a_long_text_under_many_aliases_is_refused() -> None:
    text = f"a: &a {'x' * 90_000}\nb: [{', '.join(['*a'] * 20)}]\n"

    assert "stand for more than 1000000 characters" in told(text)


def test_nesting_by_aliases_counts_as_nesting() -> None:
    rows = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2_000))]

    assert "20:12: the file is nested deeper than 20 levels" in told("\n".join(rows))


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 20_000, "- " * 40_000])
def test_deep_nesting_is_refused_early(text: str) -> None:
    assert "the file is nested deeper than 20 levels" in told(text)


def test_a_large_file_and_a_very_long_line_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"# \xff\n" + b"# x\n" * 1_100_000)

    assert "the file has 1000001 characters" in told("#" * 50 + "\n" + "# c\n" * 249_987 + "# ")
    assert "a rubric at most 1000000. Keep data in files of items" in told_of(file)
    assert told(HEAD + "a: " + "!" * 200_000).startswith("r.yaml:4:1: the line has 200003")


def test_a_missing_file_names_its_likeliest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "billing-reply.yaml").write_text(HEAD, encoding="utf-8")
    near, far = tmp_path / "biling-reply.yml", tmp_path / "zzz.yaml"

    assert told_of(near) == (
        f"{near}: there is no such file. Did you mean '{tmp_path / 'billing-reply.yaml'}'?"
    )
    assert told_of(far).endswith("there is no such file. The folder holds: billing-reply.yaml")
    assert f"There is no folder {tmp_path / 'no'} either" in told_of(tmp_path / "no" / "a.yaml")


def test_a_folder_is_no_rubric(tmp_path: Path) -> None:
    assert told_of(tmp_path) == f"{tmp_path}: this is a folder. Name a file in it"
    (tmp_path / "tone.yml").touch()
    assert told_of(tmp_path).endswith("Name a file in it, such as tone.yml")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"name: r\0\n", "the file is binary, not text. Name a YAML file"),
        ("name: r\n".encode("utf-16"), "the file is UTF-16. Save it as UTF-8"),
        (b"name: r\ntask: caf\xe9\n", ":2:10: the byte 0xe9 is not UTF-8. Save the file as UTF-8"),
        ("é: é".encode() + b"\xff", ":1:5: the byte 0xff is not UTF-8"),
    ],
)
def test_what_is_no_utf_8_text_is_named(tmp_path: Path, data: bytes, expected: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes(data)

    assert expected in told_of(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(HEAD, encoding="utf-8")
    file.chmod(0)

    assert "the file cannot be read: Permission denied" in told_of(file)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(RubricProblems, match=r"cannot be read|no such file"):
        load_rubric("a\0b.yaml")
