"""``argent mcp``: servers that offer tools."""

import asyncio
from typing import Any

import click

from gateway.admin_errors import CODES
from gateway.cli import completing
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import many, table
from gateway.visible import one_line

Json = dict[str, Any]

_SECONDS = click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="How long to wait for an answer.",
)


@click.group(cls=Group, help="MCP servers, which offer tools to the agents.")
def mcp() -> None:
    """The group."""


@mcp.command("list")
@_SECONDS
@click.pass_obj
def list_(invocation: Invocation, seconds: float) -> None:
    """List the MCP servers that are configured, and what they offer.

    Each is started, or reached, for a moment. Exits with 1 when one cannot be used.
    """
    from gateway.admin_mcp import listed
    from gateway.cli.start import prepare

    settings = prepare(invocation, quiet=True, keep=False).settings
    data = asyncio.run(listed(settings, seconds=seconds))
    invocation.show("mcp", data, _list)
    if any(server["condition"] == "failed" for server in data["servers"]):
        raise SystemExit(CODES["findings"])


def _list(data: Json) -> None:
    if not data["servers"]:
        out("No MCP server is configured. argent.example.toml shows how to, under [mcp.files].")
        return
    rows = [
        (server["name"], server["condition"], f"in {', '.join(server['types'])}", _what(server))
        for server in data["servers"]
    ]
    out("\n".join(table(rows)))


def _what(server: Json) -> str:
    said = [many(len(server["tools"]), "tool")] if server["condition"] == "connected" else []
    said += [one_line(server["problem"])] if server["problem"] else []
    return ", ".join(said)


@mcp.command()
@click.argument("name", shell_complete=completing.names_in("mcp"))
@_SECONDS
@click.pass_obj
def test(invocation: Invocation, name: str, seconds: float) -> None:
    """Start or reach the MCP server NAME, and print the tools that it offers.

    What its program says on its standard error is printed there, too.

    Exits with 3 when it does not answer, and 5 when none of that name is configured.
    """
    from gateway.admin_mcp import tested
    from gateway.cli.start import prepare

    settings = prepare(invocation, keep=False).settings
    data = asyncio.run(tested(settings, name, seconds=seconds))
    invocation.show("mcp", data, _tested)
    if data["servers"][0]["condition"] == "failed":
        raise SystemExit(CODES["network_down"])


def _tested(data: Json) -> None:
    (server,) = data["servers"]
    took = f"{server['condition']}, {server['seconds']:.2f} s"
    out(f"{server['name']} ({one_line(server['where'])}): {took}")
    if server["problem"]:
        out(f"  {one_line(server['problem'])}")
    for tool in server["tools"]:
        out(f"  {tool}")
