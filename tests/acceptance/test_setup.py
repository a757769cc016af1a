"""From an empty folder to the first answer: ``argent setup``, then ``argent gateway run``."""

import asyncio
import json
import signal
import stat
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.terminal import Terminal
from tests.acceptance.test_cli import Argent
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.telegram import TelegramEmulator

pytestmark = pytest.mark.acceptance
PATIENCE = 30.0


class Newcomer(Argent):
    """Somebody with an empty state folder and no model's key."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        del self.environ["ARGENT_AGENTS__DEFAULTS__MODEL"]
        self.file = state / "argent.toml"

    @property
    def settings(self) -> dict[str, Any]:
        return tomllib.loads(self.file.read_text())

    def secret(self, name: str, text: str) -> str:
        path = self.state.parent / name
        path.touch(0o600)
        path.write_text(text + "\n")
        return str(path)

    async def does(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """A command's exit code and everything it said, while emulators go on."""
        done = await asyncio.to_thread(lambda: self.run(*arguments, **environ))
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path / "state")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def llm() -> AsyncIterator[OpenAIEmulator]:
    emulator = await OpenAIEmulator().start()
    emulator.key = "sk-of-the-newcomer"
    yield emulator
    await emulator.stop()


@asynccontextmanager
async def running(newcomer: Newcomer) -> AsyncIterator[None]:
    gateway = await asyncio.create_subprocess_exec(
        *newcomer.command("gateway", "run"),
        env=newcomer.environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert gateway.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            assert b"is running on" in await gateway.stdout.readline()
        yield
    finally:
        gateway.send_signal(signal.SIGTERM)
        await gateway.wait()


async def in_thread(act: Callable[..., Any], *arguments: str) -> Any:
    return await asyncio.to_thread(act, *arguments)


async def test_one_command_and_the_bot_answers_its_owner(newcomer, telegram, llm):
    alice = telegram.user("Alice")
    code, said = await newcomer.does(
        "setup", "--non-interactive", "--json",
        "--channel", "telegram", "--owner", str(alice.id),
        "--token-file", newcomer.secret("token", telegram.token),
        "--model", "openai:gpt-test", "--key-file", newcomer.secret("key", "sk-of-the-newcomer"),
        "--set", f"channels.telegram.api_root={telegram.url}",
        "--set", f"models.openai.base_url={llm.url}",
    )  # fmt: skip
    assert code == 0, said
    done = json.loads(said)["data"]
    assert done["accounts"][0]["identity"] == f"@{telegram.bot.username}"
    assert done["models"][0]["error"] is None
    assert done["next"] == ["argent gateway run"]
    assert stat.S_IMODE(newcomer.file.stat().st_mode) == 0o600
    assert telegram.token not in newcomer.file.read_text()
    async with running(newcomer):
        await alice.says("hello")
        (answer,) = await alice.hears()
        assert "hello" in answer.text


async def test_a_person_is_asked_for_what_is_missing_and_told_what_is_wrong(newcomer, telegram):
    command = newcomer.command("setup", "--set", f"channels.telegram.api_root={telegram.url}")
    terminal = Terminal(command, newcomer.environ)
    try:
        await in_thread(terminal.until, "The bot's token")
        terminal.types("1234:wrong-token\n")
        await in_thread(terminal.until, "Telegram does not accept the token")
        await in_thread(terminal.until, "The bot's token")
        terminal.types(f"{telegram.token} and more\n")
        await in_thread(terminal.until, "a space or a line break")
        await in_thread(terminal.until, "The bot's token")
        terminal.types(f"{telegram.token}\n")
        await in_thread(terminal.until, f"@{telegram.bot.username} works")
        await in_thread(terminal.until, "Your user id")
        terminal.types("\n")
        await in_thread(terminal.until, "Which model shall answer")
        terminal.types("gpt-5\n")
        await in_thread(terminal.until, "did you mean openai:gpt-5?")
        await in_thread(terminal.until, "Which model shall answer")
        terminal.types("offline\n")
        await in_thread(terminal.until, "argent pair code")
        assert await in_thread(terminal.exit_code) == 0
    finally:
        terminal.hang_up()
    assert telegram.token not in terminal.seen
    assert newcomer.settings["channels"]["telegram"]["token"] == telegram.token
    # Nothing is left to ask: it needs no terminal, asks nothing and changes nothing.
    before = newcomer.file.read_bytes()
    code, said = await newcomer.does("setup")
    assert code == 0, said
    assert "Nothing to write" in said
    assert newcomer.file.read_bytes() == before


async def test_whoever_leaves_in_the_middle_finds_everything_as_it_was(newcomer):
    newcomer.state.mkdir(mode=0o700)
    newcomer.file.write_text("# mine\n[log]\nlevel = 'debug'\n")
    terminal = Terminal(newcomer.command("setup", "--offline"), newcomer.environ)
    try:
        terminal.until("Where people write to it")
        terminal.types("telgram\n")
        terminal.until("did you mean 'telegram'?")
        terminal.types("telegram\n")
        terminal.until("The bot's token")
        terminal.types("\x03")
        assert terminal.exit_code() == 130
        assert terminal.echoes()
    finally:
        terminal.hang_up()
    assert newcomer.file.read_text() == "# mine\n[log]\nlevel = 'debug'\n"
    assert [each.name for each in newcomer.state.iterdir()] == ["argent.toml"]
