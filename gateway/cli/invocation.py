"""One call of ``argent``: its shared options, and what every command begins with."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import paths
from gateway.admin_errors import AdminError
from gateway.cli.output import note, out_json
from gateway.visible import visible

if TYPE_CHECKING:
    from gateway.config_load import Loaded
    from gateway.config_source import ConfigSource

Json = dict[str, Any]


@dataclass(slots=True)
class Invocation:
    """The shared options as they were given, before or after the command's name."""

    state_option: Path | None = None
    config_option: Path | None = None
    assignments: tuple[str, ...] = ()
    json: bool = False

    @property
    def state_dir(self) -> Path:
        """The state folder."""
        return paths.state_dir(self.state_option, os.environ)

    @property
    def socket(self) -> Path:
        """Where a running gateway listens."""
        return paths.socket_file(self.state_dir)

    def settings(self, file: Path | None = None) -> "Loaded":
        """The settings in effect (from `file`, if given). Raises `AdminError`."""
        from gateway.config_errors import ConfigError
        from gateway.config_load import load

        path, warnings = paths.config_file(file or self.config_option, os.environ, self.state_dir)
        try:
            loaded = load(path, os.environ, self.overrides())
        except ConfigError as error:
            hint = "every setting is described in argent.example.toml"
            raise AdminError("bad_config", str(error), hint) from error
        for warning in warnings:
            note(f"argent: {warning}")
        return loaded

    def settings_with_warnings(self) -> "Loaded":
        """The same, with their warnings told."""
        loaded = self.settings()
        for warning in loaded.warnings:
            note(f"argent: {warning}")
        return loaded

    def source(self, loaded: "Loaded") -> "ConfigSource":
        """Where these settings came from, to be read again."""
        from gateway.config_source import ConfigSource

        given, state_dir = self.config_option, self.state_dir
        return ConfigSource(given, os.environ, state_dir, self.overrides(), last=loaded)

    def show(self, kind: str, data: Json, human: Callable[[Json], None]) -> None:
        """Print a result, for scripts or for people."""
        if self.json:
            out_json(kind, data)
        else:
            human(data)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Go on only if it was asked for with ``--yes``, or a person at a terminal agrees."""
        if yes:
            return
        if self.json or not sys.stdin.isatty():
            raise AdminError("usage", question, "to go on, say --yes")
        import click

        if not click.confirm(visible(question), err=True):
            raise AdminError("failed", "nothing was changed")

    def options(self) -> list[str]:
        """What another command must be given to mean the same folder and file."""
        state = ["--state-dir", str(self.state_option)] if self.state_option else []
        return state + (["--config", str(self.config_option)] if self.config_option else [])

    def overrides(self) -> dict[str, str]:
        """Each ``--set``, by its setting. Raises `AdminError`."""
        pairs = [assignment.partition("=") for assignment in self.assignments]
        for key, equals, _ in pairs:
            if not equals or not all(key.split(".")):
                raise AdminError("usage", f"--set {key}", "write --set section.key=value")
        return {key.strip(): value for key, _, value in pairs}
