"""The Discord emulator as a process of its own, driven over its control endpoint."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import orjson

from tests.emulators.discord import DiscordControl

ROOT = Path(__file__).parents[3]


async def test_people_and_places_are_driven_from_another_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.discord", "--port", "0",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            about = orjson.loads(await process.stdout.readline())
            headers = {"Authorization": f"Bot {about['token']}"}
            async with (
                DiscordControl(about["url"]) as control,
                aiohttp.ClientSession(f"{about['url']}/api/v10/", headers=headers) as http,
            ):
                alice = await control.user("Alice")
                room = await control.channel(await control.guild("Team"), "general")
                thread = await control.thread(room, "Ops", by=alice)
                said = await control.say(alice, "hello", chat=thread)
                async with http.get(f"channels/{thread}/messages") as answer:
                    (message,) = await answer.json()
                assert (int(message["id"]), message["content"]) == (said["message"], "hello")
                await control.fault("create_message", "flood", retry_after=1)
                for status in (429, 200):
                    body = {"content": "hi"}
                    async with http.post(f"channels/{thread}/messages", json=body) as answer:
                        assert answer.status == status
                (sent,) = await control.sent(count=1, timeout=5)
                assert (sent["text"], sent["chat"]) == ("hi", thread)
                assert (await control.counters())["calls"]["create_message"] == 2
    finally:
        process.terminate()
        await process.wait()
