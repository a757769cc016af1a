"""The settings of the MCP servers whose tools agents may use.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from state.keys import SessionType

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class McpSettings(BaseModel):
    """One MCP server: a `command` that is run here, or the `url` of one that runs elsewhere."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: tuple[str, ...] | None = None
    """The program and its arguments; it speaks over its standard input and output."""

    env: dict[str, SecretStr] = {}
    """The program's environment, beside PATH, HOME and LANG. It is given nothing else of ours."""

    cwd: str | None = None
    """The folder it runs in; that of the gateway when not set."""

    url: str | None = None
    """Where a server listens that speaks streamable HTTP."""

    headers: dict[str, SecretStr] = {}
    """What is sent with every request to it, such as Authorization."""

    enabled: bool = True
    """Whether the server is used at all."""

    timeout: float = Field(default=60.0, gt=0)
    """How long one call of a tool may take, in seconds."""

    tools: tuple[str, ...] | None = None
    """Which of its tools are offered, by their names there, where `*` stands for anything."""

    guarded: bool = True
    """Whether a call of its tools needs an owner's approval where the conversation holds material
    from outside. Only what changes nothing and tells nobody anything can do without."""

    types: tuple[SessionType, ...] = (SessionType.MAIN,)
    """In which sessions: `main` (the owner's), `dm`, `group`, `topic`."""

    @field_validator("command")
    @classmethod
    def _a_program(cls, command: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if command is not None and not (command and command[0].strip()):
            raise ValueError('names no program: write ["program", "argument"]')
        if command is not None and any("\0" in word for word in command):
            raise ValueError("holds a zero character")
        return command

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not re.match(r"https?://[^/]", url):
            raise ValueError("is no address: write http://… or https://…")
        if "@" in urlsplit(url).netloc:
            raise ValueError("holds a password: put it under `headers`, as Authorization")
        return url

    @model_validator(mode="after")
    def _one_way(self) -> "McpSettings":
        if (self.command is None) == (self.url is None):
            raise ValueError("needs either `command` or `url`")
        if self.command is None and (self.env or self.cwd is not None):
            raise ValueError("`env` and `cwd` are for a `command`, not for a `url`")
        if self.url is None and self.headers:
            raise ValueError("`headers` are for a `url`, not for a `command`")
        return self


def check_names(names: Iterable[str]) -> None:
    """Raise `ValueError` for what cannot be a server's name, which its tools' names begin with."""
    for name in names:
        if not _NAME.fullmatch(name):
            what = "cannot be a server's name: a-z, 0-9 and '-' only, and 32 of them at most"
            raise ValueError(f"{name!r} {what}")
