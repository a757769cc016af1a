"""The Events API: what happens in the workspace, told to the app until it says that it knows.

Over Socket Mode where one is open, else to the Request URL; three retries, then it is lost.
https://docs.slack.dev/apis/events-api/#retries
"""

import asyncio
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import orjson

from tests.emulators.telegram.signal import Signal

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"
RETRIES = (0.05, 0.5, 2.0)
"""Slack waits nothing, one minute and five; an emulator only has to come back."""


@dataclass(eq=False)
class Delivery:
    """One thing that happened. `kind` is the envelope's type."""

    kind: str
    payload: Json
    attempts: int = 0
    acked: bool = False
    lost: bool = False
    answers: list[int] = field(default_factory=list)
    """What the Request URL answered; 0 is no answer."""
    response: Any = None
    """What came along with the acknowledgement."""


class Deliveries:
    """Everything that was told, or is to be."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self.all: list[Delivery] = []
        self.changed = Signal()
        self.request_url = ""
        self.commands_url = ""
        self.ack_seconds = 3.0
        self.retries = RETRIES
        self._tasks: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None

    def add(self, kind: str, payload: Json) -> Delivery:
        """Tell the app; returns at once."""
        delivery = Delivery(kind, payload)
        self.all.append(delivery)
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def settled(self, timeout: float = 10.0) -> None:
        """Wait until everything is acknowledged or lost."""
        done = await self.changed.until(lambda: all(d.acked or d.lost for d in self.all), timeout)
        if not done:
            raise AssertionError([d.payload for d in self.all if not (d.acked or d.lost)])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def _deliver(self, delivery: Delivery) -> None:
        reason = ""
        # A person who runs a command is shown that it failed: it is not told again.
        waits = (None, *self.retries) if delivery.kind == "events_api" else (None,)
        for wait in waits:
            if wait is not None:
                await asyncio.sleep(wait)
            attempt, delivery.attempts = delivery.attempts, delivery.attempts + 1
            self.changed.changed()
            if self.request_url:
                done = await self._post(delivery, attempt, reason)
            else:
                done = await self._slack.socket.deliver(delivery, attempt, reason)
            if done:
                delivery.acked = True
                break
            reason = "http_timeout" if self.request_url else "timeout"
        delivery.lost = not delivery.acked
        self.changed.changed()

    async def _post(self, delivery: Delivery, attempt: int, reason: str) -> bool:
        if delivery.kind == "slash_commands":
            body, kind = urlencode(delivery.payload).encode(), _FORM
        elif delivery.kind == "interactive":
            # https://docs.slack.dev/interactivity/handling-user-interaction/#payloads
            payload = orjson.dumps(delivery.payload).decode()
            body, kind = urlencode({"payload": payload}).encode(), _FORM
        else:
            body, kind = orjson.dumps(delivery.payload), "application/json"
        extra = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        status, _ = await self.post(body, kind, extra if attempt else {})
        delivery.answers.append(status)
        self.changed.changed()
        return status == 200

    async def post(
        self,
        body: bytes,
        kind: str = "application/json",
        extra: dict[str, str] | None = None,
        *,
        at: float | None = None,
        signature: str | None = None,
    ) -> tuple[int, str]:
        """POST to the Request URL, signed: the status (0: none within the time) and the body.

        https://docs.slack.dev/authentication/verifying-requests-from-slack/
        """
        if self._http is None:
            self._http = aiohttp.ClientSession()
        stamp = str(int(time.time() if at is None else at))
        base = b":".join([b"v0", stamp.encode(), body])
        digest = hmac.new(self._slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": kind, "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}" if signature is None else signature,
            **(extra or {}),
        }  # fmt: skip
        try:
            async with self._http.post(
                self.request_url, data=body, headers=headers, allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.ack_seconds),
            ) as answer:  # fmt: skip
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def verify_url(self, url: str) -> bool:
        """Set the Request URL, as the app's settings page does: it must repeat a challenge."""
        self.request_url = url
        challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
        body = {"token": "x", "challenge": challenge, "type": "url_verification"}
        status, text = await self.post(orjson.dumps(body))
        return status == 200 and challenge in text
