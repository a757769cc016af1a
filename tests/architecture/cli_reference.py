"""The reference part of docs/cli.md, made from the commands themselves.

``python -m tests.architecture.cli_reference`` writes it into the page.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.admin_errors import CODES
from gateway.cli.base import shared_options
from gateway.cli.main import cli
from tests.architecture.generated import Generated

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
PLACE = Generated(
    PAGE,
    begin="<!-- reference: made by `python -m tests.architecture.cli_reference` -->",
    end="<!-- end of the reference -->",
)
MEANINGS = {
    0: "Done.",
    1: "It failed, or it found something that needs you.",
    2: "The command, the configuration or the version is wrong; nothing was done.",
    3: "The gateway or the network is down.",
    4: "Not allowed.",
    5: "Not found.",
    6: "The state folder is locked by another process.",
}
SHARED = {option.name for option in shared_options()}


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name, in the order of ``--help``."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command, info_name=path)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, f"{path} {name}")


def reference() -> str:
    """The whole reference as Markdown."""
    blocks = ["## Options of every command", _table(shared_options())]
    for name, command in commands(cli, "argent"):
        blocks += [f"## `{name}`", _usage(name, command), inspect.cleandoc(str(command.help))]
        own = [o for o in command.params if isinstance(o, click.Option) and o.name not in SHARED]
        if own:
            blocks.append(_table(own))
    blocks += ["## Exit codes", _codes()]
    return "\n\n".join(blocks)


def _usage(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    arguments = [a.make_metavar(context) for a in command.params if isinstance(a, click.Argument)]
    return f"```\n{' '.join([name, *arguments, '[OPTIONS]'])}\n```"


def _table(options: list[click.Option] | list[click.Parameter]) -> str:
    lines = ["| option | meaning |", "|---|---|"]
    for option in options:
        assert isinstance(option, click.Option)
        context = click.Context(cli)
        metavar = "" if option.is_flag else f" {option.make_metavar(context)}"
        default = f" Default: {option.default}." if option.show_default else ""
        written = f"{', '.join(option.opts)}{metavar}".replace("|", "\\|")
        lines.append(f"| `{written}` | {option.help}{default} |")
    return "\n".join(lines)


def _codes() -> str:
    lines = ["| exit code | meaning | `error.code` in JSON |", "|---|---|---|"]
    for number, meaning in MEANINGS.items():
        codes = ", ".join(f"`{code}`" for code, exit_code in CODES.items() if exit_code == number)
        lines.append(f"| {number} | {meaning} | {codes or '–'} |")
    return "\n".join(lines)


def written() -> str:
    """The reference as the page has it."""
    return PLACE.written()


def write() -> None:
    """Put the reference into the page."""
    PLACE.write(reference())


if __name__ == "__main__":
    write()
