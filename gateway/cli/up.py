"""``argent up``: a gateway and a chat with it, in one process."""

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import click

from gateway import __version__
from gateway.api.client import ControlClient
from gateway.cli.base import Command
from gateway.cli.chat import HISTORY
from gateway.cli.invocation import Invocation
from gateway.cli.output import BOLD, DIM, note, out_json

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.config_load import Loaded
    from gateway.daemon import Running


@click.command(cls=Command)
@click.pass_obj
def up(invocation: Invocation) -> None:
    """Start Argent and chat with it in this terminal.

    Needs no settings: without a model's key or a running Ollama, a demo model answers. If a
    gateway runs on this state folder already, this is a chat with it. Where there is no input at
    all (a service, a container), it serves until SIGTERM.
    """
    running = ControlClient.connect(invocation.socket)
    if running is not None:
        running.close()
        _attach(invocation)
        return
    from gateway.cli.start import prepare, start_errors

    loaded = prepare(invocation, quiet=True)
    with start_errors():
        asyncio.run(_up(loaded, invocation))


def _attach(invocation: Invocation) -> None:
    from gateway.cli import chat_loop

    note("A gateway is running on this state folder already; this is a chat with it.", style=DIM)
    history = invocation.state_dir / HISTORY
    asyncio.run(chat_loop.chat(invocation.socket, history, as_json=invocation.json))


async def _up(loaded: "Loaded", invocation: Invocation) -> None:
    from gateway.daemon import running, until_stopped

    source = invocation.source(loaded)
    async with running(loaded.settings, invocation.state_dir, source=source) as run:
        _greet(run, invocation)
        await _let_first_owner_in(run.gateway, invocation)
        stopped = asyncio.create_task(until_stopped(run.gateway))
        talk = asyncio.create_task(_chat_or_serve(run.gateway, invocation))
        await asyncio.wait([stopped, talk], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, talk):
            task.cancel()
        _, ended = await asyncio.gather(stopped, talk, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


async def _let_first_owner_in(gateway: "Gateway", invocation: Invocation) -> None:
    """Say how somebody becomes an owner, where there are accounts and nobody is one there."""
    if invocation.json or not gateway.people.lacks_owner():
        return
    async with gateway.people.alone:
        code = await gateway.linking.new_code(None)
    note(f"Owner:    nobody yet. Write this to the bot within 10 minutes: /pair {code}")


async def _chat_or_serve(gateway: "Gateway", invocation: Invocation) -> None:
    """Chat; where nobody is there to chat with, let the gateway run until a signal."""
    from gateway.cli.chat_loop import chat

    history = invocation.state_dir / HISTORY
    ended = await chat(invocation.socket, history, as_json=invocation.json)
    if not ended.spoke and not ended.at_terminal:
        # The chat had Ctrl-C for itself.
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, gateway.request_stop)
        await asyncio.Event().wait()


def _greet(run: "Running", invocation: Invocation) -> None:
    gateway, resolution = run.gateway, run.resolution
    channels = [f"{name} ({kind})" for name, kind, _ in gateway.channel_health()]
    if invocation.json:
        facts = {"version": __version__, "state_dir": str(invocation.state_dir)}
        why = {"model": gateway.pool.main.model, "looked_for": list(resolution.looked_for)}
        out_json("gateway", {**facts, **why, "channels": list(gateway.channels)})
        return
    note(f"Argent {__version__}", style=BOLD)
    note(f"State:    {invocation.state_dir}")
    note(f"Channels: {', '.join(channels)}")
    note(f"Model:    {', then '.join(model.name for model in resolution.models)}")
    for looked in resolution.looked_for:
        note(f"          {looked}", style=DIM)
    if any(model.name == "offline" for model in resolution.models[:1]):
        note("          This is a demo, not a language model; it says how to set a real one.")
    if sys.stdin.isatty():
        note("Type a message, or /help. Ctrl-C stops an answer, Ctrl-D ends.\n", style=DIM)
