"""Carry calls to any provider through litellm, and through instructor where a schema is asked for.

Both are imported when the first call is made, in a thread, because that takes seconds. Neither
retries, repairs or parses here: a call is one attempt, and what came back is read as it came.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import math
import os
import threading
import warnings
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import aiohttp

from trueup.judge.transport.address import address_of, keys_of_environment
from trueup.judge.transport.base import TimedOut, TransportFault
from trueup.judge.transport.cancel import cancellable
from trueup.judge.transport.connection import Connections
from trueup.judge.transport.options import dropped_from, options_of, sent_with
from trueup.judge.transport.price import price
from trueup.judge.transport.provider_faults import fault_of
from trueup.judge.transport.reply import MAX_BYTES, TOO_LARGE, concealed, reply_from

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trueup.judge.transport.base import Call, Endpoint, Reply, Rung

__all__ = ["LitellmTransport", "price"]

_SCHEMAS = 256  # judges use a handful of schemas; whoever makes a new one each time gains nothing
_OPENAI_ROUTES = frozenset({"openai", "text-completion-openai", "custom_openai"})
_NO_KEY = "none"  # litellm's OpenAI route wants some key; a local server looks at none
_LATE = ("litellm.llms.github_copilot.per_user_auth",)  # imported by the first call, and it warns
_KNOWN = frozenset({"temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "stop"})


class LitellmTransport:
    """Ask one endpoint of any provider that litellm knows, one attempt a call.

    On the schema rung the request goes through instructor in its JSON-schema mode. Providers'
    keys are read by litellm from its own environment variables unless `api_key_env` names one.

    Args:
        endpoint: What to ask.
        connections: How many connections there are at most; a call beyond them waits, and its
            timeout runs meanwhile.

    Raises:
        JudgeError: The endpoint's `api_base` is no address of a server.
    """

    name = "litellm"

    def __init__(self, endpoint: Endpoint, *, connections: int = 64) -> None:
        address = address_of(endpoint)
        self._endpoint = endpoint
        self._address = replace(
            address,
            where=address.where if endpoint.api_base else endpoint.model,
            key_env=endpoint.api_key_env,
        )
        provider, slash, _ = endpoint.model.partition("/")
        # litellm would send OpenAI's key wherever api_base points to.
        self._keyless = (
            bool(endpoint.api_base)
            and (not slash or provider in _OPENAI_ROUTES)
            and address.key_env is None
        )
        self._answers: dict[int, tuple[Mapping[str, Any], type[Any]]] = {}
        self._connections = Connections(
            connections, response_class=_BoundedResponse, on_close=_forget
        )

    async def ready(self) -> None:
        """Import litellm and instructor, which takes seconds, before any clock of a call starts."""
        await self._loaded()

    async def send(self, call: Call, *, rung: Rung, drop: frozenset[str], timeout: float) -> Reply:  # noqa: ASYNC109 - the contract's own bound on the whole attempt
        """Make one attempt on the given rung, without the dropped parameters.

        Raises:
            TransportFault: No usable reply; the subclass says why.
        """
        library = await self._loaded()
        request = self._request(call, drop=drop, timeout=timeout)
        request["shared_session"] = await self._connections.session()
        fault: TransportFault
        quiet = _asking.set(True)
        try:
            async with asyncio.timeout(timeout):
                completion = await self._ask(library, call, request, rung=rung)
        except TimeoutError:
            fault = TimedOut(f"{self._address.where} gave no whole reply within {timeout:g} s")
        except Exception as error:  # noqa: BLE001 - any provider's own classes may come through
            fault = fault_of(
                error,
                where=self._address.where,
                sent=sent_with(call, rung=rung, drop=drop),
                secrets=self._address.secrets(),
            )
        else:
            reply = reply_from(_body_of(completion), rung=rung, dropped=dropped_from(call, drop))
            return concealed(reply, self._carried())
        finally:
            _asking.reset(quiet)
        # Raised here, and not where it was caught, so that no traceback shows the request.
        raise fault

    async def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        await self._connections.close()

    async def _loaded(self) -> _Library:
        return _library if _library is not None else await asyncio.to_thread(_load)

    def _carried(self) -> tuple[str, ...]:
        """Return the credentials that a request carried, or may have carried."""
        carried = self._address.carried()
        if self._address.key_env is None and not self._keyless:
            carried += keys_of_environment()
        return carried

    async def _ask(
        self, library: _Library, call: Call, request: dict[str, Any], *, rung: Rung
    ) -> Any:  # noqa: ANN401 - litellm's completion
        if rung == "object":
            request["response_format"] = {"type": "json_object"}
        if rung != "schema":
            return await library.complete(**request)
        try:
            _, completion = await library.client.create_with_completion(
                response_model=self._answer(library, call), max_retries=0, **request
            )
        except library.incomplete as error:  # finish_reason `length`: ours to judge
            return error.last_completion
        except library.gave_up as error:
            completion, cause = error.last_completion, error.__cause__ or error
        if completion is None:
            # Raised inside the handler, or while a caller is handling an error of its own, it
            # would get that one for its context and lose what caused it.
            raise cause from cause.__cause__ or cause.__context__
        return completion

    def _request(
        self,
        call: Call,
        *,
        drop: frozenset[str],
        timeout: float,
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": [dict(message) for message in call.messages],
            # litellm keeps one client for each timeout it is told, so it is told few; the exact
            # bound is the caller's. It is for providers whose calls run in threads.
            "timeout": float(2 ** math.ceil(math.log2(max(timeout, 1.0)))),
        }
        options = dict(options_of(call, drop))
        if call.logprobs > 0 and "logprobs" not in drop:
            options |= {"logprobs": True, "top_logprobs": call.logprobs}
        request |= options
        if self._endpoint.api_base:
            request["api_base"] = str(self._address.url)
            # What a server of one's own takes is not in litellm's tables: the server decides.
            if unknown := [name for name in options if name not in _KNOWN]:
                request["allowed_openai_params"] = unknown
        if key := self._address.key():
            request["api_key"] = key
        elif self._keyless:
            request["api_key"] = _NO_KEY
        headers = dict(self._endpoint.headers)
        if self._address.basic and not key:
            headers.setdefault("Authorization", self._address.basic)
        if headers:
            request["extra_headers"] = headers
        return request

    def _answer(self, library: _Library, call: Call) -> type[Any]:
        """Return instructor's response model for a schema, made once for each schema object."""
        known = self._answers.get(id(call.schema))
        if known and known[0] is call.schema and known[1].__name__ == call.schema_name:
            return known[1]
        answer = library.answer(call.schema_name, call.schema)
        if len(self._answers) >= _SCHEMAS:
            self._answers.clear()
        self._answers[id(call.schema)] = (call.schema, answer)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """What is used of litellm and instructor."""

    complete: Callable[..., Awaitable[Any]]
    """litellm's completion, one attempt."""
    client: Any
    """instructor's client around it, in JSON-schema mode."""
    answer: Callable[[str, Mapping[str, Any]], type[Any]]
    """From a schema's name and the schema to a response model for instructor."""
    incomplete: type[Any]
    """What instructor raises where a reply was cut short."""
    gave_up: type[Any]
    """What instructor raises around everything else."""


