"""``argent chat``: a chat with the gateway that runs."""

import asyncio

import click

from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out_json

HISTORY = "chat_history"


@click.command(cls=Command)
@click.pass_obj
def chat(invocation: Invocation) -> None:
    """Chat with the running gateway, in this terminal or through a pipe.

    Answers that came while nobody listened are shown first. Ctrl-C stops the running turn, and
    when there is none, the chat. With --json every message is one JSON object on a line.
    """
    from gateway.cli import chat_loop

    history = invocation.state_dir / HISTORY
    ended = asyncio.run(chat_loop.chat(invocation.socket, history, as_json=invocation.json))
    if invocation.json:
        out_json("chat", {"spoke": ended.spoke})
