"""``argent approvals``: calls that wait for an owner."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import span, time
from gateway.visible import visible

Json = dict[str, Any]


@click.group(cls=Group, help="Calls of tools that wait until an owner approves them.")
def approvals() -> None:
    """The group."""


@approvals.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the calls that wait, each with all that it would do."""
    data = reach.carry_out(invocation, "approvals.list", {})
    invocation.show("approvals", data, _list)


def _list(data: Json) -> None:
    if not data["approvals"]:
        out("No call waits for an owner.")
        return
    now = datetime.now(UTC)
    out("\n\n".join(_shown(each, now) for each in data["approvals"]))


def _shown(call: Json, now: datetime) -> str:
    left = span((time(call["expires_at"]) - now).total_seconds())
    head = f"{call['code']}  {call['tool']} in {call['session']}, waits for {left}"
    return f"{head}\n{visible(call['arguments'])}"


@approvals.command()
@click.argument("code")
@click.pass_obj
def approve(invocation: Invocation, code: str) -> None:
    """Let the call with CODE be made, this once and exactly as it is listed."""
    data = reach.carry_out(invocation, "approvals.approve", {"code": code})
    invocation.show("approval", data, _decided)


@approvals.command()
@click.argument("code")
@click.pass_obj
def deny(invocation: Invocation, code: str) -> None:
    """Refuse the call with CODE. The model is told."""
    data = reach.carry_out(invocation, "approvals.deny", {"code": code})
    invocation.show("approval", data, _decided)


def _decided(data: Json) -> None:
    call, word = data["call"], "Approved" if data["approved"] else "Refused"
    out(f"{word}: {call['tool']} in {call['session']}.")
