"""Say where an endpoint is and what opens it: its URL without credentials, and its key.

The key is read from the environment at the moment of use and kept nowhere. Nothing here shows a
credential: messages name an endpoint by `where`, and `secrets` are what they must not contain.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from trueup.errors import JudgeError
from trueup.judge.secret import names_secret
from trueup.judge.transport.base import Forbidden

if TYPE_CHECKING:
    from trueup.judge.transport.base import Endpoint

OPENAI = "https://api.openai.com/v1"
"""Where an endpoint without an address is."""

_OPENAI_HOST = "api.openai.com"
_SHORTEST = 8  # no key is shorter, while DEBUG_TOKEN=1 is common
_SECRET_VARIABLE = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_KEY_SHAPED = re.compile(r"(?=.*\d)[!-~]{16,}")
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An endpoint's address, taken apart."""

    url: URL
    """Without credentials; it may have a query."""
    where: str
    """The address as messages name it: without credentials and without a query."""
    key_env: str | None
    """The variable that holds the key; None where the endpoint needs none."""
    basic: str
    """The Authorization header that the address itself asked for, or nothing."""
    hidden: tuple[str, ...]
    """The credentials in the address and in the headers, and all values of its query."""
    given: tuple[str, ...]
    """The credentials among them, without what a query may say besides."""

    def key(self) -> str:
        """Return the key that the environment holds now; nothing where none is needed.

        Raises:
            Forbidden: The variable is not set, or what it holds cannot be a key.
        """
        if self.key_env is None:
            return ""
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            msg = f"{self.where} needs a key, and the variable {self.key_env} is not set"
            raise Forbidden(msg)
        if not (key.isascii() and key.isprintable()):
            msg = f"what the environment variable {self.key_env} holds cannot be a key"
            raise Forbidden(msg)
        return key

    def secrets(self) -> tuple[str, ...]:
        """Return everything that must not appear in a message.

        The environment's other keys are among it: litellm reads those of its providers itself.
        """
        keys = (
            value.strip()
            for name, value in os.environ.items()
            if name == self.key_env or _SECRET_VARIABLE.search(name)
        )
        return (*self.hidden, *(key for key in keys if len(key) >= _SHORTEST))

    def carried(self) -> tuple[str, ...]:
        """Return the credentials that a request carries, the longest first; shorter ones are none.

        An endpoint may send them back in a reply, and a reply is kept. These are few and exact, so
        that nothing else is ever taken out of an answer.
        """
        key = os.environ.get(self.key_env, "").strip() if self.key_env else ""
        found = (word for word in (key, *self.given) if len(word) >= _SHORTEST)
        return tuple(sorted(found, key=len, reverse=True))


def keys_of_environment() -> tuple[str, ...]:
    """Return what litellm may send where no variable is named: it reads its providers' own.

    A reply must not lose words to a variable such as `SORT_KEY=customer`, so that only what is as
    long as a key, with a digit in it, counts.
    """
    return tuple(
        key
        for name, value in os.environ.items()
        if _SECRET_VARIABLE.search(name) and _KEY_SHAPED.fullmatch(key := value.strip())
    )


def address_of(endpoint: Endpoint) -> Address:
    """Take an endpoint's address apart.

    `OPENAI_API_KEY` is meant for OpenAI: without `api_key_env` it is used for OpenAI's own host
    and for no other.

    Raises:
        JudgeError: `api_base` is no address of a server.
    """
    try:
        url = URL(endpoint.api_base or OPENAI)
        port = url.port
    except ValueError:
        url, port = URL(), None
    if url.scheme not in {"http", "https"} or not url.host or not port:
        what = "the endpoint's api_base is no address of a server"
        raise JudgeError(what, where=endpoint.model, mend="Write it as http://host:port/v1.")
    user, password = url.user, url.password
    basic = ""
    if user or password:
        pair = f"{user or ''}:{password or ''}".encode()
        basic = f"Basic {base64.b64encode(pair).decode('ascii')}"
    bare = url.with_user(None).with_fragment(None)
    key_env = endpoint.api_key_env
    if key_env is None and not basic and url.host == _OPENAI_HOST:
        key_env = "OPENAI_API_KEY"
    given = [password or user or "", basic.removeprefix("Basic ")]
    given += [value for name, value in endpoint.headers.items() if _SECRET_HEADER.search(name)]
    given += [value.rpartition(" ")[2] for value in given]  # Bearer KEY
    given += [value for name, value in url.query.items() if names_secret(name)]
    return Address(
        url=bare,
        where=str(bare.with_query(None)).rstrip("/"),
        key_env=key_env,
        basic=basic,
        hidden=tuple(dict.fromkeys(filter(None, (*given, *url.query.values())))),
        given=tuple(dict.fromkeys(given)),
    )
