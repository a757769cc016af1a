"""``argent people``: who is whom, and everything about one person, handed out or erased."""

from pathlib import Path
from typing import Any

import click

from gateway.admin_people import nothing_about
from gateway.cli import reach
from gateway.cli.base import Group
from gateway.cli.invocation import Invocation
from gateway.cli.output import note, out
from gateway.cli.people_export import export
from gateway.cli.people_found import Found, find
from gateway.cli.people_list import list_, rename, show
from gateway.cli.text import many, table
from gateway.visible import one_line
from state.persons import Person

Json = dict[str, Any]
_KINDS = {
    "messages": "message in the inbox",
    "parts": "part in the outbox",
    "set_aside": "update that was set aside",
    "aliases": "alias",
    "chosen": "chosen session",
    "pairings": "pairing request",
    "admissions": "admission",
    "addresses": "link",
    "people": "name of theirs",
    "pair_codes": "code that links",
    "pair_tries": "wrong code that was counted",
    "log_lines": "line of the log",
    "spending": "row of spending made nobody's",
}


@click.group(cls=Group, help="Who is whom, and everything about one person: export it, erase it.")
def people() -> None:
    """The group."""


for each in (list_, show, rename, export):
    people.add_command(each)


@people.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase(invocation: Invocation, name: str, dry_run: bool, yes: bool) -> None:
    """Erase everything about the person NAME: <account>:<user id>, or an id.

    Their own sessions go. In those that others share, their words, files and the answers to them
    do. A receipt says what was erased, and what cannot be reached from here. It cannot be undone.
    """
    found = find(invocation, name, looking="Looking for their words")
    if dry_run:
        invocation.show("traces", found.to_json(), lambda _: out(_told(found)))
        return
    if found or not found.interrupted:
        if not found:
            raise nothing_about(found.who)
        if not yes:
            note(_told(found))
        invocation.confirm(f"Erase everything about {found.who}, for good?", yes=yes)
    identities = [str(each) for each in sorted(found.person.identities)]
    data = reach.carry_out(invocation, "people.erase", {"identities": identities})
    data["named_in"] = _named_in(invocation, found.person)
    data["damaged"] = list(found.damaged)
    invocation.show("erased", data, _erased)


def _told(found: Found) -> str:
    """What there is, for whoever decides."""
    lines = [f"{found.who}{_called(found)}"]
    lines += table(
        [
            (
                trace.deleted or trace.session,
                many(len(trace.messages), "message"),
                "theirs alone" if trace.alone else "shared",
            )
            for trace in found.traces
        ]
    )
    records = found.records
    rows = {
        "admission": len(records.admissions),
        "pairing request": len(records.pairings),
        "link": len(records.links),
        "message that waits": len(records.waiting),
        "update that was set aside": len(records.set_aside),
        "key that leads elsewhere": len(records.keys),
        "day of spending": len(records.spent),
        "row of the inbox and outbox": records.rows,
    }
    return "\n".join([*lines, *(f"  {_many(n, what)}" for what, n in rows.items() if n)])


def _many(count: int, what: str) -> str:
    noun, _, rest = what.partition(" ")
    return f"{many(count, noun)} {rest}".rstrip()


def _called(found: Found) -> str:
    return f" ({', '.join(map(one_line, sorted(found.names)))})" if found.names else ""


def _erased(data: Json) -> None:
    receipt = data["receipt"]
    out(f"Erased {', '.join(data['erased'])}.")
    sessions = receipt["sessions"]
    out(f"  {many(sessions['removed'], 'session')} removed")
    if sessions["deleted_before"]:
        out(f"  {many(sessions['deleted_before'], 'session')} removed of those deleted before")
    for shared in receipt["shared"]:
        counts = {kind: n for kind, n in shared.items() if kind != "session" and n}
        told = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items())
        out(f"  {shared['session']}: {told}")
    for kind, count in receipt["rows"].items():
        out(f"  {_many(count, _KINDS[kind])}")
    out("What is left, and where:")
    for each in (*data["named_in"], *data["damaged"]):
        out(f"  - {each}: holds an id of theirs; it is yours to change")
    for each in receipt["remains"]:
        out(f"  - {each}")
    out(f"Receipt: {data['file']}")


def _named_in(invocation: Invocation, person: Person) -> list[str]:
    """Where the configuration says an id of theirs: only its owner changes that."""
    import os

    from gateway import paths

    path, _ = paths.config_file(invocation.config_option, os.environ, invocation.state_dir)
    try:
        text = "" if path is None else Path(path).read_text(errors="replace")
    except OSError:
        return []
    lines = enumerate(text.splitlines(), 1)
    return [f"{path}:{n}" for n, line in lines if person.is_named_in(line.encode())]
