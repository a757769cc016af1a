"""``argent channels``: the messaging accounts."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import ago, table, time
from gateway.visible import one_line


@click.group(cls=Group, help="Messaging accounts.")
def channels() -> None:
    """The group."""


@channels.command()
@click.pass_obj
def status(invocation: Invocation) -> None:
    """Show how every account is, as its platform last proved it.

    Exits with 1 when an account is neither healthy nor starting.
    """
    data = reach.carry_out(invocation, "channels.status", {})
    invocation.show("channels", data, lambda d: show_channels(d["channels"]))
    if any(c["condition"] not in ("healthy", "starting") for c in data["channels"]):
        raise SystemExit(1)


def show_channels(found: list[dict[str, Any]]) -> None:
    """A line for each account."""
    now = datetime.now(UTC)
    rows = []
    for channel in found:
        proved = channel["proved_at"]
        words = [f"proved {ago(time(proved), now)}" if proved else "not proved yet"]
        words += [channel["identity"]] if channel["identity"] else []
        words += [one_line(channel["detail"])] if channel["detail"] else []
        rows.append((channel["account"], channel["kind"], channel["condition"], ", ".join(words)))
    out("\n".join(table(rows)))
