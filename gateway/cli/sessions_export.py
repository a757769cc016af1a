"""``argent sessions export``: conversations as documents, printed or as files."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out, out_json
from gateway.cli.progress import progress
from gateway.cli.sessions_show import tell_damage
from gateway.cli.text import many
from gateway.reading import FORMS

Json = dict[str, Any]

_ENDINGS = {"json": "json", "markdown": "md", "html": "html"}
_NAMED = 3


@click.command(cls=Command)
@click.argument("names", metavar="[SESSION]...", nargs=-1, shell_complete=completing.sessions)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="json",
    show_default=True,
    help="A document for tools, text for people, or a page for a browser.",
)
@click.option("--all", "every", is_flag=True, help="Every session; needs --to.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write a file for each session into this folder, and print their names.",
)
@click.option("--force", is_flag=True, help="With --to: replace files that are there.")
@click.pass_obj
def export(
    invocation: Invocation,
    names: tuple[str, ...],
    form: str,
    every: bool,
    to: Path | None,
    force: bool,
) -> None:
    """Print a whole session as one document, or write many into a folder.

    `argent sessions import` reads the JSON again.
    """
    if bool(names) == every:
        raise AdminError("usage", "name sessions, or say --all")
    if to is not None:
        _export_files(invocation, names, form=form, to=to, force=force)
    elif len(names) == 1 and not force:
        _print(invocation, names[0], form)
    elif force:
        raise AdminError("usage", "--force is for files", "say where with --to FOLDER")
    else:
        raise AdminError("usage", "only one document can be printed", "say --to FOLDER")


def _print(invocation: Invocation, name: str, form: str) -> None:
    data = reach.look(invocation).export(name, form=form)
    tell_damage(data)
    if invocation.json:
        out_json("export", data)
    else:
        out(_text(data), end="")


def _text(data: Json) -> str:
    """The document as it is printed and written."""
    if data["format"] == "json":
        # ASCII, so that no control character needs a second, invalid, escape on its way out.
        return json.dumps(data["document"], indent=2) + "\n"
    return str(data["document"])


def _export_files(
    invocation: Invocation, names: Sequence[str], *, form: str, to: Path, force: bool
) -> None:
    reading = reach.look(invocation)
    if names:
        ids = list(dict.fromkeys(str(reading.resolve(name).id) for name in names))
    else:
        ids = [row["id"] for row in reading.list_sessions()["sessions"]]
    paths = {session_id: to / f"{session_id}.{_ENDINGS[form]}" for session_id in ids}
    with _disk_errors(to):
        if not force:
            _refuse_to_replace([path for path in paths.values() if os.path.lexists(path)])
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = []
    with progress("Exporting", len(paths), quiet=invocation.json) as step:
        for session_id, path in paths.items():
            data = reading.export(session_id, form=form)
            tell_damage(data)
            with _disk_errors(path):
                _write(path, _text(data).encode("utf-8", "backslashreplace"), force=force)
            damage = {"damaged": data["damaged"]} if "damaged" in data else {}
            written.append({"id": session_id, "file": str(path), **damage})
            step()
    invocation.show("exported", {"format": form, "exported": written}, _exported)


def _exported(data: Json) -> None:
    for file in data["exported"]:
        out(file["file"])
    note(f"{many(len(data['exported']), 'session')} exported")


def _refuse_to_replace(there: Sequence[Path]) -> None:
    if not there:
        return
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    named = ", ".join(str(path) for path in there[:_NAMED])
    raise AdminError(
        "failed",
        f"{named}{more} would be replaced; nothing was written",
        "name another folder, or say --force",
    )


def _write(path: Path, text: bytes, *, force: bool) -> None:
    """Write a file for its owner alone; what fails leaves no half of one. Raises OSError."""
    fresh = path.with_name(f".{path.name[:200]}.{os.getpid()}.new") if force else path
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AdminError("storage_failed", f"cannot write {path}: {error.strerror}") from error
