"""The processes of a measurement, each begun fresh and ended with it."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.emulators.driver import Driver
from tests.emulators.process import CONTROLS, account

ROOT = Path(__file__).parents[2]
ARGENT = (sys.executable, "-m", "gateway.cli.main")
_STOP_SECONDS = 40.0
_START_SECONDS = 20.0
_TRACE = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,syncfs", "-o")

_FLOORS = {
    "telegram": ("tests.benchmarks.echo_bot", "url", "token"),
    "discord": ("tests.benchmarks.echo_discord", "token", "url", "gateway_url"),
    "slack": ("tests.benchmarks.echo_slack", "token", "app_token", "api_root"),
}
"""The bare bot of each platform, and what it has to be told."""

_CONNECTED = {"discord": "identified", "slack": "open"}
"""What an emulator counts when a bot is connected. A Telegram bot only asks."""

_LOOK_EVERY = 0.005
_CONFIG = """
[agents.defaults]
model = "openai:test"
[agents.defaults.session]
# Every message has an answer of its own, as from the floor.
queue = "followup"
[models.openai]
base_url = "{model}/v1"
api_key = "sk-bench"
[limits]
# A thousand messages are the measure, not a flood.
sender_turns = 0
group_turns = 0
[channels.bot]
dm_policy = "open"
"""


@dataclass(frozen=True)
class Bench:
    """A bot under measurement, the platform it is on, and the model that it asks (if it does)."""

    pid: int
    people: Driver
    model: str | None
    connected: float
    """Seconds from the start of the process until it heard the platform (its first getUpdates)."""
    patience: float = 120.0
    """Seconds to wait for answers before they count as missing."""

    async def model_seconds(self) -> Sequence[float]:
        """How long the model took for each of its answers."""
        if self.model is None:
            return ()
        async with aiohttp.ClientSession() as http, http.get(f"{self.model}/seconds") as answer:
            seconds: Sequence[float] = await answer.json()
            return seconds


@asynccontextmanager
async def argent(
    folder: Path,
    platform: str = "telegram",
    *,
    state: Path | None = None,
    trace: Path | None = None,
    thinks: float = 0.0,
) -> AsyncIterator[Bench]:
    """A gateway on one platform, with `state` or a fresh state folder below `folder`.

    Its model `thinks` for so many seconds about everything.
    """
    async with AsyncExitStack() as stack:
        told, people = await stack.enter_async_context(_platform(platform, folder))
        model = await stack.enter_async_context(
            server("tests.benchmarks.model", folder, "--delay", str(thinks))
        )
        state = state or Path(tempfile.mkdtemp(prefix="state-", dir=folder))
        settings = _CONFIG.format(model=model["url"])
        settings += "".join(
            f"{name} = {json.dumps(value)}\n" for name, value in account(platform, told).items()
        )
        (state / "argent.toml").write_text(settings)
        command = [*ARGENT, "gateway", "run"]
        if trace is not None:
            command = [*_TRACE, str(trace), *command]
        environ = {"ARGENT_STATE_DIR": str(state), "XDG_RUNTIME_DIR": str(folder)}
        bot = stack.enter_context(_Process(command, folder, **environ))
        yield Bench(bot.pid, people, model["url"], await _connected(platform, bot, people))


@asynccontextmanager
async def echo_bot(folder: Path, platform: str = "telegram") -> AsyncIterator[Bench]:
    """The floor."""
    async with AsyncExitStack() as stack:
        told, people = await stack.enter_async_context(_platform(platform, folder))
        module, *facts = _FLOORS[platform]
        command = [sys.executable, "-m", module, *(told[fact] for fact in facts)]
        bot = stack.enter_context(_Process(command, folder))
        yield Bench(bot.pid, people, None, await _connected(platform, bot, people))


def can_trace(folder: Path) -> bool:
    """Whether strace is there and may look into a process."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*_TRACE, folder / "nothing", "true"], check=False).returncode == 0


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What measured processes see: nothing of ours that would change what they do."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {"HOME": str(folder), "PYTHONPATH": str(ROOT)} | more


async def seconds_of(folder: Path, state: Path, *arguments: str) -> float:
    """How long whoever gives a command waits for its end."""
    environ = environment(folder, ARGENT_STATE_DIR=str(state), XDG_RUNTIME_DIR=str(folder))
    began = time.perf_counter()
    await asyncio.to_thread(
        subprocess.run,
        [*ARGENT, *arguments],
        check=True,
        cwd=folder,
        env=environ,
        capture_output=True,
    )
    return time.perf_counter() - began


async def _connected(platform: str, bot: "_Process", people: Driver) -> float:
    try:
        if platform == "telegram":
            asked = {"method": "getUpdates", "count": 1, "timeout": _START_SECONDS}
            return float((await people.call("called", **asked))["at"]) - bot.began
        async with asyncio.timeout(_START_SECONDS):
            while not (await people.counters())[_CONNECTED[platform]]:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY)
        return time.monotonic() - bot.began
    except (RuntimeError, TimeoutError) as error:
        raise RuntimeError(f"the bot does not connect:\n{bot.log.read_text()}") from error


@asynccontextmanager
async def _platform(name: str, folder: Path) -> AsyncIterator[tuple[dict[str, Any], Driver]]:
    async with (
        server(f"tests.emulators.{name}", folder) as told,
        CONTROLS[name](told["url"]) as people,
    ):
        yield told, people


@asynccontextmanager
async def server(module: str, folder: Path, *told: str) -> AsyncIterator[dict[str, Any]]:
    """A server of ours, once it has said in its first line where it listens."""
    with _Process([sys.executable, "-m", module, *told], folder) as server:
        yield orjson.loads(await asyncio.to_thread(server.first_line))


class _Process:
    """A process, ended with its block; what it says on standard error is kept in a file."""

    def __init__(self, command: Sequence[str], folder: Path, **environ: str) -> None:
        number, name = tempfile.mkstemp(prefix="log-", dir=folder)
        self.log = Path(name)
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder, **environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=number,
        )
        os.close(number)
        self.pid = self._process.pid

    def first_line(self) -> bytes:
        return self._process.stdout.readline()

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
