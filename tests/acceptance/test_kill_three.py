"""kill -9 at any moment of a gateway that serves three platforms at once."""

import logging
import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.checker import Record, faults
from tests.acceptance.crowd import Crowd
from tests.acceptance.gateway_process import WorldOfThree, world_of_three
from tests.acceptance.test_kill import SETTINGS
from tests.acceptance.towns import DiscordTown, SlackTown, TelegramTown
from tests.emulators.telegram import slow_answer

pytestmark = pytest.mark.acceptance

CHATS = 20
"""On each platform."""

MODEL_LATENCY = 0.2
PLATFORM_LATENCY = 0.05
ANY_MOMENT = range(400)
ONCE = ("discord:",)
"""A nonce that Discord has seen is not shown again; Telegram has none, and Slack is looked up."""


PAUSE = 0.2
"""Between two pieces of an answer that people see growing."""

LONG = "{word} and then bit by bit, word for word, until the very end"


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


async def day(
    folder: Path,
    *,
    kills: int,
    told_again: bool,
    settings: tuple[str, ...] = (),
    silence: float = 20.0,
    pause: float = 0.0,
    phrase: str = "tell me {word}",
    seed: int | None = None,
) -> Record:
    """Everybody talks while the gateway is killed; what is left is answered, and it is stopped.

    `told_again`: Slack repeats an event that was not acknowledged. If not, only its history has it.
    `ARGENT_TEST_SEED` repeats the choices of an earlier day, as far as choices made it.
    """
    if seed is None:
        seed = int(os.environ.get("ARGENT_TEST_SEED", random.randrange(10**6)))
        print(f"ARGENT_TEST_SEED={seed}")
    async with world_of_three(
        folder, latency=MODEL_LATENCY, pause=pause, settings=[*SETTINGS, *settings]
    ) as there:
        _slow_down(there)
        if not told_again:
            there.slack.deliveries.retries = ()
        discord = DiscordTown(there.discord)
        towns = [TelegramTown(there.telegram), discord, SlackTown(there.slack)]
        crowd = Crowd(there.gateway, towns, random.Random(seed), phrase=phrase)
        await there.gateway.start()
        # What was said before a bot was there for the first time is not for it.
        await there.gateway.logged("connected", len(towns))
        async with crowd.talking(CHATS):
            # Discord lists no private chats: one that begins while nobody listens is not found.
            await crowd.met(discord, CHATS)
            for _ in range(kills):
                await crowd.kill(ANY_MOMENT)
                there.model.asked.clear()
        await there.gateway.ready()
        await crowd.quiet(silence)
        assert await there.gateway.terminate() == 0, there.gateway.tail()
        record = replace(crowd.record(), once=ONCE)
        caught_up = there.gateway.times("caught_up")
        edits = _edits(there)
    print(
        f"{kills} kills, {len(record.said)} messages, {len(record.sent)} answers, "
        f"{record.counts.repeated} perhaps repeated, {caught_up} rooms caught up, {edits} edits"
    )
    assert not pause or min(edits.values()) > CHATS, "hardly an answer was seen growing"
    return record


def _slow_down(there: WorldOfThree) -> None:
    """An answer that is on its way when a kill comes."""
    late = slow_answer(PLATFORM_LATENCY)
    for call in ("sendMessage", "editMessageText"):
        there.telegram.faults.always(call, late)
    for call in ("create_message", "edit_message"):
        there.discord.faults.always(call, late)
    for call in ("chat.postMessage", "chat.update"):
        there.slack.faults.always(call, late)


def _edits(there: WorldOfThree) -> dict[str, int]:
    """How often the bot's messages were edited on each platform."""
    channels = there.discord.world.channels.values()
    return {
        "telegram": len(there.telegram.edits),
        "discord": sum(len(channel.edits) for channel in channels),
        "slack": len(there.slack.edits),
    }


def said_on(record: Record) -> Counter[str]:
    """How much was said on each platform."""
    return Counter(line.chat.partition(":")[0] for line in record.said)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("told_again", [True, False])
async def test_nothing_is_lost_on_any_platform_however_often_the_gateway_is_killed(
    tmp_path: Path, told_again: bool
) -> None:
    record = await day(tmp_path, kills=6, told_again=told_again)
    assert min(said_on(record).values()) > 3 * CHATS, "there was hardly any load"
    assert faults(record) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("told_again", [True, False])
async def test_growing_answers_end_whole_in_fifty_kills(tmp_path: Path, told_again: bool) -> None:
    record = await day(tmp_path, kills=50, told_again=told_again, pause=PAUSE, phrase=LONG)
    assert faults(record) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("told_again", [True, False])
async def test_nothing_is_lost_on_any_platform_in_a_hundred_kills(
    tmp_path: Path, told_again: bool
) -> None:
    record = await day(tmp_path, kills=100, told_again=told_again)
    assert min(said_on(record).values()) > 20 * CHATS, "there was hardly any load"
    assert faults(record) == []
