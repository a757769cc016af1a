"""The Events API over HTTP: Slack calls, and is told "done" only when an event is durable.

https://docs.slack.dev/apis/events-api/using-http-request-urls/. What is not answered with 200
within three seconds is sent again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NoReturn

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_sdk.signature import SignatureVerifier

from channels.pace import Pace
from channels.pulse import Pulse
from channels.slack.catchup import CatchUp
from channels.slack.client import BotClient
from channels.slack.config import EventsSettings
from channels.slack.dispatch import Dispatch
from channels.slack.identity import Identity
from channels.slack.intake import Intake

CHECK_EVERY = timedelta(seconds=20)
"""How often the app asks Slack who it is: the answer is the proof that Slack is there."""

_LARGEST_BODY = 1 << 20
_log = structlog.get_logger("channels.slack")


class EventsApi:
    """The server that Slack calls, for one app."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        intake: Intake,
        *,
        settings: EventsSettings,
        signing_secret: str,
        dispatch: Dispatch,
        catch_up: CatchUp,
        pulse: Pulse,
        pace: Pace,
    ) -> None:
        self._client = client
        self._me = me
        self._intake = intake
        self._settings = settings
        self._verifier = SignatureVerifier(signing_secret)
        self._dispatch = dispatch
        self._catch_up = catch_up
        self._pulse = pulse
        self._pace = pace

    async def run(self) -> NoReturn:
        """Serve until cancelled. Raises `Unauthorized`, and OSError when the port is taken."""
        async with self._serving():
            self._pulse.connected()
            self._catch_up.gap()
            while True:
                await asyncio.sleep(CHECK_EVERY.total_seconds())
                await self._pace.until_done(self._client.check, self._pulse.missed)
                if not self._intake.stuck:
                    self._pulse.proved()

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post(self._settings.path, self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            _log.info("listening", channel=self._me.account, address=str(runner.addresses[0]))
            yield
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_slacks(body, request):
            return web.Response(status=401)
        if not self._intake.stuck:
            self._pulse.proved()
        return await to_aiohttp_response(await self._dispatch.of_http(body, request.headers))

    def _is_slacks(self, body: bytes, request: web.Request) -> bool:
        """https://docs.slack.dev/authentication/verifying-requests-from-slack/: over the raw bytes,
        and not older than five minutes, so that nobody can play back what they overheard."""
        try:
            return self._verifier.is_valid(
                body,
                request.headers.get("X-Slack-Request-Timestamp"),
                request.headers.get("X-Slack-Signature"),
            )
        except (TypeError, ValueError, OverflowError):
            # No number, no ASCII, no UTF-8: nothing that Slack sends.
            return False
