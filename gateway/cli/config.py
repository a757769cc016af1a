"""``argent config``: the settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out

Json = dict[str, Any]


@click.group(cls=Group, help="Settings: from a file, the environment and the command line.")
def config() -> None:
    """The group."""


@config.command()
@click.pass_obj
def show(invocation: Invocation) -> None:
    """Print every setting that is in effect. Secrets are covered."""
    loaded = invocation.settings_with_warnings()
    settings = loaded.settings.model_dump(mode="json")
    data = {"file": str(loaded.path) if loaded.path else None, "settings": settings}
    invocation.show("config", data, _show)


def _show(data: Json) -> None:
    note(f"from {data['file'] or 'the defaults (there is no file)'} and the environment")
    for name, value in _flat(data["settings"], ()):
        out(f"{name} = {value}")


def _flat(value: Json, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    import json

    for name, item in value.items():
        here = (*path, name)
        if isinstance(item, dict) and item:
            yield from _flat(item, here)
        elif item is not None:
            yield ".".join(here), json.dumps(item, ensure_ascii=False)


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def validate(invocation: Invocation, file: Path | None) -> None:
    """Check the settings, or those in FILE. Exits with 2 on errors and 1 on warnings."""
    loaded = invocation.settings(file)
    path = str(loaded.path) if loaded.path else None
    data = {"file": path, "warnings": list(loaded.warnings)}
    invocation.show("validation", data, _validated)
    if loaded.warnings:
        raise SystemExit(1)


def _validated(data: Json) -> None:
    for warning in data["warnings"]:
        out(f"warning: {warning}")
    if not data["warnings"]:
        out(f"{data['file'] or 'The environment'} is good.")
