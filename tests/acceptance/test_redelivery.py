"""What comes twice, or makes no sense, before and after a kill."""

from pathlib import Path

import pytest

from tests.acceptance.gateway_process import world
from tests.emulators.telegram import hang

pytestmark = pytest.mark.acceptance


async def test_an_update_that_comes_again_also_after_a_kill_is_one_turn(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        alice = there.telegram.user("Alice")
        await there.gateway.start()
        await alice.says("once")
        assert [sent.text for sent in await alice.hears()] == ["once"]
        (update,) = there.telegram.updates
        there.telegram.redeliver(update)
        await there.gateway.logged("seen_before")
        await there.gateway.settled()
        await there.gateway.kill()
        await there.gateway.start()
        await there.gateway.logged("connected", 2)
        there.telegram.redeliver(update)
        await there.gateway.logged("seen_before", 2)
        await alice.says("and now this")
        assert [sent.text for sent in await alice.hears()] == ["and now this"]
        assert await there.gateway.terminate() == 0
        assert len(there.model.asked) == 2
        assert len(there.telegram.record) == 2
        assert there.gateway.counts().outcomes == {"replied": 2}
        assert len(there.gateway.conversation()) == 4


async def test_an_answer_whose_fate_is_unknown_is_sent_again_and_counted(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        alice = there.telegram.user("Alice")
        there.telegram.faults.next("sendMessage", hang(after=True))
        await there.gateway.start()
        await alice.says("hello")
        await there.telegram.sent(alice, 1)
        await there.gateway.kill()
        await there.gateway.start()
        assert [sent.text for sent in await there.telegram.sent(alice, 2)] == ["hello", "hello"]
        assert await there.gateway.terminate() == 0
        assert there.gateway.counts().repeated == 1
        assert len(there.model.asked) == 1, "it thought of an answer twice"


async def test_a_poison_update_is_set_aside_and_the_next_one_answered(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        alice = there.telegram.user("Alice")
        poison = there.telegram.push_raw({"message": {"message_id": 1, "chat": "nobody's"}})
        await alice.says("behind the poison")
        await there.gateway.start()
        assert [sent.text for sent in await alice.hears()] == ["behind the poison"]
        assert there.gateway.times("update_set_aside") == 1
        await there.gateway.settled()
        await there.gateway.kill()
        await there.gateway.start()
        await there.gateway.logged("connected", 2)
        there.telegram.redeliver(poison)
        await there.gateway.logged("update_set_aside", 2)
        await alice.says("still there?")
        assert [sent.text for sent in await alice.hears()] == ["still there?"]
        assert await there.gateway.terminate() == 0
        counts = there.gateway.counts()
        assert (counts.set_aside, counts.outcomes) == (1, {"replied": 2})
        assert len(there.telegram.record) == 2
