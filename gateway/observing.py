"""Whoever watches a gateway from outside: over HTTP, and a collector of traces."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from gateway.config import GatewaySettings, Settings
from state.files.disk import Synced, untimed

if TYPE_CHECKING:
    from gateway.metrics.exposition import Exposition, Measured

_log = structlog.get_logger("gateway")


class Observing:
    """What the settings ask for; nothing of it is imported otherwise.

    Made before there is a gateway, as the stores are timed from their opening on.
    """

    def __init__(self, settings: Settings, state_dir: Path) -> None:
        self._settings = settings
        self._state_dir = state_dir
        self._exposition = _exposition(settings.gateway)

    @property
    def synced(self) -> Synced:
        """Hears of what becomes durable."""
        return untimed if self._exposition is None else self._exposition.counting.synced

    @asynccontextmanager
    async def following(self, gateway: "Measured") -> AsyncIterator[None]:
        """Let a gateway be watched, also while it starts and stops.

        Raises `HttpUnavailable` where the address cannot be listened on, and `store.StoreError`
        where its token cannot be kept, and `TracingNotInstalled` where traces cannot be sent.
        """
        async with AsyncExitStack() as stack:
            if self._exposition is not None:
                await stack.enter_async_context(self._served(self._exposition, gateway))
            if self._settings.telemetry.endpoint is not None:
                await stack.enter_async_context(self._traced(gateway))
            yield

    @asynccontextmanager
    async def _traced(self, gateway: "Measured") -> AsyncIterator[None]:
        from gateway.tracing.sending import TraceSender
        from gateway.tracing.spans import Spans

        sender = TraceSender(self._settings.telemetry)
        spans = Spans(sender.send)
        gateway.feed.watch(lambda event: spans.see(event, time.time()))
        try:
            yield
        finally:
            await sender.stop()

    @asynccontextmanager
    async def _served(self, exposition: "Exposition", gateway: "Measured") -> AsyncIterator[None]:
        from gateway.api.http import HttpServer, health_routes, metrics_routes
        from gateway.api.http_guard import Guard
        from gateway.api.http_token import kept_token
        from gateway.metrics.exposition import CONTENT_TYPE

        settings = self._settings.gateway
        assert settings.port is not None
        if settings.token is not None:
            token = settings.token.get_secret_value()
        else:
            token = await asyncio.to_thread(kept_token, self._state_dir)
        exposition.follow(gateway)
        server = HttpServer(
            {**health_routes(gateway.verdict), **metrics_routes(exposition.text, CONTENT_TYPE)},
            Guard(token, settings.allowed_hosts),
            host=settings.host,
            port=settings.port,
        )
        await server.start()
        if not settings.is_loopback:
            _log.warning(
                "http_open_to_others",
                host=settings.host,
                remedy="what is sent there can be read on the way: put TLS before it",
            )
        try:
            yield
        finally:
            await server.stop()


def _exposition(settings: GatewaySettings) -> "Exposition | None":
    if settings.port is None:
        return None
    from gateway.metrics.exposition import Exposition

    return Exposition()
