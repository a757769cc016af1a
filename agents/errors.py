"""Why a turn failed. `code` names the notice a person gets; the message is for the owner's log."""

from typing import ClassVar


class ModelError(Exception):
    """A model call failed.

    `retryable`: the same model may succeed a little later. `elsewhere`: another model may succeed.
    """

    code: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = True
    elsewhere: ClassVar[bool] = True


class Overloaded(ModelError):
    """The provider has no capacity (HTTP 5xx, 529)."""

    code = "overloaded"


class RateLimited(ModelError):
    """The provider asks to wait (HTTP 429), `retry_after` seconds if it says how long."""

    code = "busy"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfCredit(ModelError):
    """The account has no quota left (HTTP 402, ``insufficient_quota``)."""

    code = "unavailable"
    retryable = False


class ContextOverflow(ModelError):
    """The conversation is longer than the model's window. It needs shortening, not a retry."""

    code = "too_long"
    retryable = False
    elsewhere = False


class RequestTooLarge(ContextOverflow):
    """The request has more bytes than the provider takes (HTTP 413), whatever they mean."""


class Refused(ModelError):
    """The provider declined the content. No other model is asked to do what one has declined."""

    code = "refused"
    retryable = False
    elsewhere = False


class AuthFailed(ModelError):
    """The key is missing, wrong, or not allowed this model (HTTP 401, 403)."""

    code = "unavailable"
    retryable = False


class BadRequest(ModelError):
    """The provider did not understand the request (HTTP 400, 404, 422): a wrong model name, say."""

    code = "unavailable"
    retryable = False


class NotConfigured(ModelError):
    """A model cannot be used as it is configured; the message names the setting to change."""

    code = "unavailable"
    retryable = False


class BadResponse(ModelError):
    """What came back was no answer: not JSON, not a stream, cut off, or empty."""

    code = "garbled"


class NotReachable(ModelError):
    """No connection to the provider."""

    code = "unreachable"


class Resting(ModelError):
    """The model failed so often that it is not asked until a probe has an answer."""

    code = "unreachable"
    retryable = False


class TimedOut(ModelError):
    """Nothing came for too long. `stage` is ``first byte``, ``idle`` or ``turn``."""

    code = "timeout"

    def __init__(self, stage: str, seconds: float) -> None:
        what = {"first byte": "no first word", "idle": "no further word"}.get(stage, "no answer")
        super().__init__(f"{what} within {seconds:g} s")
        self.stage = stage


class TooManySteps(ModelError):
    """The model went on calling tools past the limit of steps."""

    code = "too_many_steps"
    retryable = False
    elsewhere = False