_library: _Library | None = None
_loading = threading.Lock()
_asking: ContextVar[bool] = ContextVar("_asking", default=False)


def _load() -> _Library:
    """Import litellm and instructor, and all that they would import during the first call."""
    global _library  # noqa: PLW0603 - what is imported once is kept once
    with _loading:
        if _library is not None:
            return _library
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it is fetched
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _library = library = _assemble()
    return library


def _assemble() -> _Library:
    import instructor  # noqa: PLC0415 - takes seconds
    import litellm  # noqa: PLC0415 - takes seconds
    import openai.resources  # noqa: F401, PLC0415 - 450 modules, otherwise in the first call
    from instructor.core.exceptions import (  # noqa: PLC0415 - takes seconds
        IncompleteOutputException,
        InstructorRetryException,
    )

    litellm.suppress_debug_info = True  # it prints an advertisement for each error
    for name in _LATE:
        with suppress(ImportError):  # another version of litellm may have no such module
            importlib.import_module(name)
    litellm.ModelResponse()  # builds the pydantic classes now, which warns of `ReadOnly`
    logging.getLogger("instructor.v2.retry").addFilter(_not_asking)

    async def complete(**request: Any) -> Any:  # noqa: ANN401 - litellm's own parameters
        # No cache: a question that is put again must be answered again.
        once = litellm.acompletion(**request, max_retries=0, num_retries=0, caching=False)
        return await cancellable(once)

    async def complete_strictly(**request: Any) -> Any:  # noqa: ANN401 - litellm's own parameters
        request["response_format"]["json_schema"]["strict"] = True  # instructor leaves it out
        return await complete(**request)

    def answer(name: str, schema: Mapping[str, Any]) -> type[Any]:
        return type(
            name,
            (instructor.OpenAISchema,),
            {
                "__module__": __name__,
                "model_json_schema": classmethod(lambda *_, **__: schema),
                "model_validate_json": classmethod(lambda cls, *_, **__: cls.model_construct()),
            },
        )

    return _Library(
        complete=complete,
        client=instructor.from_litellm(complete_strictly, mode=instructor.Mode.JSON_SCHEMA),
        answer=answer,
        incomplete=IncompleteOutputException,
        gave_up=InstructorRetryException,
    )


