"""All settings, composed from each part's own. `argent.example.toml` documents every one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from agents.config import AgentsSettings, ChoiceSettings, ModelsSettings, RuleSettings
from agents.sandbox.config import SandboxSettings
from agents.tools.mcp.config import McpSettings, check_names
from channels.discord.config import DiscordSettings
from channels.registry import KINDS
from channels.slack.config import SlackSettings
from channels.telegram.config import TelegramSettings
from gateway.budgets import BudgetSettings
from state.keys import is_account_name

Account = Annotated[TelegramSettings | DiscordSettings | SlackSettings, Field(discriminator="kind")]
"""Any kind of channel account."""


def _with_kinds(channels: Any) -> Any:
    """An account that is called after its platform (`telegram-work`) need not say its kind."""
    if not isinstance(channels, Mapping):
        return channels
    return {name: _with_kind(str(name), account) for name, account in channels.items()}


def _with_kind(name: str, account: Any) -> Any:
    platform = name.partition("-")[0]
    if platform not in KINDS or not isinstance(account, Mapping):
        return account
    return {"kind": platform, **account}


class GatewaySettings(BaseModel):
    """The process itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_turns: int = Field(default=64, ge=1)
    """How many turns may run at once; more wait, first come, first served."""

    max_queue: int = Field(default=100, ge=1)
    """How many messages may wait in one session; more are declined with a notice."""

    drain_seconds: float = Field(default=25.0, ge=0)
    """How long a stopping gateway lets running turns finish; the rest resume at the next start."""

    keep_days: int = Field(default=30, ge=2)
    """How long finished inbox and outbox rows are kept (they recognise repeated deliveries), and
    what was deleted (in ``deleted/``)."""


class LogSettings(BaseModel):
    """What is logged, to standard error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level to log."""

    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal, JSON lines elsewhere."""


class Settings(BaseModel):
    """Everything that can be set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: AgentsSettings = AgentsSettings()
    rules: dict[str, RuleSettings] = {}
    """Which agent answers where, and with what, each rule under a name of its owner's choice. All
    that fit a session hold, in the order in which they stand; a later one beats an earlier one."""

    session: dict[str, ChoiceSettings] = {}
    """What holds for one session, by its key or id. It beats the rules."""

    models: ModelsSettings = ModelsSettings()
    mcp: dict[str, McpSettings] = {}
    """MCP servers, each under a name of its owner's choice: their tools are called
    ``<name>__<tool>``."""

    channels: Annotated[dict[str, Account], BeforeValidator(_with_kinds)] = {}
    gateway: GatewaySettings = GatewaySettings()
    budget: BudgetSettings = BudgetSettings()
    sandbox: SandboxSettings = SandboxSettings()
    log: LogSettings = LogSettings()

    @field_validator("mcp")
    @classmethod
    def _servers(cls, servers: dict[str, McpSettings]) -> dict[str, McpSettings]:
        check_names(servers)
        return servers

    @field_validator("channels")
    @classmethod
    def _names(cls, channels: dict[str, Account]) -> dict[str, Account]:
        for name in channels:
            if not is_account_name(name) or name in {"terminal", "web", "user"}:
                raise ValueError(f"{name!r} cannot be an account's name: a-z, 0-9 and '-' only")
        return channels
