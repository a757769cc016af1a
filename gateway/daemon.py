"""The process: opens what a gateway needs, runs it until a signal, and closes it in stages."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog
from pydantic import SecretStr

from agents.agent import Agent
from agents.config import MAIN, AgentSettings
from agents.models.guarded import Breakers
from agents.models.http import new_session
from agents.models.model import ModelSettings, Timeouts
from agents.models.registry import Listing, Resolution, list_models, resolve
from agents.skill_folders import SkillFolders
from agents.tools.mcp.servers import McpServers
from channels.channel import Command
from channels.fetching import Fetcher
from channels.registry import build, load
from gateway import __version__
from gateway.accounts import Line, Opens
from gateway.agent_pool import Models
from gateway.api.control import ControlServer
from gateway.app import Gateway
from gateway.clock import Clock
from gateway.commands import DESCRIPTIONS
from gateway.config import Account, Settings
from gateway.config_source import ConfigSource
from gateway.cursors import LedgerCursors
from gateway.event_log import log_event
from gateway.ground import Minds
from gateway.notifying import Notifying
from gateway.observing import Observing
from gateway.paths import runtime_dir
from gateway.sandboxing import Sandboxing
from gateway.token_locks import token_lock
from gateway.tools.at_work import workspace_shelf
from gateway.tools.fetch import fetch_shelf
from gateway.tools.workspaces import Workspaces
from gateway.watchdog import Watchdog, watched_every
from state.files import State, open_state
from state.store import Ledger

_LETTING_GO = 15.0
"""Seconds that a stop may take beyond the drain: connections, tools and files are closed."""

_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that has started, and how its model was chosen."""

    gateway: Gateway
    resolution: Resolution
    state: State


def model_settings(settings: Settings, agent: AgentSettings | None = None) -> ModelSettings:
    """What the agents' side needs to know, with secrets uncovered; without `agent`, for `main`."""
    models, agent = settings.models, agent or settings.agents.of(MAIN)
    return ModelSettings(
        model=agent.model,
        fallbacks=agent.fallbacks,
        openai_api_key=_uncovered(models.openai.api_key),
        openai_base_url=models.openai.base_url,
        anthropic_api_key=_uncovered(models.anthropic.api_key),
        anthropic_base_url=models.anthropic.base_url,
        ollama_api_key=_uncovered(models.ollama.api_key),
        ollama_base_url=models.ollama.base_url,
        timeouts=Timeouts(
            connect=models.connect_timeout,
            first_byte=models.first_byte_timeout,
            idle=models.idle_timeout,
            turn=models.turn_timeout,
        ),
        attempts=models.attempts,
        max_output=agent.max_output_tokens,
        window=agent.context_window,
        media=agent.media,
        options=agent.options,
    )


