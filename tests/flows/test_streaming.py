"""Answers that people see growing, on each platform, and that end as exactly the final text."""

import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.errors import Overloaded
from channels.channel import Condition
from gateway.notices import notice
from tests.emulators.discord import DiscordEmulator
from tests.emulators.discord import faults as discord_faults
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack import faults as slack_faults
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram import faults as telegram_faults
from tests.emulators.telegram.signal import Signal
from tests.flows.bot import bots, discord_account, slack_account, telegram_account
from tests.flows.stage import Gate, Grows, Stage
from tests.flows.test_hostile_text import long_answer
from tests.flows.test_three_platforms import until

PATIENCE = 30.0


@dataclass(frozen=True)
class Party:
    """A platform with somebody in a private chat with the bot.

    `sees` are the bot's messages in the chat, by id, as they read now; `flood` lets the next edits
    be answered with 429; `posted` counts the messages that the bot has ever sent there.
    """

    kind: str
    changed: Signal
    account: Callable[..., dict[str, Any]]
    says: Callable[[str], Coroutine[Any, Any, Any]]
    presses: Callable[[str], Coroutine[Any, Any, Any]]
    sees: Callable[[], dict[str, str]]
    flood: Callable[[int], None]
    posted: Callable[[], int]

    @asynccontextmanager
    async def argent(self, folder: Path, **account: Any) -> AsyncIterator[Stage]:
        async with bots(folder, {self.kind: self.account(**account)}) as stage:
            await until(stage, self.kind, Condition.HEALTHY)
            yield stage

    async def shows(self, text: str) -> None:
        """Wait until people can read this."""
        assert await self.changed.until(
            lambda: text in "\n".join(self.sees().values()), PATIENCE
        ), f"nobody reads {text!r}: {self.sees()}"

    async def shows_more(self, than: int) -> int:
        """Wait until there are more messages than so many; returns how many."""
        assert await self.changed.until(lambda: len(self.sees()) > than, PATIENCE)
        return len(self.sees())


@asynccontextmanager
async def on_telegram() -> AsyncIterator[Party]:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")

        async def presses(label: str) -> None:
            await alice.presses(label, message=alice.sees()[-1]["message_id"])

        yield Party(
            kind="telegram",
            changed=tg.changed,
            account=lambda **more: telegram_account(tg, **more),
            says=alice.says,
            presses=presses,
            sees=lambda: {str(m["message_id"]): m["text"] for m in alice.sees()},
            flood=lambda n: tg.faults.next(
                "editMessageText", *[telegram_faults.flood(1, chat=alice.chat())] * n
            ),
            posted=lambda: len(alice.chat().sent),
        )


@asynccontextmanager
async def on_discord() -> AsyncIterator[Party]:
    async with DiscordEmulator() as dc:
        alice = dc.user("Alice")
        yield Party(
            kind="discord",
            changed=dc.changed,
            account=lambda **more: discord_account(dc, **more),
            says=alice.says,
            presses=alice.presses,
            sees=lambda: {m["id"]: m["content"] for m in alice.sees()},
            flood=lambda n: dc.faults.next("edit_message", *[discord_faults.flood(0.5)] * n),
            posted=lambda: len(alice.chat().sent),
        )


@asynccontextmanager
async def on_slack() -> AsyncIterator[Party]:
    async with SlackEmulator() as sl:
        alice = sl.user("Alice")
        room = alice.chat()
        yield Party(
            kind="slack",
            changed=sl.changed,
            account=lambda **more: slack_account(sl, **more),
            says=alice.says,
            presses=alice.presses,
            sees=lambda: dict(enumerate(sl.shown(room))),  # type: ignore[arg-type]
            flood=lambda n: sl.faults.next("chat.update", *[slack_faults.flood(1)] * n),
            posted=lambda: len(room.sent),
        )


