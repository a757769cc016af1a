"""``argent sessions``: the conversations."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from gateway.admin_errors import AdminError
from gateway.cli import completing, reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.sessions_check import check
from gateway.cli.sessions_compact import compact, undo
from gateway.cli.sessions_export import export
from gateway.cli.sessions_import import import_
from gateway.cli.sessions_info import info
from gateway.cli.sessions_life import archive, clean, unarchive
from gateway.cli.sessions_search import search
from gateway.cli.sessions_set import rename, set_
from gateway.cli.sessions_show import show
from gateway.cli.text import ago, called, many, time

Json = dict[str, Any]
_PAGE = 50
"""How many sessions are printed where nobody says: so many are read, and more fill the screen."""

STATES = ("active", "created", "idle", "compacted", "archived")


@click.group(cls=Group, help="Conversations. SESSION is a key, an id, or the beginning of one.")
def sessions() -> None:
    """The group."""


@sessions.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only sessions in this state.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many.")
@click.option("--after", metavar="SESSION", help="Only those that come after this one.")
@click.option("--all", "every", is_flag=True, help="Every session at once.")
@click.pass_obj
def list_(
    invocation: Invocation, state: str | None, limit: int | None, after: str | None, every: bool
) -> None:
    """List the sessions by state, the most lately active first.

    That is the first 50 of them, unless --limit or --all says otherwise; with --json all of them.
    """
    if limit is not None and every:
        raise AdminError("usage", "either --limit, or --all")
    if not (limit or every or invocation.json):
        limit = _PAGE
    data = reach.look(invocation).list_sessions(state=state, limit=limit, after=after)
    invocation.show("sessions", data, partial(_list, more=after is not None))


def _list(data: Json, *, more: bool) -> None:
    if not data["sessions"]:
        out("No more sessions." if more else "No sessions yet.")
        return
    now = datetime.now(UTC)
    width = max(len(called(row)) for row in data["sessions"])
    blocks = []
    for state in STATES:
        lines = [_line(row, width, now) for row in data["sessions"] if row["state"] == state]
        if lines:
            blocks.append("\n".join([f"{state.title()} Sessions:", *lines]))
    out("\n\n".join(blocks))
    if data["left"]:
        last = data["sessions"][-1]["id"]
        note(f"\n… and {data['left']:,} more: --all lists them, --after {last} goes on")


def _line(row: Json, width: int, now: datetime) -> str:
    active = ago(time(row["updated_at"]), now)
    title = f"  ({row['title']})" if row["title"] else ""
    said = many(row["messages"], "message")
    return f"  {called(row):<{width}}    - {said}, last active {active}{title}".replace("\n", " ")


sessions.add_command(info)
sessions.add_command(show)
sessions.add_command(search)
sessions.add_command(export)
sessions.add_command(import_)
sessions.add_command(check)
sessions.add_command(compact)
sessions.add_command(undo)
sessions.add_command(set_)
sessions.add_command(rename)
sessions.add_command(archive)
sessions.add_command(unarchive)
sessions.add_command(clean)


@sessions.command()
@click.argument("names", metavar="SESSION...", nargs=-1, shell_complete=completing.sessions)
@click.option("--all", "every", is_flag=True, help="Every session.")
@click.option("--erase", is_flag=True, help="Erase all that was ever said there, for good.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clear(
    invocation: Invocation, names: tuple[str, ...], every: bool, erase: bool, yes: bool
) -> None:
    """Begin conversations anew. What was said goes to the session's archive/ folder.

    With --erase, and where a session's persistence is never, nothing of it is left.
    """
    if bool(names) == every:
        raise AdminError("usage", "name sessions, or say --all")
    doing = "Erase what was said in" if erase else "Clear"
    meant = "every session" if every else reach.meant(invocation, names)
    invocation.confirm(f"{doing} {meant}?", yes=yes)
    given = {"names": list(names), "all": every, "erase": erase}
    data = reach.carry_out(invocation, "sessions.clear", given)
    invocation.show("cleared", data, _cleared)


def _cleared(data: Json) -> None:
    for session in data["cleared"]:
        kept = session["archived"]
        out(f"Cleared {session['key']}" + (f"; kept as {kept}" if kept else ""))
    if not data["cleared"]:
        out("There is nothing to clear.")


@sessions.command()
@click.argument(
    "names",
    metavar="SESSION...",
    nargs=-1,
    required=True,
    shell_complete=completing.sessions,
)
@click.option("--erase", is_flag=True, help="Keep nothing in the state folder's deleted/.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(invocation: Invocation, names: tuple[str, ...], erase: bool, yes: bool) -> None:
    """Remove sessions. They are kept in the state folder's deleted/ for gateway.keep_days."""
    doing = "Erase" if erase else "Delete"
    invocation.confirm(f"{doing} {reach.meant(invocation, names)}?", yes=yes)
    given = {"names": list(names), "erase": erase}
    data = reach.carry_out(invocation, "sessions.delete", given)
    invocation.show("deleted", data, _deleted)


def _deleted(data: Json) -> None:
    for session in data["deleted"]:
        out(f"Deleted {session['key']}")
        if session["kept"]:
            note(f"it is kept as {session['kept']}")