class Makers:
    """Makes agents as they are set, with models behind `breakers`."""

    def __init__(self, settings: Settings, http: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._http = http
        self.breakers = Breakers(timeouts=model_settings(settings).timeouts)

    async def resolve(self, agent: AgentSettings) -> Resolution:
        """The models that an agent is set to use. Raises `agents.errors.NotConfigured`."""
        return await resolve(model_settings(self._settings, agent), self._http)

    def agent(self, agent: AgentSettings, found: Resolution) -> Agent:
        """The agent with these models."""
        return Agent(
            [self.breakers.guard(model) for model in found.models],
            timeouts=model_settings(self._settings).timeouts,
            attempts=self._settings.models.attempts,
            max_steps=agent.max_steps,
        )

    async def listed(self) -> Sequence[Listing]:
        """Every provider's models."""
        return await list_models(model_settings(self._settings), self._http)

    async def make(self, agent: AgentSettings) -> Agent:
        """The agent of these settings. Raises `agents.errors.NotConfigured`."""
        return self.agent(agent, await self.resolve(agent))

    @property
    def models(self) -> Models:
        """How models are come by."""
        return Models(self.make, self.listed, self.breakers)


def _uncovered(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


@asynccontextmanager
async def running(
    settings: Settings,
    state_dir: Path,
    *,
    source: ConfigSource | None = None,
    clock: Clock | None = None,
    made: Callable[[Gateway], None] = lambda _: None,
) -> AsyncIterator[Running]:
    """A gateway on a state folder, from start to staged stop.

    `source` is where its settings can be read again while it runs; `clock` is where it reads the
    time, where that is not the machine's. `made` is given the gateway before it begins anything.
    Raises `state.store.StoreError` (locked, damaged beyond use, newer format) before anything is
    touched, and `SandboxUnavailable` where `sandbox.required` asks for what is not to be had.
    """
    async with AsyncExitStack() as stack:
        observing = Observing(settings, state_dir)
        state = await open_state(state_dir, argent=__version__, synced=observing.synced)
        stack.push_async_callback(state.close)
        if state.kept is not None:
            _log.info("state_upgraded", kept=str(state.kept))
        http = await stack.enter_async_context(new_session())
        makers = Makers(settings, http)
        resolution = await makers.resolve(settings.agents.of(MAIN))
        for name in settings.agents.names:
            # What an agent cannot think with is told at the start, and not to whoever writes first.
            await makers.resolve(settings.agents.of(name))
        sandboxing = Sandboxing(settings.sandbox, state_dir)
        if settings.sandbox.required:
            await sandboxing.look()
        sessions = state.sessions
        fetcher = Fetcher(everywhere=True)
        stack.push_async_callback(fetcher.close)
        workspaces = Workspaces(settings.sandbox, sessions.folder, sessions.read_file)
        opens = _opens(http, state.ledger, state_dir)
        wanted = {name: each for name, each in settings.channels.items() if each.enabled}
        gateway = Gateway(
            settings,
            sessions=state.sessions,
            ledger=state.ledger,
            minds=Minds(
                makers.agent(settings.agents.of(MAIN), resolution),
                makers.models,
                SkillFolders(state_dir),
                McpServers(settings.mcp, version=__version__),
                shelves=(workspace_shelf(workspaces, sandboxing), fetch_shelf(fetcher)),
                sandboxing=sandboxing,
                workspace=workspaces.file,
                models_of=lambda others: Makers(others, http).models,
            ),
            lines=[await opens(name, each) for name, each in wanted.items()],
            opens=opens,
            source=source,
            clock=clock,
            search_problem=lambda: state.search.problem,
        )
        gateway.feed.watch(log_event)
        await stack.enter_async_context(observing.following(gateway))
        state.search.start()
        control = ControlServer(gateway, state_dir, clock=gateway.clock)
        made(gateway)
        try:
            await gateway.start(state.reports)
            await control.start()
            yield Running(gateway, resolution, state)
        finally:
            await control.stop()
            await gateway.stop(gateway.settings.gateway.drain_seconds)


async def serve(
    settings: Settings,
    state_dir: Path,
    *,
    ready: Callable[[Running], None] = lambda _: None,
    source: ConfigSource | None = None,
) -> int:
    """Run a gateway until SIGTERM, SIGINT or a request to stop; returns the exit code.

    The service manager, where there is one, is told how it is. "Ready" means that what was left is
    taken up and messages are let in; that a platform answers is no condition of it, or an outage
    would fail every start.
    """
    notifying = Notifying.of(os.environ)
    watchdog = Watchdog(notifying, interval=watched_every(os.environ, os.getpid()))
    started = asyncio.Event()

    def made(gateway: Gateway) -> None:
        gateway.reloading.on_reload = notifying.reload
        # Before anything is begun that a signal could cut off.
        obey_signals(gateway, hangs_up=has_terminal(), started=started)

    async with AsyncExitStack() as stack:
        stack.callback(notifying.close)
        # Fed until the last stage of stopping is over.
        stack.push_async_callback(watchdog.stop)
        async with notifying.patience():
            run = await stack.enter_async_context(
                running(settings, state_dir, source=source, made=made)
            )
        _log.info("ready", state=str(state_dir), model=run.gateway.pool.main.model)
        started.set()
        ready(run)
        notifying.ready()
        watchdog.start(run.gateway.vitals)
        # What was loaded stays until the end. A full collection that walked all of it, again and
        # again, would hold up every chat for 50 ms and more.
        gc.freeze()
        await run.gateway.stop_requested()
        _log.info("stopping")
        notifying.stopping(run.gateway.settings.gateway.drain_seconds + _LETTING_GO)
    _log.info("stopped")
    return 0


async def until_stopped(gateway: Gateway) -> None:
    """Wait for a signal (see `obey_signals`) or a request."""
    obey_signals(gateway)
    await gateway.stop_requested()


def obey_signals(
    gateway: Gateway, *, hangs_up: bool = True, started: asyncio.Event | None = None
) -> None:
    """Stop the gateway at a signal; a second one ends the process at once.

    A terminal that is closed (SIGHUP) stops the gateway like SIGTERM, unless it was started to
    outlive it, as nohup does. One that never had a terminal (`hangs_up` is false) reads its
    settings again at SIGHUP, as daemons do: at once, or when it has `started`.
    """
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGTERM, signal.SIGINT]
    if not hangs_up:

        async def reload() -> None:
            if started is not None:
                await started.wait()
            await gateway.reloading.at_signal()

        def on_hangup() -> None:
            gateway.begin(reload(), "reload at a signal")

        loop.add_signal_handler(signal.SIGHUP, on_hangup)
    elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def on_signal() -> None:
        gateway.request_stop()
        for number in numbers:
            # Whoever asks twice does not want to wait: everything unfinished is on disk.
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, on_signal)


def has_terminal() -> bool:
    """Whether a terminal controls this process: when that is closed, it is sent SIGHUP."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _opens(http: aiohttp.ClientSession, ledger: Ledger, state_dir: Path) -> Opens:
    """How the channels of accounts are made in this process."""
    menu = [Command(name, text) for name, text in DESCRIPTIONS.items()]
    locks = runtime_dir(os.environ)

    async def opens(name: str, account: Account) -> Line:
        # A platform's library takes a while to import, during which the loop has others to serve.
        await asyncio.to_thread(load, account)
        cursors = LedgerCursors(ledger)
        channel = build(name, account, http=http, cursors=cursors, commands=menu, now=Clock().now)
        return Line(channel, token_lock(name, account, state_dir, locks))

    return opens
