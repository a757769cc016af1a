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


@channels.command()
@click.argument("platform", type=click.Choice(["slack"]), default="slack")
@click.option("--name", default="Argent", show_default=True, help="What the app is called.")
@click.option("--command", default="argent", show_default=True, help="Its slash command.")
@click.option("--request-url", help="Where Slack calls, instead of Socket Mode.")
@click.pass_obj
def manifest(
    invocation: Invocation, platform: str, name: str, command: str, request_url: str | None
) -> None:
    """Print the app manifest to paste into Slack's "Create an app".

    https://api.slack.com/apps, "From a manifest".
    """
    from channels.channel import Command as MenuEntry
    from channels.slack.manifest import manifest as slack_manifest
    from gateway.commands import DESCRIPTIONS

    menu = [MenuEntry(entry, text) for entry, text in DESCRIPTIONS.items()]
    made = slack_manifest(name=name, command=command, commands=menu, request_url=request_url)
    invocation.show("manifest", {"platform": platform, "manifest": made}, _show_manifest)


def _show_manifest(data: dict[str, Any]) -> None:
    import json

    out(json.dumps(data["manifest"], indent=2))


def show_channels(found: list[dict[str, Any]]) -> None:
    """A line for each account."""
    now = datetime.now(UTC)
    rows = []
    for channel in found:
        proved = channel["proved_at"]
        words = [f"proved {ago(time(proved), now)}" if proved else "not proved yet"]
        words += [f"connection {channel['connections']}"] if channel["connections"] else []
        words += [f"lag {channel['lag']:.1f} s"] if channel["lag"] is not None else []
        words += [channel["identity"]] if channel["identity"] else []
        words += [one_line(channel["detail"])] if channel["detail"] else []
        rows.append((channel["account"], channel["kind"], channel["condition"], ", ".join(words)))
    out("\n".join(table(rows)))
