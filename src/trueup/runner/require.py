"""What a run needs before it starts, so that nothing is opened or asked where it is lacking."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, cast

from trueup.errors import ConfigError, CredentialsError, JudgeError
from trueup.judge.origin import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.judge.llm.spec import LLMSpec
    from trueup.judge.protocol import Judge, Request
    from trueup.judge.transport.base import Call, Price
    from trueup.rubric.model import Rubric


class Asker(Protocol):
    """A judge that asks a language model, and can say beforehand what it would ask."""

    name: str
    spec: LLMSpec

    def calls_of(self, request: Request, *, secret: bytes) -> list[Call]:
        """Return every call that a request needs, in the order of asking."""
        ...


def askers(judge: Judge | None) -> Iterator[Asker]:
    """Yield the judges that ask language models: the judge itself, or the members of a panel."""
    if hasattr(judge, "calls_of"):
        yield cast("Asker", judge)
    for member in getattr(judge, "members", ()):
        yield from askers(member)


def require_judge(rubric: Rubric, judge: Judge | None) -> None:
    """Make sure that somebody answers what code cannot decide.

    Raises:
        JudgeError: Criteria need a judge and there is none.
    """
    if judge is None and rubric.judged:
        names = ", ".join(c.id for c in rubric.judged)
        what = f"no judge is given, and code cannot decide: {names}"
        raise JudgeError(what, where=rubric.name, mend="Name a judge, or make them checks")


def require_keys(rubric: Rubric, judge: Judge | None) -> None:
    """Make sure that every key that a judge names is there; local servers need none.

    Raises:
        CredentialsError: The variable that a judge's `api_key_env` names is not set.
    """
    for asker in askers(judge) if rubric.judged else ():
        variable = asker.spec.api_key_env
        if variable is not None and not os.environ.get(variable, "").strip():
            what = f"the environment variable {variable}, which should hold the key, is not set"
            mend = "Set it, or delete api_key_env where the server wants no key"
            raise CredentialsError(what, where=origin(asker, "api_key_env"), mend=mend)


def require_prices(judge: Judge | None, price_of: Callable[[str], Price | None]) -> None:
    """Make sure that a cap on dollars can be held.

    Raises:
        ConfigError: A model's price is neither declared nor known.
    """
    for asker in askers(judge):
        endpoint = asker.spec.endpoint()
        if endpoint.price is None and price_of(endpoint.model) is None:
            what = "the price of this model is unknown, and there is a cap on dollars"
            mend = (
                "Declare it in the judge file, dollars per million tokens: "
                "price: {input: ..., output: ...}"
            )
            raise ConfigError(what, where=endpoint.model, mend=mend)
