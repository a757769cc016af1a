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
    """Whom the bot answers in groups (only when it is spoken to)."""

    ALLOWLIST = "allowlist"
    OPEN = "open"
    CLOSED = "closed"


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PlatformId = Annotated[str, BeforeValidator(_text)]
"""An id as the platform gives it; a configuration may write it as a number."""


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
