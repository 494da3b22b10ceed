"""Which fault each exception of litellm amounts to."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

from trueup.judge.transport import providers
from trueup.judge.transport.base import (
    Filtered,
    Forbidden,
    RateLimited,
    Rejected,
    ServerFault,
    TimedOut,
    TooLong,
    TransportFault,
)
from trueup.judge.transport.provider_faults import MEANINGS, fault_of


def litellm() -> Any:
    providers._load()
    return sys.modules["litellm"]


MEANT: dict[str, type[TransportFault]] = {
    "APIConnectionError": ServerFault,
    "APIError": ServerFault,
    "APIResponseValidationError": ServerFault,
    "AuthenticationError": Forbidden,
    "BadGatewayError": ServerFault,
    "BadRequestError": Rejected,
    "BlockedPiiEntityError": Filtered,
    "BudgetExceededError": Forbidden,
    "ContentPolicyViolationError": Filtered,
    "ContextWindowExceededError": TooLong,
    "GuardrailRaisedException": Filtered,
    "ImageFetchError": Rejected,
    "InternalServerError": ServerFault,
    "InvalidRequestError": Rejected,
    "JSONSchemaValidationError": ServerFault,
    "LiteLLMUnknownProvider": Rejected,
    "MidStreamFallbackError": ServerFault,
    "MockException": ServerFault,
    "ModelNotMappedError": Rejected,
    "ModifyResponseException": Filtered,
    "NotFoundError": Rejected,
    "OpenAIError": ServerFault,
    "PaymentRequiredError": Forbidden,
    "PermissionDeniedError": Forbidden,
    "RateLimitError": RateLimited,
    "RejectedRequestError": Rejected,
    "SensitiveDataRouteException": Filtered,
    "ServiceUnavailableError": ServerFault,
    "Timeout": TimedOut,
    "UnprocessableEntityError": Rejected,
    "UnsupportedParamsError": Rejected,
    "VectorStoreSearchError": Rejected,
}


def exception_classes() -> dict[str, type[BaseException]]:
    module = litellm().exceptions
    return {
        name: kind
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, BaseException) and kind.__module__ == module.__name__
    }


def test_every_exception_class_of_litellm_has_a_meaning() -> None:
    classes = exception_classes()

    assert len(classes) > 25
    # a later litellm has more: its own kinds of what is known, whose meaning they inherit
    for name, kind in classes.items():
        ancestors = {each.__name__ for each in kind.__mro__ if each.__module__ == kind.__module__}
        assert ancestors & MEANINGS.keys(), f"{name} has no meaning"
    assert MEANT.keys() <= MEANINGS.keys()


def test_a_class_of_a_later_litellm_means_what_the_class_above_it_means() -> None:
    class CallerCredentialRateLimitError(litellm().RateLimitError):  # type: ignore[misc]
        pass

    error = CallerCredentialRateLimitError("slow down", "acme", "model")

    assert isinstance(fault_of(error, where="acme/model"), RateLimited)


@pytest.mark.parametrize(("name", "kind"), MEANT.items())
def test_an_exception_without_a_status_means_what_its_class_says(
    name: str, kind: type[TransportFault]
) -> None:
    # Made without its constructor: these take all sorts of arguments, and set a status.
    error: Any = exception_classes()[name].__new__(exception_classes()[name])
    error.message = f"litellm.{name}: AcmeException - some words"

    fault = fault_of(error, where="acme/model")

    assert type(fault) is kind
    assert fault.message.startswith("acme/model")
    assert "some words" in fault.message
    assert "litellm" not in fault.message


def test_a_status_counts_more_than_the_class() -> None:
    error = litellm().BadRequestError("the key is not known", "m", "openai")
    error.status_code = 401

    assert isinstance(fault_of(error, where="m"), Forbidden)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError("late"), TimedOut),
        (ConnectionResetError("reset"), ServerFault),
        (KeyError("inside litellm"), Rejected),
    ],
)
def test_any_other_exception_is_a_fault_too(error: Exception, kind: type[TransportFault]) -> None:
    assert type(fault_of(error, where="m")) is kind


def test_the_body_inside_a_message_is_read() -> None:
    words = 'AnthropicException - {"error": {"type": "x", "message": "prompt is too long: 9 > 8"}}'
    error = litellm().BadRequestError(words, "m", "anthropic")

    fault = fault_of(error, where="m")

    assert isinstance(fault, TooLong)
    assert fault.message == "m answered 400: prompt is too long: 9 > 8"


def test_an_exception_that_causes_itself_comes_to_an_end() -> None:
    error = litellm().InternalServerError("circle", "openai", "m")
    error.__context__ = ValueError("between")
    error.__context__.__context__ = error

    assert isinstance(fault_of(error, where="m"), ServerFault)
