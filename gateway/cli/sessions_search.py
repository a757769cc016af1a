"""``argent sessions search``: what was said, and where."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import completing
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import BOLD, note, out
from gateway.cli.text import ago, called, many, time

Json = dict[str, Any]


@click.command(cls=Command)
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--session",
    shell_complete=completing.sessions,
    help="Only in this session: a key, an id, or the beginning of one.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=1000),
    default=20,
    show_default=True,
    help="How many hits to print, the best first.",
)
@click.pass_obj
def search(invocation: Invocation, text: tuple[str, ...], session: str | None, limit: int) -> None:
    """Find what was said, in every session, archived and summarised words included.

    All words must be in one message; "in quotes" they must follow each other; beginn* stands for
    every word that begins so. Case and accents do not matter.
    """
    from gateway.searching import search

    told = False

    def progress(done: int, of: int) -> None:
        nonlocal told
        if not told:
            note(f"argent: reading what was said since the last search ({many(of, 'session')}) …")
        told = True

    data = search(
        invocation.state_dir, " ".join(text), session=session, limit=limit, progress=progress
    )
    if not data["complete"]:
        note("argent: the index is not whole yet; what is not in it is not found.")
        note("        A running gateway makes it. Without one this command does, if it may write.")
    invocation.show("hits", data, _show)


def _show(data: Json) -> None:
    if not data["hits"]:
        out("Nothing was found.")
    now = datetime.now(UTC)
    for hit in data["hits"]:
        place = called(hit | {"id": hit["session"]}) if hit["key"] else hit["session"]
        head = f"{place} · {hit['who']} · {ago(time(hit['at']), now)}"
        out(head.replace("\n", " "), style=BOLD)
        out(f"  {_marked(hit)}\n")


def _marked(hit: Json) -> str:
    text, pieces, at = hit["snippet"], [], 0
    for start, end in hit["marks"]:
        pieces += [text[at:start], "«", text[start:end], "»"]
        at = end
    return "".join([*pieces, text[at:]])
