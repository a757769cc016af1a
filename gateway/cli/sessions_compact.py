"""``argent sessions compact|undo``: a summary in the place of what was said, and back."""

from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out

Json = dict[str, Any]


@click.command(cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.option("--keep", metavar="TEXT", help="What the summary shall keep above all.")
@click.pass_obj
def compact(invocation: Invocation, session: str, keep: str | None) -> None:
    """Summarise what was said, but for the newest messages, to make room in the model's context.

    The gateway must be running: its model writes the summary. Everything stays in the history,
    and `argent sessions undo` takes the summary back.
    """
    data = reach.carry_out(invocation, "sessions.compact", {"session": session, "keep": keep})
    invocation.show("compacted", data, _compacted)


def _compacted(data: Json) -> None:
    if data["messages"] is None:
        out(f"There is nothing to summarise in {data['key']} yet.")
        return
    (first, last), tokens = data["messages"], data["tokens"]
    out(
        f"Summarised messages {first}-{last} of {data['key']}: "
        f"{tokens['before']} tokens before, {tokens['after']} now"
    )


@click.command(cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.pass_obj
def undo(invocation: Invocation, session: str) -> None:
    """Take a session's last summary back: the model sees again what it stood for."""
    data = reach.carry_out(invocation, "sessions.undo", {"session": session})
    invocation.show("undone", data, _undone)


def _undone(data: Json) -> None:
    if data["undone"]:
        out(f"Took the last summary of {data['key']} back: {data['tokens']} tokens now")
    else:
        out(f"There is no summary to take back in {data['key']}.")
