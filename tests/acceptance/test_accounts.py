"""`argent channels list` and `test`, against emulated platforms."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.acceptance.patient import Patient, patient
from tests.emulators.telegram import drop_connection


@pytest.fixture
async def owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Patient]:
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    async with patient(tmp_path / "home", empty, monkeypatch, capsys) as made:
        yield made


def no_platform(p: Patient) -> None:
    p.around.telegram.faults.always("*", drop_connection())


def no_token(p: Patient) -> None:
    p.account("telegram", token="1:revoked")


def no_scope(p: Patient) -> None:
    p.around.slack.scopes.discard("chat:write")


def all_at_once(p: Patient) -> None:
    for harm in (no_scope, no_platform):
        harm(p)
    p.around.discord.bot.secret = "another"
    p.around.discord.world.bots.clear()


async def test_the_accounts_are_listed_without_asking_anybody(owner: Patient) -> None:
    owner.account("discord", enabled=False)
    code, data = await owner.argent("channels", "list")
    assert code == 0
    assert [(each["account"], each["enabled"]) for each in data["accounts"]] == [
        ("telegram", True), ("discord", False), ("slack", True),
    ]  # fmt: skip
    assert not owner.around.telegram.calls


async def test_accounts_that_work_say_who_they_are(owner: Patient) -> None:
    code, data = await owner.argent("channels", "test")
    assert code == 0
    assert [each["identity"] for each in data["accounts"]] == ["@argent_bot", "@argent", "@argent"]
    assert all(each["works"] for each in data["accounts"])


@pytest.mark.parametrize(
    ("harm", "code"), [(no_scope, 1), (no_platform, 3), (no_token, 4), (all_at_once, 4)]
)
async def test_the_exit_code_says_what_kind_of_help_is_needed(
    owner: Patient, harm: Callable[[Patient], None], code: int
) -> None:
    harm(owner)
    found, data = await owner.argent("channels", "test")
    assert found == code
    assert any(each["findings"] for each in data["accounts"])


async def test_one_account_is_asked_about_alone_even_if_it_is_not_enabled(owner: Patient) -> None:
    owner.account("slack", enabled=False)
    _, data = await owner.argent("channels", "test", "slack")
    assert [each["account"] for each in data["accounts"]] == ["slack"]
    assert not owner.around.telegram.calls


async def test_an_account_that_is_not_there_is_refused(owner: Patient) -> None:
    with pytest.raises(AssertionError, match="no account 'discrod'"):
        await owner.argent("channels", "test", "discrod")
