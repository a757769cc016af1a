"""The settings of a Discord account."""

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from channels.config import AccountSettings, ChatSettings


class DiscordSettings(AccountSettings):
    """A Discord bot."""

    kind: Literal["discord"] = "discord"
    """The platform; it need not be said where the account is called after it."""

    token: SecretStr
    """The bot's token from the developer portal; `DISCORD_BOT_TOKEN` for the account `discord`."""

    api_root: str = "https://discord.com"
    """Where Discord's HTTP API is, for a proxy."""

    gateway_url: str = "wss://gateway.discord.gg"
    """Where Discord's gateway is, for a proxy."""

    catch_up: int = Field(default=50, ge=0, le=100)
    """How many messages of one chat are made up for after an absence, the latest; 0 for none."""

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
            _check(chat.users or ())
        return chats


def _check(ids: Iterable[str]) -> None:
    for user in ids:
        if not user.isdecimal():
            raise ValueError(
                f"{user!r} is no Discord user id: names can change hands, so only the number "
                "counts (write to the bot and look it up with `argent pair list`)"
            )
