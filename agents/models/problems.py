"""What providers say when they fail, as our own errors.

OpenAI: https://platform.openai.com/docs/guides/error-codes
Anthropic: https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from agents.errors import (
    AuthFailed,
    BadRequest,
    ContextOverflow,
    ModelError,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Refused,
    RequestTooLarge,
)

LONGEST_MESSAGE = 400

_NO_CREDIT_KINDS = frozenset(
    {"insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active"}
)
_NO_CREDIT_WORDS = ("credit balance", "exceeded your current quota", "insufficient credits")
_OVERFLOW_KINDS = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_OVERFLOW_WORDS = (
    "prompt is too long",
    "input is too long",
    "maximum context length",
    "exceed context limit",
    "exceeds the context",
    "exceeds the available context size",
    "context window",
    "context_length_exceeded",
)
# Some local servers report an image that they cannot take as their own failure.
_MEDIA_WORDS = (
    "image input",
    "image: unknown format",
    "mmproj",
    "multimodal",
    "failed to load image",
    "failed to process inputs",
)
_REFUSAL_KINDS = frozenset(
    {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}
)

# Errors inside a stream have no HTTP status: these are what the same error has outside of one.
_STATUS_OF_KIND: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A provider's complaint: its message, its own names for it, and the HTTP status if any."""

    message: str
    kinds: frozenset[str] = frozenset()
    status: int | None = None
    retry_after: float | None = None


def read_problem(body: bytes, status: int | None, retry_after: float | None = None) -> Problem:
    """Read an error response, whatever its form."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body[:LONGEST_MESSAGE].decode("utf-8", "replace").strip()
        web_page = text[:1] == "<"
        message = "a web page" if web_page else text or "an empty response"
        return Problem(message, status=status, retry_after=retry_after)
    return problem_of(value, status, retry_after)


def problem_of(value: Any, status: int | None = None, retry_after: float | None = None) -> Problem:
    """The complaint in a decoded error: ``{"error": {…}}`` and the forms that others use."""
    while isinstance(value, list) and value:
        value = value[0]
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return Problem(_short(error), status=status, retry_after=retry_after)
    message = error.get("message") or error.get("detail") or error.get("error") or value
    names = (error.get("type"), error.get("code"), error.get("status"))
    kinds = frozenset(name.lower() for name in names if isinstance(name, str))
    if status is None:
        status = _status_inside(error, kinds)
    return Problem(_short(message), kinds, status, retry_after)


def failure(problem: Problem) -> ModelError:
    """The error that a complaint means."""
    status = problem.status or 500
    label = f"HTTP {problem.status}: " if problem.status else ""
    text = f"{label}{problem.message}"
    special = _special(problem, status, text)
    if special is not None:
        return special
    if status in (401, 403):
        return AuthFailed(text)
    if status == 429:
        return RateLimited(text, problem.retry_after)
    if status >= 500 or status == 408:
        return Overloaded(text)
    return BadRequest(text)


def _special(problem: Problem, status: int, text: str) -> ModelError | None:
    """Failures that the status alone does not tell apart."""
    words = problem.message.lower()
    if status == 402 or problem.kinds & _NO_CREDIT_KINDS or _any(_NO_CREDIT_WORDS, words):
        return OutOfCredit(text)
    if status == 413 or "request_too_large" in problem.kinds:
        return RequestTooLarge(text)
    if problem.kinds & _OVERFLOW_KINDS:
        return ContextOverflow(text)
    # Some local servers report an overflow as their own failure, with status 500.
    if status in (400, 422, 500) and _any(_OVERFLOW_WORDS, words):
        return ContextOverflow(text)
    if status >= 500 and _any(_MEDIA_WORDS, words):
        return BadRequest(text)
    if problem.kinds & _REFUSAL_KINDS:
        return Refused(text)
    return None


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait (RFC 9110 section 10.2.3: seconds or a date), None when it does not say.

    A date is compared with the response's own date, so that our clock does not matter.
    """
    milliseconds = headers.get("retry-after-ms")
    value = headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        if value is None:
            return None
        if value.strip().replace(".", "", 1).isdigit():
            return float(value)
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
        return max(0.0, wait.total_seconds())
    except (KeyError, ValueError, TypeError):
        return None


def _status_inside(error: Mapping[str, Any], kinds: frozenset[str]) -> int | None:
    code = error.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return next((_STATUS_OF_KIND[kind] for kind in sorted(kinds) if kind in _STATUS_OF_KIND), None)


def _any(needles: tuple[str, ...], words: str) -> bool:
    return any(needle in words for needle in needles)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
