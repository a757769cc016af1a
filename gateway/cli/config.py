"""``argent config``: the settings."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gateway import paths
from gateway.admin_errors import AdminError
from gateway.cli import completing
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import DIM, note, out

Json = dict[str, Any]


@click.group(cls=Group, help="Settings: from a file, the environment and the command line.")
def config() -> None:
    """The group."""


@config.command()
@click.pass_obj
def show(invocation: Invocation) -> None:
    """Print every setting that is in effect, and where it was set. Secrets are covered."""
    from gateway.config_schema import without_passwords

    loaded = invocation.settings_with_warnings()
    settings = without_passwords(loaded.settings.model_dump(mode="json"))
    names = [(".".join(path), path) for path, _ in _flat(settings, ())]
    origins = {name: origin for name, path in names if (origin := loaded.origin(path))}
    file = str(loaded.path) if loaded.path else None
    invocation.show("config", {"file": file, "settings": settings, "origins": origins}, _show)


def _show(data: Json) -> None:
    note(f"from {data['file'] or 'the defaults (there is no file)'} and the environment")
    for path, value in _flat(data["settings"], ()):
        name = ".".join(path)
        origin = data["origins"].get(name)
        out(f"{name} = {_written(value)}", end="" if origin else "\n")
        if origin:
            out(f"  # {origin}", style=DIM)


def _flat(value: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, item in value.items():
        here = (*path, name)
        if isinstance(item, dict) and item:
            yield from _flat(item, here)
        elif item is not None:
            yield here, item


def _written(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


@config.command()
@click.argument("key", shell_complete=completing.setting_names)
@click.pass_obj
def get(invocation: Invocation, key: str) -> None:
    """Print the value of one setting, such as agents.defaults.model. A secret is covered.

    With --json, also where it was set, and what it means.
    """
    from gateway.config import Settings
    from gateway.config_problems import meant
    from gateway.config_reference import find
    from gateway.config_schema import type_at, without_passwords

    loaded = invocation.settings_with_warnings()
    path, value = _at(without_passwords(loaded.settings.model_dump(mode="json")), key)
    if type_at(Settings, path) is None:
        raise AdminError("not_found", f"{key} is no setting", meant(path))
    described = find(path) if invocation.json else None
    data = {"key": key, "value": value, "origin": loaded.origin(path)}
    data["default"] = described.default if described else None
    data["meaning"] = described.meaning if described else None
    data["unit"] = described.unit if described else None
    data["change"] = described.effect if described else None
    invocation.show("setting", data, _show_value)


def _at(settings: Any, key: str) -> tuple[tuple[str, ...], Any]:
    """A setting's path and value; a name of the owner's choice may hold dots of its own."""
    path: tuple[str, ...] = ()
    words = key.split(".")
    while words:
        ends = range(len(words), 0, -1)
        table = settings if isinstance(settings, dict) else {}
        length = next((end for end in ends if ".".join(words[:end]) in table), 1)
        name, words = ".".join(words[:length]), words[length:]
        path, settings = (*path, name), table.get(name)
    return path, settings


def _show_value(data: Json) -> None:
    value = data["value"]
    if isinstance(value, dict):
        for path, item in _flat(value, (data["key"],)):
            out(f"{'.'.join(path)} = {_written(item)}")
    elif value is not None:
        out(value if isinstance(value, str) else _written(value))


@config.command()
@click.option("--write", is_flag=True, help="Put it beside the settings file, for editors.")
@click.pass_obj
def schema(invocation: Invocation, write: bool) -> None:
    """Print the JSON Schema of all settings: types, defaults, choices, units and meanings.

    An editor that knows TOML (with taplo, or VS Code's Even Better TOML) completes and checks
    argent.toml by it when the file's first line is: #:schema ./argent.schema.json
    """
    from gateway.config_json_schema import schema as made
    from gateway.config_json_schema import schema_text

    if not write:
        invocation.show("schema", made(), lambda _: out(schema_text(), end=""))
        return
    from gateway.setup.filing import NotWritten, write_beside
    from gateway.setup.settings_file import SCHEMA

    state = invocation.state_dir
    settings, _ = paths.config_file(invocation.config_option, os.environ, state)
    file = (settings or state / paths.CONFIG_NAMES[0]).with_name(SCHEMA)
    try:
        write_beside(file, schema_text())
    except NotWritten as error:
        raise AdminError("failed", str(error)) from error
    invocation.show("schema", {"file": str(file)}, lambda d: out(f"Written: {d['file']}"))


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
