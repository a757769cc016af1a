"""Somebody who does not keep up: a client that never reads, a chat that a platform holds up."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

from gateway.api.control import MOST_UNREAD, ControlServer
from gateway.api.frames import LONGEST_FRAME, line
from gateway.api.unix_socket import address
from gateway.paths import socket_file
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram.faults import Fault as Answers
from tests.emulators.telegram.faults import flood, hang, slow
from tests.emulators.telegram.people import User
from tests.faults.campaign.fault import Fault, Result, Trials, total
from tests.faults.campaign.huge import GO_ON, Teller, peak
from tests.flows.bot import bot
from tests.flows.stage import Stage

IN_TIME = 30.0
MEMORY = 2.0
"""Megabytes that each client that does not read may cost, beside the buffer that it may fill."""

_MEANWHILE = 9
_LONG = "a long answer " * 70_000
_ANSWERS = 8


@dataclass(frozen=True, slots=True)
class ChatHeldUp:
    """Each trial: a platform holds one chat's messages up, and another chat's are sent as ever."""

    name: str = "a chat that a platform holds up"
    trials: Trials = Trials(small=3, medium=12, all=60)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        kinds = ["never answers", "answers late", "asks to wait"]
        random.Random(seed).shuffle(kinds)
        results, ratios = [], []
        for number in range(trials):
            what = kinds[number % len(kinds)]
            async with TelegramEmulator() as tg, bot(tg, folder / str(number)):
                held, free = tg.user("Held"), tg.user("Free")
                usual = await _median(free)
                await held.says("hello")
                await held.hears(timeout=IN_TIME)
                tg.faults.always("sendMessage", _of(what, held.chat().id))
                await held.says("anybody there?")
                ratios.append(await _median(free) / usual)
                # Hanging calls are let go, and what is owed goes out.
                tg.faults.clear()
                try:
                    await held.hears(timeout=IN_TIME)
                    broken: tuple[str, ...] = ()
                except AssertionError as error:
                    broken = (f"a platform that {what}: {error}",)
            results.append(Result(tried=1, acknowledged=2 * _MEANWHILE + 2, broken=broken))
        told = f"others' answers took {median(ratios):.2f} times as long meanwhile (median)"
        return total(results) + Result(figures=(told,))


def _of(what: str, chat: int) -> Answers:
    match what:
        case "never answers":
            return hang(chat=chat)
        case "answers late":
            return slow(2.0, chat=chat)
        case _:
            return flood(3, chat=chat)


async def _median(user: User) -> float:
    took = []
    for number in range(_MEANWHILE):
        began = monotonic()
        await user.says(f"hello {number}")
        await user.hears(timeout=IN_TIME)
        took.append(monotonic() - began)
    return median(took)


@dataclass(frozen=True, slots=True)
class NeverReads:
    """Each trial is a client of the control socket, in a chat of which it reads nothing."""

    name: str = "clients that never read"
    trials: Trials = Trials(small=10, medium=50, all=100)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        model = Teller()
        async with _served(folder, model) as (stage, tg):
            somebody = tg.user("Somebody")
            model.text = _LONG
            usual = await _median(somebody)
            # What long answers cost by themselves is not the clients' fault.
            await _answers(stage)
            before = peak()
            clients = [await _silent(folder) for _ in range(trials)]
            await _answers(stage)
            ratio = await _median(somebody) / usual
            grown = (peak() - before) / trials
            for writer in clients:
                writer.close()
        # A frame that is written when the buffer is nearly full is in it as well.
        most = MEMORY + (MOST_UNREAD + LONGEST_FRAME) / 1e6
        broken = () if grown <= most else (f"a client that never reads costs {grown:.1f} MB",)
        told = f"each cost {grown:.1f} MB, and others' answers took {ratio:.2f} times as long"
        return Result(tried=trials, acknowledged=_ANSWERS, broken=broken, figures=(told,))


async def _answers(stage: Stage) -> None:
    for _ in range(_ANSWERS):
        await stage.says(GO_ON)
        await stage.settled()


@asynccontextmanager
async def _served(folder: Path, model: Teller) -> AsyncIterator[tuple[Stage, TelegramEmulator]]:
    async with TelegramEmulator() as tg, bot(tg, folder / "state", model=model) as stage:
        server = ControlServer(stage.gateway, folder)
        await server.start()
        try:
            yield stage, tg
        finally:
            await server.stop()


async def _silent(folder: Path) -> asyncio.StreamWriter:
    with address(socket_file(folder)) as name:
        reader, writer = await asyncio.open_unix_connection(name)
    writer.write(line({"id": 1, "do": "chat", "with": {}}))
    await reader.readline()
    # From here on what comes stays in the socket.
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return writer


FAULTS: tuple[Fault, ...] = (ChatHeldUp(), NeverReads())
