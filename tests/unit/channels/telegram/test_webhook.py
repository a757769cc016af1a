"""Webhook mode: only Telegram gets in, and it hears "done" only when that is true."""

import io

import aiohttp
import pytest
from pydantic import SecretStr

from channels.channel import Condition
from channels.errors import Unauthorized
from channels.telegram.channel import TelegramChannel
from channels.telegram.config import WebhookSettings
from channels.telegram.inbound import WANTED
from channels.telegram.webhook import SECRET_HEADER
from state.messages import InboundMessage, Malformed
from tests.emulators.telegram import TelegramEmulator, drop_connection, unauthorized
from tests.unit.channels.telegram.rig import Rig

SECRET = "a-secret-of-sixteen-or-more"


@pytest.fixture
def settings(unused_tcp_port: int) -> WebhookSettings:
    return WebhookSettings(
        url=f"http://127.0.0.1:{unused_tcp_port}/telegram",
        secret=SecretStr(SECRET),
        port=unused_tcp_port,
    )


@pytest.fixture
def channel(rig: Rig, settings: WebhookSettings) -> TelegramChannel:
    return rig.channel(webhook=settings)


async def test_updates_come_in_by_webhook(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel
) -> None:
    alice = tg.user("Alice")
    await alice.says("before it was set")
    async with rig.running(channel):
        await alice.says("after")
        await rig.inbox.has(2)
        await tg.drained()
        assert channel.health().condition is Condition.HEALTHY
    assert rig.inbox.texts == ["before it was set", "after"]
    assert tg.calls["getupdates"] == 0
    assert tg.bot.updates.allowed == frozenset(WANTED)


async def test_what_was_not_stored_is_delivered_again(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel
) -> None:
    rig.inbox.refuses = lambda _: len(rig.inbox.asked) < 3
    async with rig.running(channel):
        await tg.user("Alice").says("hi")
        await rig.inbox.has(1)
        await tg.drained()
    assert [status for _, status in tg.webhooks.delivered] == [503, 503, 200]
    assert len({m.source for m in rig.inbox.asked if isinstance(m, InboundMessage)}) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({SECRET_HEADER: ""}, 403),
        ({SECRET_HEADER: "wrong"}, 403),
        ({SECRET_HEADER: SECRET + "x"}, 403),
        ({SECRET_HEADER: SECRET}, 200),
    ],
)
async def test_only_who_knows_the_secret_gets_in(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel, settings: WebhookSettings,
    headers: dict[str, str], status: int,
) -> None:  # fmt: skip
    async with rig.running(channel):
        await tg.called("setWebhook", 1)
        async with aiohttp.ClientSession() as http:
            update = {"update_id": 1, "unknown": {}}
            async with http.post(settings.url, json=update, headers=headers) as answer:
                assert answer.status == status
    assert rig.inbox.asked == []


async def test_what_is_no_update_is_set_aside_and_too_much_is_refused(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel, settings: WebhookSettings
) -> None:
    headers = {SECRET_HEADER: SECRET}
    async with rig.running(channel):
        await tg.called("setWebhook", 1)
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.post(settings.url, data=b"{not json") as answer:
                assert answer.status == 200
            async with http.post(settings.url, data=io.BytesIO(b" " * 2_000_000)) as answer:
                assert answer.status == 413
            async with http.get(settings.url) as answer:
                assert answer.status == 405
            async with http.post(settings.url + "/other", data=b"{}") as answer:
                assert answer.status == 404
    (aside,) = rig.inbox.taken
    assert isinstance(aside, Malformed)
    assert aside.raw == b"{not json"


async def test_setting_the_webhook_is_tried_until_it_is_set(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel
) -> None:
    tg.faults.next("setWebhook", drop_connection(), drop_connection())
    async with rig.running(channel):
        await tg.user("Alice").says("hi")
        await tg.drained()
        assert channel.health().condition is Condition.HEALTHY


async def test_a_refused_token_shows(
    tg: TelegramEmulator, rig: Rig, channel: TelegramChannel
) -> None:
    tg.faults.next("setWebhook", unauthorized())
    with pytest.raises(Unauthorized):
        await channel.run(rig.inbox.receive)
    assert channel.health().condition is Condition.FAILED
