"""``argent people export``: everything about one person in one JSON file."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.admin_people import nothing_about
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.people_found import find
from gateway.cli.progress import progress
from gateway.cli.text import many
from gateway.people_export import PersonExport

Json = dict[str, Any]


@click.command(cls=Command)
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    default="-",
    metavar="FILE",
    help="Write it into this file, for you alone; - (or nothing): print it.",
)
@click.option(
    "--files",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Copy the files that are kept with their messages into this folder.",
)
@click.pass_obj
def export(invocation: Invocation, name: str, output: Path, folder: Path | None) -> None:
    """Export everything about the person NAME: <account>:<user id>, or an id.

    Their own sessions are in it whole, of those that others share what they said. Nothing is
    changed, and a running gateway goes on.
    """
    printed = str(output) == "-"
    if printed and folder is not None and invocation.json:
        raise AdminError("usage", "--files with --json needs a file", "say -o FILE")
    found = find(invocation, name, looking="Looking for their words")
    if not found:
        raise nothing_about(found.who)
    document = PersonExport(
        found.person, found.traces, found.records, found.reader, at=datetime.now(UTC)
    )
    with progress("Exporting", len(found.traces), quiet=invocation.json or printed) as step:
        pieces = document.pieces(step)
        if printed:
            _print(pieces, enveloped=invocation.json)
        else:
            with _disk_errors(output):
                _write(output, pieces)
    copied = 0 if folder is None else _copy(document, folder, quiet=invocation.json)
    entries = "1 entry" if document.entries == 1 else f"{document.entries} entries"
    told = f"{many(len(found.traces), 'session')}, {entries}"
    if printed:
        note(f"{told} exported")
        return
    data = {
        "person": sorted(map(str, found.person.identities)),
        "file": str(output),
        "sessions": len(found.traces),
        "entries": document.entries,
        "files": len(document.files),
        "copied": copied,
    }
    invocation.show("written", data, lambda _: out(f"{output}: {told}"))


def _print(pieces: Iterator[str], *, enveloped: bool) -> None:
    if enveloped:
        out('{"ok": true, "kind": "person", "version": 1, "data": ', end="")
    for piece in pieces:
        out(piece, end="")
    if enveloped:
        out("}")


def _write(path: Path, pieces: Iterator[str]) -> None:
    """Write a file for its owner alone, whole or not at all. Raises OSError."""
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}.new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "w", encoding="ascii") as file:
            file.writelines(pieces)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _copy(document: PersonExport, folder: Path, *, quiet: bool) -> int:
    """Copy the kept files into a folder, each session's into one of its own; how many."""
    with progress("Copying", len(document.files), quiet=quiet) as step:
        for place, path in document.files:
            target = folder / place
            with _disk_errors(target):
                for parent in (folder, target.parent):
                    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                with open(fd, "wb") as copy, path.open("rb") as kept:
                    shutil.copyfileobj(kept, copy)
            step()
    return len(document.files)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AdminError("storage_failed", f"cannot write {path}: {error.strerror}") from error
