"""The Telegram emulator as a process of its own, driven over its control endpoint."""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from tests.emulators.telegram import TelegramControl


@asynccontextmanager
async def _running() -> AsyncIterator[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.telegram", "--port", "0",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    finally:
        process.terminate()
        await process.wait()


async def test_a_driver_in_another_process_talks_to_the_bot() -> None:
    async with (
        _running() as ready,
        TelegramControl(ready["url"]) as tg,
        aiohttp.ClientSession() as http,
    ):
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


async def test_a_driver_in_another_process_sees_what_became_of_a_message() -> None:
    async with (
        _running() as ready,
        TelegramControl(ready["url"]) as tg,
        aiohttp.ClientSession() as http,
    ):
        api = f"{ready['url']}/bot{ready['token']}"
        alice = await tg.user("Alice")
        said = await tg.say(alice, "hi")
        await tg.call("edit", user=alice, message=said["message"], text="ho")
        content = base64.b64encode(b"1;2").decode()
        await tg.call("share", user=alice, name="a.csv", content=content, mime="text/csv")
        row = [{"text": "Stop", "callback_data": "/stop"}]
        form = {"chat_id": str(alice), "text": "draft",
                "reply_markup": orjson.dumps({"inline_keyboard": [row]}).decode()}  # fmt: skip
        async with http.post(f"{api}/sendMessage", data=form) as answer:
            number = (await answer.json())["result"]["message_id"]
        await tg.call("press", user=alice, label="Stop")
        final = {"chat_id": str(alice), "text": "final", "message_id": str(number)}
        async with http.post(f"{api}/editMessageText", data=final) as answer:
            assert answer.status == 200
        shown = await tg.call("shown", user=alice)
        assert shown == [{"message": number, "text": "final", "edits": 1}]
        async with http.get(f"{api}/getUpdates?timeout=0") as answer:
            updates = (await answer.json())["result"]
        kinds = [next(kind for kind in u if kind != "update_id") for u in updates]
        assert kinds == ["message", "edited_message", "message", "callback_query"]
