"""What only Slack has, through the whole gateway: threads, signs of work, one person's answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.emulators.slack import Channel, SlackEmulator
from tests.flows.bot import bots, slack_account
from tests.flows.stage import Gate, Grows, Stage, words

PATIENCE = 10.0


@asynccontextmanager
async def argent(sl: SlackEmulator, folder: Path) -> AsyncIterator[Stage]:
    async with bots(folder, {"slack": slack_account(sl)}) as stage:
        await sl.socket.connected()
        yield stage


async def eyes(sl: SlackEmulator, said: str, count: int) -> None:
    """Wait until a message has so many reactions of the bot."""

    def there() -> bool:
        return sum(ts == said for _, ts, _ in sl.methods.reactions) == count

    assert await sl.changed.until(there, PATIENCE), sl.methods.reactions


async def reads(sl: SlackEmulator, channel: Channel, texts: list[str], thread: str) -> None:
    """Wait until the bot's messages in a thread read exactly so."""
    there = await sl.changed.until(lambda: sl.shown(channel, thread) == texts, PATIENCE)
    assert there, sl.shown(channel, thread)


def buttons(channel: Channel) -> list[str]:
    """The labels of the buttons that can be pressed in a channel."""
    blocks = [block for m in channel.messages.values() for block in m.get("blocks") or ()]
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


async def test_called_into_a_thread_the_model_sees_what_began_it(tmp_path: Path) -> None:
    async with SlackEmulator() as sl, argent(sl, tmp_path) as stage:
        alice, bob, general = sl.user("Alice"), sl.user("Bob"), sl.channel("general")
        root = await bob.says("the build is red", in_=general)
        await alice.says("@argent why?", in_=general, thread=root)
        await alice.hears(in_=general, thread=root)
        (request,) = stage.model.requests
    assert "the build is red" in "\n".join(words(request))


async def test_a_message_is_marked_while_it_is_worked_on(tmp_path: Path) -> None:
    async with SlackEmulator() as sl, argent(sl, tmp_path) as stage:
        alice, gate = sl.user("Alice"), Gate()
        stage.model.will(gate)
        said = await alice.says("hello")
        await eyes(sl, said, 1)
        gate.open.set()
        await alice.hears()
        await eyes(sl, said, 0)


async def test_an_answer_grows_in_its_thread_until_somebody_stops_it(tmp_path: Path) -> None:
    async with SlackEmulator() as sl, argent(sl, tmp_path) as stage:
        alice, general, never = sl.user("Alice"), sl.channel("general"), Gate()
        stage.model.will(Grows(("One, two, three, ", never, "four")))
        root = await alice.says("@argent count", in_=general)
        await reads(sl, general, ["One, two, three,"], root)
        assert sl.methods.statuses[0] == (general.id, root, "is thinking…")
        press = await alice.presses("Stop", in_=general)
        # What was said stays, and nobody can press it again.
        assert await sl.changed.until(lambda: not buttons(general), PATIENCE)
        assert sl.shown(general, root)[0].startswith("One, two, three")
        await eyes(sl, root, 0)
        await sl.deliveries.settled()
    assert press.acked


async def test_what_one_person_asked_for_is_seen_by_that_person_alone(tmp_path: Path) -> None:
    async with SlackEmulator() as sl, argent(sl, tmp_path) as stage:
        alice, general, pause = sl.user("Alice"), sl.channel("general"), Gate()
        stage.model.will(Grows(("word " * 500, pause, "word " * 1_000)))
        await alice.runs("/argent tell me everything", in_=general)
        await pause.reached.wait()
        pause.open.set()
        await sl.changed.until(lambda: len(general.sent) == 2, PATIENCE)
    assert [sent.ephemeral for sent in general.sent] == [True, True]
    assert " ".join(sent.text for sent in general.sent).split() == ["word"] * 1_500
