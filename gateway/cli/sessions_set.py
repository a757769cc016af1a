"""``argent sessions set|rename``: what one session is set to, and what it is called."""

from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out

Json = dict[str, Any]


@click.command("set", cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.argument("assignments", metavar="NAME=VALUE...", nargs=-1, required=True)
@click.pass_obj
def set_(invocation: Invocation, session: str, assignments: tuple[str, ...]) -> None:
    """Set a session anew, from its next message on; NAME= takes a choice back.

    NAME is model, options.NAME, skill, tools, mcp, system_prompt, persistence or title. Several are
    set together or not at all. skill=off is no skill; tools and mcp are names with commas between
    them, all, or none. Without a running gateway, nobody is asked whether there is such a model,
    tool or MCP server.
    """
    given = {"session": session, "assignments": list(assignments)}
    data = reach.carry_out(invocation, "sessions.set", given)
    invocation.show("set", data, _set)


def _set(data: Json) -> None:
    for name, value in data["chosen"].items():
        if value is None:
            out(f"{data['key']}: {name} is as it is configured")
        else:
            out(f"{data['key']}: {name} = {written(value)}")


@click.command(cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.argument("name")
@click.pass_obj
def rename(invocation: Invocation, session: str, name: str) -> None:
    """Give a side session another name, and any other session another title."""
    data = reach.carry_out(invocation, "sessions.rename", {"session": session, "name": name})
    invocation.show("renamed", data, _renamed)


def _renamed(data: Json) -> None:
    what, called = ("name", data["name"]) if data["name"] else ("title", data["title"])
    out(f"{data['key']}: its {what} is {called} now")


def written(value: Any) -> str:
    """A value of a setting, as it is written behind its name."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "all" if "*" in value else ",".join(value) or "none"
    return str(value) or "off"
