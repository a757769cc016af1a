"""``argent models``: what can think."""

import asyncio
from typing import Any

import click

from gateway.admin_errors import CODES
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import table

Json = dict[str, Any]


@click.group(cls=Group, help="Models.")
def models() -> None:
    """The group."""


@models.command("list")
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the models that every provider offers, and which one is chosen."""
    from gateway.admin_models import listed

    settings = invocation.settings_with_warnings().settings
    invocation.show("models", asyncio.run(listed(settings)), _list)


def _list(data: Json) -> None:
    for provider in data["providers"]:
        if provider["problem"]:
            out(f"{provider['provider']}: {provider['problem']}")
        else:
            out(f"{provider['provider']}:")
            for model in provider["models"]:
                out(f"  {model}{'    (in use)' if model in data['chosen'] else ''}")
    out(f"\nIn use: {', then '.join(data['chosen']) or data['problem']}")
    for looked in data["looked_for"]:
        out(f"  {looked}")


@models.command()
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@click.pass_obj
def test(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Ask MODEL, or the models in use, for one word.

    Exits with 3 when the network or the provider is down, 4 when the key is refused, and 1 for
    anything else.
    """
    from gateway.admin_models import tested

    settings = invocation.settings_with_warnings().settings
    data = asyncio.run(tested(settings, names))
    invocation.show("tests", data, _tested)
    failed = [model for model in data["tests"] if model["error"] is not None]
    if failed:
        raise SystemExit(max(CODES[model["code"]] for model in failed))


def _tested(data: Json) -> None:
    rows = []
    for model in data["tests"]:
        if model["error"] is not None:
            rows.append((model["model"], "failed", model["error"]))
        else:
            rows.append((model["model"], f"{model['seconds']:.2f} s", model["answer"]))
    out("\n".join(table(rows)))
