"""The processes of a measurement, each begun fresh and ended with it."""

import asyncio
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

from tests.emulators.telegram import TelegramControl

ROOT = Path(__file__).parents[2]
ARGENT = (sys.executable, "-m", "gateway.cli.main")
_STOP_SECONDS = 40.0
_START_SECONDS = 20.0
_TRACE = ("strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,syncfs", "-o")

_CONFIG = """
[agents.defaults]
model = "openai:test"
[models.openai]
base_url = "{model}/v1"
api_key = "sk-bench"
[channels.telegram]
api_root = "{url}"
token = "{token}"
dm_policy = "open"
"""


@dataclass(frozen=True)
class Bench:
    """A bot under measurement, the Telegram it is on, and the model that it asks (if it does)."""

    pid: int
    telegram: TelegramControl
    model: str | None
    first_poll: float
    """Seconds from the start of the process to its first getUpdates."""
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
async def argent(folder: Path, *, trace: Path | None = None) -> AsyncIterator[Bench]:
    """A gateway that polls, with a fresh state folder below `folder`."""
    async with AsyncExitStack() as stack:
        told, telegram = await stack.enter_async_context(_telegram(folder))
        model = await stack.enter_async_context(_server("tests.benchmarks.model", folder))
        state = Path(tempfile.mkdtemp(prefix="state-", dir=folder))
        settings = _CONFIG.format(model=model["url"], **told)
        (state / "argent.toml").write_text(settings)
        command = [*ARGENT, "gateway", "run"]
        if trace is not None:
            command = [*_TRACE, str(trace), *command]
        bot = stack.enter_context(_Process(command, folder, ARGENT_STATE_DIR=str(state)))
        yield Bench(bot.pid, telegram, model["url"], await _first_poll(bot, telegram))


@asynccontextmanager
async def echo_bot(folder: Path) -> AsyncIterator[Bench]:
    """The floor."""
    async with AsyncExitStack() as stack:
        told, telegram = await stack.enter_async_context(_telegram(folder))
        command = [sys.executable, "-m", "tests.benchmarks.echo_bot", told["url"], told["token"]]
        bot = stack.enter_context(_Process(command, folder))
        yield Bench(bot.pid, telegram, None, await _first_poll(bot, telegram))


def can_trace(folder: Path) -> bool:
    """Whether strace is there and may look into a process."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*_TRACE, folder / "nothing", "true"], check=False).returncode == 0


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What measured processes see: nothing of ours that would change what they do."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {"HOME": str(folder), "PYTHONPATH": str(ROOT)} | more


async def _first_poll(bot: "_Process", telegram: TelegramControl) -> float:
    asked = {"method": "getUpdates", "count": 1, "timeout": _START_SECONDS}
    try:
        called = await telegram.call("called", **asked)
    except RuntimeError as error:
        raise RuntimeError(f"the bot does not poll:\n{bot.log.read_text()}") from error
    return float(called["at"]) - bot.began


@asynccontextmanager
async def _telegram(folder: Path) -> AsyncIterator[tuple[dict[str, Any], TelegramControl]]:
    async with (
        _server("tests.emulators.telegram", folder) as told,
        TelegramControl(told["url"]) as control,
    ):
        yield told, control


@asynccontextmanager
async def _server(module: str, folder: Path) -> AsyncIterator[dict[str, Any]]:
    """A server of ours, once it has said in its first line where it listens."""
    with _Process([sys.executable, "-m", module], folder) as server:
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
