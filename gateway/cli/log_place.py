"""Where commands find the log, without reading the settings unless they say it."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from gateway import paths
from gateway.cli.invocation import Invocation


def log_setting(invocation: Invocation) -> bool | str:
    """``log.file``. All settings are read only where it is set: that takes a while.

    A settings' file that cannot be read does not keep anybody from the log: why may stand there.
    """
    return invocation.settings().settings.log.file if _is_set(invocation) else True


def _is_set(invocation: Invocation) -> bool:
    name, _ = paths.config_file(invocation.config_option, os.environ, invocation.state_dir)
    table = _read(name).get("log") if name is not None else None
    return (
        any(each.upper() == "ARGENT_LOG__FILE" for each in os.environ)
        or any(each.startswith("log.") for each in invocation.assignments)
        or (isinstance(table, dict) and "file" in table)
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text()
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
