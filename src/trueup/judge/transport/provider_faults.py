"""Say which fault an exception out of litellm or instructor amounts to.

litellm has a class for each kind of failure, but sorts providers' errors into them by its own
lights: a 401 comes as `BadRequestError` where the code is `invalid_api_key`, and everything that
goes wrong with a connection as a 500. So the status and the body count first and the class last.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from trueup.judge.transport.base import (
    Filtered,
    Forbidden,
    Rejected,
    ServerFault,
    TimedOut,
    TooLong,
    TransportFault,
    Unreachable,
)
from trueup.judge.transport.problem import clean, fault_from, problem_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from trueup.judge.transport.problem import Problem
    from trueup.judge.transport.reply import Json

_Meaning: TypeAlias = int | type[TransportFault]

MEANINGS: Final[Mapping[str, _Meaning]] = {
    "APIConnectionError": ServerFault,  # or Unreachable, by what caused it
    "APIError": 500,
    "APIResponseValidationError": ServerFault,
    "APITimeoutError": TimedOut,  # the OpenAI client's own, as litellm's classes descend from it
    "AuthenticationError": 401,
    "BadGatewayError": 502,
    "BadRequestError": 400,
    "BlockedPiiEntityError": Filtered,
    "BudgetExceededError": Forbidden,  # litellm's own budget: no call will get through
    "ContentPolicyViolationError": Filtered,
    "ContextWindowExceededError": TooLong,
    "GuardrailRaisedException": Filtered,
    "ImageFetchError": 400,
    "InternalServerError": 500,
    "InvalidRequestError": 400,
    "JSONSchemaValidationError": ServerFault,  # only where the user made litellm check replies
    "LiteLLMUnknownProvider": 400,
    "MidStreamFallbackError": 503,
    "MockException": 500,
    "ModelNotMappedError": Rejected,
    "ModifyResponseException": Filtered,
    "NotFoundError": 404,
    "OpenAIError": 500,
    "PaymentRequiredError": 402,
    "PermissionDeniedError": 403,
    "RateLimitError": 429,
    "RejectedRequestError": 400,
    "SensitiveDataRouteException": Filtered,
    "ServiceUnavailableError": 503,
    "Timeout": TimedOut,
    "UnprocessableEntityError": 422,
    "UnsupportedParamsError": 400,
    "VectorStoreSearchError": 400,
}
"""What each of litellm's classes means: a fault, or a status where the exception has none.

A status goes through the same reading of the body as an answer over plain HTTP. A class that is
not named here means what the nearest of its ancestors means.
"""

_PREFIX: Final = re.compile(r"^(?:litellm\.)?(?:\w+: )*(?:\w+Exception - )?")
_SERVER_SIDE: Final = 500
_KEYLESS: Final = re.compile(r"missing credentials|api_key .*must be set", re.IGNORECASE)
_CUT: Final = "sent no whole reply"
_AWAY: Final = "cannot be reached"
_BREAKS: Final[tuple[tuple[frozenset[str], type[TransportFault], str], ...]] = (
    (frozenset({"ClientConnectorError"}), Unreachable, _AWAY),
    (frozenset({"ClientError", "ReadError", "WriteError", "ProtocolError"}), ServerFault, _CUT),
    (frozenset({"ConnectError", "ConnectTimeout", "gaierror"}), Unreachable, _AWAY),
)


def fault_of(
    error: BaseException,
    *,
    where: str,
    sent: Collection[str] = (),
    secrets: Collection[str] = (),
) -> TransportFault:
    """Return the fault that an exception amounts to.

    Args:
        error: What litellm raised.
        where: The endpoint as messages name it.
        sent: The parameters that the request had.
        secrets: Words that must not appear in the message.
    """
    meaning = _meaning(error)
    status = vars(error).get("status_code")  # its own, not one that it inherits from a class
    if not isinstance(status, int):
        status = meaning if isinstance(meaning, int) else 0
    if status >= _SERVER_SIDE and (broken := _broken(error)):
        kind, what, cause = broken
        return kind(f"{where} {what}: {clean(str(cause), secrets=secrets)}")
    problem = _problem(error, status)
    if status >= _SERVER_SIDE and _KEYLESS.search(problem.message):
        problem = problem._replace(status=401)
    if isinstance(meaning, int):
        return fault_from(problem, where=where, sent=sent, secrets=secrets)
    said = clean(problem.message, secrets=secrets) or type(error).__name__
    return meaning(f"{where}: {said}", retry_after=problem.retry_after)


def _meaning(error: BaseException) -> _Meaning:
    """Return what the nearest known class of an exception means."""
    for kind in type(error).__mro__:
        if kind.__name__ in MEANINGS:
            return MEANINGS[kind.__name__]
    if isinstance(error, TimeoutError):
        return TimedOut
    return ServerFault if isinstance(error, OSError) else Rejected


def _problem(error: BaseException, status: int) -> Problem:
    message = getattr(error, "message", None)
    text = _PREFIX.sub("", message if isinstance(message, str) else str(error), count=1)
    body = getattr(error, "body", None)
    headers = getattr(error, "litellm_response_headers", None)
    if not headers:
        headers = getattr(getattr(error, "response", None), "headers", None)
    return problem_from(
        status,
        body if isinstance(body, dict) else _json_in(text),
        headers=headers or None,
        text=text,
    )


def _json_in(text: str) -> Json:
    """Return the error body that litellm put into a message, or None."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):
        return None


def _broken(error: BaseException) -> tuple[type[TransportFault], str, BaseException] | None:
    """Say what became of the connection, by the causes behind an exception, or None.

    aiohttp's word counts before httpx's: litellm turns a reset connection, too, into httpx's
    `ConnectError`.
    """
    causes = list(_causes(error))
    for names, kind, what in _BREAKS:
        for cause in causes:
            if not names.isdisjoint(each.__name__ for each in type(cause).__mro__):
                return kind, what, cause
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
