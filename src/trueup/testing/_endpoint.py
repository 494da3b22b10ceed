"""What the fault server says to each request, without any socket."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from trueup.testing._faults import Fault, FaultSettings
from trueup.testing._fill import fill_schema
from trueup.testing._ledger import Ledger, RecordedRequest, shown_headers
from trueup.testing._plan import MODEL_PREFIX, AskedBefore, FaultPlan, UnknownFault
from trueup.testing._replies import Answer, JsonObject, PrefixCache, Reply, error_body, prompt_text
from trueup.testing._wire import ANSWERLESS, Exchange, Wire, faulty, ordinary

if TYPE_CHECKING:
    from trueup.testing._http import HttpRequest

_log = logging.getLogger(__name__)
_CHAT = "/chat/completions"
_BAD = "bad-request"


class _BadRequest(Exception):
    """The request is no chat completion the server can answer."""


class Endpoint:
    """Answer requests; the settings may change between any two of them."""

    def __init__(self, ledger: Ledger, configure: Callable[[JsonObject], None]) -> None:
        """Start with default answers and no faults.

        Args:
            ledger: where requests are counted.
            configure: applies the changes a client posts to `/config`.
        """
        self.ledger = ledger
        self.answer: Answer | None = None
        self.plan = FaultPlan(None)
        self.settings = FaultSettings()
        self.prefixes: PrefixCache | None = None
        self._configure = configure
        self._asked = AskedBefore()
        self._born = time.time()

    def reset(self) -> None:
        """Forget all requests: counts, log, how often each text was asked, cached prefixes."""
        self.ledger.reset()
        # Replaced, not cleared: the server's thread may be in the middle of using them.
        self._asked = AskedBefore()
        if self.prefixes is not None:
            self.prefixes = PrefixCache()

    @staticmethod
    def is_chat(request: HttpRequest) -> bool:
        """Say whether a request is to be counted as a chat completion."""
        return request.method == "POST" and request.path.endswith(_CHAT)

    def chat(self, request: HttpRequest) -> Wire:
        """Answer a chat completion."""
        try:
            body, text = _parsed(request.body)
        except _BadRequest as error:
            return _rejected(str(error))
        text_bytes = text.encode("utf-8", "surrogatepass")
        prompt_key = blake2b(text_bytes, digest_size=16).digest()
        model = str(body.get("model")).encode("utf-8", "surrogatepass")
        key = blake2b(model, digest_size=16, key=prompt_key).digest()
        before = self._asked.ask(key)
        wire = self._decided(body, text, prompt_key, key=key, before=before)
        if self.ledger.records:
            kept = RecordedRequest(
                body=body,
                headers=shown_headers(request.headers),
                time=time.time(),
                before=before,
                fate=wire.label,
            )
            self.ledger.record(request, kept)
        return wire

    def _decided(
        self, body: JsonObject, text: str, prompt_key: bytes, *, key: bytes, before: int
    ) -> Wire:
        try:
            fault = self.plan.fate(body, key, before)
            reply = Reply() if fault in ANSWERLESS else self._reply(body, prompt_key)
            exchange = Exchange(body, text, reply, self._cached(body, text))
            if fault is None:
                return ordinary(exchange)
            return faulty(fault, exchange, self.settings)
        except UnknownFault as error:
            unknown = error_body(str(error), kind="invalid_request_error", code="model_not_found")
            return Wire(_BAD, unknown, 404)
        except _BadRequest as error:
            return _rejected(str(error))
        except Exception as error:  # noqa: BLE001 - a test's own functions may raise anything
            _log.exception("The fault server's answer or fault rule failed.")
            message = f"the fault server's answer or fault rule raised {error!r}"
            return Wire("answer-error", error_body(message, kind="server_error"), 500)

    def _cached(self, body: JsonObject, text: str) -> int | None:
        prefixes = self.prefixes
        return None if prefixes is None else prefixes.seen(str(body.get("model")), text)

    def _reply(self, body: JsonObject, prompt_key: bytes) -> Reply:
        if self.answer is None:
            return Reply(content=_default_content(body, prompt_key))
        answer = self.answer(body)
        match answer:
            case Reply():
                return answer
            case str():
                return Reply(content=answer)
            case Mapping():
                return Reply(content=json.dumps(dict(answer)))
        raise TypeError(
            f"answer returned {type(answer).__name__}; return a str, a dict or a Reply."
        )

    def other(self, request: HttpRequest) -> Wire:
        """Answer what is no chat completion: models, statistics, reset, configuration."""
        path = request.path
        if request.method == "GET" and path.endswith("/models"):
            return _json(_models(int(self._born)))
        if request.method == "GET" and path == "/stats":
            cpu = time.process_time()
            return _json({**self.ledger.stats(), "cpu_seconds": cpu})
        if request.method == "POST" and path == "/reset":
            self.reset()
            return _json({})
        if request.method == "POST" and path == "/config":
            return self._configured(request.body)
        known = path in {"/stats", "/reset", "/config"} or path.endswith(("/models", _CHAT))
        message = f"{request.method} {path or '/'} is nothing this server knows"
        status = 405 if known else 404
        return Wire(str(status), error_body(message, kind="invalid_request_error"), status)

    def _configured(self, body: bytes) -> Wire:
        try:
            changes = json.loads(body or b"{}")
            if not isinstance(changes, dict):
                return _rejected("the configuration is no JSON object")
            self._configure(changes)
        except (ValueError, TypeError, RecursionError) as error:
            return _rejected(str(error))
        return _json({})


def _parsed(raw: bytes) -> tuple[JsonObject, str]:
    """Read a request's body and its prompt's text."""
    try:
        body = json.loads(raw)
        text = prompt_text(body) if isinstance(body, dict) else ""
    except (ValueError, RecursionError):
        raise _BadRequest("the request body is no JSON, or nested too deeply") from None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise _BadRequest("the request body is no object with a list of messages")
    if body.get("stream"):
        raise _BadRequest("this server does not stream; leave stream out")
    return body, text


def _default_content(body: JsonObject, prompt_key: bytes) -> str:
    form = body.get("response_format")
    wrapper = form.get("json_schema") if isinstance(form, dict) else None
    schema = wrapper.get("schema") if isinstance(wrapper, dict) else None
    if not isinstance(schema, dict):
        return "{}"
    try:
        return json.dumps(fill_schema(schema, prompt_key))
    except Exception as error:
        # A schema is free-form input, and a malformed one fails in as many ways.
        raise _BadRequest(f"the schema in response_format cannot be filled: {error}") from error


def _models(created: int) -> JsonObject:
    names = ["fault-server", *(f"{MODEL_PREFIX}{fault}" for fault in Fault)]
    entries = [
        {"id": name, "object": "model", "created": created, "owned_by": "trueup"} for name in names
    ]
    return {"object": "list", "data": entries}


def _json(content: Mapping[str, Any]) -> Wire:
    return Wire("ok", json.dumps(content).encode("ascii"))


def _rejected(message: str) -> Wire:
    return Wire(_BAD, error_body(message, kind="invalid_request_error"), 400)
