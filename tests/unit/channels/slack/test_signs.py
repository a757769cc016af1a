"""Signs that an answer is coming: the reaction. (The status is tested with what is sent.)"""

import asyncio

import pytest
from structlog.testing import capture_logs

from channels.slack.signs import REACTION
from state.keys import Address
from tests.emulators.slack import (
    SlackEmulator,
    User,
    drop_connection,
    flood,
    garbage,
    refused,
    server_error,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Rig


@pytest.fixture
def alice(sl: SlackEmulator) -> User:
    return sl.user("Alice")


def home(user: User) -> Address:
    return Address("slack", user.chat().id)


async def test_a_message_in_a_thread_is_marked_itself_and_not_its_root(
    sl: SlackEmulator, rig: Rig, alice: User
):
    general = sl.channel("general")
    root = await alice.says("hello", in_=general)
    said = await alice.says("and?", in_=general, thread=root)
    await rig.channel().acknowledge(Address("slack", general.id, root), said, seen=True)
    assert sl.methods.reactions == [(general.id, said, REACTION)]


@pytest.mark.parametrize(
    "fault",
    [flood(0), server_error(500), drop_connection(), refused("invalid_auth"), garbage(),
     refused("message_not_found"), refused("channel_not_found")],
)  # fmt: skip
async def test_acknowledging_never_raises(sl: SlackEmulator, rig: Rig, alice: User, fault: Fault):
    said, channel = await alice.says("hi"), rig.channel()
    for method in ("reactions.add", "reactions.remove"):
        sl.faults.next(method, fault)
    await channel.acknowledge(home(alice), said, seen=True)
    await channel.acknowledge(home(alice), said, seen=False)
    await channel.acknowledge(Address("slack", "nowhere"), said, seen=True)
    await channel.close()


async def test_what_is_no_message_is_not_marked(sl: SlackEmulator, rig: Rig, alice: User):
    await rig.channel().acknowledge(home(alice), "13345224609.1.8fb2e1", seen=True)
    assert sl.calls["reactions.add"] == 0


async def test_a_reaction_that_could_not_be_taken_back_at_once_is_taken_back_later(
    sl: SlackEmulator, rig: Rig, alice: User
):
    said, channel = await alice.says("hi"), rig.channel()
    await channel.acknowledge(home(alice), said, seen=True)
    sl.faults.next("reactions.remove", flood(0), flood(0))
    await channel.acknowledge(home(alice), said, seen=False)
    await channel.close()
    assert sl.methods.reactions == []
    assert sl.calls["reactions.remove"] == 3


async def test_a_wait_to_take_a_reaction_back_holds_nobody_up(
    sl: SlackEmulator, rig: Rig, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("channels.loose_calls._CLOSE_SECONDS", 0.01)
    said, channel = await alice.says("hi"), rig.channel()
    sl.faults.next("reactions.remove", flood(3600))
    await channel.acknowledge(home(alice), said, seen=False)
    await channel.close()
    assert sl.calls["reactions.remove"] == 1


async def test_a_reaction_is_taken_back_after_it_was_given_however_slowly(
    sl: SlackEmulator, rig: Rig, alice: User
):
    said, channel = await alice.says("hi"), rig.channel()
    sl.faults.next("reactions.add", Fault(delay=None))
    giving = asyncio.create_task(channel.acknowledge(home(alice), said, seen=True))
    await sl.called("reactions.add")
    giving.cancel()
    await asyncio.wait({giving})
    taking = asyncio.create_task(channel.acknowledge(home(alice), said, seen=False))
    # Had it been begun, the call would have been there before this one.
    await channel.typing(Address("slack", alice.chat().id, said))
    assert sl.calls["reactions.remove"] == 0
    sl.faults.clear()
    await taking
    assert sl.methods.reactions == []
    assert sl.calls["reactions.remove"] == 1


async def test_an_app_without_the_right_to_react_is_told_once_and_asks_no_more(
    sl: SlackEmulator, rig: Rig, alice: User
):
    said, channel = await alice.says("hi"), rig.channel()
    sl.faults.always("reactions.add", refused("missing_scope", needed="reactions:write"))
    with capture_logs() as logs:
        for _ in range(3):
            await channel.acknowledge(home(alice), said, seen=True)
        await channel.acknowledge(home(alice), said, seen=False)
    (warning,) = [log for log in logs if log["log_level"] == "warning"]
    assert "reactions:write" in warning["error"]
    assert sl.calls["reactions.add"] == 1
    assert sl.calls["reactions.remove"] == 0
