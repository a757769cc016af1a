"""The Slack emulator as a process of its own, driven over its control endpoint."""

import asyncio
import sys

import aiohttp
import orjson

from tests.emulators.slack import SlackControl


async def test_a_driver_in_another_process_talks_to_the_app() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.slack", "--port", "0",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        async with SlackControl(ready["url"]) as sl, aiohttp.ClientSession() as http:
            api, bearer = ready["api_root"], {"Authorization": f"Bearer {ready['token']}"}
            alice, _bob = await sl.users("User", 2)
            general = await sl.channel("general")
            said = await sl.say(alice, "@argent hi", channel=general)
            query = {"channel": general, "token": ready["token"]}
            async with http.get(f"{api}conversations.history", params=query) as answer:
                (message,) = (await answer.json())["messages"]
            assert message["text"] == f"<@{ready['bot']}> hi"
            await sl.fault("chat.postMessage", "flood", retry_after=7)
            waiting = asyncio.create_task(sl.sent(since=0, count=1, timeout=10))
            body = {"channel": general, "thread_ts": said["ts"], "text": "yes"}
            statuses = []
            for _ in range(2):
                async with http.post(f"{api}chat.postMessage", json=body, headers=bearer) as answer:
                    statuses.append((answer.status, answer.headers.get("Retry-After")))
            assert statuses == [(429, "7"), (200, None)]
            (sent,) = await waiting
            assert (sent["channel"], sent["thread"], sent["text"]) == (general, said["ts"], "yes")
            counters = await sl.call("counters")
            assert counters["calls"] == {"conversations.history": 1, "chat.postMessage": 2}
    finally:
        process.terminate()
        await process.wait()
