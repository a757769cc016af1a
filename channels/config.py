"""The settings that every channel account has."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from state.keys import Scope


class DmPolicy(StrEnum):
    """Who may write to the bot in private. Owners always may."""

    PAIRING = "pairing"
    ALLOWLIST = "allowlist"
    OPEN = "open"
    CLOSED = "closed"


class GroupPolicy(StrEnum):
    """Whom the bot answers in groups."""

    ALLOWLIST = "allowlist"
    OPEN = "open"
    CLOSED = "closed"


class Respond(StrEnum):
    """What the bot takes for itself in groups, of those whom it answers there."""

    MENTION = "mention"
    ALWAYS = "always"
    NEVER = "never"


class CommandRights(StrEnum):
    """Whose commands change something in groups. Everybody may ask for help and stop their own."""

    OWNERS = "owners"
    MEMBERS = "members"
    NOBODY = "nobody"


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PlatformId = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int)]
"""An id as the platform gives it; a configuration may write it as a number."""


class ChatSettings(BaseModel):
    """What is different in one group. What is not set is as around it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: GroupPolicy | None = None
    """As `group_policy`, there."""

    users: tuple[PlatformId, ...] | None = None
    """Nobody but these user ids and the owners is answered there; an empty list is the owners
    alone. On Telegram, the group's own id stands for its anonymous admins."""

    respond: Respond | None = None
    """As the account's, there."""

    commands: CommandRights | None = None
    """As the account's, there."""


class AccountSettings(BaseModel):
    """What a channel account of any kind can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """Whether the account is used at all."""

    dm_policy: DmPolicy = DmPolicy.PAIRING
    """`pairing`: strangers get a code that you approve; `allowlist`, `open` or `closed`."""

    group_policy: GroupPolicy = GroupPolicy.ALLOWLIST
    """`allowlist`: anybody in the groups below, and elsewhere those who may write in private."""

    owners: tuple[PlatformId, ...] = ()
    """The platform's immutable user ids of the owners. Names are never identity."""

    allow_users: tuple[PlatformId, ...] = ()
    """User ids that may write in private without pairing."""

    allow_groups: tuple[PlatformId, ...] = ()
    """Chat ids of groups in which everybody may speak to the bot."""

    respond: Respond = Respond.MENTION
    """`mention`: in groups, the bot answers when it is spoken to; `always`: also when it is not;
    `never`: not at all."""

    commands: CommandRights = CommandRights.OWNERS
    """In groups, whose commands change something: `owners`, `members` (all who are answered there,
    as in their private chats) or `nobody`."""

    chats: dict[str, ChatSettings] = {}
    """What is different in one group, by its id: a chat's, a thread's (``<chat>/<thread>``), or
    that of a whole guild, workspace or supergroup. The nearest one that says something holds."""

    streaming: bool = True
    """Whether a long answer is shown while it grows, in a message that is edited."""

    acknowledge: bool = True
    """Whether a message in a group gets a reaction while it is being worked on."""

    max_file_mb: int = Field(default=20, ge=0, le=100)
    """The largest attachment that is fetched, in millions of bytes; 0: none is."""

    channel_scope: Scope | None = None
    """As `agents.defaults.session.channel_scope`, for this account."""

    scopes: dict[str, Scope] = {}
    """As `channel_scope`, for one guild, workspace or supergroup, by its id."""
