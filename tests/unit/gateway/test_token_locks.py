"""A bot's messages are read by one gateway at a time, and nobody learns its token by that."""

import asyncio
import json
import stat
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from channels.channel import Condition
from channels.loopback import LoopbackChannel
from channels.slack.config import EventsSettings, SlackSettings
from channels.telegram.config import TelegramSettings
from gateway.paths import runtime_dir
from gateway.supervisor import Supervisor
from gateway.token_locks import Holder, TokenInUse, TokenLock, lock_name, token_locks
from state.messages import Inbound

TOKEN = "123:very-secret"


def telegram(token: str = TOKEN, **more: str) -> TelegramSettings:
    return TelegramSettings(token=SecretStr(token), **more)


def lock_of(folder: Path, owner: str, account: TelegramSettings | None = None) -> TokenLock:
    """The lock that the gateway of this state folder has for its account `telegram`."""
    state = Path(f"/srv/{owner}")
    return token_locks({"telegram": account or telegram()}, state, folder)["telegram"]


async def _receive(_inbound: Inbound) -> None:
    return None


def test_a_second_gateway_is_told_who_has_the_token(tmp_path: Path) -> None:
    lock_of(tmp_path / "run", "first").take()
    with pytest.raises(TokenInUse) as refused:
        lock_of(tmp_path / "run", "second").take()
    for word in ("process", "/srv/first", "'telegram'", "stop that one"):
        assert word in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_two_accounts_of_one_gateway_may_not_share_a_token(tmp_path: Path) -> None:
    accounts = {"telegram": telegram(), "telegram-work": telegram()}
    first, second = token_locks(accounts, Path("/srv/only"), tmp_path / "run").values()
    first.take()
    with pytest.raises(TokenInUse, match="'telegram'"):
        second.take()


def test_a_token_that_is_let_go_can_be_taken(tmp_path: Path) -> None:
    first, second = lock_of(tmp_path, "first"), lock_of(tmp_path, "second")
    first.take()
    first.release()
    second.take()
    with pytest.raises(TokenInUse, match="/srv/second"):
        first.take()


def test_a_lock_is_one_bots_at_one_place(tmp_path: Path) -> None:
    elsewhere = telegram(api_root="http://127.0.0.1:8081")
    slack = SlackSettings(token=SecretStr(TOKEN), app_token=SecretStr("xapp-1"))
    others = [telegram("456:other"), elsewhere, slack]
    assert len({lock_name(each) for each in [telegram(), *others]}) == 4
    assert lock_name(telegram(f" {TOKEN}\n")) == lock_name(telegram())


def test_an_app_that_is_called_over_http_has_the_same_lock() -> None:
    socket = SlackSettings(token=SecretStr("xoxb-1"), app_token=SecretStr("xapp-1"))
    events = SlackSettings(
        token=SecretStr("xoxb-1"), signing_secret=SecretStr("s"), events=EventsSettings()
    )
    assert lock_name(socket) == lock_name(events)


def test_no_file_tells_the_token(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    lock_of(folder, "first").take()
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()).keys() == {"pid", "account", "state"}
    assert "secret" not in file.name + file.read_text()


def test_a_folder_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(0o777)
    lock_of(folder, "first").take()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_a_folder_of_our_own_the_gateway_still_serves(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = tmp_path / "run"
    link.symlink_to(elsewhere)
    with structlog.testing.capture_logs() as logs:
        lock_of(link, "first").take()
    assert [log["event"] for log in logs] == ["token_not_locked"]
    assert not list(elsewhere.iterdir())


def test_the_folder_is_the_users_own_runtime_folder(tmp_path: Path) -> None:
    assert runtime_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "argent"
    assert runtime_dir({"XDG_RUNTIME_DIR": "not/absolute"}).is_absolute()


async def test_an_account_whose_token_is_in_use_waits_and_then_takes_over(tmp_path: Path) -> None:
    first = TokenLock(tmp_path, "telegram.lock", Holder("telegram", Path("/srv/first")))
    first.take()
    waiting, asked_again = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        assert seconds == 60
        waiting.set()
        await asked_again.wait()

    channel = LoopbackChannel("telegram")
    lock = TokenLock(tmp_path, "telegram.lock", Holder("telegram", Path("/srv/second")))
    second = Supervisor(channel, _receive, lock=lock, sleep=sleep)
    second.start()
    async with asyncio.timeout(5):
        await waiting.wait()
        health = second.health()
        assert health.condition is Condition.FAILED
        assert "/srv/first" in (health.detail or "")
        first.release()
        asked_again.set()
        while second.health().condition is not Condition.HEALTHY:  # noqa: ASYNC110
            await asyncio.sleep(0)
    with pytest.raises(TokenInUse, match="/srv/second"):
        first.take()
    await second.stop()
    first.take()
    first.release()
