"""What is found about an account by asking its platform."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from channels.config import AccountSettings, ChatSettings, Respond
from channels.discord.config import DiscordSettings
from channels.probe import Level, Probed
from channels.registry import UnknownKind, probe
from channels.slack.config import EventsSettings, SlackSettings
from channels.telegram.config import TelegramSettings, WebhookSettings
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack import faults as slack_faults
from tests.emulators.telegram import TelegramEmulator, conflict, drop_connection, flood, hang

AGAIN = "channels test work"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        yield emulator


@pytest.fixture
async def dc() -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator() as emulator:
        emulator.guild("Home")
        yield emulator


@pytest.fixture
async def sl() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as emulator:
        yield emulator


def telegram(tg: TelegramEmulator, **settings: Any) -> TelegramSettings:
    settings.setdefault("token", SecretStr(tg.token))
    return TelegramSettings(api_root=tg.url, **settings)


def discord(dc: DiscordEmulator, **settings: Any) -> DiscordSettings:
    settings.setdefault("token", SecretStr(dc.token))
    return DiscordSettings(api_root=dc.url, gateway_url=dc.gateway_url, **settings)


def slack(sl: SlackEmulator, **settings: Any) -> SlackSettings:
    settings.setdefault("token", SecretStr(sl.token))
    settings.setdefault("app_token", SecretStr(sl.app_token))
    return SlackSettings(api_root=sl.api_root, **settings)


def codes(probed: Probed) -> list[str]:
    return [finding.code for finding in probed.findings]


async def test_settings_of_no_known_kind_are_refused(http: aiohttp.ClientSession) -> None:
    with pytest.raises(UnknownKind):
        await probe("work", AccountSettings(), http=http)


# Telegram ------------------------------------------------------------------------------------


async def test_a_telegram_bot_that_is_set_up_well_has_nothing_to_be_found(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    assert await probe("work", telegram(tg), http=http) == Probed("@argent_bot")


@pytest.mark.parametrize("token", ["123:revoked", "no token at all", ""])
async def test_a_token_that_telegram_refuses_is_found_and_not_shown(
    tg: TelegramEmulator, http: aiohttp.ClientSession, token: str
) -> None:
    probed = await probe("work", telegram(tg, token=SecretStr(token)), http=http)
    assert (codes(probed), probed.identity, probed.works) == (
        ["telegram-token-refused"], None, False
    )  # fmt: skip
    assert "channels.work.token" in probed.findings[0].fix
    assert not token or token not in str(probed)


async def test_a_leftover_webhook_is_found_and_stays_and_its_path_is_not_shown(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    tg.webhooks.set(tg.bot, "https://old.example/bot/secret-path", "", 40)
    probed = await probe("work", telegram(tg), http=http, listen=0.1)
    assert codes(probed) == ["telegram-webhook-left"]
    assert "old.example" in probed.findings[0].what
    assert "secret-path" not in str(probed)
    assert probed.works
    assert probed.findings[0].mends
    assert tg.webhooks.url(tg.bot)


async def test_a_webhook_that_telegram_cannot_reach_is_found_with_telegrams_words(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    await tg.user("Alice").says("hello")
    hook = WebhookSettings(url="https://bot.example/x", secret=SecretStr("s" * 16))
    tg.webhooks.pause()
    tg.webhooks.set(tg.bot, hook.url, "s" * 16, 40)
    tg.webhooks.failed(tg.bot, f"Wrong response from the webhook: 502 {tg.token}")
    probed = await probe("work", telegram(tg, webhook=hook), http=http)
    assert codes(probed) == ["telegram-webhook-failing"]
    assert "502 [token]" in probed.findings[0].cause


@pytest.mark.parametrize(
    "settings",
    [
        {"respond": Respond.ALWAYS},
        {"chats": {"-100": ChatSettings(respond=Respond.ALWAYS)}},
    ],
)
async def test_privacy_mode_is_found_where_the_bot_shall_hear_everything(
    tg: TelegramEmulator, http: aiohttp.ClientSession, settings: dict[str, Any]
) -> None:
    tg.bot.privacy = True
    assert codes(await probe("work", telegram(tg), http=http)) == []
    assert codes(await probe("work", telegram(tg, **settings), http=http)) == [
        "telegram-privacy-mode"
    ]


async def test_a_bot_that_cannot_join_groups_is_found_where_groups_are_named(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    tg.bot.joins_groups = False
    assert codes(await probe("work", telegram(tg), http=http)) == []
    probed = await probe("work", telegram(tg, allow_groups=("-100",)), http=http)
    assert codes(probed) == ["telegram-groups-off"]


async def test_another_reader_is_found_only_when_it_is_listened_for(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    tg.faults.next("getupdates", conflict())
    assert codes(await probe("work", telegram(tg), http=http)) == []
    assert tg.calls["getupdates"] == 0
    probed = await probe("work", telegram(tg), http=http, listen=0.1)
    assert codes(probed) == ["telegram-another-reader"]


async def test_listening_confirms_no_message(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    await tg.user("Alice").says("hello")
    assert codes(await probe("work", telegram(tg), http=http, listen=0.1)) == []
    assert len(tg.bot.updates) == 1


async def test_many_messages_that_nobody_fetched_are_found(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    alice = tg.user("Alice")
    for number in range(100):
        await alice.says(f"hello {number}")
    assert codes(await probe("work", telegram(tg), http=http)) == ["telegram-messages-waiting"]


async def test_a_platform_that_gives_no_answer_is_a_finding(
    tg: TelegramEmulator, http: aiohttp.ClientSession
) -> None:
    tg.faults.next("getme", drop_connection(), flood(7))
    gone = await probe("work", telegram(tg), http=http)
    assert (codes(gone), gone.works) == (["platform-unreachable"], False)
    assert AGAIN in gone.findings[0].fix
    slow = await probe("work", telegram(tg), http=http)
    assert [(f.code, f.level) for f in slow.findings] == [("platform-busy", Level.WARNING)]
    assert "7 s" in slow.findings[0].cause


async def test_a_platform_that_is_silent_is_given_up_in_time(
    tg: TelegramEmulator, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.telegram.probe.PROBE_SECONDS", 0.05)
    tg.faults.always("*", hang())
    async with asyncio.timeout(5):
        probed = await probe("work", telegram(tg), http=http)
    assert codes(probed) == ["platform-unreachable"]
    tg.faults.clear()


# Discord -------------------------------------------------------------------------------------


async def test_a_discord_bot_that_is_set_up_well_has_nothing_to_be_found(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    assert await probe("work", discord(dc), http=http) == Probed("@argent")


async def test_a_token_that_discord_refuses_is_found(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    probed = await probe("work", discord(dc, token=SecretStr("MTIz.wrong")), http=http)
    assert codes(probed) == ["discord-token-refused"]
    assert "MTIz" not in str(probed)


async def test_the_intent_that_is_switched_off_is_found_with_the_page_that_has_the_switch(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    dc.bot.intents = 0
    probed = await probe("work", discord(dc), http=http)
    assert (codes(probed), probed.works) == (["discord-message-content-off"], False)
    assert f"applications/{dc.bot.id}/bot" in probed.findings[0].fix


async def test_a_bot_in_no_server_is_found_with_an_invitation(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    dc.bot.guilds.clear()
    (finding,) = (await probe("work", discord(dc), http=http)).findings
    assert finding.code == "discord-no-server"
    assert f"client_id={dc.bot.id}" in finding.fix


async def test_permissions_that_are_missing_are_named_with_their_servers(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    dc.guild("Silent").permissions &= ~(1 << 11)
    dc.guild("Ruled by the bot").permissions = 1 << 3
    (finding,) = (await probe("work", discord(dc), http=http)).findings
    assert (finding.code, finding.level) == ("discord-permissions-missing", Level.WARNING)
    assert "Silent" in finding.what
    assert "Home" not in finding.what
    assert finding.cause.endswith("Send Messages")


async def test_an_answer_of_another_shape_is_no_answer(
    dc: DiscordEmulator, http: aiohttp.ClientSession
) -> None:
    dc.guild("Odd").permissions = "everything"  # type: ignore[assignment]
    assert codes(await probe("work", discord(dc), http=http)) == ["platform-unreachable"]


# Slack ---------------------------------------------------------------------------------------


async def test_a_slack_app_that_is_set_up_well_has_nothing_to_be_found(
    sl: SlackEmulator, http: aiohttp.ClientSession
) -> None:
    assert await probe("work", slack(sl), http=http) == Probed("@argent")
    assert not sl.socket.open


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_a_token_that_slack_refuses_is_found_with_slacks_word(
    sl: SlackEmulator, http: aiohttp.ClientSession, error: str
) -> None:
    sl.faults.next("auth.test", slack_faults.refused(error))
    probed = await probe("work", slack(sl), http=http)
    assert codes(probed) == ["slack-token-refused"]
    assert error in probed.findings[0].what


async def test_a_persons_token_is_found(sl: SlackEmulator, http: aiohttp.ClientSession) -> None:
    me = {"ok": True, "team_id": "T1", "user_id": "U1", "user": "alice"}
    sl.faults.next("auth.test", slack_faults.Fault(slack_faults.answer(me)))
    assert codes(await probe("work", slack(sl), http=http)) == ["slack-user-token"]


async def test_scopes_that_are_missing_are_named_with_what_they_are_for(
    sl: SlackEmulator, http: aiohttp.ClientSession
) -> None:
    sl.scopes -= {"chat:write", "files:read"}
    needed, missing = (await probe("work", slack(sl), http=http)).findings
    assert (needed.code, missing.code) == ("slack-scope-needed", "slack-scopes-missing")
    assert "chat:write (answer" in needed.what
    assert "files:read (fetch what people share" in missing.what


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalid_auth", "slack-app-token-refused"),
        ("not_allowed_token_type", "slack-app-token-refused"),
        ("missing_scope", "slack-app-scope-missing"),
        ("forbidden_team", "slack-socket-mode-refused"),
    ],
)
async def test_an_app_level_token_that_opens_no_connection_is_found(
    sl: SlackEmulator, http: aiohttp.ClientSession, error: str, code: str
) -> None:
    sl.faults.next("apps.connections.open", slack_faults.refused(error))
    assert codes(await probe("work", slack(sl), http=http)) == [code]


async def test_tokens_of_two_apps_are_found(sl: SlackEmulator, http: aiohttp.ClientSession) -> None:
    sl.app_token = "xapp-1-A0SOMEOTHER-123-abc"
    probed = await probe("work", slack(sl), http=http)
    assert codes(probed) == ["slack-tokens-of-two-apps"]
    assert "123-abc" not in str(probed)


async def test_a_signing_secret_that_looks_like_none_is_found_where_it_is_used(
    sl: SlackEmulator, http: aiohttp.ClientSession
) -> None:
    def over_http(secret: str) -> SlackSettings:
        settings = {"app_token": None, "signing_secret": SecretStr(secret)}
        return slack(sl, events=EventsSettings(), **settings)

    assert codes(await probe("work", over_http(sl.signing_secret), http=http)) == []
    assert codes(await probe("work", over_http("shhh"), http=http)) == ["slack-signing-secret-odd"]
    assert sl.calls["apps.connections.open"] == 0
