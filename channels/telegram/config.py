"""The settings of a Telegram account."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from channels.config import AccountSettings, ChatSettings


class WebhookSettings(BaseModel):
    """How Telegram reaches Argent where it is not polled.

    https://core.telegram.org/bots/api#setwebhook
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    """The public https address that Telegram calls."""

    secret: SecretStr = Field(min_length=16, max_length=256)
    """What Telegram repeats in `X-Telegram-Bot-Api-Secret-Token`."""

    host: str = "127.0.0.1"
    """The address to listen on, behind your reverse proxy."""

    port: int = Field(default=8443, ge=0, le=65535)
    """The port to listen on."""

    @field_validator("secret")
    @classmethod
    def _as_telegram_takes_it(cls, secret: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", secret.get_secret_value()):
            raise ValueError("a webhook's secret consists of A-Z, a-z, 0-9, '_' and '-' only")
        return secret


class TelegramSettings(AccountSettings):
    """A Telegram bot."""

    kind: Literal["telegram"] = "telegram"
    """The platform; it need not be said where the account is called after it."""

    token: SecretStr
    """The bot's token from @BotFather; `TELEGRAM_BOT_TOKEN` for the account `telegram`."""

    api_root: str = "https://api.telegram.org"
    """The Bot API server, for a self-hosted one."""

    poll_seconds: int = Field(default=30, ge=1, le=50)
    """How long one long poll waits."""

    webhook: WebhookSettings | None = None
    """Set this to be called by Telegram instead of polling."""

    @field_validator("api_root")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if not re.match(r"https?://[^/]", url):
            raise ValueError(f"{url!r} is no address: write http://… or https://…")
        return url

    @field_validator("owners", "allow_users")
    @classmethod
    def _ids_only(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        _check(ids)
        return ids

    @field_validator("chats")
    @classmethod
    def _ids_there(cls, chats: dict[str, ChatSettings]) -> dict[str, ChatSettings]:
        for chat in chats.values():
            # A group's own id, which is below zero, stands for its anonymous admins.
            _check(user.removeprefix("-") for user in chat.users or ())
        return chats


def _check(ids: Iterable[str]) -> None:
    for user in ids:
        if not user.isdecimal():
            raise ValueError(
                f"{user!r} is no Telegram user id: names can change hands, so only the number "
                "counts (write to the bot and look it up with `argent pair list`)"
            )
