"""``argent setup`` where nobody is asked: what is taken, what is refused, what is written."""

import io
import json
import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator

OFFLINE = ("--offline", "--model", "offline")


@dataclass
class Newcomer:
    """Calls of ``argent setup --non-interactive`` on an empty state folder."""

    state: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    said: str = field(default="", init=False)

    @property
    def file(self) -> Path:
        return self.state / "argent.toml"

    @property
    def settings(self) -> dict[str, Any]:
        return tomllib.loads(self.file.read_text())

    def had(self, text: str) -> None:
        """The settings file that was there before."""
        self.state.mkdir(mode=0o700)
        self.file.write_text(text)
        self.file.chmod(0o644)

    def secret(self, name: str, text: str) -> str:
        path = self.state.parent / name
        path.touch(0o600)
        path.write_text(text + "\n")
        return str(path)

    def sets_up(self, *given: str, stdin: str = "") -> int:
        """The exit code."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main(["setup", "--non-interactive", *given])
        heard = self.capsys.readouterr()
        self.said = heard.out + heard.err
        return int(ended.value.code or 0)

    def done(self, *given: str, stdin: str = "") -> dict[str, Any]:
        assert self.sets_up("--json", *given, stdin=stdin) == 0, self.said
        return json.loads(next(each for each in self.said.splitlines() if each[:1] == "{"))["data"]


@pytest.fixture
def newcomer(tmp_path, capsys, monkeypatch) -> Iterator[Newcomer]:
    for name in os.environ:
        if name.startswith(("ARGENT_", "TELEGRAM_", "DISCORD_", "SLACK_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ARGENT_STATE_DIR", str(tmp_path / "state"))
    mask = os.umask(0)
    yield Newcomer(tmp_path / "state", capsys, monkeypatch)
    os.umask(mask)


def on(emulator: Any, platform: str, newcomer: Newcomer) -> Callable[..., int]:
    """Setting up an account of an emulator with a token."""

    def sets_up(token: str, *given: str) -> int:
        return newcomer.sets_up(
            "--model", "offline", "--channel", platform,
            "--token-file", newcomer.secret("token", token),
            "--set", f"channels.{platform}.api_root={emulator}", *given,
        )  # fmt: skip

    return sets_up


async def in_thread(act: Callable[..., int], *arguments: str) -> int:
    import asyncio

    return await asyncio.to_thread(act, *arguments)


async def test_a_token_that_is_refused_is_not_written(newcomer):
    async with TelegramEmulator() as telegram:
        assert await in_thread(on(telegram.url, "telegram", newcomer), "1234:wrong-token") == 4
    assert "@BotFather" in newcomer.said
    assert not newcomer.file.exists()


def test_a_platform_that_does_not_answer_is_written_only_on_demand(newcomer):
    sets_up = on("http://127.0.0.1:9", "telegram", newcomer)
    assert sets_up("1234:abc") == 3
    assert "--offline" in newcomer.said
    assert not newcomer.file.exists()
    assert sets_up("1234:abc", "--offline") == 0
    assert newcomer.settings["channels"]["telegram"]["api_root"] == "http://127.0.0.1:9"


async def test_what_a_platform_lacks_is_told_with_its_fix(newcomer):
    async with SlackEmulator() as slack:
        slack.scopes = ("chat:write", "app_mentions:read", "im:history")
        given = ("--app-token-file", newcomer.secret("app", slack.app_token))
        code = await in_thread(on(slack.api_root, "slack", newcomer), slack.token, *given)
    assert code == 0, newcomer.said
    assert "fix:" in newcomer.said
    assert newcomer.settings["channels"]["slack"]["app_token"].startswith("file:/")


def test_several_accounts_each_have_what_stands_behind_them(newcomer):
    newcomer.done(
        *OFFLINE,
        "--channel", "telegram", "--token-file", newcomer.secret("t", "1:a"), "--owner", "42",
        "--channel", "slack", "--token-file", newcomer.secret("s", "xoxb-1"),
        "--app-token-file", newcomer.secret("a", "xapp-1"), "--owner", "U01,U02",
        "--channel", "telegram-work", "--token-file", newcomer.secret("w", "2:b"),
    )  # fmt: skip
    channels = newcomer.settings["channels"]
    assert channels["telegram"] == {
        "token": f"file:{newcomer.state.parent}/t",
        "owners": ["42"],
    }
    assert channels["slack"]["app_token"] == f"file:{newcomer.state.parent}/a"
    assert channels["slack"]["owners"] == ["U01", "U02"]
    assert channels["telegram-work"]["token"].endswith("/w")
    written = newcomer.file.read_text()
    assert "# The bot's token from @BotFather" in written
    assert '# The bot token (`xoxb-…`) from "OAuth & Permissions"' in written


def test_what_the_environment_sets_is_used_and_not_written(newcomer, monkeypatch):
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1234:of-the-environment")
    done = newcomer.done(
        *OFFLINE, "--channel", "telegram", "--token-file", newcomer.secret("t", "1:a"),
        "--owner", "5",
    )  # fmt: skip
    assert done["from_environment"] == ["TELEGRAM_BOT_TOKEN"]
    assert newcomer.settings["channels"]["telegram"] == {"owners": ["5"]}


def test_a_secret_that_comes_through_a_pipe_is_written_and_never_shown(newcomer):
    token = "1234:through-standard-input"
    given = (*OFFLINE, "--channel", "telegram", "--token-file", "-")
    assert newcomer.sets_up(*given, "--dry-run", stdin=token) == 0
    assert 'token = "…"' in newcomer.said
    assert token not in newcomer.said
    assert not newcomer.state.exists()
    assert newcomer.sets_up(*given, stdin=token) == 0
    assert newcomer.settings["channels"]["telegram"]["token"] == token
    assert token not in newcomer.said


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ((), "--model"),
        (("--model", "openai:gpt-5"), "--key-file"),
        (("--model", "gpt-5"), "did you mean openai:gpt-5?"),
        (("--model", "offline", "--channel", "telegram"), "--token-file"),
        (("--model", "offline", "--channel", "slack", "--token-file", "-"), "--app-token-file"),
        (("--model", "offline", "--token-file", "-"), "--channel"),
        (("--model", "offline", "--channel", "whatsapp"), "telegram, discord, slack"),
        (("--model", "offline", "--channel", "Telegram"), "telegram, discord, slack"),
        (("--channel", "slack", "--token-file", "a", "--token-file", "b"), "given twice for slack"),
        (("--model", "offline", "--set", "log.levl=debug"), "did you mean 'level'?"),
        (("--model", "offline", "--key-file", "-"), "anthropic:NAME"),
        (("--model", "offline", "--channel", "slack", "--owner", "@jason"), "member ID"),
        (("--model", "offline", "--channel", "telegram", "--token-file", "/no/such"), "No such"),
        (("--model", "offline", "--channel", "telegram", "--token-file", "/dev/null"), "no secret"),
        (("--token", "1234:secret"), "--token-file"),
    ],
)
def test_without_a_person_what_lacks_is_named_with_what_gives_it(newcomer, given, lacks):
    assert newcomer.sets_up("--offline", *given, stdin="xoxb-1") == 2
    assert lacks in newcomer.said
    assert "1234:secret" not in newcomer.said
    assert not newcomer.file.exists()


def test_a_file_that_can_only_be_mended_by_hand_is_left_alone(newcomer):
    newcomer.had("[agents.default]\nmodel = 'offline'\n")
    assert newcomer.sets_up(*OFFLINE) == 2
    assert "line 1: agents.default is no agent's name" in newcomer.said
    newcomer.file.unlink()
    (newcomer.state / "argent.json").write_text("{}")
    assert newcomer.sets_up(*OFFLINE) == 2
    assert "--config FILE.toml" in newcomer.said


def test_the_owners_file_is_completed_and_a_private_copy_kept(newcomer):
    old = "# mine\n[models] # patient\nattempts = 5  # or 4?\n"
    newcomer.had(old)
    kept = Path(newcomer.done("--model", "offline")["kept"])
    assert newcomer.settings["models"]["attempts"] == 5
    assert old in newcomer.file.read_text()
    assert kept.read_text() == old
    assert {stat.S_IMODE(each.stat().st_mode) for each in (kept, newcomer.file)} == {0o600}
    done = newcomer.done()
    assert (done["written"], done["settings"], done["models"][0]["demo"]) == (False, [], True)


def test_the_demo_is_never_what_somebody_gets_who_did_not_ask_for_it(newcomer):
    assert newcomer.sets_up() == 2
    assert newcomer.done("--model", "offline")["models"][0]["demo"] is True
