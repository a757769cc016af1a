"""``argent sessions archive|unarchive|clean``: what is put away, taken out, thrown out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.progress import progress
from gateway.cli.text import ago, called, many, table, time
from state import durations
from state.codec import time_to_json
from state.lifecycle import Phase

Json = dict[str, Any]
_AT_ONCE = 500
"""How many sessions are named in one request, which has to fit into a line."""
_SHOWN = 20
STATES = tuple(str(phase) for phase in Phase)


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        try:
            return durations.parse(str(value))
        except durations.InvalidDuration as error:
            self.fail(str(error), param, ctx)


@click.command(cls=Command)
@click.argument(
    "names",
    metavar="SESSION...",
    nargs=-1,
    required=True,
    shell_complete=completing.sessions,
)
@click.pass_obj
def archive(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Put sessions away. Their histories are compressed; the next message restores them."""
    data = reach.carry_out(invocation, "sessions.archive", {"names": list(names)})
    invocation.show("archived", data, _archived)


def _archived(data: Json) -> None:
    for session in data["archived"]:
        out(f"Archived {session['key']}")


@click.command(cls=Command)
@click.argument(
    "names",
    metavar="SESSION...",
    nargs=-1,
    required=True,
    shell_complete=completing.sessions,
)
@click.pass_obj
def unarchive(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Take archived sessions out again, as a message would. Their quiet begins anew."""
    data = reach.carry_out(invocation, "sessions.unarchive", {"names": list(names)})
    invocation.show("unarchived", data, _unarchived)


def _unarchived(data: Json) -> None:
    for session in data["unarchived"]:
        done = "Restored" if session["restored"] else "Not archived:"
        out(f"{done} {session['key']}")


@click.command(cls=Command)
@click.option(
    "--older-than",
    type=_Duration(),
    required=True,
    help="Last active before then: 12h, 30d, 2w, 6m (of 30 days); 0d: all.",
)
@click.option("--state", type=click.Choice(STATES), help="Only sessions in this state.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--erase", is_flag=True, help="Keep nothing in the state folder's deleted/.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clean(
    invocation: Invocation,
    older_than: timedelta,
    state: str | None,
    dry_run: bool,
    erase: bool,
    yes: bool,
) -> None:
    """Delete the sessions that were last active before a time.

    They are kept in the state folder's deleted/ for gateway.keep_days, unless --erase is given.
    One in which something is said meanwhile is spared.
    """
    before = datetime.now(UTC) - older_than if older_than else None
    rows = [
        row
        for row in reach.look(invocation).list_sessions(state=state)["sessions"]
        if before is None or time(row["updated_at"]) < before
    ]
    data: Json = {"dry_run": dry_run, "erase": erase, "chosen": rows, "deleted": [], "spared": []}
    if rows and not dry_run:
        if not invocation.json:
            _list(rows)
        doing = "Erase" if erase else "Delete"
        invocation.confirm(f"{doing} {many(len(rows), 'session')}?", yes=yes)
        given = {"before": before and time_to_json(before), "state": state, "erase": erase}
        _carry_out(invocation, given, data)
    invocation.show("cleaned", data, _cleaned)
    if any(spared["error"] for spared in data["spared"]):
        raise SystemExit(1)


def _carry_out(invocation: Invocation, given: Json, data: Json) -> None:
    ids = [row["id"] for row in data["chosen"]]
    with progress("Deleting", len(ids), quiet=invocation.json) as step:
        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            done = reach.carry_out(invocation, "sessions.clean", given | {"ids": some})
            data["deleted"] += done["deleted"]
            data["spared"] += done["spared"]
            for _ in some:
                step()


def _list(rows: list[Json]) -> None:
    now = datetime.now(UTC)
    lines = [(called(row), row["state"], ago(time(row["updated_at"]), now)) for row in rows]
    note("\n".join(table(lines[:_SHOWN])))
    if len(rows) > _SHOWN:
        note(f"  and {len(rows) - _SHOWN} more")


def _cleaned(data: Json) -> None:
    if data["dry_run"]:
        _list(data["chosen"])
        out(f"{many(len(data['chosen']), 'session')} would be deleted.")
        return
    for spared in data["spared"]:
        note(f"{spared['id']}: {spared['error'] or 'spared, something was said in it meanwhile'}")
    out(f"{many(len(data['deleted']), 'session')} {'erased' if data['erase'] else 'deleted'}.")
