"""kill -9 at any moment, under load: nothing is lost, crossed, reordered or silently repeated."""

import logging
import os
import random
from pathlib import Path

import pytest

from tests.acceptance.checker import Record, faults
from tests.acceptance.crowd import Crowd
from tests.acceptance.gateway_process import GATEWAY, world
from tests.acceptance.towns import TelegramTown
from tests.emulators.telegram import slow_answer

pytestmark = pytest.mark.acceptance

CHATS = 200
MODEL_LATENCY = 0.3
TELEGRAM_LATENCY = 0.05
SETTINGS = [
    # A small context is compacted all the time, which is one thing more to be killed in.
    "agents.defaults.session.max_context_tokens=1000",
    # Tools take room beside what is said.
    "agents.defaults.tools=current_time",
    # A crowd says more in a minute than people do.
    "limits.sender_turns=0",
    "limits.group_turns=0",
]
ANY_MOMENT = range(500)
"""Up to how many calls of the gateway a life lasts, drawn anew for each."""

AT_WORK = range(150, 300)


@pytest.fixture(autouse=True)
def _quiet_emulators(caplog: pytest.LogCaptureFixture) -> None:
    """That a client goes away in the middle of a call is what these tests are about."""
    caplog.set_level(logging.CRITICAL, "aiohttp.server")


async def day(
    folder: Path,
    *,
    kills: int,
    chats: int = CHATS,
    life: range = ANY_MOMENT,
    program: tuple[str, ...] = GATEWAY,
    silence: float = 20.0,
) -> Record:
    """Everybody talks while the gateway is killed; what is left is answered, and it is stopped.

    `ARGENT_TEST_SEED` repeats the choices of an earlier day, as far as choices made it.
    """
    seed = int(os.environ.get("ARGENT_TEST_SEED", random.randrange(10**6)))
    print(f"ARGENT_TEST_SEED={seed}")
    async with world(folder, latency=MODEL_LATENCY, settings=SETTINGS, program=program) as there:
        there.telegram.faults.always("sendMessage", slow_answer(TELEGRAM_LATENCY))
        crowd = Crowd(there.gateway, [TelegramTown(there.telegram)], random.Random(seed))
        await there.gateway.spawn()
        async with crowd.talking(chats):
            for _ in range(kills):
                await crowd.kill(life)
                there.model.asked.clear()
        await there.gateway.ready()
        await crowd.quiet(silence)
        assert await there.gateway.terminate() == 0, there.gateway.tail()
        record = crowd.record()
    print(
        f"{kills} kills, {len(record.said)} messages, {len(record.sent)} answers, "
        f"{record.counts.repeated} perhaps repeated"
    )
    return record


@pytest.mark.timeout(240)
async def test_nothing_is_lost_however_often_the_gateway_is_killed(tmp_path: Path) -> None:
    record = await day(tmp_path, kills=6)
    assert len(record.said) > CHATS, "there was hardly any load"
    assert faults(record) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_nothing_is_lost_in_a_week_of_kills(tmp_path: Path) -> None:
    record = await day(tmp_path, kills=300)
    assert len(record.said) > 50 * CHATS, "there was hardly any load"
    assert faults(record) == []


MOST_DAYS = 8


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        ("acknowledges-first", "lost"),
        pytest.param("knows-nothing-again", "repeated", marks=pytest.mark.slow),
        pytest.param("notes-no-attempt", "silent", marks=pytest.mark.slow),
    ],
)
async def test_a_gateway_that_breaks_a_promise_is_found_out(
    tmp_path: Path, variant: str, kind: str
) -> None:
    program = ("tests.acceptance.variants", variant)
    found: set[str] = set()
    # A kill shows only what it hits; a promise that is kept is kept on every day.
    for number in range(MOST_DAYS):
        folder = tmp_path / str(number)
        folder.mkdir()
        record = await day(
            folder, kills=3, chats=60, life=AT_WORK, program=program, silence=3 * MODEL_LATENCY
        )
        found |= {fault.partition(":")[0] for fault in faults(record)}
        if kind in found:
            return
    raise AssertionError(f"{variant} was not found out: {found or 'nothing'}")
