"""Settings that are written again and again, good ones and bad ones, while everybody talks."""

import asyncio
import random
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from tests.acceptance.crowd import Crowd
from tests.acceptance.gateway_process import GatewayProcess, world_of_three
from tests.acceptance.towns import DiscordTown, SlackTown, TelegramTown, Town
from tests.faults.campaign.fault import Fault, Result, Trials

_CHATS = 6
_SILENCE = 20.0
_PAUSE = 0.1
_SETTINGS = ("limits.sender_turns=0", "limits.group_turns=0", "gateway.watch_config=false")
_WRITTEN = (
    "\n[agents.defaults]\nmodel =",
    '\n[agents.defaults]\nsystem_prompt = "Be brief."\nmodel =',
    "\n[agents.defaults]\nmodle =",
    '\n[agents.defaults]\nsystem_prompt = "Be kind."\nmax_steps = 9\nmodel =',
    "\n[agents.defaults\nmodel =",
)
"""What the first section of the settings becomes: the third and the fifth are wrong."""


@dataclass(frozen=True)
class ReloadStorm:
    """Each trial is a hang-up signal; now and then two come at once."""

    name: str = "a storm of reloads"
    trials: Trials = Trials(small=20, medium=200, all=2_000)

    async def run(self, seed: int, trials: int, folder: Path) -> Result:
        rng = random.Random(seed)
        async with world_of_three(folder, settings=_SETTINGS) as there:
            discord = DiscordTown(there.discord)
            towns: list[Town] = [TelegramTown(there.telegram), discord, SlackTown(there.slack)]
            crowd = Crowd(there.gateway, towns, rng)
            await there.gateway.start()
            await there.gateway.logged("connected", len(towns))
            async with crowd.talking(_CHATS):
                await crowd.met(discord, _CHATS)
                await _storm(there.gateway, trials, rng)
            await crowd.quiet(_SILENCE)
            assert await there.gateway.terminate() == 0, there.gateway.tail()
            taken = there.gateway.times("settings_read")
            refused = there.gateway.times("settings_refused")
            judged = Result.of(crowd.record(), trial=f"{trials} reloads")
        told = f"settings were taken up {taken} times, and refused {refused} times"
        return replace(judged, tried=trials, figures=(told,))


async def _storm(gateway: GatewayProcess, reloads: int, rng: random.Random) -> None:
    path = gateway.state / "argent.toml"
    first = path.read_text()
    for number in range(reloads):
        text = _WRITTEN[number % len(_WRITTEN)]
        path.write_text(first.replace(_WRITTEN[0], text))
        gateway.signal(signal.SIGHUP)
        if rng.random() < 1 / 2:
            await asyncio.sleep(rng.uniform(0, _PAUSE))
    path.write_text(first)


FAULTS: tuple[Fault, ...] = (ReloadStorm(),)
