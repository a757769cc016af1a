"""Delivery by webhook: the secret header, one update at a time for each chat, and retries.

https://core.telegram.org/bots/api#setwebhook
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from tests.emulators.telegram.signal import Signal
from tests.emulators.telegram.updates import UpdateQueue
from tests.emulators.telegram.world import Bot

Json = dict[str, Any]
RETRY_SECONDS = 0.02
"""Telegram waits longer each time; an emulator only has to come back."""


@dataclass(eq=False)
class _Hook:
    bot: Bot
    url: str
    secret: str
    most: int
    delivering: set[Any] = field(default_factory=set)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    runner: "asyncio.Task[None] | None" = None
    last_error: tuple[int, str] | None = None


def _chat_of(update: Json) -> Any:
    for body in update.values():
        if isinstance(body, dict) and "data" in body:
            body = body.get("message")
        if isinstance(body, dict) and isinstance(body.get("chat"), dict):
            return body["chat"].get("id")
    return None


class Webhooks:
    """The webhooks that are set."""

    def __init__(self) -> None:
        self._hooks: dict[int, _Hook] = {}
        self._http: aiohttp.ClientSession | None = None
        self._paused = False
        self.delivered: list[tuple[Json, int]] = []
        """Every attempt: the update and the status (0: no answer)."""
        self.changed = Signal()

    def url(self, bot: Bot) -> str:
        """Where the bot's updates go, "" when it polls."""
        hook = self._hooks.get(bot.id)
        return hook.url if hook else ""

    def set(self, bot: Bot, url: str, secret: str, most: int) -> None:
        """Begin to deliver to `url`, or stop with an empty one."""
        old = self._hooks.pop(bot.id, None)
        if old is not None and old.runner is not None:
            old.runner.cancel()
        if url:
            hook = self._hooks[bot.id] = _Hook(bot, url, secret, most)
            hook.runner = asyncio.create_task(self._run(hook))

    def failed(self, bot: Bot, words: str) -> None:
        """A delivery failed just now, as Telegram will say."""
        self._hooks[bot.id].last_error = int(time.time()), words

    def notify(self, bot: Bot) -> None:
        """There is something to deliver."""
        hook = self._hooks.get(bot.id)
        if hook is not None:
            hook.wake.set()

    def pause(self) -> None:
        """Deliver nothing more for now."""
        self._paused = True

    def resume(self) -> None:
        """Deliver again, beginning with what has gathered."""
        self._paused = False
        for hook in self._hooks.values():
            hook.wake.set()

    def info(self, bot: Bot) -> Json:
        """What `getWebhookInfo` says."""
        hook = self._hooks.get(bot.id)
        info: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(bot.updates),
        }
        if hook is not None:
            info["max_connections"] = hook.most
            if hook.last_error is not None:
                info["last_error_date"], info["last_error_message"] = hook.last_error
        if bot.updates.allowed:
            info["allowed_updates"] = sorted(bot.updates.allowed)
        return info

    async def close(self) -> None:
        tasks = [t for h in self._hooks.values() for t in (h.runner, *h.tasks) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def _run(self, hook: _Hook) -> None:
        while True:
            hook.wake.clear()
            self._start(hook, hook.bot.updates)
            await hook.wake.wait()

    def _start(self, hook: _Hook, updates: UpdateQueue) -> None:
        for update in () if self._paused else updates.head():
            chat = _chat_of(update)
            if len(hook.tasks) >= hook.most or chat in hook.delivering:
                continue
            hook.delivering.add(chat)
            task = asyncio.create_task(self._deliver(hook, update, chat))
            hook.tasks.add(task)
            task.add_done_callback(hook.tasks.discard)

    async def _deliver(self, hook: _Hook, update: Json, chat: Any) -> None:
        status = await self._post(hook, update)
        self.delivered.append((update, status))
        if 200 <= status < 300:
            hook.bot.updates.remove(update)
        else:
            reason = f"Wrong response from the webhook: {status}" if status else "Connection failed"
            hook.last_error = int(time.time()), reason
            await asyncio.sleep(RETRY_SECONDS)
        hook.delivering.discard(chat)
        hook.wake.set()
        self.changed.changed()

    async def _post(self, hook: _Hook, update: Json) -> int:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        try:
            async with self._http.post(
                hook.url, data=orjson.dumps(update), headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0
