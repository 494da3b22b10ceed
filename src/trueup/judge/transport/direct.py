"""Carry calls to an OpenAI-compatible server over plain aiohttp.

The cheap way: one HTTP request a call and nothing else, for servers that speak chat completions
(OpenAI, vLLM, llama.cpp, Ollama, gateways). For any other provider there is the litellm transport.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from trueup.judge.transport.address import address_of
from trueup.judge.transport.base import ServerFault, TimedOut, TransportFault, Unreachable
from trueup.judge.transport.connection import Connections
from trueup.judge.transport.options import dropped_from, options_of, sent_with
from trueup.judge.transport.problem import clean, error_inside, fault_from, problem_from
from trueup.judge.transport.reply import MAX_BYTES, TOO_LARGE, concealed, reply_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.transport.base import Call, Endpoint, Reply, Rung
    from trueup.judge.transport.problem import Problem

_SHARED = 256  # judges share a handful of parts; whoever makes new ones each time gains nothing
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# Mappings that are no dict are spelled as one. ASCII, so that no text can fail to be encoded.
_encode = json.JSONEncoder(separators=(",", ":"), default=dict).encode
_text = json.encoder.encode_basestring_ascii


class DirectTransport:
    """Ask one OpenAI-compatible endpoint over HTTP, one attempt a call.

    Connections are opened when first needed and kept alive. They belong to the event loop that
    uses them: another loop gets new ones, and the old ones are closed.

    Args:
        endpoint: What to ask.
        connections: How many connections there are at most; a call beyond them waits, and its
            timeout runs meanwhile.

    Raises:
        JudgeError: The endpoint's `api_base` is no address of a server.
    """

    name = "direct"

    def __init__(self, endpoint: Endpoint, *, connections: int = 64) -> None:
        self._endpoint = endpoint
        self._connections = Connections(connections)
        self._address = address_of(endpoint)
        base = self._address.url
        self._url = (base / "chat/completions").with_query(base.query)
        self._proxy = _proxy_for(base)
        self._opening = f'{{"model":{_encode(endpoint.wire_model)},"messages":'
        self._spelled: dict[int, tuple[object, str]] = {}

    async def send(self, call: Call, *, rung: Rung, drop: frozenset[str], timeout: float) -> Reply:  # noqa: ASYNC109 - the contract's own bound on the whole attempt
        """Make one attempt on the given rung, without the dropped parameters.

        Raises:
            TransportFault: No usable reply; the subclass says why.
        """
        session = await self._connections.session()
        body = self._body(call, rung=rung, drop=drop)
        headers = self._headers()
        fault: TransportFault
        try:
            async with (
                asyncio.timeout(timeout),
                session.post(
                    self._url,
                    data=body,
                    headers=headers,
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as response,
            ):
                raw = await _read(response)
        except TimeoutError:
            fault = TimedOut(f"{self._address.where} gave no whole reply within {timeout:g} s")
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            fault = Unreachable(self._broken("cannot be reached", error))
        except (aiohttp.ClientError, OSError) as error:
            fault = ServerFault(self._broken("sent no whole reply", error))
        else:
            return self._understood(response, raw, call, rung=rung, drop=drop)
        # Raised here, and not where it was caught, so that no traceback shows the request.
        raise fault

    async def ready(self) -> None:
        """Do nothing: a first call needs no more than any other."""

    async def close(self) -> None:
        """Close all connections; a later call opens new ones."""
        await self._connections.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        key = self._address.key()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        elif self._address.basic:
            headers["Authorization"] = self._address.basic
        return {**headers, **self._endpoint.headers} if self._endpoint.headers else headers

    def _body(self, call: Call, *, rung: Rung, drop: frozenset[str]) -> bytes:
        *fixed, last = call.messages
        messages = [self._once(message) for message in fixed]
        messages.append(f'{{"role":{_text(last["role"])},"content":{_text(last["content"])}}}')
        parts = [self._opening, "[", ",".join(messages), "]"]
        sent = options_of(call, drop)
        options = self._once(sent) if sent is call.sampling else _encode(sent)
        if sent:
            parts += [",", options[1:-1]]
        if call.logprobs > 0 and "logprobs" not in drop:
            parts.append(f',"logprobs":true,"top_logprobs":{call.logprobs}')
        if rung == "schema":
            parts += [
                ',"response_format":{"type":"json_schema","json_schema":{"name":',
                f'{_text(call.schema_name)},"strict":true,"schema":{self._once(call.schema)}}}}}',
            ]
        elif rung == "object":
            parts.append(',"response_format":{"type":"json_object"}')
        parts.append("}")
        return "".join(parts).encode("ascii")

    def _once(self, part: Mapping[str, Any]) -> str:
        """Return a part that many calls share as JSON, spelled once for each object."""
        known = self._spelled.get(id(part))
        if known is not None and known[0] is part:
            return known[1]
        if len(self._spelled) >= _SHARED:
            self._spelled.clear()
        text = _encode(part)
        self._spelled[id(part)] = (part, text)
        return text

    def _understood(
        self,
        response: aiohttp.ClientResponse,
        raw: bytes,
        call: Call,
        *,
        rung: Rung,
        drop: frozenset[str],
    ) -> Reply:
        """Return the reply, or raise the fault, that a whole response amounts to."""
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            body = None
        good = 200 <= response.status < 300  # noqa: PLR2004 - HTTP success
        if good and body is None:
            msg = f"{self._address.where} sent a reply that is no JSON"
            raise ServerFault(msg)
        problem: Problem | None
        if good:
            problem = error_inside(body)
        else:
            text = "" if body is not None else raw.decode("utf-8", "replace")
            problem = problem_from(response.status, body, headers=response.headers, text=text)
        if problem is not None:
            raise fault_from(
                problem,
                where=self._address.where,
                sent=sent_with(call, rung=rung, drop=drop),
                secrets=self._address.secrets(),
            )
        reply = reply_from(body, rung=rung, dropped=dropped_from(call, drop))
        return concealed(reply, self._address.carried())

    def _broken(self, what: str, error: Exception) -> str:
        said = clean(str(error) or type(error).__name__, secrets=self._address.secrets())
        return f"{self._address.where} {what}: {said}"


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, which may be compressed or of no declared length, up to the limit.

    Raises:
        ServerFault: It is larger.
    """
    length = response.content_length
    if length is not None and length <= MAX_BYTES and "Content-Encoding" not in response.headers:
        return await response.read()
    parts, size = [], length or 0
    if size <= MAX_BYTES:
        size = 0
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                break
    if size > MAX_BYTES:
        response.close()  # the rest is not worth reading for the connection's sake
        raise ServerFault(TOO_LARGE)
    return b"".join(parts)


def _proxy_for(url: URL) -> URL | None:
    """Return the proxy that the environment names for an address.

    Looked up once: aiohttp's own `trust_env` does it in a thread for every request, and reads
    `.netrc` for keys too.
    """
    host = url.host or ""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or host in _LOOPBACK or proxy_bypass(host):
        return None
    return URL(proxy if "://" in proxy else f"http://{proxy}")
