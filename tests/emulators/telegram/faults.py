"""What goes wrong, as a script: the next call of a method gets the next fault meant for it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire; status 0 is no answer but a closed connection."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


DROPPED = Answer(0)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `after` lets the call be carried out before; without an `answer` the call goes on after the
    delay. `chat` limits it to calls for that chat.
    """

    answer: Answer | None = None
    after: bool = False
    delay: float | None = 0.0
    """Seconds; None waits until the faults are cleared."""
    chat: int | None = None


def _id(chat: Any) -> int | None:
    return chat if chat is None or isinstance(chat, int) else chat.id


def refused(code: int, description: str, parameters: Json | None = None, chat: Any = None) -> Fault:
    """An error in the Bot API's own words."""
    body: Json = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Fault(Answer(code, orjson.dumps(body)), chat=_id(chat))


def flood(retry_after: int, chat: Any = None) -> Fault:
    """429: wait that many seconds."""
    text = f"Too Many Requests: retry after {retry_after}"
    return refused(429, text, {"retry_after": retry_after}, chat)


def server_error(code: int = 502, *, html: bool = False, after: bool = False) -> Fault:
    """Telegram (or what stands before it) fails, with its envelope or with a web page."""
    text = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Timeout"}.get(
        code, "Server Error"
    )
    page = f"<html><body><h1>{code} {text}</h1></body></html>".encode()
    envelope = orjson.dumps({"ok": False, "error_code": code, "description": text})
    answer = Answer(code, page, "text/html") if html else Answer(code, envelope)
    return Fault(answer, after=after)


def unauthorized() -> Fault:
    """401: the token was revoked."""
    return refused(401, "Unauthorized")


def conflict() -> Fault:
    """409: somebody else polls."""
    return refused(
        409,
        "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running",
    )


def drop_connection(*, after: bool = False, chat: Any = None) -> Fault:
    """The connection ends without an answer, before or after the call was carried out."""
    return Fault(DROPPED, after=after, chat=_id(chat))


def hang(*, after: bool = False, chat: Any = None) -> Fault:
    """No answer until the faults are cleared; then the connection ends."""
    return Fault(DROPPED, after=after, delay=None, chat=_id(chat))


def slow(seconds: float, chat: Any = None) -> Fault:
    """The call is carried out late."""
    return Fault(delay=seconds, chat=_id(chat))


def slow_answer(seconds: float, chat: Any = None) -> Fault:
    """The call is carried out at once, and its answer comes late."""
    return Fault(delay=seconds, after=True, chat=_id(chat))


def garbage(body: bytes = b"\x00\xff{not json") -> Fault:
    """200 with something that is no JSON."""
    return Fault(Answer(200, body))


KINDS: dict[str, Callable[..., Fault]] = {
    "refused": refused, "flood": flood, "server_error": server_error,
    "unauthorized": unauthorized, "conflict": conflict, "drop_connection": drop_connection,
    "hang": hang, "slow": slow, "slow_answer": slow_answer, "garbage": garbage,
}  # fmt: skip
"""By name, for the control endpoint."""


class Faults:
    """The script. `next` faults are used up one a call; an `always` fault stays until cleared."""

    def __init__(self) -> None:
        self._next: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._cleared = asyncio.Event()

    def next(self, method: str, *faults: Fault) -> None:
        """The next calls of a method (``*`` for any) go wrong in this order."""
        self._next[method.lower()].extend(faults)

    def always(self, method: str, fault: Fault) -> None:
        """Every call of a method goes wrong until `clear`."""
        self._always[method.lower()] = fault

    def clear(self) -> None:
        """Everything works again; what hangs is let go."""
        self._next.clear()
        self._always.clear()
        self._cleared.set()
        self._cleared = asyncio.Event()

    async def apply(
        self, method: str, chat: int | None, call: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer to a call, with the fault that is due, if any."""
        fault = self._take(method, chat)
        if fault is None:
            return await call()
        real = await call() if fault.after else None
        if fault.delay is None:
            await self._cleared.wait()
        elif fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.answer is not None:
            return fault.answer
        return real if real is not None else await call()

    def _take(self, method: str, chat: int | None) -> Fault | None:
        if not self._next and not self._always:
            return None
        for name in (method, "*"):
            for fault in self._next.get(name, ()):
                if fault.chat is None or fault.chat == chat:
                    self._next[name].remove(fault)
                    return fault
            always = self._always.get(name)
            if always is not None and (always.chat is None or always.chat == chat):
                return always
        return None
