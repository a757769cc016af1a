"""An installation with emulated platforms and a model, to be harmed and looked at by the doctor."""

import asyncio
import json
import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway import __version__
from gateway.api.frames import done, line, parse
from gateway.cli.main import _run
from state.files.lock import FileLock
from tests.emulators.discord import DiscordEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import discord_account, slack_account, telegram_account

Json = dict[str, Any]

OF_THIS_MACHINE = frozenset({"disk-full", "disk-nearly-full", "disk-volatile", "disk-network"})
"""What may be found where the tests run, and is no fault of theirs."""

HEALTHY: Json = {
    "gateway": {"version": __version__, "storage_problem": None, "mcp": [], "models_resting": {}},
    "channels": [{"account": "telegram", "condition": "healthy", "detail": None}],
    "counts": {"owed": 0},
}
"""What a running gateway says of itself when all is well, as far as the doctor listens."""


@dataclass
class Diagnosis:
    """What the doctor said."""

    code: int
    data: Json

    @property
    def found(self) -> set[str]:
        """The codes of what is wrong; notes are not."""
        wrong = (f for f in self.data["findings"] if f["level"] != "note")
        return {finding["code"] for finding in wrong} - OF_THIS_MACHINE

    def finding(self, code: str) -> Json:
        """The finding of a code."""
        (finding,) = (f for f in self.data["findings"] if f["code"] == code)
        return dict(finding)


@dataclass
class Platforms:
    """What is around an installation."""

    telegram: TelegramEmulator
    discord: DiscordEmulator
    slack: SlackEmulator
    model: OpenAIEmulator


@dataclass
class Patient:
    """An installation in `home`; its state folder is `state`, its settings lie beside it."""

    home: Path
    around: Platforms
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    sections: dict[str, Json] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def config(self) -> Path:
        return self.home / "argent.toml"

    def configure(self, **sections: Json) -> None:
        """Write the settings, with these sections (``channels__telegram``) in place of others."""
        self.sections |= {name.replace("__", "."): values for name, values in sections.items()}
        self.config.touch(mode=0o600)
        self.config.write_text(
            "\n".join(
                f"[{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items())
                for name, values in self.sections.items()
            )
        )

    def account(self, kind: str, **settings: Any) -> None:
        """Set something of an account."""
        name = f"channels.{kind}"
        self.sections[name] = self.sections[name] | settings
        self.configure()

    async def argent(self, *arguments: str) -> tuple[int, Json]:
        """A command, as it is typed, with the code that it exits with and its answer's data."""
        given = ["--state-dir", str(self.state), "--config", str(self.config), "--json", *arguments]

        def run() -> int:
            try:
                return _run(given)
            except SystemExit as ended:
                return int(ended.code or 0)

        code = await asyncio.to_thread(run)
        printed = self.capsys.readouterr()
        envelope = json.loads(printed.out)
        assert envelope["ok"], envelope
        return code, envelope["data"]

    async def examined(self, *arguments: str) -> Diagnosis:
        """What the doctor says."""
        return Diagnosis(*await self.argent("doctor", *arguments))

    @contextmanager
    def gateway(self, *, answers: bool = True, **status: Any) -> Iterator[None]:
        """Something that owns the folder and says that it is a gateway, or hangs."""
        said = HEALTHY | status
        lock = FileLock.take(self.state / "gateway.lock", f"{os.getpid()}\n")
        assert lock is not None
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.state / "control.sock"))
            (self.state / "control.sock").chmod(0o600)
            listening.listen()
            thread = threading.Thread(target=_serve, args=(listening, said if answers else None))
            thread.start()
            try:
                yield
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                thread.join()
                lock.release()
                (self.state / "control.sock").unlink()


def _serve(listening: socket.socket, status: Json | None) -> None:
    hung: list[socket.socket] = []
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            break
        if status is None:
            hung.append(connection)
            continue
        with connection, connection.makefile("rb") as lines:
            for raw in lines:
                connection.sendall(line(done(parse(raw)["id"], status)))
    for connection in hung:
        connection.close()


@asynccontextmanager
async def patient(
    home: Path,
    healthy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Patient]:
    """A healthy installation of its own: a copy of the folder `healthy`, with platforms."""
    for name in [name for name in os.environ if name.startswith("ARGENT_") or "_API_KEY" in name]:
        monkeypatch.delenv(name)
    # Neither the units of this machine's systemd nor its sandboxes are looked at.
    programs = home / "bin"
    programs.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(programs))
    shutil.copytree(healthy, home / "state")
    async with (
        TelegramEmulator() as telegram,
        DiscordEmulator() as discord,
        SlackEmulator() as slack,
        OpenAIEmulator() as model,
    ):
        discord.guild("Home")
        # With a message that waits, Telegram answers at once: nothing is waited for in vain.
        await telegram.user("Alice").says("hello")
        made = Patient(home, Platforms(telegram, discord, slack, model), monkeypatch, capsys)
        made.configure(
            agents__defaults={"model": "openai:test-model"},
            models__openai={"base_url": model.url, "api_key": "no-secret"},
            sandbox={"backend": "off"},
            channels__telegram=telegram_account(telegram),
            channels__discord=discord_account(discord),
            channels__slack=slack_account(slack),
        )
        yield made


def put_program(patient: Patient, name: str, prints: Mapping[str, str]) -> None:
    """A program that answers by the words that it is given: the first that fits."""
    cases = "".join(f'*"{words}"*) echo "{said}" ;;\n' for words, said in prints.items())
    program = patient.home / "bin" / name
    program.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}*) exit 1 ;;\nesac\n')
    program.chmod(0o700)
