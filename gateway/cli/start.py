"""What precedes a gateway in this process: settings, logs, and errors in the operator's terms."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.admin_errors import AdminError, as_admin_errors
from gateway.cli.invocation import Invocation

if TYPE_CHECKING:
    from gateway.config_load import Loaded

PRIVATE = 0o077
MEGABYTE = 1_000_000


def prepare(invocation: Invocation, *, quiet: bool = False, keep: bool = True) -> "Loaded":
    """Load the settings and begin to log; everything made from here on is private.

    `quiet` shows warnings only, unless a level was set: somebody is reading this terminal. The log
    file has all of it, if lines are to be kept: those of a gateway are.
    """
    from gateway import logs
    from gateway.config_schema import secrets
    from gateway.log_files import LogFile, log_file
    from gateway.uncaught import log_uncaught

    os.umask(PRIVATE)
    loaded = invocation.settings_with_warnings()
    log = loaded.settings.log
    path = log_file(log.file if keep else False, invocation.state_dir)
    logs.configure(
        log.level,
        log.format,
        secrets=secrets(loaded.settings),
        file=None if path is None else LogFile(path, most=log.max_mb * MEGABYTE, keep=log.keep),
        shown="warning" if quiet and "level" not in log.model_fields_set else None,
    )
    log_uncaught()
    return loaded


@contextmanager
def start_errors() -> Iterator[None]:
    """Raise what can keep a gateway from starting as an `AdminError`."""
    from agents.errors import NotConfigured
    from agents.sandbox.errors import SandboxUnavailable
    from agents.tools.mcp.errors import McpNotInstalled
    from gateway.api.http_errors import HttpUnavailable
    from gateway.tracing.errors import TracingNotInstalled

    try:
        with as_admin_errors():
            yield
    except NotConfigured as error:
        hint = "`argent models list` shows what there is"
        raise AdminError("bad_config", str(error), hint) from error
    except (McpNotInstalled, TracingNotInstalled) as error:
        raise AdminError("bad_config", str(error)) from error
    except HttpUnavailable as error:
        raise AdminError("failed", str(error)) from error
    except SandboxUnavailable as error:
        hint = "mend what is said above, or set sandbox.required to false"
        raise AdminError("bad_config", str(error), hint) from error
