"""The settings of a Slack app."""

import re
from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from channels.config import AccountSettings, ChatSettings

_USER = re.compile(r"(?:[TE][A-Z0-9]+/)?[UW][A-Z0-9]+")


class EventsSettings(BaseModel):
    """Where Slack reaches Argent over HTTP, in place of Socket Mode.

    Your reverse proxy serves the app's Request URL (for events, for the slash command and for
    interactivity) from here: https://docs.slack.dev/apis/events-api/using-http-request-urls/
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """The address to listen on, behind your reverse proxy."""

    port: int = Field(default=3000, ge=0, le=65535)
    """The port to listen on."""

    path: str = Field(default="/slack/events", pattern=r"^/")
    """The path of the Request URL, which is one and the same for all three."""


class SlackSettings(AccountSettings):
    """A Slack app in one workspace. `argent channels manifest slack` prints how to make one."""

    kind: Literal["slack"] = "slack"
    """The platform; it need not be said where the account is called after it."""

    token: SecretStr
    """The bot token (`xoxb-…`) from "OAuth & Permissions"; `SLACK_BOT_TOKEN` for `slack`."""

    app_token: SecretStr | None = None
    """The app-level token (`xapp-…`) with `connections:write`, for Socket Mode;
    `SLACK_APP_TOKEN`."""

    signing_secret: SecretStr | None = None
    """From "Basic Information", proves that a request is Slack's; `SLACK_SIGNING_SECRET`."""

    events: EventsSettings | None = None
    """Set this to be called by Slack over HTTP instead of Socket Mode."""

    api_root: str = "https://slack.com/api/"
    """The Web API's address."""

    command: str = Field(default="argent", pattern=r"^[a-z0-9][a-z0-9_-]{0,30}$")
    """The slash command's name, without the slash, as in the app's manifest."""

    reply_in_thread: bool = True
    """Whether a mention in a channel begins a thread, and with it a conversation of its own."""

    follow_threads: bool = True
    """Whether replies in a thread that the bot takes part in are for it without a mention."""

    catch_up: int = Field(default=50, ge=0, le=1000)
    """After a gap: how many missed messages of a chat are read again at most; 0 is none."""

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

    @field_validator("token")
    @classmethod
    def _is_the_bots(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value().startswith("xapp-"):
            raise ValueError("this is the app-level token; `token` takes the bot token (xoxb-…)")
        return token

    @field_validator("app_token")
    @classmethod
    def _is_the_apps(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and token.get_secret_value().startswith(("xoxb-", "xoxp-")):
            raise ValueError("this is the bot token; `app_token` takes the app-level one (xapp-…)")
        return token

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if self.events is not None and self.signing_secret is None:
            raise ValueError("`events` needs `signing_secret`, or anybody could speak as Slack")
        if self.events is None and self.app_token is None:
            raise ValueError(
                "Socket Mode needs `app_token` (xapp-…, with connections:write); to be called "
                "over HTTP instead, set `signing_secret` and `events`"
            )
        return self


def _check(ids: Iterable[str]) -> None:
    for user in ids:
        if not _USER.fullmatch(user):
            raise ValueError(
                f"{user!r} is no Slack user id: names can change hands, so only the member ID "
                'counts (in a profile under "⋮", "Copy member ID"; of somebody from another '
                "workspace, T…/U…)"
            )
