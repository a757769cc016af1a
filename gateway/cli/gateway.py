"""``argent gateway``: the process."""

import asyncio
import faulthandler
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import click

from gateway import __version__
from gateway.admin_errors import AdminError
from gateway.api.client import ControlClient
from gateway.cli import reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out, out_json
from gateway.cli.status import show_gateway

if TYPE_CHECKING:
    from gateway.daemon import Running

_POLL = 0.05
_EFFECTS = {"account": ", the account was begun anew", "server": ", the server was begun anew"}


@click.group(cls=Group, help="The gateway's process.")
def gateway() -> None:
    """The group."""


@gateway.command()
@click.pass_obj
def run(invocation: Invocation) -> int:
    """Run the gateway in the foreground until SIGTERM or Ctrl-C. It logs to standard error."""
    from gateway.cli.start import prepare, start_errors

    loaded = prepare(invocation)
    state_dir = invocation.state_dir

    def ready(running: "Running") -> None:
        told = {"pid": os.getpid(), "version": __version__, "state_dir": str(state_dir)}
        told["model"] = running.gateway.pool.main.model
        if invocation.json:
            out_json("gateway", told)
        else:
            out(f"Argent {__version__} is running on {state_dir}, pid {os.getpid()}.")

    from gateway.daemon import serve

    # Whoever ends a process that hangs (a watchdog, with SIGABRT) leaves behind where it hung.
    faulthandler.enable()
    with start_errors():
        return asyncio.run(
            serve(loaded.settings, state_dir, ready=ready, source=invocation.source(loaded))
        )


@gateway.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=40.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until it has stopped.",
)
@click.pass_obj
def stop(invocation: Invocation, timeout: float) -> None:
    """Stop the gateway: running turns finish, the rest goes on at the next start."""
    pid = _ask_to_stop(invocation)
    deadline = time.monotonic() + timeout
    while reach.holder(invocation) == pid:
        if time.monotonic() > deadline:
            raise AdminError(
                "failed",
                f"the gateway (pid {pid}) has not stopped after {timeout:g} s",
                f"wait, or end it: kill {pid}; nothing that was acknowledged can be lost",
            )
        time.sleep(_POLL)
    invocation.show("stopped", {"pid": pid}, lambda d: out(f"Stopped (pid {d['pid']})."))


def _ask_to_stop(invocation: Invocation) -> int:
    """Through the socket, or by a signal where it does not answer; the process's id."""
    client = ControlClient.connect(invocation.socket)
    if client is not None:
        with client:
            return int(client.call("gateway.stop", timeout=5.0)["pid"])
    pid = reach.holder(invocation)
    if pid is None:
        raise AdminError("gateway_down", "no gateway is running on this state folder")
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError as error:
        raise AdminError("not_allowed", f"pid {pid} belongs to another user") from error
    except ProcessLookupError:
        pass
    return pid


@gateway.command()
@click.pass_obj
def reload(invocation: Invocation) -> None:
    """Have the running gateway read its settings again.

    Names what changed, and what needs a restart. Where something is wrong with the settings,
    nothing is changed, and the exit code is 2. SIGHUP does the same, and so does a change of the
    file, unless gateway.watch_config is off.
    """
    invocation.show("reload", reach.carry_out(invocation, "gateway.reload", {}), _reloaded)


def _reloaded(data: dict[str, Any]) -> None:
    for warning in data["warnings"]:
        note(f"argent: {warning}")
    if not data["changed"]:
        out("Nothing changed that can be taken up." if data["restart"] else "Nothing changed.")
    for each in data["changed"]:
        out(f"{each['setting']}: {each['how']}{_EFFECTS.get(each['effect'], '')}")
    if data["restart"]:
        out(f"Restart needed for: {', '.join(data['restart'])}")


@gateway.command()
@click.pass_obj
def status(invocation: Invocation) -> None:
    """Show whether the gateway is running. Exits with 3 when it is not."""
    data: dict[str, Any] = reach.carry_out(invocation, "status", {})
    invocation.show("gateway", data["gateway"], show_gateway)
