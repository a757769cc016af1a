"""``argent sessions show``: what was said, and what is being said."""

import time
from collections.abc import Callable
from typing import Any

import click

from gateway.cli import completing, reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import BOLD, note, out, out_json

Json = dict[str, Any]

FOLLOWED = 10
"""Entries that ``-f`` begins with where ``--tail`` does not say, as ``tail`` does."""

_PAUSE = 0.2
"""Seconds between two looks at a file that is followed; a look costs one stat."""


@click.command(cls=Command)
@click.argument("session", shell_complete=completing.sessions)
@click.option(
    "--tail",
    "--last",
    "last",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only this many entries, the newest.",
)
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help=f"Go on printing what is said, until Ctrl-C; begins with the last {FOLLOWED} entries.",
)
@click.pass_obj
def show(invocation: Invocation, session: str, last: int | None, follow: bool) -> None:
    """Print what was said in a session.

    With --json and --follow, every entry is an object on a line of its own.
    """
    if follow:
        _follow(invocation, session, FOLLOWED if last is None else last)
        return
    data = reach.look(invocation).show(session, last=last)
    tell_damage(data)
    invocation.show("conversation", data, _show)


def tell_damage(data: Json) -> None:
    """Say on standard error that not all of a history can be read."""
    if "damaged" in data:
        note(f"argent: {data['damaged']} is damaged; this is what can still be read of it.")
        note("        argent sessions check --repair mends it; the damaged file is kept beside it.")


def _follow(invocation: Invocation, session: str, last: int) -> None:
    say = _entry_line if invocation.json else _say
    try:
        data, look = reach.look(invocation).follow(session, last=last)
        tell_damage(data)
        for entry in data["entries"]:
            say(entry)
        while True:
            time.sleep(_PAUSE)
            _tell(look(), say, as_json=invocation.json)
    except KeyboardInterrupt:
        return


def _tell(news: Json, say: Callable[[Json], None], *, as_json: bool) -> None:
    if news["anew"] and as_json:
        out_json("anew", {})
    elif news["anew"]:
        out("(the conversation begins anew)\n")
    for entry in news["entries"]:
        say(entry)


def _entry_line(entry: Json) -> None:
    out_json("entry", entry)


def _show(data: Json) -> None:
    if data["total"] == 0:
        out("Nothing can be read." if "damaged" in data else "Nothing was said yet.")
    elif len(data["entries"]) < data["total"]:
        out(f"(the last {len(data['entries'])} of {data['total']} entries)\n")
    for entry in data["entries"]:
        _say(entry)


def _say(entry: Json) -> None:
    out(f"{_speaker(entry)} · {entry['at']}", style=BOLD)
    said = [entry["content"]] if entry.get("content") else []
    said += [f"> {quote['author']}: {quote['text']}" for quote in entry.get("quotes", ())]
    said += [f"[{a['kind']} {a.get('name') or ''}]" for a in entry.get("attachments", ())]
    said += [f"[calls {c['name']} {c['arguments']}]" for c in entry.get("calls", ())]
    said += [f"[{file['title']}]" for file in entry.get("files", ())]
    out("\n".join(said) + "\n")


def _speaker(entry: Json) -> str:
    match entry["role"]:
        case "user" | "correction" as role:
            corrected = " (corrected)" if role == "correction" else ""
            return str(entry["from"]["name"]).replace("\n", " ") + corrected
        case "tool":
            return f"tool {entry['name']}"
        case "assistant":
            return "Argent" if entry.get("notice") else str(entry.get("model") or "assistant")
        case "deletion":
            return f"message {entry['message']} was deleted"
        case role:
            return str(role)
