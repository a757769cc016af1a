"""``argent backup``: everything in one file."""

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway import __version__, paths
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.progress import progress
from gateway.cli.text import many, size
from gateway.visible import one_line
from state.codec import time_to_json
from state.files.backup.manifest import Manifest
from state.files.backup.verify import Verified

Json = dict[str, Any]
_SHOWN = 20


@click.group(cls=Group, help="Everything that Argent keeps, in one file.")
def backup() -> None:
    """The group."""


@backup.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; argent-TIME.tar.gz in this folder if it is not said.",
)
@click.option("--with-config", is_flag=True, help="With the settings' file; it may hold secrets.")
@click.pass_obj
def create(invocation: Invocation, target: Path | None, with_config: bool) -> None:
    """Back up all sessions, people and open messages, also while a gateway runs.

    Media, archives and workspaces are in it; links are not. The settings are only with
    --with-config: they may hold tokens and keys. The file is for its owner alone (0600).
    """
    from state.files.backup.create import Request, count_sessions
    from state.files.backup.create import create as write

    now = datetime.now(UTC)
    target = (target or Path(f"argent-{now:%Y%m%dT%H%M%SZ}.tar.gz")).absolute()
    config = _config(invocation) if with_config else None
    request = Request(invocation.state_dir, target, __version__, now, config)
    with as_admin_errors(), _undone_when_ended():
        steps = count_sessions(invocation.state_dir)
        with progress("Backing up", steps, quiet=invocation.json) as step:
            manifest = write(request, step=step)
    _remember(invocation.state_dir)
    data = _manifest(manifest) | {"file": str(target), "left_out": list(manifest.left_out)}
    data["bytes"] = target.stat().st_size
    invocation.show("backup", data, _created)


def _remember(state_dir: Path) -> None:
    """Note for `argent doctor` when there was a backup; that it cannot be is no matter."""
    from state.files.layout import FILE_MODE, FOLDER_MODE, Layout

    note = Layout(state_dir).backed_up
    with suppress(OSError):
        note.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        note.touch(mode=FILE_MODE)


def _config(invocation: Invocation) -> Path:
    given, _ = paths.config_file(invocation.config_option, os.environ, invocation.state_dir)
    if given is None or not given.is_file():
        raise AdminError("not_found", "there is no settings' file to back up", "say --config FILE")
    return given


def _created(data: Json) -> None:
    out(f"{many(data['files'], 'file')} ({size(data['unpacked'])}) are in {data['file']}")
    for name in data["left_out"][:_SHOWN]:
        note(f"left out, because it is no file: {one_line(name)}")
    if (more := len(data["left_out"]) - _SHOWN) > 0:
        note(f"left out as well: {more} more")
    if not data["config"]:
        note("The settings are not in it (--with-config).")


@backup.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def verify(invocation: Invocation, file: Path) -> None:
    """Read all of a backup: is it whole, and does everything in it read?

    Exits with 1 when anything is found.
    """
    from state.files.backup.verify import verify as look

    with as_admin_errors(), progress("Verifying", _files(file), quiet=invocation.json) as step:
        verified = look(file, step=step)
    invocation.show("verification", {"file": str(file), **_verified(verified)}, _told)
    if verified.broken or verified.damaged:
        raise SystemExit(1)


def _told(data: Json) -> None:
    for problem in data["broken"]:
        out(f"broken: {_problem(problem)}")
    for problem in data["damaged"]:
        out(f"was damaged when it was backed up: {_problem(problem)}")
    backup = data["backup"]
    if backup is not None and not data["broken"]:
        out(
            f"{many(backup['files'], 'file')} ({size(backup['unpacked'])}) of "
            f"{backup['created_at']}, by Argent {backup['argent']}: all as they were backed up."
        )


@backup.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    required=True,
    help="A folder that is empty, or not there yet.",
)
@click.pass_obj
def restore(invocation: Invocation, file: Path, into: Path) -> None:
    """Verify a backup and unpack it into a folder of its own, never over anything."""
    from state.files.backup.restore import restore as unpack

    into = into.absolute()
    with as_admin_errors(), _undone_when_ended():
        steps = 2 * _files(file)
        with progress("Restoring", steps, quiet=invocation.json) as step:
            verified = unpack(file, into, step=step)
    data = {"folder": str(into), **_verified(verified)}
    invocation.show("restored", data, _restored)


def _restored(data: Json) -> None:
    for problem in data["damaged"]:
        note(f"was damaged when it was backed up: {_problem(problem)}")
    out(f"Restored {many(data['backup']['files'], 'file')} into {data['folder']}")
    out(f"To start on it: {paths.STATE_DIR}={shlex.quote(data['folder'])} argent gateway run")
    if not data["backup"]["config"]:
        note("The settings were not in the backup: put argent.toml there, or say --config FILE.")
    note("Stop the gateway that it was made of first: two must not answer the same chats.")


@contextmanager
def _undone_when_ended() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does: what is half made is removed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _files(file: Path) -> int:
    """How many files a backup holds; 0 when that cannot be told, which is then found out."""
    from state.files.backup.archive import open_backup
    from state.files.backup.manifest import BadBackup

    try:
        with open_backup(file) as archive:
            return len(archive.manifest.files)
    except BadBackup:
        return 0


def _manifest(manifest: Manifest) -> Json:
    return {
        "argent": manifest.argent,
        "created_at": time_to_json(manifest.created_at),
        "config": manifest.config,
        "files": len(manifest.files),
        "unpacked": manifest.size,
    }


def _verified(verified: Verified) -> Json:
    manifest = verified.manifest
    return {
        "backup": None if manifest is None else _manifest(manifest),
        "broken": [{"file": p.file, "detail": p.detail} for p in verified.broken],
        "damaged": [{"file": p.file, "detail": p.detail} for p in verified.damaged],
    }


def _problem(problem: Json) -> str:
    return one_line(": ".join(text for text in (problem["file"], problem["detail"]) if text))
