"""``argent service``: begin the gateway with the machine, by systemd."""

import os
import pwd
import re
import shlex
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import click

from gateway import paths
from gateway.admin_errors import AdminError
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.paths import CONFIG_NAMES
from gateway.systemctl import Systemctl, unit_path
from gateway.unit_file import STATE, UNIT, Installation, Scope, is_as_written, unit

Json = dict[str, Any]
_SHOWN = ("ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts", "StatusText")

_A_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?")
"""A name that stands in a unit as it is: systemd.exec(5) on `User=`."""

_scope = click.option(
    "--user/--system",
    "personal",
    default=None,
    help="A person's own unit, or the machine's (the default for root).",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_force = click.option("--force", is_flag=True, help="Also where the unit was changed by hand.")


@click.group(cls=Group, help="The gateway as a unit of systemd.")
def service() -> None:
    """The group."""


@service.command()
@_scope
@click.option("--run-as", metavar="USER", help="Who the machine's unit runs as (argent).")
@click.option("--print", "printed", is_flag=True, help="Print the unit, and change nothing.")
@click.option("--now", is_flag=True, help="Start it, too.")
@_force
@_yes
@click.pass_obj
def install(
    invocation: Invocation,
    personal: bool | None,
    run_as: str | None,
    printed: bool,
    now: bool,
    force: bool,
    yes: bool,
) -> None:
    """Write the unit for this installation, and let it begin with the machine."""
    scope = _scope_of(personal)
    installation = _installation(invocation, scope, run_as)
    text, path = unit(installation), unit_path(scope, os.environ)
    if printed:
        shown: Json = {"path": str(path), "unit": text}
        invocation.show("unit", shown, lambda told: out(told["unit"].rstrip("\n")))
        return
    _check_user(installation.user)
    systemctl = _writable(scope)
    _respect(path, force=force)
    user = installation.user or pwd.getpwuid(os.getuid()).pw_name
    invocation.confirm(f"Write {path}, to run Argent as {user} on {installation.state}?", yes=yes)
    _write(path, text)
    systemctl.do("daemon-reload")
    systemctl.do("enable", *(["--now"] if now else []), UNIT)
    data: Json = {"path": str(path), "scope": scope.value, "user": user, "started": now}
    data |= {"state_dir": str(installation.state), "next": _next(systemctl, installation, now=now)}
    invocation.show("installed", data, _installed)


@service.command()
@_scope
@_force
@_yes
@click.pass_obj
def uninstall(invocation: Invocation, personal: bool | None, force: bool, yes: bool) -> None:
    """Stop the unit and remove it. The state folder stays as it is."""
    scope = _scope_of(personal)
    path = unit_path(scope, os.environ)
    _there(path)
    systemctl = _writable(scope)
    _respect(path, force=force)
    invocation.confirm(f"Stop Argent and remove {path}?", yes=yes)
    systemctl.do("disable", "--now", UNIT)
    path.unlink()
    systemctl.do("daemon-reload")
    data = {"path": str(path)}
    invocation.show("uninstalled", data, lambda told: out(f"Removed {told['path']}."))


@service.command()
@_scope
@click.pass_obj
def status(invocation: Invocation, personal: bool | None) -> None:
    """Show what systemd knows of the unit. Exits with 5 when there is none."""
    scope = _scope_of(personal)
    path = unit_path(scope, os.environ)
    _there(path)
    systemctl = Systemctl(scope)
    systemctl.reach()
    known = systemctl.show(*_SHOWN)
    data: Json = {"path": str(path), "scope": scope.value}
    data["changed_by_hand"] = not is_as_written(path.read_text(errors="replace"))
    data |= {
        "active": known.get("ActiveState", "unknown"),
        "state": known.get("SubState", "unknown"),
        "enabled": known.get("UnitFileState", "unknown"),
        "pid": int(known.get("MainPID", "0")) or None,
        "restarts": int(known.get("NRestarts", "0")),
        "status": known.get("StatusText") or None,
    }
    invocation.show("service", data, _status)


def _scope_of(personal: bool | None) -> Scope:
    if personal is None:
        personal = os.geteuid() != 0
    return Scope.USER if personal else Scope.SYSTEM


def _installation(invocation: Invocation, scope: Scope, run_as: str | None) -> Installation:
    """This one, as it is called now. A machine's has its state where systemd keeps such."""
    given = invocation.state_option or os.environ.get(paths.STATE_DIR)
    state = invocation.state_dir if scope is Scope.USER or given else Path(STATE)
    found = invocation.config_option or os.environ.get(paths.CONFIG)
    config = None if found is None else PurePosixPath(Path(found).expanduser().absolute())
    if scope is Scope.USER and run_as is not None:
        raise AdminError("usage", "--run-as", "a person's own unit runs as that person")
    if run_as is not None and not _A_USER.fullmatch(run_as):
        raise AdminError("usage", f"--run-as {run_as!r}", "it is the name of a user")
    return Installation(
        scope,
        _command(),
        PurePosixPath(state.absolute()),
        user=(run_as or "argent") if scope is Scope.SYSTEM else None,
        config=config,
        # A virtual environment leads to the interpreter that it was made of.
        reads=tuple(PurePosixPath(Path(each).resolve()) for each in (sys.prefix, sys.executable)),
    )


def _command() -> tuple[str, ...]:
    """How this installation is called from anywhere."""
    script = Path(sys.executable).parent / "argent"
    return (str(script),) if script.exists() else (sys.executable, "-m", "gateway.cli.main")


def _check_user(user: str | None) -> None:
    if user is None:
        return
    try:
        pwd.getpwnam(user)
    except KeyError:
        make = f"useradd --system --home-dir {STATE} --shell /usr/sbin/nologin {user}"
        raise AdminError("failed", f"there is no user {user}", f"make it: {make}") from None


def _writable(scope: Scope) -> Systemctl:
    if scope is Scope.SYSTEM and os.geteuid() != 0:
        hint = "as root, or for yourself alone: argent service install --user"
        raise AdminError("not_allowed", "the machine's units belong to root", hint)
    systemctl = Systemctl(scope)
    systemctl.reach()
    return systemctl


def _there(path: Path) -> None:
    if not path.exists():
        raise AdminError("not_found", f"there is no {path}", "argent service install makes it")


def _respect(path: Path, *, force: bool) -> None:
    """Raise where the owner changed the unit: that is theirs."""
    if force or not path.exists() or is_as_written(path.read_text(errors="replace")):
        return
    hint = "keep your changes with `systemctl edit argent`; --force goes on without them"
    raise AdminError("exists", f"{path} was changed by hand", hint)


def _write(path: Path, text: str) -> None:
    """There whole or not at all, and readable by all, as systemd wants it."""
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text)
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise AdminError("failed", f"{path} cannot be written: {error.strerror}") from error


