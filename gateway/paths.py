"""Where things are. Imports nothing heavy: every command needs it, and most only read."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

STATE_DIR = "ARGENT_STATE_DIR"
CONFIG = "ARGENT_CONFIG"
CONFIG_NAMES = ("argent.toml", "argent.json")


def state_dir(given: str | Path | None, environ: Mapping[str, str]) -> Path:
    """The state folder: as given, else `ARGENT_STATE_DIR`, else ``~/.argent``."""
    chosen = given or environ.get(STATE_DIR) or "~/.argent"
    return Path(os.path.abspath(Path(chosen).expanduser()))  # noqa: PTH100 - keeps symlinks


def runtime_dir(environ: Mapping[str, str]) -> Path:
    """Where this user's gateways keep what ends with them: one folder for all state folders.

    https://specifications.freedesktop.org/basedir-spec/latest/: `XDG_RUNTIME_DIR`, also where a
    job without a session was not told of it; else below the folder for temporary files.
    """
    user = os.getuid()
    for base in (environ.get("XDG_RUNTIME_DIR") or "", f"/run/user/{user}"):
        if Path(base).is_absolute() and os.access(base, os.W_OK):
            return Path(base) / "argent"
    return Path(tempfile.gettempdir()) / f"argent-{user}"


def config_file(
    given: str | Path | None, environ: Mapping[str, str], state: Path
) -> tuple[Path | None, tuple[str, ...]]:
    """The configuration file: as given, else `ARGENT_CONFIG`, else in the state folder.

    Comes with warnings. None when there is none to be found; one that was named is returned
    whether it exists or not.
    """
    chosen = given or environ.get(CONFIG)
    if chosen:
        return Path(chosen).expanduser(), ()
    there = [state / name for name in CONFIG_NAMES if (state / name).exists()]
    if len(there) > 1:
        return there[0], (f"{there[1]} is not read, because {there[0]} is there too",)
    return (there[0] if there else None), ()


def socket_file(state: Path) -> Path:
    """Where the gateway that owns this state folder listens for commands."""
    return state / "control.sock"
