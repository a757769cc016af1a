"""``argent status``: everything at a glance."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.channels import show_channels
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import many, span, spent, table, time

Json = dict[str, Any]


@click.command(cls=Command)
@click.pass_obj
def status(invocation: Invocation) -> None:
    """Show the gateway, its channels, and how much there is to do."""
    data = reach.status(invocation)
    data["state_dir"] = str(invocation.state_dir)
    invocation.show("status", data, _status)


def _status(data: Json) -> None:
    show_gateway(data["gateway"])
    out(f"State folder: {data['state_dir']}")
    if data["channels"]:
        out("\nChannels:")
        show_channels(data["channels"])
    counts = data["counts"]
    rows = [
        ("Sessions", counts["sessions"]),
        ("Messages without an answer", counts["pending"]),
        ("Parts to send", counts["owed"]),
        ("Parts sent", counts["sent"]),
        ("Parts perhaps repeated", counts["repeated"]),
        ("Parts that could not be sent", counts["failed_parts"]),
        ("Updates set aside", counts["set_aside"]),
    ]
    out()
    out("\n".join(table([(f"{name}:", str(count)) for name, count in rows], indent="")))
    out(f"Spent today (UTC): {spent(data['today'])}")
    if counts["outcomes"]:
        ended = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts["outcomes"].items()))
        out(f"Messages that ended: {ended}")


def show_gateway(runtime: Json | None) -> None:
    """A line or two about the process."""
    if runtime is None:
        out("The gateway is not running. Start it with `argent up` or `argent gateway run`.")
        return
    up = span((datetime.now(UTC) - time(runtime["started_at"])).total_seconds())
    out(f"The gateway is running: version {runtime['version']}, pid {runtime['pid']}, for {up}.")
    working = many(runtime["turns_running"], "turn")
    out(f"Model: {runtime['model']}; {working} running, {runtime['parts_queued']} parts queued.")
    for model, why in runtime["models_resting"].items():
        out(f"Model {model} is not asked until it answers again: {why}")
    if runtime["storage_problem"]:
        out(f"Storage: {runtime['storage_problem']}")
    if runtime["search_problem"]:
        out(f"Search: {runtime['search_problem']}")
    if problem := runtime["sandbox_problem"]:
        out(f"Sandbox: degraded, sandboxed sessions have no bash: {problem}")
    elif runtime["sandbox"]:
        out(f"Sandbox: {runtime['sandbox']}.")
    for server in runtime["mcp"]:
        offers = f"{server['condition']}, {many(server['tools'], 'tool')}"
        told = f": {server['problem']}" if server["problem"] else ""
        out(f"MCP server {server['name']}: {offers}{told}")
    for report in runtime["repaired"]:
        out(f"Repaired: {report}")
