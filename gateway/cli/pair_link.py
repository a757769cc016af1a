"""``argent pair code|link|unlink``: one person on several accounts."""

from datetime import UTC, datetime
from typing import Any

import click

from gateway.cli import reach
from gateway.cli.base import Command
from gateway.cli.invocation import Invocation
from gateway.cli.output import out
from gateway.cli.text import time

Json = dict[str, Any]
_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Two modules of a QR code in one character, light on a dark terminal."""


@click.command(cls=Command)
@click.option("--person", metavar="NAME", help="Link with this person, with what they may.")
@click.pass_obj
def code(invocation: Invocation, person: str | None) -> None:
    """Print a code that somebody enters in a chat with the bot, once, within ten minutes.

    Without a person, it makes whoever enters it an owner. A code that was made before is void.
    """
    given = {} if person is None else {"person": person}
    invocation.show("code", reach.carry_out(invocation, "pair.code", given), show_code)


def show_code(data: Json) -> None:
    """A code, what it does, and how Telegram opens with it."""
    left = round((time(data["expires_at"]) - datetime.now(UTC)).total_seconds() / 60)
    whom = "becomes an owner" if data["owner"] else f"is linked with {data['person']}"
    out(f"/pair {data['code']}")
    out(f"Whoever writes that to the bot in private {whom}. It is valid for {left} minutes, once.")
    for account, link in data["links"].items():
        out(f"\n{account}: {link}")
        out("\n".join(_drawn(link)))


def _drawn(link: str) -> list[str]:
    """A QR code as lines of text."""
    import segno

    rows = [tuple(map(bool, row)) for row in segno.make_qr(link, error="l").matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append((False,) * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        "".join(_BLOCKS[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs
    ]


@click.command(cls=Command)
@click.argument("first")
@click.argument("second")
@click.pass_obj
def link(invocation: Invocation, first: str, second: str) -> None:
    """Let SECOND go on in the conversation of FIRST, with what that one may.

    Both are <account>:<user id>. SECOND's own conversation goes to the archive.
    """
    data = reach.carry_out(invocation, "pair.link", {"first": first, "second": second})
    invocation.show("linked", data, lambda d: out(f"{d['linked'][1]} is {d['person']} now."))


@click.command(cls=Command)
@click.argument("address")
@click.pass_obj
def unlink(invocation: Invocation, address: str) -> None:
    """Part ADDRESS, <account>:<user id>, from the person it was linked with.

    Whoever was let in through it no longer is.
    """
    data = reach.carry_out(invocation, "pair.unlink", {"address": address})
    invocation.show("unlinked", data, lambda d: out(f"{d['unlinked']} is {d['person']} no more."))
