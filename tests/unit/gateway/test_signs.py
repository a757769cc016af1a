"""Typing and reactions: seen when work takes longer, taken back, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from channels.errors import RateLimited
from gateway.batch import Batch
from gateway.delivery import Delivery
from gateway.feed import Feed
from gateway.pacing import SPARE_RATE
from gateway.signs import Signs
from gateway.trouble import Trouble
from state.keys import Address
from state.memory import MemoryLedger, MemorySessions
from state.messages import Accepted, ChatKind
from tests.unit.gateway.messages import accepted, message, owed
from tests.unit.gateway.platform import PATIENCE, Platform


async def _nobody(_text: str) -> None: ...


class Rig:
    """One account and its signs."""

    def __init__(self, *, acknowledging: bool = True) -> None:
        self.platform = Platform()
        self.platform.can(acknowledges=True)
        channels = {"telegram": self.platform}
        self.delivery = Delivery(
            MemoryLedger(), MemorySessions(), channels, Feed(), Trouble(_nobody)
        )
        names = {"telegram"} if acknowledging else set()
        self.signs = Signs(channels, self.delivery, acknowledges=names.__contains__)

    def asked(self, kind: ChatKind = ChatKind.GROUP, *, seq: int = 1, **facts: bool) -> Batch:
        words = message(kind=kind, id=f"q{seq}", address=Address("telegram", str(seq)))
        asked: Accepted = replace(accepted(seq=seq), message=words, **facts)  # type: ignore[arg-type]
        return Batch((asked,))

    def made(self) -> set[tuple[str, str]]:
        return {(call.kind, call.text) for call in self.platform.calls}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.signs.DELAY", 0.01)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    await rig.signs.drain(0)


async def test_work_in_a_group_shows_typing_and_a_reaction_that_is_taken_back(rig: Rig) -> None:
    with rig.signs.working(rig.asked()):
        await rig.platform.until(lambda: rig.made() == {("typing", ""), ("seen", "q1")})
    await rig.signs.drain(PATIENCE)
    assert [call.kind for call in rig.platform.calls][-1] == "unseen"


async def test_work_in_private_shows_typing_alone(rig: Rig) -> None:
    with rig.signs.working(rig.asked(ChatKind.DIRECT)):
        await rig.platform.until(lambda: rig.platform.calls)
    await rig.signs.drain(PATIENCE)
    assert rig.made() == {("typing", "")}


async def test_a_platform_may_want_reactions_in_private_too(rig: Rig) -> None:
    rig.platform.can(acknowledges_in_private=True)
    with rig.signs.working(rig.asked(ChatKind.DIRECT)):
        await rig.platform.until(lambda: ("seen", "q1") in rig.made())


async def test_where_reactions_are_off_there_are_none() -> None:
    rig = Rig(acknowledging=False)
    with rig.signs.working(rig.asked()):
        await rig.platform.until(lambda: rig.platform.calls)
    await rig.signs.drain(PATIENCE)
    assert rig.made() == {("typing", "")}


async def test_quick_work_shows_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.signs.DELAY", 60.0)
    with rig.signs.working(rig.asked()):
        await asyncio.sleep(0)
    await rig.signs.drain(PATIENCE)
    assert rig.platform.calls == []


async def test_what_a_crash_left_behind_is_taken_back_also_after_quick_work(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.signs.DELAY", 60.0)
    with rig.signs.working(rig.asked(recovered=True)):
        await rig.platform.until(lambda: rig.platform.made("seen"))
    await rig.signs.drain(PATIENCE)
    assert rig.platform.made("unseen") == ["q1"]


async def test_a_reaction_is_taken_back_also_when_work_is_stopped(rig: Rig) -> None:
    async def work() -> None:
        with rig.signs.working(rig.asked()):
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await rig.platform.until(lambda: rig.platform.made("seen"))
    working.cancel()
    await asyncio.wait([working])
    await rig.signs.drain(PATIENCE)
    assert rig.platform.made("unseen") == ["q1"]


async def test_work_inside_of_work_shows_itself_once(rig: Rig) -> None:
    batch = rig.asked()
    with rig.signs.working(batch), rig.signs.working(batch):
        await rig.platform.until(lambda: len(rig.platform.calls) == 2)
    await rig.signs.drain(PATIENCE)
    assert rig.platform.made("seen", "unseen") == ["q1", "q1"]


async def test_a_flooded_chat_gets_no_signs(rig: Rig) -> None:
    rig.platform.will(RateLimited(60))
    with pytest.raises(RateLimited):
        await rig.delivery.at_once(owed(1, chat="1"))
    with rig.signs.working(rig.asked(seq=1)), rig.signs.working(rig.asked(seq=2)):
        await rig.platform.until(lambda: rig.platform.made("seen"))
    await rig.signs.drain(PATIENCE)
    assert {call.chat for call in rig.platform.calls if call.kind != "post"} == {"2"}


async def test_a_crowd_gets_only_so_many_signs_at_once(rig: Rig) -> None:
    granted = [await rig.delivery.spare(Address("telegram", str(n))) for n in range(100)]
    assert granted.count(True) == int(SPARE_RATE)
    assert all(granted[: int(SPARE_RATE)])
