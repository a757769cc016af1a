"""Where things are. Imports nothing heavy: every command needs it, and most only read."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

STATE_DIR = "ARGENT_STATE_DIR"
CONFIG = "ARGENT_CONFIG"
CONFIG_NAMES = ("argent.toml", "argent.json")

_LONGEST_SOCKET = 100
"""A Unix socket's path holds 107 bytes on Linux and 103 on macOS (unix(7), sys/un.h)."""


def state_dir(given: str | Path | None, environ: Mapping[str, str]) -> Path:
    """The state folder: as given, else `ARGENT_STATE_DIR`, else ``~/.argent``."""
    chosen = given or environ.get(STATE_DIR) or "~/.argent"
    return Path(os.path.abspath(Path(chosen).expanduser()))  # noqa: PTH100 - keeps symlinks


def config_file(
    given: str | Path | None, environ: Mapping[str, str], state: Path
) -> tuple[Path | None, tuple[str, ...]]:
    """The configuration file: as given, else `ARGENT_CONFIG`, else in the state folder.

    Comes with warnings. None when there is none to be found; one that was named is returned whether it exists or not.
    """
    chosen = given or environ.get(CONFIG)
    if chosen:
        return Path(chosen).expanduser(), ()
    there = [state / name for name in CONFIG_NAMES if (state / name).exists()]
    if len(there) > 1:
        return there[0], (f"{there[1]} is not read, because {there[0]} is there too",)
    return (there[0] if there else None), ()


def socket_file(state: Path, environ: Mapping[str, str]) -> Path:
    """Where the gateway that owns this state folder listens for commands.

    In the folder itself, unless that path is longer than a socket's may be: then in the user's
    runtime folder, under a digest of the state folder, so that both sides find it alone.
    """
    socket = state / "control.sock"
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        return socket
    digest = hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:16]
    runtime = environ.get("XDG_RUNTIME_DIR")
    private = Path(runtime) / "argent" if runtime else Path(f"/tmp/argent-{os.getuid()}")
    return private / f"{digest}.sock"
