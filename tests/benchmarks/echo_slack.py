"""The floor on Slack: a bare echo app on slack-bolt (Socket Mode). Run as a process of its own."""

import asyncio
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def _echo(event: dict[str, Any], say: Any) -> None:
    await say(event["text"])


async def main(token: str, app_token: str, api_root: str) -> None:
    app = AsyncApp(client=AsyncWebClient(token, base_url=api_root))
    app.event("message")(_echo)
    handler = AsyncSocketModeHandler(app, app_token, web_client=app.client)
    await handler.start_async()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
