"""``argent channels``: the messaging accounts."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.admin_errors import CODES, AdminError
from gateway.cli import completing, reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.status_words import channel_lines
from gateway.cli.text import table
from gateway.visible import one_line

if TYPE_CHECKING:
    from channels.probe import Probed
    from gateway.config import Account

Json = dict[str, Any]
_LISTEN_SECONDS = 2.0


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


@channels.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the accounts that the settings name; nobody is asked."""
    accounts = invocation.settings_with_warnings().settings.channels
    listed = [
        {"account": name, "kind": account.kind, "enabled": account.enabled}
        for name, account in accounts.items()
    ]
    invocation.show("accounts", {"accounts": listed}, _list)


def _list(data: Json) -> None:
    rows = [
        (each["account"], each["kind"], "" if each["enabled"] else "not enabled")
        for each in data["accounts"]
    ]
    out("\n".join(table(rows)) or "No account is configured: argent setup")


@channels.command()
@click.argument(
    "names", metavar="[NAME]...", nargs=-1, shell_complete=completing.names_in("channels")
)
@click.pass_obj
def test(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Ask the platforms whether the enabled accounts, or NAME, would work; nothing is sent.

    Exits with 3 when a platform does not answer, 4 when a token is refused, and 1 for anything
    else that is found.
    """
    import asyncio

    known = invocation.settings_with_warnings().settings.channels
    for name in names:
        if name not in known:
            raise AdminError("not_found", f"there is no account {name!r}", "argent channels list")
    wanted = {n: a for n, a in known.items() if n in names or (not names and a.enabled)}
    alone = reach.holder(invocation) is None
    found = asyncio.run(_probe(wanted, _LISTEN_SECONDS if alone else 0.0))
    shown = [_tested(name, wanted[name].kind, probed) for name, probed in found.items()]
    invocation.show("probes", {"accounts": shown}, _show_tested)
    codes = [_code(finding["code"]) for each in shown for finding in each["findings"]]
    if codes:
        raise SystemExit(max(codes))


async def _probe(accounts: "dict[str, Account]", listen: float) -> "dict[str, Probed]":
    import asyncio

    import aiohttp

    from channels.registry import probe

    async with aiohttp.ClientSession() as http:
        probes = (probe(name, each, http=http, listen=listen) for name, each in accounts.items())
        return dict(zip(accounts, await asyncio.gather(*probes), strict=True))


def _tested(name: str, kind: str, probed: "Probed") -> Json:
    from dataclasses import asdict

    return {
        "account": name,
        "kind": kind,
        "identity": probed.identity,
        "works": probed.works,
        "findings": [asdict(finding) for finding in probed.findings],
    }


def _code(finding: str) -> int:
    if finding.endswith("-token-refused"):
        return CODES["not_allowed"]
    return CODES["network_down" if finding == "platform-unreachable" else "findings"]


def _show_tested(data: Json) -> None:
    from gateway.cli.findings import show_findings

    for each in data["accounts"]:
        works = "works" if each["works"] else "does not work"
        out(f"{each['account']}  {each['kind']}  {works}  {one_line(each['identity'] or '')}")
        show_findings(each["findings"])
    if not data["accounts"]:
        out("No account is configured: argent setup")


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
    made = slack_manifest(name=name, command=command, request_url=request_url)
    invocation.show("manifest", {"platform": platform, "manifest": made}, _show_manifest)


def slack_manifest(
    *, name: str = "Argent", command: str = "argent", request_url: str | None = None
) -> Json:
    """The manifest of a Slack app that has all that Argent asks of one."""
    from channels.channel import Command as MenuEntry
    from channels.slack.manifest import manifest as made
    from gateway.commands import DESCRIPTIONS

    menu = [MenuEntry(entry, text) for entry, text in DESCRIPTIONS.items()]
    return made(name=name, command=command, commands=menu, request_url=request_url)


def _show_manifest(data: dict[str, Any]) -> None:
    import json

    out(json.dumps(data["manifest"], indent=2))


def show_channels(found: list[dict[str, Any]]) -> None:
    """A line for each account."""
    out("\n".join(channel_lines(found, datetime.now(UTC))))
