"""What goes wrong on Slack's side, in Slack's words.

The script itself, `Faults`, is the one that the Telegram emulator keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.emulators.telegram.faults import (
    DROPPED,
    Answer,
    Fault,
    Faults,
    drop_connection,
    garbage,
    hang,
    slow,
)

__all__ = [
    "DROPPED", "KINDS", "Answer", "Fault", "Faults", "SlackAnswer", "answer", "drop_connection",
    "flood", "garbage", "hang", "refused", "server_error", "slow",
]  # fmt: skip


@dataclass(frozen=True)
class SlackAnswer(Answer):
    """An answer with headers, such as Retry-After."""

    headers: dict[str, str] = field(default_factory=dict)


def answer(body: Any, status: int = 200, **headers: str) -> SlackAnswer:
    """JSON as Slack sends it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return SlackAnswer(status, orjson.dumps(body), "application/json; charset=utf-8", names)


def refused(error: str, *, in_: Any = None, **more: Any) -> Fault:
    """``ok: false`` with an error code, which Slack sends with status 200."""
    return Fault(answer({"ok": False, "error": error, **more}), chat=getattr(in_, "id", None))


def flood(retry_after: int, *, in_: Any = None) -> Fault:
    """429: https://docs.slack.dev/apis/web-api/rate-limits/"""
    body = {"ok": False, "error": "ratelimited"}
    reply = answer(body, 429, Retry_After=str(retry_after))
    return Fault(reply, chat=getattr(in_, "id", None))


def server_error(status: int = 503, *, html: bool = False, after: bool = False) -> Fault:
    """Slack, or what stands before it, fails."""
    page = SlackAnswer(status, b"<html><body>Server Error</body></html>", "text/html")
    body = answer({"ok": False, "error": "internal_error"}, status)
    return Fault(page if html else body, after=after)


KINDS: dict[str, Callable[..., Fault]] = {
    "refused": refused, "flood": flood, "server_error": server_error,
    "drop_connection": drop_connection, "hang": hang, "slow": slow, "garbage": garbage,
}  # fmt: skip
"""By name, for the control endpoint."""
