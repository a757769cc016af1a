"""Owed parts become sent parts, whatever the platform says in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from channels.channel import Capabilities, Condition, Health, Receive
from channels.errors import ChannelError, Moved, Offline, RateLimited, Rejected, Unreachable
from gateway.delivery import Delivery
from gateway.events import FloodWaited, PartSent
from gateway.feed import Feed
from gateway.trouble import Trouble
from state.keys import Address, SessionKey, SessionType
from state.memory import MemoryLedger, MemorySessions
from state.messages import Outcome, OwedPart, Part, PartState, Receipt, Reply
from state.store import StorageFull
from tests.unit.gateway.messages import AT, message


@dataclass
class Platform:
    """A channel whose platform answers as a test says, part by part."""

    name: str = "telegram"
    kind: str = "test"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(text_limit=100))
    answers: dict[str, list[ChannelError]] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, part: OwedPart) -> Receipt:
        if refusals := self.answers.get(part.part.text):
            raise refusals.pop(0)
        self.sent.append((part.address.chat, part.part.text))
        return Receipt(str(len(self.sent)))

    async def run(self, receive: Receive) -> None: ...

    def render(self, reply: Reply) -> tuple[Part, ...]:
        return (Part(reply.text, reply.text),)

    async def typing(self, address: Address) -> None: ...

    def health(self) -> Health:
        return Health(Condition.HEALTHY)

    async def close(self) -> None: ...


@dataclass
class Post:
    """Delivery over a reference ledger, and what its owner was told."""

    platform: Platform
    ledger: MemoryLedger
    delivery: Delivery
    feed: Feed
    told: list[str]

    async def owe(self, *texts: str, chat: str = "7", begin: bool = False) -> list[OwedPart]:
        address = Address("telegram", chat)
        taken = await self.ledger.accept(
            message(address=address),
            key=SessionKey("telegram", chat, SessionType.DM),
            session=SessionKey("telegram", chat, SessionType.DM).session_id,
            entry="e",
            at=AT,
        )
        assert taken is not None
        parts = [(address, Part(text, text)) for text in texts]
        owed = await self.ledger.finish(
            taken.seq, outcome=Outcome.REPLIED, parts=parts, at=AT, begin=begin
        )
        return list(owed)

    async def deliver(self, *parts: OwedPart) -> None:
        self.delivery.post(parts)
        async with asyncio.timeout(5):
            await self.delivery.settled()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    platform, ledger, feed = Platform(), MemoryLedger(), Feed()
    delivery = Delivery(ledger, MemorySessions(), {"telegram": platform}, feed, Trouble(tell))
    yield Post(platform, ledger, delivery, feed, told)
    await delivery.drain(0)


async def test_parts_of_a_chat_go_out_in_order(post: Post) -> None:
    await post.deliver(*await post.owe("one", "two", "three", begin=True))
    assert post.platform.sent == [("7", "one"), ("7", "two"), ("7", "three")]
    assert await post.ledger.owed() == ()


async def test_a_flood_wait_in_one_chat_does_not_delay_another(post: Post) -> None:
    post.platform.answers["parked"] = [RateLimited(30)]
    parked = await post.owe("parked", chat="1")
    quick = await post.owe("quick", chat="2")
    post.delivery.post([*parked, *quick])
    async with asyncio.timeout(5):
        while not post.platform.sent:  # noqa: ASYNC110 - bounded by the timeout above
            await asyncio.sleep(0)
    assert post.platform.sent == [("2", "quick")]
    await post.delivery.drain(0)
    (left,) = await post.ledger.owed()
    assert left.state is PartState.OWED


async def test_a_part_is_sent_again_after_a_flood_wait_and_is_no_repeat(post: Post) -> None:
    post.platform.answers["hi"] = [RateLimited(0.01), RateLimited(0.01)]
    with post.feed.subscribe() as events:
        await post.deliver(*await post.owe("hi"))
        assert post.platform.sent == [("7", "hi")]
        seen = aiter(events)
        for _ in range(2):
            assert await anext(seen) == FloodWaited("telegram", 0.01)
        sent = await anext(seen)
    assert isinstance(sent, PartSent)
    assert not sent.repeated
    assert sent.seconds >= 0


async def test_an_attempt_without_word_is_made_again_and_counted_as_a_repeat(
    post: Post, quick_retries: None
) -> None:
    post.platform.answers["hi"] = [Unreachable("cut off", uncertain=True)]
    await post.deliver(*await post.owe("hi"))
    assert post.platform.sent == [("7", "hi")]
    assert (await post.ledger.counts()).repeated == 1


async def test_an_attempt_that_never_reached_the_platform_is_no_repeat(
    post: Post, quick_retries: None
) -> None:
    post.platform.answers["hi"] = [Unreachable("refused")]
    await post.deliver(*await post.owe("hi"))
    assert (await post.ledger.counts()).repeated == 0


async def test_a_refused_part_is_given_up_and_the_next_goes_on(post: Post) -> None:
    post.platform.answers["bad"] = [Rejected("no such chat")]
    await post.deliver(*await post.owe("bad", "good"))
    assert post.platform.sent == [("7", "good")]
    assert (await post.ledger.counts()).failed_parts == 1


async def test_a_part_on_which_the_channel_breaks_is_tried_again_and_holds_nothing_up_for_ever(
    post: Post, quick_retries: None
) -> None:
    bugs: list[Exception] = [TypeError("a bug")] * 5
    post.platform.answers["bad"] = bugs  # type: ignore[assignment]
    await post.deliver(*await post.owe("bad", "good"))
    assert post.platform.sent == [("7", "good")]
    assert (await post.ledger.counts()).failed_parts == 1
    post.platform.answers["odd"] = [TypeError("a bug")]  # type: ignore[list-item]
    await post.deliver(*await post.owe("odd"))
    assert post.platform.sent[-1] == ("7", "odd")


async def test_a_moved_chat_gets_its_answer_at_its_new_place(post: Post) -> None:
    post.platform.answers["hi"] = [Moved("-100")]
    await post.deliver(*await post.owe("hi"))
    assert post.platform.sent == [("-100", "hi")]


async def test_what_nobody_hears_waits_until_somebody_listens(post: Post) -> None:
    post.platform.answers["hi"] = [Offline("nobody")]
    await post.deliver(*await post.owe("hi", "there"))
    assert post.platform.sent == []
    post.delivery.wake(Address("telegram", "7"))
    async with asyncio.timeout(5):
        await post.delivery.settled()
    assert post.platform.sent == [("7", "hi"), ("7", "there")]


async def test_a_listener_who_comes_while_a_part_finds_nobody_is_not_missed(post: Post) -> None:
    def arrive() -> ChannelError:
        post.delivery.wake(Address("telegram", "7"))
        return Offline("nobody")

    post.platform.answers = {"hi": _Lazily([arrive])}
    await post.deliver(*await post.owe("hi"))
    assert post.platform.sent == [("7", "hi")]


async def test_a_full_disk_neither_loses_nor_repeats_a_part(
    post: Post, quick_retries: None
) -> None:
    parts = await post.owe("hi", begin=True)
    refusals = [StorageFull("no space"), StorageFull("no space")]
    sent = post.ledger.sent

    async def full(part: int, receipt: Receipt, *, then: int | None = None) -> None:
        if refusals:
            raise refusals.pop()
        await sent(part, receipt, then=then)

    post.ledger.sent = full  # type: ignore[method-assign]
    await post.deliver(*parts)
    assert post.platform.sent == [("7", "hi")]
    assert len(post.told) == 2
    assert "full" in post.told[0]


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.delivery._FIRST_RETRY", 0.01)
    monkeypatch.setattr("gateway.trouble._FIRST_RETRY", 0.01)


class _Lazily(list[ChannelError]):
    """Refusals that are made when they are given."""

    def __init__(self, makers: list[Callable[[], ChannelError]]) -> None:
        super().__init__(Offline("") for _ in makers)
        self._makers = makers

    def pop(self, index: int = -1) -> ChannelError:  # type: ignore[override]
        super().pop(index)
        return self._makers.pop(index)()
