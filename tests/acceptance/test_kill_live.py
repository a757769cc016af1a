"""kill -9 while answers grow on three platforms: the same messages become the answers."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.gateway_process import world_of_three
from tests.emulators.llm import Says, Trickles

pytestmark = pytest.mark.acceptance

PATIENCE = 30.0
STORY = Trickles(2000.0, Says(" ".join(f"w{number}" for number in range(2000))))


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - bounded by the timeout
            await asyncio.sleep(0)


async def test_answers_that_were_growing_when_the_gateway_was_killed_become_whole(
    tmp_path: Path,
) -> None:
    async with world_of_three(tmp_path) as there:
        telegram, discord = there.telegram.user("Alice"), there.discord.user("Alice")
        slack = there.slack.user("Alice")
        people = (telegram, discord, slack)
        sees: tuple[Callable[[], list[str]], ...] = (
            lambda: [str(message["text"]) for message in telegram.sees()],
            lambda: [str(message["content"]) for message in discord.sees()],
            lambda: there.slack.shown(slack.chat()),
        )
        there.model.answers(STORY, STORY, STORY)
        await there.gateway.start()
        await there.gateway.logged("connected", 3)
        for alice in people:
            await alice.says("tell me everything")
        await until(lambda: all(read() for read in sees))
        begun = [read() for read in sees]
        # A second call for an answer is made when the first one is on disk.
        await until(lambda: all(read() != first for read, first in zip(sees, begun, strict=True)))
        await there.gateway.kill()

        await there.gateway.start()
        await until(lambda: all(read() == ["tell me everything"] for read in sees))
        await there.gateway.settled()
        assert [read() for read in sees] == [["tell me everything"]] * 3
        assert await there.gateway.terminate() == 0
