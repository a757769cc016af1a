"""Everything a gateway talks to, each behind a liar, and the gateway with its planted secrets."""

import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from tests.acceptance.gateway_process import GatewayProcess, launched
from tests.acceptance.parrot import Parrot
from tests.architecture.sources import ROOT
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.discord import DiscordEmulator
from tests.emulators.llm import Asked
from tests.emulators.mcp.http import HttpServer
from tests.emulators.mcp.traits import Traits
from tests.emulators.script import Call, Says, Scripted
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.faults.canary.liar import Elsewhere, Liar
from tests.faults.canary.planted import Planted
from tests.flows.bot import discord_account, slack_account, telegram_account

CALL = "use "
"""A message that begins so lets the model call a tool: ``use NAME {"its": "arguments"}``."""

OPENAI, ANTHROPIC = "sk-proj-Cq7Nn0pVxT2mWz4kLb9dRy", "sk-ant-api03-Zu8eHf5jGs1oPa6cQv3tXi"
HTTP = "f3Gx9LpQ2vRt7ZcB5nWk8YdM4hJs6AeU"
HOOK = "Wh-9fK3sLq7ZtR2vXb8nMd4c"
SIGNING = "c0ffee51ce9d4b7a8f2e6d3b1a5c7e90"
ENV, HEADER = "mcp-env-Tj6RkV1yNd8wQ4bS", "Bearer mcp-header-Uo5XgL2zHe9mF7cP"
EVENTS = "xoxb-1623-Kt4WfB9qZmDk5h"
TRACES = "otel-Ia3DqW8fYk6pJz1rCt"


class Puppet(Parrot):
    """A parrot that calls the tool it is told to, once."""

    def _next(self, asked: Asked) -> Scripted:
        if self._script or asked.messages[-1]["role"] != "user":
            return super()._next(asked)
        said = self.echo(asked).rpartition(CALL)
        name, _, arguments = said[2].partition(" ")
        return Says(calls=(Call(name, arguments or "{}"),)) if said[1] else super()._next(asked)


@dataclass
class Scene:
    """Who is there. `fronts` are the liars, by what they stand before."""

    folder: Path
    telegram: TelegramEmulator
    discord: DiscordEmulator
    slack: SlackEmulator
    openai: Puppet
    anthropic: AnthropicEmulator
    mcp: HttpServer
    elsewhere: Elsewhere
    fronts: Mapping[str, Liar]
    gateway: GatewayProcess
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        """All that was planted."""
        return {
            "telegram token": self.telegram.token,
            "telegram hook token": next(
                token for token in self.telegram.world.bots if token != self.telegram.token
            ),
            "discord token": self.discord.token,
            "slack token": self.slack.token,
            "slack app token": self.slack.app_token,
            "slack events token": EVENTS,
            "slack signing secret": SIGNING,
            "webhook secret": HOOK,
            "openai key": OPENAI,
            "anthropic key": ANTHROPIC,
            "http token": HTTP,
            "mcp env": ENV,
            "mcp header": HEADER,
            "traces header": TRACES,
        }

    @property
    def planted(self) -> Planted:
        """The same, to be looked for."""
        return Planted(self.secrets)


@asynccontextmanager
async def scene(folder: Path, *, sight: str = "seeing") -> AsyncIterator[Scene]:
    """Everybody, and a gateway that is still to be started."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        telegram, discord = await enter(TelegramEmulator()), await enter(DiscordEmulator())
        slack = SlackEmulator()
        slack.token, slack.app_token = "xoxb-4815-Rw7TgK2pVn9sXe", "xapp-1-A623-Hm5LzQ8dYc3uJb"
        called = SlackEmulator()
        called.token = EVENTS
        await enter(slack)
        await enter(called)
        openai, anthropic = await enter(Puppet()), await enter(AnthropicEmulator())
        mcp, elsewhere = await enter(HttpServer()), await enter(Elsewhere())
        mcp.token = HEADER.removeprefix("Bearer ")
        behind = {
            "telegram": telegram.url, "discord": discord.url,
            "slack": slack.url, "slack-events": called.url,
            "openai": openai.root, "anthropic": anthropic.root,
            "mcp": mcp.url.removesuffix("/mcp"),
        }  # fmt: skip
        fronts = {
            name: await enter(Liar(upstream, elsewhere.url)) for name, upstream in behind.items()
        }
        environment = {
            "OPENAI_API_KEY": OPENAI,
            "ANTHROPIC_API_KEY": ANTHROPIC,
            "SLACK_APP_TOKEN": slack.app_token,
        }

        async def launch(arguments: Any, environ: Mapping[str, str]) -> Any:
            return await launched(arguments, {**environ, **environment})

        gateway = GatewayProcess(
            folder / "state",
            {},
            openai,
            program=("tests.faults.canary.clumsy", sight),
            launch=launch,
        )
        accounts = _accounts(telegram, discord, slack, fronts)
        (gateway.state / "argent.toml").write_text(tomlkit.dumps(_settings(accounts, fronts)))
        stack.push_async_callback(gateway.close)
        yield Scene(
            folder, telegram, discord, slack, openai, anthropic, mcp, elsewhere, fronts, gateway,
            environment,
        )  # fmt: skip


def _accounts(
    telegram: TelegramEmulator,
    discord: DiscordEmulator,
    slack: SlackEmulator,
    fronts: Mapping[str, Liar],
) -> dict[str, dict[str, Any]]:
    """Accounts on all three, and a second one on two of them that is called over HTTP."""
    polled = telegram_account(telegram, api_root=fronts["telegram"].url, poll_seconds=1)
    called = telegram.world.add_bot("hooked_bot", "Hooked")
    socketed = slack_account(slack, api_root=f"{fronts['slack'].url}/api/")
    del socketed["app_token"]  # it is in the environment
    return {
        "telegram": polled | {"owners": [str(telegram.user("Olga").id)]},
        "telegram-hook": polled
        | {
            "token": called.token,
            "webhook": {"url": "https://hook.example/", "secret": HOOK, "port": _port()},
        },
        "discord": discord_account(discord, api_root=fronts["discord"].url),
        "slack": socketed,
        "slack-events": socketed
        | {
            "token": EVENTS,
            "api_root": f"{fronts['slack-events'].url}/api/",
            "signing_secret": SIGNING,
            "events": {"port": _port()},
        },
    }


def _settings(accounts: Mapping[str, Any], fronts: Mapping[str, Liar]) -> dict[str, Any]:
    server = [sys.executable, "-m", "tests.emulators.mcp.stdio", str(Traits(complains=2))]
    return {
        "agents": {"defaults": {"model": "openai:test", "fallbacks": ["anthropic:test"]}},
        "models": {
            "attempts": 1,
            "openai": {"base_url": f"{fronts['openai'].url}/v1"},
            "anthropic": {"base_url": fronts["anthropic"].url},
        },
        "channels": accounts,
        "gateway": {"port": 0, "token": HTTP},
        "telemetry": {"headers": {"x-api-key": TRACES}},
        "mcp": {
            "web": {
                "url": f"{fronts['mcp'].url}/mcp",
                "headers": {"Authorization": HEADER},
                "guarded": False,
            },
            "local": {
                "command": server,
                "env": {"API_KEY": ENV},
                "cwd": str(ROOT),
                "guarded": False,
            },
        },
        "log": {"format": "json", "level": "debug"},
    }


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