PLATFORMS = pytest.mark.parametrize("platform", [on_telegram, on_discord, on_slack])


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds for people takes less here."""
    monkeypatch.setattr("gateway.live.FIRST_AFTER", 0.05)
    monkeypatch.setattr("gateway.streaming._spacing", lambda *_: 0.05)


@PLATFORMS
async def test_a_quick_answer_is_sent_once(platform: Any, tmp_path: Path) -> None:
    async with platform() as there, there.argent(tmp_path) as argent:
        await there.says("hello")
        await there.shows("echo: hello")
        await argent.settled()
        assert list(there.sees().values()) == ["echo: hello"]
        assert there.posted() == 1


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_an_answer_is_one_message_that_grows(platform: Any, tmp_path: Path) -> None:
    first, second = Gate(), Gate()
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(Grows(("one two", first, " three **fo", second, "ur** five")))
        await there.says("count")
        await there.shows("one two")
        first.open.set()
        await there.shows("three")
        second.open.set()
        await there.shows("five")
        await argent.settled()
        assert there.posted() == 1
        (words,) = there.sees().values()
        assert re.findall(r"\w+", words) == ["one", "two", "three", "four", "five"]
        with pytest.raises(AssertionError):
            await there.presses("Stop")


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_after_a_flood_answer_there_is_one_final_message_whole(
    platform: Any, tmp_path: Path
) -> None:
    gates = [Gate() for _ in range(3)]
    answer = Grows(("one", gates[0], " two", gates[1], " three", gates[2], " four"))
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(answer)
        await there.says("count")
        await there.shows("one")
        there.flood(2)
        for gate in gates:
            gate.open.set()
        await there.shows("one two three four")
        await argent.settled()
        assert list(there.sees().values()) == [answer.text]
        assert there.posted() == 1
        assert (await argent.ledger.counts()).outcomes == {"replied": 1}


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_a_very_long_answer_grows_over_many_messages_and_ends_whole(
    platform: Any, tmp_path: Path
) -> None:
    text, words = long_answer()
    halves = [text[at : at + 5000] for at in range(0, len(text), 5000)]
    gates = [Gate() for _ in halves]
    pieces = [piece for both in zip(halves, gates, strict=True) for piece in both]
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(Grows(tuple(pieces)))
        await there.says("tell me everything")
        seen = 0
        for gate in gates[:2]:
            seen = await there.shows_more(seen)
            gate.open.set()
        for gate in gates[2:]:
            gate.open.set()
        await there.shows(words[-1])
        await argent.settled()
        shown = list(there.sees().values())
        assert re.findall(r"\bw\d+\b", "\n".join(shown)) == words
        assert all(each.count("```") % 2 == 0 for each in shown), "a fence that does not end"
        assert (await argent.ledger.counts()).failed_parts == 0


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_stop_in_the_middle_leaves_what_was_seen_and_says_so(
    platform: Any, tmp_path: Path
) -> None:
    gate = Gate()
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(Grows(("one two", gate, " three")))
        await there.says("count")
        await there.shows("one two")
        await there.presses("Stop")
        await there.shows(notice("stopped"))
        await argent.settled()
        assert there.posted() <= 2
        first = next(iter(there.sees().values()))
        assert first.startswith("one two")
        assert "three" not in "".join(there.sees().values())
        assert (await argent.ledger.counts()).outcomes["declined"] == 1


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_after_a_crash_in_the_middle_the_same_message_becomes_the_answer(
    platform: Any, tmp_path: Path
) -> None:
    async with platform() as there:
        async with there.argent(tmp_path) as argent:
            argent.model.will(Grows(("one two", Gate())))
            await there.says("count")
            await there.shows("one two")
            await argent.stop(0)
            (left,) = await argent.ledger.pending()
            assert len(left.shown) == 1
        async with there.argent(tmp_path) as argent:
            await there.shows("echo: count")
            await argent.settled()
            assert list(there.sees().values()) == ["echo: count"]
            assert there.posted() == 1


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_where_streaming_is_off_an_answer_comes_when_it_is_whole(
    platform: Any, tmp_path: Path
) -> None:
    gate = Gate()
    async with platform() as there, there.argent(tmp_path, streaming=False) as argent:
        argent.model.will(Grows(("one two", gate, " three")))
        await there.says("count")
        await gate.reached.wait()
        gate.open.set()
        await there.shows("one two three")
        await argent.settled()
        assert there.posted() == 1


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_an_answer_that_is_given_up_for_what_was_said_since_goes(
    platform: Any, tmp_path: Path
) -> None:
    settings = {"agents": {"defaults": {"session": {"queue": "interrupt"}}}}
    async with (
        platform() as there,
        bots(tmp_path, {there.kind: there.account()}, settings=settings) as argent,
    ):
        await until(argent, there.kind, Condition.HEALTHY)
        argent.model.will(Grows(("one two", Gate())))
        await there.says("count")
        await there.shows("one two")
        await there.says("in French, please")
        await there.shows("in French, please")
        await argent.settled()
        (answer,) = there.sees().values()
        assert answer.startswith("echo: count")


@PLATFORMS
@pytest.mark.usefixtures("_soon")
async def test_a_turn_that_fails_in_the_middle_leaves_its_notice_and_no_half_answer(
    platform: Any, tmp_path: Path
) -> None:
    gate = Gate()
    async with platform() as there, there.argent(tmp_path) as argent:
        argent.model.will(Grows(("one two", gate, Overloaded("529"))))
        await there.says("count")
        await there.shows("one two")
        gate.open.set()
        await there.shows(notice("overloaded"))
        await argent.settled()
        assert list(there.sees().values()) == [notice("overloaded")]
        assert there.posted() == 1
