"""``argent sessions import``: conversations from files."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.admin_errors import AdminError, as_admin_errors
from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.progress import progress
from gateway.cli.text import many
from state.codec import dumps, entry_to_json, session_to_json
from state.keys import SessionKey

Json = dict[str, Any]

MOST_BYTES = 256_000_000
"""Bytes of a file: more than a hundred times what a long conversation has."""

_FORMS = {
    "argent": "an export of Argent",
    "history": "a history.json",
    "lurkbot": "a session of LurkBot",
    "loki": "a session of Loki",
}


@click.command("import", cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--as", "key", metavar="KEY", help="The key of the session, whatever the file says of it."
)
@click.option(
    "--replace",
    "replaces",
    is_flag=True,
    help="Take the place of a session that is there; its words go to its archive/ first.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def import_(
    invocation: Invocation,
    files: tuple[str, ...],
    key: str | None,
    replaces: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Begin sessions with conversations from files, each of them whole or not at all.

    Read are exports of Argent (JSON), history.json (also from an archive/), session files of
    LurkBot (JSON) and sessions of Loki and aichat (YAML); what a file is, its content tells, not
    its name. A dash reads standard input. Times stay as they are in the file.
    """
    if key is not None and len(files) > 1:
        raise AdminError("usage", "--as names one session", "import the files one by one")
    with as_admin_errors():
        named = None if key is None else SessionKey.parse(key)
    if replaces and not dry_run:
        what = "what is in the file" if len(files) == 1 else f"what is in {len(files)} files"
        invocation.confirm(f"Replace sessions that are there by {what}?", yes=yes)
    imported, refused = [], []
    with progress("Importing", len(files) if len(files) > 1 else 0, quiet=invocation.json) as step:
        for file in files:
            try:
                imported.append(_import(invocation, file, named, replaces, dry_run))
            except AdminError as error:
                if len(files) == 1:
                    raise
                refused.append(_refusal(file, error))
            step()
    data = {"imported": imported, "refused": refused, "dry_run": dry_run}
    invocation.show("imported", data, _imported)
    if refused:
        click.get_current_context().exit(1)


def _import(
    invocation: Invocation, file: str, key: SessionKey | None, replaces: bool, dry_run: bool
) -> Json:
    from gateway.importing.brought import Unreadable
    from gateway.importing.reading import read

    data, at = _content(file)
    name = "" if file == "-" else Path(file).stem
    try:
        with as_admin_errors():
            brought = read(data, key=key, at=at, name=name)
    except Unreadable as error:
        raise AdminError("unreadable", f"{file}: {error}", "nothing of it was imported") from error
    session = brought.session
    done: Json = {"id": session.id, "key": str(session.key), "archived": None}
    if dry_run:
        _would_be_taken(invocation, brought.session.id, replaces)
    else:
        lines = "\n".join(dumps(entry_to_json(entry)).decode() for entry in brought.entries)
        given = {"session": session_to_json(session), "replace": replaces}
        done = reach.carry_out(invocation, "sessions.import", given, lines=lines)
    facts = {"messages": session.messages, "entries": len(brought.entries)}
    return {"file": file, "form": brought.form, **done, **facts, "left_out": brought.left_out}


def _content(file: str) -> tuple[bytes, datetime]:
    """A file's bytes, and when it was last written."""
    try:
        if file == "-":
            data, at = sys.stdin.buffer.read(MOST_BYTES + 1), datetime.now(UTC)
        else:
            with open(file, "rb") as opened:
                at = datetime.fromtimestamp(int(os.fstat(opened.fileno()).st_mtime), UTC)
                data = opened.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise AdminError("not_found", f"there is no file {file}") from error
    except OSError as error:
        raise AdminError("failed", f"cannot read {file}: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise AdminError("unreadable", f"{file} has more than {MOST_BYTES} bytes")
    return data, at


def _would_be_taken(invocation: Invocation, session_id: str, replaces: bool) -> None:
    from gateway.admin_import import exists

    rows = reach.look(invocation).list_sessions()["sessions"]
    there = [row for row in rows if row["id"] == session_id]
    if there and not replaces:
        raise exists(there[0]["key"], there[0]["messages"])


def _refusal(file: str, error: AdminError) -> Json:
    return {"file": file, "code": error.code, "message": error.message, "hint": error.hint}


def _imported(data: Json) -> None:
    verb = "Would import" if data["dry_run"] else "Imported"
    for one in data["imported"]:
        said = f"{many(one['messages'], 'message')} from {_FORMS[one['form']]}, {one['file']}"
        out(f"{verb} {one['key']}: {said}")
        if one["left_out"]:
            out(f"  without {', '.join(one['left_out'])}")
        if one["archived"]:
            out(f"  what was there before is kept as {one['archived']}")
    _tell_refused(data["refused"])


def _tell_refused(refused: Sequence[Json]) -> None:
    for one in refused:
        note(f"argent: {one['file']}: {one['message']}")
        if one["hint"]:
            note(f"        {one['hint']}")