def _next(systemctl: Systemctl, installation: Installation, *, now: bool) -> list[str]:
    """What to do next."""
    user = systemctl.scope is Scope.USER
    argent, state = shlex.join(installation.command), shlex.quote(str(installation.state))
    set_up = []
    if installation.config is None and not any(
        (Path(installation.state) / n).exists() for n in CONFIG_NAMES
    ):
        set_up = [f"{argent} --state-dir {state} setup"]
    if set_up and installation.user is not None:
        made = f"install -d -m 0700 -o {installation.user} {state}"
        set_up = [made, f"sudo -u {installation.user} {set_up[0]}"]
    begin = [] if now else [f"{' '.join(systemctl.words)} start argent"]
    linger = ["loginctl enable-linger  # it goes on when you log out"] if user else []
    return [*set_up, *begin, *linger, f"argent service status{' --user' if user else ''}"]


def _installed(data: Json) -> None:
    began = "and started it" if data["started"] else "which begins with the machine"
    out(f"Wrote {data['path']}, {began}. It runs as {data['user']} on {data['state_dir']}.")
    out("Next:")
    for step in data["next"]:
        out(f"  {step}")


def _status(data: Json) -> None:
    changed = ", changed by hand" if data["changed_by_hand"] else ""
    out(f"{data['path']}{changed}")
    pid = f", pid {data['pid']}" if data["pid"] else ""
    out(f"{data['active']} ({data['state']}), {data['enabled']}{pid}")
    if data["restarts"]:
        out(f"Started again {data['restarts']} times.")
    if data["status"]:
        out(data["status"])
