"""The Events API over HTTP: signed, acknowledged when durable, told again otherwise."""

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import orjson
import pytest

from channels.channel import Condition
from channels.slack.channel import SlackChannel
from channels.slack.config import EventsSettings
from state.messages import InboundMessage, Malformed
from tests.emulators.slack import SlackEmulator
from tests.unit.channels.slack.rig import PATIENCE, Rig


@pytest.fixture
async def channel(sl: SlackEmulator, rig: Rig, unused_tcp_port: int) -> AsyncIterator[SlackChannel]:
    channel = rig.channel(events=EventsSettings(port=unused_tcp_port), app_token=None)
    task = asyncio.create_task(channel.run(rig.inbox.receive))
    await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert await sl.deliveries.verify_url(f"http://127.0.0.1:{unused_tcp_port}/slack/events")
    yield channel
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=PATIENCE)
    assert done
    await channel.close()


def body(sl: SlackEmulator, text: str = "hi") -> bytes:
    im = sl.im(sl.user("Mallory"))
    event = {"type": "message", "user": im.members[0], "text": text, "ts": sl.world.ts(),
             "channel": im.id, "channel_type": "im"}  # fmt: skip
    return orjson.dumps({"type": "event_callback", "team_id": "T0EMULATED", "event": event})


async def test_an_event_is_answered_when_its_message_is_durable(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel
):
    await sl.user("Alice").says("grüße 🎉")
    await sl.deliveries.settled()
    assert sl.deliveries.all[0].answers == [200]
    assert rig.inbox.texts == ["grüße 🎉"]


async def test_what_is_not_stored_is_told_again(sl: SlackEmulator, rig: Rig, channel: SlackChannel):
    sl.deliveries.retries = (0.0, 0.0, 0.0)
    rig.inbox.refuses = lambda _: len(rig.inbox.asked) < 2
    await sl.user("Alice").says("hi")
    await rig.inbox.has(1)
    await sl.deliveries.settled()
    assert sl.deliveries.all[0].answers[0] == 503
    assert rig.inbox.texts == ["hi"]


async def test_a_slash_command_comes_as_a_form(sl: SlackEmulator, rig: Rig, channel: SlackChannel):
    await sl.user("Alice").runs("/argent status")
    await sl.deliveries.settled()
    assert sl.deliveries.all[0].answers == [200]
    assert rig.inbox.texts == ["/status"]


@pytest.mark.parametrize("age", [301, 3600, -301])
async def test_a_request_from_another_time_is_refused(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel, age: int
):
    status, _ = await sl.deliveries.post(body(sl), at=time.time() - age)
    assert status == 401
    assert rig.inbox.taken == []


@pytest.mark.parametrize("signature", ["", "v0=", "v0=" + "0" * 64, "v1=ä", "nonsense"])
async def test_a_request_that_is_not_signed_by_slack_is_refused(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel, signature: str
):
    status, _ = await sl.deliveries.post(body(sl), signature=signature)
    assert status == 401
    assert rig.inbox.taken == []


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "9" * 400])
async def test_a_timestamp_that_is_none_is_refused(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel, stamp: str
):
    status, _ = await sl.deliveries.post(body(sl), extra={"X-Slack-Request-Timestamp": stamp})
    assert status == 401


async def test_a_body_that_is_no_utf8_is_refused(sl: SlackEmulator, channel: SlackChannel):
    status, _ = await sl.deliveries.post(b"\xff\xfe")
    assert status == 401


async def test_another_secret_is_refused(sl: SlackEmulator, rig: Rig, channel: SlackChannel):
    sl.signing_secret = "somebody-elses-secret"
    status, _ = await sl.deliveries.post(body(sl))
    assert status == 401


@pytest.mark.parametrize(
    "poison",
    [b"{no json", b"[]", b'"x"', b'{"type":"event_callback","event":7}',
     b'{"type":"event_callback","authorizations":7,"event":{"type":"message","text":"x"}}'],
)  # fmt: skip
async def test_a_poison_body_is_set_aside_and_the_next_one_flows(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel, poison: bytes
):
    status, _ = await sl.deliveries.post(poison)
    assert status == 200
    await sl.user("Alice").says("still here")
    await rig.inbox.has(2)
    assert isinstance(rig.inbox.taken[0], Malformed)
    assert rig.inbox.texts == ["still here"]


async def test_what_is_nothing_to_us_is_answered_all_the_same(
    sl: SlackEmulator, rig: Rig, channel: SlackChannel
):
    form = urlencode({"payload": orjson.dumps({"type": "block_actions"}).decode()}).encode()
    kind = "application/x-www-form-urlencoded"
    assert (await sl.deliveries.post(form, kind))[0] == 200
    assert (await sl.deliveries.post(b"ssl_check=1&token=x", kind))[0] == 200
    assert rig.inbox.taken == []


async def test_what_was_missed_while_nobody_served_is_read(
    sl: SlackEmulator, rig: Rig, unused_tcp_port: int
):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    await alice.says("missed", told=False)
    served = rig.channel(events=EventsSettings(port=unused_tcp_port))
    task = asyncio.create_task(served.run(rig.inbox.receive))
    await rig.inbox.has(2)
    task.cancel()
    await asyncio.wait({task})
    assert [m.text for m in rig.inbox.taken if isinstance(m, InboundMessage)] == [
        "before",
        "missed",
    ]
