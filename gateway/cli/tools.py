"""``argent tools``: what agents may use."""

from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import table
from gateway.visible import visible

Json = dict[str, Any]


@click.group(cls=Group, help="What agents may use, and where.")
def tools() -> None:
    """The group."""


@tools.command("list")
@click.option(
    "--session",
    metavar="SESSION",
    shell_complete=completing.sessions,
    help="A session's key or id: what it is offered now.",
)
@click.pass_obj
def list_(invocation: Invocation, session: str | None) -> None:
    """List the tools, and how far who speaks must be trusted for each.

    With --session, which of them the running gateway offers there, and why not the others.
    """
    if session is None:
        invocation.show("tools", {"tools": _table()}, _by_trust)
        return
    data = reach.carry_out(invocation, "sessions.tools", {"session": session})
    invocation.show("offered", data, _of_session)


def _table() -> list[Json]:
    from gateway.powers import TABLE

    return [
        {"tool": name, **{str(trust): str(power) for trust, power in row.items()}}
        for name, row in TABLE.items()
    ]


def _by_trust(data: Json) -> None:
    rows = [("", "full", "partial", "low")]
    rows += [(each["tool"], each["full"], each["partial"], each["low"]) for each in data["tools"]]
    out("\n".join(table(rows, indent="")))
    out(
        "\nTrust is full for an owner in private, partial for others in private, and low in groups "
        "and topics.\nWhere it says approval, a call waits for an owner once the model has seen "
        "what others wrote."
    )


def _of_session(data: Json) -> None:
    out(f"{data['key']} is offered:")
    offered = [each for each in data["tools"] if each["why_not"] is None]
    others = [each for each in data["tools"] if each["why_not"] is not None]
    out("\n".join(table([(each["tool"], _note(each)) for each in offered])))
    if others:
        out("\nIt is not offered:")
        out("\n".join(table([(each["tool"], visible(each["why_not"])) for each in others])))


def _note(offer: Json) -> str:
    return "with an approval once the model has seen what others wrote" if offer["approval"] else ""
