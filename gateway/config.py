"""All settings, composed from each part's own. `argent.example.toml` documents every one."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from agents.config import AgentsSettings, ChoiceSettings, RuleSettings
from agents.models_config import ModelsSettings
from agents.sandbox.config import SandboxSettings
from agents.tools.mcp.config import McpSettings, check_names
from channels.discord.config import DiscordSettings
from channels.registry import KINDS
from channels.slack.config import SlackSettings
from channels.telegram.config import TelegramSettings
from gateway.budgets import BudgetSettings
from gateway.limits import LimitSettings
from gateway.tracing.config import TelemetrySettings
from state.keys import InvalidKey, is_account_name, person_session_id
from state.persons import Identity

LOCALHOST = "localhost"
SHORTEST_TOKEN = 32

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


def _long_enough(token: SecretStr | None) -> SecretStr | None:
    """A token that nobody guesses, and that a header can hold."""
    if token is None:
        return None
    text = token.get_secret_value()
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(
            f"must be {SHORTEST_TOKEN} or more ASCII characters, none a space: openssl rand -hex 32"
        )
    return token


class GatewaySettings(BaseModel):
    """The process itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_turns: int = Field(default=64, ge=1)
    """How many turns may run at once; more wait, first come, first served."""

    max_queue: int = Field(default=100, ge=1)
    """How many messages may wait in one session; more are declined with a notice."""

    drain_seconds: float = Field(default=25.0, ge=0)
    """How long a stopping gateway lets running turns finish; the rest resume at the next start."""

    loop_stall_seconds: float = Field(default=2.0, ge=0.1)
    """How many seconds the event loop may be held up before where every thread is gets logged."""

    watch_config: bool = True
    """Whether the settings are read again when their file changes; else `argent gateway reload`,
    or SIGHUP, does it."""

    keep_days: int = Field(default=30, ge=2)
    """How long finished inbox and outbox rows are kept (they recognise repeated deliveries), and
    what was deleted (in ``deleted/``)."""

    port: int | None = Field(default=None, ge=0, le=65535)
    """The port of `/healthz`, `/readyz` and `/metrics`; 0 is any that is free. Not set: nothing
    listens."""

    host: str = "127.0.0.1"
    """The address to listen on. One that others can reach needs a `token` of your own."""

    token: Annotated[SecretStr | None, AfterValidator(_long_enough)] = None
    """What whoever asks there must show, as ``Authorization: Bearer …``: 32 characters or more.
    Not set: one is made, and kept in ``http-token`` in the state folder."""

    allowed_hosts: tuple[str, ...] = ()
    """By which names it may be asked, beside addresses and ``localhost``, such as a container's.
    Others are refused: a web page could have its own name lead here."""

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, host: str) -> str:
        if host != LOCALHOST:
            try:
                ip_address(host)
            except ValueError:
                raise ValueError(
                    f"{host!r} is no IP address; 127.0.0.1 is this machine, 0.0.0.0 every network"
                ) from None
        return host

    @model_validator(mode="after")
    def _is_closed_to_others(self) -> Self:
        if self.port is not None and self.token is None and not self.is_loopback:
            raise ValueError(
                f"others can reach host {self.host}: set `token`, too, of 32 characters or more "
                "(openssl rand -hex 32), or let `host` be 127.0.0.1"
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach `host`."""
        return self.host == LOCALHOST or ip_address(self.host).is_loopback


class LogSettings(BaseModel):
    """What is logged, to standard error and to a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level to log."""

    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal and in systemd's journal, JSON lines elsewhere."""

    file: bool | str = True
    """Whether lines are kept in ``logs/gateway.jsonl`` in the state folder, where `argent logs`
    finds them; or the path of another file. They are JSON lines, whatever `format` says."""

    max_mb: int = Field(default=10, ge=1)
    """The size of a log file, in megabytes, at which a new one begins."""

    keep: int = Field(default=5, ge=0)
    """How many full log files are kept behind it; older ones are removed."""

    @field_validator("file", mode="before")
    @classmethod
    def _yes_or_no(cls, file: Any) -> Any:
        # The environment and the command line know nothing but text.
        if not isinstance(file, str):
            return file
        if not file.strip():
            raise ValueError("is empty: write true, false or a path")
        return {"true": True, "false": False}.get(file.lower(), file)


class PersonSettings(BaseModel):
    """Somebody with several accounts, all of whose private chats are one conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: tuple[str, ...] = Field(min_length=1)
    """Their addresses, as `<account>:<user id>`. Ids are the platform's immutable ones: a name is
    nobody's for ever. They are let in there."""

    owner: bool = False
    """Whether they are an owner, on all of these accounts."""

    @field_validator("accounts")
    @classmethod
    def _ids(cls, accounts: tuple[str, ...]) -> tuple[str, ...]:
        for each in accounts:
            identity = Identity.parse(each)
            if identity is None or identity.user.startswith("@"):
                raise ValueError(
                    f"{each!r} is no <account>:<user id>; `argent pair list` has the ids of "
                    "those who wrote"
                )
        return accounts

    @property
    def identities(self) -> frozenset[Identity]:
        """Their addresses."""
        found = map(Identity.parse, self.accounts)
        return frozenset(identity for identity in found if identity is not None)


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

    people: dict[str, PersonSettings] = {}
    """Persons whom the configuration links, each under a name of its owner's choice. It beats what
    they linked themselves by `/pair`."""

    channels: Annotated[dict[str, Account], BeforeValidator(_with_kinds)] = {}
    gateway: GatewaySettings = GatewaySettings()
    budget: BudgetSettings = BudgetSettings()
    limits: LimitSettings = LimitSettings()
    sandbox: SandboxSettings = SandboxSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @field_validator("mcp")
    @classmethod
    def _servers(cls, servers: dict[str, McpSettings]) -> dict[str, McpSettings]:
        check_names(servers)
        return servers

    @field_validator("people")
    @classmethod
    def _persons(cls, people: dict[str, PersonSettings]) -> dict[str, PersonSettings]:
        theirs: dict[Identity, str] = {}
        for name, person in people.items():
            try:
                person_session_id(name)
            except InvalidKey as error:
                raise ValueError(str(error)) from error
            for identity in person.identities:
                if (other := theirs.setdefault(identity, name)) != name:
                    raise ValueError(f"{identity} is said to be {other} and {name}")
        return people

    @model_validator(mode="after")
    def _owners_are_owners(self) -> Self:
        for name, person in self.people.items():
            for each in () if person.owner else person.identities:
                account = self.channels.get(each.account)
                if account is not None and each.user in account.owners:
                    raise ValueError(
                        f"people.{name} holds {each}, an owner: say `owner = true`, as what one "
                        "address reads, all do"
                    )
        return self

    @field_validator("channels")
    @classmethod
    def _names(cls, channels: dict[str, Account]) -> dict[str, Account]:
        for name in channels:
            if not is_account_name(name) or name in {"terminal", "web", "user"}:
                raise ValueError(f"{name!r} cannot be an account's name: a-z, 0-9 and '-' only")
        return channels
