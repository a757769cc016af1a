"""The Telegram emulator as a process of its own, driven over its control endpoint."""

import asyncio
import sys

import aiohttp
import orjson

from tests.emulators.telegram import TelegramControl


async def test_a_driver_in_another_process_talks_to_the_bot() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.telegram", "--port", "0",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        async with TelegramControl(ready["url"]) as tg, aiohttp.ClientSession() as http:
            api = f"{ready['url']}/bot{ready['token']}"
            alice, bob = await tg.users("User", 2)
            forum = await tg.group("Dev", "forum")
            topic = await tg.topic(forum, "Ops")
            await tg.say_many([{"user": alice, "text": "hi"}, {"user": bob, "text": "ho"}])
            said = await tg.say(alice, "in ops", chat=forum, thread=topic)
            async with http.get(f"{api}/getUpdates?timeout=0") as answer:
                updates = (await answer.json())["result"]
            texts = [u["message"].get("text") for u in updates]
            assert texts == [None, "hi", "ho", "in ops"]
            await tg.fault("sendMessage", "flood", retry_after=7)
            waiting = asyncio.create_task(tg.sent(since=0, count=1, timeout=10))
            form = {"chat_id": str(said["chat"]), "message_thread_id": str(topic), "text": "yes"}
            statuses = []
            for _ in range(2):
                async with http.post(f"{api}/sendMessage", data=form) as answer:
                    statuses.append(answer.status)
            assert statuses == [429, 200]
            (sent,) = await waiting
            assert (sent["chat"], sent["thread"], sent["text"]) == (forum, topic, "yes")
            async with http.post(f"{api}/GETME", json={}) as answer:
                assert (await answer.json())["result"]["username"] == "argent_bot"
            broken = {"Content-Type": "application/json"}
            async with http.post(f"{api}/getMe", data=b"{", headers=broken) as answer:
                assert answer.status == 400
            counters = await tg.counters()
            assert counters["calls"] == {"getupdates": 1, "sendmessage": 2, "getme": 2}
            assert (counters["updates"], counters["unconfirmed"], counters["sent"]) == (4, 4, 1)
    finally:
        process.terminate()
        await process.wait()
