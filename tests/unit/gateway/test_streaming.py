"""Answers that are shown while they grow, and become what is owed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from channels.errors import RateLimited, Unreachable
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.closing import Closing
from gateway.delivery import Delivery
from gateway.feed import Feed
from gateway.live import Post
from gateway.streaming import Stream, Streaming
from gateway.trouble import Trouble
from state.keys import Address, SessionKey, SessionType
from state.memory import MemoryLedger, MemorySessions
from state.messages import ChatKind, Outcome, OwedPart, Part, Reply, StoredFile
from tests.unit.gateway.messages import AT, message
from tests.unit.gateway.platform import PATIENCE, Platform, Slow

HERE = Address("telegram", "7")


async def _nobody(_text: str) -> None: ...


@dataclass
class World:
    """What shows, closes and delivers answers, over stores that survive a restart."""

    platform: Platform = field(default_factory=Platform)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    sessions: MemorySessions = field(default_factory=MemorySessions)
    streams: bool = True

    def __post_init__(self) -> None:
        self.starts()

    def starts(self) -> None:
        """A new process on the same stores."""
        channels, feed, trouble = {"telegram": self.platform}, Feed(), Trouble(_nobody)
        self.delivery = Delivery(self.ledger, self.sessions, channels, feed, trouble)
        self.streaming = Streaming(
            self.ledger,
            channels,
            self.delivery,
            trouble,
            streams=lambda _: self.streams,
        )
        self.closing = Closing(
            self.ledger, channels, self.delivery, self.streaming, trouble, feed, Clock()
        )

    async def asked(self, text: str = "hello", kind: ChatKind = ChatKind.DIRECT) -> Batch:
        """A message that is to be answered."""
        key = SessionKey("telegram", "7", SessionType.DM)
        taken = await self.ledger.accept(
            message(text, kind=kind), key=key, session=key.session_id, entry=text, at=AT
        )
        assert taken is not None
        return Batch((taken,))

    async def answers(self, batch: Batch, text: str, *files: StoredFile) -> None:
        """The turn ends with these words, and they are delivered."""
        reply = Reply(text, files=files)
        await self.closing.close(batch, Outcome.REPLIED, reply)
        await self.settled()

    async def settled(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.delivery.settled()

    async def shown(self) -> list[tuple[str, ...]]:
        """What the open rows remember."""
        return [each.shown for each in await self.ledger.pending()]

    async def grows(self, stream: Stream, text: str) -> None:
        """More words, which people see."""
        stream.grew(text)
        await self.platform.until(lambda: text in "".join(self.platform.shows()))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.live.FIRST_AFTER", 0.0)
    monkeypatch.setattr("gateway.delivery._FIRST_RETRY", 0.01)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.streaming.drain(0)
    await world.delivery.drain(0)


async def test_a_live_message_becomes_the_answer(world: World) -> None:
    batch = await world.asked()
    stream = world.streaming.open(batch)
    await world.grows(stream, "one ")
    await world.grows(stream, "two ")
    assert world.platform.chats["7"].keys() == {"m1"}
    await world.answers(batch, "one two three")
    assert world.platform.chats["7"] == {"m1": "one two three"}
    assert not world.platform.calls[-1].part.buttons  # type: ignore[union-attr]
    assert world.platform.most_at_once == 1


async def test_a_quick_answer_is_one_message_that_nothing_was_shown_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.live.FIRST_AFTER", 60.0)
    batch = await world.asked()
    world.streaming.open(batch).grew("quick")
    await world.answers(batch, "quick")
    assert [(call.kind, call.text) for call in world.platform.calls] == [("post", "quick")]


async def test_a_long_answer_is_shown_over_several_messages(world: World) -> None:
    batch = await world.asked(kind=ChatKind.GROUP)
    stream = world.streaming.open(batch)
    text = "".join(f"word {number:02d} " for number in range(12))
    for at in range(0, len(text), 10):
        stream.grew(text[at : at + 10])
        await world.platform.until(
            lambda end=at + 10: text[:end] == "".join(world.platform.shows())
        )
    await world.answers(batch, text)
    assert world.platform.shows() == [text[at : at + 20] for at in range(0, len(text), 20)]
    posts = [call.part for call in world.platform.calls if call.kind == "post"]
    assert [part.reply_to is not None for part in posts if part] == [True, *[False] * 4]


async def test_the_end_waits_for_the_edit_under_way_and_comes_after_it(world: World) -> None:
    batch = await world.asked()
    stream = world.streaming.open(batch)
    await world.grows(stream, "one")
    edit = Slow()
    world.platform.will(edit)
    stream.grew(" two")
    await edit.reached.wait()
    closing = asyncio.create_task(world.answers(batch, "one two three"))
    await asyncio.sleep(0)
    assert not world.platform.made("edit")[1:]
    edit.go_on.set()
    await closing
    assert world.platform.made("edit") == ["one two", "one two three"]
    assert world.platform.most_at_once == 1


async def test_after_a_flood_answer_the_answer_comes_once_and_whole(world: World) -> None:
    batch = await world.asked()
    stream = world.streaming.open(batch)
    await world.grows(stream, "one")
    world.platform.will(RateLimited(0.05))
    for word in (" two", " three", " four"):
        stream.grew(word)
    await world.platform.until(lambda: world.platform.made("edit"))
    await world.answers(batch, "one two three four")
    assert world.platform.shows() == ["one two three four"]
    assert len(world.platform.made("edit")) == 2


async def test_where_a_flood_was_lately_nothing_is_shown_live(world: World) -> None:
    for chat in ("1", "2", "3"):
        world.platform.will(RateLimited(0.01))
        with pytest.raises(RateLimited):
            await world.delivery.at_once(
                OwedPart(0, 0, 0, Address("telegram", chat), Part("a", "a"))
            )
    assert not await world.delivery.spare(HERE)
    batch = await world.asked()
    world.streaming.open(batch).grew("one")
    await world.answers(batch, "one two")
    assert world.platform.made("post", "edit")[3:] == ["one two"]


async def test_what_waits_in_a_chat_comes_before_a_live_message(world: World) -> None:
    first, second = await world.asked("a"), await world.asked("b")
    send = Slow()
    world.platform.will(send)
    await world.closing.close(first, Outcome.REPLIED, Reply("answer a"))
    await send.reached.wait()
    stream = world.streaming.open(second)
    stream.grew("answer")
    assert not await world.streaming._calls.may(_post(), second)
    send.go_on.set()
    await world.platform.until(lambda: world.platform.made("post")[1:])
    await world.answers(second, "answer b")
    assert world.platform.shows() == ["answer a", "answer b"]


async def test_after_a_crash_the_same_message_becomes_the_answer(world: World) -> None:
    batch = await world.asked()
    await world.grows(world.streaming.open(batch), "one two")
    assert await world.shown() == [("m1",)]

    world.starts()
    (again,) = await world.ledger.pending()
    batch = Batch((again,))
    await world.grows(world.streaming.open(batch), "uno")
    await world.answers(batch, "uno dos")
    assert world.platform.chats["7"] == {"m1": "uno dos"}


async def test_after_a_crash_also_a_notice_takes_the_place_of_what_was_shown(world: World) -> None:
    batch = await world.asked()
    stream = world.streaming.open(batch)
    await world.grows(stream, "a text that is longer than one message")
    world.starts()
    (again,) = await world.ledger.pending()
    await world.answers(Batch((again,)), "It failed.")
    assert world.platform.shows() == ["It failed."]


async def test_messages_of_two_rows_answered_together_each_stay_with_their_row(
    world: World,
) -> None:
    first, second = await world.asked("a"), await world.asked("b")
    await world.grows(world.streaming.open(first), "answer a")
    world.starts()
    both = Batch(await world.ledger.pending())
    await world.grows(world.streaming.open(both), "an answer to both of you")
    assert await world.shown() == [("m1",), ("m2",)]
    await world.answers(both, "both")
    assert world.platform.shows() == ["both"]
    assert second.last.seq == both.last.seq


async def test_a_withdrawn_answer_is_taken_away(world: World) -> None:
    batch = await world.asked()
    await world.grows(world.streaming.open(batch), "half an ans")
    await world.closing.withdraw(batch)
    assert world.platform.shows() == []
    assert await world.shown() == [()]
    await world.answers(batch, "another one")
    assert world.platform.made("post", "edit") == ["half an ans", "another one"]


async def test_what_could_not_be_taken_away_becomes_the_next_answer(world: World) -> None:
    batch, more = await world.asked("a"), await world.asked("b")
    await world.grows(world.streaming.open(batch), "half an ans")
    world.platform.will(Unreachable("no network"))
    await world.closing.withdraw(batch)
    assert await world.shown() == [("m1",), ()]
    await world.answers(Batch((batch.last, more.last)), "to both")
    assert world.platform.chats["7"] == {"m1": "to both"}


async def test_a_turn_that_was_stopped_knows_what_people_saw(world: World) -> None:
    batch = await world.asked()
    stream = world.streaming.open(batch)
    assert stream.words == ""
    await world.grows(stream, "one two")
    stream.voided()
    stream.pause()
    assert stream.words == "one two"
    await world.answers(batch, "one two\n\n(stopped)")
    assert world.platform.shows() == ["one two\n\n(stopped)"]


async def test_where_streaming_is_off_nothing_is_shown_before_the_answer() -> None:
    world = World(streams=False)
    batch = await world.asked()
    stream = world.streaming.open(batch)
    stream.grew("one two")
    assert stream.live.over
    await world.answers(batch, "one two three")
    assert [(call.kind, call.text) for call in world.platform.calls] == [("post", "one two three")]


async def test_a_post_without_word_is_found_again_and_becomes_the_answer(world: World) -> None:
    world.platform.can(idempotent=True)
    batch = await world.asked()
    stream = world.streaming.open(batch)
    world.platform.will(Unreachable("no word", uncertain=True))
    stream.grew("one")
    await world.platform.until(lambda: world.platform.made("post"))
    await world.answers(batch, "one two")
    assert world.platform.shows() == ["one two"]
    assert {call.key for call in world.platform.calls if call.kind == "post"} == {
        world.platform.calls[0].key
    }


async def test_a_stopping_gateway_lets_a_post_end_and_remembers_it(world: World) -> None:
    batch = await world.asked()
    post = Slow()
    world.platform.will(post)
    world.streaming.open(batch).grew("one")
    await post.reached.wait()
    draining = asyncio.create_task(world.streaming.drain(PATIENCE))
    await asyncio.sleep(0)
    post.go_on.set()
    await draining
    assert await world.shown() == [("m1",)]


async def test_a_stopping_gateway_does_not_wait_for_ever(world: World) -> None:
    batch = await world.asked()
    post = Slow()
    world.platform.will(post)
    world.streaming.open(batch).grew("one")
    await post.reached.wait()
    async with asyncio.timeout(PATIENCE):
        await world.streaming.drain(0)
    assert await world.shown() == [()]


def _post() -> Post:
    return Post(0, Part("a", "a"))


async def test_files_go_out_after_what_was_shown_has_become_the_answer(world: World) -> None:
    batch = await world.asked()
    await world.grows(world.streaming.open(batch), "I am drawing a chart of all that")

    async def content() -> AsyncIterator[bytes]:
        yield b"chart"

    await world.sessions.keep_file(batch.session, "c.png", content(), most=100)
    file = StoredFile(batch.session, "c.png", "chart.png", "image/png", 5)
    await world.answers(batch, "Here it is.", file)
    assert world.platform.shows() == ["Here it is.", "chart"]
    assert [call.kind for call in world.platform.calls][-3:] == ["edit", "remove", "upload"]


async def test_a_live_message_that_a_crash_kept_from_being_recorded_is_found_by_its_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crashes(_row: int, _messages: object) -> None: ...

    world.platform.can(idempotent=True)
    batch = await world.asked()
    with monkeypatch.context() as crash:
        crash.setattr(world.ledger, "show", crashes)
        await world.grows(world.streaming.open(batch), "one")
    world.starts()
    (again,) = await world.ledger.pending()
    assert again.shown == ()
    batch = Batch((again,))
    world.streaming.open(batch).grew("uno")
    await world.platform.until(lambda: world.platform.shows() == ["uno"])
    await world.answers(batch, "uno dos")
    assert world.platform.chats["7"] == {"m1": "uno dos"}


async def test_a_live_message_is_found_by_its_key_when_more_was_said_after_the_crash(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crashes(_row: int, _messages: object) -> None: ...

    world.platform.can(idempotent=True)
    with monkeypatch.context() as crash:
        crash.setattr(world.ledger, "show", crashes)
        await world.grows(world.streaming.open(await world.asked("a")), "one")
    world.starts()
    await world.asked("b")
    both = Batch(await world.ledger.pending())
    world.streaming.open(both).grew("to both")
    await world.platform.until(lambda: world.platform.shows() == ["to both"])
    await world.answers(both, "to both of you")
    assert world.platform.chats["7"] == {"m1": "to both of you"}


async def test_an_answer_after_one_that_was_taken_away_is_a_new_message(world: World) -> None:
    world.platform.can(idempotent=True)
    batch = await world.asked("a")
    for number in range(3):
        await world.grows(world.streaming.open(batch), f"half of {number}")
        await world.closing.withdraw(batch)
    await world.asked("b")
    both = Batch(await world.ledger.pending())
    await world.grows(world.streaming.open(both), "to both")
    await world.answers(both, "to both")
    assert world.platform.shows() == ["to both"]
    keys = [call.key for call in world.platform.calls if call.kind == "post"]
    assert len(set(keys)) == len(keys) == 4


async def test_among_several_people_edits_are_as_far_apart_as_the_platform_wants(
    world: World,
) -> None:
    world.platform.can(edit_seconds=1.0, group_edit_seconds=4.0)
    gaps = []
    for kind in (ChatKind.DIRECT, ChatKind.GROUP):
        live = world.streaming.open(await world.asked(kind, kind)).live
        live.begin(0.0)
        live.next([Part("a", "a")], 10.0)
        live.done("m1", 10.0)
        gaps.append(live.ready_at - 10.0)
    assert gaps == [1.0, 4.0]