def _not_asking(_: logging.LogRecord) -> bool:
    """Let instructor log whatever is not of our asking: a fault is reported once, by the caller."""
    return not _asking.get()


def _body_of(completion: Any) -> dict[str, Any]:  # noqa: ANN401 - litellm's completion
    """Spell litellm's completion as the JSON that a server sends."""
    usage = getattr(completion, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return {
        "choices": [_choice_of(choice) for choice in completion.choices[:1]],
        "model": getattr(completion, "model", None),
        "system_fingerprint": getattr(completion, "system_fingerprint", None),
        "usage": {
            "prompt_tokens": getattr(usage, "prompt_tokens", None),
            "completion_tokens": getattr(usage, "completion_tokens", None),
            "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", None)},
        },
    }


def _choice_of(choice: Any) -> dict[str, Any]:  # noqa: ANN401 - litellm's choice
    message = choice.message
    own = getattr(message, "provider_specific_fields", None) or {}
    logprobs = getattr(choice, "logprobs", None)
    if logprobs is not None and not isinstance(logprobs, dict):
        logprobs = logprobs.model_dump()
    return {
        "message": {
            "content": message.content,
            "refusal": getattr(message, "refusal", None) or own.get("refusal"),
        },
        "finish_reason": choice.finish_reason,
        "logprobs": logprobs,
    }


class _BoundedResponse(aiohttp.ClientResponse):
    """A response that is not read where it declares to be enormous."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:  # noqa: ANN401 - aiohttp's own
        await super().start(connection)
        if (self.content_length or 0) > MAX_BYTES:
            self.close()
            raise aiohttp.ClientPayloadError(TOO_LARGE)
        return self


def _forget(session: aiohttp.ClientSession) -> None:
    """Take the clients that use a session out of litellm's cache, which outlives it."""
    import litellm  # noqa: PLC0415 - there is a session, so it has been imported

    clients = litellm.in_memory_llm_clients_cache
    for key, client in list(clients.cache_dict.items()):
        http = getattr(client, "_client", None) or getattr(client, "client", None)
        transport = getattr(http, "_transport", None)
        if getattr(transport, "client", None) is session:
            clients.delete_cache(key)
