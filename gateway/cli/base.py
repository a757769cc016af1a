"""What all commands share: their options, and groups that load a command when it is called."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.invocation import Invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Callback = Callable[[click.Context, click.Parameter, Any], None]


def _kept(name: str) -> Callback:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value not in (None, False, ()):
            setattr(context.ensure_object(Invocation), name, value)

    return keep


def _complete_assignments(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    from gateway.cli.completing import assignments

    return assignments(context, parameter, incomplete)


def shared_options() -> list[click.Parameter]:
    """The options that stand before or after any command's name."""
    return [
        click.Option(
            ["--state-dir"],
            type=click.Path(path_type=Path),
            metavar="FOLDER",
            help="The state folder (ARGENT_STATE_DIR, else ~/.argent).",
            expose_value=False,
            callback=_kept("state_option"),
        ),
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The settings (ARGENT_CONFIG, else argent.toml or argent.json in the folder).",
            expose_value=False,
            callback=_kept("config_option"),
        ),
        click.Option(
            ["--set", "settings"],
            multiple=True,
            metavar="KEY=VALUE",
            help="One setting, before file and environment: --set log.level=debug.",
            expose_value=False,
            callback=_kept("assignments"),
            shell_complete=_complete_assignments,
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            help="Print one JSON object.",
            expose_value=False,
            callback=_kept("json"),
        ),
    ]


class Command(click.Command):
    """A command that takes the shared options, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())


class Group(click.Group):
    """A group of commands."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are defined, which is the order of use."""
        return list(self.commands)


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is, and what ``--help`` says of it without loading it."""

    module: str
    help: str


class LazyGroup(Group):
    """A group that imports only the command that is called."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are declared."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; by its whole name only."""
        lazy = self.lazy.get(cmd_name)
        if lazy is None:
            return None
        command = getattr(importlib.import_module(lazy.module), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{lazy.module}.{cmd_name} is no command")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands' names, without importing them, and the options."""
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=lazy.help)
            for name, lazy in self.lazy.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])
