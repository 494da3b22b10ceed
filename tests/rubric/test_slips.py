"""What pydantic finds wrong with a file becomes one sentence about one place of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trueup.rubric.slips import Slip, known_keys, slips


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Size(Strict):
    most: Annotated[int, Field(gt=0)]


class File(Strict):
    kind: Literal["one", "two"] = "one"
    size: Size | Literal["small", "large"] = "small"
    shape: Literal["round"] | Literal["flat", "long"] = "flat"  # noqa: PYI030 - as a file's model may be
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    name: Annotated[str, Field(min_length=1)] = "x"
    parts: list[Size] = []
    by_name: dict[str, Size] = {}
    flag: bool = False

    @model_validator(mode="after")
    def _fits(self) -> File:
        if self.flag and self.share is None:
            msg = "flag needs a share"
            raise ValueError(msg)
        return self


def told(data: dict[str, Any], *, private: bool = False) -> list[Slip]:
    with pytest.raises(ValidationError) as caught:
        File.model_validate(data)
    return slips(caught.value, File, data, private=private)


@pytest.mark.parametrize(
    ("data", "what", "mend"),
    [
        ({"nmae": 1}, "'nmae' is an unknown key", "Did you mean 'name'?"),
        ({"parts": [{"mots": 1, "most": 1}]}, "'parts[1].mots' is an unknown key", "'most'?"),
        ({"by_name": {"a": {}}}, "'by_name.a.most' is missing", "Add `most: ...`"),
        ({"size": {}}, "'size.most' is missing", "Add `most: ...`"),
        ({"size": {"most": 0}}, "'size.most' is more than 0, not 0", ""),
        ({"size": "smal"}, "'size' is 'smal', which is not known", "Did you mean 'small'?"),
        ({"size": 3}, "'size' is 'small' or 'large' or a mapping, not 3", ""),
        ({"shape": "rond"}, "'shape' is 'rond', which is not known", "Did you mean 'round'?"),
        ({"share": 2}, "'share' is at most 1, not 2", ""),
        ({"share": "half"}, "'share' is a number, not 'half'", ""),
        ({"share": []}, "'share' is a number, not a list", ""),
        ({"name": ""}, "'name' is empty", "Write something"),
        ({"name": None}, "'name' is a text, not nothing", ""),
        ({"parts": {}}, "'parts' is a list, not a mapping", ""),
        ({"flag": True}, "flag needs a share", ""),
        ({"a\x1b[31m": 1}, r"'a\x1b[31m' is an unknown key", "Known: "),
    ],
)
def test_one_mistake_is_one_sentence(data: dict[str, Any], what: str, mend: str) -> None:
    (slip,) = told(data)

    assert slip.what == what
    assert mend in slip.mend


def test_unknown_keys_come_first_and_are_pointed_at_themselves() -> None:
    first, second = told({"kind": "three", "knid": "one"})

    assert (first.path, first.at_key) == (("knid",), True)
    assert (second.path, second.at_key) == (("kind",), False)


@pytest.mark.parametrize(
    "data",
    [{"kind": "geheim77"}, {"size": ["geheim77"]}, {"share": "geheim77"}, {"parts": "geheim77"},
     {"flag": "geheim77"}],
)  # fmt: skip
def test_what_may_be_a_secret_is_not_repeated(data: dict[str, Any]) -> None:
    (slip,) = told(data, private=True)

    assert next(iter(data)) in slip.what
    assert "geheim77" not in slip.what + slip.mend


def test_known_keys_are_those_of_the_place() -> None:
    assert known_keys(File, ()) == set(File.model_fields)
    for path in (("size",), ("parts", 3), ("by_name", "any"), ("size", "Size")):
        assert known_keys(File, path) == {"most"}
