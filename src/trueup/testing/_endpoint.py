"""What the fault server says to each request, without any socket."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from trueup.testing._faults import MODEL_PREFIX, AskedBefore, Fault, FaultPlan, UnknownFault
from trueup.testing._fill import fill_schema
from trueup.testing._http import HttpError
from trueup.testing._ledger import Ledger, RecordedRequest, shown_headers
from trueup.testing._replies import Answer, JsonObject, PrefixCache, Reply, error_body, prompt_text
from trueup.testing._wire import ANSWERLESS, Exchange, Wire, faulty, ordinary

if TYPE_CHECKING:
    from trueup.testing._http import HttpRequest

_log = logging.getLogger(__name__)
_CHAT = "/chat/completions"


class Endpoint:
    """Answer requests; `plan` may be replaced between any two of them.

    Args:
        answer: What a test wants answered; None for default answers.
        ledger: Where requests are counted.
        configure: Applies the changes that a client posts to `/config`.
    """

    def __init__(
        self, answer: Answer | None, ledger: Ledger, configure: Callable[[JsonObject], None]
    ) -> None:
        self.ledger = ledger
        self.plan = FaultPlan()
        self._answer = answer
        self._configure = configure
        self._born = int(time.time())
        self._asked = AskedBefore()
        self._prefixes = PrefixCache()

    def reset(self) -> None:
        """Forget all requests: counts, log, how often each text was asked, cached prefixes."""
        self.ledger.reset()
        # Replaced, not cleared: the server's thread may be in the middle of using them.
        self._asked = AskedBefore()
        self._prefixes = PrefixCache()

    @staticmethod
    def is_chat(request: HttpRequest) -> bool:
        """Say whether a request is to be counted as a chat completion."""
        return request.method == "POST" and request.path.endswith(_CHAT)

    def chat(self, request: HttpRequest) -> Wire:
        """Answer a chat completion."""
        try:
            body, text = _parsed(request.body)
        except HttpError as error:
            return refused(error)
        prompt_key = _hashed(text)
        key = _hashed(str(body.get("model")), prompt_key)
        before = self._asked.ask(key)
        try:
            fault = self.plan.fate(body, key, before)
            reply = Reply() if fault in ANSWERLESS else self._reply(body, prompt_key)
            exchange = Exchange(body, text, reply, self._cached(body, text))
            wire = ordinary(exchange) if fault is None else faulty(fault, exchange, self.plan)
        except UnknownFault as error:
            wire = refused(HttpError(404, str(error)), code="model_not_found")
        except HttpError as error:
            wire = refused(error)
        except Exception as error:  # noqa: BLE001 - a test's own functions may raise anything
            _log.exception("The fault server's answer or fault rule failed.")
            message = f"the fault server's answer or fault rule raised {error!r}"
            wire = Wire(error_body(message, "server_error"), 500, label="answer-error")
        if self.ledger.limit:
            headers, now = shown_headers(request.headers), time.time()
            kept = RecordedRequest(
                body=body, headers=headers, time=now, before=before, fate=wire.label
            )
            self.ledger.record(len(request.body), kept)
        return wire

    def _cached(self, body: JsonObject, text: str) -> int | None:
        return self._prefixes.seen(str(body.get("model")), text) if self.plan.prefix_cache else None

    def _reply(self, body: JsonObject, prompt_key: bytes) -> Reply:
        answer = _filled(body, prompt_key) if self._answer is None else self._answer(body)
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
        match request.method, request.path:
            case "GET", "/stats":
                return _json({**self.ledger.stats(), "cpu_seconds": time.process_time()})
            case "POST", "/reset":
                self.reset()
                return _json({})
            case "POST", "/config":
                return self._configured(request.body)
            case "GET", path if path.endswith("/models"):
                return _json(_models(self._born))
            case method, path:
                known = path in {"/stats", "/reset", "/config"} or path.endswith(("/models", _CHAT))
                message = f"{method} {path or '/'} is nothing this server knows"
                return refused(HttpError(405 if known else 404, message))

    def _configured(self, body: bytes) -> Wire:
        try:
            changes = json.loads(body or b"{}")
            if not isinstance(changes, dict):
                raise TypeError("the configuration is no JSON object")  # noqa: TRY301 - as others are
            self._configure(changes)
        except (ValueError, TypeError, RecursionError) as error:
            return refused(HttpError(400, str(error)))
        return _json({})


def refused(error: HttpError, *, code: str | None = None) -> Wire:
    """Return the answer to what is no chat completion, or no request at all."""
    body = error_body(str(error), "invalid_request_error", code=code)
    return Wire(body, error.status, label="bad-request")


def _hashed(text: str, key: bytes = b"") -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).digest()


def _parsed(raw: bytes) -> tuple[JsonObject, str]:
    """Read a request's body and its prompt's text."""
    try:
        body = json.loads(raw)
        text = prompt_text(body) if isinstance(body, dict) else ""
    except (ValueError, RecursionError):
        raise HttpError(400, "the request body is no JSON, or nested too deeply") from None
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise HttpError(400, "the request body is no object with a list of messages")
    if body.get("stream"):
        raise HttpError(400, "this server does not stream; leave stream out")
    return body, text


def _filled(body: JsonObject, prompt_key: bytes) -> str:
    """Return the default answer."""
    form = body.get("response_format")
    wrapper = form.get("json_schema") if isinstance(form, dict) else None
    schema = wrapper.get("schema") if isinstance(wrapper, dict) else None
    if not isinstance(schema, dict):
        return "{}"
    try:
        return json.dumps(fill_schema(schema, prompt_key))
    except Exception as error:
        # A schema is free-form input, and a malformed one fails in as many ways.
        message = f"the schema in response_format cannot be filled: {error}"
        raise HttpError(400, message) from error


def _models(created: int) -> JsonObject:
    names = ["fault-server", *(f"{MODEL_PREFIX}{fault}" for fault in Fault)]
    entries = [
        {"id": name, "object": "model", "created": created, "owned_by": "trueup"} for name in names
    ]
    return {"object": "list", "data": entries}


def _json(content: JsonObject) -> Wire:
    return Wire(json.dumps(content).encode("ascii"))
