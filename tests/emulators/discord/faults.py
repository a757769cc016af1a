"""What goes wrong in Discord's own words; the rest is as for any platform."""

from typing import Any

import orjson

from tests.emulators.telegram.faults import Answer, Fault, drop_connection, garbage, hang, slow

__all__ = [
    "KINDS", "Answer", "Fault", "banned", "drop_connection", "flood", "garbage", "hang", "refused",
    "server_error", "slow", "unauthorized",
]  # fmt: skip


def refused(status: int, code: int, message: str, **extra: Any) -> Fault:
    """An error with Discord's code."""
    return Fault(Answer(status, orjson.dumps({"message": message, "code": code, **extra})))


def flood(retry_after: float, *, everywhere: bool = False) -> Fault:
    """429: wait that many seconds, in this place or `everywhere`."""
    body = {
        "message": "You are being rate limited.", "retry_after": retry_after, "global": everywhere,
    }  # fmt: skip
    return Fault(Answer(429, orjson.dumps(body)))


def banned() -> Fault:
    """429 from what stands before Discord, as a web page."""
    return Fault(Answer(429, b"<html>error code: 1015</html>", "text/html"))


def server_error(code: int = 502, *, html: bool = True, after: bool = False) -> Fault:
    """Discord (or what stands before it) fails."""
    page = f"<html><body><h1>{code}</h1></body></html>".encode()
    body = orjson.dumps({"message": f"{code}: Internal Server Error", "code": 0})
    answer = Answer(code, page, "text/html") if html else Answer(code, body)
    return Fault(answer, after=after)


def unauthorized() -> Fault:
    """401: the token was reset."""
    return refused(401, 0, "401: Unauthorized")


KINDS = {
    "refused": refused, "flood": flood, "banned": banned, "server_error": server_error,
    "unauthorized": unauthorized, "drop_connection": drop_connection, "hang": hang, "slow": slow,
    "garbage": garbage,
}  # fmt: skip
"""By name, for the control endpoint."""
