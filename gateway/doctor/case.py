"""What the subjects are told of an installation: where it is, its settings, its running gateway."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import paths
from gateway.admin_errors import AdminError
from gateway.api.client import ControlClient
from gateway.config_errors import ConfigError, Problem
from state.files import lock_holder

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.config_load import Loaded

Json = dict[str, Any]
ANSWER_SECONDS = 1.0
"""How long a running gateway may take to answer: it is hung, or as good as that, beyond it."""


def utc_now() -> datetime:
    """The time as the machine has it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """An installation, as far as it could be looked at.

    `loaded` is None where the settings cannot be used, and `problems` say why. `holder` is the
    process that owns the state folder, None where none does; `status` is what it said in time.
    `thorough` asks for all of the sessions and not a sample.
    """

    state_dir: Path
    environ: Mapping[str, str]
    loaded: "Loaded | None" = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    holder: int | None = None
    status: Json | None = field(default=None, repr=False)
    thorough: bool = False
    clock: Callable[[], datetime] = utc_now

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return self.clock()

    @property
    def settings(self) -> "Settings | None":
        """The settings, where they can be used."""
        return self.loaded.settings if self.loaded is not None else None

    @property
    def runtime(self) -> Json:
        """What the running gateway says of its process; empty without one."""
        return dict((self.status or {}).get("gateway") or {})

    @property
    def readable(self) -> bool:
        """Whether there is a state folder that can be looked into."""
        return self.state_dir.is_dir() and os.access(self.state_dir, os.R_OK | os.X_OK)


def look(
    state_dir: Path,
    config: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
    *,
    thorough: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> Case:
    """The installation as it is now. Raises nothing for how it is."""
    loaded, problems, warnings = _settings(state_dir, config, environ, overrides)
    holder = _holder(state_dir)
    status = _status(state_dir) if holder is not None else None
    return Case(state_dir, environ, loaded, problems, warnings, holder, status, thorough, clock)


def _settings(
    state_dir: Path,
    config: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, str],
) -> "tuple[Loaded | None, tuple[Problem, ...], tuple[str, ...]]":
    from gateway.config_load import load

    path, warnings = config, tuple[str, ...]()
    try:
        path, warnings = paths.config_file(config, environ, state_dir)
        loaded = load(path, environ, overrides)
    except ConfigError as error:
        return None, error.problems, warnings
    except OSError as error:
        return None, (Problem(str(path or state_dir), None, f"cannot be read: {error}"),), warnings
    return loaded, (), (*warnings, *loaded.warnings)


def _holder(state_dir: Path) -> int | None:
    try:
        return lock_holder(state_dir)
    except OSError:
        return None


def _status(state_dir: Path) -> Json | None:
    try:
        client = ControlClient.connect(paths.socket_file(state_dir), seconds=ANSWER_SECONDS)
        if client is None:
            return None
        with client:
            return client.call("status", {"deep": True}, timeout=ANSWER_SECONDS)
    except AdminError:
        return None
