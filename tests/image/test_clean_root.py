"""A machine with Python and make, and nothing else: from the README's first command to an answer.

The steps are timed and printed. It installs from the network, so it is one of the long sweeps.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, git
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.image.roots import Clocked, as_root, build, debian, first_process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PATIENCE = 300.0
RELEASE = "trixie"
SOURCES, ARGENT = "/srv/argent", "/srv/argent/.venv/bin/argent"
KEY = "sk-of-the-newcomer"


@dataclass(frozen=True)
class Machine:
    """A root folder, and who is at its keyboard."""

    root: Path
    clocked: Clocked

    def command(self, *words: str) -> list[str]:
        return [*as_root(self.root, {}, SOURCES), *words]

    async def does(self, *words: str, types: str = "", expects: int = 0) -> str:
        """What a command said, which ended as is expected."""
        done = await asyncio.to_thread(
            subprocess.run,
            self.command(*words),
            input=types,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == expects, f"{words}: {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def secret(self, name: str, text: str) -> str:
        path = self.root / "etc" / name
        path.touch(0o600)
        path.write_text(text + "\n")
        return f"/etc/{name}"


@pytest.fixture
def machine(tmp_path: Path, shown: Callable[[Clocked], None]) -> Iterator[Machine]:
    clocked = Clocked("From a plain Debian to the first answer")
    root = tmp_path / "root"
    with clocked.step(f"debootstrap {RELEASE}"):
        debian(RELEASE, root)
    with clocked.step("apt-get install python3 make"):
        build(root, "apt-get update && apt-get install -y --no-install-recommends python3 make", {})
    git("clone", "-q", str(ROOT), str(root / SOURCES.lstrip("/")))
    yield Machine(root, clocked)
    shown(clocked)
    shutil.rmtree(root, ignore_errors=True)


@asynccontextmanager
async def running(machine: Machine) -> AsyncIterator[None]:
    command: Sequence[str] = machine.command(ARGENT, "gateway", "run")
    gateway = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert gateway.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            line = await gateway.stdout.readline()
        assert b"is running on" in line
        yield
    finally:
        os.kill(first_process(gateway.pid), signal.SIGTERM)
        code = await asyncio.wait_for(gateway.wait(), PATIENCE)
    assert code == 0


async def test_the_readme_leads_from_a_plain_machine_to_a_bot_that_answers(machine):
    with machine.clocked.step("make run: installed, and answered in the terminal"):
        said = await machine.does("make", "run", types="is anybody there?\n")
        assert "is anybody there?" in said
    with machine.clocked.step("make run again"):
        await machine.does("make", "run", types="still there?\n")
    async with TelegramEmulator() as telegram, emulated_model() as llm:
        alice = telegram.user("Alice")
        with machine.clocked.step("argent setup --non-interactive"):
            await machine.does(
                ARGENT, "setup", "--non-interactive",
                "--channel", "telegram", "--owner", str(alice.id),
                "--token-file", machine.secret("token", telegram.token),
                "--model", "openai:test-model", "--key-file", machine.secret("key", KEY),
                "--set", f"channels.telegram.api_root={telegram.url}",
                "--set", f"models.openai.base_url={llm.url}",
            )  # fmt: skip
        with machine.clocked.step("argent doctor"):
            await machine.does(ARGENT, "doctor")
        with machine.clocked.step("argent gateway run: ready"):
            gateway = running(machine)
            await gateway.__aenter__()
        try:
            with machine.clocked.step("the first answer on Telegram"):
                await alice.says("hello")
                (answer,) = await alice.hears()
                assert "hello" in answer.text
            with machine.clocked.step("argent status"):
                assert "running" in await machine.does(ARGENT, "status")
        finally:
            await gateway.__aexit__(None, None, None)
    await the_service_is_sound(machine)


async def the_service_is_sound(machine: Machine) -> None:
    """The unit for this installation, looked at by the systemd of that very machine."""
    with machine.clocked.step("apt-get install systemd"):
        command = "apt-get install -y --no-install-recommends systemd"
        await asyncio.to_thread(build, machine.root, command, {})
    with machine.clocked.step("argent service install --print, systemd-analyze verify"):
        unit = await machine.does(ARGENT, "service", "install", "--system", "--print")
        (machine.root / "etc/systemd/system/argent.service").write_text(unit)
        said = await machine.does("systemd-analyze", "verify", "argent.service")
        assert "argent.service" not in said, said


@asynccontextmanager
async def emulated_model() -> AsyncIterator[OpenAIEmulator]:
    emulator = await OpenAIEmulator().start()
    emulator.key = KEY
    try:
        yield emulator
    finally:
        await emulator.stop()
