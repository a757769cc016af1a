"""Webhook mode: Telegram calls, and is told "done" only when an update has been taken over.

https://core.telegram.org/bots/api#setwebhook: what is not answered with 200 is sent again, and
one chat's updates come one after the other.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from aiohttp import web
from yarl import URL

from channels.channel import Receive
from channels.pace import Pace
from channels.pulse import Pulse
from channels.telegram.client import BotClient
from channels.telegram.config import WebhookSettings
from channels.telegram.identity import Identity
from channels.telegram.inbound import malformed
from channels.telegram.reading import Reader
from channels.telegram.request import decode

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
CHECK_EVERY = timedelta(seconds=25)
"""How often Telegram is asked how its calls to us go; the answer is the proof that it is there."""

_FAILURE_LASTS = timedelta(seconds=60)
"""Telegram tries less and less often to deliver: one failure stands for a while."""

_LARGEST_BODY = 1 << 20
_log = structlog.get_logger("channels.telegram")


class Webhook:
    """The server that Telegram calls, for one bot."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        receive: Receive,
        *,
        reader: Reader,
        settings: WebhookSettings,
        pulse: Pulse,
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._me = me
        self._receive = receive
        self._reader = reader
        self._settings = settings
        self._secret = settings.secret.get_secret_value().encode()
        self._pulse = pulse
        self._pace = pace
        self._now = now

    async def run(self) -> NoReturn:
        """Serve until cancelled. Raises `Unauthorized`, and OSError when the port is taken.

        The webhook stays set: while nobody answers, Telegram keeps the updates.
        """
        async with self._serving():
            while True:
                await self._pace.until_done(self._check, self._pulse.missed)
                await asyncio.sleep(CHECK_EVERY.total_seconds())

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post(URL(self._settings.url).path or "/", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=10)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            _log.info("listening", channel=self._me.account, address=str(runner.addresses[0]))
            yield
        finally:
            await runner.cleanup()

    async def _check(self) -> None:
        """See to it that Telegram calls us, and learn how that goes."""
        info = await self._client.webhook()
        if info.url != self._settings.url or not self._pulse.health().generation:
            await self._client.set_webhook(
                self._settings.url, self._settings.secret.get_secret_value()
            )
            info = await self._client.webhook()
        failed_at = info.last_error_date
        if info.pending_update_count and failed_at and self._now() - failed_at < _FAILURE_LASTS:
            self._pulse.trouble(f"Telegram cannot deliver: {info.last_error_message}", cut_off=True)
        else:
            self._pulse.answered()

    async def _take(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER)
        if given is None:
            return web.Response(status=401)
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret):
            return web.Response(status=403)
        body = await request.read()
        at = self._now()
        try:
            inbound = self._reader.read(decode(body), at)
        except ValueError as error:
            inbound = malformed(body, self._me, f"no JSON: {error}", at)
        try:
            if inbound is not None:
                self._pulse.heard(inbound)
                await self._receive(inbound)
        except Exception as error:
            _log.warning("update_not_stored", channel=self._me.account, error=repr(error))
            self._pulse.trouble(f"messages cannot be stored: {error}", cut_off=True)
            return web.Response(status=503)
        self._pulse.answered()
        return web.Response()
